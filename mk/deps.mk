# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Packages. What is built waits for `packages`, which looks for what the goals need and installs it
# for the goals that promise that (demo, deb, test and what is tested); a plain build only says so.
GROUPS ?= build ipfix nats demo test lint bench vm deb test-deb

.PHONY: deps packages

goals        := $(or $(MAKECMDGOALS),all)
needed       := build $(filter demo test lint bench,$(goals)) \
                $(if $(filter forward,$(goals)),demo bench) \
                $(if $(filter test,$(goals)),demo lint) \
                $(if $(filter test deb test-deb,$(goals)),ipfix nats) \
                $(if $(filter unit tests,$(goals)),test) $(if $(filter verify test-vm,$(goals)),vm) \
                $(if $(filter format,$(goals)),lint) $(if $(filter deb test-deb,$(goals)),deb) \
                $(if $(filter test-deb,$(goals)),test-deb)
deps_mode    := $(if $(filter demo test verify test-vm deb test-deb,$(goals)),install,check)

deps: ## install the missing Debian/Ubuntu packages (root), or print the command
	@mk/deps install $(GROUPS)

packages:
	@mk/deps $(deps_mode) $(needed)
