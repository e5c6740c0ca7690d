/* SPDX-License-Identifier: MIT */
#include "push_dry.h"

#include "clock.h"
#include "push_list.h"

static struct str proof(const struct push_account *a, struct arena *arena)
{
	if (a->platform == PUSH_FCM)
		return arena_fmt(arena, "Bearer <access token of %.*s>", STR_FMT(a->client_email));
	if (a->platform == PUSH_WEB)
		return arena_fmt(arena, "vapid t=<token of this key>, k=%.*s",
				 STR_FMT(vapid_public(a->vapid)));
	if (a->cert)
		return STR_NONE;
	return arena_fmt(arena, "bearer <token of key %.*s of team %.*s>", STR_FMT(a->key_id),
			 STR_FMT(a->team_id));
}

static void begin(struct buf *b, const struct push_make *m)
{
	enum push_platform p = m->device->platform;

	json_open(b, '{');
	json_add_str(b, "kind", STR("request"));
	json_add_str(b, "message", m->note->id);
	json_add_str(b, "carrier", str_c(push_platforms[p]));
	if (m->account)
		json_add_str(b, "account", m->account->name);
	json_add_str(b, "recipient", m->device->token);
}

static void show(struct buf *b, const struct push_post *x, const struct push_make *m)
{
	struct str authorization = proof(m->account, m->arena);

	begin(b, m);
	json_add_str(b, "method", STR("POST"));
	json_add_str(b, "url", x->url);
	json_key(b, "headers");
	json_open(b, '{');
	for (size_t i = 0; i < x->n_headers; i++) {
		json_key_str(b, x->headers[i].name);
		json_put_str(b, x->headers[i].value);
	}
	json_opt_str(b, "authorization", authorization);
	json_close(b, '}');
	if (m->account->cert)
		json_add_str(b, "certificate", str_c(m->account->cert));
	json_add_raw(b, m->device->platform == PUSH_WEB ? "encrypts" : "body",
		     x->body.p ? x->body : x->payload);
	if (x->cut > 0)
		json_add_i64(b, "cut", (int64_t)x->cut);
	json_close(b, '}');
	buf_char(b, '\n');
}

/* A device that nothing could be sent to, beside others that it does not keep from theirs. */
static void show_fault(struct buf *b, const struct push_make *m, const struct err *e)
{
	begin(b, m);
	json_add_str(b, "code", str_c(e->code));
	json_add_str(b, "detail", str_c(e->text));
	json_close(b, '}');
	buf_char(b, '\n');
}

int push_dry(const struct push_accounts *accounts, struct store *store, const struct rec *r,
	     struct out *o, struct err *e)
{
	struct push_list list;
	struct push_note note;
	struct push_device d;
	struct push_make m = { &note, &d, NULL, accounts->truncate, clock_now(), r->arena };
	struct buf b = { .max = SIZE_MAX };
	struct push_post x;
	struct rec made;
	bool any = false;

	if (push_list_read(&list, r, store, e) < 0 || push_note_read(&note, r, m.now, e) < 0)
		return -1;
	for (size_t i = 0; i < list.n; i++) {
		m.account = NULL;
		if (push_list_device(&d, &list.aims[i], r, e) < 0 ||
		    (m.account = push_account_for(accounts, &d, e)) == NULL || push_make(&x, &m, e) < 0) {
			show_fault(&b, &m, e);
			continue;
		}
		any = true;
		show(&b, &x, &m);
	}
	for (struct str left = any ? buf_get(&b) : STR_NONE; left.n > 0;) {
		struct str line = str_sub(left, 0, str_find(left, '\n'));

		rec_made(&made, r, line);
		out_put(o, &made);
		left = str_sub(left, line.n + 1, left.n);
	}
	buf_free(&b);
	return any ? 0 : -1;
}
