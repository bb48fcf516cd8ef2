// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <sys/signalfd.h>

#include "userspace/baseline.h"
#include "userspace/complain.h"
#include "userspace/drop.h"
#include "userspace/exit_status.h"
#include "userspace/live_dry_run.h"
#include "userspace/live_run.h"
#include "userspace/pins.h"

#define LIVE_LOG_LINES 20
#define LIVE_ERROR_LEN 8192 /* a path and what is wrong */

void live_attached(struct live *v)
{
	if (attachments_read(&v->pinned))
		return;
	v->attached.recorded = true;
	v->attached.n = v->pinned.state.n;
	for (size_t i = 0; i < v->attached.n; i++)
		v->attached.list[i] = attachment_as_attach(&v->pinned.list[i], -1);
}

/* Signals are taken one by one from now on, so that nothing stays attached after one. */
static int live_signals(struct live *v)
{
	struct sigaction hangup;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR1);
	if (v->screen)
		sigaddset(&set, SIGQUIT); /* the terminal is to be as it was */
	if (!sigaction(SIGHUP, NULL, &hangup) && hangup.sa_handler != SIG_IGN) /* not under nohup */
		sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	signal(SIGPIPE, SIG_IGN);
	v->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return v->signals < 0 ? -errno : 0;
}

static void live_complain_load(const struct live *v, int err)
{
	const char *hint = "";

	/* Without CAP_PERFMON the verifier is stricter and says -EACCES. */
	if (err == -EPERM || (err == -EACCES && geteuid()))
		hint = "; root, or the capabilities CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON, are "
		       "needed";
	else if (!v->options->verbose)
		hint = "; -v shows what the kernel's verifier says";
	fprintf(stderr, "wscope: cannot load the programs: %s%s\n", strerror(-err), hint);
	if (v->options->verbose)
		fprintf(stderr, "%s", loader_log_tail(v->loader, LIVE_LOG_LINES));
}

static void live_note_sizes(const struct loader *l, const struct options *o)
{
	if (l->flows != o->flows || l->pending != o->pending || l->endpoints != o->endpoints)
		fprintf(stderr,
			"wscope: tables hold %u connections, %u unconfirmed ones, %u endpoints: fewer "
			"than 256 per CPU do not work\n",
			l->flows, l->pending, l->endpoints);
}

/* The sockets and the file of --write, where it is asked for. As live_setup(). */
static int live_write(struct live *v)
{
	char error[LIVE_ERROR_LEN] = "";
	int err;

	if (!v->options->write)
		return 0;
	err = sniff_open(&v->sniff, v->options, v->locals, error, sizeof(error));
	if (!err)
		return 0;
	complain("%s", error);
	if (err == -EEXIST)
		v->refused = EXIT_USAGE;
	else if (err != -EPERM && err != -EACCES && err != -ENODEV)
		v->refused = EXIT_INCOMPLETE;
	return err;
}

/* The programs, loaded here. As live_setup(). */
static int live_load(struct live *v)
{
	int err = live_attach_check(v->options);

	if (err)
		return err;
	err = loader_open(&v->loader, v->options);
	if (err)
		live_complain_load(v, err);
	else
		live_note_sizes(v->loader, v->options);
	return err;
}

/* Or the maps of those that `wscope attach` has attached, for one reader. As live_setup(). */
static int live_load_pinned(struct live *v)
{
	const char *dir = v->options->pin;
	int err = attachments_open(&v->pinned, dir);

	if (!err && v->pinned.state.layout != loader_layout())
		err = -ESTALE;
	if (!err)
		v->reading = pins_lock(dir, PINS_MAPS);
	if (!err && v->reading < 0)
		err = v->reading;
	if (!err)
		err = loader_open_pinned(&v->loader, dir);
	if (err == -ENOENT)
		complain("nothing is attached: there are no pins in '%s'", dir);
	else if (err == -ESTALE)
		complain(
			"the maps in '%s' have another layout than this build knows: let this build's "
			"`wscope attach` take over",
			dir);
	else if (err == -EWOULDBLOCK)
		complain("somebody reads '%s' already", dir);
	else if (err)
		complain("cannot open the pins in '%s': %s", dir, strerror(-err));
	return err;
}

int live_setup(struct live *v)
{
	bool pinned = v->options->pinned;
	int err = metrics_open(&v->metrics, v->options);

	if (!err)
		err = publish_open(&v->publish, v->options);
	if (!err)
		err = pinned ? live_load_pinned(v) : live_load(v);
	if (err)
		return err;
	if (v->options->dry_run) {
		v->refused = live_dry_run(v->to, v->options);
		return -ECANCELED;
	}
	v->refused = baseline_prepare(&v->baseline, v->options);
	if (v->refused != EXIT_NOTHING)
		return -EINVAL;
	v->refused = EXIT_PRIVILEGE;
	err = locals_open(&v->locals, v->loader->locals);
	if (err == -E2BIG)
		fprintf(stderr, "wscope: this host has more addresses than are told from others "
				"in the kernel: blame may be less certain\n");
	else if (err)
		fprintf(stderr, "wscope: cannot read this host's addresses: %s\n", strerror(-err));
	if (err && err != -E2BIG)
		return err;
	err = live_events_open(&v->events, v->loader->events);
	if (!err)
		err = live_signals(v);
	if (err) {
		fprintf(stderr, "wscope: cannot wait for events: %s\n", strerror(-err));
		return err;
	}
	err = live_write(v);
	if (err)
		return err;
	if (pinned)
		live_attached(v);
	else
		err = live_attach_all(&v->attached, v->options, v->loader);
	if (!err)
		err = metrics_start(v->metrics, v->loader, &v->attached, v->publish);
	if (!err && pinned)
		err = drop_privileges(v->options->user);
	return err ? err : publish_start(v->publish);
}
