// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Counting the filters of a clsact by rtnetlink, which libbpf does not offer. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <sys/socket.h>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "userspace/attach.h"

struct filters_request {
	struct nlmsghdr header;
	struct tcmsg tc;
};

static int filters_ask(int fd, int ifindex, __u32 parent)
{
	struct filters_request request = {
		.header = { .nlmsg_len = sizeof(request),
			    .nlmsg_type = RTM_GETTFILTER,
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

/* Adds the filters of one datagram to *n; 1 at the end of the dump, 0 to go on, or -errno. */
static int filters_take(const char *data, size_t length, int *n)
{
	const struct nlmsghdr *h = (const void *)data;

	for (; NLMSG_OK(h, length); h = NLMSG_NEXT(h, length)) {
		if (h->nlmsg_type == NLMSG_DONE)
			return 1;
		if (h->nlmsg_type == NLMSG_ERROR)
			return ((const struct nlmsgerr *)NLMSG_DATA(h))->error;
		*n += filters_is_filter(h);
	}
	return 0;
}

int attach_filters(int ifindex, __u32 parent)
{
	_Alignas(struct nlmsghdr) char data[32768];
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int err, n = 0;

	if (fd < 0)
		return -errno;
	err = filters_ask(fd, ifindex, parent);
	while (!err) {
		ssize_t got = recv(fd, data, sizeof(data), 0);

		err = got < 0 ? -errno : filters_take(data, (size_t)got, &n);
		if (err == -EINTR)
			err = 0;
	}
	close(fd);
	return err < 0 ? err : n;
}
