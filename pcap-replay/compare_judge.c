// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "pcap-replay/compare_judge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Of a connection: each difference in both directions, and those that are no packet's. */
#define CHANGES_MOST (COMPARE_DIFFS + 12U)
/* Of all connections: further values of a code are counted with the first. */
#define TOTALS_MOST 64U

/* One pair while it is judged. Directions are those of BEFORE's leg. */
struct judged {
	const struct compare *c;
	const struct compare_pair *p;
	struct compare_flow *flow;
	unsigned int client; /* direction of what the client sends */
	unsigned int near;   /* the capture on the client's side */
	bool proxied;
	struct change list[CHANGES_MOST];
	size_t n;
};

/* ---- which side is which ---- */

static int by_value(const void *a, const void *b)
{
	__s64 x = *(const __s64 *)a, y = *(const __s64 *)b;

	return (x > y) - (x < y);
}

/* n > 0 */
static __s64 median(const __s64 *values, size_t n)
{
	__s64 sorted[COMPARE_SYNS];

	memcpy(sorted, values, n * sizeof(*values));
	qsort(sorted, n, sizeof(*sorted), by_value);
	return sorted[n / 2];
}

/* As records.md has it: who sent the SYN; otherwise the higher port; otherwise who sent first. */
static unsigned int pair_client(const struct compare_pair *p)
{
	const struct flow_key *key = &p->leg[0]->key;

	if (p->leg[0]->client != COMPARE_NOBODY)
		return p->leg[0]->client;
	if (p->leg[1]->client != COMPARE_NOBODY)
		return p->leg[1]->client ^ p->flip;
	return key->port[1] > key->port[0];
}

/* The capture nearer the client by the times of packets of both directions; 2: they do not tell. */
static unsigned int pair_near(const struct compare_pair *p, unsigned int client)
{
	__s64 up, down;

	if (!p->delays[0] || !p->delays[1])
		return 2;
	up = median(p->delay[client], p->delays[client]);
	down = median(p->delay[!client], p->delays[!client]);
	return up == down ? 2 : up > down ? COMPARE_BEFORE : COMPARE_AFTER;
}

/* The capture that most connections' clients are nearer to; BEFORE when it cannot be told. */
static unsigned int most_near(const struct compare *c)
{
	size_t votes[3] = { 0 };

	for (size_t i = 0; i < c->pairs_n; i++)
		votes[pair_near(c->pairs[i], pair_client(c->pairs[i]))]++;
	return votes[COMPARE_AFTER] > votes[COMPARE_BEFORE] ? COMPARE_AFTER : COMPARE_BEFORE;
}

/* The capture that packets of a direction pass first. */
static unsigned int judged_up(const struct judged *j, unsigned int dir)
{
	return dir == j->client ? j->near : !j->near;
}

static enum change_way judged_way(const struct judged *j, unsigned int dir)
{
	return dir == j->client ? CHANGE_C2S : CHANGE_S2C;
}

/* The first SYN or SYN-ACK of a direction as one capture has it. */
static const struct compare_segment *judged_syn(const struct judged *j, unsigned int side,
						unsigned int dir)
{
	return &j->p->leg[side]->syn[dir ^ (side ? j->p->flip : 0U)];
}

/*
 * A SYN-ACK of the box's own: other sequence numbers than the server's, and a window of 0, or a SYN
 * made anew with the proxy's number in it, or an answer that was there before the server was asked.
 */
static bool judged_proxied(const struct judged *j)
{
	const struct compare_pair *p = j->p;
	const struct compare_segment *answer = judged_syn(j, j->near, !j->client);
	const struct compare_segment *behind = judged_syn(j, !j->near, !j->client);
	const struct compare_segment *syn = judged_syn(j, j->near, j->client);
	const struct compare_segment *anew = judged_syn(j, !j->near, j->client);
	__s64 offset;

	if (!answer->number || !behind->number || answer->seq == behind->seq ||
	    !compare_is_synack(answer) || !compare_is_synack(behind))
		return false;
	if (!answer->window && behind->window)
		return true;
	if (!anew->number || !compare_is_syn(anew))
		return false;
	if (syn->number && !syn->ack && anew->ack)
		return true;
	if (!p->delays[0] || !p->delays[1])
		return false;
	offset = (median(p->delay[0], p->delays[0]) + median(p->delay[1], p->delays[1])) / 2;
	if (j->near == COMPARE_AFTER)
		offset = -offset;
	return (__s64)answer->ns + offset < (__s64)anew->ns;
}

