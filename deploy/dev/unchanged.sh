#!/usr/bin/env bash
# Runs a command that writes files, and fails when it leaves any tracked or new
# file different from before: what is committed is then what would be made.
# Uncommitted work is no obstacle; only the command's own changes count.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

state() { # one line a file: checksum and path; a removed file has no line
	git ls-files -z --cached --others --exclude-standard | sort -zu | xargs -0 -r sha256sum 2>/dev/null || true
}

before=$(state)
"$@"
after=$(state)
if [ "$before" != "$after" ]; then
	echo 'these files were not current; commit what "make generate" wrote:' >&2
	{ diff <(echo "$before") <(echo "$after") || true; } | awk '/^[<>]/ { print "  " $3 }' | sort -u >&2
	exit 1
fi
