/* SPDX-License-Identifier: MIT */
#include "http.h"

#include <stdlib.h>

#include "unit.h"

static struct request req;
static struct err e;
static size_t used;

static int parse(struct str text)
{
	e = (struct err){ 0 };
	used = 0;
	return http_parse(text, arena, &req, &used, &e);
}

/*
 * Each text is refused with ${code} and a detail that holds ${part}; a copy of exact size lets the
 * sanitizer see.
 */
static bool refused(struct str text, const char *code, const char *part)
{
	char *copy = malloc(text.n ? text.n : 1);
	bool yes;

	if (!copy)
		abort();
	memcpy(copy, text.p, text.n);
	yes = parse((struct str){ copy, text.n }) == -1 && e.fault == FAULT_DATA &&
	      strcmp(e.code, code) == 0 && strstr(e.text, part);
	free(copy);
	if (!yes) {
		unit_show("request", text);
		printf("#   %s: %s\n", e.code ? e.code : "taken", e.text);
	}
	return yes;
}

#define MALFORMED(text, part) CHECK(refused(STR(text), "request-malformed", part))
#define SHORT(text, part)     CHECK(refused(STR(text), "request-short", part))
#define LARGE(text, part)     CHECK(refused(STR(text), "request-too-large", part))

static void a_request_is_read(void)
{
	struct str text = STR("POST /webhooks/twilio?x=1 HTTP/1.1\r\nHost: hooks.example.com\r\n"
			      "Content-Type:  application/x-www-form-urlencoded \r\nX-Empty:\r\n"
			      "Content-Length: 5\r\n\r\na=1&bNEXT");

	CHECK(parse(text) == 0);
	CHECK_STR(req.method, "POST");
	CHECK_STR(req.target, "/webhooks/twilio?x=1");
	CHECK(req.n_headers == 4);
	CHECK_STR(req.headers[0].name, "host");
	CHECK_STR(http_header(&req, "content-type"), "application/x-www-form-urlencoded");
	CHECK(http_header(&req, "x-empty").p && http_header(&req, "x-empty").n == 0);
	CHECK(http_header(&req, "x-missing").p == NULL);
	CHECK_STR(req.body, "a=1&b");
	CHECK(used == text.n - 4);
}

static void bare_line_feeds_end_lines_too(void)
{
	struct str text = STR("POST / HTTP/1.0\nA: 1\r\nB: 2\n\nbody\n");

	CHECK(parse(text) == 0);
	CHECK_STR(http_header(&req, "a"), "1");
	CHECK_STR(http_header(&req, "b"), "2");
	CHECK_STR(req.body, "body\n");
	CHECK(used == text.n);
}

static void empty_lines_before_the_request_are_skipped(void)
{
	CHECK(parse(STR("\r\n\n\r\nGET / HTTP/1.1\n\n")) == 0);
	CHECK_STR(req.method, "GET");
	CHECK(used == 21);
	MALFORMED("", "no request line");
	MALFORMED("\n\n", "no request line");
	MALFORMED("\r", "no request line");
	MALFORMED("\r\r\nGET / HTTP/1.1\n\n", "control");
}

static void targets_are_kept_as_sent(void)
{
	CHECK(parse(STR("GET https://Hooks.example.com:443/a?b#c HTTP/1.1\n\n")) == 0);
	CHECK_STR(req.target, "https://Hooks.example.com:443/a?b#c");
	CHECK(parse(STR("OPTIONS * HTTP/1.1\n\n")) == 0);
	CHECK_STR(req.target, "*");
	CHECK(req.n_headers == 0 && req.body.p && req.body.n == 0);
}

static void the_rest_is_the_body_where_no_length_is_given(void)
{
	CHECK(parse(STR("POST / HTTP/1.1\nA: b\n\n{\"x\":\n\n1}")) == 0);
	CHECK_STR(req.body, "{\"x\":\n\n1}");
	CHECK(parse(STR("POST / HTTP/1.1\nContent-Length: 0\n\nrest")) == 0);
	CHECK(req.body.n == 0 && used == 35);
}

static void repeated_headers_are_joined(void)
{
	CHECK(parse(STR("GET / HTTP/1.1\nX-A: 1\nB: x\nx-a: 2\nX-A:\nX-a: 3\n\n")) == 0);
	CHECK(req.n_headers == 2);
	CHECK_STR(http_header(&req, "x-a"), "1, 2, , 3");
}

