#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# timeout: 240
"""What `wscope replay --json` says about every committed capture of the lab.

verdict: the findings of severity notice or above are exactly the rows of expect.tsv, grouped by
(code, side, blame, confidence), each at least minimum_count times and with the value of the row,
where it has one: a number, >=NUMBER, or NUMBER~PERCENT.
informed: signed-window, which is info and so in no row, comes where it is due and nowhere else.
facts: the flow records of the four points (box-any has every packet twice) say which side offered
which shift and whether scaling is on, as wire.py reads it from the same file, and truth.tsv says
for one-way captures.
"""

import collections
import os
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import scenarios  # noqa: E402
import wire  # noqa: E402
from runner import findings, replay  # noqa: E402
from tap import CAPTURES, HERE, Tap, fits, read_table  # noqa: E402

# The number of a finding that a row's value is about.
VALUE = {"phantom-scaling": "factor", "missing-scaling": "factor", "synproxy-mismatch": "factor",
         "shift-changed": "factor", "drop-boundary": "boundary", "window-shrunk": "most_bytes",
         "window-limited": "ceiling_bps", "zero-window-stall": "stalled_s",
         "window-overrun": "shift", "state-loss": "connections", "path-strips": "hosts",
         "tiny-window": "granularity_bytes", "signed-window": "window_bytes",
         "syncookie-no-wscale": "plain_handshakes"}
tap = Tap()


def verdicts(records):
    """(code, side, blame, confidence) -> the numbers of each of the severe findings."""
    found = collections.defaultdict(list)
    for finding in findings(records):
        key = (finding["code"], finding["side"], finding["blame"], finding["confidence"])
        found[key].append(finding["numbers"])
    return found


def check_verdict(expected, records):
    got = verdicts(records)
    for key, (least, value) in expected.items():
        name = " ".join(key)
        if len(got[key]) < least:
            yield f"{name}: {len(got[key])} times, due {least} or more"
        numbers = [n[VALUE[key[0]]] for n in got[key]] if value != "-" else []
        odd = [n for n in numbers if not fits(n, value)]
        if odd:
            yield f"{name}: {VALUE[key[0]]} is {odd[0]}, due {value}"
    for key in got.keys() - expected.keys():
        yield f"{' '.join(map(str, key))}: {len(got[key])} times, not due"


def check_informed(scenario, records):
    """A server that never goes above 32,767, in the scenario where it was told so."""
    got = [(finding["side"], finding["severity"], finding["numbers"]["window_bytes"])
           for record in records if record["type"] == "flow"
           for finding in record["findings"] if finding["code"] == "signed-window"]
    due = [("server", "info", 32767)] if scenario == "signed-window" else []
    if got != due:
        yield f"signed-window: {got}, due {due}"


# -- facts ---------------------------------------------------------------------------------------


def connections(segments):
    """Per connection, in order: {sender of a SYN or SYN-ACK: newest option it sent}."""
    found, last = [], {}
    for segment in segments:
        pair, sender = wire.conversation(segment), (segment.src, segment.sport)
        known = last.get(pair)
        again = known and (sender not in known["isn"] or known["isn"][sender] == segment.seq)
        if known is None or (wire.is_syn(segment) and not again):
            known = last[pair] = {"isn": {}, "option": {}}
            found.append(known)
        if segment.flags & wire.SYN:
            known["isn"][sender] = segment.seq
            known["option"][sender] = segment.option
    return found


def scaling(options):
    """RFC 7323, 2.2: on when both sides sent the option, off when one did not."""
    if any(option in ("-", "hole") for option in options):
        return "off"
    if len(options) == 2 and all(isinstance(option, int) for option in options):
        return "on"
    return "unknown"


def due_fact(known):
    sides = {sender: option if isinstance(option, int) else None
             for sender, option in known["option"].items() if option != "cut"}
    return scaling(list(known["option"].values())), sides


def got_fact(flow):
    sides = {}
    for name, direction in (("client", "c2s"), ("server", "s2c")):
        if flow[direction]["wscale_state"] != "unknown":
            sides[(flow[name], flow[name + "_port"])] = flow[direction]["wscale"]
    return flow["scaling"], sides


def check_facts(scenario, truth, records, segments):
    flows = [record for record in records if record["type"] == "flow"]
    due = [due_fact(known) for known in connections(segments)]
    got = [got_fact(flow) for flow in flows]
    if due != got:
        for one, other in zip(due, got):
            if one != other:
                yield f"scaling and offers {other}, due {one}"
        if len(due) != len(got):
            yield f"{len(got)} flow records, due {len(due)}"
    for flow in flows:
        inferred = truth["client_view"] if scenario.layout == "c2s" else flow["scaling_inferred"]
        if flow["scaling_inferred"] != inferred:
            yield f"scaling_inferred is {flow['scaling_inferred']}, due {inferred}"
    if not records or records[-1]["type"] != "summary":
        yield "no summary at the end"


# -- all -----------------------------------------------------------------------------------------


def read_expectations():
    """(scenario, point) -> {(code, side, blame, confidence): (minimum_count, value)}"""
    expected = collections.defaultdict(dict)
    for row in read_table(os.path.join(HERE, "expect.tsv")):
        rows = expected[row["scenario"], row["point"]]
        if row["code"] != "-":
            key = (row["code"], row["side"], row["blame"], row["confidence"])
            rows[key] = int(row["minimum_count"]), row["value"]
    return expected


def main():
    table, expected = scenarios.table(), read_expectations()
    truth = {row["scenario"]: row for row in read_table(os.path.join(HERE, "truth.tsv"))}
    have = {(scenario, wire.point_of(point)) for scenario in os.listdir(CAPTURES)
            for point in os.listdir(os.path.join(CAPTURES, scenario))}
    tap.ok(have == set(expected), "expect.tsv has every capture", have ^ set(expected))
    informed = []
    for scenario, point in sorted(have & set(expected)):
        path = wire.find(os.path.join(CAPTURES, scenario), point)
        name = f"{scenario} at {point}"
        try:
            records = replay(path)
            wrong = list(check_verdict(expected[scenario, point], records))
            tap.ok(not wrong, f"verdict: {name}", "\n".join(wrong))
            informed += check_informed(scenario, records)
            if point != "box-any":
                wrong = list(check_facts(table[scenario], truth[scenario], records,
                                         wire.read(path)))
                tap.ok(not wrong, f"facts: {name}", "\n".join(wrong))
        except (OSError, ValueError, KeyError, TypeError, subprocess.TimeoutExpired) as error:
            tap.ok(False, f"verdict: {name}", f"{type(error).__name__}: {error}")
    tap.ok(not informed, "informed: signed-window where it is due", "\n".join(informed))
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
