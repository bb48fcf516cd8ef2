# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The pages of docs/findings/ as C strings, for `wscope explain`: {"code", "page"}, one a page.
FINDING_PAGES := $(wildcard docs/findings/*.md)
PAGES_INC     := build/userspace/pages.inc

$(PAGES_INC): $(FINDING_PAGES) mk/docs.mk
	$(call say,PAGES)
	@mkdir -p $(@D)
	@awk 'FNR == 1 { if (NR > 1) print "},"; n = split(FILENAME, path, "/"); code = path[n]; \
		sub(/\.md$$/, "", code); printf "{ \"%s\",\n", code } \
		{ gsub(/\\/, "\\\\\\\\"); gsub(/"/, "\\\""); printf "\"%s\\n\"\n", $$0 } \
		END { if (NR) print "}," }' $(FINDING_PAGES) > $@

$(B)/obj/userspace/explain.o build/fuzz/obj/userspace/explain.o: | $(PAGES_INC)
lint: $(PAGES_INC)

# A page that is gone changes no timestamp: the list of pages does.
$(shell mkdir -p build/userspace && echo '$(FINDING_PAGES)' | \
	cmp -s - $(PAGES_INC).list || echo '$(FINDING_PAGES)' > $(PAGES_INC).list)
$(PAGES_INC): $(PAGES_INC).list
