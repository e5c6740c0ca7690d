/* SPDX-License-Identifier: MIT */
/* The verbs of omni-store that ask. */
#include "clock.h"
#include "diag.h"
#include "store_device.h"
#include "store_verbs.h"

/* clang-format off */
#define OPTS_FILTER \
	{ "carrier", 'C', "NAME", "of this carrier", false }, \
	{ "account", 'A', "ID", "of this account of ours", false }, \
	{ "channel", 0, "NAME", "of this channel: sms, whatsapp, ...", false }, \
	{ "from", 0, "ADDRESS", "from this address", false }, \
	{ "to", 0, "ADDRESS", "to this address", false }, \
	{ "direction", 0, "WORD", "in or out", false }, \
	{ "type", 0, "WORD", "of this type: text, media, ...", false }, \
	{ "status", 0, "WORD", "whose best receipt is this", false }, \
	{ "since", 0, "TIME", "not older; 2026-01-14T09:00:00Z, 2026-01-14, -2h, today", false }, \
	{ "until", 0, "TIME", "not younger", false }

#define OPTS_TALK \
	{ "carrier", 'C', "NAME", "of this carrier", false }, \
	{ "account", 'A', "ID", "of this account of ours", false }, \
	{ "channel", 0, "NAME", "of this channel: sms, whatsapp, ...", false }, \
	{ "direction", 0, "WORD", "whose last message is in or out", false }, \
	{ "since", 0, "TIME", "whose last message is not older", false }, \
	{ "until", 0, "TIME", "whose last message is not younger", false }

#define OPTS_PAGE \
	{ "limit", 'n', "N", "at most N lines", false }, \
	{ "cursor", 0, "TEXT", "go on behind the line that had this in store.cursor", false }, \
	{ "reverse", 0, NULL, "oldest first", false }
/* clang-format on */

static int read_filter(const struct args *a, struct store_filter *f, struct err *e)
{
	*f = (struct store_filter){ .carrier = str_c(opt_value(a, "carrier")),
				    .account = str_c(opt_value(a, "account")),
				    .channel = str_c(opt_value(a, "channel")),
				    .direction = str_c(opt_value(a, "direction")),
				    .type = str_c(opt_value(a, "type")),
				    .status = str_c(opt_value(a, "status")),
				    .from = str_c(opt_value(a, "from")),
				    .to = str_c(opt_value(a, "to")),
				    .with = str_c(opt_value(a, "with")),
				    .conversation = str_c(opt_value(a, "conversation")),
				    .consent = str_c(opt_value(a, "consent")),
				    .events = opt_flag(a, "events"),
				    .since = INT64_MIN,
				    .until = INT64_MAX };
	if (f->direction.p && !str_eq(f->direction, STR("in")) && !str_eq(f->direction, STR("out")))
		return err_set(e, FAULT_USAGE, "usage",
			       "--direction: \"%.*s\" is neither in nor out", STR_FMT(f->direction));
	return opt_time(a, "since", clock_now(), &f->since, e) < 0 ||
			       opt_time(a, "until", clock_now(), &f->until, e) < 0 ?
		       -1 :
		       0;
}

static int read_page(const struct args *a, struct store_page *p, struct err *e)
{
	*p = (struct store_page){ .cursor = str_c(opt_value(a, "cursor")),
				  .reverse = opt_flag(a, "reverse") };
	return opt_number(a, "limit", 1, INT64_MAX, &p->limit, e);
}

/* A question: its one operand, or NULL; what is said if there is no such thing, or NULL. */
struct question {
	const char *operand, *none;
	int (*ask)(struct store *s, const struct args *a, struct str operand,
		   struct store_filter *f, const struct store_page *p, struct err *e);
};

