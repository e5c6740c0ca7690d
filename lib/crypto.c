/* SPDX-License-Identifier: MIT */
#define OPENSSL_SUPPRESS_DEPRECATED /* SHA1_Update and its kin: see union state */
#include "crypto.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "diag.h"
#include "err.h"

enum { BLOCK_MAX = 128 };

/*
 * The functions of OpenSSL that are one hash each, and not its EVP layer: a state can be kept and
 * copied, so an HMAC begins behind its key (0.12 us saved of 0.7), nothing is allocated, and a
 * program that only hashes does not load the providers (half a millisecond and 2 MB at its start).
 */
union state {
	SHA_CTX sha1;
	SHA256_CTX sha256;
	SHA512_CTX sha512;
};

struct mac {
	enum hash hash;
	union state inner, outer; /* behind the key */
};

static const struct {
	size_t size, block;
} hashes[] = {
	[HASH_SHA1] = { SHA_DIGEST_LENGTH, SHA_CBLOCK },
	[HASH_SHA256] = { SHA256_DIGEST_LENGTH, SHA256_CBLOCK },
	[HASH_SHA384] = { SHA384_DIGEST_LENGTH, SHA512_CBLOCK },
	[HASH_SHA512] = { SHA512_DIGEST_LENGTH, SHA512_CBLOCK },
};

/*
 * OpenSSL has its memory from here, where it ends the program as everywhere else when there is none.  Left to itself
 * it reports an error, for which it begins its start-up within its start-up: OpenSSL 3.5 then waits for itself for ever.
 */
static void *get_memory(size_t n, const char *file, int line)
{
	void *p = n > 0 ? malloc(n) : NULL;

	(void)file;
	(void)line;
	if (n > 0 && !p)
		diag_oom();
	return p;
}

static void *resize_memory(void *p, size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	if (n == 0) {
		free(p);
		return NULL;
	}
	p = realloc(p, n);
	if (!p)
		diag_oom();
	return p;
}

