/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdlib.h>
#include <unistd.h>

#include "fetch_side.h"

static void an_answer_has_status_headers_body_and_times(void)
{
	struct fetch_request x = get("/ok");

	begin();
	run(&x);
	CHECK(x.end == FETCH_OK && x.status == 200 && !x.http2);
	CHECK_STR(x.answer_body, "hello");
	CHECK_STR(header_of(&x, STR("x-kind")), "Plain");
	CHECK(x.ms > 0 && x.first_ms > 0 && x.first_ms <= x.ms);
	CHECK(str_eq(x.final_url, url("/ok")));
	end();
}

static void interim_answers_are_passed_over(void)
{
	struct fetch_request x = get("/early");

	begin();
	run(&x);
	CHECK(x.end == FETCH_OK && x.status == 204 && x.n_answer == 1);
	CHECK_STR(header_of(&x, STR("x-a")), "b");
	end();
}

static void a_slow_answer_is_whole(void)
{
	struct fetch_request x = get("/drip");

	begin();
	run(&x);
	CHECK(x.end == FETCH_OK);
	CHECK_STR(x.answer_body, "abc");
	end();
}

static void a_request_goes_out_as_it_is_given(void)
{
	static const struct header headers[] = {
		{ { "Content-Type", 12 }, { "application/json", 16 } },
		{ { "X-Empty", 7 }, { "", 0 } },
		{ { "X-Some", 6 }, { "a: b; c", 7 } },
	};
	struct fetch_request x = post("/echo?a=b%20c", STR("{\"a\":\"\0b\"}"));

	begin();
	x.headers = headers;
	x.n_headers = 3;
	x.user = STR("us");
	x.password = STR("pa:ss");
	run(&x);
	CHECK(x.end == FETCH_OK);
	CHECK(str_prefix(x.answer_body, STR("POST /echo?a=b%20c HTTP/1.1\r\n")));
	CHECK(holds(x.answer_body, "\r\nContent-Type: application/json\r\n"));
	CHECK(holds(x.answer_body, "\r\nX-Empty:\r\n"));
	CHECK(holds(x.answer_body, "\r\nX-Some: a: b; c\r\n"));
	CHECK(holds(x.answer_body, "\r\nAuthorization: Basic dXM6cGE6c3M=\r\n"));
	CHECK(holds(x.answer_body, "\r\nUser-Agent: omni/" OMNI_VERSION "\r\n"));
	CHECK(holds(x.answer_body, "\r\nContent-Length: 10\r\n"));
	CHECK(str_suffix(x.answer_body, STR("\r\n\r\n{\"a\":\"\0b\"}")));
	CHECK(!holds(x.answer_body, "Expect"));
	end();
}

/* Bodies of other methods, and requests that reuse what the one before has set. */
static void one_request_after_another_starts_afresh(void)
{
	static const char *const methods[] = { "PUT", "GET", "DELETE", "PATCH", "POST", "GET" };
	struct fetch_request x = post("/echo", STR("body"));

	begin();
	for (size_t i = 0; i < LEN(methods); i++) {
		bool bare = methods[i][0] == 'G' || methods[i][0] == 'D';

		x.method = methods[i];
		x.body = bare ? STR_NONE : STR("body");
		run(&x);
		CHECK(x.end == FETCH_OK);
		CHECK(str_prefix(x.answer_body, str_c(methods[i])));
		CHECK(holds(x.answer_body, "body") == !bare);
		CHECK(holds(x.answer_body, "Content-Length") == !bare);
		CHECK(!holds(x.answer_body, "Content-Type"));
	}
	CHECK(atomic_load(&connections) == 1);
	x.method = "HEAD";
	x.body = STR_NONE;
	x.url = url("/head");
	run(&x);
	CHECK(x.end == FETCH_OK && x.status == 200 && x.answer_body.n == 0);
	x.method = "POST";
	x.url = url("/echo");
	run(&x);
	CHECK(holds(x.answer_body, "Content-Length: 0\r\n"));
	end();
}

static struct str temporary(const char *content)
{
	struct str path = arena_str(arena, STR("/tmp/omni-fetch.XXXXXX"));
	int fd = mkstemp((char *)(uintptr_t)path.p);

