/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From a frame's first byte to the TCP segment, through what may stand between: link types, tags,
 * IP with its options and extension headers, fragments, tunnels; and the named reason for every
 * frame that has no segment to analyse.
 *
 * RFC 791, 8200 (4), 4302 (2.2), 2784, 2890, 7637, 7348 (5), 8926 (3.4), 3032 (2.1), 4448 (4.6),
 * 2516 (4), 3GPP TS 29.281 (5); GUE as in Linux (variants 0 and 1).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "engine/layer.h"
#include "tests/unit/engine_parser.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct walk_case {
	const char *name;
	const char *frame;
	const char *want;
};

static const struct walk_case plain[] = {
	/* link types */
	{ "Ethernet, IPv4", "eth / ipv4 / tcp S",
	  "tcp v4 10.0.0.1:40000>10.0.0.2:443 flags=S seq=1000 ack=0 win=64240 payload=0 ttl=64 id=1 "
	  "encap=0 domain=none header=20" },
	{ "Ethernet, IPv6", "eth / ipv6 hlim=9 / tcp SA seq=4294967295 ack=7 win=65535 / data 3",
	  "tcp v6 [2001:db8::1]:40000>[2001:db8::2]:443 flags=SA seq=4294967295 ack=7 win=65535 payload=3 "
	  "ttl=9 id=0" },
	{ "Linux cooked", "sll / ipv4 / tcp S", "tcp v4" },
	{ "Linux cooked, IPv6", "sll / ipv6 / tcp S", "tcp v6" },
	{ "Linux cooked, VLAN", "sll / vlan 5 / ipv4 / tcp S", "tcp v4" },
	{ "Linux cooked v2 tells the interface", "sll2 ifindex=77 / ipv4 / tcp S",
	  "tcp v4 ifindex=77" },
	{ "Linux cooked v2, IPv6", "sll2 / ipv6 / tcp S", "tcp v6" },
	{ "raw IPv4", "raw / ipv4 / tcp S", "tcp v4" },
	{ "raw IPv6", "raw / ipv6 / tcp S", "tcp v6" },
	{ "raw, neither version", "raw / ipv4 ver=5 / tcp S", "skip=not-ip" },
	{ "raw IP by its number on BSD", "linktype 12 / ipv4 / tcp S", "tcp v4" },
	{ "raw IP by its number on OpenBSD", "linktype 14 / ipv6 / tcp S", "tcp v6" },
	{ "link type IPv4", "linktype 228 / ipv4 / tcp S", "tcp v4" },
	{ "link type IPv6", "linktype 229 / ipv6 / tcp S", "tcp v6" },
	{ "BSD null, little-endian host", "null / ipv4 / tcp S", "tcp v4" },
	{ "BSD null, big-endian host", "null be / ipv4 / tcp S", "tcp v4" },
	{ "BSD null, IPv6 of Darwin", "null / ipv6 / tcp S", "tcp v6" },
	{ "BSD loopback, network order", "linktype 108 / hex 00000002 / ipv4 / tcp S", "tcp v4" },
	{ "BSD null, IPv6 of NetBSD", "linktype 0 / hex 18000000 / ipv6 / tcp S", "tcp v6" },
	{ "BSD null, IPv6 of FreeBSD", "linktype 0 / hex 1c000000 / ipv6 / tcp S", "tcp v6" },
	{ "BSD null, another family", "linktype 0 / hex 07000000 / ipv4 / tcp S", "skip=not-ip" },
	{ "PPP", "ppp / ipv4 / tcp S", "tcp v4 encap=0" },
	{ "PPP with address and control", "ppp hdlc / ipv6 / tcp S", "tcp v6" },
	{ "PPP, link type of serial lines", "linktype 50 / hex ff030021 / ipv4 / tcp S", "tcp v4" },
	{ "PPP, compressed control field", "linktype 50 / hex 0057 / ipv6 / tcp S", "tcp v6" },
	{ "Cisco HDLC under PPP's link type", "linktype 50 / hex 0f000800 / ipv4 / tcp S",
	  "tcp v4" },
	{ "Cisco HDLC multicast under PPP's link type", "linktype 50 / hex 8f002000 / data 20",
	  "skip=not-ip" },
	{ "Cisco HDLC", "chdlc / ipv4 / tcp S", "tcp v4" },
	{ "radiotap", "linktype 127 / hex 0000080000000000", "skip=radiotap" },
	{ "802.11", "linktype 105 / ipv4 / tcp S", "skip=radiotap" },
	{ "a link type nobody opens", "linktype 147 / ipv4 / tcp S", "skip=linktype" },

	/* ethertypes */
	{ "ARP", "eth type=0x0806 / hex 0001080006040001 / data 20", "skip=arp" },
	{ "RARP", "eth type=0x8035 / data 28", "skip=arp" },
	{ "MACsec", "eth type=0x88e5 / data 40", "skip=macsec" },
	{ "MAC in MAC", "eth type=0x88e7 / data 40", "skip=pbb" },
	{ "VN-Tag", "eth type=0x8926 / data 40", "skip=vntag" },
	{ "LLDP", "eth type=0x88cc / data 40", "skip=not-ip" },
	{ "802.3 length, LLC", "eth type=38 / hex 424203 / data 35", "skip=not-ip" },
	{ "IPv6 ethertype before an IPv4 header", "eth type=0x86dd / ipv4 / tcp S / data 40",
	  "skip=malformed" },
	{ "IPv4 ethertype before an IPv6 header", "eth type=0x0800 / ipv6 / tcp S",
	  "skip=malformed" },

	/* tags */
	{ "one VLAN tag", "eth / vlan 5 / ipv4 / tcp S", "tcp v4 encap=0 domain=none" },
	{ "802.1ad", "eth / qinq 7 / vlan 5 / ipv6 / tcp S", "tcp v6" },
	{ "the old 0x9100", "eth / oldqinq 7 / vlan 5 / ipv4 / tcp S", "tcp v4" },
	{ "two 802.1Q tags", "eth / vlan 7 / vlan 5 / ipv4 / tcp S", "tcp v4" },
	{ "three VLAN tags", "eth / vlan 7 / vlan 6 / vlan 5 / ipv4 / tcp S", "skip=vlan-depth" },
	{ "a tag, then ARP", "eth / vlan 5 type=0x0806 / data 28", "skip=arp" },
	{ "a tag with priority 7", "eth / vlan 0xe005 / ipv4 / tcp S", "tcp v4" },

	/* IPv4 */
	{ "IHL 15", "eth / ipv4 ihl=15 / tcp S [W7 N]", "tcp v4 W=7" },
	{ "IHL 6", "eth / ipv4 ihl=6 / tcp S [W7 N]", "tcp v4 W=7" },
	{ "IHL 4", "eth / ipv4 ihl=4 / tcp S", "skip=malformed" },
	{ "IHL 0", "eth / ipv4 ihl=0 / tcp S", "skip=malformed" },
	{ "version 6 in an IPv4 header", "eth / ipv4 ver=6 / tcp S", "skip=malformed" },
	{ "IP length 0, as segmentation leaves it", "eth / ipv4 len=0 / tcp A / data 2000",
	  "tcp v4 payload=2000" },
	{ "IP length 0 and a cut capture", "eth / ipv4 len=0 / tcp A / data 2000 / cut 96",
	  "tcp v4 payload=2000" },
	{ "IP length 0, SYN with options", "eth / ipv4 len=0 / tcp S [M1460 W7 N]",
	  "tcp v4 W=7 payload=0" },
	{ "IP length 19", "eth / ipv4 len=19 / tcp S", "skip=malformed" },
	{ "IP length below the header's", "eth / ipv4 ihl=15 len=59 / tcp S", "skip=malformed" },
	{ "IP length that ends in the TCP header", "eth / ipv4 len=39 / tcp S", "skip=malformed" },
	{ "IP length that ends in the options", "eth / ipv4 len=43 / tcp S [M1460 W7 N]",
	  "tcp v4 W=unknown payload=0" },
	{ "IP length beyond the frame", "eth / ipv4 len=1500 / tcp S [W7 N]",
	  "tcp v4 W=7 payload=1456" },
	{ "Ethernet padding is no payload", "eth / ipv4 / tcp A / trailer 6", "tcp v4 payload=0" },
	{ "protocol 89", "eth / ipv4 proto=89 / data 40", "skip=not-tcp" },
	{ "ICMP", "eth / ipv4 proto=1 / hex 0800000000000000", "skip=icmp" },
	{ "ICMP error quoting a TCP header",
	  "eth / ipv4 proto=1 / hex 0301000000000000 / ipv4 / tcp S", "skip=icmp" },
	{ "ESP", "eth / ipv4 proto=50 / data 40", "skip=esp" },
	{ "UDP on a port of no tunnel", "eth / ipv4 / udp 53 / data 20", "skip=udp" },
	{ "UDP, cut header", "eth / ipv4 / udp 4789 / cut -1", "skip=truncated" },
	{ "TCP to port 4789 is no VXLAN", "eth / ipv4 / tcp S 4789>4789", "tcp v4 encap=0" },
	{ "VXLAN's port as source only", "eth / ipv4 / udp 53 sport=4789 / data 30", "skip=udp" },

	/* fragments */
	{ "first fragment", "eth / ipv4 mf / tcp A / data 100", "tcp v4 payload=100" },
	{ "later fragment", "eth / ipv4 mf frag=185 / tcp A / data 100", "skip=fragment" },
	{ "last fragment", "eth / ipv4 frag=185 / tcp A / data 100", "skip=fragment" },
	{ "fragment with offset 1", "eth / ipv4 frag=1 / tcp A", "skip=fragment" },
	{ "fragment at offset 32768", "eth / ipv4 frag=0x1000 / tcp A", "skip=fragment" },
	{ "reserved flag and don't-fragment", "eth / ipv4 frag=0xc000 / tcp S", "tcp v4" },
	{ "IPv6 first fragment", "eth / ipv6 / fragment mf / tcp S [W7 N]", "tcp v6 W=7" },
	{ "IPv6 later fragment", "eth / ipv6 / fragment frag=10 / tcp S", "skip=fragment" },
	{ "IPv6 atomic fragment", "eth / ipv6 / fragment / tcp S", "tcp v6" },
	{ "later fragment of a tunnel packet",
	  "eth / ipv4 frag=10 / udp / vxlan 5 / eth / ipv4 / tcp S", "skip=fragment" },
	{ "fragment inside a tunnel", "eth / ipv4 / udp / vxlan 5 / eth / ipv4 frag=10 / tcp S",
	  "skip=fragment" },

	/* IPv6 extension headers */
	{ "hop-by-hop", "eth / ipv6 / hop / tcp S [W7 N]", "tcp v6 W=7 payload=0" },
	{ "routing header", "eth / ipv6 / routing units=2 / tcp S [W7 N]", "tcp v6 W=7" },
	{ "destination options of 264 bytes", "eth / ipv6 / dest units=32 / tcp S [W7 N]",
	  "tcp v6 W=7" },
	{ "destination options of 2048 bytes: past what is looked at",
	  "eth / ipv6 / dest units=255 / tcp S [W7 N]", "skip=truncated" },
	{ "the whole chain",
	  "eth / ipv6 / hop / dest / routing units=4 / fragment / ah / dest / tcp S [W7 N]",
	  "tcp v6 W=7" },
	{ "AH in IPv6", "eth / ipv6 / ah / tcp S [W7 N]", "tcp v6 W=7 encap=0" },
	{ "AH in IPv4", "eth / ipv4 / ah / tcp S [W7 N]", "tcp v4 W=7 encap=0 payload=0" },
	{ "AH with a 32-byte check", "eth / ipv4 / ah units=9 / tcp S [W7 N]", "tcp v4 W=7" },
	{ "AH, then IP: tunnel mode", "eth / ipv4 / ah / ipv4 / tcp S", "tcp v4 encap=1" },
	{ "eight destination headers",
	  "eth / ipv6 / dest / dest / dest / dest / dest / dest / dest / dest / "
	  "tcp S [W7 N]",
	  "tcp v6 W=7" },
	{ "no next header", "eth / ipv6 next=59 / data 20", "skip=not-tcp" },
	{ "hop-by-hop in IPv4 is no extension", "eth / ipv4 proto=0 / hop / tcp S",
	  "skip=not-tcp" },
	{ "ICMPv6", "eth / ipv6 next=58 / data 20", "skip=icmp" },
	{ "ESP behind an extension", "eth / ipv6 / dest next=50 / data 20", "skip=esp" },
	{ "IPv6 payload length 0", "eth / ipv6 len=0 / tcp A / data 3000", "tcp v6 payload=3000" },
	{ "IPv6 jumbogram", "eth / ipv6 len=0 / hop / tcp A / data 3000", "tcp v6 payload=3000" },
	{ "IPv6 payload length 19", "eth / ipv6 len=19 / tcp S", "skip=malformed" },
	{ "extension header past the packet", "eth / ipv6 len=8 / dest units=3 next=6 / data 30",
	  "skip=malformed" },
	{ "version 4 in an IPv6 header", "eth / ipv6 ver=4 / tcp S", "skip=malformed" },
	{ "Ethernet padding behind IPv6", "eth / ipv6 / tcp A / trailer 9", "tcp v6 payload=0" },

	/* cut captures */
	{ "an empty frame", "eth / wire 60 / cut 0", "skip=truncated" },
	{ "cut in Ethernet", "eth / ipv4 / tcp S / cut 13", "skip=truncated" },
	{ "cut in a tag", "eth / vlan 5 / ipv4 / tcp S / cut 17", "skip=truncated" },
	{ "cut in IPv4", "eth / ipv4 / tcp S / cut 33", "skip=truncated" },
	{ "cut in IPv6", "eth / ipv6 / tcp S / cut 53", "skip=truncated" },
	{ "cut in an extension header", "eth / ipv6 / dest / tcp S / cut 55", "skip=truncated" },
	{ "cut in TCP", "eth / ipv4 / tcp S / cut 53", "skip=truncated" },
	{ "cut behind TCP", "eth / ipv4 / tcp S [W7 N] / cut 54", "tcp W=unknown cut" },
	{ "a whole frame that ends in TCP", "eth / ipv4 len=0 proto=6 / hex 9c4001bb",
	  "skip=malformed" },
	{ "a whole frame that ends in Ethernet", "linktype 1 / hex 0200", "skip=malformed" },
	{ "an empty raw packet", "raw / wire 40 / cut 0", "skip=truncated" },
};

