/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An output of many items, made by several threads and written in order. */
#ifndef USERSPACE_ORDERED_H
#define USERSPACE_ORDERED_H

#include <stddef.h>
#include <stdio.h>

/*
 * Calls make(part, arg, from, until) so that items from .. until - 1 of each call are written to
 * part, all items once; in up to `threads` threads, this one included, if that is above 1. What
 * the calls wrote appears in `to` in the order of items, and memory is needed for a few parts only.
 * make returns 0 or -errno and must only read what the threads share. 0 or the first -errno.
 */
int ordered_write(FILE *to, unsigned int threads, size_t items, void *arg,
		  int (*make)(FILE *part, void *arg, size_t from, size_t until));

/*
 * Calls add(arg, share, from, until) for as many shares of all items as there are threads, at the
 * same time, this thread's included; share counts from 0 on. Calls must only write what their share
 * has alone.
 */
void ordered_shares(unsigned int threads, size_t items, void *arg,
		    void (*add)(void *arg, unsigned int share, size_t from, size_t until));

#endif
