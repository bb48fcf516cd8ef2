// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/publish_wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#ifdef WSCOPE_NATS
#include <nats/nats.h>

#include "userspace/complain.h"
#include "userspace/ondemand.h"

#define WIRE_SERVERS_MOST 16
#define WIRE_CONNECT_MS   2000
#define WIRE_WRITE_MS     2000
#define WIRE_PING_MS      20000 /* a server that answers no two of these is gone */
#define WIRE_PINGS        2
#define WIRE_CLOSE_MS     500
#define WIRE_TLS          "tls://"

#define WIRE_CALLS(X)                              \
	X(natsOptions_Create)                      \
	X(natsOptions_Destroy)                     \
	X(natsOptions_SetServers)                  \
	X(natsOptions_SetName)                     \
	X(natsOptions_SetAllowReconnect)           \
	X(natsOptions_SetTimeout)                  \
	X(natsOptions_SetWriteDeadline)            \
	X(natsOptions_SetPingInterval)             \
	X(natsOptions_SetMaxPingsOut)              \
	X(natsOptions_SetErrorHandler)             \
	X(natsOptions_SetSecure)                   \
	X(natsOptions_SetUserCredentialsFromFiles) \
	X(natsConnection_Connect)                  \
	X(natsConnection_IsClosed)                 \
	X(natsConnection_GetMaxPayload)            \
	X(natsConnection_Publish)                  \
	X(natsConnection_FlushTimeout)             \
	X(natsConnection_Destroy)                  \
	X(natsStatus_GetText)                      \
	X(nats_GetLastError)                       \
	X(nats_CloseAndWait)

static struct {
	WIRE_CALLS(ONDEMAND_MEMBER)
} nats;
static const char *const wire_calls[] = { WIRE_CALLS(ONDEMAND_NAME) };

struct publish_wire {
	natsOptions *options;
	natsConnection *connection;
	void (*refused)(void *arg);
	void *arg;
};

bool publish_wire_is_built(void)
{
	return true;
}

int publish_wire_open(struct publish_wire **out)
{
	int err = ondemand_load(WSCOPE_NATS, &nats, wire_calls,
				sizeof(wire_calls) / sizeof(*wire_calls));

	*out = NULL;
	if (err)
		return err;
	*out = calloc(1, sizeof(**out));
	if (!*out)
		complain("out of memory");
	return *out ? 0 : -ENOMEM;
}

/* What libnats tells of at any time; a lost connection is seen by who uses it. */
static void wire_error(natsConnection *connection, natsSubscription *subscription, natsStatus s,
		       void *arg)
{
	const struct publish_wire *w = arg;

	(void)connection;
	(void)subscription;
	if (s == NATS_NOT_PERMITTED)
		w->refused(w->arg);
}

static natsStatus wire_servers(const struct publish_wire *w, const char *list)
{
	const char *servers[WIRE_SERVERS_MOST];
	char *copy = strdup(list), *rest = copy, *word;
	natsStatus s = copy ? NATS_OK : NATS_NO_MEMORY;
	int n = 0;

	while (s == NATS_OK && (word = strsep(&rest, ","))) {
		if (n < WIRE_SERVERS_MOST)
			servers[n++] = word;
		else
			s = NATS_INVALID_ARG;
	}
	if (s == NATS_OK)
		s = nats.natsOptions_SetServers(w->options, servers, n);
	if (s == NATS_OK && strstr(list, WIRE_TLS))
		s = nats.natsOptions_SetSecure(w->options, true);
	free(copy);
	return s;
}