static const struct walk_case tunnels[] = {
	/* IP in IP */
	{ "IPIP", "eth / ipv4 / ipv4 net=0x10000 ttl=7 / tcp S",
	  "tcp v4 11.0.0.1:40000>11.0.0.2:443 encap=1 ttl=7 domain=none" },
	{ "6in4", "eth / ipv4 / ipv6 / tcp S [W7 N]", "tcp v6 encap=1 W=7" },
	{ "4in6", "eth / ipv6 / ipv4 / tcp S", "tcp v4 encap=1" },
	{ "IP6IP6", "eth / ipv6 / ipv6 / tcp S", "tcp v6 encap=1" },
	{ "IP6IP6 with a tunnel limit option", "eth / ipv6 / dest / ipv6 / tcp S",
	  "tcp v6 encap=1" },
	{ "IPIP in IPIP", "eth / ipv4 / ipv4 / ipv4 / tcp S", "tcp v4 encap=2" },
	{ "tunnel depth 3", "eth / ipv4 / ipv4 / ipv4 / ipv4 / tcp S", "skip=tunnel-depth" },
	{ "the inner packet ends before the outer one",
	  "eth / ipv4 / ipv4 len=40 / tcp A / data 30", "tcp v4 payload=0" },

	/* GRE */
	{ "GRE", "eth / ipv4 / gre / ipv4 / tcp S", "tcp v4 encap=1 domain=none" },
	{ "GRE with checksum", "eth / ipv4 / gre csum / ipv4 / tcp S", "tcp v4 encap=1" },
	{ "GRE with key", "eth / ipv4 / gre key=77 / ipv4 / tcp S", "tcp v4 encap=1" },
	{ "GRE with sequence number", "eth / ipv4 / gre seq / ipv6 / tcp S", "tcp v6 encap=1" },
	{ "GRE with checksum, key and sequence number",
	  "eth / ipv6 / gre csum key=1 seq / ipv4 / tcp S [W7 N]", "tcp v4 encap=1 W=7" },
	{ "Ethernet over GRE", "eth / ipv4 / gre / eth / vlan 5 / ipv4 / tcp S", "tcp v4 encap=1" },
	{ "NVGRE", "eth / ipv4 / nvgre 0x123456 / eth / ipv4 / tcp S",
	  "tcp v4 encap=1 domain=vni:1193046" },
	{ "MPLS over GRE is two levels", "eth / ipv4 / gre / mpls / ipv4 / tcp S",
	  "tcp v4 encap=2" },
	{ "PPP over GRE", "eth / ipv4 / gre / ppp / ipv4 / tcp S", "tcp v4 encap=1" },
	{ "GRE with routing", "eth / ipv4 / gre routing / ipv4 / tcp S", "skip=malformed" },
	{ "GRE version 2", "eth / ipv4 / gre ver=2 / ipv4 / tcp S", "skip=malformed" },
	{ "PPTP", "eth / ipv4 / gre ver=1 key=5 / ppp / ipv4 / tcp S", "skip=pptp" },
	{ "GRE with another payload", "eth / ipv4 / gre proto=0x88cc / data 40", "skip=not-ip" },
	{ "GRE, cut in the key", "eth / ipv4 / gre key=1 / cut -1 / wire 200", "skip=truncated" },
	{ "ERSPAN I", "eth / ipv4 / gre / erspan1 / eth / ipv4 / tcp S", "tcp v4 encap=1" },
	{ "ERSPAN II", "eth / ipv4 / gre seq / erspan2 / eth / vlan 5 / ipv4 / tcp S [W7 N]",
	  "tcp v4 encap=1 W=7" },
	{ "ERSPAN II with the version of type III",
	  "eth / ipv4 / gre seq / erspan2 ver=2 / eth / ipv4 / tcp S", "skip=malformed" },
	{ "ERSPAN III", "eth / ipv4 / gre seq / erspan3 ver=2 / data 12 / eth / ipv4 / tcp S",
	  "skip=erspan3" },

	/* UDP */
	{ "VXLAN", "eth / ipv4 / udp / vxlan 42 / eth / ipv4 / tcp S",
	  "tcp v4 encap=1 domain=vni:42" },
	{ "VXLAN on 8472", "eth / ipv4 / udp 8472 / vxlan 42 / eth / ipv6 / tcp S",
	  "tcp v6 encap=1 domain=vni:42" },
	{ "VXLAN over IPv6, tags inside and outside",
	  "eth / vlan 1 / vlan 2 / ipv6 / udp / vxlan 16777215 / eth / qinq 3 / vlan 4 / ipv4 / tcp S [W7 N]",
	  "tcp v4 encap=1 domain=vni:16777215 W=7" },
	{ "VXLAN, three tags inside",
	  "eth / ipv4 / udp / vxlan 1 / eth / vlan 1 / vlan 2 / vlan 3 / ipv4 / tcp S",
	  "skip=vlan-depth" },
	{ "VXLAN without the I flag", "eth / ipv4 / udp / vxlan 1 noflag / eth / ipv4 / tcp S",
	  "skip=malformed" },
	{ "VXLAN, UDP checksum and length do not matter",
	  "eth / ipv4 / udp len=0 / vxlan 9 / eth / ipv4 / tcp S", "tcp v4 domain=vni:9" },
	{ "VXLAN in VXLAN: the inner network counts",
	  "eth / ipv4 / udp / vxlan 1 / eth / ipv4 / udp / vxlan 2 / eth / ipv4 / tcp S",
	  "tcp v4 encap=2 domain=vni:2" },
	{ "VXLAN, network 0 is none", "eth / ipv4 / udp / vxlan 0 / eth / ipv4 / tcp S",
	  "tcp v4 encap=1 domain=none" },
	{ "Geneve, network 0 in network 5",
	  "eth / ipv4 / udp / vxlan 5 / eth / ipv4 / udp / geneve 0 / "
	  "ipv4 / tcp S",
	  "tcp v4 encap=2 domain=none" },
	{ "IPIP in VXLAN keeps the network",
	  "eth / ipv4 / udp / vxlan 1 / eth / ipv4 / ipv4 / tcp S", "tcp v4 encap=2 domain=vni:1" },
	{ "VXLAN with ARP inside", "eth / ipv4 / udp / vxlan 1 / eth type=0x0806 / data 28",
	  "skip=arp" },
	{ "Geneve", "eth / ipv4 / udp / geneve 5 / eth / ipv4 / tcp S",
	  "tcp v4 encap=1 domain=vni:5" },
	{ "Geneve with 63 words of options",
	  "eth / ipv4 / udp / geneve 5 words=63 / eth / ipv4 / tcp S [W7 N]",
	  "tcp v4 encap=1 W=7" },
	{ "Geneve with IP right away", "eth / ipv4 / udp / geneve 5 / ipv6 / tcp S",
	  "tcp v6 domain=vni:5" },
	{ "Geneve version 1", "eth / ipv4 / udp / geneve 5 ver=1 / eth / ipv4 / tcp S",
	  "skip=malformed" },
	{ "GUE, variant 0, IPv4", "eth / ipv4 / udp / gue / ipv4 / tcp S",
	  "tcp v4 encap=1 domain=none" },
	{ "GUE, variant 0, IPv6 and extensions",
	  "eth / ipv4 / udp / gue words=3 / ipv6 / dest / tcp S", "tcp v6 encap=1" },
	{ "GUE, variant 1, IPv4", "eth / ipv4 / udp / gue1 / ipv4 / tcp S", "tcp v4 encap=1" },
	{ "GUE, variant 1, IPv6", "eth / ipv6 / udp / gue1 / ipv6 / tcp S", "tcp v6 encap=1" },
	{ "GUE, variant 2", "eth / ipv4 / udp / gue ver=2 / ipv4 / tcp S", "skip=malformed" },
	{ "GUE control message", "eth / ipv4 / udp / gue control / data 20",
	  "skip=tunnel-payload" },
	{ "GTP-U", "eth / ipv4 / udp / gtpu / ipv4 / tcp S", "tcp v4 encap=1 domain=none" },
	{ "GTP-U with sequence number", "eth / ipv4 / udp / gtpu seq / ipv6 / tcp S",
	  "tcp v6 encap=1" },
	{ "GTP-U with an extension header",
	  "eth / ipv4 / udp / gtpu ext / gtpext last / ipv4 / tcp S [W7 N]", "tcp v4 encap=1 W=7" },
	{ "GTP-U with three extension headers",
	  "eth / ipv4 / udp / gtpu seq ext / gtpext / gtpext words=3 / gtpext last / ipv4 / tcp S [W7 N]",
	  "tcp v4 encap=1 W=7" },
	{ "GTP-U, extension header of length 0",
	  "eth / ipv4 / udp / gtpu ext / gtpext words=0 / ipv4 / tcp S", "skip=malformed" },
	{ "GTP-U echo request", "eth / ipv4 / udp / gtpu type=1 seq", "skip=tunnel-payload" },
	{ "GTP prime", "eth / ipv4 / udp 2152 / hex 0eff000400000000 / data 20", "skip=malformed" },
	{ "GTP version 2", "eth / ipv4 / udp / gtpu ver=2 / ipv4 / tcp S", "skip=malformed" },
	{ "GTP-U with something else inside", "eth / ipv4 / udp / gtpu / hex 10 / data 20",
	  "skip=not-ip" },

	/* below IP */
	{ "MPLS", "eth / mpls 16 / ipv4 / tcp S", "tcp v4 encap=1" },
	{ "MPLS stack of 3", "eth / mpls 16 / mpls 17 / mpls 18 / ipv6 / tcp S [W7 N]",
	  "tcp v6 encap=1 W=7" },
	{ "MPLS pseudowire with control word",
	  "eth / mpls 16 / mpls 17 / cw / eth / vlan 5 / ipv4 / tcp S [W7 N]",
	  "tcp v4 encap=1 W=7" },
	{ "MPLS behind VLAN tags", "eth / vlan 5 / mpls 16 / ipv4 / tcp S", "tcp v4 encap=1" },
	{ "MPLS in IP", "eth / ipv4 / mpls 16 / ipv4 / tcp S", "tcp v4 encap=1" },
	{ "MPLS with another payload", "eth / mpls 16 / hex 1000000000", "skip=tunnel-payload" },
	{ "MPLS, nothing behind the label", "eth / mpls 16 / wire 60", "skip=truncated" },
	{ "MPLS stack without a bottom", "eth / mpls 1 nobottom", "skip=malformed" },
	{ "twenty labels",
	  "eth / mpls 1 / mpls 1 / mpls 1 / mpls 1 / mpls 1 / mpls 1 / mpls 1 / mpls 1 / mpls 1 / "
	  "mpls 1 / mpls 1 / mpls 1 / mpls 1 / mpls 1 / mpls 1 / mpls 1 / mpls 1 / mpls 1 / "
	  "mpls 1 / mpls 1 / ipv4 / tcp S",
	  "tcp v4 encap=1" },
	{ "PPPoE", "eth / pppoe / ppp / ipv4 / tcp S", "tcp v4 encap=1" },
	{ "PPPoE, IPv6, tag", "eth / vlan 7 / pppoe / ppp / ipv6 / tcp S [W7 N]",
	  "tcp v6 encap=1 W=7" },
	{ "PPPoE with LCP", "eth / pppoe / ppp type=0xc021 / data 20", "skip=not-ip" },
	{ "PPPoE discovery", "eth type=0x8863 / data 30", "skip=not-ip" },
	{ "PPPoE session packet with a code", "eth / pppoe code=9 / ppp / ipv4 / tcp S",
	  "skip=malformed" },
	{ "PPPoE version 2", "eth / pppoe ver=2 / ppp / ipv4 / tcp S", "skip=malformed" },

	/* two levels, and what is too much */
	{ "VXLAN in GRE", "eth / ipv4 / gre / ipv4 / udp / vxlan 3 / eth / ipv4 / tcp S",
	  "tcp v4 encap=2 domain=vni:3" },
	{ "VXLAN in PPPoE", "eth / pppoe / ppp / ipv4 / udp / vxlan 3 / eth / ipv4 / tcp S [W7 N]",
	  "tcp v4 encap=2 W=7" },
	{ "MPLS in MPLS is one stack, pseudowire and stack are two",
	  "eth / mpls 1 / cw / eth / mpls 2 / ipv4 / tcp S", "tcp v4 encap=2" },
	{ "two levels with every tag, IHL 15 and 40 bytes of options",
	  "eth / vlan 1 / vlan 2 / ipv4 ihl=15 / udp / vxlan 1 / eth / vlan 3 / vlan 4 / ipv4 ihl=15 / udp / "
	  "geneve 2 words=63 / eth / vlan 5 / vlan 6 / ipv6 / dest / tcp S [N*37 W7]",
	  "tcp v6 encap=2 domain=vni:2 W=7 nops=37" },
	{ "VXLAN at level 3", "eth / ipv4 / ipv4 / ipv4 / udp / vxlan 1 / eth / ipv4 / tcp S",
	  "skip=tunnel-depth" },
	{ "more headers than are followed",
	  "eth / ipv6 / dest / dest / dest / dest / dest / dest / dest / dest / dest / dest / dest / dest / "
	  "dest / dest / dest / dest / dest / dest / dest / dest / dest / dest / dest / dest / tcp S",
	  "skip=too-many-headers" },

	/* counted by name, not opened */
	{ "Teredo", "eth / ipv4 / udp 3544 / ipv6 / tcp S", "skip=teredo" },
	{ "Teredo, an answer", "eth / ipv4 / udp 50000 sport=3544 / ipv6 / tcp S", "skip=teredo" },
	{ "L2TP", "eth / ipv4 / udp 1701 / data 30", "skip=l2tp" },
	{ "L2TPv3 over IP", "eth / ipv4 proto=115 / data 30", "skip=l2tp" },
	{ "VXLAN-GPE", "eth / ipv4 / udp 4790 / data 30", "skip=vxlan-gpe" },
	{ "LISP", "eth / ipv4 / udp 4341 / data 30", "skip=lisp" },
	{ "CAPWAP data", "eth / ipv4 / udp 5247 / data 30", "skip=capwap" },
};

