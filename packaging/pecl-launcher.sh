#!/bin/sh
# SPDX-License-Identifier: MIT
#
# clairon-relay as PECL installs it. PECL copies programs without their exec bit, so the build puts
# the relay beside the extension as lib/clairon/clairon-relay.bin and this script starts it: as it
# is, or after giving it the bit (root's first start), or through the dynamic loader.

name=clairon-relay.bin
for place in "$(dirname "$(readlink -f "$0")")/../lib/clairon" \
	"$(php-config --prefix 2>/dev/null)/lib/clairon" /usr/lib/clairon /usr/local/lib/clairon; do
	if [ -f "$place/$name" ]; then
		relay=$place/$name
		break
	fi
done
if [ -z "${relay:-}" ]; then
	echo "clairon-relay was not built: install clairon again and answer yes to enable-clairon-relay" >&2
	exit 127
fi
if [ ! -x "$relay" ]; then
	chmod 755 "$relay" 2>/dev/null
fi
if [ -x "$relay" ]; then
	exec "$relay" "$@"
fi
loader=$(cat "$place/loader.txt" 2>/dev/null)
if [ -z "$loader" ] || [ ! -x "$loader" ]; then
	echo "clairon-relay: $relay is not executable, run once as root: chmod 755 $relay" >&2
	exit 126
fi
exec "$loader" "$relay" "$@"
