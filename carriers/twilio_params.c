/* SPDX-License-Identifier: MIT */
#include "twilio.h"

#include "phone.h"
#include "url.h"

enum { PREFIX_MAX = 16 }; /* characters of a channel in front of an address */

static const struct str names[PARAM_COUNT] = {
	[PARAM_TO] = STR("To"),
	[PARAM_BODY] = STR("Body"),
	[PARAM_FROM] = STR("From"),
	[PARAM_LABEL] = STR("Label"),
	[PARAM_LIST_ID] = STR("ListId"),
	[PARAM_SMS_SID] = STR("SmsSid"),
	[PARAM_ADDRESS] = STR("Address"),
	[PARAM_FLOW_DATA] = STR("FlowData"),
	[PARAM_LATITUDE] = STR("Latitude"),
	[PARAM_NUM_MEDIA] = STR("NumMedia"),
	[PARAM_ERROR_CODE] = STR("ErrorCode"),
	[PARAM_FORWARDED] = STR("Forwarded"),
	[PARAM_LIST_TITLE] = STR("ListTitle"),
	[PARAM_LONGITUDE] = STR("Longitude"),
	[PARAM_SMS_STATUS] = STR("SmsStatus"),
	[PARAM_ACCOUNT_SID] = STR("AccountSid"),
	[PARAM_BUTTON_TEXT] = STR("ButtonText"),
	[PARAM_MESSAGE_SID] = STR("MessageSid"),
	[PARAM_OPT_OUT_TYPE] = STR("OptOutType"),
	[PARAM_MESSAGE_TYPE] = STR("MessageType"),
	[PARAM_PROFILE_NAME] = STR("ProfileName"),
	[PARAM_ERROR_MESSAGE] = STR("ErrorMessage"),
	[PARAM_REFERRAL_BODY] = STR("ReferralBody"),
	[PARAM_BUTTON_PAYLOAD] = STR("ButtonPayload"),
	[PARAM_MESSAGE_STATUS] = STR("MessageStatus"),
	[PARAM_SMS_MESSAGE_SID] = STR("SmsMessageSid"),
	[PARAM_INTERACTIVE_DATA] = STR("InteractiveData"),
	[PARAM_REFERRAL_MEDIA_ID] = STR("ReferralMediaId"),
	[PARAM_REFERRAL_CTWA_CLID] = STR("ReferralCtwaClid"),
	[PARAM_REFERRAL_HEADLINE] = STR("ReferralHeadline"),
	[PARAM_REFERRAL_MEDIA_URL] = STR("ReferralMediaUrl"),
	[PARAM_REFERRAL_NUM_MEDIA] = STR("ReferralNumMedia"),
	[PARAM_REFERRAL_SOURCE_ID] = STR("ReferralSourceId"),
	[PARAM_REFERRAL_SOURCE_URL] = STR("ReferralSourceUrl"),
	[PARAM_REFERRAL_SOURCE_TYPE] = STR("ReferralSourceType"),
	[PARAM_FREQUENTLY_FORWARDED] = STR("FrequentlyForwarded"),
	[PARAM_CHANNEL_STATUS_MESSAGE] = STR("ChannelStatusMessage"),
	[PARAM_REFERRAL_MEDIA_CONTENT_TYPE] = STR("ReferralMediaContentType"),
	[PARAM_ORIGINAL_REPLIED_MESSAGE_SID] = STR("OriginalRepliedMessageSid"),
};

/* ---- parameters ---- */

static int name_cmp(struct str a, struct str b)
{
	int c = (a.n > b.n) - (a.n < b.n);

	return c || a.n == 0 ? c : memcmp(a.p, b.p, a.n);
}

static enum twilio_param param_of(struct str name)
{
	int low = 0, high = PARAM_COUNT - 1;

	while (low <= high) {
		int mid = (low + high) / 2, c = name_cmp(name, names[mid]);

		if (c == 0)
			return (enum twilio_param)mid;
		if (c < 0)
			high = mid - 1;
		else
			low = mid + 1;
	}
	return PARAM_COUNT;
}

/* If ${name} is ${prefix} and a number, keep ${f} under that number. */
static void keep_media(struct field **list, struct str prefix, struct field *f)
{
	struct str digits = str_sub(f->name, prefix.n, f->name.n);
	uint64_t i;

	if (str_prefix(f->name, prefix) && str_u64(digits, &i) == 0 && i < TWILIO_MEDIA_MAX && !list[i])
		list[i] = f;
}

/* True if all of ${text} is UTF-8 when it is decoded: then no field needs a look of its own. */
static bool is_clean(struct str text)
{
	size_t i = 0;

	while ((i += str_find(str_sub(text, i, text.n), '%')) + 1 < text.n)
		if ((unsigned char)text.p[++i] >= '8') /* %80 and above, and all letters */
			return false;
	return str_utf8(text);
}

/* A flag for each field: true where it says nothing, which nobody has to take. */
static bool *empty_fields(struct arena *a, const struct form *form)
{
	bool *empty = arena_calloc(a, form->n + 1, sizeof(*empty));

	for (size_t i = 0; i < form->n; i++)
		empty[i] = form->fields[i].value.n == 0;
	return empty;
}

