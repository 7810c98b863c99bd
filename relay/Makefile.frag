# SPDX-License-Identifier: MIT
#
# Builds and installs clairon-relay within the extension's Makefile (config.m4 adds this text).
# Sources are found by make itself. Objects lie in relay/obj/, apart from the extension's objects
# of the same wire/ sources, and depend on the Makefile, which every configure writes anew: nothing
# compiled for another configuration is ever linked.

CLAIRON_RELAY_SRC = $(wildcard $(srcdir)/relay/*.c $(srcdir)/relay/base/*.c $(srcdir)/wire/*.c)
CLAIRON_RELAY_OBJ = $(CLAIRON_RELAY_SRC:$(srcdir)/%.c=relay/obj/%.o)

relay/obj/%.o: $(srcdir)/%.c config.h Makefile
	@mkdir -p $(@D)
	$(CC) $(CLAIRON_RELAY_CPPFLAGS) $(CPPFLAGS) $(CFLAGS) $(CLAIRON_RELAY_CFLAGS) -MMD -MP -MF $(@:.o=.d) -MT $@ -c $< -o $@

-include $(CLAIRON_RELAY_OBJ:.o=.d)

# The list of objects as a file: the program is linked again when a source went away.
relay/obj/objects: FORCE
	@mkdir -p $(@D)
	@echo '$(CLAIRON_RELAY_OBJ)' | cmp -s - $@ || echo '$(CLAIRON_RELAY_OBJ)' > $@

relay/clairon-relay: $(CLAIRON_RELAY_OBJ) relay/obj/objects
	$(CC) $(CFLAGS) -pthread -pie -Wl,-z,relro -Wl,-z,now $(LDFLAGS) -o $@ $(CLAIRON_RELAY_OBJ) $(CLAIRON_RELAY_LIBS)

all: relay/clairon-relay

install: install-relay

# PECL harvests only what lies under PHP's prefix and takes the exec bit away. There the program
# is staged under another name, with the loader's path beside it, for packaging/pecl-launcher.sh.
install-relay: relay/clairon-relay
	@if test -n "$$PHP_PEAR_VERSION"; then \
		echo "Installing clairon-relay:         $(INSTALL_ROOT)$(prefix)/lib/clairon/"; \
		$(mkinstalldirs) $(INSTALL_ROOT)$(prefix)/lib/clairon && \
		$(INSTALL) -m 755 relay/clairon-relay $(INSTALL_ROOT)$(prefix)/lib/clairon/clairon-relay.bin && \
		readelf -p .interp relay/clairon-relay | $(SED) -n 's,^[^/]*\(/.*\)$$,\1,p' \
			> $(INSTALL_ROOT)$(prefix)/lib/clairon/loader.txt; \
	else \
		echo "Installing clairon-relay:         $(INSTALL_ROOT)$(bindir)/"; \
		$(mkinstalldirs) $(INSTALL_ROOT)$(bindir) && \
		$(INSTALL) -m 755 relay/clairon-relay $(INSTALL_ROOT)$(bindir)/clairon-relay; \
	fi

clean: clean-relay

clean-relay:
	rm -rf relay/obj relay/clairon-relay

.PHONY: FORCE install-relay clean-relay
