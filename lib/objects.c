/* SPDX-License-Identifier: MIT */
#include "objects.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "diag.h"
#include "file.h"
#include "held.h"

enum {
	PIECE = 262144,
	KEPT_MOST = 64, /* files that are open until they are committed */
};

struct draft {
	struct draft *next; /* among what was kept */
	int fd;
	int error;
	char name[HELD_NAME]; /* in DIR/new */
	struct hasher *hasher;
	uint64_t size;
	struct object object;
};

struct objects {
	char *dir;     /* absolute */
	int fd, fresh; /* of it, and of DIR/new */
	struct draft *kept;
	unsigned n_kept;
	char room[HELD_NAME]; /* in DIR/new */
	int room_fd;          /* its lock; -1: there is none yet */
};

/* ---- the directory ---- */

static int open_dirs(struct objects *o, const char *dir, struct err *e)
{
	struct arena *a = arena_new();
	/* What stands behind the last slash need not be there: one more part, and it is made too. */
	struct str fresh = arena_fmt(a, "%s/new/.", dir);
	int rc = file_parents(fresh.p, e);

	if (rc == 0) {
		o->dir = realpath(dir, NULL);
		o->fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		o->fresh = openat(o->fd, "new", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (!o->dir || o->fd < 0 || o->fresh < 0)
			rc = err_set(e, FAULT_IO, "objects", "%s: %s", dir, strerror(errno));
	}
	arena_free(a);
	return rc;
}

struct objects *objects_open(const char *dir, struct err *e)
{
	struct objects *o = calloc(1, sizeof(*o));

	if (!o)
		diag_oom();
	o->fd = o->fresh = o->room_fd = -1;
	if (open_dirs(o, dir, e) < 0) {
		objects_close(o);
		return NULL;
	}
	held_sweep(o->fresh, NULL);
	return o;
}

void objects_close(struct objects *o)
{
	if (!o)
		return;
	while (o->kept) {
		struct draft *d = o->kept;

		o->kept = d->next;
		draft_drop(o, d);
	}
	if (o->room_fd >= 0)
		held_room_end(o->fresh, o->room, o->room_fd);
	if (o->fd >= 0)
		close(o->fd);
	if (o->fresh >= 0)
		close(o->fresh);
	free(o->dir);
	free(o);
}

struct str objects_path(const struct objects *o, struct str sha256, struct arena *a)
{
	return arena_fmt(a, "%s/%.2s/%.2s/%.64s", o->dir, sha256.p, sha256.p + 2, sha256.p);
}

static bool is_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!(s.p[i] >= '0' && s.p[i] <= '9') && !(s.p[i] >= 'a' && s.p[i] <= 'f'))
			return false;
	return s.n == OBJECT_NAME;
}

/* "ab/cd/abcd…" */
static void relative(char out[OBJECT_NAME + 7], const char *sha256)
{
	snprintf(out, OBJECT_NAME + 7, "%.2s/%.2s/%.64s", sha256, sha256 + 2, sha256);
}

