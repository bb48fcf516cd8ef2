#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A generated capture through `wscope replay --retire`, and how much memory that took.

    measure.py [CONNECTIONS [GAP_US [RETIRE_S [MEBIBYTES]]]]

What the generator knows to be in the capture is compared with the summary. `make scale` runs this
with a million connections, 20 GB, and a ceiling of 1 GiB; nothing is stored.
"""

import collections
import json
import os
import subprocess
import sys
import time

BUILD = os.environ.get("WSCOPE_BUILD", "build")
PROGRAM = os.environ.get("WSCOPE", os.path.join(BUILD, "wscope"))
GENERATE = os.path.join(BUILD, "tests", "scale", "generate")

Run = collections.namedtuple("Run", "truth summary peak_kib seconds statuses")


def last_line(stream):
    """Of as much as may come."""
    tail = b""
    while True:
        piece = stream.read(1 << 20)
        if not piece:
            return tail.splitlines()[-1].decode("utf-8") if tail else "{}"
        tail = (tail + piece)[-65536:]


def measure(connections, gap_us, *options):
    """One run, through a pipe."""
    begun = time.monotonic()
    with subprocess.Popen([GENERATE, str(connections), str(gap_us)], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as generate:
        with subprocess.Popen([PROGRAM, "replay", "--json", *options, "-"],
                              stdin=generate.stdout, stdout=subprocess.PIPE) as replay:
            generate.stdout.close()
            summary = json.loads(last_line(replay.stdout))
            _, status, usage = os.wait4(replay.pid, 0)
            replay.returncode = os.waitstatus_to_exitcode(status)
        truth = json.loads(generate.stderr.read() or "{}")
    return Run(truth, summary, usage.ru_maxrss, time.monotonic() - begun,
               (generate.returncode, replay.returncode))


def problems(run, retired):
    """What the summary has otherwise than the generator."""
    if run.statuses != (0, 0) or not run.truth or run.summary.get("type") != "summary":
        yield f"statuses {run.statuses}, summary {run.summary}"
        return
    truth, summary = run.truth, run.summary
    paused = truth["paused"] if retired else 0
    due = {"packets": truth["packets"], "tcp_packets": truth["packets"], "evictions": 0,
           "flows": truth["connections"] + paused, "handshakes": truth["connections"],
           "findings": truth["findings"], "skipped": {}, "duplicates": 0}
    yield from (f"{key}: due {value}, got {summary[key]}" for key, value in due.items()
                if summary[key] != value)
    if retired:
        got = summary["retired"]
        if got["continued"] != paused or got["forgotten"] or not got["late"]:
            yield f"retired: {got}, of {paused} that pause"
    elif "retired" in summary:
        yield "retired without --retire"


def main():
    given = [int(word) for word in sys.argv[1:]]
    connections, gap_us, retire_s, mebibytes = given + [1000000, 500, 20, 1024][len(given):]
    run = measure(connections, gap_us, "--retire", str(retire_s))
    wrong = list(problems(run, True))
    if run.peak_kib > mebibytes << 10:
        wrong.append(f"more than {mebibytes} MiB")
    if run.truth:
        print(f"{run.truth['bytes'] / 1e9:.1f} GB, {run.truth['packets']} packets, "
              f"{run.truth['connections']} connections, {run.summary['retired']['flows']} records "
              f"before the end, in {run.seconds:.0f} s: peak {run.peak_kib / 1024:.0f} MiB")
    print("\n".join(f"wrong: {line}" for line in wrong) or
          f"all totals as generated: {json.dumps(run.truth['findings'])}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
