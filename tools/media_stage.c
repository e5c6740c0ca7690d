/* SPDX-License-Identifier: MIT */
#include "media_verbs.h"

#include <stdlib.h>
#include <unistd.h>

#include "backoff.h"
#include "clock.h"
#include "config.h"
#include "diag.h"
#include "fds.h"
#include "hash.h"
#include "media_fetch_put.h"

enum {
	AT_ONCE = 64,    /* requests in flight: half of what a home line takes of connections */
	HELD_MAX = 1000, /* messages whose media are on their way */
	FDS = 16384, /* descriptors: some for each of those, where much breaks off and is tried again */
};

static const struct opt opts[] = {
	{ "objects", 0, "DIR", "keep files in DIR, by what is in them", false },
	{ "files", 0, "DIR", "files below DIR may be sent", true },
	{ "trust", 0, "URL", "hosts of these URLs need not be public", true },
	{ "max-size", 0, "SIZE", "largest file (default 100M)", false },
	{ "at-once", 0, "N", "requests in flight (default 64)", false },
	{ "ca", 0, "FILE", "trust the certificates in FILE instead of the system's", false },
	{ "dry-run", 'n', NULL, "fetch nothing: say what would be", false },
	{ NULL, 0, NULL, NULL, false },
};

static void job_free(struct job *j)
{
	arena_free(j->arena);
	free(j);
}

static void media_close(void *st)
{
	struct media *m = st;
	struct flow_job *l;

	if (!m)
		return;
	media_fetch_close(m->fetch);
	sniff_free(m->sniff);
	while (m->grave) {
		struct job *j = m->grave;

		m->grave = j->chain;
		job_free(j);
	}
	while (m->flows && (l = flows_any(m->flows)) != NULL)
		job_free((struct job *)l);
	flows_free(m->flows);
	objects_close(m->store);
	carriers_close(m->carriers);
	buf_free(&m->text);
	free(m);
}

static int read_list(const struct args *a, const char *name, const char **list, struct err *e)
{
	unsigned n = 0;

	while (opt_values(a, name, n)) {
		if (n == MEDIA_DIRS_MAX)
			return err_set(e, FAULT_USAGE, "usage", "--%s is given more than %d times",
				       name, MEDIA_DIRS_MAX);
		list[n] = opt_values(a, name, n);
		n++;
	}
	return 0;
}

static int read_options(struct media *m, const struct args *a, struct err *e)
{
	uint64_t at_once = AT_ONCE;

	m->dry = opt_flag(a, "dry-run");
	m->rules = (struct media_rules){ .files = m->files, .trust = m->trust, .ca = opt_value(a, "ca") };
	m->rules.size_max = MEDIA_FILE_MAX;
	if (read_list(a, "files", m->files, e) < 0 || read_list(a, "trust", m->trust, e) < 0 ||
	    opt_size(a, "max-size", 1, MEDIA_FILE_MOST, &m->rules.size_max, e) < 0 ||
	    opt_number(a, "at-once", 1, 1000, &at_once, e) < 0)
		return -1;
	m->rules.at_once = (unsigned)at_once;
	if (!opt_value(a, "objects"))
		return err_set(e, FAULT_USAGE, "usage",
			       "--objects is missing: the directory that files are kept in");
	return 0;
}

/* Where nothing is done nothing is made. */
static int open_store(struct media *m, const char *dir, struct err *e)
{
	if (m->dry && access(dir, F_OK) < 0)
		return 0;
	m->store = objects_open(dir, e);
	return m->store ? 0 : -1;
}

static void read_policy(struct media *m, const struct conf *conf)
{
	const struct json *media = json_get(conf->root, "media");

	m->strict = str_eq(json_get_str(media, "missing"), STR("reject"));
}

