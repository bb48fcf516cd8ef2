/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Compiled tcpdump expressions, one program for each link type and byte order met. */
#include <byteswap.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pcap/pcap.h>

#include "pcap-replay/reader_filter.h"

#define FILTER_SNAPLEN (256u << 10)

struct filter_program {
	struct filter_program *next;
	__u32 linktype;
	bool swapped;
	char *why; /* NULL: bpf is valid */
	struct bpf_program bpf;
};

struct reader_filter {
	const char *expression;
	struct filter_program *programs; /* the last used one is the first */
};

struct reader_filter *reader_filter_new(const char *expression)
{
	struct reader_filter *filter = calloc(1, sizeof(*filter));

	if (filter)
		filter->expression = expression;
	return filter;
}

/*
 * A handle as if such a capture had been opened: unlike pcap_open_dead() it takes a LINKTYPE_ and
 * knows the byte order.
 */
static pcap_t *filter_handle(__u32 linktype, bool swapped, char *errbuf)
{
	struct pcap_file_header header = {
		.magic = swapped ? bswap_32(0xa1b2c3d4) : 0xa1b2c3d4,
		.version_major = swapped ? bswap_16(2) : 2,
		.version_minor = swapped ? bswap_16(4) : 4,
		.snaplen = swapped ? bswap_32(FILTER_SNAPLEN) : FILTER_SNAPLEN,
		.linktype = swapped ? bswap_32(linktype) : linktype,
	};
	FILE *stream = fmemopen(&header, sizeof(header), "r");
	pcap_t *pcap;

	if (!stream) {
		snprintf(errbuf, PCAP_ERRBUF_SIZE, "%s", strerror(errno));
		return NULL;
	}
	pcap = pcap_fopen_offline(stream, errbuf);
	if (!pcap)
		fclose(stream);
	return pcap;
}

static void program_compile(struct filter_program *program, const char *expression)
{
	char errbuf[PCAP_ERRBUF_SIZE] = "";
	pcap_t *pcap = filter_handle(program->linktype, program->swapped, errbuf);

	if (!pcap)
		program->why = strdup(errbuf);
	else if (pcap_compile(pcap, &program->bpf, expression, 1, PCAP_NETMASK_UNKNOWN))
		program->why = strdup(pcap_geterr(pcap));
	if (pcap)
		pcap_close(pcap);
}

static struct filter_program *program_find(struct reader_filter *filter, __u32 linktype,
					   bool swapped)
{
	struct filter_program **at = &filter->programs, *p;

	while ((p = *at) && (p->linktype != linktype || p->swapped != swapped))
		at = &p->next;
	if (p) {
		*at = p->next;
	} else {
		p = calloc(1, sizeof(*p));
		if (!p)
			return NULL;
		p->linktype = linktype;
		p->swapped = swapped;
		program_compile(p, filter->expression);
	}
	p->next = filter->programs;
	filter->programs = p;
	return p;
}

int reader_filter_prepare(struct reader_filter *filter, __u32 linktype, bool swapped,
			  const char **why)
{
	struct filter_program *p = program_find(filter, linktype, swapped);

	*why = p ? p->why : strerror(ENOMEM);
	if (!p)
		return -ENOMEM;
	return p->why ? -EINVAL : 0;
}

int reader_filter_match(struct reader_filter *filter, const struct frame *packet, bool swapped,
			const char **why)
{
	struct pcap_pkthdr header = { .caplen = packet->caplen, .len = packet->wirelen };
	int err = reader_filter_prepare(filter, packet->linktype, swapped, why);

	if (err)
		return err;
	return pcap_offline_filter(&filter->programs->bpf, &header, packet->data) != 0;
}

unsigned int reader_filter_compiled(const struct reader_filter *filter)
{
	const struct filter_program *p;
	unsigned int n = 0;

	for (p = filter->programs; p; p = p->next)
		n += !p->why;
	return n;
}

void reader_filter_free(struct reader_filter *filter)
{
	struct filter_program *p, *next;

	if (!filter)
		return;
	for (p = filter->programs; p; p = next) {
		next = p->next;
		if (!p->why)
			pcap_freecode(&p->bpf);
		free(p->why);
		free(p);
	}
	free(filter);
}
