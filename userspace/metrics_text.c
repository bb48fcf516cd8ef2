// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The text format of Prometheus, version 0.0.4: one function for each line of metrics.def. */
#include "userspace/metrics_parts.h"

#include "platform/clock.h"
#include "userspace/names.h"
#include "userspace/version.h"

/* Window classes of fewer bytes than 2^this are shown as one. */
#define TEXT_CLASS_LEAST 10U

/* A label's value: escaped as the format wants, and what is not plain ASCII as text for it. */
static void text_value(FILE *to, const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '\\' || c == '"')
			fprintf(to, "\\%c", c);
		else if (c < 0x20 || c > 0x7e)
			fprintf(to, "\\\\x%02x", c);
		else
			fputc(c, to);
	}
}

/* {name="value",...} of pairs of strings up to NULL. */
static void text_pairs(FILE *to, const char *const *pairs)
{
	const char *before = "{";

	for (; *pairs; pairs += 2) {
		fprintf(to, "%s%s=\"", before, pairs[0]);
		text_value(to, pairs[1]);
		fputc('"', to);
		before = ",";
	}
	fputc('}', to);
}

#define text_labels(to, ...) text_pairs(to, (const char *const[]){ __VA_ARGS__ })

static void text_count(FILE *to, __u64 n)
{
	fprintf(to, " %llu\n", (unsigned long long)n);
}

static void text_plain(FILE *to, const char *name, __u64 n)
{
	fputs(name, to);
	text_count(to, n);
}

static void text_one(FILE *to, const char *name, const char *label, const char *value, __u64 n)
{
	fputs(name, to);
	text_labels(to, label, value, NULL);
	text_count(to, n);
}

static void text_seconds(FILE *to, const char *name, double s)
{
	fprintf(to, "%s %.9f\n", name, s);
}

static void text_roles(FILE *to, const char *name, const __u64 *n)
{
	for (unsigned int role = 0; role < 2; role++)
		text_one(to, name, "role", names_of(NAMES_ROLE, role), n[role]);
}

static void metrics_write_build(FILE *to, const char *name, const struct metrics *m)
{
	(void)m;
	text_one(to, name, "version", WSCOPE_VERSION, 1);
}

static void metrics_write_started(FILE *to, const char *name, const struct metrics *m)
{
	text_seconds(to, name, m->started);
}

/* Those of the start; what was taken away since then is not attached, unless that was on purpose. */
static void metrics_write_attached(FILE *to, const char *name, const struct metrics *m)
{
	for (size_t i = 0; i < m->attachments_n; i++) {
		const struct attach *a = &m->attached->list[i];

		if (a->released)
			continue;
		fputs(name, to);
		text_labels(to, "interface", m->attachments[i].interface, "hook",
			    names_of(NAMES_HOOK, a->hook), "mode", m->attachments[i].mode, NULL);
		text_count(to, i < m->attached->n && live_attach_is_there(m->attached, i));
	}
}

static void metrics_write_off(FILE *to, const char *name, const struct metrics *m)
{
	text_plain(to, name, !!m->loader->switches.off);
}

static void metrics_write_packets(FILE *to, const char *name, const struct metrics *m)
{
	text_plain(to, name, m->n[COUNTER_PACKETS]);
}

static void metrics_write_skipped(FILE *to, const char *name, const struct metrics *m)
{
	for (unsigned int i = COUNTER_FIRST_SKIP; i < COUNTERS; i++)
		text_one(to, name, "reason", names_counters[i].name, m->n[i]);
}

static void metrics_write_duplicates(FILE *to, const char *name, const struct metrics *m)
{
	text_plain(to, name, m->n[COUNTER_DUPLICATES]);
}

static void metrics_write_handshakes(FILE *to, const char *name, const struct metrics *m)
{
	text_one(to, name, "family", "4", m->n[TALLY_HANDSHAKES]);
	text_one(to, name, "family", "6", m->n[TALLY_HANDSHAKES + 1]);
}

static void metrics_write_opportunities(FILE *to, const char *name, const struct metrics *m)
{
	text_roles(to, name, &m->n[TALLY_OPPORTUNITIES]);
}

