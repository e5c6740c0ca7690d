/* SPDX-License-Identifier: MIT */
/* The door to libmagic. */
#include <errno.h>
#include <magic.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cell.h"
#include "limit.h"
#include "seal.h"
#include "sniff_wire.h"

/*
 * Never unpacked; and no guesses by more than signs, which change with where the text is cut: a table with commas, JSON,
 * a program's language.
 */
enum {
	FLAGS = MAGIC_MIME_TYPE | MAGIC_ERROR | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_ELF |
		MAGIC_NO_CHECK_CSV | MAGIC_NO_CHECK_JSON | MAGIC_NO_CHECK_TOKENS
};

/* Where the table is missing libmagic loads what an administrator may have added, which is nothing, and says no word. */
static bool knows_something(magic_t m)
{
	static const char pdf[] = "%PDF-1.4\n1 0 obj\n";
	const char *word = magic_buffer(m, pdf, sizeof(pdf) - 1);

	return word && strcmp(word, "application/pdf") == 0;
}

static magic_t open_table(struct sniff_reply *hello)
{
	magic_t m = magic_open(FLAGS);
	size_t bytes = SNIFF_BYTES;
	const char *why;

	if (m && magic_load(m, NULL) == 0 &&
	    magic_setparam(m, MAGIC_PARAM_BYTES_MAX, &bytes) == 0 && knows_something(m))
		return m;
	why = m ? magic_error(m) : strerror(errno);
	hello->failed = true;
	hello->fault = FAULT_CONFIG;
	snprintf(hello->text, sizeof(hello->text),
		 "the table of libmagic can not be read: %.120s; install libmagic-mgc",
		 why ? why : "it knows nothing");
	return NULL;
}

static int close_doors(struct sniff_reply *hello)
{
	const struct seal_limits limits = { .memory = SNIFF_MEMORY_MAX,
					    .seconds = SNIFF_CPU_SECONDS * 2,
					    .file = 0,
					    .descriptors = 16 };
	struct err e;

	if (seal_limit(&limits, &e) == 0 && seal_calls(SEAL_COMPUTE, &e) == 0)
		return 0;
	hello->failed = true;
	hello->fault = e.fault;
	memcpy(hello->text, e.text, sizeof(hello->text));
	return -1;
}

/* Who has little processor time left ends, and another one begins. */
static bool tired(void)
{
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	return used.ru_utime.tv_sec + used.ru_stime.tv_sec > SNIFF_CPU_SECONDS;
}

static bool reply(const struct sniff_reply *r)
{
	return cell_send(CELL_FD, (struct str){ (const char *)r, sizeof(*r) }, NULL, 0) == 0;
}

static bool answer(magic_t m, int fd)
{
	const char *word = magic_descriptor(m, fd), *why = word ? NULL : magic_error(m);
	struct sniff_reply r = { .failed = !word, .fault = FAULT_DATA };

	snprintf(r.word, sizeof(r.word), "%s", word ? word : "");
	snprintf(r.text, sizeof(r.text), "%.200s", why ? why : "");
	close(fd);
	r.last = tired();
	return reply(&r) && !r.last;
}

int sniff_worker(void)
{
	struct sniff_reply hello = { .hello = true };
	struct sniff_request q;
	magic_t m;
	struct err e;
	int fd;

	if (seal_close(CELL_FD + 1, &e) < 0)
		return EXIT_OS;
	m = open_table(&hello);
	if (m)
		close_doors(&hello);
	if (!reply(&hello) || hello.failed)
		_exit(EXIT_OS);
	while (cell_receive(CELL_FD, &q, sizeof(q), &fd, 1) == 0 && answer(m, fd))
		;
	_exit(EXIT_OK);
}
