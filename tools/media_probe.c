/* SPDX-License-Identifier: MIT */
#include "media_verbs.h"

#include <stdio.h>

#include "config.h"
#include "media_show.h"

static int probe(const struct setup *s, struct err *e)
{
	struct buf b = { .max = SIZE_MAX };
	bool bad = false;

	if (s->args->n_operands == 0)
		return err_set(e, FAULT_USAGE, "usage", "name a file");
	for (char **path = s->args->operands; *path; path++) {
		struct media_facts f;
		struct image_head head;
		struct err why;
		int rc = media_look(*path, STR_NONE, &f, &head, &why);

		buf_reset(&b);
		json_open(&b, '{');
		json_add_str(&b, "file", str_c(*path));
		if (f.size)
			media_show_facts(&b, &f);
		if (rc < 0)
			media_show_error(&b, &why);
		json_close(&b, '}');
		bad |= rc < 0;
		printf("%.*s\n", (int)b.n, b.p);
	}
	buf_free(&b);
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
