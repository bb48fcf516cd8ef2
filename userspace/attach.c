// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/attach.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/pkt_sched.h>

#include "engine/layer.h"
#include "userspace/dispatcher.h"

/* Linux 6.6; the headers may be older. */
#define ATTACH_TCX_INGRESS 46
#define ATTACH_TCX_EGRESS  47

/* What the kernel says inside and strerror() does not know. */
#define ATTACH_ENOTSUPP 524

static int attach_error(int err)
{
	return err == -ATTACH_ENOTSUPP ? -EOPNOTSUPP : err;
}

static __u32 attach_program_id(int program)
{
	struct bpf_prog_info info = { 0 };
	__u32 size = sizeof(info);

	return bpf_obj_get_info_by_fd(program, &info, &size) ? 0 : info.id;
}

static void attach_begin(struct attach *a, int ifindex, int program, enum hook hook)
{
	memset(a, 0, sizeof(*a));
	a->hook = hook;
	a->ifindex = ifindex;
	a->link = -1;
	a->program = attach_program_id(program);
}

static int attach_link(struct attach *a, int program, int type, __u32 flags)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = flags);
	int link = bpf_link_create(program, a->ifindex, (enum bpf_attach_type)type, &opts);

	if (link < 0)
		return attach_error(link);
	a->link = link;
	a->how = ATTACH_LINK;
	return 0;
}

int attach_xdp(struct attach *a, int ifindex, int program, bool generic)
{
	attach_begin(a, ifindex, program, HOOK_XDP);
	return attach_link(a, program, BPF_XDP, generic ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE);
}

static enum bpf_tc_attach_point attach_point(enum hook hook)
{
	return hook == HOOK_TC_EGRESS ? BPF_TC_EGRESS : BPF_TC_INGRESS;
}

static int attach_filter(struct attach *a, int program)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = a->ifindex,
		    .attach_point = attach_point(a->hook));
	LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = program);
	libbpf_print_fn_t before = libbpf_set_print(NULL);
	int err = bpf_tc_hook_create(&hook);

	a->own_clsact = !err;
	if (err == -EEXIST)
		err = 0;
	if (!err)
		err = bpf_tc_attach(&hook, &opts);
	libbpf_set_print(before);
	if (err)
		return attach_error(err);
	a->how = ATTACH_FILTER;
	a->handle = opts.handle;
	a->priority = opts.priority;
	return 0;
}

static int attach_tcx(enum hook hook)
{
	return hook == HOOK_TC_EGRESS ? ATTACH_TCX_EGRESS : ATTACH_TCX_INGRESS;
}

int attach_tcx_count(int ifindex, enum hook hook)
{
	LIBBPF_OPTS(bpf_prog_query_opts, opts);
	int err = bpf_prog_query_opts(ifindex, (enum bpf_attach_type)attach_tcx(hook), &opts);

	return err ? attach_error(err) : (int)opts.prog_cnt;
}

/* Programs on one TCX hook that are looked through. */
#define ATTACH_TCX_MOST 64

static int attach_tcx_has(const struct attach *a)
{
	__u32 ids[ATTACH_TCX_MOST] = { 0 };
	LIBBPF_OPTS(bpf_prog_query_opts, opts, .prog_ids = ids, .prog_cnt = ATTACH_TCX_MOST);
	int err = bpf_prog_query_opts(a->ifindex, (enum bpf_attach_type)attach_tcx(a->hook), &opts);

	if (err)
		return attach_error(err);
	for (__u32 i = 0; i < opts.prog_cnt && i < ATTACH_TCX_MOST; i++) {
		if (ids[i] == a->program)
			return 1;
	}
	return 0;
}

static int attach_ask(const struct attach *a)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = a->ifindex,
		    .attach_point = attach_point(a->hook));
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = a->handle, .priority = a->priority);
	libbpf_print_fn_t before;
	struct attach_xdp x;
	int err;

	if (a->how == ATTACH_LINK && a->hook != HOOK_XDP)
		return attach_tcx_has(a);
	if (a->how != ATTACH_FILTER) {
		err = attach_query_xdp(&x, a->ifindex);
		return err ? err : x.program == a->program;
	}
	before = libbpf_set_print(NULL);
	err = bpf_tc_query(&hook, &opts);
	libbpf_set_print(before);
	if (err == -ENOENT || err == -EINVAL) /* no such filter, or no clsact */
		return 0;
	return err ? err : opts.prog_id == a->program;
}

int attach_is_there(const struct attach *a)
{
	int there;

	if (a->how == ATTACH_NONE)
		return 0;
	if (a->how == ATTACH_DISPATCHER)
		return dispatcher_has(a);
	there = attach_ask(a);

	return there == -ENODEV ? 0 : there; /* the interface is gone */
}

