#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# timeout: 300
"""`wscope replay` with good input: whatever a capture comes as, the report is the same; files as
one stream and apart; counts, filters, statuses; and what people see.
"""

import gzip
import ipaddress
import json
import os
import pty
import re
import struct
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cli  # noqa: E402
from cli import FINDINGS, INCOMPLETE, INPUT, NOTHING, records, summary, wrong, wscope  # noqa: E402

report = cli.Report()
ROOT_USER = os.geteuid() == 0
PACKETS = cli.lab("server-off")
SOUND = cli.pcap(PACKETS)
ENGINES = ["native"] + (["xdp", "tc"] if ROOT_USER else [])
BASE = 1_700_000_000 * 10**9
SERVER = cli.Side("198.51.100.2", 80)


def client(number):
    return cli.Side("192.0.2.2", 10000 + number)


def same(got, due):
    if got != due:
        yield from (f"due: {line}" for line in due.splitlines()[:5])
        yield from (f"got: {line}" for line in got.splitlines()[:5])


# -- one capture in every form -------------------------------------------------------------------

FORMS = {
    "pcap": cli.pcap(PACKETS), "pcap, big-endian": cli.pcap(PACKETS, order=">"),
    "pcap, nanoseconds": cli.pcap(PACKETS, nano=True),
    "pcap, nanoseconds, big-endian": cli.pcap(PACKETS, order=">", nano=True),
    "pcapng": cli.pcapng(PACKETS), "pcapng, big-endian": cli.pcapng(PACKETS, order=">"),
    "snoop": cli.snoop(PACKETS), "snoop, IEEE 802.3": cli.snoop(PACKETS, 0),
}
CODINGS = {"plain": bytes, "gzip": lambda data: gzip.compress(data, mtime=0),
           "gzip in two members": lambda data: gzip.compress(data[:700]) + gzip.compress(data[700:]),
           "zstd": cli.zstd,
           "zstd in two frames": lambda data: cli.zstd(data[:700]) + cli.zstd(data[700:])}


def forms():
    with cli.scratch() as folder:
        cli.write(folder, x=SOUND)
        due = wscope("replay", "--json", "x", cwd=folder).out
        report.true("there is something to compare", len(PACKETS) == json.loads(
            due.splitlines()[-1])["packets"] and '"code":"server-no-wscale"' in due, due)
        for form, data in FORMS.items():
            for coding, encode in CODINGS.items():
                cli.write(folder, x=encode(data))
                name = f"{form}, {coding}"
                for reader in ("auto", "libpcap", "mapped"):
                    if reader == "mapped" and coding != "plain" \
                            or reader == "libpcap" and form.startswith("snoop"):
                        continue
                    got = wscope("replay", "--json", "--reader", reader, "x", cwd=folder)
                    report.check(f"{name}, --reader {reader}", wrong(got, NOTHING),
                                 same(got.out, due))
                got = wscope("replay", "--json", "-", stdin=encode(data))
                report.check(f"{name}, through a pipe", wrong(got, NOTHING),
                             same(got.out.replace('"file":"-"', '"file":"x"'), due))
                with open(os.path.join(folder, "x"), "rb") as file:
                    got = wscope("replay", "--json", "-", stdin=file)
                report.check(f"{name}, as standard input", wrong(got, NOTHING),
                             same(got.out.replace('"file":"-"', '"file":"x"'), due))


def readers():
    with cli.scratch() as folder:
        cli.write(folder, x=SOUND, gz=gzip.compress(SOUND), snoop=cli.snoop(PACKETS))
        refused = "not a plain pcap, pcapng or snoop file to map"
        report.check("--reader mapped does not read a compressed file",
                     wrong(wscope("replay", "--reader", "mapped", "gz", cwd=folder), INPUT,
                           f"cannot read 'gz': {refused}", silent=True))
        report.check("--reader mapped does not read a pipe",
                     wrong(wscope("replay", "--reader", "mapped", "-", stdin=SOUND), INPUT,
                           f"cannot read standard input: {refused}", silent=True))
        report.check("--reader libpcap does not know snoop",
                     wrong(wscope("replay", "--reader", "libpcap", "snoop", cwd=folder), INPUT,
                           "cannot read 'snoop': unknown file format", silent=True))
        os.mkfifo(os.path.join(folder, "fifo"))
        writer = os.fork()
        if not writer:
            with open(os.path.join(folder, "fifo"), "wb") as fifo:
                fifo.write(SOUND)
            os._exit(0)  # pylint: disable=protected-access
        got = wscope("replay", "--json", "fifo", cwd=folder)
        os.waitpid(writer, 0)
        report.check("a named pipe", wrong(got, NOTHING),
                     () if summary(got)["packets"] == len(PACKETS) else [got.out])


