// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/expect.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "userspace/expect_reader.h"

int expect_refuse(struct expect_reader *r, struct document_mark mark, const char *format, ...)
{
	va_list args;

	r->error->mark = mark;
	va_start(args, format);
	vsnprintf(r->error->reason, sizeof(r->error->reason), format, args);
	va_end(args);
	return -EINVAL;
}

static const char *expect_kind(const struct document_node *node)
{
	return node->kind == DOCUMENT_MAP    ? "a map"
	       : node->kind == DOCUMENT_LIST ? "a list"
					     : "a text";
}

const char *expect_text(struct expect_reader *r, const struct document_node *node, const char *what)
{
	if (node->kind != DOCUMENT_SCALAR)
		expect_refuse(r, node->mark, "%s takes one value, not %s", what, expect_kind(node));
	else if (!*node->text)
		expect_refuse(r, node->mark, "%s needs a value", what);
	else
		return node->text;
	return NULL;
}

/* "; there are a, b, c" */
static void expect_known(struct expect_reader *r, const struct expect_key *keys, size_t n)
{
	size_t at = strlen(r->error->reason), room = sizeof(r->error->reason);

	for (size_t i = 0; i < n && at < room; i++)
		at += (size_t)snprintf(r->error->reason + at, room - at, "%s%s",
				       i ? ", " : "; there are ", keys[i].name);
}

static int expect_entry(struct expect_reader *r, const struct document_node *map, size_t at,
			const char *what, const struct expect_key *keys, size_t n, void *into)
{
	const struct document_node *key = map->items[at];
	size_t i = 0;

	if (key->kind != DOCUMENT_SCALAR)
		return expect_refuse(r, key->mark, "a key is a text, not %s", expect_kind(key));
	for (size_t before = 0; before < at; before += 2) {
		if (!strcmp(map->items[before]->text, key->text))
			return expect_refuse(r, key->mark, "'%.60s' is there twice", key->text);
	}
	while (i < n && strcmp(keys[i].name, key->text) != 0)
		i++;
	if (i < n)
		return keys[i].take(r, map->items[at + 1], into);
	expect_refuse(r, key->mark, "%s has no key '%.60s'", what, key->text);
	expect_known(r, keys, n);
	return -EINVAL;
}

int expect_map(struct expect_reader *r, const struct document_node *node, const char *what,
	       const struct expect_key *keys, size_t n, void *into)
{
	int err = 0;

	if (node->kind != DOCUMENT_MAP) {
		expect_refuse(r, node->mark, "%s is a map, not %s", what, expect_kind(node));
		expect_known(r, keys, n);
		return -EINVAL;
	}
	for (size_t i = 0; i < node->n && !err; i += 2)
		err = expect_entry(r, node, i, what, keys, n, into);
	return err;
}

int expect_take_range(struct expect_reader *r, const struct document_node *node, const char *what,
		      enum expect_unit unit, struct expect_range *out)
{
	const char *text = expect_text(r, node, what);
	char why[EXPECT_REASON_ROOM];

	if (!text)
		return -EINVAL;
	if (expect_range(out, text, unit, why))
		return expect_refuse(r, node->mark, "%s: %s", what, why);
	return 0;
}

int expect_take_side(struct expect_reader *r, const struct document_node *node, enum side *out)
{
	const char *text = expect_text(r, node, "side");
	int side = text ? names_find(NAMES_SIDE, text) : -1;

	if (!text)
		return -EINVAL;
	if (side != SIDE_CLIENT && side != SIDE_SERVER)
		return expect_refuse(r, node->mark, "'%.60s' is not client or server", text);
	*out = (enum side)side;
	return 0;
}

/* ---- selectors: how each kind is taken ---- */

static int select_PREFIX(struct expect_reader *r, const struct document_node *node,
			 const char *name, struct expect_prefix *out)
{
	const char *text = expect_text(r, node, name);
	char why[EXPECT_REASON_ROOM];

	if (!text)
		return -EINVAL;
	if (expect_prefix(out, text, why))
		return expect_refuse(r, node->mark, "%s: %s", name, why);
	return 0;
}

static int select_RANGE(struct expect_reader *r, const struct document_node *node, const char *name,
			struct expect_range *out)
{
	return expect_take_range(r, node, name, EXPECT_PLAIN, out);
}

