/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The records of schema 1, made from facts: pure functions, nothing is printed. The
 * members of each structure are the fields of record.def.
 */
#ifndef USERSPACE_RECORD_H
#define USERSPACE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/diagnose.h"
#include "userspace/compare_report.h"
#include "userspace/names.h"
#include "userspace/report.h"

#define RECORD_SCHEMA 1

#define RECORD_FINDINGS_MOST (2 * FINDING_CODES) /* of a connection, or an endpoint */
#define RECORD_ADDRESS_ROOM  48                  /* an address as text */
#define RECORD_ENDPOINT_ROOM 56                  /* and a port, and brackets */
#define RECORD_SENTENCE_ROOM 640 /* text and advice of a finding, longer ones are cut */
#define RECORD_NO_NUMBER     (-1)
#define RECORD_NO_TIME       INT64_MIN

/* How a kind of record.def is held. */
#define RECORD_HOLDS_UINT           __u64
#define RECORD_HOLDS_UINT_NULL      __s64 /* RECORD_NO_NUMBER: null */
#define RECORD_HOLDS_FAMILY         __u64
#define RECORD_HOLDS_PORT           __u64
#define RECORD_HOLDS_SHIFT_NULL     __s64
#define RECORD_HOLDS_WINDOW_NULL    __s64
#define RECORD_HOLDS_TIME           __s64 /* ns since the epoch */
#define RECORD_HOLDS_TIME_NULL      __s64 /* RECORD_NO_TIME: null */
#define RECORD_HOLDS_SECONDS        __u64 /* ns */
#define RECORD_HOLDS_BOOL           bool
#define RECORD_HOLDS_NAME           const char *
#define RECORD_HOLDS_NAME_NULL      const char *
#define RECORD_HOLDS_CODE           const char *
#define RECORD_HOLDS_STRING_NULL    const char * /* any bytes; borrowed */
#define RECORD_HOLDS_ADDRESS        struct record_address
#define RECORD_HOLDS_SENTENCE       struct record_sentence
#define RECORD_HOLDS_PACKETS        struct record_packets
#define RECORD_HOLDS_NUMBERS        struct record_numbers
#define RECORD_HOLDS_CODES          __u32 /* FINDING_BIT() of each */
#define RECORD_HOLDS_DIRECTION      struct record_direction
#define RECORD_HOLDS_FINDING        struct record_finding
#define RECORD_HOLDS_FINDINGS       struct record_findings
#define RECORD_HOLDS_FINDING_COUNTS struct record_finding_counts
#define RECORD_HOLDS_SKIP_COUNTS    struct record_skip_counts
#define RECORD_HOLDS_LOST           struct record_lost
#define RECORD_HOLDS_RETIRED        struct record_retired
#define RECORD_HOLDS_WHERE_NULL     struct record_where /* role 0: null */

#define RECORD_HOLDS_STRING     const char *        /* any bytes; borrowed */
#define RECORD_HOLDS_TABLE_NULL struct record_table /* size 0: null */

#define RECORD_HOLDS_CHANGE_CODE const char *
#define RECORD_HOLDS_CHANGES     struct record_changes

#define RECORD_MEMBER(kind, name, names, what) RECORD_HOLDS_##kind name;

struct record_address {
	char text[RECORD_ADDRESS_ROOM];
};

struct record_sentence {
	char text[RECORD_SENTENCE_ROOM];
};

struct record_packets {
	size_t n;
	struct {
		const char *file;
		__u64 number; /* in that file, from 1 */
	} list[FINDING_PACKETS];
};

/* The numbers of a finding, as detectors.def names them. */
struct record_numbers {
	__u8 code;
	__u64 value[FINDING_VALUES];
};

struct record_direction {
#define RECORD_DIRECTION RECORD_MEMBER
#include "userspace/record.def"
};

struct record_finding {
#define RECORD_FINDING RECORD_MEMBER
#include "userspace/record.def"
};

struct record_findings {
	size_t n;
	struct record_finding list[RECORD_FINDINGS_MOST];
};

struct record_finding_counts {
	__u64 n[FINDING_CODES];
};

struct record_skip_counts {
	__u64 n[COUNTERS]; /* of counters that are no skip reason: 0 */
};

struct record_lost {
#define RECORD_LOST RECORD_MEMBER
#include "userspace/record.def"
};

struct record_retired {
#define RECORD_RETIRED RECORD_MEMBER
#include "userspace/record.def"
};

struct record_where {
#define RECORD_WHERE RECORD_MEMBER
#include "userspace/record.def"
};

struct record_flow {
#define RECORD_FLOW RECORD_MEMBER
#include "userspace/record.def"
	bool retire; /* whether it has these: */
#define RECORD_FLOW_RETIRE RECORD_MEMBER
#include "userspace/record.def"
};

