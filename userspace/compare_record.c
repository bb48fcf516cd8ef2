// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A comparison as records, and its verdict. */
#include <stdio.h>
#include <string.h>

#include "userspace/record.h"
#include "userspace/text_style.h"

static void fill_sentence(struct record_sentence *out, const char *template, const struct change *c)
{
	change_sentence(out->text, template, c);
}

_Static_assert(CHANGE_SENTENCE_ROOM <= RECORD_SENTENCE_ROOM, "a change's sentence fits");

static __s64 number_null(__u64 number)
{
	return number ? (__s64)number : RECORD_NO_NUMBER;
}

void record_change(struct record_change *out, const struct change *c)
{
	const struct change_name *name = change_name(c->code);

	out->code = name->code;
	out->severity = names_of(NAMES_SEVERITY, name->severity);
	out->direction = names_of(NAMES_DATA, c->way);
	out->from = c->from < 0 ? RECORD_NO_NUMBER : c->from;
	out->to = c->to < 0 ? RECORD_NO_NUMBER : c->to;
	out->packets = c->packets;
	out->flows = c->flows;
	out->before_packet = number_null(c->number[0]);
	out->after_packet = number_null(c->number[1]);
	fill_sentence(&out->text, name->text, c);
	fill_sentence(&out->advice, name->advice, c);
}

void record_compare_flow(struct record_compare_flow *out, const struct compare_flow *f)
{
	const struct compare_ends *before = &f->ends[0], *after = &f->ends[1];

	out->family = before->ipv6 ? 6 : 4;
	record_address(&out->client, before->addr[0], before->ipv6);
	record_address(&out->server, before->addr[1], before->ipv6);
	record_address(&out->after_client, after->addr[0], after->ipv6);
	record_address(&out->after_server, after->addr[1], after->ipv6);
	out->client_port = before->port[0];
	out->server_port = before->port[1];
	out->after_client_port = after->port[0];
	out->after_server_port = after->port[1];
	out->first = f->first_ns;
	out->client_side = names_of(NAMES_CAPTURE, f->client_side);
	out->paired_by = names_of(NAMES_PAIRED_BY, f->translated);
	out->packets = f->packets;
	out->before_folded = f->folded[0];
	out->after_folded = f->folded[1];
	out->before_only = f->only[0];
	out->after_only = f->only[1];
	out->unclaimed = f->unclaimed;
	out->options_cut = f->options_cut;
	out->changes = (struct record_changes){ f->changes_n, f->changes };
}

/* Adds one part to a verdict, as far as there is room. */
static size_t verdict_add(char out[COMPARE_VERDICT_ROOM], size_t at, const char *text)
{
	int n = snprintf(out + at, COMPARE_VERDICT_ROOM - at, "%s%s", at ? "; " : "", text);

	return at + (size_t)n < COMPARE_VERDICT_ROOM ? at + (size_t)n : COMPARE_VERDICT_ROOM - 1;
}

const char *compare_verdict(char out[COMPARE_VERDICT_ROOM], const struct compare_report *r)
{
	char sentence[CHANGE_SENTENCE_ROOM], part[CHANGE_SENTENCE_ROOM + 64];
	char some[TEXT_NUMBER_ROOM], all[TEXT_COUNTED_ROOM];
	size_t at = 0;

	out[0] = '\0';
	if (!r->packets) {
		verdict_add(out, 0, "no verdict: nothing could be compared");
		return out;
	}
	for (size_t i = 0; i < r->changes_n; i++) {
		const struct change *c = &r->changes[i];

		change_sentence(sentence, change_name(c->code)->text, c);
		if (c->flows < r->flows_n)
			snprintf(part, sizeof(part), "%s (in %s of %s)", sentence,
				 text_number(some, c->flows),
				 text_counted(all, r->flows_n, "connection"));
		else
			snprintf(part, sizeof(part), "%s", sentence);
		at = verdict_add(out, at, part);
	}
	verdict_add(out, at, at ? "changes nothing else" : "changes nothing");
	return out;
}

void record_compare(struct record_compare *out, const struct compare_report *r)
{
	char verdict[COMPARE_VERDICT_ROOM];

	memset(out, 0, sizeof(*out));
	out->before = r->file[0];
	out->after = r->file[1];
	out->before_files = r->files[0];
	out->after_files = r->files[1];
	snprintf(out->verdict.text, sizeof(out->verdict.text), "%s", compare_verdict(verdict, r));
	out->changes = (struct record_changes){ r->changes_n, r->changes };
	out->flows = r->flows_n;
	out->flows_before_only = r->flows_only[0];
	out->flows_after_only = r->flows_only[1];
	out->flows_without_packets = r->unmatched;
	out->flows_options_cut = r->options_cut;
	out->packets = r->packets;
	out->before_folded = r->folded[0];
	out->after_folded = r->folded[1];
	out->before_packets = r->segments[0];
	out->after_packets = r->segments[1];
	out->unclaimed = r->unclaimed;
	for (unsigned int i = 0; i < COUNTERS; i++)
		out->skipped.n[i] = names_counters[i].skip ? r->counters[i] : 0;
	out->clock_offset_s = r->clocked ? r->offset_ns : RECORD_NO_TIME;
	out->lost = r->lost;
	out->not_taken = r->refused;
	out->incomplete = r->incomplete;
}
