#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# timeout: 300
"""Outputs of several replays, merged: what one replay of all captures would have said of hosts.

Captures are split by connection, each part is replayed, the outputs are merged. Then inputs that are
damaged, or are something else: file and line, status 3, and no summary.
"""

import glob
import json
import os
import resource
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cli  # noqa: E402
from cli import FINDINGS, INCOMPLETE, INPUT, NOTHING, Side, records, wrong, wscope  # noqa: E402

report = cli.Report()
S = 10**9
START = 1700000000 * S
PARTS = 4


# -- captures split by connection ----------------------------------------------------------------


def connections():
    """Handshakes as lists of packets: hosts that refuse always, from some time on, now and then."""
    def add(second, client, server, **kwargs):
        out.append(cli.handshake(START + second * S + len(out) * 1000, Side(client, 20000 + len(out)),
                                 Side(server, 443), **kwargs))

    out = []
    for i in range(120):
        add(i, "192.0.2.1", "198.51.100.1")
        add(i, "192.0.2.2", "198.51.100.2", answer=b"")  # always off
        add(i, "192.0.2.3", "198.51.100.3", answer=cli.WSCALE if i < 60 else b"")  # off since
        add(i, "192.0.2.4", "198.51.100.4", answer=b"" if i < 60 else cli.WSCALE)  # was off
        add(i, "192.0.2.5", "198.51.100.5", offer=b"" if i >= 60 else cli.WSCALE, answer=b"")
        add(i, "192.0.2.6", "198.51.100.6", vlan=7)
        add(i, "192.0.2.7", "198.51.100.6", vlan=8, answer=b"")
    for i in range(12):  # a prefix in which nobody has the option
        for host in range(1, 8):
            add(i, "192.0.2.1", f"203.0.113.{host}", answer=b"")
    return out


def split(folder, kept, parts):
    """The same packets once in one file each part; the parts' names."""
    names = []
    for part in range(parts):
        packets = sorted((one for i, packets in enumerate(kept) if i % parts == part
                          for one in packets), key=lambda one: one.ns)
        names.append(f"part{part}.pcap")
        cli.write(folder, **{names[-1]: cli.pcap(packets, nano=True)})
    return names


def replay_parts(folder, names, *options):
    outputs = []
    for name in names:
        got = wscope("replay", "--json", *options, name, cwd=folder)
        outputs.append(name + ".json")
        cli.write(folder, **{outputs[-1]: got.out.encode()})
        if got.status not in (NOTHING,) or got.err:
            raise ValueError(got.err)
    return outputs


def lines(result, kind):
    return [line for line in result.out.splitlines() if json.loads(line)["type"] == kind]


def equal(got, due, kind):
    a, b = lines(got, kind), lines(due, kind)
    if len(a) != len(b):
        yield f"{len(a)} records of type {kind} where {len(b)} are due"
    for x, y in zip(a, b):
        if x != y:
            x, y = json.loads(x), json.loads(y)
            # Of refusals in a row that have ended, nobody knows where they began in the whole.
            if "refused_since" in y and not y["refused_since"] and not y["findings"]:
                x["refusal_packets"][:1] = y["refusal_packets"][:1]
            yield from (f"{kind} {y.get('address')}: {key}: {x.get(key)!r} where {y[key]!r} is due"
                        for key in y if x.get(key) != y[key])


def flows_pass(got, outputs, folder):
    """The flow records are the lines of the inputs, in the order of time."""
    there = lines(got, "flow")
    given = []
    for name in outputs:
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            given += [line.rstrip("\n") for line in file if '"type":"flow"' in line]
    if sorted(there) != sorted(given):
        yield f"{len(there)} flows of {len(given)}, or they are not the same"
    times = [json.loads(line, parse_float=str)["first"] for line in there]
    if times != sorted(times):
        yield "the flows are not in the order of time"


def codes(result):
    return {code for one in records(result, "endpoint") for code in
            (finding["code"] for finding in one["findings"])}


def merged(name, folder, names, *options):
    outputs = replay_parts(folder, names, *options)
    due = wscope("replay", "--json", *options, *names, cwd=folder)
    got = wscope("merge", *outputs, cwd=folder)
    report.check(f"{name}: endpoints and summary are those of one replay", wrong(got, NOTHING),
                 equal(got, due, "endpoint"), equal(got, due, "summary"),
                 flows_pass(got, outputs, folder))
    half = len(outputs) // 2
    for to, some in (("a", outputs[:half]), ("b", outputs[half:])):
        cli.write(folder, **{to: wscope("merge", *some, cwd=folder).out.encode()})
    again = wscope("merge", "a", "b", cwd=folder)
    report.check(f"{name}: merged in two steps", wrong(again, NOTHING),
                 equal(again, due, "endpoint"), equal(again, due, "summary"))
    return outputs, due


