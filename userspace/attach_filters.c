// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A clsact and its filters by rtnetlink, which libbpf does not offer to list. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <sys/socket.h>

#include <linux/netlink.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include "userspace/attach.h"

struct filters {
	struct attach_filters *bpf; /* or NULL */
	int ifindex;
	int n; /* of all kinds; or how many clsacts */
};

struct filters_request {
	struct nlmsghdr header;
	struct tcmsg tc;
};

static int filters_ask(int fd, int ifindex, __u16 type, __u32 parent)
{
	struct filters_request request = {
		.header = { .nlmsg_len = sizeof(request),
			    .nlmsg_type = type,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.tc = { .tcm_family = AF_UNSPEC, .tcm_ifindex = ifindex, .tcm_parent = parent },
	};

	return send(fd, &request, sizeof(request), 0) < 0 ? -errno : 0;
}

/* A filter that is configured has a handle; its classifier's own head has none. */
static int filters_is_filter(const struct nlmsghdr *h)
{
	const struct tcmsg *tc = NLMSG_DATA(h);

	return h->nlmsg_type == RTM_NEWTFILTER && tc->tcm_handle;
}

/* The kernel tells of the queueing disciplines of all interfaces, whichever is asked for. */
static int filters_is_clsact(const struct nlmsghdr *h, int ifindex)
{
	const struct tcmsg *tc = NLMSG_DATA(h);

	return h->nlmsg_type == RTM_NEWQDISC && tc->tcm_ifindex == ifindex &&
	       tc->tcm_parent == TC_H_CLSACT;
}

static const struct rtattr *filters_attribute(const struct rtattr *a, size_t length, int type)
{
	for (; RTA_OK(a, length); a = RTA_NEXT(a, length)) {
		if ((a->rta_type & NLA_TYPE_MASK) == type)
			return a;
	}
	return NULL;
}

/* The program of a filter of the kind bpf, or 0. */
static __u32 filters_program(const struct nlmsghdr *h)
{
	const struct rtattr *first = TCA_RTA((struct tcmsg *)NLMSG_DATA(h));
	const struct rtattr *kind = filters_attribute(first, TCA_PAYLOAD(h), TCA_KIND);
	const struct rtattr *a = filters_attribute(first, TCA_PAYLOAD(h), TCA_OPTIONS);
	__u32 program;

	if (!kind || !a || RTA_PAYLOAD(kind) < sizeof("bpf") || strcmp(RTA_DATA(kind), "bpf") != 0)
		return 0;
	a = filters_attribute(RTA_DATA(a), RTA_PAYLOAD(a), TCA_BPF_ID);
	if (!a || RTA_PAYLOAD(a) < sizeof(program))
		return 0;
	memcpy(&program, RTA_DATA(a), sizeof(program));
	return program;
}

static void filters_add(struct filters *f, const struct nlmsghdr *h)
{
	const struct tcmsg *tc = NLMSG_DATA(h);
	__u32 program = filters_program(h);

	f->n++;
	if (!program || !f->bpf || f->bpf->n == ATTACH_FILTERS_MOST)
		return;
	f->bpf->list[f->bpf->n++] = (struct attach_filter){
		.program = program,
		.handle = tc->tcm_handle,
		.priority = TC_H_MAJ(tc->tcm_info) >> 16,
	};
}

/* Adds the filters of one datagram; 1 at the end of the dump, 0 to go on, or -errno. */
static int filters_take(struct filters *f, const char *data, size_t length)
{
	const struct nlmsghdr *h = (const void *)data;

	for (; NLMSG_OK(h, length); h = NLMSG_NEXT(h, length)) {
		if (h->nlmsg_type == NLMSG_DONE)
			return 1;
		if (h->nlmsg_type == NLMSG_ERROR)
			return ((const struct nlmsgerr *)NLMSG_DATA(h))->error;
		if (filters_is_filter(h))
			filters_add(f, h);
		f->n += filters_is_clsact(h, f->ifindex);
	}
	return 0;
}

static int filters_dump(struct filters *f, __u16 type, __u32 parent)
{
	_Alignas(struct nlmsghdr) char data[32768];
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int err;

	if (fd < 0)
		return -errno;
	err = filters_ask(fd, f->ifindex, type, parent);
	while (!err) {
		ssize_t got = recv(fd, data, sizeof(data), 0);

		err = got < 0 ? -errno : filters_take(f, data, (size_t)got);
		if (err == -EINTR)
			err = 0;
	}
	close(fd);
	return err < 0 ? err : f->n;
}

int attach_filters(int ifindex, enum hook hook, struct attach_filters *bpf)
{
	__u32 side = hook == HOOK_TC_EGRESS ? TC_H_MIN_EGRESS : TC_H_MIN_INGRESS;
	struct filters f = { .bpf = bpf, .ifindex = ifindex };

	if (bpf)
		bpf->n = 0;
	return filters_dump(&f, RTM_GETTFILTER, TC_H_MAKE(TC_H_CLSACT, side));
}

int attach_has_clsact(int ifindex)
{
	struct filters f = { .ifindex = ifindex };

	return filters_dump(&f, RTM_GETQDISC, 0);
}
