/* SPDX-License-Identifier: MIT */
/* The meta-schemas of draft 2020-12, as its specification defines them. */
#include "schema_private.h"

#define DRAFT "https://json-schema.org/draft/2020-12/"
#define HEAD(name)                                                                                 \
	"{\"$schema\":\"" DRAFT "schema\",\"$id\":\"" DRAFT name "\",\"$dynamicAnchor\":\"meta\"," \
	"\"type\":[\"object\",\"boolean\"],"
#define SELF "{\"$dynamicRef\":\"#meta\"}"
#define MANY "{\"type\":\"object\",\"additionalProperties\":" SELF ",\"default\":{}}"
#define LIST "{\"type\":\"array\",\"minItems\":1,\"items\":" SELF "}"

/* clang-format off */
static const struct {
	struct str uri, text;
} documents[] = {
	{ STR(DRAFT "schema"), STR(HEAD("schema")
	"\"$vocabulary\":{\"" DRAFT "vocab/core\":true,\"" DRAFT "vocab/applicator\":true,\""
	DRAFT "vocab/unevaluated\":true,\"" DRAFT "vocab/validation\":true,\""
	DRAFT "vocab/meta-data\":true,\"" DRAFT "vocab/format-annotation\":true,\""
	DRAFT "vocab/content\":true},"
	"\"allOf\":[{\"$ref\":\"meta/core\"},{\"$ref\":\"meta/applicator\"},{\"$ref\":\"meta/unevaluated\"},"
	"{\"$ref\":\"meta/validation\"},{\"$ref\":\"meta/meta-data\"},{\"$ref\":\"meta/format-annotation\"},"
	"{\"$ref\":\"meta/content\"}],\"properties\":{"
	"\"definitions\":{\"type\":\"object\",\"additionalProperties\":" SELF ",\"deprecated\":true,\"default\":{}},"
	"\"dependencies\":{\"type\":\"object\",\"additionalProperties\":{\"anyOf\":[" SELF ","
	"{\"$ref\":\"meta/validation#/$defs/stringArray\"}]},\"deprecated\":true,\"default\":{}},"
	"\"$recursiveAnchor\":{\"$ref\":\"meta/core#/$defs/anchorString\",\"deprecated\":true},"
	"\"$recursiveRef\":{\"$ref\":\"meta/core#/$defs/uriReferenceString\",\"deprecated\":true}}}") },
	{ STR(DRAFT "meta/core"), STR(HEAD("meta/core")
	"\"$vocabulary\":{\"" DRAFT "vocab/core\":true},\"properties\":{"
	"\"$id\":{\"$ref\":\"#/$defs/uriReferenceString\",\"pattern\":\"^[^#]*#?$\"},"
	"\"$schema\":{\"$ref\":\"#/$defs/uriString\"},\"$ref\":{\"$ref\":\"#/$defs/uriReferenceString\"},"
	"\"$anchor\":{\"$ref\":\"#/$defs/anchorString\"},"
	"\"$dynamicRef\":{\"$ref\":\"#/$defs/uriReferenceString\"},"
	"\"$dynamicAnchor\":{\"$ref\":\"#/$defs/anchorString\"},"
	"\"$vocabulary\":{\"type\":\"object\",\"propertyNames\":{\"$ref\":\"#/$defs/uriString\"},"
	"\"additionalProperties\":{\"type\":\"boolean\"}},\"$comment\":{\"type\":\"string\"},"
	"\"$defs\":{\"type\":\"object\",\"additionalProperties\":" SELF "}},\"$defs\":{"
	"\"anchorString\":{\"type\":\"string\",\"pattern\":\"^[A-Za-z_][-A-Za-z0-9._]*$\"},"
	"\"uriString\":{\"type\":\"string\",\"format\":\"uri\"},"
	"\"uriReferenceString\":{\"type\":\"string\",\"format\":\"uri-reference\"}}}") },
	{ STR(DRAFT "meta/applicator"), STR(HEAD("meta/applicator")
	"\"$vocabulary\":{\"" DRAFT "vocab/applicator\":true},\"properties\":{"
	"\"prefixItems\":{\"$ref\":\"#/$defs/schemaArray\"},\"items\":" SELF ",\"contains\":" SELF ","
	"\"additionalProperties\":" SELF ",\"properties\":" MANY ","
	"\"patternProperties\":{\"type\":\"object\",\"additionalProperties\":" SELF ","
	"\"propertyNames\":{\"format\":\"regex\"},\"default\":{}},"
	"\"dependentSchemas\":" MANY ",\"propertyNames\":" SELF ",\"if\":" SELF ",\"then\":" SELF ","
	"\"else\":" SELF ",\"allOf\":{\"$ref\":\"#/$defs/schemaArray\"},"
	"\"anyOf\":{\"$ref\":\"#/$defs/schemaArray\"},\"oneOf\":{\"$ref\":\"#/$defs/schemaArray\"},"
	"\"not\":" SELF "},\"$defs\":{\"schemaArray\":" LIST "}}") },
	{ STR(DRAFT "meta/unevaluated"), STR(HEAD("meta/unevaluated")
	"\"$vocabulary\":{\"" DRAFT "vocab/unevaluated\":true},\"properties\":{"
	"\"unevaluatedItems\":" SELF ",\"unevaluatedProperties\":" SELF "}}") },
	{ STR(DRAFT "meta/validation"), STR(HEAD("meta/validation")
	"\"$vocabulary\":{\"" DRAFT "vocab/validation\":true},\"properties\":{"
	"\"type\":{\"anyOf\":[{\"$ref\":\"#/$defs/simpleTypes\"},{\"type\":\"array\","
	"\"items\":{\"$ref\":\"#/$defs/simpleTypes\"},\"minItems\":1,\"uniqueItems\":true}]},"
	"\"const\":true,\"enum\":{\"type\":\"array\",\"items\":true},"
	"\"multipleOf\":{\"type\":\"number\",\"exclusiveMinimum\":0},\"maximum\":{\"type\":\"number\"},"
	"\"exclusiveMaximum\":{\"type\":\"number\"},\"minimum\":{\"type\":\"number\"},"
	"\"exclusiveMinimum\":{\"type\":\"number\"},\"maxLength\":{\"$ref\":\"#/$defs/nonNegativeInteger\"},"
	"\"minLength\":{\"$ref\":\"#/$defs/nonNegativeIntegerDefault0\"},"
	"\"pattern\":{\"type\":\"string\",\"format\":\"regex\"},"
	"\"maxItems\":{\"$ref\":\"#/$defs/nonNegativeInteger\"},"
	"\"minItems\":{\"$ref\":\"#/$defs/nonNegativeIntegerDefault0\"},"
	"\"uniqueItems\":{\"type\":\"boolean\",\"default\":false},"
	"\"maxContains\":{\"$ref\":\"#/$defs/nonNegativeInteger\"},"
	"\"minContains\":{\"$ref\":\"#/$defs/nonNegativeInteger\",\"default\":1},"
	"\"maxProperties\":{\"$ref\":\"#/$defs/nonNegativeInteger\"},"
	"\"minProperties\":{\"$ref\":\"#/$defs/nonNegativeIntegerDefault0\"},"
	"\"required\":{\"$ref\":\"#/$defs/stringArray\"},"
	"\"dependentRequired\":{\"type\":\"object\",\"additionalProperties\":{\"$ref\":\"#/$defs/stringArray\"}}},"
	"\"$defs\":{\"nonNegativeInteger\":{\"type\":\"integer\",\"minimum\":0},"
	"\"nonNegativeIntegerDefault0\":{\"$ref\":\"#/$defs/nonNegativeInteger\",\"default\":0},"
	"\"simpleTypes\":{\"enum\":[\"array\",\"boolean\",\"integer\",\"null\",\"number\",\"object\",\"string\"]},"
	"\"stringArray\":{\"type\":\"array\",\"items\":{\"type\":\"string\"},\"uniqueItems\":true,\"default\":[]}}}") },
	{ STR(DRAFT "meta/meta-data"), STR(HEAD("meta/meta-data")
	"\"$vocabulary\":{\"" DRAFT "vocab/meta-data\":true},\"properties\":{"
	"\"title\":{\"type\":\"string\"},\"description\":{\"type\":\"string\"},\"default\":true,"
	"\"deprecated\":{\"type\":\"boolean\",\"default\":false},\"readOnly\":{\"type\":\"boolean\",\"default\":false},"
	"\"writeOnly\":{\"type\":\"boolean\",\"default\":false},\"examples\":{\"type\":\"array\",\"items\":true}}}") },
	{ STR(DRAFT "meta/format-annotation"), STR(HEAD("meta/format-annotation")
	"\"$vocabulary\":{\"" DRAFT "vocab/format-annotation\":true},"
	"\"properties\":{\"format\":{\"type\":\"string\"}}}") },
	{ STR(DRAFT "meta/format-assertion"), STR(HEAD("meta/format-assertion")
	"\"$vocabulary\":{\"" DRAFT "vocab/format-assertion\":true},"
	"\"properties\":{\"format\":{\"type\":\"string\"}}}") },
	{ STR(DRAFT "meta/content"), STR(HEAD("meta/content")
	"\"$vocabulary\":{\"" DRAFT "vocab/content\":true},\"properties\":{"
	"\"contentEncoding\":{\"type\":\"string\"},\"contentMediaType\":{\"type\":\"string\"},"
	"\"contentSchema\":" SELF "}}") },
};
/* clang-format on */

void schema_add_meta(struct schema_set *set)
{
	for (size_t i = 0; i < LEN(documents); i++)
		schema_document(set, documents[i].uri, documents[i].uri, documents[i].text);
}
