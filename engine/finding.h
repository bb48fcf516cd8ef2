/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a detector says, and how it travels from a program to its reader. */
#ifndef ENGINE_FINDING_H
#define ENGINE_FINDING_H

#include "engine/gauge.h"

enum finding_code {
#define DETECTOR(id, name, scope, severity, values, title, text, advice) FINDING_##id,
#include "engine/detectors.def"
#undef DETECTOR
	FINDING_CODES
};

enum severity { SEVERITY_INFO, SEVERITY_NOTICE, SEVERITY_WARNING, SEVERITY_CRITICAL };
enum side { SIDE_NONE, SIDE_CLIENT, SIDE_SERVER, SIDE_PATH };
enum blame { BLAME_UNKNOWN, BLAME_HOST, BLAME_PATH, BLAME_HOST_OR_PATH, BLAME_PROXY };
enum confidence {
	CONFIDENCE_INFERRED,
	CONFIDENCE_LOW,
	CONFIDENCE_MEDIUM,
	CONFIDENCE_HIGH,
	CONFIDENCE_CERTAIN,
};

#define FINDING_PACKETS 3
#define FINDING_VALUES  3

/* Room for the findings of one connection: each code, for each side. */
#define VERDICT_MAX (2 * FINDING_CODES)

/* A set of codes. */
#define FINDING_BIT(code) (1U << FINDING_##code)

_Static_assert(FINDING_CODES <= 32, "a set of codes fits into 32 bits");

struct finding {
	__u64 packets[FINDING_PACKETS]; /* that prove it, unused ones 0 */
	__u64 value[FINDING_VALUES];    /* the numbers that detectors.def names */
	__u32 replaces;                 /* FINDING_BIT of the less specific codes it stands for */
	__u8 code;                      /* enum finding_code */
	__u8 severity;
	__u8 side;
	__u8 blame;
	__u8 confidence;
	__u8 pad[7];
};

_Static_assert(sizeof(struct finding) == 64, "struct finding has no hidden padding");

/* What goes through the ring: a finding about a flow or an endpoint, or a flow's last record. */
enum event_kind { EVENT_FLOW_FINDING, EVENT_ENDPOINT_FINDING, EVENT_FLOW_ENDED };

struct event {
	__u64 ns;
	__u32 kind; /* enum event_kind */
	__u32 ifindex;
	__u32 hook;
	__u32 client; /* index of the client's end in the key */
	struct flow_key key;
	struct endpoint_key endpoint;
	struct endpoint stats; /* of the endpoint, EVENT_ENDPOINT_FINDING only */
	struct finding finding;
};

/* EVENT_FLOW_ENDED: what seam_export() sends. */
struct event_ended {
	__u64 ns;
	__u32 kind;
	__u32 pad;
	struct flow_key key;
	struct live_flow live;
};

/* Fills what every detector fills; value[] and packets[] stay 0. */
ENGINE_INLINE void finding_set(struct finding *out, enum finding_code code, enum severity severity,
			       enum side side, enum blame blame, enum confidence confidence)
{
	__builtin_memset(out, 0, sizeof(*out));
	out->code = (__u8)code;
	out->severity = (__u8)severity;
	out->side = (__u8)side;
	out->blame = (__u8)blame;
	out->confidence = (__u8)confidence;
}

#endif