def engines():
    if not ROOT_USER:
        report.skip("--engine xdp and tc", "privilege: BPF_PROG_TEST_RUN needs root")
        return
    with cli.scratch() as folder:
        for scenario in ("server-off", "server-off-v6", "port-reuse", "vxlan"):
            cli.write(folder, x=cli.pcap(cli.lab(scenario)))
            due = wscope("replay", "--json", "x", cwd=folder)
            for engine in ("xdp", "tc"):
                got = wscope("replay", "--json", "--engine", engine, "x", cwd=folder)
                report.check(f"{scenario}, --engine {engine}", wrong(got, NOTHING),
                             same(got.out, due.out))


def public_snoop():
    path = os.path.join(os.environ.get("WSCOPE_CAPTURES", ""), "tcptrace__all.snoop")
    if not os.path.exists(path):
        report.skip("a public snoop capture", "captures: there is no tcptrace__all.snoop")
        return
    with open(path, "rb") as file:
        data = file.read()
    packets, at = [], 16
    while at < len(data):
        wirelen, caplen, length, _, sec, usec = struct.unpack_from(">6I", data, at)
        packets.append(cli.Packet(sec * 10**9 + usec * 1000, data[at + 24:at + 24 + caplen],
                                  wirelen))
        at += length
    with cli.scratch() as folder:
        cli.write(folder, x=cli.pcap(packets))
        due = wscope("replay", "--json", "x", cwd=folder).out
        cli.write(folder, x=data)
        got = wscope("replay", "--json", "x", cwd=folder)
        report.check(f"a public snoop capture, as the pcap of its {len(packets)} packets",
                     wrong(got, NOTHING), same(got.out, due))
        report.true("and it has them all", summary(got)["tcp_packets"] == len(packets) == 829,
                    summary(got))


# -- several files -------------------------------------------------------------------------------


def proofs(result):
    return [[(one["file"], one["number"]) for one in finding["packets"]]
            for flow in records(result, "flow") for finding in flow["findings"]]


def rotated():
    """A connection whose SYN is the last packet of one file and whose SYN-ACK begins the next."""
    before = [one._replace(ns=PACKETS[0].ns - 10**9 + number)
              for number, one in enumerate(cli.lab("both-on"))]
    parts = {"part1": before + PACKETS[:1], "part2": PACKETS[1:7], "part3": PACKETS[7:]}
    first = len(parts["part1"])
    with cli.scratch() as folder:
        cli.write(folder, whole=SOUND, **{name: cli.pcap(one) for name, one in parts.items()})
        for order in (("part1", "part2", "part3"), ("part3", "part1", "part2")):
            for engine in ENGINES:
                got = wscope("replay", "--json", "--engine", engine, *order, cwd=folder)
                flow = records(got, "flow")[-1]
                report.check(f"one stream of {' '.join(order)}, {engine}: one connection, packets "
                             "numbered for each file", wrong(got, NOTHING),
                             () if proofs(got) == [[("part1", first), ("part2", 1)]]
                             and flow["file"] == "part1" and flow["visibility"] == "both"
                             and flow["c2s"]["packets"] + flow["s2c"]["packets"] == len(PACKETS)
                             and len(records(got, "flow")) == 2
                             and summary(got)["files"] == 3 else [got.out])
        got = wscope("replay", "part1", "part2", "part3", cwd=folder)
        report.true("people see the file beside the number",
                    f"  proof      packets {first} of part1, 1 of part2\n" in got.out, got.out)
        got = wscope("replay", "--json", "--separate", "part1", "part2", "part3", cwd=folder)
        totals = records(got, "summary")
        flows = [one for one in records(got, "flow") if one["client_port"]
                 == records(wscope("replay", "--json", "whole", cwd=folder), "flow")[0]["client_port"]]
        report.check("--separate: a summary for each file, and no connection spans two",
                     wrong(got, NOTHING),
                     () if [one["packets"] for one in totals] == [len(one) for one in parts.values()]
                     and [(one["file"], one["visibility"]) for one in flows]
                     == [("part1", "client-only"), ("part2", "both"), ("part3", "midstream")]
                     and proofs(got) == [] else [got.out])
        alone = "\n".join(wscope("replay", name, cwd=folder).out for name in parts)
        got = wscope("replay", "--separate", *parts, cwd=folder)
        report.check("--separate: each report as if it were alone, a line between",
                     wrong(got, NOTHING), same(got.out, alone))
        alone = "".join(wscope("replay", "--json", name, cwd=folder).out for name in parts)
        got = wscope("replay", "--json", "--separate", *parts, cwd=folder)
        report.check("--separate --json: each as if it were alone", wrong(got, NOTHING),
                     same(got.out, alone))
        got = wscope("replay", "--json", "part2", "-", cwd=folder, stdin=cli.pcap(parts["part1"]))
        report.check("one of several is standard input", wrong(got, NOTHING),
                     () if proofs(got) == [[("-", first), ("part2", 1)]] else [got.out])


