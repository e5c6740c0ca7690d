/* SPDX-License-Identifier: MIT */
/* omni-ratelimit --stat: where the keys of a state file stand. */
#include <stdio.h>

#include "clock.h"
#include "config.h"
#include "ratelimit_conf.h"
#include "stages.h"
#include "verb.h"

static const struct opt opts[] = {
	{ "state", 0, "FILE", "the state file; must be given", false },
	{ NULL, 0, NULL, NULL, false },
};

/* The limit that ${name} names, or -1. */
static int find(const struct limits *l, struct str name)
{
	for (unsigned i = 0; i < limits_count(l); i++)
		if (str_eq(limits_name(l, i), name))
			return (int)i;
	return -1;
}

/* One key, "LIMIT=KEY", as a line of the model rate-limit-state. */
static int put_key(struct rates *t, struct limits *l, const char *operand, struct buf *b, struct err *e)
{
	struct str text = str_c(operand);
	size_t eq = str_find(text, '=');
	int limit = find(l, str_sub(text, 0, eq));
	struct rates_key k = { .units = 1 };
	int64_t now = clock_now_ns();
	char next[CLOCK_TEXT + 1];

	if (eq == text.n || limit < 0)
		return err_set(e, FAULT_USAGE, "usage",
			       "\"%.100s\" is not LIMIT=KEY with a limit of the configuration", operand);
	k.rate = limits_rate(l, (unsigned)limit);
	k.hash = limits_hash(l, (unsigned)limit, str_sub(text, eq + 1, text.n), rates_seed(t));
	clock_format(next, rates_when(t, &k, 1, now, NULL) / 1000000);
	json_open(b, '{');
	json_add_str(b, "limit", limits_name(l, (unsigned)limit));
	json_add_str(b, "key", str_sub(text, eq + 1, text.n));
	json_add_str(b, "next", str_c(next));
	json_key(b, "rate");
	buf_fmt(b, "%.6g", 1e9 / (double)k.rate.interval * rates_share(t, &k));
	json_key(b, "burst");
	json_put_i64(b, k.rate.burst);
	json_close(b, '}');
	buf_char(b, '\n');
	return 0;
}

static void put_total(const struct rates *t, struct buf *b)
{
	struct rates_stat st = rates_stat(t, clock_now_ns());

	json_open(b, '{');
	json_key(b, "places");
	json_put_i64(b, (int64_t)st.slots);
	json_key(b, "keys");
	json_put_i64(b, (int64_t)st.used);
	json_key(b, "slowed");
	json_put_i64(b, (int64_t)st.slowed);
	json_close(b, '}');
	buf_char(b, '\n');
}

static int run(const struct setup *s, struct err *e)
{
	const char *path = opt_value(s->args, "state");
	struct buf b = { .max = SIZE_MAX };
	struct limits *l = NULL;
	struct rates *t = NULL;
	int rc = -1;

	if (!path)
		return err_set(e, FAULT_USAGE, "usage", "--stat needs --state FILE");
	l = limits_new(s->conf, e);
	t = l ? rates_file(path, 0, e) : NULL;
	if (!t)
		goto out;
	if (s->args->n_operands == 0)
		put_total(t, &b);
	for (int i = 0; i < s->args->n_operands; i++)
		if (put_key(t, l, s->args->operands[i], &b, e) < 0)
			goto out;
	fwrite(b.p, 1, b.n, stdout);
	rc = EXIT_OK;
out:
	buf_free(&b);
	rates_free(t);
	limits_free(l);
	return rc;
}

const struct command command_ratelimit_stat = {
	.program = {
		.name = "omni-ratelimit --stat",
		.purpose = "Show where the keys of a state file stand.",
		.operands = "[LIMIT=KEY...]",
		.example = "omni-ratelimit --stat -c omni.json --state /var/lib/omni/limits account=twilio/acme",
		.opts = opts,
	},
	.keys = config_keys,
	.run = run,
};
