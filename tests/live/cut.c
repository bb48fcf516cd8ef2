// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Runs a program and kills it the moment it has put a TC filter into the kernel, before it can do
 * anything else: cut N PROGRAM ARGUMENT... at its Nth filter. Exit status: 0 it was killed so, 1 it
 * ended before that, 2 usage.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <linux/netlink.h>
#include <linux/ptrace.h>
#include <linux/rtnetlink.h>

/* Whether the system call the process is about to make asks rtnetlink for a new filter. */
static bool cut_is_filter(pid_t pid, const struct ptrace_syscall_info *info)
{
	struct nlmsghdr header;
	long words[2];

	if (info->op != PTRACE_SYSCALL_INFO_ENTRY || info->entry.nr != SYS_sendto ||
	    info->entry.args[2] < sizeof(header))
		return false;
	for (unsigned int i = 0; i < 2; i++) {
		errno = 0;
		words[i] = ptrace(PTRACE_PEEKDATA, pid,
				  (void *)(info->entry.args[1] + i * sizeof(long)), NULL);
		if (errno)
			return false;
	}
	memcpy(&header, words, sizeof(header));
	return header.nlmsg_type == RTM_NEWTFILTER;
}

/* To the next stop at a system call; false: it has ended. Other signals are passed on. */
static bool cut_step(pid_t pid, struct ptrace_syscall_info *info)
{
	int signal = 0, status;

	for (;;) {
		if (ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(long)signal) ||
		    waitpid(pid, &status, 0) < 0 || !WIFSTOPPED(status))
			return false;
		if (WSTOPSIG(status) == (SIGTRAP | 0x80))
			return ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof(*info), info) >
			       0;
		signal = WSTOPSIG(status);
	}
}

/* The kernel has done it when the call returns. */
static int cut_follow(pid_t pid, int n)
{
	struct ptrace_syscall_info info;

	while (cut_step(pid, &info)) {
		if (!cut_is_filter(pid, &info) || --n)
			continue;
		if (!cut_step(pid, &info))
			return 1;
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return 0;
	}
	return 1;
}

int main(int argc, char **argv)
{
	int n = argc > 2 ? atoi(argv[1]) : 0, status;
	pid_t pid;

	if (n < 1)
		return 2;
	pid = fork();
	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, pid, NULL,
		   (void *)(long)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)))
		return 1;
	return cut_follow(pid, n);
}
