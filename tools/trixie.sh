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

# in_trixie COMMAND...: as root. The network is the machine's.
in_trixie() {
	# shellcheck disable=SC2016
	unshare --mount --pid --fork --kill-child sh -c 'set -e
		mount -t proc proc "$0/proc"
		mount --rbind /dev "$0/dev"
		exec chroot "$0" "$@"' "$(trixie_path)" "$@"
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

# progress LOG PATTERN WORD: one line every few seconds for as long as the last job runs.
trixie_progress() {
	local pid=$1 log=$2 pattern=$3 word=$4 now told=''
	while kill -0 "$pid" 2>/dev/null; do
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
	[ -n "$mirror" ] || die 'apt knows no Debian mirror here: apt-get update, and look at the sources in /etc/apt.'
	new=$folder.new
	say "Debian 13 into $folder (1.9 GB when all is there)"
	rm -rf "$new"
	unshare --mount debootstrap --variant=minbase --include=ca-certificates trixie "$new" "$mirror" >"$log" 2>&1 </dev/null &
	trixie_progress $! "$log" '^I: \(Retrieving\|Unpacking\|Configuring\)' 'steps of about 450'
	wait $! || {
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
	in_trixie env DEBIAN_FRONTEND=noninteractive sh -c 'apt-get update -qq &&
		apt-get install -y -q --no-install-recommends -o Dpkg::Use-Pty=0 "$@" && apt-get clean' sh $missing >"$log" 2>&1 </dev/null &
	trixie_progress $! "$log" '^\(Get:\|Unpacking \|Setting up \)' 'steps of about 1800'
	wait $! || {
		tail -n 15 "$log" >&2
		die "apt-get install failed in the folder; its last lines are above, all of them in $log."
	}
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
	trixie_copy
}
