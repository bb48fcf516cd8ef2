/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Inside the reader: what a file says of its interfaces, kept for who asks. Packets carry nothing
 * of it: a packet's number tells its section, and its interface is counted in there.
 *
 * All functions do nothing where f->notes is NULL.
 */
#ifndef WSCOPE_READER_NOTES_H
#define WSCOPE_READER_NOTES_H

#include "pcap-replay/reader_file.h"

/* 0 or -ENOMEM, as reader_file_fail() says it; so do the next two. */
int reader_notes_open(struct reader_file *f);

/* Interfaces count from 0 again, for the packets behind f->number. */
int reader_notes_section(struct reader_file *f);

/* One more interface; with its options in pcapng, which are known to be sound. */
int reader_notes_interface(struct reader_file *f, __u32 linktype, __u32 snaplen,
			   const __u8 *options, size_t length);

/*
 * The options of statistics of an interface of this section, sound or not; only where there are
 * notes. Times are left in the interface's unit.
 */
struct reader_interface *reader_notes_statistics(struct reader_file *f, __u32 ifindex,
						 const __u8 *options, size_t length);

/* As reader_interfaces(), reader_interface() and reader_interface_of(). */
size_t reader_notes_count(const struct reader_file *f);
const struct reader_interface *reader_notes_get(const struct reader_file *f, size_t number);
size_t reader_notes_find(const struct reader_file *f, __u64 packet, __u32 ifindex);

void reader_notes_close(struct reader_file *f);

#endif
