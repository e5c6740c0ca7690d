#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""payload.py CASE... <webhooks: what the carrier sent in each webhook record, read.

One line {"case", "payload"} for each: JSON as it is, a form or a query as an object of its fields, null where
it can not be read."""
import json
import sys
from urllib.parse import parse_qsl


def read(request):
    body = request.get("body", "")
    kind = request["headers"].get("content-type", "")
    if not body and "?" in request["url"]:
        return dict(parse_qsl(request["url"].split("?", 1)[1], keep_blank_values=True))
    if "json" in kind or body[:1] in ("[", "{"):
        try:
            return json.loads(body)
        except ValueError:
            return None
    return dict(parse_qsl(body, keep_blank_values=True)) or None


for case, line in zip(sys.argv[1:], sys.stdin, strict=True):
    record = json.loads(line)
    payload = read(record["request"]) if "request" in record else None
    print(json.dumps({"case": case, "payload": payload}, ensure_ascii=False))
