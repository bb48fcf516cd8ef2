/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reports made by hand: what an engine would have found, said in few words. */
#ifndef TESTS_UNIT_FACTS_H
#define TESTS_UNIT_FACTS_H

#include <stdbool.h>
#include <stddef.h>

#include "userspace/output/output.h"
#include "userspace/report.h"

/* A SYN's window-scale option. 0: no such SYN was seen. */
#define FACTS_ABSENT   1
#define FACTS_UNKNOWN  2
#define FACTS_SHIFT(n) ((n) + 100)

struct facts_half {
	__u64 packets, bytes;
	__u64 last_ns;
	bool windows; /* segments with neither SYN nor RST were seen: window_* hold */
	__u16 window_first, window_min, window_max;
	bool zero_open;
	__u64 zero_since_ns, zero_ns;
	__u32 zero_windows, zero_spells;
	__u32 retransmits, duplicates;
};

/*
 * What is 0 or not said: 192.0.2.1:40000 to 198.51.100.1:443, first packet at 0, SYNs with the
 * windows of Linux: a SYN-ACK with window 0 is a proxy's.
 */
struct facts {
	const char *client, *server;
	__u16 client_port, server_port;
	int client_w, server_w; /* FACTS_* */
	bool unanswered;        /* the server's SYN has no ACK bit: a simultaneous open */
	__u16 client_window, server_window;
	__u8 client_nops;
	int other_w; /* another copy of the client's SYN */
	enum syn_other_kind other_kind;
	__u32 other_gap_us;
	__u64 first_ns;
	__u32 rtt_us;
	enum role_source role_source;
	__u32 domain;
	__u8 encap;
	bool local; /* both SYNs were met leaving the host that owns their address */
	bool data;
	__u64 client_id, server_id; /* packets of the SYNs */
	struct facts_half c2s, s2c;
};

void facts_flow(struct flow_entry *out, const struct facts *facts);

struct facts_endpoint {
	const char *address;
	__u16 port; /* 0: as client */
	__u64 offers, refusals, run;
	__u64 first_refusal_ns, last_refusal_ns, run_since_ns, last_offer_ns;
	__u64 run_first_id, last_refusal_id;
	bool local;
};

void facts_endpoint(struct endpoint_entry *out, const struct facts_endpoint *facts);

#define FACTS_MOST 64

/* A report with its arrays. */
struct facts_report {
	struct report report;
	struct flow_entry flows[FACTS_MOST];
	const struct flow_entry *list[FACTS_MOST];
	struct endpoint_entry endpoints[FACTS_MOST];
};

/* An empty report of one file, "a.pcap". */
void facts_report_start(struct facts_report *r);
void facts_report_flow(struct facts_report *r, const struct facts *facts);
void facts_report_endpoint(struct facts_report *r, const struct facts_endpoint *facts);

/* What an output writes, as a string to be freed; fails the test when it reports an error. */
char *facts_print(const struct output *output, const struct report *r, const struct options *o);
char *facts_print_event(const struct output *output, const struct report *r, const struct event *e,
			const struct options *o);

#endif
