/* SPDX-License-Identifier: MIT */
#include "inteliquent.h"

#include "clock.h"

/* The words of receipts: those of SMPP 3.4 first, then what `status` has been seen to say. */
static const struct word {
	struct str word;
	const char *status;
} words[] = {
	{ STR("DELIVRD"), "delivered" },   { STR("ACCEPTD"), "sent" },
	{ STR("ENROUTE"), "sent" },        { STR("BUFFERED"), "sent" },
	{ STR("EXPIRED"), "expired" },     { STR("DELETED"), "canceled" },
	{ STR("UNDELIV"), "undelivered" }, { STR("REJECTD"), "failed" },
	{ STR("delivered"), "delivered" }, { STR("successful"), "delivered" },
	{ STR("success"), "delivered" },   { STR("undelivered"), "undelivered" },
	{ STR("failed"), "failed" },       { STR("rejected"), "failed" },
};

enum { FAILED_RANK = 8 };

static const char *status_of(struct str word)
{
	for (size_t i = 0; i < LEN(words); i++)
		if (str_eq_nocase(word, words[i].word))
			return words[i].status;
	return NULL;
}

/* ---- the text of a receipt: "id:… sub:001 … done date:… stat:DELIVRD err:000 text:…" ---- */

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/*
 * Where what follows the first ${name} in ${text} begins, letters without case; text.n if it is not
 * there.
 */
static size_t behind(struct str text, struct str name)
{
	for (size_t i = 0; i + name.n < text.n; i++)
		if ((i == 0 || !is_alnum(text.p[i - 1])) && str_eq_nocase(str_sub(text, i, name.n), name))
			return i + name.n;
	return text.n;
}

/* The letters and digits that follow ${name} in ${text}; {NULL, 0} if there are none. */
static struct str value_of(struct str text, const char *name)
{
	struct str s = str_sub(text, behind(text, str_c(name)), text.n);
	size_t n = 0;

	while (n < s.n && is_alnum(s.p[n]))
		n++;
	return n > 0 ? str_sub(s, 0, n) : STR_NONE;
}

/* Some send it percent-encoded. */
static struct str receipt_text(struct inteliquent_reading *r)
{
	struct str text = json_text(inteliquent_get(r->root, MEMBER_TEXT)), plain;

	if (behind(text, STR("stat:")) < text.n || str_find(text, '%') == text.n)
		return text;
	plain = inteliquent_decode(r->arena, text);
	return behind(plain, STR("stat:")) < plain.n ? plain : text;
}

/* "done date" as a time: YYMMDDhhmm, seconds or not, in UTC as far as is known. */
static struct str done_at(struct inteliquent_reading *r, struct str text)
{
	struct str d = value_of(text, "done date:");
	const char *p = d.p;

	if ((d.n != 10 && d.n != 12) || !str_digits(d))
		return STR_NONE;
	return clock_utc(r->arena, arena_fmt(r->arena, "20%.2s-%.2s-%.2sT%.2s:%.2s:%.2sZ", p, p + 2,
					     p + 4, p + 6, p + 8, d.n == 12 ? p + 10 : "00"));
}

/* ---- parties ---- */

/*
 * What tells the receipts of one message to several people apart where it is not known who is who.
 */
static struct str parties_as_sent(struct inteliquent_reading *r, const struct json *from,
				  const struct json *to)
{
	struct buf b = { .max = LINE_MAX_BYTES };
	struct str s;

	json_open(&b, '[');
	json_put_value(&b, from);
	json_put_value(&b, to);
	json_close(&b, ']');
	s = arena_str(r->arena, buf_get(&b));
	buf_free(&b);
	return s;
}

/* Set ${c} to be from ${ours} to the ${n} others in ${list}. */
static void set_parties(struct canon *c, struct str ours, struct canon_party *list, size_t n)
{
	c->from.address = ours;
	c->to = list;
	c->n_to = n;
	if (n == 1)
		c->recipient = list[0].address;
}

/*
 * Receipts made from those of SMPP come from the recipient to the sender, others may not: so who is
 * who is said only where one side is known to be ours, and the other is not.
 */
