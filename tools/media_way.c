/* SPDX-License-Identifier: MIT */
#include "media_way.h"

#include <stdio.h>

#include "clock.h"
#include "number.h"
#include "url.h"

enum {
	ANSWER_MAX = 65536, /* of a step that only leads to the file; of an error */
	TOTAL_MS = 900000,  /* 100 MB at a megabit a second */
	STALL_MS = 30000,   /* no byte for so long */
	CONNECT_MS = 15000,
	REDIRECTS = 5,
	WAIT_MS = 200, /* before the second try; four times as long before each further one */
	WAIT_MOST_MS = 10000, /* that a server may ask for; else the record comes back later */
};

static enum way_next fail(struct media_way *w)
{
	w->item->failed = true;
	return WAY_FAILED;
}

/* ---- the request ---- */

static bool same_origin(struct str a, struct str b)
{
	struct url x, y;

	if (url_split(a, &x) < 0 || url_split(b, &y) < 0)
		return false;
	if (!x.port.n)
		x.port = url_default_port(&x);
	if (!y.port.n)
		y.port = url_default_port(&y);
	return str_eq_nocase(x.scheme, y.scheme) && str_eq_nocase(x.host, y.host) &&
	       str_eq(x.port, y.port);
}

/* A carrier that the configuration places elsewhere: the sandbox. */
static bool may_be_private(const struct media_way *w, struct str url)
{
	return w->item->account && w->item->account->base_url.n > 0 &&
	       same_origin(url, w->item->account->base_url);
}

static void add_header(struct media_way *w, const char *name, struct str value)
{
	w->headers[w->request.n_headers++] = (struct header){ str_c(name), value };
}

static void set_auth(struct media_way *w)
{
	const struct submit *s = &w->submit;
	struct str secret = s->auth.how == SUBMIT_OPEN ? STR_NONE : w->item->account->send[s->auth.key];

	w->request.user = w->request.password = STR_NONE;
	switch (s->auth.how) {
	case SUBMIT_OPEN:
		break;
	case SUBMIT_BASIC:
		w->request.user = s->auth.user;
		w->request.password = secret;
		break;
	case SUBMIT_BEARER:
		add_header(w, "authorization", arena_join(w->item->arena, STR("Bearer "), secret));
		break;
	case SUBMIT_HEADER:
		add_header(w, s->auth.header, arena_join(w->item->arena, str_c(s->auth.prefix), secret));
		break;
	}
}

/* Ask for what is missing alone, if it is still the same file. */
static void set_range(struct media_way *w)
{
	struct arena *a = w->item->arena;

	if (!w->draft || draft_size(w->draft) == 0 || !w->validator[0])
		return;
	add_header(w, "range", arena_fmt(a, "bytes=%llu-", (unsigned long long)draft_size(w->draft)));
	add_header(w, "if-range", arena_str(a, str_c(w->validator)));
}

static int ask(struct media_way *w)
{
	struct media_item *i = w->item;
	struct media_query q = { i->account, i->media, w->step, w->step ? &w->answer : NULL, i->arena };
	struct str url = json_get_str(i->media, "url");

	w->submit = (struct submit){ .method = "GET", .url = url };
	if (i->carrier && i->carrier->media)
		return i->carrier->media(&q, &w->submit, &i->err);
	/* Ours to mend: the file may still be had with the account that is missing. */
	if (!url.n && !i->carrier && json_get_str(i->media, "external_id").n)
		return err_set(&i->err, FAULT_DENIED, "media-refused",
			       "media that only the account knows that it came over, which is not in the configuration");
	if (!url.n)
		return err_set(&i->err, FAULT_DATA, "media-malformed", "media with neither url nor path");
	return 0;
}

enum way_next way_begin(struct media_way *w)
{
	struct fetch_request *x = &w->request;
	struct url u;

