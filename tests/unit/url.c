/* SPDX-License-Identifier: MIT */
#include "url.h"

#include "unit.h"

static struct url url;

static bool same_again(const char *text)
{
	struct str s = str_c(text);

	return url_split(s, &url) == 0 && str_eq(url_join(arena, &url), s);
}

static void parts_are_cut_as_written(void)
{
	CHECK(url_split(STR("HTTPS://user:p%40ss@Hooks.Example.com:8443/a/b%2Fc?x=%2B1&y#frag"),
			&url) == 0);
	CHECK_STR(url.scheme, "HTTPS");
	CHECK_STR(url.userinfo, "user:p%40ss");
	CHECK_STR(url.host, "Hooks.Example.com");
	CHECK_STR(url.port, "8443");
	CHECK_STR(url.path, "/a/b%2Fc");
	CHECK_STR(url.query, "x=%2B1&y");
}

static void what_is_not_there_has_no_pointer(void)
{
	CHECK(url_split(STR("https://example.com"), &url) == 0);
	CHECK(!url.userinfo.p && !url.port.p && !url.query.p);
	CHECK(url.path.n == 0);
	CHECK(url_split(STR("https://@example.com:/?"), &url) == 0);
	CHECK(url.userinfo.p && url.userinfo.n == 0);
	CHECK(url.port.p && url.port.n == 0);
	CHECK(url.query.p && url.query.n == 0);
}

static void joined_they_are_the_text_again(void)
{
	static const char *const urls[] = {
		"https://example.com",     "https://example.com/",
		"https://example.com?x",   "https://example.com/?",
		"https://@example.com:/?", "http://u:p@h:80/p?q=a?b/c:d@e",
		"https://[::1]:443/x",     "https://[v6]",
		"a+b-c.1://host/p",        "https://h/p//q/../r?%zz",
		"file:///etc/omni",        "https://h/\xc3\xa9",
		"https://a@b@c/p",         "https://h:65535/",
	};

	for (size_t i = 0; i < sizeof(urls) / sizeof(*urls); i++) {
		bool same = same_again(urls[i]);

		CHECK(same);
		if (!same)
			unit_show("text", str_c(urls[i]));
	}
}

static void authorities_are_cut_at_the_right_signs(void)
{
	CHECK(url_split(STR("https://[2001:db8::1]:8080/x"), &url) == 0);
	CHECK_STR(url.host, "[2001:db8::1]");
	CHECK_STR(url.port, "8080");
	CHECK(url_split(STR("https://u:p@[::1]"), &url) == 0);
	CHECK_STR(url.host, "[::1]");
	CHECK_STR(url.userinfo, "u:p");
	CHECK(url_split(STR("https://a@b@c/p@q"), &url) == 0);
	CHECK_STR(url.userinfo, "a@b");
	CHECK_STR(url.host, "c");
	CHECK(url_split(STR("https://host?x=http://other:1/"), &url) == 0);
	CHECK_STR(url.host, "host");
	CHECK_STR(url.query, "x=http://other:1/");
	CHECK(url_split(STR("https://host#@other/"), &url) == 0);
	CHECK_STR(url.host, "host");
	CHECK(url.path.n == 0);
}

static void what_is_no_url_is_refused(void)
{
	static const char *const bad[] = {
		"",
		"example.com",
		"/path",
		"//example.com/",
		"https:/example.com",
		"https//example.com",
		"mailto:a@example.com",
		"https://",
		"https:///path",
		"http://:80/",
		"https://u@/",
		"://host",
		"1https://host",
		"ht tps://host",
		"https://host/a b",
		"https://host/a\tb",
		"https://host/\r\n",
		"https://host:port/",
		"https://host:65536/",
		"https://host:99999999999999999999/",
		"https://host:80:80/",
		"https://[::1/",
		"https://[::1]x/",
		"https://host:+80/",
		"https://host/\x7f",
		"-a://host",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		bool refused = url_split(str_c(bad[i]), &url) == -1;

		CHECK(refused);
		if (!refused)
			unit_show("text", str_c(bad[i]));
	}
	CHECK(url_split(STR("https://host/a\0b"), &url) == -1);
	CHECK(url_split(STR_NONE, &url) == -1);
}

static void schemes_have_their_ports(void)
{
	CHECK(url_split(STR("https://h"), &url) == 0);
	CHECK_STR(url_default_port(&url), "443");
	CHECK(url_split(STR("HTTP://h"), &url) == 0);
	CHECK_STR(url_default_port(&url), "80");
	CHECK(url_split(STR("nats://h"), &url) == 0);
	CHECK(url_default_port(&url).p == NULL);
}

static void a_part_can_be_changed_before_joining(void)
{
	CHECK(url_split(STR("https://example.com/p?q"), &url) == 0);
	url.port = url_default_port(&url);
	CHECK_STR(url_join(arena, &url), "https://example.com:443/p?q");
	url.scheme = STR("http");
	url.port = STR_NONE;
	CHECK_STR(url_join(arena, &url), "http://example.com/p?q");
}

static void a_parameter_is_found_as_written(void)
{
	CHECK_STR(url_param(STR("https://h/p?a=1&token=x%20y&token=z"), "token"), "x%20y");
	CHECK_STR(url_param(STR("https://h/p?token"), "token"), "");
	CHECK_STR(url_param(STR("https://h?token=a=b"), "token"), "a=b");
	CHECK(url_param(STR("https://h/token=1"), "token").p == NULL);
	CHECK(url_param(STR("https://h/?tokens=1&Token=2&atoken=3"), "token").p == NULL);
	CHECK(url_param(STR_NONE, "token").p == NULL);
}

static void a_parameter_can_be_taken_out(void)
{
	struct str same = STR("https://h/p?a=1&&b");

	CHECK_STR(url_without(arena, STR("https://h/p?a=1&token=x&b&token"), "token"),
		  "https://h/p?a=1&b");
	CHECK_STR(url_without(arena, STR("https://h/p?token=x"), "token"), "https://h/p");
	CHECK_STR(url_without(arena, STR("https://h/p?token=x&a=1"), "token"), "https://h/p?a=1");
	CHECK(url_without(arena, same, "token").p == same.p);
}

static void the_query_is_what_follows_the_mark(void)
{
	CHECK_STR(url_query(STR("https://h/p?a=1?b")), "a=1?b");
	CHECK(url_query(STR("https://h/p?")).n == 0 && !url_query(STR("https://h/p")).p);
}

static void hosts_that_can_be_shown_are_plain(void)
{
	char host[256];

	memset(host, 'a', sizeof(host));
	CHECK(url_host_plain(STR("Hooks-1.example.com:8443")) && url_host_plain(STR("[2001:db8::1]:80")));
	CHECK(!url_host_plain(STR("")) && !url_host_plain(STR("a b")) && !url_host_plain(STR("h/p")));
	CHECK(url_host_plain((struct str){ host, 255 }) && !url_host_plain((struct str){ host, 256 }));
}

UNIT_MAIN(UNIT(parts_are_cut_as_written), UNIT(what_is_not_there_has_no_pointer),
	  UNIT(joined_they_are_the_text_again), UNIT(authorities_are_cut_at_the_right_signs),
	  UNIT(what_is_no_url_is_refused), UNIT(schemes_have_their_ports),
	  UNIT(a_part_can_be_changed_before_joining), UNIT(a_parameter_is_found_as_written),
	  UNIT(a_parameter_can_be_taken_out), UNIT(the_query_is_what_follows_the_mark),
	  UNIT(hosts_that_can_be_shown_are_plain))
