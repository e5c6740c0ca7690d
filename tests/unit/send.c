/* SPDX-License-Identifier: MIT */
#include "judge.h"
#include "send.h"

#include "unit.h"

/* ---- requests ---- */

static struct account account = { .name = STR("shop"), .send = { STR("secret-token") } };
static struct dispatch dispatch;
static struct submit out;
static struct err err;
static struct send_part part;
static struct str url;

static const struct send_room small = { SMS_CHARACTERS, 10, 6, 2, NULL };

static bool no_sound(const struct canon_media *m)
{
	return strcmp(send_media_kind(m), "audio") != 0;
}

static const struct send_room one_each = { SMS_UTF16, 10, 6, 1, no_sound };
static const struct send_room words_only = { SMS_BYTES, 10, 0, 0, NULL };
static const struct send_room *room;

static int make_part(struct sending *s)
{
	return send_part(s, room, &part);
}

static int make_form(struct sending *s)
{
	send_form(s, send_url(s, "https://api.example.com", STR("/send")));
	send_field(s, "To", STR("+1 5*~"));
	send_field(s, "Body", s->c.text);
	return send_auth(s, SUBMIT_BEARER, 1, "api_key");
}

static int make_media(struct sending *s)
{
	return send_media_url(s, &s->c.media[0], &url);
}

static const struct send_kind kinds[] = {
	{ "text", make_part },      { "media", make_part },  { "interactive", make_form },
	{ "contacts", make_media }, { "typing", make_form },
};

static int request_of(const char *record)
{
	dispatch.arena = arena;
	dispatch.account = &account;
	dispatch.message = json_parse(str_c(record), arena, &err);
	out = (struct submit){ .parts = 1 };
	part = (struct send_part){ 0 };
	return send_request("example", kinds, LEN(kinds), &dispatch, &out, &err);
}

/* Part ${i} of a message with ${members}. */
static int part_of(const char *members, unsigned i, bool split)
{
	int rc;

	dispatch.part = i;
	dispatch.split = split;
	rc = request_of(arena_fmt(arena, "{\"kind\":\"message\",\"type\":\"text\",%s}", members).p);
	dispatch.part = 0;
	return rc;
}

static void a_text_is_cut_between_words_and_no_character_is_lost(void)
{
	room = &small;
	CHECK(part_of("\"text\":\"0123456789\"", 0, false) == 0 && out.parts == 1);
	CHECK(part_of("\"text\":\"0123456789a\"", 0, false) < 0);
	CHECK_STR(str_c(err.code), "text-too-long");
	CHECK(part_of("\"text\":\"0123456789a\"", 0, true) == 0 && out.parts == 2);
	CHECK_STR(part.text, "0123456789");
	CHECK(part_of("\"text\":\"0123456789a\"", 1, true) == 0);
	CHECK_STR(part.text, "a");
	CHECK(part_of("\"text\":\"012345678 9abc\"", 0, true) == 0 && out.parts == 2);
	CHECK_STR(part.text, "012345678 ");
	CHECK(part_of("\"text\":\"012345678 9abc\"", 1, true) == 0);
	CHECK_STR(part.text, "9abc");
	CHECK(part_of("\"text\":\"0123456789 \\nabc\"", 1, true) == 0 && out.parts == 2);
	CHECK_STR(part.text, " \nabc");
	CHECK(part_of("\"text\":\"0123456789 \\nabc\"", 2, true) < 0);
}

static void characters_are_counted_as_the_carrier_does(void)
{
	room = &one_each;
	CHECK(part_of("\"text\":\"\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80"
		      "a\xf0\x9f\x98\x80\"",
		      0, true) == 0 &&
	      out.parts == 2);
	CHECK(part.text.n == 17); /* nine units: the pair that begins with the tenth goes whole */
	room = &words_only;
	CHECK(part_of("\"text\":\"0123456789\xc3\xa9\"", 0, true) == 0 && out.parts == 2);
	CHECK(part_of("\"text\":\"012345678\xc3\xa9\"", 0, true) == 0 && out.parts == 2);
	CHECK(part.text.n == 9);
}

