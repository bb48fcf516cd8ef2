// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "pcap-replay/extcap.h"

#include <errno.h>
#include <getopt.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <pcap/pcap.h>

#include "engine/layer.h"
#include "pcap-replay/sniff.h"
#include "userspace/attach.h"
#include "userspace/complain.h"
#include "userspace/exit_status.h"
#include "userspace/locals.h"
#include "userspace/version.h"

/* Before the name of an interface, so that it is none of Wireshark's own. */
#define EXTCAP_PREFIX "wscope-"

#define EXTCAP_ERROR_LEN 8192 /* a path and what is wrong */

/* Wireshark's requests, and what goes with them. */
enum extcap_option {
	EXTCAP_INTERFACES = 256,
	EXTCAP_DLTS,
	EXTCAP_CONFIG,
	EXTCAP_CAPTURE,
	EXTCAP_INTERFACE,
	EXTCAP_FIFO,
	EXTCAP_FILTER,
	EXTCAP_ALL,
	EXTCAP_VLAN_DOMAIN,
	EXTCAP_HELP,
	EXTCAP_IGNORED,
};

static const struct option extcap_options[] = {
	{ "extcap-interfaces", no_argument, NULL, EXTCAP_INTERFACES },
	{ "extcap-dlts", no_argument, NULL, EXTCAP_DLTS },
	{ "extcap-config", no_argument, NULL, EXTCAP_CONFIG },
	{ "capture", no_argument, NULL, EXTCAP_CAPTURE },
	{ "extcap-interface", required_argument, NULL, EXTCAP_INTERFACE },
	{ "fifo", required_argument, NULL, EXTCAP_FIFO },
	{ "extcap-capture-filter", required_argument, NULL, EXTCAP_FILTER },
	{ "write-all", optional_argument, NULL, EXTCAP_ALL },
	{ "vlan-domain", optional_argument, NULL, EXTCAP_VLAN_DOMAIN },
	{ "help", no_argument, NULL, EXTCAP_HELP },
	/* Taken without a word: versions differ in what they pass. */
	{ "extcap-version", optional_argument, NULL, EXTCAP_IGNORED },
	{ "extcap-control-in", required_argument, NULL, EXTCAP_IGNORED },
	{ "extcap-control-out", required_argument, NULL, EXTCAP_IGNORED },
	{ "extcap-reload-option", required_argument, NULL, EXTCAP_IGNORED },
	{ "extcap-cleanup-postkill", no_argument, NULL, EXTCAP_IGNORED },
	{ "log-level", required_argument, NULL, EXTCAP_IGNORED },
	{ "log-file", required_argument, NULL, EXTCAP_IGNORED },
	{ "debug", optional_argument, NULL, EXTCAP_IGNORED },
	{ "debug-file", required_argument, NULL, EXTCAP_IGNORED },
	{ 0 },
};

struct extcap {
	int request; /* enum extcap_option, 0: none */
	const char *interface;
	bool help;
	struct options o;
};

static const char extcap_usage[] =
	"usage: wscope extcap --extcap-interfaces\n"
	"       wscope extcap --extcap-interface IF --extcap-dlts | --extcap-config\n"
	"       wscope extcap --extcap-interface IF --capture --fifo FILE "
	"[--extcap-capture-filter FILTER]\n"
	"                     [--write-all] [--vlan-domain]\n\n"
	"Wireshark calls it so, through a link " EXTCAP_PROGRAM " in its extcap folder.\n\n"
	"  --extcap-interfaces               list the interfaces\n"
	"  --extcap-interface IF             one of them\n"
	"  --extcap-dlts                     its link type\n"
	"  --extcap-config                   the options of a capture on it\n"
	"  --capture                         capture, until interrupted\n"
	"  --fifo FILE                       where to\n"
	"  --extcap-capture-filter FILTER    a tcpdump expression; without --capture: check it\n"
	"  --write-all                       all TCP segments, not only of flagged connections\n"
	"  --vlan-domain                     connections in different VLANs are different\n"
	"  --help                            this text\n";

/* ---- arguments ---- */

