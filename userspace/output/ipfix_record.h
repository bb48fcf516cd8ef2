/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The records of ipfix.def in memory, as libfixbuf reads them: without holes, in host order. */
#ifndef USERSPACE_OUTPUT_IPFIX_RECORD_H
#define USERSPACE_OUTPUT_IPFIX_RECORD_H

#include <fixbuf/public.h>

#include "userspace/record.h"

/* Elements that a record does not always have; IPFIX_SIDE: of the server these, shifted left. */
enum ipfix_when {
	IPFIX_ALWAYS = 0,
	IPFIX_SHIFT = 1 << 0,
	IPFIX_SYN = 1 << 1,
	IPFIX_WINDOW = 1 << 2,
	IPFIX_EFFECTIVE = 1 << 3,
	IPFIX_OPTIONS = 1 << 4,
	IPFIX_SHRINKS = 1 << 5,
	IPFIX_FLIGHT = 1 << 6,
	IPFIX_CEILING = 1 << 7,
	IPFIX_IPV4 = 1 << 16,
	IPFIX_IPV6 = 1 << 17,
	IPFIX_FILE = 1 << 18,
	IPFIX_RTT = 1 << 19,
	IPFIX_INFERRED = 1 << 20,
	IPFIX_PORT = 1 << 21,
	IPFIX_REFUSED = 1 << 22,
	IPFIX_SINCE = 1 << 23,
	IPFIX_BASELINE = 1 << 24,
};

#define IPFIX_SERVER_SHIFT 8

#define IPFIX_HOLDS_TEXT fbVarfield_t
#define IPFIX_HOLDS_LIST fbSubTemplateList_t
#define IPFIX_HOLDS_U64  __u64
#define IPFIX_HOLDS_U32  __u32
#define IPFIX_HOLDS_U16  __u16
#define IPFIX_HOLDS_U8   __u8
#define IPFIX_HOLDS_IPV6 struct ipfix_ipv6

struct ipfix_ipv6 {
	__u64 addr[2]; /* as on the wire */
};

struct ipfix_number {
#define IPFIX_NUMBER(kind, member, element) IPFIX_HOLDS_##kind member;
#include "userspace/output/ipfix.def"
};

struct ipfix_packet {
#define IPFIX_PACKET(kind, member, element) IPFIX_HOLDS_##kind member;
#include "userspace/output/ipfix.def"
};

struct ipfix_finding {
#define IPFIX_FINDING(kind, member, element) IPFIX_HOLDS_##kind member;
#include "userspace/output/ipfix.def"
};

struct ipfix_flow {
#define IPFIX_FLOW(kind, member, element, when)          IPFIX_HOLDS_##kind member;
#define IPFIX_SIDE(kind, member, element, reverse, when) IPFIX_HOLDS_##kind c_##member, s_##member;
#include "userspace/output/ipfix.def"
};

struct ipfix_endpoint {
#define IPFIX_ENDPOINT(kind, member, element, when) IPFIX_HOLDS_##kind member;
#include "userspace/output/ipfix.def"
};

struct ipfix_summary {
#define IPFIX_SUMMARY(kind, member, element, when) IPFIX_HOLDS_##kind member;
#include "userspace/output/ipfix.def"
};

/* Templates of the entries of lists. */
enum ipfix_list { IPFIX_LIST_FINDING, IPFIX_LIST_NUMBER, IPFIX_LIST_PACKET, IPFIX_LISTS };

/* What is behind the pointers of a record; good for one record at a time. */
struct ipfix_room {
	const fbTemplate_t *template[IPFIX_LISTS];
	__u16 template_id[IPFIX_LISTS];
	GStringChunk *texts; /* that are not written as they stand */
	size_t bytes;        /* that the record takes in a message, at most */
	struct ipfix_finding findings[RECORD_FINDINGS_MOST];
	struct ipfix_number numbers[RECORD_FINDINGS_MOST][FINDING_VALUES];
	struct ipfix_packet packets[RECORD_FINDINGS_MOST][FINDING_PACKETS];
	union {
		struct record_flow flow;
		struct record_endpoint endpoint;
		struct record_summary summary;
	} record;
};

/* Each fills out; what it points to is in room. Returns the elements it has, enum ipfix_when. */
__u32 ipfix_flow(struct ipfix_flow *out, struct ipfix_room *room, const struct report *r,
		 const struct flow_entry *f);
__u32 ipfix_endpoint(struct ipfix_endpoint *out, struct ipfix_room *room, const struct report *r,
		     const struct endpoint_entry *e);
void ipfix_summary(struct ipfix_summary *out, struct ipfix_room *room, const struct report *r);

#endif
