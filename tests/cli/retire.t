#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# timeout: 300
"""replay --retire: connections that idle are reported and forgotten.

Where no pause is as long as SECONDS, the report has the same records, findings and totals, and people
read the same. Where there is one, the parts of a connection add up to the whole, and each later part
says that it continues. What is judged by other connections is judged as without.
"""

import collections
import difflib
import glob
import json
import os
import re
import struct
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cli  # noqa: E402
from cli import ACK, FINDINGS, INCOMPLETE, NOTHING, RST, SYN, records, summary, wrong, wscope  # noqa: E402

report = cli.Report()
T = 1_700_000_000 * 10**9
S = 10**9
LONG = "1000000"
SERVER = cli.Side("198.51.100.1", 443)
CAPTURES = sorted(glob.glob(os.path.join(cli.CAPTURES, "*", "*.pcap*")))
GENERATE = os.path.join(os.environ.get("WSCOPE_BUILD", "build"), "tests", "scale", "generate")
REMEMBERED = 1 << 20


def client(number=0):
    return cli.Side(f"192.0.2.{1 + number // 50000}", 10000 + number % 50000)


def replay(packets, *args):
    return wscope("replay", "--json", *args, "-", stdin=cli.pcap(packets, nano=True))


def ends(flow):
    return (flow["domain"], *sorted(((flow["client"], flow["client_port"]),
                                     (flow["server"], flow["server_port"]))))


def parts(result):
    found = collections.defaultdict(list)
    for flow in records(result, "flow"):
        found[ends(flow)].append(flow)
    return found


def totals(flows):
    return [sum(flow[way][field] for flow in flows for way in ("c2s", "s2c"))
            for field in ("packets", "bytes", "zero_windows", "duplicates")]


def without(record, *fields):
    return json.dumps({key: value for key, value in record.items() if key not in fields})


def comparable(result):
    """All records, whatever the order of connections, without what only --retire says."""
    lines = [without(one, "continued", "retired") for one in records(result)]
    flows = sum(one["type"] == "flow" for one in records(result))
    return sorted(lines[:flows]) + lines[flows:]


def read(result):
    """What people read, save the line on what was retired."""
    return re.sub(r"^  retired .*\n", "", result.out, flags=re.M)


# -- captures of the lab -------------------------------------------------------------------------


def longer_than_any_pause():
    differ, read_differ, retired = [], [], 0
    for path in CAPTURES:
        due, shown = wscope("replay", "--json", path), wscope("replay", path)
        if '"retired"' in due.out or '"continued"' in due.out:
            differ.append(f"{path}: not only with --retire")
        for seconds in (LONG, "100"):
            got = wscope("replay", "--json", "--retire", seconds, path)
            if got.status != due.status or comparable(got) != comparable(due):
                differ.append(f"{path}: --retire {seconds}")
            if any(flow["continued"] for flow in records(got, "flow")):
                differ.append(f"{path}: --retire {seconds}: continued")
            retired += summary(got)["retired"]["flows"]
            got = wscope("replay", "--retire", seconds, path)
            if read(got) != shown.out:
                read_differ.append(f"{path}: --retire {seconds}")
    report.check(f"{len(CAPTURES)} captures: the same records, findings and totals", differ)
    report.check(f"{len(CAPTURES)} captures: people read the same", read_differ)
    report.true("and some were over before the end", len(CAPTURES) > 150 and retired, retired)


def shorter_than_pauses():
    sums, marks, continued = [], [], 0
    for path in CAPTURES:
        due = parts(wscope("replay", "--json", path))
        for seconds in ("0.2", "1"):
            result = wscope("replay", "--json", "--retire", seconds, path)
            got = parts(result)
            if {key: totals(one) for key, one in got.items()} != \
               {key: totals(one) for key, one in due.items()}:
                sums.append(f"{path}: --retire {seconds}")
            for key, flows in got.items():
                later = [flow for flow in flows if flow["continued"]]
                continued += len(later)
                if len(later) != len(flows) - len(due[key]):
                    marks.append(f"{path}: {key}: {len(flows)} parts, {len(later)} continue")
                marks += [f"{path}: {key}: a part without SYN is {flow['visibility']}"
                          for flow in later if flow["visibility"] != "midstream"
                          and flow["c2s"]["syn_window"] is flow["s2c"]["syn_window"] is None]
            told = summary(result)["retired"]["continued"]
            if told != sum(flow["continued"] for flow in records(result, "flow")):
                marks.append(f"{path}: {told} in the summary")
    report.check("short: packets and bytes of a connection's parts add up", sums)
    report.check("short: each part but the first continues", marks)
    report.true("and there are such parts", continued > 500, continued)


# -- made by hand --------------------------------------------------------------------------------


def data(ns, number=0, seq=101, flags=ACK, ack=101):
    return cli.segment(ns, client(number), SERVER, flags, seq, ack, payload=b"x")


def opened(ns=T, number=0):
    return cli.handshake(ns, client(number), SERVER)


