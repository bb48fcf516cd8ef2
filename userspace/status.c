// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/status.h"

#include "userspace/around.h"
#include "userspace/record.h"
#include "userspace/retired.h"

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

static bool status_is_found(const struct report *r, int severity)
{
	struct finding facts[RECORD_FINDINGS_MOST];

	if (r->retired && r->retired->worst >= severity)
		return true;
	for (size_t i = 0; i < r->flows_n; i++) {
		struct transfer t;

		around_transfer(&t, r, r->flows[i]);
		if (record_worst(facts, record_flow_facts(&t, facts)) >= severity)
			return true;
	}
	for (size_t i = 0; i < r->endpoints_n; i++) {
		if (record_worst(facts, record_endpoint_facts(r, &r->endpoints[i], facts)) >=
		    severity)
			return true;
	}
	return false;
}

int status_of_report(const struct report *r, const struct options *o)
{
	if (r->evictions || r->lost_packets || r->counters[COUNTER_EVENTS_LOST] || r->unsent ||
	    r->counters[COUNTER_INSERTS_FAILED])
		return EXIT_INCOMPLETE;
	if (o->fail_on >= 0 && status_is_found(r, o->fail_on))
		return EXIT_FINDINGS;
	return EXIT_NOTHING;
}
