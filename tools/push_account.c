/* SPDX-License-Identifier: MIT */
#include "push_account.h"

#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "crypto_cert.h"
#include "diag.h"
#include "url.h"

enum { PATH_LONG = 200 };

#define CERT_WARN_MS \
	(INT64_C(30) * 86400000) /* before its end, which comes each year, and stops everything */

struct reader {
	struct conf *conf;
	struct push_accounts *into;
	char path[PATH_LONG]; /* of the account, for messages */
};

static int bad(const struct reader *r, const char *member, const char *what, struct err *e)
{
	return err_set(e, FAULT_CONFIG, "config", "%s: %s%s: %s", r->conf->path, r->path, member, what);
}

/* True if ${s} is of letters, digits and ${marks} alone: it becomes a part of a header, a path or a token. */
static bool plain(struct str s, const char *marks)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		      (c != '\0' && strchr(marks, c))))
			return false;
	}
	return s.n > 0;
}

/* The one text under ${member}, a secret or a reference; {NULL, 0} if it is not there. */
static int secret(const struct reader *r, const struct json *v, const char *member, struct str *out,
		  struct err *e)
{
	*out = STR_NONE;
	return conf_secret(r->conf, json_get(v, member), out, 1, e) < 0 ? -1 : 0;
}

static int key_from(const struct reader *r, struct push_account *a, struct str pem,
		    const char *member, enum key_type type, struct err *e)
{
	char what[PATH_LONG + 64];

	snprintf(what, sizeof(what), "%s: %s%s", r->conf->path, r->path, member);
	a->key = key_read(pem, what, e);
	if (!a->key)
		return -1;
	if (key_type(a->key) != type)
		return bad(r, member,
			   type == KEY_P256 ? "must be a key on the curve P-256" : "must be a key of RSA",
			   e);
	return 0;
}

static const char *file_of(const struct reader *r, const struct json *v, const char *member)
{
	struct str s = json_get_str(v, member);

	return s.p ? arena_cstr(r->conf->arena, s) : NULL;
}

static int read_certificate(const struct reader *r, struct push_account *a, struct err *e)
{
	int64_t now = clock_now();
	char end[CLOCK_TEXT + 1];
	struct cert cert;
	struct err why;

	if (cert_read(a->cert, a->cert_key, r->conf->arena, &cert, &why) < 0)
		return bad(r, "/certificate", why.text, e);
	if (!a->name.p)
		a->name = cert.uid.p ? cert.uid : str_c(a->cert);
	clock_format(end, cert.ends_ms);
	if (cert.ends_ms <= now)
		return err_set(e, FAULT_CONFIG, "config", "%s: %s/certificate: %s ended at %s",
			       r->conf->path, r->path, a->cert, end);
	if (cert.ends_ms - now < CERT_WARN_MS)
		diag_warn("%s: %s/certificate: %s ends at %s: Apple takes nothing after that",
			  r->conf->path, r->path, a->cert, end);
	return 0;
}

static int read_apns(const struct reader *r, struct push_account *a, const struct json *v, struct err *e)
{
	struct str pem;

	a->topic = json_get_str(v, "topic");
	a->team_id = json_get_str(v, "team_id");
	a->key_id = json_get_str(v, "key_id");
	a->sandbox = json_true(json_get(v, "sandbox"));
	a->cert = file_of(r, v, "certificate");
	a->cert_key = file_of(r, v, "certificate_key");
	if (a->topic.p && !plain(a->topic, "-_."))
		return bad(r, "/topic", "must be the bundle id of the application", e);
	if (secret(r, v, "key", &pem, e) < 0)
		return -1;
	if (a->cert && pem.p)
		return bad(r, "/certificate", "either this or a key", e);
	if (a->cert_key && !a->cert)
		return bad(r, "/certificate_key", "certificate must be there too", e);
	if (!a->name.p)
		a->name = a->topic;
	if (a->cert)
		return read_certificate(r, a, e);
	if (!pem.p || a->team_id.n != 10 || a->key_id.n != 10 || !plain(a->team_id, "") ||
	    !plain(a->key_id, ""))
		return bad(r, "/key",
			   "key, key_id and team_id (10 characters each) must be there, or certificate",
			   e);
	if (a->topic.n == 0)
		return bad(r, "/topic", "must be there: the bundle id of the application", e);
	return key_from(r, a, pem, "/key", KEY_P256, e);
}

