/* SPDX-License-Identifier: MIT */
#include "http.h"

#include "clock.h"

static int malformed(struct err *e, const char *what)
{
	return err_set(e, FAULT_DATA, "request-malformed", "the request is malformed: %s", what);
}

/*
 * Take a line of at most ${max} bytes, its end included, off ${s}; ${line} is without CR and LF.
 * Return 1, 0 if there is no line end, -1 if it is beyond ${max}.
 */
static int take_line(struct str *s, size_t max, struct str *line)
{
	size_t n = str_find(str_sub(*s, 0, max), '\n');

	if (n == s->n || n == max)
		return n == max && n < s->n ? -1 : 0;
	*line = (struct str){ s->p, n > 0 && s->p[n - 1] == '\r' ? n - 1 : n };
	s->p += n + 1;
	s->n -= n + 1;
	return 1;
}

/* RFC 9110, 5.6.2: what names are made of. */
static bool is_token(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i], letter = (char)(c | 0x20);

		if ((letter < 'a' || letter > 'z') && (c < '0' || c > '9') &&
		    (!c || !strchr("!#$%&'*+-.^_`|~", c)))
			return false;
	}
	return s.n > 0;
}

static bool has_control(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (((unsigned char)s.p[i] < 0x20 && s.p[i] != '\t') || s.p[i] == 0x7f)
			return true;
	return false;
}

/* Bytes that are not UTF-8 are ISO-8859-1, as in older HTTP: so a record loses nothing. */
static struct str as_utf8(struct arena *arena, struct str s)
{
	char *p, *q;

	if (str_utf8(s))
		return s;
	p = q = arena_alloc(arena, s.n * 2);
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c >= 0x80) {
			*q++ = (char)(0xc0 | c >> 6);
			c = 0x80 | (c & 0x3f);
		}
		*q++ = (char)c;
	}
	return (struct str){ p, (size_t)(q - p) };
}

static int request_line(struct request *req, struct str line, bool *old, struct err *e)
{
	size_t first = str_find(line, ' ');
	struct str rest = str_sub(line, first + 1, line.n), version;
	size_t second = str_find(rest, ' ');

	req->method = str_sub(line, 0, first);
	req->target = str_sub(rest, 0, second);
	version = str_sub(rest, second + 1, rest.n);
	if (has_control(line) || str_find(line, '\t') < line.n)
		return malformed(e, "a control character in the request line");
	if (!is_token(req->method) || req->target.n == 0 || version.n == 0)
		return malformed(e, "the first line is not \"METHOD TARGET HTTP/1.1\"");
	if (!str_eq(version, STR("HTTP/1.1")) && !str_eq(version, STR("HTTP/1.0")))
		return malformed(e, "the first line does not end in HTTP/1.1 or HTTP/1.0");
	if (!str_utf8(req->target))
		return malformed(e, "the target is not UTF-8");
	*old = str_eq(version, STR("HTTP/1.0"));
	return 0;
}

static struct header *find(struct request *req, struct str name)
{
	for (size_t i = 0; i < req->n_headers; i++)
		if (str_eq(req->headers[i].name, name))
			return &req->headers[i];
	return NULL;
}

static struct str lower_case(struct arena *arena, struct str s)
{
	char *p = arena_alloc(arena, s.n);

	for (size_t i = 0; i < s.n; i++)
		p[i] = (char)(s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] | 0x20 : s.p[i]);
	return (struct str){ p, s.n };
}

static int header_line(struct request *req, struct str line, struct arena *arena, struct err *e)
{
	size_t colon = str_find(line, ':');
	struct str name = str_sub(line, 0, colon), value = str_trim(str_sub(line, colon + 1, line.n));
	struct header *h;

	if (line.p[0] == ' ' || line.p[0] == '\t')
		return malformed(e, "a header is folded over two lines; write it in one");
	if (has_control(line))
		return malformed(e, "a control character in a header");
	if (colon == line.n)
		return malformed(e, "a header without a colon");
	if (colon > 0 && (line.p[colon - 1] == ' ' || line.p[colon - 1] == '\t'))
		return malformed(e, "white space between the name of a header and its colon");
	if (!is_token(name))
		return malformed(e, "the name of a header is empty or has a character that none can have");
	name = lower_case(arena, name);
	value = as_utf8(arena, value);
	h = find(req, name);
	if (h && str_eq(name, STR("host")))
		return malformed(e, "Host is given twice");
	if (h)
		h->value = arena_join(arena, arena_join(arena, h->value, STR(", ")), value);
	else
		req->headers[req->n_headers++] = (struct header){ name, value };
	return 0;
}