static int select_FAMILY(struct expect_reader *r, const struct document_node *node,
			 const char *name, struct expect_range *out)
{
	int err = expect_take_range(r, node, name, EXPECT_PLAIN, out);

	if (!err && (out->low != out->high || (out->low != 4 && out->low != 6)))
		err = expect_refuse(r, node->mark, "family: '%.60s' is not 4 or 6", node->text);
	return err;
}

static int select_ROLE(struct expect_reader *r, const struct document_node *node, const char *name,
		       enum side *out)
{
	(void)name;
	return expect_take_side(r, node, out);
}

static int select_TIME(struct expect_reader *r, const struct document_node *node, const char *name,
		       __s64 *out)
{
	const char *text = expect_text(r, node, name);
	char why[EXPECT_REASON_ROOM];

	if (!text)
		return -EINVAL;
	if (expect_time(out, text, why))
		return expect_refuse(r, node->mark, "%s: %s", name, why);
	return 0;
}

#define EXPECT_SELECTOR(kind, name, what)                                                  \
	static int take_##name(struct expect_reader *r, const struct document_node *value, \
			       void *into)                                                 \
	{                                                                                  \
		struct expectation *e = into;                                              \
                                                                                           \
		e->select.given |= 1U << EXPECT_SELECT_##name;                             \
		return select_##kind(r, value, #name, &e->select.name);                    \
	}
#include "userspace/expect.def"

/* ---- an expectation ---- */

struct expect_clause *expect_add(struct expectation *e, enum expect_assertion assertion,
				 struct document_mark mark)
{
	struct expect_clause *grown = reallocarray(e->clauses, e->n + 1, sizeof(*grown)), *clause;

	if (!grown)
		return NULL;
	e->clauses = grown;
	clause = &grown[e->n++];
	memset(clause, 0, sizeof(*clause));
	clause->assertion = assertion;
	clause->mark = mark;
	clause->state = -1;
	return clause;
}

/* An assertion, or several of its kind as a list. */
static int expect_assertion(struct expect_reader *r, const struct document_node *value,
			    struct expectation *e, const char *name,
			    int (*read)(struct expect_reader *r, const struct document_node *value,
					struct expectation *e))
{
	int err = 0;

	if (value->kind != DOCUMENT_LIST)
		return read(r, value, e);
	if (!value->n)
		return expect_refuse(r, value->mark, "%s: an empty list", name);
	for (size_t i = 0; i < value->n && !err; i++)
		err = read(r, value->items[i], e);
	return err;
}

/* Assertions wait for the selectors: they may stand before them. */
static int take_later(struct expect_reader *r, const struct document_node *value, void *into)
{
	(void)r;
	(void)value;
	(void)into;
	return 0;
}

static int take_name(struct expect_reader *r, const struct document_node *value, void *into)
{
	struct expectation *e = into;
	const char *text = expect_text(r, value, "name");

	if (!text)
		return -EINVAL;
	if (strlen(text) > EXPECT_NAME_MOST)
		return expect_refuse(r, value->mark, "a name of more than %d bytes",
				     EXPECT_NAME_MOST);
	e->mark = value->mark;
	e->name = strdup(text);
	return e->name ? 0 : -ENOMEM;
}

static int take_unknown(struct expect_reader *r, const struct document_node *value, void *into)
{
	struct expectation *e = into;
	const char *text = expect_text(r, value, "unknown");

	if (!text)
		return -EINVAL;
	if (strcmp(text, "fail") != 0 && strcmp(text, "pass") != 0)
		return expect_refuse(r, value->mark, "unknown: '%.60s' is not fail or pass", text);
	e->unknown_passes = !strcmp(text, "pass");
	return 0;
}

static const struct expect_key expectation_keys[] = {
	{ "name", take_name },
	{ "unknown", take_unknown },
#define EXPECT_SELECTOR(kind, name, what) { #name, take_##name },
#define EXPECT_ASSERTION(name, what)      { #name, take_later },
#include "userspace/expect.def"
};

#define EXPECTATION_KEYS (sizeof(expectation_keys) / sizeof(expectation_keys[0]))

static int expectation_assertions(struct expect_reader *r, const struct document_node *map,
				  struct expectation *e)
{
	static const struct {
		const char *name;
		int (*read)(struct expect_reader *r, const struct document_node *value,
			    struct expectation *e);
	} assertions[] = {
#define EXPECT_ASSERTION(name, what) { #name, expect_read_##name },
#include "userspace/expect.def"
	};
	int err = 0;

