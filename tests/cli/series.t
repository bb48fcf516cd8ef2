#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# timeout: 300
"""replay --series: windows and bytes in flight over time.

Every sample of a conversation made by hand, field by field, in both formats, with scaling on, off
and unknown (RFC 7323, 2.2: both SYNs must carry the option; the windows of SYNs are not scaled);
thinned out by an interval; what is refused; what goes wrong while it is written; and that it
takes no memory for a packet.
"""

import csv
import glob
import gzip
import json
import os
import resource
import stat
import struct
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cli  # noqa: E402
from cli import ACK, FIN, INCOMPLETE, NOTHING, RST, SYN, USAGE, records, wrong, wscope  # noqa: E402

report = cli.Report()
T = 1_700_000_000 * 10**9
MS = 10**6
C, S = cli.Side("192.0.2.1", 40000), cli.Side("198.51.100.1", 443)
SHIFT2 = b"\1\3\3\2"
NONE = b"\2\4\5\xb4"  # an MSS, so that the option is proven absent
FIELDS = ["time", "file", "packet", "flow", "client", "client_port", "server", "server_port",
          "direction", "window", "effective", "in_flight", "edge", "scaling"]


def c(ms, flags, seq, ack=0, **kwargs):
    return cli.segment(T + ms * MS, C, S, flags, seq, ack, **kwargs)


def s(ms, flags, seq, ack=0, **kwargs):
    return cli.segment(T + ms * MS, S, C, flags, seq, ack, **kwargs)


def conversation(offer, answer):
    """The client's windows are shifted by 7, the server's by 2, if both offers are there."""
    return [
        c(0, SYN, 100, options=offer, window=60000),               # 1: a SYN is no sample
        s(1, SYN | ACK, 500, 101, options=answer, window=61000),   # 2: nor is a SYN-ACK
        c(2, ACK, 101, 501, window=1000),                          # 3: the first window
        c(3, ACK, 101, 501, window=1000, payload=bytes(300)),      # 4: data, a window unknown
        s(4, ACK, 501, 401, window=2000),                          # 5
        s(5, ACK, 501, 401, window=2000, payload=bytes(1000)),     # 6
        s(6, ACK, 1501, 401, window=1500, payload=bytes(500)),     # 7: both directions; shrunk
        s(300, ACK, 501, 401, window=1500, payload=bytes(1000)),   # 8: a retransmission
        s(302, ACK, 501, 401, window=1500, payload=bytes(1000), ttl=63),  # 9: the same, met twice
        c(310, ACK, 401, 501, window=7),                           # 10: a window of 7
        c(311, ACK, 401, 2001, window=0),                          # 11: and closed
        c(312, ACK, 401, 2001, window=0),                          # 12: nothing new
        c(313, ACK, 401, 1501, window=900),                        # 13: overtaken
        s(320, ACK | FIN, 2001, 401, window=1500),                 # 14: a FIN counts for one
        c(1400, ACK, 401, 2002, window=500),                       # 15
        c(1401, RST, 401, window=1),                               # 16: no window
    ]


# packet, direction, raw window, bytes in flight, right edge without the window
ROWS = [
    (3, "s2c", 1000, 0, 1),
    (4, "c2s", None, 300, None),
    (5, "c2s", 2000, 0, 301),
    (6, "s2c", 1000, 1000, 1),
    (7, "s2c", 1000, 1500, 1),
    (7, "c2s", 1500, 0, 301),
    (10, "s2c", 7, 1500, 1),
    (11, "s2c", 0, 0, 1501),
    (14, "s2c", 0, 1, 1501),
    (15, "s2c", 500, 0, 1502),
]
TIMES = [0, 1, 2, 3, 4, 5, 6, 300, 302, 310, 311, 312, 313, 320, 1400, 1401]


def row(packet, direction, window, flight, base, scaling, shift):
    effective = None if window is None or scaling == "unknown" else window << shift[direction]
    edge = None if effective is None or base is None else base + effective
    return dict(zip(FIELDS, [
        f"{(T + TIMES[packet - 1] * MS) / 1e9:.3f}000000", "x", packet, 1, C.address, C.port,
        S.address, S.port, direction, window, effective, flight, edge, scaling]))


def ndjson(path):
    """The samples, with the time as it is written."""
    with open(path, encoding="utf-8") as file:
        found = [json.loads(line, parse_float=str) for line in file]
    for one in found:
        if (one.pop("type"), one.pop("schema")) != ("sample", 1):
            raise ValueError(one)
    return found


