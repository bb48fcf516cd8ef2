// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "platform/table.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#define TABLE_FIRST_SLOTS 1024U
#define TABLE_HUGE_PAGE   (2UL << 20)

/*
 * Random access to much memory is TLB misses first of all: large blocks ask for huge
 * pages. A refusal costs only speed. Not cleared; release with free().
 */
static void *table_memory(size_t size)
{
	void *memory;

	if (size < TABLE_HUGE_PAGE)
		return malloc(size);
	size = (size + TABLE_HUGE_PAGE - 1) & ~(TABLE_HUGE_PAGE - 1);
	memory = aligned_alloc(TABLE_HUGE_PAGE, size);
	if (memory)
		(void)madvise(memory, size, MADV_HUGEPAGE);
	return memory;
}

int table_init(struct table *t, __u32 entry_size, __u32 key_size, bool beside)
{
	memset(t, 0, sizeof(*t));
	t->entry_size = entry_size;
	t->key_size = key_size;
	t->beside = beside;
	t->slots = calloc(TABLE_FIRST_SLOTS, sizeof(*t->slots));
	if (!t->slots)
		return -ENOMEM;
	t->mask = TABLE_FIRST_SLOTS - 1;
	return 0;
}

void table_free(struct table *t)
{
	for (__u32 i = 0; i < t->slabs_n; i++)
		free(t->slabs[i]);
	free(t->slabs);
	free(t->slots);
	memset(t, 0, sizeof(*t));
}

static void table_place(__u64 *slots, __u32 mask, __u64 slot)
{
	__u32 i = (__u32)(slot >> 32) & mask;

	while (slots[i])
		i = (i + 1) & mask;
	slots[i] = slot;
}

/* Keeps at least half of the slots free. */
static bool table_grow(struct table *t)
{
	__u64 wanted = ((__u64)t->mask + 1) * 2;
	__u32 mask = (__u32)(wanted - 1);
	__u64 *slots;

	if ((__u64)t->used * 2 < (__u64)t->mask + 1)
		return true;
	slots = wanted > 1ULL << 31 ? NULL : table_memory(wanted * sizeof(*slots));
	if (!slots)
		return false;
	memset(slots, 0, wanted * sizeof(*slots));
	for (__u64 i = 0; i <= t->mask; i++) {
		if (t->slots[i])
			table_place(slots, mask, t->slots[i]);
	}
	free(t->slots);
	t->slots = slots;
	t->mask = mask;
	return true;
}

static bool table_add_slab(struct table *t)
{
	__u8 **slabs = realloc(t->slabs, (t->slabs_n + 1) * sizeof(*slabs));

	if (!slabs)
		return false;
	t->slabs = slabs;
	slabs[t->slabs_n] =
		table_memory((size_t)(t->entry_size * (t->beside ? 2 : 1)) << TABLE_SLAB_SHIFT);
	if (!slabs[t->slabs_n])
		return false;
	t->slabs_n++;
	return true;
}

void *table_insert(struct table *t, const void *key, __u32 hash)
{
	__u32 number;
	void *entry;

	if (!table_grow(t))
		return NULL;
	if (t->free_list) {
		number = t->free_list - 1;
		entry = table_entry(t, number);
		memcpy(&t->free_list, entry, sizeof(t->free_list));
	} else {
		if (t->next == t->slabs_n << TABLE_SLAB_SHIFT && !table_add_slab(t))
			return NULL;
		number = t->next++;
		entry = table_entry(t, number);
	}
	memcpy(entry, key, t->key_size);
	table_place(t->slots, t->mask, (__u64)hash << 32 | (number + 1));
	t->used++;
	return entry;
}

/* Closes the gap at i by moving back what could not be placed nearer to its home. */
static void table_close_gap(struct table *t, __u32 i)
{
	__u32 j = i;

	for (;;) {
		__u32 home;

		j = (j + 1) & t->mask;
		if (!t->slots[j])
			break;
		home = (__u32)(t->slots[j] >> 32) & t->mask;
		if (((j - home) & t->mask) < ((j - i) & t->mask))
			continue;
		t->slots[i] = t->slots[j];
		i = j;
	}
	t->slots[i] = 0;
}

void table_remove(struct table *t, const void *key, __u32 hash)
{
	for (__u32 i = hash & t->mask; t->slots[i]; i = (i + 1) & t->mask) {
		__u32 number = (__u32)t->slots[i] - 1;
		void *entry;

		if (t->slots[i] >> 32 != hash)
			continue;
		entry = table_entry(t, number);
		if (!table_key_equal(entry, key, t->key_size))
			continue;
		memcpy(entry, &t->free_list, sizeof(t->free_list));
		t->free_list = number + 1;
		t->used--;
		t->removals++;
		table_close_gap(t, i);
		return;
	}
}

int table_each(const struct table *t, void (*entry)(void *arg, void *e), void *arg)
{
	__u8 *used = calloc(1, t->next / 8 + 1);

	if (!used)
		return -ENOMEM;
	for (__u64 i = 0; i <= t->mask; i++) {
		__u32 number = (__u32)t->slots[i] - 1;

		if (t->slots[i])
			used[number / 8] |= (__u8)(1U << number % 8);
	}
	for (__u32 number = 0; number < t->next; number++) {
		if (used[number / 8] & 1U << number % 8)
			entry(arg, table_entry(t, number));
	}
	free(used);
	return 0;
}
