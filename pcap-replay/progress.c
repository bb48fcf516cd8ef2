// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "pcap-replay/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "platform/clock.h"
#include "userspace/text_style.h"

#define PROGRESS_EVERY_NS 200000000ULL
#define PROGRESS_DAY_S    86400

static __u64 progress_now(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

void progress_start(struct progress *p)
{
	*p = (struct progress){ .on = isatty(STDERR_FILENO) && isatty(STDOUT_FILENO) };
	if (!p->on)
		return;
	p->began_ns = progress_now();
	p->due_ns = p->began_ns + PROGRESS_EVERY_NS;
}

/* "0:07", "1:02:03", or days. */
static void progress_left(char *out, size_t room, double seconds)
{
	bool long_time = seconds > 99.0 * PROGRESS_DAY_S;
	unsigned int s = long_time ? 0 : (unsigned int)(seconds + 0.5);

	if (long_time)
		snprintf(out, room, ", more than 99 days left");
	else if (s >= PROGRESS_DAY_S)
		snprintf(out, room, ", %u d %u h left", s / PROGRESS_DAY_S,
			 s % PROGRESS_DAY_S / 3600);
	else if (s >= 3600)
		snprintf(out, room, ", %u:%02u:%02u left", s / 3600, s % 3600 / 60, s % 60);
	else
		snprintf(out, room, ", %u:%02u left", s / 60, s % 60);
}

void progress_line(char out[PROGRESS_ROOM], __u64 elapsed_ns, __u64 done, __u64 total,
		   __u64 packets)
{
	double elapsed = (double)elapsed_ns / CLOCK_NS_PER_S;
	double second = elapsed_ns ? (double)packets / elapsed : 0;
	char count[TEXT_NUMBER_ROOM], rate[TEXT_NUMBER_ROOM], left[32] = "", part[8] = "";

	if (done > total)
		done = total;
	if (total)
		snprintf(part, sizeof(part), "%3u %%  ",
			 (unsigned int)(100.0 * (double)done / (double)total));
	if (done)
		progress_left(left, sizeof(left), elapsed * (double)(total - done) / (double)done);
	text_number(count, packets);
	/* A double of 2^64 does not fit. */
	text_number(rate, second < 0x1p63 ? (__u64)second : 1ULL << 63);
	snprintf(out, PROGRESS_ROOM, "%s%s packets, %s/s%s", part, count, rate, left);
}

void progress_show(struct progress *p, const struct reader *reader, __u64 packets)
{
	char line[PROGRESS_ROOM];
	__u64 now;

	if (!p->on)
		return;
	now = progress_now();
	if (now < p->due_ns)
		return;
	p->due_ns = now + PROGRESS_EVERY_NS;
	p->shown = true;
	progress_line(line, now - p->began_ns, reader_bytes_done(reader),
		      reader_bytes_total(reader), packets);
	/* Over the last one, then what it was longer. */
	fprintf(stderr, "\r%s\033[K", line);
}

void progress_batch(void *arg, const struct reader *reader, const struct frame *packets,
		    unsigned int n, __u64 so_far)
{
	(void)packets;
	(void)n;
	progress_show(arg, reader, so_far);
}

void progress_end(struct progress *p)
{
	if (p->shown)
		fputs("\r\033[K", stderr);
	p->shown = false;
}
