/* SPDX-License-Identifier: MIT */
#include "queue_lease.h"

#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"

enum { WORD_MAX = 64, DETAIL_MAX = 1024, MADE_MS = 10000, TRY_MS = 20 };

static bool from_pipe(const struct args *a)
{
	struct stat st;

	return a->n_operands == 0 && fstat(STDIN_FILENO, &st) == 0 && S_ISFIFO(st.st_mode);
}

struct queue *lease_queue(const struct args *a, struct err *e)
{
	struct queue_place place = { .dir = opt_value(a, "dir") };
	int64_t end = clock_mono() + (from_pipe(a) ? MADE_MS : 0);
	struct queue *q;

	while (!(q = queue_open(a->subject, &place, 0, e)) && strcmp(e->code, "db-missing") == 0 &&
	       clock_mono() < end)
		usleep(TRY_MS * 1000);
	return q;
}

/* Tokens are printable and short; anything else was not made by a queue. */
static bool plausible(struct str token)
{
	for (size_t i = 0; i < token.n; i++)
		if (token.p[i] < '!' || token.p[i] > '~')
			return false;
	return token.n > 0 && token.n <= QUEUE_LEASE_TOKEN;
}

bool lease_read(struct lease *l, const struct rec *r, const char *queue)
{
	const struct json *lease = rec_get(r, "lease");

	*l = (struct lease){ .token = json_get_str(lease, "token") };
	if (!lease || !str_eq(json_get_str(lease, "queue"), str_c(queue)) || !plausible(l->token) ||
	    rec_share_of(lease, &l->share) < 0)
		return false;
	if (json_i64(json_get(lease, "seq"), &l->seq) < 0)
		l->seq = 0;
	if (clock_parse(json_get_str(lease, "born"), &l->born_ms) < 0)
		l->born_ms = 0;
	return true;
}

void lease_reason(struct queue_verdict *v, struct str reject, struct arena *a)
{
	struct err e;
	const struct json *j = json_parse(reject, a, &e);

	v->stage = str_utf8_cut(json_get_str(j, "stage"), WORD_MAX);
	v->code = str_utf8_cut(json_get_str(j, "code"), WORD_MAX);
	v->detail = str_utf8_cut(json_get_str(j, "detail"), DETAIL_MAX);
	if (v->what == QUEUE_DEAD)
		v->reject = reject;
}