static void *media_open(const struct setup *s, struct err *e)
{
	struct media *m = calloc(1, sizeof(*m));

	if (!m)
		diag_oom();
	(void)fds_provide(FDS);
	m->text.max = SIZE_MAX;
	m->flows = flows_new();
	m->sniff = sniff_new();
	read_policy(m, s->conf);
	if (read_options(m, s->args, e) < 0 ||
	    (m->carriers = carriers_open(s->conf, CARRIER_SEND, &carrier_custom, e)) == NULL ||
	    open_store(m, opt_value(s->args, "objects"), e) < 0 ||
	    (m->fetch = media_fetch_open(&m->rules, m->store, e)) == NULL) {
		media_close(m);
		return NULL;
	}
	return m;
}

/* ---- a message comes ---- */

/* Of a message that came in; what goes out is fetched without anybody's credentials. */
static void set_carrier(struct media *m, const struct rec *r, struct media_item *i)
{
	const struct carrier_conf *c = carriers_find(m->carriers, rec_str(r, "carrier"));
	struct str account = rec_str(r, "account");

	if (!c || !str_eq(rec_str(r, "direction"), STR("in")))
		return;
	i->account = account.n ? carrier_account(c, account) : NULL;
	if (!i->account && !account.n && c->accounts.n == 1)
		i->account = &c->accounts.list[0];
	if (i->account)
		i->carrier = c->carrier;
}

static struct job *job_new(const struct rec *r)
{
	struct job *j = calloc(1, sizeof(*j));
	struct buf line = { .max = SIZE_MAX };

	if (!j)
		diag_oom();
	j->arena = arena_new();
	rec_write(&line, r);
	j->record = (struct rec){ .arena = j->arena, .file = "-", .lineno = r->lineno };
	rec_made(&j->record, &j->record, arena_str(j->arena, buf_get(&line)));
	buf_free(&line);
	return j;
}

static void add_items(struct media *m, struct job *j)
{
	const struct json *list = rec_get(&j->record, "media");

	j->items = arena_calloc(j->arena, json_len(list) + 1, sizeof(*j->items));
	for (struct json_iter it = json_iter(list); json_next(&it);) {
		struct media_item *i = &j->items[j->n++];

		*i = (struct media_item){ .media = it.value, .arena = j->arena, .own = j };
		set_carrier(m, &j->record, i);
	}
}

static void start_items(struct media *m, struct job *j)
{
	for (unsigned i = 0; i < j->n; i++)
		if (job_wants(&j->record, j->items[i].media))
			j->left++;
	j->flow.done = j->left == 0;
	for (unsigned i = 0; i < j->n; i++)
		if (job_wants(&j->record, j->items[i].media))
			media_fetch_start(m->fetch, &j->items[i]);
}

static bool has_media(const struct rec *r)
{
	if (!rec_is(r, "message"))
		return false;
	for (struct json_iter it = json_iter(rec_get(r, "media")); json_next(&it);)
		if (job_wants(r, it.value))
			return true;
	return false;
}

/* What would be done for each of the media of ${r}. */
static int show(struct media *m, const struct rec *r, struct out *o)
{
	struct job *j = job_new(r);
	struct rec made;
	bool kept = true;

	add_items(m, j);
	buf_reset(&m->text);
	json_open(&m->text, '{');
	json_opt_str(&m->text, "id", rec_str(r, "id"));
	json_add_str(&m->text, "kind", STR("plan"));
	json_opt_str(&m->text, "at", rec_str(r, "at"));
	json_key(&m->text, "media");
	json_open(&m->text, '[');
	for (unsigned i = 0; i < j->n; i++)
		if (job_wants(r, j->items[i].media))
			kept &= media_fetch_plan(m->fetch, &j->items[i], &m->text);
	json_close(&m->text, ']');
	json_close(&m->text, '}');
	rec_made(&made, r, buf_get(&m->text));
	out_put(o, kept ? r : &made);
	job_free(j);
	return 0;
}

