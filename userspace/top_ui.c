// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/top_ui.h"

#include <string.h>

void top_ui_start(struct top_ui *ui)
{
	memset(ui, 0, sizeof(*ui));
	top_model_start(&ui->model);
}

void top_ui_free(struct top_ui *ui)
{
	top_model_free(&ui->model);
}

void top_ui_message(struct top_ui *ui, const char *text)
{
	struct top_status *s = &ui->status;

	if (s->messages_n == TOP_MESSAGES)
		memmove(s->messages[0], s->messages[1], --s->messages_n * sizeof(s->messages[0]));
	top_safe(s->messages[s->messages_n++], TOP_MESSAGE_ROOM, text, TOP_MESSAGE_ROOM);
	s->messages_all++;
}

/* ---- keys ---- */

static bool has_rows(const struct top_ui *ui)
{
	return ui->model.view == TOP_ENDPOINTS || ui->model.view == TOP_CONNECTIONS;
}

/* What up and down move: a selection, or the text. */
static size_t *position(struct top_ui *ui)
{
	return ui->over ? &ui->over_at : &ui->at[ui->model.view];
}

static void move_to(struct top_ui *ui, int key)
{
	size_t *at = position(ui), page = ui->rows > 2 ? ui->rows - 2 : 1;

	switch (key) {
	case TOP_KEY_UP:
		*at -= *at > 0;
		break;
	case TOP_KEY_DOWN:
		++*at;
		break;
	case TOP_KEY_PAGE_UP:
		*at -= *at > page ? page : *at;
		break;
	case TOP_KEY_PAGE_DOWN:
		*at += page;
		break;
	case TOP_KEY_HOME:
		*at = 0;
		break;
	default: /* as far as it goes: see top_ui_body() */
		*at = (size_t)-1 / 2;
	}
	if (!ui->over && has_rows(ui) && *at >= ui->model.shown_n)
		*at = ui->model.shown_n ? ui->model.shown_n - 1 : 0;
}

static void show_view(struct top_ui *ui, enum top_view view)
{
	ui->over = TOP_OVER_NOTHING;
	ui->model.view = view;
	top_select(&ui->model);
}

static void open_detail(struct top_ui *ui)
{
	const struct top_flow *f = top_flow_at(&ui->model, ui->at[TOP_CONNECTIONS]);

	if (!f)
		return;
	ui->key = f->entry->key;
	ui->first_ns = f->entry->flow.first_ns;
	ui->over = TOP_OVER_DETAIL;
	ui->over_at = 0;
}

static void type(struct top_ui *ui, int key)
{
	char *filter = ui->model.filter;
	size_t n = strlen(filter);

	if (key == TOP_KEY_ENTER) {
		ui->typing = false;
	} else if (key == TOP_KEY_BACK) {
		ui->typing = false;
		filter[0] = '\0';
	} else if (key == TOP_KEY_ERASE && n) {
		filter[n - 1] = '\0';
	} else if (key >= ' ' && key < 0x7f && n + 1 < TOP_FILTER_ROOM) {
		filter[n] = (char)key;
		filter[n + 1] = '\0';
	}
	for (unsigned int i = 0; i < TOP_VIEWS; i++)
		ui->at[i] = 0;
	top_select(&ui->model);
}

static void order(struct top_ui *ui, int key)
{
	if (ui->over || !has_rows(ui))
		return;
	if (key == 's')
		top_next_sort(&ui->model);
	else
		ui->model.reverse[ui->model.view] = !ui->model.reverse[ui->model.view];
	ui->at[ui->model.view] = 0;
	top_select(&ui->model);
}

