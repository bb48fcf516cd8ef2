// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/status.h"

#include "engine/verdict.h"
#include "platform/native.h"
#include "userspace/record.h"

static int status_weight(int status)
{
	switch (status) {
	case EXIT_USAGE:
		return 5;
	case EXIT_PRIVILEGE:
		return 4;
	case EXIT_INPUT:
		return 3;
	case EXIT_INCOMPLETE:
		return 2;
	case EXIT_FINDINGS:
		return 1;
	default:
		return 0;
	}
}

int status_worse(int a, int b)
{
	return status_weight(a) >= status_weight(b) ? a : b;
}

static bool status_has_severity(const struct finding *findings, __u32 n, int severity)
{
	for (__u32 i = 0; i < n; i++) {
		if (findings[i].severity >= severity)
			return true;
	}
	return false;
}

static bool status_is_found(const struct report *r, int severity)
{
	struct finding findings[RECORD_FINDINGS_MOST];
	__u32 n;

	for (size_t i = 0; i < r->flows_n; i++) {
		n = verdict_flow_findings(&r->flows[i]->flow, findings);
		if (status_has_severity(findings, n, severity))
			return true;
	}
	for (size_t i = 0; i < r->endpoints_n; i++) {
		n = record_endpoint_facts(r, &r->endpoints[i], findings);
		if (status_has_severity(findings, n, severity))
			return true;
	}
	return false;
}

int status_of_report(const struct report *r, const struct options *o)
{
	if (r->evictions || r->lost_packets || r->counters[COUNTER_EVENTS_LOST] ||
	    r->counters[COUNTER_INSERTS_FAILED])
		return EXIT_INCOMPLETE;
	if (o->fail_on >= 0 && status_is_found(r, o->fail_on))
		return EXIT_FINDINGS;
	return EXIT_NOTHING;
}
