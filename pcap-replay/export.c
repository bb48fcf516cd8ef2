// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "pcap-replay/export.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pcap-replay/result_file.h"
#include "userspace/complain.h"
#include "userspace/exit_status.h"
#include "userspace/output/ipfix.h"

#define EXPORT_ERROR_LEN 8192  /* a path and what is wrong */
#define EXPORT_PEN       32473 /* a private enterprise number for examples (RFC 5612) */

struct export
{
	struct ipfix *ipfix;
	FILE *to;
};

int export_open(struct export **out, const struct options *o)
{
	char error[EXPORT_ERROR_LEN] = "";
	struct export *e;
	FILE *to;
	int err;

	if (!ipfix_is_built()) {
		complain("--ipfix is not in this build: it was made without libfixbuf");
		return EXIT_USAGE;
	}
	err = result_file_open(&to, "ipfix", o->ipfix, true, o, error, sizeof(error));
	if (err) {
		complain("%s", error);
		return err == -EEXIST ? EXIT_USAGE : EXIT_INCOMPLETE;
	}
	e = calloc(1, sizeof(*e));
	if (e && !ipfix_open(&e->ipfix, to, o->ipfix_pen ? o->ipfix_pen : EXPORT_PEN)) {
		e->to = to;
		*out = e;
		return EXIT_NOTHING;
	}
	free(e);
	fclose(to);
	complain("out of memory");
	return EXIT_INCOMPLETE;
}

void export_report(struct export *e, const struct report *r)
{
	ipfix_report(e->ipfix, r);
}

int export_close(struct export *e, const struct options *o)
{
	int err;

	if (!e)
		return EXIT_NOTHING;
	err = ipfix_close(e->ipfix);
	if (fclose(e->to) && !err)
		err = -errno;
	free(e);
	if (!err)
		return EXIT_NOTHING;
	complain("cannot write '%s': %s", o->ipfix,
		 err == -EMSGSIZE ? "a record is longer than an IPFIX message" : strerror(-err));
	return EXIT_INCOMPLETE;
}
