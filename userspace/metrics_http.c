// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* GET and HEAD of /metrics and of a page that points there; in the caller's loop, without threads. */
#include "userspace/metrics_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <microhttpd.h>

#include "userspace/complain.h"
#include "userspace/ondemand.h"

/* Prometheus keeps one connection open; two of them and a few curious people may come. */
#define HTTP_CONNECTIONS        32U
#define HTTP_CONNECTIONS_PER_IP 16U
#define HTTP_TIMEOUT_S          10U
#define HTTP_MEMORY             16384U /* bytes a connection, of the request */
#define HTTP_BACKLOG            32
/* Turns without waiting: a flood of requests leaves time for the rest. */
#define HTTP_TURNS 64

#define HTTP_TEXT "text/plain; version=0.0.4; charset=utf-8"

static const char http_home[] =
	"<!DOCTYPE html><title>wscope</title><p>wscope: <a href=\"/metrics\">metrics</a></p>\n";

#define HTTP_CALLS(X)                      \
	X(MHD_start_daemon)                \
	X(MHD_stop_daemon)                 \
	X(MHD_get_daemon_info)             \
	X(MHD_get_timeout)                 \
	X(MHD_run)                         \
	X(MHD_create_response_from_buffer) \
	X(MHD_add_response_header)         \
	X(MHD_queue_response)              \
	X(MHD_destroy_response)

static struct {
	HTTP_CALLS(ONDEMAND_MEMBER)
} mhd;
static const char *const http_calls[] = { HTTP_CALLS(ONDEMAND_NAME) };

struct metrics_http {
	struct MHD_Daemon *daemon;
	struct metrics *metrics;
	int epoll;
};

int metrics_listen(int *out, const char *address)
{
	struct sockaddr_storage where;
	socklen_t len = metrics_address_listen(&where, address);
	int one = 1, fd = -1, err = len ? 0 : -EINVAL;

	/* While there are privileges to open files with. */
	if (ondemand_load(WSCOPE_MICROHTTPD, &mhd, http_calls,
			  sizeof(http_calls) / sizeof(*http_calls)))
		return -ENOENT;
	if (!err)
		fd = socket(where.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (!err && (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
		     bind(fd, (const struct sockaddr *)&where, len) || listen(fd, HTTP_BACKLOG)))
		err = -errno;
	if (!err) {
		*out = fd;
		return 0;
	}
	complain("cannot serve metrics on '%s': %s", address, strerror(-err));
	if (fd >= 0)
		close(fd);
	return err;
}

static enum MHD_Result http_answer(struct MHD_Connection *c, unsigned int status, const char *type,
				   void *text, size_t size, enum MHD_ResponseMemoryMode memory)
{
	struct MHD_Response *r = mhd.MHD_create_response_from_buffer(size, text, memory);
	enum MHD_Result done;

	if (!r) {
		if (memory == MHD_RESPMEM_MUST_FREE)
			free(text);
		return MHD_NO;
	}
	mhd.MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		mhd.MHD_add_response_header(r, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	done = mhd.MHD_queue_response(c, status, r);
	mhd.MHD_destroy_response(r);
	return done;
}

static enum MHD_Result http_short(struct MHD_Connection *c, unsigned int status, const char *type,
				  const char *text)
{
	return http_answer(c, status, type, (void *)text, strlen(text), MHD_RESPMEM_PERSISTENT);
}

static enum MHD_Result http_metrics(struct MHD_Connection *c, struct metrics *m)
{
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);
	int err = to ? metrics_write(m, to) : -errno;

	if (to && fclose(to) && !err)
		err = -ENOMEM;
	if (!err)
		return http_answer(c, MHD_HTTP_OK, HTTP_TEXT, text, size, MHD_RESPMEM_MUST_FREE);
	free(text);
	return http_short(c, MHD_HTTP_SERVICE_UNAVAILABLE, "text/plain",
			  "the programs' counters cannot be read\n");
}

static enum MHD_Result http_request(void *arg, struct MHD_Connection *c, const char *url,
				    const char *method, const char *version, const char *data,
				    size_t *data_n, void **state)
{
	const struct metrics_http *h = arg;

	(void)version;
	(void)data;
	(void)data_n;
	(void)state;
	if (strcmp(method, MHD_HTTP_METHOD_GET) && strcmp(method, MHD_HTTP_METHOD_HEAD))
		return http_short(c, MHD_HTTP_METHOD_NOT_ALLOWED, "text/plain",
				  "GET and HEAD only\n");
	if (!strcmp(url, "/metrics"))
		return http_metrics(c, h->metrics);
	if (!strcmp(url, "/"))
		return http_short(c, MHD_HTTP_OK, "text/html", http_home);
	return http_short(c, MHD_HTTP_NOT_FOUND, "text/plain", "see /metrics\n");
}

int metrics_http_open(struct metrics_http **out, int fd, struct metrics *m)
{
	struct metrics_http *h = calloc(1, sizeof(*h));
	const union MHD_DaemonInfo *info = NULL;

	*out = NULL;
	if (h) {
		h->metrics = m;
		h->daemon = mhd.MHD_start_daemon(
			MHD_USE_EPOLL, 0, NULL, NULL, http_request, h, MHD_OPTION_LISTEN_SOCKET, fd,
			MHD_OPTION_CONNECTION_LIMIT, HTTP_CONNECTIONS,
			MHD_OPTION_PER_IP_CONNECTION_LIMIT, HTTP_CONNECTIONS_PER_IP,
			MHD_OPTION_CONNECTION_TIMEOUT, HTTP_TIMEOUT_S,
			MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_MEMORY, MHD_OPTION_END);
	}
	if (!h || !h->daemon) {
		close(fd);
		free(h);
		return -ENOMEM;
	}
	info = mhd.MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	h->epoll = info ? info->epoll_fd : -1;
	*out = h;
	return h->epoll < 0 ? -EOPNOTSUPP : 0;
}

void metrics_http_close(struct metrics_http *h)
{
	if (!h)
		return;
	mhd.MHD_stop_daemon(h->daemon);
	free(h);
}

int metrics_http_fd(const struct metrics_http *h)
{
	return h ? h->epoll : -1;
}

void metrics_http_run(struct metrics_http *h)
{
	MHD_UNSIGNED_LONG_LONG wait = 0;

	for (int i = 0; h && i < HTTP_TURNS && !wait; i++) {
		mhd.MHD_run(h->daemon);
		if (mhd.MHD_get_timeout(h->daemon, &wait) != MHD_YES)
			break;
	}
}
