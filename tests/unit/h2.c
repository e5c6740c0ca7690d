/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "answer.h"
#include "clock.h"
#include "h2.h"

/* The servers are those of Node.js, and others that have one fault each: tests/server/h2.mjs. */
static char dir[] = "/tmp/h2.XXXXXX", ca[64], ports[1024];
static pid_t server;
static int to_server; /* closed, it ends */

static bool run_tool(const char *command)
{
	int rc = system(command);

	return WIFEXITED(rc) && WEXITSTATUS(rc) == 0;
}

/* ${file}.crt and ${file}.key in ${dir}, of ${name}. */
static bool make_certificate(const char *file, const char *name)
{
	char command[512];

	snprintf(command, sizeof(command),
		 "cd %s && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout %s.key "
		 "-out %s.crt -days 2 -subj /CN=%s -addext subjectAltName=IP:127.0.0.1,DNS:localhost 2>/dev/null",
		 dir, file, file, name);
	return run_tool(command);
}

static void start_server(void)
{
	int in[2], out[2];
	char key[64];
	ssize_t n = 0, got = 0;

	snprintf(key, sizeof(key), "%s/server.key", dir);
	snprintf(ca, sizeof(ca), "%s/server.crt", dir);
	if (pipe(in) < 0 || pipe(out) < 0)
		abort();
	server = fork();
	if (server == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		close(in[1]);
		close(out[0]);
		execlp("node", "node", "tests/server/h2.mjs", key, ca, NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	to_server = in[1];
	ports[0] = ' ';
	for (got = 1; got < (ssize_t)sizeof(ports) - 1 && !memchr(ports, '\n', (size_t)got); got += n) {
		n = read(out[0], ports + got, sizeof(ports) - 1 - (size_t)got);
		if (n <= 0)
			abort();
	}
	close(out[0]);
}

static void stop_server(void)
{
	char command[64];

	close(to_server);
	waitpid(server, NULL, 0);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	run_tool(command);
}

static unsigned port_of(const char *name)
{
	struct str pattern = arena_fmt(arena, " %s=", name);
	const char *at = strstr(ports, pattern.p);

	return at ? (unsigned)strtoul(at + pattern.n, NULL, 10) : 0;
}

/* ---- the side that asks ---- */

static struct h2 *h;

static void begin_with(struct h2_options o)
{
	struct err e;

	o.ca = o.ca ? o.ca : ca;
	h = h2_open(&o, &e);
	if (!h)
		abort();
}

static void begin(void)
{
	begin_with((struct h2_options){ 0 });
}

static void end(void)
{
	h2_close(h);
	h = NULL;
}

static struct str url(const char *name, const char *path)
{
	return arena_fmt(arena, "https://127.0.0.1:%u%s", port_of(name), path);
}

static struct fetch_request get(const char *name, const char *path)
{
	return (struct fetch_request){ .method = "GET", .url = url(name, path), .answer_max = 100000 };
}

static struct fetch_request post(const char *path, struct str body)
{
	return (struct fetch_request){
		.method = "POST", .url = url("good", path), .body = body, .answer_max = 4000000
	};
}

static struct fetch_request *wait_one(void)
{
	struct fetch_request *x;

	h2_flush(h);
	while (!(x = h2_done(h))) {
		struct pollfd p = { .fd = h2_fd(h), .events = POLLIN };

		if (poll(&p, 1, 40000) == 0)
			abort();
	}
	return x;
}

static void run(struct fetch_request *x)
{
	h2_start(h, x);
	CHECK(wait_one() == x);
	CHECK(!h2_done(h));
}

static void run_all(struct fetch_request *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		h2_start(h, &list[i]);
	for (size_t i = 0; i < n; i++)
		wait_one();
	CHECK(!h2_done(h));
}

/* What the server says of itself. */
static uint64_t ask(const char *path)
{
	struct fetch_request x = get("good", path);
	uint64_t n = UINT64_MAX;

	run(&x);
	CHECK(x.end == FETCH_OK && str_u64(x.answer_body, &n) == 0);
	return n;
}

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

static void many_in_flight_each_get_their_own_over_one_connection(void)
{
	enum { N = 2000 };
	struct fetch_request *list = arena_calloc(arena, N, sizeof(*list));
	uint64_t before;
	unsigned good = 0;

	begin();
	before = ask("/sessions");
	for (size_t i = 0; i < N; i++)
		list[i] = post("/echo", arena_fmt(arena, "body %zu", i));
	run_all(list, N);
	for (size_t i = 0; i < N; i++)
		good += list[i].end == FETCH_OK && str_eq(list[i].answer_body, list[i].body);
	CHECK(good == N);
	CHECK(ask("/sessions") == before);
	end();
}

static size_t count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	size_t n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

/* Browsers name thousands of servers, and a shell gives 1024 descriptors. */
static void a_connection_is_one_descriptor_and_there_may_be_many(void)
{
	struct rlimit old, limit;
	struct fetch_request x = get("good", "/ok");
	size_t before;

	getrlimit(RLIMIT_NOFILE, &old);
	limit = (struct rlimit){ 64, old.rlim_max };
	setrlimit(RLIMIT_NOFILE, &limit);
	begin();
	getrlimit(RLIMIT_NOFILE, &limit);
	CHECK(limit.rlim_cur > 1024 || limit.rlim_cur == old.rlim_max);
	before = count_fds();
	run(&x);
	CHECK(x.end == FETCH_OK && count_fds() == before + 1);
	end();
	setrlimit(RLIMIT_NOFILE, &old);
}

static void no_more_streams_than_the_server_allows(void)
{
	enum { N = 300 };
	struct fetch_request *list = arena_calloc(arena, N + 1, sizeof(*list)), x;
	uint64_t most;

	begin();
	for (size_t i = 0; i < N; i++)
		list[i] = get("good", "/late");
	run_all(list, N);
	most = ask("/most");
	CHECK(most > 10 && most <= 50);
	/* Lowered while all of them are on their way: not one is lost. */
	for (size_t i = 0; i < N; i++)
		list[i] = get("good", "/late");
	list[N] = list[0];
	list[0] = get("good", "/shrink/3");
	run_all(list, N + 1);
	for (size_t i = 0; i <= N; i++)
		CHECK(list[i].end == FETCH_OK);
	/* And from then on. */
	x = get("good", "/shrink/1");
	run(&x);
	for (size_t i = 0; i < 20; i++)
		list[i] = get("good", "/late");
	run_all(list, 20);
	for (size_t i = 0; i < 20; i++)
		CHECK(list[i].end == FETCH_OK);
	CHECK(ask("/most") == 1);
	end();
}

static void a_server_that_allows_no_stream_gets_none(void)
{
	struct fetch_request x = get("zero", "/ok");

	begin();
	x.connect_ms = 300;
	run(&x);
	CHECK(x.end == FETCH_UNSENT && x.timed_out);
	end();
}

static void what_is_refused_goes_again_and_not_for_ever(void)
{
	struct fetch_request x = post("/refuse/twice/2", STR("b"));

	begin();
	run(&x);
	CHECK(x.end == FETCH_OK && x.status == 200);
	CHECK(ask("/tries/twice") == 3);
	x = post("/refuse/always/1000", STR("b"));
	run(&x);
	CHECK(x.end == FETCH_UNSENT && x.status == 0 && holds(str_c(x.text), "refuses"));
	CHECK(ask("/tries/always") == 4);
	end();
}

static void after_goaway_what_was_begun_is_waited_for_and_the_rest_goes_elsewhere(void)
{
	enum { N = 10 };
	struct fetch_request list[N];
	uint64_t before;

	begin();
	before = ask("/sessions");
	for (size_t i = 0; i < N; i++)
		list[i] = post(arena_fmt(arena, "/half/%zu", i).p, STR("b"));
	run_all(list, N);
	for (size_t i = 0; i < N; i++)
		CHECK(list[i].end == FETCH_OK && list[i].status == 200);
	CHECK(ask("/sessions") == before + 1);
	end();
	/* One who says it to everybody, with the reason. */
	begin();
	list[0] = get("leaves", "/ok");
	run(&list[0]);
	CHECK(list[0].end == FETCH_UNSENT && holds(str_c(list[0].text), "Shutdown"));
	end();
}

/* Nothing else comes that would wake what waits. */
static void what_the_second_goaway_gives_back_goes_elsewhere_at_once(void)
{
	struct fetch_request x = get("twice", "/");

	begin();
	run(&x);
	CHECK(x.end == FETCH_OK && x.status == 200 && !x.timed_out);
	end();
}

static void an_answer_that_is_whole_counts_whatever_follows_it(void)
{
	static const char *const names[] = { "early", "enough", "deaf" };
	struct str body = { arena_calloc(arena, 1, 20000000), 20000000 };

	begin();
	for (size_t i = 0; i < LEN(names); i++) {
		struct fetch_request x = post("/", body);

		x.url = url(names[i], "/");
		run(&x);
		CHECK(x.end == FETCH_OK && x.status == 200);
	}
	end();
}

static void a_connection_that_ends_breaks_what_was_begun_and_no_more(void)
{
	struct fetch_request x = post("/crash", STR("b")), y;

	begin();
	run(&x);
	CHECK(x.end == FETCH_BROKEN && x.status == 0);
	y = get("good", "/ok");
	run(&y);
	CHECK(y.end == FETCH_OK);
	x = post("/reset", STR("b"));
	run(&x);
	CHECK(x.end == FETCH_BROKEN);
	run(&y);
	CHECK(y.end == FETCH_OK);
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

static void what_is_not_http_2_breaks_only_its_own(void)
{
	static const char *const names[] = { "garbage", "giant", "interims", "bomb" };

	begin();
	for (size_t i = 0; i < LEN(names); i++) {
		struct fetch_request x = get(names[i], "/"), y = get("good", "/ok");

		x.total_ms = 20000;
		run(&x);
		CHECK(x.end == (i < 2 ? FETCH_BROKEN : FETCH_LARGE) && !x.timed_out);
		run(&y);
		CHECK(y.end == FETCH_OK);
	}
	end();
}

static void floods_end_the_connection(void)
{
	static const char *const names[] = { "pings", "settings" };

	begin();
	for (size_t i = 0; i < LEN(names); i++) {
		struct fetch_request x = get(names[i], "/");

		x.total_ms = 20000;
		run(&x);
		CHECK((x.end == FETCH_BROKEN || x.end == FETCH_UNSENT) && !x.timed_out);
	}
	end();
}

static void the_time_of_a_request_ends(void)
{
	struct fetch_request x = get("good", "/hang"), y = get("good", "/ok");

	begin();
	x.total_ms = 300;
	run(&x);
	CHECK(x.end == FETCH_BROKEN && x.timed_out);
	run(&y);
	CHECK(y.end == FETCH_OK);
	x = get("silent", "/");
	x.connect_ms = 300;
	run(&x);
	CHECK(x.end == FETCH_UNSENT && x.timed_out);
	end();
}

static void what_is_in_flight_when_all_is_closed_is_let_go(void)
{
	struct fetch_request x = get("good", "/ok"), y = get("silent", "/"), z = get("plain", "/");

	begin();
	run(&x); /* its connection stays */
	x = get("good", "/hang");
	h2_start(h, &x);
	h2_start(h, &y);
	h2_start(h, &z);
	h2_flush(h);
	h2_done(h);
	end();
}

/* One that dies under a request breaks it; one that died in silence gets none. */
static void a_dead_connection_is_noticed(void)
{
	struct fetch_request x = get("dead", "/"), y = get("fades", "/");

	begin();
	run(&y);
	CHECK(y.end == FETCH_OK && y.status == 200);
	x.total_ms = 60000;
	run(&x); /* so long the other is silent */
	CHECK(x.end == FETCH_BROKEN && !x.timed_out && holds(str_c(x.text), "PING"));
	run(&y);
	CHECK(y.end == FETCH_OK && y.status == 200);
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
	UNIT(many_in_flight_each_get_their_own_over_one_connection),
	UNIT(a_connection_is_one_descriptor_and_there_may_be_many),
	UNIT(no_more_streams_than_the_server_allows),
	UNIT(a_server_that_allows_no_stream_gets_none),
	UNIT(what_is_refused_goes_again_and_not_for_ever),
	UNIT(after_goaway_what_was_begun_is_waited_for_and_the_rest_goes_elsewhere),
	UNIT(what_the_second_goaway_gives_back_goes_elsewhere_at_once),
	UNIT(an_answer_that_is_whole_counts_whatever_follows_it),
	UNIT(a_connection_that_ends_breaks_what_was_begun_and_no_more),
	UNIT(who_has_http_1_1_alone_gets_that),
	UNIT(a_proxy_of_the_environment_is_used),
	UNIT(answers_are_capped_and_the_connection_goes_on),
	UNIT(what_is_not_http_2_breaks_only_its_own),
	UNIT(floods_end_the_connection),
	UNIT(the_time_of_a_request_ends),
	UNIT(what_is_in_flight_when_all_is_closed_is_let_go),
	UNIT(a_dead_connection_is_noticed),
};

int main(void)
{
	int rc;

	if (!run_tool("command -v node >/dev/null && command -v openssl >/dev/null")) {
		puts("1..0 # SKIP node or openssl is not installed");
		return 0;
	}
	signal(SIGPIPE, SIG_IGN);
	unsetenv("https_proxy");
	unsetenv("HTTPS_PROXY");
	unsetenv("all_proxy");
	unsetenv("ALL_PROXY");
	if (!mkdtemp(dir) || !make_certificate("server", "test"))
		return 1;
	start_server();
	rc = unit_run(tests, LEN(tests));
	stop_server();
	return rc;
}
