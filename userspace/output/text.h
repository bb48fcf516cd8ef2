/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Parts of the report as text that other outputs have as well, in their own shape. */
#ifndef USERSPACE_OUTPUT_TEXT_H
#define USERSPACE_OUTPUT_TEXT_H

#include "userspace/text_group.h"
#include "userspace/text_style.h"

/* Whether somebody should be told: a finding of severity notice or above. */
bool text_is_fault(const struct text_groups *groups);

/* One line that says what no finding means here: how much was judged, and what could not be. */
void text_no_finding(const struct text *t, const struct report *r, const struct text_judged *judged,
		     bool informed);

/* Fields on what was seen, judged, skipped and lost; fault: text_is_fault(). */
void text_overview(const struct text *t, const struct report *r, const struct text_judged *judged,
		   bool fault);

#endif
