/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Frames from a line of text, as an engineer would name them:
 *
 *   "eth / vlan 5 / ipv4 ttl=9 / udp / vxlan 42 / eth / ipv6 / tcp S [M1460 S T7 N W10]"
 *
 * The outermost header comes first and names the link type. What a header says about the
 * next one, and every length, is filled in unless the text gives it ("len=0", "proto=89").
 * Checksums are left 0: no engine looks at them.
 *
 *   link    eth [type=N]; sll; sll2 [ifindex=N]; raw; null [be]; ppp [hdlc]; chdlc; linktype N
 *   tags    vlan ID; qinq ID; oldqinq ID
 *   ipv4    ihl=N len=N id=N ttl=N mf frag=UNITS proto=N ver=N; 10.0.0.1 to 10.0.0.2, moved by
 *           net=N networks of 256; rev swaps the two
 *   ipv6    len=N hlim=N next=N ver=N; 2001:db8::1 to 2001:db8::2, net=N their third and fourth
 *           group; rev
 *   chain   hop, routing, dest: units=N (8 bytes beyond the first 8); fragment frag=UNITS mf;
 *           ah units=N; each next=N
 *   tunnel  udp PORT len=N; gre [csum] [key=N] [seq] [routing] ver=N proto=N; nvgre VSID; erspan1;
 *           erspan2 [ver=N]; erspan3; vxlan VNI [port=N] [noflag]; geneve VNI [words=N] [ver=N];
 *           gue [words=N] [control] [ver=N]; gue1; gtpu [seq] [ext] [type=N] [ver=N];
 *           gtpext [words=N] [last]; mpls LABEL [nobottom]; cw; pppoe [code=N] [ver=N]; ppp
 *   tcp     FLAGS (of FSRPAU); seq=N ack=N win=N doff=N; SPORT>DPORT; rev swaps the ports;
 *           options in brackets: M1460, W7, S, T7 (timestamp value), F8 (Fast Open, 8 bytes of
 *           cookie), N, E, K253:6 (a kind of that length), x0304 (bytes); any with *COUNT
 *   end     data N (payload); hex 00ff; trailer N (bytes behind the IP packet); cut N (captured
 *           bytes; negative: so many fewer); wire N (length on the wire)
 */
#ifndef WSCOPE_PACKET_BUILDER_H
#define WSCOPE_PACKET_BUILDER_H

#include <linux/types.h>

struct packet_builder_frame {
	__u8 *bytes; /* an allocation of exactly caplen bytes, so that a sanitizer sees one too far */
	__u32 caplen;
	__u32 wirelen;
	__u16 linktype;
	__u32 tcp_at; /* where the last TCP header begins; 0: there is none */
};

/* Fills *f, to be released with packet_builder_free(). A text it cannot read ends the program. */
void packet_builder_make(struct packet_builder_frame *f, const char *text);

/* The same frame, of which only the first caplen bytes were captured. */
void packet_builder_cut(struct packet_builder_frame *out, const struct packet_builder_frame *f,
			__u32 caplen);

void packet_builder_free(struct packet_builder_frame *f);

#endif
