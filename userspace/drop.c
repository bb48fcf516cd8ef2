// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/drop.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "userspace/complain.h"

/* What reads maps and rings, writes records, answers scrapes, and draws. */
static const char *const drop_calls[] = {
	"accept4",
	"access",
	"bind",
	"brk",
	"clock_gettime",
	"clock_nanosleep",
	"clone",
	"clone3",
	"close",
	"connect",
	"dup",
	"dup2",
	"dup3",
	"epoll_create1",
	"epoll_ctl",
	"epoll_pwait",
	"epoll_wait",
	"eventfd2",
	"exit",
	"exit_group",
	"faccessat",
	"faccessat2",
	"fcntl",
	"fdatasync",
	"fstat",
	"fsync",
	"ftruncate",
	"futex",
	"fchmod",
	"memfd_create",
	"getcwd",
	"getdents64",
	"getegid",
	"geteuid",
	"getgid",
	"getpid",
	"getppid",
	"getpeername",
	"getrandom",
	"getsockname",
	"getsockopt",
	"gettid",
	"getuid",
	"ioctl",
	"listen",
	"lseek",
	"madvise",
	"membarrier",
	"mmap",
	"mprotect",
	"mremap",
	"munmap",
	"nanosleep",
	"newfstatat",
	"openat",
	"pipe2",
	"poll",
	"ppoll",
	"pread64",
	"prlimit64",
	"pselect6",
	"pwrite64",
	"read",
	"readlink",
	"readlinkat",
	"readv",
	"recvfrom",
	"recvmmsg",
	"recvmsg",
	"rename",
	"renameat",
	"renameat2",
	"restart_syscall",
	"rseq",
	"rt_sigaction",
	"rt_sigprocmask",
	"rt_sigreturn",
	"rt_sigtimedwait",
	"sched_getaffinity",
	"sched_yield",
	"select",
	"sendfile",
	"sendmmsg",
	"sendmsg",
	"sendto",
	"set_robust_list",
	"setsockopt",
	"shutdown",
	"sigaltstack",
	"signalfd4",
	"socket",
	"statx",
	"sysinfo",
	"tgkill",
	"timerfd_create",
	"timerfd_settime",
	"umask",
	"uname",
	"unlink",
	"unlinkat",
	"write",
	"writev",
};

/* Of bpf(2): what looks at maps, and writes to one that is open already. */
static const int drop_commands[] = {
	BPF_MAP_LOOKUP_ELEM,
	BPF_MAP_UPDATE_ELEM,
	BPF_MAP_DELETE_ELEM,
	BPF_MAP_GET_NEXT_KEY,
	BPF_MAP_LOOKUP_BATCH,
	BPF_OBJ_GET_INFO_BY_FD,
	BPF_MAP_LOOKUP_AND_DELETE_ELEM,
};

static int drop_filter(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int err = filter ? 0 : -ENOMEM;

	for (size_t i = 0; i < sizeof(drop_calls) / sizeof(drop_calls[0]) && !err; i++) {
		int call = seccomp_syscall_resolve_name(drop_calls[i]);

		if (call != __NR_SCMP_ERROR)
			err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0);
	}
	for (size_t i = 0; i < sizeof(drop_commands) / sizeof(drop_commands[0]) && !err; i++) {
		const struct scmp_arg_cmp is = { .arg = 0,
						 .op = SCMP_CMP_EQ,
						 .datum_a = (scmp_datum_t)drop_commands[i] };

		err = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(bpf), 1, &is);
	}
	if (!err)
		err = seccomp_load(filter);
	seccomp_release(filter);
	return err;
}

/* While there is the capability to do so; without it, it may not be needed either. */
static void drop_bounding(void)
{
	for (unsigned long i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++)
		(void)prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

static int drop_user(const char *user)
{
	const struct passwd *who;

	if (geteuid())
		return 0;
	who = getpwnam(user ? user : "wscope");
	if (!who && !user)
		who = getpwnam("nobody");
	if (!who)
		return -ENOENT;
	return setgroups(0, NULL) || setgid(who->pw_gid) || setuid(who->pw_uid) ? -errno : 0;
}

static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

	return syscall(SYS_capset, &header, none) ? -errno : 0;
}

int drop_privileges(const char *user)
{
	int err;

	drop_bounding();
	err = drop_user(user);
	if (err == -ENOENT)
		complain("there is no user '%s'", user ? user : "wscope' or 'nobody");
	else if (err)
		complain("cannot become another user: %s", strerror(-err));
	if (err)
		return err;
	err = drop_capabilities();
	if (!err && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		err = -errno;
	if (err) {
		complain("cannot give up capabilities: %s", strerror(-err));
		return err;
	}
	err = drop_filter();
	if (err)
		complain("cannot restrict system calls: %s", strerror(-err));
	return err;
}
