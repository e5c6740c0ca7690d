/* SPDX-License-Identifier: MIT */
#include "fetch_private.h"

#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "crypto.h"
#include "diag.h"

enum {
	CONNECT_MS = 10000,
	TOTAL_MS = 60000,
	FILE_BUFFER = 131072,
	IDLE_SECONDS = 50,
	EXPECT_FROM = 65536
};

void fetch_end(struct fetch_slot *s, enum fetch_end end, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fetch_rule_end(s->request, end, s->url.host, fmt, ap);
	va_end(ap);
}

/* curl copies texts; what it has no memory for it would leave out. */
static void must(CURLcode code)
{
	if (code == CURLE_OUT_OF_MEMORY)
		diag_oom();
}

/*
 * A header, or, where ${value} is empty, that there is none of this name.  curl borrows the list, so it lives where the
 * request does: copies of its own cost as much as all else that is prepared.
 */
static struct curl_slist **add_header(struct arena *a, struct curl_slist **end, struct str name,
				      struct str value)
{
	struct curl_slist *node = arena_alloc(a, sizeof(*node));
	char *p = arena_alloc(a, name.n + value.n + 3), *q = p;

	memcpy(q, name.p, name.n);
	q += name.n;
	if (name.p[name.n - 1] != ';')
		*q++ = ':';
	if (value.n > 0) {
		*q++ = ' ';
		memcpy(q, value.p, value.n);
		q += value.n;
	}
	*q = '\0';
	*node = (struct curl_slist){ p, NULL };
	*end = node;
	return &node->next;
}

/* Those that any host may see, and that a request may have for itself. */
static void our_headers(const struct fetch *f, struct header out[FETCH_OURS])
{
	/* Written as they are: curl's options for them cost each request another formatting of the text. */
	out[0] = (struct header){ STR("User-Agent"), str_c(f->agent) };
	/* Nothing else is asked for, but what comes packed all the same is unpacked. */
	out[1] = (struct header){ STR("Accept-Encoding"), STR("identity") };
}

void fetch_set_ours(struct fetch *f)
{
	struct header list[FETCH_OURS];
	struct curl_slist **end = &f->ours;

	our_headers(f, list);
	for (size_t i = 0; i < FETCH_OURS; i++)
		end = add_header(f->arena, end, list[i].name, list[i].value);
}

static bool has_header(const struct fetch_request *x, struct str name)
{
	for (size_t i = 0; i < x->n_headers; i++)
		if (str_eq_nocase(x->headers[i].name, name))
			return true;
	return false;
}

static void add_ours(struct fetch_slot *s, struct curl_slist **end)
{
	struct header list[FETCH_OURS];
	bool own = false;

	our_headers(s->fetch, list);
	for (size_t i = 0; i < FETCH_OURS; i++)
		own |= has_header(s->request, list[i].name);
	if (!own) {
		*end = s->fetch->ours;
		return;
	}
	for (size_t i = 0; i < FETCH_OURS; i++)
		if (!has_header(s->request, list[i].name))
			end = add_header(s->arena, end, list[i].name, list[i].value);
}

/* RFC 7617; not by curl, which would format it twice. */
static struct str basic(struct fetch_slot *s)
{
	const struct fetch_request *x = s->request;
	struct str pair = arena_join(s->arena, arena_join(s->arena, x->user, STR(":")), x->password);

	return arena_join(s->arena, STR("Basic "), base64_of(s->arena, pair));
}

static void set_headers(struct fetch_slot *s)
{
	const struct fetch_request *x = s->request;
	struct curl_slist **end = &s->headers;

	for (size_t i = 0; i < x->n_headers; i++) {
		const struct header *h = &x->headers[i];

		/* curl's way to say that the value is empty is a semicolon. */
		end = add_header(s->arena, end,
				 h->value.n > 0 ? h->name : arena_join(s->arena, h->name, STR(";")),
				 h->value);
	}
	if (x->user.p && !has_header(x, STR("authorization")))
		end = add_header(s->arena, end, STR("Authorization"), basic(s));
	/* Else it would be a form's. */
	if (x->n_fields == 0 && !has_header(x, STR("content-type")))
		end = add_header(s->arena, end, STR("Content-Type"), STR_NONE);
	/* Without this curl waits a second for "100 Continue" where a body is large: a megabyte, in the versions that there are. */
	if ((!x->body.p || x->body.n > EXPECT_FROM) && !has_header(x, STR("expect")))
		end = add_header(s->arena, end, STR("Expect"), STR_NONE);
	add_ours(s, end);
	curl_easy_setopt(s->easy, CURLOPT_HTTPHEADER, s->headers);
}

static bool has_body(const struct fetch_request *x)
{
	return x->body.p || x->body_path.p || x->n_fields > 0;
}