/* A boolean flag of the dialog comes as --name, or as --name=true or =false. */
static bool extcap_flag(const char *value)
{
	return !value || !*value || !strcmp(value, "true") || !strcmp(value, "1");
}

static void extcap_apply(struct extcap *e, int option, const char *value)
{
	switch (option) {
	case EXTCAP_INTERFACES:
	case EXTCAP_DLTS:
	case EXTCAP_CONFIG:
	case EXTCAP_CAPTURE:
		e->request = option;
		break;
	case EXTCAP_INTERFACE:
		e->interface = value;
		break;
	case EXTCAP_FIFO:
		e->o.write = value;
		break;
	case EXTCAP_FILTER:
		free(e->o.filter);
		e->o.filter = *value ? strdup(value) : NULL;
		break;
	case EXTCAP_ALL:
		e->o.write_all = extcap_flag(value);
		break;
	case EXTCAP_VLAN_DOMAIN:
		e->o.config.vlan_domain = extcap_flag(value);
		break;
	case EXTCAP_HELP:
		e->help = true;
		break;
	default:
		break;
	}
}

/* Options nobody knows are passed over, so that a newer Wireshark can ask for more. */
static int extcap_parse(struct extcap *e, int argc, char **argv)
{
	int option;

	e->o.config.tunnels = TUNNELS_ALL;
	optind = 1;
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":", extcap_options, NULL)) >= 0) {
		if (option == ':') {
			complain("extcap: '%s' needs an argument", argv[optind - 1]);
			return -EINVAL;
		}
		extcap_apply(e, option, optarg);
	}
	return 0;
}

/* The system's name of the interface asked for; NULL after a complaint. */
static const char *extcap_device(const struct extcap *e)
{
	const char *name = e->interface;

	if (!name) {
		complain("extcap: --extcap-interface IF is missing");
		return NULL;
	}
	if (!strncmp(name, EXTCAP_PREFIX, strlen(EXTCAP_PREFIX)))
		name += strlen(EXTCAP_PREFIX);
	if (if_nametoindex(name))
		return name;
	complain("no interface '%s'", name);
	return NULL;
}

/* ---- answers ---- */

/* A value between braces; what would end it, or a line, is left out. */
static void put_value(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text >= 0x20 && *text != '{' && *text != '}' && *text != 0x7f)
			putchar(*text);
	}
}

static int extcap_interfaces(void)
{
	struct if_nameindex *all = if_nameindex();

	printf("extcap {version=%s}{display=wscope: TCP window scaling}\n", WSCOPE_VERSION);
	for (const struct if_nameindex *i = all; i && i->if_index; i++) {
		printf("interface {value=" EXTCAP_PREFIX);
		put_value(i->if_name);
		printf("}{display=TCP window scaling on ");
		put_value(i->if_name);
		printf(" (wscope)}\n");
	}
	if (all)
		if_freenameindex(all);
	return EXIT_NOTHING;
}

static int extcap_dlts(const char *device)
{
	bool ethernet = attach_linktype(device) == LINKTYPE_ETHERNET;

	/* Numbers here are libpcap's on this system, which has 12 where the registry has 101. */
	if (ethernet)
		printf("dlt {number=%d}{name=EN10MB}{display=Ethernet}\n", DLT_EN10MB);
	else
		printf("dlt {number=%d}{name=RAW}{display=Raw IP}\n", DLT_RAW);
	return EXIT_NOTHING;
}

static int extcap_config(void)
{
	printf("arg {number=0}{call=--write-all}{display=All TCP segments}"
	       "{tooltip=Not only those of connections with a finding}{type=boolflag}"
	       "{default=false}\n"
	       "arg {number=1}{call=--vlan-domain}{display=Tell VLANs apart}"
	       "{tooltip=Connections with equal addresses in different VLANs are different}"
	       "{type=boolflag}{default=false}\n");
	return EXIT_NOTHING;
}