	for (size_t a = 0; a < EXPECT_ASSERTIONS && !err; a++) {
		bool found = false;

		for (size_t i = 0; i < map->n && !err; i += 2) {
			if (strcmp(map->items[i]->text, assertions[a].name) != 0)
				continue;
			found = true;
			err = expect_assertion(r, map->items[i + 1], e, assertions[a].name,
					       assertions[a].read);
		}
		if (a == EXPECT_ASSERT_min_flows && !found) {
			struct expect_clause *clause =
				expect_add(e, EXPECT_ASSERT_min_flows, e->mark);

			if (!clause)
				return -ENOMEM;
			clause->count = 1;
		}
	}
	return err;
}

static int expectation_read(struct expect_reader *r, const struct document_node *map,
			    struct expectation *e)
{
	int err;

	e->path = r->path;
	err = expect_map(r, map, "an expectation", expectation_keys, EXPECTATION_KEYS, e);
	if (!err && !e->name)
		err = expect_refuse(r, map->mark, "an expectation needs a name");
	if (!err && (e->select.given & 1U << EXPECT_SELECT_from) &&
	    (e->select.given & 1U << EXPECT_SELECT_to) && e->select.from >= e->select.to)
		err = expect_refuse(r, map->mark, "from is not before to");
	return err ? err : expectation_assertions(r, map, e);
}

/* ---- a file ---- */

static int expect_list(struct expect_reader *r, const struct document_node *root, struct expect *e)
{
	int err = 0;

	if (root->kind != DOCUMENT_LIST)
		return expect_refuse(r, root->mark, "a file is a list of expectations, not %s",
				     expect_kind(root));
	if (!root->n)
		return expect_refuse(r, root->mark, "there is no expectation");
	e->list = calloc(root->n + 1, sizeof(*e->list));
	if (!e->list)
		return -ENOMEM;
	for (size_t i = 0; i < root->n && !err; i++) {
		e->n = i + 1;
		err = expectation_read(r, root->items[i], &e->list[i]);
		for (size_t before = 0; before < i && !err; before++) {
			if (!strcmp(e->list[before].name, e->list[i].name))
				err = expect_refuse(r, e->list[i].mark,
						    "the name '%.60s' is there twice",
						    e->list[i].name);
		}
	}
	return err;
}

int expect_parse(struct expect **out, const char *path, const char *text, size_t len,
		 struct document_error *error)
{
	struct document_node *root = NULL;
	struct expect *e = calloc(1, sizeof(*e));
	struct expect_reader r = { .error = error };
	int err;

	*out = NULL;
	memset(error, 0, sizeof(*error));
	if (e)
		e->path = strdup(path);
	if (!e || !e->path) {
		err = -ENOMEM;
		goto out;
	}
	r.path = e->path;
	err = document_parse(&root, text, len, error);
	if (err)
		goto out;
	if (!root) {
		err = expect_refuse(&r, (struct document_mark){ 1, 1 }, "there is no expectation");
		goto out;
	}
	err = expect_list(&r, root, e);
out:
	document_free(root);
	if (err)
		expect_free(e);
	else
		*out = e;
	return err;
}

int expect_read(struct expect **out, const char *path, struct document_error *error)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t len = 0;
	int err = 0;

	*out = NULL;
	memset(error, 0, sizeof(*error));
	if (!file)
		return -errno;
	text = malloc(DOCUMENT_BYTES_MOST + 1);
	if (!text) {
		err = -ENOMEM;
		goto out;
	}
	errno = 0;
	len = fread(text, 1, DOCUMENT_BYTES_MOST + 1, file);
	if (ferror(file))
		err = errno ? -errno : -EIO;
	else if (len > DOCUMENT_BYTES_MOST)
		err = -EFBIG;
	else
		err = expect_parse(out, path, text, len, error);
out:
	free(text);
	fclose(file);
	return err;
}

void expect_free(struct expect *e)
{
	if (!e)
		return;
	for (size_t i = 0; i < e->n; i++) {
		for (size_t j = 0; j < e->list[i].n; j++) {
			baseline_free(e->list[i].clauses[j].baseline);
			free(e->list[i].clauses[j].path);
		}
		free(e->list[i].clauses);
		free(e->list[i].name);
	}
	free(e->list);
	free(e->path);
	free(e);
}
