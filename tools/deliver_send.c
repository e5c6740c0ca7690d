/* SPDX-License-Identifier: MIT */
/* Intents into the ledger, requests out, answers in. */
#include "clock.h"
#include "deliver.h"

enum { PRUNE_EACH = 500 }; /* intents, for which a thousand rows are looked at */

static bool kept(const struct deliver *d, const struct errand *j)
{
	return d->ledger && !errand_fleeting(j);
}

static struct ledger_part part_of(const struct errand *j)
{
	struct ledger_part p = { .to = (uint32_t)j->leg.to, .part = j->leg.part };

	(void)id_bytes(id_str(&j->s.subject), p.subject);
	return p;
}

/* ---- one transaction ---- */

static int write_ended(struct deliver *d, struct err *e)
{
	struct errand *j;

	while ((j = errands_take(&d->ended)) != NULL) {
		struct ledger_part part = part_of(j);

		if (j->intended && ledger_done(d->ledger, &part, j->state, clock_now(), j->outcome, e) < 0)
			return -1;
		j->intended = false;
		note_keep(j, j->outcome);
		j->then(d, j);
	}
	return 0;
}

static int find_fresh(struct deliver *d, struct err *e)
{
	struct errand *j;

	while ((j = errands_take(&d->fresh)) != NULL) {
		struct ledger_entry known = { .state = LEDGER_NEW };
		struct ledger_part part = part_of(j);

		if (kept(d, j) && ledger_find(d->ledger, &part, j->arena, &known, e) < 0)
			return -1;
		j->looked = d->transaction;
		policy_found(d, j, &known);
	}
	return 0;
}

/* An event that is sent twice says the same twice. */
static bool idempotent(const struct errand *j)
{
	return j->x.idempotent || rec_is(&j->rec, "event");
}

static int intend(struct deliver *d, struct errand *j, struct err *e)
{
	struct ledger_part part = part_of(j);
	struct ledger_entry entry = { .attempt = j->attempt,
				      .at_ms = j->began,
				      .idempotent = idempotent(j),
				      .carrier = j->lane->of->name,
				      .account = j->lane->account->name };

	if (ledger_intend(d->ledger, &part, &entry, e) < 0)
		return -1;
	j->intended = true;
	if (++d->intents % PRUNE_EACH == 0)
		return ledger_prune(d->ledger, j->began - d->o.keep, e);
	return 0;
}

/* Make the request of ${j}.  Return false if it can not be made; then it has gone another way. */
static bool make(struct deliver *d, struct errand *j)
{
	struct err why;

	memset(&j->x, 0, sizeof(j->x));
	j->x.parts = 1;
	outgoing_dispatch(&j->d, &j->s, &j->leg, j->arena);
	j->d.step = j->step;
	j->d.carry = j->carry;
	j->d.split = d->o.split;
	j->d.now = clock_now();
	if (j->lane->of->carrier->request(&j->d, &j->x, &why) < 0) {
		policy_unmade(d, j, &why);
		return false;
	}
	if (j->leg.part == 0 && j->step == 0)
		j->parts = j->x.parts > 0 ? j->x.parts : 1;
	if (j->step == 0) {
		j->attempt++;
		j->tries++;
	}
	j->began = j->d.now;
	j->steady = clock_steady();
	return true;
}

/*
 * While ${j} waited another process may have sent it: what was looked up in an earlier transaction counts for nothing.
 * Return 1 if it may go, 0 if it has gone another way, -1.
 */
static int look_again(struct deliver *d, struct errand *j, struct err *e)
{
	struct ledger_part part = part_of(j);
	struct ledger_entry known;

	if (!kept(d, j) || j->looked == d->transaction)
		return 1;
	if (ledger_find(d->ledger, &part, j->arena, &known, e) < 0)
		return -1;
	j->looked = d->transaction;
	if (known.state == LEDGER_NEW || known.state == LEDGER_FREE ||
	    (j->doubt && (known.state == LEDGER_UNKNOWN || known.state == LEDGER_CRASHED))) {
		j->attempt = known.attempt > j->attempt ? known.attempt : j->attempt;
		return 1;
	}
	lane_leave(d, j, CIRCUIT_VOID, 0, 0);
	policy_found(d, j, &known);
	return 0;
}

/* True if its time passed while it waited for its place; then it has gone another way. */
static bool late(struct deliver *d, struct errand *j)
{
	if (!j->s.expires || clock_now() < j->s.expires)
		return false;
	policy_go(d, j);
	return true;
}

static int make_placed(struct deliver *d, struct errands *go, struct err *e)
{
	struct errand *j;

	while ((j = errands_take(&d->placed)) != NULL) {
		int go_on = look_again(d, j, e);

		if (go_on < 0)
			return -1;
		if (go_on == 0 || late(d, j) || !make(d, j))
			continue;
		if (kept(d, j) && !j->x.prepares && intend(d, j, e) < 0)
			return -1;
		errands_add(go, j);
	}
	return 0;
}

static bool waiting(const struct deliver *d)
{
	return d->ended.n + d->fresh.n + d->placed.n > 0;
}

