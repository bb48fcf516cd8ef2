/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * `wscope extcap`: this program as an external capture program of Wireshark's (extcap(4)): its
 * interfaces appear among Wireshark's own, and a capture on one shows findings as comments.
 */
#ifndef PCAP_REPLAY_EXTCAP_H
#define PCAP_REPLAY_EXTCAP_H

/* The name under which the program, found in Wireshark's folder, is this command. */
#define EXTCAP_PROGRAM "wscope-extcap"

/* argv[0] is the command. Returns an exit status. */
int extcap_run(int argc, char **argv);

#endif