static int read_form(struct twilio_reading *r, struct err *e)
{
	bool query = r->shape == TWILIO_QUERY;
	struct str text = query ? url_query(r->hook->url) : r->hook->body;
	struct field *own;

	if (query ? form_decode(text, r->arena, &r->form, e) < 0 : hook_form(r->hook, &r->form, e) < 0)
		return -1;
	if (is_clean(text) || r->form.n == 0)
		return 0;
	own = arena_alloc(r->arena, r->form.n * sizeof(*own)); /* the hook's stay as they are */
	memcpy(own, r->form.fields, r->form.n * sizeof(*own));
	r->form.fields = own;
	form_texts(&r->form, r->arena);
	return 0;
}

int twilio_read(struct twilio_reading *r, struct err *e)
{
	if (read_form(r, e) < 0)
		return -1;
	r->taken = empty_fields(r->arena, &r->form);
	for (size_t i = 0; i < r->form.n; i++) {
		struct field *f = &r->form.fields[i];
		enum twilio_param param;

		param = param_of(f->name);
		if (param < PARAM_COUNT && !r->known[param])
			r->known[param] = f;
		if (param < PARAM_COUNT || f->value.n == 0)
			continue;
		keep_media(r->url, STR("MediaUrl"), f);
		keep_media(r->mime, STR("MediaContentType"), f);
	}
	return 0;
}

struct str twilio_take_field(struct twilio_reading *r, struct field *f)
{
	if (!f || f->value.n == 0)
		return STR_NONE;
	r->taken[f - r->form.fields] = true;
	return f->value;
}

struct str twilio_peek(const struct twilio_reading *r, enum twilio_param param)
{
	const struct field *f = r->known[param];

	return f && f->value.n > 0 ? f->value : STR_NONE;
}

struct str twilio_take(struct twilio_reading *r, enum twilio_param param)
{
	return twilio_take_field(r, r->known[param]);
}

void twilio_take_same(struct twilio_reading *r, enum twilio_param param, struct str value)
{
	if (value.p && str_eq(twilio_peek(r, param), value))
		twilio_take(r, param);
}

struct buf twilio_room(struct arena *a, size_t n)
{
	return (struct buf){ .p = arena_alloc(a, n + 1), .cap = n, .max = n };
}

/* ---- carrier_data ---- */

static size_t room_for(const struct form *form)
{
	size_t n = 2 * TWILIO_PAIR_EXTRA;

	for (size_t i = 0; i < form->n; i++)
		n += TWILIO_ESCAPE_MAX * (form->fields[i].name.n + form->fields[i].value.n) +
		     TWILIO_PAIR_EXTRA;
	return n;
}

/* The query of a POST is ours: ids that the user put into the URL to find them again here. */
static int read_query(const struct twilio_reading *r, struct form *query, struct err *e)
{
	*query = (struct form){ NULL, 0 };
	if (r->shape == TWILIO_QUERY || form_decode(url_query(r->hook->url), r->arena, query, e) < 0)
		return -1;
	form_texts(query, r->arena);
	return query->n > 0 ? 0 : -1;
}

struct str twilio_rest(struct twilio_reading *r)
{
	struct form query;
	struct err e;
	bool with_query = read_query(r, &query, &e) == 0;
	struct buf b = twilio_room(
		r->arena, room_for(&r->form) + (with_query ? room_for(&query) + TWILIO_PAIR_EXTRA : 0));

	json_open(&b, '{');
	form_write(&b, &r->form, r->taken, r->arena);
	if (with_query) {
		json_key(&b, "query");
		json_open(&b, '{');
		form_write(&b, &query, empty_fields(r->arena, &query), r->arena);
		json_close(&b, '}');
	}
	json_close(&b, '}');
	return b.n > 2 ? buf_get(&b) : STR_NONE;
}

/* ---- what messages and statuses share ---- */

/* "whatsapp:+15550100": cut the channel off ${address} and keep it. */
static struct str address_of(struct twilio_reading *r, struct str address)
{
	size_t n = str_find(address, ':');
	struct str prefix = str_sub(address, 0, n);

	if (n == address.n || n == 0 || n > PREFIX_MAX)
		return address;
	for (size_t i = 0; i < n; i++)
		if (prefix.p[i] < 'a' || prefix.p[i] > 'z')
			return address;
	if (!r->channel)
		r->channel = arena_cstr(r->arena, prefix);
	address = str_sub(address, n + 1, address.n);
	/* On the other channels a row of digits need not be a telephone number. */
	if (str_eq(prefix, STR("whatsapp")) || str_eq(prefix, STR("rcs")))
		return phone_plus(r->arena, address);
	return address;
}

struct str twilio_sid(const struct twilio_reading *r)
{
	static const enum twilio_param places[] = { PARAM_MESSAGE_SID, PARAM_SMS_MESSAGE_SID,
						    PARAM_SMS_SID };

	for (size_t i = 0; i < LEN(places); i++)
		if (twilio_peek(r, places[i]).p)
			return twilio_peek(r, places[i]);
	return STR_NONE;
}

void twilio_common(struct twilio_reading *r, struct canon *c)
{
	struct str to = address_of(r, twilio_take(r, PARAM_TO));

	c->external_id = twilio_sid(r);
	twilio_take_same(r, PARAM_MESSAGE_SID, c->external_id);
	twilio_take_same(r, PARAM_SMS_MESSAGE_SID, c->external_id);
	twilio_take_same(r, PARAM_SMS_SID, c->external_id);
	c->account = twilio_take(r, PARAM_ACCOUNT_SID);
	c->from.address = address_of(r, twilio_take(r, PARAM_FROM));
	canon_to(c, r->arena, (struct canon_party){ .address = to });
}
