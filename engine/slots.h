/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The slots of the array of counters: those of counters.def, then those of tallies.def. */
#ifndef ENGINE_SLOTS_H
#define ENGINE_SLOTS_H

#include "engine/counters.h"
#include "engine/finding.h"

/* Lengths of the arrays of tallies.def. */
#define TALLY_N_SIDES   4
#define TALLY_N_SHIFTS  16 /* 0 .. 14, and none */
#define TALLY_N_CLASSES 32 /* upper bounds 2^n - 1, n = 0 .. 30; and unknown */

/* Slots behind the counters, in the same per-CPU array; each the first of n. */
enum tally_slot {
	TALLY_BEFORE = COUNTERS - 1,
#define TALLY(id, n, what) TALLY_##id, TALLY_##id##_LAST = TALLY_##id + (n)-1,
#include "engine/tallies.def"
#undef TALLY
	COUNTER_SLOTS
};

#endif