static int run(const struct setup *setup, const struct question *q, struct err *e)
{
	const struct args *a = setup->args;
	struct store_filter f;
	struct store_page p;
	struct store *s;
	int rc;

	if (store_operand(a, q->operand, e) < 0 || read_filter(a, &f, e) < 0 || read_page(a, &p, e) < 0)
		return -1;
	s = store_open(store_path(a), STORE_READONLY, e);
	if (!s)
		return -1;
	rc = q->ask(s, a, str_c(q->operand ? a->operands[0] : NULL), &f, &p, e);
	store_close(s);
	if (rc != 0 || !q->none)
		return rc < 0 ? -1 : EXIT_OK;
	diag_error("%s: there is no such %s", a->operands[0], q->none);
	return EXIT_REJECTED;
}

static int ask_messages(struct store *s, const struct args *a, struct str operand,
			struct store_filter *f, const struct store_page *p, struct err *e)
{
	(void)a;
	(void)operand;
	return store_messages(s, f, p, &store_printer, e);
}

static int ask_message(struct store *s, const struct args *a, struct str operand,
		       struct store_filter *f, const struct store_page *p, struct err *e)
{
	(void)a;
	(void)p;
	return store_message(s, operand, f, &store_printer, e);
}

static int ask_conversations(struct store *s, const struct args *a, struct str operand,
			     struct store_filter *f, const struct store_page *p, struct err *e)
{
	(void)a;
	(void)operand;
	return store_conversations(s, f, p, &store_printer, e);
}

static int ask_conversation(struct store *s, const struct args *a, struct str operand,
			    struct store_filter *f, const struct store_page *p, struct err *e)
{
	(void)a;
	f->conversation = operand;
	return store_conversation(s, f, p, &store_printer, e);
}

static int ask_contacts(struct store *s, const struct args *a, struct str operand,
			struct store_filter *f, const struct store_page *p, struct err *e)
{
	(void)a;
	(void)operand;
	return store_contacts(s, f, p, &store_printer, e);
}

static int ask_contact(struct store *s, const struct args *a, struct str operand,
		       struct store_filter *f, const struct store_page *p, struct err *e)
{
	(void)a;
	(void)f;
	(void)p;
	return store_contact(s, operand, &store_printer, e);
}

static int ask_devices(struct store *s, const struct args *a, struct str operand,
		       struct store_filter *f, const struct store_page *p, struct err *e)
{
	(void)a;
	(void)f;
	(void)p;
	return store_devices_shown(s, operand, &store_printer, e);
}

static int ask_search(struct store *s, const struct args *a, struct str operand,
		      struct store_filter *f, const struct store_page *p, struct err *e)
{
	return store_search(s, operand, opt_flag(a, "expert"), f, p, &store_printer, e);
}

static int run_messages(const struct setup *s, struct err *e)
{
	return run(s, &(struct question){ NULL, NULL, ask_messages }, e);
}

static int run_message(const struct setup *s, struct err *e)
{
	return run(s, &(struct question){ "the id of a message", "message", ask_message }, e);
}

static int run_conversations(const struct setup *s, struct err *e)
{
	return run(s, &(struct question){ NULL, NULL, ask_conversations }, e);
}

static int run_conversation(const struct setup *s, struct err *e)
{
	return run(s, &(struct question){ "the id of a conversation", "conversation", ask_conversation },
		   e);
}

static int run_contacts(const struct setup *s, struct err *e)
{
	return run(s, &(struct question){ NULL, NULL, ask_contacts }, e);
}

static int run_contact(const struct setup *s, struct err *e)
{
	return run(s, &(struct question){ "the address of a contact", "contact", ask_contact }, e);
}

static int run_devices(const struct setup *s, struct err *e)
{
	return run(s, &(struct question){ "the address of a contact", "contact with devices", ask_devices },
		   e);
}

static int run_search(const struct setup *s, struct err *e)
{
	return run(s, &(struct question){ "what to search for", NULL, ask_search }, e);
}

/* clang-format off */
static const struct opt opts_messages[] = {
	STORE_OPT_FILE,
	OPTS_FILTER,
	{ "conversation", 0, "ID", "of this conversation", false },
	OPTS_PAGE,
	{ NULL, 0, NULL, NULL, false }
};

