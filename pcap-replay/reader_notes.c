// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "pcap-replay/reader_notes.h"

#include "platform/grow.h"

#include <errno.h>
#include <stdlib.h>

enum { OPT_END = 0, IF_NAME = 2, IF_DESCRIPTION = 3, ISB_START = 2, ISB_END = 3 };

/* Where a section's packets and interfaces begin. */
struct notes_section {
	__u64 packet;
	size_t interface;
};

struct reader_notes {
	struct reader_interface *interfaces;
	size_t interfaces_n, interfaces_room;
	struct notes_section *sections;
	size_t sections_n, sections_room;
};

static int notes_memory(struct reader_file *f)
{
	return reader_file_fail(f, -ENOMEM, "%s", strerror(ENOMEM));
}

int reader_notes_open(struct reader_file *f)
{
	f->notes = calloc(1, sizeof(*f->notes));
	return f->notes ? reader_notes_section(f) : notes_memory(f);
}

int reader_notes_section(struct reader_file *f)
{
	struct reader_notes *notes = f->notes;
	struct notes_section section = { .packet = f->number + 1 };

	if (!notes)
		return 0;
	section.interface = notes->interfaces_n;
	/* A section without packets needs no place of its own. */
	if (notes->sections_n && notes->sections[notes->sections_n - 1].packet == section.packet)
		notes->sections_n--;
	if (GROW(notes->sections, notes->sections_n, &notes->sections_room))
		return notes_memory(f);
	notes->sections[notes->sections_n++] = section;
	return 0;
}

/* The next option of [*p, *p + *n); 0: there is none. */
static __u16 notes_option(const struct reader_file *f, const __u8 **p, size_t *n,
			  const __u8 **value, size_t *length)
{
	__u16 code;
	size_t whole;

	if (*n < 4)
		return OPT_END;
	code = reader_get16(*p, f->swapped);
	*length = reader_get16(*p + 2, f->swapped);
	whole = 4 + ((*length + 3) & ~(size_t)3);
	if (whole > *n)
		return OPT_END;
	*value = *p + 4;
	*p += whole;
	*n -= whole;
	return code;
}

int reader_notes_interface(struct reader_file *f, __u32 linktype, __u32 snaplen,
			   const __u8 *options, size_t length)
{
	struct reader_notes *notes = f->notes;
	struct reader_interface *i;
	const __u8 *value;
	size_t n;
	__u16 code;

	if (!notes)
		return 0;
	if (GROW(notes->interfaces, notes->interfaces_n, &notes->interfaces_room))
		return notes_memory(f);
	i = &notes->interfaces[notes->interfaces_n++];
	*i = (struct reader_interface){
		.linktype = linktype,
		.snaplen = snaplen,
		.statistics_ns = READER_UNKNOWN,
		.start_ns = READER_UNKNOWN,
		.end_ns = READER_UNKNOWN,
	};
	memset(i->statistics, 0xff, sizeof(i->statistics));
	while ((code = notes_option(f, &options, &length, &value, &n))) {
		char **text = code == IF_NAME ? &i->name : &i->description;

		if ((code != IF_NAME && code != IF_DESCRIPTION) || *text)
			continue;
		*text = strndup((const char *)value, n);
		if (!*text)
			return notes_memory(f);
	}
	return 0;
}

struct reader_interface *reader_notes_statistics(struct reader_file *f, __u32 ifindex,
						 const __u8 *options, size_t length)
{
	struct reader_notes *notes = f->notes;
	size_t first = notes->sections[notes->sections_n - 1].interface;
	struct reader_interface *i = &notes->interfaces[first + ifindex];
	const __u8 *value;
	size_t n;
	__u16 code;

	while ((code = notes_option(f, &options, &length, &value, &n))) {
		__u64 time;

		if (n != sizeof(__u64))
			continue;
		time = (__u64)reader_get32(value, f->swapped) << 32 |
		       reader_get32(value + 4, f->swapped);
		if (code == ISB_START)
			i->start_ns = time;
		else if (code == ISB_END)
			i->end_ns = time;
		else if (code >= READER_RECEIVED && code < READER_STATISTICS)
			i->statistics[code] = reader_get64(value, f->swapped);
	}
	return i;
}

size_t reader_notes_count(const struct reader_file *f)
{
	return f->notes ? f->notes->interfaces_n : 0;
}

const struct reader_interface *reader_notes_get(const struct reader_file *f, size_t number)
{
	return number < reader_notes_count(f) ? &f->notes->interfaces[number] : NULL;
}

size_t reader_notes_find(const struct reader_file *f, __u64 packet, __u32 ifindex)
{
	const struct reader_notes *notes = f->notes;
	size_t low = 0, high;

	if (!notes || !notes->interfaces_n)
		return 0;
	/* The last section that begins at or before the packet. */
	for (high = notes->sections_n; high - low > 1;) {
		size_t middle = low + (high - low) / 2;

		if (notes->sections[middle].packet <= packet)
			low = middle;
		else
			high = middle;
	}
	return notes->sections[low].interface + ifindex;
}

void reader_notes_close(struct reader_file *f)
{
	struct reader_notes *notes = f->notes;

	if (!notes)
		return;
	for (size_t i = 0; i < notes->interfaces_n; i++) {
		free(notes->interfaces[i].name);
		free(notes->interfaces[i].description);
	}
	free(notes->interfaces);
	free(notes->sections);
	free(notes);
	f->notes = NULL;
}