/* A file that is the body: regular, so that it can not block. */
static int open_body(struct fetch_slot *s)
{
	int fd = open(arena_cstr(s->arena, s->request->body_path),
		      O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || !(s->file = fdopen(fd, "rb"))) {
		fetch_end(s, FETCH_UNSENT, "the file to send can not be read, or is no file: %.*s",
			  STR_FMT(s->request->body_path));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	/* curl's own reader of files; it rewinds where it has to. */
	curl_easy_setopt(s->easy, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(s->easy, CURLOPT_READDATA, s->file);
	curl_easy_setopt(s->easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)st.st_size);
	return 0;
}

static int set_form(struct fetch_slot *s)
{
	const struct fetch_request *x = s->request;

	s->form = curl_mime_init(s->easy);
	if (!s->form)
		diag_oom();
	for (size_t i = 0; i < x->n_fields; i++) {
		const struct fetch_field *f = &x->fields[i];
		curl_mimepart *part = curl_mime_addpart(s->form);

		if (!part)
			diag_oom();
		must(curl_mime_name(part, arena_cstr(s->arena, f->name)));
		if (!f->path.p)
			must(curl_mime_data(part, f->value.p ? f->value.p : "", f->value.n));
		else if (access(arena_cstr(s->arena, f->path), R_OK) < 0 ||
			 curl_mime_filedata(part, arena_cstr(s->arena, f->path)) != CURLE_OK) {
			fetch_end(s, FETCH_UNSENT, "the file to send can not be read: %.*s",
				  STR_FMT(f->path));
			return -1;
		}
		if (f->file_name.p || f->path.p)
			must(curl_mime_filename(
				part, f->file_name.p ? arena_cstr(s->arena, f->file_name) : NULL));
		if (f->type.p)
			must(curl_mime_type(part, arena_cstr(s->arena, f->type)));
	}
	curl_easy_setopt(s->easy, CURLOPT_MIMEPOST, s->form);
	return 0;
}

static int set_body(struct fetch_slot *s)
{
	const struct fetch_request *x = s->request;
	bool post = strcmp(x->method, "POST") == 0;

	if (x->body_path.p && open_body(s) < 0)
		return -1;
	if (x->n_fields > 0 && set_form(s) < 0)
		return -1;
	if (x->body.p || (post && !has_body(x))) {
		curl_easy_setopt(s->easy, CURLOPT_POST, 1L);
		curl_easy_setopt(s->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)x->body.n);
		curl_easy_setopt(s->easy, CURLOPT_POSTFIELDS, x->body.n > 0 ? x->body.p : "");
	}
	if (strcmp(x->method, "HEAD") == 0)
		curl_easy_setopt(s->easy, CURLOPT_NOBODY, 1L);
	else if (x->body_path.p || (post ? !has_body(x) : strcmp(x->method, "GET") != 0 || has_body(x)))
		must(curl_easy_setopt(s->easy, CURLOPT_CUSTOMREQUEST, x->method));
	return 0;
}

static void set_certificate(struct fetch_slot *s)
{
	const struct fetch_request *x = s->request;

	if (x->cert)
		must(curl_easy_setopt(s->easy, CURLOPT_SSLCERT, x->cert));
	if (x->key)
		must(curl_easy_setopt(s->easy, CURLOPT_SSLKEY, x->key));
}

/*
 * What is sent by the thousand: bytes in memory, by POST.  From one to the next the same handle is not reset, and what it
 * knows of the URL stays, if that is the same.
 */
static bool is_simple(const struct fetch_request *x)
{
	return strcmp(x->method, "POST") == 0 && x->body.p && !x->body_path.p && x->n_fields == 0 &&
	       !x->cert && !x->key && !x->take && x->stall_ms <= 0;
}

/* Tell curl the URL. */
static void point(struct fetch_slot *s)
{
	s->target.n = 0;
	if (s->hops == 0 && is_simple(s->request)) {
		if (!s->aim && !(s->aim = curl_url()))
			diag_oom();
		/* Parsed once, instead of for each request. */
		if (curl_url_set(s->aim, CURLUPART_URL, s->url_text.p, 0) == CURLUE_OK) {
			must(curl_easy_setopt(s->easy, CURLOPT_CURLU, s->aim));
			buf_str(&s->target, s->url_text);
			buf_char(&s->target, '\0');
			s->target.n--;
			url_split(buf_get(&s->target), &s->target_url);
			return;
		}
	}
	curl_easy_setopt(s->easy, CURLOPT_CURLU, NULL);
	must(curl_easy_setopt(s->easy, CURLOPT_URL, s->url_text.p));
}

/* Split ${text}, which is kept.  Return 0, or -1 if it is no URL that can be asked. */
static int read_url(struct fetch_slot *s, struct str text, bool same)
{
	if (!same && (url_split(text, &s->url) < 0 || !url_default_port(&s->url).p ||
		      !url_host_plain(s->url.host))) {
		s->url = (struct url){ .scheme = STR_NONE };
		fetch_end(s, s->hops > 0 ? FETCH_REFUSED : FETCH_UNSENT,
			  "not a URL with http: or https: and a host");
		return -1;
	}
	s->url_text = same ? buf_get(&s->target) : arena_str(s->arena, text);
	if (same)
		s->url = s->target_url;
	else
		url_split(s->url_text, &s->url);
	if (s->hops == 0)
		s->first = s->url;
	return 0;
}

