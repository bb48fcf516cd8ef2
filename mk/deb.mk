# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The Debian package, and its test, which takes a network and root.
.PHONY: deb test-deb

deb: $(UPLOT_JS) | packages ## build the Debian package (build/deb/wscope_VERSION_ARCH.deb)
	$(call say,DEB)
	@mk/deb $(VERSION)

test-deb: deb ## test the package: lintian, and installed in a clean system and removed (root)
	@tests/run --build $(B) $(wildcard tests/deb/*.t)
