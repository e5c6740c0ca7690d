/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "wire.h"

#define HEAD "POST /webhooks/twilio HTTP/1.1\r\nHost: a.example\r\n"

enum { BODY_MAX = 1000 };

/* Feed ${text} in pieces of ${piece} bytes.  Return how many of them were of the request. */
static size_t feed(struct wire *w, struct str text, size_t piece)
{
	size_t used = 0;

	wire_begin(w, arena, 512, BODY_MAX);
	while (used < text.n && !wire_ended(w))
		used += wire_feed(w, str_sub(text, used, piece));
	return used;
}

static size_t feed_all_ways(struct wire *w, struct str text)
{
	size_t used = feed(w, text, text.n);
	enum wire_state state = w->state;
	int status = w->status;

	for (size_t piece = 1; piece < 40; piece++) {
		bool same = feed(w, text, piece) == used || state == WIRE_BAD;

		CHECK(same && w->state == state && w->status == status);
	}
	return used;
}

static void accepted(struct str text, struct str body)
{
	struct wire w = { 0 };

	CHECK(feed_all_ways(&w, text) == text.n && w.state == WIRE_DONE && str_eq(w.req.body, body));
	if (w.state != WIRE_DONE)
		unit_show(w.why ? w.why : "unfinished", text);
	wire_free(&w);
}

static void refused(struct str text, int status)
{
	struct wire w = { 0 };

	feed_all_ways(&w, text);
	CHECK(w.state == WIRE_BAD && w.status == status);
	if (w.state != WIRE_BAD || w.status != status) {
		printf("# state %d, status %d\n", w.state, w.status);
		unit_show("request", text);
	}
	wire_free(&w);
}

