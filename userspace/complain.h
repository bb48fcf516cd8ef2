/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is wrong, in one line on standard error, whatever is in the names it mentions. */
#ifndef USERSPACE_COMPLAIN_H
#define USERSPACE_COMPLAIN_H

/* "wscope: " and the line; control characters are shown as '?', a line of over 8 KiB is cut. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same of a place in a file: "path:line:column: reason". */
void complain_at(const char *path, unsigned int line, unsigned int column, const char *reason);

#endif
