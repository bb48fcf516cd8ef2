// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/top_term.h"

#include <errno.h>
#include <unistd.h>

#include <curses.h>
#include <term.h>

#define TOP_TERM_ESCAPE_MS 25

static SCREEN *term_screen;
static bool term_color;

const char *top_term_refuses(void)
{
	int error;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return "top needs a terminal; `wscope live` does not";
	if (setupterm(NULL, STDOUT_FILENO, &error) == OK)
		return NULL;
	return "top does not know this terminal: see TERM; `wscope live` needs none";
}

int top_term_open(bool color)
{
	static const short colors[][2] = {
		{ TEXT_RED, COLOR_RED },
		{ TEXT_YELLOW, COLOR_YELLOW },
		{ TEXT_CYAN, COLOR_CYAN },
		{ TEXT_GREEN, COLOR_GREEN },
	};

	term_screen = newterm(NULL, stdout, stdin);
	if (!term_screen)
		return -ENOTTY;
	raw();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(TOP_TERM_ESCAPE_MS);
	curs_set(0);
	term_color = color && has_colors() && start_color() == OK;
	if (term_color)
		use_default_colors();
	for (size_t i = 0; term_color && i < sizeof(colors) / sizeof(colors[0]); i++)
		init_pair(colors[i][0], colors[i][1], -1);
	return 0;
}

void top_term_close(void)
{
	if (!term_screen)
		return;
	endwin();
	delscreen(term_screen);
	term_screen = NULL;
}

void top_term_size(unsigned int *height, unsigned int *width)
{
	int y = getmaxy(stdscr), x = getmaxx(stdscr);

	*height = y > 0 ? (unsigned int)y : 1;
	*width = x > 0 ? (unsigned int)x : 1;
}

int top_term_key(void)
{
	static const int keys[][2] = {
		{ KEY_UP, TOP_KEY_UP },           { KEY_DOWN, TOP_KEY_DOWN },
		{ KEY_PPAGE, TOP_KEY_PAGE_UP },   { KEY_NPAGE, TOP_KEY_PAGE_DOWN },
		{ KEY_HOME, TOP_KEY_HOME },       { KEY_END, TOP_KEY_END },
		{ KEY_ENTER, TOP_KEY_ENTER },     { '\r', TOP_KEY_ENTER },
		{ '\n', TOP_KEY_ENTER },          { 0x1b, TOP_KEY_BACK },
		{ KEY_BACKSPACE, TOP_KEY_ERASE }, { 0x7f, TOP_KEY_ERASE },
		{ '\b', TOP_KEY_ERASE },          { KEY_RESIZE, TOP_KEY_RESIZE },
	};
	int key = getch();

	if (key == ERR)
		return TOP_KEY_NONE;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (key == keys[i][0])
			return keys[i][1];
	}
	if (key == 0x0c) /* Ctrl-L */
		clearok(curscr, TRUE);
	return key < 0x80 && key ? key : TOP_KEY_RESIZE; /* of no meaning: drawn again */
}

void top_term_start(void)
{
	erase();
}

void top_term_line(unsigned int row, const struct top_line *line, bool marked)
{
	attr_t attributes = A_NORMAL;

	if (line->color == TEXT_DIM)
		attributes = A_DIM;
	else if (line->color == TEXT_BOLD || line->color == TEXT_RED)
		attributes = A_BOLD;
	if (marked)
		attributes |= A_REVERSE;
	if (term_color && line->color >= TEXT_RED)
		attributes |= (attr_t)COLOR_PAIR(line->color);
	attrset((int)attributes);
	mvaddstr((int)row, 0, line->text);
	if (marked)
		hline(' ' | attributes, COLS);
	attrset(A_NORMAL);
}

void top_term_show(void)
{
	refresh();
}
