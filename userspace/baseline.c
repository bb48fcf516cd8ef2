// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/baseline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/verdict.h"
#include "userspace/complain.h"
#include "userspace/exit_status.h"

/* Too few opportunities for endpoint-off, and it took none of them. */
static bool baseline_is_small_and_off(const struct endpoint *e)
{
	return e->opportunities >= BASELINE_SMALL_MIN && e->opportunities < ENDPOINT_OFF_MIN &&
	       e->refusals == e->opportunities && !e->by_box;
}

unsigned int baseline_findings(const struct endpoint_entry *e,
			       const struct baseline_endpoint *before, struct finding *out,
			       unsigned int n)
{
	if (!before || !endpoint_was_on(before->opportunities, before->offers))
		return n;
	for (unsigned int i = 0; i < n; i++) {
		if (out[i].code == FINDING_endpoint_off)
			endpoint_accuse(&e->key, &e->endpoint, FINDING_endpoint_regressed, &out[i]);
	}
	if (!baseline_is_small_and_off(&e->endpoint))
		return n;
	endpoint_accuse(&e->key, &e->endpoint, FINDING_endpoint_regressed, &out[n]);
	out[n].confidence = CONFIDENCE_MEDIUM;
	return n + 1;
}

static int baseline_compare(const void *key, const void *endpoint)
{
	return memcmp(key, &((const struct baseline_endpoint *)endpoint)->key,
		      sizeof(struct endpoint_key));
}

const struct baseline_endpoint *baseline_find(const struct baseline *b,
					      const struct endpoint_key *key)
{
	if (!b || !b->n)
		return NULL;
	return bsearch(key, b->endpoints, b->n, sizeof(*b->endpoints), baseline_compare);
}

void baseline_free(struct baseline *b)
{
	if (!b)
		return;
	free(b->endpoints);
	free(b);
}

/* ---- for commands ---- */

static int baseline_complain_write(const char *path, int err)
{
	complain("cannot write baseline '%s': %s", path,
		 err == -EINVAL ? "there is something that is no file" : strerror(-err));
	return EXIT_INCOMPLETE;
}

int baseline_prepare(struct baseline **out, const struct options *o)
{
	char error[BASELINE_ERROR_ROOM];
	int err;

	*out = NULL;
	if (o->baseline && baseline_read(out, o->baseline, error)) {
		complain("cannot read baseline '%s': %s", o->baseline, error);
		return EXIT_INPUT;
	}
	err = o->save_baseline ? baseline_writable(o->save_baseline) : 0;
	return err ? baseline_complain_write(o->save_baseline, err) : EXIT_NOTHING;
}

int baseline_save(const struct options *o, const struct report *r)
{
	int err = o->save_baseline ? baseline_write(o->save_baseline, r) : 0;

	if (err)
		return baseline_complain_write(o->save_baseline, err);
	if (o->save_baseline && r->endpoints_n > BASELINE_MOST)
		complain("the baseline has the busiest %u of %zu endpoints", BASELINE_MOST,
			 r->endpoints_n);
	return EXIT_NOTHING;
}