def synthetic():
    with cli.scratch() as folder:
        names = split(folder, connections(), PARTS)
        outputs, due = merged("by connection", folder, names)
        report.true("there is something to judge",
                    codes(due) >= {"endpoint-off", "endpoint-regressed", "path-strips"},
                    codes(due))
        alone = json.dumps([records(wscope("replay", "--json", name, cwd=folder), "endpoint")
                            for name in names])
        report.true("no part alone knows of the prefix's or the hosts' totals",
                    '"opportunities": 120,' not in alone and len(outputs) == PARTS, alone[:500])
        merged("domains apart", folder, names, "--vlan-domain")
        whole = wscope("replay", "--json", "--save-baseline", "base", *names, cwd=folder)
        report.check("a baseline", wrong(whole, NOTHING))
        late = [cli.handshake(START + (10**6 + i) * S, Side("192.0.2.1", 30000 + i),
                              Side("198.51.100.1", 443), answer=b"") for i in range(40)]
        _, due = merged("with a baseline", folder, split(folder, late, 2), "--baseline", "base")
        report.true("it has something that regressed", "endpoint-regressed" in codes(due), due.out)


def phantom():
    """A server that shifts although its option is gone clears its neighbours, over parts too."""
    # What connections tell about each other stays as each replay has it.
    names = [name for name in sorted(glob.glob(os.path.join(cli.CAPTURES, "*", "client*")))
             if not {"syncookie-no-wscale", "state-loss"} & set(
                 cli.summary(wscope("replay", "--json", name))["findings"])]
    with cli.scratch() as folder:
        outputs, due = merged(f"{len(names)} captures of the lab", folder, linked(folder, names))
        report.true("they have connections that shift without the option",
                    "phantom-scaling" in due.out and len(outputs) == len(names), len(outputs))


def linked(folder, paths):
    out = []
    for number, path in enumerate(paths):
        out.append(f"lab{number}")
        os.symlink(path, os.path.join(folder, out[-1]))
    return out


# -- statuses and bounds -------------------------------------------------------------------------


def statuses():
    with cli.scratch() as folder:
        names = split(folder, connections(), PARTS)
        outputs = replay_parts(folder, names)
        due = wscope("merge", *outputs, cwd=folder)
        for severity in ("info", "critical"):
            got = wscope("merge", "--fail-on", severity, *outputs, cwd=folder)
            report.check(f"--fail-on {severity}", wrong(got, FINDINGS),
                         () if got.out == due.out else ["another output"])
        cli.write(folder, clean=cli.pcap(connections()[0]))
        replay_parts(folder, ["clean"])
        got = wscope("merge", "--fail-on", "info", "clean.json", cwd=folder)
        report.check("--fail-on info, and nothing found", wrong(got, NOTHING))
        with open(os.path.join(folder, outputs[0]), "rb") as file:
            got = wscope("merge", "-", *outputs[1:], cwd=folder, stdin=file)
        report.check("standard input", wrong(got, NOTHING),
                     () if got.out == due.out else ["another output"])
        text = wscope("replay", "--json", "clean", cwd=folder).out
        for field in ('"evictions":', '"lost":{"packets":', '"events":'):
            cli.write(folder, lost=text.replace(field + "0", field + "3").encode())
            got = wscope("merge", "lost", cwd=folder)
            report.check(f"a replay that lost something: {field}", wrong(got, INCOMPLETE),
                         () if field + "3" in got.out.splitlines()[-1] else [got.out])
        with open("/dev/full", "wb") as full:
            got = wscope("merge", *outputs, cwd=folder, stdout=full)
        report.check("a full disk", wrong(
            got, INCOMPLETE, "cannot write the result: No space left on device"))


