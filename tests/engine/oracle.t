#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The flow records of the shared captures against tshark's streams.

For every capture: client, server, ports, both window-scale values, packets, smallest and largest raw
window and zero windows of each direction. Where wscope's definitions differ on purpose, the record
is held to the definition (oracle_compare.py). Whatever differs then must be listed in
oracle-differences.tsv and explained in docs/oracle-differences.md; a listed difference that is none
fails too. A stream of which wscope has no flow must be listed as out of scope with the reason under
which its packets were skipped, and that counter must cover them.
"""

import collections
import json
import os
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "lab"))
import oracle_compare as compare  # noqa: E402
import oracle_frames as frames  # noqa: E402
from tap import Tap, read_table  # noqa: E402

ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))
WSCOPE = os.environ.get("WSCOPE", os.path.join(ROOT, "build", "wscope"))
CAPTURES = os.environ.get("WSCOPE_CAPTURES", os.path.join(ROOT, "..", "shared", "captures"))
LISTED = os.path.join(HERE, "oracle-differences.tsv")
EXPLAINED = os.path.join(ROOT, "docs", "oracle-differences.md")
GOAL = 99.5


def replay(path):
    """Flow records and the summary of one capture; what was readable counts, whatever the status."""
    done = subprocess.run([WSCOPE, "replay", "--json", path], capture_output=True, text=True,
                          timeout=120, check=False)
    if done.returncode not in (0, 3):
        raise RuntimeError(f"{path}: status {done.returncode}: {done.stderr}")
    # Times stay text: a double has no room for nanoseconds since the epoch.
    records = [json.loads(line, parse_float=str) for line in done.stdout.splitlines()]
    flows = [record for record in records if record["type"] == "flow"]
    return flows, records[-1] if records else None


def oracle(path):
    rows = read_table(path + ".oracle.tsv")
    return rows + (read_table(path + ".nosyn.tsv") if os.path.exists(path + ".nosyn.tsv") else [])


class Tally:
    def __init__(self):
        self.streams = self.literal = self.agree = self.out_of_scope = 0
        self.definitions = collections.Counter()
        self.used = set()  # rows of the list that describe a difference

    def add(self, result):
        self.streams += 1
        self.literal += not result.definitions and not result.differing
        self.agree += not result.differing
        if not result.differing:
            self.definitions.update(result.definitions)


def capture_test(tap, path, listed, tally):
    name = os.path.basename(path)
    flows, summary = replay(path)
    capture = compare.Capture(oracle(path), flows, frames.read(path))
    capture.compare()
    wrong = [f"no stream for flow {compare.flow_ends(flow)} at {flow['first']}"
             for flow in capture.unknown]
    for result in capture.results:
        tally.add(result)
        for field, (expected, record) in result.differing.items():
            row = (name, result.stream["stream"], field)
            tally.used.add(row)
            if row not in listed:
                wrong.append(f"stream {row[1]} ({result.stream['notes']}) {field}: "
                             f"tshark {expected}, wscope {record}")
    wrong += scope(name, capture, summary, listed, tally)
    own = sum(not result.differing for result in capture.results)
    tap.ok(not wrong, f"{name}: {own} of {len(capture.results)} streams agree, "
           f"{len(capture.out_of_scope)} out of scope", "\n".join(wrong[:20]))


def scope(name, capture, summary, listed, tally):
    """Streams without a flow: each listed with a reason, whose counter covers all their packets."""
    wrong, packets = [], collections.Counter()
    for row in capture.out_of_scope:
        tally.out_of_scope += 1
        known = (name, row["stream"], "scope")
        tally.used.add(known)
        if known not in listed:
            wrong.append(f"no flow for stream {row['stream']}, {row['encap']}")
            continue
        packets[listed[known]] += int(row["packets"])
    skipped = summary["skipped"] if summary else {}
    for reason, n in packets.items():
        covered = sum(skipped.get(one, 0) for one in reason.split("+"))
        if covered < n:
            wrong.append(f"{n} packets out of scope, {covered} skipped as {reason}")
    return wrong


def explained(tap, listed):
    """The page names every definition and every listed stream, with its packet."""
    with open(EXPLAINED, encoding="utf-8") as file:
        page = file.read()
    missing = [name for name in compare.DEFINITIONS if f"## {name}\n" not in page]
    missing += sorted({f"{name} stream {stream}" for name, stream, _ in listed
                       if not any(f"`{name}`" in line and f"stream {stream}" in line
                                  for line in page.splitlines())})
    tap.ok(not missing, "every definition and every listed difference is explained",
           "\n".join(missing))


def report(tap, tally):
    share = 100 * tally.agree / tally.streams
    print(f"# to the letter: {tally.literal} of {tally.streams}")
    for definition, n in sorted(tally.definitions.items()):
        print(f"# by definition {definition}: {n}")
    print(f"# out of scope, counted under a reason: {tally.out_of_scope}")
    line = f"oracle: {tally.agree} of {tally.streams} streams agree in all fields ({share:.2f} %)"
    print(f"# {line}")
    tap.ok(share >= GOAL, f"{line}, at least {GOAL} % are due")


def canary(tap, path):
    """A record that is changed in any compared field must not agree any more."""
    flows, _ = replay(path)
    blind = []
    for side in ("c2s", "s2c"):
        for field in ("packets", "window_min", "window_max", "zero_windows", "wscale"):
            changed = json.loads(json.dumps(flows))
            changed[0][side][field] += 1
            capture = compare.Capture(oracle(path), changed, frames.read(path))
            capture.compare()
            if not capture.results[0].differing:
                blind.append(f"{side}.{field}")
    changed = json.loads(json.dumps(flows))
    for key in ("", "_port"):
        changed[0]["client" + key], changed[0]["server" + key] = (
            changed[0]["server" + key], changed[0]["client" + key])
    capture = compare.Capture(oracle(path), changed, frames.read(path))
    capture.compare()
    if "client" not in capture.results[0].differing:
        blind.append("client")
    tap.ok(not blind, "a changed record is told apart", "\n".join(blind))


def main():
    tap = Tap()
    if not os.path.isdir(CAPTURES):
        tap.skip("flow records agree with tshark", "captures: no shared captures")
        return tap.end()
    listed = {(row["file"], row["stream"], row["field"]): row["reason"]
              for row in read_table(LISTED)}
    tally = Tally()
    paths = sorted(os.path.join(CAPTURES, name[:-len(".oracle.tsv")])
                   for name in os.listdir(CAPTURES) if name.endswith(".oracle.tsv"))
    for path in paths:
        capture_test(tap, path, listed, tally)
    unused = sorted(set(listed) - tally.used)
    tap.ok(not unused, "every listed difference is one", "\n".join(map(str, unused)))
    explained(tap, listed)
    report(tap, tally)
    canary(tap, os.path.join(CAPTURES, "haka__streammodif-rst-ref.pcap"))
    return tap.end()


sys.exit(main())
