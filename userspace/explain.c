// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/explain.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "engine/config.h"
#include "userspace/change.h"
#include "userspace/names.h"

static const struct {
	const char *code;
	const char *text;
} pages[] = {
#include "userspace/pages.inc"
	{ NULL, NULL },
};

/* A failure long before the end is still the newest one: what succeeds leaves errno alone. */
static int written(FILE *to)
{
	if (!ferror(to))
		return 0;
	return errno ? -errno : -EIO;
}

static void list_counters(FILE *to, bool skip)
{
	for (unsigned int i = 0; i < COUNTERS; i++) {
		if (names_counters[i].skip == skip)
			fprintf(to, "  %-20s  %s\n", names_counters[i].name,
				names_counters[i].what);
	}
}

int explain_list(FILE *to)
{
	fprintf(to, "Findings (wscope explain CODE has a page on each)\n");
	for (unsigned int i = 0; i < FINDING_CODES; i++) {
		const struct names_detector *d = names_detector(i);

		fprintf(to, "  %-20s  %-8s  %s\n", d->code, names_of(NAMES_SEVERITY, d->severity),
			d->title);
	}
	fprintf(to, "\nChanges between two captures (wscope compare)\n");
	for (unsigned int i = 0; i < CHANGE_CODES; i++) {
		const struct change_name *c = change_name(i);

		fprintf(to, "  %-20s  %-8s  %s\n", c->code, names_of(NAMES_SEVERITY, c->severity),
			c->title);
	}
	fprintf(to, "\nTunnels that are opened (--tunnels)\n");
#define TUNNEL(id, name, what) fprintf(to, "  %-20s  %s\n", name, what);
#include "engine/tunnels.def"
#undef TUNNEL
	fprintf(to, "\nReasons why a packet is not analysed (\"skipped\")\n");
	list_counters(to, true);
	fprintf(to, "\nCounters\n");
	list_counters(to, false);
	return written(to);
}

/* A code without a page still has its line of detectors.def. */
static void explain_detector(FILE *to, const struct names_detector *d)
{
	fprintf(to, "# %s\n\n%s.\n\nUsual severity: %s.\n\nAdvice: %s.\n", d->code, d->title,
		names_of(NAMES_SEVERITY, d->severity), d->advice);
}

/* A change that compare reports; its line of changes.def is all there is of it. */
static int explain_change(FILE *to, const char *code)
{
	for (unsigned int i = 0; i < CHANGE_CODES; i++) {
		static const struct change any = { .way = CHANGE_NO_WAY };
		const struct change_name *c = change_name(i);
		char advice[CHANGE_SENTENCE_ROOM];

		if (strcmp(c->code, code) != 0)
			continue;
		fprintf(to,
			"# %s\n\nA change that `wscope compare` reports: %s.\n\nSeverity: %s.\n\n"
			"Advice: %s.\n",
			c->code, c->title, names_of(NAMES_SEVERITY, c->severity),
			change_sentence(advice, c->advice, &any));
		return written(to);
	}
	return -ENOENT;
}

int explain_code(FILE *to, const char *code)
{
	const struct names_detector *detector = NULL;

	for (unsigned int i = 0; i < FINDING_CODES; i++) {
		if (!strcmp(names_detector(i)->code, code))
			detector = names_detector(i);
	}
	if (!detector)
		return explain_change(to, code);
	for (size_t i = 0; pages[i].code; i++) {
		if (!strcmp(pages[i].code, code)) {
			fputs(pages[i].text, to);
			return written(to);
		}
	}
	explain_detector(to, detector);
	return written(to);
}
