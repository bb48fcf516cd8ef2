// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/expect_value.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "userspace/text_style.h"

#define NS_PER_S  1000000000LL
#define ALL_TIMES "s, ms, us, ns, min"

struct value_unit {
	const char *name;
	__u64 factor;
};

static const struct value_unit no_units[] = { { NULL, 0 } };

static const struct value_unit byte_units[] = {
	{ "B", 1 },          { "bytes", 1 },       { "kB", 1000 },      { "KB", 1000 },
	{ "MB", 1000000 },   { "GB", 1000000000 }, { "KiB", 1U << 10 }, { "MiB", 1U << 20 },
	{ "GiB", 1U << 30 }, { NULL, 0 },
};

static const struct value_unit rate_units[] = {
	{ "bit/s", 1 },           { "kbit/s", 1000 }, { "Mbit/s", 1000000 },
	{ "Gbit/s", 1000000000 }, { NULL, 0 },
};

static const struct value_unit time_units[] = {
	{ "s", 1000000000 }, { "ms", 1000000 },      { "us", 1000 },
	{ "ns", 1 },         { "min", 60000000000 }, { NULL, 0 },
};

static const struct value_unit percent_units[] = { { "%", 10000 }, { NULL, 0 } };

/* bare: what a number without a unit is multiplied by; 0: it needs one. */
static const struct {
	const struct value_unit *units;
	__u64 bare;
	const char *takes;
} kinds[] = {
	[EXPECT_PLAIN] = { no_units, 1, "a number" },
	[EXPECT_BYTES] = { byte_units, 1, "bytes, with B, kB, MB, GB, KiB, MiB, GiB or no unit" },
	[EXPECT_BPS] = { rate_units, 1, "bit/s, kbit/s, Mbit/s, Gbit/s, or no unit for bit/s" },
	[EXPECT_SECONDS] = { time_units, 1000000000, "a time in " ALL_TIMES ", or seconds" },
	[EXPECT_US] = { time_units, 1000, "a time in " ALL_TIMES ", or microseconds" },
	[EXPECT_DURATION] = { time_units, 0, "a time with its unit: " ALL_TIMES },
	[EXPECT_PERCENT] = { percent_units, 10000, "a percentage" },
};

static int value_refuse(char why[EXPECT_REASON_ROOM], const char *text, const char *takes)
{
	snprintf(why, EXPECT_REASON_ROOM, "'%.100s' is not %s", text, takes);
	return -EINVAL;
}

static const char *value_skip(const char *p)
{
	while (*p == ' ')
		p++;
	return p;
}

/*
 * Digits, maybe with decimals, times a factor: exact, or refused. Returns what follows the
 * digits, NULL when there are none; *fraction is what is behind the point, in 1e-9.
 */
static const char *value_digits(const char *p, __u64 *whole, __u64 *fraction)
{
	const char *begin = p;
	__u64 place = 100000000;

	*whole = *fraction = 0;
	for (; isdigit((unsigned char)*p); p++) {
		if (__builtin_mul_overflow(*whole, 10U, whole) ||
		    __builtin_add_overflow(*whole, (__u64)(*p - '0'), whole))
			return NULL;
	}
	if (p == begin)
		return NULL;
	if (*p != '.' || !isdigit((unsigned char)p[1]))
		return p;
	for (p++; isdigit((unsigned char)*p); p++, place /= 10) {
		if (*p != '0' && !place)
			return NULL;
		*fraction += place * (__u64)(*p - '0');
	}
	return p;
}

static bool value_scale(__u64 *out, __u64 whole, __u64 fraction, __u64 factor)
{
	unsigned __int128 scaled = (unsigned __int128)whole * factor;
	unsigned __int128 part = (unsigned __int128)fraction * factor;

	scaled += part / NS_PER_S;
	*out = (__u64)scaled;
	/* What is left is no whole number of units. */
	return part % NS_PER_S == 0 && scaled <= UINT64_MAX;
}

int expect_quantity(__u64 *out, const char *text, enum expect_unit unit,
		    char why[EXPECT_REASON_ROOM])
{
	const struct value_unit *u = kinds[unit].units;
	__u64 whole, fraction, factor = kinds[unit].bare;
	const char *p = value_digits(value_skip(text), &whole, &fraction);

	if (!p)
		return value_refuse(why, text, kinds[unit].takes);
	p = value_skip(p);
	if (*p) {
		size_t n = strcspn(p, " ");

		while (u->name && (strlen(u->name) != n || strncmp(u->name, p, n) != 0))
			u++;
		if (!u->name || *value_skip(p + n))
			return value_refuse(why, text, kinds[unit].takes);
		factor = u->factor;
	}
	if (!whole && !fraction)
		factor = 1;
	if (!factor || !value_scale(out, whole, fraction, factor))
		return value_refuse(why, text, kinds[unit].takes);
	return 0;
}

/* ---- comparisons ---- */

enum value_operator { VALUE_EQUAL, VALUE_LESS, VALUE_MOST, VALUE_MORE, VALUE_LEAST };