def pause():
    """The last packet of the handshake is at 2 ms."""
    for ns, cut in ((5 * S - 1, False), (5 * S, True), (5 * S + 1, True)):
        got = replay([*opened(), data(T + 2 * 10**6 + ns)], "--retire", "5")
        flows = records(got, "flow")
        report.check(f"a pause of {ns} ns, --retire 5", wrong(got, NOTHING),
                     () if [one["continued"] for one in flows] == [False, True][:1 + cut]
                     else [got.out])
    first, second = records(replay([*opened(), data(T + 10 * S), data(T + 11 * S, seq=102)],
                                   "--retire", "5"), "flow")
    report.true("the first part ends before the pause",
                (first["scaling"], first["visibility"], first["c2s"]["packets"],
                 first["duration_s"]) == ("on", "both", 2, 0.002), first)
    report.true("the second knows nothing of the handshake",
                (second["scaling"], second["visibility"], second["c2s"]["packets"],
                 second["first"], second["c2s"]["wscale"])
                == ("unknown", "midstream", 2, T / 10**9 + 10, None), second)
    got = replay([*opened(), data(T + 10 * S), data(T + 20 * S), data(T + 30 * S)], "--retire", "5")
    report.true("again and again", [one["continued"] for one in records(got, "flow")]
                == [False, True, True, True], got.out)
    got = replay([*opened(), data(T + 10 * S), data(T + 5 * S), data(T + 9 * S)], "--retire", "5")
    report.true("time that goes back is no pause", len(records(got, "flow")) == 2, got.out)


def beginnings():
    """What follows the pause: a new connection, or more of the old one."""
    syn = cli.segment(T, client(), SERVER, SYN, 100, 0, cli.WSCALE)
    again = cli.segment(T + 10 * S, client(), SERVER, SYN, 100, 0, cli.WSCALE)
    other = cli.segment(T + 10 * S, client(), SERVER, SYN, 7777, 0, cli.WSCALE)
    answer = cli.segment(T + 10 * S, SERVER, client(), SYN | ACK, 500, 101, cli.WSCALE)
    stray = cli.segment(T + 10 * S, SERVER, client(), SYN | ACK, 500, 4444, cli.WSCALE)
    late = data(T + 10 * S)
    closed = [*opened(), data(T + S, flags=RST | ACK)]
    for name, packets, continued in (
            ("its SYN once more", [syn, again], True), ("another SYN", [syn, other], False),
            ("its answer", [syn, answer], True), ("an answer to another SYN", [syn, stray], False),
            ("data after a reset", [*closed, late], True),
            ("its SYN once more, after a reset", [*closed, *opened(T + 10 * S)[:1]], True),
            ("a new connection with another number", [*closed, other], False),
            ("another connection", [syn, data(T + 10 * S, 1)], False)):
        flows = records(replay(packets, "--retire", "5"), "flow")
        report.true(f"after the pause {name}: {'continued' if continued else 'new'}",
                    [one["continued"] for one in flows] == [False, continued], flows)


