#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The package as users get it: pecl package, pecl install into this system, load, run the relay as
# an ordinary user, pecl uninstall; and make install out of tree with INSTALL_ROOT. Needs root, and
# leaves the machine as it was. The last line is "N passed, N failed".
set -uo pipefail
cd "$(dirname "$0")/../.."
source=$PWD

passed=0 failed=0
ok() { # ok WHAT COMMAND...
	local what=$1 output
	shift
	if output=$("$@" 2>&1); then
		passed=$((passed + 1))
		echo "ok: $what"
	else
		failed=$((failed + 1))
		printf 'not ok: %s\n%s\n' "$what" "$output"
	fi
}
finish() {
	echo "$passed passed, $failed failed"
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}
refuse() {
	echo "tests/pecl: $1" >&2
	echo "0 passed, 1 failed"
	exit 1
}

extensions=$(php-config --extension-dir)
prefix=$(php-config --prefix)
bin=$(pecl config-get bin_dir)
version=$(sed -n 's/#define CLN_VERSION "\(.*\)"/\1/p' wire/version.h)
[ "$(id -u)" = 0 ] || refuse "needs root, for pecl installs into the system"
if pecl list 2>/dev/null | grep -q '^clairon ' || [ -e "$extensions/clairon.so" ] ||
	[ -e "$bin/clairon-relay" ] || [ -e "$prefix/lib/clairon" ]; then
	refuse "clairon is installed here already: nothing was touched; uninstall it first"
fi

# What the package manager may leave behind, before and after.
places=("$extensions" "$bin" "$prefix/lib" "$(pecl config-get test_dir)" "$(pecl config-get doc_dir)"
	"$(pecl config-get php_dir)/.registry")
inventory() { find "${places[@]}" -maxdepth 2 \( -iname '*clairon*' \) 2>/dev/null | sort; }
folders() { for place in "${places[@]}"; do [ ! -d "$place" ] || echo "$place"; done; }

work=$(mktemp -d)
chmod 755 "$work"
before=$(folders)
clean_up() {
	pecl uninstall clairon >/dev/null 2>&1
	rmdir "$prefix/lib/clairon" 2>/dev/null
	# Folders that PEAR made for the tests and documents and leaves empty.
	for place in "${places[@]}"; do
		if ! grep -qxF "$place" <<<"$before" && [ -d "$place" ]; then
			find "$place" -depth -type d -empty -delete
		fi
	done
	rm -rf "$work"
}
trap clean_up EXIT

# A copy of what git knows: pecl package writes beside package.xml.
git -c safe.directory="$source" ls-files -z | xargs -0 tar -c 2>/dev/null | tar -x -C "$work"
cd "$work" || exit 1

ok 'package.xml is valid' pecl package-validate package.xml
ok 'pecl package' pecl package
archive=$work/clairon-$version.tgz
ok "clairon-$version.tgz is there" test -f "$archive"
install_package() { printf '\n\n' | pecl install "$archive" >"$work/pecl.log" 2>&1 || { tail -n 40 "$work/pecl.log"; return 1; }; }
ok 'pecl install' install_package
loads() { php -n -d extension=clairon --ri clairon | grep -x "Version => $version" >/dev/null; }
ok 'the extension loads' loads
publishes() { php -n -d extension=clairon -d clairon.log_errors=0 -d clairon.end_wait_ms=0 -r 'exit((new Clairon\Publisher("unix:/nowhere/relay.sock", ["app" => "a", "key" => "k", "secret" => "s"]))->trigger("c", "e", 1) === Clairon\Publisher::PENDING ? 0 : 1);'; }
ok 'the extension works' publishes
as_nobody() { setpriv --reuid=nobody --regid=nogroup --clear-groups -- "$@"; }
says_version() { "$@" --version | grep -qF "$version"; }
# Before root has ever started it: by way of the loader.
ok 'an ordinary user runs clairon-relay' says_version as_nobody clairon-relay
ok 'root runs clairon-relay' says_version clairon-relay
ok 'an ordinary user runs it after root' says_version as_nobody clairon-relay
ok 'the relay is on the PATH' command -v clairon-relay
ok 'pecl lists the relay' bash -c 'pecl list-files clairon | grep -q clairon-relay.bin'
ok 'pecl uninstall' pecl uninstall clairon
rmdir "$prefix/lib/clairon" 2>/dev/null
nothing_left() { [ -z "$(inventory)" ] || { inventory; return 1; }; }
ok 'nothing is left of it' nothing_left

# A packager's build: out of tree, into a root of its own.
mkdir "$work/b" "$work/root"
build() { { phpize && cd "$work/b" && ../configure && make -j2; } >"$work/build.log" 2>&1 || { tail -n 30 "$work/build.log"; return 1; }; }
ok 'phpize, configure and make out of tree' build
ok 'make install with INSTALL_ROOT' make -C "$work/b" install INSTALL_ROOT="$work/root"
ok 'the extension is in INSTALL_ROOT' test -f "$work/root$extensions/clairon.so"
ok 'the relay is in INSTALL_ROOT and runs' says_version as_nobody "$work/root$prefix/bin/clairon-relay"
ok 'the system was left alone' nothing_left
depends() { ! ldd "$work/root$extensions/clairon.so" | grep -E 'libevent|libcrypto|libssl|jansson'; }
ok 'the extension maps neither libevent nor OpenSSL' depends
exports() { [ "$(nm -D --defined-only "$work/root$extensions/clairon.so" | awk '{print $3}')" = get_module ]; }
ok 'the extension exports get_module alone' exports
unchanged() { ! make -C "$work/b" | grep -E -- ' -c '; }
ok 'a second make compiles nothing' unchanged
touch "$work/wire/envelope.h"
rebuilt() { make -C "$work/b" -n | grep -c -- 'envelope' | grep -vqx 0; }
ok 'a changed header is noticed' rebuilt
ok 'make clean' make -C "$work/b" clean
no_objects() { [ -z "$(find "$work/b" -name '*.o' -o -name '*.lo' -o -name clairon-relay)" ]; }
ok 'make clean leaves no objects' no_objects
finish
