/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What keys do to the screen of `wscope top`, and the lines that follow; no terminal is needed. */
#ifndef USERSPACE_TOP_UI_H
#define USERSPACE_TOP_UI_H

#include "userspace/top_views.h"

/* Keys that are no character. */
enum top_key {
	TOP_KEY_NONE,
	TOP_KEY_UP = 256,
	TOP_KEY_DOWN,
	TOP_KEY_PAGE_UP,
	TOP_KEY_PAGE_DOWN,
	TOP_KEY_HOME,
	TOP_KEY_END,
	TOP_KEY_ENTER,
	TOP_KEY_BACK, /* Esc */
	TOP_KEY_ERASE,
	TOP_KEY_RESIZE,
};

enum top_over { TOP_OVER_NOTHING, TOP_OVER_DETAIL, TOP_OVER_HELP };

struct top_ui {
	struct top_model model;
	struct top_status status;
	enum top_over over;      /* what lies over the view */
	bool typing;             /* keys go into the filter */
	size_t at[TOP_VIEWS];    /* selected row, or first line */
	size_t first[TOP_VIEWS]; /* first row of a table that is shown */
	size_t over_at;          /* first line of what lies over it */
	size_t rows;             /* lines of the body, as it was made last */
	struct flow_key key;     /* of the connection that is open */
	__u64 first_ns;
};

void top_ui_start(struct top_ui *ui);
void top_ui_free(struct top_ui *ui);

/* A character, or an enum top_key. True: the user wants to quit. */
bool top_ui_key(struct top_ui *ui, int key);

/*
 * The lines between head and foot, at most rows of them, into an empty page. *marked: the line
 * that is selected, or -1. Connections that are shown keep their windows from now on.
 */
void top_ui_body(struct top_ui *ui, struct top_page *p, size_t rows, int *marked);

/* The last line: keys, or the filter as it is typed. */
void top_ui_foot(const struct top_ui *ui, struct top_page *p);

/* A line for the message line; what is there already moves up. */
void top_ui_message(struct top_ui *ui, const char *text);

#endif
