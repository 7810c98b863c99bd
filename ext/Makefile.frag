# SPDX-License-Identifier: MIT
#
# The extension's objects depend on the Makefile, which every configure writes anew: PIE and users
# who switch between PHP versions in one tree never link objects of the other.

$(shared_objects_clairon): Makefile
