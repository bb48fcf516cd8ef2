# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# One make for everything; all that it makes lies under build/. `make help` lists the targets.
# Nothing outside recipes needs a compiler or a library, so `make deps` works on a bare machine.
MAKEFLAGS += --no-builtin-rules --no-builtin-variables
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

include mk/config.mk
include mk/deps.mk
include mk/bpf.mk
include mk/native.mk
include mk/html.mk
include mk/tests.mk
include mk/lint.mk
include mk/docs.mk
include mk/install.mk
include mk/completion.mk
include mk/deb.mk

.PHONY: all clean help

all: $(PROGRAM) ## build the program (build/wscope)

clean: ## remove build/
	rm -rf build

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "variables: SAN=1 (sanitizers, under build/san), CC, WERROR=0, T='tests/x.t ...' (test)"
	@echo "           GROUPS (deps), FUZZ_SECONDS (fuzz), DESTDIR, PREFIX (install), UPLOT (FILE or none)"
