/* SPDX-License-Identifier: MIT */
#include "bandwidth.h"

enum {
	EXPLAIN_ACCOUNTS = 64, /* looked at for the cause of a reject, or forgeries would slow the rest down */
	ID_SHOWN = 64, /* characters of an id from outside that an error text shows */
};

/* What came in Authorization. */
struct basic {
	struct str user, password;
};

struct str bandwidth_basic(struct str authorization)
{
	struct str text = str_trim(authorization), scheme = STR("Basic ");

	if (!str_eq_nocase(str_sub(text, 0, scheme.n), scheme))
		return STR_NONE;
	return str_trim(str_sub(text, scheme.n, text.n));
}

/* The user may not have a colon, the password may (RFC 7617): the first one parts them. */
static int read_basic(const struct hook *h, struct basic *b, struct err *e)
{
	struct str header = hook_header(h, "authorization"), coded = bandwidth_basic(header), plain;
	size_t colon;

	if (str_trim(header).n == 0)
		return err_set(e, FAULT_DENIED, "signature-missing",
			       "the credentials are missing: there is no header Authorization");
	if (!coded.p)
		return err_set(e, FAULT_DENIED, "signature-malformed",
			       "the header Authorization does not hold credentials of the scheme Basic");
	if (base64_read(h->arena, coded, &plain) < 0)
		return err_set(e, FAULT_DENIED, "signature-malformed",
			       "the credentials in the header Authorization are not base64");
	colon = str_find(plain, ':');
	if (colon == plain.n)
		return err_set(e, FAULT_DENIED, "signature-malformed",
			       "the credentials in the header Authorization have no colon "
			       "between user and password");
	b->user = str_sub(plain, 0, colon);
	b->password = str_sub(plain, colon + 1, plain.n);
	return 0;
}

int bandwidth_open(struct conf *conf, struct account *a, const char *path, struct err *e)
{
	const struct json *value = json_get(a->conf, "callback_user");
	struct secrets *users;

	if (!value != !json_get(a->conf, "callback_password"))
		return err_set(e, FAULT_CONFIG, "config",
			       "%s: callback_user and callback_password go together: one is missing",
			       path);
	if (a->proof.n == 0)
		return 0;
	a->own = users = arena_calloc(conf->arena, 1, sizeof(*users));
	users->n = conf_secret(conf, value, users->text, SECRETS_PER_KEY, e);
	for (int i = 0; i < users->n; i++)
		if (str_find(users->text[i], ':') < users->text[i].n)
			return err_set(e, FAULT_CONFIG, "config",
				       "%s: callback_user has a colon, where Basic ends the user: "
				       "choose another, here and at Bandwidth",
				       path);
	return users->n < 0 ? -1 : 0;
}

bool bandwidth_asks(const struct account *a)
{
	return json_get(a->conf, "callback_user") != NULL;
}

/*
 * True if ${s} is the ${same} as one of ${texts}.  All are compared, so that the time does not tell
 * which one it was.
 */
static bool among(const struct secrets *texts, struct str s, bool (*same)(struct str, struct str))
{
	bool found = false;

	for (int i = 0; i < texts->n; i++)
		found |= same(texts->text[i], s);
	return found;
}

static bool matches(const struct account *a, struct str user, struct str password,
		    bool (*same)(struct str, struct str))
{
	bool right_user, right_password;

	if (!a->own)
		return false;
	right_user = among(a->own, user, same);
	right_password = among(&a->proof, password, same);
	return right_user & right_password;
}

/* ---- why they are refused ---- */

static bool any_configured(const struct accounts *accounts)
{
	for (size_t i = 0; i < accounts->n; i++)
		if (accounts->list[i].own)
			return true;
	return false;
}

static bool same_trimmed(struct str configured, struct str s)
{
	return str_eq(str_trim(configured), str_trim(s));
}

/*
 * The difference between ${b} and the credentials of ${a}, if it is one that can be named; else
 * NULL.
 */
static const char *difference(const struct account *a, const struct basic *b)
{
	if (matches(a, b->user, b->password, same_trimmed))
		return "they match when the white space around user and password is taken out";
	if (matches(a, b->user, b->password, str_eq_nocase))
		return "they match when upper and lower case are not told apart";
	if (matches(a, b->password, b->user, str_eq))
		return "they match when user and password change places";
	if (a->own && among(a->own, b->user, str_eq))
		return "the user is right, the password is not";
	if (among(&a->proof, b->password, str_eq))
		return "the password is right, the user is not";
	return NULL;
}