# -- counts and filters --------------------------------------------------------------------------


def count():
    with cli.scratch() as folder:
        cli.write(folder, x=SOUND, y=SOUND)

        def check(name, args, *due):
            got = wscope("replay", "--json", *args, cwd=folder)
            have = [one["packets"] for one in records(got, "summary")]
            report.check(name, wrong(got, NOTHING), () if have == list(due) else [str(have)])

        for number in (1, 2, 7, len(PACKETS), len(PACKETS) + 1):
            cli.write(folder, due=cli.pcap(PACKETS[:number]))
            check(f"-c {number}", ["-c", str(number), "x"], min(number, len(PACKETS)))
        check("-c 5 over two files: of all", ["-c", "5", "x", "y"], 5)
        check("-c 5 --separate: of each", ["-c", "5", "--separate", "x", "y"], 5, 5)
        answers = sum(one.data[26:30] == bytes([198, 51, 100, 2]) for one in PACKETS)
        check("-c counts what the filter lets through",
              ["-c", "3", "x", "--", "src", "198.51.100.2"], min(3, answers))
        cut = SOUND[:-1]
        cli.write(folder, x=cut)
        check("-c ends before the damage: no damage", ["-c", "3", "x"], 3)


def filters():
    answers = [number for number, one in enumerate(PACKETS, 1)
               if one.data[26:30] == bytes([198, 51, 100, 2])]
    with cli.scratch() as folder:
        cli.write(folder, x=SOUND, y=SOUND)
        whole = wscope("replay", "--json", "x", cwd=folder).out
        for name, words in (("behind --", ["--", "src", "host", "198.51.100.2"]),
                            ("behind -- in one word", ["--", "src host 198.51.100.2"]),
                            ("without --", ["src", "host", "198.51.100.2"]),
                            ("without --, in one word with dots", ["src host 198.51.100.2"]),
                            ("with an operator", ["ip[12:4]", "=", "0xc6336402"])):
            got = wscope("replay", "--json", "x", *words, cwd=folder)
            flow = records(got, "flow")[0]
            report.check(f"a filter {name}", wrong(got, NOTHING),
                         () if summary(got)["packets"] == len(answers)
                         and (flow["c2s"]["packets"], flow["s2c"]["packets"]) == (0, len(answers))
                         and flow["visibility"] == "server-only" else [got.out])
        got = wscope("replay", "--json", "x", "--", "tcp[13] & 2 != 0 or src host 192.0.2.2",
                     cwd=folder)
        report.check("packets keep their numbers", wrong(got, NOTHING),
                     () if proofs(got) == [[("x", 1), ("x", 2)]] else [got.out])
        got = wscope("replay", "--json", "x", "--", "udp", cwd=folder)
        report.check("a filter that nothing passes", wrong(got, NOTHING),
                     () if summary(got)["packets"] == 0 and len(records(got)) == 1 else [got.out])
        for words in (["--"], ["--", ""], [""], ["tcp"]):
            got = wscope("replay", "--json", "x", *words, cwd=folder)
            report.check(f"all packets pass {words}", wrong(got, NOTHING), same(got.out, whole))
        cli.write(folder, tcp=SOUND)
        got = wscope("replay", "--json", "x", "tcp", cwd=folder)
        report.true("a file called tcp is a file", summary(got)["files"] == 2, got.out)
        got = wscope("replay", "--json", "x", "--", "tcp", cwd=folder)
        report.check("unless it stands behind --", wrong(got, NOTHING), same(got.out, whole))


# -- statuses ------------------------------------------------------------------------------------

LEVELS = ["info", "notice", "warning", "critical"]


def severities(result):
    return {finding["severity"] for one in records(result) if one["type"] != "summary"
            for finding in one["findings"]}


