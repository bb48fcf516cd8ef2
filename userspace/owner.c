// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/owner.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/stat.h>

#include <bpf/bpf.h>

#define OWNER_MAP  "control"
#define OWNER_MAPS 64
/* Where /proc/PID/stat has the start, counted from the state, the first behind the name: proc(5). */
#define OWNER_START_FIELD 19

static __u64 owner_namespace(const char *path)
{
	struct stat s;

	return stat(path, &s) ? 0 : s.st_ino;
}

/* When a process started, clock ticks since boot; 0: there is none, or it cannot be read. */
static __u64 owner_start(__u32 pid)
{
	char path[32], line[1024], *p = NULL, *save = NULL;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (fgets(line, sizeof(line), f))
		p = strrchr(line, ')'); /* the name may have anything, but ends there */
	fclose(f);
	if (p)
		p = strtok_r(p + 1, " ", &save);
	for (int i = 0; p && i < OWNER_START_FIELD; i++)
		p = strtok_r(NULL, " ", &save);
	return p ? strtoull(p, NULL, 10) : 0;
}

void owner_self(struct live_owner *out)
{
	memset(out, 0, sizeof(*out));
	out->pid = (__u32)getpid();
	out->start = owner_start(out->pid);
	out->pid_namespace = owner_namespace("/proc/self/ns/pid");
	out->net_namespace = owner_namespace("/proc/self/ns/net");
}

enum owner_state owner_ask(const struct live_owner *owner)
{
	__u64 start;

	if (!owner->pid)
		return OWNER_PINS;
	if (!owner->start || owner->pid_namespace != owner_namespace("/proc/self/ns/pid"))
		return OWNER_UNKNOWN;
	start = owner_start(owner->pid);
	if (start)
		return start == owner->start ? OWNER_RUNS : OWNER_GONE;
	/* No such file, or hidden from us. */
	return kill((pid_t)owner->pid, 0) && errno == ESRCH ? OWNER_GONE : OWNER_UNKNOWN;
}

/* The owner in one of a program's maps. 0, -ENOENT: it is another map, or -errno. */
static int owner_in_map(struct live_owner *out, __u32 id)
{
	struct bpf_map_info info = { 0 };
	struct live_control control = { 0 };
	__u32 size = sizeof(info), zero = 0;
	int map = bpf_map_get_fd_by_id(id), err;

	if (map < 0)
		return map;
	err = bpf_obj_get_info_by_fd(map, &info, &size);
	if (!err && (strcmp(info.name, OWNER_MAP) != 0 || info.type != BPF_MAP_TYPE_ARRAY ||
		     info.value_size != sizeof(control)))
		err = -ENOENT;
	if (!err)
		err = bpf_map_lookup_elem(map, &zero, &control);
	if (!err)
		*out = control.owner;
	close(map);
	return err;
}

static bool owner_is_name(const char *name)
{
	return !strcmp(name, "xdp_analyze") || !strcmp(name, "tc_ingress") ||
	       !strcmp(name, "tc_egress");
}

int owner_of_program(struct live_owner *out, __u32 *control, int program)
{
	__u32 maps[OWNER_MAPS] = { 0 };
	struct bpf_prog_info info = { .nr_map_ids = OWNER_MAPS,
				      .map_ids = (__u64)(unsigned long)maps };
	__u32 size = sizeof(info);
	int err = bpf_obj_get_info_by_fd(program, &info, &size);

	if (err)
		return err;
	if (!owner_is_name(info.name))
		return -ENOENT;
	err = -ENOENT;
	for (__u32 i = 0; i < info.nr_map_ids && i < OWNER_MAPS && err == -ENOENT; i++) {
		err = owner_in_map(out, maps[i]);
		if (!err && control)
			*control = maps[i];
	}
	return err;
}
