/* SPDX-License-Identifier: MIT */
#include "messagebird.h"

#include "source.h"

int messagebird_source(const struct media_query *q, struct submit *out, struct err *e)
{
	struct str url = json_get_str(q->media, "url");
	struct source_auth auth = { .how = SUBMIT_HEADER,
				    .header = "authorization",
				    .prefix = "AccessKey ",
				    .key = "access_key" };

	if (!url.n)
		return err_set(e, FAULT_DATA, "media-malformed", "MessageBird's media have a url");
	source_get(out, url);
	if (source_trusted(q, url, "messagebird.com"))
		source_authorize(&carrier_messagebird, q, &auth, out);
	return 0;
}
