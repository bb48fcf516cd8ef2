// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * delay_line [OPTION...] LEFT RIGHT: a cable with a length.
 *
 * Carries every Ethernet frame between two interfaces, unchanged, in order, after a fixed delay.
 * Optional: a rate, and seeded loss and reordering of the longer frames. Each direction holds at
 * most QUEUE frames; what comes beyond that is dropped and counted. Says "ready" when it carries
 * frames; on SIGTERM it writes one line of counts and ends.
 *
 *   -d MICROSECONDS  delay of each direction (20000)
 *   -r KBIT          rate of each direction (0: unlimited)
 *   -l PERMILLE      share of frames that are lost
 *   -o PERMILLE      share of frames that come late, behind ones sent after them
 *   -x MICROSECONDS  how late (4000)
 *   -f BYTES         only frames of this length or more are lost or late (1000)
 *   -s SEED          which (1)
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define QUEUE     4096
#define FRAME     1600
#define NS_PER_US 1000ULL
#define NS_PER_S  1000000000ULL

struct frame {
	uint64_t due;
	size_t length;
	unsigned char data[FRAME];
};

/* One direction: frames[first..first+count) modulo QUEUE, by due time. */
struct direction {
	struct frame **frames;
	size_t first, count;
	uint64_t free_at; /* when the rate lets the next frame begin */
	uint64_t random;
};

static struct {
	uint64_t delay, late_by;
	uint64_t kbit;
	unsigned long loss, late, from;
	uint64_t seed;
} options = { .delay = 20000 * NS_PER_US, .late_by = 4000 * NS_PER_US, .from = 1000, .seed = 1 };

static struct {
	unsigned long carried, lost, late, overflow;
} counts;

static void die(const char *what)
{
	fprintf(stderr, "delay_line: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

/* xorshift64*: true for `permille` of the calls. */
static bool chance(struct direction *d, unsigned long permille)
{
	d->random ^= d->random >> 12;
	d->random ^= d->random << 25;
	d->random ^= d->random >> 27;
	return (d->random * 0x2545f4914f6cdd1dULL >> 32) % 1000 < permille;
}

static int open_end(const char *name)
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET,
				       .sll_protocol = htons(ETH_P_ALL),
				       .sll_ifindex = (int)if_nametoindex(name) };
	int fd = socket(AF_PACKET, SOCK_RAW, 0);
	int one = 1, space = QUEUE * 4096;

	if (fd < 0 || !address.sll_ifindex)
		die(name);
	if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &space, sizeof(space)) ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)))
		die(name);
	return fd;
}

static void make_direction(struct direction *d, uint64_t seed)
{
	d->random = seed * 0x9e3779b97f4a7c15ULL + 1;
	d->frames = calloc(QUEUE, sizeof(struct frame *));
	if (!d->frames)
		die("memory");
	for (size_t i = 0; i < QUEUE; i++) {
		d->frames[i] = malloc(sizeof(struct frame));
		if (!d->frames[i])
			die("memory");
	}
}

static struct frame **slot(struct direction *d, size_t index)
{
	return &d->frames[(d->first + index) % QUEUE];
}

/* The frame in the slot behind the last one joins the queue, at its due time. */
static void enqueue(struct direction *d, size_t length)
{
	struct frame *new = *slot(d, d->count);
	bool may = length >= options.from;
	uint64_t start = now();
	size_t i = d->count;

	if (may && chance(d, options.loss)) {
		counts.lost++;
		return;
	}
	if (options.kbit) {
		start = start > d->free_at ? start : d->free_at;
		start += length * 8 * 1000000 / options.kbit;
		d->free_at = start;
	}
	new->due = start + options.delay;
	new->length = length;
	if (may && chance(d, options.late)) {
		new->due += options.late_by;
		counts.late++;
	}
	for (; i > 0 && (*slot(d, i - 1))->due > new->due; i--)
		*slot(d, i) = *slot(d, i - 1);
	*slot(d, i) = new;
	d->count++;
}