/* ---- changes ---- */

static struct change *add(struct judged *j, enum change_code code, enum change_way way)
{
	struct change *change = &j->list[j->n++];

	*change = (struct change){ .code = (__u8)code,
				   .way = (__u8)way,
				   .from = CHANGE_NO_VALUE,
				   .to = CHANGE_NO_VALUE,
				   .flows = 1 };
	return change;
}

/* The code of a difference; -1: none of its own. */
static int diff_code(const struct compare_diff *d, __s64 from, __s64 to, bool proxied)
{
	bool gone = to < 0, new = from < 0;

	switch ((enum compare_field)d->field) {
	case COMPARE_WINDOW:
		return CHANGE_window_rewritten;
	case COMPARE_WSCALE:
		return gone  ? CHANGE_wscale_stripped
		       : new ? CHANGE_wscale_added
			     : CHANGE_wscale_changed;
	case COMPARE_MSS:
		if (gone || new)
			return gone ? CHANGE_mss_stripped : CHANGE_mss_added;
		return to < from ? CHANGE_mss_clamped : CHANGE_mss_raised;
	case COMPARE_SACK:
		return gone ? CHANGE_sack_stripped : CHANGE_sack_added;
	case COMPARE_TIMESTAMPS:
		return gone ? CHANGE_timestamps_stripped : CHANGE_timestamps_added;
	case COMPARE_TSVALUE:
		return proxied ? -1 : CHANGE_timestamps_rewritten;
	case COMPARE_OPTION:
		return gone ? CHANGE_option_stripped : CHANGE_option_added;
	default:
		return CHANGE_ttl_rewritten;
	}
}

static void judge_diffs(struct judged *j)
{
	for (unsigned int i = 0; i < j->p->diffs_n; i++) {
		const struct compare_diff *d = &j->p->diffs[i];
		unsigned int up = judged_up(j, d->dir);
		__s64 from = d->value[up], to = d->value[!up];
		int code = diff_code(d, from, to, j->proxied);
		struct change *change;

		if (code < 0)
			continue;
		change = add(j, (enum change_code)code, judged_way(j, d->dir));
		/* Of an option that is there or not there is no value. */
		if (d->field != COMPARE_SACK && d->field != COMPARE_TIMESTAMPS) {
			change->from = from;
			change->to = to;
		}
		change->packets = d->packets;
		change->number[0] = d->number[0];
		change->number[1] = d->number[1];
	}
}

static struct change *add_one_sided(struct judged *j, unsigned int side, unsigned int dir,
				    __u64 number)
{
	struct change *change =
		add(j, side == judged_up(j, dir) ? CHANGE_packets_missing : CHANGE_packets_added,
		    judged_way(j, dir));

	change->number[side] = number;
	return change;
}

/* Counts what one capture alone has of a direction; what the other must have missed becomes a
 * change. */
static void judge_leftovers(struct judged *j, unsigned int side, unsigned int dir)
{
	const struct compare_leg *leg = j->p->leg[side];
	const struct compare_node *n = leg->list[dir ^ (side ? j->p->flip : 0U)].first;
	struct change *change = NULL;

	if (j->p->gone[side][dir].packets) {
		change = add_one_sided(j, side, dir, j->p->gone[side][dir].first);
		change->packets = j->p->gone[side][dir].packets;
		j->flow->only[side] += change->packets;
	}
	for (; n; n = n->next) {
		if (j->c->young_ns && n->s.ns >= j->c->young_ns)
			continue;
		if (j->proxied && compare_in_handshake(leg, &n->s))
			continue;
		j->flow->only[side]++;
		if (j->c->lossy || !j->p->paired[dir] || n->s.number < j->c->paired_first[side] ||
		    n->s.number > j->c->paired_last[side]) {
			j->flow->unclaimed++;
			continue;
		}
		if (!change)
			change = add_one_sided(j, side, dir, n->s.number);
		change->packets++;
	}
}

