// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Where to attach on interfaces that hang together with others: the advice for each kind, which
 * pairs see packets twice, and how rtnetlink's answers are read, well formed and cut. And whose
 * a program is that is found in the kernel (owner.h).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/wait.h>

#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "userspace/interface_kind.h"
#include "userspace/owner.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A host that has everything: index, name, kind, lower, elsewhere, master. */
static struct link host[] = {
	{ 1, "lo", "", 0, false, 0, 65536, true, true },
	{ 2, "eth0", "", 0, false, 0, 1500, false, true },
	{ 3, "eth1", "", 0, false, 10, 1500, false, true },
	{ 4, "eth2", "", 0, false, 10, 1500, false, true },
	{ 5, "eth3", "", 0, false, 11, 1500, false, true },
	{ 10, "bond0", "bond", 0, false, 0, 1500, false, true },
	{ 11, "br0", "bridge", 0, false, 0, 1500, false, true },
	{ 12, "br1", "bridge", 0, false, 0, 1500, false, true },
	{ 13, "eth0.5", "vlan", 2, false, 0, 1500, false, true },
	{ 14, "bond0.7", "vlan", 10, false, 11, 1500, false, true },
	{ 15, "mac", "macvlan", 2, true, 0, 1500, false, true },
	{ 16, "veth", "veth", 2, true, 0, 1500, false, true },
	{ 17, "pair", "veth", 2, false, 0, 1500, false, true },
	{ 18, "vrf", "vrf", 0, false, 0, 1500, false, true },
	{ 19, "eth4", "", 0, false, 18, 1500, false, true },
	{ 20, "team0", "team", 0, false, 0, 1500, false, true },
	{ 21, "eth5", "", 0, false, 20, 1500, false, true },
	{ 22, "lost", "", 0, false, 99, 1500, false, true },
};

static const struct links all = { host, COUNT(host) };

enum how { NATIVE, GENERIC, TC };

static const struct {
	const char *interface;
	enum how how;
	const char *has[2]; /* parts of the advice; none: there is no advice */
} advices[] = {
	{ "eth0", NATIVE, { NULL } },
	{ "lo", NATIVE, { NULL } },
	{ "eth0.5",
	  NATIVE,
	  { "vlan device has no native XDP: attach to 'eth0'", "--mode generic" } },
	{ "eth0.5", GENERIC, { NULL } },
	{ "eth0.5", TC, { NULL } },
	{ "bond0.7", NATIVE, { "attach to 'bond0'", NULL } },
	{ "bond0.7", TC, { "port of the bridge 'br0'", NULL } },
	{ "mac", NATIVE, { "in another network namespace: attach there", NULL } },
	{ "veth", NATIVE, { NULL } },
	{ "bond0",
	  NATIVE,
	  { "run by its ports ('eth1', 'eth2')", "where it is refused take --hooks" } },
	{ "bond0", TC, { NULL } },
	{ "eth1", NATIVE, { "port of the bond 'bond0'", "attach to 'bond0'" } },
	{ "eth1", TC, { "port of the bond 'bond0'", NULL } },
	{ "br0", NATIVE, { "no native XDP", "its ports ('eth3', 'bond0.7')" } },
	{ "br0", TC, { "only what is for this host or from it", NULL } },
	{ "br1", TC, { "its ports (it has none)", NULL } },
	{ "eth3", NATIVE, { "port of the bridge 'br0'", NULL } },
	{ "vrf", NATIVE, { "vrf device has no native XDP: attach to its ports ('eth4')", NULL } },
	{ "vrf", TC, { NULL } },
	{ "eth4", NATIVE, { NULL } },
	{ "team0", NATIVE, { "attach to its ports ('eth5')", NULL } },
	{ "eth5", NATIVE, { "port of the team 'team0'", NULL } },
	{ "lost", NATIVE, { NULL } },
};

static void advice_by_kind(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(advices); i++) {
		char *got = malloc(INTERFACE_ADVICE);
		const struct link *l = links_named(&all, advices[i].interface);

		assert_non_null(l);
		interface_advice(got, &all, l, advices[i].how != TC, advices[i].how == GENERIC);
		if (!advices[i].has[0] && *got)
			fail_msg("%s: no advice due, got '%s'", l->name, got);
		for (int j = 0; j < 2; j++) {
			if (advices[i].has[j] && !strstr(got, advices[i].has[j]))
				fail_msg("%s: '%s' is not in '%s'", l->name, advices[i].has[j],
					 got);
		}
		free(got);
	}
}

/* Sixty ports with long names: the list is cut, and says so. */
static void advice_many_ports(void **state)
{
	struct links many = { calloc(61, sizeof(struct link)), 61 };
	char *got = malloc(INTERFACE_ADVICE);

	(void)state;
	many.list[0] = (struct link){ .index = 1, .name = "br", .kind = "bridge" };
	for (int i = 1; i < 61; i++) {
		many.list[i] = (struct link){ .index = i + 1, .master = 1 };
		snprintf(many.list[i].name, sizeof(many.list[i].name), "a-long-name-%03d", i);
	}
	interface_advice(got, &many, &many.list[0], true, false);
	assert_non_null(strstr(got, "'a-long-name-001'"));
	assert_non_null(strstr(got, "..."));
	free(got);
	free(many.list);
}

