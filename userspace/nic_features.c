// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/nic_features.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <linux/ethtool.h>
#include <linux/genetlink.h>
#include <linux/if.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>

#include "userspace/links.h"

/* Linux 6.3, Documentation/netlink/specs/netdev.yaml; the headers may be older. */
#define NIC_FAMILY             "netdev"
#define NIC_CMD_DEV_GET        1
#define NIC_A_DEV_IFINDEX      1
#define NIC_A_DEV_XDP_FEATURES 3

#define NIC_FEATURES_MOST 512
#define NIC_ANSWER        8192
#define NIC_TYPE_MASK     0x3fff /* NLA_TYPE_MASK, unsigned */

static int nic_ethtool(int fd, const char *interface, void *command)
{
	struct ifreq request = { .ifr_data = command };

	strncpy(request.ifr_name, interface, sizeof(request.ifr_name) - 1);
	return ioctl(fd, SIOCETHTOOL, &request) ? -errno : 0;
}

static __u32 nic_features_count(int fd, const char *interface)
{
	_Alignas(struct ethtool_sset_info) char
		room[sizeof(struct ethtool_sset_info) + sizeof(__u32)] = { 0 };
	struct ethtool_sset_info *info = (void *)room;

	info->cmd = ETHTOOL_GSSET_INFO;
	info->sset_mask = 1ULL << ETH_SS_FEATURES;
	if (nic_ethtool(fd, interface, room) || !info->sset_mask ||
	    info->data[0] > NIC_FEATURES_MOST)
		return 0;
	return info->data[0];
}

static enum nic_state nic_state_of(const char *name, const struct ethtool_gstrings *names,
				   const struct ethtool_gfeatures *features)
{
	for (__u32 i = 0; i < names->len; i++) {
		if (strncmp((const char *)names->data + (size_t)i * ETH_GSTRING_LEN, name,
			    ETH_GSTRING_LEN) != 0)
			continue;
		return features->features[i / 32].active & 1U << i % 32 ? NIC_ON : NIC_OFF;
	}
	return NIC_UNKNOWN;
}

static void nic_read_offloads(struct nic_offloads *out, int fd, const char *interface, __u32 n)
{
	__u32 blocks = (n + 31) / 32;
	struct ethtool_gstrings *names = calloc(1, sizeof(*names) + (size_t)n * ETH_GSTRING_LEN);
	struct ethtool_gfeatures *features =
		calloc(1, sizeof(*features) + blocks * sizeof(features->features[0]));

	if (names && features) {
		names->cmd = ETHTOOL_GSTRINGS;
		names->string_set = ETH_SS_FEATURES;
		names->len = n;
		features->cmd = ETHTOOL_GFEATURES;
		features->size = blocks;
	}
	if (names && features && !nic_ethtool(fd, interface, names) &&
	    !nic_ethtool(fd, interface, features) && names->len <= n) {
		out->lro = nic_state_of("rx-lro", names, features);
		out->gro_hw = nic_state_of("rx-gro-hw", names, features);
	}
	free(names);
	free(features);
}

void nic_offloads(struct nic_offloads *out, const char *interface)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	__u32 n;

	out->lro = NIC_UNKNOWN;
	out->gro_hw = NIC_UNKNOWN;
	if (fd < 0)
		return;
	n = nic_features_count(fd, interface);
	if (n)
		nic_read_offloads(out, fd, interface, n);
	close(fd);
}

/* struct rtattr and nlattr are laid out alike; rtnetlink has the better macros. */
struct nic_request {
	struct nlmsghdr header;
	struct genlmsghdr generic;
	struct rtattr attribute;
	char value[GENL_NAMSIZ];
};

/* Finds an attribute of an answer and copies it. 0 or -errno. */
static int nic_find(const struct nlmsghdr *h, __u16 wanted, void *out, size_t room)
{
	const struct rtattr *a;
	size_t left;

	if (h->nlmsg_type == NLMSG_ERROR)
		return ((const struct nlmsgerr *)NLMSG_DATA(h))->error;
	if (h->nlmsg_len < NLMSG_LENGTH(GENL_HDRLEN))
		return -EBADMSG;
	left = h->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN);
	a = links_attribute_at((const char *)NLMSG_DATA(h) + GENL_HDRLEN, left);
	for (; a; a = links_attribute_next(a, &left)) {
		if ((a->rta_type & NIC_TYPE_MASK) != wanted || RTA_PAYLOAD(a) < room)
			continue;
		memcpy(out, RTA_DATA(a), room);
		return 0;
	}
	return -ENODATA;
}

/* Sends one request, with a value of size bytes, and copies one attribute of the answer. */
static int nic_ask(int fd, struct nic_request *request, size_t size, __u16 wanted, void *out,
		   size_t room)
{
	_Alignas(struct nlmsghdr) char answer[NIC_ANSWER];
	const struct nlmsghdr *h = (const void *)answer;
	ssize_t got;

	request->attribute.rta_len = (__u16)RTA_LENGTH(size);
	request->header.nlmsg_len = (__u32)(NLMSG_LENGTH(GENL_HDRLEN) + RTA_SPACE(size));
	request->header.nlmsg_flags = NLM_F_REQUEST;
	if (send(fd, request, request->header.nlmsg_len, 0) < 0)
		return -errno;
	got = recv(fd, answer, sizeof(answer), 0);
	if (got < 0)
		return -errno;
	return NLMSG_OK(h, (size_t)got) ? nic_find(h, wanted, out, room) : -EBADMSG;
}

int nic_xdp_features(__u64 *out, int ifindex)
{
	struct nic_request request = { .header = { .nlmsg_type = GENL_ID_CTRL },
				       .generic = { .cmd = CTRL_CMD_GETFAMILY, .version = 1 },
				       .attribute = { .rta_type = CTRL_ATTR_FAMILY_NAME },
				       .value = NIC_FAMILY };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	__u16 family = 0;
	int err;

	if (fd < 0)
		return -errno;
	err = nic_ask(fd, &request, sizeof(NIC_FAMILY), CTRL_ATTR_FAMILY_ID, &family,
		      sizeof(family));
	if (!err) {
		request.header.nlmsg_type = family;
		request.generic.cmd = NIC_CMD_DEV_GET;
		request.attribute.rta_type = NIC_A_DEV_IFINDEX;
		memcpy(request.value, &ifindex, sizeof(ifindex));
		err = nic_ask(fd, &request, sizeof(ifindex), NIC_A_DEV_XDP_FEATURES, out,
			      sizeof(*out));
	}
	close(fd);
	return err == -ENOENT ? -EOPNOTSUPP : err;
}