def commas(path):
    with open(path, encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    numbers = {"packet", "flow", "client_port", "server_port", "window", "effective", "in_flight",
               "edge"}
    return [{key: None if value == "" else int(value) if key in numbers else value
             for key, value in one.items()} for one in found]


def differ(got, due):
    if len(got) != len(due):
        yield f"{len(got)} samples where {len(due)} are due"
    for one, other in zip(got, due):
        if one != other or list(one) != list(other):
            yield f"due: {other}"
            yield f"got: {one}"


def run(folder, packets, *args, out="out", name="x", **kwargs):
    cli.write(folder, **{name: packets if isinstance(packets, bytes) else cli.pcap(packets)})
    return wscope("replay", "--series", out, *args, name, cwd=folder, **kwargs)


def values():
    cases = [("on", cli.WSCALE, SHIFT2, {"s2c": 7, "c2s": 2}), ("off", cli.WSCALE, NONE, None),
             ("off", NONE, NONE, None)]
    for scaling, offer, answer, shift in cases:
        due = [row(*one, scaling, shift or {"s2c": 0, "c2s": 0}) for one in ROWS]
        with cli.scratch() as folder:
            for out, args, read in (("out", (), ndjson), ("out.csv", (), commas),
                                    ("a.b.json", ("--series-format=csv",), commas),
                                    ("b.csv", ("--series-format=ndjson",), ndjson)):
                got = run(folder, conversation(offer, answer), *args, out=out)
                report.check(f"scaling {scaling}, {out} {' '.join(args)}", wrong(got, NOTHING),
                             differ(read(os.path.join(folder, out)), due))


def unknown():
    """Seen from the middle: nothing is known of shifts; the first number seen is where it starts."""
    packets = [c(0, ACK, 5000, 9000, window=300, payload=bytes(100)),
               s(1, ACK, 9000, 5100, window=700),
               c(2, ACK, 5100, 9000, window=300, payload=bytes(50))]
    due = [(1, "s2c", 300, None), (2, "s2c", 300, 0), (2, "c2s", 700, 0), (3, "c2s", 700, 50)]
    with cli.scratch() as folder:
        got = run(folder, packets)
        report.check("scaling unknown", wrong(got, NOTHING), differ(
            ndjson(os.path.join(folder, "out")),
            [row(*one, None, "unknown", None) for one in due]))
    half = [s(0, SYN | ACK, 500, 101, options=NONE), *packets_of_half()]
    with cli.scratch() as folder:
        got = run(folder, half)
        found = [(one["direction"], one["effective"], one["edge"])
                 for one in ndjson(os.path.join(folder, "out"))]
        report.check("without the SYN the edge counts from what was acknowledged",
                     wrong(got, NOTHING),
                     differ([dict(enumerate(one)) for one in found],
                            [dict(enumerate(one)) for one in (
                                ("c2s", None, None), ("s2c", 900, 901), ("c2s", None, None),
                                ("c2s", 800, 811))]))


def packets_of_half():
    return [c(1, ACK, 101, 501, window=900),
            c(2, ACK, 101, 501, window=900, payload=bytes(10)),
            s(3, ACK, 501, 111, window=800)]


def intervals():
    packets = conversation(cli.WSCALE, SHIFT2)
    shift = {"s2c": 7, "c2s": 2}
    # T is a multiple of a second: packets 3 to 14, and 15. The smallest window gives the packet.
    second = [(11, "s2c", 0, 1500, 1501), (7, "c2s", 1500, 300, 301), (15, "s2c", 500, 0, 1502)]
    # Of 4 milliseconds: 0 to 3, 4 to 7, 308 to 311, 320 to 323, and 1400 to 1403.
    small = [(3, "s2c", 1000, 0, 1), (4, "c2s", None, 300, None), (7, "c2s", 1500, 0, 301),
             (6, "s2c", 1000, 1500, 1), (11, "s2c", 0, 1500, 1501), (14, "s2c", 0, 1, 1501),
             (15, "s2c", 500, 0, 1502)]
    for interval, due in (("1", second), ("0.004", small), ("0", ROWS), ("1e-9", ROWS),
                          ("1e-300", ROWS), ("1e9", [second[0], second[1]])):
        with cli.scratch() as folder:
            got = run(folder, packets, "--series-interval", interval)
            report.check(f"an interval of {interval} s", wrong(got, NOTHING),
                         differ(ndjson(os.path.join(folder, "out")),
                                [row(*one, "on", shift) for one in due]))


def flows():
    """Numbers of connections; files; and that the report is the same as without."""
    other = cli.Side("192.0.2.1", 40001)
    one = conversation(cli.WSCALE, SHIFT2)
    two = [cli.segment(T + 7 * MS, other, S, ACK, 1, 1, window=5)]
    with cli.scratch() as folder:
        run(folder, one[:7] + two + one[7:])
        found = {(line["client_port"], line["flow"]) for line in ndjson(os.path.join(folder, "out"))}
        report.true("a connection's number is that of its first packet",
                    found == {(40000, 1), (40001, 8)}, found)
        cli.write(folder, **{"a,\"b": cli.pcap(one[:5]), "c": cli.pcap(one[5:])})
        for args, due in (((), {1}), (("--separate",), {1, (1 << 40) + 1})):
            got = wscope("replay", "--series", "o.csv", *args, 'a,"b', "c", cwd=folder)
            found = commas(os.path.join(folder, "o.csv"))
            report.check(f"two files {' '.join(args)}", wrong(got, NOTHING),
                         [] if {line["flow"] for line in found} == due else [str(found)],
                         [] if [(line["file"], line["packet"]) for line in found[:4]] ==
                         [('a,"b', 3), ('a,"b', 4), ('a,"b', 5), ("c", 1)] else [str(found)])


def lab():
    """The largest window of each direction is the record's; the report is the same as without."""
    checked, differ_, changed = 0, [], []
    for path in sorted(glob.glob(os.path.join(cli.CAPTURES, "*", "*.pcap"))):
        if os.path.basename(os.path.dirname(path)) == "synproxy-lost-ack":
            continue  # its server answers again, with another shift: earlier samples have the first
        with cli.scratch() as folder:
            got = wscope("replay", "--json", "--series", "out", path, cwd=folder)
            samples = ndjson(os.path.join(folder, "out"))
        if got.out != wscope("replay", "--json", path).out:
            changed.append(path)
        most = {}
        for one in samples:
            of = [one["client"], one["client_port"], one["server"], one["server_port"]]
            key = (*of, one["direction"], one["flow"])
            most[key] = max(most.get(key, -1), -1 if one["effective"] is None else one["effective"])
        flows_ = records(got, "flow")
        for number in {key[:5] for key in most}:
            receiver = "s2c" if number[4] == "c2s" else "c2s"
            due = sorted(-1 if flow[receiver]["effective_max"] is None
                         else flow[receiver]["effective_max"] for flow in flows_
                         if (flow["client"], flow["client_port"], flow["server"],
                             flow["server_port"]) == number[:4]
                         and flow[receiver]["window_max"] is not None)
            found = sorted(value for key, value in most.items() if key[:5] == number)
            checked += 1
            if due and found != due:
                differ_.append(f"{path}: {number}: {found} where {due} is due")
    report.check("the report is the same with a series", [f"differs: {one}" for one in changed])
    report.true("the largest window of each direction is the record's",
                checked > 500 and not differ_, "\n".join([str(checked), *differ_]))


# -- what is refused, and what goes wrong --------------------------------------------------------


def refused():
    packets = conversation(cli.WSCALE, SHIFT2)
    for name, data in (("pcap", cli.pcap(packets)), ("big-endian", cli.pcap(packets, order=">")),
                       ("pcapng", cli.pcapng(packets)), ("snoop", cli.snoop(packets)),
                       ("gzip", gzip.compress(cli.pcap(packets)))):
        with cli.scratch() as folder:
            cli.write(folder, old=data)
            got = run(folder, packets, out="old")
            report.check(f"a capture is not overwritten: {name}",
                         wrong(got, USAGE, "--series cannot be 'old': it is a capture", silent=True))
            with open(os.path.join(folder, "old"), "rb") as file:
                report.true(f"it is what it was: {name}", file.read() == data)
            cli.write(folder, old=b"no capture\n")
            report.check(f"another file is: {name}", wrong(run(folder, packets, out="old"), NOTHING))
            os.symlink("x", os.path.join(folder, "link"))
            got = run(folder, packets, out="link")
            report.check(f"nor is one that is read: {name}", wrong(
                got, USAGE, "--series cannot be 'link': it is one of the captures to read",
                silent=True))
    with cli.scratch() as folder, open(os.path.join(folder, "both"), "wb") as both:
        got = run(folder, packets, out="both", stdout=both)
        report.check("nor does it go into the report", wrong(
            got, USAGE, "--series cannot be 'both': it is standard output, which has the report"))
        got = run(folder, packets, out="/dev/stdout")
        report.check("nor into its pipe", wrong(
            got, USAGE,
            "--series cannot be '/dev/stdout': it is standard output, which has the report"))


def failures():
    packets = conversation(cli.WSCALE, SHIFT2)
    with cli.scratch() as folder:
        due = wscope("replay", "--json", "x", cwd=folder)
        plain = run(folder, packets, "--json")
        for args in ((), ("--series-interval", "1"), ("--series-format", "csv"),
                     ("--fail-on", "info")):
            got = run(folder, packets, "--json", *args, out="/dev/full")
            report.check(f"a full disk {' '.join(args)}",
                         wrong(got, INCOMPLETE, "cannot write '/dev/full': No space left on device"),
                         [] if got.out == plain.out else ["the report is not whole"])
        many = [c(i, ACK, 101, 501, window=i + 1) for i in range(5000)]
        got = run(folder, many, "--json", out="/dev/full")
        report.check("full in the middle", wrong(
            got, INCOMPLETE, "cannot write '/dev/full': No space left on device"),
            [] if cli.summary(got)["packets"] == 5000 else [got.out])
        for args in ((), ("--separate",)):
            got = run(folder, packets, *args, "x", out="no/such")
            report.check(f"a folder that is not there {' '.join(args)}", wrong(
                got, INCOMPLETE, "cannot open 'no/such': No such file or directory", silent=True))
        got = wscope("replay", "--series", "none", "nosuch.pcap", cwd=folder)
        report.true("nothing to read: no file is made", got.status == due.status == cli.INPUT
                    and not os.path.exists(os.path.join(folder, "none")), got)
        cli.write(folder, x=cli.pcap(packets)[:-3])
        got = wscope("replay", "--series", "cut", "x", cwd=folder)
        report.check("a cut capture: what was readable", wrong(
            got, cli.INPUT, "cannot read 'x': cut in the middle of packet 16"),
            [] if len(ndjson(os.path.join(folder, "cut"))) == len(ROWS) else ["not all samples"])
        mode = stat.S_IMODE(os.stat(os.path.join(folder, "cut")).st_mode)
        report.true("the file is as the umask has it", mode & 0o111 == 0 and mode & 0o400, oct(mode))


def crowded():
    """More directions in one interval than are kept: all samples are there, and it is said."""
    n = 70000
    packets = [cli.segment(T + i, cli.Side(f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}", 4000), S, ACK,
                           1, 1, window=9) for i in range(n)]
    for count, complaint in ((n, ["the series is not as thin as --series-interval asks: more than "
                                  "65536 directions changed in one interval"]), (65536, [])):
        with cli.scratch() as folder:
            got = run(folder, packets[:count], "--series-interval", "1")
            report.check(f"{count} directions in an interval",
                         wrong(got, INCOMPLETE if complaint else NOTHING, *complaint),
                         [] if len(ndjson(os.path.join(folder, "out"))) == count else ["some lost"])


def flood(n):
    """A connection of n segments, ten microseconds apart, each of which changes both directions."""
    one = bytearray(cli.pcap_record(s(0, ACK, 501, 101, payload=bytes(10))))
    out = [cli.pcap([c(0, ACK, 101, 501)])]
    for i in range(n):
        struct.pack_into("<II", one, 0, T // 10**9 + i // 10**5, i % 10**5 * 10)
        struct.pack_into(">I", one, 16 + 14 + 20 + 4, 501 + 10 * i)
        struct.pack_into(">H", one, 16 + 14 + 20 + 14, 1000 + i % 7)
        out.append(bytes(one))
    return b"".join(out)


def peak(data, *args):
    """Resident memory at its largest, KiB; the capture comes through a pipe."""
    with subprocess.Popen([cli.WSCOPE, "replay", *args, "-"], stdin=subprocess.PIPE,
                          stdout=subprocess.DEVNULL) as process:
        process.stdin.write(data)
        process.stdin.close()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_maxrss if process.returncode == 0 else None


def memory():
    short, long = flood(50000), flood(1000000)
    with cli.scratch() as folder:
        for interval in ("0", "0.01"):
            out = os.path.join(folder, "out.csv")
            args = ("--series", out, "--series-interval", interval)
            few, many = peak(short, *args), peak(long, *args)
            with open(out, "rb") as file:
                lines = sum(1 for _ in file) - 1
            due = 2000001 if interval == "0" else 2000
            report.true(f"a million packets take no memory, interval {interval}",
                        few and many and many < few + 1024, (few, many))
            report.true(f"and give as many samples as they may, interval {interval}",
                        lines == due, lines)


def main():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for test in (values, unknown, intervals, flows, lab, refused, failures, crowded, memory):
        test()
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
