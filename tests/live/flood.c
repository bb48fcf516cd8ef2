// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Handshakes from many CPUs at once, and what the maps then have.
 *   flood send IF CPUS COUNT FIRST  COUNT handshakes from each of that many CPUs, no two the same: the ports
 *                                   of the client count from FIRST
 *   flood cpus PIN COUNTER          a counter (its name) of the pinned map of counters, CPU by CPU
 *   flood entries PIN               how many entries a pinned map has
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netpacket/packet.h>
#include <sys/socket.h>

#include <linux/if_ether.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "engine/counters.h"

#define FLOOD_CPUS    64
#define FLOOD_OPTIONS 8 /* MSS, NOP, window scale */

struct flood_frame {
	struct ethhdr ethernet;
	struct iphdr ip;
	struct tcphdr tcp;
	__u8 options[FLOOD_OPTIONS];
} __attribute__((packed));

struct flood_sender {
	int ifindex, cpu, err;
	unsigned int count, first;
	pthread_t thread;
};

/* One segment of client 10.0.0.1 or of server 10.0.0.2, with the option in it if it is a SYN. */
static int flood_segment(int fd, int client, unsigned int port, __u32 seq, __u32 ack, int syn)
{
	size_t options = syn ? FLOOD_OPTIONS : 0;
	struct flood_frame f = { .options = { 2, 4, 5, 180, 1, 3, 3, 7 } };
	size_t size = sizeof(f) - FLOOD_OPTIONS + options;

	memset(f.ethernet.h_dest, 2, ETH_ALEN); /* nobody's: the stack takes no part */
	f.ethernet.h_proto = htons(ETH_P_IP);
	f.ip.version = 4;
	f.ip.ihl = 5;
	f.ip.ttl = 64;
	f.ip.protocol = IPPROTO_TCP;
	f.ip.tot_len = htons((__u16)(size - sizeof(f.ethernet)));
	f.ip.saddr = htonl(client ? 0x0a000001 : 0x0a000002);
	f.ip.daddr = htonl(client ? 0x0a000002 : 0x0a000001);
	f.tcp.source = htons((__u16)(client ? port : 443));
	f.tcp.dest = htons((__u16)(client ? 443 : port));
	f.tcp.seq = htonl(seq);
	f.tcp.ack_seq = htonl(ack);
	f.tcp.doff = syn ? 7 : 5;
	f.tcp.syn = syn ? 1 : 0;
	f.tcp.ack = ack ? 1 : 0;
	f.tcp.window = htons(1000);
	while (send(fd, &f, size, 0) < 0) {
		if (errno !=
		    ENOBUFS) /* the other end's queue is full, and the frame was not taken */
			return -errno;
		sched_yield();
	}
	return 0;
}

static int flood_open(int ifindex, int cpu)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = ifindex };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), on = 1, err;
	cpu_set_t cpus;

	if (fd < 0)
		return -errno;
	CPU_ZERO(&cpus);
	CPU_SET((size_t)cpu, &cpus);
	err = sched_setaffinity(0, sizeof(cpus), &cpus) ||
	      bind(fd, (struct sockaddr *)&to, sizeof(to)) ||
	      setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on));
	if (!err)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static void *flood_run(void *arg)
{
	struct flood_sender *s = arg;
	int fd = flood_open(s->ifindex, s->cpu);

	s->err = fd < 0 ? fd : 0;
	for (unsigned int port = s->first; port < s->first + s->count && !s->err; port++) {
		s->err = flood_segment(fd, 1, port, 99, 0, 1);
		if (!s->err)
			s->err = flood_segment(fd, 0, port, 499, 100, 1);
		if (!s->err)
			s->err = flood_segment(fd, 1, port, 100, 500, 0);
	}
	if (fd >= 0)
		close(fd);
	return NULL;
}

static int flood_send(const char *interface, int cpus, unsigned int count, unsigned int first)
{
	struct flood_sender list[FLOOD_CPUS];
	int ifindex = (int)if_nametoindex(interface), n = 0, err = 0;

	if (!ifindex || cpus < 1 || cpus > FLOOD_CPUS || first + count * (unsigned int)cpus > 65536)
		return -EINVAL;
	for (; n < cpus && !err; n++) {
		list[n] = (struct flood_sender){ .ifindex = ifindex,
						 .cpu = n,
						 .count = count,
						 .first = first + count * (unsigned int)n };
		err = -pthread_create(&list[n].thread, NULL, flood_run, &list[n]);
	}
	n -= err ? 1 : 0;
	while (n--) {
		pthread_join(list[n].thread, NULL);
		err = err ? err : list[n].err;
	}
	return err;
}

static int flood_cpus(int map, const char *name)
{
	static const char *const names[] = {
#define COUNTER(id, name, what) name,
#define SKIP(id, name, what)    name,
#include "engine/counters.def"
#undef COUNTER
#undef SKIP
	};
	int cpus = libbpf_num_possible_cpus();
	__u64 values[FLOOD_CPUS] = { 0 };
	__u32 slot = 0;

	while (slot < sizeof(names) / sizeof(names[0]) && strcmp(names[slot], name) != 0)
		slot++;
	if (cpus < 1 || cpus > FLOOD_CPUS || bpf_map_lookup_elem(map, &slot, values))
		return -EINVAL;
	for (int i = 0; i < cpus; i++)
		printf("%llu%c", (unsigned long long)values[i], i + 1 < cpus ? ' ' : '\n');
	return 0;
}

static int flood_entries(int map)
{
	__u8 key[256], next[256];
	unsigned int n = 0;

	for (int err = bpf_map_get_next_key(map, NULL, next); !err;
	     err = bpf_map_get_next_key(map, key, next)) {
		memcpy(key, next, sizeof(key));
		n++;
	}
	printf("%u\n", n);
	return 0;
}

int main(int argc, char **argv)
{
	int err = -EINVAL, map;

	libbpf_set_print(NULL);
	if (argc == 6 && !strcmp(argv[1], "send")) {
		err = flood_send(argv[2], atoi(argv[3]), (unsigned int)atoi(argv[4]),
				 (unsigned int)atoi(argv[5]));
	} else if (argc > 2) {
		map = bpf_obj_get(argv[2]);
		if (map < 0)
			err = map;
		else if (argc == 4 && !strcmp(argv[1], "cpus"))
			err = flood_cpus(map, argv[3]);
		else if (argc == 3 && !strcmp(argv[1], "entries"))
			err = flood_entries(map);
	}
	if (err)
		fprintf(stderr, "flood: %s\n", strerror(-err));
	return err ? 1 : 0;
}
