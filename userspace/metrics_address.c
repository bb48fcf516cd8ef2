// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/metrics_address.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#define ADDRESS_DEFAULT "127.0.0.1"

/* A port from 1 on; 0: it is none. */
static __u16 address_port(const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	return isdigit((unsigned char)*text) && !*end && n <= 0xffff ? (__u16)n : 0;
}

/*
 * The address goes to host, "" where only a port is given; *port is what follows its colon, or
 * NULL. False when it cannot be.
 */
static bool address_split(const char *text, char host[INET6_ADDRSTRLEN], const char **port)
{
	const char *end = strrchr(text, ':');
	size_t n;

	*port = NULL;
	if (*text == '[') {
		end = strchr(++text, ']');
		if (!end || (end[1] && end[1] != ':'))
			return false;
		*port = end[1] ? end + 2 : NULL;
	} else if (end && strchr(text, ':') == end) {
		*port = end + 1;
	} else {
		end = text + strlen(text);
	}
	n = (size_t)(end - text);
	if (n >= INET6_ADDRSTRLEN)
		return false;
	memcpy(host, text, n);
	host[n] = '\0';
	return true;
}

socklen_t metrics_address_listen(struct sockaddr_storage *out, const char *text)
{
	struct sockaddr_in *four = (struct sockaddr_in *)out;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;
	char host[INET6_ADDRSTRLEN];
	const char *port;
	__u16 number;

	memset(out, 0, sizeof(*out));
	if (!address_split(text, host, &port))
		return 0;
	if (!port) { /* a port alone */
		port = host;
		text = "";
	}
	number = address_port(port);
	if (!number)
		return 0;
	if (!*text || !*host)
		strcpy(host, ADDRESS_DEFAULT);
	if (inet_pton(AF_INET, host, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons(number);
		return sizeof(*four);
	}
	if (inet_pton(AF_INET6, host, &six->sin6_addr) != 1)
		return 0;
	six->sin6_family = AF_INET6;
	six->sin6_port = htons(number);
	return sizeof(*six);
}

bool metrics_address_endpoint(struct endpoint_key *out, const char *text)
{
	char host[INET6_ADDRSTRLEN];
	const char *port;

	memset(out, 0, sizeof(*out));
	if (!address_split(text, host, &port))
		return false;
	if (inet_pton(AF_INET, host, out->addr) != 1) {
		if (inet_pton(AF_INET6, host, out->addr) != 1)
			return false;
		out->domain = DOMAIN_IPV6;
	}
	out->role = port ? ENDPOINT_SERVER : ENDPOINT_CLIENT;
	out->port = port ? address_port(port) : 0;
	return !port || out->port;
}
