/* SPDX-License-Identifier: MIT */
#include "media_verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "config.h"
#include "diag.h"
#include "media_fit.h"
#include "media_made.h"

enum {
	HELD_MAX = 200,  /* messages at once: more than any number of processes has in hand */
	JOBS_MOST = 256, /* processes */
};

static const struct opt opts[] = {
	{ "objects", 0, "DIR", "the files are in DIR, and new ones go there", false },
	{ "jobs", 'j', "N", "work on N files at once (default 1)", false },
	{ "dry-run", 'n', NULL, "make nothing: say what would be", false },
	{ NULL, 0, NULL, NULL, false },
};

static void fitting_free(struct fitting *j)
{
	for (unsigned i = 0; i < j->set.n; i++)
		media_part_clear(&j->parts[i]);
	arena_free(j->arena);
	free(j);
}

static void fit_close(void *st)
{
	struct fit *f = st;
	struct flow_job *l;

	if (!f)
		return;
	media_work_close(f->work);
	sniff_free(f->sniff);
	while ((l = flows_any(f->flows)) != NULL)
		fitting_free((struct fitting *)l);
	flows_free(f->flows);
	objects_close(f->store);
	media_channels_close(f->channels);
	buf_free(&f->text);
	arena_free(f->arena);
	free(f);
}

static int read_policy(struct fit *f, const struct conf *conf, struct err *e)
{
	const struct json *media = json_get(conf->root, "media");

	f->links = str_eq(json_get_str(media, "too_large"), STR("link"));
	f->wary = str_eq(json_get_str(media, "malformed"), STR("reject"));
	f->public_url = json_get_str(media, "public_url");
	if (f->public_url.n && !str_prefix(f->public_url, STR("https://")) &&
	    !str_prefix(f->public_url, STR("http://")))
		return err_set(e, FAULT_CONFIG, "config",
			       "%s: /media/public_url: must begin with https:// or http://", conf->path);
	if (f->links && !f->public_url.n)
		return err_set(e, FAULT_CONFIG, "config",
			       "%s: /media/too_large: links need media.public_url", conf->path);
	return 0;
}

/* Where nothing is done nothing is made. */
static int open_store(struct fit *f, unsigned jobs, struct err *e)
{
	const char *room = f->dir;

	if (!f->dry || access(f->dir, F_OK) == 0) {
		f->store = objects_open(f->dir, e);
		if (!f->store)
			return -1;
	}
	if (!f->dry) {
		room = objects_room(f->store, f->arena, e);
		if (!room)
			return -1;
	}
	f->work = media_work_open(jobs, room, e);
	return f->work ? 0 : -1;
}

static void *fit_open(const struct setup *s, struct err *e)
{
	struct fit *f = calloc(1, sizeof(*f));
	uint64_t jobs = 1;

	if (!f)
		diag_oom();
	f->arena = arena_new();
	f->flows = flows_new();
	f->sniff = sniff_new();
	f->ready_end = &f->ready;
	f->text.max = SIZE_MAX;
	f->dir = opt_value(s->args, "objects");
	f->dry = opt_flag(s->args, "dry-run");
	if (opt_number(s->args, "jobs", 1, JOBS_MOST, &jobs, e) < 0)
		goto fail;
	if (!f->dir) {
		err_set(e, FAULT_USAGE, "usage",
			"--objects is missing: the directory that files are kept in");
		goto fail;
	}
	if (read_policy(f, s->conf, e) < 0 || (f->channels = media_channels_open(s->conf, e)) == NULL ||
	    open_store(f, (unsigned)jobs, e) < 0)
		goto fail;
	return f;
fail:
	fit_close(f);
	return NULL;
}

static bool has_media(const struct rec *r)
{
	return rec_is(r, "message") && json_len(rec_get(r, "media")) > 0;
}

static struct fitting *fitting_new(struct fit *f, const struct rec *r)
{
	struct fitting *j = calloc(1, sizeof(*j));

	if (!j)
		diag_oom();
	j->fit = f;
	j->arena = arena_new();
	buf_reset(&f->text);
	rec_write(&f->text, r);
	j->record = (struct rec){ .arena = j->arena, .file = "-", .lineno = r->lineno };
	rec_made(&j->record, &j->record, arena_str(j->arena, buf_get(&f->text)));
	return j;
}

/* Nothing is to be done for ${j} any more: it leaves when it is the first of its conversation. */
static void finish(struct fitting *j)
{
	struct fit *f = j->fit;

	j->chain = NULL;
	*f->ready_end = j;
	f->ready_end = &j->chain;
}

