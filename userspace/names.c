// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/names.h"

#include <string.h>

#define NAMES_NOTHING NULL

#define NAMES(list, ...) static const char *const texts_##list[] = { __VA_ARGS__ };
#include "userspace/names.def"
#undef NAMES

static const struct {
	const char *const *texts;
	unsigned int n;
} lists[] = {
	[NAMES_NONE] = { NULL, 0 },
#define NAMES(list, ...) \
	[NAMES_##list] = { texts_##list, sizeof(texts_##list) / sizeof(texts_##list[0]) },
#include "userspace/names.def"
#undef NAMES
};

const char *names_of(enum names list, unsigned int value)
{
	return value < lists[list].n ? lists[list].texts[value] : NULL;
}

unsigned int names_n(enum names list)
{
	return lists[list].n;
}

int names_find(enum names list, const char *text)
{
	for (unsigned int i = 0; i < lists[list].n; i++) {
		const char *name = lists[list].texts[i];

		if (name && !strcmp(name, text))
			return (int)i;
	}
	return -1;
}

#define NAMES_WEIGHED_FLOW     0
#define NAMES_WEIGHED_SIDE     0
#define NAMES_WEIGHED_TRANSFER 1
#define NAMES_WEIGHED_ENDPOINT 0
#define NAMES_WEIGHED_HOST     1

#define NAMES_SCOPE_FLOW     0
#define NAMES_SCOPE_SIDE     0
#define NAMES_SCOPE_TRANSFER 0
#define NAMES_SCOPE_ENDPOINT 1
#define NAMES_SCOPE_HOST     1

static const struct names_detector detectors[FINDING_CODES + 1] = {
#define DETECTOR(id, name, scope, level, numbers, headline, sentence, remedy) \
	[FINDING_##id] = { .code = name,                                      \
			   .values = numbers,                                 \
			   .title = headline,                                 \
			   .text = sentence,                                  \
			   .advice = remedy,                                  \
			   .severity = SEVERITY_##level,                      \
			   .of_endpoint = NAMES_SCOPE_##scope,                \
			   .weighed = NAMES_WEIGHED_##scope },
#include "engine/detectors.def"
#undef DETECTOR
	[FINDING_CODES] = { .code = "unknown", .values = "", .title = "", .text = "", .advice = "" },
};

const struct names_detector *names_detector(unsigned int code)
{
	return &detectors[code < FINDING_CODES ? code : FINDING_CODES];
}

const struct names_counter names_counters[COUNTERS] = {
#define COUNTER(id, text, meaning) [COUNTER_##id] = { .name = text, .what = meaning, .skip = 0 },
#define SKIP(id, text, meaning)    [SKIP_##id] = { .name = text, .what = meaning, .skip = 1 },
#include "engine/counters.def"
#undef COUNTER
#undef SKIP
};