def order():
    """Connection 0 lasts, 1 and 2 end, in the order of their last packets; then many others come."""
    packets = [*opened(), *opened(T + S, 2), *opened(T + 2 * S, 1)]
    packets += [data(T + (3 + number // 10) * S + number, seq=101 + number) for number in range(3000)]
    got = replay(packets, "--retire", "20")
    flows = [one["client_port"] for one in records(got, "flow")]
    report.check("records come as connections end, the rest at the end", wrong(got, NOTHING),
                 () if sorted(flows[:2]) == [10001, 10002] and flows[2:] == [10000]
                 and summary(got)["retired"] == {"flows": 2, "continued": 0, "forgotten": 0, "late": 0}
                 else [got.out])
    whole = cli.pcap(packets)
    due = wscope("replay", "--json", "--retire", "1", "-", stdin=whole).out
    with tempfile.TemporaryFile() as out:
        with subprocess.Popen([cli.WSCOPE, "replay", "--json", "--retire", "1", "-"],
                              stdin=subprocess.PIPE, stdout=out, bufsize=0) as process:
            for at in range(0, len(whole), 777):
                process.stdin.write(whole[at:at + 777])
        out.seek(0)
        got = out.read().decode()
    report.true("however the bytes arrive", got == due and due.count("\n") > 3, got[:500])


def forgotten():
    """More open connections than are remembered."""
    syn = cli.segment(T, client(), SERVER, SYN, 100, 0, cli.WSCALE).data
    frame = bytearray(struct.pack("<4I", 0, 0, len(syn), len(syn)) + syn)
    out = bytearray(cli.pcap([]))
    for number in range(REMEMBERED + 10000):
        struct.pack_into("<2I", frame, 0, 1_700_000_000 + number // 10000, number % 10000 * 100)
        struct.pack_into(">I", frame, 16 + 26, 0x0a000000 + number)
        out += frame
    got = wscope("replay", "--retire", "0.1", "-", stdin=bytes(out))
    told = re.search(r"^  retired    ([0-9,]+) connections, .*\n +([0-9,]+) open connections would not "
                     r"have been known again$", got.out, re.M)
    retired, lost = (int(one.replace(",", "")) for one in told.groups()) if told else (0, 0)
    report.check("how many open connections were forgotten is said", wrong(got, NOTHING),
                 () if lost == retired - REMEMBERED > 0 else [got.out])


def statuses():
    bad = [*cli.lab("server-off"), data(T + 4 * 10**9 * S)]
    with cli.scratch() as folder:
        cli.write(folder, x=cli.pcap(cli.lab("server-off")), y=cli.pcap(cli.lab("both-on")))
        for args in (("x",), ("--separate", "x", "y"), ("--json", "--separate", "y", "x")):
            for retire in ((), ("--retire", "0.01")):
                got = wscope("replay", "--fail-on", "warning", *retire, *args, cwd=folder)
                report.check(f"--fail-on warning {' '.join(args + retire)}", wrong(got, FINDINGS))
        due = [without(one, "continued", "retired")
               for name in "xy" for one in records(wscope("replay", "--json", name, cwd=folder))]
        got = wscope("replay", "--json", "--separate", "--retire", LONG, "x", "y", cwd=folder)
        report.true("--separate: nothing is carried over",
                    [without(one, "continued", "retired") for one in records(got)] == due, got.out)
    packets = [one._replace(ns=T + at) for at, one in enumerate(bad[:-1])]
    packets += [data(T + (10 + at) * S, 5 + at % 7, seq=101 + at) for at in range(3000)]
    got = replay(packets, "--retire", "20", "--fail-on", "warning")
    report.check("a finding of a connection that is gone counts", wrong(got, FINDINGS),
                 () if records(got, "flow")[0]["findings"] else [got.out])
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([cli.WSCOPE, "replay", "--json", "--retire", "0.001", CAPTURES[0]],
                              stdout=full, stderr=subprocess.PIPE, check=False)
    report.true("a full disk: incomplete, and it is said", done.returncode == INCOMPLETE
                and b"No space left" in done.stderr, done)


# -- what others decide --------------------------------------------------------------------------


def generated():
    """10,000 connections with known faults; a pause cuts some in two, the findings stay."""
    with cli.scratch() as folder:
        with open(os.path.join(folder, "x"), "wb") as file:
            truth = json.loads(subprocess.run([GENERATE, "10000", "5000"], stdout=file, check=True,
                                              stderr=subprocess.PIPE).stderr)
        for args in ((), ("-v",)):
            due = wscope("replay", *args, "x", cwd=folder).out
            got = wscope("replay", *args, "--retire", "8", "x", cwd=folder).out
            split = re.compile(r"\nEndpoints|\n  seen +[0-9,]+ packets")
            due, rest = split.split(due)[0], got
            got = split.split(got)[0]
            report.true(f"people read the same of who is at fault {' '.join(args)}",
                        due == got and ("state-loss" if args else "phantom-scaling") in due,
                        "\n".join(difflib.unified_diff(due.splitlines(), got.splitlines())))
            report.true("and how many were retired",
                        re.search(r"^  retired    [0-9,]+ connections, idle for 8 s; 100 continued "
                                  "later$", rest, re.M), rest[-1500:])
        report.true("-v says what it leaves out", re.search(
            r"^  and [0-9,]+ connections more that were retired; --json has all$", rest, re.M), rest[:3000])
        got = wscope("replay", "--json", "--retire", "8", "x", cwd=folder)
        plain = wscope("replay", "--json", "x", cwd=folder)
        report.true("findings are as generated", summary(got)["findings"] == truth["findings"]
                    == summary(plain)["findings"], f"{summary(got)}\n{truth}")
        report.true("what the slowed ones lost is the same",
                    all(summary(got)[key] == summary(plain)[key]
                        for key in ("slowed_flows", "slowed_s", "slowed_bytes")), summary(got))
        listed = collections.Counter(finding["code"] for one in records(got)
                                     if one["type"] != "summary" for finding in one["findings"])
        missing = collections.Counter(truth["findings"])
        missing.subtract(listed)
        late = summary(got)["retired"]["late"]
        report.true("records printed before all was known lack as much as is said",
                    late == missing["state-loss"] + missing["syncookie-no-wscale"] > 40
                    and missing["server-no-wscale"] == -missing["syncookie-no-wscale"] < 0,
                    f"{late} {missing}")
        strips = [one for one in records(got, "endpoint") for finding in one["findings"]
                  if finding["code"] == "path-strips" and finding["blame"] == "path"]
        report.true("that servers shift their windows clears them", len(strips) == 4
                    and records(got, "endpoint") == records(plain, "endpoint"), strips)


longer_than_any_pause()
shorter_than_pauses()
pause()
beginnings()
order()
forgotten()
statuses()
generated()
sys.exit(report.end())
