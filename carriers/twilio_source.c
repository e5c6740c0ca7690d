/* SPDX-License-Identifier: MIT */
#include "twilio.h"

#include "source.h"

/* The answer is a redirect to where the file is stored, which must not see the credentials. */
int twilio_source(const struct media_query *q, struct submit *out, struct err *e)
{
	struct str url = json_get_str(q->media, "url");
	struct source_auth auth = { .how = SUBMIT_BASIC, .user = q->account->id, .key = "auth_token" };

	if (!url.n)
		return err_set(e, FAULT_DATA, "media-malformed", "Twilio's media have a url");
	if (source_key(&carrier_twilio, q, "api_key").n > 0) {
		auth.user = source_key(&carrier_twilio, q, "api_key");
		auth.key = "api_secret";
	}
	source_get(out, url);
	if (source_trusted(q, url, "twilio.com") && auth.user.n > 0)
		source_authorize(&carrier_twilio, q, &auth, out);
	return 0;
}