static void media_take_the_words_that_fit_beside_them(void)
{
	static const char two[] = "\"text\":\"Hi\",\"media\":[{\"url\":\"https://m.example/1.png\"},"
				  "{\"url\":\"https://m.example/2.mp3\",\"caption\":\"Hi\"},"
				  "{\"url\":\"https://m.example/3.png\",\"caption\":\"longer\"}]";
	static const char sound[] = "\"text\":\"Hi\",\"media\":[{\"url\":\"https://m.example/2.mp3\"}]";

	room = &small;
	CHECK(part_of(two, 0, false) == 0 && out.parts == 2);
	CHECK(part.n_media == 2);
	CHECK_STR(part.text, "Hi");
	CHECK(part_of(two, 1, false) == 0 && part.n_media == 1);
	CHECK_STR(part.text, "longer");
	room = &one_each;
	CHECK(part_of(sound, 0, false) == 0 && out.parts == 2);
	CHECK(part.n_media == 1 && !part.text.p);
	CHECK(part_of(sound, 1, false) == 0 && part.n_media == 0);
	CHECK_STR(part.text, "Hi");
	CHECK(part_of("\"text\":\"too long\",\"media\":[{\"url\":\"https://m.example/1.png\"}]", 1,
		      false) == 0);
	CHECK_STR(part.text, "too long");
	room = &words_only;
	CHECK(part_of(sound, 0, false) < 0);
	CHECK_STR(str_c(err.code), "unsupported-type");
	CHECK(part_of("\"text\":\"\"", 0, false) < 0);
	CHECK_STR(str_c(err.code), "message-malformed");
}

static void a_request_needs_a_type_that_the_carrier_has(void)
{
	CHECK(request_of("{\"kind\":\"message\",\"type\":\"order\"}") < 0 && err.fault == FAULT_DATA);
	CHECK_STR(str_c(err.code), "unsupported-type");
	CHECK(request_of("{\"kind\":\"message\"}") < 0);
	CHECK_STR(str_c(err.code), "message-malformed");
	CHECK(request_of("{\"kind\":\"message\",\"type\":\"text\",\"text\":[]}") < 0);
	CHECK_STR(str_c(err.code), "message-malformed");
	CHECK(request_of("{\"kind\":\"message\",\"type\":\"text\",\"carrier_data\":{\"example\":1}}") < 0);
	CHECK_STR(str_c(err.code), "message-malformed");
	CHECK(request_of("{\"kind\":\"event\",\"event\":\"read\"}") < 0);
	CHECK_STR(str_c(err.code), "unsupported-type");
}

static void a_form_is_percent_encoded_and_goes_to_the_base_url(void)
{
	static const char record[] =
		"{\"kind\":\"message\",\"type\":\"interactive\",\"text\":\"a&b=\xc3\xa9 +\"}";

	CHECK(request_of(record) < 0 && err.fault == FAULT_DENIED);
	CHECK_STR(str_c(err.code), "send-unconfigured");
	account.send[1] = STR("another secret");
	CHECK(request_of(record) == 0);
	CHECK_STR(out.url, "https://api.example.com/send");
	CHECK_STR(out.body, "To=%2B1%205%2A~&Body=a%26b%3D%C3%A9%20%2B");
	CHECK_STR(str_c(out.type), "application/x-www-form-urlencoded");
	CHECK(out.auth.how == SUBMIT_BEARER && out.auth.key == 1);
	account.base_url = STR("http://127.0.0.1:9000/x");
	CHECK(request_of("{\"kind\":\"event\",\"event\":\"typing\"}") == 0);
	CHECK_STR(out.url, "http://127.0.0.1:9000/x/send");
	account.base_url = STR_NONE;
	account.send[1] = STR_NONE;
}

static void media_that_the_carrier_can_not_fetch_are_refused(void)
{
	CHECK(request_of("{\"kind\":\"message\",\"type\":\"contacts\",\"media\":[{\"path\":\"/a\"}]}") < 0);
	CHECK_STR(str_c(err.code), "unsupported-type");
	CHECK(request_of("{\"kind\":\"message\",\"type\":\"contacts\",\"media\":[{\"url\":\"file:/a\"}]}") <
	      0);
	CHECK_STR(str_c(err.code), "message-malformed");
}

