/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What an interface's driver can and what it has switched on, asked without changing anything. */
#ifndef USERSPACE_NIC_FEATURES_H
#define USERSPACE_NIC_FEATURES_H

#include <linux/types.h>

/* Bits of nic_xdp_features(): Linux, netdev netlink, xdp-act. */
#define NIC_XDP_BASIC       1U /* native XDP */
#define NIC_XDP_HW_OFFLOAD  16U
#define NIC_XDP_MULTIBUFFER 32U /* frames in several buffers, as at a large MTU */

enum nic_state { NIC_OFF, NIC_ON, NIC_UNKNOWN };

struct nic_offloads {
	enum nic_state lro;    /* rx-lro */
	enum nic_state gro_hw; /* rx-gro-hw */
};

/* By the ethtool ioctl; what it does not say is NIC_UNKNOWN. */
void nic_offloads(struct nic_offloads *out, const char *interface);

/* What XDP the driver has. 0, or -errno: -EOPNOTSUPP before Linux 6.3, which does not tell. */
int nic_xdp_features(__u64 *out, int ifindex);

#endif