static int transact(struct deliver *d, struct errands *go, struct err *e)
{
	d->transaction++;
	if (d->ledger && ledger_begin(d->ledger, e) < 0)
		return -1;
	while (waiting(d))
		if (write_ended(d, e) < 0 || find_fresh(d, e) < 0 || make_placed(d, go, e) < 0)
			return -1;
	return d->ledger ? ledger_commit(d->ledger, e) : 0;
}

/* ---- requests ---- */

/* Its headers, with the one that proves it. */
static size_t headers_of(struct errand *j)
{
	const struct submit *x = &j->x;
	struct str secret = j->lane->account->send[x->auth.key], name, prefix = STR_NONE;
	size_t n = 0;

	if (x->type)
		j->headers[n++] = (struct header){ STR("content-type"), str_c(x->type) };
	for (size_t i = 0; i < x->n_headers; i++)
		j->headers[n++] = x->headers[i];
	if (x->auth.how == SUBMIT_BEARER) {
		name = STR("authorization");
		prefix = STR("Bearer ");
	} else if (x->auth.how == SUBMIT_HEADER) {
		name = str_c(x->auth.header);
		prefix = str_c(x->auth.prefix);
	} else {
		return n;
	}
	j->headers[n++] = (struct header){ name, arena_join(j->arena, prefix, secret) };
	return n;
}

static void start(struct deliver *d, struct errand *j)
{
	const struct submit *x = &j->x;
	bool basic = x->auth.how == SUBMIT_BASIC;

	for (size_t i = 0; i < x->n_fields; i++)
		j->fields[i] = (struct fetch_field){ .name = x->fields[i].name,
						     .value = x->fields[i].value,
						     .path = x->fields[i].path,
						     .file_name = x->fields[i].file_name,
						     .type = x->fields[i].type };
	j->request = (struct fetch_request){
		.method = x->method,
		.url = x->url,
		.headers = j->headers,
		.n_headers = headers_of(j),
		.body = x->body,
		.body_path = x->path,
		.fields = j->fields,
		.n_fields = x->n_fields,
		.user = basic ? x->auth.user : STR_NONE,
		.password = basic ? j->lane->account->send[x->auth.key] : STR_NONE,
		.connect_ms = d->o.timeout < 10000 ? d->o.timeout : 10000,
		.total_ms = d->o.timeout,
		.answer_max = SUBMIT_ANSWER_MAX,
		.repeatable = idempotent(j) || x->prepares,
		.own = j,
	};
	d->under_way++;
	fetch_start(d->fetch, &j->request);
}

int send_commit(struct deliver *d, struct out *o, struct err *e)
{
	struct errand *j;

	while (waiting(d) || d->finished.n > 0) {
		struct errands go = { 0 };

		if (waiting(d) && transact(d, &go, e) < 0)
			return -1;
		while ((j = errands_take(&go)) != NULL)
			start(d, j);
		while ((j = errands_take(&d->finished)) != NULL) {
			errand_put(d, j, o);
			errand_free(d, j);
		}
	}
	return 0;
}

/* ---- answers ---- */

static void judge_answer(struct errand *j, struct judgement *g)
{
	const struct fetch_request *x = &j->request;
	struct response r = { .status = x->status,
			      .headers = x->answer,
			      .n_headers = x->n_answer,
			      .body = x->answer_body,
			      .cut = x->end != FETCH_OK };
	int64_t wait;

	j->lane->of->carrier->judge(&j->d, &r, g);
	for (size_t i = 0; i < x->n_answer && g->retry_ms < 0; i++)
		if (str_eq(x->answer[i].name, STR("retry-after")) &&
		    (wait = http_retry_after(x->answer[i].value, clock_now())) >= 0)
			g->retry_ms = wait;
	if (g->retry_ms > RETRY_AFTER_MOST)
		g->retry_ms = RETRY_AFTER_MOST;
}

/* There is no answer to be judged. */
static void judge_silence(struct errand *j, struct judgement *g)
{
	const struct fetch_request *x = &j->request;

	g->error.class = CAUSE_TEMP;
	g->error.text = arena_str(j->arena, str_c(x->text));
	switch (x->end) {
	case FETCH_UNSENT:
		g->outcome = OUTCOME_RETRY;
		g->failover = true;
		break;
	case FETCH_REFUSED:
		g->outcome = OUTCOME_FAILED;
		g->error.class = CAUSE_PERMANENT;
		g->failover = true;
		break;
	default:
		g->outcome = j->x.prepares ? OUTCOME_RETRY : OUTCOME_UNKNOWN;
		g->error.class = j->x.prepares ? CAUSE_TEMP : CAUSE_UNKNOWN;
		break;
	}
}

void send_collect(struct deliver *d)
{
	struct fetch_request *x;

	while ((x = fetch_done(d->fetch)) != NULL) {
		struct errand *j = x->own;
		struct judgement g = { .outcome = OUTCOME_UNKNOWN, .retry_ms = -1, .arena = j->arena };
		bool answered = x->end == FETCH_OK || x->end == FETCH_LARGE ||
				(x->end == FETCH_BROKEN && x->status > 0);

		d->under_way--;
		if (answered)
			judge_answer(j, &g);
		else
			judge_silence(j, &g);
		policy_judged(d, j, &g, answered ? x->status : 0, x->ms);
		/* For the next request that goes out: so there are as many handles as requests under way. */
		fetch_free(d->fetch, x);
	}
}
