/* SPDX-License-Identifier: MIT */
#include "inteliquent.h"

#include "mime.h"
#include "url.h"

/* ---- parties ---- */

/* Fill in whom the message is from and to, our number first.  Return false if one is missing. */
static bool read_parties(struct inteliquent_reading *r, struct canon *c)
{
	const struct json *from = inteliquent_get(r->root, MEMBER_FROM),
			  *to = inteliquent_get(r->root, MEMBER_TO);
	struct inteliquent_values values = inteliquent_values(r->arena, to);
	struct canon_party *list = arena_calloc(r->arena, values.n + 1, sizeof(*list));
	bool sure, sure_all = true, found = false;

	c->from.address = inteliquent_address(r->arena, from, &sure);
	c->to = list;
	for (size_t i = 0; i < values.n; i++) {
		bool one;
		struct str address = inteliquent_address(r->arena, values.list[i], &one);

		sure_all &= one;
		if (!address.p || str_eq(address, c->from.address))
			continue; /* whoever takes part in a group may be listed, the sender too */
		list[c->n_to].address = address;
		if (!found && inteliquent_ours(r, address)) {
			memmove(list + 1, list, c->n_to * sizeof(*list));
			list[0] = (struct canon_party){ .address = address };
			found = true;
		}
		c->n_to++;
	}
	if (!c->from.address.p || c->n_to == 0)
		return false;
	if (sure)
		leftover_taken(&r->left, from);
	if (sure_all)
		leftover_taken(&r->left, to);
	return true;
}

/* ---- media ---- */

static struct str last_segment(struct str path)
{
	for (size_t i = path.n; i > 0; i--)
		if (path.p[i - 1] == '/')
			return (struct str){ path.p + i, path.n - i };
	return path;
}

/* The URL in ${v}, text or an object that has it under one of its names. */
static struct str url_of(const struct json *v, bool *alone)
{
	static const char *const keys[] = { "url", "href", "mediaUrl", "media_url" };

	*alone = true;
	if (!json_is(v, JSON_OBJECT))
		return json_str(v);
	*alone = json_len(v) == 1;
	for (size_t i = 0; i < LEN(keys); i++)
		if (json_get_str(v, keys[i]).n > 0)
			return json_get_str(v, keys[i]);
	return STR_NONE;
}

enum seen { SEEN_ALL, SEEN_PART, SEEN_LAYOUT, SEEN_NOTHING };

/* Add the medium in ${v} to ${c}.  Say what of it has a place there. */
static enum seen add_medium(struct canon *c, const struct json *v)
{
	struct canon_media *m = &c->media[c->n_media];
	const struct mime *mime;
	struct url url;
	struct str text, name;
	bool alone;

	text = url_of(v, &alone);
	if (url_split(text, &url) < 0 || !url_default_port(&url).p)
		return SEEN_NOTHING;
	name = last_segment(url.path);
	if (str_eq_nocase(mime_ending(name), STR("smil")))
		return SEEN_LAYOUT;
	*m = (struct canon_media){ .url = text, .name = name.n > 0 ? name : STR_NONE, .size = -1 };
	mime = mime_of(name);
	if (mime) {
		m->mime = str_c(mime->type);
		m->kind = mime->kind;
	}
	c->n_media++;
	return alone ? SEEN_ALL : SEEN_PART;
}

/* Return false if there is something that could not be read. */
static bool read_media(struct inteliquent_reading *r, struct canon *c)
{
	const struct json *media = inteliquent_get(r->root, MEMBER_MEDIA);
	struct inteliquent_values values = inteliquent_values(r->arena, media);
	bool whole = true, read = true;

	c->media = arena_calloc(r->arena, values.n + 1, sizeof(*c->media));
	for (size_t i = 0; i < values.n; i++) {
		enum seen seen = add_medium(c, values.list[i]);

		whole &= seen == SEEN_ALL;
		read &= seen != SEEN_NOTHING;
	}
	if (whole)
		leftover_taken(&r->left, media);
	return read;
}

/* ---- the message ---- */

/* Return false if there is something that is no text. */
static bool read_text(struct inteliquent_reading *r, struct canon *c)
{
	c->text = inteliquent_take(r, MEMBER_TEXT);
	return c->text.p || !inteliquent_get(r->root, MEMBER_TEXT);
}

bool inteliquent_message(struct inteliquent_reading *r, struct canon_list *out)
{
	struct canon c = { .kind = CANON_MESSAGE, .direction = "in" };
	bool known = inteliquent_type_known(r->root), read;

	if (!read_parties(r, &c))
		return false;
	read = read_text(r, &c);
	read &= read_media(r, &c);
	c.channel = c.n_media > 0 || c.n_to > 1 ? "mms" : "sms";
	inteliquent_take_kind(r);
	c.type = c.n_media > 0 ? "media" : c.text.p || (known && read) ? "text" : "unsupported";
	if (!c.text.p && strcmp(c.type, "text") == 0)
		c.text = STR("");
	r->c = canon_new(out, CANON_MESSAGE);
	*r->c = c;
	return true;
}
