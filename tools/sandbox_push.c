/* SPDX-License-Identifier: MIT */
#include "sandbox_push.h"

bool box_token(struct visit *v, struct str text, struct box_token *t)
{
	size_t one = str_find(text, '.');
	struct str rest = str_sub(text, one + 1, text.n), head, claims;
	size_t two = str_find(rest, '.');
	struct err e;

	if (one == text.n || two == rest.n)
		return false;
	t->signed_text = str_sub(text, 0, one + 1 + two);
	if (base64_read(v->arena, str_sub(text, 0, one), &head) < 0 ||
	    base64_read(v->arena, str_sub(rest, 0, two), &claims) < 0 ||
	    base64_read(v->arena, str_sub(rest, two + 1, rest.n), &t->signature) < 0)
		return false;
	t->head = json_parse(head, v->arena, &e);
	t->claims = json_parse(claims, v->arena, &e);
	return json_is(t->head, JSON_OBJECT) && json_is(t->claims, JSON_OBJECT);
}

bool box_token_by(const struct box_account *a, const struct box_token *t)
{
	struct key *k;
	struct err e;
	bool good;

	if (a->n_key[0] == 0)
		return false;
	k = key_read(a->key[0][0], "the key of the account", &e);
	good = k && key_verify(k, t->signed_text, t->signature);
	key_free(k);
	return good;
}

struct box_message *box_push(struct visit *v, struct str to)
{
	struct box_message *m = box_take(v, "push");

	m->channel = str_c(v->player->name);
	m->to[m->n_to++] = to;
	return m;
}