def fail_on():
    offless = cli.handshake(BASE, client(1), SERVER, offer=b"", answer=b"")
    cases = [("no finding", cli.lab("both-on"), None), ("info", offless, "info"),
             ("warning", PACKETS, "warning"), ("critical", cli.lab("server-off-burst"), "critical")]
    with cli.scratch() as folder:
        for name, packets, worst in cases:
            cli.write(folder, x=cli.pcap(packets), sound=cli.pcap(cli.lab("both-on")))
            plain = wscope("replay", "--json", "x", cwd=folder)
            found = severities(plain)
            report.check(f"{name}: the worst finding is {worst}, and alone does not change the "
                         "status", wrong(plain, NOTHING),
                         () if max(found, key=LEVELS.index, default=None) == worst else [str(found)])
            for level in LEVELS:
                due = FINDINGS if worst and LEVELS.index(worst) >= LEVELS.index(level) else NOTHING
                for args in (("--json", "x"), ("x",), ("--separate", "x", "sound"),
                             ("--separate", "sound", "x")):
                    got = wscope("replay", "--fail-on", level, *args, cwd=folder)
                    report.check(f"{name}: --fail-on {level} {' '.join(args)}", wrong(got, due))
            got = wscope("replay", "--fail-on", "info", "--json", "x", cwd=folder)
            report.check(f"{name}: the report is the same", same(got.out, plain.out))


def evictions():
    if not ROOT_USER:
        report.skip("tables that are too small", "privilege: BPF_PROG_TEST_RUN needs root")
        return
    many = [one for number in range(4000)
            for one in cli.handshake(BASE + number * 10**7, client(number), SERVER, answer=b"")]
    with cli.scratch() as folder:
        cli.write(folder, x=cli.pcap(many), cut=cli.pcap(many)[:-1])
        small = ("--engine", "xdp", "--flows", "1", "--json")
        got = wscope("replay", *small, "x", cwd=folder)
        have = summary(got)
        said = (f"the report is incomplete: {have['evictions']} records fell out of full tables; "
                "raise --flows, --pending or --endpoints")
        report.check("a kernel's table that is too small: incomplete, and it says how much",
                     wrong(got, INCOMPLETE, said),
                     () if have["evictions"] and have["evictions"] + have["flows"] == 4000
                     else [str(have)])
        got = wscope("replay", *small[:-1], "x", cwd=folder)
        report.check("people read it in the report", wrong(got, INCOMPLETE),
                     () if re.search(r"^  incomplete [0-9,]+ records fell out of full tables: raise "
                                     "--flows, --pending or --endpoints$", got.out, re.M)
                     else [got.out])
        got = wscope("replay", *small, "--fail-on", "info", "x", cwd=folder)
        report.true("incomplete goes before findings", got.status == INCOMPLETE, got.status)
        got = wscope("replay", *small, "cut", cwd=folder)
        report.true("damage goes before incomplete", got.status == INPUT, got.status)
        got = wscope("replay", "--json", "--flows", "1", "--pending", "1", "--endpoints", "1", "x",
                     cwd=folder)
        report.check("the native engine's tables grow", wrong(got, NOTHING),
                     () if summary(got)["flows"] == 4000 and not summary(got)["evictions"] else
                     [str(summary(got))])


# -- encapsulations and VLANs --------------------------------------------------------------------


def tunnels():
    path = cli.lab_path("vxlan-server-off", "box-in")
    plain = wscope("replay", "--json", path)
    for value in ("all", "vxlan", "gre,vxlan", "vxlan,vxlan"):
        got = wscope("replay", "--json", "--tunnels", value, path)
        report.check(f"--tunnels {value} opens VXLAN", wrong(got, NOTHING), same(got.out, plain.out),
                     () if records(got, "flow")[0]["encap"] == 1 else [got.out])
    for value in ("none", "gre", "ipip,geneve,gue,mpls,pppoe,gtpu,erspan,gre"):
        got = wscope("replay", "--json", "--tunnels", value, path)
        have = summary(got)
        report.check(f"--tunnels {value} leaves it closed, and counts it", wrong(got, NOTHING),
                     () if have["flows"] == 0 and have["skipped"] == {"tunnel-off": have["packets"]}
                     else [got.out])


def vlan_domain():
    packets = [one for number, vlan in enumerate((None, 42, 43))
               for one in cli.handshake(BASE + number * 10**9, client(1), SERVER, vlan=vlan)]
    with cli.scratch() as folder:
        cli.write(folder, x=cli.pcap(packets))
        for engine in ENGINES:
            got = wscope("replay", "--json", "--engine", engine, "x", cwd=folder)
            report.check(f"VLANs are one domain, {engine}", wrong(got, NOTHING),
                         () if {one["domain"] for one in records(got, "flow")} == {0} else [got.out])
            got = wscope("replay", "--json", "--vlan-domain", "--engine", engine, "x", cwd=folder)
            flows = records(got, "flow")
            report.check(f"--vlan-domain: a connection in each, {engine}", wrong(got, NOTHING),
                         () if [one["domain"] for one in flows] == [0, 42, 43]
                         and all(one["c2s"]["packets"] == 2 for one in flows) else [got.out])


