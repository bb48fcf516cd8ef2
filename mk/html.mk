# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The page of HTML reports: our files and the plot library, as C strings.
#   UPLOT=FILE   the library's npm archive, where there is no network; UPLOT=none: build without
UPLOT    ?=
UPLOT_JS := build/uplot/uPlot.iife.min.js
HTML_INC := build/userspace/html_page.inc
HTML_SRC := $(wildcard userspace/output/html/report.html userspace/output/html/*.css userspace/output/html/*.js)
NO_PLOT  := $(B)/tests/wscope-no-plot

# While the library is missing, every make tries again, and changes nothing if that is in vain.
$(UPLOT_JS): mk/uplot mk/uplot.txt | packages
	$(call say,FETCH)
	@mk/uplot $(@D) $(UPLOT)

$(HTML_INC): mk/html-page $(HTML_SRC) $(UPLOT_JS)
	$(call say,PAGE)
	@mkdir -p $(@D)
	@mk/html-page userspace/output/html $(dir $(UPLOT_JS)) > $@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

$(foreach d,$(B) build/fuzz build/tsan,$d/obj/userspace/output/html_page.o): | $(HTML_INC)
lint: $(HTML_INC)

# For tests: the program as it is where the library could not be had.
$(B)/obj/no-plot/html_page.o: userspace/output/html_page.c | packages
	$(call say,CC)
	@mkdir -p $(@D)/userspace
	@mk/html-page userspace/output/html /nonexistent > $(@D)/userspace/html_page.inc
	@$(CC) -I$(@D) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(PKG_CFLAGS) -c -o $@ $<

$(NO_PLOT): $(MAIN_OBJ) $(B)/obj/no-plot/html_page.o $(LIB)
	$(call say,LINK)
	@mkdir -p $(@D)
	@$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)

tests: $(NO_PLOT)
