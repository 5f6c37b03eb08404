# install and uninstall: binaries, plugins, skills, config example, price books, unit, man pages.
# What was installed is kept in a list, so that uninstall removes exactly that. Configs, secrets
# and state are nobody's but the operator's: they are never touched.

ifeq ($(PREFIX),/usr)
  SYSCONF := /etc/triaged
else
  SYSCONF := $(PREFIX)/etc/triaged
endif
BINDIR    := $(PREFIX)/bin
LIBDIR    := $(PREFIX)/lib/triaged/plugins
SHAREDIR  := $(PREFIX)/share/triaged
MANDIR    := $(PREFIX)/share/man
UNITDIR   := $(PREFIX)/lib/systemd/system
INSTALLED := $(DESTDIR)$(SHAREDIR)/installed.list

# put MODE FROM TO: installs one file and notes it.
INSTALL_PUT = put() { install -D -m $$1 "$$2" "$(DESTDIR)$$3" && echo "$$3" >> $(B)/installed.list; }

# Removes the files of a list, then those folders that are empty and were made for us.
INSTALL_REMOVE = if [ -f "$(INSTALLED)" ]; then \
    while IFS= read -r f; do rm -f "$(DESTDIR)$$f"; done < "$(INSTALLED)"; \
    rm -f "$(INSTALLED)"; fi
INSTALL_TIDY = for d in $(SHAREDIR) $(PREFIX)/lib/triaged $(SYSCONF); do \
    if [ -d "$(DESTDIR)$$d" ]; then find "$(DESTDIR)$$d" -depth -type d -empty -delete; fi; done

.PHONY: install uninstall
install: all
	@$(INSTALL_REMOVE)
	@rm -f $(B)/installed.list
	@set -e; $(INSTALL_PUT); \
	put 0755 $(B)/triaged $(BINDIR)/triaged; \
	put 0755 $(B)/triagectl $(BINDIR)/triagectl; \
	for f in $(B)/plugins/*.so; do put 0644 $$f $(LIBDIR)/$${f##*/}; done; \
	find skills -type f | LC_ALL=C sort | while IFS= read -r f; do put 0644 "$$f" "$(SHAREDIR)/$$f"; done; \
	for f in config/books/*.yaml; do [ -f "$$f" ] || continue; \
	  put 0644 $$f $(SHAREDIR)/books/$${f##*/}; done; \
	for f in config/man/*.[158]; do [ -f "$$f" ] || continue; \
	  sed 's|/usr/local/|$(PREFIX)/|g' $$f > $(B)/$${f##*/}; \
	  put 0644 $(B)/$${f##*/} $(MANDIR)/man$${f##*.}/$${f##*/}; done; \
	put 0644 config/triaged.yaml $(SYSCONF)/triaged.yaml.example; \
	sed 's|/usr/local/|$(PREFIX)/|g' systemd/triaged.service > $(B)/triaged.service; \
	put 0644 $(B)/triaged.service $(UNITDIR)/triaged.service
	@install -D -m 0644 $(B)/installed.list $(INSTALLED)
	@echo "installed below $(DESTDIR)$(PREFIX); next:"
	@echo "  cp $(SYSCONF)/triaged.yaml.example /etc/triaged/triaged.yaml, and edit it"
	@echo "  triaged --check && systemctl daemon-reload && systemctl enable --now triaged"

uninstall:
	@[ -f "$(INSTALLED)" ] || echo "nothing is installed below $(DESTDIR)$(PREFIX)"
	@$(INSTALL_REMOVE)
	@$(INSTALL_TIDY)
	@echo "configuration and state are left where they are"
