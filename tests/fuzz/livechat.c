/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as the body of a LiveChat webhook, and as the payload of each of its actions: proved or
 * refused, translated, written.  What comes out must be JSON, what can be read must give at least
 * one record, and the secret is in none of them.
 */
#include "fuzz.h"
#include "livechat.h"

static const struct str secret = STR("s3cr3t-omni-fuzz");

static const char *const actions[] = {
	"incoming_event",        "incoming_chat",
	"event_updated",         "incoming_rich_message_postback",
	"chat_transferred",      "chat_access_updated",
	"user_added_to_chat",    "user_removed_from_chat",
	"events_marked_as_seen", "event_deleted",
	"incoming_customer",     "customer_session_fields_updated",
	"tag_created",
};

static bool proved(const struct hook *h)
{
	struct account list[] = {
		{ .name = STR("a"),
		  .id = STR("0a1b2c3d-1111-4222-8333-444455556666"),
		  .proof = { .text = { STR("old"), secret }, .n = 2 } },
		{ .name = STR("b"), .proof = { .text = { STR("dal:b") }, .n = 1 } },
		{ .name = STR("c") },
	};
	struct accounts accounts = { list, LEN(list) };
	struct verdict v;
	struct err e;

	return livechat_verify(&accounts, h, true, &v, &e) == 0;
}

/* ${own} is the part of the body that may hold the secret by itself. */
static void normalize(const struct hook *h, struct str own)
{
	bool may = str_search(own, secret) < own.n || str_find(own, '\\') < own.n;

	fuzz_normalize(&carrier_livechat, &(struct accounts){ 0 }, h, may ? STR_NONE : secret);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct hook h = fuzz_hook(&carrier_livechat, data, size, a);
	struct str payload = h.body;
	const struct json *v;
	struct err e;

	if (proved(&h) && str_search(payload, secret) == payload.n &&
	    str_find(payload, '\\') == payload.n)
		abort();
	normalize(&h, payload);
	v = json_parse(payload, a, &e);
	for (size_t i = 0; v && i < LEN(actions); i++) {
		h.body = arena_join(a,
				    arena_fmt(a,
					      "{\"secret_key\":\"%.*s\",\"action\":\"%s\",\"organization_id\":"
					      "\"0a1b2c3d-1111-4222-8333-444455556666\",\"payload\":",
					      STR_FMT(secret), actions[i]),
				    arena_join(a, payload, STR("}")));
		if (!proved(&h))
			abort();
		normalize(&h, payload);
	}
	arena_free(a);
	return 0;
}
