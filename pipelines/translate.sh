#!/bin/sh
# SPDX-License-Identifier: MIT
# translate.sh REQUEST...: files of raw webhooks in, verified, canonical, routed records out.
# The configuration is $OMNI_CONFIG, else /etc/omni/omni.json.
set -eu

[ $# -gt 0 ] || { echo "usage: ${0##*/} request.http..." >&2; exit 64; }

omni-recv --from -- "$@" |	# raw requests become records
	omni-validate |		# whose signatures are checked over their raw bytes,
	omni-normalize |	# that become messages, statuses and events
	omni-route		# and are told where to go; what was refused is among them, as kind "reject"
