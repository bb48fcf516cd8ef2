#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# timeout: 600
"""replay --write: annotated pcapng.

Comments stand on the packets that the records name, in the records' words, and tshark reads each
of them there; capinfos and tcpdump take the file; packets are the input's, byte for byte, and
only those of flagged connections. The same from a pipe. Interfaces, times and loss counts of the
input; several files, filters, limits. What goes wrong is the business of write_bad.t.
"""

import collections
import glob
import gzip
import os
import re
import struct
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import blocks  # noqa: E402
import cli  # noqa: E402
import docs  # noqa: E402
from annotated import C, MS, MSS, S, T, again, differ, load, off, on, same, write  # noqa: E402
from cli import ACK, FIN, NOTHING, SYN, records, wrong, wscope  # noqa: E402
import wire  # noqa: E402

report = cli.Report()
RANK = {"info": 0, "notice": 1, "warning": 2, "critical": 3}
# What a handshake shows, and what has to be weighed.
SCOPES = {docs.text(code): scope for code, scope
          in docs.rows("engine/detectors.def", "DETECTOR(i, n, s, v, l, t, x, a) @ n :: s")}


def comment(finding):
    """How the comment of a finding begins."""
    return (f"{finding['severity']} {finding['code']}: {finding['text']}; {finding['advice']} "
            f"(side {finding['side'] or 'none'}, blame {finding['blame']}, "
            f"confidence {finding['confidence']}")


# -- captures of the lab -------------------------------------------------------------------------


def first_number(packets, flow):
    """The number of a connection's first packet."""
    ns = int(f"{flow['first']:.6f}".replace(".", "")) * 1000
    ends = sorted([(flow["client"], flow["client_port"]), (flow["server"], flow["server_port"])])
    for number, one in enumerate(packets, 1):
        segment = wire.frame(one.data + bytes(64), cli.ETHERNET, vxlan=False)
        if one.ns == ns and segment and sorted(wire.conversation(segment)) == ends:
            return number
    raise ValueError(f"no packet at {flow['first']}")


def due_comments(packets, found):
    """{packet: sorted comments} by the records."""
    due = collections.defaultdict(list)
    for one in found:
        if one["type"] == "summary":
            continue
        for finding in one["findings"]:
            numbers = {packet["number"] for packet in finding["packets"]}
            for number in numbers or {first_number(packets, one)}:
                due[number].append(comment(finding))
    return {number: sorted(texts) for number, texts in due.items()}


def read_comments(rows):
    """The same by the file, each cut where the settled-by and the packets begin."""
    got = {}
    for number, texts in rows:
        if texts:
            got[number] = sorted(re.split(r"[;)](?: settled by .*| packets? [0-9].*)?$", text)[0]
                                 for text in texts)
    return got


def unlike(got, due):
    for number in sorted(got.keys() | due.keys()):
        if got.get(number) != due.get(number):
            yield f"frame {number}: {got.get(number)}"
            yield f"          due: {due.get(number)}"


def is_flagged(one):
    return any(RANK[finding["severity"]] >= 1 for finding in one["findings"])


def flagged_numbers(packets, found):
    """Packets of flagged connections, by addresses, ports and time, and those with a host's finding."""
    flows = [one for one in found if one["type"] == "flow" and is_flagged(one)]
    spans = collections.defaultdict(list)
    for one in flows:
        ends = tuple(sorted([(one["client"], one["client_port"]),
                             (one["server"], one["server_port"])]))
        spans[ends].append([int(f"{one[key]:.6f}".replace(".", "")) * 1000
                            for key in ("first", "last")])
    numbers = {packet["number"] for one in found if one["type"] == "endpoint"
               for finding in one["findings"] if RANK[finding["severity"]] >= 1
               for packet in finding["packets"]}
    for number, one in enumerate(packets, 1):
        segment = wire.frame(one.data + bytes(64), cli.ETHERNET, vxlan=False)
        if segment and any(first <= one.ns <= last for first, last
                           in spans[wire.conversation(segment)]):
            numbers.add(number)
    return sorted(numbers)


def chosen():
    """A capture for each code, from as few as that takes, and some on which little is found."""
    wanted, out = set(SCOPES), []
    extra = {"both-on", "port-reuse-flip", "server-flip", "midstream-server-off", "syncookies-mixed"}
    for path in sorted(glob.glob(os.path.join(cli.CAPTURES, "*", "*.pcap*"))):
        scenario, point = path.split(os.sep)[-2:]
        if "vxlan" in scenario or point.startswith("box-any"):
            continue # link types and tunnels that are not read here
        codes = set(records(wscope("replay", "--json", path))[-1]["findings"])
        if codes & wanted or (scenario in extra and point.startswith("client")):
            wanted -= codes
            out.append((scenario, wire.point_of(point), path))
    return out, wanted


