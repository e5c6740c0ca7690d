/* SPDX-License-Identifier: MIT */
#include "webpush_keys.h"

#include "crypto.h"

int webpush_keys_read(struct str p256dh, struct str auth, struct arena *a,
		      struct webpush_keys *keys, struct err *e)
{
	struct str bytes;

	if (base64_read(a, p256dh, &bytes) < 0 || bytes.n != WEBPUSH_P256DH)
		return err_set(e, FAULT_DATA, "subscription-malformed",
			       "p256dh must be %d bytes in base64url", WEBPUSH_P256DH);
	memcpy(keys->p256dh, bytes.p, WEBPUSH_P256DH);
	if (base64_read(a, auth, &bytes) < 0 || bytes.n != WEBPUSH_AUTH)
		return err_set(e, FAULT_DATA, "subscription-malformed",
			       "auth must be %d bytes in base64url", WEBPUSH_AUTH);
	memcpy(keys->auth, bytes.p, WEBPUSH_AUTH);
	return 0;
}
