// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/links.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/socket.h>

#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

/* glibc's <net/if.h> and <linux/if.h> do not go together everywhere. */
unsigned int if_nametoindex(const char *name);

#define LINKS_BUFFER 65536

static void links_text(char *out, size_t size, const struct rtattr *a)
{
	size_t n = RTA_PAYLOAD(a);

	memset(out, 0, size);
	memcpy(out, RTA_DATA(a), n < size ? n : size - 1);
}

static __u32 links_number(const struct rtattr *a)
{
	__u32 n = 0;

	if (RTA_PAYLOAD(a) >= sizeof(n))
		memcpy(&n, RTA_DATA(a), sizeof(n));
	return n;
}

const struct rtattr *links_attribute_at(const void *p, size_t left)
{
	const struct rtattr *a = p;

	return left >= sizeof(*a) && a->rta_len >= sizeof(*a) && a->rta_len <= left ? a : NULL;
}

const struct rtattr *links_attribute_next(const struct rtattr *a, size_t *left)
{
	size_t step = RTA_ALIGN(a->rta_len);

	if (step >= *left)
		return NULL;
	*left -= step;
	return links_attribute_at((const char *)a + step, *left);
}

static void links_info(struct link *l, const struct rtattr *info)
{
	size_t left = RTA_PAYLOAD(info);
	const struct rtattr *a = links_attribute_at(RTA_DATA(info), left);

	for (; a; a = links_attribute_next(a, &left)) {
		if ((a->rta_type & NLA_TYPE_MASK) == IFLA_INFO_KIND)
			links_text(l->kind, sizeof(l->kind), a);
	}
}

static void links_attribute(struct link *l, const struct rtattr *a)
{
	switch (a->rta_type & NLA_TYPE_MASK) {
	case IFLA_IFNAME:
		links_text(l->name, sizeof(l->name), a);
		break;
	case IFLA_LINK:
		l->lower = (int)links_number(a);
		break;
	case IFLA_LINK_NETNSID:
		l->elsewhere = true;
		break;
	case IFLA_MASTER:
		l->master = (int)links_number(a);
		break;
	case IFLA_MTU:
		l->mtu = links_number(a);
		break;
	case IFLA_LINKINFO:
		links_info(l, a);
		break;
	default:
		break;
	}
}

int links_take(struct links *l, const struct nlmsghdr *message)
{
	const struct ifinfomsg *info = NLMSG_DATA(message);
	struct link link = { 0 }, *bigger;
	const struct rtattr *a;
	size_t left;

	if (message->nlmsg_type != RTM_NEWLINK || message->nlmsg_len < NLMSG_LENGTH(sizeof(*info)))
		return 0;
	left = message->nlmsg_len - NLMSG_LENGTH(sizeof(*info));
	link.index = info->ifi_index;
	link.loopback = info->ifi_flags & IFF_LOOPBACK;
	link.up = info->ifi_flags & IFF_UP;
	for (a = links_attribute_at(IFLA_RTA(info), left); a; a = links_attribute_next(a, &left))
		links_attribute(&link, a);
	bigger = realloc(l->list, (l->n + 1) * sizeof(*bigger));
	if (!bigger)
		return -ENOMEM;
	l->list = bigger;
	l->list[l->n++] = link;
	return 0;
}

static int links_ask(int fd)
{
	struct {
		struct nlmsghdr header;
		struct ifinfomsg info;
	} request = {
		.header = { .nlmsg_len = sizeof(request),
			    .nlmsg_type = RTM_GETLINK,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.info = { .ifi_family = AF_UNSPEC },
	};

	return send(fd, &request, sizeof(request), 0) < 0 ? -errno : 0;
}

/* One datagram. 1 at the end of the dump, 0 to go on, or -errno. */
static int links_datagram(struct links *l, const char *data, size_t length)
{
	const struct nlmsghdr *h = (const void *)data;
	int err = 0;

	for (; NLMSG_OK(h, length) && !err; h = NLMSG_NEXT(h, length)) {
		if (h->nlmsg_type == NLMSG_DONE)
			return 1;
		if (h->nlmsg_type == NLMSG_ERROR)
			return ((const struct nlmsgerr *)NLMSG_DATA(h))->error;
		err = links_take(l, h);
	}
	return err;
}

int links_read(struct links *out)
{
	char *data = malloc(LINKS_BUFFER);
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int err = fd < 0 ? -errno : 0;

	out->list = NULL;
	out->n = 0;
	if (!data)
		err = -ENOMEM;
	if (!err)
		err = links_ask(fd);
	while (!err) {
		ssize_t got = recv(fd, data, LINKS_BUFFER, 0);

		err = got < 0 ? -errno : links_datagram(out, data, (size_t)got);
		if (err == -EINTR)
			err = 0;
	}
	if (fd >= 0)
		close(fd);
	free(data);
	return err < 0 ? err : 0;
}

void links_free(struct links *l)
{
	free(l->list);
	l->list = NULL;
	l->n = 0;
}

const struct link *links_at(const struct links *l, int index)
{
	for (size_t i = 0; i < l->n; i++) {
		if (l->list[i].index == index)
			return &l->list[i];
	}
	return NULL;
}

const struct link *links_named(const struct links *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++) {
		if (!strcmp(l->list[i].name, name))
			return &l->list[i];
	}
	return links_at(l, (int)if_nametoindex(name)); /* an alternative name, or none */
}