static bool is_there(const struct objects *o, const char *sha256, uint64_t size)
{
	char path[OBJECT_NAME + 7];
	struct stat st;

	relative(path, sha256);
	return fstatat(o->fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
	       (uint64_t)st.st_size == size;
}

static void hex(char *out, const unsigned char *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
	out[2 * n] = '\0';
}

/* The digest of all that ${fd} reads; false if it can not be read. */
static bool digest_of(int fd, char out[OBJECT_NAME + 1])
{
	struct hasher *h = hasher_new(HASH_SHA256);
	unsigned char digest[HASH_MAX];
	char *piece = malloc(PIECE);
	ssize_t n;

	if (!piece)
		diag_oom();
	while ((n = read(fd, piece, PIECE)) > 0)
		hasher_add(h, (struct str){ piece, (size_t)n });
	hasher_end(h, digest);
	hex(out, digest, OBJECT_NAME / 2);
	hasher_free(h);
	free(piece);
	return n == 0;
}

static bool is_intact(const struct objects *o, const char *sha256, uint64_t size)
{
	char path[OBJECT_NAME + 7], have[OBJECT_NAME + 1];
	bool same;
	int fd;

	if (!is_there(o, sha256, size))
		return false;
	relative(path, sha256);
	fd = openat(o->fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return false;
	same = digest_of(fd, have) && strcmp(have, sha256) == 0;
	close(fd);
	return same;
}

static bool ask(const struct objects *o, struct str sha256, uint64_t size,
		bool (*is)(const struct objects *, const char *, uint64_t))
{
	char name[OBJECT_NAME + 1];

	if (!is_name(sha256))
		return false;
	memcpy(name, sha256.p, OBJECT_NAME);
	name[OBJECT_NAME] = '\0';
	return is(o, name, size);
}

bool objects_has(const struct objects *o, struct str sha256, uint64_t size)
{
	return ask(o, sha256, size, is_there);
}

bool objects_intact(const struct objects *o, struct str sha256, uint64_t size)
{
	return ask(o, sha256, size, is_intact);
}

/* ---- a file that is written ---- */

const char *objects_room(struct objects *o, struct arena *a, struct err *e)
{
	if (o->room_fd < 0)
		o->room_fd = held_room(o->fresh, "", o->room);
	if (o->room_fd >= 0)
		return arena_fmt(a, "%s/new/%s", o->dir, o->room).p;
	err_set(e, FAULT_IO, "objects", "%s/new: %s", o->dir, strerror(errno));
	return NULL;
}

struct draft *objects_draft(struct objects *o, struct err *e)
{
	struct draft *d = calloc(1, sizeof(*d));

	if (!d)
		diag_oom();
	d->fd = held_file(o->fresh, "", d->name);
	if (d->fd < 0) {
		err_set(e, FAULT_IO, "objects", "%s/new: %s", o->dir, strerror(errno));
		free(d);
		return NULL;
	}
	d->hasher = hasher_new(HASH_SHA256);
	return d;
}

bool draft_add(struct draft *d, struct str bytes)
{
	hasher_add(d->hasher, bytes);
	d->size += bytes.n;
	while (bytes.n > 0) {
		ssize_t n = write(d->fd, bytes.p, bytes.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			d->error = n < 0 ? errno : ENOSPC;
			return false;
		}
		bytes = (struct str){ bytes.p + n, bytes.n - (size_t)n };
	}
	return true;
}

bool draft_restart(struct draft *d)
{
	unsigned char digest[HASH_MAX];

	hasher_end(d->hasher, digest);
	d->size = 0;
	if (ftruncate(d->fd, 0) == 0 && lseek(d->fd, 0, SEEK_SET) == 0)
		return true;
	d->error = errno;
	return false;
}

uint64_t draft_size(const struct draft *d)
{
	return d->size;
}

int draft_error(const struct draft *d)
{
	return d->error;
}

static void draft_free(struct draft *d)
{
	close(d->fd);
	hasher_free(d->hasher);
	free(d);
}

void draft_drop(struct objects *o, struct draft *d)
{
	if (!d)
		return;
	unlinkat(o->fresh, d->name, 0);
	draft_free(d);
}

/* ---- what is kept ---- */

void objects_keep(struct objects *o, struct draft *d, struct object *out)
{
	unsigned char digest[HASH_MAX];
	struct err e;

	hasher_end(d->hasher, digest);
	hex(d->object.sha256, digest, OBJECT_NAME / 2);
	d->object.size = d->size;
	*out = d->object;
	d->next = o->kept;
	o->kept = d;
	/* What fails is still there, and fails for the caller who commits. */
	if (++o->n_kept >= KEPT_MOST)
		(void)objects_commit(o, &e);
}

/* Make the directory ${path} if it is missing; its name must last as what goes into it does. */
static int make_dir(int parent, const char *path)
{
	if (mkdirat(parent, path, 0750) == 0)
		return fsync(parent);
	return errno == EEXIST ? 0 : -1;
}

static int sync_dir(int parent, const char *path)
{
	int fd = openat(parent, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;

	if (fd < 0)
		return -1;
	rc = fsync(fd);
	close(fd);
	return rc;
}

/* Give ${d} its name. */
static int place(struct objects *o, struct draft *d)
{
	char path[OBJECT_NAME + 7], first[3], second[6];
	int fd, rc = -1;

	relative(path, d->object.sha256);
	memcpy(first, path, 2);
	first[2] = '\0';
	memcpy(second, path, 5);
	second[5] = '\0';
	if (make_dir(o->fd, first) < 0)
		return -1;
	fd = openat(o->fd, first, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (make_dir(fd, second + 3) == 0 && fdatasync(d->fd) == 0 &&
	    renameat(o->fresh, d->name, o->fd, path) == 0 && sync_dir(fd, second + 3) == 0)
		rc = 0;
	close(fd);
	return rc;
}

/* The same bytes are there already: but another process may have given them their name just now. */
static int join(struct objects *o, const struct draft *d)
{
	char path[6];

	snprintf(path, sizeof(path), "%.2s/%.2s", d->object.sha256, d->object.sha256 + 2);
	unlinkat(o->fresh, d->name, 0);
	return sync_dir(o->fd, path);
}

int objects_commit(struct objects *o, struct err *e)
{
	while (o->kept) {
		struct draft *d = o->kept;
		int rc = is_intact(o, d->object.sha256, d->object.size) ? join(o, d) : place(o, d);

		if (rc < 0)
			return err_set(e, FAULT_IO, "objects", "%s/%.2s: %s", o->dir,
				       d->object.sha256, strerror(errno));
		o->kept = d->next;
		o->n_kept--;
		draft_free(d);
	}
	return 0;
}

int objects_copy(struct objects *o, int fd, uint64_t max, struct object *out, struct err *e)
{
	struct draft *d = objects_draft(o, e);
	char *piece;
	ssize_t n;

	if (!d)
		return -1;
	piece = malloc(PIECE);
	if (!piece)
		diag_oom();
	while ((n = read(fd, piece, PIECE)) > 0)
		if ((uint64_t)n > max - d->size || !draft_add(d, (struct str){ piece, (size_t)n }))
			break;
	free(piece);
	if (n == 0) {
		objects_keep(o, d, out);
		return 0;
	}
	err_set(e, FAULT_IO, "objects", "copying a file to %s: %s", o->dir,
		strerror(d->error ? d->error : errno));
	n = n > 0 && !d->error ? 1 : -1;
	draft_drop(o, d);
	return (int)n;
}