static int media_step(void *st, const struct rec *r, struct out *o, struct err *e)
{
	struct media *m = st;
	struct str conversation = rec_str(r, "conversation");
	struct job *j;

	(void)e;
	if (m->dry && has_media(r))
		return show(m, r, o);
	if (!has_media(r) && !flows_has(m->flows, conversation)) {
		out_put(o, r);
		return 0;
	}
	j = job_new(r);
	flows_add(m->flows, conversation, &j->flow);
	m->held++;
	if (has_media(r))
		add_items(m, j);
	start_items(m, j);
	return 0;
}

/* ---- and leaves ---- */

/* When to come back: what the server said, or later and later. */
static void set_retry(struct job *j, struct err *e)
{
	static const struct backoff backoff = { .unit_ms = 60000, .max_ms = 3600000 };
	struct str id = rec_str(&j->record, "id");
	int64_t now = clock_now(), born = now;

	if (e->fault != FAULT_TEMP || e->retry_ms)
		return;
	clock_parse(rec_str(&j->record, "at"), &born);
	e->retry_ms = now + backoff_delay(&backoff, now - born, hash_64(id, 0));
}

/* Return 0, or -1 with the fault of the store. */
static int leave(struct media *m, struct job *j, struct out *o, struct err *e)
{
	struct err *bad;
	int rc = 0;

	job_find_types(m, j);
	bad = job_fault(m, j);
	m->held--;
	if (!bad && j->n == 0) {
		out_put(o, &j->record);
	} else if (!bad) {
		job_put(m, j, o);
	} else if (fault_class(bad->fault)) {
		set_retry(j, bad);
		out_reject(o, &j->record, bad);
	} else {
		*e = *bad;
		rc = -1;
	}
	job_free(j);
	return rc;
}

/* All whose last file has come, in a chain. */
static struct job *collect(struct media *m)
{
	struct job *first = NULL, **end = &first;
	struct media_item *i;

	while ((i = media_fetch_done(m->fetch)) != NULL) {
		struct job *j = i->own;

		if (--j->left > 0)
			continue;
		j->chain = NULL;
		*end = j;
		end = &j->chain;
	}
	return first;
}

static int media_due(void *st, struct out *o, struct err *e)
{
	struct media *m = st;
	struct job *j = collect(m), *next;
	struct flow_job *first;

	/* A record must not name a file that a power failure takes away. */
	if (m->store && objects_commit(m->store, e) < 0)
		return -1;
	for (; j; j = next) {
		uint64_t key = j->flow.key;

		next = j->chain;
		j->flow.done = true;
		while ((first = flows_next(m->flows, key)) != NULL)
			if (leave(m, (struct job *)first, o, e) < 0)
				return -1;
	}
	return 0;
}

static int media_fd(void *st)
{
	return media_fetch_fd(((struct media *)st)->fetch);
}

static enum stage_load media_load(void *st)
{
	struct media *m = st;

	return m->held == 0 ? STAGE_EMPTY : m->held < HELD_MAX ? STAGE_HOLDS : STAGE_FULL;
}

/* What is on its way was asked to stop: the queue has it back, and gives it again. */
static int media_flush(void *st, struct out *o, struct err *e)
{
	struct media *m = st;
	struct flow_job *l;

	(void)e;
	while ((l = flows_any(m->flows)) != NULL) {
		struct job *j = (struct job *)l;
		struct err why;

		err_set(&why, FAULT_TEMP, "media-stopped",
			"omni-media fetch was ended before its media were there");
		why.retry_ms = clock_now();
		out_reject(o, &j->record, &why);
		j->chain = m->grave;
		m->grave = j;
		m->held--;
	}
	return 0;
}

const struct stage stage_media_fetch = {
	.program = {
		.name = "omni-media fetch",
		.purpose = "Fetch the media of messages and keep them by what is in them.",
		.operands = "[FILE...]",
		.example = "omni-normalize -c omni.json | omni-media fetch -c omni.json --objects /var/lib/omni/objects | omni-store put",
		.opts = opts,
	},
	.name = "media",
	.keys = config_keys,
	.open = media_open,
	.step = media_step,
	.fd = media_fd,
	.due = media_due,
	.load = media_load,
	.flush = media_flush,
	.close = media_close,
};
