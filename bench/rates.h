/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How often the evidence functions are right, on captures whose handshakes tell the truth. */
#ifndef BENCH_RATES_H
#define BENCH_RATES_H

/* Replays each file by itself and prints a line a rate. 0, or -errno when none could be read. */
int rates_run(const char *const *files, unsigned int files_n);

#endif