static int read_head(struct str *s, struct arena *arena, struct request *req, bool *old, struct err *e)
{
	size_t left = REQUEST_HEAD_MAX, lines = 0;

	for (;; lines++) {
		struct str line;
		size_t before = s->n;
		int got = take_line(s, left, &line);

		if (got < 0)
			return err_set(e, FAULT_DATA, "request-too-large",
				       "request line and headers are longer than %zu bytes",
				       REQUEST_HEAD_MAX);
		if (got == 0)
			return malformed(e, lines == 0 ? "there is no request line" :
							 "no empty line ends the headers");
		left -= before - s->n;
		if (lines == 0) {
			if (request_line(req, line, old, e) < 0)
				return -1;
			continue;
		}
		if (line.n == 0)
			return 0;
		/* Lines are counted, not names: joining a repeated one copies what was there. */
		if (lines > REQUEST_HEADERS)
			return err_set(e, FAULT_DATA, "request-too-large",
				       "the request has more than %d headers", REQUEST_HEADERS);
		if (header_line(req, line, arena, e) < 0)
			return -1;
	}
}

static int too_large(struct err *e)
{
	return err_set(e, FAULT_DATA, "request-too-large", "the body is longer than %zu bytes",
		       REQUEST_BODY_MAX);
}

static int too_short(struct err *e, size_t want, size_t have)
{
	return err_set(e, FAULT_DATA, "request-short", "the body ends after %zu bytes of %zu", have, want);
}

/* Content-Length may be sent several times, or as a list, as long as it says one thing. */
static int content_length(struct str value, size_t *length, struct err *e)
{
	uint64_t first = 0;

	for (size_t at = 0, i = 0; at <= value.n; i++) {
		struct str rest = str_sub(value, at, value.n);
		size_t n = str_find(rest, ',');
		struct str text = str_trim(str_sub(rest, 0, n));
		uint64_t v;

		if (!str_digits(text))
			return malformed(e, "Content-Length is not a number of bytes");
		if (str_u64(text, &v) < 0)
			return too_large(e);
		if (i > 0 && v != first)
			return malformed(e, "Content-Length is given twice with different values");
		first = v;
		at += n + 1;
	}
	if (first > REQUEST_BODY_MAX)
		return too_large(e);
	*length = (size_t)first;
	return 0;
}

/* "1a;name=value" */
static int chunk_size(struct str line, size_t *size, struct err *e)
{
	size_t digits = 0, v = 0;

	for (; digits < line.n; digits++) {
		char c = line.p[digits], letter = (char)(c | 0x20);

		if (c >= '0' && c <= '9')
			v = v << 4 | (size_t)(c - '0');
		else if (letter >= 'a' && letter <= 'f')
			v = v << 4 | (size_t)(letter - 'a' + 10);
		else
			break;
		if (v > REQUEST_BODY_MAX)
			return too_large(e);
	}
	if (digits == 0 || (digits < line.n && line.p[digits] != ';') || has_control(line))
		return malformed(e, "the size of a chunk is not a hexadecimal number");
	*size = v;
	return 0;
}

static int skip_trailers(struct str *s, struct err *e)
{
	size_t left = REQUEST_HEAD_MAX;

	for (;;) {
		struct str line;
		size_t before = s->n;
		int got = take_line(s, left, &line);

		if (got < 0)
			return err_set(e, FAULT_DATA, "request-too-large",
				       "trailers are longer than %zu bytes", REQUEST_HEAD_MAX);
		if (got == 0)
			return err_set(e, FAULT_DATA, "request-short", "no empty line ends the chunks");
		if (line.n == 0)
			return 0;
		left -= before - s->n;
	}
}

