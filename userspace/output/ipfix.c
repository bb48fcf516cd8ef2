// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/output/ipfix.h"

#include <errno.h>
#include <stdlib.h>

#ifdef WSCOPE_IPFIX
#include "userspace/output/ipfix_record.h"

/* Numbers of templates: internal ones, those of lists, and one for each kind of record met. */
enum {
	ID_LISTS = FB_TID_MIN_DATA,
	ID_FLOW = ID_LISTS + IPFIX_LISTS,
	ID_ENDPOINT,
	ID_SUMMARY,
	ID_TYPE,
	ID_KINDS,
};

/* So many kinds of records at most, as a capture decides which there are. */
#define KINDS_MOST 4096

/* What goes into a message; and the heads of a set and of the message (RFC 7011, 3). */
#define MESSAGE_ROOM 65000
#define SET_HEAD     4
#define MESSAGE_HEAD 16

/* ---- tables out of ipfix.def ---- */

#define TYPE_STRING  FB_STRING, FB_IE_VARLEN, 0
#define TYPE_U8      FB_UINT_8, 1, 0
#define TYPE_U16     FB_UINT_16, 2, FB_IE_F_ENDIAN
#define TYPE_U32     FB_UINT_32, 4, FB_IE_F_ENDIAN
#define TYPE_U64     FB_UINT_64, 8, FB_IE_F_ENDIAN
#define TYPE_BOOLEAN FB_BOOL, 1, 0
#define TYPE_TIME    FB_DT_NANOSEC, 8, FB_IE_F_ENDIAN

#define FB_UNITS_NONE 0

struct element {
	const char *name;
	const char *what;
	__u32 flags;
	__u16 id;
	__u8 type;
	__u16 len;
	__u32 endian;
};