int attach_tc(struct attach *a, int ifindex, int program, enum hook hook, bool links)
{
	int err = -EINVAL;

	attach_begin(a, ifindex, program, hook);
	if (links)
		err = attach_link(a, program, attach_tcx(hook), 0);
	if (err == -EINVAL) /* the kernel does not know the type of attachment */
		err = attach_filter(a, program);
	return err;
}

/* Our filter, if it is still the one we put there; otherwise a clsact is not ours any more either. */
static int attach_remove_filter(struct attach *a)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = a->ifindex,
		    .attach_point = attach_point(a->hook));
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = a->handle, .priority = a->priority);
	int err = bpf_tc_query(&hook, &opts);

	/* -EINVAL: no clsact. */
	if (err == -ENOENT || err == -ENODEV || err == -EINVAL ||
	    (!err && opts.prog_id != a->program)) {
		a->own_clsact = false;
		return 0;
	}
	if (err)
		return err;
	opts.prog_id = 0;
	opts.prog_fd = 0;
	opts.flags = 0;
	return bpf_tc_detach(&hook, &opts);
}

int attach_release_clsact(int ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex,
		    .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);
	int in = attach_filters(ifindex, HOOK_TC_INGRESS, NULL);
	int out = attach_filters(ifindex, HOOK_TC_EGRESS, NULL);
	int there = attach_has_clsact(ifindex);

	if (in < 0 || out < 0 || there < 0)
		return in < 0 ? in : out < 0 ? out : there;
	return in || out || !there ? 0 : bpf_tc_hook_destroy(&hook);
}

int attach_detach(struct attach *a)
{
	libbpf_print_fn_t before = libbpf_set_print(NULL);
	int err = 0;

	if (a->how == ATTACH_LINK)
		err = close(a->link) ? -errno : 0;
	if (a->how == ATTACH_FILTER)
		err = attach_remove_filter(a);
	if (a->how == ATTACH_DISPATCHER)
		err = dispatcher_remove(a->ifindex, a->program);
	if (a->own_clsact && !err)
		err = attach_release_clsact(a->ifindex);
	libbpf_set_print(before);
	a->how = ATTACH_NONE;
	a->own_clsact = false;
	a->link = -1;
	return err == -ENODEV ? 0 : err;
}

static void attach_program_name(struct attach_xdp *out)
{
	struct bpf_prog_info info = { 0 };
	__u32 size = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(out->program);

	if (fd < 0)
		return;
	if (!bpf_obj_get_info_by_fd(fd, &info, &size))
		memcpy(out->name, info.name, sizeof(out->name) - 1);
	close(fd);
}

int attach_query_xdp(struct attach_xdp *out, int ifindex)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, opts);
	int err = bpf_xdp_query(ifindex, 0, &opts);

	memset(out, 0, sizeof(*out));
	if (err)
		return err;
	if (opts.hw_prog_id || opts.attach_mode == XDP_ATTACHED_HW)
		out->mode = ATTACH_MODE_OFFLOADED;
	else if (opts.drv_prog_id || opts.attach_mode == XDP_ATTACHED_DRV)
		out->mode = ATTACH_MODE_NATIVE;
	else if (opts.skb_prog_id || opts.attach_mode == XDP_ATTACHED_SKB)
		out->mode = ATTACH_MODE_GENERIC;
	out->program = opts.prog_id;
	if (out->mode == ATTACH_MODE_OFFLOADED && opts.hw_prog_id)
		out->program = opts.hw_prog_id;
	else if (out->mode == ATTACH_MODE_NATIVE && opts.drv_prog_id)
		out->program = opts.drv_prog_id;
	else if (out->mode == ATTACH_MODE_GENERIC && opts.skb_prog_id)
		out->program = opts.skb_prog_id;
	if (out->program)
		attach_program_name(out);
	return 0;
}

__u32 attach_linktype(const char *interface)
{
	struct ifreq request = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return LINKTYPE_ETHERNET;
	strncpy(request.ifr_name, interface, sizeof(request.ifr_name) - 1);
	err = ioctl(fd, SIOCGIFHWADDR, &request);
	close(fd);
	if (err)
		return LINKTYPE_ETHERNET;
	switch (request.ifr_hwaddr.sa_family) {
	case ARPHRD_NONE: /* tun, WireGuard */
	case ARPHRD_RAWIP:
	case ARPHRD_PPP:
	case ARPHRD_TUNNEL:
	case ARPHRD_TUNNEL6:
	case ARPHRD_SIT:
	case ARPHRD_IPGRE:
	case ARPHRD_IP6GRE:
		return LINKTYPE_RAW;
	default:
		return LINKTYPE_ETHERNET;
	}
}
