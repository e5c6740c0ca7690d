/* SPDX-License-Identifier: MIT */
#include "canon.h"

#include "id.h"
#include "unit.h"

static struct hook hook_of(void)
{
	return (struct hook){ .id = STR("webhook-id"),
			      .at = STR("2026-01-14T09:00:00.000Z"),
			      .carrier = STR("twilio"),
			      .arena = arena };
}

static const struct json *made(const struct canon *c, const struct hook *h)
{
	struct buf b = { .max = SIZE_MAX };
	const struct json *v;
	struct err e;

	canon_write(&b, c, h);
	buf_char(&b, '}');
	v = json_parse(buf_get(&b), arena, &e);
	CHECK(v != NULL);
	buf_free(&b);
	return v;
}

static struct canon message(const char *direction, struct canon_party from, struct canon_party *to,
			    size_t n)
{
	return (struct canon){ .kind = CANON_MESSAGE,
			       .direction = direction,
			       .account = STR("acc"),
			       .channel = "sms",
			       .external_id = STR("ext"),
			       .from = from,
			       .to = to,
			       .n_to = n,
			       .type = "text" };
}

static struct str member(const struct json *v, const char *key)
{
	return json_get_str(v, key);
}

static void a_list_grows_and_its_items_are_clear(void)
{
	struct canon_list list = { .arena = arena };

	for (int i = 0; i < 100; i++) {
		struct canon *c = canon_new(&list, i % 2 ? CANON_EVENT : CANON_STATUS);

		CHECK(c == &list.items[i] && c->text.p == NULL && c->n_to == 0);
		c->part = i;
	}
	for (int i = 0; i < 100; i++)
		CHECK(list.items[i].part == i &&
		      list.items[i].kind == (i % 2 ? CANON_EVENT : CANON_STATUS));
}

static void ranks_are_in_order(void)
{
	static const char *const names[] = { "unknown", "accepted",  "queued", "sending",
					     "sent",    "delivered", "read",   "played" };
	static const char *const ends[] = { "failed", "undelivered", "expired", "canceled" };

	for (int i = 0; i < 8; i++)
		CHECK(canon_rank(names[i]) == i);
	for (int i = 0; i < 4; i++)
		CHECK(canon_rank(ends[i]) == 8);
	CHECK(canon_rank("") == 0 && canon_rank("SENT") == 0);
}

static void the_id_of_a_message_is_that_of_its_external_id(void)
{
	struct hook h = hook_of(), other = h;
	struct canon_party to = { .address = STR("+2") };
	struct canon c = message("in", (struct canon_party){ .address = STR("+1") }, &to, 1);
	struct str parts[3] = { STR("twilio"), STR("acc"), STR("ext") };
	struct id id = id_derive(parts, 3);

	CHECK(str_eq(member(made(&c, &h), "id"), id_str(&id)));
	other.id = STR("another");
	other.at = STR("2027-01-14T09:00:00.000Z");
	CHECK(str_eq(member(made(&c, &other), "id"), id_str(&id)));
	CHECK_STR(member(made(&c, &other), "at"), "2027-01-14T09:00:00.000Z");
	c.at = STR("2025-01-14T09:00:00.000Z");
	CHECK_STR(member(made(&c, &other), "at"), "2025-01-14T09:00:00.000Z");
	c.external_id = STR_NONE;
	CHECK(!str_eq(member(made(&c, &h), "id"), member(made(&c, &other), "id")));
}

static void records_of_one_message_have_ids_of_their_own(void)
{
	struct hook h = hook_of();
	struct canon status = { .kind = CANON_STATUS, .external_id = STR("ext"), .status = "sent" };
	struct canon list[6] = { status, status, status, status, status, status };
	struct str ids[6];

	list[1].status = "read";
	list[2].recipient = STR("+1");
	list[3].part = 2;
	list[4] = (struct canon){ .kind = CANON_EVENT, .external_id = STR("ext"), .event = "typing" };
	list[5].id_suffix = STR("x");
	for (int i = 0; i < 6; i++) {
		ids[i] = arena_str(arena, member(made(&list[i], &h), "id"));
		for (int j = 0; j < i; j++)
			CHECK(!str_eq(ids[i], ids[j]));
	}
}