static void metrics_write_offers(FILE *to, const char *name, const struct metrics *m)
{
	text_roles(to, name, &m->n[TALLY_OFFERS]);
}

static const char *text_side(unsigned int side)
{
	const char *name = names_of(NAMES_SIDE, side);

	return name ? name : "none";
}

/* Codes that the programs report; the others are in a summary. */
static void metrics_write_findings(FILE *to, const char *name, const struct metrics *m)
{
	for (unsigned int code = 0; code < FINDING_CODES; code++) {
		if (names_detector(code)->weighed)
			continue;
		for (unsigned int side = 0; side < TALLY_N_SIDES; side++) {
			fputs(name, to);
			text_labels(to, "code", names_detector(code)->code, "side", text_side(side),
				    NULL);
			text_count(to, m->n[TALLY_FINDINGS + code * TALLY_N_SIDES + side]);
		}
	}
}

static void metrics_write_shifts(FILE *to, const char *name, const struct metrics *m)
{
	for (unsigned int i = 0; i < 2 * TALLY_N_SHIFTS; i++) {
		unsigned int shift = i % TALLY_N_SHIFTS;
		char text[16] = "none";

		if (shift < TALLY_N_SHIFTS - 1)
			snprintf(text, sizeof(text), "%u", shift);
		fputs(name, to);
		text_labels(to, "role", names_of(NAMES_ROLE, i / TALLY_N_SHIFTS), "shift", text,
			    NULL);
		text_count(to, m->n[TALLY_SHIFTS + i]);
	}
}

/* The slot of class c counts windows below 2^c, so buckets end one below. */
static void text_windows(FILE *to, const char *name, const struct metrics *m, unsigned int role)
{
	const __u64 *n = &m->n[TALLY_WINDOWS + role * TALLY_N_CLASSES];
	const char *side = names_of(NAMES_ROLE, role);
	__u64 sum = 0;

	for (unsigned int class = 0; class < TALLY_N_CLASSES - 1; class ++) {
		char bound[16];

		sum += n[class];
		if (class < TEXT_CLASS_LEAST)
			continue;
		snprintf(bound, sizeof(bound), "%u", (1U << class) - 1);
		fprintf(to, "%s_bucket", name);
		text_labels(to, "role", side, "le", bound, NULL);
		text_count(to, sum);
	}
	fprintf(to, "%s_bucket", name);
	text_labels(to, "role", side, "le", "+Inf", NULL);
	text_count(to, sum);
	fprintf(to, "%s_sum{role=\"%s\"}", name, side);
	text_count(to, m->n[TALLY_WINDOW_BYTES + role]);
	fprintf(to, "%s_count{role=\"%s\"}", name, side);
	text_count(to, sum);
}

static void metrics_write_windows(FILE *to, const char *name, const struct metrics *m)
{
	for (unsigned int role = 0; role < 2; role++)
		text_windows(to, name, m, role);
}

static void metrics_write_windows_unknown(FILE *to, const char *name, const struct metrics *m)
{
	__u64 n[2];

	for (unsigned int role = 0; role < 2; role++)
		n[role] = m->n[TALLY_WINDOWS + (role + 1) * TALLY_N_CLASSES - 1];
	text_roles(to, name, n);
}

static void metrics_write_stalls(FILE *to, const char *name, const struct metrics *m)
{
	for (unsigned int role = 0; role < 2; role++)
		fprintf(to, "%s{role=\"%s\"} %.9f\n", name, names_of(NAMES_ROLE, role),
			(double)m->n[TALLY_STALL_NS + role] * 1e-9);
}

static __u64 text_fill(__u64 in, __u64 out, __u64 size)
{
	__u64 n = in > out ? in - out : 0;

	return n < size ? n : size;
}

/* Entries that were given up are still among them: until the table is full an upper bound. */
static void metrics_write_entries(FILE *to, const char *name, const struct metrics *m)
{
	const struct loader *l = m->loader;

	text_one(to, name, "table", "flows",
		 text_fill(m->n[COUNTER_FLOW_INSERTS], m->n[COUNTER_FLOW_DELETES], l->flows));
	text_one(to, name, "table", "pending",
		 text_fill(m->n[COUNTER_PENDING_INSERTS], m->n[COUNTER_PENDING_DELETES],
			   l->pending));
	text_one(to, name, "table", "endpoints",
		 text_fill(m->n[COUNTER_ENDPOINT_INSERTS], 0, l->endpoints));
}