static void ends_of(struct compare_ends *out, const struct compare_leg *leg, unsigned int client)
{
	const struct flow_key *key = &leg->key;

	for (unsigned int i = 0; i < 2; i++) {
		memcpy(out->addr[i], key->addr[client ^ i], sizeof(out->addr[i]));
		out->port[i] = key->port[client ^ i];
	}
	out->ipv6 = key->domain & DOMAIN_IPV6;
}

static bool ends_equal(const struct compare_ends *a, const struct compare_ends *b)
{
	return a->ipv6 == b->ipv6 && !memcmp(a->addr, b->addr, sizeof(a->addr)) &&
	       !memcmp(a->port, b->port, sizeof(a->port));
}

static void judge_pair(struct judged *j, unsigned int near)
{
	const struct compare_pair *p = j->p;
	struct compare_flow *flow = j->flow;

	j->client = pair_client(p);
	j->near = pair_near(p, j->client);
	flow->client_side = (__u8)j->near;
	if (j->near == 2)
		j->near = near;
	j->proxied = judged_proxied(j);
	flow->first_ns = (__s64)p->leg[0]->first_ns;
	flow->packets = p->paired[0] + p->paired[1];
	flow->unclaimed = p->unclaimed;
	flow->folded[0] = p->folded[0];
	flow->folded[1] = p->folded[1];
	flow->translated = p->translated;
	flow->options_cut = p->options_cut;
	ends_of(&flow->ends[0], p->leg[0], j->client);
	ends_of(&flow->ends[1], p->leg[1], j->client ^ p->flip);
	if (j->proxied)
		add(j, CHANGE_syn_proxied, CHANGE_NO_WAY);
	if (!ends_equal(&flow->ends[0], &flow->ends[1]))
		add(j, CHANGE_nat, CHANGE_NO_WAY)->packets = flow->packets;
	judge_diffs(j);
	for (unsigned int dir = 0; dir < 2; dir++) {
		if (p->delta[dir] && flow->packets && !j->proxied)
			add(j, CHANGE_seq_rewritten, judged_way(j, dir))->packets = p->paired[dir];
		judge_leftovers(j, COMPARE_BEFORE, dir);
		judge_leftovers(j, COMPARE_AFTER, dir);
	}
	change_sort(j->list, j->n);
}

/* ---- all of them ---- */

/* Whether a change of a connection counts with one of others. */
static bool total_fits(const struct change *total, const struct change *change)
{
	if (total->code != change->code || total->way != change->way)
		return false;
	switch (change->code) {
	case CHANGE_wscale_changed:
	case CHANGE_option_stripped:
		return total->from == change->from && total->to == change->to;
	case CHANGE_wscale_added:
	case CHANGE_mss_clamped:
	case CHANGE_option_added:
		return total->to == change->to;
	default:
		return true;
	}
}

static void total_add(struct compare_report *r, const struct change *change)
{
	struct change *same = NULL;

	for (size_t i = 0; i < r->changes_n && !same; i++) {
		if (total_fits(&r->changes[i], change))
			same = &r->changes[i];
	}
	for (size_t i = 0; i < r->changes_n && !same && r->changes_n >= TOTALS_MOST; i++) {
		if (r->changes[i].code == change->code && r->changes[i].way == change->way)
			same = &r->changes[i];
	}
	if (!same) {
		r->changes[r->changes_n++] = *change;
		return;
	}
	same->flows += change->flows;
	same->packets += change->packets;
}

