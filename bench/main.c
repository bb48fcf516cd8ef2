// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * bench: measures the product, one line a figure. `bench empty FILE` is the empty libpcap loop that
 * replay is compared with. BENCH_QUICK=1: fewer rounds, smaller files for the slow tools.
 *
 * Exit status: 0 all ratios within their targets, 1 some are over, 2 something could not be measured.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/empty.h"
#include "bench/kernel.h"
#include "bench/offline.h"
#include "bench/rates.h"
#include "bench/report.h"

#define EXIT_OVER   1
#define EXIT_FAILED 2

static int bench_kernel(bool quick)
{
	struct kernel_bench *kernel;
	int err = kernel_open(&kernel);

	if (err == -EPERM && geteuid()) {
		report_missing("kernel", "needs root");
		return 0;
	}
	if (err) {
		fprintf(stderr, "bench: cannot load the programs: %s\n", strerror(-err));
		return err;
	}
	err = kernel_run(kernel, quick);
	if (!err)
		err = kernel_memory(kernel);
	kernel_close(kernel);
	return err;
}

static int bench_offline(const char *build, bool quick)
{
	char wscope[256], dir[256];
	const struct offline offline = {
		.wscope = wscope, .self = "/proc/self/exe", .dir = dir, .quick = quick
	};
	int err;

	snprintf(wscope, sizeof(wscope), "%s/wscope", build);
	snprintf(dir, sizeof(dir), "%s/bench", build);
	if (mkdir(dir, 0777) && errno != EEXIST) {
		err = -errno;
		fprintf(stderr, "bench: cannot make '%s': %s\n", dir, strerror(-err));
		return err;
	}
	err = offline_time(&offline);
	if (!err)
		err = offline_memory(&offline);
	return err ? err : offline_tools(&offline);
}

int main(int argc, char **argv)
{
	const char *build = getenv("WSCOPE_BUILD"), *quick = getenv("BENCH_QUICK");
	bool is_quick = quick && *quick && strcmp(quick, "0") != 0;
	int kernel, offline = 0;

	if (argc == 3 && !strcmp(argv[1], "empty"))
		return empty_loop(argv[2]) ? EXIT_FAILED : 0;
	if (argc > 2 && !strcmp(argv[1], "rates"))
		return rates_run((const char *const *)argv + 2, (unsigned int)argc - 2)
			       ? EXIT_FAILED
			       : 0;
	if (argc > 2 || (argc == 2 && strcmp(argv[1], "kernel") != 0)) {
		fprintf(stderr,
			"usage: bench | bench kernel | bench empty FILE | bench rates FILE...\n");
		return EXIT_FAILED;
	}
	kernel = bench_kernel(is_quick);
	if (argc == 1)
		offline = bench_offline(build ? build : "build", is_quick);
	if (kernel || offline)
		return EXIT_FAILED;
	return report_over() ? EXIT_OVER : 0;
}
