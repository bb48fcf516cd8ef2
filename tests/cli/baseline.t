#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# timeout: 300
"""`--save-baseline` and `--baseline`: what one run saves, another compares with; the same answer in
text, records, counts and the exit status, by every engine; and files that are none.
"""

import json
import os
import re
import stat
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cli  # noqa: E402
from cli import FINDINGS, INCOMPLETE, INPUT, NOTHING, PRIVILEGE, USAGE, records, summary, wrong, \
    wscope  # noqa: E402

report = cli.Report()
ROOT_USER = os.geteuid() == 0
ENGINES = ["native"] + (["xdp", "tc"] if ROOT_USER else [])
BASE = 1_700_000_000 * 10**9
SERVER = cli.Side("198.51.100.2", 8080)  # that of the lab
FLIP = cli.lab("server-flip")
ON = FLIP[:150]  # its first 25 connections
BURST = cli.lab("server-off-burst")  # the same server, 30 refusals
REGRESSED = ("endpoint-regressed", "critical", "server", "host-or-path")


def talks(count, server=SERVER, answer=cli.WSCALE, first=0):
    """Connections of as many clients' ports."""
    return [one for number in range(first, first + count) for one in cli.handshake(
        BASE + number * 10**9, cli.Side("192.0.2.2", 10000 + number), server, answer=answer)]


def told(result):
    """(code, severity, side, blame, confidence) of the endpoints' findings."""
    return [tuple(finding[name] for name in ("code", "severity", "side", "blame", "confidence"))
            for one in records(result, "endpoint") for finding in one["findings"]]


def of_server(result, port=SERVER.port):
    return next(one for one in records(result, "endpoint") if one["port"] == port)


def saved(folder, name="base"):
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        return json.load(file)


def save():
    with cli.scratch() as folder:
        cli.write(folder, x=cli.pcap(ON), base=b"old")
        plain = wscope("replay", "--json", "x", cwd=folder)
        texts = set()
        for engine in ENGINES:
            got = wscope("replay", "--json", "--engine", engine, "--save-baseline", "base", "x",
                         cwd=folder)
            report.check(f"saving changes nothing else, {engine}", wrong(got, NOTHING),
                         () if got.out == plain.out else ["the report differs"])
            with open(os.path.join(folder, "base"), encoding="utf-8") as file:
                texts.add(file.read())
        report.true("every engine saves the same", len(texts) == 1, texts)
        base = saved(folder)
        version = wscope("--version").out.split()[1]
        report.true("it says what it is", list(base) == ["type", "schema", "wscope", "endpoints"]
                    and (base["type"], base["schema"], base["wscope"]) == ("baseline", 1, version),
                    base)
        due = [{"address": one["address"], "port": one["port"], "role": one["role"], "domain": 0,
                "domain_kind": "none", "opportunities": 25, "offers": 25}
               for one in records(plain, "endpoint")]
        got = [{key: value for key, value in one.items() if key not in ("first_ns", "last_ns")}
               for one in base["endpoints"]]
        report.true("an object for each endpoint, a client's port 0", got == due
                    and {one["port"] for one in got} == {0, SERVER.port}, base)
        report.true("times are of the capture", all(
            ON[0].ns <= one["first_ns"] <= one["last_ns"] <= ON[-1].ns
            for one in base["endpoints"]), base)
        mode = stat.S_IMODE(os.stat(os.path.join(folder, "base")).st_mode)
        report.true("mode 0644, and nothing is left beside it",
                    mode == 0o644 and sorted(os.listdir(folder)) == ["base", "x"],
                    (oct(mode), os.listdir(folder)))


