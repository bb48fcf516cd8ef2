// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/text_style.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define WIDTH_DEFAULT 96U
#define WIDTH_LEAST   72U
#define LABEL_WIDTH   10U
#define NS_PER_S      1000000000LL
#define NS_PER_MS     1000000LL

static unsigned int terminal_width(int fd)
{
	struct winsize size;

	if (ioctl(fd, TIOCGWINSZ, &size) || !size.ws_col || size.ws_col > WIDTH_DEFAULT)
		return WIDTH_DEFAULT;
	return size.ws_col < WIDTH_LEAST ? WIDTH_LEAST : size.ws_col;
}

void text_start(struct text *t, FILE *to, const struct options *o)
{
	const char *no_color = getenv("NO_COLOR");
	int fd = fileno(to);
	bool terminal = fd >= 0 && isatty(fd);

	t->to = to;
	t->sink = NULL;
	t->width = terminal ? terminal_width(fd) : WIDTH_DEFAULT;
	t->color = o->color == COLOR_ALWAYS ||
		   (o->color == COLOR_AUTO && terminal && !(no_color && *no_color));
}

int text_end(const struct text *t)
{
	return ferror(t->to) ? -EIO : 0;
}

static const char *color_on(const struct text *t, enum text_color color)
{
	static const char *const codes[] = {
		[TEXT_PLAIN] = "",         [TEXT_BOLD] = "\033[1m",    [TEXT_DIM] = "\033[2m",
		[TEXT_RED] = "\033[1;31m", [TEXT_YELLOW] = "\033[33m", [TEXT_CYAN] = "\033[36m",
		[TEXT_GREEN] = "\033[32m",
	};

	return t->color ? codes[color] : "";
}

static const char *color_off(const struct text *t, enum text_color color)
{
	return t->color && color != TEXT_PLAIN ? "\033[0m" : "";
}

void text_put(const struct text *t, enum text_color color, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs(color_on(t, color), t->to);
	vfprintf(t->to, format, arguments);
	fputs(color_off(t, color), t->to);
	va_end(arguments);
}

/* Prints words from a column on; a line that is full goes on at indent. Ends the line. */
static void put_words(const struct text *t, const char *words, unsigned int column,
		      unsigned int indent)
{
	bool first = true;

	while (*words) {
		size_t n = strcspn(words, " ");

		if (!first && column + 1 + n > t->width) {
			fprintf(t->to, "\n%*s", (int)indent, "");
			column = indent;
			first = true;
		}
		fprintf(t->to, "%s%.*s", first ? "" : " ", (int)n, words);
		column += (unsigned int)n + !first;
		first = false;
		words += n;
		words += *words == ' ';
	}
	fputc('\n', t->to);
}

#define PARAGRAPH_ROOM 2048

void text_field(const struct text *t, const char *label, const char *format, ...)
{
	char words[PARAGRAPH_ROOM];
	unsigned int indent = 2 + LABEL_WIDTH + 1;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(words, sizeof(words), format, arguments);
	va_end(arguments);
	if (t->sink) {
		t->sink->field(t->sink->arg, label, words);
		return;
	}
	text_put(t, TEXT_DIM, "  %-*s ", (int)LABEL_WIDTH, label);
	put_words(t, words, indent, indent);
}

void text_wrapped(const struct text *t, unsigned int indent, const char *format, ...)
{
	char words[PARAGRAPH_ROOM];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(words, sizeof(words), format, arguments);
	va_end(arguments);
	if (t->sink)
		t->sink->field(t->sink->arg, NULL, words);
	else
		put_words(t, words, 0, indent);
}

/* ---- times and numbers ---- */

static const char *time_format(char out[TEXT_TIME_ROOM], __s64 ns, const char *before,
			       const char *after)
{
	__s64 rest = ns % NS_PER_S;
	time_t seconds;
	struct tm tm;
	size_t n;

	if (rest < 0)
		rest += NS_PER_S;
	seconds = (time_t)((ns - rest) / NS_PER_S);
	if (!localtime_r(&seconds, &tm)) {
		snprintf(out, TEXT_TIME_ROOM, "%lld", (long long)seconds);
		return out;
	}
	n = strftime(out, TEXT_TIME_ROOM, before, &tm);
	n += (size_t)snprintf(out + n, TEXT_TIME_ROOM - n, ".%03d", (int)(rest / NS_PER_MS));
	if (n < TEXT_TIME_ROOM && *after)
		strftime(out + n, TEXT_TIME_ROOM - n, after, &tm);
	return out;
}

const char *text_time(char out[TEXT_TIME_ROOM], __s64 ns)
{
	return time_format(out, ns, "%Y-%m-%d %H:%M:%S", " %Z");
}

const char *text_clock(char out[TEXT_TIME_ROOM], __s64 ns)
{
	return time_format(out, ns, "%H:%M:%S", "");
}

