#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# timeout: 280
"""What `wscope compare` says of the two sides of the lab's box: exactly what compare.tsv says.

Each scenario that was captured at box-in and box-out is compared as it is, and again in ways that
may change nothing but what is named:
  clock      box-out's clock is 3 s ahead
  swapped    box-out comes first
  loss       5 % of the segments of box-out are gone: they are missing, or too many
  nat        other addresses and ports behind the box: nat, and the connections are found
  sequence   other sequence numbers behind the box: seq-rewritten, and the packets are found
  both       other addresses and other sequence numbers
  merged     segments of box-out, of both sides, or of what 5 % loss left of it, are merged as offload does
  rotated    each side is a directory of pieces, and a pattern of them: nothing may change at all
"""

import collections
import json
import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import rewrite  # noqa: E402
import wire  # noqa: E402
from tap import CAPTURES, HERE, Tap, read_table  # noqa: E402

PROGRAM = os.environ.get("WSCOPE", os.path.join(os.environ.get("WSCOPE_BUILD", "build"), "wscope"))
LOST = {"packets-missing", "packets-added"}
# Connections without timestamps: behind other addresses and other numbers nothing of them is left.
UNSTAMPED = {"nots", "nots-burst", "overrun", "short-snap-server-off", "syncookies-nots",
             "synproxy-nots", "synproxy-nots-burst"}
# The same of some packets: a RST alone, connections without timestamps among others, connections
# of one pair of ports within a millisecond.
PARTLY = {"rst-handshake", "syncookies-mixed", "port-reuse", "port-reuse-flip"}
tap = Tap()
# scenario -> segments of one side that were found again in larger ones of the other
FOLDED = collections.Counter()


def compare(before, after, *options):
    done = subprocess.run([PROGRAM, "compare", "--json", *options, before, after],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                          check=False)
    if done.returncode not in (0, 1) or done.stderr:
        raise ValueError(f"exit status {done.returncode}: {done.stderr.strip()}")
    records = [json.loads(line) for line in done.stdout.splitlines()]
    if done.returncode != bool(records[-1]["changes"]):
        raise ValueError(f"exit status {done.returncode} with {len(records[-1]['changes'])} changes")
    return records


def number(text):
    return None if text == "-" else int(text)


def expectations():
    """scenario -> {(code, direction): row}, empty for one whose box changes nothing"""
    due = collections.defaultdict(dict)
    for row in read_table(os.path.join(HERE, "compare.tsv")):
        due[row["scenario"]].update({})
        if row["code"] != "-":
            way = None if row["direction"] == "-" else row["direction"]
            due[row["scenario"]][row["code"], way] = row
    return due


def differences(due, changes, loose=()):
    """
    Lines on changes that are not due, and due ones that are not there or of other values. loose: codes
    that may be there, of packets that are lost; how many any code has is then not known.
    """
    got = {(one["code"], one["direction"]): one for one in changes}
    if len(got) != len(changes):
        yield "a code twice in one direction"
    for code, way in sorted(got.keys() - due.keys(), key=str):
        if code not in loose:
            yield f"{code} {way}: not due ({got[code, way]['text']})"
    for key, row in due.items():
        if key not in got:
            yield f"{key[0]} {key[1]}: missing"
            continue
        for field in ("from", "to", "packets", "flows"):
            if row[field] == "*" or (loose and field not in ("to", "flows")):
                continue
            if got[key][field] != number(row[field]):
                yield f"{key[0]} {key[1]}: {field} is {got[key][field]}, due {row[field]}"


def words(due, scenario):
    """The verdict of a box that changes nothing says so; any other says what, and nothing else."""
    return "changes nothing" if not due[scenario] else "; changes nothing else"


def check_verdict(due, scenario, whole):
    if not whole["verdict"].endswith(words(due, scenario)):
        yield f"verdict: {whole['verdict']}"
    if whole["flows_before_only"] + whole["flows_after_only"] + whole["flows_without_packets"]:
        yield f"connections of one side only: {whole}"


