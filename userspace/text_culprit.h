/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who is at fault, since when, how often, what it costs and what to do. */
#ifndef USERSPACE_TEXT_CULPRIT_H
#define USERSPACE_TEXT_CULPRIT_H

#include "userspace/text_group.h"
#include "userspace/text_style.h"

#define TEXT_WHO_ROOM     96
#define TEXT_PACKETS_ROOM (TEXT_FILE_ROOM + 128)

/* "10.0.0.1:443 as server", "path from client 10.0.0.9" */
const char *text_who(char out[TEXT_WHO_ROOM], const struct text_group *g);

/* "packets 1, 2 of FILE"; "" when there are none (live). Returns out. */
const char *text_packets(char out[TEXT_PACKETS_ROOM], const struct report *r,
			 const __u64 packets[FINDING_PACKETS]);

enum text_color text_severity_color(unsigned int severity);

/* Prints a block on the group at index; endpoint groups of one host are one block. */
void text_culprit(const struct text *t, const struct report *r, const struct text_groups *groups,
		  size_t index);

/* Whether the block of an earlier group has this one in it. */
bool text_culprit_told(const struct text_groups *groups, size_t index);

/* One line: the finding of an event, with all that is known at that time. */
void text_culprit_event(const struct text *t, const struct report *r, const struct event *e,
			const char *interface);

#endif
