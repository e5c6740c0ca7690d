/* SPDX-License-Identifier: MIT */
/* Connections of lib/h2: what shares them, how they end, and what then becomes of requests. */
#include "unit.h"

#include <dirent.h>
#include <sys/resource.h>

#include "h2_side.h"

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
	UNIT(many_in_flight_each_get_their_own_over_one_connection),
	UNIT(a_connection_is_one_descriptor_and_there_may_be_many),
	UNIT(no_more_streams_than_the_server_allows),
	UNIT(a_server_that_allows_no_stream_gets_none),
	UNIT(what_is_refused_goes_again_and_not_for_ever),
	UNIT(after_goaway_what_was_begun_is_waited_for_and_the_rest_goes_elsewhere),
	UNIT(what_the_second_goaway_gives_back_goes_elsewhere_at_once),
	UNIT(an_answer_that_is_whole_counts_whatever_follows_it),
	UNIT(a_connection_that_ends_breaks_what_was_begun_and_no_more),
	UNIT(what_is_not_http_2_breaks_only_its_own),
	UNIT(floods_end_the_connection),
	UNIT(the_time_of_a_request_ends),
	UNIT(what_is_in_flight_when_all_is_closed_is_let_go),
	UNIT(a_dead_connection_is_noticed),
};

int main(void)
{
	return h2_run(tests, LEN(tests));
}
