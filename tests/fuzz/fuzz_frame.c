/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Frames through the native engine. What must hold for any input: nothing beyond a frame is read,
 * each frame is either counted under one reason or met in the record of exactly one connection,
 * what came into the tables and did not go is there, and findings are of the list.
 *
 * Input: a byte of flags (1: a stream; 2: VLANs separate; 4: no tunnels), the link type (2 bytes),
 * then either, of a single frame, how much longer it was on the wire (1 byte, in 16s) and its bytes,
 * or, of a stream, frames: milliseconds since the one before (1), interface (1), length (2), bytes.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "platform/native.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(_Bool condition)
{
	if (!condition)
		abort();
}

static __u16 take16(const __u8 *p)
{
	return (__u16)(p[0] << 8 | p[1]);
}

/* One frame in memory of its own, so that a byte too far is seen. */
static void feed(struct native *n, struct frame *f, const __u8 *bytes)
{
	__u8 *copy = malloc(f->caplen);

	require(copy || !f->caplen);
	if (f->caplen)
		memcpy(copy, bytes, f->caplen);
	f->data = copy;
	f->number++;
	native_frames(n, f, 1);
	free(copy);
}

static void feed_single(struct native *n, struct frame *f, const __u8 *p, size_t left)
{
	if (!left)
		return;
	f->caplen = (__u32)(left - 1);
	f->wirelen = f->caplen + p[0] * 16U;
	feed(n, f, p + 1);
}

static void feed_stream(struct native *n, struct frame *f, const __u8 *p, size_t left)
{
	while (left >= 4) {
		size_t length = take16(p + 2);

		f->ns += p[0] * ENGINE_NS_PER_MS;
		f->ifindex = p[1];
		p += 4;
		left -= 4;
		f->caplen = (__u32)(length < left ? length : left);
		f->wirelen = (__u32)length;
		feed(n, f, p);
		p += f->caplen;
		left -= f->caplen;
	}
}

/* Segments of a connection, those of copies included; its findings are worth a look, too. */
static __u64 segments_of(const struct flow *f)
{
	struct finding findings[VERDICT_MAX];
	__u32 n = verdict_flow_findings(f, findings);

	require(n <= VERDICT_MAX);
	for (__u32 i = 0; i < n; i++)
		require(findings[i].code < FINDING_CODES);
	require(f->client <= 1);
	require((infer_scaling(f) | flow_scaling(f)) <= 3);
	return f->half[0].packets + f->half[0].duplicates + f->half[1].packets +
	       f->half[1].duplicates;
}

static void add_flow(void *sum, void *entry)
{
	const struct flow_entry *e = entry;

	*(__u64 *)sum += segments_of(&e->flow);
}

static void add_pending(void *sum, void *entry)
{
	const struct native_pending *e = entry;

	*(__u64 *)sum += segments_of(&e->entry.flow);
	*(__u64 *)sum += e->entry.rival.bits & SYN_SEEN ? e->entry.rival.copies : 0;
}

static __u64 segments(const struct native *n)
{
	__u64 sum = 0;

	require(!table_each(&n->flows, add_flow, &sum));
	require(!table_each(&n->pending, add_pending, &sum));
	require(!table_each(&n->ended, add_flow, &sum));
	return sum;
}

static struct native *run(const uint8_t *data, size_t size)
{
	const struct engine_config config = {
		.tunnels = data[0] & 4 ? 0 : TUNNELS_ALL,
		.vlan_domain = !!(data[0] & 2),
	};
	struct frame f = { .ns = 1000 * ENGINE_NS_PER_MS, .linktype = take16(data + 1) };
	struct native *n = native_open(&config);

	require(n != NULL);
	if (data[0] & 1)
		feed_stream(n, &f, data + 3, size - 3);
	else
		feed_single(n, &f, data + 3, size - 3);
	native_flush(n);
	require(n->counters[COUNTER_PACKETS] == f.number);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct native *n;
	__u64 skipped = 0;

	if (size < 3)
		return -1;
	n = run(data, size);
	for (__u32 i = COUNTER_FIRST_SKIP; i < COUNTERS; i++)
		skipped += n->counters[i];
	require(skipped + segments(n) == n->counters[COUNTER_PACKETS]);
	require(n->counters[COUNTER_FLOW_INSERTS] - n->counters[COUNTER_FLOW_DELETES] ==
		n->flows.used);
	require(n->counters[COUNTER_PENDING_INSERTS] - n->counters[COUNTER_PENDING_DELETES] ==
		n->pending.used);
	native_close(n);
	return 0;
}
