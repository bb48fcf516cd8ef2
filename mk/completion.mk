# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Bash completion, made from the program's own lists.
COMPLETION := build/wscope.bash-completion
COMPLETION_LISTS := userspace/options.def userspace/names.def engine/detectors.def \
                    engine/tunnels.def userspace/main.c

all tests install: $(COMPLETION)

$(COMPLETION): mk/completion mk/completion.bash $(wildcard $(COMPLETION_LISTS)) | packages
	$(call say,GEN)
	@mkdir -p $(@D)
	@mk/completion > $@
