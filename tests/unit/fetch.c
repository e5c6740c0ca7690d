/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "answer.h"
#include "fetch.h"

/*
 * A server with every fault that a test asks for by the path: a thread for each connection, which is kept
 * open while answers allow it.  It counts the requests that it has read whole.
 */
static int listener;
static unsigned port;
static atomic_uint requests, connections;
static atomic_bool refuse_all; /* close each connection as it comes */
static char base[64];

static void say(int fd, const char *text)
{
	(void)!write(fd, text, strlen(text));
}

/* Read a request into ${in} (NUL-terminated).  Return its length, or 0 if the client has gone. */
static size_t read_request(int fd, char *in, size_t size)
{
	size_t n = 0, length = 0;
	char *end = NULL, *p;

	while (n < size - 1) {
		ssize_t got = read(fd, in + n, size - 1 - n);

		if (got <= 0)
			return 0;
		n += (size_t)got;
		in[n] = '\0';
		end = strstr(in, "\r\n\r\n");
		if (!end)
			continue;
		p = strcasestr(in, "\r\ncontent-length:");
		length = p && p < end ? strtoul(p + 17, NULL, 10) : 0;
		if (n >= (size_t)(end - in) + 4 + length)
			return n;
	}
	return n;
}

static void answer_with(int fd, const char *body, size_t n)
{
	char head[100];

	snprintf(head, sizeof(head),
		 "HTTP/1.1 200 OK\r\nX-Kind: Plain \r\nContent-Length: %zu\r\n\r\n", n);
	say(fd, head);
	(void)!write(fd, body, n);
}

static void wait_for_end(int fd)
{
	char c;

	while (read(fd, &c, 1) > 0)
		;
}

static void endless(int fd, const char *start, const char *more)
{
	say(fd, start);
	while (write(fd, more, strlen(more)) > 0)
		;
}

static void redirect(int fd, const char *to, size_t n)
{
	char head[400];

	snprintf(head, sizeof(head),
		 "HTTP/1.1 302 Found\r\nLocation: %.*s\r\nContent-Length: 4\r\n\r\nmove", (int)n, to);
	say(fd, head);
}

/* Return whether the connection is kept. */
static bool serve_one(int fd, const char *in, size_t n)
{
	const char *path = strchr(in, ' ') + 1;
	size_t size = strcspn(path, " ");

	if (strncmp(path, "/ok", 3) == 0)
		answer_with(fd, "hello", 5);
	else if (strncmp(path, "/echo", 5) == 0)
		answer_with(fd, in, n);
	else if (strncmp(path, "/head ", 6) == 0)
		say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
	else if (strncmp(path, "/close", 6) == 0)
		return false;
	else if (strncmp(path, "/half", 5) == 0)
		return say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"), false;
	else if (strncmp(path, "/garbage", 8) == 0)
		return say(fd, "\001\002 what?\r\n\r\n"), false;
	else if (strncmp(path, "/never", 6) == 0)
		return wait_for_end(fd), false;
	else if (strncmp(path, "/huge", 5) == 0)
		return endless(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
			       "20\r\n0123456789abcdef0123456789abcdef\r\n"),
		       false;
	else if (strncmp(path, "/heads", 6) == 0)
		return endless(fd, "HTTP/1.1 200 OK\r\n", "X-More: 0123456789abcdef0123456789abcdef\r\n"),
		       false;
	else if (strncmp(path, "/early", 6) == 0)
		say(fd, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n");
	else if (strncmp(path, "/to?", 4) == 0)
		redirect(fd, path + 4, size - 4);
	else if (strncmp(path, "/drip", 5) == 0) {
		say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n");
		for (const char *c = "abc"; *c; c++) {
			usleep(5000);
			(void)!write(fd, c, 1);
		}
	} else
		say(fd, "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno");
	return true;
}

static void *serve(void *own)
{
	int fd = (int)(intptr_t)own;
	enum { IN = 1 << 20 };
	char *in = malloc(IN);
	size_t n;

	while ((n = read_request(fd, in, IN)) > 0) {
		atomic_fetch_add(&requests, 1);
		if (!serve_one(fd, in, n))
			break;
	}
	free(in);
	shutdown(fd, SHUT_RDWR);
	close(fd);
	return NULL;
}

static void *accept_all(void *own)
{
	for (;;) {
		int fd = accept(listener, NULL, NULL), on = 1;
		pthread_t thread;

		if (fd < 0)
			return own;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		atomic_fetch_add(&connections, 1);
		if (atomic_load(&refuse_all))
			close(fd);
		else if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd) == 0)
			pthread_detach(thread);
	}
}

static void start_server(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);
	pthread_t thread;

	listener = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(listener, (struct sockaddr *)&a, n) < 0 || listen(listener, 100) < 0)
		abort();
	getsockname(listener, (struct sockaddr *)&a, &n);
	port = ntohs(a.sin_port);
	snprintf(base, sizeof(base), "http://127.0.0.1:%u", port);
	if (pthread_create(&thread, NULL, accept_all, NULL) != 0)
		abort();
	pthread_detach(thread);
}

/* ---- the side that asks ---- */

static struct fetch *f;

static struct fetch *open_with(struct fetch_options o)
{
	struct err e;
	struct fetch *made = fetch_open(&o, &e);

	if (!made)
		abort();
	return made;
}

static struct str url(const char *path)
{
	return arena_fmt(arena, "%s%s", base, path);
}

static struct fetch_request *wait_one(struct fetch *of)
{
	struct fetch_request *x;

	while (!(x = fetch_done(of))) {
		struct pollfd p = { .fd = fetch_fd(of), .events = POLLIN };

		if (poll(&p, 1, 20000) == 0)
			abort();
	}
	return x;
}

static void run(struct fetch_request *x)
{
	if (!x->answer_max)
		x->answer_max = 100000;
	fetch_start(f, x);
	CHECK(wait_one(f) == x);
	CHECK(!fetch_done(f));
}

static struct fetch_request get(const char *path)
{
	return (struct fetch_request){ .method = "GET", .url = url(path) };
}

static struct fetch_request post(const char *path, struct str body)
{
	return (struct fetch_request){ .method = "POST", .url = url(path), .body = body };
}

static void begin(void)
{
	f = open_with((struct fetch_options){ 0 });
	atomic_store(&requests, 0);
	atomic_store(&connections, 0);
}

static void end(void)
{
	fetch_close(f);
	f = NULL;
}

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
	UNIT(redirects_are_followed_where_asked),
	UNIT(another_host_gets_no_credentials),
	UNIT(only_public_addresses_are_reached),
	UNIT(hosts_that_are_trusted_need_not_be_public),
	UNIT(a_proxy_of_the_environment_is_used),
	UNIT(a_handle_that_is_used_again_keeps_nothing_of_before),
	UNIT(a_file_of_certificates_must_be_there),
	UNIT(many_in_flight_each_get_their_own),
};

int main(void)
{
	static const char *const proxies[] = { "http_proxy", "https_proxy", "HTTPS_PROXY",
					       "all_proxy",  "ALL_PROXY",   "no_proxy",
					       "NO_PROXY" };

	for (size_t i = 0; i < LEN(proxies); i++)
		unsetenv(proxies[i]);
	signal(SIGPIPE, SIG_IGN);
	start_server();
	return unit_run(tests, LEN(tests));
}
