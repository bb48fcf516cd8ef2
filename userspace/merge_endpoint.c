// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/merge_endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "platform/grow.h"
#include "userspace/record.h"
#include "userspace/snapshot.h"

/* ---- adding ---- */

/* Refusals in a row, their first, and its packet. */
struct merge_row {
	__u64 n, since_ns, first_id;
};

/* Of an endpoint's refusals in a row those behind the last offer of both; at least them. */
static struct merge_row merge_row(const struct endpoint *e, __u64 last_offer_ns)
{
	bool own = e->bits & ENDPOINT_OFFERED && e->last_offer_ns == last_offer_ns;

	if (!e->run)
		return (struct merge_row){ 0 };
	if (own || e->run_since_ns >= last_offer_ns)
		return (struct merge_row){ e->run, e->run_since_ns, e->run_first_id };
	if (e->last_refusal_ns >= last_offer_ns)
		return (struct merge_row){ 1, e->last_refusal_ns, e->last_refusal_id };
	return (struct merge_row){ 0 };
}

static void merge_add_run(struct endpoint *a, const struct endpoint *b)
{
	__u64 last = a->last_offer_ns > b->last_offer_ns ? a->last_offer_ns : b->last_offer_ns;
	struct merge_row x = merge_row(a, last), y = merge_row(b, last);

	if (y.n && (!x.n || y.since_ns < x.since_ns)) {
		a->run_since_ns = y.since_ns;
		a->run_first_id = y.first_id;
	} else if (x.n) {
		a->run_since_ns = x.since_ns;
		a->run_first_id = x.first_id;
	} else if (b->last_refusal_ns > a->last_refusal_ns) {
		a->run_first_id = b->run_first_id; /* of the last row, which has ended */
	}
	a->run = x.n + y.n;
	a->last_offer_ns = last;
}

void merge_endpoint_add(struct endpoint *a, const struct endpoint *b)
{
	bool refused = a->bits & ENDPOINT_REFUSED;

	merge_add_run(a, b);
	a->opportunities += b->opportunities;
	a->offers += b->offers;
	a->refusals += b->refusals;
	a->by_box += b->by_box;
	if (b->bits & ENDPOINT_REFUSED) {
		if (!refused || b->first_refusal_ns < a->first_refusal_ns)
			a->first_refusal_ns = b->first_refusal_ns;
		if (!refused || b->last_refusal_ns > a->last_refusal_ns) {
			a->last_refusal_ns = b->last_refusal_ns;
			a->last_refusal_id = b->last_refusal_id;
		}
	}
	a->bits |= b->bits;
}

static int merge_order(const void *a, const void *b)
{
	const struct merge_endpoint *x = a, *y = b;
	int order = snapshot_endpoint_order(&x->entry, &y->entry);

	return order ? order : (x->order > y->order) - (x->order < y->order);
}

void merge_endpoint_settle(struct merge_endpoints *m)
{
	size_t kept = 0;

	if (m->n)
		qsort(m->list, m->n, sizeof(*m->list), merge_order);
	for (size_t i = 0; i < m->n; i++) {
		struct merge_endpoint *last = kept ? &m->list[kept - 1] : NULL, *e = &m->list[i];

		if (!last || snapshot_endpoint_order(&last->entry, &e->entry)) {
			m->list[kept++] = *e;
			continue;
		}
		merge_endpoint_add(&last->entry.endpoint, &e->entry.endpoint);
		if (e->before.last_ns > last->before.last_ns)
			last->before = e->before;
	}
	m->n = kept;
}

/* Room for one more. Adding up comes first: growth follows what is different. */
static int merge_endpoint_room(struct merge_endpoints *m)
{
	if (m->n < m->room)
		return 0;
	merge_endpoint_settle(m);
	return m->n < m->room / 2 ? 0 : GROW(m->list, m->room, &m->room);
}

/* ---- taking ---- */

static bool merge_take_address(const json_t *object, const char *name, struct endpoint_key *key)
{
	const char *text = json_string_value(json_object_get(object, name));
	bool ipv6 = text && strchr(text, ':');

	memset(key, 0, sizeof(*key));
	if (!text || inet_pton(ipv6 ? AF_INET6 : AF_INET, text, key->addr) != 1)
		return false;
	key->domain = ipv6 ? DOMAIN_IPV6 : 0;
	return true;
}

