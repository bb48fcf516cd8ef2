#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# timeout: 600
"""`--jobs N`: whatever N is, the output is that of one thread, byte for byte. Captures of the lab and
from outside, and streams made so that the order of packets of different connections decides what is
said of a host. And the thread sanitizer has nothing to say.
"""

import os
import random
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cli  # noqa: E402
from cli import INCOMPLETE, INPUT, NOTHING, USAGE, summary, wrong, wscope  # noqa: E402

report = cli.Report()
OUTSIDE = os.environ.get("WSCOPE_CAPTURES", "")
TSAN = os.path.join(cli.ROOT, "build", "tsan", "wscope")
BASE = 1_700_000_000 * 10**9
OUTPUTS = (("--json",), ("-v",))
JOBS = ("2", "3")


def captures(folder):
    for path, _, names in os.walk(folder):
        for name in sorted(names):
            if not name.endswith((".tsv", ".md", ".json", ".txt")):
                yield os.path.join(path, name)


def differ(argv, outputs=OUTPUTS, jobs=JOBS, **kwargs):
    """Lines on what is different with more jobs."""
    for output in outputs:
        due = wscope(*argv, *output, **kwargs)
        for number in jobs:
            got = wscope(*argv, *output, "-j", number, **kwargs)
            if got != due:
                yield f"-j {number} {' '.join(output)}: status {got.status}, {due.status} is due"
                for one, other in zip(due.out.splitlines(), got.out.splitlines()):
                    if one != other:
                        yield f"due: {one[:600]}"
                        yield f"got: {other[:600]}"
                        return


def known_captures():
    lab = list(captures(cli.CAPTURES))
    report.true("there are captures of the lab", len(lab) > 50, lab)
    bad = [f"{path}: {line}" for path in lab for line in differ(["replay", path])]
    report.check(f"{len(lab)} captures of the lab, one by one", bad)
    report.check("all of the lab as one stream", differ(["replay", *lab], (("--json",),)))
    if not os.path.isdir(OUTSIDE):
        report.skip("captures from outside", "captures: WSCOPE_CAPTURES is not there")
        return
    outside = list(captures(OUTSIDE))
    bad = [f"{path}: {line}" for path in outside for line in differ(["replay", path])]
    report.check(f"{len(outside)} captures from outside, one by one", bad)


# -- streams in which order matters --------------------------------------------------------------


