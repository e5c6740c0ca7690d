/* SPDX-License-Identifier: MIT */
#include "inteliquent.h"

#include "form.h"
#include "phone.h"

enum { NAMES_MAX = 10 };

/*
 * Where each member may be: the first that says something counts.  An older shape has the nested
 * ones.
 */
static const char *const names[MEMBER_COUNT][NAMES_MAX] = {
	[MEMBER_ID] = { "/referenceId", "/message/id", "/id", "/messageId", "/event/message_id" },
	[MEMBER_FROM] = { "/from", "/message/from", "/event/from" },
	[MEMBER_TO] = { "/to", "/message/to", "/event/to" },
	[MEMBER_TEXT] = { "/text", "/message/text", "/event/text" },
	[MEMBER_MEDIA] = { "/mediaUrls", "/media", "/media_urls", "/message/mediaUrls",
			   "/message/media", "/message/media_urls", "/event/mediaUrls",
			   "/event/media", "/event/media_urls" },
	[MEMBER_STATUS] = { "/status", "/message/status", "/event/status" },
	[MEMBER_REASON] = { "/reason", "/description", "/error/message", "/message/reason" },
};

/* Objects in a body whose members are looked at one by one. */
static const struct str parts[] = { STR("message"), STR("event"), STR("error") };

/* ---- finding ---- */

static bool says_something(const struct json *v)
{
	return json_len(v) > 0 || json_text(v).n > 0 || json_is(v, JSON_BOOL);
}

const struct json *inteliquent_get(const struct json *root, enum inteliquent_member member)
{
	for (size_t i = 0; i < NAMES_MAX && names[member][i]; i++) {
		const struct json *v = json_pointer(root, str_c(names[member][i]));

		if (says_something(v))
			return v;
	}
	return NULL;
}

/* Pass over what is there under some name of ${member} and says nothing. */
static void take_empty(struct inteliquent_reading *r, enum inteliquent_member member)
{
	for (size_t i = 0; i < NAMES_MAX && names[member][i]; i++) {
		const struct json *v = json_pointer(r->root, str_c(names[member][i]));

		if (v && !says_something(v))
			leftover_taken(&r->left, v);
	}
}

struct str inteliquent_take(struct inteliquent_reading *r, enum inteliquent_member member)
{
	const struct json *v = inteliquent_get(r->root, member);
	struct str s = json_text(v);

	if (s.n == 0)
		return STR_NONE;
	leftover_taken(&r->left, v);
	return s;
}

struct inteliquent_values inteliquent_values(struct arena *a, const struct json *v)
{
	struct inteliquent_values values = { arena_alloc(a, (json_len(v) + 1) * sizeof(*values.list)), 0 };

	if (v && !json_is(v, JSON_ARRAY))
		values.list[values.n++] = v;
	for (struct json_iter it = json_iter(v); !it.object && json_next(&it);)
		values.list[values.n++] = it.value;
	return values;
}

/* ---- what kind of webhook it is ---- */

static const struct type {
	struct str name;
	bool receipt;
} types[] = {
	{ STR("message_delivery"), true }, { STR("message_failed"), true },
	{ STR("delivery_report"), true },  { STR("mo_text"), false },
	{ STR("mo_media"), false },
};

static const struct type *type_of(const struct json *root)
{
	for (size_t i = 0; i < LEN(types); i++)
		if (str_eq(json_get_str(root, "type"), types[i].name))
			return &types[i];
	return NULL;
}

bool inteliquent_type_known(const struct json *root)
{
	return !says_something(json_get(root, "type")) || type_of(root);
}

static bool is_flag(const struct json *v, const char *digit, const char *word)
{
	struct str s = json_text(v);

	return str_eq(s, str_c(digit)) || str_eq_nocase(s, str_c(word));
}

void inteliquent_take_kind(struct inteliquent_reading *r)
{
	const struct json *type = json_get(r->root, "type"),
			  *flag = json_get(r->root, "deliveryReceipt");

	if (type_of(r->root))
		leftover_taken(&r->left, type);
	if (json_is(flag, JSON_BOOL) || is_flag(flag, "1", "true") || is_flag(flag, "0", "false") ||
	    !says_something(flag))
		leftover_taken(&r->left, flag);
}

bool inteliquent_receipt(const struct json *root)
{
	const struct json *flag = json_get(root, "deliveryReceipt");
	const struct type *type = type_of(root);

	return type ? type->receipt : json_true(flag) || is_flag(flag, "1", "true");
}

/* ---- addresses ---- */

/*
 * Copy the digits of ${s} to ${to}.  Return how many, or 0 if it is not written as a number of up
 * to 15.
 */
static size_t digits_of(struct str s, char to[15])
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] >= '0' && s.p[i] <= '9') {
			if (n == 15)
				return 0;
			to[n++] = s.p[i];
		} else if (!strchr("+ -.()", s.p[i]) || s.p[i] == '\0') {
			return 0;
		}
	}
	return n;
}

struct str inteliquent_address(struct arena *a, const struct json *v, bool *sure)
{
	struct str s = json_text(v), number;
	char digits[15];
	size_t n = json_is(v, JSON_STRING) || str_digits(s) ? digits_of(s, digits) : 0;

	if (sure)
		*sure = s.n > 0;
	if (s.n == 0)
		return STR_NONE;
	if (n == 10)
		number = arena_fmt(a, "+1%.*s", (int)n, digits);
	else if (n == 9 || n >= 11)
		number = arena_fmt(a, "+%.*s", (int)n, digits);
	else
		number = n >= 3 ? arena_str(a, (struct str){ digits, n }) : s;
	if (n >= 9 && !phone_e164(number))
		return s;
	if (sure)
		*sure = n <= 8 || n == 10 || (n == 11 && digits[0] == '1');
	return number;
}

bool inteliquent_may_be_for(const struct inteliquent_reading *r, const struct account *a)
{
	struct str account = json_get_str(r->hook->verified, "account");

	if (!account.n)
		account = r->hook->account;
	return !account.n || str_eq(a->name, account);
}

bool inteliquent_ours(const struct inteliquent_reading *r, struct str number)
{
	for (size_t i = 0; i < r->accounts->n; i++) {
		const struct account *a = &r->accounts->list[i];

		if (inteliquent_may_be_for(r, a) && inteliquent_has(a, number))
			return true;
	}
	return false;
}

struct str inteliquent_decode(struct arena *a, struct str s)
{
	struct form form;
	struct err e;

	if (form_decode(arena_join(a, STR("="), s), a, &form, &e) < 0)
		return STR_NONE;
	return form.n > 0 ? form.fields[0].value : STR_NONE;
}

/* ---- what has no place ---- */

struct str inteliquent_rest(struct inteliquent_reading *r)
{
	struct buf b = leftover_begin();

	for (enum inteliquent_member m = 0; m < MEMBER_COUNT; m++)
		take_empty(r, m);
	for (struct json_iter it = json_iter(r->root); json_next(&it);)
		if (json_is(it.value, JSON_OBJECT) && str_among(it.key, parts, LEN(parts)))
			leftover_opened(&r->left, it.value);
	leftover_put(&b, &r->left, r->root);
	return leftover_end(r->arena, &b);
}
