#!/usr/bin/env bash
# Installs what this repository needs and the machine lacks:
#
#   setup.sh build    Go and, for the portal, Node
#   setup.sh run      the same, PostgreSQL and Redis
#   setup.sh test     the same, a C compiler, Chromium and a Chinese font
#   setup.sh cluster  what run needs, and containerd with what pods need of a node
#
# Running it again costs a few milliseconds when all is there. Programs come
# from the system package manager (as root, or with sudo that asks no
# password); a Go or Node newer than the system's goes into .tools alone.
# Servers it installs are left stopped and do not start with the machine,
# because the suite starts private ones; servers found here are not touched.
# Exit: 0 all is there, 3 something must be installed by hand (the message
# names the command), anything else is the failure of an installer.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly level=${1:-test}
readonly min_go=1.26 min_node=20.19 min_postgres=15 min_redis=7
packages=() # Debian names of what is missing
programs=() # the same in words

have() { command -v "$1" >/dev/null 2>&1; }
say() { printf 'setup: %s\n' "$*" >&2; }
at_least() { [ -n "$2" ] && [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }
pinned() { sed -n "s/^$1 *:= *//p" tools/versions.mk; }
want() { programs+=("$1") && packages+=("${@:2}"); }

go_version() { # of the toolchain that go.work selects
	{ go env GOVERSION 2>/dev/null || true; } | sed 's/^go//'
}
node_version() { { node --version 2>/dev/null || true; } | sed 's/^v//'; }
postgres_version() { # the newest server
	local initdb
	initdb=$({ find /usr/lib/postgresql -path '*/bin/initdb' 2>/dev/null || true; } | sort -V | tail -n 1)
	{ "${initdb:-initdb}" --version 2>/dev/null || true; } | grep -oE '[0-9]+(\.[0-9]+)*' | head -n 1 || true
}
redis_version() { { redis-server --version 2>/dev/null || true; } | sed -n 's/.*v=\([0-9.]*\).*/\1/p'; }
chinese_font() { have fc-list && [ -n "$(fc-list ':lang=zh-cn' file 2>/dev/null | head -n 1)" ]; }
uses_node() { [ -f services/portal/web/package.json ]; }

missing() { # fills packages and programs with what this level still lacks
	packages=() programs=()
	at_least "$min_go" "$(go_version)" || have go || want "Go $min_go" golang-go
	if uses_node; then
		have node || want "Node $min_node" nodejs
		have npm || want npm npm
	fi
	case $level in run | test | cluster)
		at_least "$min_postgres" "$(postgres_version)" || want "PostgreSQL $min_postgres" postgresql
		at_least "$min_redis" "$(redis_version)" || want "Redis $min_redis" redis-server
		;;
	esac
	case $level in test)
		have gcc || have cc || want 'a C compiler' gcc libc6-dev
		have chromium || have chromium-browser || have google-chrome || want Chromium chromium
		chinese_font || want 'a Chinese font' fontconfig fonts-noto-cjk
		;;
	cluster)
		have containerd || want containerd containerd
		have runc || want runc runc
		have tar || want tar tar
		have git || want git git
		[ -x /usr/lib/cni/bridge ] || want 'the CNI plugins' containernetworking-plugins
		have ip || want iproute2 iproute2
		have nft || want nftables nftables
		have iptables || want iptables iptables
		have conntrack || want conntrack conntrack
		have mount || want mount mount
		;;
	esac
	[ ${#packages[@]} -gt 0 ]
}

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }
may_install() { have apt-get && { [ "$(id -u)" = 0 ] || { have sudo && sudo -n true 2>/dev/null; }; }; }
by_hand() {
	local lacking
	lacking=$(printf '%s, ' "${programs[@]}")
	say "this machine lacks ${lacking%, }. Install with:"
	say "  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packages[*]}"
	exit 3
}

policy=/usr/sbin/policy-rc.d
install_packages() {
	local fresh=() p
	for p in postgresql redis-server containerd; do
		case " ${packages[*]} " in *" $p "*) fresh+=("$p") ;; esac
	done
	if [ ${#fresh[@]} -gt 0 ] && [ ! -e "$policy" ]; then
		printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
		trap 'as_root rm -f "$policy"' EXIT
		as_root chmod +x "$policy"
	fi
	say "installing ${packages[*]}"
	as_root apt-get -o DPkg::Lock::Timeout=300 -qq update >&2
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 \
		-qq -y --no-install-recommends install "${packages[@]}" >&2
	if have systemctl; then
		for p in "${fresh[@]}"; do as_root systemctl disable "$p" >/dev/null 2>&1 || true; done
	fi
}

install_go() { # the toolchain is a Go module: any Go fetches it, and its checksum is checked
	local version dir
	version=$(pinned GO_VERSION)
	say "the system's Go is older than $min_go: fetching Go $version into .tools/go"
	dir=$(cd / && GOTOOLCHAIN=local go mod download -json \
		"golang.org/toolchain@v0.0.1-go$version.$(go env GOOS)-$(go env GOARCH)" | sed -n 's/^.*"Dir": "\(.*\)",*$/\1/p')
	rm -rf .tools/go && mkdir -p .tools && cp -R "$dir" .tools/go && chmod -R u+w .tools/go
	find .tools/go -name _go.mod -execdir mv {} go.mod \;
	chmod +x .tools/go/bin/* && find .tools/go/pkg/tool -type f -exec chmod +x {} +
}

install_node() { # the registry carries the official binary as a package
	local arch
	case $(uname -m) in aarch64 | arm64) arch=arm64 ;; *) arch=x64 ;; esac
	say "the system's Node is older than $min_node: fetching Node $(pinned NODE_VERSION) into .tools/node"
	mkdir -p .tools/node
	npm install --prefix .tools/node --no-audit --no-fund --loglevel=error "node-linux-$arch@$(pinned NODE_VERSION)" npm@11 >&2
}

case $level in build | run | test | cluster) ;; *) say "unknown level $level: build, run, test or cluster" && exit 2 ;; esac
PATH=$PWD/.tools/go/bin:$PWD/.tools/node/node_modules/.bin:$PATH

if missing; then
	may_install || by_hand
	install_packages
	hash -r
	if missing; then
		say 'the packages are installed, yet something is still missing or too old'
		by_hand
	fi
fi
at_least "$min_go" "$(go_version)" || install_go
if uses_node; then at_least "$min_node" "$(node_version)" || install_node; fi