static const char *value_operator(const char *p, enum value_operator *op)
{
	static const struct {
		const char *sign;
		enum value_operator op;
	} signs[] = {
		{ "<=", VALUE_MOST }, { ">=", VALUE_LEAST }, { "==", VALUE_EQUAL },
		{ "<", VALUE_LESS },  { ">", VALUE_MORE },   { "=", VALUE_EQUAL },
	};

	*op = VALUE_EQUAL;
	p = value_skip(p);
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		size_t n = strlen(signs[i].sign);

		if (!strncmp(p, signs[i].sign, n)) {
			*op = signs[i].op;
			return value_skip(p + n);
		}
	}
	return p;
}

/* The values for which "OP value" is true; -EINVAL when there are none. */
static int value_compare(struct expect_range *out, enum value_operator op, __u64 value,
			 const char *text, char why[EXPECT_REASON_ROOM])
{
	*out = (struct expect_range){ 0, UINT64_MAX };
	if ((op == VALUE_LESS && !value) || (op == VALUE_MORE && value == UINT64_MAX)) {
		snprintf(why, EXPECT_REASON_ROOM, "nothing is '%.100s'", text);
		return -EINVAL;
	}
	if (op == VALUE_EQUAL || op == VALUE_LEAST)
		out->low = value;
	if (op == VALUE_EQUAL || op == VALUE_MOST)
		out->high = value;
	if (op == VALUE_LESS)
		out->high = value - 1;
	if (op == VALUE_MORE)
		out->low = value + 1;
	return 0;
}

/* "A..B": both have the unit that B is written with, unless A has one. */
static int value_between(struct expect_range *out, const char *text, const char *dots,
			 enum expect_unit unit, char why[EXPECT_REASON_ROOM])
{
	char low[EXPECT_TEXT_ROOM], with_unit[2 * EXPECT_TEXT_ROOM];
	size_t n = (size_t)(dots - text);
	const char *high = dots + 2, *end = high + strspn(high, " 0123456789.");

	if (n >= sizeof(low) || strlen(high) >= sizeof(low))
		return value_refuse(why, text, kinds[unit].takes);
	snprintf(low, sizeof(low), "%.*s", (int)n, text);
	snprintf(with_unit, sizeof(with_unit), "%s%s", low,
		 low[strspn(low, " 0123456789.")] ? "" : end);
	if (expect_quantity(&out->low, with_unit, unit, why) ||
	    expect_quantity(&out->high, high, unit, why))
		return value_refuse(why, text, kinds[unit].takes);
	if (out->low <= out->high)
		return 0;
	snprintf(why, EXPECT_REASON_ROOM, "nothing is '%.100s': the smaller one goes first", text);
	return -EINVAL;
}

int expect_range(struct expect_range *out, const char *text, enum expect_unit unit,
		 char why[EXPECT_REASON_ROOM])
{
	const char *dots = strstr(text, "..");
	enum value_operator op;
	__u64 value;
	int err;

	if (dots)
		return value_between(out, text, dots, unit, why);
	err = expect_quantity(&value, value_operator(text, &op), unit, why);
	if (err)
		return value_refuse(why, text, kinds[unit].takes);
	return value_compare(out, op, value, text, why);
}

int expect_word_range(struct expect_range *out, const char *text, enum names list,
		      char why[EXPECT_REASON_ROOM])
{
	enum value_operator op;
	const char *word = value_operator(text, &op);
	int value = names_find(list, word);
	size_t at;

	if (value >= 0)
		return value_compare(out, op, (__u64)value, text, why);
	at = (size_t)snprintf(why, EXPECT_REASON_ROOM, "'%.100s' is none of", text);
	for (unsigned int i = 0; i < names_n(list) && at < EXPECT_REASON_ROOM; i++) {
		if (names_of(list, i))
			at += (size_t)snprintf(why + at, EXPECT_REASON_ROOM - at, " %s",
					       names_of(list, i));
	}
	return -EINVAL;
}

/* ---- texts ---- */

const char *expect_value_text(char out[EXPECT_TEXT_ROOM], __u64 value, enum expect_unit unit)
{
	char number[TEXT_NUMBER_ROOM];

	switch (unit) {
	case EXPECT_BYTES:
		snprintf(out, EXPECT_TEXT_ROOM, "%s byte%s", text_number(number, value),
			 value == 1 ? "" : "s");
		break;
	case EXPECT_BPS:
		snprintf(out, EXPECT_TEXT_ROOM, "%s bit/s", text_number(number, value));
		break;
	case EXPECT_SECONDS:
	case EXPECT_US:
	case EXPECT_DURATION:
		if (value < 1000000)
			snprintf(out, EXPECT_TEXT_ROOM, "%g us", (double)value / 1e3);
		else if (value < (__u64)NS_PER_S)
			snprintf(out, EXPECT_TEXT_ROOM, "%g ms", (double)value / 1e6);
		else
			snprintf(out, EXPECT_TEXT_ROOM, "%.10g s", (double)value / 1e9);
		break;
	case EXPECT_PERCENT:
		snprintf(out, EXPECT_TEXT_ROOM, "%g %%", (double)value / 1e4);
		break;
	default:
		snprintf(out, EXPECT_TEXT_ROOM, "%s", text_number(number, value));
	}
	return out;
}