static const struct {
	const char *a, *b;
	bool twice;
} pairs[] = {
	{ "eth0", "eth1", false },    { "eth0", "eth0.5", true }, { "eth0.5", "eth0", true },
	{ "eth1", "bond0", true },    { "eth1", "eth2", false },  { "br0", "eth3", true },
	{ "eth0", "mac", false },  /* what carries it is elsewhere */
	{ "eth0", "pair", false }, /* the other end of a veth, which sees the other direction */
	{ "bond0", "bond0.7", true }, { "br0", "bond0.7", true },
};

static void overlap_by_pair(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(pairs); i++) {
		const struct link *a = links_named(&all, pairs[i].a);
		const struct link *b = links_named(&all, pairs[i].b);

		if (interface_overlaps(a, b) != pairs[i].twice)
			fail_msg("%s and %s: twice is %d, due %d", pairs[i].a, pairs[i].b,
				 !pairs[i].twice, pairs[i].twice);
	}
}

struct message {
	struct nlmsghdr header;
	struct ifinfomsg info;
	char attributes[256];
};

static void message_begin(struct message *m, int index, unsigned int flags)
{
	memset(m, 0, sizeof(*m));
	m->header.nlmsg_type = RTM_NEWLINK;
	m->header.nlmsg_len = NLMSG_LENGTH(sizeof(m->info));
	m->info.ifi_index = index;
	m->info.ifi_flags = flags;
}

static void message_add(struct message *m, int type, const void *data, size_t n)
{
	struct rtattr *a = (void *)((char *)m + NLMSG_ALIGN(m->header.nlmsg_len));

	a->rta_type = (unsigned short)type;
	a->rta_len = (unsigned short)RTA_LENGTH(n);
	memcpy(RTA_DATA(a), data, n);
	m->header.nlmsg_len = NLMSG_ALIGN(m->header.nlmsg_len) + (__u32)RTA_SPACE(n);
}

static void message_vlan(struct message *m)
{
	__u32 lower = 2, master = 11, mtu = 9000;
	char info[RTA_SPACE(5)] = { 0 };
	struct rtattr *kind = (void *)info;

	kind->rta_type = IFLA_INFO_KIND;
	kind->rta_len = RTA_LENGTH(5);
	memcpy(RTA_DATA(kind), "vlan", 5);
	message_begin(m, 7, IFF_UP);
	message_add(m, IFLA_IFNAME, "eth0.5", 7);
	message_add(m, IFLA_LINK, &lower, sizeof(lower));
	message_add(m, IFLA_MASTER, &master, sizeof(master));
	message_add(m, IFLA_MTU, &mtu, sizeof(mtu));
	message_add(m, IFLA_LINKINFO | NLA_F_NESTED, info, sizeof(info));
}

static void message_read(void **state)
{
	struct links l = { NULL, 0 };
	struct message m;

	(void)state;
	message_vlan(&m);
	assert_int_equal(links_take(&l, &m.header), 0);
	assert_int_equal(l.n, 1);
	assert_int_equal(l.list[0].index, 7);
	assert_string_equal(l.list[0].name, "eth0.5");
	assert_string_equal(l.list[0].kind, "vlan");
	assert_int_equal(l.list[0].lower, 2);
	assert_int_equal(l.list[0].master, 11);
	assert_int_equal(l.list[0].mtu, 9000);
	assert_true(l.list[0].up && !l.list[0].loopback && !l.list[0].elsewhere);
	m.header.nlmsg_type = RTM_DELLINK;
	assert_int_equal(links_take(&l, &m.header), 0);
	assert_int_equal(l.n, 1);
	links_free(&l);
}

/* Cut at every byte, in memory of its exact size. */
static void message_cut(void **state)
{
	struct message m;

	(void)state;
	message_vlan(&m);
	for (__u32 n = sizeof(struct nlmsghdr); n <= m.header.nlmsg_len; n++) {
		struct nlmsghdr *copy = malloc(n);
		struct links l = { NULL, 0 };

		memcpy(copy, &m, n);
		copy->nlmsg_len = n;
		assert_int_equal(links_take(&l, copy), 0);
		assert_int_equal(l.n, n >= NLMSG_LENGTH(sizeof(struct ifinfomsg)));
		links_free(&l);
		free(copy);
	}
}

static void owner_states(void **state)
{
	struct live_owner self, other;
	pid_t child;

	(void)state;
	owner_self(&self);
	assert_int_equal(self.pid, getpid());
	assert_true(self.start && self.pid_namespace && self.net_namespace);
	assert_int_equal(owner_ask(&self), OWNER_RUNS);
	other = self;
	other.start--; /* another process had the number before */
	assert_int_equal(owner_ask(&other), OWNER_GONE);
	other = self;
	other.pid_namespace++;
	assert_int_equal(owner_ask(&other), OWNER_UNKNOWN);
	other = self;
	other.pid = 0;
	assert_int_equal(owner_ask(&other), OWNER_PINS);
	child = fork();
	if (!child)
		_exit(0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	other = self;
	other.pid = (__u32)child;
	assert_int_equal(owner_ask(&other), OWNER_GONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(advice_by_kind),  cmocka_unit_test(advice_many_ports),
		cmocka_unit_test(overlap_by_pair), cmocka_unit_test(message_read),
		cmocka_unit_test(message_cut),     cmocka_unit_test(owner_states),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
