/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <pthread.h>
#include <stdlib.h>

#include "carrier.h"
#include "diag.h"

/*
 * The tables stand here and not with the stages that read the keys: a program that checks the file
 * would link those stages, and all their libraries.
 */
static const struct conf_key rule_keys[] = {
	{ "name", CONF_STRING, NULL, "what the route says; default \"rule-N\", N from 1" },
	{ "when", CONF_ANY, NULL, "condition on the record; without one the rule always matches" },
	{ "to", CONF_ANY, NULL, "destinations: a name, or an array of names" },
	{ "continue", CONF_BOOL, NULL, "go on with the rules behind it" },
	{ NULL, CONF_ANY, NULL, NULL },
};

static const struct conf_key keyword_keys[] = {
	{ "opt_out", CONF_STRINGS, NULL, "words that mean opt-out, besides STOP and its kin" },
	{ "opt_in", CONF_STRINGS, NULL, "words that mean opt-in, besides START and its kin" },
	{ "help", CONF_STRINGS, NULL, "words that ask for help, besides HELP and its kin" },
	{ NULL, CONF_ANY, NULL, NULL },
};

static const struct conf_key file_keys[] = {
	{ "routes", CONF_OBJECTS, rule_keys, "rules of omni-route, in order; the first that matches wins" },
	{ "keywords", CONF_OBJECT, keyword_keys, "opt-out, opt-in and help words of your own" },
	{ NULL, CONF_ANY, NULL, NULL },
};

static struct conf_key *table;

static size_t count(const struct conf_key *keys)
{
	size_t n = 0;

	while (keys[n].name)
		n++;
	return n;
}

static void build(void)
{
	const struct conf_key *const parts[] = { carrier_conf_keys(), file_keys };
	size_t n = 0;

	for (size_t i = 0; i < LEN(parts); i++) {
		size_t more = count(parts[i]);

		table = reallocarray(table, n + more + 1, sizeof(*table));
		if (!table)
			diag_oom();
		memcpy(table + n, parts[i], (more + 1) * sizeof(*table)); /* with the end of the table */
		n += more;
	}
}

const struct conf_key *config_keys(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, build);
	return table;
}
