/* SPDX-License-Identifier: MIT */
#include "webpush.h"

#include "crypto.h"

enum { RECORD_SIZE = 4096, HEADER = WEBPUSH_SALT + 4 + 1 + KEY_PUBLIC };

static struct str bytes_of(const unsigned char *p, size_t n)
{
	return (struct str){ (const char *)p, n };
}

/* HKDF (RFC 5869), for at most one hash of output: extract is one HMAC, expand another. */
static void extract(const unsigned char *salt, size_t n, const unsigned char *secret,
		    unsigned char out[HASH_MAX])
{
	struct str text = bytes_of(secret, hash_size(HASH_SHA256));

	mac_once(HASH_SHA256, bytes_of(salt, n), &text, 1, out);
}

static void expand(const unsigned char *prk, struct str *parts, size_t n, unsigned char out[HASH_MAX])
{
	parts[n] = STR("\001");
	mac_once(HASH_SHA256, bytes_of(prk, hash_size(HASH_SHA256)), parts, n + 1, out);
}

/* RFC 8291, 3.4. */
static void derive(const struct webpush_keys *keys, const unsigned char *secret,
		   const unsigned char public[KEY_PUBLIC], const unsigned char salt[WEBPUSH_SALT],
		   unsigned char key[HASH_MAX], unsigned char nonce[HASH_MAX])
{
	unsigned char prk[HASH_MAX], ikm[HASH_MAX];
	struct str info[4] = { { "WebPush: info", 14 }, /* with its NUL, as those below */
			       bytes_of(keys->p256dh, KEY_PUBLIC),
			       bytes_of(public, KEY_PUBLIC) };
	struct str key_info[2] = { { "Content-Encoding: aes128gcm", 28 } };
	struct str nonce_info[2] = { { "Content-Encoding: nonce", 24 } };

	extract(keys->auth, WEBPUSH_AUTH, secret, prk);
	expand(prk, info, 3, ikm);
	extract(salt, WEBPUSH_SALT, ikm, prk);
	expand(prk, key_info, 1, key);
	expand(prk, nonce_info, 1, nonce);
}

/* Behind the text: a delimiter that says that this is the last record, then zeros. */
static size_t padded(size_t n, size_t pad)
{
	size_t more = pad > 1 ? (pad - n % pad) % pad : 0;

	return n + more > WEBPUSH_TEXT_MAX ? (size_t)WEBPUSH_TEXT_MAX : n + more;
}

int webpush_encrypt(struct sealer *s, const struct webpush_keys *keys, struct str text, size_t pad,
		    const struct webpush_nonce *nonce, struct buf *out, struct err *e)
{
	unsigned char key[HASH_MAX], iv[HASH_MAX], secret[SEAL_SECRET], plain[WEBPUSH_TEXT_MAX + 1];
	unsigned char *to;
	size_t n;

	if (text.n > WEBPUSH_TEXT_MAX)
		return err_set(e, FAULT_DATA, "payload-too-large",
			       "a Web Push message of %zu bytes: push services take %d", text.n,
			       WEBPUSH_TEXT_MAX);
	n = padded(text.n, pad);
	to = (unsigned char *)buf_grow(out, HEADER + n + 1 + SEAL_TAG);
	if (!to)
		return err_set(e, FAULT_DATA, "payload-too-large", "the body does not fit");
	if (sealer_agree(s, nonce ? nonce->private : NULL, keys->p256dh, to + HEADER - KEY_PUBLIC,
			 secret) < 0)
		return err_set(e, FAULT_DATA, "subscription-malformed",
			       "p256dh is no point of the curve P-256");
	if (nonce)
		memcpy(to, nonce->salt, WEBPUSH_SALT);
	else
		crypto_random(to, WEBPUSH_SALT);
	derive(keys, secret, to + HEADER - KEY_PUBLIC, to, key, iv);
	memcpy(to + WEBPUSH_SALT,
	       (const unsigned char[]){ 0, 0, RECORD_SIZE >> 8, RECORD_SIZE & 255, KEY_PUBLIC }, 5);
	if (text.n > 0)
		memcpy(plain, text.p, text.n);
	plain[text.n] = 2;
	memset(plain + text.n + 1, 0, n - text.n);
	sealer_encrypt(s, key, iv, bytes_of(plain, n + 1), to + HEADER);
	out->n += HEADER + n + 1 + SEAL_TAG;
	return 0;
}
