/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Addresses as options of metrics write them: numbers only, nobody is asked for a name. */
#ifndef USERSPACE_METRICS_ADDRESS_H
#define USERSPACE_METRICS_ADDRESS_H

#include <stdbool.h>

#include <sys/socket.h>

#include "engine/flow.h"

/* [ADDR:]PORT, IPv6 in brackets, by default 127.0.0.1. The length of *out, or 0: it is none. */
socklen_t metrics_address_listen(struct sockaddr_storage *out, const char *text);

/* ADDR:PORT, a server there, or ADDR, a client. False: it is none. */
bool metrics_address_endpoint(struct endpoint_key *out, const char *text);

#endif