static void values_become_utf8(void)
{
	CHECK(parse(STR("GET / HTTP/1.1\nA: caf\xc3\xa9\nB: caf\xe9 \xff\nC: a\tb\n\n")) == 0);
	CHECK_STR(http_header(&req, "a"), "caf\xc3\xa9");
	CHECK_STR(http_header(&req, "b"), "caf\xc3\xa9 \xc3\xbf");
	CHECK_STR(http_header(&req, "c"), "a\tb");
}

static void request_lines_must_have_their_shape(void)
{
	MALFORMED("GET /\n\n", "METHOD TARGET");
	MALFORMED("GET\n\n", "METHOD TARGET");
	MALFORMED("GET  / HTTP/1.1\n\n", "METHOD TARGET");
	MALFORMED(" GET / HTTP/1.1\n\n", "METHOD TARGET");
	MALFORMED("GET / HTTP/1.1 \n\n", "HTTP/1.1");
	MALFORMED("GET /a b HTTP/1.1\n\n", "HTTP/1.1");
	MALFORMED("GET / HTTP/2\n\n", "HTTP/1.1");
	MALFORMED("GET / http/1.1\n\n", "HTTP/1.1");
	MALFORMED("G(T / HTTP/1.1\n\n", "METHOD TARGET");
	MALFORMED("GET\t/ HTTP/1.1\n\n", "control");
	MALFORMED("GET /\x01 HTTP/1.1\n\n", "control");
	MALFORMED("GET /\0 HTTP/1.1\n\n", "control");
	MALFORMED("GET /a\rb HTTP/1.1\n\n", "control");
	MALFORMED("GET /\xff HTTP/1.1\n\n", "UTF-8");
	MALFORMED("GET / HTTP/1.1", "no request line");
	MALFORMED("GET / HTTP/1.1\n", "no empty line");
	MALFORMED("GET / HTTP/1.1\nA: b\n", "no empty line");
	MALFORMED("GET / HTTP/1.1\nA: b", "no empty line");
}

static void headers_that_smuggle_are_refused(void)
{
	MALFORMED("GET / HTTP/1.1\nContent-Length : 5\n\nhello", "white space between");
	MALFORMED("GET / HTTP/1.1\nContent-Length\t: 5\n\nhello", "white space between");
	MALFORMED("GET / HTTP/1.1\nA: b\n folded\n\n", "folded");
	MALFORMED("GET / HTTP/1.1\nA: b\n\tfolded\n\n", "folded");
	MALFORMED("GET / HTTP/1.1\n A: b\n\n", "folded");
	MALFORMED("GET / HTTP/1.1\nnonsense\n\n", "colon");
	MALFORMED("GET / HTTP/1.1\n: b\n\n", "name");
	MALFORMED("GET / HTTP/1.1\nA B: c\n\n", "name");
	MALFORMED("GET / HTTP/1.1\nA\xc3\xa9: c\n\n", "name");
	MALFORMED("GET / HTTP/1.1\nA\x01: c\n\n", "control");
	MALFORMED("GET / HTTP/1.1\nA: c\x01\n\n", "control");
	MALFORMED("GET / HTTP/1.1\nA: c\0d\n\n", "control");
	MALFORMED("GET / HTTP/1.1\nA: c\rB: d\n\n", "control");
	MALFORMED("GET / HTTP/1.1\nA: c\r\r\n\n", "control");
	MALFORMED("GET / HTTP/1.1\nHost: a\nhost: b\n\n", "Host");
}

static void lengths_must_agree(void)
{
	CHECK(parse(STR("POST / HTTP/1.1\nContent-Length: 2\nContent-Length: 2\n\nabc")) == 0);
	CHECK_STR(req.body, "ab");
	CHECK(parse(STR("POST / HTTP/1.1\nContent-Length: 2, 02\n\nabc")) == 0);
	CHECK_STR(req.body, "ab");
	MALFORMED("POST / HTTP/1.1\nContent-Length: 2\nContent-Length: 3\n\nabc", "twice with different");
	MALFORMED("POST / HTTP/1.1\nContent-Length: 2, 3\n\nabc", "twice with different");
	MALFORMED("POST / HTTP/1.1\nContent-Length: -1\n\nabc", "number");
	MALFORMED("POST / HTTP/1.1\nContent-Length: +1\n\nabc", "number");
	MALFORMED("POST / HTTP/1.1\nContent-Length: 0x1\n\nabc", "number");
	MALFORMED("POST / HTTP/1.1\nContent-Length: 1 1\n\nabc", "number");
	MALFORMED("POST / HTTP/1.1\nContent-Length:\n\nabc", "number");
	MALFORMED("POST / HTTP/1.1\nContent-Length: 1,\n\nabc", "number");
	LARGE("POST / HTTP/1.1\nContent-Length: 18446744073709551617\n\nabc", "body");
	LARGE("POST / HTTP/1.1\nContent-Length: 921601\n\nabc", "921600");
	SHORT("POST / HTTP/1.1\nContent-Length: 921600\n\nabc", "after 3 bytes of 921600");
	SHORT("POST / HTTP/1.1\nContent-Length: 4\n\nabc", "after 3 bytes of 4");
}

