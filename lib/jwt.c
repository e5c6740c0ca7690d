/* SPDX-License-Identifier: MIT */
#include "jwt.h"

#include "crypto.h"
#include "json.h"

struct str jwt_sign(struct arena *a, struct key *k, struct str kid, struct str claims)
{
	unsigned char signature[KEY_SIGNATURE_MAX];
	struct buf header = { .max = SIZE_MAX };
	struct str text, part;
	size_t n;

	json_open(&header, '{');
	json_add_str(&header, "typ", STR("JWT"));
	json_add_str(&header, "alg", key_type(k) == KEY_P256 ? STR("ES256") : STR("RS256"));
	json_opt_str(&header, "kid", kid);
	json_close(&header, '}');
	part = base64url_of(a, claims);
	text = base64url_of(a, buf_get(&header));
	text = arena_join(a, text, arena_join(a, STR("."), part));
	n = key_sign(k, text, signature);
	part = base64url_of(a, (struct str){ (const char *)signature, n });
	buf_free(&header);
	return arena_join(a, text, arena_join(a, STR("."), part));
}
