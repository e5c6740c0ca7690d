/* SPDX-License-Identifier: MIT */
#include "fetch_private.h"

#include <unistd.h>

#include "clock.h"

enum { REDIRECT_BODY_MAX = 65536 }; /* read and thrown away, so that the connection can be kept */

static bool is_one_of(const char *method, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(method, *list) == 0)
			return true;
	return false;
}

/* RFC 9110, 9.2.2 */
static bool is_repeatable(const struct fetch_request *x)
{
	static const char *const idempotent[] = { "GET", "HEAD", "PUT", "DELETE", "OPTIONS", NULL };

	return x->repeatable || is_one_of(x->method, idempotent);
}

static bool is_redirect(const struct fetch_slot *s)
{
	static const char *const safe[] = { "GET", "HEAD", NULL };
	const struct fetch_request *x = s->request;

	return x->redirects > 0 && s->location && is_one_of(x->method, safe) && !x->body.p &&
	       !x->body_path.p && x->n_fields == 0 &&
	       (x->status == 301 || x->status == 302 || x->status == 303 || x->status == 307 ||
		x->status == 308);
}

/* The lines in s->head, behind the first, as headers. */
static void read_head(struct fetch_slot *s)
{
	struct str rest = buf_get(&s->head), line;
	struct header *list;
	size_t n = 0, lines = 0;

	for (size_t i = 0; i < rest.n; i++)
		lines += rest.p[i] == '\n';
	list = arena_calloc(s->arena, lines + 1, sizeof(*list));
	while (rest.n > 0) {
		size_t end = str_find(rest, '\n'), colon;
		char *name;

		line = str_trim(str_sub(rest, 0, end));
		rest = str_sub(rest, end + 1, rest.n);
		colon = str_find(line, ':');
		if (colon == line.n || colon == 0)
			continue;
		name = s->head.p + (line.p - s->head.p);
		for (size_t i = 0; i < colon; i++)
			if (name[i] >= 'A' && name[i] <= 'Z')
				name[i] = (char)(name[i] | 0x20);
		list[n].name = str_trim(str_sub(line, 0, colon));
		list[n].value = str_trim(str_sub(line, colon + 1, line.n));
		s->location |= str_eq(list[n].name, STR("location"));
		n++;
	}
	s->request->answer = list;
	s->request->n_answer = n;
}

/* A line of the head of an answer; interim ones (1xx) are forgotten. */
static size_t on_header(char *p, size_t size, size_t n, void *own)
{
	struct fetch_slot *s = own;
	struct str line = { p, size * n };
	long status = 0;
	curl_off_t length = -1;

	if (s->first_us == 0)
		s->first_us = clock_mono_us();
	if (s->head_done) /* trailers */
		return line.n;
	if (str_prefix(line, STR("HTTP/"))) {
		buf_reset(&s->head);
		return line.n;
	}
	if (str_trim(line).n > 0) {
		buf_str(&s->head, line);
		s->large |= s->head.over;
		return s->head.over ? 0 : line.n;
	}
	curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status < 200 && status != 101)
		return line.n;
	s->request->status = (int)status;
	s->head_done = true;
	read_head(s);
	curl_easy_getinfo(s->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	if (length > 0 && (uint64_t)length > s->request->answer_max && !is_redirect(s) &&
	    strcmp(s->request->method, "HEAD") != 0)
		s->large = true;
	/* What fits is read all the same where it is kept. */
	return s->large && s->request->take ? 0 : line.n;
}

static size_t on_body(char *p, size_t size, size_t n, void *own)
{
	struct fetch_slot *s = own;
	struct fetch_request *x = s->request;
	struct str bytes = { p, size * n };
	size_t room = x->answer_max - s->taken;

	if (is_redirect(s)) {
		s->taken += bytes.n;
		return s->taken > REDIRECT_BODY_MAX ? 0 : bytes.n;
	}
	if (atomic_load_explicit(&s->stop, memory_order_relaxed))
		return 0;
	if (bytes.n > room)
		s->large = true;
	bytes.n = bytes.n > room ? room : bytes.n; /* less than all that came: curl ends */
	s->taken += bytes.n;
	if (!x->take)
		buf_str(&s->body, bytes);
	else if (bytes.n > 0 && !x->take(x, bytes))
		s->refused_by_taker = true;
	return s->refused_by_taker ? 0 : bytes.n;
}