static int read_chunks(struct str *s, struct arena *arena, struct str *body, struct err *e)
{
	size_t room = s->n < REQUEST_BODY_MAX ? s->n : REQUEST_BODY_MAX, size = 0, n = 0;
	char *p = arena_alloc(arena, room);

	for (;;) {
		struct str line;
		int got = take_line(s, REQUEST_HEAD_MAX, &line);

		if (got < 0)
			return malformed(e, "the size of a chunk is not a hexadecimal number");
		if (got == 0)
			return err_set(e, FAULT_DATA, "request-short",
				       "the body ends before its last chunk");
		if (chunk_size(line, &size, e) < 0)
			return -1;
		if (size == 0)
			break;
		if (size > s->n)
			return too_short(e, n + size, n + s->n);
		if (size > REQUEST_BODY_MAX - n)
			return too_large(e);
		memcpy(p + n, s->p, size);
		n += size;
		*s = str_sub(*s, size, s->n);
		got = take_line(s, 2, &line);
		if (got == 0 && s->n < 2)
			return err_set(e, FAULT_DATA, "request-short",
				       "the body ends before its last chunk");
		if (got <= 0 || line.n > 0)
			return malformed(e, "a chunk is longer than its size says");
	}
	*body = (struct str){ p, n };
	return skip_trailers(s, e);
}

int http_length(const struct request *req, bool old, bool *chunked, size_t *length, struct err *e)
{
	struct str lengths = http_header(req, "content-length");
	struct str coding = http_header(req, "transfer-encoding");

	*chunked = coding.p != NULL;
	if (!coding.p)
		return lengths.p ? content_length(lengths, length, e) : 0;
	if (lengths.p)
		return malformed(e, "Content-Length and Transfer-Encoding exclude each other");
	if (old || !str_eq_nocase(coding, STR("chunked")))
		return malformed(e, "Transfer-Encoding is not \"chunked\" in HTTP/1.1");
	return 0;
}

static int read_body(struct str *s, struct arena *arena, struct request *req, bool old, struct err *e)
{
	size_t n = s->n;
	bool chunked;

	if (http_length(req, old, &chunked, &n, e) < 0)
		return -1;
	if (chunked)
		return read_chunks(s, arena, &req->body, e);
	if (n > s->n)
		return too_short(e, n, s->n);
	if (n > REQUEST_BODY_MAX)
		return too_large(e);
	req->body = (struct str){ s->p, n };
	*s = str_sub(*s, n, s->n);
	return 0;
}

int http_head(struct str text, struct arena *arena, struct request *req, bool *old, struct err *e)
{
	req->n_headers = 0;
	req->body = STR("");
	return read_head(&text, arena, req, old, e);
}

int http_parse(struct str text, struct arena *arena, struct request *req, size_t *used, struct err *e)
{
	struct str s = text, line;
	bool old = false;

	req->n_headers = 0;
	req->body = STR("");
	/* RFC 9112, 2.2: empty lines before a request are left over from the one before. */
	while (s.n > 0 && (s.p[0] == '\n' || (s.p[0] == '\r' && s.n > 1 && s.p[1] == '\n')))
		take_line(&s, 2, &line);
	if (read_head(&s, arena, req, &old, e) < 0 || read_body(&s, arena, req, old, e) < 0)
		return -1;
	*used = text.n - s.n;
	return 0;
}

struct str http_header(const struct request *req, const char *name)
{
	struct str key = str_c(name);

	for (size_t i = 0; i < req->n_headers; i++)
		if (str_eq(req->headers[i].name, key))
			return req->headers[i].value;
	return STR_NONE;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" as milliseconds since 1970. */
static int date_read(struct str s, int64_t *ms)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	char text[] = "0000-00-00T00:00:00Z";
	size_t month = 0;

	if (s.n != 29 || s.p[3] != ',' || s.p[7] != ' ' || s.p[11] != ' ' || s.p[16] != ' ' ||
	    !str_suffix(s, STR(" GMT")))
		return -1;
	while (month < 12 && memcmp(months + 3 * month, s.p + 8, 3) != 0)
		month++;
	if (month == 12)
		return -1;
	memcpy(text, s.p + 12, 4);
	text[5] = (char)('0' + (month + 1) / 10);
	text[6] = (char)('0' + (month + 1) % 10);
	memcpy(text + 8, s.p + 5, 2);
	memcpy(text + 11, s.p + 17, 8);
	return clock_parse(str_c(text), ms);
}

int64_t http_retry_after(struct str value, int64_t now_ms)
{
	struct str s = str_trim(value);
	uint64_t seconds;
	int64_t at;

	if (str_u64(s, &seconds) == 0)
		return seconds < CLOCK_SPAN_MAX / 1000 ? (int64_t)seconds * 1000 : CLOCK_SPAN_MAX;
	if (date_read(s, &at) < 0)
		return -1;
	return at > now_ms ? at - now_ms : 0;
}