def annotated(folder, name, packets, path):
    """All ways of writing one capture, whose packets these are."""
    every, some, passed = (os.path.join(folder, name) for name in ("every", "some", "passed"))
    got = wscope("replay", "--json", "--write-all", "-w", every, path)
    found = records(got)
    problems = [*wrong(got, NOTHING), *same(load(every).packets, packets)]
    due = due_comments(packets, found)
    rows = [(number, comments) for number, (comments,)
            in enumerate(blocks.tshark(every, "frame.comment"), 1)]
    report.check(f"{name}: each comment on its frame, for tshark", problems,
                 unlike(read_comments(rows), due))
    report.check(f"{name}: for capinfos and tcpdump",
                 tools(every, len(packets)))
    numbers = flagged_numbers(packets, found)
    got = wscope("replay", "--write", some, path)
    kept = load(some).packets
    report.check(f"{name}: only flagged connections", wrong(got, NOTHING),
                 same(kept, [packets[number - 1] for number in numbers]),
                 unlike(read_comments(zip(numbers, (one.comments for one in kept))),
                        {number: texts for number, texts in due.items() if number in numbers}))
    report.check(f"{name}: through a pipe", piped(path, passed, packets, found, due))


def piped(path, out, packets, found, due):
    """One pass: what is found at once is on the same packets; the rest is where it stood."""
    got = wscope("replay", "--write-all", "-w", out, "-", stdin=wire.contents(path))
    late = re.fullmatch(r"wscope: (\d+) findings? stood only .*\n|", got.err)
    if got.status != NOTHING or not late:
        yield f"status {got.status}, {got.err}"
    kept = load(out).packets
    yield from same(kept, packets)
    texts = read_comments(enumerate((one.comments for one in kept), 1))
    # Findings without packets of their own stand where they are found.
    proven = {comment(finding) for one in found if one["type"] == "flow"
              for finding in one["findings"] if finding["packets"] and SCOPES[finding["code"]] in ("FLOW", "SIDE")}
    for number, these in due.items():
        for text in these:
            if text in proven and text not in texts.get(number, ()):
                yield f"not on frame {number}: {text}"


def tools(path, count):
    infos = blocks.tool("capinfos", "-M", "-c", "-t", path)
    if not re.search(rf"^Number of packets: +{count}$", infos, re.M) or "pcapng" not in infos:
        yield infos
    lines = blocks.tool("tcpdump", "-n", "-r", path).splitlines()
    if len(lines) != count:
        yield f"{len(lines)} lines of tcpdump where {count} are due"


def lab():
    captures, missing = chosen()
    with cli.scratch() as folder:
        for scenario, point, path in captures:
            annotated(folder, f"{scenario} {point}", cli.lab(scenario, point), path)
        for code, packets in odd().items():
            path = os.path.join(folder, code)
            cli.write(folder, **{code: cli.pcap(packets)})
            report.true(f"a capture made by hand shows {code}", code in records(
                wscope("replay", "--json", path))[-1]["findings"])
            annotated(folder, code, packets, path)
            missing.discard(code)
    report.true("every finding was there", not missing, missing)


def odd():
    """What no stack in the lab does."""
    shift15, length4, zero = b"\1\3\3\17", b"\3\4\7\0", b"\1\3\3\0"
    syn = cli.segment(T - MS, C, S, SYN, 100, 0, MSS + b"\1\3\3\2")
    return {
        "wscale-too-large": cli.handshake(T, C, S, MSS + shift15, MSS + cli.WSCALE),
        "wscale-malformed": cli.handshake(T, C, S, MSS + length4, MSS + cli.WSCALE),
        "unsolicited-wscale": cli.handshake(T, C, S, MSS, MSS + cli.WSCALE),
        "wscale-changed": [syn, *on()],
        "wscale-non-syn": on() + [cli.segment(T + 3 * MS, C, S, ACK, 101, 501, cli.WSCALE)],
        "wscale-zero": cli.handshake(T, C, S, MSS + zero, MSS + cli.WSCALE),
    }


# -- captures made by hand -----------------------------------------------------------------------


def option(code, value, order="<"):
    return struct.pack(f"{order}HH", code, len(value)) + value + bytes(-len(value) % 4)


def interface(linktype=1, snaplen=0, order="<", resolution=None, **texts):
    body = struct.pack(f"{order}HHI", linktype, 0, snaplen)
    for code, name in ((2, "name"), (3, "description")):
        if name in texts:
            body += option(code, texts[name], order)
    if resolution is not None:
        body += option(9, bytes([resolution]), order)
    return cli.block(1, body + bytes(4), order)


