// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/complain.h"

#include <stdarg.h>
#include <stdio.h>

#include "userspace/text_style.h"

#define COMPLAIN_ROOM 8192 /* a path and what is wrong */

void complain(const char *format, ...)
{
	char line[COMPLAIN_ROOM], safe[COMPLAIN_ROOM];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	fprintf(stderr, "wscope: %s\n", text_safe(safe, sizeof(safe), line));
}

void complain_at(const char *path, unsigned int line, unsigned int column, const char *reason)
{
	char place[COMPLAIN_ROOM], why[COMPLAIN_ROOM];

	fprintf(stderr, "%s:%u:%u: %s\n", text_safe(place, sizeof(place), path), line, column,
		text_safe(why, sizeof(why), reason));
}
