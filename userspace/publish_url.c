// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What publishing makes of names and URLs that were given. */
#include "userspace/publish.h"

#include <string.h>

static const char *const url_schemes[] = { "nats://", "tls://" };

void publish_node(char out[PUBLISH_NODE_ROOM], const char *name)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	size_t n = 0;

	for (; n < PUBLISH_NODE_ROOM - 1 && name[n]; n++)
		out[n] = strchr(plain, name[n]) ? name[n] : '_';
	out[n] = '\0';
}

/* Bytes of the scheme at the start of a URL; 0: it has none of ours. */
static size_t url_scheme(const char *url)
{
	for (size_t i = 0; i < sizeof(url_schemes) / sizeof(url_schemes[0]); i++) {
		if (!strncmp(url, url_schemes[i], strlen(url_schemes[i])))
			return strlen(url_schemes[i]);
	}
	return 0;
}

/* Where the host begins in the n bytes of a URL behind its scheme: behind the last '@'. */
static size_t url_host(const char *rest, size_t n)
{
	const char *at = memrchr(rest, '@', n);

	return at ? (size_t)(at - rest) + 1 : 0;
}

bool publish_is_urls(const char *urls)
{
	for (;;) {
		size_t scheme = url_scheme(urls), n = strcspn(urls, ",");
		size_t host = scheme ? scheme + url_host(urls + scheme, n - scheme) : n;

		if (host >= n || urls[host] == ':' || urls[host] == '/')
			return false;
		if (!urls[n])
			return true;
		urls += n + 1;
	}
}

void publish_shown(char *out, const char *urls)
{
	for (;;) {
		size_t scheme = url_scheme(urls), n = strcspn(urls, ",");
		size_t host = scheme + url_host(urls + scheme, n - scheme);

		out = mempcpy(out, urls, scheme);
		out = mempcpy(out, urls + host, n - host);
		*out++ = urls[n];
		if (!urls[n])
			return;
		urls += n + 1;
	}
}