/* Each tunnel, by the name of its switch: a frame that needs it, and what is found in it. */
static const struct walk_case switches[] = {
	{ "ipip", "eth / ipv4 / ipv4 / tcp S", "tcp v4 encap=1" },
	{ "ipip", "eth / ipv6 / ipv6 / tcp S", "tcp v6 encap=1" },
	{ "gre", "eth / ipv4 / gre / ipv4 / tcp S", "tcp v4 encap=1" },
	{ "gre", "eth / ipv4 / nvgre 5 / eth / ipv4 / tcp S", "tcp v4 encap=1" },
	{ "erspan", "eth / ipv4 / gre / erspan1 / eth / ipv4 / tcp S", "tcp v4 encap=1" },
	{ "erspan", "eth / ipv4 / gre seq / erspan2 / eth / ipv4 / tcp S", "tcp v4 encap=1" },
	{ "vxlan", "eth / ipv4 / udp / vxlan 1 / eth / ipv4 / tcp S", "tcp v4 encap=1" },
	{ "vxlan", "eth / ipv4 / udp 8472 / vxlan 1 / eth / ipv4 / tcp S", "tcp v4 encap=1" },
	{ "geneve", "eth / ipv4 / udp / geneve 1 / eth / ipv4 / tcp S", "tcp v4 encap=1" },
	{ "gue", "eth / ipv4 / udp / gue / ipv4 / tcp S", "tcp v4 encap=1" },
	{ "gue", "eth / ipv4 / udp / gue1 / ipv4 / tcp S", "tcp v4 encap=1" },
	{ "mpls", "eth / mpls 1 / ipv4 / tcp S", "tcp v4 encap=1" },
	{ "pppoe", "eth / pppoe / ppp / ipv4 / tcp S", "tcp v4 encap=1" },
	{ "gtpu", "eth / ipv4 / udp / gtpu / ipv4 / tcp S", "tcp v4 encap=1" },
};

