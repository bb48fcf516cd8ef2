# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Static checks. Each gate is a script; tests/lint/gates.t proves that each can fail.
.PHONY: lint format

lint: $(SKELETON) $(EXTRA_SKEL) ## run every static check on every file
	@tests/lint/lint .

format: ## rewrite the C files in the project's style
	@tests/lint/gates/format --fix .

# The flags the gates compile with, so that they are written once.
.PHONY: print-flags
LINT_CFLAGS = $(ALL_CPPFLAGS) -std=gnu11 -O2 $(WARN) -Werror $(PKG_CFLAGS) $(CMOCKA_CFLAGS)
print-flags:
	@printf '%s ' $($(FLAGS))
