#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A directory stands for the captures in it: replay and check, thousands of files, rotated ones."""

import gzip
import os
import resource
import socket
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cli  # noqa: E402
from cli import INPUT, NOTHING, records, wrong, wscope  # noqa: E402

report = cli.Report()
PACKETS = cli.lab("server-off")
DESCRIPTORS = 64


def make(folder, **files):
    for name, data in files.items():
        path = os.path.join(folder, name.replace("__", "/"))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)


def same(got, due):
    """The same records, whatever the files are called."""
    def blank(value):
        if isinstance(value, dict):
            return {key: "" if key == "file" else 0 if key in ("number", "files") else blank(one)
                    for key, one in value.items()}
        return [blank(one) for one in value] if isinstance(value, list) else value

    if [blank(one) for one in records(got)] != [blank(one) for one in records(due)]:
        yield f"got: {got.out[:600]}"
        yield f"due: {due.out[:600]}"


def files_of(got):
    return sorted({one["file"] for one in records(got, "flow")})


def formats():
    """One connection in five pieces of five formats: named so that names and times disagree."""
    cuts = [PACKETS[i::5] for i in range(5)]
    with cli.scratch() as folder:
        cli.write(folder, whole=cli.pcap(PACKETS))
        make(os.path.join(folder, "d"), z=cli.pcap(cuts[0]), b__c__y=cli.pcapng(cuts[1]),
             b__x=cli.snoop(cuts[2]), w=gzip.compress(cli.pcap(cuts[3]), mtime=0),
             v=cli.zstd(cli.pcap(cuts[4], order=">")))
        due = wscope("replay", "--json", "whole", cwd=folder)
        for name in ("d", "d/", "./d"):
            got = wscope("replay", "--json", name, cwd=folder)
            report.check(f"pcap, pcapng, snoop, gzip, zstd below {name}: one stream",
                         wrong(got, NOTHING), same(got, due),
                         () if cli.summary(got)["files"] == 5 else ["not five files"])
        got = wscope("replay", "--json", "d/z", "d/b", "d/w", "d/v", cwd=folder)
        report.check("a directory among files", wrong(got, NOTHING), same(got, due))
        os.symlink("d", os.path.join(folder, "link"))
        got = wscope("replay", "--json", "link", cwd=folder)
        report.check("a symbolic link that was named is followed", wrong(got, NOTHING),
                     same(got, due))


def order():
    """On equal times the first name counts: byte by byte, each level in its place."""
    with cli.scratch() as folder:
        one = PACKETS[:1]
        names = ["B", "a.pcap", "a/z", "a/zz/a", "b", "\u00e9"]
        for name in names:
            make(folder, **{f"d/{name}".replace("/", "__"): cli.pcap(one)})
        got = wscope("replay", "--json", "--separate", "d", cwd=folder)
        listed = [one["file"] for one in records(got, "flow")]
        due = sorted((f"d/{name}" for name in names), key=lambda n: n.encode().split(b"/"))
        report.check("sorted by name", wrong(got, NOTHING),
                     () if listed == due else [f"got: {listed}", f"due: {due}"])


def others():
    with cli.scratch() as folder:
        make(os.path.join(folder, "d"), x=cli.pcap(PACKETS), empty=b"", text=b"17:03 IP\n",
             sub__log=gzip.compress(b"a log, not a capture\n" * 9), sub__zeros=bytes(500))
        cli.write(folder, outside=cli.pcap(PACKETS))
        due = wscope("replay", "--json", "outside", cwd=folder)
        os.mkfifo(os.path.join(folder, "d", "fifo"))
        got = wscope("replay", "--json", "d", cwd=folder)
        report.check("what is no capture is counted",
                     wrong(got, NOTHING, "'d' has 1 capture; left out: 5 other files"),
                     same(got, due))
        os.symlink("../outside", os.path.join(folder, "d", "out"))
        os.symlink("x", os.path.join(folder, "d", "in"))
        os.symlink("..", os.path.join(folder, "d", "sub", "up"))
        got = wscope("replay", "--json", "d", cwd=folder)
        report.check("symbolic links inside are not followed", wrong(
            got, NOTHING, "'d' has 1 capture; left out: 5 other files, 3 symbolic links"),
            same(got, due))
        os.remove(os.path.join(folder, "d", "x"))
        got = wscope("replay", "--json", "d", cwd=folder)
        report.check("no capture at all", wrong(
            got, INPUT, "'d' has 0 captures; left out: 5 other files, 3 symbolic links",
            silent=True))
        got = wscope("replay", "--json", "d/sub", "outside", cwd=folder)
        report.check("no capture in one of two", wrong(
            got, INPUT, "'d/sub' has 0 captures; left out: 2 other files, 1 symbolic link"),
            same(got, due))
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(os.path.join(folder, "d", "s\n\033[2J"))
            os.rename(os.path.join(folder, "d"), os.path.join(folder, "e\033[2J"))
            got = wscope("replay", "--json", "e\033[2J", "outside", cwd=folder)
        report.check("names with control characters", wrong(
            got, INPUT, "'e?[2J' has 0 captures; left out: 6 other files, 3 symbolic links"))


