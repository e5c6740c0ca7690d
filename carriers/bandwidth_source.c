/* SPDX-License-Identifier: MIT */
#include "bandwidth.h"

#include "source.h"

int bandwidth_source(const struct media_query *q, struct submit *out, struct err *e)
{
	struct str url = json_get_str(q->media, "url");
	struct source_auth auth = { .how = SUBMIT_BASIC, .key = "api_secret" };

	if (!url.n)
		return err_set(e, FAULT_DATA, "media-malformed", "Bandwidth's media have a url");
	source_get(out, url);
	auth.user = source_key(&carrier_bandwidth, q, "api_token");
	if (source_trusted(q, url, "messaging.bandwidth.com") && auth.user.n > 0)
		source_authorize(&carrier_bandwidth, q, &auth, out);
	return 0;
}