static void chunks_are_put_together(void)
{
	struct str text = STR(
		"POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n"
		"4\r\nWiki\r\n6;ext=\"v\"\r\npedia \r\nE\r\nin \r\n\r\nchunks.\r\n0\r\nTrailer: x\r\n\r\nNEXT");

	CHECK(parse(text) == 0);
	CHECK_STR(req.body, "Wikipedia in \r\n\r\nchunks.");
	CHECK(used == text.n - 4);
	CHECK(parse(STR("POST / HTTP/1.1\nTransfer-Encoding: chunked\n\n003\nabc\n0\n\n")) == 0);
	CHECK_STR(req.body, "abc");
	CHECK(parse(STR("POST / HTTP/1.1\nTransfer-Encoding: chunked\n\n0\n\n")) == 0);
	CHECK(req.body.p && req.body.n == 0);
}

#define CHUNKED "POST / HTTP/1.1\nTransfer-Encoding: chunked\n\n"

static void chunks_that_are_wrong_are_refused(void)
{
	MALFORMED(CHUNKED "x\nabc\n0\n\n", "chunk");
	MALFORMED(CHUNKED "\nabc\n0\n\n", "chunk");
	MALFORMED(CHUNKED "-1\nabc\n0\n\n", "chunk");
	MALFORMED(CHUNKED "0x3\nabc\n0\n\n", "chunk");
	MALFORMED(CHUNKED "3 \nabc\n0\n\n", "chunk");
	MALFORMED(CHUNKED "3;a\rb\nabc\n0\n\n", "chunk");
	MALFORMED(CHUNKED "2\nabc\n0\n\n", "longer than its size");
	MALFORMED(CHUNKED "3\nabc0\n\n", "longer than its size");
	SHORT(CHUNKED, "last chunk");
	SHORT(CHUNKED "3", "last chunk");
	SHORT(CHUNKED "3\nab", "after 2 bytes of 3");
	SHORT(CHUNKED "3\nabc", "last chunk");
	SHORT(CHUNKED "3\nabc\r", "last chunk");
	SHORT(CHUNKED "3\nabc\n", "last chunk");
	SHORT(CHUNKED "3\nabc\n0\n", "no empty line");
	SHORT(CHUNKED "3\nabc\n0\nTrailer: x\n", "no empty line");
	LARGE(CHUNKED "ffffffffffffffffffffffff\nabc\n0\n\n", "body");
	LARGE(CHUNKED "e1001\nabc\n0\n\n", "body");
}

static void codings_must_be_known(void)
{
	MALFORMED("POST / HTTP/1.1\nTransfer-Encoding: chunked\nContent-Length: 3\n\n0\n\n", "exclude");
	MALFORMED("POST / HTTP/1.1\nTransfer-Encoding: gzip, chunked\n\n0\n\n", "chunked");
	MALFORMED("POST / HTTP/1.1\nTransfer-Encoding: chunked\nTransfer-Encoding: chunked\n\n0\n\n",
		  "chunked");
	MALFORMED("POST / HTTP/1.1\nTransfer-Encoding: xchunked\n\n0\n\n", "chunked");
	MALFORMED("POST / HTTP/1.1\nTransfer-Encoding:\n\n0\n\n", "chunked");
	MALFORMED("POST / HTTP/1.0\nTransfer-Encoding: chunked\n\n0\n\n", "HTTP/1.1");
}

/* A request line, ${lines} headers of ${width} bytes each, an empty line, ${body} bytes. */
static struct str large(size_t lines, size_t width, size_t body)
{
	static const char first[] = "POST / HTTP/1.1\n";
	size_t n = sizeof(first) - 1 + lines * width + 1 + body;
	char *p = arena_alloc(arena, n), *q = p;

