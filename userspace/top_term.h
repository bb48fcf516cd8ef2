/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The terminal: the only file that knows ncurses. */
#ifndef USERSPACE_TOP_TERM_H
#define USERSPACE_TOP_TERM_H

#include <stdbool.h>

#include "userspace/top_ui.h"

/* NULL, or why there can be no screen here: no terminal, or one of no known type. */
const char *top_term_refuses(void);

/* Takes the terminal; 0 or -errno. color: where it has any. */
int top_term_open(bool color);

/* Gives it back as it was. Does nothing when it was not taken. */
void top_term_close(void);

void top_term_size(unsigned int *height, unsigned int *width);

/* The next key; TOP_KEY_NONE: none waits. */
int top_term_key(void);

/* A new picture: start, its lines, show. */
void top_term_start(void);
void top_term_line(unsigned int row, const struct top_line *line, bool marked);
void top_term_show(void);

#endif
