/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdlib.h>

#include "h2_side.h"

static void an_answer_has_status_headers_body_and_times(void)
{
	struct fetch_request x = get("good", "/ok");

	begin();
	run(&x);
	CHECK(x.end == FETCH_OK && x.status == 200 && x.http2);
	CHECK_STR(header_of(&x, STR("x-kind")), "plain");
	CHECK_STR(x.answer_body, "hello");
	CHECK(x.ms > 0 && x.first_ms > 0 && x.first_ms <= x.ms);
	x = get("good", "/none");
	run(&x);
	CHECK(x.end == FETCH_OK && x.status == 204 && x.answer_body.n == 0);
	end();
}

static void interim_answers_and_trailers_are_passed_over(void)
{
	struct fetch_request x = get("good", "/hints");

	begin();
	run(&x);
	CHECK(x.end == FETCH_OK && x.status == 200);
	CHECK(!header_of(&x, STR("link")).p);
	x = get("good", "/trailers");
	run(&x);
	CHECK(x.end == FETCH_OK);
	CHECK_STR(x.answer_body, "body");
	CHECK(!header_of(&x, STR("x-late")).p);
	end();
}

static void a_request_goes_out_as_it_is_given(void)
{
	const struct header headers[] = { { STR("X-One"), STR("1") }, { STR("x-none"), STR("") } };
	struct fetch_request x = post("/head/a%20b?q=1&r", STR("abc"));

	x.headers = headers;
	x.n_headers = LEN(headers);
	begin();
	for (int i = 0; i < 3; i++) { /* what is the same again is written otherwise */
		run(&x);
		CHECK(holds(x.answer_body, "\":method\":\"POST\""));
		CHECK(holds(x.answer_body, "\":path\":\"/head/a%20b?q=1&r\""));
		CHECK(holds(x.answer_body, "\":scheme\":\"https\""));
		CHECK(holds(x.answer_body,
			    arena_fmt(arena, "\":authority\":\"127.0.0.1:%u\"", port_of("good")).p));
		CHECK(holds(x.answer_body, "\"x-one\":\"1\""));
		CHECK(holds(x.answer_body, "\"x-none\":\"\""));
		CHECK(holds(x.answer_body, "\"content-length\":\"3\""));
		CHECK(holds(x.answer_body, "\"user-agent\":\"omni/"));
	}
	end();
}

static void bodies_of_all_sizes_are_sent_whole(void)
{
	static const size_t sizes[] = { 0, 1, 16384, 65535, 65536, 1000000 };
	char *body = arena_alloc(arena, 1000000);

	for (size_t i = 0; i < 1000000; i++)
		body[i] = (char)('a' + i * i % 26);
	begin();
	for (size_t i = 0; i < LEN(sizes); i++) {
		struct fetch_request x = post("/echo", (struct str){ body, sizes[i] });

		run(&x);
		CHECK(x.end == FETCH_OK && str_eq(x.answer_body, x.body));
	}
	end();
}

static void what_can_not_be_sent_is_unsent(void)
{
	static const struct header bad[] = { { STR("x"), STR("a\r\nb") } };
	struct fetch_request x = get("good", "/ok");

	begin();
	x.method = "GET /";
	run(&x);
	CHECK(x.end == FETCH_UNSENT && holds(str_c(x.text), "method"));
	x = get("good", "/ok");
	x.headers = bad;
	x.n_headers = 1;
	run(&x);
	CHECK(x.end == FETCH_UNSENT && holds(str_c(x.text), "header 1"));
	x = get("good", "/ok");
	x.url = STR("gopher://127.0.0.1/");
	run(&x);
	CHECK(x.end == FETCH_UNSENT);
	x.url = arena_fmt(arena, "https://user:secret@127.0.0.1:%u/ok", port_of("good"));
	run(&x);
	CHECK(x.end == FETCH_REFUSED && !holds(str_c(x.text), "secret"));
	x.url = arena_fmt(arena, "https://127.0.0.1/%040000d", 0);
	run(&x);
	CHECK(x.end == FETCH_UNSENT && holds(str_c(x.text), "head of the request"));
	x.url = STR("https://nowhere.invalid/");
	run(&x);
	CHECK(x.end == FETCH_UNSENT && holds(str_c(x.text), "nowhere.invalid: "));
	x.url = STR("https://127.0.0.1:1/");
	run(&x);
	CHECK(x.end == FETCH_UNSENT && holds(str_c(x.text), "127.0.0.1: Connection refused"));
	end();
}

/* Where localhost has an address of IPv6 first, nobody listens there. */
static void the_next_address_is_tried(void)
{
	struct fetch_request x = get("good", "/ok");

	begin();
	x.url = arena_fmt(arena, "https://localhost:%u/ok", port_of("good"));
	run(&x);
	CHECK(x.end == FETCH_OK);
	end();
}

