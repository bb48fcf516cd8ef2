// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/document.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

struct document_reader {
	yaml_parser_t parser;
	yaml_event_t event;
	struct document_error *error;
	const char *text;
	size_t len;
};

static struct document_mark document_mark(yaml_mark_t mark)
{
	return (struct document_mark){ (unsigned int)mark.line + 1, (unsigned int)mark.column + 1 };
}

static int document_refuse(struct document_reader *r, yaml_mark_t mark, const char *reason)
{
	r->error->mark = document_mark(mark);
	snprintf(r->error->reason, sizeof(r->error->reason), "%s", reason);
	return -EINVAL;
}

/* The place of a byte: libyaml has no mark for what is no text. */
static yaml_mark_t document_place(const struct document_reader *r, size_t offset)
{
	yaml_mark_t mark = { .index = offset };

	for (size_t i = 0; i < offset && i < r->len; i++) {
		if (r->text[i] == '\n') {
			mark.line++;
			mark.column = 0;
		} else if ((r->text[i] & 0xc0) != 0x80) {
			mark.column++;
		}
	}
	return mark;
}

/* What libyaml says, in our form. */
static int document_complain(struct document_reader *r)
{
	const yaml_parser_t *p = &r->parser;
	const char *problem = p->problem ? p->problem : "it is no YAML";
	yaml_mark_t mark = p->error == YAML_READER_ERROR ? document_place(r, p->problem_offset)
							 : p->problem_mark;

	if (p->error == YAML_MEMORY_ERROR)
		return -ENOMEM;
	document_refuse(r, mark, problem);
	if (p->context)
		snprintf(r->error->reason, sizeof(r->error->reason), "%s, %s", problem, p->context);
	return -EINVAL;
}

static int document_next(struct document_reader *r)
{
	yaml_event_delete(&r->event);
	return yaml_parser_parse(&r->parser, &r->event) ? 0 : document_complain(r);
}

void document_free(struct document_node *node)
{
	if (!node)
		return;
	for (size_t i = 0; i < node->n; i++)
		document_free(node->items[i]);
	free(node->items);
	free(node->text);
	free(node);
}

static int document_append(struct document_node *parent, struct document_node *child)
{
	struct document_node **grown;

	/* Room for a power of two: it grows when it is full. */
	if (parent->n & (parent->n - 1)) {
		parent->items[parent->n++] = child;
		return 0;
	}
	grown = reallocarray(parent->items, parent->n ? 2 * parent->n : 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	parent->items = grown;
	parent->items[parent->n++] = child;
	return 0;
}

static int document_node(struct document_reader *r, struct document_node **out, unsigned int depth);

/* The items of a list or map, to its end. */
static int document_items(struct document_reader *r, struct document_node *parent,
			  yaml_event_type_t end, unsigned int depth)
{
	for (;;) {
		struct document_node *child;
		int err = document_next(r);

		if (err || r->event.type == end)
			return err;
		err = document_node(r, &child, depth + 1);
		if (!err)
			err = document_append(parent, child);
		if (err) {
			document_free(child);
			return err;
		}
	}
}

static int document_scalar(struct document_reader *r, struct document_node *node)
{
	const char *value = (const char *)r->event.data.scalar.value;
	size_t length = r->event.data.scalar.length;

	if (memchr(value, '\0', length))
		return document_refuse(r, r->event.start_mark, "a NUL character in a text");
	node->text = strndup(value, length);
	return node->text ? 0 : -ENOMEM;
}

/* What is taken nowhere. */
static int document_allowed(struct document_reader *r, unsigned int depth)
{
	const yaml_event_t *e = &r->event;

	if (e->type == YAML_ALIAS_EVENT)
		return document_refuse(r, e->start_mark, "an alias; write what it stands for");
	if ((e->type == YAML_SCALAR_EVENT && e->data.scalar.tag) ||
	    (e->type == YAML_SEQUENCE_START_EVENT && e->data.sequence_start.tag) ||
	    (e->type == YAML_MAPPING_START_EVENT && e->data.mapping_start.tag))
		return document_refuse(r, e->start_mark, "a tag; values are told by their place");
	if (depth > DOCUMENT_DEPTH_MOST)
		return document_refuse(r, e->start_mark, "nested too deeply");
	return 0;
}

/* The node whose first event is the current one. *out is NULL after an error. */
static int document_node(struct document_reader *r, struct document_node **out, unsigned int depth)
{
	struct document_node *node = NULL;
	int err = document_allowed(r, depth);

	if (!err)
		node = calloc(1, sizeof(*node));
	if (!err && !node)
		err = -ENOMEM;
	if (err)
		goto out;
	node->mark = document_mark(r->event.start_mark);
	if (r->event.type == YAML_SEQUENCE_START_EVENT) {
		node->kind = DOCUMENT_LIST;
		err = document_items(r, node, YAML_SEQUENCE_END_EVENT, depth);
	} else if (r->event.type == YAML_MAPPING_START_EVENT) {
		node->kind = DOCUMENT_MAP;
		err = document_items(r, node, YAML_MAPPING_END_EVENT, depth);
	} else {
		err = document_scalar(r, node);
	}
out:
	if (err) {
		document_free(node);
		node = NULL;
	}
	*out = node;
	return err;
}

/* The one document of a stream; none: NULL. */
static int document_only(struct document_reader *r, struct document_node **out)
{
	int err = document_next(r); /* the stream begins */

	if (!err)
		err = document_next(r);
	if (err || r->event.type == YAML_STREAM_END_EVENT)
		return err;
	err = document_next(r);
	if (!err)
		err = document_node(r, out, 0);
	if (!err)
		err = document_next(r); /* the document ends */
	if (!err)
		err = document_next(r);
	if (!err && r->event.type != YAML_STREAM_END_EVENT)
		err = document_refuse(r, r->event.start_mark,
				      "a second document; a file is one list");
	return err;
}

int document_parse(struct document_node **out, const char *text, size_t len,
		   struct document_error *error)
{
	struct document_reader r = { .error = error, .text = text, .len = len };
	int err;

	*out = NULL;
	memset(error, 0, sizeof(*error));
	if (!yaml_parser_initialize(&r.parser))
		return -ENOMEM;
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, len);
	err = document_only(&r, out);
	if (err) {
		document_free(*out);
		*out = NULL;
	}
	yaml_event_delete(&r.event);
	yaml_parser_delete(&r.parser);
	return err;
}
