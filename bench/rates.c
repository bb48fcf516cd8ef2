// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The truth is the handshake: where both directions were seen and scaling is on or off, the
 * first windows (E1), the slope of the windows (E2) and the client's third ACK alone (E7)
 * are asked what they would say without it.
 */
#include "bench/rates.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench/report.h"
#include "engine/infer.h"
#include "pcap-replay/run.h"
#include "userspace/around.h"

struct rates {
	__u64 files, flows;
	__u64 e1_on, e1_on_shifts, e1_on_not;    /* ends of negotiated connections, shift >= 4 */
	__u64 e1_off, e1_off_shifts, e1_off_not; /* ends of unscaled ones */
	__u64 e2, e2_exact, e2_near;             /* ends with a slope; right; off by one */
	__u64 e7, e7_right, e7_wrong;            /* clients; the rest stays unknown */
};

static void rates_first_windows(struct rates *r, const struct transfer *t, __u8 dir)
{
	const struct syn *s = &t->flow->syn[dir];
	enum shifting said = transfer_first_windows(t->flow, dir);

	if (!(t->flow->half[dir].bits & HALF_WINDOW))
		return;
	if (t->scaling == SCALING_ON && syn_shift(s) >= E1_MIN_SHIFT) {
		r->e1_on++;
		r->e1_on_shifts += said == SHIFTING_YES;
		r->e1_on_not += said == SHIFTING_NO;
	} else if (t->scaling == SCALING_OFF) {
		r->e1_off++;
		r->e1_off_shifts += said == SHIFTING_YES;
		r->e1_off_not += said == SHIFTING_NO;
	}
}

static void rates_slope(struct rates *r, const struct transfer *t, __u8 dir)
{
	__u8 said = transfer_slope_shift(t, dir), truth = t->flow->half[dir].shift;

	if (said == SHIFT_UNKNOWN || truth == SHIFT_UNKNOWN)
		return;
	r->e2++;
	r->e2_exact += said == truth;
	r->e2_near += said + 1 == truth || said == truth + 1;
}

/* The same connection as a point sees it that only the client's packets pass. */
static void rates_third_ack(struct rates *r, const struct transfer *t)
{
	struct flow oneway = *t->flow;
	__u8 server = !oneway.client;
	enum scaling said;

	if (!syn_offers(&oneway.syn[!server]))
		return;
	memset(&oneway.syn[server], 0, sizeof(oneway.syn[server]));
	memset(&oneway.half[server], 0, sizeof(oneway.half[server]));
	said = infer_scaling(&oneway);
	r->e7++;
	r->e7_right += said == t->scaling;
	r->e7_wrong += said != SCALING_UNKNOWN && said != t->scaling;
}

static void rates_report(struct rates *r, const struct report *report)
{
	for (size_t i = 0; i < report->flows_n; i++) {
		struct transfer t;

		around_transfer(&t, report, report->flows[i]);
		if (t.scaling == SCALING_UNKNOWN || !(t.flow->bits & FLOW_ANSWERED))
			continue;
		r->flows++;
		rates_first_windows(r, &t, 0);
		rates_first_windows(r, &t, 1);
		rates_slope(r, &t, 0);
		rates_slope(r, &t, 1);
		rates_third_ack(r, &t);
	}
}

static int rates_file(struct rates *r, const char *file, void *state)
{
	const struct reader_options options = { .allow_truncated = true };
	struct report report = { .files = &file, .files_n = 1 };
	struct reader *reader;
	char error[256];
	int err = reader_open(&reader, &file, 1, &options, error, sizeof(error));

	if (err)
		return err;
	err = run_feed(&run_native, state, reader, &report, NULL);
	/* A damaged file counts as far as it could be read. */
	if (!err || err == -EBADMSG)
		err = run_native.report(state, &report);
	if (!err)
		rates_report(r, &report);
	reader_close(reader);
	r->files += !err;
	return err;
}

static void rates_line(const char *name, __u64 n, __u64 of)
{
	char unit[64];

	snprintf(unit, sizeof(unit), "%% (%llu of %llu)", (unsigned long long)n,
		 (unsigned long long)of);
	report_figure(name, of ? 100.0 * (double)n / (double)of : 0, unit);
}

static void rates_print(const struct rates *r)
{
	report_figure("rates-files", (double)r->files, "captures");
	report_figure("rates-flows", (double)r->flows, "connections whose handshake tells");
	rates_line("e1-negotiated-recognised", r->e1_on_shifts, r->e1_on);
	rates_line("e1-negotiated-called-unshifted", r->e1_on_not, r->e1_on);
	rates_line("e1-unscaled-called-shifting", r->e1_off_shifts, r->e1_off);
	rates_line("e1-unscaled-recognised", r->e1_off_not, r->e1_off);
	rates_line("e2-exact", r->e2_exact, r->e2);
	rates_line("e2-off-by-one", r->e2_near, r->e2);
	rates_line("e2-worse", r->e2 - r->e2_exact - r->e2_near, r->e2);
	rates_line("e7-right", r->e7_right, r->e7);
	rates_line("e7-wrong", r->e7_wrong, r->e7);
	rates_line("e7-unknown", r->e7 - r->e7_right - r->e7_wrong, r->e7);
}

int rates_run(const char *const *files, unsigned int files_n)
{
	const struct options options = { .config = { .tunnels = TUNNELS_ALL } };
	struct rates r = { 0 };
	char error[256];
	void *state;
	int err = run_native.open(&state, &options, error, sizeof(error));

	if (err)
		return err;
	for (unsigned int i = 0; i < files_n; i++) {
		err = rates_file(&r, files[i], state);
		if (err)
			fprintf(stderr, "bench: '%s' is left out: %s\n", files[i], strerror(-err));
		err = run_native.reset(state);
		if (err)
			break;
	}
	run_native.close(state);
	if (!r.files)
		return -ENOENT;
	rates_print(&r);
	return err;
}