static void read_parties(struct inteliquent_reading *r, struct canon *c)
{
	const struct json *from = inteliquent_get(r->root, MEMBER_FROM);
	const struct json *to = inteliquent_get(r->root, MEMBER_TO);
	struct str sender = inteliquent_address(r->arena, from, NULL);
	struct inteliquent_values values = inteliquent_values(r->arena, to);
	struct canon_party *list = arena_calloc(r->arena, values.n + 1, sizeof(*list));
	bool ours = inteliquent_ours(r, sender), theirs = false, whole = sender.p && values.n > 0;

	for (size_t i = 0; i < values.n; i++) {
		list[i].address = inteliquent_address(r->arena, values.list[i], NULL);
		whole &= list[i].address.p != NULL;
		theirs |= inteliquent_ours(r, list[i].address);
	}
	c->channel = values.n > 1 ? "mms" : "sms";
	if (whole && ours && !theirs) {
		set_parties(c, sender, list, values.n);
	} else if (whole && theirs && !ours && values.n == 1) {
		struct str us = list[0].address;

		list[0].address = sender;
		set_parties(c, us, list, 1);
	}
	if (c->n_to > 0) {
		leftover_taken(&r->left, from);
		leftover_taken(&r->left, to);
	}
	if (!c->recipient.p && (from || to))
		c->id_suffix = parties_as_sent(r, from, to);
}

/* ---- status and error ---- */

/* True if an account that the receipt may be for takes one that says nothing for delivered. */
static bool is_presumed(const struct inteliquent_reading *r)
{
	for (size_t i = 0; i < r->accounts->n; i++) {
		const struct account *a = &r->accounts->list[i];

		if (inteliquent_may_be_for(r, a) && inteliquent_own(a)->presumed)
			return true;
	}
	return false;
}

/* The status that ${stat}, of the text, or else the members of the body say. */
static const char *read_status(struct inteliquent_reading *r, struct str stat, struct str *word)
{
	struct str said = json_text(inteliquent_get(r->root, MEMBER_STATUS));
	bool failed = str_eq(json_get_str(r->root, "type"), STR("message_failed"));
	const char *status;

	*word = stat.p ? stat : said;
	if (stat.p)
		return status_of(stat);
	status = status_of(said);
	if (status && str_eq_nocase(said, str_c(status)))
		inteliquent_take(r, MEMBER_STATUS);
	if (!status && failed)
		return "failed";
	if (!status && !inteliquent_get(r->root, MEMBER_STATUS) && is_presumed(r))
		return "delivered";
	return status;
}

/*
 * Fill in what went wrong, if something did: ${code} is the err of the text, ${word} what names the
 * status.
 */
static void read_error(struct inteliquent_reading *r, struct canon *c, struct str code, struct str word)
{
	bool failed = canon_rank(c->status) == FAILED_RANK, zero = true;
	struct canon_error *error = &c->error;

	for (size_t i = 0; i < code.n; i++)
		zero &= code.p[i] == '0';
	if (!failed && (canon_rank(c->status) > 0 || (zero && !inteliquent_get(r->root, MEMBER_REASON))))
		return;
	error->carrier_code = code;
	error->text = inteliquent_take(r, MEMBER_REASON);
	error->class = inteliquent_code_class(code);
	if (!error->class)
		error->class = inteliquent_text_class(error->text);
	if (!error->class)
		error->class = failed ? CAUSE_PERMANENT : CAUSE_UNKNOWN;
	if (!error->text.p && word.n > 0)
		error->text = word;
}

bool inteliquent_status(struct inteliquent_reading *r, struct canon_list *out)
{
	struct str text = receipt_text(r), stat = value_of(text, "stat:"), word;
	struct canon c = { .kind = CANON_STATUS, .direction = "out" };

	c.external_id = inteliquent_take(r, MEMBER_ID);
	if (!c.external_id.p)
		return false;
	c.status = read_status(r, stat, &word);
	if (!c.status)
		c.status = "unknown";
	c.at = done_at(r, text);
	read_parties(r, &c);
	read_error(r, &c, value_of(text, "err:"), word);
	inteliquent_take_kind(r);
	r->c = canon_new(out, CANON_STATUS);
	*r->c = c;
	return true;
}