struct record_endpoint {
#define RECORD_ENDPOINT RECORD_MEMBER
#include "userspace/record.def"
};

struct record_summary {
#define RECORD_SUMMARY RECORD_MEMBER
#include "userspace/record.def"
	bool retire; /* whether it has these: */
#define RECORD_SUMMARY_RETIRE RECORD_MEMBER
#include "userspace/record.def"
};

struct record_event {
#define RECORD_EVENT RECORD_MEMBER
#include "userspace/record.def"
};

/* Of `wscope replay --series`: what a segment changed in one direction of its connection. */
struct record_sample {
#define RECORD_SAMPLE RECORD_MEMBER
#include "userspace/record.def"
};

/* Of `wscope compare`. */
struct record_changes {
	size_t n;
	const struct change *list; /* borrowed */
};

struct record_change {
#define RECORD_CHANGE RECORD_MEMBER
#include "userspace/record.def"
};

struct record_compare_flow {
#define RECORD_COMPARE_FLOW RECORD_MEMBER
#include "userspace/record.def"
};

struct record_compare {
#define RECORD_COMPARE RECORD_MEMBER
#include "userspace/record.def"
};

/* Of `wscope status`. */
struct record_table {
#define RECORD_TABLE RECORD_MEMBER
#include "userspace/record.def"
};

struct record_attachment {
#define RECORD_ATTACHMENT RECORD_MEMBER
#include "userspace/record.def"
};

struct record_status {
#define RECORD_STATUS RECORD_MEMBER
#include "userspace/record.def"
};

/* Each fills out completely; what is borrowed (file names) lives as long as the report. */
void record_flow(struct record_flow *out, const struct report *r, const struct flow_entry *f);
void record_endpoint(struct record_endpoint *out, const struct report *r,
		     const struct endpoint_entry *e);
void record_summary(struct record_summary *out, const struct report *r);

/* interface: the name of event->ifindex, or 0; borrowed. */
void record_event(struct record_event *out, const struct report *r, const struct event *e,
		  const char *interface);

/* The same of a comparison. */
void record_change(struct record_change *out, const struct change *c);
void record_compare_flow(struct record_compare_flow *out, const struct compare_flow *f);
void record_compare(struct record_compare *out, const struct compare_report *r);

/*
 * The findings as the engine holds them, those of an endpoint judged by the report's baseline
 * too; sorted by packet, then code; room for RECORD_FINDINGS_MOST.
 */
unsigned int record_flow_facts(const struct transfer *t, struct finding *out);
unsigned int record_endpoint_facts(const struct report *r, const struct endpoint_entry *e,
				   struct finding *out);

/* The highest severity among findings; -1 where there is none. */
int record_worst(const struct finding *facts, unsigned int n);

/* Connections with a finding that somebody should know of: of severity notice or above. */
struct record_slowed {
	__u64 flows;
	__u64 waited_ns; /* for each other's windows */
	__u64 bytes;     /* payload they carried */
};

/* Adds a connection, with its findings, if it is one. Returns whether it is. */
bool record_slowed(struct record_slowed *sum, const struct transfer *t, const struct finding *facts,
		   unsigned int n);

/* What would tell apart the causes that a finding leaves open; NULL when it leaves none. */
const char *record_settled_by(const struct finding *finding);

/* What {client}, {server}, {host} and {side} of a sentence stand for. */
struct record_names {
	const char *client;
	const char *server;
	const char *host;
};

/* How a finding's number is counted. */
enum record_unit {
	RECORD_UNIT_NONE,
	RECORD_UNIT_BYTES,
	RECORD_UNIT_BPS,
	RECORD_UNIT_NS,
	RECORD_UNIT_US,
};

/* The name of a finding's number i as records have it, its _ns as _s; "" when there is none. */
#define RECORD_VALUE_ROOM 32
enum record_unit record_value_key(char key[RECORD_VALUE_ROOM], const struct finding *finding,
				  unsigned int i);

/* Fills a text or advice of detectors.def in. */
void record_sentence(struct record_sentence *out, const char *template,
		     const struct record_names *names, const struct finding *finding);

/* An address as inet_ntop(3) writes it, IPv6 without brackets. */
void record_address(struct record_address *out, const __u64 addr[2], bool ipv6);

/* The address and port as text, IPv6 in brackets; port 0: the address alone. */
void record_address_port(char out[RECORD_ENDPOINT_ROOM], const __u64 addr[2], bool ipv6,
			 __u16 port);

/* Nanoseconds since the epoch of a time in the report's facts. */
static inline __s64 record_time(const struct report *r, __u64 ns)
{
	return (__s64)(ns + (__u64)r->epoch_offset_ns);
}

/* Scaling as one direction alone suggests it. */
enum scaling record_inferred(const struct flow *f);

/* Packets that were counted under a skip reason. */
__u64 record_skipped(const struct report *r);

#endif
