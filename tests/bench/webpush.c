/* SPDX-License-Identifier: MIT */
/*
 * webpush each|origin N P256DH AUTH <TEXT: encrypt TEXT for a browser N times, and say who we are: with a signature for `each`, or
 * with one for its `origin`, as omni-push does.  Prints the last body as base64url.
 */
#include "webpush.h"

#include <stdio.h>
#include <stdlib.h>

#include "crypto.h"

int main(int argc, char **argv)
{
	static char text[WEBPUSH_TEXT_MAX];
	struct arena *arena = arena_new();
	struct sealer *s = sealer_new();
	struct buf body = { .max = WEBPUSH_BODY_MAX };
	int64_t now = 1768381200000;
	struct webpush_keys keys;
	struct vapid *v;
	struct str out;
	struct err e;
	size_t n;

	if (argc != 5)
		return 64;
	n = fread(text, 1, sizeof(text), stdin);
	v = vapid_new(STR("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"),
		      STR("mailto:ops@example.com"), &e);
	if (!v || webpush_keys_read(str_c(argv[3]), str_c(argv[4]), arena, &keys, &e) < 0)
		return 78;
	for (long i = 0; i < atol(argv[2]); i++) {
		buf_reset(&body);
		if (webpush_encrypt(s, &keys, (struct str){ text, n }, 0, NULL, &body, &e) < 0)
			return 65;
		if (strcmp(argv[1], "each") == 0)
			now += 7 * 3600000; /* the last token is too old */
		vapid_header(v, STR("https://push.example.net/s/1"), now);
	}
	out = base64url_of(arena, buf_get(&body));
	printf("%.*s\n", (int)out.n, out.p);
	vapid_free(v);
	sealer_free(s);
	buf_free(&body);
	arena_free(arena);
	return 0;
}
