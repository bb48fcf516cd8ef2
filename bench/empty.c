// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <pcap/pcap.h>
#include <stdio.h>

#include "bench/empty.h"

static void empty_packet(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	(void)user;
	(void)header;
	(void)data;
}

int empty_loop(const char *path)
{
	char errbuf[PCAP_ERRBUF_SIZE];
	pcap_t *pcap = pcap_open_offline(path, errbuf);
	int err;

	if (!pcap) {
		fprintf(stderr, "bench: cannot read '%s': %s\n", path, errbuf);
		return -1;
	}
	err = pcap_loop(pcap, -1, empty_packet, NULL);
	if (err)
		fprintf(stderr, "bench: cannot read '%s': %s\n", path, pcap_geterr(pcap));
	pcap_close(pcap);
	return err ? -1 : 0;
}
