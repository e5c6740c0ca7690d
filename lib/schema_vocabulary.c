/* SPDX-License-Identifier: MIT */
/* Dialects: which keywords count, as the meta-schema of a schema tells. */
#include "schema_private.h"

#include "uri.h"

#define DRAFT "https://json-schema.org/draft/2020-12/"

static unsigned vocabulary(struct str uri)
{
	static const struct {
		struct str uri;
		unsigned bit;
	} known[] = {
		{ STR(DRAFT "vocab/core"), VOCABULARY_CORE },
		{ STR(DRAFT "vocab/applicator"), VOCABULARY_APPLICATOR },
		{ STR(DRAFT "vocab/unevaluated"), VOCABULARY_UNEVALUATED },
		{ STR(DRAFT "vocab/validation"), VOCABULARY_VALIDATION },
		{ STR(DRAFT "vocab/meta-data"), VOCABULARY_META_DATA },
		{ STR(DRAFT "vocab/format-annotation"), VOCABULARY_FORMAT },
		{ STR(DRAFT "vocab/format-assertion"), VOCABULARY_FORMAT_ASSERTION },
		{ STR(DRAFT "vocab/content"), VOCABULARY_CONTENT },
	};

	for (size_t i = 0; i < LEN(known); i++)
		if (str_eq(known[i].uri, uri))
			return known[i].bit;
	return 0;
}

int schema_vocabularies(struct schema_set *set, struct str uri, unsigned *out, struct err *e)
{
	struct document *d;
	const struct json *list;
	struct json_iter it;

	uri = uri_bare(uri);
	*out = VOCABULARIES;
	if (str_eq(uri, STR(DRAFT "schema")))
		return 0;
	d = strmap_get(&set->documents, uri);
	if (!d)
		return err_set(e, FAULT_CONFIG, "schema",
			       "\"%.*s\" is not known; what is supported is " DRAFT "schema",
			       STR_FMT(uri));
	if (schema_parse(set, d, e) < 0)
		return -1;
	list = json_get(d->json, "$vocabulary");
	if (!list)
		return 0;
	*out = VOCABULARY_CORE;
	for (it = json_iter(list); json_next(&it);) {
		unsigned bit = vocabulary(it.key);

		if (!bit && json_true(it.value))
			return err_set(e, FAULT_CONFIG, "schema",
				       "it needs the vocabulary \"%.*s\", which is not known",
				       STR_FMT(it.key));
		*out |= bit;
	}
	return 0;
}
