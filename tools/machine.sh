# SPDX-License-Identifier: MIT
#
# Sourced by ./run: what this machine has and lacks, and where and as whom things run.
# Changes nothing of the machine's own: packages come with their services stopped and disabled,
# services that were there before are left as they are.
# shellcheck shell=bash

say() { printf '\033[1m==> %s\033[0m\n' "$*"; }
die() {
	printf '\n%s\n' "$*" >&2
	exit 1
}

# --- PHP -----------------------------------------------------------------------------------------

# The PHP that is there, else the one that the distribution offers.
php_version() {
	if command -v php >/dev/null; then
		php -n -r 'echo PHP_MAJOR_VERSION, ".", PHP_MINOR_VERSION;'
	else
		apt-cache depends php-cli 2>/dev/null | sed -n 's/.*Depends: php\([0-9.]*\)-cli.*/\1/p' | head -n 1
	fi
}

# --- packages ------------------------------------------------------------------------------------

is_installed() { [ "$(dpkg-query -W -f '${Status}' "$1" 2>/dev/null)" = 'install ok installed' ]; }
has_candidate() { apt-cache policy "$1" 2>/dev/null | grep -q 'Candidate: [^(]'; }

# Prints the packages that a purpose (build, demo, redis, test, matrix, bench, peers) needs, by Debian's names.
packages_for() {
	local php
	php=$(php_version)
	case $1 in
	build)
		echo "gcc make libc6-dev autoconf pkg-config git php$php-cli php$php-dev libevent-dev libhiredis-dev"
		echo "libxxhash-dev uthash-dev libssl-dev zlib1g-dev libcurl4-openssl-dev"
		# The parser of Node.js where the distribution has it, its predecessor on Debian 12.
		if is_installed libllhttp-dev || has_candidate libllhttp-dev; then
			echo libllhttp-dev
		else
			echo libhttp-parser-dev
		fi
		;;
	demo)
		echo "php$php-fpm php$php-mbstring php$php-xml php$php-sqlite3 php$php-curl unzip curl"
		# Any build of nginx does; an ordinary user's PATH lacks its folder.
		PATH=$PATH:/usr/sbin command -v nginx >/dev/null || echo nginx-light
		command -v composer >/dev/null || echo composer
		# Node.js by whatever package brings it: another source's carries npm itself.
		command -v node >/dev/null || echo nodejs
		command -v npm >/dev/null || echo npm
		;;
	matrix) echo debootstrap ;;
	redis) echo redis-server redis-tools ;;
	bench) echo strace openssl ;;
	# nginx with nchan; the others come from npm.
	peers) echo nginx-light libnginx-mod-nchan ;;
	test)
		echo "libcmocka-dev libjansson-dev clang clang-format valgrind php-pear php-parser chromium fonts-dejavu-core"
		echo "fonts-noto-color-emoji universal-ctags openssl php$php-redis"
		if is_installed libclang-rt-14-dev || has_candidate libclang-rt-14-dev; then
			echo libclang-rt-14-dev
		else
			echo libclang-rt-dev
		fi
		;;
	esac
}

missing_packages() {
	local purpose name
	for purpose in "$@"; do
		for name in $(packages_for "$purpose"); do
			is_installed "$name" || echo "$name"
		done
	done | sort -u
}

enabled_units() { find /etc/systemd/system -path '*.wants/*' -printf '%f\n' 2>/dev/null | sort -u; }

# Installs what is missing for the named purposes.
install_packages() {
	local missing
	if ! command -v apt-get >/dev/null; then
		die "This machine has no apt-get. Clairon's scripts know Debian 12 and newer; DESIGN.md lists the libraries to install by hand."
	fi
	if [ "$(id -u)" = 0 ] && [ -z "$(php_version)" ]; then
		apt_update
	fi
	missing=$(missing_packages "$@")
	[ -n "$missing" ] || return 0
	# shellcheck disable=SC2086
	[ "$(id -u)" = 0 ] || die "Missing packages: $(echo $missing). Run this with sudo, or install them: sudo apt-get install $(echo $missing)"
	apt_update
	# The lists may have changed which HTTP parser or PHP there is.
	missing=$(missing_packages "$@")
	# shellcheck disable=SC2086
	say "Installing $(echo $missing | wc -w) packages (services stay stopped)"
	# shellcheck disable=SC2086
	apt_install $missing
	missing=$(missing_packages "$@")
	# shellcheck disable=SC2086
	[ -z "$missing" ] || die "apt-get could not install: $(echo $missing). Its messages are above; install them by hand and run this again."
}

apt_update() {
	say 'Reading the package lists'
	apt-get update -qq || die 'apt-get update failed: the package sources of this machine can not be reached. Its messages are above.'
}

