// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/kernel_check.h"
#include "bench/report.h"
#include "bench/touch.h"
#include "engine/counters.h"
#include "engine/gauge.h"

static int sum_counter(int fd, __u32 counter, __u64 *sum)
{
	int cpus = libbpf_num_possible_cpus();
	__u64 *values;
	int err;

	*sum = 0;
	if (cpus < 0)
		return cpus;
	values = calloc((size_t)cpus, sizeof(*values));
	if (!values)
		return -ENOMEM;
	err = bpf_map_lookup_elem(fd, &counter, values);
	for (int i = 0; i < cpus && !err; i++)
		*sum += values[i];
	free(values);
	return err;
}

/* The next key is asked for before its predecessor goes: from there, not from the beginning. */
static int clear_map(int fd)
{
	__u8 key[sizeof(struct flow_key)], next[sizeof(struct flow_key)];
	bool more = !bpf_map_get_next_key(fd, NULL, key);

	while (more) {
		int err;

		more = !bpf_map_get_next_key(fd, key, next);
		err = bpf_map_delete_elem(fd, key);
		if (err)
			return err;
		memcpy(key, next, sizeof(key));
	}
	return 0;
}

/* The value of the only key of a table; -EBADMSG when there are none or several. */
static int only_value(int fd, void *value)
{
	__u8 key[sizeof(struct flow_key)], next[sizeof(struct flow_key)];

	if (bpf_map_get_next_key(fd, NULL, key) || !bpf_map_get_next_key(fd, key, next))
		return -EBADMSG;
	return bpf_map_lookup_elem(fd, key, value);
}

int kernel_check_clear(const struct kernel_tables *t)
{
	int err = clear_map(t->flows);

	if (!err)
		err = clear_map(t->pending);
	return err ? err : clear_map(t->touched);
}

int kernel_check_begin(const struct kernel_tables *t, struct kernel_before *before)
{
	int err = kernel_check_clear(t);

	return err ? err : sum_counter(t->counters, COUNTER_PENDING_INSERTS, &before->inserts);
}

static int check_data(const struct kernel_tables *t, __u64 touch_runs, __u64 wscope_runs)
{
	const __u64 handshake = 3;
	struct touch_flow touched;
	struct live_flow live;
	int err = only_value(t->touched, &touched);

	if (!err)
		err = only_value(t->flows, &live);
	if (err)
		return err;
	if (touched.half[0].packets + touched.half[1].packets != touch_runs)
		return -EBADMSG;
	if (live.flow.half[0].packets + live.flow.half[1].packets != wscope_runs + handshake)
		return -EBADMSG;
	if (!(live.flow.bits & FLOW_CONFIRMED) || flow_scaling(&live.flow) != SCALING_ON)
		return -EBADMSG;
	return live.flow.half[0].retransmits || live.flow.half[1].retransmits ? -EBADMSG : 0;
}

/* The key that `touch` makes of a frame: bytes as on the wire. */
static void touch_key_of(const struct trial *t, struct touch_key *key)
{
	const __u8 *tcp = t->bytes + frame_tcp_offset(&t->start);
	__u32 words = t->start.ipv6 ? 4 : 1, addr[2] = { 0 };
	__u16 port[2];
	bool swap;

	for (__u32 i = 0; i < 2 * words; i++) {
		__u32 word;

		memcpy(&word, tcp - (size_t)(2 * words - i) * 4, sizeof(word));
		addr[i / words] ^= word;
	}
	memcpy(port, tcp, sizeof(port));
	swap = addr[0] != addr[1] ? addr[0] > addr[1] : port[0] > port[1];
	key->addr[0] = addr[swap];
	key->addr[1] = addr[!swap];
	key->port[0] = port[swap];
	key->port[1] = port[!swap];
}

static int check_syn(const struct kernel_tables *t, const struct kernel_before *before,
		     const struct trial *touch, __u64 wscope_runs)
{
	struct touch_key key;
	struct touch_flow touched;
	__u64 inserts;
	int err = sum_counter(t->counters, COUNTER_PENDING_INSERTS, &inserts);

	if (err)
		return err;
	touch_key_of(touch, &key);
	if (bpf_map_lookup_elem(t->touched, &key, &touched) ||
	    touched.half[0].packets + touched.half[1].packets != 1)
		return -EBADMSG;
	return inserts - before->inserts == wscope_runs ? 0 : -EBADMSG;
}

int kernel_check_end(const struct kernel_tables *t, const struct kernel_before *before, bool syn,
		     const struct trial *touch, const struct trial *wscope)
{
	if (syn)
		return check_syn(t, before, touch, wscope->runs);
	return check_data(t, touch->runs, wscope->runs);
}

/* What the kernel accounts to a map, in bytes; 0 when it does not tell. */
static unsigned long long map_memory(int fd)
{
	unsigned long long bytes = 0;
	char line[128];
	FILE *info;

	snprintf(line, sizeof(line), "/proc/self/fdinfo/%d", fd);
	info = fopen(line, "r");
	if (!info)
		return 0;
	while (fgets(line, sizeof(line), info))
		if (!strncmp(line, "memlock:", 8))
			bytes = strtoull(line + 8, NULL, 10);
	fclose(info);
	return bytes;
}

int kernel_check_entry(const char *name, int map_fd)
{
	struct bpf_map_info info = { 0 };
	__u32 len = sizeof(info);
	int err = bpf_obj_get_info_by_fd(map_fd, &info, &len);
	char figure[64];

	if (err)
		return err;
	snprintf(figure, sizeof(figure), "kernel-%s-entry", name);
	report_figure(figure, info.key_size + info.value_size, "bytes, key and value");
	snprintf(figure, sizeof(figure), "kernel-%s-memory", name);
	report_figure(figure, (double)map_memory(map_fd) / info.max_entries,
		      "bytes an entry, all told");
	return 0;
}
