/* SPDX-License-Identifier: MIT */
/* omni-push: notifications in, deliveries out, by way of APNs, FCM and Web Push.  omni-push(1) */
#include <string.h>

#include "stages.h"
#include "verb.h"

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "keygen") == 0)
		return command_main(&command_push_keygen, argc - 1, argv + 1);
	return stage_main(&stage_push, argc, argv);
}
