/* SPDX-License-Identifier: MIT */
/*
 * Questions to a store.  Answers are lines of JSON, given to a function one after the other, all of one
 * state of the file.  Texts that are {NULL, 0} do not filter.
 */
#ifndef OMNI_STORE_QUERY_H
#define OMNI_STORE_QUERY_H

#include "store.h"

struct store_filter {
	struct str carrier, account, channel, direction, type, status;
	struct str from, to;     /* addresses */
	struct str with;         /* of conversations: somebody who takes part */
	struct str conversation; /* its id */
	struct str consent;      /* of contacts: "opt-out" or "opt-in", anywhere */
	bool events;             /* of a conversation: its events, too */
	int64_t since, until;    /* milliseconds since 1970; both count themselves */
};

struct store_page {
	uint64_t limit;    /* 0: none */
	struct str cursor; /* {NULL, 0}: from the start */
	bool reverse;      /* oldest first */
};

struct store_sink {
	/* Take ${line}, which has no line end.  Return 0, or -1 to end the query with ${e}. */
	int (*line)(void *arg, struct str line, struct err *e);
	void *arg;
};

/**
 * store_messages(s, f, p, to, e):
 * The messages that pass ${f}, newest first.  Return 0 or -1: FAULT_USAGE for a cursor or an expression
 * that can not be used.
 */
int store_messages(struct store *s, const struct store_filter *f, const struct store_page *p,
		   const struct store_sink *to, struct err *e);

/**
 * store_message(s, id, f, to, e):
 * The message ${id} and its timeline.  ${id} is that of the record, or what the carrier in ${f} (with
 * account, or without) calls it.  Return 1, 0 if there is none, or -1.
 */
int store_message(struct store *s, struct str id, const struct store_filter *f,
		  const struct store_sink *to, struct err *e);

/**
 * store_search(s, text, expert, f, p, to, e):
 * The messages that pass ${f} and have all words of ${text}, latest stored first.  "a b" is a phrase, ab*
 * all words that begin so, -ab none that has it; nothing else in ${text} has a meaning.  With ${expert}
 * it is an expression of FTS5.  Return 0 or -1: FAULT_USAGE if there is no word, or no such expression.
 */
int store_search(struct store *s, struct str text, bool expert, const struct store_filter *f,
		 const struct store_page *p, const struct store_sink *to, struct err *e);

/* The expression of FTS5 that stands for ${text}; lives in ${a}.  {NULL, 0} if it has no word. */
struct str store_words(struct arena *a, struct str text);

/* The conversations whose last message passes ${f}, the last written to first. */
int store_conversations(struct store *s, const struct store_filter *f, const struct store_page *p,
			const struct store_sink *to, struct err *e);

/* The conversation f->conversation and its messages.  Return 1, 0 if there is none, or -1. */
int store_conversation(struct store *s, const struct store_filter *f, const struct store_page *p,
		       const struct store_sink *to, struct err *e);

/* Contacts, the newest first. */
int store_contacts(struct store *s, const struct store_filter *f, const struct store_page *p,
		   const struct store_sink *to, struct err *e);

/* The contact ${address} and its conversations.  Return 1, 0 if there is none, or -1. */
int store_contact(struct store *s, struct str address, const struct store_sink *to, struct err *e);

#endif
