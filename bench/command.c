// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/command.h"

extern char **environ;

static double command_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Starts argv with the given standard input, output and error; 0 or -errno. */
static int command_start(const char *const *argv, int in, int out, int errors, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	int err = posix_spawn_file_actions_init(&actions);

	if (err)
		return -err;
	err = posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	if (!err)
		err = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	if (!err)
		err = posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
	if (!err)
		err = posix_spawnp(pid, argv[0], &actions, NULL, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return -err;
}

/* A pipe that cat fills with the file; its reading end, or -errno. */
static int command_feed(const char *file, int null, pid_t *pid)
{
	const char *const argv[] = { "cat", "--", file, NULL };
	int ends[2], err;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	err = command_start(argv, null, ends[1], STDERR_FILENO, pid);
	close(ends[1]);
	if (!err)
		return ends[0];
	close(ends[0]);
	return err;
}

static int command_wait(pid_t pid, struct command_result *result)
{
	struct rusage usage;
	int status;

	while (wait4(pid, &status, 0, &usage) < 0)
		if (errno != EINTR)
			return -errno;
	result->peak = (double)usage.ru_maxrss * 1024;
	result->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return 0;
}

static int command_measure(const struct command *c, int in, int out, int null,
			   struct command_result *result)
{
	double start = command_now();
	pid_t pid = 0;
	int err = command_start(c->argv, in, out, c->quiet ? null : STDERR_FILENO, &pid);

	if (!err)
		err = command_wait(pid, result);
	result->seconds = command_now() - start;
	return err;
}

int command_run(const struct command *c, struct command_result *result)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), out = null, in = null, err = 0;
	pid_t feeder = 0;

	if (null < 0)
		return -errno;
	if (c->output) {
		out = open(c->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
		if (out < 0)
			err = -errno;
	}
	if (!err && c->feed) {
		in = command_feed(c->feed, null, &feeder);
		if (in < 0)
			err = in;
	}
	if (!err)
		err = command_measure(c, in, out, null, result);
	if (in >= 0 && in != null)
		close(in);
	if (out >= 0 && out != null)
		close(out);
	close(null);
	while (feeder && waitpid(feeder, NULL, 0) < 0 && errno == EINTR)
		;
	return err;
}
