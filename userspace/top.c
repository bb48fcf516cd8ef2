// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The screen as live.c sees it: keys and snapshots in, pictures out. */
#include "userspace/top.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <net/if.h>
#include <sys/mman.h>

#include "platform/clock.h"
#include "userspace/complain.h"
#include "userspace/exit_status.h"
#include "userspace/live.h"
#include "userspace/live_attach.h"
#include "userspace/output/output.h"
#include "userspace/snapshot.h"
#include "userspace/text_culprit.h"
#include "userspace/top_term.h"

#define TOP_EMPTY_WAKES   100 /* keys() without a key, in a row: the terminal is gone */
#define TOP_FOOT_LINES    2U
#define TOP_MESSAGES_READ 4096

struct top {
	const struct options *options;
	struct top_ui ui;
	struct snapshot *kept; /* what the model borrows from */
	const struct live_attach *attached;
	FILE *host; /* over host_text */
	char *host_text;
	size_t host_size;
	int said;  /* stands in for stderr while the screen is there; -1: it does not */
	int error; /* stderr meanwhile */
	unsigned int empty_wakes;
	bool utf8, changed;
};

static struct top *top_events; /* an output has no argument */

/* ---- what would spoil the screen ---- */

/* What is written to stderr goes into a file in memory. 0 or -errno. */
static int take_stderr(struct top *t)
{
	t->said = memfd_create("wscope-messages", MFD_CLOEXEC);
	if (t->said < 0 || fcntl(t->said, F_SETFL, O_APPEND))
		return -errno;
	t->error = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (t->error < 0 || dup2(t->said, STDERR_FILENO) < 0)
		return -errno;
	return 0;
}

static void read_messages(struct top *t)
{
	char text[TOP_MESSAGES_READ + 1];
	off_t at = 0;
	ssize_t n;

	while (t->said >= 0 && (n = pread(t->said, text, TOP_MESSAGES_READ, at)) > 0) {
		char *line = text, *end;

		text[n] = '\0';
		at += n;
		for (; (end = strchr(line, '\n')); line = end + 1) {
			*end = '\0';
			top_ui_message(&t->ui, line);
		}
		if (*line)
			top_ui_message(&t->ui, line);
		t->changed = true;
	}
	if (at && ftruncate(t->said, 0))
		t->said = -1;
}

/* What was said meanwhile is not lost with the screen. */
static void give_stderr_back(struct top *t)
{
	const struct top_status *s = &t->ui.status;

	read_messages(t);
	if (t->error < 0)
		return;
	dup2(t->error, STDERR_FILENO);
	close(t->error);
	t->error = -1;
	if (s->messages_all > s->messages_n)
		fprintf(stderr, "wscope: %llu earlier messages were shown on the screen only\n",
			(unsigned long long)(s->messages_all - s->messages_n));
	for (size_t i = 0; i < s->messages_n; i++)
		fprintf(stderr, "%s\n", s->messages[i]);
}

/* ---- where it is attached ---- */

static void describe(struct top_status *s, size_t i, const struct live_attach *all)
{
	const struct attach *a = &all->list[i];
	char name[IF_NAMESIZE + 16];
	const char *how = a->how == ATTACH_LINK ? "link" : "clsact";
	struct attach_xdp x;

	s->gone[i] = !live_attach_is_there(all, i);
	if (!if_indextoname((unsigned int)a->ifindex, name))
		snprintf(name, sizeof(name), "interface %d", a->ifindex);
	if (s->gone[i])
		how = "not attached";
	else if (a->hook == HOOK_XDP)
		how = attach_query_xdp(&x, a->ifindex) ? "" : names_of(NAMES_MODE, x.mode);
	snprintf(s->attached[i], sizeof(s->attached[i]), "%s %s %s", name,
		 names_of(NAMES_HOOK, a->hook), how);
}

static void describe_all(struct top *t)
{
	struct top_status *s = &t->ui.status;

	s->attached_n = t->attached->n;
	if (s->attached_n > TOP_HOOKS_ATTACHED)
		s->attached_n = TOP_HOOKS_ATTACHED;
	for (size_t i = 0; i < s->attached_n; i++)
		describe(s, i, t->attached);
}

/* ---- pictures ---- */

static void draw(struct top *t)
{
	unsigned int rows, columns, row = 0, foot;
	struct top_page head, body;
	int marked;

	top_term_size(&rows, &columns);
	foot = rows > TOP_HEAD_LINES + TOP_FOOT_LINES ? rows - TOP_FOOT_LINES : rows;
	top_page_start(&head, columns, t->utf8);
	top_page_start(&body, columns, t->utf8);
	top_head(&head, &t->ui.model, &t->ui.status);
	top_ui_body(&t->ui, &body, foot > TOP_HEAD_LINES ? foot - TOP_HEAD_LINES : 1, &marked);
	top_term_start();
	for (size_t i = 0; i < head.n && row < foot; i++)
		top_term_line(row++, &head.lines[i], false);
	for (size_t i = 0; i < body.n && row < foot; i++)
		top_term_line(row++, &body.lines[i], (int)i == marked);
	head.n = 0;
	top_page_add(&head, TEXT_YELLOW, "%s",
		     t->ui.status.messages_n ? t->ui.status.messages[t->ui.status.messages_n - 1]
					     : "");
	top_ui_foot(&t->ui, &head);
	for (size_t i = 0; i < head.n && foot + i < rows; i++)
		top_term_line((unsigned int)(foot + i), &head.lines[i], false);
	top_term_show();
	top_page_free(&head);
	top_page_free(&body);
	t->changed = false;
}