static const struct opt opts_message[] = {
	STORE_OPT_FILE,
	{ "carrier", 'C', "NAME", "ID is what this carrier calls the message", false },
	{ "account", 'A', "ID", "and this the account of ours there", false },
	{ NULL, 0, NULL, NULL, false },
};

static const struct opt opts_conversations[] = {
	STORE_OPT_FILE,
	OPTS_TALK,
	{ "with", 0, "ADDRESS", "in which this person takes part", false },
	OPTS_PAGE,
	{ NULL, 0, NULL, NULL, false },
};

static const struct opt opts_conversation[] = {
	STORE_OPT_FILE,
	OPTS_FILTER,
	{ "events", 0, NULL, "its events, too", false },
	OPTS_PAGE,
	{ NULL, 0, NULL, NULL, false },
};

static const struct opt opts_contacts[] = {
	STORE_OPT_FILE,
	{ "consent", 0, "WORD", "who said opt-out, or opt-in, last", false },
	OPTS_PAGE,
	{ NULL, 0, NULL, NULL, false },
};

static const struct opt opts_contact[] = { STORE_OPT_FILE, { NULL, 0, NULL, NULL, false } };

static const struct opt opts_devices[] = { STORE_OPT_FILE, { NULL, 0, NULL, NULL, false } };

static const struct opt opts_search[] = {
	STORE_OPT_FILE,
	OPTS_FILTER,
	{ "expert", 0, NULL, "TEXT is an expression of FTS5, with AND, OR, NOT, NEAR", false },
	OPTS_PAGE,
	{ NULL, 0, NULL, NULL, false },
};
/* clang-format on */

const struct command command_store_messages = {
	.program = {
		.name = "omni-store messages",
		.purpose = "List messages, newest first.",
		.example = "omni-store messages --status failed --limit 20 | jq -c '[.at, .store.error]'",
		.opts = opts_messages,
	},
	.run = run_messages,
};

const struct command command_store_message = {
	.program = {
		.name = "omni-store message",
		.purpose = "Show a message and all that happened to it.",
		.operands = "ID",
		.example = "omni-store message 324db4d8-fd97-51c4-baa9-7ac68f1e53ef | jq -c '[.at, .step]'",
		.opts = opts_message,
	},
	.run = run_message,
};

const struct command command_store_conversations = {
	.program = {
		.name = "omni-store conversations",
		.purpose = "List conversations, the last written to first.",
		.example = "omni-store conversations --direction in --until -1h | jq -c '[.id, .last_text]'",
		.opts = opts_conversations,
	},
	.run = run_conversations,
};

const struct command command_store_conversation = {
	.program = {
		.name = "omni-store conversation",
		.purpose = "Show a conversation and its messages, newest first.",
		.operands = "ID",
		.example = "omni-store conversation --limit 50 c5a581c1-a3d0-5e2d-86c2-af0eca1a1614",
		.opts = opts_conversation,
	},
	.run = run_conversation,
};

const struct command command_store_contacts = {
	.program = {
		.name = "omni-store contacts",
		.purpose = "List people, the newest first.",
		.example = "omni-store contacts --consent opt-out | jq -r .address",
		.opts = opts_contacts,
	},
	.run = run_contacts,
};

const struct command command_store_contact = {
	.program = {
		.name = "omni-store contact",
		.purpose = "Show a person and the conversations that they take part in.",
		.operands = "ADDRESS",
		.example = "omni-store contact +15550123",
		.opts = opts_contact,
	},
	.run = run_contact,
};

const struct command command_store_devices = {
	.program = {
		.name = "omni-store devices",
		.purpose = "List the devices of a person that can be notified, without their keys.",
		.operands = "ADDRESS",
		.example = "omni-store devices +15550123 | jq -r .platform",
		.opts = opts_devices,
	},
	.run = run_devices,
};

const struct command command_store_search = {
	.program = {
		.name = "omni-store search",
		.purpose = "List the messages that have these words, latest stored first.",
		.operands = "TEXT",
		.example = "omni-store search --since -30d '\"order 1042\" refund*'",
		.opts = opts_search,
	},
	.run = run_search,
};