static const char *const tunnel_names[] = {
#define TUNNEL(id, name, what) name,
#include "engine/tunnels.def"
#undef TUNNEL
};

/* With --vlan-domain. */
static const struct walk_case domains[] = {
	{ "one tag", "eth / vlan 5 / ipv4 / tcp S", "domain=vlan:0.5" },
	{ "the priority bits do not count", "eth / vlan 0xf005 / ipv4 / tcp S", "domain=vlan:0.5" },
	{ "two tags", "eth / qinq 7 / vlan 5 / ipv4 / tcp S", "domain=vlan:7.5" },
	{ "no tag", "eth / ipv4 / tcp S", "domain=none" },
	{ "a network inside VLANs", "eth / vlan 5 / ipv4 / udp / vxlan 9 / eth / ipv4 / tcp S",
	  "domain=vni:9" },
};

static void check_frame(struct engine_parser *p, const char *text, const char *want)
{
	struct packet_builder_frame f;

	packet_builder_make(&f, text);
	engine_parser_expect(p, &f, want);
	packet_builder_free(&f);
}

/* Every cut of the frame: no byte beyond it is read (the sanitizer tells), no answer changes. */
static void check_cuts(struct engine_parser *p, const char *text)
{
	struct packet_builder_frame whole, part;
	struct engine_facts full, facts;

	packet_builder_make(&whole, text);
	engine_parser_facts(p, &whole, &full);
	for (__u32 cut = 0; cut < whole.caplen; cut++) {
		packet_builder_cut(&part, &whole, cut);
		engine_parser_facts(p, &part, &facts);
		packet_builder_free(&part);
		if (facts.skip || full.skip) {
			if (facts.skip != SKIP_TRUNCATED && facts.skip != full.skip)
				engine_parser_fail(p, "cut at %u: skip %u", cut, facts.skip);
		} else if (facts.pkt.payload != full.pkt.payload || facts.pkt.seq != full.pkt.seq) {
			engine_parser_fail(p, "cut at %u: another segment", cut);
		}
	}
	packet_builder_free(&whole);
}

