// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The assertions of expectations, as they are written: one reader each. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "userspace/expect_reader.h"

int expect_read_min_flows(struct expect_reader *r, const struct document_node *value,
			  struct expectation *e)
{
	const char *text = expect_text(r, value, "min_flows");
	char why[EXPECT_REASON_ROOM];
	struct expect_clause *c;

	if (!text)
		return -EINVAL;
	c = expect_add(e, EXPECT_ASSERT_min_flows, value->mark);
	if (!c)
		return -ENOMEM;
	if (expect_quantity(&c->count, text, EXPECT_PLAIN, why))
		return expect_refuse(r, value->mark, "min_flows: %s", why);
	return 0;
}

/* ---- findings ---- */

/* A findings map being read: its clauses are those from `first` on. */
struct findings {
	struct expectation *e;
	size_t first;
	struct expect_where where[EXPECT_WHERE_MOST];
	size_t where_n;
};

/* A code or a severity. */
static int findings_what(struct expect_reader *r, const struct document_node *node,
			 struct expect_clause *c)
{
	const char *text = expect_text(r, node, "findings");
	int severity = text ? names_find(NAMES_SEVERITY, text) : -1;

	if (!text)
		return -EINVAL;
	c->of_severity = severity >= 0;
	c->what = (__u8)severity;
	for (unsigned int i = 0; i < FINDING_CODES && !c->of_severity; i++) {
		if (strcmp(names_detector(i)->code, text) != 0)
			continue;
		c->what = (__u8)i;
		return 0;
	}
	if (c->of_severity)
		return 0;
	return expect_refuse(r, node->mark,
			     "no finding code or severity '%.60s'; `wscope list` has them", text);
}

/* One limit. count: NULL for none at all. */
static int findings_limit(struct expect_reader *r, struct findings *f,
			  const struct document_node *what, const struct document_node *count,
			  bool at_least)
{
	struct expect_clause *c = expect_add(f->e, EXPECT_ASSERT_findings, what->mark);
	char why[EXPECT_REASON_ROOM];
	const char *text;
	int err;

	if (!c)
		return -ENOMEM;
	c->at_least = at_least;
	err = findings_what(r, what, c);
	if (err || !count)
		return err;
	text = expect_text(r, count, what->text);
	if (!text)
		return -EINVAL;
	c->percent = strchr(text, '%');
	if (expect_quantity(&c->count, text, c->percent ? EXPECT_PERCENT : EXPECT_PLAIN, why))
		return expect_refuse(r, count->mark, "%s: '%.60s' is not a number or a percentage",
				     what->text, text);
	if (c->percent && c->count > 1000000)
		return expect_refuse(r, count->mark, "%s: more than 100 %%", what->text);
	return 0;
}

static int take_none(struct expect_reader *r, const struct document_node *value, void *into)
{
	int err = 0;

	if (value->kind == DOCUMENT_SCALAR)
		return findings_limit(r, into, value, NULL, false);
	if (value->kind != DOCUMENT_LIST || !value->n)
		return expect_refuse(r, value->mark, "none takes codes or severities");
	for (size_t i = 0; i < value->n && !err; i++)
		err = findings_limit(r, into, value->items[i], NULL, false);
	return err;
}

static int findings_limits(struct expect_reader *r, const struct document_node *value,
			   struct findings *f, const char *name, bool at_least)
{
	int err = 0;

	if (value->kind != DOCUMENT_MAP || !value->n)
		return expect_refuse(r, value->mark,
				     "%s takes a map: a code or severity, and how many", name);
	for (size_t i = 0; i < value->n && !err; i += 2) {
		for (size_t before = 0; before < i; before += 2) {
			if (value->items[i]->text &&
			    !strcmp(value->items[before]->text, value->items[i]->text))
				return expect_refuse(r, value->items[i]->mark,
						     "'%.60s' is there twice",
						     value->items[i]->text);
		}
		err = findings_limit(r, f, value->items[i], value->items[i + 1], at_least);
	}
	return err;
}

static int take_at_most(struct expect_reader *r, const struct document_node *value, void *into)
{
	return findings_limits(r, value, into, "at_most", false);
}

static int take_at_least(struct expect_reader *r, const struct document_node *value, void *into)
{
	return findings_limits(r, value, into, "at_least", true);
}

/* Whether findings of a code have that number; its unit. */
static bool where_number(unsigned int code, const char *key, enum expect_unit *unit)
{
	static const enum expect_unit units[] = {
		[RECORD_UNIT_NONE] = EXPECT_PLAIN, [RECORD_UNIT_BYTES] = EXPECT_BYTES,
		[RECORD_UNIT_BPS] = EXPECT_BPS,    [RECORD_UNIT_NS] = EXPECT_SECONDS,
		[RECORD_UNIT_US] = EXPECT_US,
	};
	const struct finding f = { .code = (__u8)code };

	for (unsigned int i = 0; i < FINDING_VALUES; i++) {
		char name[RECORD_VALUE_ROOM];
		enum record_unit held = record_value_key(name, &f, i);

		if (*name && !strcmp(name, key)) {
			*unit = units[held];
			return true;
		}
	}
	return false;
}

