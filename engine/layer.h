/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kinds of header the walker knows, and what names them on the wire. */
#ifndef ENGINE_LAYER_H
#define ENGINE_LAYER_H

#include "engine/config.h"
#include "engine/counters.h"
#include "engine/packet.h"

enum layer {
	LAYER_LINK, /* whatever the link type says */
	LAYER_ETHERNET,
	LAYER_VLAN,
	LAYER_IP, /* version in the first nibble */
	LAYER_IPV4,
	LAYER_IPV6,
	LAYER_IPV6_OPTIONS, /* hop-by-hop, routing, destination */
	LAYER_IPV6_FRAGMENT,
	LAYER_AH,
	LAYER_UDP,
	LAYER_GRE,
	LAYER_ERSPAN2,
	LAYER_MPLS,
	LAYER_PPPOE,
	LAYER_PPP,
	LAYER_VXLAN,
	LAYER_GENEVE,
	LAYER_GUE,
	LAYER_GTPU,
	LAYER_GTPU_EXTENSION,
	LAYER_TCP,
	LAYER_STOP = 0x100, /* flag: the walk ends, the low byte is the skip reason */
	LAYER_DONE = 0x200, /* the segment is parsed */
};

#define LAYER_SKIP(reason) ((__u16)(LAYER_STOP | SKIP_##reason))

/* Link types (www.tcpdump.org/linktypes.html). */
enum linktype {
	LINKTYPE_NULL = 0,
	LINKTYPE_ETHERNET = 1,
	LINKTYPE_PPP = 9,
	LINKTYPE_RAW_12 = 12,
	LINKTYPE_RAW_14 = 14,
	LINKTYPE_PPP_HDLC = 50,
	LINKTYPE_RAW = 101,
	LINKTYPE_C_HDLC = 104,
	LINKTYPE_IEEE802_11 = 105,
	LINKTYPE_LOOP = 108,
	LINKTYPE_LINUX_SLL = 113,
	LINKTYPE_IEEE802_11_PRISM = 119,
	LINKTYPE_IEEE802_11_RADIOTAP = 127,
	LINKTYPE_IEEE802_11_AVS = 163,
	LINKTYPE_PPI = 192,
	LINKTYPE_IPV4 = 228,
	LINKTYPE_IPV6 = 229,
	LINKTYPE_LINUX_SLL2 = 276,
};

enum ethertype {
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_ARP = 0x0806,
	ETHERTYPE_TEB = 0x6558, /* transparent Ethernet bridging */
	ETHERTYPE_RARP = 0x8035,
	ETHERTYPE_VLAN = 0x8100,
	ETHERTYPE_IPV6 = 0x86dd,
	ETHERTYPE_PPP = 0x880b,
	ETHERTYPE_MPLS = 0x8847,
	ETHERTYPE_MPLS_MULTICAST = 0x8848,
	ETHERTYPE_PPPOE_SESSION = 0x8864,
	ETHERTYPE_QINQ = 0x88a8,
	ETHERTYPE_ERSPAN = 0x88be, /* types I and II */
	ETHERTYPE_MACSEC = 0x88e5,
	ETHERTYPE_PBB = 0x88e7,
	ETHERTYPE_VNTAG = 0x8926,
	ETHERTYPE_QINQ_OLD = 0x9100,
	ETHERTYPE_ERSPAN3 = 0x22eb,
};

enum ip_protocol {
	PROTO_HOP_BY_HOP = 0,
	PROTO_ICMP = 1,
	PROTO_IPV4 = 4,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_IPV6 = 41,
	PROTO_ROUTING = 43,
	PROTO_FRAGMENT = 44,
	PROTO_GRE = 47,
	PROTO_ESP = 50,
	PROTO_AH = 51,
	PROTO_ICMPV6 = 58,
	PROTO_DESTINATION = 60,
	PROTO_L2TP = 115,
	PROTO_MPLS = 137,
};