# -- for people, and for programs ----------------------------------------------------------------


def json_lines():
    for scenario in ("server-off", "server-off-v6", "server-off-burst", "vxlan"):
        got = wscope("replay", "--json", cli.lab_path(scenario))
        problems = [] if got.out.endswith("\n") else ["the last line does not end"]
        for line in got.out.splitlines():
            one = json.loads(line)
            if one["schema"] != 1 or one["type"] not in ("flow", "endpoint", "summary"):
                problems.append(line)
        for one in records(got, "flow"):
            for field in ("client", "server"):
                address = ipaddress.ip_address(one[field])
                if address.version != one["family"] or str(address) != one[field]:
                    problems.append(one[field])
        summary(got)
        report.check(f"--json: one object a line: {scenario}", wrong(got, NOTHING), problems)


def ipv6_text():
    due = {"server": "2001:db8:2::2", "client": "2001:db8:1::2"}
    flow = records(wscope("replay", "--json", cli.lab_path("server-off-v6")), "flow")[0]
    port = flow["client_port"]
    report.true("IPv6 in records: without brackets, in the short form",
                {one: flow[one] for one in due} == due, flow)
    for verbose in ((), ("-v",)):
        got = wscope("replay", *verbose, cli.lab_path("server-off-v6"))
        head = got.out.splitlines()[0]
        report.true(f"IPv6 with a port has brackets {verbose}",
                    f"[{due['server']}]:8080 as server" in head
                    and f"[{due['client']}]:{port}" in got.out, got.out)
        report.true(f"alone it has none {verbose}",
                    f"  advice     check net.ipv4.tcp_window_scaling on {due['server']}" in got.out
                    and not re.search(r"\[[0-9a-f:]+\](?!:)", got.out), got.out)


def on_terminal(*argv, env):
    """What it writes to a terminal, 200 columns wide."""
    ours, theirs = pty.openpty()
    got = wscope(*argv, env=env, stdout=theirs)
    os.close(theirs)
    out = b""
    try:
        while part := os.read(ours, 65536):
            out += part
    except OSError:
        pass  # the other end is closed
    os.close(ours)
    return got._replace(out=out.decode().replace("\r\n", "\n"))


def plain(text):
    return re.sub(r"\033\[[0-9;]*m", "", text)


def colors():
    path = cli.lab_path("server-off")
    bare = wscope("replay", path).out
    report.true("there is no colour in a pipe", "\033" not in bare, bare)
    cases = [
        # name, on a terminal, NO_COLOR, arguments, coloured
        ("a terminal", True, None, (), True),
        ("a terminal, auto", True, None, ("--color", "auto"), True),
        ("a terminal, never", True, None, ("--color", "never"), False),
        ("a terminal, NO_COLOR", True, "1", (), False),
        ("a terminal, NO_COLOR empty", True, "", (), True),
        ("a terminal, NO_COLOR and always", True, "1", ("--color", "always"), True),
        ("a pipe, auto", False, None, ("--color", "auto"), False),
        ("a pipe, always", False, None, ("--color", "always"), True),
        ("a pipe, NO_COLOR and always", False, "1", ("--color=always",), True),
        ("a pipe, never", False, None, ("--color", "never"), False),
        ("a terminal, --json", True, None, ("--json",), False),
        ("a pipe, --json and always", False, None, ("--json", "--color", "always"), False),
    ]
    for name, terminal, no_color, args, colored in cases:
        env = cli.environment(**({} if no_color is None else {"NO_COLOR": no_color}))
        run = on_terminal if terminal else wscope
        got = run("replay", *args, path, env=env)
        report.check(f"colour: {name}", wrong(got, NOTHING),
                     () if ("\033[" in got.out) == colored else [got.out[:300]],
                     () if "--json" in args else same(plain(got.out), bare))
        opened = len(re.findall(r"\033\[[1-9][0-9;]*m", got.out))
        report.true(f"each colour ends: {name}", opened == got.out.count("\033[0m"), got.out[:300])


def main():
    for test in (forms, readers, engines, public_snoop, rotated, count, filters, fail_on, evictions,
                 tunnels, vlan_domain, json_lines, ipv6_text, colors):
        test()
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
