/* SPDX-License-Identifier: MIT */
/* Whereto lib/fetch goes: redirects, addresses that may not be reached, proxies. */
#include "unit.h"

#include <stdlib.h>

#include "fetch_side.h"

static void redirects_are_followed_where_asked(void)
{
	struct fetch_request x = get("/to?/to?/ok");

	begin();
	run(&x);
	CHECK(x.end == FETCH_OK && x.status == 302);
	CHECK_STR(x.answer_body, "move");
	x.redirects = 2;
	run(&x);
	CHECK(x.end == FETCH_OK && x.status == 200);
	CHECK_STR(x.answer_body, "hello");
	CHECK(str_eq(x.final_url, url("/ok")));
	x.redirects = 1;
	run(&x);
	CHECK(x.end == FETCH_REFUSED);
	x.redirects = 5;
	x.url = url("/to?file:///etc/passwd");
	run(&x);
	CHECK(x.end == FETCH_REFUSED);
	x.url = url("/to?http://u:p@127.0.0.1/");
	run(&x);
	CHECK(x.end == FETCH_REFUSED);
	x.url = url("/to?/ok");
	x.method = "POST";
	x.body = STR("once");
	run(&x);
	CHECK(x.end == FETCH_OK && x.status == 302);
	end();
}

static void another_host_gets_no_credentials(void)
{
	static const struct header headers[] = { { { "Authorization", 13 }, { "Bearer secret", 13 } },
						 { { "X-Api-Key", 9 }, { "secret", 6 } } };
	struct fetch_request x = get("/to?/echo");

	begin();
	x.headers = headers;
	x.n_headers = 2;
	x.redirects = 3;
	run(&x);
	CHECK(holds(x.answer_body, "Bearer secret") && holds(x.answer_body, "X-Api-Key"));
	/* The same machine, but another name, and then back. */
	x.url = url(arena_fmt(arena, "/to?http://localhost:%u/to?%s/echo", port, base).p);
	run(&x);
	CHECK(x.end == FETCH_OK && x.status == 200);
	CHECK(!holds(x.answer_body, "secret"));
	CHECK(!holds(x.answer_body, "X-Api-Key"));
	x.n_headers = 0;
	x.user = STR("us");
	x.password = STR("secret");
	run(&x);
	CHECK(x.end == FETCH_OK && !holds(x.answer_body, "Authorization"));
	x.url = url("/to?/echo");
	run(&x);
	CHECK(holds(x.answer_body, "Authorization: Basic"));
	end();
}

static void only_public_addresses_are_reached(void)
{
	struct fetch_request x = get("/ok");

	unsetenv("http_proxy");
	unsetenv("all_proxy");
	unsetenv("ALL_PROXY");
	atomic_store(&connections, 0);
	f = open_with((struct fetch_options){ .public_only = true });
	run(&x);
	CHECK(x.end == FETCH_REFUSED);
	x.url = arena_fmt(arena, "http://localhost:%u/ok", port);
	run(&x);
	CHECK(x.end == FETCH_REFUSED);
	x.url = arena_fmt(arena, "http://[::ffff:127.0.0.1]:%u/ok", port);
	run(&x);
	CHECK(x.end == FETCH_REFUSED);
	x.url = arena_fmt(arena, "http://2130706433:%u/ok", port);
	run(&x);
	CHECK(x.end == FETCH_REFUSED || x.end == FETCH_UNSENT);
	x.url = arena_fmt(arena, "http://0x7f.1:%u/ok", port);
	run(&x);
	CHECK(x.end == FETCH_REFUSED || x.end == FETCH_UNSENT);
	CHECK(atomic_load(&connections) == 0);
	/* The operator's own host may be, and redirect to itself, but not to another. */
	x.url = url("/to?/ok");
	x.private_ok = true;
	x.redirects = 3;
	run(&x);
	CHECK(x.end == FETCH_OK && x.status == 200);
	x.url = url(arena_fmt(arena, "/to?http://localhost:%u/ok", port).p);
	run(&x);
	CHECK(x.end == FETCH_REFUSED);
	x.url = url("/to?http://169.254.169.254/latest/meta-data/");
	run(&x);
	CHECK(x.end == FETCH_REFUSED);
	/* Nor is a connection used again that was opened for it. */
	x.url = arena_fmt(arena, "http://localhost:%u/ok", port);
	run(&x);
	CHECK(x.end == FETCH_OK);
	x.private_ok = false;
	run(&x);
	CHECK(x.end == FETCH_REFUSED);
	end();
}

static void hosts_that_are_trusted_need_not_be_public(void)
{
	const char *trust[] = { "http://elsewhere:1", arena_fmt(arena, "%s/any/path", base).p, NULL };
	struct fetch_request x = get("/ok");

	f = open_with((struct fetch_options){ .public_only = true, .trust = trust });
	run(&x);
	CHECK(x.end == FETCH_OK);
	x.url = arena_fmt(arena, "http://localhost:%u/ok", port);
	run(&x);
	CHECK(x.end == FETCH_REFUSED);
	end();
}

/* The server plays the proxy: it sees the whole URL in the request line. */
static void a_proxy_of_the_environment_is_used(void)
{
	struct fetch_request x = { .method = "GET", .url = STR("http://example.invalid/echo") };

	setenv("http_proxy", base, 1);
	f = open_with((struct fetch_options){ .public_only = true });
	run(&x);
	CHECK(x.end == FETCH_OK && x.status == 404); /* "http://…" is no path that the server knows */
	x.url = STR("http://192.168.1.1/");
	run(&x);
	CHECK(x.end == FETCH_REFUSED);
	x = (struct fetch_request){ .method = "POST",
				    .url = STR("http://example.invalid/echo"),
				    .body = STR("a") };
	for (unsigned i = 0; i < 2; i++) {
		run(&x);
		CHECK(x.end == FETCH_OK && x.status == 404);
	}
	setenv("no_proxy", "example.invalid", 1);
	x.url = STR("http://example.invalid/echo");
	x.connect_ms = 500;
	run(&x);
	CHECK(x.end == FETCH_UNSENT);
	unsetenv("no_proxy");
	unsetenv("http_proxy");
	end();
}

static const struct unit_test tests[] = {
	UNIT(redirects_are_followed_where_asked), UNIT(another_host_gets_no_credentials),
	UNIT(only_public_addresses_are_reached),  UNIT(hosts_that_are_trusted_need_not_be_public),
	UNIT(a_proxy_of_the_environment_is_used),
};

int main(void)
{
	return fetch_run(tests, LEN(tests));
}
