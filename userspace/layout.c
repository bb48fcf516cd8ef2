// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/layout.h"

#include <string.h>

#include <bpf/btf.h>

#include "engine/counters.h"
#include "engine/finding.h"

#define LAYOUT_DEPTH 8

/* What maps are made of. */
static const char *const layout_types[] = { "flow_key", "live_flow",    "pending",  "endpoint_key",
					    "endpoint", "live_control", "local_key" };

/* FNV-1a, 64 bits. */
static void layout_mix(__u64 *sum, const void *data, size_t n)
{
	for (size_t i = 0; i < n; i++)
		*sum = (*sum ^ ((const __u8 *)data)[i]) * 0x100000001b3ULL;
}

static void layout_number(__u64 *sum, __u64 n)
{
	layout_mix(sum, &n, sizeof(n));
}

static void layout_text(__u64 *sum, const char *text)
{
	layout_mix(sum, text, strlen(text) + 1);
}

static void layout_type(__u64 *sum, const struct btf *btf, __u32 id, int depth)
{
	const struct btf_type *t = btf__type_by_id(btf, id);

	while (t && (btf_is_mod(t) || btf_is_typedef(t)))
		t = btf__type_by_id(btf, t->type);
	if (!t || depth > LAYOUT_DEPTH)
		return;
	layout_number(sum, btf_kind(t));
	if (btf_is_array(t)) {
		layout_number(sum, btf_array(t)->nelems);
		layout_type(sum, btf, btf_array(t)->type, depth + 1);
		return;
	}
	layout_number(sum, t->size);
	if (!btf_is_composite(t))
		return;
	for (__u32 i = 0; i < btf_vlen(t); i++) {
		const struct btf_member *m = &btf_members(t)[i];

		layout_text(sum, btf__name_by_offset(btf, m->name_off));
		layout_number(sum, m->offset);
		layout_type(sum, btf, m->type, depth + 1);
	}
}

__u64 layout_of(const struct btf *btf)
{
	__u64 sum = 0xcbf29ce484222325ULL;

	if (!btf)
		return 0;
	for (size_t i = 0; i < sizeof(layout_types) / sizeof(layout_types[0]); i++) {
		__s32 id = btf__find_by_name_kind(btf, layout_types[i], BTF_KIND_STRUCT);

		if (id < 0)
			return 0;
		layout_text(&sum, layout_types[i]);
		layout_type(&sum, btf, (__u32)id, 0);
	}
	/* Not in a map, so that the object need not have their types. */
	layout_number(&sum, sizeof(struct event));
	layout_number(&sum, sizeof(struct event_ended));
	layout_number(&sum, COUNTERS);
	return sum;
}