	if (ask(w) < 0)
		return fail(w);
	if (url_split(w->submit.url, &u) < 0 || !url_default_port(&u).p) {
		err_set(&w->item->err, FAULT_DATA, "media-malformed", "no URL with http: or https:");
		return fail(w);
	}
	x->method = w->submit.method;
	x->url = w->submit.url;
	x->headers = w->headers;
	x->n_headers = 0;
	for (size_t i = 0; i < w->submit.n_headers && i < WAY_HEADERS - 4; i++)
		w->headers[x->n_headers++] = w->submit.headers[i];
	x->connect_ms = CONNECT_MS;
	x->total_ms = TOTAL_MS;
	x->stall_ms = STALL_MS;
	x->redirects = REDIRECTS;
	x->private_ok = may_be_private(w, x->url);
	x->own = w;
	x->take = w->submit.prepares ? NULL : way_take;
	x->answer_max = w->submit.prepares ? ANSWER_MAX : w->rules->size_max + ANSWER_MAX;
	w->began = w->refused = false;
	set_auth(w);
	if (!w->submit.prepares)
		set_range(w);
	return WAY_GO;
}

/* ---- the answer ---- */

static struct str header_of(const struct fetch_request *x, const char *name)
{
	for (size_t i = 0; i < x->n_answer; i++)
		if (str_eq(x->answer[i].name, str_c(name)))
			return x->answer[i].value;
	return STR_NONE;
}

/*
 * A weak ETag says nothing about bytes (RFC 9110, 8.8.1); a date of a file does not change within a try.  What was unpacked
 * on its way can not be gone on with: ranges are those of the packed bytes.
 */
static void keep_validator(struct media_way *w)
{
	struct str tag = header_of(&w->request, "etag"),
		   coding = header_of(&w->request, "content-encoding");

	if (coding.n && !str_eq_nocase(coding, STR("identity"))) {
		w->validator[0] = '\0';
		return;
	}
	if (!tag.n || tag.p[0] != '"')
		tag = header_of(&w->request, "last-modified");
	w->validator[0] = '\0';
	if (tag.n > 0 && tag.n < sizeof(w->validator) && !memchr(tag.p, '\0', tag.n))
		snprintf(w->validator, sizeof(w->validator), "%.*s", (int)tag.n, tag.p);
}

/* "bytes 100-199/200" goes on at 100 and to the end of 200; "*" stands for a length that is not known. */
static bool goes_on_at(const struct fetch_request *x, uint64_t at, uint64_t whole)
{
	struct str range = header_of(x, "content-range"), last, total;
	uint64_t from, to, size;

	if (!str_prefix(range, STR("bytes ")))
		return false;
	range = str_sub(range, 6, range.n);
	last = str_sub(range, str_find(range, '-') + 1, range.n);
	total = str_sub(last, str_find(last, '/') + 1, last.n);
	if (str_u64(str_sub(range, 0, str_find(range, '-')), &from) < 0 || from != at ||
	    str_u64(str_sub(last, 0, str_find(last, '/')), &to) < 0)
		return false;
	if (whole && to + 1 != whole)
		return false;
	return str_eq(total, STR("*")) || (str_u64(total, &size) == 0 && to + 1 == size);
}

/* Some servers send a part whatever If-Range says: what they say of it tells of which file it is. */
static bool is_same_file(const struct media_way *w)
{
	const char *name = w->validator[0] == '"' ? "etag" : "last-modified";
	struct str said = header_of(&w->request, name);

	return !said.n || str_eq(said, str_c(w->validator));
}

static uint64_t have(const struct media_way *w)
{
	return w->draft ? draft_size(w->draft) : 0;
}

static bool make_draft(struct media_way *w)
{
	if (!w->draft)
		w->draft = objects_draft(w->store, &w->item->err);
	return w->draft;
}

static bool begin_body(struct media_way *w)
{
	w->began = true;
	if (w->request.status == 206) {
		w->refused = !goes_on_at(&w->request, have(w), w->whole) || !is_same_file(w);
		return !w->refused && make_draft(w);
	}
	if (str_u64(header_of(&w->request, "content-length"), &w->whole) < 0)
		w->whole = 0;
	w->too_large = w->whole > w->rules->size_max;
	if (w->too_large || !make_draft(w) || (have(w) > 0 && !draft_restart(w->draft)))
		return false;
	keep_validator(w);
	return true;
}

bool way_take(struct fetch_request *x, struct str bytes)
{
	struct media_way *w = x->own;

	if (x->status != 200 && x->status != 206)
		return true; /* the text of an error: at most ANSWER_MAX beyond what a file may have */
	if (!w->began && !begin_body(w))
		return false;
	if (bytes.n > w->rules->size_max - have(w)) {
		w->too_large = true;
		return false;
	}
	return draft_add(w->draft, bytes);
}

