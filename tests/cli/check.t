#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# timeout: 600
"""`wscope check`: for lab captures an expectation that holds and one that does not, with the packets
that show it; what cannot be judged; mistakes in files; --init; and each way to print results.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cli  # noqa: E402
from cli import FINDINGS, INCOMPLETE, INPUT, NOTHING, USAGE, records, wrong, wscope  # noqa: E402

os.chdir(cli.ROOT)
report = cli.Report()
FOLDER = cli.scratch()
XSD = os.path.join("tests", "cli", "junit.xsd")


def capture(scenario, point="client"):
    """The capture, packed or not."""
    path = os.path.join(cli.CAPTURES, scenario, f"{point}.pcap")
    return path if os.path.exists(path) else path + ".gz"


def expecting(text, *argv, name="expect.yaml", **kwargs):
    """check with this text; argv: captures and options."""
    path = os.path.join(FOLDER.name, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return wscope("check", "--expect", path, *argv, **kwargs)


def one(body):
    return "- name: x\n" + "".join(f"  {line}\n" for line in body.split("\n"))


def packets(result):
    """The numbers of all packets that are named."""
    return sorted({packet["number"] for expectation in records(result, "expectation")
                   for clause in expectation["assertions"] if not clause["passes"]
                   for witness in clause["witnesses"] for packet in witness["packets"]})


# -- what holds and what does not ----------------------------------------------------------------

# scenario, an expectation that holds, one that does not, the packets it names (None: at least one)
CASES = [
    ("both-on", "scaling: on", "scaling: off", [1, 2]),
    ("both-on-v6", "family: 6\nwscale: {side: server, state: present, shift: 7}",
     "family: 6\nwscale: {side: server, state: absent}", [2]),
    ("server-off", "findings: {at_least: {server-no-wscale: 1}}",
     "findings: {none: server-no-wscale}", [1, 2]),
    ("server-off-burst", "findings: {at_least: {endpoint-off: 1}}",
     "role: server\nfindings: {none: [endpoint-off]}", None),
    ("client-off", "wscale: {side: client, state: absent}",
     "wscale: {side: client, shift: \">= 1\"}", [1]),
    ("client-off", "findings: {none: server-no-wscale}", "findings: {none: [warning]}", [1]),
    ("both-off", "scaling: off\neffective_window: {side: server, max: 64KiB}",
     "effective_window: {side: server, min: 256 KiB}", [2]),
    ("zero-window-recovers",
     "findings: {none: zero-window-stall, where: {stalled_s: \"> 60\"}}",
     "findings: {none: zero-window-stall, where: {stalled_s: \"> 200 ms\", side: server}}", None),
    ("strip-synack", "findings: {at_least: {wscale-stripped: 1}}",
     "findings: {at_most: {warning: 0}}", None),
    ("slow-limited", "rtt: \"20..200 ms\"\nfindings: {at_least: {window-limited: 100 %}}",
     "findings: {none: window-limited, where: {window_bytes: \"> 1 KiB\"}}", None),
    ("slow-fast", "rtt: \"> 1 ms\"", "rtt: \"< 1 ms\"", [1, 2]),
    ("server-flip", "findings: {at_most: {server-no-wscale: 50 %}}",
     "findings: {at_most: {server-no-wscale: 49.9 %}}", None),
    ("server-flip", "role: client\nfindings: {none: [notice]}",
     "role: server\nfindings: {none: [critical]}", [152, 296]),
    ("syn-retry-off", "findings: {at_least: {syn-retry-no-wscale: 1}}",
     "findings: {none: notice}", None),
    ("vxlan", "domain: 42\nscaling: on", "domain: 41\nscaling: on", []),
]


def holds_or_not():
    for scenario, good, bad, due in CASES:
        point = "box-in" if scenario == "vxlan" else "client"
        path = capture(scenario, point)
        got = expecting(one(good), "--json", path)
        report.check(f"{scenario}: {good!r} holds", wrong(got, NOTHING))
        got = expecting(one(bad), "--json", path)
        named = packets(got) if got.status == FINDINGS else None
        report.check(f"{scenario}: {bad!r} does not", wrong(got, FINDINGS),
                     () if named == due or (due is None and named) else [f"packets {named}"])


def same_as_replay():
    """The packets that check names for a finding are those of its record."""
    for scenario in ("zero-window-recovers", "strip-synack", "slow-limited", "server-off-burst"):
        found = [finding for one in records(wscope("replay", "--json", capture(scenario)))
                 for finding in one.get("findings", []) if one["type"] in ("flow", "endpoint")]
        due = sorted({packet["number"] for finding in found if finding["severity"] != "info"
                      for packet in finding["packets"]})
        got = packets(expecting(one("findings: {none: notice}"), "--json", capture(scenario)))
        report.true(f"{scenario}: the packets of its findings", got and set(got) <= set(due),
                    (got, due))


def selectors():
    path = capture("server-flip")
    flows = records(wscope("replay", "--json", path), "flow")
    third = flows[2]
    for body, due in (
            ("client: 192.0.2.2", 50), ("client: 192.0.2.0/24\nserver: 198.51.100.2", 50),
            ("client: 198.51.100.2", 0), ("server: 0.0.0.0/0", 50), ("server: \"::/0\"", 0),
            ("server_port: 8080", 50), ("server_port: 8000..8100", 50),
            ("server_port: \"< 8080\"", 0), (f"client_port: {third['client_port']}", 1),
            ("family: 4", 50), ("family: 6", 0), ("domain: 0", 50), ("role: server", 50),
            (f"from: {third['first']:.9f}", 48), (f"to: {third['first']:.9f}", 2),
            ("to: 2001-01-01T00:00:00Z", 0), ("from: \"2026-11-24 23:31:20+00:00\"", 50)):
        got = records(expecting(one(f"min_flows: 0\n{body}"), "--json", path), "expectation")
        report.true(f"selects {due}: {body!r}", got and got[0]["flows"] == due, got)


def min_flows():
    path = capture("both-on")
    for body, status in (("", NOTHING), ("min_flows: 1", NOTHING), ("min_flows: 2", FINDINGS),
                         ("server: 10.0.0.0/8", FINDINGS), ("server: 10.0.0.0/8\nmin_flows: 0",
                                                            NOTHING),
                         ("server: 10.0.0.0/8\nmin_flows: 0\nfindings: {at_least: {info: 1}}",
                          FINDINGS)):
        report.check(f"min_flows: {body!r}", wrong(expecting(one(body), path), status))


def unknown():
    for scenario, body in (("midstream-server-off", "scaling: on"),
                           ("midstream-server-off", "wscale: {side: server, state: present}"),
                           ("midstream-server-off", "findings: {none: critical}"),
                           ("midstream-server-off", "rtt: \"< 10 s\""),
                           ("midstream-server-off", "effective_window: {side: client, min: 1}"),
                           ("short-snap-server-off", "scaling: on"),
                           ("both-on", "findings: {none: window-limited}")):
        path = capture(scenario)
        got = expecting(one(body), "--json", path)
        clause = records(got)[0]["assertions"][-1] if got.status == FINDINGS else {}
        report.check(f"{scenario}, unknown: {body!r}", wrong(got, FINDINGS),
                     () if clause.get("verdict") == "unknown" else [got.out])
        report.check(f"{scenario}, unknown passes: {body!r}",
                     wrong(expecting(one(body + "\nunknown: pass"), path), NOTHING))
    got = expecting(one("findings: {none: zero-window-stall}"), capture("midstream-server-off"))
    report.check("what needs no handshake is judged without", wrong(got, NOTHING))


def baselines():
    base = os.path.join(FOLDER.name, "base.json")
    wscope("replay", "--save-baseline", base, capture("both-on"))
    body = one("baseline: base.json")
    got = expecting(body, capture("server-off-burst"))
    report.true("a baseline with too few handshakes does not accuse", got.status == NOTHING, got)
    got = expecting(body, capture("both-on-v6"))
    report.true("a baseline of other hosts says nothing", got.status == FINDINGS
                and "0 in the baseline" in got.out, got)
    server = cli.Side("198.51.100.9", 80)
    for name, answer in (("on", cli.WSCALE), ("off", b"")):
        talks = [packet for number in range(30) for packet in cli.handshake(
            1_700_000_000 * 10**9 + number * 10**8, cli.Side("192.0.2.2", 10000 + number), server,
            answer=answer)]
        cli.write(FOLDER.name, **{name: cli.pcap(talks)})
    wscope("replay", "--save-baseline", base, os.path.join(FOLDER.name, "on"))
    got = expecting(body, os.path.join(FOLDER.name, "on"))
    report.check("as in the baseline", wrong(got, NOTHING))
    got = expecting(body, os.path.join(FOLDER.name, "off"))
    report.check("a host that regressed", wrong(got, FINDINGS),
                 () if "198.51.100.9:80 as server: endpoint-regressed" in got.out else [got.out])


# -- files ---------------------------------------------------------------------------------------

MISTAKES = [
    ("", "1:1: there is no expectation"),
    ("name: x\n", "1:1: a file is a list of expectations, not a map"),
    ("- x\n", "1:3: an expectation is a map, not a text"),
    ("- name: a\n  sever: 1.2.3.4\n", "2:3: an expectation has no key 'sever'"),
    ("- name: a\n  server: 1.2.3\n", "2:11: server: '1.2.3' is not an address or prefix"),
    ("- name: a\n  findings: {none: [warnin]}\n",
     "2:21: no finding code or severity 'warnin'; `wscope list` has them"),
    ("- name: a\n  rtt: [\n", "3:1: did not find expected node content"),
]


def mistakes():
    path = os.path.join(FOLDER.name, "expect.yaml")
    for text, due in MISTAKES:
        got = expecting(text, capture("both-on"))
        report.true(f"mistake: {due}", got.status == USAGE and not got.out
                    and got.err.startswith(f"{path}:{due}") and got.err.count("\n") == 1, got)
    missing = os.path.join(FOLDER.name, "none.yaml")
    got = wscope("check", "--expect", missing, capture("both-on"))
    report.check("a file that is not there", wrong(
        got, USAGE, f"cannot read expectations '{missing}': No such file or directory",
        silent=True))
    got = wscope("check", "--expect", missing, "--expect", path, "none.pcap")
    report.true("each file is said to be wrong, and no capture is read", got.status == USAGE
                and got.err.count("\n") == 2 and "none.pcap" not in got.err, got)


def examples():
    """What the page shows is of the language."""
    with open("docs/expectations.md", encoding="utf-8") as file:
        blocks = re.findall(r"^```yaml\n(.*?)^```", file.read(), re.M | re.S)
    for text in blocks:
        got = expecting(text, capture("both-on"))
        report.true(f"docs/expectations.md: {text.splitlines()[0]}",
                    got.status in (NOTHING, FINDINGS), got)
    report.true("docs/expectations.md has examples", blocks)


def statuses():
    good, bad = one("scaling: on"), one("scaling: off")
    sound = capture("both-on")
    with open(sound, "rb") as file:
        data = file.read()
    cut = os.path.join(FOLDER.name, "cut.pcap")
    with open(cut, "wb") as file:
        file.write(data[:-5])
    for text in (good, bad):
        got = expecting(text, cut)
        report.true("a cut capture: 3, and what was read is judged", got.status == INPUT
                    and "1 expectation, " in got.out and "not everything could be read" in got.out,
                    got)
        got = expecting(text, sound, "none.pcap")
        report.true("a missing capture: 3, the other one is judged", got.status == INPUT
                    and "1 expectation, " in got.out, got)
    got = expecting(good, "--allow-truncated", cut)
    report.check("--allow-truncated", wrong(got, NOTHING))
    got = expecting(good, "none.pcap")
    report.true("nothing can be read: 3", got.status == INPUT and not got.out, got)
    got = expecting(good, sound, "--", "nonsense filter")
    report.true("a bad filter: 2", got.status == USAGE and not got.out, got)
    got = expecting(good, sound, "--", "port", "9")
    report.true("a filter that leaves nothing: min_flows", got.status == FINDINGS, got)
    got = expecting(good, "--junit", os.path.join(FOLDER.name, "no", "x"), sound)
    report.true("a result that cannot be written: 5", got.status == INCOMPLETE, got)
    two = os.path.join(FOLDER.name, "two.yaml")
    with open(two, "w", encoding="utf-8") as file:
        file.write(bad)
    got = expecting(good, "--expect", two, sound)
    report.true("two files: failed ones first", got.status == FINDINGS
                and re.match(r"FAILED.*two\.yaml", got.out) and "\nok " in got.out, got)


def init():
    for scenario in sorted(os.listdir(cli.CAPTURES)):
        wrongs = []
        for name in sorted(os.listdir(os.path.join(cli.CAPTURES, scenario))):
            if ".pcap" not in name:
                continue
            path = os.path.join(cli.CAPTURES, scenario, name)
            made = wscope("check", "--init", path)
            wrongs += wrong(made, NOTHING)
            got = expecting(made.out, path)
            wrongs += wrong(got, NOTHING)
            if got.status:
                wrongs += [name, made.out, got.out]
        report.check(f"--init of {scenario} holds", wrongs)
    made = wscope("check", "--init", capture("both-on"))
    got = expecting(made.out, capture("server-off"))
    report.check("--init of both-on does not hold for server-off", wrong(got, FINDINGS))


# -- outputs -------------------------------------------------------------------------------------

MIXED = """\
- name: 'holds, "quoted" & <odd> # | \\x01 ü'
  scaling: off
