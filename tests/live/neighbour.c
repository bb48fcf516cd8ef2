// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Somebody else on the XDP hook: neighbour.bpf.c, attached through libxdp or directly; it stays.
 *   neighbour attach IF PRIORITY native|generic   by libxdp, the packet goes on when it is passed
 *   neighbour direct IF                           the only program, as without libxdp, native
 *   neighbour detach IF                           the one of `attach` or `direct`
 *   neighbour show IF     what is on the hook, in order, a line each; for itself the counts, too
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/if_link.h>
#include <net/if.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <xdp/libxdp.h>

#include "tests/live/neighbour.skel.h"

#define NEIGHBOUR "neighbour"

static int neighbour_attach(int ifindex, const char *priority, const char *mode)
{
	struct neighbour *n = neighbour__open();
	DECLARE_LIBXDP_OPTS(xdp_program_opts, opts, .obj = n ? n->obj : NULL,
			    .prog_name = NEIGHBOUR);
	struct xdp_program *p;
	int err;

	if (!n)
		return 1;
	p = xdp_program__create(&opts);
	if (libxdp_get_error(p))
		return 1;
	xdp_program__set_run_prio(p, (unsigned int)atoi(priority));
	xdp_program__set_chain_call_enabled(p, XDP_PASS, true);
	xdp_program__set_xdp_frags_support(p, true);
	err = xdp_program__attach(p, ifindex,
				  strcmp(mode, "generic") ? XDP_MODE_NATIVE : XDP_MODE_SKB, 0);
	xdp_program__close(p);
	neighbour__destroy(n);
	return err ? 1 : 0;
}

static int neighbour_direct(int ifindex)
{
	struct neighbour *n = neighbour__open();
	int err;

	if (!n)
		return 1;
	bpf_program__set_flags(n->progs.neighbour, BPF_F_XDP_HAS_FRAGS);
	err = neighbour__load(n);
	if (!err)
		err = bpf_xdp_attach(ifindex, bpf_program__fd(n->progs.neighbour),
				     XDP_FLAGS_DRV_MODE, NULL);
	neighbour__destroy(n);
	return err ? 1 : 0;
}

static void neighbour_counts(int program)
{
	__u32 map = 0, info_size = sizeof(struct bpf_prog_info);
	struct bpf_prog_info info = { .nr_map_ids = 1, .map_ids = (__u64)(unsigned long)&map };
	__u64 counts[2] = { 0 };
	int fd;

	if (bpf_obj_get_info_by_fd(program, &info, &info_size))
		return;
	fd = bpf_map_get_fd_by_id(map);
	for (__u32 i = 0; i < 2; i++)
		bpf_map_lookup_elem(fd, &i, &counts[i]);
	close(fd);
	printf(" seen %llu dropped %llu", (unsigned long long)counts[0],
	       (unsigned long long)counts[1]);
}

static void neighbour_show_program(const char *how, const struct xdp_program *p)
{
	printf("%s %s", how, xdp_program__name(p));
	if (!strcmp(how, "dispatched"))
		printf(" priority %u", xdp_program__run_prio(p));
	if (!strcmp(xdp_program__name(p), NEIGHBOUR))
		neighbour_counts(xdp_program__fd(p));
	printf("\n");
}

/* show, or detach: each program of that name. */
static int neighbour_walk(int ifindex, bool detach)
{
	struct xdp_multiprog *all = xdp_multiprog__get_from_ifindex(ifindex);
	struct xdp_program *p = NULL, *mine = NULL;
	int err = 0;

	if (libxdp_get_error(all)) {
		printf("nothing\n");
		return 0;
	}
	if (xdp_multiprog__is_legacy(all)) {
		p = xdp_multiprog__main_prog(all);
		if (detach)
			err = bpf_xdp_detach(ifindex, XDP_FLAGS_DRV_MODE, NULL);
		else
			neighbour_show_program("direct", p);
	} else {
		while ((p = xdp_multiprog__next_prog(p, all))) {
			if (!detach)
				neighbour_show_program("dispatched", p);
			else if (!strcmp(xdp_program__name(p), NEIGHBOUR))
				mine = p;
		}
		if (mine)
			err = xdp_program__detach(mine, ifindex, xdp_multiprog__attach_mode(all),
						  0);
	}
	xdp_multiprog__close(all);
	return err ? 1 : 0;
}

int main(int argc, char **argv)
{
	int ifindex = argc > 2 ? (int)if_nametoindex(argv[2]) : 0;

	if (!ifindex)
		return 2;
	libbpf_set_print(NULL);
	if (!strcmp(argv[1], "attach") && argc == 5)
		return neighbour_attach(ifindex, argv[3], argv[4]);
	if (!strcmp(argv[1], "direct"))
		return neighbour_direct(ifindex);
	if (!strcmp(argv[1], "detach"))
		return neighbour_walk(ifindex, true);
	return strcmp(argv[1], "show") ? 2 : neighbour_walk(ifindex, false);
}
