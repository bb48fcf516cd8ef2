// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "pcap-replay/sniff.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <pcap/pcap.h>
#include <linux/filter.h>
#include <sys/socket.h>

#include "pcap-replay/annotate_stream.h"
#include "pcap-replay/reader_file.h"
#include "platform/clock.h"
#include "userspace/locals.h"

/* For bursts while something else is done; a packet takes some 400 bytes of it. */
#define SNIFF_BUFFER (16 << 20)
/* Packets of one socket taken in one go. */
#define SNIFF_TURN 4096
/* Behind its time stamp a packet may take that long to reach its socket. */
#define SNIFF_SLACK_NS 10000000ULL
/* More than that do not wait for others to be put in order with. */
#define SNIFF_WAITING 65536U

struct sniff_packet {
	struct sniff_packet *next;
	struct frame frame;
	__u8 data[];
};

/* One direction of an interface. */
struct sniff_socket {
	struct sniff *sniff;
	pcap_t *pcap;
	struct annotate_source *source;
	struct sniff_packet *first, *last;
	__u64 taken;
	__u32 ifindex;
	__u16 linktype;
	__u8 hook;
};

struct sniff {
	const struct options *options;
	struct annotate_output output;
	struct annotate_stream *stream;
	struct report texts;
	struct sniff_socket sockets[2 * OPTIONS_INTERFACES_MAX];
	size_t n;
	size_t waiting;
	__u64 number;
	int epoll;
	int err;
	bool writing; /* output is open */
};

static __u64 sniff_now(void)
{
	return clock_ns(CLOCK_REALTIME);
}

/* ---- sockets ---- */

static int sniff_complain(const struct sniff_socket *c, const char *interface, int err,
			  const char *what, char *text, size_t len)
{
	const char *hint = "";

	if (err == PCAP_ERROR_PERM_DENIED)
		hint = "; root, or the capability CAP_NET_RAW, is needed";
	snprintf(text, len, "cannot capture on '%s': %s%s", interface,
		 what ? what : pcap_geterr(c->pcap), hint);
	switch (err) {
	case PCAP_ERROR_PERM_DENIED:
		return -EPERM;
	case PCAP_ERROR_NO_SUCH_DEVICE:
		return -ENODEV;
	default:
		return -EIO;
	}
}

static void sniff_nothing(u_char *arg, const struct pcap_pkthdr *h, const u_char *data)
{
	(void)arg;
	(void)h;
	(void)data;
}

/*
 * pcap_setfilter() applies a new filter to the next packets in user space, too, and there it knows no
 * directions: it would drop them. So the filter goes to the kernel alone, and what had come by then is
 * thrown away. 0 or -errno.
 */
static int sniff_attach(struct sniff_socket *c, const struct bpf_program *program)
{
	struct sock_fprog filter = {
		.len = (unsigned short)program->bf_len,
		.filter = (struct sock_filter *)(void *)program->bf_insns,
	};
	int old = 0, n;

	if (program->bf_len > BPF_MAXINSNS)
		return -EINVAL;
	if (setsockopt(pcap_fileno(c->pcap), SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)))
		return -errno;
	do {
		n = pcap_dispatch(c->pcap, SNIFF_TURN, sniff_nothing, NULL);
		old += n;
	} while (n > 0 && old < SNIFF_BUFFER / SNIFF_SNAPLEN);
	return n < 0 ? -EIO : 0;
}

/* Only one direction, and what the filter lets through. -EINVAL: the filter is bad. */
static int sniff_filter(struct sniff_socket *c, const char *filter, char *text, size_t len)
{
	const char *direction = c->hook == HOOK_TC_EGRESS ? "outbound" : "inbound";
	struct bpf_program program;
	char *expression;
	int err;

	if (asprintf(&expression, filter ? "%s and (%s)" : "%s", direction, filter ? filter : "") <
	    0)
		return -ENOMEM;
	err = pcap_compile(c->pcap, &program, expression, 1, PCAP_NETMASK_UNKNOWN);
	free(expression);
	if (err) {
		snprintf(text, len, "bad filter '%s': %s", filter ? filter : direction,
			 pcap_geterr(c->pcap));
		return -EINVAL;
	}
	err = sniff_attach(c, &program);
	pcap_freecode(&program);
	if (err)
		snprintf(text, len, "cannot set the filter: %s", strerror(-err));
	return err;
}