static void explain_mismatch(const struct accounts *accounts, const struct basic *b, struct err *e)
{
	for (size_t i = 0; i < accounts->n && i < EXPLAIN_ACCOUNTS; i++) {
		const struct account *a = &accounts->list[i];
		const char *words = difference(a, b);

		if (words) {
			err_hint(e, "with account %.*s %s", STR_FMT(a->name), words);
			return;
		}
	}
	err_hint(e, "compare callback_user and callback_password with InboundCallbackCreds and "
		    "OutboundCallbackCreds of the application at Bandwidth");
}

static void explain(const struct accounts *accounts, const struct basic *b, struct err *e)
{
	if (!any_configured(accounts))
		err_hint(e, "no account has callback_user and callback_password, without which "
			    "nothing proves a webhook: set them here and in the application at Bandwidth");
	else if (b->user.p)
		explain_mismatch(accounts, b, e);
	else
		err_hint(e, "Bandwidth sends them once it has been answered 401 with WWW-Authenticate, "
			    "if the application has InboundCallbackCreds and OutboundCallbackCreds");
}

/* ---- whose webhook it is ---- */

/* The accounts that the credentials are those of. */
struct admitted {
	const struct account **list;
	size_t n;
};

/*
 * The account of the application ${id} among ${who}: one that has no id configured stands for any.
 */
static const struct account *owner(const struct admitted *who, struct str id)
{
	const struct account *any = NULL;

	for (size_t i = 0; i < who->n; i++) {
		if (str_eq(who->list[i]->id, id))
			return who->list[i];
		if (!any && !who->list[i]->id.n)
			any = who->list[i];
	}
	return any;
}

/* The id comes from outside: it stands in the text only if it looks like one. */
static int account_unknown(struct str id, bool narrowed, struct err *e)
{
	bool plain = id.n <= ID_SHOWN;

	for (size_t i = 0; plain && i < id.n; i++)
		plain = (id.p[i] >= '0' && id.p[i] <= '9') || id.p[i] == '-' ||
			((id.p[i] | 0x20) >= 'a' && (id.p[i] | 0x20) <= 'z');
	if (!plain)
		id = STR("of the webhook");
	return err_set(e, FAULT_DENIED, "account-unknown", "applicationId %.*s is %s", STR_FMT(id),
		       narrowed ? "not that of the account that the path of the webhook names" :
				  "that of no account with these credentials; "
				  "set application_id under carriers.bandwidth");
}

/*
 * Set ${found} to the account that ${event} is for, unless an event before it has.  Return -1 if
 * there is none.
 */
static int check_event(const struct admitted *who, const struct hook *h, const struct json *event,
		       const struct account **found, struct err *e)
{
	struct str id = json_text(json_get(json_get(event, "message"), "applicationId"));
	const struct account *a;

	if (id.n == 0 || (*found && str_eq((*found)->id, id)))
		return 0;
	a = owner(who, id);
	if (!a)
		return account_unknown(id, h->account.p != NULL, e);
	if (!*found)
		*found = a;
	return 0;
}

/*
 * Credentials prove the sender and nothing else, so each application that the body speaks of must
 * be one of theirs: else who knows those of one account could speak for all.
 */
static int check_body(const struct admitted *who, const struct hook *h,
		      const struct account **found, struct err *e)
{
	struct err not_json;
	const struct json *root = json_parse(h->body, h->arena, &not_json);

	*found = NULL;
	if (!json_is(root, JSON_ARRAY) && check_event(who, h, root, found, e) < 0)
		return -1;
	for (struct json_iter it = json_iter(root); !it.object && json_next(&it);)
		if (check_event(who, h, it.value, found, e) < 0)
			return -1;
	if (!*found)
		*found = who->list[0];
	return 0;
}

int bandwidth_verify(const struct accounts *accounts, const struct hook *h, bool explained,
		     struct verdict *v, struct err *e)
{
	struct admitted who = { .n = 0 };
	struct basic b = { STR_NONE, STR_NONE };

	if (read_basic(h, &b, e) < 0) {
		if (explained && str_trim(hook_header(h, "authorization")).n == 0)
			explain(accounts, &b, e);
		return -1;
	}
	who.list = arena_alloc(h->arena, accounts->n * sizeof(*who.list));
	for (size_t i = 0; i < accounts->n; i++)
		if (matches(&accounts->list[i], b.user, b.password, crypto_equal))
			who.list[who.n++] = &accounts->list[i];
	if (who.n == 0) {
		err_set(e, FAULT_DENIED, "signature-mismatch",
			"the credentials in the header Authorization are those of no account");
		if (explained)
			explain(accounts, &b, e);
		return -1;
	}
	v->scheme = "bandwidth-basic";
	return check_body(&who, h, &v->account, e);
}
