# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Installation and source tarball.
PREFIX  ?= /usr/local
DESTDIR ?=
# Wireshark's extcap folder, for a link that it calls; empty: none is made.
EXTCAPDIR ?=
# The folder of systemd's units; empty: none are installed, nor the user and the options they take.
UNITDIR ?=
bindir  := $(DESTDIR)$(PREFIX)/bin
mandir  := $(DESTDIR)$(PREFIX)/share/man
docdir  := $(DESTDIR)$(PREFIX)/share/doc/wscope
compdir := $(DESTDIR)$(PREFIX)/share/bash-completion/completions
userdir := $(DESTDIR)$(PREFIX)/lib/sysusers.d
options := $(DESTDIR)/etc/default/wscope
UNITS   := $(notdir $(wildcard contrib/systemd/*.service))
MAN     := $(wildcard man/*.[0-9])
DOCS    := $(wildcard README.md docs/*.md docs/*/*.md)
dist    := wscope-$(VERSION)

.PHONY: install dist

install: $(PROGRAM) ## install program, man pages, completion and docs (DESTDIR, PREFIX; EXTCAPDIR: and Wireshark's link; UNITDIR: and systemd's units)
	install -D -m 755 $(PROGRAM) $(bindir)/wscope
	@set -e; for m in $(MAN); do \
		install -v -D -m 644 $$m $(mandir)/man$${m##*.}/$${m##*/}; done
	@set -e; for d in $(DOCS); do install -v -D -m 644 $$d $(docdir)/$$d; done
	@set -e; for l in $(wildcard build/uplot/LICENSE); do \
		install -v -D -m 644 $$l $(docdir)/LICENSE.uplot; done
	@set -e; for c in $(wildcard build/wscope.bash-completion); do \
		install -v -D -m 644 $$c $(compdir)/wscope; done
ifneq ($(EXTCAPDIR),)
	install -d $(DESTDIR)$(EXTCAPDIR)
	ln -sfn $(abspath $(PREFIX))/bin/wscope $(DESTDIR)$(EXTCAPDIR)/wscope-extcap
endif
ifneq ($(UNITDIR),)
	@set -e; for u in $(UNITS); do \
		install -v -D -m 644 contrib/systemd/$$u $(DESTDIR)$(UNITDIR)/$$u; \
		sed -i 's,/usr/bin/wscope,$(PREFIX)/bin/wscope,' $(DESTDIR)$(UNITDIR)/$$u; done
	install -D -m 644 contrib/systemd/wscope.sysusers.conf $(userdir)/wscope.conf
	test -e $(options) || install -D -m 644 contrib/systemd/wscope.default $(options)
endif

dist: ## make build/wscope-VERSION.tar.gz of the committed tree
	@mkdir -p build
	git archive --format=tar.gz --prefix=$(dist)/ -o build/$(dist).tar.gz HEAD
	@echo build/$(dist).tar.gz
