// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Prints records that no capture of the project makes, for the test of the schema: events of
 * every finding code, a report whose files have hostile names and whose counters all count, and what
 * status says of attachments in every state.
 */
#include <stdio.h>
#include <string.h>

#include "userspace/names.h"
#include "userspace/output/json.h"
#include "userspace/output/output.h"

static const struct options options = { .json = true };

static int events(const struct report *r)
{
	int err = 0;

	for (unsigned int code = 0; code < FINDING_CODES && !err; code++) {
		struct event e = { .ns = 1500000000ULL * (code + 1), .client = code & 1 };

		e.kind = names_detector(code)->of_endpoint ? EVENT_ENDPOINT_FINDING
							   : EVENT_FLOW_FINDING;
		e.hook = code % HOOKS;
		e.ifindex = code & 1; /* 0 has no name */
		e.key.domain = code & 1 ? DOMAIN_IPV6 : 0;
		e.key.port[0] = 443;
		e.endpoint.role = code & 1;
		e.finding.code = (__u8)code;
		e.finding.severity = (__u8)names_detector(code)->severity;
		e.finding.side = (__u8)(code % names_n(NAMES_SIDE));
		e.finding.blame = (__u8)(code % names_n(NAMES_BLAME));
		e.finding.confidence = (__u8)(code % names_n(NAMES_CONFIDENCE));
		err = output_choose(&options)->event(stdout, r, &e, &options);
	}
	return err;
}

static int report(void)
{
	static const char *const files[] = { "a\"b\\\n\033[31m.pcap", "caf\xe9.pcap", "" };
	static struct flow_entry flows[3];
	const struct flow_entry *list[3];
	struct report r = { .flows = list, .flows_n = 3, .files = files, .files_n = 3 };

	for (unsigned int i = 0; i < 3; i++) {
		flows[i].flow.first_id = packet_id_make(i, 1);
		list[i] = &flows[i];
	}
	for (unsigned int i = 0; i < COUNTERS; i++)
		r.counters[i] = ~0ULL / 1000 + i;
	r.lost_packets = 1;
	r.evictions = 2;
	return output_choose(&options)->report(stdout, &r, &options);
}

/* With every name of every list; one in three knows nothing that may be null. */
static int attachments(void)
{
	struct writer w;

	writer_start(&w, stdout);
	for (unsigned int i = 0; i < 3 * names_n(NAMES_FAULT); i++) {
		bool known = i % 3;
		struct record_attachment r = {
			.interface = "eth\"0",
			.ifindex = i,
			.hook = names_of(NAMES_HOOK, i % HOOKS),
			.state = names_of(NAMES_ATTACHMENT, i % names_n(NAMES_ATTACHMENT)),
			.since = known ? 1700000000000000000 : RECORD_NO_TIME,
			.how = known ? names_of(NAMES_ATTACH_HOW, i % names_n(NAMES_ATTACH_HOW))
				     : NULL,
			.mode = known ? names_of(NAMES_MODE, i % names_n(NAMES_MODE)) : NULL,
			.program = known ? 7 : RECORD_NO_NUMBER,
			.sampled_packets = i,
			.packet_ns = known ? 90 : RECORD_NO_NUMBER,
			.faults = i,
			.reattached = i,
			.fault = names_of(NAMES_FAULT, i % names_n(NAMES_FAULT)),
			.fault_time = known ? 1700000000000000001 : RECORD_NO_TIME,
		};

		json_attachment(&w, &r);
	}
	return writer_flush(&w);
}

static int statuses(void)
{
	struct record_table table = { .entries = 3, .size = 5, .evicted = 1 };
	struct writer w;

	writer_start(&w, stdout);
	for (unsigned int i = 0; i < names_n(NAMES_KEEPER); i++) {
		bool known = i;
		struct record_status r = {
			.pins = "/sys/fs/bpf/caf\xe9",
			.keeper = names_of(NAMES_KEEPER, i),
			.pid = known ? 1 : RECORD_NO_NUMBER,
			.since = known ? 1700000000000000000 : RECORD_NO_TIME,
			.attached = i,
			.readable = known,
			.work = known ? names_of(NAMES_WORK, i % 2) : NULL,
			.events = known ? 2 : RECORD_NO_NUMBER,
			.events_lost = known ? 1 : RECORD_NO_NUMBER,
			.inserts_failed = known ? 0 : RECORD_NO_NUMBER,
		};

		if (known)
			r.connections = r.unconfirmed = r.hosts = table;
		json_status(&w, &r);
	}
	return writer_flush(&w);
}

int main(void)
{
	struct report live = { .live = true, .epoch_offset_ns = 1700000000000000000 };

	return events(&live) || report() || attachments() || statuses() || fflush(stdout);
}