static void only_whom_a_certificate_names_is_believed(void)
{
	struct fetch_request x = get("good", "/ok");
	struct err e;

	begin();
	x.url = arena_fmt(arena, "https://127.0.0.2:%u/ok", port_of("good"));
	run(&x);
	CHECK(x.end == FETCH_UNSENT);
	end();
	/* Of what the system trusts ours is none. */
	h = h2_open(&(struct h2_options){ 0 }, &e);
	x = get("good", "/ok");
	run(&x);
	CHECK(x.end == FETCH_UNSENT && holds(str_c(x.text), "certificate"));
	end();
	/* As OpenSSL has it. */
	setenv("SSL_CERT_FILE", ca, 1);
	h = h2_open(&(struct h2_options){ 0 }, &e);
	unsetenv("SSL_CERT_FILE");
	x = get("good", "/ok");
	run(&x);
	CHECK(x.end == FETCH_OK);
	/* The name is not in it, the address is. */
	x.url = arena_fmt(arena, "https://ip6-localhost:%u/ok", port_of("good"));
	run(&x);
	CHECK(x.end == FETCH_UNSENT);
	end();
	CHECK(!h2_open(&(struct h2_options){ .ca = "/nowhere/ca.pem" }, &e) &&
	      e.fault == FAULT_CONFIG && holds(str_c(e.text), "/nowhere/ca.pem"));
	h2_close(NULL);
}

/* A session that is resumed would be that of who we were. */
static void a_new_certificate_of_ours_is_shown_by_the_next_connection(void)
{
	static const char *const names[] = { "old", "new" };
	struct fetch_request x = get("known", "/");

	x.cert = arena_fmt(arena, "%s/own.crt", dir).p;
	x.key = arena_fmt(arena, "%s/own.key", dir).p;
	begin();
	for (size_t i = 0; i < LEN(names); i++) {
		CHECK(make_certificate("own", names[i]));
		run(&x);
		CHECK(x.end == FETCH_OK);
		CHECK(str_eq(x.answer_body, str_c(names[i])));
	}
	end();
}

static void only_public_addresses_are_reached(void)
{
	static const char *const hosts[] = { "127.0.0.1",          "localhost", "[::1]",
					     "[::ffff:127.0.0.1]", "10.0.0.1",  "0.0.0.0" };
	uint64_t before;

	begin();
	before = ask("/sessions");
	end();
	begin_with((struct h2_options){ .public_only = true });
	for (size_t i = 0; i < LEN(hosts); i++) {
		struct fetch_request x = get("good", "/ok");

		x.url = arena_fmt(arena, "https://%s:%u/ok", hosts[i], port_of("good"));
		run(&x);
		CHECK(x.end == FETCH_REFUSED);
	}
	end();
	begin();
	CHECK(ask("/sessions") == before + 1);
	end();
}

static void who_has_http_1_1_alone_gets_that(void)
{
	struct fetch_request x = get("plain", "/"), list[20];

	begin();
	for (int i = 0; i < 2; i++) {
		run(&x);
		CHECK(x.end == FETCH_OK && !x.http2);
		CHECK_STR(x.answer_body, "HTTP/1.1");
	}
	for (size_t i = 0; i < LEN(list); i++)
		list[i] = get("plain", "/");
	run_all(list, LEN(list));
	for (size_t i = 0; i < LEN(list); i++)
		CHECK(list[i].end == FETCH_OK);
	/* For one request. */
	x = get("good", "/old");
	run(&x);
	CHECK(x.end == FETCH_OK && !x.http2);
	CHECK_STR(x.answer_body, "HTTP/1.1");
	x = get("good", "/ok");
	run(&x);
	CHECK(x.end == FETCH_OK && x.http2);
	/* Without TLS. */
	x.url = arena_fmt(arena, "http://127.0.0.1:%u/", port_of("clear"));
	run(&x);
	CHECK(x.end == FETCH_OK);
	CHECK_STR(x.answer_body, "in the clear");
	end();
}

static void a_proxy_of_the_environment_is_used(void)
{
	struct fetch_request x = get("good", "/ok");

	setenv("https_proxy", arena_fmt(arena, "http://127.0.0.1:%u", port_of("proxy")).p, 1);
	begin();
	run(&x);
	CHECK(x.end == FETCH_OK && x.http2);
	CHECK_STR(x.answer_body, "hello");
	CHECK(ask("/tunnels") == 1);
	end();
	unsetenv("https_proxy");
}

static void answers_are_capped_and_the_connection_goes_on(void)
{
	struct fetch_request x = get("good", "/big/1000"), y = get("good", "/big/3000000");
	uint64_t before;

	begin();
	before = ask("/sessions");
	x.answer_max = 1000;
	run(&x);
	CHECK(x.end == FETCH_OK && x.answer_body.n == 1000);
	x.answer_max = 999;
	run(&x);
	CHECK(x.end == FETCH_LARGE && x.status == 200 && x.answer_body.n == 999);
	run(&y);
	CHECK(y.end == FETCH_LARGE && y.answer_body.n == 100000);
	y.answer_max = 3000000; /* more than any window of flow control */
	run(&y);
	CHECK(y.end == FETCH_OK && y.answer_body.n == 3000000);
	CHECK(ask("/sessions") == before);
	end();
}

static const struct unit_test tests[] = {
	UNIT(an_answer_has_status_headers_body_and_times),
	UNIT(interim_answers_and_trailers_are_passed_over),
	UNIT(a_request_goes_out_as_it_is_given),
	UNIT(bodies_of_all_sizes_are_sent_whole),
	UNIT(what_can_not_be_sent_is_unsent),
	UNIT(the_next_address_is_tried),
	UNIT(only_whom_a_certificate_names_is_believed),
	UNIT(a_new_certificate_of_ours_is_shown_by_the_next_connection),
	UNIT(only_public_addresses_are_reached),
	UNIT(who_has_http_1_1_alone_gets_that),
	UNIT(a_proxy_of_the_environment_is_used),
	UNIT(answers_are_capped_and_the_connection_goes_on),
};

int main(void)
{
	return h2_run(tests, LEN(tests));
}
