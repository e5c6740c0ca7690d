/* SPDX-License-Identifier: MIT */
#include "media_verbs.h"

#include <poll.h>
#include <stdio.h>

#include "config.h"
#include "media_show.h"

/* What ffmpeg knows of sound and film; where it is not there, the rest is still said. */
static int listen_to(struct transcode *t, const char *path, struct media_facts *f, struct err *e)
{
	struct transcode_task x = { .what = TRANSCODE_PROBE, .in = path };

	transcode_start(t, &x);
	while (!transcode_done(t)) {
		struct pollfd p = { transcode_fd(t), POLLIN, 0 };

		poll(&p, 1, -1);
	}
	if (x.failed) {
		*e = x.err;
		return -1;
	}
	f->width = x.facts.width;
	f->height = x.facts.height;
	f->duration = x.facts.duration;
	return 0;
}

static int look(struct sniff *s, struct transcode *t, const char *path, struct media_facts *f,
		struct err *e)
{
	if (media_look(s, path, STR_NONE, f, e) < 0)
		return -1;
	if (f->type->kind != MEDIA_AUDIO && f->type->kind != MEDIA_VIDEO)
		return 0;
	return listen_to(t, path, f, e);
}

static int probe(const struct setup *s, struct err *e)
{
	struct sniff *sniff;
	struct transcode *t;
	struct buf b = { .max = SIZE_MAX };
	bool bad = false, broken = false;

	if (s->args->n_operands == 0)
		return err_set(e, FAULT_USAGE, "usage", "name a file");
	t = transcode_open(1, e);
	if (!t)
		return -1;
	sniff = sniff_new();
	for (char **path = s->args->operands; *path; path++) {
		struct media_facts f;
		int rc = look(sniff, t, *path, &f, e);

		broken = rc < 0 && !fault_class(e->fault);
		if (broken)
			break;

		buf_reset(&b);
		json_open(&b, '{');
		json_add_str(&b, "file", str_c(*path));
		if (f.size)
			media_show_facts(&b, &f);
		if (rc < 0)
			media_show_error(&b, e);
		json_close(&b, '}');
		bad |= rc < 0;
		printf("%.*s\n", (int)b.n, b.p);
	}
	buf_free(&b);
	transcode_close(t);
	sniff_free(sniff);
	if (broken)
		return -1;
	return bad ? EXIT_REJECTED : EXIT_OK;
}

const struct command command_media_probe = {
	.program = {
		.name = "omni-media probe",
		.purpose = "Say what files hold, by their bytes, without decoding any.",
		.operands = "FILE...",
		.example = "omni-media probe *.jpg | jq -c '[.file, .width, .height]'",
	},
	.run = probe,
};
