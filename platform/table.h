/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A hash table whose entries never move: open addressing over 8-byte slots (half of
 * the hash, and the entry's number), entries in slabs. It grows and never
 * evicts. An entry begins with its key. Beside each entry, at a distance that is the same
 * for all of them, there may be more of it, whose memory costs nothing until it is used.
 */
#ifndef PLATFORM_TABLE_H
#define PLATFORM_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "engine/types.h"

/* Entries a slab: enough that what is left of its last huge page is never touched. */
#define TABLE_SLAB_SHIFT 15

struct table {
	__u64 *slots; /* hash << 32 | number + 1; 0: free */
	__u32 mask;   /* slots - 1, a power of two less one */
	__u32 used;
	__u32 entry_size;
	__u32 key_size; /* a multiple of 8 */
	bool beside;
	__u32 next;      /* first number never given out */
	__u32 free_list; /* number + 1 of an entry that was taken out, chained through its key */
	__u32 slabs_n;
	__u32 removals; /* so far: what was found before the last one may be gone */
	__u8 **slabs;
};

/*
 * 0 or -ENOMEM. key_size is a multiple of 8. beside: each entry has room for as much again beside
 * it, TABLE_DISTANCE away.
 */
int table_init(struct table *t, __u32 entry_size, __u32 key_size, bool beside);
void table_free(struct table *t);

/* Takes an entry out; nothing when it is not there. hash is the key's, as for all of these. */
void table_remove(struct table *t, const void *key, __u32 hash);

/* A new entry for a key that is not there, key copied, the rest undefined; 0: out of memory. */
void *table_insert(struct table *t, const void *key, __u32 hash);

static inline void *table_entry(const struct table *t, __u32 number)
{
	__u32 in_slab = number & ((1U << TABLE_SLAB_SHIFT) - 1);

	return t->slabs[number >> TABLE_SLAB_SHIFT] + (size_t)in_slab * t->entry_size;
}

/* From an entry of entry_size bytes to what is beside it. Not cleared. */
#define TABLE_DISTANCE(entry_size) ((size_t)(entry_size) << TABLE_SLAB_SHIFT)

/* One more word into a hash: multiply and fold. */
ENGINE_INLINE __u64 table_mix(__u64 hash, __u64 word)
{
	hash = (hash ^ word) * 0xff51afd7ed558ccdULL;
	return hash ^ hash >> 32;
}

ENGINE_INLINE _Bool table_key_equal(const void *a, const void *b, __u32 key_size)
{
	const __u8 *p = a, *q = b;
	__u64 differ = 0;

#pragma GCC unroll 8
	for (__u32 i = 0; i < key_size; i += 8) {
		__u64 x, y;

		memcpy(&x, p + i, 8);
		memcpy(&y, q + i, 8);
		differ |= x ^ y;
	}
	return !differ;
}

/* The entry of a key whose hash is known; key_size is the table's, as a constant. */
ENGINE_INLINE void *table_find(const struct table *t, const void *key, __u32 key_size, __u32 hash)
{
	for (__u32 i = hash & t->mask; t->slots[i]; i = (i + 1) & t->mask) {
		void *entry;

		if (t->slots[i] >> 32 != hash)
			continue;
		entry = table_entry(t, (__u32)t->slots[i] - 1);
		if (table_key_equal(entry, key, key_size))
			return entry;
	}
	return NULL;
}

/*
 * Calls entry(arg, e) for each entry, in the order they were given out, which for a
 * table that only grew is the order of time and of memory. 0 or -ENOMEM.
 */
int table_each(const struct table *t, void (*entry)(void *arg, void *e), void *arg);

/*
 * The entry a hash most likely leads to, for prefetching; the key is not compared. Which
 * of the first two slots it is cannot be predicted, so that choice is no branch.
 */
ENGINE_INLINE void *table_guess(const struct table *t, __u32 hash)
{
	__u32 i = hash & t->mask;
	__u64 first = t->slots[i], second = t->slots[(i + 1) & t->mask];
	__u64 other = -(__u64)(first >> 32 != hash);

	engine_opaque(other);
	first = (first & ~other) | (second & other);
	if (first && first >> 32 == hash)
		return table_entry(t, (__u32)first - 1);
	for (; t->slots[i]; i = (i + 1) & t->mask) {
		if (t->slots[i] >> 32 == hash)
			return table_entry(t, (__u32)t->slots[i] - 1);
	}
	return NULL;
}

#endif
