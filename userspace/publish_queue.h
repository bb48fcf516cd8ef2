/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Messages on their way from the thread that reads events to the one that sends them: first in,
 * first out, with room for so many. Neither waits for the other longer than it takes to copy a few
 * pointers.
 */
#ifndef USERSPACE_PUBLISH_QUEUE_H
#define USERSPACE_PUBLISH_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

struct publish_message {
	char *line; /* malloc()ed; no NUL is needed */
	size_t len;
	unsigned int code; /* of the finding */
};

struct publish_queue;

/* Room for most messages; *out is to be released with publish_queue_close(). 0 or -ENOMEM. */
int publish_queue_open(struct publish_queue **out, size_t most);

/* Also frees the messages that are left. Accepts NULL. */
void publish_queue_close(struct publish_queue *q);

/* The line is the queue's from now on. False: there was no room, and it is freed. */
bool publish_queue_put(struct publish_queue *q, const struct publish_message *m);

/*
 * Copies up to room of the oldest messages to out; they stay, and are the queue's, until
 * publish_queue_drop(). Where there is none, waits up to ms milliseconds for one, or for the end.
 * Returns how many.
 */
size_t publish_queue_look(struct publish_queue *q, struct publish_message *out, size_t room,
			  unsigned int ms);

/* Frees the n oldest, which publish_queue_look() has shown. */
void publish_queue_drop(struct publish_queue *q, size_t n);

/* Waits ms milliseconds, or until the end. */
void publish_queue_pause(struct publish_queue *q, unsigned int ms);

/* Nothing more is put; who waits stops waiting. */
void publish_queue_end(struct publish_queue *q);
bool publish_queue_ended(struct publish_queue *q);

/* Messages that are in it. */
size_t publish_queue_length(struct publish_queue *q);

#endif
