#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# timeout: 240
"""The product judges captures that it was not made with: a few runs of the quick classes.

The numbers are drawn from one seed, so that a change is held against the same runs as the one before
it, and only the kernel's timing is new; SEED= gives another, SEED=fresh draws one. `confusion` makes a
run again. A class may miss one run. A finding that is not so is a failure, in healthy runs as in
others. Then 300 healthy connections, see healthy: no finding of severity warning or above.
"""

import os
import random
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import bulk  # noqa: E402
import confuse  # noqa: E402
import runner  # noqa: E402
from confuse import CLASSES  # noqa: E402
from lab import LabError  # noqa: E402
from tap import Tap  # noqa: E402

RUNS, SECONDS, JOBS = 2, 40, 2
HEALTHY, BATCH = 300, 100
SEED = "424243"
tap = Tap()


def check_class(name, outcomes):
    made = [outcome for outcome in outcomes if outcome.made]
    if not made:
        last = outcomes[-1] if outcomes else None
        why = last.broken or last.void[-1] if last else "time is up"
        if runner.REFUSED.search(why):
            tap.skip(name, f"kernel: {why}")
        elif not outcomes:
            print(f"# {name}: {why}")
        else:
            tap.ok(False, name, why)
        return
    wrong = [str(outcome) for outcome in made if outcome.wrong]
    wrong += [f"{o.name} {o.number}: {o.broken}" for o in outcomes if o.broken]
    missed = [str(outcome) for outcome in made if CLASSES[name].code and not outcome.hit()]
    tap.ok(not wrong and len(missed) <= 1, f"{name}, {len(made)} runs", "\n".join(wrong + missed))


def check_classes(the_run, seed):
    names = [entry.name for entry in CLASSES.values() if entry.quick]
    begin = time.monotonic()
    outcomes = list(confuse.Confusion(the_run, seed).all(
        [(name, number) for number in range(RUNS) for name in names], JOBS, begin + SECONDS))
    print(f"# seed {seed}: {len(outcomes)} runs in {time.monotonic() - begin:.1f} s")
    for name in names:
        check_class(name, [outcome for outcome in outcomes if outcome.name == name])


def check_healthy(the_run, seed):
    begin, flows, severe, why = time.monotonic(), 0, [], None
    for number in range(HEALTHY // BATCH):
        try:
            batch, (seen, _, found) = bulk.run(the_run, seed, f"{number}.0", 10**6 + number, BATCH)
        except (LabError, OSError) as error:
            why = f"batch {number}: {error}"
            continue
        flows += seen
        if bulk.severe(found):
            severe.append(f"batch {number}.0 ({batch}): {bulk.severe(found)}")
    print(f"# {flows} healthy connections in {time.monotonic() - begin:.1f} s")
    if why and runner.REFUSED.search(why):
        tap.skip("healthy connections", f"kernel: {why}")
    else:
        tap.ok(flows and not severe, "healthy connections", "\n".join(severe) or why)


def main():
    if os.geteuid() != 0:
        tap.skip("the lab runs", "privilege: not root")
    elif runner.missing_tool():
        tap.skip("the lab runs", f"package: {runner.missing_tool()} is not installed")
    else:
        given = os.environ.get("SEED", SEED)
        seed = random.SystemRandom().randrange(10**6) if given == "fresh" else int(given)
        with runner.whole_run() as the_run:
            check_classes(the_run, seed)
            check_healthy(the_run, seed)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
