/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Lists that grow by one. */
#ifndef PLATFORM_GROW_H
#define PLATFORM_GROW_H

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#define GROW_FIRST 16

/* The list with room for one more element of size bytes behind its n; NULL: as it was, no memory. */
static inline void *grow_list(void *list, size_t n, size_t *room, size_t size)
{
	size_t more = *room ? 2 * *room : GROW_FIRST;

	if (n < *room)
		return list;
	list = reallocarray(list, more, size);
	if (list)
		*room = more;
	return list;
}

/*
 * Room for one more element behind the n of a list: twice as much as before when it is full. list is
 * the pointer to its elements, room the address of how many fit. 0, or -ENOMEM and all as it was.
 */
#define GROW(list, n, room)                                                     \
	({                                                                      \
		void *grown_ = grow_list((list), (n), (room), sizeof(*(list))); \
                                                                                \
		if (grown_)                                                     \
			(list) = grown_;                                        \
		grown_ ? 0 : -ENOMEM;                                           \
	})

#endif
