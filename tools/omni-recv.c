/* SPDX-License-Identifier: MIT */
/* omni-recv: raw HTTP requests in, webhook records out.  omni-recv(1) */
#include "recv.h"

int main(int argc, char **argv)
{
	return recv_main(argc, argv);
}