int publish_wire_start(struct publish_wire *w, const struct options *o, const char *name,
		       void (*refused)(void *arg), void *arg)
{
	natsStatus s = nats.natsOptions_Create(&w->options);

	w->refused = refused;
	w->arg = arg;
	if (s == NATS_OK)
		s = wire_servers(w, o->nats);
	if (s == NATS_OK)
		s = nats.natsOptions_SetName(w->options, name);
	if (s == NATS_OK)
		s = nats.natsOptions_SetAllowReconnect(w->options, false);
	if (s == NATS_OK)
		s = nats.natsOptions_SetTimeout(w->options, WIRE_CONNECT_MS);
	if (s == NATS_OK)
		s = nats.natsOptions_SetWriteDeadline(w->options, WIRE_WRITE_MS);
	if (s == NATS_OK)
		s = nats.natsOptions_SetPingInterval(w->options, WIRE_PING_MS);
	if (s == NATS_OK)
		s = nats.natsOptions_SetMaxPingsOut(w->options, WIRE_PINGS);
	if (s == NATS_OK)
		s = nats.natsOptions_SetErrorHandler(w->options, wire_error, w);
	if (s == NATS_OK && o->nats_creds)
		s = nats.natsOptions_SetUserCredentialsFromFiles(w->options, o->nats_creds, NULL);
	if (s == NATS_OK)
		return 0;
	complain("cannot prepare for NATS: %s", nats.natsStatus_GetText(s));
	return -EINVAL;
}

/* Of the library's longer texts only those are told that cannot have a URL in them. */
static const char *wire_text(natsStatus s)
{
	const char *more = s == NATS_SSL_ERROR ? nats.nats_GetLastError(NULL) : NULL;

	return more && *more ? more : nats.natsStatus_GetText(s);
}

const char *publish_wire_connect(struct publish_wire *w)
{
	natsStatus s;

	publish_wire_hang_up(w);
	s = nats.natsConnection_Connect(&w->connection, w->options);
	return s == NATS_OK ? NULL : wire_text(s);
}

bool publish_wire_is_up(struct publish_wire *w)
{
	return w->connection && !nats.natsConnection_IsClosed(w->connection);
}

int publish_wire_send(struct publish_wire *w, const char *subject, const char *line, size_t len)
{
	int64_t most = nats.natsConnection_GetMaxPayload(w->connection);

	if (most > 0 && len > (size_t)most)
		return -EMSGSIZE;
	return nats.natsConnection_Publish(w->connection, subject, line, (int)len) == NATS_OK
		       ? 0
		       : -EPIPE;
}

int publish_wire_flush(struct publish_wire *w, unsigned int ms)
{
	natsStatus s = nats.natsConnection_FlushTimeout(w->connection, ms);

	if (s == NATS_TIMEOUT && publish_wire_is_up(w))
		return -ETIMEDOUT;
	return s == NATS_OK ? 0 : -EPIPE;
}

void publish_wire_hang_up(struct publish_wire *w)
{
	nats.natsConnection_Destroy(w->connection);
	w->connection = NULL;
}

bool publish_wire_close(struct publish_wire *w)
{
	bool ended = true;

	if (!w)
		return true;
	publish_wire_hang_up(w);
	if (w->options) {
		nats.natsOptions_Destroy(w->options);
		ended = nats.nats_CloseAndWait(WIRE_CLOSE_MS) == NATS_OK;
	}
	if (ended)
		free(w);
	return ended;
}

#else

/* Nobody opens what is not built. */
bool publish_wire_is_built(void)
{
	return false;
}

int publish_wire_open(struct publish_wire **out)
{
	*out = NULL;
	return -ENOSYS;
}

int publish_wire_start(struct publish_wire *w, const struct options *o, const char *name,
		       void (*refused)(void *arg), void *arg)
{
	(void)w;
	(void)o;
	(void)name;
	(void)refused;
	(void)arg;
	return -ENOSYS;
}

const char *publish_wire_connect(struct publish_wire *w)
{
	(void)w;
	return "not built";
}

bool publish_wire_is_up(struct publish_wire *w)
{
	(void)w;
	return false;
}

int publish_wire_send(struct publish_wire *w, const char *subject, const char *line, size_t len)
{
	(void)w;
	(void)subject;
	(void)line;
	(void)len;
	return -EPIPE;
}

int publish_wire_flush(struct publish_wire *w, unsigned int ms)
{
	(void)w;
	(void)ms;
	return -EPIPE;
}

void publish_wire_hang_up(struct publish_wire *w)
{
	(void)w;
}

bool publish_wire_close(struct publish_wire *w)
{
	(void)w;
	return true;
}
#endif