/* The channel that ${j} goes over, as the table of channels calls it. */
static const struct media_channel *channel_of(const struct fitting *j)
{
	const struct rec *r = &j->record;
	const struct json *route = rec_get(r, "route");
	struct str carrier = json_get_str(route, "carrier"), channel = rec_str(r, "channel");
	struct str from = json_get_str(route, "from");

	if (!carrier.n)
		carrier = rec_str(r, "carrier");
	if (!from.n)
		from = json_get_str(rec_get(r, "from"), "address");
	if (!channel.n && str_eq(carrier, STR("whatsapp")))
		channel = carrier;
	else if (!channel.n && str_eq(carrier, STR("livechat")))
		channel = STR("chat");
	else if (!channel.n || str_eq(channel, STR("sms")))
		channel = STR("mms"); /* with media it is one */
	return media_channels_of(j->fit->channels, carrier, channel, from);
}

/* struct media_set: what was made of it before, if it is still there. */
static bool recall(struct media_part *p, struct str recipe)
{
	struct fitting *j = p->set->own;
	struct str object, *mine = &j->sha256[p - j->parts];
	struct media_facts has;

	if (!media_made_find(j->fit->dir, *mine, recipe, j->arena, &has, &object) ||
	    !objects_intact(j->fit->store, object, has.size))
		return false;
	p->has = has;
	*mine = object;
	return true;
}

/* Only what was fetched is ever sent: a path in a record could be any file of this machine. */
static int add_part(struct fitting *j, const struct json *media, struct err *e)
{
	struct str sha256 = json_get_str(media, "sha256");
	struct media_part *p = &j->parts[j->set.n];
	int64_t size = -1;

	json_i64(json_get(media, "size"), &size);
	if (size < 0 || !j->fit->store || !objects_has(j->fit->store, sha256, (uint64_t)size))
		return err_set(e, FAULT_DATA, "media-unfetched",
			       "media %u is not among the objects; run omni-media fetch before",
			       j->set.n + 1);
	if (!j->in && !objects_intact(j->fit->store, sha256, (uint64_t)size))
		return err_set(e, FAULT_DATA, "media-damaged",
			       "media %u: the bytes of the object %.*s have changed; fetch it again",
			       j->set.n + 1, STR_FMT(sha256));
	j->media[j->set.n] = media;
	j->sha256[j->set.n] = sha256;
	p->path = objects_path(j->fit->store, sha256, j->arena).p;
	p->kind = media_kind_named(json_get_str(media, "kind"));
	p->declared = json_get_str(media, "mime");
	j->set.n++;
	return 0;
}

/* What its media are.  Return 0, or -1 with why it can not go. */
static int gather(struct fitting *j, struct err *e)
{
	const struct json *list = rec_get(&j->record, "media");
	size_t n = json_len(list);

	j->parts = arena_calloc(j->arena, n, sizeof(*j->parts));
	j->media = arena_calloc(j->arena, n, sizeof(*j->media));
	j->sha256 = arena_calloc(j->arena, n, sizeof(*j->sha256));
	j->in = !str_eq(rec_str(&j->record, "direction"), STR("out"));
	j->set = (struct media_set){ .sniff = j->fit->sniff,
				     .channel = j->in ? NULL : channel_of(j),
				     .parts = j->parts,
				     .text = rec_str(&j->record, "text").n,
				     .own = j,
				     .recall = recall };
	if (!j->set.channel && !j->in)
		return err_set(e, FAULT_DATA, "media-unsupported",
			       "nothing is known of media over the channel \"%.*s\"",
			       STR_FMT(rec_str(&j->record, "channel")));
	for (struct json_iter it = json_iter(list); json_next(&it);) {
		/* What the carrier has got already is for omni-deliver to name. */
		if (json_get_str(it.value, "external_id").n && !json_get_str(it.value, "sha256").n)
			continue;
		if (add_part(j, it.value, e) < 0 && !j->in)
			return -1;
	}
	return 0;
}

static void begin(struct fitting *j)
{
	if (gather(j, &j->err) == 0) {
		media_work_start(j->fit->work, &j->set);
		return;
	}
	j->failed = true;
	finish(j);
}

static void show(struct fit *f, const struct rec *r, struct out *o)
{
	struct fitting *j = fitting_new(f, r);
	struct err e;
	int rc = gather(j, &e);

	if (rc == 0)
		media_set_look(&j->set);
	fitting_plan(j, rc < 0 ? &e : NULL, o);
	fitting_free(j);
}

/* ---- and what becomes of it ---- */

