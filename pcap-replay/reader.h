/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Captures in, packets out: one interface for every source.
 *
 * pcap, pcapng and snoop are parsed here, from a memory map where the file is a plain one and from a
 * sliding buffer where it is a pipe or compressed (gzip, zstd); what only libpcap knows (the
 * modified formats, old versions) goes to libpcap. The caller cannot tell them apart.
 */
#ifndef WSCOPE_READER_H
#define WSCOPE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#include "platform/frame.h"

/* The batch size worth asking for. */
#define READER_BATCH 32

struct reader;

enum reader_backend {
	READER_AUTO,    /* own parser wherever it knows the format, libpcap for the rest */
	READER_MAPPED,  /* own parser on a memory map only; refuse everything else */
	READER_LIBPCAP, /* libpcap only */
};

struct reader_options {
	const char *filter; /* tcpdump expression, or NULL */
	enum reader_backend backend;
	__u64 max_packets;    /* stop after so many delivered packets; 0: all */
	bool allow_truncated; /* a file that ends inside a record just ends */
	bool interfaces;      /* keep what the files say of their interfaces, see below */
};

/* Of a counter, or a time, that the capture does not tell. */
#define READER_UNKNOWN (~0ULL)

/* What an interface statistics block of pcapng counts. */
enum reader_statistic {
	READER_RECEIVED = 4, /* numbers of the options: isb_ifrecv, */
	READER_DROPPED,      /* isb_ifdrop, */
	READER_ACCEPTED,     /* isb_filteraccept, */
	READER_OS_LOST,      /* isb_osdrop, */
	READER_DELIVERED,    /* isb_usrdeliv */
	READER_STATISTICS,
};

/* An interface as a capture describes it. What a format does not tell is 0, NULL or UNKNOWN. */
struct reader_interface {
	char *name; /* any bytes; pcapng only, as what follows but for the numbers next to it */
	char *description;
	__u32 linktype; /* LINKTYPE_ */
	__u32 snaplen;
	__u64 statistics_ns; /* of the newest statistics, since the epoch; this and the next two */
	__u64 start_ns, end_ns;
	__u64 statistics[READER_STATISTICS]; /* by enum reader_statistic */
};

/*
 * Open n files as one stream in time order. Only the heads of the files are compared: inside one
 * file the order is the file's own; on equal times the file named first goes first. "-" is
 * standard input.
 *
 * Of several files only those are open that the stream has reached, from the time of their first
 * packet on: files of which each ends before the next begins cost no more than one. Where there are
 * many, a plain or compressed file is mapped and holds no descriptor. Where more overlap than can
 * be open, the surplus is damaged (-EMFILE).
 *
 * 0 and *out (to be closed with reader_close()), or -errno and one line in errbuf; *out is then
 * NULL. -EINVAL: the filter is bad, and only that. Any other: no file could be opened, errbuf tells
 * of the first. If at least one file opened, the others count as damaged, see reader_error().
 * Blocks until a pipe has its first bytes (with a filter: its first packet). opt may be NULL for
 * the defaults. The paths are not copied and must outlive the reader, and so must the filter.
 *
 * A file that is made shorter while it is read is cut there. It must not be where it is mapped, that
 * is with READER_MAPPED or among many: the kernel answers a read behind the new end with SIGBUS.
 * Growing is harmless: the size at opening counts.
 */
int reader_open(struct reader **out, const char *const *paths, unsigned int n,
		const struct reader_options *opt, char *errbuf, size_t errlen);

/*
 * Up to max packets. Their data stays valid until the next call. A short batch is not the end.
 *
 * > 0: that many packets. 0: the end, everything was readable. < 0: the end, and at least one file
 * was damaged (-EBADMSG); all that precedes the damage in that file, and all of the other files,
 * has been delivered before; reader_error() tells what. Further calls return the same again.
 */
int reader_next_batch(struct reader *r, struct frame *batch, unsigned int max);

/* One line on what is wrong with file i, its name included; NULL if nothing (yet). */
const char *reader_error(const struct reader *r, unsigned int i);

/* How many files have a reader_error() so far. */
unsigned int reader_damaged(const struct reader *r);

/* How many files, and the name of file i as it was given. */
unsigned int reader_files(const struct reader *r);
const char *reader_file_name(const struct reader *r, unsigned int i);

/*
 * With reader_options.interfaces: how many interfaces file i has described so far, in all of its
 * sections; one of them, valid until the next batch; and which of them a packet came from, which
 * is number 0 for formats that have only one.
 */
size_t reader_interfaces(const struct reader *r, unsigned int i);
const struct reader_interface *reader_interface(const struct reader *r, unsigned int i,
						size_t number);
size_t reader_interface_of(const struct reader *r, const struct frame *p);

/* Progress in bytes of the files as stored (compressed bytes where compressed); total is 0 if
 * unknown. */
__u64 reader_bytes_total(const struct reader *r);
__u64 reader_bytes_done(const struct reader *r);

/* Accepts NULL. */
void reader_close(struct reader *r);

#endif