/* The file that Google gives for a service account. */
static int read_fcm(const struct reader *r, struct push_account *a, const struct json *v, struct err *e)
{
	const struct json *file;
	struct str text, uri;
	struct url url;
	struct err why;

	if (secret(r, v, "service_account", &text, e) < 0)
		return -1;
	file = text.p ? json_parse(text, r->conf->arena, &why) : NULL;
	a->project = json_get_str(file, "project_id");
	a->client_email = json_get_str(file, "client_email");
	a->key_name = json_get_str(file, "private_key_id");
	uri = json_get_str(file, "token_uri");
	a->token_uri = uri.p ? uri : STR("https://oauth2.googleapis.com/token");
	if (a->project.n == 0 || a->client_email.n == 0 || !json_get_str(file, "private_key").p)
		return bad(r, "/service_account",
			   "must be the JSON of a service account, with project_id, client_email and private_key",
			   e);
	if (!plain(a->project, "-:.") || a->project.p[0] == '.')
		return bad(r, "/service_account", "its project_id is none", e);
	if (url_split(a->token_uri, &url) < 0 || url.userinfo.p || url.host.n == 0 ||
	    !(str_eq_nocase(url.scheme, STR("https")) || str_eq_nocase(url.scheme, STR("http"))))
		return bad(r, "/service_account", "its token_uri is no URL of https:", e);
	if (!a->name.p)
		a->name = a->project;
	return key_from(r, a, json_get_str(file, "private_key"), "/service_account: private_key",
			KEY_RSA, e);
}

static int read_web(const struct reader *r, struct push_account *a, const struct json *v, struct err *e)
{
	struct str private;
	struct err why;
	int64_t pad = 0;

	if (secret(r, v, "vapid_private_key", &private, e) < 0)
		return -1;
	if (!private.p)
		return bad(r, "/vapid_private_key", "must be there (omni-push keygen makes one)", e);
	a->vapid = vapid_new(private, json_get_str(v, "subject"), &why);
	if (!a->vapid)
		return bad(r, "", why.text, e);
	json_i64(json_get(v, "pad"), &pad);
	a->pad = (size_t)pad;
	a->private_addresses = json_true(json_get(v, "private_addresses"));
	if (!a->name.p)
		a->name = STR("webpush");
	return 0;
}

static int read_one(struct reader *r, enum push_platform platform, const struct json *v, struct err *e)
{
	static int (*const readers[])(const struct reader *, struct push_account *, const struct json *,
				      struct err *) = { read_apns, read_fcm, read_web };
	struct push_account *a = &r->into->list[r->into->n++];

	a->platform = platform;
	a->arena = arena_new();
	a->name = json_get_str(v, "name");
	a->base_url = json_get_str(v, "base_url");
	while (a->base_url.n > 0 && a->base_url.p[a->base_url.n - 1] == '/')
		a->base_url.n--;
	return readers[platform](r, a, v, e);
}

static int read_platform(struct reader *r, enum push_platform platform, const struct json *v,
			 struct err *e)
{
	const char *name = push_platforms[platform];

	if (!v)
		return 0;
	if (json_is(v, JSON_OBJECT)) {
		snprintf(r->path, sizeof(r->path), "/push/%s", name);
		return read_one(r, platform, v, e);
	}
	for (struct json_iter it = json_iter(v); json_next(&it);) {
		snprintf(r->path, sizeof(r->path), "/push/%s/%zu", name, it.i);
		if (read_one(r, platform, it.value, e) < 0)
			return -1;
	}
	return 0;
}

static size_t count(const struct json *v)
{
	return json_is(v, JSON_ARRAY) ? json_len(v) : v != NULL;
}

struct push_accounts *push_accounts_open(struct conf *conf, struct err *e)
{
	const struct json *push = json_get(conf->root, "push");
	struct reader r = { .conf = conf };
	size_t n = 1;

	for (size_t i = 0; i < PUSH_PLATFORMS; i++)
		n += count(json_get(push, push_platforms[i]));
	r.into = calloc(1, sizeof(*r.into));
	if (!r.into)
		diag_oom();
	r.into->list = calloc(n, sizeof(*r.into->list));
	if (!r.into->list)
		diag_oom();
	r.into->truncate = !str_eq(json_get_str(push, "long_body"), STR("refuse"));
	r.into->ca = file_of(&r, push, "ca");
	for (size_t i = 0; i < PUSH_PLATFORMS; i++)
		if (read_platform(&r, (enum push_platform)i, json_get(push, push_platforms[i]), e) < 0) {
			push_accounts_close(r.into);
			return NULL;
		}
	return r.into;
}

void push_accounts_close(struct push_accounts *a)
{
	if (!a)
		return;
	for (size_t i = 0; i < a->n; i++) {
		key_free(a->list[i].key);
		vapid_free(a->list[i].vapid);
		arena_free(a->list[i].arena);
	}
	free(a->list);
	free(a);
}

struct push_account *push_account_for(const struct push_accounts *a, const struct push_device *d,
				      struct err *e)
{
	struct push_account *first = NULL;

	for (size_t i = 0; i < a->n; i++) {
		struct push_account *p = &a->list[i];

		if (p->platform != d->platform)
			continue;
		if (d->account.p ? str_eq(p->name, d->account) :
				   d->topic.p && p->topic.p && str_eq(p->topic, d->topic))
			return p;
		if (!first)
			first = p;
	}
	if (first && !d->account.p)
		return first;
	if (d->account.p)
		err_set(e, FAULT_DATA, "account-unknown",
			"there is no account \"%.*s\" of %s in the configuration",
			STR_FMT(d->account), push_platforms[d->platform]);
	else
		err_set(e, FAULT_DATA, "account-unknown", "%s is not configured",
			push_platforms[d->platform]);
	return NULL;
}