static bool where_any(const char *key, enum expect_unit *unit)
{
	for (unsigned int i = 0; i < FINDING_CODES; i++) {
		if (where_number(i, key, unit))
			return true;
	}
	return false;
}

static int where_condition(struct expect_reader *r, const struct document_node *key,
			   const struct document_node *value, struct expect_where *w)
{
	static const struct {
		const char *name;
		enum names names;
	} words[] = {
#define EXPECT_WORD(name, names) { #name, NAMES_##names },
#include "userspace/expect.def"
	};
	const char *name = expect_text(r, key, "where"), *text;
	char why[EXPECT_REASON_ROOM];

	if (!name)
		return -EINVAL;
	w->mark = key->mark;
	for (w->word = 0; w->word < EXPECT_WORDS; w->word++) {
		if (strcmp(words[w->word].name, name) != 0)
			continue;
		text = expect_text(r, value, name);
		if (!text)
			return -EINVAL;
		if (expect_word_range(&w->range, text, words[w->word].names, why))
			return expect_refuse(r, value->mark, "%s: %s", name, why);
		return 0;
	}
	if (!where_any(name, &w->unit))
		return expect_refuse(r, key->mark,
				     "no finding has a number '%.60s'; `wscope schema` has them",
				     name);
	snprintf(w->key, sizeof(w->key), "%s", name);
	return expect_take_range(r, value, name, w->unit, &w->range);
}

static int take_where(struct expect_reader *r, const struct document_node *value, void *into)
{
	struct findings *f = into;
	int err = 0;

	if (value->kind != DOCUMENT_MAP || !value->n)
		return expect_refuse(r, value->mark,
				     "where takes a map: a number of the finding, or %s",
				     "severity, side, blame, confidence, and a comparison");
	for (size_t i = 0; i < value->n && !err; i += 2) {
		if (f->where_n == EXPECT_WHERE_MOST)
			return expect_refuse(r, value->items[i]->mark, "more than %d conditions",
					     EXPECT_WHERE_MOST);
		err = where_condition(r, value->items[i], value->items[i + 1],
				      &f->where[f->where_n++]);
	}
	return err;
}

/* A number that none of the findings counted here has would make a limit hold for nothing. */
static int findings_where(struct expect_reader *r, struct findings *f, struct expect_clause *c)
{
	enum expect_unit unit;

	for (size_t i = 0; i < f->where_n; i++) {
		const struct expect_where *w = &f->where[i];

		if (w->word == EXPECT_WORDS && !c->of_severity &&
		    !where_number(c->what, w->key, &unit))
			return expect_refuse(r, w->mark, "%s has no number '%s'",
					     names_detector(c->what)->code, w->key);
	}
	memcpy(c->where, f->where, sizeof(c->where));
	c->where_n = f->where_n;
	return 0;
}

int expect_read_findings(struct expect_reader *r, const struct document_node *value,
			 struct expectation *e)
{
	static const struct expect_key keys[] = {
		{ "none", take_none },
		{ "at_most", take_at_most },
		{ "at_least", take_at_least },
		{ "where", take_where },
	};
	struct findings f = { .e = e, .first = e->n };
	int err = expect_map(r, value, "findings", keys, sizeof(keys) / sizeof(keys[0]), &f);

	if (!err && e->n == f.first)
		err = expect_refuse(r, value->mark, "findings needs none, at_most or at_least");
	for (size_t i = f.first; i < e->n && !err; i++)
		err = findings_where(r, &f, &e->clauses[i]);
	return err;
}

/* ---- of a side ---- */

static int take_side(struct expect_reader *r, const struct document_node *value, void *into)
{
	struct expect_clause *c = into;

	return expect_take_side(r, value, &c->side);
}

static int take_state(struct expect_reader *r, const struct document_node *value, void *into)
{
	struct expect_clause *c = into;
	const char *text = expect_text(r, value, "state");

	if (!text)
		return -EINVAL;
	c->state = names_find(NAMES_WSCALE_STATE, text);
	if (c->state != WSCALE_PRESENT && c->state != WSCALE_ABSENT)
		return expect_refuse(r, value->mark, "state: '%.60s' is not present or absent",
				     text);
	return 0;
}

static int take_shift(struct expect_reader *r, const struct document_node *value, void *into)
{
	struct expect_clause *c = into;

	c->ranged = true;
	return expect_take_range(r, value, "shift", EXPECT_PLAIN, &c->range);
}

/* min and max of a window: one range. */
static int take_bytes(struct expect_reader *r, const struct document_node *value, const char *name,
		      struct expect_clause *c, __u64 *end)
{
	const char *text = expect_text(r, value, name);
	char why[EXPECT_REASON_ROOM];

