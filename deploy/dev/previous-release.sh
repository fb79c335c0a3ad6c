#!/usr/bin/env bash
# The release before this one, which has to be able to run beside it.
#
#   previous-release.sh build                  builds its egov command, once, and prints where it lies
#   previous-release.sh demo                   walks its demonstration on the schema of the present migrations
#   previous-release.sh set VERSION [COMMIT]   makes COMMIT (HEAD) the release before, in previous-release.yaml
#
# It is built from the repository's own history, so a clone without history
# cannot do it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
readonly file=deploy/dev/previous-release.yaml

fail() {
	echo "previous-release: $*" >&2
	exit 1
}

# present makes sure that the commit is there.
present() {
	git cat-file -e "$1^{commit}" 2>/dev/null ||
		fail "commit $1 is not in this clone; it needs the history up to there: git fetch --unshallow, or a clone without --depth"
}

# migrations lists the SQL migrations of a commit.
migrations() {
	git ls-tree -r --name-only "$1" -- libs services | grep -E '/(migrations|base)/[0-9]{5}_[a-z0-9_]+\.sql$' | sort
}

# last gives the number of the last migration of every folder of a commit.
last() {
	migrations "$1" | awk -F/ '{ n = $NF; sub(/_.*/, "", n); d = $0; sub(/\/[^\/]*$/, "", d); top[d] = n + 0 } END { for (d in top) print "  " d ": " top[d] }' | sort
}

# check makes sure that the release can be had and is as the file says.
check() {
	present "$commit"
	# Migrations that a release has brought stay as they are, and the file says
	# which those are.
	[ "$(sed -n '/^migrations:/,$ { /^  /p }' "$file")" = "$(last "$commit")" ] ||
		fail "$file does not list the migrations of $commit; previous-release.sh set writes it"
	# shellcheck disable=SC2046 # names without blanks
	git diff --quiet "$commit" -- $(migrations "$commit") ||
		fail "migrations of the release before were changed: $(git diff --name-only "$commit" -- $(migrations "$commit") | tr '\n' ' ')"
}

# compile builds the release's egov command as $1, once; $2 = schema puts the
# present migrations in the place of its own.
compile() {
	local source
	[ ! -x "$1" ] || return 0
	mkdir -p "${1%/*}"
	source=$(mktemp -d .tools/releases/source.XXXXXX)
	# shellcheck disable=SC2064 # the name as it is now
	trap "rm -rf '$PWD/$source'" EXIT
	git archive "$commit" | tar -x -C "$source"
	if [ "${2:-}" = schema ]; then
		last "$commit" | while IFS=' :' read -r folder _; do cp "$folder"/*.sql "$source/$folder/"; done
	fi
	# The modules of that release, its own workspace, and its own version.
	(cd "$source" && go build -p "${JOBS:-2}" -ldflags "-s -w -X egov/libs/host.version=$version" -o egov ./tools/cmd/egov) >&2
	mv "$source/egov" "$1"
}

# demo has the release do its whole job on the schema that this one brings.
demo() {
	local began=$SECONDS egov
	check
	egov=.tools/releases/$commit/egov-on-$(git hash-object $(last "$commit" | sed 's/^  \(.*\): .*/\1\/*.sql/') | git hash-object --stdin)
	compile "$egov" schema
	if "$egov" demo --check >&2; then
		echo "upgrade before_on_new_schema release=$version seconds=$((SECONDS - began)) promise=kept"
	else
		echo "upgrade before_on_new_schema release=$version seconds=$((SECONDS - began)) promise=broken"
		exit 1
	fi
}

choose() {
	version=${1:?VERSION}
	present "${2:-HEAD}"
	commit=$(git rev-parse "${2:-HEAD}^{commit}")
	{
		sed '/^version:/,$d' "$file"
		echo "version: $version"
		echo "commit: $commit"
		echo "migrations:"
		last "$commit"
	} >"$file.new"
	mv "$file.new" "$file"
}

commit=$(sed -n 's/^commit: //p' "$file")
version=$(sed -n 's/^version: //p' "$file")
case ${1:-} in
build)
	check
	compile ".tools/releases/$commit/egov"
	echo "$PWD/.tools/releases/$commit/egov"
	;;
demo) demo ;;
set) shift && choose "$@" ;;
*) fail "say build, demo, or set VERSION [COMMIT]" ;;
esac
