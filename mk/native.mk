# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The program: every source of the product folders; all but main in an archive that tests link too.
SOURCES := $(wildcard userspace/*.c userspace/output/*.c pcap-replay/*.c platform/*.c)
SOURCES := $(filter-out %.bpf.c,$(SOURCES))
MAIN    := userspace/main.c
# The sanitizers' is the fuzz targets', which has the same in it: one compilation serves both.
LIB     := $(if $(filter 1,$(SAN)),build/fuzz,$(B))/libwscope.a
PROGRAM := $(B)/wscope
LIB_OBJS := $(patsubst %.c,$(B)/obj/%.o,$(filter-out $(MAIN),$(SOURCES)))
MAIN_OBJ := $(B)/obj/userspace/main.o

# Only what includes a skeleton waits for the BPF side (everything, if a header includes one);
# after the first build the .d files know.
skel_users  = $(shell grep -ls 'skel\.h"' $1)
HEADER_SKEL := $(call skel_users,$(wildcard userspace/*.h userspace/output/*.h pcap-replay/*.h platform/*.h))
SKEL_USERS  := $(if $(HEADER_SKEL),$(SOURCES),$(if $(SOURCES),$(call skel_users,$(SOURCES))))
$(SKEL_USERS:%.c=$(B)/obj/%.o) $(SKEL_USERS:%.c=build/fuzz/obj/%.o) \
$(SKEL_USERS:%.c=build/tsan/obj/%.o): | $(SKELETON)

$(B)/obj/%.o: %.c mk/config.mk | packages
	$(call say,CC)
	@mkdir -p $(@D)
	@$(COMPILE)

# What asks for WSCOPE_IPFIX is compiled again when libfixbuf comes or goes.
IPFIX_USERS := userspace/output/ipfix userspace/output/ipfix_record
$(IPFIX_USERS:%=$(B)/obj/%.o) $(IPFIX_USERS:%=build/fuzz/obj/%.o): build/ipfix.state

build/ipfix.state: packages
	@mkdir -p $(@D)
	@echo '$(FIXBUF)' | cmp -s - $@ || echo '$(FIXBUF)' > $@

# The same of WSCOPE_NATS and libnats.
NATS_USERS := userspace/publish_wire
$(NATS_USERS:%=$(B)/obj/%.o) $(NATS_USERS:%=build/fuzz/obj/%.o): build/nats.state

build/nats.state: packages
	@mkdir -p $(@D)
	@echo '$(NATS)' | cmp -s - $@ || echo '$(NATS)' > $@

# The list of members changes when a source comes or goes; the archive is then made anew.
members = $(shell mkdir -p $(dir $1) && echo '$2' | cmp -s - $1.list || echo '$2' > $1.list)
$(call members,$(B)/libwscope.a,$(LIB_OBJS))

$(B)/libwscope.a: $(LIB_OBJS) $(B)/libwscope.a.list
	$(call say,AR)
	@mkdir -p $(@D)
	@rm -f $@
	@$(AR) rcs $@ $(LIB_OBJS)

$(PROGRAM): $(MAIN_OBJ) $(LIB)
	$(call say,LINK)
	@$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)

-include $(LIB_OBJS:.o=.d) $(MAIN_OBJ:.o=.d)
