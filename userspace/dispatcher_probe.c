// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Whether libxdp could build a dispatcher, asked before it silently does without. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/vfs.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/magic.h>
#include <xdp/libxdp.h>
#include <xdp/prog_dispatcher.h>

#include "userspace/dispatcher.h"
#include "userspace/dispatcher_pins.h"

#define PROBE_OBJECT     "xdp-dispatcher.o"
#define PROBE_DISPATCHER "xdp_dispatcher"
#define PROBE_PROGRAM    "xdp_pass"
#define PROBE_TARGET     "prog0" /* what the first program of a dispatcher replaces */

static int probe_quiet(enum libxdp_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

static struct bpf_program *probe_open(struct xdp_program **out, const char *name)
{
	DECLARE_LIBXDP_OPTS(xdp_program_opts, opts, .find_filename = PROBE_OBJECT,
			    .prog_name = name);
	struct bpf_program *p, *wanted = NULL;

	*out = xdp_program__create(&opts);
	if (libxdp_get_error(*out)) {
		*out = NULL;
		return NULL;
	}
	bpf_object__for_each_program(p, xdp_program__bpf_obj(*out)) {
		bool is = !strcmp(bpf_program__name(p), name);

		bpf_program__set_autoload(p, is);
		if (is)
			wanted = p;
	}
	return wanted;
}

/* As if for one program: a function that is never called cannot be replaced in newer kernels. */
static int probe_configure(struct xdp_program *dispatcher)
{
	struct xdp_dispatcher_config config = { .magic = XDP_DISPATCHER_MAGIC,
						.dispatcher_version = XDP_DISPATCHER_VERSION,
						.num_progs_enabled = 1 };
	struct bpf_object *object = xdp_program__bpf_obj(dispatcher);
	struct bpf_map *map = bpf_object__next_map(object, NULL);

	/* Of another size in another version of the protocol. */
	return map ? bpf_map__set_initial_value(map, &config, sizeof(config)) : -ENOENT;
}

static int probe_replace(struct bpf_program *program, struct xdp_program *owner, int target)
{
	struct bpf_link *link;
	int err;

	bpf_program__set_type(program, BPF_PROG_TYPE_EXT);
	bpf_program__set_expected_attach_type(program, (enum bpf_attach_type)0);
	err = bpf_program__set_attach_target(program, target, PROBE_TARGET);
	if (!err)
		err = bpf_object__load(xdp_program__bpf_obj(owner));
	if (err)
		return err;
	link = bpf_program__attach_trace(program);
	if (!link)
		return -errno;
	bpf_link__destroy(link);
	return 0;
}

static int probe_kernel(const char **what)
{
	struct xdp_program *dispatcher = NULL, *pass = NULL;
	struct bpf_program *target, *program;
	int err;

	*what = "libxdp's " PROBE_OBJECT " cannot be opened";
	target = probe_open(&dispatcher, PROBE_DISPATCHER);
	program = probe_open(&pass, PROBE_PROGRAM);
	err = target && program ? 0 : -ENOENT;
	if (!err) {
		*what = "libxdp's " PROBE_OBJECT " is of another version";
		err = probe_configure(dispatcher);
	}
	if (!err) {
		*what = "the kernel does not load libxdp's dispatcher";
		err = bpf_object__load(xdp_program__bpf_obj(dispatcher));
	}
	if (!err) {
		*what = "the kernel lets no program replace a function of another (freplace)";
		err = probe_replace(program, pass, bpf_program__fd(target));
	}
	xdp_program__close(pass);
	xdp_program__close(dispatcher);
	return err;
}

int dispatcher_probe(char *why)
{
	const char *root = dispatcher_pins_root(), *what;
	libxdp_print_fn_t xdp_before;
	libbpf_print_fn_t before;
	struct statfs fs;
	int err;

	*why = '\0';
	if (getenv("LIBXDP_SKIP_DISPATCHER")) {
		snprintf(why, DISPATCHER_WHY, "LIBXDP_SKIP_DISPATCHER is set");
		return -EOPNOTSUPP;
	}
	if (statfs(root, &fs) || fs.f_type != BPF_FS_MAGIC) {
		snprintf(why, DISPATCHER_WHY, "no bpffs is mounted on %s", root);
		return -EOPNOTSUPP;
	}
	if (bpf_prog_get_fd_by_id(0) == -EPERM || access(root, W_OK)) {
		snprintf(why, DISPATCHER_WHY,
			 "without CAP_SYS_ADMIN and access to %s it could not be taken off again",
			 root);
		return -EPERM;
	}
	before = libbpf_set_print(NULL);
	xdp_before = libxdp_set_print(probe_quiet);
	err = probe_kernel(&what);
	libbpf_set_print(before);
	libxdp_set_print(xdp_before);
	if (err)
		snprintf(why, DISPATCHER_WHY, "%s: %s", what, strerror(-err));
	return err;
}
