// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The file of a baseline: read strictly, written whole or not at all. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "userspace/baseline.h"
#include "userspace/names.h"
#include "userspace/record.h"
#include "userspace/version.h"

#define BASELINE_TYPE "baseline"

/* What is known of an endpoint's domain, beside its number. */
static const struct {
	const char *name;
	__u32 bits;
} baseline_domains[] = {
	{ "none", 0 },
	{ "vni", DOMAIN_VNI },
	{ "vlan", DOMAIN_VLAN },
};

#define BASELINE_DOMAINS (sizeof(baseline_domains) / sizeof(baseline_domains[0]))

/* ---- reading ---- */

/* Says why; -EINVAL. */
__attribute__((format(printf, 2, 3))) static int refuse(char error[BASELINE_ERROR_ROOM],
							const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(error, BASELINE_ERROR_ROOM, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

static bool take_number(const json_t *object, const char *name, __u64 most, __u64 *out)
{
	const json_t *value = json_object_get(object, name);
	json_int_t n = json_integer_value(value);

	*out = (__u64)n;
	return json_is_integer(value) && n >= 0 && *out <= most;
}

static bool take_address(const json_t *object, struct endpoint_key *key)
{
	const char *text = json_string_value(json_object_get(object, "address"));
	bool ipv6 = text && strchr(text, ':');

	if (!text || inet_pton(ipv6 ? AF_INET6 : AF_INET, text, key->addr) != 1)
		return false;
	key->domain = ipv6 ? DOMAIN_IPV6 : 0;
	return true;
}

static bool take_role(const json_t *object, struct endpoint_key *key)
{
	const char *text = json_string_value(json_object_get(object, "role"));
	int role = text ? names_find(NAMES_ROLE, text) : -1;

	key->role = (__u16)role;
	return role >= 0;
}

/* Behind take_address(), which knows the family. */
static bool take_domain(const json_t *object, struct endpoint_key *key)
{
	const char *kind = json_string_value(json_object_get(object, "domain_kind"));
	__u64 number;

	for (size_t i = 0; kind && i < BASELINE_DOMAINS; i++) {
		__u32 bits = baseline_domains[i].bits;

		if (strcmp(kind, baseline_domains[i].name) != 0)
			continue;
		if (!take_number(object, "domain", bits ? DOMAIN_NUMBER : 0, &number))
			return false;
		key->domain |= bits | (__u32)number;
		return true;
	}
	return false;
}

#define MEMBERS 9 /* that an endpoint has */

/* The member that is missing or makes no sense; NULL when all is well. */
static const char *take_endpoint(const json_t *object, struct baseline_endpoint *out)
{
	__u64 port, first, last;

	memset(out, 0, sizeof(*out));
	if (!take_address(object, &out->key))
		return "address";
	if (!take_role(object, &out->key))
		return "role";
	if (!take_number(object, "port", out->key.role == ENDPOINT_CLIENT ? 0 : 65535, &port))
		return "port";
	if (!take_domain(object, &out->key))
		return "domain";
	if (!take_number(object, "opportunities", INT64_MAX, &out->opportunities))
		return "opportunities";
	if (!take_number(object, "offers", out->opportunities, &out->offers))
		return "offers";
	if (!take_number(object, "last_ns", INT64_MAX, &last))
		return "last_ns";
	if (!take_number(object, "first_ns", last, &first))
		return "first_ns";
	out->key.port = (__u16)port;
	out->first_ns = (__s64)first;
	out->last_ns = (__s64)last;
	return NULL;
}

static int endpoint_order(const void *a, const void *b)
{
	const struct baseline_endpoint *x = a, *y = b;

	return memcmp(&x->key, &y->key, sizeof(x->key));
}

static int refuse_duplicate(char error[BASELINE_ERROR_ROOM], const struct endpoint_key *key)
{
	char address[RECORD_ENDPOINT_ROOM];

	record_address_port(address, key->addr, key->domain & DOMAIN_IPV6, key->port);
	return refuse(error, "%s as %s is there twice", address, names_of(NAMES_ROLE, key->role));
}

static int take_endpoints(struct baseline *b, const json_t *list, char error[BASELINE_ERROR_ROOM])
{
	size_t n = json_array_size(list);

	if (!json_is_array(list))
		return refuse(error, "'endpoints' is no list");
	if (n > BASELINE_MOST)
		return refuse(error, "more than %u endpoints", BASELINE_MOST);
	b->endpoints = calloc(n + 1, sizeof(*b->endpoints));
	if (!b->endpoints)
		return -ENOMEM;
	for (b->n = 0; b->n < n; b->n++) {
		const json_t *object = json_array_get(list, b->n);
		const char *bad = take_endpoint(object, &b->endpoints[b->n]);

		if (bad)
			return refuse(error, "endpoint %zu: '%s' is missing or makes no sense",
				      b->n + 1, bad);
		if (json_object_size(object) != MEMBERS)
			return refuse(error, "endpoint %zu has a member that is not known",
				      b->n + 1);
	}
	qsort(b->endpoints, n, sizeof(*b->endpoints), endpoint_order);
	for (size_t i = 1; i < n; i++) {
		if (!endpoint_order(&b->endpoints[i - 1], &b->endpoints[i]))
			return refuse_duplicate(error, &b->endpoints[i].key);
	}
	return 0;
}

/* The whole of the file, which has a type and a schema of this version. */
static int take_baseline(struct baseline *b, const json_t *root, char error[BASELINE_ERROR_ROOM])
{
	const char *type = json_string_value(json_object_get(root, "type"));
	const json_t *schema = json_object_get(root, "schema");

	if (!type || strcmp(type, BASELINE_TYPE) != 0)
		return refuse(error, "it is no baseline: its 'type' is not '" BASELINE_TYPE "'");
	if (!json_is_integer(schema))
		return refuse(error, "it has no 'schema'");
	if (json_integer_value(schema) != BASELINE_SCHEMA)
		return refuse(error, "schema %lld is not known here, only %d",
			      (long long)json_integer_value(schema), BASELINE_SCHEMA);
	if (!json_is_string(json_object_get(root, "wscope")))
		return refuse(error, "it has no 'wscope', the version that wrote it");
	if (json_object_size(root) != 4)
		return refuse(error, "it has a member that is not known, or no 'endpoints'");
	return take_endpoints(b, json_object_get(root, "endpoints"), error);
}

/* All bytes of a file, one more than BASELINE_BYTES_MOST at most; the caller's to free. 0 or -errno. */
static int read_all(const char *path, char **bytes, size_t *n)
{
	size_t room = 0;
	FILE *file = fopen(path, "re");
	int err = file ? 0 : -errno;

	*bytes = NULL;
	*n = 0;
	while (!err && *n == room && room <= BASELINE_BYTES_MOST) {
		char *grown;

		room = room ? 2 * room : 65536;
		grown = realloc(*bytes, room);
		if (!grown) {
			err = -ENOMEM;
			break;
		}
		*bytes = grown;
		errno = 0;
		*n += fread(*bytes + *n, 1, room - *n, file);
		if (ferror(file))
			err = errno ? -errno : -EIO;
	}
	if (file)
		fclose(file);
	return err ? err : *n > BASELINE_BYTES_MOST ? -EFBIG : 0;
}

static int parse(struct baseline *b, const char *bytes, size_t n, char error[BASELINE_ERROR_ROOM])
{
	json_error_t why;
	json_t *root;
	int err;

	if (!n)
		return refuse(error, "it is empty");
	root = json_loadb(bytes, n, JSON_REJECT_DUPLICATES, &why);
	if (!root)
		return refuse(error, "malformed in line %d: %s", why.line, why.text);
	err = take_baseline(b, root, error);
	json_decref(root);
	return err;
}

int baseline_read(struct baseline **out, const char *path, char error[BASELINE_ERROR_ROOM])
{
	struct baseline *b = calloc(1, sizeof(*b));
	char *bytes = NULL;
	size_t n = 0;
	int err = b ? read_all(path, &bytes, &n) : -ENOMEM;

	*out = NULL;
	*error = '\0';
	if (!err)
		err = parse(b, bytes, n, error);
	free(bytes);
	if (!err) {
		*out = b;
		return 0;
	}
	if (err == -EFBIG)
		snprintf(error, BASELINE_ERROR_ROOM, "larger than %u MiB",
			 BASELINE_BYTES_MOST >> 20);
	else if (!*error)
		snprintf(error, BASELINE_ERROR_ROOM, "%s", strerror(-err));
	baseline_free(b);
	return err;
}

/* ---- writing ---- */

static const char *domain_kind(__u32 domain)
{
	return domain & DOMAIN_VNI ? "vni" : domain & DOMAIN_VLAN ? "vlan" : "none";
}

static json_t *number(__u64 n)
{
	return json_integer(n > INT64_MAX ? INT64_MAX : (json_int_t)n);
}

/* A client's SYN is older than the packet that confirms it, and that made the entry. */
static __s64 first_time(const struct report *r, const struct endpoint *e)
{
	__u64 first = e->first_ns;

	if (e->bits & ENDPOINT_REFUSED && e->first_refusal_ns < first)
		first = e->first_refusal_ns;
	if (e->bits & ENDPOINT_OFFERED && e->last_offer_ns < first)
		first = e->last_offer_ns;
	return record_time(r, first);
}

static __s64 last_time(const struct report *r, const struct endpoint *e)
{
	__u64 last = e->bits & ENDPOINT_REFUSED ? e->last_refusal_ns : 0;

	if (e->bits & ENDPOINT_OFFERED && e->last_offer_ns > last)
		last = e->last_offer_ns;
	return record_time(r, last > e->first_ns ? last : e->first_ns);
}

/* An endpoint as an object, NULL when out of memory. Times before 1970 are 1970. */
static json_t *endpoint_object(const struct report *r, const struct endpoint_entry *entry)
{
	const struct endpoint_key *key = &entry->key;
	__s64 first = first_time(r, &entry->endpoint), last = last_time(r, &entry->endpoint);
	struct record_address address;

	record_address(&address, key->addr, key->domain & DOMAIN_IPV6);
	return json_pack("{s:s, s:i, s:s, s:i, s:s, s:o, s:o, s:I, s:I}", "address", address.text,
			 "port", (int)key->port, "role", names_of(NAMES_ROLE, key->role), "domain",
			 (int)(key->domain & DOMAIN_NUMBER), "domain_kind",
			 domain_kind(key->domain), "opportunities",
			 number(entry->endpoint.opportunities), "offers",
			 number(entry->endpoint.offers), "first_ns",
			 (json_int_t)(first > 0 ? first : 0), "last_ns",
			 (json_int_t)(last > 0 ? last : 0));
}

static int put_endpoint(FILE *to, const struct report *r, const struct endpoint_entry *entry,
			const char *before)
{
	json_t *object = endpoint_object(r, entry);
	int err = object ? 0 : -ENOMEM;

	if (!err && (fputs(before, to) < 0 || json_dumpf(object, to, JSON_COMPACT)))
		err = -EIO;
	json_decref(object);
	return err;
}

static int busiest_first(const void *a, const void *b)
{
	const struct endpoint_entry *const *x = a, *const *y = b;

	if ((*x)->endpoint.opportunities != (*y)->endpoint.opportunities)
		return (*x)->endpoint.opportunities < (*y)->endpoint.opportunities ? 1 : -1;
	return (*x > *y) - (*x < *y);
}

static int as_in_report(const void *a, const void *b)
{
	const struct endpoint_entry *const *x = a, *const *y = b;

	return (*x > *y) - (*x < *y);
}

/* The busiest, in the report's order. */
static int put_endpoints(FILE *to, const struct report *r)
{
	const struct endpoint_entry **list = malloc((r->endpoints_n + 1) * sizeof(*list));
	size_t n = r->endpoints_n;
	int err = 0;

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		list[i] = &r->endpoints[i];
	if (n > BASELINE_MOST) {
		qsort(list, n, sizeof(*list), busiest_first);
		n = BASELINE_MOST;
		qsort(list, n, sizeof(*list), as_in_report);
	}
	for (size_t i = 0; i < n && !err; i++)
		err = put_endpoint(to, r, list[i], i ? ",\n" : "\n");
	free(list);
	return err;
}

static int put_baseline(FILE *to, const struct report *r)
{
	int err;

	fprintf(to,
		"{\"type\":\"" BASELINE_TYPE "\",\"schema\":%d,\"wscope\":\"%s\",\"endpoints\":[",
		BASELINE_SCHEMA, WSCOPE_VERSION);
	err = put_endpoints(to, r);
	fprintf(to, "\n]}\n");
	errno = 0;
	if (!err && (fflush(to) || ferror(to)))
		err = errno ? -errno : -EIO;
	if (!err && (fchmod(fileno(to), 0644) || fsync(fileno(to))))
		err = -errno;
	return err;
}

/* A new file beside path, open for writing; name gets its name. NULL with errno. */
static FILE *open_beside(const char *path, char name[PATH_MAX])
{
	struct stat there;
	FILE *file;
	int fd, err;

	if (!stat(path, &there) && !S_ISREG(there.st_mode)) {
		errno = EINVAL;
		return NULL;
	}
	if (snprintf(name, PATH_MAX, "%s.XXXXXX", path) >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	fd = mkostemp(name, O_CLOEXEC);
	file = fd < 0 ? NULL : fdopen(fd, "w");
	if (fd >= 0 && !file) {
		err = errno;
		close(fd);
		unlink(name);
		errno = err;
	}
	return file;
}

int baseline_write(const char *path, const struct report *r)
{
	char name[PATH_MAX];
	FILE *file = open_beside(path, name);
	int err;

	if (!file)
		return -errno;
	err = put_baseline(file, r);
	if (fclose(file) && !err)
		err = -errno;
	if (!err && rename(name, path))
		err = -errno;
	if (err)
		unlink(name);
	return err;
}

int baseline_writable(const char *path)
{
	char name[PATH_MAX];
	FILE *file = open_beside(path, name);

	if (!file)
		return -errno;
	fclose(file);
	unlink(name);
	return 0;
}