- name: fails
  scaling: on
  findings: {none: [warning]}
- name: "controls \\e[31m"
  rtt: "< 1 ns"
"""


def outputs():
    path = capture("server-off")
    junit = os.path.join(FOLDER.name, "junit.xml")
    got = expecting(MIXED, "--junit", junit, path)
    root = ElementTree.parse(junit).getroot()
    report.check("JUnit XML", wrong(got, FINDINGS), () if (
        root.get("tests"), root.get("failures"), len(root.findall("testsuite/testcase")),
        len(root.findall("testsuite/testcase/failure"))) == ("3", "2", 3, 2) else [
            ElementTree.tostring(root).decode()])
    report.true("JUnit XML has the packets", any(
        "packets 1, 2 of client.pcap" in (one.text or "") for one in root.iter("failure")))
    if shutil.which("xmllint"):
        done = subprocess.run(["xmllint", "--noout", "--schema", XSD, junit], capture_output=True,
                              text=True, check=False, timeout=60)
        report.true("JUnit XML is as the schema has it", done.returncode == 0, done.stderr)
    else:
        report.skip("JUnit XML is as the schema has it", "package: xmllint is not installed")
    report.true("no control character reaches the terminal", got.out.isprintable() or
                not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", got.out), got.out)
    got = expecting(MIXED, "--tap", path)
    report.check("TAP", wrong(got, FINDINGS), () if re.findall(r"^(?:not )?ok \d", got.out, re.M)
                 == ["ok 1", "not ok 2", "not ok 3"] else [got.out])
    if shutil.which("prove"):
        with open(os.path.join(FOLDER.name, "x.t"), "w", encoding="utf-8") as file:
            file.write(got.out)
        done = subprocess.run(["prove", "-v", "-e", "cat", file.name], capture_output=True, text=True,
                              check=False, timeout=60)
        report.true("prove reads it", "Failed tests:  2-3" in done.stdout
                    and "Parse errors" not in done.stdout, done.stdout)
    else:
        report.skip("prove reads it", "package: prove is not installed")


def github():
    path = capture("server-off")
    summary = os.path.join(FOLDER.name, "summary.md")
    cli.write(FOLDER.name, **{"summary.md": b"before\n"})
    got = expecting(MIXED, "--github", path, env=cli.environment(GITHUB_STEP_SUMMARY=summary))
    lines = [line for line in got.out.splitlines() if line.startswith("::error ")]
    report.check("annotations", wrong(got, FINDINGS),
                 () if len(lines) == 3 and ",line=4,col=12,title=fails::expected window scaling on"
                 in lines[1] and "packets 1, 2 of client.pcap" in lines[0] else [got.out])
    with open(summary, encoding="utf-8") as file:
        text = file.read()
    report.true("the step summary goes on with what is there", text.startswith("before\n###")
                and text.count("\n| :x: |") == 3 and text.count(":white_check_mark:") == 1, text)
    got = expecting(one("scaling: off"), "--github", path)
    report.check("no annotation where all holds, no summary where none is asked for",
                 wrong(got, NOTHING), () if "::" not in got.out else [got.out])


def json_lines():
    got = expecting(MIXED, "--json", capture("server-off"))
    found = records(got)
    last = found[-1]
    report.true("JSON", [one["type"] for one in found] == ["expectation"] * 3 + ["check"]
                and (last["expectations"], last["failed"], last["flows"]) == (3, 2, 1)
                and all(one["schema"] == 1 for one in found), got.out)
    failing = found[1]["assertions"]
    report.true("an assertion says what it is and where", [
        (one["assertion"], one["line"], one["column"], one["verdict"]) for one in failing] == [
            ("min_flows", 3, 9, "holds"), ("findings", 5, 21, "fails"), ("scaling", 4, 12, "fails")],
        json.dumps(failing))


for test in (holds_or_not, same_as_replay, selectors, min_flows, unknown, baselines, mistakes,
             examples, statuses, init, outputs, github, json_lines):
    test()
sys.exit(report.end())
