/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Any bytes as a capture file. What must hold: the reader ends, reads nothing that is not there,
 * numbers packets in order, tells of no more bytes than it gives, says what is wrong when
 * something is, and finds no more through a filter than without.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pcap-replay/reader.h"

/* Compressed input may grow without end; so many packets are enough. */
#define PACKETS 5000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the bytes of the packets add up to; so that each of them is read. */
static volatile unsigned int sum;

static void require(int condition)
{
	if (!condition)
		abort();
}

static void check_packet(const struct frame *p, __u64 *last)
{
	require(p->number > *last);
	require(p->file == 0);
	*last = p->number;
	for (__u32 i = 0; i < p->caplen; i++)
		sum += p->data[i];
}

/* What is said of the interface a packet came from, and of all of them. */
static void check_interfaces(const struct reader *r, const struct frame *p)
{
	const struct reader_interface *i = reader_interface(r, 0, reader_interface_of(r, p));

	if (i)
		require(i->linktype == p->linktype);
	for (size_t n = 0; n < reader_interfaces(r, 0); n++) {
		i = reader_interface(r, 0, n);
		sum += i->name ? (unsigned int)strlen(i->name) : 0;
		sum += i->description ? (unsigned int)strlen(i->description) : 0;
	}
}

/* How many packets there are, or -1 when it could not be opened. */
static int drain(const char *path, const struct reader_options *options)
{
	struct frame batch[READER_BATCH];
	char error[512] = "";
	struct reader *r;
	int n, packets = 0, err = reader_open(&r, &path, 1, options, error, sizeof(error));
	__u64 last = 0;

	if (err) {
		require(err < 0 && !r && error[0]);
		return -1;
	}
	while ((n = reader_next_batch(r, batch, READER_BATCH)) > 0) {
		require(n <= READER_BATCH);
		for (int i = 0; i < n; i++)
			check_packet(&batch[i], &last);
		check_interfaces(r, &batch[n - 1]);
		packets += n;
	}
	require(packets <= PACKETS);
	require((n < 0) == (reader_damaged(r) > 0) && (n < 0) == (reader_error(r, 0) != NULL));
	require(reader_next_batch(r, batch, READER_BATCH) == n);
	reader_close(r);
	return packets;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct reader_options all = { .max_packets = PACKETS };
	static const struct reader_options cut = { .max_packets = PACKETS,
						   .allow_truncated = true };
	static const struct reader_options noted = { .max_packets = PACKETS, .interfaces = true };
	static const struct reader_options filtered = { .max_packets = PACKETS, .filter = "tcp" };
	int fd = memfd_create("capture", MFD_CLOEXEC), packets, fewer;
	char path[64];

	require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	packets = drain(path, &all);
	require(drain(path, &cut) == packets);
	require(drain(path, &noted) == packets);
	fewer = drain(path, &filtered);
	require(fewer <= packets || packets == PACKETS);
	close(fd);
	return 0;
}
