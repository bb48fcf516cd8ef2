// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a clause asks for, in words: a function for each assertion. */
#include <stdio.h>
#include <string.h>

#include "userspace/judge.h"
#include "userspace/text_style.h"

static void expected_min_flows(char *out, const struct expect_clause *c)
{
	char many[TEXT_COUNTED_ROOM];

	snprintf(out, JUDGE_TEXT_ROOM, "at least %s", text_counted(many, c->count, "connection"));
}

/* " with stalled_s at least 200 ms, side server" */
static void expected_where(char *out, size_t at, const struct expect_clause *c)
{
	static const enum names lists[] = {
#define EXPECT_WORD(name, names) NAMES_##names,
#include "userspace/expect.def"
	};
	static const char *const words[] = {
#define EXPECT_WORD(name, names) #name,
#include "userspace/expect.def"
	};

	for (size_t i = 0; i < c->where_n && at < JUDGE_TEXT_ROOM; i++) {
		const struct expect_where *w = &c->where[i];
		char text[EXPECT_TEXT_ROOM];
		const char *low;

		if (w->word == EXPECT_WORDS) {
			at += (size_t)snprintf(out + at, JUDGE_TEXT_ROOM - at, "%s%s %s",
					       i ? ", " : " with ", w->key,
					       expect_range_text(text, &w->range, w->unit));
			continue;
		}
		low = names_of(lists[w->word],
			       (unsigned int)(w->range.low ? w->range.low : w->range.high));
		at += (size_t)snprintf(out + at, JUDGE_TEXT_ROOM - at, "%s%s %s%s",
				       i ? ", " : " with ", words[w->word], low ? low : "none",
				       w->range.high == ~0ULL ? " or above"
				       : w->range.low         ? ""
							      : " or below");
	}
}

static void expected_findings(char *out, const struct expect_clause *c)
{
	char count[EXPECT_TEXT_ROOM];
	const char *what = c->of_severity ? names_of(NAMES_SEVERITY, c->what)
					  : names_detector(c->what)->code;
	size_t at;

	expect_value_text(count, c->count, c->percent ? EXPECT_PERCENT : EXPECT_PLAIN);
	at = (size_t)snprintf(out, JUDGE_TEXT_ROOM, "%s%s %s%s%s",
			      c->at_least ? "at least "
			      : c->count  ? "at most "
					  : "",
			      c->at_least || c->count ? count : "no",
			      c->of_severity ? "finding of severity " : what,
			      c->of_severity ? what : "", c->of_severity ? " or above" : "");
	if (c->percent && at < JUDGE_TEXT_ROOM)
		at = (size_t)snprintf(out, JUDGE_TEXT_ROOM, "%s in at %s %s of the %s", what,
				      c->at_least ? "least" : "most", count,
				      !c->of_severity && names_detector(c->what)->of_endpoint
					      ? "hosts"
					      : "connections");
	if (at < JUDGE_TEXT_ROOM)
		expected_where(out, at, c);
}

static void expected_wscale(char *out, const struct expect_clause *c)
{
	char range[EXPECT_TEXT_ROOM];

	if (c->state == WSCALE_ABSENT)
		snprintf(out, JUDGE_TEXT_ROOM, "no window-scale option of the %s",
			 names_of(NAMES_SIDE, c->side));
	else if (c->ranged)
		snprintf(out, JUDGE_TEXT_ROOM, "a window-scale option of the %s, shift %s",
			 names_of(NAMES_SIDE, c->side),
			 expect_range_text(range, &c->range, EXPECT_PLAIN));
	else
		snprintf(out, JUDGE_TEXT_ROOM, "a window-scale option of the %s",
			 names_of(NAMES_SIDE, c->side));
}

static void expected_scaling(char *out, const struct expect_clause *c)
{
	snprintf(out, JUDGE_TEXT_ROOM, "window scaling %s", names_of(NAMES_SCALING, c->scaling));
}

static void expected_effective_window(char *out, const struct expect_clause *c)
{
	char range[EXPECT_TEXT_ROOM];

	snprintf(out, JUDGE_TEXT_ROOM, "a largest window of the %s of %s",
		 names_of(NAMES_SIDE, c->side), expect_range_text(range, &c->range, EXPECT_BYTES));
}

static void expected_rtt(char *out, const struct expect_clause *c)
{
	char range[EXPECT_TEXT_ROOM];

	snprintf(out, JUDGE_TEXT_ROOM, "a round trip of %s",
		 expect_range_text(range, &c->range, EXPECT_DURATION));
}

static void expected_baseline(char *out, const struct expect_clause *c)
{
	char file[TEXT_FILE_ROOM];

	snprintf(out, JUDGE_TEXT_ROOM, "no host regressed against %.200s",
		 text_safe(file, sizeof(file), c->path));
}

void judge_expected(char out[JUDGE_TEXT_ROOM], const struct expect_clause *c)
{
	switch (c->assertion) {
#define EXPECT_ASSERTION(name, what)     \
	case EXPECT_ASSERT_##name:       \
		expected_##name(out, c); \
		break;
#include "userspace/expect.def"
	default:
		*out = '\0';
	}
}
