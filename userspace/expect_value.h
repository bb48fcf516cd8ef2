/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The values that expectations are written in: comparisons of quantities and of words,
 * prefixes, times. Each function takes the text of one scalar; 0, or -EINVAL with the reason.
 */
#ifndef USERSPACE_EXPECT_VALUE_H
#define USERSPACE_EXPECT_VALUE_H

#include <stdbool.h>

#include <linux/types.h>

#include "userspace/names.h"

#define EXPECT_REASON_ROOM 320
#define EXPECT_TEXT_ROOM   64 /* a comparison, written */

/* What a quantity is counted in; times and their texts in ns, the rest as its name says. */
enum expect_unit {
	EXPECT_PLAIN,
	EXPECT_BYTES,
	EXPECT_BPS,
	EXPECT_SECONDS,  /* a number alone is seconds */
	EXPECT_US,       /* a number alone is microseconds */
	EXPECT_DURATION, /* a number alone is refused */
	EXPECT_PERCENT,  /* in ten-thousandths; the sign may be left out */
};

/* Both ends belong to it. */
struct expect_range {
	__u64 low;
	__u64 high;
};

static inline bool expect_holds(const struct expect_range *r, __u64 value)
{
	return value >= r->low && value <= r->high;
}

/* A quantity: "256 KiB", "0.2", "5 %". */
int expect_quantity(__u64 *out, const char *text, enum expect_unit unit,
		    char why[EXPECT_REASON_ROOM]);

/* A comparison: "7", ">= 7", "< 100 ms", "5..10". */
int expect_range(struct expect_range *out, const char *text, enum expect_unit unit,
		 char why[EXPECT_REASON_ROOM]);

/* The same of a word in a list of names.def, whose order is from low to high: ">= medium". */
int expect_word_range(struct expect_range *out, const char *text, enum names list,
		      char why[EXPECT_REASON_ROOM]);

/* How the range is told: "at least 7", "10 to 20 ms". */
const char *expect_range_text(char out[EXPECT_TEXT_ROOM], const struct expect_range *r,
			      enum expect_unit unit);

/* How a value is told: "262,144 bytes", "12 us". */
const char *expect_value_text(char out[EXPECT_TEXT_ROOM], __u64 value, enum expect_unit unit);

/* Addresses that begin with the same bits; in the form of flow_key. */
struct expect_prefix {
	__u8 bytes[16];
	unsigned int bits;
	bool ipv6;
};

int expect_prefix(struct expect_prefix *out, const char *text, char why[EXPECT_REASON_ROOM]);
bool expect_in_prefix(const struct expect_prefix *p, const __u64 addr[2], bool ipv6);

/* A time: RFC 3339 with Z or an offset, or seconds since the epoch. *ns since the epoch. */
int expect_time(__s64 *ns, const char *text, char why[EXPECT_REASON_ROOM]);

#endif