/* All that has arrived at `fd`. */
static void receive(struct direction *d, int fd)
{
	static unsigned char surplus[FRAME];

	for (;;) {
		bool full = d->count == QUEUE;
		unsigned char *to = full ? surplus : (*slot(d, d->count))->data;
		ssize_t length = recv(fd, to, FRAME, MSG_DONTWAIT | MSG_TRUNC);

		if (length < 0 && (errno == EAGAIN || errno == EINTR || errno == ENETDOWN))
			return;
		if (length < 0)
			die("receive");
		if (full || length > FRAME)
			counts.overflow++;
		else
			enqueue(d, (size_t)length);
	}
}

/* Send what is due; when the next one is, or 0. */
static uint64_t release(struct direction *d, int fd)
{
	for (; d->count > 0; d->count--, d->first = (d->first + 1) % QUEUE) {
		const struct frame *frame = *slot(d, 0);

		if (frame->due > now())
			return frame->due;
		if (send(fd, frame->data, frame->length, 0) < 0 && errno != ENETDOWN)
			die("send");
		counts.carried++;
	}
	return 0;
}

static void carry(const int ends[2], int stop)
{
	struct direction directions[2] = { 0 };
	struct pollfd polled[3] = { { ends[0], POLLIN, 0 },
				    { ends[1], POLLIN, 0 },
				    { stop, POLLIN, 0 } };

	make_direction(&directions[0], options.seed);
	make_direction(&directions[1], options.seed + 1);
	printf("ready\n");
	fflush(stdout);
	while (!polled[2].revents) {
		struct timespec left;
		uint64_t next = 0;

		for (int i = 0; i < 2; i++) {
			uint64_t due;

			receive(&directions[i], ends[i]);
			due = release(&directions[i], ends[!i]);
			if (due && (!next || due < next))
				next = due;
		}
		if (next) {
			uint64_t at = now();
			uint64_t wait = next > at ? next - at : 0;

			left.tv_sec = (time_t)(wait / NS_PER_S);
			left.tv_nsec = (long)(wait % NS_PER_S);
		}
		if (ppoll(polled, 3, next ? &left : NULL, NULL) < 0 && errno != EINTR)
			die("poll");
	}
}

static void add_kernel_drops(int fd)
{
	struct tpacket_stats stats;
	socklen_t length = sizeof(stats);

	if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &length))
		die("statistics");
	counts.overflow += stats.tp_drops;
}

static unsigned long number(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (!*text || *end) {
		fprintf(stderr, "delay_line: not a number: '%s'\n", text);
		exit(2);
	}
	return value;
}

static void parse(int argc, char **argv)
{
	for (int c; (c = getopt(argc, argv, "d:r:l:o:x:f:s:")) != -1;) {
		if (c == '?')
			exit(2);
		switch (c) {
		case 'd':
			options.delay = number(optarg) * NS_PER_US;
			break;
		case 'r':
			options.kbit = number(optarg);
			break;
		case 'l':
			options.loss = number(optarg);
			break;
		case 'o':
			options.late = number(optarg);
			break;
		case 'x':
			options.late_by = number(optarg) * NS_PER_US;
			break;
		case 'f':
			options.from = number(optarg);
			break;
		default:
			options.seed = number(optarg);
		}
	}
	if (argc - optind != 2) {
		fprintf(stderr, "usage: delay_line [OPTION...] LEFT RIGHT\n");
		exit(2);
	}
}

int main(int argc, char **argv)
{
	sigset_t signals;
	int ends[2], stop;

	parse(argc, argv);
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	stop = signalfd(-1, &signals, SFD_CLOEXEC);
	if (stop < 0 || prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL))
		die("set up");
	/* Keeps time on a busy machine; where that is refused it is merely less exact. */
	sched_setscheduler(0, SCHED_RR, &(struct sched_param){ .sched_priority = 1 });
	for (int i = 0; i < 2; i++)
		ends[i] = open_end(argv[optind + i]);
	carry(ends, stop);
	for (int i = 0; i < 2; i++)
		add_kernel_drops(ends[i]);
	printf("carried %lu lost %lu late %lu overflow %lu\n", counts.carried, counts.lost,
	       counts.late, counts.overflow);
	return 0;
}
