#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The findings on the shared captures are those of docs/reviewed-findings.md.

Every finding of severity warning or above stands in its tables, with capture, code and packets, and
nothing else does: who reviewed them looked at what wscope says today.
"""

import collections
import json
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lab"))
from tap import Tap  # noqa: E402

ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))
WSCOPE = os.environ.get("WSCOPE", os.path.join(ROOT, "build", "wscope"))
CAPTURES = os.environ.get("WSCOPE_CAPTURES", os.path.join(ROOT, "..", "shared", "captures"))
REVIEWED = os.path.join(ROOT, "docs", "reviewed-findings.md")
SEVERE = ("warning", "critical")


def listed():
    """{(capture, code): text of the packets} of the tables, and how many findings and captures."""
    rows = {}
    with open(REVIEWED, encoding="utf-8") as file:
        text = file.read()
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        capture, code = (re.fullmatch(r"`([^`]+)`.*", cells[i]) if len(cells) == 5 else None
                         for i in (0, 2))
        if capture and code:
            rows[capture[1], code[1]] = cells[1]
    totals = re.search(r"\| findings \| (\d+), in (\d+) captures", text)
    return rows, tuple(int(number) for number in totals.groups())


def found():
    """{(capture, code): [packets of each finding]}; what was readable counts."""
    all_ = collections.defaultdict(list)
    for name in sorted(os.listdir(CAPTURES)):
        if name.endswith((".tsv", ".md")) or not os.path.isfile(os.path.join(CAPTURES, name)):
            continue
        done = subprocess.run([WSCOPE, "replay", "--json", os.path.join(CAPTURES, name)],
                              capture_output=True, text=True, timeout=120, check=False)
        for record in map(json.loads, done.stdout.splitlines()):
            if record["type"] == "summary":
                continue
            for one in record["findings"]:
                if one["severity"] in SEVERE:
                    all_[name, one["code"]].append([packet["number"] for packet in one["packets"]])
    return all_


def main():
    tap = Tap()
    if not os.path.isdir(CAPTURES):
        tap.skip("findings on the shared captures", "captures: no shared captures")
        return tap.end()
    rows, totals = listed()
    all_ = found()
    for key in sorted(set(rows) | set(all_)):
        numbers = {int(word) for word in re.findall(r"\b\d+\b", rows.get(key, ""))}
        strange = [packets for packets in all_.get(key, []) if not numbers.issuperset(packets)]
        tap.ok(key in rows and key in all_ and not strange, f"{key[0]}: {key[1]}",
               f"listed: {rows.get(key)}; found: {all_.get(key)}")
    count = (sum(len(some) for some in all_.values()), len({capture for capture, _ in all_}))
    tap.ok(count == totals, "findings and captures are as many as the page says",
           f"{count} where {totals} are listed")
    return tap.end()


sys.exit(main())
