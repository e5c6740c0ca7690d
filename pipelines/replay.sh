#!/bin/bash
# SPDX-License-Identifier: MIT
# replay.sh FILE...: webhooks that were kept are translated and routed anew into the store: after a change of the rules, after
# the loss of the store, or to fill another one.  Ids are derived, so what is there already is not doubled.
# A file holds what omni-validate(1) wrote, as it is or as .zst or .gz.  What could not be handled is left in rejects.ndjson.
set -euo pipefail

[ $# -gt 0 ] || { echo "usage: ${0##*/} FILE..." >&2; exit 64; }

omni-normalize -r rejects.ndjson -- "$@" | omni-route -r rejects.ndjson | omni-store put -r rejects.ndjson |
	wc -l