static int judge_one(struct compare_report *r, const struct compare *c,
		     const struct compare_pair *p, unsigned int near)
{
	struct compare_flow *flow = &r->flows[r->flows_n];
	struct judged j = { .c = c, .p = p, .flow = flow };
	struct change *changes;

	judge_pair(&j, near);
	r->flows_n++;
	changes = malloc((j.n + 1) * sizeof(*changes));
	if (!changes)
		return -ENOMEM;
	memcpy(changes, j.list, j.n * sizeof(*changes));
	flow->changes = changes;
	flow->changes_n = j.n;
	for (size_t i = 0; i < j.n; i++)
		total_add(r, &j.list[i]);
	r->folded[0] += flow->folded[0];
	r->folded[1] += flow->folded[1];
	r->unclaimed += flow->unclaimed;
	r->options_cut += flow->options_cut;
	r->unmatched += !flow->packets;
	return 0;
}

static int by_first(const void *a, const void *b)
{
	const struct compare_flow *x = a, *y = b;

	return (x->first_ns > y->first_ns) - (x->first_ns < y->first_ns);
}

/* The difference between the clocks: the median of SYNs, where there are none of other packets. */
static void judge_clock(struct compare_report *r, const struct compare *c)
{
	__s64 delays[COMPARE_SYNS];
	size_t n = c->syn_delays;

	memcpy(delays, c->syn_delay, n * sizeof(*delays));
	for (size_t i = 0; !c->syn_delays && i < c->pairs_n && n < COMPARE_SYNS; i++) {
		const struct compare_pair *p = c->pairs[i];

		for (unsigned int dir = 0; dir < 2 && n < COMPARE_SYNS; dir++) {
			if (p->delays[dir])
				delays[n++] = median(p->delay[dir], p->delays[dir]);
		}
	}
	r->clocked = n;
	if (n)
		r->offset_ns = median(delays, n);
}

int compare_judge(struct compare_report *r, const struct compare *c)
{
	unsigned int near = most_near(c);
	int err = 0;

	r->flows = calloc(c->pairs_n + 1, sizeof(*r->flows));
	/* Room for every code and direction beside the limit, which only holds values apart. */
	r->changes = calloc(TOTALS_MOST + 3UL * CHANGE_CODES, sizeof(*r->changes));
	if (!r->flows || !r->changes)
		return -ENOMEM;
	for (size_t i = 0; i < c->pairs_n && !err; i++)
		err = judge_one(r, c, c->pairs[i], near);
	if (err)
		return err;
	qsort(r->flows, r->flows_n, sizeof(*r->flows), by_first);
	change_sort(r->changes, r->changes_n);
	for (size_t i = 0; i < c->legs_n; i++)
		r->flows_only[c->legs[i]->side] += !c->legs[i]->pair;
	r->segments[0] = c->segments[0];
	r->segments[1] = c->segments[1];
	r->packets = c->matched;
	judge_clock(r, c);
	r->incomplete = c->overflow || c->out_of_memory;
	return 0;
}

int compare_judge_add(struct compare_report *to, const struct compare_report *r)
{
	if (!to->changes)
		to->changes = calloc(TOTALS_MOST + 3UL * CHANGE_CODES, sizeof(*to->changes));
	if (!to->changes)
		return -ENOMEM;
	for (size_t i = 0; i < r->changes_n; i++)
		total_add(to, &r->changes[i]);
	change_sort(to->changes, to->changes_n);
	for (unsigned int side = 0; side < 2; side++) {
		to->flows_only[side] += r->flows_only[side];
		to->segments[side] += r->segments[side];
		to->folded[side] += r->folded[side];
	}
	to->flows_n += r->flows_n;
	to->packets += r->packets;
	to->unclaimed += r->unclaimed;
	to->options_cut += r->options_cut;
	to->unmatched += r->unmatched;
	if (r->clocked)
		to->offset_ns = r->offset_ns;
	to->clocked |= r->clocked;
	to->incomplete |= r->incomplete;
	return 0;
}

void compare_judge_free(struct compare_report *r)
{
	for (size_t i = 0; r->flows && i < r->flows_n; i++)
		free(r->flows[i].changes);
	free(r->flows);
	free(r->changes);
	r->flows = NULL;
	r->changes = NULL;
}