	memcpy(q, first, sizeof(first) - 1);
	q += sizeof(first) - 1;
	for (size_t i = 0; i < lines; i++, q += width) {
		memset(q, 'v', width);
		memcpy(q, (const char[]){ 'h', (char)('a' + i / 26 % 26), (char)('a' + i % 26), ':' }, 4);
		q[width - 1] = '\n';
	}
	*q++ = '\n';
	memset(q, 'b', body);
	return (struct str){ p, n };
}

static void sizes_are_bounded(void)
{
	CHECK(parse(large(REQUEST_HEADERS, 10, 0)) == 0 && req.n_headers == REQUEST_HEADERS);
	CHECK(refused(large(REQUEST_HEADERS + 1, 10, 0), "request-too-large", "100 headers"));
	CHECK(parse(large(1, REQUEST_HEAD_MAX - 17, 0)) == 0);
	CHECK(refused(large(1, REQUEST_HEAD_MAX - 16, 0), "request-too-large", "65536"));
	CHECK(refused(large(50, REQUEST_HEAD_MAX / 40, 0), "request-too-large", "65536"));
	CHECK(parse(large(0, 0, REQUEST_BODY_MAX)) == 0 && req.body.n == REQUEST_BODY_MAX);
	CHECK(refused(large(0, 0, REQUEST_BODY_MAX + 1), "request-too-large", "921600"));
}

/* Every cut of a good request is refused or read within its bounds. */
static void no_byte_beyond_the_text_is_read(void)
{
	static const char *const texts[] = {
		"\r\nPOST /a HTTP/1.1\r\nHost: h\r\nA: 1\r\na: 2\r\nContent-Length: 3\r\n\r\nabc",
		"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n1\r\nd\r\n0\r\nT: v\r\n\r\n",
	};

	for (size_t i = 0; i < 2; i++) {
		for (size_t n = 0, all = strlen(texts[i]); n <= all; n++) {
			char *copy = malloc(n ? n : 1);
			int rc;

			if (!copy)
				abort();
			memcpy(copy, texts[i], n);
			rc = parse((struct str){ copy, n });
			CHECK((rc == 0) == (n == all));
			CHECK(rc == -1 || used == n);
			free(copy);
		}
	}
}

static void a_wait_is_seconds_or_a_date(void)
{
	static const int64_t now = INT64_C(784111777000); /* Sun, 06 Nov 1994 08:49:37 GMT */

	CHECK(http_retry_after(STR("120"), now) == 120000);
	CHECK(http_retry_after(STR(" 0 "), now) == 0);
	CHECK(http_retry_after(STR("Sun, 06 Nov 1994 08:49:37 GMT"), now) == 0);
	CHECK(http_retry_after(STR("Sun, 06 Nov 1994 08:51:00 GMT"), now) == 83000);
	CHECK(http_retry_after(STR("Sat, 05 Nov 1994 08:51:00 GMT"), now) == 0);
	CHECK(http_retry_after(STR("Thu, 01 Dec 1994 16:00:00 GMT"), now) == INT64_C(2185823000));
	CHECK(http_retry_after(STR("99999999999999999999"), now) == -1);
	CHECK(http_retry_after(STR("9999999999999999"), now) > 0);
	CHECK(http_retry_after(STR("-1"), now) == -1);
	CHECK(http_retry_after(STR("1.5"), now) == -1);
	CHECK(http_retry_after(STR(""), now) == -1);
	CHECK(http_retry_after(STR("Sun, 06 Foo 1994 08:49:37 GMT"), now) == -1);
	CHECK(http_retry_after(STR("Sun, 31 Feb 1994 08:49:37 GMT"), now) == -1);
	CHECK(http_retry_after(STR("Sunday, 06-Nov-94 08:49:37 GMT"), now) == -1);
}

UNIT_MAIN(UNIT(a_request_is_read), UNIT(bare_line_feeds_end_lines_too),
	  UNIT(empty_lines_before_the_request_are_skipped), UNIT(targets_are_kept_as_sent),
	  UNIT(the_rest_is_the_body_where_no_length_is_given), UNIT(repeated_headers_are_joined),
	  UNIT(values_become_utf8), UNIT(request_lines_must_have_their_shape),
	  UNIT(headers_that_smuggle_are_refused), UNIT(lengths_must_agree),
	  UNIT(chunks_are_put_together), UNIT(chunks_that_are_wrong_are_refused),
	  UNIT(codings_must_be_known), UNIT(sizes_are_bounded),
	  UNIT(no_byte_beyond_the_text_is_read), UNIT(a_wait_is_seconds_or_a_date))