static enum way_next again(struct media_way *w, int64_t now_ms, int64_t asked_ms, const char *code,
			   const char *why)
{
	int64_t wait = (int64_t)WAIT_MS << (2 * w->tries);

	if (asked_ms <= WAIT_MOST_MS && ++w->tries < WAY_TRIES) {
		w->due_ms = now_ms + (asked_ms > wait ? asked_ms : wait);
		w->step = 0; /* what a step led to may have ended, too */
		return way_begin(w) == WAY_GO ? WAY_WAIT : WAY_FAILED;
	}
	err_set(&w->item->err, FAULT_TEMP, code, "%s", why);
	w->item->err.retry_ms = asked_ms > 0 ? clock_now() + asked_ms : 0;
	return fail(w);
}

/* Retry-After in seconds; a date is not worth the reading: the wait is then ours. */
static int64_t retry_after(const struct fetch_request *x)
{
	uint64_t seconds;

	return str_u64(header_of(x, "retry-after"), &seconds) == 0 && seconds < 86400 ?
		       (int64_t)seconds * 1000 :
		       0;
}

static enum way_next refuse(struct media_way *w, enum fault fault, const char *code, const char *why)
{
	err_set(&w->item->err, fault, code, "%s", why);
	return fail(w);
}

static struct str host_of(const struct fetch_request *x)
{
	struct url u;

	return url_split(x->final_url.n ? x->final_url : x->url, &u) == 0 && url_host_plain(u.host) ?
		       u.host :
		       STR_NONE;
}

static enum way_next judge_status(struct media_way *w, int64_t now_ms)
{
	struct fetch_request *x = &w->request;
	char why[160];

	snprintf(why, sizeof(why), "%.*s: HTTP %d", STR_FMT(str_sub(host_of(x), 0, 100)), x->status);
	if (x->status == 404 || x->status == 410) {
		/* Twilio's may not be there yet, WhatsApp's URL may have ended. */
		if (x->status == 404 && w->tries + 1 < WAY_TRIES && w->item->carrier)
			return again(w, now_ms, 0, "", "");
		return refuse(w, FAULT_DATA, "media-gone", why);
	}
	if (x->status == 416 && w->validator[0]) {
		w->validator[0] = '\0';
		return again(w, now_ms, 0, "media-unavailable", why);
	}
	if (x->status == 408 || x->status == 425 || x->status == 429 || x->status >= 500)
		return again(w, now_ms, retry_after(x), "media-unavailable", why);
	return refuse(w, FAULT_DENIED, "media-refused", why);
}

/* The bytes are there: are they those that were announced? */
static enum way_next judge_file(struct media_way *w)
{
	w->item->declared = arena_str(w->item->arena, header_of(&w->request, "content-type"));
	return WAY_DONE;
}

enum way_next way_judge(struct media_way *w, int64_t now_ms)
{
	struct fetch_request *x = &w->request;

	if (x->end == FETCH_REFUSED)
		return refuse(w, FAULT_DENIED, "media-refused", x->text);
	if (w->draft && draft_error(w->draft)) {
		err_set(&w->item->err, FAULT_IO, "objects", "writing an object: %s",
			strerror(draft_error(w->draft)));
		return fail(w);
	}
	if (w->began && !w->refused && !w->too_large && !w->draft)
		return fail(w); /* there is no file to be had for it */
	if (w->too_large || x->end == FETCH_LARGE) {
		err_set(&w->item->err, FAULT_DATA, "media-too-large",
			"%.*s: the file is larger than %llu bytes",
			STR_FMT(str_sub(host_of(x), 0, 100)), (unsigned long long)w->rules->size_max);
		return fail(w);
	}
	if (w->refused) /* another part than was asked for: all of it then */
		w->validator[0] = '\0';
	if (x->end != FETCH_OK)
		return again(w, now_ms, 0, x->timed_out ? "media-timeout" : "media-unavailable", x->text);
	if (x->status != 200 && x->status != 206)
		return judge_status(w, now_ms);
	if (!w->submit.prepares) {
		if (!w->began && !begin_body(w)) /* a file of no bytes */
			return w->refused ? again(w, now_ms, 0, "media-unavailable",
						  "another part came than was asked for") :
					    fail(w);
		return judge_file(w);
	}
	w->answer = (struct response){ .status = x->status,
				       .body = arena_str(w->item->arena, x->answer_body) };
	w->step++;
	return way_begin(w);
}
