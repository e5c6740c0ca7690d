/* SPDX-License-Identifier: MIT */
#include "consent.h"

#include <stdlib.h>

#include "diag.h"
#include "id.h"
#include "keyword.h"

struct word {
	struct str text; /* in its normal form */
	enum keyword means;
};

struct consent {
	struct arena *arena;
	struct word *words;
	size_t n;
};

static const char *const names[] = {
	[KEYWORD_NONE] = NULL,
	[KEYWORD_OPT_OUT] = "opt-out",
	[KEYWORD_OPT_IN] = "opt-in",
	[KEYWORD_HELP] = "help",
};

/* What ${text} asks for, in our words and the user's. */
static enum keyword meaning(const struct consent *c, struct str text)
{
	enum keyword means = keyword_of(text);
	char normal[KEYWORD_MAX];
	struct str s = { normal, 0 };

	if (means != KEYWORD_NONE || c->n == 0)
		return means;
	s.n = keyword_normal(text, normal, sizeof(normal));
	for (size_t i = 0; s.n > 0 && i < c->n; i++)
		if (str_eq(s, c->words[i].text))
			return c->words[i].means;
	return KEYWORD_NONE;
}

static int read_word(struct consent *c, struct str text, enum keyword means, struct err *e)
{
	char normal[KEYWORD_MAX];
	size_t n = keyword_normal(text, normal, sizeof(normal));
	enum keyword other = meaning(c, text);

	if (n == 0)
		return err_set(e, FAULT_CONFIG, "config",
			       "\"%.*s\" can not be a keyword: it needs letters, no punctuation between them, at most %d bytes",
			       STR_FMT(text), KEYWORD_MAX);
	if (other != KEYWORD_NONE && other != means)
		return err_set(e, FAULT_CONFIG, "config", "\"%.*s\" means %s already",
			       STR_FMT(text), names[other]);
	if (other == KEYWORD_NONE)
		c->words[c->n++] = (struct word){ arena_str(c->arena, (struct str){ normal, n }), means };
	return 0;
}

static int read_words(struct consent *c, const struct conf *conf, const char *key,
		      enum keyword means, struct err *e)
{
	const struct json *v = json_get(json_get(conf->root, "keywords"), key);
	struct json_iter it = json_iter(v);
	bool many = json_is(v, JSON_ARRAY);
	size_t more = many ? json_len(v) : v != NULL;
	struct err why;

	c->words = arena_resize(c->arena, c->words, c->n * sizeof(*c->words),
				(c->n + more) * sizeof(*c->words));
	if (v && !many && read_word(c, json_str(v), means, &why) < 0)
		return err_set(e, FAULT_CONFIG, "config", "%s: /keywords/%s: %s", conf->path, key,
			       why.text);
	while (many && json_next(&it))
		if (read_word(c, json_str(it.value), means, &why) < 0)
			return err_set(e, FAULT_CONFIG, "config", "%s: /keywords/%s/%zu: %s",
				       conf->path, key, it.i, why.text);
	return 0;
}

struct consent *consent_new(const struct conf *conf, struct err *e)
{
	struct consent *c = calloc(1, sizeof(*c));

	if (!c)
		diag_oom();
	c->arena = arena_new();
	if (read_words(c, conf, "opt_out", KEYWORD_OPT_OUT, e) == 0 &&
	    read_words(c, conf, "opt_in", KEYWORD_OPT_IN, e) == 0 &&
	    read_words(c, conf, "help", KEYWORD_HELP, e) == 0)
		return c;
	consent_free(c);
	return NULL;
}

void consent_free(struct consent *c)
{
	if (!c)
		return;
	arena_free(c->arena);
	free(c);
}

/* Channels whose messages go to a phone number, where the rules about keywords hold. */
static bool has_keywords(struct str channel)
{
	return str_eq(channel, STR("sms")) || str_eq(channel, STR("mms")) ||
	       str_eq(channel, STR("whatsapp")) || str_eq(channel, STR("rcs"));
}

const char *consent_event(const struct consent *c, const struct rec *r)
{
	enum keyword means = KEYWORD_NONE;
	struct str said;

	if (!rec_is(r, "message") || !str_eq(rec_str(r, "direction"), STR("in")))
		return NULL;
	said = json_get_str(rec_get(r, "context"), "keyword");
	for (enum keyword k = KEYWORD_OPT_OUT; k <= KEYWORD_HELP; k++)
		if (str_eq(said, str_c(names[k])))
			means = k;
	if (means == KEYWORD_NONE && str_eq(rec_str(r, "type"), STR("text")) &&
	    has_keywords(rec_str(r, "channel")))
		means = meaning(c, rec_str(r, "text"));
	return means == KEYWORD_OPT_OUT || means == KEYWORD_OPT_IN ? names[means] : NULL;
}

void consent_record(struct rec *r, const struct rec *message, const char *event)
{
	static const char *const copied[] = { "direction", "carrier",     "account",
					      "channel",   "external_id", "conversation",
					      "from",      "to",          "text" };
	struct str external_id = rec_str(message, "external_id");
	struct str parts[5] = { rec_str(message, "carrier"), rec_str(message, "account"),
				external_id.n ? external_id : rec_str(message, "id"), STR("event"),
				str_c(event) };
	struct id id = id_derive(parts, 5);
	struct buf b = { .max = SIZE_MAX };
	const struct json *v;

	json_open(&b, '{');
	json_add_str(&b, "id", id_str(&id));
	json_add_str(&b, "kind", STR("event"));
	json_opt_str(&b, "at", rec_str(message, "at"));
	json_add_str(&b, "event", str_c(event));
	for (size_t i = 0; i < LEN(copied); i++)
		if ((v = rec_get(message, copied[i])) != NULL)
			json_add_value(&b, copied[i], v);
	rec_inherit(&b, message, 2, 2);
	json_close(&b, '}');
	rec_made(r, message, arena_str(message->arena, buf_get(&b)));
	buf_free(&b);
}
