// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/interface_kind.h"

#include <stdarg.h>
#include <string.h>

#include "userspace/complain.h"

#define KIND_TC_ONLY "--hooks tc-ingress,tc-egress"
#define KIND_NAMES   160

/* Kinds whose drivers have no ndo_bpf, and which carry the frames of the one below. */
static const char *const kind_upper[] = {
	"vlan", "macvlan", "macvtap", "ipvlan", "ipvtap", "macsec"
};

static bool kind_is(const struct link *l, const char *kind)
{
	return !strcmp(l->kind, kind);
}

static bool kind_is_upper(const struct link *l)
{
	for (size_t i = 0; i < sizeof(kind_upper) / sizeof(kind_upper[0]); i++) {
		if (kind_is(l, kind_upper[i]))
			return true;
	}
	return false;
}

/* The ports of a bond, bridge or the like, as 'a', 'b'; cut when there are many. */
static const char *kind_ports(char out[KIND_NAMES], const struct links *all, int master)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < all->n; i++) {
		const struct link *l = &all->list[i];
		int n;

		if (l->master != master)
			continue;
		n = snprintf(out + used, KIND_NAMES - used, "%s'%s'", used ? ", " : "", l->name);
		if (n < 0 || (size_t)n >= KIND_NAMES - used) {
			snprintf(out + used, KIND_NAMES - used, ", ...");
			break;
		}
		used += (size_t)n;
	}
	if (!*out)
		snprintf(out, KIND_NAMES, "it has none");
	return out;
}

static void kind_say(char out[INTERFACE_ADVICE], const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void kind_say(char out[INTERFACE_ADVICE], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(out, INTERFACE_ADVICE, format, args);
	va_end(args);
}

static void kind_upper_advice(char out[INTERFACE_ADVICE], const struct links *all,
			      const struct link *l)
{
	const struct link *lower = l->elsewhere ? NULL : links_at(all, l->lower);

	if (lower)
		kind_say(
			out,
			"a %s device has no native XDP: attach to '%s', which carries it, or take " KIND_TC_ONLY
			" or --mode generic here",
			l->kind, lower->name);
	else
		kind_say(out,
			 "a %s device has no native XDP, and what carries it is in another network "
			 "namespace: attach there, or take " KIND_TC_ONLY " or --mode generic here",
			 l->kind);
}

/* A bond passes native XDP on to its ports since Linux 5.15, if the drivers of all have it. */
static void kind_bond_advice(char out[INTERFACE_ADVICE], const struct links *all,
			     const struct link *l)
{
	char names[KIND_NAMES];

	kind_say(
		out,
		"native XDP on a bond is run by its ports (%s): all their drivers need it, their XDP "
		"hooks must be free, and the bond in a mode that allows it; where it is refused take " KIND_TC_ONLY
		" here, not the ports",
		kind_ports(names, all, l->index));
}

static void kind_port_advice(char out[INTERFACE_ADVICE], const struct links *all,
			     const struct link *l)
{
	const struct link *master = links_at(all, l->master);

	if (!master)
		return;
	if (kind_is(master, "bond") || kind_is(master, "team"))
		kind_say(
			out,
			"it is a port of the %s '%s', and has only a part of its packets: attach to "
			"'%s', or to all its ports (those of both directions of a connection may differ)",
			master->kind, master->name, master->name);
	else if (kind_is(master, "bridge"))
		kind_say(out,
			 "it is a port of the bridge '%s': only what comes in and goes out here is "
			 "seen, before the bridge",
			 master->name);
}

const char *interface_advice(char out[INTERFACE_ADVICE], const struct links *all,
			     const struct link *link, bool xdp, bool generic)
{
	bool native = xdp && !generic;
	char names[KIND_NAMES];

	out[0] = '\0';
	if (kind_is_upper(link) && native)
		kind_upper_advice(out, all, link);
	else if (kind_is(link, "bond") && native)
		kind_bond_advice(out, all, link);
	else if (kind_is(link, "bridge"))
		kind_say(out,
			 "on a bridge only what is for this host or from it is seen%s: for what is "
			 "forwarded, attach to its ports (%s)",
			 native ? ", and it has no native XDP" : "",
			 kind_ports(names, all, link->index));
	else if ((kind_is(link, "team") || kind_is(link, "vrf")) && native)
		kind_say(
			out,
			"a %s device has no native XDP: attach to its ports (%s), or take " KIND_TC_ONLY
			" here",
			link->kind, kind_ports(names, all, link->index));
	else if (link->master)
		kind_port_advice(out, all, link);
	return out;
}

bool interface_overlaps(const struct link *a, const struct link *b)
{
	if (a->master == b->index || b->master == a->index)
		return true;
	return (kind_is_upper(a) && !a->elsewhere && a->lower == b->index) ||
	       (kind_is_upper(b) && !b->elsewhere && b->lower == a->index);
}

static void kind_overlaps(const struct links *all, const struct options *o, size_t i)
{
	const struct link *a = links_named(all, o->interfaces[i]);

	for (size_t j = 0; j < i; j++) {
		const struct link *b = links_named(all, o->interfaces[j]);

		if (a && b && interface_overlaps(a, b))
			complain("%s: packets that pass '%s', too, are seen twice, and counted as "
				 "duplicates the second time",
				 o->interfaces[i], o->interfaces[j]);
	}
}

void interface_notes(const struct links *all, const struct options *o)
{
	bool xdp = o->hooks & 1U << HOOK_XDP;
	char advice[INTERFACE_ADVICE];

	for (size_t i = 0; i < o->interfaces_n; i++) {
		const struct link *l = links_named(all, o->interfaces[i]);

		if (l && *interface_advice(advice, all, l, xdp, o->generic))
			complain("%s: %s", o->interfaces[i], advice);
		kind_overlaps(all, o, i);
	}
}