static void a_conversation_is_the_same_in_both_directions(void)
{
	struct hook h = hook_of();
	struct canon_party us = { .address = STR("+100") }, a = { .address = STR("+2") },
			   b = { .address = STR("+3") };
	struct canon_party in_to[] = { us, b }, out_to[] = { b, a }, other_to[] = { a };
	struct canon in = message("in", a, in_to, 2), out = message("out", us, out_to, 2),
		     pair = message("out", us, other_to, 1);
	struct str first = arena_str(arena, member(made(&in, &h), "conversation"));

	CHECK(first.n == ID_TEXT);
	CHECK(str_eq(first, member(made(&out, &h), "conversation")));
	CHECK(!str_eq(first, member(made(&pair, &h), "conversation")));
	in.channel = "whatsapp";
	CHECK(!str_eq(first, member(made(&in, &h), "conversation")));
	in.conversation = STR("chat");
	CHECK_STR(member(made(&in, &h), "conversation"), "chat");
}

static void what_is_not_there_is_not_written(void)
{
	struct hook h = hook_of();
	struct canon c = { .kind = CANON_EVENT, .event = "typing" };
	const struct json *v = made(&c, &h);

	CHECK(json_len(v) == 5); /* id kind at event carrier */
	c.text = STR("");
	c.error.class = "temp";
	CHECK_STR(member(made(&c, &h), "text"), "");
	CHECK(json_get(made(&c, &h), "error") == NULL);
}

static void all_members_are_written(void)
{
	struct hook h = hook_of();
	struct canon_party to = { .address = STR("+2"), .name = STR("\"N\"") };
	struct canon_media media[2] = { { .url = STR("u"), .kind = "image", .size = 0, .caption = STR("c") },
					{ .external_id = STR("x"), .size = -1 } };
	struct str phone = STR("+9");
	struct canon_contact contact = { .name = STR("C"), .phones = &phone, .n_phones = 1 };
	struct canon c = message("in", (struct canon_party){ .address = STR("+1") }, &to, 1);
	const struct json *v;

	c.media = media;
	c.n_media = 2;
	c.contacts = &contact;
	c.n_contacts = 1;
	c.location.latitude = STR("1.50");
	c.location.longitude = STR("-0.0");
	c.reply.kind = "button";
	c.reply.data = STR("{\"a\":1}");
	c.reaction.emoji = STR("");
	c.reply_to = STR("r");
	c.context = STR("{}");
	c.visibility = "agents";
	c.carrier_data = STR("{\"z\":[]}");
	v = made(&c, &h);
	CHECK_STR(json_str(json_pointer(v, STR("/to/0/name"))), "\"N\"");
	CHECK_STR(json_text(json_pointer(v, STR("/media/0/size"))), "0");
	CHECK(json_len(json_pointer(v, STR("/media/1"))) == 1);
	CHECK_STR(json_text(json_pointer(v, STR("/location/latitude"))), "1.50");
	CHECK_STR(json_text(json_pointer(v, STR("/location/longitude"))), "-0.0");
	CHECK_STR(json_str(json_pointer(v, STR("/contacts/0/phones/0"))), "+9");
	CHECK_STR(json_text(json_pointer(v, STR("/reply/data/a"))), "1");
	CHECK_STR(json_str(json_pointer(v, STR("/reaction/emoji"))), "");
	CHECK_STR(member(v, "visibility"), "agents");
	CHECK(json_is(json_pointer(v, STR("/carrier_data/z")), JSON_ARRAY));
}

static void the_only_recipient_has_an_address(void)
{
	struct canon c = { .kind = CANON_MESSAGE };

	canon_to(&c, arena, (struct canon_party){ .name = STR("nobody") });
	CHECK(c.n_to == 0 && !c.to);
	canon_to(&c, arena, (struct canon_party){ STR("+1"), STR("n") });
	CHECK(c.n_to == 1);
	CHECK_STR(c.to[0].address, "+1");
	CHECK_STR(c.to[0].name, "n");
}

UNIT_MAIN(UNIT(a_list_grows_and_its_items_are_clear), UNIT(ranks_are_in_order),
	  UNIT(the_id_of_a_message_is_that_of_its_external_id),
	  UNIT(records_of_one_message_have_ids_of_their_own),
	  UNIT(a_conversation_is_the_same_in_both_directions), UNIT(what_is_not_there_is_not_written),
	  UNIT(all_members_are_written), UNIT(the_only_recipient_has_an_address))