def compare():
    with cli.scratch() as folder:
        cli.write(folder, on=cli.pcap(ON), flip=cli.pcap(FLIP), burst=cli.pcap(BURST),
                  few=cli.pcap(talks(3, answer=b"")), two=cli.pcap(talks(2, answer=b"")))
        wscope("replay", "--save-baseline", "base", "on", cwd=folder)
        for engine in ENGINES:
            args = ("replay", "--json", "--engine", engine, "--fail-on", "critical")
            got = wscope(*args, "--baseline", "base", "burst", cwd=folder)
            one = of_server(got)
            report.check(f"off now, on in the baseline, {engine}", wrong(got, FINDINGS),
                         () if told(got) == [(*REGRESSED, "high")]
                         and summary(got)["findings"].get("endpoint-regressed") == 1
                         and "endpoint-off" not in summary(got)["findings"]
                         and (one["baseline_opportunities"], one["baseline_offers"]) == (25, 25)
                         and one["refused_since"] == one["first_refusal"]
                         and ON[0].ns <= one["baseline_last"] * 10**9 <= ON[-1].ns + 1000
                         else [got.out[-3000:]])
            got = wscope(*args, "--baseline", "base", "few", cwd=folder)
            report.check(f"3 refusals of 3, on in the baseline, {engine}", wrong(got, FINDINGS),
                         () if told(got) == [(*REGRESSED, "medium")] else [got.out[-3000:]])
        got = wscope(*args, "few", cwd=folder)
        report.check("3 refusals without a baseline", wrong(got, NOTHING),
                     () if not told(got) and of_server(got)["baseline_last"] is None else [got.out])
        got = wscope(*args, "--baseline", "base", "two", cwd=folder)
        report.check("2 refusals are too few", wrong(got, NOTHING),
                     () if not told(got) else [got.out])
        got = wscope(*args, "--baseline", "base", "on", cwd=folder)
        report.check("on before and now", wrong(got, NOTHING), () if not told(got) else [got.out])
        got = wscope(*args, "--baseline", "base", "on", "--", "udp", cwd=folder)
        report.check("endpoints that are not seen give nothing", wrong(got, NOTHING),
                     () if not records(got, "endpoint") else [got.out])
        got = wscope(*args, "flip", cwd=folder)
        report.check("a capture that has the change needs no baseline", wrong(got, FINDINGS),
                     () if told(got) == [(*REGRESSED, "high")] else [got.out[-3000:]])
        got = wscope(*args, "--separate", "--baseline", "base", "on", "burst", cwd=folder)
        report.check("--separate: each compared", wrong(got, FINDINGS),
                     () if told(got) == [(*REGRESSED, "high")] else [got.out[-3000:]])
        got = wscope(*args, "--baseline", "base", "--save-baseline", "base", "burst", cwd=folder)
        then = wscope(*args, "--baseline", "base", "burst", cwd=folder)
        report.check("compared and saved in one: from then on that is the baseline",
                     wrong(got, FINDINGS), wrong(then, FINDINGS),
                     () if told(got) == [(*REGRESSED, "high")]
                     and told(then) == [("endpoint-off", *REGRESSED[1:], "high")]
                     else [got.out[-3000:], then.out[-3000:]])


NEAR = [
    ("another port", talks(30, SERVER._replace(port=8081)), []),
    ("another address", talks(30, cli.Side("198.51.100.3", 8080)), []),
    ("10 opportunities", talks(10), []),
    ("20 opportunities", talks(20), ["endpoint-regressed"]),
    ("19 of 20", talks(19) + talks(1, answer=b"", first=19), ["endpoint-regressed"]),
    ("18 of 20", talks(18) + talks(2, answer=b"", first=18), []),
    ("off before", talks(30, answer=b""), []),
]


def near_misses():
    with cli.scratch() as folder:
        cli.write(folder, burst=cli.pcap(BURST), few=cli.pcap(talks(5, answer=b"")))
        for name, packets, due in NEAR:
            cli.write(folder, x=cli.pcap(packets))
            wscope("replay", "--save-baseline", "base", "x", cwd=folder)
            many = wscope("replay", "--json", "--baseline", "base", "burst", cwd=folder)
            few = wscope("replay", "--json", "--baseline", "base", "few", cwd=folder)
            report.check(f"in the baseline: {name}", wrong(many, NOTHING), wrong(few, NOTHING),
                         () if [one[0] for one in told(many)] == (due or ["endpoint-off"])
                         and [one[0] for one in told(few)] == due else [many.out[-3000:], few.out])
        # The server's address as a client of that baseline: another role.
        cli.write(folder, x=cli.pcap(
            [one for number in range(30) for one in cli.handshake(
                BASE + number * 10**9, cli.Side(SERVER.address, 20000 + number),
                cli.Side("192.0.2.9", 80))]))
        wscope("replay", "--save-baseline", "base", "x", cwd=folder)
        got = wscope("replay", "--json", "--baseline", "base", "burst", cwd=folder)
        report.true("in the baseline: another role", [one[0] for one in told(got)]
                    == ["endpoint-off"], got.out[-3000:])


def domains():
    """The same addresses in a VLAN, and in none."""
    tagged = [one for number in range(30) for one in cli.handshake(
        BASE + number * 10**9, cli.Side("192.0.2.2", 10000 + number), SERVER, vlan=42)]
    with cli.scratch() as folder:
        cli.write(folder, x=cli.pcap(tagged), burst=cli.pcap(BURST))
        wscope("replay", "--vlan-domain", "--save-baseline", "base", "x", cwd=folder)
        kinds = {(one["domain"], one["domain_kind"]) for one in saved(folder)["endpoints"]}
        got = wscope("replay", "--json", "--baseline", "base", "burst", cwd=folder)
        report.true("another domain", kinds == {(42, "vlan")} and [one[0] for one in told(got)]
                    == ["endpoint-off"], (kinds, got.out[-3000:]))


def squeezed(result):
    return re.sub(r"\s+", " ", result.out)