static bool merge_take_domain(const json_t *object, struct endpoint_key *key)
{
	static const __u32 bits[] = { 0, DOMAIN_VNI, DOMAIN_VLAN };
	const char *text = json_string_value(json_object_get(object, "domain_kind"));
	int kind = text ? names_find(NAMES_DOMAIN_KIND, text) : -1;
	__u64 number;

	if (kind < 0 || !merge_take_number(object, "domain", &number) ||
	    number > (kind ? DOMAIN_NUMBER : 0))
		return false;
	key->domain |= bits[kind] | (__u32)number;
	return true;
}

static bool merge_take_key(const json_t *object, struct endpoint_key *key, const char **bad)
{
	const char *role = json_string_value(json_object_get(object, "role"));
	int n = role ? names_find(NAMES_ROLE, role) : -1;
	__u64 port;

	*bad = "address";
	if (!merge_take_address(object, "address", key))
		return false;
	*bad = "role";
	if (n < 0)
		return false;
	key->role = (__u16)n;
	*bad = "port";
	if (!merge_take_number(object, "port", &port) || port > 65535)
		return false;
	key->port = (__u16)port;
	*bad = "domain";
	return merge_take_domain(object, key);
}

/* Index of a capture's name, the same for the same name; -1 out of memory. */
static json_int_t merge_file(struct merge_endpoints *m, const char *name)
{
	json_t *known;

	if (!m->file_index)
		m->file_index = json_object();
	known = json_object_get(m->file_index, name);
	if (known)
		return json_integer_value(known);
	if (GROW(m->files, m->files_n, &m->files_room))
		return -1;
	if (json_object_set_new(m->file_index, name, json_integer((json_int_t)m->files_n)))
		return -1;
	m->files[m->files_n] = json_object_iter_key(json_object_iter_at(m->file_index, name));
	return (json_int_t)m->files_n++;
}

/* Packets of a row's first refusal, and of the last one; none when the run was live. */
static int merge_take_packets(struct merge_endpoints *m, const struct merge_input *in,
			      struct endpoint *e)
{
	const json_t *list = json_object_get(in->record, "refusal_packets");
	__u64 *const ids[2] = { &e->run_first_id, &e->last_refusal_id };
	size_t n = json_array_size(list);

	if (!json_is_array(list) || (n != 0 && n != 2))
		return -EBADMSG;
	for (size_t i = 0; i < n; i++) {
		const json_t *packet = json_array_get(list, i);
		const char *name = json_string_value(json_object_get(packet, "file"));
		json_int_t file;
		__u64 number;

		if (!name || !merge_take_number(packet, "number", &number) ||
		    number >> PACKET_ID_NUMBER_BITS)
			return -EBADMSG;
		file = merge_file(m, name);
		if (file < 0)
			return -ENOMEM;
		*ids[i] = packet_id_make((__u32)file, number);
	}
	return 0;
}

/* A time that is there when its bit is due. */
static bool merge_take_when(const struct merge_input *in, const char *name, bool due, __u64 *out)
{
	__s64 ns;

	if (!merge_take_time(in, name, &ns) || due != (ns != RECORD_NO_TIME))
		return false;
	*out = due ? (__u64)ns : 0;
	return true;
}

/* The member that is missing or makes no sense; NULL when all is well. */
static const char *merge_take_counters(const struct merge_input *in, struct endpoint *e)
{
	const json_t *o = in->record, *local = json_object_get(o, "local");

	if (!merge_take_number(o, "opportunities", &e->opportunities))
		return "opportunities";
	if (!merge_take_number(o, "offers", &e->offers) || e->offers > e->opportunities)
		return "offers";
	if (!merge_take_number(o, "refusals", &e->refusals) ||
	    e->refusals != e->opportunities - e->offers)
		return "refusals";
	if (!merge_take_number(o, "by_box", &e->by_box) || e->by_box > e->refusals)
		return "by_box";
	if (!merge_take_number(o, "refusals_in_row", &e->run) || e->run > e->refusals)
		return "refusals_in_row";
	if (!json_is_boolean(local))
		return "local";
	e->bits =
		(__u16)((e->offers ? ENDPOINT_OFFERED : 0) | (e->refusals ? ENDPOINT_REFUSED : 0) |
			(json_is_true(local) ? ENDPOINT_LOCAL : 0));
	if (!merge_take_when(in, "last_offer", e->offers, &e->last_offer_ns))
		return "last_offer";
	if (!merge_take_when(in, "first_refusal", e->refusals, &e->first_refusal_ns))
		return "first_refusal";
	if (!merge_take_when(in, "last_refusal", e->refusals, &e->last_refusal_ns))
		return "last_refusal";
	if (!merge_take_when(in, "refused_since", e->run, &e->run_since_ns))
		return "refused_since";
	return NULL;
}

