/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Lists that grow by one. */
#ifndef PLATFORM_GROW_H
#define PLATFORM_GROW_H

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define GROW_FIRST 16

/* list: the address of a pointer to elements of that size. */
static inline int grow_list(void *list, size_t n, size_t *room, size_t size)
{
	size_t more = *room ? 2 * *room : GROW_FIRST;
	void *elements;

	if (n < *room)
		return 0;
	memcpy(&elements, list, sizeof(elements));
	elements = reallocarray(elements, more, size);
	if (!elements)
		return -ENOMEM;
	memcpy(list, &elements, sizeof(elements));
	*room = more;
	return 0;
}

/*
 * Room for one more element behind the n of a list: twice as much as before when it is full. list is
 * the pointer to its elements, room the address of how many fit. 0, or -ENOMEM and all as it was.
 */
#define GROW(list, n, room) grow_list(&(list), (n), (room), sizeof(*(list)))

#endif