	if (fd < 0 || write(fd, content, strlen(content)) < 0)
		abort();
	close(fd);
	return path;
}

static void files_and_forms_are_sent(void)
{
	struct str path = temporary("the file");
	struct fetch_field fields[] = {
		{ .name = STR("a"), .value = STR("one & two") },
		{ .name = STR("file"), .path = path, .file_name = STR("x \"y\".jpg"), .type = STR("image/jpeg") },
	};
	struct fetch_request x = { .method = "PUT", .url = url("/echo"), .body_path = path };

	begin();
	run(&x);
	CHECK(x.end == FETCH_OK && str_prefix(x.answer_body, STR("PUT ")));
	CHECK(str_suffix(x.answer_body, STR("\r\n\r\nthe file")));
	x = (struct fetch_request){
		.method = "POST", .url = url("/echo"), .fields = fields, .n_fields = 2, .slot = x.slot
	};
	run(&x);
	CHECK(x.end == FETCH_OK);
	CHECK(holds(x.answer_body, "Content-Type: multipart/form-data; boundary="));
	CHECK(holds(x.answer_body, "name=\"a\"\r\n\r\none & two\r\n"));
	CHECK(holds(x.answer_body,
		    "name=\"file\"; filename=\"x %22y%22.jpg\"\r\nContent-Type: image/jpeg\r\n\r\nthe file\r\n"));
	unlink(path.p);
	run(&x);
	CHECK(x.end == FETCH_UNSENT);
	x.body_path = STR("/dev/null");
	x.n_fields = 0;
	run(&x);
	CHECK(x.end == FETCH_UNSENT);
	CHECK(holds(str_c(x.text), "/dev/null"));
	end();
}

static void what_can_not_be_sent_is_unsent(void)
{
	static const struct header split[] = { { { "X-A", 3 }, { "b\r\nX-C: d", 9 } } };
	static const struct header named[] = { { { "X A", 3 }, { "b", 1 } } };
	struct fetch_request x = get("/ok");

	begin();
	x.headers = split;
	x.n_headers = 1;
	run(&x);
	CHECK(x.end == FETCH_UNSENT);
	x.headers = named;
	run(&x);
	CHECK(x.end == FETCH_UNSENT);
	x.n_headers = 0;
	x.method = "GET / HTTP/1.1\r\n";
	run(&x);
	CHECK(x.end == FETCH_UNSENT);
	x.method = "GET";
	x.url = STR("file:///etc/passwd");
	run(&x);
	CHECK(x.end == FETCH_UNSENT);
	x.url = STR("gopher://127.0.0.1/");
	run(&x);
	CHECK(x.end == FETCH_UNSENT);
	x.url = arena_fmt(arena, "http://u:p@127.0.0.1:%u/ok", port);
	run(&x);
	CHECK(x.end == FETCH_REFUSED && !holds(str_c(x.text), "u:p"));
	x.url = STR("http://nowhere.invalid/");
	x.connect_ms = 500;
	run(&x);
	CHECK(x.end == FETCH_UNSENT && str_prefix(str_c(x.text), STR("nowhere.invalid: ")));
	x.url = STR("http://127.0.0.1:1/");
	run(&x);
	CHECK(x.end == FETCH_UNSENT && x.status == 0);
	CHECK(atomic_load(&connections) == 0);
	x.url = arena_fmt(arena, "https://127.0.0.1:%u/ok", port);
	run(&x);
	CHECK(x.end == FETCH_UNSENT); /* TLS was not to be had */
	end();
}

static void a_broken_answer_is_broken(void)
{
	struct fetch_request x = post("/close", STR("x"));

	begin();
	run(&x);
	CHECK(x.end == FETCH_BROKEN && x.status == 0 && x.text[0]);
	x.url = url("/half");
	run(&x);
	CHECK(x.end == FETCH_BROKEN && x.status == 200);
	CHECK_STR(x.answer_body, "only this");
	x.url = url("/garbage");
	run(&x);
	CHECK(x.end == FETCH_BROKEN && x.status == 0);
	x.url = url("/never");
	x.total_ms = 50;
	run(&x);
	CHECK(x.end == FETCH_BROKEN && x.timed_out);
	x.total_ms = 0;
	x.stall_ms = 1;
	run(&x);
	CHECK(x.end == FETCH_BROKEN && x.timed_out);
	CHECK(atomic_load(&requests) == 5);
	end();
}