	if (!text)
		return -EINVAL;
	if (expect_quantity(end, text, EXPECT_BYTES, why))
		return expect_refuse(r, value->mark, "%s: %s", name, why);
	c->ranged = true;
	if (c->range.low > c->range.high)
		return expect_refuse(r, value->mark, "min is above max");
	return 0;
}

static int take_min(struct expect_reader *r, const struct document_node *value, void *into)
{
	struct expect_clause *c = into;

	return take_bytes(r, value, "min", c, &c->range.low);
}

static int take_max(struct expect_reader *r, const struct document_node *value, void *into)
{
	struct expect_clause *c = into;

	return take_bytes(r, value, "max", c, &c->range.high);
}

/* A clause about one side, which is the expectation's role unless it is said. */
static int expect_of_side(struct expect_reader *r, const struct document_node *value,
			  struct expectation *e, enum expect_assertion assertion, const char *name,
			  const struct expect_key keys[3])
{
	struct expect_clause *c = expect_add(e, assertion, value->mark);
	int err;

	if (!c)
		return -ENOMEM;
	c->side = e->select.role;
	c->range = (struct expect_range){ 0, ~0ULL };
	err = expect_map(r, value, name, keys, 3, c);
	if (!err && c->side == SIDE_NONE)
		err = expect_refuse(r, value->mark, "%s needs a side: client or server", name);
	if (!err && c->state < 0 && !c->ranged)
		err = expect_refuse(r, value->mark, "%s needs %s or %s", name, keys[1].name,
				    keys[2].name);
	return err;
}

int expect_read_wscale(struct expect_reader *r, const struct document_node *value,
		       struct expectation *e)
{
	static const struct expect_key keys[3] = {
		{ "side", take_side },
		{ "state", take_state },
		{ "shift", take_shift },
	};
	int err = expect_of_side(r, value, e, EXPECT_ASSERT_wscale, "wscale", keys);

	if (!err && e->clauses[e->n - 1].state == WSCALE_ABSENT && e->clauses[e->n - 1].ranged)
		err = expect_refuse(r, value->mark, "an absent option has no shift");
	return err;
}

int expect_read_effective_window(struct expect_reader *r, const struct document_node *value,
				 struct expectation *e)
{
	static const struct expect_key keys[3] = {
		{ "side", take_side },
		{ "min", take_min },
		{ "max", take_max },
	};

	return expect_of_side(r, value, e, EXPECT_ASSERT_effective_window, "effective_window",
			      keys);
}

/* ---- of a connection ---- */

int expect_read_scaling(struct expect_reader *r, const struct document_node *value,
			struct expectation *e)
{
	const char *text = expect_text(r, value, "scaling");
	int scaling = text ? names_find(NAMES_SCALING, text) : -1;
	struct expect_clause *c;

	if (!text)
		return -EINVAL;
	if (scaling != SCALING_ON && scaling != SCALING_OFF)
		return expect_refuse(r, value->mark, "scaling: '%.60s' is not on or off", text);
	c = expect_add(e, EXPECT_ASSERT_scaling, value->mark);
	if (!c)
		return -ENOMEM;
	c->scaling = (enum scaling)scaling;
	return 0;
}

int expect_read_rtt(struct expect_reader *r, const struct document_node *value,
		    struct expectation *e)
{
	struct expect_clause *c = expect_add(e, EXPECT_ASSERT_rtt, value->mark);

	if (!c)
		return -ENOMEM;
	return expect_take_range(r, value, "rtt", EXPECT_DURATION, &c->range);
}

/* ---- baseline ---- */

/* A path beside the file that names it; NULL: out of memory. */
static char *expect_beside(const char *file, const char *path)
{
	const char *slash = strrchr(file, '/');
	char *out;

	if (*path == '/' || !slash)
		return strdup(path);
	return asprintf(&out, "%.*s/%s", (int)(slash - file), file, path) < 0 ? NULL : out;
}

int expect_read_baseline(struct expect_reader *r, const struct document_node *value,
			 struct expectation *e)
{
	const char *text = expect_text(r, value, "baseline");
	char error[BASELINE_ERROR_ROOM];
	struct expect_clause *c;
	char *path;
	int err;

	if (!text)
		return -EINVAL;
	c = expect_add(e, EXPECT_ASSERT_baseline, value->mark);
	if (!c)
		return -ENOMEM;
	c->path = strdup(text);
	path = expect_beside(r->path, text);
	if (!c->path || !path) {
		free(path);
		return -ENOMEM;
	}
	err = baseline_read(&c->baseline, path, error);
	free(path);
	if (err == -ENOMEM)
		return err;
	return err ? expect_refuse(r, value->mark, "cannot read baseline '%.100s': %.200s", text,
				   error)
		   : 0;
}