static bool merge_take_baseline(const struct merge_input *in, struct merge_endpoint *e)
{
	struct baseline_endpoint *before = &e->before;

	if (json_is_null(json_object_get(in->record, "baseline_opportunities")))
		return true;
	before->key = e->entry.key;
	return merge_take_number(in->record, "baseline_opportunities", &before->opportunities) &&
	       merge_take_number(in->record, "baseline_offers", &before->offers) &&
	       before->offers <= before->opportunities &&
	       merge_take_time(in, "baseline_last", &before->last_ns) &&
	       before->last_ns != RECORD_NO_TIME;
}

int merge_endpoint_take(struct merge_endpoints *m, const struct merge_input *in)
{
	struct merge_endpoint *e;
	const char *bad;
	int err = merge_endpoint_room(m);

	if (err)
		return err;
	e = &m->list[m->n];
	memset(e, 0, sizeof(*e));
	if (merge_take_key(in->record, &e->entry.key, &bad))
		bad = merge_take_counters(in, &e->entry.endpoint);
	if (!bad && !merge_take_baseline(in, e))
		bad = "baseline_opportunities";
	if (!bad)
		err = merge_take_packets(m, in, &e->entry.endpoint);
	if (err == -ENOMEM)
		return err;
	if (bad || err)
		return merge_input_refuse(in, "'%s' is missing or makes no sense",
					  bad ? bad : "refusal_packets");
	e->order = m->arrived++;
	m->n++;
	return 0;
}

/* ---- flows ---- */

/* Whether a finding is, or takes the place of, that of windows shifted without the option. */
static bool merge_is_phantom(const json_t *finding)
{
	const char *phantom = names_detector(FINDING_phantom_scaling)->code;
	const char *code = json_string_value(json_object_get(finding, "code"));
	const char *side = json_string_value(json_object_get(finding, "side"));
	const json_t *replaces = json_object_get(finding, "replaces"), *one;
	size_t i;

	if (code && side && !strcmp(code, phantom) && !strcmp(side, "server"))
		return true;
	json_array_foreach(replaces, i, one) {
		const char *name = json_string_value(one);

		if (name && !strcmp(name, phantom))
			return true;
	}
	return false;
}

static int merge_key_order(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct endpoint_key));
}

/* Room for one more: first each server is there once. */
static int merge_shifters_room(struct merge_endpoints *m)
{
	size_t kept = 0;

	if (m->shifters_n < m->shifters_room)
		return 0;
	if (m->shifters_n)
		qsort(m->shifters, m->shifters_n, sizeof(*m->shifters), merge_key_order);
	for (size_t i = 0; i < m->shifters_n; i++) {
		if (!kept || merge_key_order(&m->shifters[kept - 1], &m->shifters[i]))
			m->shifters[kept++] = m->shifters[i];
	}
	m->shifters_n = kept;
	return kept < m->shifters_room / 2 ? 0
					   : GROW(m->shifters, m->shifters_room, &m->shifters_room);
}

/* One entry a prefix and domain would do; one a server does as well. */
static int merge_shifter(struct merge_endpoints *m, const struct endpoint_key *key)
{
	if (merge_shifters_room(m))
		return -ENOMEM;
	m->shifters[m->shifters_n++] = *key;
	return 0;
}

int merge_endpoint_flow(struct merge_endpoints *m, const struct merge_input *in)
{
	const char *scaling = json_string_value(json_object_get(in->record, "scaling"));
	const json_t *findings = json_object_get(in->record, "findings"), *one;
	bool phantom = false;
	struct endpoint_key key;
	__u64 domain;
	size_t i;

	if (!json_is_array(findings) || !scaling)
		return merge_input_refuse(in,
					  "'findings' or 'scaling' is missing or makes no sense");
	json_array_foreach(findings, i, one)
		phantom |= merge_is_phantom(one);
	if (!phantom || strcmp(scaling, names_of(NAMES_SCALING, SCALING_OFF)) != 0)
		return 0;
	if (!merge_take_address(in->record, "server", &key) ||
	    !merge_take_number(in->record, "domain", &domain) || domain > DOMAIN_NUMBER)
		return merge_input_refuse(in, "'server' or 'domain' is missing or makes no sense");
	key.domain |= (__u32)domain;
	return merge_shifter(m, &key);
}

void merge_endpoint_free(struct merge_endpoints *m)
{
	free(m->list);
	free(m->shifters);
	free(m->files);
	json_decref(m->file_index);
	memset(m, 0, sizeof(*m));
}
