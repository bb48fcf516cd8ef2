// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The sentences of detectors.def, with names and numbers filled in. */
#include <stdio.h>
#include <string.h>

#include "userspace/record.h"
#include "userspace/text_style.h"

/* Room for a number with its unit. */
#define SENTENCE_NUMBER_ROOM 64

/* The name of a finding's number i in detectors.def, and its length; NULL: there is none. */
static const char *value_name(const struct finding *finding, unsigned int i, size_t *length)
{
	const char *name = names_detector(finding->code)->values;

	for (; i && *name; i--) {
		name += strcspn(name, " ");
		name += *name == ' ';
	}
	*length = strcspn(name, " ");
	return *length ? name : NULL;
}

static enum record_unit value_unit(const char *name, size_t length)
{
	static const struct {
		const char *end;
		enum record_unit unit;
	} units[] = {
		{ "_bytes", RECORD_UNIT_BYTES },
		{ "_bps", RECORD_UNIT_BPS },
		{ "_ns", RECORD_UNIT_NS },
		{ "_us", RECORD_UNIT_US },
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t n = strlen(units[i].end);

		if (length > n && !strncmp(name + length - n, units[i].end, n))
			return units[i].unit;
	}
	return RECORD_UNIT_NONE;
}

enum record_unit record_value_key(char key[RECORD_VALUE_ROOM], const struct finding *finding,
				  unsigned int i)
{
	size_t length;
	const char *name = value_name(finding, i, &length);
	enum record_unit unit = name ? value_unit(name, length) : RECORD_UNIT_NONE;

	if (unit == RECORD_UNIT_NS)
		snprintf(key, RECORD_VALUE_ROOM, "%.*s_s", (int)length - 3, name);
	else
		snprintf(key, RECORD_VALUE_ROOM, "%.*s", name ? (int)length : 0, name ? name : "");
	return unit;
}

static void sentence_number(char out[SENTENCE_NUMBER_ROOM], enum record_unit unit, __u64 value)
{
	char number[TEXT_NUMBER_ROOM], rate[TEXT_RATE_ROOM];

	switch (unit) {
	case RECORD_UNIT_BYTES:
		snprintf(out, SENTENCE_NUMBER_ROOM, "%s byte%s", text_number(number, value),
			 value == 1 ? "" : "s");
		break;
	case RECORD_UNIT_BPS: /* bits in a second are bytes in eight */
		snprintf(out, SENTENCE_NUMBER_ROOM, "%s", text_rate(rate, value, 8000000));
		break;
	case RECORD_UNIT_NS:
		snprintf(out, SENTENCE_NUMBER_ROOM, "%llu.%03llu s",
			 (unsigned long long)(value / 1000000000),
			 (unsigned long long)(value / 1000000 % 1000));
		break;
	case RECORD_UNIT_US:
		snprintf(out, SENTENCE_NUMBER_ROOM, "%s", text_us(number, value));
		break;
	default:
		snprintf(out, SENTENCE_NUMBER_ROOM, "%s", text_number(number, value));
	}
}

/* The text of "{name}" for one of the finding's numbers; NULL when none has that name. */
static const char *sentence_value(const char *name, size_t length, const struct finding *finding,
				  char number[SENTENCE_NUMBER_ROOM])
{
	for (unsigned int i = 0; i < FINDING_VALUES; i++) {
		size_t n;
		const char *value = value_name(finding, i, &n);

		if (!value || n != length || strncmp(value, name, n))
			continue;
		sentence_number(number, value_unit(value, n), finding->value[i]);
		return number;
	}
	return NULL;
}

static const char *sentence_other_side(unsigned int side)
{
	return side == SIDE_CLIENT ? "server" : side == SIDE_SERVER ? "client" : "peer";
}

/* The text of the placeholder at p, and its length; NULL when it is none. */
static const char *sentence_placeholder(const char *p, const struct record_names *names,
					const struct finding *finding,
					char number[SENTENCE_NUMBER_ROOM], size_t *length)
{
	const char *side = names_of(NAMES_SIDE, finding->side), *end = strchr(p, '}');
	const struct {
		const char *name;
		const char *text;
	} known[] = {
		{ "client", names->client },
		{ "server", names->server },
		{ "host", names->host },
		{ "side", side ? side : "path" },
		{ "peer", sentence_other_side(finding->side) },
	};
	size_t n;

	if (!end)
		return NULL;
	n = (size_t)(end - p) - 1;
	*length = n + 2;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (known[i].text && strlen(known[i].name) == n &&
		    !strncmp(p + 1, known[i].name, n))
			return known[i].text;
	}
	return sentence_value(p + 1, n, finding, number);
}

const char *record_settled_by(const struct finding *finding)
{
	if (finding->confidence == CONFIDENCE_INFERRED)
		return "a capture that both directions pass";
	if (finding->blame == BLAME_HOST_OR_PATH && finding->side == SIDE_CLIENT)
		return "a capture on the client itself: whether it is so there already";
	if (finding->blame == BLAME_HOST_OR_PATH && finding->side == SIDE_SERVER)
		return "a capture on the server itself: whether it is so there already";
	if (finding->blame == BLAME_HOST_OR_PATH || finding->blame == BLAME_UNKNOWN)
		return "captures at both ends of the same connections";
	if (finding->confidence < CONFIDENCE_HIGH)
		return "captures on both sides of the box that is suspected";
	return NULL;
}

void record_sentence(struct record_sentence *out, const char *template,
		     const struct record_names *names, const struct finding *finding)
{
	size_t at = 0, room = sizeof(out->text) - 1;
	char number[SENTENCE_NUMBER_ROOM];

	while (*template && at < room) {
		const char *text = NULL;
		size_t length = 1, n;

		if (*template == '{')
			text = sentence_placeholder(template, names, finding, number, &length);
		if (!text) {
			out->text[at++] = *template ++;
			continue;
		}
		n = strnlen(text, room - at);
		memcpy(out->text + at, text, n);
		at += n;
		template += length;
	}
	out->text[at] = '\0';
}
