// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "userspace/text_style.h"

static const struct change_name names[CHANGE_CODES] = {
#define CHANGE(id, name, level, headline, sentence, remedy) \
	[CHANGE_##id] = { .code = name,                     \
			  .title = headline,                \
			  .text = sentence,                 \
			  .advice = remedy,                 \
			  .severity = SEVERITY_##level },
#include "userspace/changes.def"
#undef CHANGE
};

const struct change_name *change_name(unsigned int code)
{
	return &names[code];
}

/* What stands for the placeholder at p, of *length bytes; NULL when it is none. */
static const char *placeholder(const char *p, const struct change *c, char word[TEXT_COUNTED_ROOM],
			       size_t *length)
{
	static const char *const sides[] = { "client", "server", "two ends" };
	static const char *const syns[] = { "SYNs from the client", "SYN-ACKs from the server",
					    "SYNs" };
	static const char *const known[] = { "{syns}", "{side}", "{from}", "{to}", "{n}" };
	size_t i = 0;

	while (i < 5 && strncmp(p, known[i], strlen(known[i])) != 0)
		i++;
	if (i == 5)
		return NULL;
	*length = strlen(known[i]);
	if (i < 2)
		return i ? sides[c->way] : syns[c->way];
	if (i == 4)
		return text_counted(word, c->packets, "packet");
	return text_number(word, (__u64)(i == 2 ? c->from : c->to));
}

const char *change_sentence(char out[CHANGE_SENTENCE_ROOM], const char *template,
			    const struct change *change)
{
	char word[TEXT_COUNTED_ROOM];
	size_t at = 0;

	while (*template && at + 1 < CHANGE_SENTENCE_ROOM) {
		size_t length = 1, n;
		const char *text = placeholder(template, change, word, &length);

		if (!text) {
			out[at++] = *template ++;
			continue;
		}
		n = strnlen(text, CHANGE_SENTENCE_ROOM - 1 - at);
		memcpy(out + at, text, n);
		at += n;
		template += length;
	}
	out[at] = '\0';
	return out;
}

static int compare_changes(const void *a, const void *b)
{
	const struct change *x = a, *y = b;

	if (x->code != y->code)
		return x->code < y->code ? -1 : 1;
	if (x->way != y->way)
		return x->way < y->way ? -1 : 1;
	return (x->from > y->from) - (x->from < y->from);
}

void change_sort(struct change *list, size_t n)
{
	if (n)
		qsort(list, n, sizeof(*list), compare_changes);
}
