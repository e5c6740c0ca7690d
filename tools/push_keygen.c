/* SPDX-License-Identifier: MIT */
#include "stages.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "crypto.h"
#include "crypto_key.h"
#include "file.h"

static const struct opt opts[] = {
	{ "output", 'o', "FILE",
	  "write the private key to FILE, which is made, for its owner alone", false },
	{ NULL, 0, NULL, NULL, false },
};

/* A new file, never an old one: a key that browsers subscribed under can not be had again. */
static int keep(const char *path, struct str private, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), rc;

	if (fd < 0)
		return err_set(e, FAULT_IO, "output", "%s: %s%s", path, strerror(errno),
			       errno == EEXIST ? ", and no key is ever overwritten" : "");
	rc = file_write(fd, path, private, e);
	if (rc == 0 && fsync(fd) < 0)
		rc = err_set(e, FAULT_IO, "output", "%s: %s", path, strerror(errno));
	if (close(fd) < 0 && rc == 0)
		rc = err_set(e, FAULT_IO, "output", "%s: %s", path, strerror(errno));
	if (rc < 0)
		unlink(path);
	return rc;
}

static int keygen(const struct setup *s, struct err *e)
{
	const char *path = opt_value(s->args, "output");
	unsigned char public[KEY_PUBLIC], private[KEY_PRIVATE];
	struct arena *arena = arena_new();
	struct buf b = { .max = SIZE_MAX };
	struct key *k = key_new();
	struct str text;
	int rc = 0;

	key_public(k, public);
	key_private(k, private);
	text = base64url_of(arena, (struct str){ (const char *)private, KEY_PRIVATE });
	json_open(&b, '{');
	json_add_str(&b, "public_key",
		     base64url_of(arena, (struct str){ (const char *)public, KEY_PUBLIC }));
	if (!path)
		json_add_str(&b, "private_key", text);
	json_close(&b, '}');
	buf_char(&b, '\n');
	if (path)
		rc = keep(path, arena_join(arena, text, STR("\n")), e);
	if (rc == 0) {
		rc = file_write(STDOUT_FILENO, "standard output", buf_get(&b), e);
		if (rc < 0 && path) /* a key whose other half nobody knows */
			unlink(path);
	}
	key_free(k);
	buf_free(&b);
	arena_free(arena);
	return rc;
}

const struct command command_push_keygen = {
	.program = {
		.name = "omni-push keygen",
		.purpose = "Make a pair of keys by which push services know this sender (VAPID).",
		.example = "omni-push keygen -o vapid.key",
		.opts = opts,
	},
	.run = keygen,
};
