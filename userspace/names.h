/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The written form of enumerations, finding codes and skip reasons: one place for all outputs. */
#ifndef USERSPACE_NAMES_H
#define USERSPACE_NAMES_H

#include "engine/counters.h"
#include "engine/finding.h"

enum names {
	NAMES_NONE,
#define NAMES(list, ...) NAMES_##list,
#include "userspace/names.def"
#undef NAMES
};

/* A connection by what was seen of it (NAMES_VISIBILITY). */
enum visibility {
	VISIBILITY_BOTH,
	VISIBILITY_CLIENT_ONLY,
	VISIBILITY_SERVER_ONLY,
	VISIBILITY_MIDSTREAM,
};

/* The text of a value; 0 for one that is written as null, or out of range. */
const char *names_of(enum names list, unsigned int value);

/* How many values the list has, those without a text included. */
unsigned int names_n(enum names list);

/* The value with that text, or -1. */
int names_find(enum names list, const char *text);

/* One line of detectors.def. */
struct names_detector {
	const char *code;
	const char *values; /* names of a finding's numbers, a blank between two */
	const char *title;
	const char *text;
	const char *advice;
	enum severity severity;
	_Bool of_endpoint;
	_Bool weighed; /* in a report, not at once in the programs */
};

/* Indexed by enum finding_code; a pointer that is never 0 (the last entry is "unknown"). */
const struct names_detector *names_detector(unsigned int code);

/* One line of counters.def. */
struct names_counter {
	const char *name;
	const char *what;
	_Bool skip;
};

extern const struct names_counter names_counters[COUNTERS];

#endif