def damaged():
    """Damage is no reason to leave a capture out: it is read as far as it goes, and said."""
    with cli.scratch() as folder:
        make(os.path.join(folder, "d"), a=cli.pcap(PACKETS[:9])[:-1], b=cli.pcap(PACKETS[9:]),
             c=gzip.compress(cli.pcap(PACKETS), mtime=0)[:18], d=cli.pcap([])[:20])
        got = wscope("replay", "--json", "d", cwd=folder)
        report.check("damaged captures", wrong(
            got, INPUT, "cannot read 'd/a': cut in the middle of packet 9",
            "cannot read 'd/c': cut in the middle of the file header",
            "cannot read 'd/d': cut in the middle of the file header"))
        for name, path in (("a file", "d/b"), ("a directory", "d/e")):
            if path == "d/e":
                make(os.path.join(folder, "d"), e__x=cli.pcap(PACKETS))
            os.chmod(os.path.join(folder, path), 0)
            got = wscope("replay", "--json", "d", cwd=folder, prefix=cli.nobody(),
                         program=copied(folder))
            said = {"d/b": "cannot open 'd/b': Permission denied",
                    "d/e": "cannot read directory 'd/e': Permission denied"}[path]
            report.check(f"{name} that must not be read",
                         () if got.status == INPUT else [f"status {got.status}"],
                         () if f"wscope: {said}\n" in got.err else [got.err])
            os.chmod(os.path.join(folder, path), 0o700)


def copied(folder):
    """The program where anybody can run it."""
    path = os.path.join(folder, "wscope")
    if not os.path.exists(path):
        with open(cli.WSCOPE, "rb") as source, open(path, "wb") as target:
            target.write(source.read())
        os.chmod(path, 0o755)
    return path


def many():
    """A connection a second over 3,000 rotated files, with 64 descriptors."""
    server = cli.Side("198.51.100.2", 443)
    packets = []
    for i in range(1500):
        client = cli.Side(f"192.0.2.{1 + i % 200}", 20000 + i)
        packets += cli.handshake((1700000000 + i) * 10**9, client, server)
    with cli.scratch() as folder:
        cli.write(folder, whole=cli.pcap(packets))
        os.mkdir(os.path.join(folder, "d"))
        for i in range(3000):  # SYN alone, then SYN-ACK and ACK
            part = packets[i // 2 * 3:][:1] if i % 2 == 0 else packets[i // 2 * 3 + 1:][:2]
            data = cli.pcap(part)
            with open(os.path.join(folder, "d", f"ring{2999 - i:05}.pcap"), "wb") as file:
                file.write(gzip.compress(data, 1) if i % 3 == 0 else data)

        def few():
            resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))

        due = wscope("replay", "--json", "whole", cwd=folder)
        got = wscope("replay", "--json", "d", cwd=folder, preexec_fn=few)
        report.check("3,000 rotated captures under 64 descriptors", wrong(got, NOTHING),
                     same(got, due))
        got = wscope("replay", "--json", "--separate", "d", cwd=folder, preexec_fn=few)
        report.check("the same, each alone", wrong(got, NOTHING),
                     () if len(records(got, "summary")) == 3000 else ["not 3,000 summaries"])


def check_command():
    with cli.scratch() as folder:
        make(os.path.join(folder, "d"), a=cli.pcap(PACKETS[:9]), b=cli.pcap(PACKETS[9:]),
             text=b"nothing\n")
        cli.write(folder, whole=cli.pcap(PACKETS))
        due = wscope("check", "--init", "whole", cwd=folder)
        got = wscope("check", "--init", "d", cwd=folder)
        report.check("check --init of a directory",
                     wrong(got, NOTHING, "'d' has 2 captures; left out: 1 other file"),
                     () if expectations(got) == expectations(due) else [got.out, due.out])
        cli.write(folder, expect=due.out.encode())
        got = wscope("check", "--expect", "expect", "d", cwd=folder)
        report.check("check of a directory",
                     wrong(got, NOTHING, "'d' has 2 captures; left out: 1 other file"))
        os.mkdir(os.path.join(folder, "none"))
        got = wscope("check", "--expect", "expect", "none", cwd=folder)
        report.check("check of an empty directory",
                     wrong(got, INPUT, "'none' has no captures", silent=True))
        got = wscope("check", "--expect", "expect", "none", "d", cwd=folder)
        report.check("check of an empty directory and another", wrong(
            got, INPUT, "'none' has no captures", "'d' has 2 captures; left out: 1 other file"))


def expectations(result):
    return [line for line in result.out.splitlines() if not line.startswith("#")]


formats()
order()
others()
damaged()
many()
check_command()
sys.exit(report.end())
