# SPDX-License-Identifier: MIT
#
# The extension's objects depend on the Makefile, which every configure writes anew: PIE and users
# who switch between PHP versions in one tree never link objects of the other. Which sources there
# are is known since configure; when a git pull brings new ones, make says what to do.

$(shared_objects_clairon): Makefile

ifeq ($(filter clean distclean,$(MAKECMDGOALS)),)
ifneq ($(sort $(CLAIRON_SOURCES)),$(sort $(patsubst $(srcdir)/%,%,$(wildcard $(srcdir)/ext/*.c $(srcdir)/wire/*.c))))
$(error Source files of clairon came or went since configure: run phpize and configure again)
endif
endif