def bounds():
    """Many flows in little memory, and many inputs."""
    with cli.scratch() as folder:
        names = split(folder, connections()[:2], 1)
        flow, _, *rest = wscope("replay", "--json", *names, cwd=folder).out.splitlines(True)
        size = 0
        with open(os.path.join(folder, "big"), "w", encoding="utf-8") as file:
            n = 60000
            for _ in range(n):
                size += file.write(flow)
            file.write("".join(rest[:-1]))
            file.write(rest[-1].replace('"flows":2', f'"flows":{n}'))

        def little():
            resource.setrlimit(resource.RLIMIT_DATA, (16 << 20, 16 << 20))

        got = wscope("merge", "big", "big", cwd=folder, preexec_fn=little,
                     stdout=subprocess.DEVNULL)
        report.check("flows pass without being kept", wrong(got, NOTHING),
                     () if size > 64 << 20 else [f"only {size} bytes"])

        def few():
            hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
            resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))

        outputs = replay_parts(folder, names)
        got = wscope("merge", *outputs * 500, cwd=folder, preexec_fn=few)
        report.check("500 inputs, and a soft limit of 64 descriptors", wrong(got, NOTHING),
                     () if cli.summary(got)["flows"] == 1000 else [got.out[-500:]])


# -- what is no output of replay -----------------------------------------------------------------


def damaged():
    with cli.scratch() as folder:
        names = split(folder, connections(), PARTS)
        output = replay_parts(folder, names)[0]
        with open(os.path.join(folder, output), encoding="utf-8") as file:
            text = file.read().splitlines(True)
        flows = sum('"type":"flow"' in line for line in text)
        at = flows + 1
        endpoint, last, n = text[flows], text[-1], len(text)

        def spoil(number, old, new):
            return [line.replace(old, new, 1) if k == number - 1 else line
                    for k, line in enumerate(text)]

        bad = "'{}' is missing or makes no sense"
        cases = [
            ("an empty file", [], 1, "it is empty"),
            ("text", ["17:03:11 IP 192.0.2.2\n"], 1, None),
            ("another JSON", ['{"a":1}\n'], 1,
             "no record of wscope: it has no 'type' and 'schema'"),
            ("a list", ["[1]\n"], 1, "no record of wscope: it has no 'type' and 'schema'"),
            ("another schema", spoil(3, '"schema":1', '"schema":2'), 3,
             "schema 2 is not known here, only 1"),
            ("another type", spoil(3, '"flow"', '"event"'), 3,
             "a record of type 'event': only flow, endpoint and summary can be merged"),
            ("cut between lines", text[:-1], n, "it ends without a summary: it is cut"),
            ("cut among the flows", text[:5], 6, "it ends without a summary: it is cut"),
            ("two outputs in one", text + text, n + 1, "it goes on behind its summary: only the "
             "output of one replay can be merged"),
            ("a flow that is missing", text[1:], n - 1,
             f"its summary counts {flows} flows, and there are {flows - 1}"),
            ("flows in another order", text[1:2] + text[:1] + text[2:], 2,
             "earlier than the flow before it"),
            ("a flow behind endpoints", text[1:at] + text[:1] + text[at:], at,
             "a flow behind a record of another type"),
            ("a flow without time", spoil(4, '"first":', '"furst":'), 4, bad.format("first")),
            ("a time that is a text", spoil(4, '"first":17', '"first":"17","x":17'), 4,
             bad.format("first")),
            ("a time beyond all", spoil(4, '"first":17', '"first":170000000000000000'), 4,
             bad.format("first")),
            ("findings that are none", spoil(4, '"findings":[', '"findings":3,"x":['), 4,
             "'findings' or 'scaling' is missing or makes no sense"),
            ("a member that is there twice", spoil(4, '"first":', '"first":1,"first":'), 4, None),
            ("not UTF-8", spoil(4, '"flow"', '"flow\udcff"'), 4, None),
            ("an address", spoil(at, '"address":"', '"address":"x'), at, bad.format("address")),
            ("a role", spoil(at, '"role":"', '"role":"x'), at, bad.format("role")),
            ("a port", spoil(at, '"port":', '"port":7777'), at, bad.format("port")),
            ("a domain", spoil(at, '"domain":', '"domain":9'), at, bad.format("domain")),
            ("more offers than opportunities", spoil(at, '"offers":', '"offers":9999'), at,
             bad.format("offers")),
            ("refusals that do not add up", spoil(at, '"refusals":', '"refusals":1'), at,
             bad.format("refusals")),
            ("an endpoint of an older version", spoil(at, '"by_box":', '"by":'), at,
             bad.format("by_box")),
            ("a finding from elsewhere", spoil(at, '"findings":[', '"findings":[{"code":"x"},'),
             at, None),
            ("a count below zero", spoil(n, '"packets":', '"packets":-'), n, bad.format("packets")),
            ("a reason that is not known", spoil(n, '"skipped":{', '"skipped":{"x":1'), n,
             bad.format("skipped")),
            ("fewer findings than there are", spoil(n, '"endpoint-off":', '"endpoint-off":0,"x":'),
             n, None),
        ]
        if '"type":"endpoint"' not in endpoint or '"type":"summary"' not in last:
            raise ValueError("not the lines that were meant")
        for name, what, number, why in cases:
            with open(os.path.join(folder, "x"), "w", encoding="utf-8",
                      errors="surrogateescape") as file:
                file.writelines(what)
            for files in (["x"], [output, "x"]):
                got = wscope("merge", *files, cwd=folder)
                place = f"cannot merge 'x': line {number}: "
                problems = list(wrong(got, INPUT, place + why)) if why else list(
                    cli.improper(got.err))
                if not why and (got.status != INPUT or not got.err.startswith("wscope: " + place)):
                    problems.append(f"status {got.status}: {got.err}")
                if '"type":"summary"' in got.out:
                    problems.append("there is a summary")
                report.check(f"{name}, {len(files)} inputs", problems)
        got = wscope("merge", "no.json", cwd=folder)
        report.check("a missing file", wrong(
            got, INPUT, "cannot open 'no.json': No such file or directory", silent=True))
        got = wscope("merge", ".", cwd=folder)
        report.check("a directory", wrong(got, INPUT, "cannot read '.': Is a directory",
                                          silent=True))
        got = wscope("merge", names[0], cwd=folder)
        report.check("a capture", [] if got.status == INPUT and got.err.startswith(
            f"wscope: cannot merge '{names[0]}': line 1: malformed") else [got.err])
        for end in (b"", b"x"):
            cli.write(folder, **{"a\n\033": text[0].encode()[:-1] + end})
            got = wscope("merge", "a\n\033", cwd=folder)
            report.check(f"a name with control characters, {end}", cli.improper(got.err),
                         [] if got.status == INPUT else [got.err])