/* Nothing else tells a server that died behind the effect from one that closed before it looked. */
static void a_kept_connection_that_closes_sends_no_post_twice(void)
{
	struct fetch_request x = get("/ok");

	begin();
	run(&x);
	x = (struct fetch_request){
		.method = "POST", .url = url("/close"), .body = STR("pay"), .slot = x.slot
	};
	run(&x);
	CHECK(x.end == FETCH_BROKEN);
	CHECK(atomic_load(&requests) == 2);
	x.url = url("/ok");
	run(&x);
	CHECK(x.end == FETCH_OK && atomic_load(&requests) == 3);
	/* What may be repeated is: the check above can fail. */
	x.url = url("/close");
	x.repeatable = true;
	run(&x);
	CHECK(x.end == FETCH_BROKEN && atomic_load(&requests) == 5);
	x = (struct fetch_request){ .method = "GET", .url = url("/ok"), .slot = x.slot };
	run(&x);
	x.url = url("/close");
	run(&x);
	CHECK(x.end == FETCH_BROKEN && atomic_load(&requests) == 8);
	end();
}

static void a_connection_that_is_closed_at_once_breaks_only_its_request(void)
{
	struct fetch_request x = post("/ok", STR("x"));

	begin();
	atomic_store(&refuse_all, true);
	run(&x);
	CHECK(x.end == FETCH_BROKEN || x.end == FETCH_UNSENT);
	CHECK(atomic_load(&connections) == 1);
	atomic_store(&refuse_all, false);
	run(&x);
	CHECK(x.end == FETCH_OK);
	end();
}

static void answers_are_capped_while_they_arrive(void)
{
	struct fetch_request x = get("/huge");

	begin();
	x.answer_max = 1000;
	run(&x);
	CHECK(x.end == FETCH_LARGE && x.answer_body.n == 1000 && x.status == 200);
	x.url = url("/ok");
	x.answer_max = 4;
	run(&x);
	CHECK(x.end == FETCH_LARGE);
	CHECK_STR(x.answer_body, "hell");
	x.answer_max = 5;
	run(&x);
	CHECK(x.end == FETCH_OK);
	x.url = url("/heads");
	run(&x);
	CHECK(x.end == FETCH_LARGE);
	end();
}

static bool take_some(struct fetch_request *x, struct str bytes)
{
	size_t *n = x->own;

	*n += bytes.n;
	return *n < 5000 && x->status == 200 && x->n_answer == 1;
}

static void a_taker_gets_the_body_and_can_end_it(void)
{
	size_t n = 0;
	struct fetch_request x = get("/huge");

	begin();
	x.take = take_some;
	x.own = &n;
	x.answer_max = 1 << 20;
	run(&x);
	CHECK(x.end == FETCH_STOPPED && n >= 5000 && x.answer_body.n == 0);
	n = 0;
	x.answer_max = 1000;
	run(&x);
	CHECK(x.end == FETCH_LARGE && n == 1000);
	end();
}

static void what_is_stopped_comes_back(void)
{
	struct fetch_request x = get("/never"), y = get("/never");

	begin();
	fetch_start(f, &x);
	fetch_start(f, &y);
	fetch_stop(f, &x);
	CHECK(wait_one(f) == &x);
	CHECK(x.end == FETCH_STOPPED);
	fetch_free(f, &x);
	CHECK(!x.slot);
	end(); /* y is in flight */
}