static void kind_and_type_of_media_follow_from_what_is_said_then_from_the_name(void)
{
	struct canon_media m = { .url = STR("https://m.example/a/b.JPG?x=/y.mp4") };

	CHECK_STR(send_media_name(&m), "b.JPG");
	CHECK_STR(send_media_mime(&m), "image/jpeg");
	CHECK(strcmp(send_media_kind(&m), "image") == 0);
	m.mime = STR("audio/ogg");
	CHECK(strcmp(send_media_kind(&m), "audio") == 0);
	m.kind = "voice";
	CHECK(strcmp(send_media_kind(&m), "voice") == 0);
	m = (struct canon_media){ .path = STR("/o/ab/12") };
	CHECK_STR(send_media_mime(&m), "application/octet-stream");
	CHECK(strcmp(send_media_kind(&m), "document") == 0);
}

/* ---- answers ---- */

static struct judgement judged;

static struct judging judging_of(int status, const char *body, bool cut)
{
	static struct response response;

	dispatch.account = &account;
	response = (struct response){ .status = status, .body = str_c(body), .cut = cut };
	judged = (struct judgement){ .outcome = OUTCOME_UNKNOWN, .retry_ms = -1, .arena = arena };
	return judge_begin(&dispatch, &response, &judged);
}

static enum outcome outcome_of(int status)
{
	struct judging g = judging_of(status, "<html>", false);

	judge_status(&g);
	return judged.outcome;
}

static void a_status_alone_says_what_to_do(void)
{
	CHECK(outcome_of(200) == OUTCOME_UNKNOWN && !judged.failover);
	CHECK(outcome_of(302) == OUTCOME_FAILED && judged.failover);
	CHECK(strcmp(judged.error.class, CAUSE_CREDENTIALS) == 0);
	CHECK(outcome_of(401) == OUTCOME_FAILED);
	CHECK(strcmp(judged.error.class, CAUSE_CREDENTIALS) == 0);
	CHECK(outcome_of(404) == OUTCOME_FAILED);
	CHECK(strcmp(judged.error.class, CAUSE_PERMANENT) == 0);
	CHECK(outcome_of(408) == OUTCOME_RETRY);
	CHECK(outcome_of(429) == OUTCOME_RETRY);
	CHECK(strcmp(judged.error.class, CAUSE_THROTTLED) == 0);
	CHECK(outcome_of(502) == OUTCOME_RETRY && judged.failover);
	CHECK_STR(judged.error.text, "HTTP status 502");
	CHECK(outcome_of(600) == OUTCOME_UNKNOWN);
	CHECK(outcome_of(0) == OUTCOME_UNKNOWN);
}

static void a_body_that_was_cut_is_not_read(void)
{
	CHECK(judging_of(200, "{\"id\":\"1\"}", false).body != NULL);
	CHECK(judging_of(200, "{\"id\":\"1\"}", true).body == NULL);
	CHECK(judging_of(200, "{\"id\":\"1\"", false).body == NULL);
	CHECK(judging_of(200, "", false).body == NULL);
}

static void a_secret_that_the_carrier_repeats_is_not_told(void)
{
	struct judging g = judging_of(401, "", false);

	judge_error(&g, CAUSE_CREDENTIALS, STR("190"), STR("token secret-token is bad: secret-token"));
	CHECK_STR(judged.error.text, "token *** is bad: ***");
	CHECK_STR(judged.error.carrier_code, "190");
	judge_error(&g, CAUSE_OPTED_OUT, STR_NONE, STR("stop"));
	CHECK(judged.outcome == OUTCOME_FAILED && !judged.failover && !judged.error.carrier_code.p);
}

UNIT_MAIN(UNIT(a_text_is_cut_between_words_and_no_character_is_lost),
	  UNIT(characters_are_counted_as_the_carrier_does),
	  UNIT(media_take_the_words_that_fit_beside_them),
	  UNIT(a_request_needs_a_type_that_the_carrier_has),
	  UNIT(a_form_is_percent_encoded_and_goes_to_the_base_url),
	  UNIT(media_that_the_carrier_can_not_fetch_are_refused),
	  UNIT(kind_and_type_of_media_follow_from_what_is_said_then_from_the_name),
	  UNIT(a_status_alone_says_what_to_do), UNIT(a_body_that_was_cut_is_not_read),
	  UNIT(a_secret_that_the_carrier_repeats_is_not_told))