static void metrics_write_sizes(FILE *to, const char *name, const struct metrics *m)
{
	text_one(to, name, "table", "flows", m->loader->flows);
	text_one(to, name, "table", "pending", m->loader->pending);
	text_one(to, name, "table", "endpoints", m->loader->endpoints);
}

static void metrics_write_refused(FILE *to, const char *name, const struct metrics *m)
{
	text_plain(to, name, m->n[COUNTER_INSERTS_FAILED]);
}

static void metrics_write_evictions(FILE *to, const char *name, const struct metrics *m)
{
	text_plain(to, name, m->evictions);
}

static void metrics_write_events_sent(FILE *to, const char *name, const struct metrics *m)
{
	text_plain(to, name, m->n[COUNTER_EVENTS_SENT]);
}

static void metrics_write_events_lost(FILE *to, const char *name, const struct metrics *m)
{
	text_plain(to, name, m->n[COUNTER_EVENTS_LOST]);
}

static void metrics_write_nats_sent(FILE *to, const char *name, const struct metrics *m)
{
	struct publish_counts n;

	publish_counts(m->publish, &n);
	text_plain(to, name, n.sent);
}

static void metrics_write_nats_lost(FILE *to, const char *name, const struct metrics *m)
{
	struct publish_counts n;

	publish_counts(m->publish, &n);
	text_plain(to, name, n.lost);
}

static void text_endpoint(FILE *to, const char *name, const char *endpoint, unsigned int role,
			  __u64 n)
{
	fputs(name, to);
	text_labels(to, "endpoint", endpoint, "role", names_of(NAMES_ROLE, role), NULL);
	text_count(to, n);
}

static void metrics_write_endpoint_opportunities(FILE *to, const char *name,
						 const struct metrics *m)
{
	for (size_t i = 0; i < m->endpoints_n; i++)
		text_endpoint(to, name, m->endpoints[i].name, m->endpoints[i].key.role,
			      m->endpoints[i].sum.opportunities);
	for (unsigned int role = 0; role < 2; role++)
		text_endpoint(to, name, "other", role, m->others[role].opportunities);
}

static void metrics_write_endpoint_offers(FILE *to, const char *name, const struct metrics *m)
{
	for (size_t i = 0; i < m->endpoints_n; i++)
		text_endpoint(to, name, m->endpoints[i].name, m->endpoints[i].key.role,
			      m->endpoints[i].sum.offers);
	for (unsigned int role = 0; role < 2; role++)
		text_endpoint(to, name, "other", role, m->others[role].offers);
}

static void metrics_write_report_time(FILE *to, const char *name, const struct metrics *m)
{
	text_seconds(to, name, m->reported);
}

static void metrics_write_report_findings(FILE *to, const char *name, const struct metrics *m)
{
	for (unsigned int code = 0; code < FINDING_CODES; code++)
		text_one(to, name, "code", names_detector(code)->code, m->summary.findings.n[code]);
}

static void metrics_write_report_slowed(FILE *to, const char *name, const struct metrics *m)
{
	text_plain(to, name, m->summary.slowed_flows);
}

static void metrics_write_report_waited(FILE *to, const char *name, const struct metrics *m)
{
	text_seconds(to, name, (double)m->summary.slowed_s * 1e-9);
}

static void metrics_write_scrape(FILE *to, const char *name, const struct metrics *m)
{
	text_seconds(to, name, (double)clock_ns(CLOCK_MONOTONIC) * 1e-9 - m->began);
}

void metrics_text(FILE *to, const struct metrics *m)
{
#define METRIC(id, type, name, labels, help)                                \
	fputs("# HELP " name " " help "\n# TYPE " name " " #type "\n", to); \
	metrics_write_##id(to, name, m);
#include "userspace/metrics.def"
#undef METRIC
}