/* Many POSTs go out by the same handle, which is told only what differs. */
static void a_handle_that_is_used_again_keeps_nothing_of_before(void)
{
	static const struct header agent[] = { { { "user-agent", 10 }, { "mine", 4 } },
					       { { "Authorization", 13 }, { "Bearer b", 8 } } };
	struct fetch_request x = post("/echo?1", STR("first")), y = post("/echo?2", STR("second one"));

	begin();
	x.user = STR("us");
	x.password = STR("pa");
	run(&x);
	CHECK(str_prefix(x.answer_body, STR("POST /echo?1 HTTP/1.1\r\n")));
	CHECK(holds(x.answer_body, "\r\nAuthorization: Basic dXM6cGE=\r\n"));
	CHECK(str_eq(x.final_url, url("/echo?1")));
	fetch_free(f, &x);
	run(&y);
	CHECK(str_prefix(y.answer_body, STR("POST /echo?2 HTTP/1.1\r\n")));
	CHECK(!holds(y.answer_body, "Authorization") && !holds(y.answer_body, "Content-Type"));
	CHECK(str_suffix(y.answer_body, STR("\r\n\r\nsecond one")));
	CHECK(str_eq(y.final_url, url("/echo?2")));
	run(&y);
	CHECK(holds(y.answer_body, "\r\nUser-Agent: omni/" OMNI_VERSION "\r\n"));
	CHECK(holds(y.answer_body, "\r\nAccept-Encoding: identity\r\n"));
	y.headers = agent;
	y.n_headers = 2;
	y.user = STR("us");
	run(&y);
	CHECK(holds(y.answer_body, "\r\nuser-agent: mine\r\n") && !holds(y.answer_body, "omni/"));
	CHECK(holds(y.answer_body, "\r\nAccept-Encoding: identity\r\n") &&
	      !holds(y.answer_body, "Expect"));
	CHECK(holds(y.answer_body, "\r\nAuthorization: Bearer b\r\n") && !holds(y.answer_body, "Basic"));
	/* A URL that curl will not have, and then one that it will. */
	y.url = arena_fmt(arena, "http://[::1%%25]:%u/echo?3", port);
	run(&y);
	CHECK(y.end != FETCH_OK);
	y.url = url("/echo?4");
	run(&y);
	CHECK(y.end == FETCH_OK && str_prefix(y.answer_body, STR("POST /echo?4 HTTP/1.1\r\n")));
	end();
}

static void a_file_of_certificates_must_be_there(void)
{
	struct fetch_options o = { .ca = "/nowhere/ca.pem" };
	struct err e;

	CHECK(!fetch_open(&o, &e) && e.fault == FAULT_CONFIG && holds(str_c(e.text), "/nowhere/ca.pem"));
	fetch_close(NULL);
}

/* Many at once, each its own answer, in no more connections than there may be. */
static void many_in_flight_each_get_their_own(void)
{
	enum { N = 500 };
	struct fetch_request *x = arena_calloc(arena, N, sizeof(*x));
	unsigned good = 0;

	begin();
	fetch_close(f);
	f = open_with((struct fetch_options){ .per_host = 8 });
	for (int round = 0; round < 4; round++) {
		for (unsigned i = 0; i < N; i++) {
			struct fetch_slot *slot = x[i].slot;

			x[i] = get(arena_fmt(arena, "/echo?%u.", i).p);
			x[i].slot = slot;
			x[i].answer_max = 1000;
			fetch_start(f, &x[i]);
		}
		for (unsigned i = 0; i < N; i++) {
			struct fetch_request *y = wait_one(f);
			unsigned k = (unsigned)(y - x);

			good += y->end == FETCH_OK &&
				holds(y->answer_body, arena_fmt(arena, "/echo?%u. ", k).p);
		}
	}
	CHECK(good == 4 * N);
	CHECK(atomic_load(&connections) <= 8);
	CHECK(!fetch_done(f));
	end();
}

static const struct unit_test tests[] = {
	UNIT(an_answer_has_status_headers_body_and_times),
	UNIT(interim_answers_are_passed_over),
	UNIT(a_slow_answer_is_whole),
	UNIT(a_request_goes_out_as_it_is_given),
	UNIT(one_request_after_another_starts_afresh),
	UNIT(files_and_forms_are_sent),
	UNIT(what_can_not_be_sent_is_unsent),
	UNIT(a_broken_answer_is_broken),
	UNIT(a_kept_connection_that_closes_sends_no_post_twice),
	UNIT(a_connection_that_is_closed_at_once_breaks_only_its_request),
	UNIT(answers_are_capped_while_they_arrive),
	UNIT(a_taker_gets_the_body_and_can_end_it),
	UNIT(what_is_stopped_comes_back),
	UNIT(a_handle_that_is_used_again_keeps_nothing_of_before),
	UNIT(a_file_of_certificates_must_be_there),
	UNIT(many_in_flight_each_get_their_own),
};

int main(void)
{
	return fetch_run(tests, LEN(tests));
}