static void takes_bodies_of_every_kind(void)
{
	accepted(STR(HEAD "\r\n"), STR(""));
	accepted(STR(HEAD "Content-Length: 0\r\n\r\n"), STR(""));
	accepted(STR(HEAD "Content-Length: 5\r\n\r\nhello"), STR("hello"));
	accepted(STR(HEAD "content-length:5 \r\n\r\nhello"), STR("hello"));
	accepted(STR(HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"), STR("hello"));
	accepted(STR(HEAD "Transfer-Encoding: Chunked\r\n\r\n2\r\nhe\r\n003;x=\"y\"\r\nllo\r\n000\r\n\r\n"),
		 STR("hello"));
	accepted(STR(HEAD "Transfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n"),
		 STR("0123456789"));
	accepted(STR("GET http://a.example/x?y HTTP/1.1\r\nHost: a.example:80\r\n\r\n"), STR(""));
	accepted(STR("GET / HTTP/1.0\r\n\r\n"), STR(""));
}

static void ends_where_the_request_does(void)
{
	static const char first[] = HEAD "Content-Length: 2\r\n\r\nab";
	struct wire w = { 0 };

	CHECK(feed_all_ways(&w, STR(HEAD "Content-Length: 2\r\n\r\nabGET / HTTP/1.1\r\n")) ==
	      sizeof(first) - 1);
	CHECK(w.state == WIRE_DONE);
	CHECK_STR(w.req.body, "ab");
	CHECK_STR(w.req.target, "/webhooks/twilio");
	wire_free(&w);
}

static void refuses_two_lengths(void)
{
	refused(STR(HEAD "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"), 400);
	refused(STR(HEAD "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"), 400);
	refused(STR(HEAD "Content-Length: 5, 5\r\n\r\nhello"), 400);
	refused(STR(HEAD "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400);
	refused(STR(HEAD "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"), 400);
	refused(STR(HEAD "Content-Length: +5\r\n\r\nhello"), 400);
	refused(STR(HEAD "Content-Length: 0x5\r\n\r\nhello"), 400);
	refused(STR(HEAD "Content-Length: -1\r\n\r\n"), 400);
	refused(STR(HEAD "Content-Length: 5 5\r\n\r\nhello"), 400);
	refused(STR(HEAD "Content-Length:\r\n\r\n"), 400);
}

static void refuses_other_codings(void)
{
	refused(STR(HEAD "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"), 400);
	refused(STR(HEAD "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n"),
		400);
	refused(STR(HEAD "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"), 400);
	refused(STR(HEAD "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"), 400);
	refused(STR(HEAD "Transfer-Encoding: \x0b"
			 "chunked\r\n\r\n0\r\n\r\n"),
		400);
	refused(STR("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400);
}

static void refuses_lines_that_end_in_two_ways(void)
{
	refused(STR("POST / HTTP/1.1\nHost: a\r\n\r\n"), 400);
	refused(STR("POST / HTTP/1.1\r\nHost: a\n\r\n"), 400);
	refused(STR("POST / HTTP/1.1\r\nHost: a\r\n\n"), 400);
	refused(STR("POST / HTTP/1.1\r\nHost: a\r\nX: y\rZ: z\r\n\r\n"), 400);
	refused(STR("POST / HTTP/1.1\r\nHost: a\r\nX: y\0\nZ: z\r\n\r\n"), 400);
	refused(STR(HEAD "X: a\r\n folded\r\n\r\n"), 400);
	refused(STR(HEAD " X: a\r\n\r\n"), 400);
	refused(STR("\r\nPOST / HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
}

static void refuses_malformed_heads(void)
{
	refused(STR(HEAD "X : a\r\n\r\n"), 400);
	refused(STR(HEAD "Content-Length : 5\r\n\r\nhello"), 400);
	refused(STR(HEAD "X Y: a\r\n\r\n"), 400);
	refused(STR(HEAD ": a\r\n\r\n"), 400);
	refused(STR(HEAD "X\r\n\r\n"), 400);
	refused(STR(HEAD "X: a\0b\r\n\r\n"), 400);
	refused(STR(HEAD "X\0: a\r\n\r\n"), 400);
	refused(STR(HEAD "\0\r\n\r\n"), 400);
	refused(STR(HEAD "\0"), 400);
	refused(STR(HEAD "Host: b\r\n\r\n"), 400);
	refused(STR("POST / HTTP/1.1\r\n\r\n"), 400);
	refused(STR("POST / HTTP/1.1\r\nHost: \r\n\r\n"), 400);
	refused(STR("POST / HTTP/1.1\r\nHost: a\"<b>\r\n\r\n"), 400);
	refused(STR("POST  / HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
	refused(STR("POST / HTTP/1.1 \r\nHost: a\r\n\r\n"), 400);
	refused(STR("POST /\tHTTP/1.1\r\nHost: a\r\n\r\n"), 400);
	refused(STR("POST / /x HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
	refused(STR("POST /\r\n\r\n"), 400);
	refused(STR("POST / HTTP/2.0\r\nHost: a\r\n\r\n"), 400);
	refused(STR("POST / http/1.1\r\nHost: a\r\n\r\n"), 400);
	refused(STR("CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
	refused(STR("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 400);
	refused(STR("\x16\x03\x01\x02"), 400);
	refused(STR("{}"), 400);
}

static void refuses_malformed_chunks(void)
{
#define CHUNKED HEAD "Transfer-Encoding: chunked\r\n\r\n"
	refused(STR(CHUNKED "x\r\n"), 400);
	refused(STR(CHUNKED "\r\n"), 400);
	refused(STR(CHUNKED " 5\r\nhello\r\n0\r\n\r\n"), 400);
	refused(STR(CHUNKED "5 \r\nhello\r\n0\r\n\r\n"), 400);
	refused(STR(CHUNKED "0x5\r\nhello\r\n0\r\n\r\n"), 400);
	refused(STR(CHUNKED "-5\r\nhello\r\n0\r\n\r\n"), 400);
	refused(STR(CHUNKED "5\nhello\r\n0\r\n\r\n"), 400);
	refused(STR(CHUNKED "5\r\nhello\n0\r\n\r\n"), 400);
	refused(STR(CHUNKED "5;\nx\r\nhello\r\n0\r\n\r\n"), 400);
	refused(STR(CHUNKED "5\r\nhello!\r\n0\r\n\r\n"), 400);
	refused(STR(CHUNKED "5\r\nhello\r\n0\r\n\n"), 400);
	refused(STR(CHUNKED "5\r\nhello\r\n0\r\nX: y\r\n\r\n"), 400);
	refused(STR(CHUNKED "fffffffffffffffff\r\n"), 413);
	refused(STR(CHUNKED "000000000\r\n\r\n"), 400);
}

static void refuses_what_is_too_large(void)
{
	char text[2000];
	int n;

	refused(STR(HEAD "Content-Length: 1001\r\n\r\n"), 413);
	refused(STR(HEAD "Content-Length: 99999999999999999999999\r\n\r\n"), 413);
	refused(STR(CHUNKED "3e9\r\n"), 413);
	refused(STR(CHUNKED "1\r\na\r\n3e8\r\n"), 413);
	n = snprintf(text, sizeof(text), "GET /%600d HTTP/1.1\r\nHost: a\r\n\r\n", 0);
	refused((struct str){ text, (size_t)n }, 414);
	n = snprintf(text, sizeof(text), HEAD "X: %0600d\r\n\r\n", 0);
	refused((struct str){ text, (size_t)n }, 431);
	n = snprintf(text, sizeof(text), HEAD);
	for (int i = 0; i < 101; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "A:\r\n");
	n += snprintf(text + n, sizeof(text) - (size_t)n, "\r\n");
	refused((struct str){ text, (size_t)n }, 431);
}

static void takes_one_request_after_the_other(void)
{
	struct wire w = { 0 };

	for (int i = 0; i < 3; i++) {
		feed(&w, STR(HEAD "Content-Length: 999\r\n\r\n"), 7);
		for (int k = 0; k < 999; k++)
			CHECK(wire_feed(&w, STR("z")) == 1);
		CHECK(w.state == WIRE_DONE && w.req.body.n == 999);
		CHECK_STR(http_header(&w.req, "host"), "a.example");
		arena_reset(arena);
	}
	wire_free(&w);
}

UNIT_MAIN(UNIT(takes_bodies_of_every_kind), UNIT(ends_where_the_request_does), UNIT(refuses_two_lengths),
	  UNIT(refuses_other_codings), UNIT(refuses_lines_that_end_in_two_ways),
	  UNIT(refuses_malformed_heads), UNIT(refuses_malformed_chunks),
	  UNIT(refuses_what_is_too_large), UNIT(takes_one_request_after_the_other))