static void free_memory(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

/* Before main, as OpenSSL takes them only before it has asked for any. */
__attribute__((constructor)) static void give_memory(void)
{
	CRYPTO_set_mem_functions(get_memory, resize_memory, free_memory);
}

/* They fail where a policy of the system forbids the algorithm. */
static void must(int ok)
{
	if (!ok) {
		diag_error("OpenSSL refuses to hash");
		_exit(EXIT_OS);
	}
}

static void state_init(enum hash h, union state *s)
{
	switch (h) {
	case HASH_SHA1:
		must(SHA1_Init(&s->sha1));
		break;
	case HASH_SHA256:
		must(SHA256_Init(&s->sha256));
		break;
	case HASH_SHA384:
		must(SHA384_Init(&s->sha512)); /* a SHA-512 that begins otherwise and is cut */
		break;
	case HASH_SHA512:
		must(SHA512_Init(&s->sha512));
		break;
	}
}

static void state_add(enum hash h, union state *s, const void *p, size_t n)
{
	if (n == 0)
		return;
	if (h == HASH_SHA1)
		must(SHA1_Update(&s->sha1, p, n));
	else if (h == HASH_SHA256)
		must(SHA256_Update(&s->sha256, p, n));
	else
		must(SHA512_Update(&s->sha512, p, n));
}

static void state_end(enum hash h, union state *s, unsigned char *out)
{
	if (h == HASH_SHA1)
		must(SHA1_Final(out, &s->sha1));
	else if (h == HASH_SHA256)
		must(SHA256_Final(out, &s->sha256));
	else
		must(SHA512_Final(out, &s->sha512));
}

size_t hash_size(enum hash h)
{
	return hashes[h].size;
}

void hash_of(enum hash h, const struct str *parts, size_t n, unsigned char out[HASH_MAX])
{
	union state s;

	state_init(h, &s);
	for (size_t i = 0; i < n; i++)
		state_add(h, &s, parts[i].p, parts[i].n);
	state_end(h, &s, out);
}

struct hasher {
	enum hash hash;
	union state state;
};

struct hasher *hasher_new(enum hash h)
{
	struct hasher *s = malloc(sizeof(*s));

	if (!s)
		diag_oom();
	s->hash = h;
	state_init(h, &s->state);
	return s;
}

void hasher_add(struct hasher *h, struct str s)
{
	state_add(h->hash, &h->state, s.p, s.n);
}

void hasher_end(struct hasher *h, unsigned char out[HASH_MAX])
{
	state_end(h->hash, &h->state, out);
	state_init(h->hash, &h->state);
}

void hasher_free(struct hasher *h)
{
	free(h);
}

/* RFC 2104. */
static void mac_key(struct mac *m, enum hash h, struct str key)
{
	unsigned char pad[BLOCK_MAX] = { 0 };

	m->hash = h;
	if (key.n > hashes[h].block)
		hash_of(h, &key, 1, pad);
	else if (key.n > 0)
		memcpy(pad, key.p, key.n);
	for (size_t i = 0; i < hashes[h].block; i++)
		pad[i] ^= 0x36;
	state_init(h, &m->inner);
	state_add(h, &m->inner, pad, hashes[h].block);
	for (size_t i = 0; i < hashes[h].block; i++)
		pad[i] ^= 0x36 ^ 0x5c;
	state_init(h, &m->outer);
	state_add(h, &m->outer, pad, hashes[h].block);
	OPENSSL_cleanse(pad, sizeof(pad));
}

struct mac *mac_new(enum hash h, struct str key)
{
	struct mac *m = malloc(sizeof(*m));

	if (!m)
		diag_oom();
	mac_key(m, h, key);
	return m;
}

void mac_free(struct mac *m)
{
	if (!m)
		return;
	OPENSSL_cleanse(m, sizeof(*m));
	free(m);
}

size_t mac_of(const struct mac *m, const struct str *parts, size_t n, unsigned char out[HASH_MAX])
{
	union state s = m->inner;

	for (size_t i = 0; i < n; i++)
		state_add(m->hash, &s, parts[i].p, parts[i].n);
	state_end(m->hash, &s, out);
	s = m->outer;
	state_add(m->hash, &s, out, hashes[m->hash].size);
	state_end(m->hash, &s, out);
	return hashes[m->hash].size;
}

size_t mac_once(enum hash h, struct str key, const struct str *parts, size_t n,
		unsigned char out[HASH_MAX])
{
	struct mac m;

	mac_key(&m, h, key);
	n = mac_of(&m, parts, n, out);
	OPENSSL_cleanse(&m, sizeof(m));
	return n;
}

bool crypto_equal(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || CRYPTO_memcmp(a.p, b.p, a.n) == 0);
}

void crypto_random(void *p, size_t n)
{
	unsigned char *to = p;

	/* The kernel's generator: OpenSSL's own would only be seeded from it. */
	while (n > 0) {
		ssize_t got = getrandom(to, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			diag_error("no random bytes: %s", strerror(errno));
			_exit(EXIT_OS);
		}
		to += got;
		n -= (size_t)got;
	}
}

struct str hex_of(struct arena *a, struct str bytes)
{
	static const char digit[] = "0123456789abcdef";
	char *p = arena_alloc(a, bytes.n * 2);

	for (size_t i = 0; i < bytes.n; i++) {
		unsigned char c = (unsigned char)bytes.p[i];

		p[2 * i] = digit[c >> 4];
		p[2 * i + 1] = digit[c & 15];
	}
	return (struct str){ p, bytes.n * 2 };
}

struct str hash_hex(struct arena *a, enum hash h, struct str s)
{
	unsigned char digest[HASH_MAX];

	hash_of(h, &s, 1, digest);
	return hex_of(a, (struct str){ (const char *)digest, hash_size(h) });
}