static int sniff_socket(struct sniff *s, struct sniff_socket *c, const char *interface, __u8 hook,
			char *text, size_t len)
{
	struct epoll_event event = { .events = EPOLLIN };
	char why[PCAP_ERRBUF_SIZE] = "";
	int err;

	c->sniff = s;
	c->hook = hook;
	c->ifindex = if_nametoindex(interface);
	c->pcap = pcap_create(interface, why);
	if (!c->pcap)
		return sniff_complain(c, interface, 0, why, text, len);
	pcap_set_snaplen(c->pcap, SNIFF_SNAPLEN);
	pcap_set_immediate_mode(c->pcap, 1);
	pcap_set_buffer_size(c->pcap, SNIFF_BUFFER);
	pcap_set_tstamp_precision(c->pcap, PCAP_TSTAMP_PRECISION_NANO);
	err = pcap_activate(c->pcap);
	if (err < 0) {
		const char *said = pcap_geterr(c->pcap);

		return sniff_complain(c, interface, err, *said ? said : pcap_statustostr(err), text,
				      len);
	}
	c->linktype = (__u16)reader_linktype((__u32)pcap_datalink(c->pcap));
	if (pcap_setnonblock(c->pcap, 1, why))
		return sniff_complain(c, interface, 0, why, text, len);
	err = sniff_filter(c, s->options->filter, text, len);
	if (err)
		return err;
	if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, pcap_get_selectable_fd(c->pcap), &event)) {
		err = -errno;
		snprintf(text, len, "cannot wait for packets: %s", strerror(-err));
		return err;
	}
	return 0;
}

static int sniff_sockets(struct sniff *s, char *text, size_t len)
{
	static const __u8 hooks[] = { HOOK_TC_INGRESS, HOOK_TC_EGRESS };
	int err = 0;

	for (size_t i = 0; i < s->options->interfaces_n; i++) {
		for (size_t k = 0; k < 2 && !err; k++)
			err = sniff_socket(s, &s->sockets[s->n++], s->options->interfaces[i],
					   hooks[k], text, len);
	}
	return err;
}

static int sniff_source(struct sniff *s, struct sniff_socket *c, const char *interface)
{
	bool fresh;

	c->source = annotate_output_source(&s->output, c->ifindex, &fresh);
	if (!c->source)
		return -ENOMEM;
	if (!fresh)
		return 0;
	c->source->name = strdup(interface);
	c->source->filter = s->options->filter ? strdup(s->options->filter) : NULL;
	c->source->linktype = c->linktype;
	c->source->snaplen = SNIFF_SNAPLEN;
	return c->source->name ? 0 : -ENOMEM;
}

static _Bool sniff_is_local(void *arg, const __u64 addr[2], _Bool ipv6)
{
	return locals_has(arg, addr, ipv6);
}

static int sniff_start(struct sniff *s, const struct locals *locals, char *text, size_t len)
{
	int err;

	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll < 0) {
		err = -errno;
		snprintf(text, len, "cannot wait for packets: %s", strerror(-err));
		return err;
	}
	err = sniff_sockets(s, text, len);
	if (err)
		return err;
	err = annotate_output_open(&s->output, s->options, text, len);
	if (err)
		return err;
	s->writing = true;
	snprintf(text, len, "out of memory");
	for (size_t i = 0; i < s->n && !err; i++)
		err = sniff_source(s, &s->sockets[i], s->options->interfaces[i / 2]);
	s->texts = (struct report){ .live = true, .started_ns = sniff_now() };
	if (!err)
		s->stream = annotate_stream_open(&s->output, s->options, &s->texts);
	if (err || !s->stream)
		return -ENOMEM;
	annotate_stream_locals(s->stream, sniff_is_local, (void *)locals);
	err = annotate_output_flush(&s->output);
	if (err)
		snprintf(text, len, "cannot write '%s': %s", s->options->write, strerror(-err));
	return err;
}

int sniff_open(struct sniff **out, const struct options *o, const struct locals *locals, char *err,
	       size_t err_len)
{
	struct sniff *s = calloc(1, sizeof(*s));
	struct sniff_missing missing;
	int error;

	if (!s) {
		snprintf(err, err_len, "out of memory");
		return -ENOMEM;
	}
	s->epoll = -1;
	s->options = o;
	error = sniff_start(s, locals, err, err_len);
	if (error)
		sniff_close(s, &missing);
	else
		*out = s;
	return error;
}

int sniff_fd(const struct sniff *s)
{
	return s->epoll;
}

/* ---- packets ---- */

