# SPDX-License-Identifier: MIT
#
# Sourced by tools/matrix after machine.sh: a Debian 13 in a folder, to build and test in.
# What runs in it has namespaces of its own for mounts and processes: nothing stays mounted and no
# process stays behind however it ends, and services are not started.
# shellcheck shell=bash

trixie_path() { echo "$(copy_path)-trixie"; }

# What the suites need there; no browser, no nginx, no php-fpm.
TRIXIE_PACKAGES="gcc make libc6-dev autoconf pkg-config git php8.4-cli php8.4-dev libevent-dev libhiredis-dev
	libxxhash-dev uthash-dev libssl-dev zlib1g-dev libcurl4-openssl-dev libllhttp-dev php8.4-mbstring
	php8.4-xml php8.4-sqlite3 php8.4-curl php8.4-redis unzip curl composer nodejs npm redis-server
	redis-tools libcmocka-dev libjansson-dev clang libclang-rt-dev valgrind openssl"

# in_trixie COMMAND...: as root. The network is the machine's. The shell stays: what changes its
# user forgets that it is to end with unshare, and the first process takes all others with it.
in_trixie() {
	# shellcheck disable=SC2016
	unshare --mount --pid --fork --kill-child sh -c 'set -e
		mount -t proc proc "$0/proc"
		mount --rbind /dev "$0/dev"
		chroot "$0" "$@"
		exit 0' "$(trixie_path)" "$@"
}

# in_trixie_copy COMMAND...: as the user of the copy, in the copy's folder.
in_trixie_copy() {
	in_trixie setpriv --reuid $COPY_UID --regid $COPY_UID --clear-groups \
		env -C /clairon HOME=/clairon/.work/home USER=clairon LOGNAME=clairon TMPDIR=/tmp "$@"
}

# The mirror that this machine takes Debian from, and what apt is told about ways there.
trixie_mirror() {
	apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Origin: Debian' 'Component: main' \
		2>/dev/null | grep -v -- '-security' | head -n 1
}
trixie_apt_settings() { apt-config dump --no-empty | grep -E '^Acquire::(https?::.*[Pp]roxy|Check-)' || true; }

# start_job COMMAND...: in the background, as a process group of its own that end_job can end.
job=''
start_job() {
	set -m
	"$@" &
	job=$!
	set +m
}
finish_job() {
	local status=0
	wait "$job" || status=$?
	job=''
	return $status
}
end_job() {
	local i
	[ -n "$job" ] || return 0
	kill -TERM -- "-$job" 2>/dev/null
	for ((i = 0; i < 30; i++)); do
		kill -0 -- "-$job" 2>/dev/null || return 0
		sleep 0.1
	done
	kill -KILL -- "-$job" 2>/dev/null
}

# trixie_progress LOG PATTERN WORDS: one line every few seconds for as long as the job runs.
trixie_progress() {
	local log=$1 pattern=$2 word=$3 now told=''
	while kill -0 "$job" 2>/dev/null; do
		now=$(grep -c "$pattern" "$log" 2>/dev/null || true)
		[ "$now" = "$told" ] || printf '    %s %s\n' "$now" "$word"
		told=$now
		sleep 5
	done
}

# Made beside its place and moved there when it is whole.
trixie_bootstrap() {
	local folder mirror new log=$LOGS/debootstrap.log
	folder=$(trixie_path) mirror=$(trixie_mirror)
	[ ! -d "$folder/var/lib/dpkg" ] || return 0
	[ -n "$mirror" ] || { apt_update && mirror=$(trixie_mirror); }
	[ -n "$mirror" ] || die 'apt knows no Debian mirror here: apt-get update, and look at the sources in /etc/apt.'
	new=$folder.new
	say "Debian 13 into $folder (2 GB when all is there)"
	rm -rf "$new"
	start_job unshare --mount debootstrap --variant=minbase --include=ca-certificates trixie "$new" "$mirror" >"$log" 2>&1 </dev/null
	trixie_progress "$log" '^I: \(Retrieving\|Unpacking\|Configuring\)' 'steps of about 450'
	finish_job || {
		tail -n 5 "$log" >&2
		die "debootstrap failed; its last lines are above, all of them in $log."
	}
	printf '#!/bin/sh\nexit 101\n' >"$new/usr/sbin/policy-rc.d"
	chmod 755 "$new/usr/sbin/policy-rc.d"
	trixie_apt_settings >"$new/etc/apt/apt.conf.d/50machine"
	rm -rf "$folder"
	mv "$new" "$folder"
}

trixie_packages() {
	local folder log=$LOGS/trixie-apt.log missing
	folder=$(trixie_path)
	# Names and certificates as this machine has them.
	cp -L /etc/resolv.conf /etc/hosts "$folder/etc/"
	[ ! -e /etc/ssl/certs/ca-certificates.crt ] || cp /etc/ssl/certs/ca-certificates.crt "$folder/etc/ssl/certs/"
	# shellcheck disable=SC2086,SC2016
	missing=$(in_trixie sh -c 'for p; do dpkg-query -W -f "\${Status}" "$p" 2>/dev/null | grep -q "ok installed" || echo "$p"; done' sh $TRIXIE_PACKAGES)
	[ -n "$missing" ] || return 0
	# shellcheck disable=SC2086
	say "Installing $(echo $missing | wc -w) packages and what they need in it"
	# shellcheck disable=SC2086,SC2016
	start_job in_trixie env DEBIAN_FRONTEND=noninteractive sh -c 'apt-get update -qq &&
		apt-get install -y -q --no-install-recommends -o Dpkg::Use-Pty=0 "$@" && apt-get clean' sh $missing >"$log" 2>&1 </dev/null
	trixie_progress "$log" '^\(Get:\|Unpacking \|Setting up \)' 'steps of about 1800'
	finish_job || {
		tail -n 15 "$log" >&2
		die "apt-get install failed in the folder; its last lines are above, all of them in $log."
	}
}

NEXT_PHP=8.5

# The headers of the next PHP from Debian's experimental, unpacked only. Where they can't be had,
# their row is left out.
trixie_next_php() {
	local folder log=$LOGS/trixie-next-php.log
	folder=$(trixie_path)
	[ ! -d "$folder/opt/php$NEXT_PHP" ] || return 0
	# shellcheck disable=SC2016
	in_trixie sh -c 'set -e
		rm -rf /tmp/next && mkdir -p /tmp/next/lists/partial && cd /tmp/next
		sed "s/ trixie / experimental /" /etc/apt/sources.list >sources.list
		settings="-o Dir::Etc::SourceList=/tmp/next/sources.list -o Dir::Etc::SourceParts=- -o Dir::State::Lists=/tmp/next/lists
			-o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=root"
		apt-get $settings update -qq
		apt-get $settings download "php$1-dev"
		dpkg -x ./*.deb unpacked
		mv unpacked "/opt/php$1"
		rm -rf /tmp/next' sh $NEXT_PHP >"$log" 2>&1 </dev/null || printf '    Debian has no headers of PHP %s now; their row is left out\n' $NEXT_PHP
}

# A copy of the clone inside, by the function that makes the test copy.
trixie_copy() {
	local PLACE CI=''
	PLACE=$(trixie_path)/clairon
	copy_clone
}

# All of it; quick when it is there.
trixie_prepare() {
	trixie_bootstrap
	trixie_packages
	trixie_next_php
	trixie_copy
}