static const char base64_std[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64_url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static size_t base64_size(size_t n)
{
	return (n + 2) / 3 * 4;
}

/* Write all but the padding; return how many characters. */
static size_t base64_write(char *to, struct str bytes, const char *alphabet)
{
	const unsigned char *p = (const unsigned char *)bytes.p;
	size_t left = bytes.n;
	char *q = to;

	for (; left >= 3; left -= 3, p += 3) {
		*q++ = alphabet[p[0] >> 2];
		*q++ = alphabet[(p[0] & 3) << 4 | p[1] >> 4];
		*q++ = alphabet[(p[1] & 15) << 2 | p[2] >> 6];
		*q++ = alphabet[p[2] & 63];
	}
	if (left > 0) {
		unsigned second = left == 2 ? p[1] : 0u;

		*q++ = alphabet[p[0] >> 2];
		*q++ = alphabet[(p[0] & 3u) << 4 | second >> 4];
		if (left == 2)
			*q++ = alphabet[(second & 15) << 2];
	}
	return (size_t)(q - to);
}

static void base64_pad(char *to, struct str bytes)
{
	size_t n = base64_write(to, bytes, base64_std);

	memset(to + n, '=', base64_size(bytes.n) - n);
}

struct str base64_of(struct arena *a, struct str bytes)
{
	char *p = arena_alloc(a, base64_size(bytes.n));

	base64_pad(p, bytes);
	return (struct str){ p, base64_size(bytes.n) };
}

struct str base64url_of(struct arena *a, struct str bytes)
{
	char *p = arena_alloc(a, base64_size(bytes.n));

	return (struct str){ p, base64_write(p, bytes, base64_url) };
}

void base64_put(struct buf *b, struct str bytes)
{
	size_t n = base64_size(bytes.n);
	char *p = n > 0 ? buf_grow(b, n) : NULL;

	if (!p)
		return;
	base64_pad(p, bytes);
	b->n += n;
}

/* The value of each character plus one, so that 0 marks what is in neither alphabet. */
static const unsigned char base64_value[256] = {
	['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,
	['H'] = 8,  ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14,
	['O'] = 15, ['P'] = 16, ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21,
	['V'] = 22, ['W'] = 23, ['X'] = 24, ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28,
	['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35,
	['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42,
	['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48, ['w'] = 49,
	['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
	['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63,
	['/'] = 64, ['-'] = 63, ['_'] = 64,
};

int base64_read(struct arena *a, struct str text, struct str *out)
{
	size_t n = text.n;
	unsigned bits = 0, have = 0;
	char *p, *q;

	if (n > 0 && n % 4 == 0 && text.p[n - 1] == '=')
		n -= text.p[n - 2] == '=' ? 2 : 1;
	if (n % 4 == 1)
		return -1;
	p = q = arena_alloc(a, n / 4 * 3 + 2);
	for (size_t i = 0; i < n; i++) {
		unsigned value = base64_value[(unsigned char)text.p[i]];

		if (value == 0)
			return -1;
		bits = (bits & 0xff) << 6 | (value - 1);
		have += 6;
		if (have >= 8) {
			have -= 8;
			*q++ = (char)(bits >> have & 0xff);
		}
	}
	/* Bits that say nothing must be clear, or two texts would stand for the same bytes. */
	if ((bits & ((1u << have) - 1)) != 0)
		return -1;
	*out = (struct str){ p, (size_t)(q - p) };
	return 0;
}

/* The value of each digit plus one. */
static const unsigned char hex_value[256] = {
	['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,
	['6'] = 7,  ['7'] = 8,  ['8'] = 9,  ['9'] = 10, ['A'] = 11, ['B'] = 12,
	['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16, ['a'] = 11, ['b'] = 12,
	['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
};

int hex_read(struct arena *a, struct str text, struct str *out)
{
	char *p;

	if (text.n % 2 != 0)
		return -1;
	p = arena_alloc(a, text.n / 2);
	for (size_t i = 0; i < text.n / 2; i++) {
		unsigned high = hex_value[(unsigned char)text.p[2 * i]];
		unsigned low = hex_value[(unsigned char)text.p[2 * i + 1]];

		if (high == 0 || low == 0)
			return -1;
		p[i] = (char)((high - 1) << 4 | (low - 1));
	}
	*out = (struct str){ p, text.n / 2 };
	return 0;
}