/* ---- what live.c calls ---- */

static int top_open(void *arg, const struct live_attach *attached)
{
	struct top *t = arg;
	struct text style;
	int err = take_stderr(t);

	t->attached = attached;
	if (err)
		return err;
	text_start(&style, stdout, t->options);
	describe_all(t);
	t->changed = true;
	return top_term_open(style.color);
}

static void top_close(void *arg)
{
	struct top *t = arg;

	top_term_close();
	give_stderr_back(t);
}

static bool top_keys(void *arg)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	struct top *t = arg;
	unsigned int n = 0;
	int key;

	while ((key = top_term_key()) != TOP_KEY_NONE) {
		n++;
		t->changed = true;
		if (top_ui_key(&t->ui, key))
			return true;
	}
	t->empty_wakes = n ? 0 : t->empty_wakes + 1;
	if (t->empty_wakes > TOP_EMPTY_WAKES)
		return true;
	return poll(&in, 1, 0) > 0 && in.revents & (POLLHUP | POLLERR | POLLNVAL);
}

static bool top_paused(void *arg)
{
	const struct top *t = arg;

	return t->ui.status.paused;
}

static void top_keep(void *arg, struct snapshot *s)
{
	struct top *t = arg;

	top_forget(&t->ui.model);
	snapshot_free(t->kept);
	t->kept = s;
	if (top_update(&t->ui.model, &s->report, clock_ns(CLOCK_MONOTONIC)))
		top_ui_message(&t->ui, "no memory for this refresh");
	t->ui.status.now = record_time(&s->report, t->ui.model.seen_ns);
	describe_all(t);
	fflush(t->host);
	free(t->ui.status.host);
	t->ui.status.host = strndup(t->host_text, t->host_size);
	fseeko(t->host, 0, SEEK_SET);
	t->changed = true;
}

static void top_turn(void *arg)
{
	struct top *t = arg;
	int key = top_term_key(); /* a new size comes without anything to read */

	if (key != TOP_KEY_NONE) {
		t->changed = true;
		top_ui_key(&t->ui, key);
	}
	read_messages(t);
	if (t->changed)
		draw(t);
}

/* The screen was there: a last report would be one more. */
static int top_report(FILE *to, const struct report *r, const struct options *o)
{
	(void)to;
	(void)r;
	(void)o;
	return 0;
}

/* A host at fault is news; single connections are on the screen anyway. */
static int top_event(FILE *to, const struct report *r, const struct event *e,
		     const struct options *o)
{
	char interface[IF_NAMESIZE], *line = NULL;
	struct text style = { 0 };
	size_t size = 0;

	(void)to;
	(void)o;
	if (e->kind != EVENT_ENDPOINT_FINDING || !top_events)
		return 0;
	style.to = open_memstream(&line, &size);
	if (!style.to)
		return 0;
	text_culprit_event(&style, r, e, if_indextoname(e->ifindex, interface));
	if (!fclose(style.to) && size) {
		line[strcspn(line, "\n")] = '\0';
		top_ui_message(&top_events->ui, line);
		top_events->changed = true;
	}
	free(line);
	return 0;
}

static const struct output top_output = {
	.name = "top",
	.report = top_report,
	.event = top_event,
};

static int top_run_with(struct top *t, const struct options *o)
{
	const struct live_screen screen = {
		.arg = t,
		.output = &top_output,
		.to = t->host,
		.fd = STDIN_FILENO,
		.open = top_open,
		.keys = top_keys,
		.keep = top_keep,
		.paused = top_paused,
		.turn = top_turn,
		.close = top_close,
	};

	return live_run_screen(o, &screen);
}

int top_run(const struct options *o)
{
	struct top *t = calloc(1, sizeof(*t));
	const char *why = top_term_refuses();
	int status = EXIT_INCOMPLETE;

	if (why) {
		complain("%s", why);
		free(t);
		return EXIT_USAGE;
	}
	if (t)
		t->host = open_memstream(&t->host_text, &t->host_size);
	if (!t || !t->host) {
		complain("out of memory");
		goto out;
	}
	setlocale(LC_CTYPE, "");
	t->utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	t->options = o;
	t->said = t->error = -1;
	top_ui_start(&t->ui);
	t->ui.status.interval_s = o->interval_s;
	top_events = t;
	status = top_run_with(t, o);
	top_events = NULL;
	top_ui_free(&t->ui);
	free(t->ui.status.host);
	snapshot_free(t->kept);
	if (t->said >= 0)
		close(t->said);
	fclose(t->host);
	free(t->host_text);
out:
	free(t);
	return status;
}
