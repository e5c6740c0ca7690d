# SPDX-License-Identifier: MIT
"""bandwidth.py SPEC: check requests, the output of omni-deliver --dry-run=json on standard input, against Bandwidth's own OpenAPI
document.  Prints what is wrong."""
import json
import sys

import jsonschema
import yaml

spec = yaml.safe_load(open(sys.argv[1], encoding="utf-8"))
schemas = spec["components"]["schemas"]


def errors(name, value):
    schema = {"$ref": "#/components/schemas/" + name, "components": spec["components"]}
    return [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(value)]


def suggestions(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from inner if key == "suggestions" else suggestions(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from suggestions(inner)


seen = 0
for line in sys.stdin:
    request = json.loads(line)
    if "body" not in request:
        continue
    body = json.loads(request["body"])
    wrong = errors("multiChannelMessageRequest" if "channelList" in body else "messageRequest", body)
    for one in suggestions(body):  # the document tells them apart by a member, which JSON Schema does not know
        kind = schemas["multiChannelAction"]["discriminator"]["mapping"][one["type"]]
        wrong += errors(kind.rsplit("/", 1)[1], one)
    seen += 1
    for text in wrong:
        print(request["url"], text)
print(seen, "requests", file=sys.stderr)
