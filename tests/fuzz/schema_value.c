/* SPDX-License-Identifier: MIT */
/* Any value against a schema that has everything: both evaluations say the same. */
#include <stdlib.h>

#include "schema_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char text[] =
	"{\"$id\":\"test:/v\",\"type\":[\"object\",\"array\",\"string\",\"integer\"],"
	"\"properties\":{\"a\":{\"$ref\":\"#\"},\"k\":{\"enum\":[\"x\",\"y\",1,null,{\"p\":[1.0]}]},"
	"\"n\":{\"multipleOf\":0.25,\"minimum\":-3,\"exclusiveMaximum\":1e3},"
	"\"t\":{\"format\":\"date-time\",\"pattern\":\"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z$\"},"
	"\"u\":{\"format\":\"uri\"},\"h\":{\"format\":\"idn-hostname\"},\"e\":{\"format\":\"email\"},"
	"\"s\":{\"minLength\":2,\"maxLength\":4,\"pattern\":\"(a|b)+\\\\s\"}},"
	"\"patternProperties\":{\"^x-\":{\"type\":\"string\"}},\"propertyNames\":{\"maxLength\":9},"
	"\"items\":{\"$ref\":\"#\"},\"uniqueItems\":true,\"contains\":{\"type\":\"integer\"},\"minContains\":0,"
	"\"maxContains\":3,\"dependentRequired\":{\"t\":[\"k\"]},"
	"\"dependentSchemas\":{\"u\":{\"properties\":{\"v\":true},\"required\":[\"v\"]}},"
	"\"allOf\":[{\"if\":{\"properties\":{\"k\":{\"const\":\"x\"}},\"required\":[\"k\"]},"
	"\"then\":{\"required\":[\"w\"],\"properties\":{\"w\":{\"$ref\":\"#/$defs/one\"}}},"
	"\"else\":{\"not\":{\"required\":[\"z\"]}}}],"
	"\"anyOf\":[{\"properties\":{\"m\":true}},{\"properties\":{\"o\":{\"type\":\"array\"}}},true],"
	"\"unevaluatedProperties\":{\"type\":\"boolean\"},"
	"\"$defs\":{\"one\":{\"oneOf\":[{\"type\":\"string\",\"maxLength\":3},{\"type\":\"string\",\"minLength\":3},"
	"{\"prefixItems\":[{\"const\":1}],\"type\":\"array\",\"unevaluatedItems\":false}]}}}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct schema_set *set;
	static const struct schema *s;
	struct arena *a = arena_new();
	const struct json *v;
	struct err e;

	if (!set) {
		set = schema_set_new(SCHEMA_FORMATS | SCHEMA_STRICT);
		if (schema_set_add(set, STR("test:/v"), str_c(text), &e) < 0 ||
		    !(s = schema_set_get(set, STR("test:/v"), &e)))
			abort();
	}
	v = json_parse((struct str){ size ? (const char *)data : "", size }, a, &e);
	if (v) {
		struct schema_report r = schema_explain(s, v, a);
		int exact = schema_walk(s->set, s->root, v, a);

		if (exact >= 0 && (schema_valid(s, v, a) != exact || (r.n == 0) != exact))
			abort();
	}
	arena_free(a);
	return 0;
}
