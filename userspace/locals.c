// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/locals.h"

#include <errno.h>
#include <ifaddrs.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <netinet/in.h>
#include <sys/socket.h>

#include <bpf/bpf.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "platform/live.h"

struct locals {
	int map;
	int netlink;
	struct local_key *keys; /* sorted, each once */
	size_t n;
};

static int locals_compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct local_key));
}

/* False for addresses of other families. */
static bool locals_key(struct local_key *key, const struct sockaddr *address)
{
	memset(key, 0, sizeof(*key));
	if (address && address->sa_family == AF_INET) {
		memcpy(key->addr, &((const struct sockaddr_in *)(const void *)address)->sin_addr,
		       sizeof(struct in_addr));
		return true;
	}
	if (address && address->sa_family == AF_INET6) {
		memcpy(key->addr, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr,
		       sizeof(struct in6_addr));
		key->ipv6 = 1;
		return true;
	}
	return false;
}

/* The addresses as they are now, sorted, each once. 0 or -errno. */
static int locals_read(struct local_key **out, size_t *n)
{
	struct ifaddrs *list;
	struct local_key *keys;
	size_t room = 1, used = 0;

	if (getifaddrs(&list))
		return -errno;
	for (const struct ifaddrs *i = list; i; i = i->ifa_next)
		room++;
	keys = calloc(room, sizeof(*keys));
	for (const struct ifaddrs *i = list; i && keys; i = i->ifa_next)
		used += locals_key(&keys[used], i->ifa_addr);
	freeifaddrs(list);
	if (!keys)
		return -ENOMEM;
	qsort(keys, used, sizeof(*keys), locals_compare);
	*n = 0;
	for (size_t i = 0; i < used; i++) {
		if (!*n || locals_compare(&keys[*n - 1], &keys[i]))
			keys[(*n)++] = keys[i];
	}
	*out = keys;
	return 0;
}

static bool locals_find(const struct local_key *keys, size_t n, const struct local_key *key)
{
	return n && bsearch(key, keys, n, sizeof(*key), locals_compare);
}

/* Throws away what the subscription has delivered: any of it means "look again". */
static void locals_drain(const struct locals *l)
{
	char data[8192];

	while (recv(l->netlink, data, sizeof(data), MSG_DONTWAIT) > 0 || errno == EINTR ||
	       errno == ENOBUFS)
		errno = 0;
}

int locals_refresh(struct locals *l)
{
	struct local_key *keys = NULL;
	__u32 one = 1;
	size_t n = 0;
	int err;

	locals_drain(l);
	err = locals_read(&keys, &n);
	if (err)
		return err;
	for (size_t i = 0; i < l->n; i++) {
		if (l->map >= 0 && !locals_find(keys, n, &l->keys[i]))
			bpf_map_delete_elem(l->map, &l->keys[i]);
	}
	for (size_t i = 0; i < n && !err; i++) {
		if (l->map >= 0 && !locals_find(l->keys, l->n, &keys[i]))
			err = bpf_map_update_elem(l->map, &keys[i], &one, BPF_ANY);
	}
	free(l->keys);
	l->keys = keys;
	l->n = n;
	return err;
}

static int locals_subscribe(struct locals *l)
{
	struct sockaddr_nl address = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR,
	};

	l->netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (l->netlink < 0)
		return -errno;
	if (bind(l->netlink, (const struct sockaddr *)&address, sizeof(address)))
		return -errno;
	return 0;
}

int locals_open(struct locals **out, int map)
{
	struct locals *l = calloc(1, sizeof(*l));
	int err;

	*out = NULL;
	if (!l)
		return -ENOMEM;
	l->map = map;
	err = locals_subscribe(l);
	if (!err)
		err = locals_refresh(l);
	if (err && err != -E2BIG) {
		locals_close(l);
		return err;
	}
	*out = l;
	return err;
}

void locals_close(struct locals *l)
{
	if (!l)
		return;
	if (l->netlink >= 0)
		close(l->netlink);
	free(l->keys);
	free(l);
}

int locals_fd(const struct locals *l)
{
	return l->netlink;
}

bool locals_has(const struct locals *l, const __u64 addr[2], bool ipv6)
{
	struct local_key key = { .addr = { addr[0], addr[1] }, .ipv6 = ipv6 };

	return locals_find(l->keys, l->n, &key);
}