/* Keys that are characters. */
static void command(struct top_ui *ui, int key)
{
	switch (key) {
	case '1':
	case '2':
	case '3':
	case '4':
		show_view(ui, (enum top_view)(key - '1'));
		break;
	case '\t':
		show_view(ui, (ui->model.view + 1) % TOP_VIEWS);
		break;
	case 's':
	case 'r':
		order(ui, key);
		break;
	case 'p':
	case ' ':
		ui->status.paused = !ui->status.paused;
		break;
	case '/':
		ui->over = TOP_OVER_NOTHING;
		ui->typing = true;
		break;
	case '?':
	case 'h':
		ui->over = ui->over == TOP_OVER_HELP ? TOP_OVER_NOTHING : TOP_OVER_HELP;
		ui->over_at = 0;
		break;
	case 'j':
	case 'k':
		move_to(ui, key == 'j' ? TOP_KEY_DOWN : TOP_KEY_UP);
		break;
	default:
		break;
	}
}

bool top_ui_key(struct top_ui *ui, int key)
{
	if (key == 3 || key == 0x1c) /* Ctrl-C, Ctrl-\: a raw terminal sends no signal */
		return true;
	if (ui->typing) {
		type(ui, key);
		return false;
	}
	if (key == 'q' || key == 'Q')
		return true;
	if (key >= TOP_KEY_UP && key <= TOP_KEY_END)
		move_to(ui, key);
	else if (key == TOP_KEY_ENTER && !ui->over)
		open_detail(ui);
	else if (key == TOP_KEY_ENTER || key == TOP_KEY_BACK || key == TOP_KEY_ERASE)
		ui->over = TOP_OVER_NOTHING;
	else
		command(ui, key);
	return false;
}

/* ---- lines ---- */

/* Shows the part of a text that begins at *at, which is moved back to where a page is left. */
static void clip(struct top_page *p, size_t *at, size_t rows)
{
	size_t last = p->n > rows ? p->n - rows : 0;

	if (*at > last)
		*at = last;
	if (p->n)
		memmove(p->lines, p->lines + *at, (p->n - *at) * sizeof(*p->lines));
	p->n -= *at;
	if (p->n > rows)
		p->n = rows;
}

static void body_table(struct top_ui *ui, struct top_page *p, size_t rows, int *marked)
{
	struct top_model *m = &ui->model;
	size_t *at = &ui->at[m->view], *first = &ui->first[m->view], room = rows > 1 ? rows - 1 : 1;

	if (*at >= m->shown_n)
		*at = m->shown_n ? m->shown_n - 1 : 0;
	if (*first > *at)
		*first = *at;
	if (*first + room <= *at)
		*first = *at - room + 1;
	top_table(p, m, *first, room);
	if (p->n > rows)
		p->n = rows;
	if (m->shown_n && *at - *first + 1 < p->n)
		*marked = (int)(*at - *first) + 1;
	for (size_t i = *first; i < *first + room; i++) {
		const struct top_flow *f = top_flow_at(m, i);

		if (f)
			top_track(m, f->entry);
	}
}

static void body_over(struct top_ui *ui, struct top_page *p)
{
	const struct top_flow *f;

	if (ui->over == TOP_OVER_HELP) {
		top_help(p);
		return;
	}
	f = top_flow_find(&ui->model, &ui->key, ui->first_ns);
	if (f)
		top_track(&ui->model, f->entry);
	top_detail(p, &ui->model, &ui->key, ui->first_ns);
}

void top_ui_body(struct top_ui *ui, struct top_page *p, size_t rows, int *marked)
{
	*marked = -1;
	ui->rows = rows;
	if (!ui->over && has_rows(ui)) {
		body_table(ui, p, rows, marked);
		return;
	}
	if (ui->over)
		body_over(ui, p);
	else if (ui->model.view == TOP_CULPRITS)
		top_culprits(p, &ui->model);
	else
		top_state(p, &ui->model, &ui->status);
	clip(p, position(ui), rows);
}

void top_ui_foot(const struct top_ui *ui, struct top_page *p)
{
	if (ui->typing)
		top_page_add(p, TEXT_BOLD, "filter: %s_", ui->model.filter);
	else if (ui->over)
		top_page_add(p, TEXT_DIM, "Esc back  up/down scroll  p pause  q quit");
	else
		top_page_add(p, TEXT_DIM,
			     "1-4 Tab view  s sort  r reverse  / filter  p pause  Enter open  ? "
			     "help  q quit");
}
