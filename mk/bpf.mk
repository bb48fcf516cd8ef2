# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# BPF: hook programs, linked into one object with one skeleton; helpers of tests and bench, one each.
HOOKS      := $(wildcard xdp/xdp.bpf.c tc/tc.bpf.c)
HOOK_OBJS  := $(patsubst %.bpf.c,build/bpf/%.o,$(notdir $(HOOKS)))
EXTRA_BPF  := $(call find_files,bench tests,*.bpf.c)
EXTRA_BPF  := $(filter-out tests/lint/%,$(EXTRA_BPF))
EXTRA_SKEL := $(EXTRA_BPF:%.bpf.c=build/%.skel.h)
SKELETON   := $(if $(HOOKS),build/wscope.skel.h)

# The skeletons bpftool writes pass neither -Wsign-conversion nor clang-tidy: silence them alone.
build_bpf = $(CLANG) $(BPF_CFLAGS) -MMD -MP -MT $@ -c -o $@ $<
skeleton = { printf '\#pragma GCC system_header\n// NOLINTBEGIN\n'; \
           $(BPFTOOL) gen skeleton $< name $1; echo '// NOLINTEND'; } > $@

build/bpf/xdp.o: xdp/xdp.bpf.c mk/config.mk | packages
build/bpf/tc.o: tc/tc.bpf.c mk/config.mk | packages
$(HOOK_OBJS):
	$(call say,BPF)
	@mkdir -p $(@D)
	@$(build_bpf)

build/bpf/wscope.bpf.o: $(HOOK_OBJS)
	$(call say,BPFLINK)
	@$(BPFTOOL) gen object $@ $^

build/wscope.skel.h: build/bpf/wscope.bpf.o mk/bpf.mk
	$(call say,SKEL)
	@$(call skeleton,wscope)

$(EXTRA_BPF:%.bpf.c=build/%.bpf.o): build/%.bpf.o: %.bpf.c mk/config.mk | packages
	$(call say,BPF)
	@mkdir -p $(@D)
	@$(build_bpf)

$(EXTRA_SKEL): %.skel.h: %.bpf.o mk/bpf.mk
	$(call say,SKEL)
	@$(call skeleton,$(subst -,_,$(basename $(basename $(@F)))))

-include $(HOOK_OBJS:.o=.d) $(EXTRA_BPF:%.bpf.c=build/%.bpf.d)
