#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""agree.py MODELS CASES: check the models with python3-jsonschema, which shares nothing with lib/schema.

Every schema is one; its examples are valid; the counter-examples below CASES are not."""
import datetime
import json
import pathlib
import re
import sys

from jsonschema import Draft202012Validator, FormatChecker

try:  # from version 4.18 on
    from referencing import Registry, Resource

    def places(store):
        registry = Registry().with_resources((k, Resource.from_contents(v)) for k, v in store.items())
        return lambda schema: {"registry": registry}
except ImportError:
    from jsonschema import RefResolver

    def places(store):
        return lambda schema: {"resolver": RefResolver(schema["$id"], schema, store=store)}

formats = FormatChecker()


@formats.checks("date-time", ValueError)
def date_time(value):  # the package that jsonschema would ask for it is not in Debian 12
    if not isinstance(value, str):
        return True
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", value, re.ASCII | re.IGNORECASE):
        return False
    return bool(datetime.datetime.fromisoformat(value[:19]))


models, cases = map(pathlib.Path, sys.argv[1:])
store = {}
for path in models.rglob("*.schema.json"):
    schema = json.loads(path.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    store[schema["$id"]] = (schema, path.relative_to(models))
where = places({name: schema for name, (schema, _) in store.items()})
bad = examples = counter = 0
for name, (schema, path) in sorted(store.items()):
    validator = Draft202012Validator(schema, format_checker=formats, **where(schema))
    for example in schema.get("examples", []):
        examples += 1
        for error in validator.iter_errors(example):
            bad += 1
            print(f"{path}: example: /{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}")
    file = cases / str(path).replace(".schema.json", ".ndjson")
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else []:
        counter += 1
        case = json.loads(line)
        if validator.is_valid(case["value"]):
            bad += 1
            print(f"{path}: should not be valid: {case['why']}")
print(f"{len(store)} schemas, {examples} examples, {counter} counter-examples")
sys.exit(1 if bad or not examples or not counter else 0)