static const struct element elements[] = {
#define IPFIX_ELEMENT(id, name, type, semantics, units, what) \
	{ name, what, FB_IE_##semantics | FB_UNITS_##units, id, TYPE_##type },
#define IPFIX_ELEMENT_BOTH(id, name, type, semantics, units, what) \
	{ name, what, FB_IE_##semantics | FB_UNITS_##units | FB_IE_F_REVERSIBLE, id, TYPE_##type },
#include "userspace/output/ipfix.def"
};

#define ELEMENTS (sizeof(elements) / sizeof(elements[0]))

/* Lengths in memory and in the message; 0: as long as it is. */
#define LENGTH_TEXT 0
#define LENGTH_LIST 0
#define LENGTH_IPV6 16
#define LENGTH_U64  8
#define LENGTH_U32  4
#define LENGTH_U16  2
#define LENGTH_U8   1

#define SPEC(kind, member, element, when) { (char *)(element), LENGTH_##kind, IPFIX_##when },
#define SPEC_ENTRY(kind, member, element) SPEC(kind, member, element, ALWAYS)

static fbInfoElementSpec_t flow_spec[] = {
#define IPFIX_FLOW SPEC
#define IPFIX_SIDE(kind, member, element, reverse, when)                     \
	SPEC(kind, member, element, when){ (char *)(reverse), LENGTH_##kind, \
					   IPFIX_##when << IPFIX_SERVER_SHIFT },
#include "userspace/output/ipfix.def"
	FB_IESPEC_NULL
};

static fbInfoElementSpec_t endpoint_spec[] = {
#define IPFIX_ENDPOINT SPEC
#include "userspace/output/ipfix.def"
	FB_IESPEC_NULL
};

static fbInfoElementSpec_t summary_spec[] = {
#define IPFIX_SUMMARY SPEC
#include "userspace/output/ipfix.def"
	FB_IESPEC_NULL
};

static fbInfoElementSpec_t finding_spec[] = {
#define IPFIX_FINDING SPEC_ENTRY
#include "userspace/output/ipfix.def"
	FB_IESPEC_NULL
};

static fbInfoElementSpec_t number_spec[] = {
#define IPFIX_NUMBER SPEC_ENTRY
#include "userspace/output/ipfix.def"
	FB_IESPEC_NULL
};

static fbInfoElementSpec_t packet_spec[] = {
#define IPFIX_PACKET SPEC_ENTRY
#include "userspace/output/ipfix.def"
	FB_IESPEC_NULL
};

/* ---- the file ---- */

struct ipfix {
	fbInfoModel_t *model;
	fbSession_t *session;
	fBuf_t *buf;
	GHashTable *kinds[2]; /* of flows, endpoints: elements that they have -> template */
	__u16 next;           /* number for the next template */
	size_t filled;        /* bytes in the message that is being made, at most */
	int err;              /* first failure, -errno: nothing is written after it */
	struct ipfix_room room;
};

/* What a call of libfixbuf came to; errno was 0 before it. */
static void ipfix_failed(struct ipfix *x, GError **error)
{
	int err = errno ? -errno : -EIO;

	if (g_error_matches(*error, FB_ERROR_DOMAIN, FB_ERROR_EOM))
		err = -EMSGSIZE;
	g_clear_error(error);
	if (!x->err)
		x->err = err;
}

/* A template of the elements that are in every record, and of those in has; 0 after a failure. */
static fbTemplate_t *ipfix_template(struct ipfix *x, fbInfoElementSpec_t *spec, __u32 has)
{
	fbTemplate_t *t = fbTemplateAlloc(x->model);
	GError *error = NULL;

	if (fbTemplateAppendSpecArray(t, spec, has, &error))
		return t;
	fbTemplateFreeUnused(t);
	ipfix_failed(x, &error);
	return NULL;
}

/* For records in memory, in messages, or both. */
static void ipfix_add(struct ipfix *x, fbTemplate_t *t, __u16 id, bool internal, bool external)
{
	GError *error = NULL;

	if (!t)
		return;
	errno = 0;
	if (!x->err && ((internal && !fbSessionAddTemplate(x->session, TRUE, id, t, &error)) ||
			(external && !fbSessionAddTemplate(x->session, FALSE, id, t, &error))))
		ipfix_failed(x, &error);
	/* Nobody else would. */
	if (x->err)
		fbTemplateFreeUnused(t);
}

/*
 * A record goes into a new message before the one it is for is full: a set that turns out to have
 * no room for it would stay there, empty, which is no proper one (RFC 7011, 3.3.1).
 */
static void ipfix_put(struct ipfix *x, __u16 in_memory, __u16 in_message, void *record, size_t size)
{
	GError *error = NULL;
	size_t bytes = SET_HEAD + x->room.bytes;

	errno = 0;
	if (!x->err && x->filled + bytes > MESSAGE_ROOM) {
		if (!fBufEmit(x->buf, &error))
			ipfix_failed(x, &error);
		x->filled = MESSAGE_HEAD;
	}
	x->filled += bytes;
	if (!x->err && (!fBufSetInternalTemplate(x->buf, in_memory, &error) ||
			!fBufSetExportTemplate(x->buf, in_message, &error) ||
			!fBufAppend(x->buf, record, size, &error)))
		ipfix_failed(x, &error);
}

/* ---- what our elements are (RFC 5610) ---- */

static void ipfix_model(struct ipfix *x, __u32 pen)
{
	x->model = fbInfoModelAlloc();
	for (size_t i = 0; i < ELEMENTS; i++) {
		const struct element *e = &elements[i];
		fbInfoElement_t ie = { .ref.name = e->name,
				       .ent = pen,
				       .num = e->id,
				       .len = e->len,
				       .flags = e->flags | e->endian,
				       .type = e->type,
				       .description = e->what };

		fbInfoModelAddElement(x->model, &ie);
	}
}

static void ipfix_tell(struct ipfix *x, const fbInfoElement_t *ie)
{
	GError *error = NULL;

	errno = 0;
	if (!x->err && !fbInfoElementWriteOptionsRecord(x->buf, ie, ID_TYPE, ID_TYPE, &error))
		ipfix_failed(x, &error);
}

static void ipfix_tell_all(struct ipfix *x)
{
	GError *error = NULL;
	fbTemplate_t *t = fbInfoElementAllocTypeTemplate(x->model, &error);

	if (!t)
		ipfix_failed(x, &error);
	ipfix_add(x, t, ID_TYPE, true, true);
	for (size_t i = 0; i < ELEMENTS; i++) {
		const fbInfoElement_t *ie = fbInfoModelGetElementByName(x->model, elements[i].name);

		ipfix_tell(x, ie);
		if (elements[i].flags & FB_IE_F_REVERSIBLE)
			ipfix_tell(x, fbInfoModelGetElementByID(x->model,
								ie->num | FB_IE_VENDOR_BIT_REVERSE,
								ie->ent));
	}
}

/* ---- open, write, close ---- */

static void ipfix_templates(struct ipfix *x)
{
	fbInfoElementSpec_t *const lists[IPFIX_LISTS] = { [IPFIX_LIST_FINDING] = finding_spec,
							  [IPFIX_LIST_NUMBER] = number_spec,
							  [IPFIX_LIST_PACKET] = packet_spec };
	fbTemplate_t *summary;

	for (int i = 0; i < IPFIX_LISTS; i++) {
		fbTemplate_t *t = ipfix_template(x, lists[i], 0);

		x->room.template[i] = t;
		x->room.template_id[i] = (__u16)(ID_LISTS + i);
		ipfix_add(x, t, x->room.template_id[i], true, true);
	}
	ipfix_add(x, ipfix_template(x, flow_spec, ~0U), ID_FLOW, true, false);
	ipfix_add(x, ipfix_template(x, endpoint_spec, ~0U), ID_ENDPOINT, true, false);
	summary = ipfix_template(x, summary_spec, 0);
	if (summary)
		fbTemplateSetOptionsScope(summary, 1);
	ipfix_add(x, summary, ID_SUMMARY, true, true);
	x->next = ID_KINDS;
}

int ipfix_open(struct ipfix **out, FILE *to, __u32 pen)
{
	struct ipfix *x = calloc(1, sizeof(*x));

	*out = x;
	if (!x)
		return -ENOMEM;
	ipfix_model(x, pen);
	x->session = fbSessionAlloc(x->model);
	x->buf = fBufAllocForExport(x->session, fbExporterAllocFP(to));
	for (int i = 0; i < 2; i++)
		x->kinds[i] = g_hash_table_new(NULL, NULL);
	x->room.texts = g_string_chunk_new(4096);
	ipfix_tell_all(x);
	ipfix_templates(x);
	return 0;
}

/* The template for records with these elements, made when they are first met. */
static __u16 ipfix_kind(struct ipfix *x, GHashTable *kinds, fbInfoElementSpec_t *spec, __u32 has)
{
	__u16 id = (__u16)GPOINTER_TO_UINT(g_hash_table_lookup(kinds, GUINT_TO_POINTER(has)));

	if (id || x->err)
		return id;
	if (x->next == ID_KINDS + KINDS_MOST) {
		x->err = -ENOSPC;
		return 0;
	}
	id = x->next++;
	ipfix_add(x, ipfix_template(x, spec, has), id, false, true);
	g_hash_table_insert(kinds, GUINT_TO_POINTER(has), GUINT_TO_POINTER(id));
	return id;
}

void ipfix_report(struct ipfix *x, const struct report *r)
{
	struct ipfix_flow flow;
	struct ipfix_endpoint endpoint;
	struct ipfix_summary summary;

	for (size_t i = 0; i < r->flows_n && !x->err; i++) {
		__u32 has = ipfix_flow(&flow, &x->room, r, r->flows[i]);

		ipfix_put(x, ID_FLOW, ipfix_kind(x, x->kinds[0], flow_spec, has), &flow,
			  sizeof(flow));
		g_string_chunk_clear(x->room.texts);
	}
	for (size_t i = 0; i < r->endpoints_n && !x->err; i++) {
		__u32 has = ipfix_endpoint(&endpoint, &x->room, r, &r->endpoints[i]);

		ipfix_put(x, ID_ENDPOINT, ipfix_kind(x, x->kinds[1], endpoint_spec, has), &endpoint,
			  sizeof(endpoint));
		g_string_chunk_clear(x->room.texts);
	}
	ipfix_summary(&summary, &x->room, r);
	ipfix_put(x, ID_SUMMARY, ID_SUMMARY, &summary, sizeof(summary));
}

int ipfix_close(struct ipfix *x)
{
	GError *error = NULL;
	int err;

	if (!x)
		return 0;
	errno = 0;
	if (!x->err && !fBufEmit(x->buf, &error))
		ipfix_failed(x, &error);
	err = x->err;
	fBufFree(x->buf);
	fbInfoModelFree(x->model);
	for (int i = 0; i < 2; i++)
		g_hash_table_destroy(x->kinds[i]);
	g_string_chunk_free(x->room.texts);
	free(x);
	return err;
}

bool ipfix_is_built(void)
{
	return true;
}

#else

/* Nobody opens what is not built. */
bool ipfix_is_built(void)
{
	return false;
}

int ipfix_open(struct ipfix **out, FILE *to, __u32 pen)
{
	(void)to;
	(void)pen;
	*out = NULL;
	return -ENOSYS;
}

void ipfix_report(struct ipfix *x, const struct report *r)
{
	(void)x;
	(void)r;
}

int ipfix_close(struct ipfix *x)
{
	(void)x;
	return 0;
}
#endif
