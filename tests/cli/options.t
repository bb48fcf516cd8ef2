#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The command line: what is refused and in which words, what is taken, what help says.

Every option of userspace/options.def is tried: without its argument, with one it does not take,
and by the other command.
"""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cli  # noqa: E402
import docs  # noqa: E402
from cli import NOTHING, USAGE, wrong, wscope  # noqa: E402

os.chdir(cli.ROOT)
report = cli.Report()
CAPTURE = cli.lab_path("server-off")
OPTIONS = docs.options()
SIZE = "a number from 1 to 268435456"
COUNT = "a number from 1 to 18446744073709551615"
QUEUE = "a number from 1 to 1000000"
PEN = "a number from 1 to 4294967295"
SECONDS = "seconds above 0, at most 1000000000"
SECONDS_OR_0 = "seconds, at most 1000000000"
SEVERITY = "info|notice|warning|critical"
TUNNELS = ("all, none, or a comma-separated list of "
           "ipip|gre|erspan|vxlan|geneve|gue|mpls|pppoe|gtpu")
HOOKS = "a comma-separated list of xdp|tc-ingress|tc-egress"

# option, a value it does not take, what the complaint says of the value, what it says is right
REFUSED = [
    ("engine", "kernel", "", "native|xdp|tc"),
    ("engine", "", "", "native|xdp|tc"),
    ("engine", "native|xdp", "", "native|xdp|tc"),
    ("engine", "nat", "", "native|xdp|tc"),
    ("engine", "XDP", "", "native|xdp|tc"),
    ("reader", "mmap", "", "auto|mapped|libpcap"),
    ("color", "yes", "", "auto|always|never"),
    ("mode", "skb", "", "native|generic|offload"),
    ("fail-on", "error", "", SEVERITY),
    ("fail-on", "", "", SEVERITY),
    ("count", "0", "", COUNT),
    ("count", "-1", "", COUNT),
    ("count", "+1", "", COUNT),
    ("count", " 1", "", COUNT),
    ("count", "1 ", "", COUNT),
    ("count", "1k", "", COUNT),
    ("count", "1.5", "", COUNT),
    ("count", "0x10", "", COUNT),
    ("count", "", "", COUNT),
    ("count", "18446744073709551616", "", COUNT),
    ("flows", "0", "", SIZE),
    ("flows", "268435457", "", SIZE),
    ("flows", "4294967297", "", SIZE),
    ("pending", "many", "", SIZE),
    ("endpoints", "-5", "", SIZE),
    ("nats-queue", "0", "", QUEUE),
    ("nats-queue", "1000001", "", QUEUE),
    ("duration", "0", "", SECONDS),
    ("duration", "-1", "", SECONDS),
    ("duration", "nan", "", SECONDS),
    ("duration", "inf", "", SECONDS),
    ("duration", "1000000001", "", SECONDS),
    ("duration", "5s", "", SECONDS),
    ("duration", "", "", SECONDS),
    ("interval", "0.0", "", SECONDS),
    ("retire", "0", "", SECONDS),
    ("retire", "-1", "", SECONDS),
    ("retire", "nan", "", SECONDS),
    ("retire", "1000000001", "", SECONDS),
    ("retire", "5m", "", SECONDS),
    ("series-format", "json", "", "ndjson|csv"),
    ("series-format", "", "", "ndjson|csv"),
    ("series-interval", "-1", "", SECONDS_OR_0),
    ("series-interval", "nan", "", SECONDS_OR_0),
    ("series-interval", "1000000001", "", SECONDS_OR_0),
    ("series-interval", "1s", "", SECONDS_OR_0),
    ("series-interval", "", "", SECONDS_OR_0),
    ("ipfix-pen", "0", "", PEN),
    ("ipfix-pen", "4294967296", "", PEN),
    ("ipfix-pen", "0x7ed9", "", PEN),
    ("ipfix-pen", "29305", "", "a number that is not that of reverse elements"),
    ("tunnels", "", "", TUNNELS),
    ("tunnels", "l2tp", "", TUNNELS),
    ("tunnels", "gre,l2tp", "l2tp", TUNNELS),
    ("tunnels", "gre,,gue", "", TUNNELS),
    ("tunnels", "gre,", "", TUNNELS),
    ("tunnels", "all,gre", "all", TUNNELS),
    ("tunnels", "GRE", "", TUNNELS),
    ("hooks", "", "", HOOKS),
    ("hooks", "tc", "", HOOKS),
    ("hooks", "xdp,tc", "tc", HOOKS),
]

FOLDER = cli.scratch()
OUTPUT = os.path.join(FOLDER.name, "output.json")
cli.write(FOLDER.name, **{"output.json": wscope("replay", "--json", CAPTURE).out.encode()})
BASELINE = os.path.join(FOLDER.name, "baseline")
wscope("replay", "--save-baseline", BASELINE, CAPTURE)

# A value that each option with an argument takes.
TAKEN = {
    "engine": ["native"], "jobs": ["1", "64"], "reader": ["auto", "mapped", "libpcap"], "count": ["1", "18446744073709551615"],
    "flows": ["1", "268435456"], "pending": ["1"], "endpoints": ["1"],
    "tunnels": ["all", "none", "gre", "gtpu,ipip", "gre,gre"], "fail-on": ["critical"],
    "color": ["auto", "always", "never"], "baseline": [BASELINE], "save-baseline": [BASELINE],
    "html": ["/dev/null"], "write": ["/dev/null"],
    "retire": ["0.000000001", "60", "1e9"],
    "series": ["/dev/null"], "series-format": ["ndjson", "csv"], "series-interval": ["0", "0.001", "1e9"],
    "ipfix": ["/dev/null"], "ipfix-pen": ["1", "4294967295"],
}
# What else an option takes to be taken.
BESIDE = {"series-format": ["--series=/dev/null"], "series-interval": ["--series=/dev/null"],
          "ipfix-pen": ["--ipfix=/dev/null"]}


COMMANDS = ("replay", "live", "compare", "check", "merge", "top", "attach", "status", "detach")
NO_PINS = "/nonexistent/pins"


def commands_of(where):
    return where.split(" | ")


def operands(command):
    return {"replay": [CAPTURE], "live": ["-i", "lo"], "compare": [CAPTURE, CAPTURE],
            "check": ["--init", CAPTURE], "merge": [OUTPUT], "top": ["-i", "lo"], "attach": ["-i", "lo"],
            "status": ["--pin", NO_PINS], "detach": ["--pin", NO_PINS]}[command]


def refused_values():
    where = {name: commands_of(where)[0] for _, name, _, where in OPTIONS}
    for name, value, word, takes in REFUSED:
        in_list = "," in value
        due = f"--{name} cannot be '{word if in_list else value}'"
        due += f"{' in a list' if in_list else ''}; it takes {takes}"
        for argv in ([f"--{name}={value}"], [f"--{name}", value]):
            got = wscope(where[name], *argv, *operands(where[name]))
            report.check(f"{where[name]} {' '.join(argv)!r}", wrong(got, USAGE, due, silent=True))


def every_option():
    for letter, name, argument, where in OPTIONS:
        for command in COMMANDS:
            if command not in commands_of(where):
                for word in [f"--{name}"] + ([f"-{letter}"] if letter else []):
                    got = wscope(command, word, *operands(command))
                    report.check(f"{command} has no {word}",
                                 wrong(got, USAGE, f"{command} has no option '{word}'; `wscope "
                                       f"{command} --help` has them", silent=True))
                continue
            words = [f"--{name}"] + ([f"-{letter}"] if letter else [])
            for word in words if argument else ():
                got = wscope(command, *operands(command), word)
                report.check(f"{command} {word} without its argument",
                             wrong(got, USAGE, f"--{name} needs an argument: {argument}",
                                   silent=True))
            if not argument:
                got = wscope(command, f"--{name}=yes", *operands(command))
                report.check(f"{command} --{name} with an argument",
                             wrong(got, USAGE, f"--{name} takes no argument, and got 'yes'",
                                   silent=True))
            got = wscope(command, "--help")
            shown = [line for line in got.out.splitlines()
                     if f" --{name} " in line or line.rstrip().endswith(f"--{name}")]
            report.true(f"{command} --help has --{name}", len(shown) == 1
                        and (not letter or f"-{letter}, --{name}" in shown[0])
                        and (not argument or argument in shown[0]), shown)


def taken():
    takers = {name for _, name, argument, where in OPTIONS
              if argument and "replay" in commands_of(where)}
    report.true("a value is known here for each option of replay", takers == set(TAKEN),
                takers ^ set(TAKEN))
    for name, values in TAKEN.items():
        for value in values:
            got = wscope("replay", f"--{name}={value}", *BESIDE.get(name, ()), CAPTURE)
            report.check(f"replay --{name}={value}", wrong(got, NOTHING))


HELP = "`wscope {} --help` has them"
# argv, complaint
LINES = [
    (["replay"], "replay takes at least one capture"),
    (["replay", "--json"], "replay takes at least one capture"),
    (["replay", "--"], "replay takes at least one capture before '--'"),
    (["replay", "--", CAPTURE], "replay takes at least one capture before '--'"),
    (["replay", "--nonesuch", CAPTURE], "replay has no option '--nonesuch'; " + HELP.format("replay")),
    (["replay", CAPTURE, "--nonesuch=5"],
     "replay has no option '--nonesuch'; " + HELP.format("replay")),
    (["replay", "-Z", CAPTURE], "replay has no option '-Z'; " + HELP.format("replay")),
    (["replay", "-vZ", CAPTURE], "replay has no option '-Z'; " + HELP.format("replay")),
    (["replay", "-\u00e9", CAPTURE], "replay has no option '-\u00e9'; " + HELP.format("replay")),
    (["replay", "--e", "native", CAPTURE],
     "'--e' may be --endpoints or another option of replay; write more of it"),
    (["replay", "--series", "-", CAPTURE],
     "--series cannot be '-': standard output has the report"),
    (["replay", "--series", "", CAPTURE], "--series needs the name of a file"),
    (["replay", "--series", "/dev/null", "--engine", "xdp", CAPTURE],
     "--series goes with --engine native: the kernel's programs show no single segments"),
    (["replay", "--engine=tc", CAPTURE, "--series", "/dev/null"],
     "--series goes with --engine native: the kernel's programs show no single segments"),
    (["replay", "--series-format", "csv", CAPTURE], "--series-format goes with --series FILE"),
    (["replay", "--series-interval", "0", CAPTURE], "--series-interval goes with --series FILE"),
    (["replay", "--ipfix", "-", CAPTURE],
     "--ipfix cannot be '-': standard output has the report"),
    (["replay", "--ipfix", "", CAPTURE], "--ipfix needs the name of a file"),
    (["replay", "--ipfix-pen", "5", CAPTURE], "--ipfix-pen goes with --ipfix FILE"),
    (["replay", "--write-all", CAPTURE], "--write-all goes with --write FILE"),
    (["replay", "-w", "", CAPTURE], "--write needs the name of a file"),
    (["replay", "-w", "-", "--json", CAPTURE],
     "--write - and --json both need standard output"),
    (["live", "-i", "lo", "--write-all"], "--write-all goes with --write FILE"),
    (["live", "-i", "lo", "--json", "--write=-"],
     "--write - and --json both need standard output"),
    (["replay", "--retire", "5", "--engine", "xdp", CAPTURE],
     "--retire goes with --engine native: the kernel's tables have a size of their own"),
    (["replay", "--engine=tc", CAPTURE, "--retire=5"],
     "--retire goes with --engine native: the kernel's tables have a size of their own"),
    (["replay", "--retire", "5", "--series", "/dev/null", CAPTURE],
     "--retire does not go with --series, which numbers a connection by its first packet"),
    (["replay", "--retire", "5", "--html", "/dev/null", CAPTURE],
     "--retire does not go with --html, --write or --ipfix, which keep all connections"),
    (["replay", "--retire", "5", "-w", "/dev/null", CAPTURE],
     "--retire does not go with --html, --write or --ipfix, which keep all connections"),
    (["replay", "--retire", "5", "--ipfix", "/dev/null", CAPTURE],
     "--retire does not go with --html, --write or --ipfix, which keep all connections"),
    (["live"], "live takes at least one -i IF"),
    (["live", "--json"], "live takes at least one -i IF"),
    (["live", "-i", "lo", "--compare"], "--compare takes two interfaces: -i BEFORE -i AFTER"),
    (["live", "-i", "lo", "-i", "lo", "--compare"], "--compare takes two interfaces: -i BEFORE -i AFTER"),
    (["live", "-i", "lo", "-i", "none0", "--compare", "-c", "1"],
     "--compare does not go with --count: it has no events"),
    (["live", "-i", "lo", "-i", "none0", "--compare", "-w", "x"],
     "--compare does not go with --write, --baseline, --save-baseline, --pinned or --dry-run"),
    (["live", "-i", "lo", "--nat"], "--nat goes with --compare"),
    (["live", "-i", "lo", "-i", "none0", "--compare", "--nats", "nats://h"],
     "--compare does not go with --metrics, --metrics-file or --nats"),
    *((["live", "-i", "lo", "--nats", bad], "--nats takes nats://[USER:PASSWORD@|TOKEN@]HOST[:PORT], or "
       "tls://; commas between several") for bad in ("", "h", "http://h", "nats://u:hush@", "nats://h,x")),
    (["live", "-i", "lo", "--node", "x"], "--node goes with --nats"),
    (["live", "-i", "lo", "--nats-creds", "x"], "--nats-creds goes with --nats"),
    (["live", "-i", "lo", "--nats", "nats://h", "--nats-creds", ""],
     "--nats-creds needs the name of a file"),
    *((["live", "-i", "lo", "--nats", "nats://h", "--node", bad],
       "--node takes a name of at most 255 bytes") for bad in ("", "x" * 256)),
    (["live", "-i", "lo", "port", "80"], "live takes no 'port': filters are for replay"),
    (["live", "--nonesuch"], "live has no option '--nonesuch'; " + HELP.format("live")),
    (["live", *["-i", "lo"] * 65], "more than 64 interfaces"),
    (["live", "-i", "no-such-*"], "no interface matches 'no-such-*'"),
    (["live", "-i", "l?"], "no interface matches 'l?'"),  # loopback has to be named
    (["live", "-i", "lo", "-i", "[n]o\n*"], "no interface matches '[n]o?*'"),
    (["live", "-i", "lo", "--dry-run", "--json"],
     "--dry-run goes with neither --json nor --write"),
    (["live", "-i", "lo", "--write", "/dev/null", "--dry-run"],
     "--dry-run goes with neither --json nor --write"),
    (["top"], "top takes at least one -i IF"),
    (["top", "-i", "lo", "port", "80"], "top takes no 'port': filters are for replay"),
    (["top", "-i", "lo", "--json"], "top has no option '--json'; " + HELP.format("top")),
    (["top", "-i", "lo"], "top needs a terminal; `wscope live` does not"),
    (["merge"], "merge takes at least one output of `wscope replay --json`"),
    (["merge", "-", "-"],
     "'-' goes once: standard input is one output of `wscope replay --json`"),
    (["merge", "--json", CAPTURE], "merge has no option '--json'; " + HELP.format("merge")),
    (["compare"], "compare takes two captures, BEFORE and AFTER"),
    (["compare", CAPTURE], "compare takes two captures, BEFORE and AFTER"),
    (["compare", CAPTURE, CAPTURE, CAPTURE], "compare takes two operands, BEFORE and AFTER: for many "
     "captures a directory each, or a pattern in quotes"),
    (["compare", "-", "-"], "compare takes '-' once: standard input is one capture"),
    (["compare", "-c", "5", CAPTURE, CAPTURE],
     "compare has no option '-c'; " + HELP.format("compare")),
    (["check", CAPTURE], "check takes --expect FILE, or --init"),
    (["check", "--init"], "check takes at least one capture"),
    (["check", "--init", "--", CAPTURE], "check takes at least one capture before '--'"),
    (["check", "--init", "--expect", "x", CAPTURE],
     "--init writes expectations, and takes neither --expect nor an output"),
    (["check", "--init", "--tap", CAPTURE],
     "--init writes expectations, and takes neither --expect nor an output"),
    (["check", "--expect", "x", "--tap", "--json", CAPTURE],
     "--json, --tap and --github do not go together"),
    (["check", "--expect", "x", "--junit", "-", CAPTURE], "--junit needs the name of a file"),
    (["check", *["--expect", "x"] * 65, CAPTURE], "more than 64 files of expectations"),
    (["nonesuch"], "no command 'nonesuch'; `wscope --help` has them"),
    (["Replay"], "no command 'Replay'; `wscope --help` has them"),
    ([""], "no command ''; `wscope --help` has them"),
    (["--json", "replay"], "a command goes before '--json'; `wscope --help` has them"),
    (["-v"], "a command goes before '-v'; `wscope --help` has them"),
    (["explain"], "explain takes one finding code; `wscope list` has them"),
    (["explain", "NOPE"], "no finding code 'NOPE'; `wscope list` has them"),
    (["explain", ""], "no finding code ''; `wscope list` has them"),
    (["explain", "Endpoint-off"], "no finding code 'Endpoint-off'; `wscope list` has them"),
    (["explain", "wscale-zero", "endpoint-off"],
     "explain takes one finding code; `wscope list` has them"),
    (["list", "all"], "list takes no argument, and got 'all'"),
    (["schema", "--json"], "schema takes no argument, and got '--json'"),
]


def lines():
    for argv, due in LINES:
        shown = " ".join(argv).replace(CAPTURE, "FILE")
        report.check(f"wscope {shown[:60]!r}", wrong(wscope(*argv), USAGE, due, silent=True))


def helps():
    got = wscope()
    report.true("no command: the usage, on stderr", got.status == USAGE and not got.out
                and got.err.startswith("usage: wscope COMMAND"), got)
    top = {word: wscope(word) for word in ("--help", "-h", "help")}
    for word, one in top.items():
        report.check(f"wscope {word}", wrong(one, NOTHING),
                     () if one.out == got.err else ["not the usage"])
    for name in docs.commands():
        report.true(f"the usage has {name}", f"\n  {name} " in got.err, got.err)
    for command in COMMANDS:
        due = wscope(command, "--help")
        report.check(f"{command} --help", wrong(due, NOTHING),
                     () if due.out.startswith(f"usage: wscope {command} ") else [due.out])
        other = {"merge": "--fail-on=info", "top": "--verbose", "attach": "--once",
                 "status": "--pin=x", "detach": "--pin=x"}.get(command, "--json")
        for argv in (["-h"], ["--hel"], ["--help", "no.pcap"], [other, "-h"]):
            got = wscope(command, *argv)
            report.check(f"{command} {' '.join(argv)}", wrong(got, NOTHING),
                         () if got.out == due.out else [got.out])
    version = wscope("--version")
    report.check("--version", wrong(version, NOTHING),
                 () if version == wscope("-V") and version.out.startswith("wscope ") else [version])


def places():
    """Options before, between and behind the files, abbreviated, and after a filter's end."""
    due = wscope("replay", "--json", CAPTURE).out
    for argv in ([CAPTURE, "--json"], ["--js", CAPTURE], ["--count", "1000", CAPTURE, "--json"],
                 ["--json", "-c1000", CAPTURE], [CAPTURE, "--json", "--", "tcp"],
                 ["-v", CAPTURE, "--json", "tcp"], ["--engine", "xdp", "--engine", "native", "--json",
                                                    CAPTURE]):
        got = wscope("replay", *argv)
        shown = " ".join(argv).replace(CAPTURE, "FILE")
        report.check(f"replay {shown}", wrong(got, NOTHING),
                     () if got.out == due else ["the report differs"])


for test in (refused_values, every_option, taken, lines, helps, places):
    test()
sys.exit(report.end())