/* Put what was made of the ${i}-th part among the objects. */
static int keep(struct fitting *j, unsigned i, struct err *e)
{
	struct media_part *p = &j->parts[i];
	struct object object;
	struct str made;
	int fd, rc;

	fd = open(p->made, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set(e, FAULT_IO, "media-read", "%s: %s", p->made, strerror(errno));
	rc = objects_copy(j->fit->store, fd, p->has.size, &object, e);
	close(fd);
	if (rc != 0)
		return rc < 0 ? -1 : err_set(e, FAULT_IO, "media-read", "%s grows", p->made);
	made = arena_str(j->arena, str_c(object.sha256));
	media_made_keep(j->fit->dir, j->sha256[i], str_c(p->recipe), j->arena, &p->has, made);
	j->sha256[i] = made;
	media_part_clear(p);
	return 0;
}

/* Return 0, or -1 with the fault that ends the work. */
static int leave(struct fit *f, struct fitting *j, struct out *o, struct err *e)
{
	const struct err *bad = fitting_fault(j);
	int rc = 0;

	f->held--;
	if (bad && !fault_class(bad->fault)) {
		*e = *bad;
		rc = -1;
	} else if (bad) {
		struct err why = *bad;

		out_reject(o, &j->record, &why);
	} else if (j->set.n) {
		fitting_put(j, o);
	} else {
		out_put(o, &j->record);
	}
	fitting_free(j);
	return rc;
}

/* Take over what was made. */
static int collect(struct fit *f, struct err *e)
{
	struct media_set *s;

	while ((s = media_work_done(f->work)) != NULL) {
		struct fitting *j = s->own;

		for (unsigned i = 0; i < s->n && !fitting_fault(j); i++)
			if (j->parts[i].made && keep(j, i, e) < 0)
				return -1;
		finish(j);
	}
	return 0;
}

/* Those that are done go, in the order of their conversations, after what they name is on the disk. */
static int fit_due(void *st, struct out *o, struct err *e)
{
	struct fit *f = st;
	struct flow_job *l;
	struct fitting *next;

	if (collect(f, e) < 0 || (f->store && objects_commit(f->store, e) < 0))
		return -1;
	next = f->ready;
	f->ready = NULL;
	f->ready_end = &f->ready;
	while (next) {
		uint64_t key = next->flow.key;

		next->flow.done = true;
		next = next->chain;
		while ((l = flows_next(f->flows, key)) != NULL)
			if (leave(f, (struct fitting *)l, o, e) < 0)
				return -1;
	}
	return 0;
}

static int fit_step(void *st, const struct rec *r, struct out *o, struct err *e)
{
	struct fit *f = st;
	struct fitting *j;

	if (!has_media(r) && !flows_has(f->flows, rec_str(r, "conversation"))) {
		out_put(o, r);
		return 0;
	}
	if (f->dry) {
		show(f, r, o);
		return 0;
	}
	j = fitting_new(f, r);
	flows_add(f->flows, rec_str(&j->record, "conversation"), &j->flow);
	f->held++;
	if (has_media(r))
		begin(j);
	else
		finish(j);
	return fit_due(f, o, e);
}

static int fit_fd(void *st)
{
	return media_work_fd(((struct fit *)st)->work);
}

static enum stage_load fit_load(void *st)
{
	struct fit *f = st;

	return f->held == 0 ? STAGE_EMPTY : f->held < HELD_MAX ? STAGE_HOLDS : STAGE_FULL;
}

/* What is in hand was asked to stop: the queue has it back, and gives it again. */
static int fit_flush(void *st, struct out *o, struct err *e)
{
	struct fit *f = st;
	struct flow_job *l;

	(void)e;
	media_work_close(f->work);
	f->work = NULL;
	while ((l = flows_any(f->flows)) != NULL) {
		struct fitting *j = (struct fitting *)l;
		struct err why;

		err_set(&why, FAULT_TEMP, "media-stopped",
			"omni-media fit was ended before its media were made to fit");
		why.retry_ms = clock_now();
		out_reject(o, &j->record, &why);
		fitting_free(j);
	}
	f->held = 0;
	return 0;
}

const struct stage stage_media_fit = {
	.program = {
		.name = "omni-media fit",
		.purpose = "Make the media of messages fit the channels that they go through.",
		.operands = "[FILE...]",
		.example = "omni-media fetch --objects o | omni-media fit --objects o | omni-deliver",
		.opts = opts,
	},
	.name = "media",
	.keys = config_keys,
	.open = fit_open,
	.step = fit_step,
	.fd = fit_fd,
	.due = fit_due,
	.load = fit_load,
	.flush = fit_flush,
	.close = fit_close,
};
