/* SPDX-License-Identifier: MIT */
#include "carrier.h"

void answer_refuse(struct answer *a, const char *allow)
{
	a->hand_over = false;
	a->status = 405;
	a->header = "Allow";
	a->value = allow;
}