static void check_plain(struct engine_parser *p, size_t i)
{
	check_frame(p, plain[i].frame, plain[i].want);
	if (engine_parser_native(p) && !strstr(plain[i].frame, "cut "))
		check_cuts(p, plain[i].frame);
}

static const char *plain_name(size_t i)
{
	return plain[i].name;
}

static void check_tunnel(struct engine_parser *p, size_t i)
{
	check_frame(p, tunnels[i].frame, tunnels[i].want);
	if (engine_parser_native(p) && !strstr(tunnels[i].frame, "cut "))
		check_cuts(p, tunnels[i].frame);
}

static const char *tunnel_name(size_t i)
{
	return tunnels[i].name;
}

static void check_domain(struct engine_parser *p, size_t i)
{
	check_frame(p, domains[i].frame, domains[i].want);
}

static const char *domain_name(size_t i)
{
	return domains[i].name;
}

static const char *switch_name(size_t i)
{
	return tunnel_names[i];
}

/* This tunnel alone is on: it is opened, and no other one. */
static void check_alone(struct engine_parser *p, size_t i)
{
	unsigned int own = 0;

	for (size_t c = 0; c < COUNT(switches); c++) {
		_Bool mine = !strcmp(switches[c].name, tunnel_names[i]);

		check_frame(p, switches[c].frame, mine ? switches[c].want : "skip=tunnel-off");
		own += mine;
	}
	if (!own)
		engine_parser_fail(p, "no frame needs it");
}

