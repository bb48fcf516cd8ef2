// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "bench/trial.h"
#include "engine/packet.h"

void trial_step_of(const struct frame *f, struct trial_step *step)
{
	__u32 tcp = (__u32)frame_tcp_offset(f);

	step->bytes = f->flags & TCP_SYN ? 0 : f->payload;
	step->port = tcp;
	step->seq = tcp + 4;
	step->address = (__u32)frame_source_offset(f);
}

void trial_start(struct trial *t, const struct trial_hook *hook, int prog_fd, const struct frame *f)
{
	memset(t, 0, sizeof(*t));
	t->hook = hook;
	t->prog_fd = prog_fd;
	t->start = *f;
	t->len = (__u32)frame_write(f, t->bytes) + f->payload;
	t->best_ns = ~0U;
}

/* What the headers must be after so many steps from the start. */
static size_t trial_expect(const struct trial *t, __u64 runs, __u8 *out)
{
	struct frame f = t->start;
	struct trial_step step;
	__u8 moved[FRAME_HEADERS_MAX];
	size_t len = frame_write(&f, out);
	__u64 port = f.sport + runs;

	trial_step_of(&f, &step);
	f.seq += (__u32)(runs * step.bytes);
	if (!step.bytes) {
		f.sport = (__u16)port;
		f.src = (f.src & 0xffff0000) | ((f.src + (__u32)(port >> 16)) & 0xffff);
	}
	/* Only these fields move: checksum and IP-ID stay. */
	frame_write(&f, moved);
	memcpy(out + step.seq, moved + step.seq, 4);
	memcpy(out + step.port, moved + step.port, 2);
	memcpy(out + step.address, moved + step.address, 2);
	return len;
}

int trial_run(struct trial *t, __u32 repeat)
{
	__u8 out[TRIAL_FRAME_MAX], expect[FRAME_HEADERS_MAX];
	__u32 zero = 0;
	size_t len;
	int err;
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = t->bytes, .data_size_in = t->len,
		    .data_out = out, .data_size_out = sizeof(out), .repeat = (int)repeat);

	err = bpf_map_update_elem(t->hook->subject_fd, &zero, &t->prog_fd, BPF_ANY);
	if (!err)
		err = bpf_prog_test_run_opts(t->hook->step_fd, &opts);
	if (err)
		return err;
	len = trial_expect(t, t->runs + repeat, expect);
	if (opts.retval != t->hook->verdict || opts.data_size_out != t->len ||
	    memcmp(out, expect, len) != 0)
		return -EBADMSG;
	memcpy(t->bytes, out, t->len);
	t->runs += repeat;
	if (opts.duration < t->best_ns)
		t->best_ns = opts.duration;
	return 0;
}

int trial_once(const struct trial_hook *hook, int prog_fd, const struct frame *f)
{
	__u8 frame[TRIAL_FRAME_MAX] = { 0 };
	size_t len = frame_write(f, frame) + f->payload;
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = (__u32)len,
		    .repeat = 1);
	int err = bpf_prog_test_run_opts(prog_fd, &opts);

	if (err)
		return err;
	return opts.retval == hook->verdict ? 0 : -EBADMSG;
}
