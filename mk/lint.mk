# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Static checks. Each gate is a script; tests/lint/gates.t proves that each can fail.
.PHONY: lint format

lint: $(SKELETON) $(EXTRA_SKEL) ## run every static check on every file
	@tests/lint/lint .

format: ## rewrite the C files in the project's style
	@tests/lint/gates/format --fix .