static curl_socket_t on_socket(void *own, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct fetch_slot *s = own;
	struct address a = address_of(&to->addr);
	unsigned port = 0;

	if (to->family == AF_INET)
		port = ntohs(((struct sockaddr_in *)(void *)&to->addr)->sin_port);
	else if (to->family == AF_INET6)
		port = ntohs(((struct sockaddr_in6 *)(void *)&to->addr)->sin6_port);
	if (purpose != CURLSOCKTYPE_IPCXN || !fetch_reach(s, &a, port)) {
		s->elsewhere = true;
		return CURL_SOCKET_BAD;
	}
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

/*
 * Just before a request is written, on a new connection or on a kept one.  When a kept connection ends
 * without a byte of an answer curl comes here again, on a new one: what was written on the first may have
 * been read and acted upon, as closing is all that a server does when it crashes behind that.
 */
static int on_ready(void *own, char *peer, char *local, int peer_port, int local_port)
{
	struct fetch_slot *s = own;
	struct address a;

	(void)local;
	(void)local_port;
	if (s->written && !is_repeatable(s->request)) {
		s->lost = true;
		return CURL_PREREQFUNC_ABORT;
	}
	/* A connection that was opened for what may reach more than this. */
	if (address_read(str_c(peer), &a) < 0 || !fetch_reach(s, &a, (unsigned)peer_port)) {
		s->elsewhere = true;
		return CURL_PREREQFUNC_ABORT;
	}
	s->elsewhere = false; /* one of the addresses of the host was not, but this is */
	s->written = true;
	return CURL_PREREQFUNC_OK;
}

void fetch_listen(struct fetch_slot *s)
{
	CURL *c = s->easy;

	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, s);
	curl_easy_setopt(c, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, s);
	curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, s);
	curl_easy_setopt(c, CURLOPT_PREREQFUNCTION, on_ready);
	curl_easy_setopt(c, CURLOPT_PREREQDATA, s);
}

/* What the first host alone may see. */
static void drop_credentials(struct fetch_slot *s)
{
	curl_easy_setopt(s->easy, CURLOPT_HTTPHEADER, s->fetch->ours);
	curl_easy_setopt(s->easy, CURLOPT_SSLCERT, NULL);
	curl_easy_setopt(s->easy, CURLOPT_SSLKEY, NULL);
}

/*
 * The URL that the answer redirects to, whole; {NULL, 0} if it is none.  (CURLINFO_REDIRECT_URL has the
 * credentials of the request in it.)
 */
static struct str redirect_target(struct fetch_slot *s)
{
	CURLU *u = curl_url();
	struct str to = STR_NONE;
	char *text = NULL;

	for (size_t i = 0; i < s->request->n_answer && !to.p; i++)
		if (str_eq(s->request->answer[i].name, STR("location")))
			to = s->request->answer[i].value;
	if (u && curl_url_set(u, CURLUPART_URL, s->url_text.p, 0) == CURLUE_OK &&
	    curl_url_set(u, CURLUPART_URL, arena_cstr(s->arena, to), CURLU_URLENCODE) == CURLUE_OK)
		curl_url_get(u, CURLUPART_URL, &text, 0);
	to = text ? arena_str(s->arena, str_c(text)) : STR_NONE;
	curl_free(text);
	curl_url_cleanup(u);
	return to;
}

/* Go on where a redirect leads.  Return 0, or -1 with the end set. */
static int follow(struct fetch_slot *s)
{
	struct fetch_request *x = s->request;
	struct url from = s->url;
	struct str to = redirect_target(s);

	if (s->hops++ == x->redirects) {
		fetch_end(s, FETCH_REFUSED, "more than %u redirects", x->redirects);
		return -1;
	}
	if (!to.p) {
		fetch_end(s, FETCH_REFUSED, "a redirect to what is no URL of http: or https:");
		return -1;
	}
	if (fetch_aim(s, to) < 0)
		return -1;
	if (str_eq_nocase(from.scheme, STR("https")) && !str_eq_nocase(s->url.scheme, STR("https"))) {
		fetch_end(s, FETCH_REFUSED, "a redirect from https to http");
		return -1;
	}
	if (fetch_time(s) < 0)
		return -1;
	if (!fetch_same_origin(&from, &s->url))
		drop_credentials(s);
	s->taken = 0;
	x->status = 0;
	x->n_answer = 0;
	return 0;
}

static void judge(struct fetch_slot *s, CURLcode code)
{
	const char *why = s->error[0] ? s->error : curl_easy_strerror(code);

	s->request->timed_out = code == CURLE_OPERATION_TIMEDOUT;
	if (s->refused_by_taker || atomic_load_explicit(&s->stop, memory_order_relaxed))
		fetch_end(s, FETCH_STOPPED, "stopped");
	else if (s->large)
		fetch_end(s, FETCH_LARGE, "the answer is larger than %zu bytes", s->request->answer_max);
	else if (s->elsewhere && !s->written)
		fetch_end(s, FETCH_REFUSED, "not an address of the public Internet");
	else if (s->lost)
		fetch_end(s, FETCH_BROKEN, "the connection was closed without an answer");
	else
		fetch_end(s, s->written ? FETCH_BROKEN : FETCH_UNSENT, "%s", why);
}

bool fetch_finish(struct fetch_slot *s, CURLcode code)
{
	struct fetch_request *x = s->request;
	long version = 0;
	int64_t now = clock_mono_us();

	curl_easy_getinfo(s->easy, CURLINFO_HTTP_VERSION, &version);
	x->http2 = version == CURL_HTTP_VERSION_2_0;
	if (s->head_done && is_redirect(s) && (code == CURLE_OK || code == CURLE_WRITE_ERROR) &&
	    !atomic_load_explicit(&s->stop, memory_order_relaxed)) {
		if (follow(s) == 0)
			return false;
	} else if (code == CURLE_OK && !s->large) {
		x->end = FETCH_OK;
	} else {
		judge(s, code);
	}
	x->answer_body = buf_get(&s->body);
	x->final_url = s->url_text;
	x->ms = (double)(now - s->started_us) / 1000;
	x->first_ms = s->first_us ? (double)(s->first_us - s->started_us) / 1000 : 0;
	return true;
}