enum udp_port {
	PORT_L2TP = 1701,
	PORT_GTPU = 2152,
	PORT_TEREDO = 3544,
	PORT_LISP = 4341,
	PORT_VXLAN = 4789,
	PORT_VXLAN_GPE = 4790,
	PORT_CAPWAP = 5247,
	PORT_GUE = 6080,
	PORT_GENEVE = 6081,
	PORT_VXLAN_LINUX = 8472,
};

ENGINE_INLINE __u16 layer_of_ethertype(__u16 ethertype)
{
	switch (ethertype) {
	case ETHERTYPE_IPV4:
		return LAYER_IPV4;
	case ETHERTYPE_IPV6:
		return LAYER_IPV6;
	case ETHERTYPE_VLAN:
	case ETHERTYPE_QINQ:
	case ETHERTYPE_QINQ_OLD:
		return LAYER_VLAN;
	case ETHERTYPE_TEB:
		return LAYER_ETHERNET;
	case ETHERTYPE_MPLS:
	case ETHERTYPE_MPLS_MULTICAST:
		return LAYER_MPLS;
	case ETHERTYPE_PPPOE_SESSION:
		return LAYER_PPPOE;
	case ETHERTYPE_PPP:
		return LAYER_PPP;
	case ETHERTYPE_ARP:
	case ETHERTYPE_RARP:
		return LAYER_SKIP(ARP);
	case ETHERTYPE_MACSEC:
		return LAYER_SKIP(MACSEC);
	case ETHERTYPE_PBB:
		return LAYER_SKIP(PBB);
	case ETHERTYPE_VNTAG:
		return LAYER_SKIP(VNTAG);
	default:
		return LAYER_SKIP(NOT_IP);
	}
}

/* What follows an IP header; IPv6 extension headers included (RFC 8200, 4). */
ENGINE_INLINE __u16 layer_of_protocol(__u8 protocol)
{
	switch (protocol) {
	case PROTO_TCP:
		return LAYER_TCP;
	case PROTO_UDP:
		return LAYER_UDP;
	case PROTO_IPV4:
		return LAYER_IPV4;
	case PROTO_IPV6:
		return LAYER_IPV6;
	case PROTO_GRE:
		return LAYER_GRE;
	case PROTO_AH:
		return LAYER_AH;
	case PROTO_MPLS:
		return LAYER_MPLS;
	case PROTO_ICMP:
	case PROTO_ICMPV6:
		return LAYER_SKIP(ICMP);
	case PROTO_ESP:
		return LAYER_SKIP(ESP);
	case PROTO_L2TP:
		return LAYER_SKIP(L2TP);
	default:
		return LAYER_SKIP(NOT_TCP);
	}
}

/* As layer_of_protocol(), where IPv6 extension headers may stand as well. */
ENGINE_INLINE __u16 layer_of_next_header(__u8 protocol)
{
	switch (protocol) {
	case PROTO_HOP_BY_HOP:
	case PROTO_ROUTING:
	case PROTO_DESTINATION:
		return LAYER_IPV6_OPTIONS;
	case PROTO_FRAGMENT:
		return LAYER_IPV6_FRAGMENT;
	default:
		return layer_of_protocol(protocol);
	}
}

ENGINE_INLINE __u16 layer_of_udp_port(__u16 port)
{
	switch (port) {
	case PORT_VXLAN:
	case PORT_VXLAN_LINUX:
		return LAYER_VXLAN;
	case PORT_GENEVE:
		return LAYER_GENEVE;
	case PORT_GUE:
		return LAYER_GUE;
	case PORT_GTPU:
		return LAYER_GTPU;
	case PORT_TEREDO:
		return LAYER_SKIP(TEREDO);
	case PORT_L2TP:
		return LAYER_SKIP(L2TP);
	case PORT_VXLAN_GPE:
		return LAYER_SKIP(VXLAN_GPE);
	case PORT_LISP:
		return LAYER_SKIP(LISP);
	case PORT_CAPWAP:
		return LAYER_SKIP(CAPWAP);
	default:
		return LAYER_SKIP(UDP);
	}
}

#endif