def spread(due, code, ways):
    """What is due, and a code in these directions as well."""
    row = dict.fromkeys(("from", "to", "packets", "flows"), "*")
    return {**due, **{(code, way): row for way in ways}}


class Scenario:
    def __init__(self, name, due, folder):
        self.name, self.due, self.folder = name, due, folder
        self.before, self.after = (wire.find(os.path.join(CAPTURES, name), point)
                                   for point in ("box-in", "box-out"))
        self.plain = []

    def variant(self, *changes):
        frames = rewrite.load(wire.contents(self.after))
        for change in changes:
            frames = change(frames) or frames
        path = os.path.join(self.folder, "after.pcap")
        with open(path, "wb") as file:
            file.write(rewrite.store(frames))
        return path

    def proxied(self):
        return ("syn-proxied", None) in self.due

    def as_it_is(self):
        self.plain = compare(self.before, self.after)
        yield from differences(self.due, self.plain[-1]["changes"])
        yield from check_verdict({self.name: self.due}, self.name, self.plain[-1])

    def clock(self):
        records = compare(self.before, self.variant(lambda f: rewrite.shift_clock(f, 3000000)))
        yield from differences(self.due, records[-1]["changes"])
        moved = records[-1]["clock_offset_s"] - self.plain[-1]["clock_offset_s"]
        if abs(moved - 3) > 0.0001:
            yield f"clock moved by {moved} s"
        if records[-1]["packets"] != self.plain[-1]["packets"]:
            yield f"{records[-1]['packets']} packets paired, {self.plain[-1]['packets']} before"

    def swapped(self):
        """Where times tell which side is which, the order of the captures means nothing."""
        records = compare(self.after, self.before)
        if all(one["client_side"] == "after" for one in records[:-1]):
            yield from differences(self.due, records[-1]["changes"])
        elif any(one["client_side"] == "before" for one in records[:-1]) and \
                self.name != "simultaneous-open":  # each side saw another SYN first
            yield "a client on the wrong side"

    def loss(self):
        changed = self.variant(lambda f: rewrite.lose(f, 0.05, self.name))
        records = compare(self.before, changed)
        yield from differences(self.due, records[-1]["changes"], LOST)
        gone = len(rewrite.load(wire.contents(self.after))) - \
            len(rewrite.load(wire.contents(changed)))
        if records[-1]["packets"] < self.plain[-1]["packets"] - gone:
            yield f"{gone} lost, {self.plain[-1]['packets'] - records[-1]['packets']} less paired"

    def merged(self):
        """tests/lab/compare.tsv counts packets, and here they are fewer."""
        due = {key: dict(row, packets="*") for key, row in self.due.items()}
        for most, other in ((2, 0), (45, 0), (3, 2), (45, 4)):
            made = []
            for path, n in ((self.before, other), (self.after, most)):
                frames, parts = rewrite.merge(rewrite.load(wire.contents(path)), n)
                made.append((os.path.join(self.folder, f"merged-{len(made)}"), parts))
                with open(made[-1][0], "wb") as file:
                    file.write(rewrite.store(frames))
            whole = compare(made[0][0], made[1][0])[-1]
            yield from (f"{most} and {other}: {line}"
                        for line in differences(due, whole["changes"]))
            if whole["unclaimed"] != self.plain[-1]["unclaimed"] and not any(
                    parts for _, parts in made):
                yield f"{whole['unclaimed']} unclaimed"
            if not other and "retransmitted" not in self.name:
                FOLDED[self.name] = max(FOLDED[self.name], whole["before_folded"])
                if made[1][1] and whole["before_folded"] > made[1][1]:
                    yield f"{whole['before_folded']} folded where {made[1][1]} were merged"

    def merged_loss(self):
        changed = self.variant(lambda f: rewrite.lose(f, 0.05, self.name),
                               lambda f: rewrite.merge(f, 45)[0])
        whole = compare(self.before, changed)[-1]
        due = {key: dict(row, packets="*") for key, row in self.due.items()}
        yield from differences(due, whole["changes"], LOST)

    def pieces(self, side, path, parts):
        """The capture in that many pieces, in a directory whose names do not sort by time."""
        frames, place = rewrite.load(wire.contents(path)), os.path.join(self.folder, self.name, side)
        os.makedirs(os.path.join(place, "below"))
        step = max(1, -(-len(frames) // parts))
        cuts = range(0, len(frames), step)
        for number, at in enumerate(cuts):
            where = "below" if number % 2 else "."
            with open(os.path.join(place, where, f"{len(cuts) - number}.pcap"), "wb") as file:
                file.write(rewrite.store(frames[at:at + step]))
        return place, len(cuts)

    def rotated(self):
        before, n = self.pieces("in", self.before, 3)
        after, m = self.pieces("out", self.after, 5)
        for sides in ((before, after), (before + "/*", after + "/[0-9b]*")):
            records = compare(*sides)
            whole = records[-1]
            if (whole.pop("before_files"), whole.pop("after_files")) != (n, m):
                yield f"not {n} and {m} captures"
            for key in ("before", "after"):
                whole[key] = self.plain[-1][key]
            due = [{key: value for key, value in one.items()
                    if key not in ("before_files", "after_files")} for one in self.plain]
            if records != due:
                yield f"{sides}: {[a for a, b in zip(records, due) if a != b]}"

    def nat(self):
        records = compare(self.before, self.variant(rewrite.translate))
        yield from differences(spread(self.due, "nat", [None]), records[-1]["changes"])
        if records[-1]["packets"] != self.plain[-1]["packets"]:
            yield f"{records[-1]['packets']} packets paired, {self.plain[-1]['packets']} before"

    def renumbered(self, *others):
        records = compare(self.before, self.variant(
            lambda f: rewrite.renumber(f, self.name), *others))
        due = spread(self.due, "nat", [None]) if others else self.due
        got = records[-1]["changes"]
        ways = {one["direction"] for one in got if one["code"] == "seq-rewritten"}
        if not self.proxied() and not ways:
            yield "seq-rewritten: missing"
        if not self.proxied():
            due = spread(due, "seq-rewritten", ways)
        yield from differences(due, got)
        if records[-1]["packets"] != self.plain[-1]["packets"] and self.name not in PARTLY:
            yield f"{records[-1]['packets']} packets paired, {self.plain[-1]['packets']} before"

    def sequence(self):
        yield from self.renumbered()

    def both(self):
        if self.name not in UNSTAMPED:
            yield from self.renumbered(rewrite.translate)
            return
        try:
            compare(self.before, self.variant(lambda f: rewrite.renumber(f, self.name),
                                              rewrite.translate))
            yield "something was compared"
        except ValueError as error:
            if "exit status 5: wscope: nothing could be compared" not in str(error):
                yield str(error)


def check(name, method):
    try:
        problems = list(method())
    except (ValueError, KeyError, OSError) as error:
        problems = [str(error)]
    tap.ok(not problems, name, "\n".join(problems))


def main():
    due = expectations()
    there = {name for name in os.listdir(CAPTURES)
             if all(os.path.exists(wire.find(os.path.join(CAPTURES, name), point))
                    for point in ("box-in", "box-out"))}
    tap.ok(there == set(due), "compare.tsv has every scenario with both sides of a box",
           sorted(there ^ set(due)))
    with tempfile.TemporaryDirectory() as folder:
        for name in sorted(there & set(due)):
            one = Scenario(name, due[name], folder)
            for what in ("as_it_is", "clock", "swapped", "loss", "nat", "sequence", "both", "rotated", "merged", "merged_loss"):
                check(f"{name}: {what.replace('_', ' ')}", getattr(one, what))
    tap.ok(len([name for name, n in FOLDED.items() if n]) > 20 and sum(FOLDED.values()) > 5000,
           "many segments of many scenarios were merged", FOLDED)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
