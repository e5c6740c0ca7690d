/* SPDX-License-Identifier: MIT */
#include "whatsapp.h"

#include "source.h"

static bool is_trusted(const struct media_query *q, struct str url)
{
	return source_trusted(q, url, "fbsbx.com") || source_trusted(q, url, "facebook.com") ||
	       source_trusted(q, url, "whatsapp.net");
}

/* An id is digits; nothing else may get into the path of a request that bears our token. */
static bool is_id(struct str id)
{
	return str_digits(id) && id.n < 64;
}

/* "v23.0" */
static bool is_version(struct str v)
{
	for (size_t i = 1; i < v.n; i++)
		if (!(v.p[i] >= '0' && v.p[i] <= '9') && v.p[i] != '.')
			return false;
	return v.n > 1 && v.n < 16 && v.p[0] == 'v';
}

/* The id of a file leads to its URL, which lives five minutes; the same token opens both. */
int whatsapp_source(const struct media_query *q, struct submit *out, struct err *e)
{
	static const struct source_auth auth = { .how = SUBMIT_BEARER, .key = "access_token" };
	struct str id = json_get_str(q->media, "external_id"), url = json_get_str(q->media, "url");
	struct str base = q->account->base_url, version = json_get_str(q->account->conf, "api_version");
	const struct json *answer;

	if (q->step == 0 && id.n > 0) {
		if (!is_id(id))
			return err_set(e, FAULT_DATA, "media-malformed", "no id of WhatsApp's media");
		url = arena_fmt(q->arena, "%.*s/%.*s/%.*s%s%.*s",
				STR_FMT(base.n > 0 ? base : STR("https://graph.facebook.com")),
				STR_FMT(is_version(version) ? version : STR("v23.0")), STR_FMT(id),
				str_digits(q->account->id) ? "?phone_number_id=" : "",
				STR_FMT(str_digits(q->account->id) ? q->account->id : STR_NONE));
		out->prepares = true;
	} else if (q->step > 0) {
		answer = json_parse(q->answer->body, q->arena, e);
		url = json_get_str(answer, "url");
		if (!url.n)
			return err_set(e, FAULT_TEMP, "media-unavailable",
				       "WhatsApp's answer does not say where the file is");
	}
	if (!is_trusted(q, url))
		return err_set(e, FAULT_DENIED, "media-refused",
			       "the file is not at a host of WhatsApp's");
	source_get(out, url);
	source_authorize(&carrier_whatsapp, q, &auth, out);
	return 0;
}
