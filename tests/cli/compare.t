#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""wscope compare as a user meets it: exit statuses, complaints, text, and what is left out.

What it finds between the captures of the lab is the business of tests/lab/compare.t.
"""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cli  # noqa: E402
from cli import FINDINGS, INCOMPLETE, INPUT, NOTHING, records, wrong, wscope  # noqa: E402

os.chdir(cli.ROOT)
report = cli.Report()
FOLDER = cli.scratch()
NOTHING_SHARED = "nothing could be compared: no packet is in both captures"
CLIENT, SERVER = cli.Side("192.0.2.1", 40000), cli.Side("198.51.100.1", 80)
MSS_1460, MSS_1380 = b"\2\4\5\xb4", b"\2\4\5\x64"


def sides(scenario):
    return [cli.lab_path(scenario, point) for point in ("box-in", "box-out")]


def path(name, data):
    cli.write(FOLDER.name, **{name: data})
    return os.path.join(FOLDER.name, name)


def statuses():
    strip, healthy, clamp = sides("strip-synack"), sides("both-on"), path("clamp", clamped())
    plain = path("plain", cli.pcap(cli.handshake(10**9, CLIENT, SERVER, MSS_1460, MSS_1460)))
    for name, argv, status in (
            ("no change", healthy, NOTHING),
            ("a change", strip, FINDINGS),
            ("a change at the severity", ["--fail-on", "warning", *strip], FINDINGS),
            ("a change below it", ["--fail-on", "critical", *strip], NOTHING),
            ("an informational change", [plain, clamp], FINDINGS),
            ("the same, below", ["--fail-on", "notice", plain, clamp], NOTHING),
            ("an option behind the files", [*strip, "--json"], FINDINGS),
            ("--nat", ["--nat", *healthy], NOTHING),
            ("libpcap", ["--reader", "libpcap", *strip], FINDINGS)):
        report.check(name, wrong(wscope("compare", *argv), status))


def clamped():
    """The same handshake behind a box that lowers the MSS of the SYN."""
    return cli.pcap(cli.handshake(10**9, CLIENT, SERVER, MSS_1380, MSS_1460, ttl=63))


def inputs():
    before, after = sides("strip-synack")
    with open(after, "rb") as file:
        data = file.read()
    missing = os.path.join(FOLDER.name, "none")
    report.check("a file that is not there", wrong(
        wscope("compare", before, missing), INPUT,
        f"cannot open '{missing}': No such file or directory", silent=True))
    got = wscope("compare", before, path("cut", data[:-5]))
    report.true("a damaged file: what was readable is compared", got.status == INPUT
                and "wscale-stripped" in got.out and "cut" in got.err, got)
    got = wscope("compare", "--allow-truncated", before, os.path.join(FOLDER.name, "cut"))
    report.check("--allow-truncated", wrong(got, FINDINGS))
    due = wscope("compare", "--json", before, after).out
    got = wscope("compare", "--json", before, "-", stdin=data)
    report.check("standard input", wrong(got, FINDINGS),
                 () if got.out.replace('"after":"-"', f'"after":"{after}"') == due else [got.out])


def many():
    """A side may be a directory or a pattern; tests/lab/compare.t has what comes of it."""
    before, after = sides("strip-synack")
    folder = os.path.join(FOLDER.name, "side")
    os.mkdir(folder)
    for name, of in (("1", after), ("2", after), ("[3]", before)):
        with open(of, "rb") as file:
            cli.write(folder, **{name: file.read()})
    alone = os.path.join(folder, "[3]")
    got = wscope("compare", alone, before)
    report.check("a file that is named like a pattern is that file", wrong(got, NOTHING))
    got = wscope("compare", before, os.path.join(folder, "?"))
    report.check("a pattern", wrong(got, FINDINGS),
                 () if f"after      {folder}/? (2 captures)" in got.out else [got.out])
    none = os.path.join(folder, "*.none")
    report.check("a pattern that matches nothing", wrong(
        wscope("compare", before, none), INPUT,
        f"cannot open '{none}': No such file or directory", silent=True))
    empty = os.path.join(FOLDER.name, "hollow")
    os.mkdir(empty)
    report.check("a directory without captures", wrong(
        wscope("compare", before, empty), INPUT, f"'{empty}' has no captures", silent=True))
    cli.write(folder, **{"9": b"no capture at all"})
    got = wscope("compare", before, os.path.join(folder, "[129]"))
    report.true("one of several that is no capture: the others are compared, status 3",
                got.status == INPUT and "wscale-stripped" in got.out and "9'" in got.err, got)


def nothing():
    other = path("other", cli.pcap(cli.handshake(10**9, CLIENT, SERVER)))
    got = wscope("compare", sides("both-on")[0], other)
    report.check("two captures of different traffic", wrong(got, INCOMPLETE, NOTHING_SHARED),
                 () if "no verdict" in got.out else [got.out])
    whole = records(wscope("compare", "--json", sides("both-on")[0], other), "compare")[0]
    report.true("their connections are of one side", (
        whole["flows"], whole["flows_before_only"], whole["flows_after_only"]) == (0, 1, 1), whole)
    empty = path("empty", cli.pcap([]))
    report.check("two captures of nothing",
                 wrong(wscope("compare", empty, empty), INCOMPLETE, NOTHING_SHARED))


def left_out():
    before, after = sides("short-snap-server-off")
    got = wscope("compare", before, after)
    report.check("options that were cut are said to be", wrong(got, NOTHING),
                 () if "cut by the snap length" in got.out else [got.out])
    whole = records(wscope("compare", "--json", before, after), "compare")[0]
    report.true("and counted", whole["flows_options_cut"] == 1, whole)
    got = wscope("compare", *sides("state-loss"))
    report.check("what lies at an end is said not to be claimed", wrong(got, NOTHING),
                 () if "60 packets in one capture only" in got.out else [got.out])


def text():
    got = wscope("compare", "-v", *sides("path-strips"))
    report.true("the verdict is the first line", got.out.startswith(
        "The box removes the window-scale option from SYN-ACKs from the server (in 12 of 21"), got.out)
    rows = [line for line in got.out.splitlines() if "198.51.100." in line or "203.0.113." in line]
    report.true("-v has every connection", len(rows) == 21, got.out)
    report.true("colours on request", "\033[" in wscope(
        "compare", "--color", "always", *sides("path-strips")).out)
    hostile = path("a\033[31mb", cli.pcap(cli.lab("both-on")))
    report.true("a hostile name does no harm",
                "\033" not in wscope("compare", hostile, hostile).out)
    got = wscope("explain", "mss-clamped")
    report.check("explain knows changes", wrong(got, NOTHING),
                 () if got.out.startswith("# mss-clamped\n") else [got.out])


for test in (statuses, inputs, many, nothing, left_out, text):
    test()
sys.exit(report.end())