/* Nothing is printed when the filter is good. */
static int extcap_check_filter(const struct extcap *e, const char *device)
{
	bool ethernet = attach_linktype(device) == LINKTYPE_ETHERNET;
	pcap_t *dead = pcap_open_dead(ethernet ? DLT_EN10MB : DLT_RAW, SNIFF_SNAPLEN);
	struct bpf_program program;

	if (!dead) {
		complain("out of memory");
		return EXIT_INCOMPLETE;
	}
	if (pcap_compile(dead, &program, e->o.filter, 1, PCAP_NETMASK_UNKNOWN))
		printf("%s\n", pcap_geterr(dead));
	else
		pcap_freecode(&program);
	pcap_close(dead);
	return EXIT_NOTHING;
}

/* ---- a capture ---- */

static int extcap_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Until a signal, or the reader of the fifo is gone. */
static void extcap_loop(struct sniff *s, struct locals *locals, int signals)
{
	struct pollfd fds[] = {
		{ .fd = signals, .events = POLLIN },
		{ .fd = locals_fd(locals), .events = POLLIN },
		{ .fd = sniff_fd(s), .events = POLLIN },
	};

	while (!fds[0].revents) {
		if (poll(fds, 3, SNIFF_PATIENCE_MS) < 0 && errno != EINTR)
			return;
		if (fds[1].revents)
			locals_refresh(locals);
		if (sniff_take(s))
			return;
	}
}

/* Closed by Wireshark is how a capture ends; what is lost is said. Returns an exit status. */
static int extcap_end(struct sniff *s)
{
	struct sniff_missing missing;
	int err = sniff_close(s, &missing);

	if (missing.packets)
		complain("%llu packets are missing: the kernel had no room for them",
			 (unsigned long long)missing.packets);
	if (err && err != -EPIPE)
		complain("the capture ended early: %s", strerror(-err));
	return missing.packets || (err && err != -EPIPE) ? EXIT_INCOMPLETE : EXIT_NOTHING;
}

static int extcap_capture(struct extcap *e, const char *device)
{
	char error[EXTCAP_ERROR_LEN] = "";
	struct locals *locals = NULL;
	struct sniff *s = NULL;
	int signals, err, status = EXIT_PRIVILEGE;

	if (!e->o.write || !*e->o.write) {
		complain("extcap: --capture needs --fifo FILE");
		return EXIT_USAGE;
	}
	e->o.interfaces[e->o.interfaces_n++] = device;
	signals = extcap_signals();
	err = signals < 0 ? signals : locals_open(&locals, -1);
	if (err) {
		complain("cannot begin: %s", strerror(-err));
		return EXIT_INCOMPLETE;
	}
	err = sniff_open(&s, &e->o, locals, error, sizeof(error));
	if (err) {
		complain("%s", error);
		if (err == -EINVAL || err == -EEXIST)
			status = EXIT_USAGE;
		else if (err != -EPERM && err != -EACCES && err != -ENODEV)
			status = EXIT_INCOMPLETE;
	} else {
		extcap_loop(s, locals, signals);
		status = extcap_end(s);
	}
	locals_close(locals);
	close(signals);
	return status;
}

static int extcap_answer(struct extcap *e)
{
	const char *device;

	if (e->help) {
		fputs(extcap_usage, stdout);
		return EXIT_NOTHING;
	}
	if (e->request == EXTCAP_INTERFACES)
		return extcap_interfaces();
	if (!e->request && !e->o.filter) {
		complain("extcap: Wireshark calls this; `wscope extcap --help` says how");
		return EXIT_USAGE;
	}
	device = extcap_device(e);
	if (!device)
		return EXIT_USAGE;
	switch (e->request) {
	case EXTCAP_DLTS:
		return extcap_dlts(device);
	case EXTCAP_CONFIG:
		return extcap_config();
	case EXTCAP_CAPTURE:
		return extcap_capture(e, device);
	default:
		return extcap_check_filter(e, device);
	}
}

int extcap_run(int argc, char **argv)
{
	struct extcap e = { 0 };
	int status = EXIT_USAGE;

	if (!extcap_parse(&e, argc, argv))
		status = extcap_answer(&e);
	options_free(&e.o);
	if (fflush(stdout) || ferror(stdout)) {
		complain("cannot write: %s", strerror(errno));
		return EXIT_INCOMPLETE;
	}
	return status;
}