const char *expect_range_text(char out[EXPECT_TEXT_ROOM], const struct expect_range *r,
			      enum expect_unit unit)
{
	char low[EXPECT_TEXT_ROOM], high[EXPECT_TEXT_ROOM];

	expect_value_text(low, r->low, unit);
	expect_value_text(high, r->high, unit);
	if (r->low == r->high)
		snprintf(out, EXPECT_TEXT_ROOM, "%s", low);
	else if (r->high == UINT64_MAX)
		snprintf(out, EXPECT_TEXT_ROOM, "at least %.50s", low);
	else if (!r->low)
		snprintf(out, EXPECT_TEXT_ROOM, "at most %.50s", high);
	else
		snprintf(out, EXPECT_TEXT_ROOM, "%.28s to %.28s", low, high);
	return out;
}

/* ---- prefixes and times ---- */

int expect_prefix(struct expect_prefix *out, const char *text, char why[EXPECT_REASON_ROOM])
{
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);
	char address[INET6_ADDRSTRLEN], *end;
	unsigned long bits;

	memset(out, 0, sizeof(*out));
	if (n >= sizeof(address))
		return value_refuse(why, text, "an address or prefix");
	memcpy(address, text, n);
	address[n] = '\0';
	out->ipv6 = strchr(address, ':');
	bits = out->bits = out->ipv6 ? 128 : 32;
	if (inet_pton(out->ipv6 ? AF_INET6 : AF_INET, address, out->bytes) != 1)
		return value_refuse(why, text, "an address or prefix");
	if (slash)
		bits = strtoul(slash + 1, &end, 10);
	if (slash && (!isdigit((unsigned char)slash[1]) || *end || bits > out->bits))
		return value_refuse(why, text, "an address or prefix");
	out->bits = (unsigned int)bits;
	for (unsigned int i = out->bits; i < (out->ipv6 ? 128U : 32U); i++) {
		if (out->bytes[i / 8] & 0x80 >> i % 8) {
			snprintf(why, EXPECT_REASON_ROOM, "'%.100s' has bits behind its prefix",
				 text);
			return -EINVAL;
		}
	}
	return 0;
}

bool expect_in_prefix(const struct expect_prefix *p, const __u64 addr[2], bool ipv6)
{
	const __u8 *bytes = (const __u8 *)addr;
	unsigned int whole = p->bits / 8, rest = p->bits % 8;

	if (p->ipv6 != ipv6 || memcmp(p->bytes, bytes, whole) != 0)
		return false;
	return !rest || !((p->bytes[whole] ^ bytes[whole]) >> (8 - rest));
}

/* What follows the seconds: "Z", "+01:30"; false when it is neither. */
static bool value_zone(const char *p, long *offset_s)
{
	char sign, end;
	unsigned int hours, minutes;

	*offset_s = 0;
	if (!strcmp(p, "Z"))
		return true;
	if (sscanf(p, "%c%2u:%2u%c", &sign, &hours, &minutes, &end) != 3 || hours > 23 ||
	    minutes > 59 || strlen(p) != 6 || (sign != '+' && sign != '-'))
		return false;
	*offset_s = (long)(hours * 60 + minutes) * 60 * (sign == '-' ? -1 : 1);
	return true;
}

int expect_time(__s64 *ns, const char *text, char why[EXPECT_REASON_ROOM])
{
	static const char takes[] = "a time like 2026-01-02T03:04:05.678Z, or seconds since 1970";
	struct tm tm = { 0 };
	const char *p = value_digits(text, &(__u64){ 0 }, &(__u64){ 0 });
	__u64 whole = 0, fraction = 0;
	long offset_s;
	time_t s;

	if (p && !*p) {
		value_digits(text, &whole, &fraction);
	} else {
		p = strptime(text, "%Y-%m-%d", &tm);
		if (!p || (*p != 'T' && *p != ' '))
			return value_refuse(why, text, takes);
		/* The seconds may have decimals, which value_digits() knows. */
		p = strptime(p + 1, "%H:%M:", &tm);
		p = p ? value_digits(p, &whole, &fraction) : NULL;
		if (!p || whole > 60 || !value_zone(value_skip(p), &offset_s))
			return value_refuse(why, text, takes);
		tm.tm_sec = (int)whole;
		s = timegm(&tm) - offset_s;
		if (s < 0)
			return value_refuse(why, text, takes);
		whole = (__u64)s;
	}
	if (whole > INT64_MAX / NS_PER_S - 1)
		return value_refuse(why, text, takes);
	*ns = (__s64)whole * NS_PER_S + (__s64)fraction;
	return 0;
}
