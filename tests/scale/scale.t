#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# timeout: 300
"""`make scale`, small: memory follows the connections of the idle time, totals stay."""

import os
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "lab")]
import measure  # noqa: E402
from tap import Tap  # noqa: E402

CONNECTIONS, GAP_US, RETIRE_S = 60000, 2000, 8
KEPT_MOST = 0.4  # of what is held without --retire; a tenth of the connections is alive at a time

tap = Tap()


def report(name, wrong):
    wrong = list(wrong)
    tap.ok(not wrong, name, "\n".join(wrong))


def held(run, empty):
    return run.peak_kib - empty.peak_kib


def main():
    empty = measure.measure(10000, GAP_US, "-c", "1")
    plain = measure.measure(CONNECTIONS, GAP_US)
    report(f"{CONNECTIONS} connections without --retire: the totals",
           measure.problems(plain, False))
    run = measure.measure(CONNECTIONS, GAP_US, "--retire", str(RETIRE_S))
    report(f"--retire {RETIRE_S}: the same, and the pauses", measure.problems(run, True))
    retired = run.summary["retired"]["flows"]
    tap.ok(retired > 0.85 * CONNECTIONS, f"{retired} records before the end")
    # The sanitizers keep what is freed.
    if not measure.BUILD.endswith("san"):
        tap.ok(held(run, empty) < KEPT_MOST * held(plain, empty),
               f"memory: {held(run, empty) >> 10} MiB above an empty run, "
               f"{held(plain, empty) >> 10} MiB without --retire")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