def whole_end():
    """A last line without its end is whole."""
    with cli.scratch() as folder:
        names = split(folder, connections(), 1)
        output = replay_parts(folder, names)[0]
        due = wscope("merge", output, cwd=folder)
        with open(os.path.join(folder, output), "rb") as file:
            data = file.read()
        cli.write(folder, x=data[:-1])
        got = wscope("merge", "x", cwd=folder)
        report.check("no line end at the end", wrong(got, NOTHING),
                     [] if got.out == due.out == data.decode() else ["another output"])


def retired():
    """Outputs of --retire are in another order, and have more in them."""
    with cli.scratch() as folder:
        names = split(folder, connections(), 2)
        outputs = replay_parts(folder, names, "--retire", "0.5")
        inputs = [records(cli.Result(0, open(os.path.join(folder, one), encoding="utf-8").read(), ""))
                  for one in outputs]
        times = [one["first"] for one in inputs[0] if one["type"] == "flow"]
        sums = [one[-1]["retired"] for one in inputs]
        report.true("retired connections are not in the order of time", times != sorted(times)
                    and all(one["flows"] > 100 for one in sums), sums)
        got = wscope("merge", outputs[0], cwd=folder)
        with open(os.path.join(folder, outputs[0]), encoding="utf-8") as file:
            report.check("one of --retire", wrong(got, NOTHING),
                         [] if got.out == file.read() else ["another output"])
        got = wscope("merge", *outputs, cwd=folder)
        last = records(got)[-1]
        due = {name: sum(one[name] for one in sums) for name in sums[0]}
        report.check("two of --retire", wrong(got, NOTHING),
                     [] if last.get("retired") == due else [str(last)])
        flows = sum(one["type"] == "flow" for one in records(got))
        report.true("all flows", flows == last["flows"] == sum(one[-1]["flows"] for one in inputs))
        broken = json.loads(lines(wscope("merge", outputs[0], cwd=folder), "summary")[0])
        del broken["retired"]
        data = got.out.splitlines()[:-1]
        cli.write(folder, bad="\n".join(data + [json.dumps(broken)]).encode() + b"\n")
        got = wscope("merge", "bad", cwd=folder)
        report.true("a summary without what was retired", got.status == INPUT
                    and "'retired' is missing or makes no sense" in got.err, got.err)


synthetic()
retired()
phantom()
statuses()
bounds()
damaged()
whole_end()
sys.exit(report.end())