# One line every few seconds for as long as apt-get, process $1, runs.
apt_progress() {
	local pid=$1 log=$LOGS/apt.log told='' now
	while kill -0 "$pid" 2>/dev/null; do
		now=$(awk '/newly installed/ { n = $1 + $3 } /^Get:/ { g++ } /^Unpacking / { u++ } /^Setting up / { s++ }
			END { if (n) printf "%d packages: %d fetched, %d unpacked, %d set up", n, g, u, s }' "$log" 2>/dev/null)
		[ -z "$now" ] || [ "$now" = "$told" ] || printf '    %s\n' "$now"
		told=$now
		sleep 5
	done
}

apt_install() {
	local before policy=/usr/sbin/policy-rc.d own_policy='' unit status=0
	before=$(enabled_units)
	if [ ! -e $policy ]; then
		own_policy=1
		trap 'rm -f /usr/sbin/policy-rc.d' EXIT
		printf '#!/bin/sh\nexit 101\n' >$policy
		chmod 755 $policy
	fi
	DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
		-o Dpkg::Use-Pty=0 "$@" >"$LOGS/apt.log" 2>&1 </dev/null &
	apt_progress $!
	wait $! || status=$?
	chown --reference="$ROOT" "$LOGS/apt.log"
	if [ -n "$own_policy" ]; then
		rm -f $policy
		trap - EXIT
	fi
	# Only what this installation enabled.
	for unit in $(comm -13 <(echo "$before") <(enabled_units)); do
		systemctl disable --quiet "$unit" >/dev/null 2>&1 || true
	done
	if [ $status != 0 ]; then
		tail -n 15 "$LOGS/apt.log" >&2
		die "apt-get install failed; its last lines are above, all of them in $LOGS/apt.log."
	fi
}

# --- where and as whom ---------------------------------------------------------------------------

# Sets PLACE (the tree to work in) and AS (the words to put in front of a command).
# An ordinary user's clone is used in place, as that user. A clone that belongs to root is copied,
# since neither php-fpm nor Chromium should run as root and other users can't look into /root; the
# copy belongs to a user id that no account has.
choose_place() {
	PLACE=$ROOT
	owner_words
	if [ "$(id -u)" != 0 ] || [ ${#AS[@]} != 0 ]; then
		return 0
	fi
	PLACE=$(copy_path)
	AS=(setpriv --reuid $COPY_UID --regid $COPY_UID --clear-groups env "HOME=$PLACE/.work/home" USER=clairon LOGNAME=clairon)
	copy_clone
}

copy_path() { echo "/var/tmp/clairon-$(printf %s "$ROOT" | cksum | cut -d' ' -f1)"; }

# Sets AS to what makes a command run as the clone's owner; nothing for who is that already.
# shellcheck disable=SC2034
owner_words() {
	local owner group home
	owner=$(stat -c %u "$ROOT") group=$(stat -c %g "$ROOT")
	AS=()
	if [ "$(id -u)" = 0 ] && [ "$owner" != 0 ]; then
		home=$(getent passwd "$owner" | cut -d: -f6)
		AS=(setpriv --reuid "$owner" --regid "$group" --clear-groups env "HOME=${home:-$ROOT/.work/home}")
	fi
}

# Beyond the ids that systems give out, below those of containers.
COPY_UID=61990

copy_clone() {
	local list=$PLACE/.work/files
	[ -z "${CI:-}" ] || rm -rf "$PLACE"
	if [ -e "$PLACE" ] && [ "$(stat -c %u "$PLACE")" != $COPY_UID ]; then
		die "$PLACE exists and belongs to somebody else. Remove it and run this again."
	fi
	say "Working on a copy of this clone, $PLACE, as user id $COPY_UID: the clone belongs to root"
	mkdir -p -m 755 "$PLACE" && mkdir -p "$PLACE/.work/home"
	git -C "$ROOT" ls-files -z --cached --others --exclude-standard |
		(cd "$ROOT" && while IFS= read -r -d '' f; do [ -e "$f" ] && printf '%s\0' "$f"; done) >"$list.new"
	if [ -e "$list" ]; then # what the clone no longer has
		comm -z -23 <(sort -z "$list") <(sort -z "$list.new") | (cd "$PLACE" && xargs -0 -r rm -f)
	fi
	tar -C "$ROOT" --null --no-recursion -T "$list.new" -c | tar -C "$PLACE" -x --no-same-owner
	rm -rf "$PLACE/.git"
	[ ! -d "$ROOT/.git" ] || cp -r "$ROOT/.git" "$PLACE/.git"
	mv "$list.new" "$list"
	chown -R --no-dereference $COPY_UID:$COPY_UID "$PLACE"
}