def stream(connections, seed):
    """Handshakes, some data and ends of many connections to few servers, all interleaved: servers that
    take and leave the option in turn, clients of one address, 4-tuples used again."""
    dice = random.Random(seed)
    servers = [cli.Side(f"198.51.100.{n}", 443) for n in range(1, 6)]
    packets = []
    for number in range(connections):
        start = BASE + number * 10**6 + dice.randrange(10**8)
        client = cli.Side(f"192.0.2.{1 + number % 7}", 10000 + dice.randrange(connections // 3))
        server = dice.choice(servers)
        offer = cli.WSCALE if dice.random() < 0.9 else b""
        answer = cli.WSCALE if offer and dice.random() < 0.6 else b""
        isn = dice.randrange(2**31)

        def add(at, *args, **kwargs):
            packets.append(cli.segment(start + at * 10**6, *args, **kwargs))

        add(0, client, server, cli.SYN, isn, 0, offer)
        add(3, server, client, cli.SYN | cli.ACK, 7, isn + 1, answer)
        add(5, client, server, cli.ACK, isn + 1, 8)
        for turn in range(dice.randrange(4)):
            add(6 + turn, client, server, cli.ACK, isn + 1 + turn, 8, payload=b"x")
        if dice.random() < 0.7:
            add(20, client, server, cli.FIN | cli.ACK, isn + 9, 8)
            add(21, server, client, cli.FIN | cli.ACK, 8, isn + 10)
    return sorted(packets, key=lambda one: one.ns)


def made_streams(folder):
    packets = stream(9000, 1)
    cli.write(folder, many=cli.pcap(packets), some=cli.pcap(stream(700, 2)))
    found = summary(wscope("replay", "--json", "many", cwd=folder))
    report.true("the stream has what is to be compared", found["flows"] > 8000
                and found["findings"].get("server-no-wscale", 0) > 1000, found)
    report.check("many connections of few hosts",
                 differ(["replay", "many"], jobs=("2", "3", "7", "64"), cwd=folder))
    data = cli.pcap(packets)
    report.check("through a pipe", differ(["replay", "-"], stdin=data))
    report.check("cut in a record", differ(["replay", "-"], stdin=data[:-3]),
                 () if wscope("replay", "-j", "2", "-", stdin=data[:-3]).status == INPUT
                 else ["a cut record is no damage"])
    report.check("each file alone", differ(["replay", "--separate", "many", "some"], cwd=folder))
    report.check("a filter, and a limit",
                 differ(["replay", "-c", "5000", "many", "tcp port 443"], cwd=folder))
    for idle in ("0.00001", "0.01", "1"):
        report.check(f"--retire {idle}", differ(["replay", "--retire", idle, "many"], cwd=folder))
    expect = wscope("check", "--init", "-j", "2", "many", cwd=folder)
    cli.write(folder, expect=expect.out.encode())
    report.check("check --init", wrong(expect, NOTHING),
                 differ(["check", "--init", "many"], ((),), cwd=folder))
    report.check("check", wrong(wscope("check", "--expect", "expect", "many", cwd=folder), NOTHING),
                 differ(["check", "--expect", "expect", "many"], ((), ("--json",)), cwd=folder))


# -- the rest ------------------------------------------------------------------------------------


def options(folder):
    for value in ("0", "x", "-1", "65", ""):
        report.check(f"-j '{value}'", wrong(
            wscope("replay", "-j", value, "some", cwd=folder), USAGE,
            f"--jobs cannot be '{value}'; it takes a number from 1 to 64", silent=True))
    watched = "does not go with --series, --html or --write, which follow single segments"
    kernel = "goes with --engine native: the kernel's programs run one packet at a time"
    for option, value, why in (("--series", "x.csv", watched), ("--html", "x.html", watched),
                               ("--write", "x.pcapng", watched), ("--engine", "xdp", kernel),
                               ("--engine", "tc", kernel)):
        report.check(f"-j 2 with {option} {value}", wrong(
            wscope("replay", "-j", "2", option, value, "some", cwd=folder), USAGE,
            f"--jobs {why}", silent=True))
    report.check("-j 1 with --series", wrong(
        wscope("replay", "-j", "1", "--series", "x.csv", "some", cwd=folder), NOTHING))


def unwritable(folder):
    with open("/dev/full", "wb") as full:
        got = wscope("replay", "-j", "3", "--json", "many", cwd=folder, stdout=full)
        report.check("no room for the output", wrong(
            got, INCOMPLETE, "cannot write the result: No space left on device"))


def sanitizer(folder):
    with open(TSAN, "rb") as file:
        report.true("the program under the thread sanitizer is one",
                    b"ThreadSanitizer" in file.read())
    env = cli.environment(TSAN_OPTIONS="exitcode=66")
    for argv in (["many"], ["--json", "many"], ["-v", "many", "some"],
                 ["--separate", "--json", "some", "many"],
                 ["--json", "--retire", "0.01", "many"]):
        due = wscope("replay", *argv, cwd=folder)
        got = wscope("replay", "-j", "3", *argv, cwd=folder, program=TSAN, env=env)
        report.true(f"thread sanitizer: {' '.join(argv)}", got == due,
                    f"status {got.status}\n{got.err[:1500]}")


known_captures()
with cli.scratch() as scratch:
    made_streams(scratch)
    options(scratch)
    unwritable(scratch)
    sanitizer(scratch)
sys.exit(report.end())
