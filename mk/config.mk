# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Tools and flags. Everything that asks a tool is expanded lazily, once: $(call once,VAR,command).
once = $(eval $1 := $$(shell $2))$($1)

export PATH := $(PATH):/usr/sbin:/sbin
VERSION  := 0.1.0
CC       := $(if $(filter-out default undefined,$(origin CC)),$(CC),gcc)
CLANG    ?= clang
AR       := $(if $(filter-out default undefined,$(origin AR)),$(AR),ar)
BPFTOOL  ?= bpftool
PKGCONF  ?= pkg-config
WERROR   ?= 1
SAN      ?= 0

# B holds what depends on the native compiler; BPF objects and skeletons are always in build/.
ifeq ($(SAN),1)
B        := build/san
CC       := $(CLANG)
SANFLAGS := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
OPT      ?= -O1 -g
else
B        := build
SANFLAGS :=
OPT      ?= -O2 -g
endif

WARN     := -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion \
            -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition
WARN     += $(if $(filter 1,$(WERROR)),-Werror)
LIBRARIES := libbpf libxdp libpcap libelf zlib libzstd jansson yaml-0.1 libseccomp ncursesw

# Loaded when an option asks for it (userspace/ondemand.h), by the name that it has here.
soname = readelf -d `$(CC) -print-file-name=$1.so` | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p'
MICROHTTPD    = $(call once,MICROHTTPD,$(call soname,libmicrohttpd))

# Without this one `live --nats` refuses.
NATS          = $(call once,NATS,$(PKGCONF) --exists libnats 2>/dev/null && $(call soname,libnats))

# Without this one `replay --ipfix` refuses.
FIXBUF        = $(call once,FIXBUF,$(PKGCONF) --exists libfixbuf 2>/dev/null && echo libfixbuf)

PKG_CFLAGS    = $(call once,PKG_CFLAGS,$(PKGCONF) --cflags $(LIBRARIES) $(FIXBUF))
PKG_LIBS      = $(call once,PKG_LIBS,$(PKGCONF) --libs $(LIBRARIES) $(FIXBUF))
CMOCKA_CFLAGS = $(call once,CMOCKA_CFLAGS,$(PKGCONF) --cflags cmocka)
CMOCKA_LIBS   = $(call once,CMOCKA_LIBS,$(PKGCONF) --libs cmocka)
MULTIARCH     = $(call once,MULTIARCH,gcc -print-multiarch 2>/dev/null || echo $$(uname -m)-linux-gnu)

ALL_CPPFLAGS  = -I. -Ibuild -D_GNU_SOURCE -DWSCOPE_VERSION=\"$(VERSION)\" \
                -DWSCOPE_MICROHTTPD=\"$(MICROHTTPD)\" \
                $(if $(NATS),-DWSCOPE_NATS=\"$(NATS)\") \
                $(if $(FIXBUF),-DWSCOPE_IPFIX) $(CPPFLAGS)
ALL_CFLAGS    = -std=gnu11 -pthread $(OPT) $(WARN) $(SANFLAGS) $(CFLAGS)
ALL_LDFLAGS   = $(SANFLAGS) -Wl,--as-needed $(LDFLAGS)
COMPILE       = $(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(PKG_CFLAGS) -MMD -MP -c -o $@ $<

BPF_CFLAGS    = -target bpf -mcpu=v3 -O2 -g -std=gnu11 -Wall -Wextra -Werror \
                -ffile-prefix-map=$(CURDIR)=. -I. -I/usr/include/$(MULTIARCH)

# A recursive wildcard for the few places where sources lie at any depth.
find_files = $(sort $(if $(wildcard $1),$(shell find $(wildcard $1) -name "$2" -type f)))
say = @printf '  %-8s %s\n' $1 $@
