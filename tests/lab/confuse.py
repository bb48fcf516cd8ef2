# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Runs varied scenarios and holds what the product says against what the lab did.

A run is named CLASS RUN.ATTEMPT; with the seed that gives all numbers drawn for it. An attempt is
void when the lab failed, or when what was done did not come to be; then the next one follows.
"""

import collections
import concurrent.futures
import dataclasses
import itertools
import os
import random
import shutil
import sys
import tempfile
import threading
import time
import traceback

import lab
import runner
import wire
from tap import HERE, read_table
from variants import FAULTS
from variants_near import NEAR

CLASSES = {entry.name: entry for entry in FAULTS + NEAR}
ATTEMPTS = 4
IDLE_JOBS = 16
HIGH, MEDIUM, LOW = 2, 1, 0
RANK = {"certain": HIGH, "high": HIGH, "medium": MEDIUM}


@dataclasses.dataclass
class Outcome:
    """One run. `got` is what was said at the drawn point, code -> HIGH, MEDIUM or LOW."""
    name: str                   # of the class
    number: str                 # RUN.ATTEMPT
    told: str = ""
    point: str = ""
    got: dict = dataclasses.field(default_factory=dict)
    wrong: list = dataclasses.field(default_factory=list)      # (point, code) that are not so
    beside: set = dataclasses.field(default_factory=set)       # codes that are true too
    void: list = dataclasses.field(default_factory=list)       # why attempts were void
    made: bool = False
    broken: str = ""            # why it could not be judged at all

    def rank(self):
        """How sure the code of the class was given; LOW when it was not."""
        return self.got.get(CLASSES[self.name].code, LOW)

    def hit(self):
        return self.rank() >= (MEDIUM if CLASSES[self.name].medium else HIGH)

    def __str__(self):
        return (f"{self.name} {self.number} at {self.point} ({self.told}): said "
                f"{', '.join(sorted(self.got)) or 'nothing'}"
                + "".join(f"; wrong: {code} at {point}" for point, code in self.wrong))


def codes(path):
    """code -> the best rank at which a capture gives it, at severity notice or above."""
    found = {}
    for finding in runner.findings(runner.replay(path)):
        rank = RANK.get(finding["confidence"], LOW)
        found[finding["code"]] = max(rank, found.get(finding["code"], LOW))
    return found


def read_expected():
    """(scenario, point) -> codes that are true there"""
    expected = collections.defaultdict(set)
    for row in read_table(os.path.join(HERE, "expect.tsv")):
        if row["code"] != "-":
            expected[row["scenario"], row["point"]].add(row["code"])
    return expected


EXPECTED = read_expected()


def least(code):
    """The rank from which a finding counts: medium where a class of the code is so by design."""
    return MEDIUM if any(c.medium and c.code == code for c in FAULTS) else HIGH


def judge(outcome, variant, directory):
    """Fill in what was said at each point."""
    code = CLASSES[outcome.name].code
    for point in runner.points_of(variant.scenario):
        said = codes(os.path.join(directory, point + ".pcap"))
        true = EXPECTED[variant.base, point] | variant.beside
        if code and point in variant.at:
            true = true | {code}
        if point == "box-any" and point != outcome.point:
            continue
        if point == outcome.point:
            outcome.got = said
            outcome.beside = {c for c in said if c in true and c != code}
        outcome.wrong += [(point, c) for c, rank in said.items()
                          if c not in true and rank >= least(c)]


def not_so(variant, directory):
    """Why what was done did not come to be, if so."""
    if not variant.sure:
        return []
    seen = {point: wire.read(wire.find(directory, point))
            for point in runner.points_of(variant.scenario)}
    try:
        return list(variant.sure(seen, directory))
    except (ValueError, KeyError, StopIteration) as error:
        return [f"{type(error).__name__}: {error}"]


class Confusion:
    """Many runs with one seed. `keep`: a folder for the captures of runs that were judged wrong."""

    def __init__(self, the_run, seed, keep=None, say=print):
        self.the_run, self.seed, self.keep, self.say = the_run, seed, keep, say
        self.slots, self.mutex = itertools.count(), threading.Lock()

    def attempt(self, outcome, run, number):
        """One attempt; why it is void, or None."""
        key = f"{self.seed}/{outcome.name}/{run}.{number}"
        rng = random.Random(key)
        variant = CLASSES[outcome.name].build(rng)
        outcome.number, outcome.told = f"{run}.{number}", variant.told
        outcome.point = rng.choice(variant.at)
        with self.mutex:
            slot = next(self.slots)
        with tempfile.TemporaryDirectory(prefix="wsl-lab-") as directory:
            try:
                runner.run_scenario(self.the_run, slot, variant.scenario, directory,
                                    random.Random(key + "/traffic"))
            except (lab.LabError, OSError) as error:
                return f"lab: {error}"
            odd = not_so(variant, directory)
            if odd:
                return f"not so: {odd[0]}"
            judge(outcome, variant, directory)
            outcome.made = True
            fault = CLASSES[outcome.name].code
            if outcome.wrong or fault and not outcome.hit():
                self.report(outcome, directory)
        return None

    def report(self, outcome, directory):
        self.say(f"# {outcome}")
        if self.keep:
            target = os.path.join(self.keep, f"{outcome.name.replace(' ', '-')}-{outcome.number}")
            shutil.copytree(directory, target, dirs_exist_ok=True)

    def one(self, name, run, deadline=None):
        """One run, or None when the deadline has passed; `run` may be RUN or RUN.ATTEMPT."""
        if self.the_run.closed or deadline and time.monotonic() > deadline:
            return None
        outcome = Outcome(name, str(run))
        run, _, first = str(run).partition(".")
        for number in range(int(first or 0), int(first or 0) + ATTEMPTS):
            try:
                why = self.attempt(outcome, run, number)
            except Exception as error:      # the product's, or the lab's own: it is not retried
                outcome.broken = f"{type(error).__name__}: {error}"
                traceback.print_exc()
                break
            if why is None or self.the_run.closed:
                break
            outcome.void.append(why)
            print(f"{name} {outcome.number} is void: {why}", file=sys.stderr)
            if runner.REFUSED.search(why):
                break
        return outcome

    def all(self, runs, jobs, deadline=None):
        """Outcomes of [(class, run)]; those that mostly wait run many at a time."""
        with concurrent.futures.ThreadPoolExecutor(jobs) as busy, \
                concurrent.futures.ThreadPoolExecutor(IDLE_JOBS) as idle:
            pending = [(idle if CLASSES[name].idle else busy).submit(self.one, name, run, deadline)
                       for name, run in runs]
            for job in concurrent.futures.as_completed(pending):
                if job.result():
                    yield job.result()
