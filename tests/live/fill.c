// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Fills the table of connections of a running `wscope live`: fill PID N. Prints how many of them
 * are there afterwards. Exit status: 0, or 1 after a line on stderr.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "engine/gauge.h"

#define FILL_BATCH 4096U

/* The map of that name among the descriptors of a process, as an own descriptor, or -1. */
static int fill_find(const char *pid, const char *name)
{
	for (int fd = 0; fd < 256; fd++) {
		struct bpf_map_info info = { 0 };
		__u32 size = sizeof(info), id = 0;
		char path[64], line[128];
		FILE *f;
		int map;

		snprintf(path, sizeof(path), "/proc/%s/fdinfo/%d", pid, fd);
		f = fopen(path, "re");
		if (!f)
			continue;
		while (fgets(line, sizeof(line), f))
			if (sscanf(line, "map_id: %u", &id) == 1)
				break;
		fclose(f);
		map = id ? bpf_map_get_fd_by_id(id) : -1;
		if (map < 0)
			continue;
		if (!bpf_obj_get_info_by_fd(map, &info, &size) && !strcmp(info.name, name))
			return map;
	}
	return -1;
}

static int fill_batch(int map, struct flow_key *keys, struct live_flow *values, __u32 from, __u32 n)
{
	LIBBPF_OPTS(bpf_map_batch_opts, opts);

	for (__u32 i = 0; i < n; i++) {
		memset(&keys[i], 0, sizeof(keys[i]));
		keys[i].addr[0][0] = from + i + 1;
		keys[i].addr[1][0] = ~0ULL;
		keys[i].port[0] = 1024;
		keys[i].port[1] = 80;
	}
	return bpf_map_update_batch(map, keys, values, &n, &opts);
}

static __u32 fill_count(int map, __u32 n)
{
	struct live_flow value;
	__u32 found = 0;

	for (__u32 i = 0; i < n; i++) {
		struct flow_key key = { .addr = { { i + 1, 0 }, { ~0ULL, 0 } },
					.port = { 1024, 80 } };

		found += !bpf_map_lookup_elem(map, &key, &value);
	}
	return found;
}

int main(int argc, char **argv)
{
	struct flow_key *keys = calloc(FILL_BATCH, sizeof(*keys));
	struct live_flow *values = calloc(FILL_BATCH, sizeof(*values));
	__u32 n = argc == 3 ? (__u32)strtoul(argv[2], NULL, 10) : 0;
	int map = n ? fill_find(argv[1], "flows") : -1, err = map < 0 ? -ENOENT : 0;

	if (!keys || !values)
		err = -ENOMEM;
	for (__u32 i = 0; i < n && !err; i += FILL_BATCH)
		err = fill_batch(map, keys, values, i, n - i < FILL_BATCH ? n - i : FILL_BATCH);
	if (err)
		fprintf(stderr, "fill: %s\n", strerror(-err));
	else
		printf("%u\n", fill_count(map, n));
	free(keys);
	free(values);
	return err ? 1 : 0;
}
