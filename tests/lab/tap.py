# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""TAP output and the lab's tables for the tests in this directory."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
CAPTURES = os.path.normpath(os.path.join(HERE, "..", "captures", "lab"))


class Tap:
    def __init__(self):
        self.number = self.failed = 0

    def ok(self, good, name, why=None):
        """One result; `why` (lines) is shown when it is not good."""
        self.number += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.number} - {name}")
        if not good and why:
            for line in str(why).splitlines():
                print(f"# {line}")
        sys.stdout.flush()

    def skip(self, name, reason):
        self.number += 1
        print(f"ok {self.number} - {name} # SKIP {reason}")
        sys.stdout.flush()

    def end(self):
        print(f"1..{self.number}")
        return 1 if self.failed else 0


def read_table(path):
    """A .tsv with # comments and a head line, as a list of dicts."""
    with open(path, encoding="utf-8") as file:
        lines = [line.rstrip("\n").split("\t") for line in file if not line.startswith("#")]
    head = lines.pop(0)
    for line in lines:
        if len(line) != len(head):
            raise ValueError(f"{path}: {len(line)} columns where {len(head)} are due: {line}")
    return [dict(zip(head, line)) for line in lines]


def fits(number, value):
    """Whether a number is what a value asks for: NUMBER, >=NUMBER, or NUMBER~PERCENT."""
    if value.startswith(">="):
        return number >= float(value[2:])
    wanted, _, percent = value.partition("~")
    return abs(number - float(wanted)) <= float(wanted) * float(percent or 0) / 100