/* This tunnel alone is off. */
static void check_off(struct engine_parser *p, size_t i)
{
	for (size_t c = 0; c < COUNT(switches); c++) {
		_Bool mine = !strcmp(switches[c].name, tunnel_names[i]);

		check_frame(p, switches[c].frame, mine ? "skip=tunnel-off" : switches[c].want);
	}
	check_frame(p, "eth / ipv4 / tcp S", "tcp v4 encap=0");
}

int main(void)
{
	static const struct engine_config all = { .tunnels = TUNNELS_ALL };
	static const struct engine_config vlans = { .tunnels = TUNNELS_ALL, .vlan_domain = 1 };
	static struct engine_config alone[TUNNEL_KINDS], off[TUNNEL_KINDS];
	struct engine_table tables[3 + 2 * TUNNEL_KINDS] = {
		{ "link and network", COUNT(plain), plain_name, check_plain, &all, 0 },
		{ "tunnels", COUNT(tunnels), tunnel_name, check_tunnel, &all, 0 },
		{ "VLAN domains", COUNT(domains), domain_name, check_domain, &vlans, 0 },
	};

	for (unsigned int i = 0; i < TUNNEL_KINDS; i++) {
		alone[i].tunnels = 1U << i;
		off[i].tunnels = TUNNELS_ALL & ~(1U << i);
		tables[3 + 2 * i] = (struct engine_table){ "one tunnel on", 1,         switch_name,
							   check_alone,     &alone[i], i };
		tables[4 + 2 * i] = (struct engine_table){ "one tunnel off", 1,       switch_name,
							   check_off,        &off[i], i };
	}
	return engine_parser_run(tables, COUNT(tables));
}
