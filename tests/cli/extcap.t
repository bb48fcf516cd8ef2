#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""wscope extcap: what Wireshark asks, and what it is answered (extcap(4)).

Captures are the business of tests/live/write.t.
"""

import os
import re
import socket
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cli  # noqa: E402
from cli import NOTHING, PRIVILEGE, USAGE, wrong, wscope  # noqa: E402

report = cli.Report()
IF = "wscope-lo"


def extcap(*argv, **kwargs):
    return wscope("extcap", *argv, **kwargs)


def sentences(text):
    """[(kind, {key: value})]; ValueError for a line that is none."""
    found = []
    for line in text.splitlines():
        match = re.fullmatch(r"(extcap|interface|dlt|arg) ((?:\{[a-z]+=[^{}]*\})+)", line)
        if not match:
            raise ValueError(f"no sentence: {line!r}")
        found.append((match.group(1), dict(re.findall(r"\{([a-z]+)=([^{}]*)\}", match.group(2)))))
    return found


def interfaces():
    version = wscope("--version").out.split()[1]
    for argv in (["--extcap-interfaces"], ["--extcap-interfaces", "--extcap-version=4.0"],
                 ["--extcap-version=9.9", "--extcap-interfaces", "--extcap-of-tomorrow", "x"]):
        got = extcap(*argv)
        found = sentences(got.out)
        names = [values["value"] for kind, values in found if kind == "interface"]
        due = ["wscope-" + name for _, name in socket.if_nameindex()]
        report.check(" ".join(argv), wrong(got, NOTHING),
                     [] if found[0][0] == "extcap" and found[0][1]["version"] == version
                     and sorted(names) == sorted(due) and IF in names else [found])
        report.true("each interface is shown with a name of its own",
                    len({values.get("display") for kind, values in found if kind == "interface"})
                    == len(due), found)


def asked():
    got = extcap("--extcap-interface", IF, "--extcap-dlts")
    report.check("--extcap-dlts", wrong(got, NOTHING), [] if sentences(got.out) == [
        ("dlt", {"number": "1", "name": "EN10MB", "display": "Ethernet"})] else [got.out])
    got = extcap("--extcap-config", "--extcap-interface=" + IF)
    found = sentences(got.out)
    report.check("--extcap-config", wrong(got, NOTHING),
                 [] if [(kind, values["number"], values["call"], values["type"])
                        for kind, values in found]
                 == [("arg", "0", "--write-all", "boolflag"),
                     ("arg", "1", "--vlan-domain", "boolflag")] else [found])
    for filter_, good in (("tcp port 443", True), ("", True), ("porty", False)):
        got = extcap("--extcap-interface", IF, "--extcap-capture-filter", filter_)
        if filter_:
            report.check(f"a filter to check: {filter_}", wrong(got, NOTHING),
                         [] if (got.out == "") == good else [got.out])
    got = extcap("--help")
    report.check("--help", wrong(got, NOTHING),
                 [] if got.out.startswith("usage: wscope extcap ")
                 and "--extcap-capture-filter" in got.out else [got.out])


def by_name():
    """As Wireshark finds it: a link with the name of the command."""
    with cli.scratch() as folder:
        link = os.path.join(folder, "wscope-extcap")
        os.symlink(cli.WSCOPE, link)
        due = extcap("--extcap-interfaces")
        got = wscope("--extcap-interfaces", program=link)
        report.check("a link named wscope-extcap", wrong(got, NOTHING),
                     [] if got.out == due.out else [got.out])
        other = os.path.join(folder, "wscope")
        os.symlink(cli.WSCOPE, other)
        got = wscope("--extcap-interfaces", program=other)
        report.check("a link of another name is the program", wrong(
            got, USAGE, "a command goes before '--extcap-interfaces'; `wscope --help` has them"))


def refused():
    for argv, complaint in (
            ([], "extcap: Wireshark calls this; `wscope extcap --help` says how"),
            (["--of-tomorrow"], "extcap: Wireshark calls this; `wscope extcap --help` says how"),
            (["--extcap-dlts"], "extcap: --extcap-interface IF is missing"),
            (["--extcap-dlts", "--extcap-interface"],
             "extcap: '--extcap-interface' needs an argument"),
            (["--extcap-interface", "wscope-a\x1bb", "--extcap-config"], "no interface 'a?b'"),
            (["--extcap-interface", IF, "--capture"], "extcap: --capture needs --fifo FILE"),
            (["--extcap-interface", IF, "--capture", "--fifo", ""],
             "extcap: --capture needs --fifo FILE")):
        report.check(" ".join(argv) or "nothing", wrong(extcap(*argv), USAGE, complaint,
                                                        silent=True))
    with cli.scratch() as folder:
        got = extcap("--extcap-interface", IF, "--capture", "--fifo", os.path.join(folder, "out"),
                     prefix=cli.nobody())
        report.true("without privileges", got.status == PRIVILEGE and not got.out
                    and re.fullmatch(r"wscope: cannot capture on 'lo': .*; root, or the capability "
                                     r"CAP_NET_RAW, is needed\n", got.err), got)
    with open("/dev/full", "wb") as full:
        got = extcap("--extcap-interfaces", stdout=full)
        report.check("a full disk", wrong(got, cli.INCOMPLETE,
                                          "cannot write: No space left on device"))


for test in (interfaces, asked, by_name, refused):
    test()
sys.exit(report.end())
