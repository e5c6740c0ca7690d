/* SPDX-License-Identifier: MIT */
#include "media_verbs.h"

#include <stdio.h>

#include "config.h"
#include "media_channel.h"

static void add_number(struct buf *b, const char *key, uint64_t v)
{
	if (v)
		json_add_i64(b, key, (int64_t)v);
}

static void add_mimes(struct buf *b, const char *key, const char *const *mimes, size_t max)
{
	if (!mimes[0])
		return;
	json_key(b, key);
	json_open(b, '[');
	for (size_t i = 0; i < max && mimes[i]; i++)
		json_put_str(b, str_c(mimes[i]));
	json_close(b, ']');
}

/* As it could stand in the configuration. */
static void add_limit(struct buf *b, const struct media_limit *l)
{
	json_open(b, '{');
	add_mimes(b, "mimes", l->mimes, LEN(l->mimes));
	add_number(b, "size_max", l->size);
	add_number(b, "width_max", l->width);
	add_number(b, "height_max", l->height);
	add_number(b, "duration_max", l->duration);
	add_mimes(b, "moving", l->moving, LEN(l->moving));
	add_number(b, "moving_max", l->moving_size);
	if (l->square)
		json_add_bool(b, "square", true);
	json_close(b, '}');
}

static void show(struct buf *b, const struct media_channel *c)
{
	json_open(b, '{');
	json_add_str(b, "channel", str_c(c->name));
	add_number(b, "count_max", c->count);
	add_number(b, "total_max", c->total);
	add_number(b, "around", c->around);
	for (unsigned k = 0; k < MEDIA_KINDS; k++) {
		if (!c->kinds[k].mimes[0])
			continue;
		json_key(b, media_kind_name((enum media_kind)k));
		add_limit(b, &c->kinds[k]);
	}
	json_close(b, '}');
}

static int channels(const struct setup *s, struct err *e)
{
	struct media_channels *all;
	struct buf b = { .max = SIZE_MAX };

	if (s->args->n_operands)
		return err_set(e, FAULT_USAGE, "usage", "takes no operands");
	all = media_channels_open(s->conf, e);
	if (!all)
		return -1;
	for (size_t i = 0; media_channels_at(all, i); i++) {
		buf_reset(&b);
		show(&b, media_channels_at(all, i));
		printf("%.*s\n", (int)b.n, b.p);
	}
	buf_free(&b);
	media_channels_close(all);
	return EXIT_OK;
}

const struct command command_media_channels = {
	.program = {
		.name = "omni-media channels",
		.purpose = "List the channels, and what each takes.",
		.example = "omni-media channels | jq -c '[.channel, .image.size_max]'",
	},
	.keys = config_keys,
	.run = channels,
};
