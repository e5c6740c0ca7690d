/* SPDX-License-Identifier: MIT */
/*
 * What the files of the carrier LiveChat share; no other file includes it.  livechat.c holds the
 * vtable, the envelope and who is who, livechat_action.c what becomes of each action,
 * livechat_event.c the entries of a chat (messages, files …), livechat_rich.c those of them that
 * offer or fill in something, livechat_verify.c the proof; livechat_send.c makes requests, livechat_offer.c
 * those that offer something, livechat_judge.c reads their answers.
 */
#ifndef OMNI_LIVECHAT_H
#define OMNI_LIVECHAT_H

#include "carrier.h"

enum {
	LIVECHAT_USERS_MAX = 32, /* of one chat: a customer, a few agents and bots; the others have no name */
	LIVECHAT_TAKEN_MAX = 16, /* members of one event that have a place in a record */
};

/* ---- proof ---- */

/* The slot verify. */
int livechat_verify(const struct accounts *accounts, const struct hook *h, bool explain,
		    struct verdict *v, struct err *e);

/* ---- webhook ---- */

struct livechat_user {
	struct str id, name;
	bool ours; /* an agent or a bot */
};

/* A webhook being translated. */
struct livechat_hook {
	struct canon_list *out;
	struct arena *arena;
	struct str id;                     /* of the record */
	const struct json *body, *payload; /* objects */
	struct str action;
	struct str account;      /* organization_id, else license_id */
	struct str chat, thread; /* their ids */
	struct str customer;     /* id of the chat's customer, if it is told */
	struct livechat_user users[LIVECHAT_USERS_MAX];
	size_t n_users;
};

/* A new record with what is the same in all records of ${w}. */
struct canon *livechat_new(const struct livechat_hook *w, enum canon_kind kind);

/* Fill in who did it, ${id}, and for whom. */
void livechat_parties(const struct livechat_hook *w, struct canon *c, struct str id);

/*
 * Append what else the envelope says: registration, additional data, the action of what is no
 * ${message}.
 */
void livechat_envelope(const struct livechat_hook *w, struct buf *data, bool message);

/* Translate the webhook ${w}; at least one record comes of it. */
void livechat_action(const struct livechat_hook *w);

/* ---- events ---- */

enum livechat_how {
	LIVECHAT_NEW,    /* the webhook is about this event */
	LIVECHAT_EDITED, /* the same, and the event was known before */
	LIVECHAT_PART,   /* one of those with which a thread begins */
};

/* Translate ${event}, an entry of a chat. */
void livechat_event(const struct livechat_hook *w, const struct json *event, enum livechat_how how);

/* An event while it is translated; what nobody has taken goes into carrier_data. */
struct livechat_reading {
	const struct livechat_hook *hook;
	struct arena *arena;
	struct canon *c;
	struct str taken[LIVECHAT_TAKEN_MAX];
	size_t n_taken;
	const struct json *details; /* that came inside a string, or NULL */
};

/* Say that the member ${name} has its place in the record. */
void livechat_take(struct livechat_reading *r, struct str name);

/* Make ${m} of ${file}, an object with a url.  Return false if it has none. */
bool livechat_media(struct canon_media *m, const struct json *file);

/*
 * Types that offer or fill in something: read ${event} into r->c.  Return false if it can not be
 * one.
 */
bool livechat_rich(struct livechat_reading *r, const struct json *event);
bool livechat_form(struct livechat_reading *r, const struct json *event);
bool livechat_filled_form(struct livechat_reading *r, const struct json *event);

/* ---- sending ---- */

struct sending;

/* What is called in a step. */
enum livechat_method {
	LIVECHAT_SEND,   /* send_event */
	LIVECHAT_RESUME, /* resume_chat, with the event */
	LIVECHAT_START,  /* start_chat, with the event */
	LIVECHAT_JOIN,   /* add_user_to_chat: us */
	LIVECHAT_TYPING, /* send_typing_indicator */
	LIVECHAT_SEEN,   /* mark_events_as_seen */
};

/* How far a message has come, what the steps before have brought; it is carried from one to the next. */
struct livechat_way {
	enum livechat_method method; /* what is called now: it follows from the rest */
	struct str region;           /* that an answer named */
	struct str file;             /* URL of the file that was uploaded */
	bool join, joined;           /* we are to join the chat, have done so */
	bool resume;                 /* the chat has no thread */
};

/* The way of the step ${d}; as text, to be carried. */
void livechat_way_read(const struct dispatch *d, struct livechat_way *way);
struct str livechat_way_put(struct arena *a, const struct livechat_way *way);

/* True if a file is uploaded in the step ${d}, and not yet what livechat_way_read says is done. */
bool livechat_uploads(const struct dispatch *d);

/* Whom the account sends as, agent or bot, if it says so: it can join chats. */
struct str livechat_self(const struct account *a);

/* The elements of a rich message that is a picture. */
struct str livechat_image_element(struct arena *a, struct str url);

/**
 * livechat_offer(s, file):
 * Append the members of a rich message that offers what the record does; ${file}, if it has a pointer, is
 * where its picture was uploaded to.  Return 0, or -1.
 */
int livechat_offer(struct sending *s, struct str file);

/* The slots of the carrier. */
int livechat_request(const struct dispatch *d, struct submit *out, struct err *e);
void livechat_judge(const struct dispatch *d, const struct response *r, struct judgement *j);

/* livechat_ability.c */
extern const struct ability livechat_abilities[];

#endif