def text():
    with cli.scratch() as folder:
        cli.write(folder, on=cli.pcap(ON), burst=cli.pcap(BURST), few=cli.pcap(talks(3, answer=b"")))
        wscope("replay", "--save-baseline", "base", "on", cwd=folder)
        got = wscope("replay", "--baseline", "base", "burst", cwd=folder)
        said = squeezed(got)
        report.check("people read since when, and when it was on", wrong(got, NOTHING),
                     () if said.startswith("CRITICAL 198.51.100.2:8080 as server: a host that used "
                                           "window scaling leaves it out now ")
                     and re.search(r"port 8080: 30 of 30 handshakes without window scaling, since "
                                   r"before the capture began, first seen \S+ \S+ UTC; on in the "
                                   r"baseline of 2026-\S+ \S+ UTC ", said)
                     and "baseline 2 endpoints, 2 of them seen here" in said else [got.out])
        got = wscope("replay", "--baseline", "base", "few", cwd=folder)
        report.true("a few refusals: confidence medium",
                    "this point (confidence medium)" in squeezed(got), got.out)
        plain = wscope("replay", "burst", cwd=folder)
        report.true("without a baseline nothing is said of one", "baseline" not in plain.out,
                    plain.out)
        other = SERVER._replace(port=8081)
        cli.write(folder, mixed=cli.pcap(
            talks(25) + talks(25, answer=b"", first=25) + talks(40, other, b"", first=50)))
        got = wscope("replay", "mixed", cwd=folder)
        report.check("one port was on before, one was not: a host is told once",
                     wrong(got, NOTHING),
                     () if got.out.count("CRITICAL") == 1 and got.out.count("port 8081: ") == 1
                     and got.out.count("port 8080: ") == 1
                     and got.out.startswith("CRITICAL  198.51.100.2 as server: ")
                     and " endpoint-off " in got.out and " endpoint-regressed " in got.out
                     else [got.out])


BAD = [
    ("missing", None, "No such file or directory"),
    ("empty", b"", "it is empty"),
    ("a capture", cli.pcap(ON), "malformed in line 1: "),
    ("cut", b'{"type":"baseline","schema":1,\n"wscope":"0"', "malformed in line 2: "),
    ("of a later version", b'{"type":"baseline","schema":2}', "schema 2 is not known here, only 1"),
    ("another record", b'{"type":"summary","schema":1}', "it is no baseline: "),
    ("control characters", b'{"\x1b[2J', "malformed in line 1: "),
]


def bad_files():
    with cli.scratch() as folder:
        cli.write(folder, x=cli.pcap(BURST))
        for name, data, why in BAD:
            if data is not None:
                cli.write(folder, base=data)
            for argv in (("x",), ("--separate", "x", "x")):
                got = wscope("replay", "--json", "--baseline", "base", *argv, cwd=folder)
                line = got.err.removesuffix("\n")
                report.check(f"a baseline that is {name} {len(argv)}", wrong(got, INPUT, line[8:],
                                                                            silent=True),
                             () if line.startswith(f"wscope: cannot read baseline 'base': {why}")
                             else [got.err])
        wscope("replay", "--save-baseline", "base", "x", cwd=folder)
        base = saved(folder)
        base["endpoints"].append(base["endpoints"][1])
        cli.write(folder, base=json.dumps(base).encode())
        got = wscope("replay", "--baseline", "base", "x", cwd=folder)
        report.check("an endpoint twice", wrong(
            got, INPUT, "cannot read baseline 'base': 198.51.100.2:8080 as server is there twice",
            silent=True))
        got = wscope("replay", "--baseline", "base", "x", "--", "nonsense filter", cwd=folder)
        report.true("a bad filter goes before a bad baseline", got.status == USAGE, got)
        if ROOT_USER:
            got = wscope("replay", "--engine", "xdp", "--baseline", "base", "x", cwd=folder,
                         prefix=cli.nobody())
            report.true("missing privileges go before a bad baseline", got.status == PRIVILEGE, got)
            got = wscope("live", "-i", "lo", "--baseline", "base", "--duration", "1", cwd=folder)
            if got.status == PRIVILEGE:
                report.skip("live does not begin with a bad baseline", f"kernel: {got.err.strip()}")
            else:
                report.check("live does not begin with a bad baseline", wrong(
                    got, INPUT, "cannot read baseline 'base': 198.51.100.2:8080 as server is there "
                    "twice", silent=True))


def bad_places():
    with cli.scratch() as folder:
        cli.write(folder, x=cli.pcap(ON), base=b"old")
        os.mkdir(os.path.join(folder, "d"))
        for place, why in (("no/base", "No such file or directory"),
                           ("d", "there is something that is no file"),
                           ("/dev/null", "there is something that is no file")):
            got = wscope("replay", "--save-baseline", place, "x", cwd=folder)
            report.check(f"--save-baseline {place}: said before the work", wrong(
                got, INCOMPLETE, f"cannot write baseline '{place}': {why}", silent=True))
        got = wscope("replay", "--save-baseline", "base", "none", cwd=folder)
        with open(os.path.join(folder, "base"), "rb") as file:
            report.true("no report, no baseline: the old one stays",
                        got.status == INPUT and file.read() == b"old", got)
        got = wscope("replay", "--separate", "--save-baseline", "base", "x", "x", cwd=folder)
        report.check("not with --separate", wrong(
            got, USAGE, "--save-baseline is of one stream, --separate has several", silent=True))


for test in (save, compare, near_misses, domains, text, bad_files, bad_places):
    test()
sys.exit(report.end())