int fetch_aim(struct fetch_slot *s, struct str text)
{
	bool same = s->hops == 0 && s->target.n > 0 && str_eq(text, buf_get(&s->target));

	if (read_url(s, text, same) < 0)
		return -1;
	if (s->url.userinfo.p) {
		fetch_end(s, FETCH_REFUSED, "credentials stand in the URL");
		return -1;
	}
	if (!fetch_reach_url(s)) {
		fetch_end(s, FETCH_REFUSED, "not an address of the public Internet");
		return -1;
	}
	s->written = s->head_done = s->location = false;
	s->head.n = 0;
	if (!same)
		point(s);
	return 0;
}

int fetch_time(struct fetch_slot *s)
{
	const struct fetch_request *x = s->request;
	int64_t left = (x->total_ms ? x->total_ms : TOTAL_MS) - (clock_mono_us() - s->started_us) / 1000;

	if (left <= 0) {
		s->request->timed_out = true;
		fetch_end(s, s->hops > 0 ? FETCH_BROKEN : FETCH_UNSENT, "the time ran out");
		return -1;
	}
	curl_easy_setopt(s->easy, CURLOPT_CONNECTTIMEOUT_MS,
			 (long)(x->connect_ms ? x->connect_ms : CONNECT_MS));
	curl_easy_setopt(s->easy, CURLOPT_TIMEOUT_MS, (long)left);
	if (x->stall_ms > 0) {
		curl_easy_setopt(s->easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
		curl_easy_setopt(s->easy, CURLOPT_LOW_SPEED_TIME, (long)((x->stall_ms + 999) / 1000));
	}
	return 0;
}

/* What is the same for all requests. */
static void set_rules(struct fetch_slot *s)
{
	const struct fetch_options *o = &s->fetch->options;
	CURL *c = s->easy;

	curl_easy_setopt(c, CURLOPT_PRIVATE, s);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, s->error);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	must(curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https"));
	if (!s->fetch->proxied) /* else it would look for one each time */
		must(curl_easy_setopt(c, CURLOPT_PROXY, ""));
	curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	/* HTTP/2 over TLS alone: without it curl 7.88 breaks every connection that is used again. */
	curl_easy_setopt(c, CURLOPT_HTTP_VERSION,
			 (long)(o->multiplex ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
	/* Else a name that is slow to look up holds up all requests when the time of its own is over. */
	curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L);
	must(curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, "identity"));
	/* Shorter than the minute after which many servers close: a request must not meet that. */
	curl_easy_setopt(c, CURLOPT_MAXAGE_CONN, (long)IDLE_SECONDS);
	if (s->fetch->ca) {
		must(curl_easy_setopt(c, CURLOPT_CAINFO, s->fetch->ca));
		curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
	}
}

/* Everything is as for no request, but what is the same for all. */
static void begin_anew(struct fetch_slot *s)
{
	curl_easy_reset(s->easy);
	s->target.n = 0;
	set_rules(s);
	fetch_listen(s);
}

int fetch_prepare(struct fetch_slot *s)
{
	struct fetch_request *x = s->request;
	bool as_before = s->simple;

	if (!s->easy)
		s->easy = curl_easy_init();
	if (!s->easy)
		diag_oom();
	s->simple = false;
	s->error[0] = '\0';
	if (!as_before || !is_simple(x))
		begin_anew(s);
	if (fetch_aim(s, x->url) < 0 || fetch_rule_check(x, s->url.host) < 0)
		return -1;
	set_headers(s);
	if (set_body(s) < 0)
		return -1;
	/* Without TLS there is no HTTP/2, and to wait for the first answer would tell nothing. */
	curl_easy_setopt(s->easy, CURLOPT_PIPEWAIT,
			 s->fetch->options.multiplex && str_prefix(x->url, STR("https:")) ? 1L : 0L);
	set_certificate(s);
	if (x->take)
		curl_easy_setopt(s->easy, CURLOPT_BUFFERSIZE, (long)FILE_BUFFER);
	s->simple = is_simple(x);
	return fetch_time(s);
}

void fetch_drop(struct fetch_slot *s)
{
	if (s->form)
		curl_easy_setopt(s->easy, CURLOPT_MIMEPOST, NULL);
	if (s->headers)
		curl_easy_setopt(s->easy, CURLOPT_HTTPHEADER, NULL);
	curl_mime_free(s->form);
	if (s->file)
		fclose(s->file);
	s->form = NULL;
	s->headers = NULL;
	s->file = NULL;
	arena_reset(s->arena);
}