const char *text_number(char out[TEXT_NUMBER_ROOM], __u64 n)
{
	char plain[TEXT_NUMBER_ROOM];
	int digits = snprintf(plain, sizeof(plain), "%llu", (unsigned long long)n), at = 0;

	for (int i = 0; i < digits; i++) {
		if (i && (digits - i) % 3 == 0)
			out[at++] = ',';
		out[at++] = plain[i];
	}
	out[at] = '\0';
	return out;
}

const char *text_counted(char out[TEXT_COUNTED_ROOM], __u64 n, const char *what)
{
	char number[TEXT_NUMBER_ROOM];

	snprintf(out, TEXT_COUNTED_ROOM, "%s %.24s%s", text_number(number, n), what,
		 n == 1 ? "" : "s");
	return out;
}

const char *text_rate(char out[TEXT_RATE_ROOM], __u64 bytes, __u64 us)
{
	static const char *const units[] = { "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s" };
	double rate = (double)bytes * 8000.0 / (double)us; /* kbit/s */
	size_t unit = 0;

	while (rate >= 1000.0 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		rate /= 1000.0;
		unit++;
	}
	snprintf(out, TEXT_RATE_ROOM, rate < 10 ? "%.1f %s" : "%.0f %s", rate, units[unit]);
	return out;
}

const char *text_us(char out[TEXT_NUMBER_ROOM], __u64 us)
{
	if (us < 1000)
		snprintf(out, TEXT_NUMBER_ROOM, "%llu us", (unsigned long long)us);
	else if (us < 10000)
		snprintf(out, TEXT_NUMBER_ROOM, "%.1f ms", (double)us / 1000.0);
	else
		snprintf(out, TEXT_NUMBER_ROOM, "%.0f ms", (double)us / 1000.0);
	return out;
}

const char *text_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

const char *text_safe(char *out, size_t room, const char *name)
{
	size_t n = 0;

	for (; *name && n + 1 < room; name++, n++) {
		unsigned char c = (unsigned char)*name;
		/* U+0080 to U+009F, in UTF-8, are control characters too. */
		bool c1 = n && (unsigned char)name[-1] == 0xc2 && c >= 0x80 && c < 0xa0;

		out[n] = c < 0x20 || c == 0x7f || c1 ? '?' : *name;
	}
	out[n] = '\0';
	return out;
}

/* ---- tables ---- */

void text_table_start(struct text_table *table, const char *const *heads)
{
	memset(table, 0, sizeof(*table));
	table->heads = heads;
	for (; table->columns < TEXT_COLUMNS && heads[table->columns]; table->columns++) {
		const char *head = heads[table->columns];

		table->widths[table->columns] = strlen(head) - (*head == '>');
	}
}

/* Room for one more cell: a byte for its colour, the text, its end. */
static char *table_reserve(struct text_table *table)
{
	size_t room = table->room ? 2 * table->room : 4096;
	char *cells;

	if (table->room - table->used >= TEXT_CELL_ROOM + 1)
		return table->cells + table->used;
	cells = realloc(table->cells, room);
	if (!cells) {
		table->err = -ENOMEM;
		return NULL;
	}
	table->cells = cells;
	table->room = room;
	return cells + table->used;
}

static void table_add(struct text_table *table, enum text_color color, const char *format,
		      va_list arguments)
{
	char *cell = table->err ? NULL : table_reserve(table);
	size_t n;

	if (!cell)
		return;
	cell[0] = (char)color;
	vsnprintf(cell + 1, TEXT_CELL_ROOM, format, arguments);
	n = strlen(cell + 1);
	if (n > table->widths[table->filled])
		table->widths[table->filled] = n;
	table->used += n + 2;
	if (++table->filled < table->columns)
		return;
	table->filled = 0;
	table->rows++;
}

void text_table_cell(struct text_table *table, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	table_add(table, TEXT_PLAIN, format, arguments);
	va_end(arguments);
}

void text_table_mark(struct text_table *table, enum text_color color, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	table_add(table, color, format, arguments);
	va_end(arguments);
}

static void print_cell(const struct text_table *table, const struct text *t, size_t column,
		       enum text_color color, const char *cell)
{
	bool last = column + 1 == table->columns;
	int width = last ? 0 : (int)table->widths[column];

	fputs("  ", t->to);
	if (table->heads[column][0] == '>')
		text_put(t, color, "%*s", (int)table->widths[column], cell);
	else
		text_put(t, color, "%-*s", width, cell);
	if (last)
		fputc('\n', t->to);
}

void text_table_print(const struct text_table *table, const struct text *t)
{
	const char *cell = table->cells;

	for (size_t i = 0; i < table->columns; i++)
		print_cell(table, t, i, TEXT_DIM, table->heads[i] + (table->heads[i][0] == '>'));
	for (size_t i = 0; i < table->rows * table->columns; i++) {
		print_cell(table, t, i % table->columns, (enum text_color)cell[0], cell + 1);
		cell += strlen(cell + 1) + 2;
	}
}

void text_table_free(struct text_table *table)
{
	free(table->cells);
	table->cells = NULL;
}