static void sniff_packet(u_char *arg, const struct pcap_pkthdr *h, const u_char *data)
{
	struct sniff_socket *c = (struct sniff_socket *)arg;
	struct sniff *s = c->sniff;
	struct sniff_packet *p = malloc(sizeof(*p) + h->caplen);

	c->taken++;
	if (!p) {
		s->err = -ENOMEM;
		return;
	}
	memcpy(p->data, data, h->caplen);
	p->next = NULL;
	p->frame = (struct frame){
		.ns = (__u64)h->ts.tv_sec * 1000000000U + (__u64)h->ts.tv_usec,
		.data = p->data,
		.caplen = h->caplen,
		.wirelen = h->len,
		.ifindex = c->ifindex,
		.linktype = c->linktype,
		.hook = c->hook,
	};
	if (c->last)
		c->last->next = p;
	else
		c->first = p;
	c->last = p;
	s->waiting++;
}

/* The socket whose first packet is the earliest, if that is due; NULL otherwise. */
static struct sniff_socket *sniff_due(struct sniff *s, __u64 due_ns)
{
	struct sniff_socket *earliest = NULL;

	for (size_t i = 0; i < s->n; i++) {
		struct sniff_socket *c = &s->sockets[i];

		if (c->first && (!earliest || c->first->frame.ns < earliest->first->frame.ns))
			earliest = c;
	}
	if (!earliest || (earliest->first->frame.ns > due_ns && s->waiting <= SNIFF_WAITING))
		return NULL;
	return earliest;
}

/* Everything up to a time, to the analysis. 0 or -errno. */
static int sniff_feed(struct sniff *s, __u64 due_ns)
{
	struct annotate_source *sources[NATIVE_BATCH];
	struct frame frames[NATIVE_BATCH];
	struct sniff_packet *taken[NATIVE_BATCH];
	unsigned int n;
	int err = 0;

	do {
		struct sniff_socket *c;

		for (n = 0; n < NATIVE_BATCH && (c = sniff_due(s, due_ns)); n++) {
			taken[n] = c->first;
			c->first = c->first->next;
			if (!c->first)
				c->last = NULL;
			s->waiting--;
			frames[n] = taken[n]->frame;
			frames[n].number = ++s->number;
			sources[n] = c->source;
			annotate_source_meet(c->source, frames[n].ns);
		}
		if (!err && n)
			err = annotate_stream_packets(s->stream, frames, sources, n);
		for (unsigned int i = 0; i < n; i++)
			free(taken[i]);
	} while (n);
	return err;
}

/* What the sockets hold. An interface that went away, or down, is the end. */
static void sniff_read(struct sniff *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct sniff_socket *c = &s->sockets[i];

		if (pcap_dispatch(c->pcap, SNIFF_TURN, sniff_packet, (u_char *)c) == PCAP_ERROR &&
		    !s->err)
			s->err = -ENETDOWN;
	}
}

int sniff_take(struct sniff *s)
{
	__u64 now = sniff_now();
	int err;

	if (s->err)
		return s->err;
	sniff_read(s);
	err = sniff_feed(s, now - SNIFF_SLACK_NS);
	if (!err)
		annotate_stream_release(s->stream, now);
	if (!err)
		err = annotate_output_flush(&s->output);
	if (!s->err)
		s->err = err;
	return s->err;
}

/* ---- the end ---- */

/* What the kernel counted, for both directions of an interface together. Returns what it lost. */
static __u64 sniff_count(struct sniff_socket *c, __u64 now)
{
	struct pcapng_statistics *to = &c->source->statistics;
	struct pcap_stat count;

	if (pcap_stats(c->pcap, &count))
		return 0;
	if (to->received == PCAPNG_UNKNOWN) {
		to->received = to->os_lost = to->delivered = 0;
		to->dropped = count.ps_ifdrop;
		to->ns = now;
		to->start_ns = c->sniff->texts.started_ns;
		to->end_ns = now;
	}
	to->received += count.ps_recv;
	to->os_lost += count.ps_drop;
	to->delivered += c->taken;
	return count.ps_drop;
}

int sniff_close(struct sniff *s, struct sniff_missing *missing)
{
	__u64 now = sniff_now();
	int err = 0, closed = 0;

	memset(missing, 0, sizeof(*missing));
	if (!s)
		return 0;
	if (s->stream) {
		sniff_take(s);
		err = sniff_feed(s, ~0ULL);
		err = s->err ? s->err : err;
		missing->findings = annotate_stream_finish(s->stream);
	}
	for (size_t i = 0; i < s->n; i++) {
		struct sniff_socket *c = &s->sockets[i];

		if (c->source && s->stream)
			missing->packets += sniff_count(c, now);
		if (c->pcap)
			pcap_close(c->pcap);
		while (c->first) {
			struct sniff_packet *p = c->first;

			c->first = p->next;
			free(p);
		}
	}
	annotate_stream_close(s->stream);
	if (s->writing)
		closed = annotate_output_close(&s->output);
	if (s->epoll >= 0)
		close(s->epoll);
	free(s);
	return err ? err : closed;
}