def packet(one, number=0, unit=1, order="<", extra=b""):
    ticks = one.ns // unit
    body = struct.pack(f"{order}5I", number, ticks >> 32, ticks & 0xffffffff, len(one.data),
                       one.wirelen) + one.data + bytes(-len(one.data) % 4)
    return cli.block(6, body + extra, order)


def statistics(number, ns, order="<", **counts):
    codes = {"start": 2, "end": 3, "received": 4, "dropped": 5, "accepted": 6, "os_lost": 7,
             "delivered": 8}
    body = struct.pack(f"{order}III", number, ns >> 32, ns & 0xffffffff)
    for name, value in counts.items():
        data = (struct.pack(f"{order}II", value >> 32, value & 0xffffffff)
                if name in ("start", "end") else struct.pack(f"{order}Q", value))
        body += option(codes[name], data, order)
    return cli.block(5, body + bytes(4), order)


def section(order="<"):
    return cli.block(0x0a0d0d0a, struct.pack(f"{order}IHHq", 0x1a2b3c4d, 1, 0, -1), order)


def interfaces():
    """Two sections of both byte orders, three interfaces with names, times finer than microseconds."""
    first, second = off(T + 123), off(T + 10**9 + 7, cli.Side("192.0.2.9", 5))
    raw = [one._replace(data=one.data[14:], wirelen=one.wirelen - 14)
           for one in off(T + 2 * 10**9 + 1, cli.Side("192.0.2.10", 6))]
    raw = [one._replace(data=one.data[:60]) for one in raw]
    data = (section() + interface(snaplen=96, resolution=9, name=b"eth0", description=b"front")
            + interface(101, resolution=9, name=b"tun\x1b[31m\xff\n")
            + b"".join(packet(one) for one in first) + b"".join(packet(one, 1) for one in raw[:1])
            + statistics(0, T + 5, start=T, end=T + 5, received=100, dropped=3, os_lost=2**32 + 1)
            + statistics(1, T + 6, received=7, accepted=6, delivered=5)
            + section(">") + interface(order=">", resolution=9, name=b"eth0")
            + interface(order=">", name=b"silent", resolution=6)
            + b"".join(packet(one, order=">") for one in second)
            + statistics(1, T // 1000 + 9, ">", dropped=4))
    with cli.scratch() as folder:
        cli.write(folder, **{"x\x1by": data})
        for how, argv, stdin, name in (("a file", ["x\x1by"], b"", "x?y"),
                                       ("a pipe", ["-"], data, "standard input")):
            got, problems = write(folder, "--write-all", *argv, stdin=stdin)
            if not got:
                report.check(f"interfaces of {how}", problems)
                continue
            shown = [(one.linktype, one.snaplen, one.options.get(blocks.NAME),
                      one.options[blocks.DESCRIPTION], one.options[blocks.RESOLUTION])
                     for one in got.interfaces]
            name = name.encode()
            report.check(f"interfaces of {how}", problems, differ("interfaces", shown, [
                (1, 96, [b"eth0"], [name + b": front"], [b"\x09"]),
                (101, 0, [b"tun?[31m\xef\xbf\xbd\n"], [name], [b"\x09"]),
                (1, 0, [b"eth0"], [name], [b"\x09"]),
                (1, 0, [b"silent"], [name], [b"\x09"])]))
            report.check(f"packets of {how}", same(got.packets, first + raw[:1] + second), differ(
                "interfaces of packets", [one.interface for one in got.packets],
                [0, 0, 0, 1, 2, 2, 2]))
            report.check(f"loss counts of {how}", differ("statistics", counted(got), [
                (0, T + 5, {"start": T, "end": T + 5, "received": 100, "dropped": 3,
                            "os_lost": 2**32 + 1}),
                (1, T + 6, {"start": raw[0].ns, "end": raw[0].ns, "received": 7, "accepted": 6,
                            "delivered": 5}),
                (2, second[2].ns, {"start": second[0].ns, "end": second[2].ns, "delivered": 3}),
                (3, T // 1000 * 1000 + 9000, {"dropped": 4, "delivered": 0})]))
        rows = blocks.tshark(os.path.join(folder, "out"), "frame.interface_name", "frame.time_epoch")
        report.true("tshark reads names and nanoseconds", rows[0] == [["eth0"], [
            f"{first[0].ns // 10**9}.{first[0].ns % 10**9:09}"]], rows[0])


def counted(capture):
    names = {blocks.RECEIVED: "received", blocks.DROPPED: "dropped", blocks.ACCEPTED: "accepted",
             blocks.OS_LOST: "os_lost", blocks.DELIVERED: "delivered"}
    out = []
    for number, ns, given in capture.statistics:
        found = {name: blocks.time(given[code][0]) for code, name
                 in ((blocks.START, "start"), (blocks.END, "end")) if code in given}
        found.update({name: blocks.count(given[code][0]) for code, name in names.items()
                      if code in given})
        out.append((number, ns, found))
    return out


def header():
    with cli.scratch() as folder:
        cli.write(folder, x=cli.pcap(off()))
        got, problems = write(folder, "x")
        version = wscope("--version").out.strip().encode()
        host = os.uname()
        report.check("the section tells who wrote it, and where", problems, differ(
            "section", got.section, {blocks.APPLICATION: [version],
                                     blocks.SYSTEM: [f"{host.sysname} {host.release}".encode()],
                                     blocks.HARDWARE: [host.machine.encode()]}))
        again, _ = write(folder, "x", out="again")
        report.true("the same input gives the same file", got == again)


def several():
    """More than one file, findings on one packet, reuse of ports, and where text says packets are."""
    other = cli.Side("192.0.2.7", 41000)
    one, two, third = off(T), on(T + 10, other), again(T + 20 * MS, other)
    with cli.scratch() as folder:
        cli.write(folder, a=cli.pcap(one, nano=True), b=cli.zstd(cli.pcapng(two)),
                  c=gzip.compress(cli.pcap(third, nano=True)))
        got, problems = write(folder, "--write-all", "a", "b", "c")
        two_us = [p._replace(ns=p.ns // 1000 * 1000) for p in two]
        order = sorted(one + two_us, key=lambda p: p.ns) + third
        report.check("several files, in the order of time", problems, same(got.packets, order))
        report.check("each file has an interface", differ("descriptions", [
            i.options[blocks.DESCRIPTION][0] for i in got.interfaces], [b"a", b"b", b"c"][:3]
            if got.packets[0].data == one[0].data else [b"b", b"a", b"c"]))
        got, problems = write(folder, "a", "b", "c")
        report.check("only flagged ones, of the same addresses and ports as one that is not",
                     problems, same(got.packets, one + third))
        report.true("comments name packets as they are in their files",
                    got.packets[0].comments[0].endswith("; packets 1, 2 of a)"), got.packets[0])
        got, problems = write(folder, "--separate", "a", "b", "a", "c")
        report.check("--separate: one after another", problems,
                     same(got.packets, one + one + third),
                     differ("interfaces", len(got.interfaces), 4))
        got, problems = write(folder, "--write-all", "-c", "2", "a")
        report.check("-c", problems, same(got.packets, one[:2]))
        got, problems = write(folder, "--write-all", "a", "src", "host", S.address)
        report.check("a filter", problems, same(got.packets, one[1:2]))
        twice = conversation_of_many()
        cli.write(folder, d=cli.pcap(twice))
        got, problems = write(folder, "d")
        most = max(len(p.comments) for p in got.packets)
        rows = blocks.tshark(os.path.join(folder, "out"), "frame.comment")
        report.true("several findings on one packet are several comments",
                    not problems and most >= 2 and [p.comments for p in got.packets]
                    == [row[0] for row in rows], (problems, most))


def conversation_of_many():
    """25 connections without the option: the last one proves a finding of its own and the host's."""
    return [one for i in range(25)
            for one in off(T + i * 10 * MS, cli.Side("192.0.2.1", 40000 + i))]


def reused():
    """Many connections of the same addresses and ports, every other one flagged, far apart in time."""
    packets, due = [], []
    for i in range(120):
        # Of some the server leaves the option out.
        three = again(T + i * 10**9, C, S, 70000 + i * 100000, cli.WSCALE if i % 2 else b"")
        packets += three
        due += [] if i % 2 else three
    with cli.scratch() as folder:
        cli.write(folder, x=cli.pcap(packets))
        got, problems = write(folder, "x")
        report.check("of connections that use their ports again, those flagged", problems,
                     same(got.packets, due))
        got, problems = write(folder, "-", stdin=cli.pcap(packets))
        report.check("of a pipe's, too", problems, same(got.packets, due))


def duplicates():
    """Second copies of segments, met at another TTL, belong to their connection."""
    packets = []
    for one in off() + [cli.segment(T + 3 * MS, C, S, ACK | FIN, 101, 501)]:
        copy = bytearray(one.data)
        copy[22] -= 1
        packets += [one, one._replace(ns=one.ns + 1000, data=bytes(copy))]
    arp = cli.Packet(T + MS // 2, bytes(12) + b"\x08\x06" + bytes(28), 42)
    with cli.scratch() as folder:
        cli.write(folder, x=cli.pcap(packets + [arp, *on(T + 9 * MS, cli.Side("192.0.2.3", 1))]))
        got, problems = write(folder, "x")
        report.check("second copies are written, other packets not", problems,
                     same(got.packets, packets))
        got, problems = write(folder, "-", stdin=cli.pcap(packets + [arp]))
        report.check("the same from a pipe", problems, same(got.packets, packets))


def main():
    for test in (header, interfaces, several, reused, duplicates, lab):
        test()
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
