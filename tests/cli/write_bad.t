#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# timeout: 300
"""replay --write through pipes, and when things go wrong.

What is found too late for a pipe's packets is said; packets come as they are found, the report goes
elsewhere. Names that are refused, full disks, damaged captures; and the kernel's engines.
"""

import os
import pty
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import blocks  # noqa: E402
import cli  # noqa: E402
from annotated import C, MS, S, T, differ, off, on, same, write  # noqa: E402
from cli import ACK, FIN, FINDINGS, INCOMPLETE, INPUT, USAGE  # noqa: E402
from cli import wrong, wscope  # noqa: E402

report = cli.Report()


# -- streams -------------------------------------------------------------------------------------


def stall(count, gap):
    """A healthy connection whose client takes nothing more, and is closed for `gap` seconds."""
    packets, ns, size = on(window=10 * count), T + 3 * MS, 1280
    for i in range(1, count + 1):
        ns += MS
        packets.append(cli.segment(ns, S, C, ACK, 501 + size * (i - 1), 101, ident=i + 10,
                                   payload=bytes(size)))
        packets.append(cli.segment(ns + MS // 2, C, S, ACK, 101, 501 + size * i,
                                   window=10 * (count - i)))
    # So that the packets do not come in one go.
    others = [cli.segment(ns + 20 * MS * i, S, cli.Side("192.0.2.4", 1), ACK, 1, 1) for i in range(2, 90)]
    return packets + others + [cli.segment(ns + gap * 10**9, C, S, ACK, 101, 501 + size * count,
                                           window=200)]


def late():
    """What is only found at the end of a pipe, behind its packets, is said."""
    packets = stall(20, 3)
    with cli.scratch() as folder:
        cli.write(folder, x=cli.pcap(packets))
        got, problems = write(folder, "x")
        report.true("from a file, the connection is there", not problems
                    and len(got.packets) == len(packets) - 88, problems)
        got, problems = write(folder, "-", stdin=cli.pcap(packets), complaints=[
            "1 finding stood only when the packets had passed: the report has it, no comment does"])
        report.check("from a pipe, it is said to be missing", problems)
        closed = packets + [cli.segment(packets[-1].ns + MS, C, S, ACK | FIN, 101, 26101)]
        got, problems = write(folder, "-", stdin=cli.pcap(closed))
        report.true("when the connection ends, the comment is on its last packet",
                    not problems and got.packets
                    and any("zero-window-stall" in text for text in got.packets[-1].comments),
                    (problems, got and [p.comments for p in got.packets]))


def streams():
    """--write -: packets come as they are found, the report goes to standard error."""
    packets = off()
    plain = wscope("replay", "-", stdin=cli.pcap(packets))
    done = subprocess.run([cli.WSCOPE, "replay", "--fail-on", "warning", "-", "-w", "-"],
                          input=cli.pcap(packets), capture_output=True, timeout=60, check=False,
                          env=cli.environment())
    got = blocks.read(done.stdout)
    report.check("the report is on standard error", differ("status", done.returncode, FINDINGS),
                 differ("report", done.stderr.decode(), plain.out), same(got.packets, packets))
    rows = blocks.tshark("-", "frame.comment", stdin=done.stdout)
    report.true("tshark reads it from a pipe", [len(row[0]) for row in rows] == [1, 1, 0], rows)
    with subprocess.Popen([cli.WSCOPE, "replay", "-", "-w", "-"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        # The second connection comes two seconds after the first, and nothing is closed yet.
        process.stdin.write(cli.pcap(packets + on(T + 2 * 10**9, cli.Side("192.0.2.8", 1))))
        process.stdin.flush()
        data = b""
        while b"server-no-wscale" not in data:
            chunk = os.read(process.stdout.fileno(), 65536)
            if not chunk:
                break
            data += chunk
        report.true("a comment is there before the input ends",
                    b"server-no-wscale" in data and process.poll() is None, data[:200])
        process.stdin.close()
        process.stdout.read()


# -- what is refused, and what goes wrong ----------------------------------------------------------


def refused():
    with cli.scratch() as folder:
        cli.write(folder, x=cli.pcap(off()))
        os.symlink("x", os.path.join(folder, "link"))
        for name, argv, complaint in (
                ("no name", ["-w", ""], "--write needs the name of a file"),
                ("--write-all alone", ["--write-all"], "--write-all goes with --write FILE"),
                ("records and packets", ["-w", "-", "--json"],
                 "--write - and --json both need standard output"),
                ("the input", ["-w", "x"],
                 "--write cannot be 'x': it is one of the captures to read"),
                ("the input by another name", ["-w", "link"],
                 "--write cannot be 'link': it is one of the captures to read"),
                ("standard output by name", ["-w", "/dev/stdout"],
                 "--write cannot be '/dev/stdout': it is standard output, which has the report")):
            report.check(name, wrong(wscope("replay", *argv, "x", cwd=folder), USAGE, complaint,
                                     silent=True))
        with open(os.path.join(folder, "x"), "rb") as file:
            report.true("and the input is as it was", file.read() == cli.pcap(off()))
            file.seek(0)
            got = subprocess.run([cli.WSCOPE, "replay", "-w", "x", "-"], cwd=folder, stdin=file,
                                 capture_output=True, timeout=60, check=False)
            report.true("also as standard input", got.returncode == USAGE
                        and os.path.getsize(os.path.join(folder, "x")) == len(cli.pcap(off())), got)
        primary, replica = pty.openpty()
        got = wscope("replay", "-w", "-", "x", cwd=folder, stdout=replica)
        report.check("packets on a terminal", wrong(
            got, USAGE, "--write - writes no packets to a terminal"))
        os.close(primary)
        os.close(replica)


def failures():
    full = "cannot write '/dev/full': No space left on device"
    many = [one for i in range(3000)
            for one in off(T + i * MS, cli.Side("192.0.2.1", 2000 + i))]
    with cli.scratch() as folder:
        cli.write(folder, x=cli.pcap(off()), many=cli.pcap(many))
        plain = wscope("replay", "x", cwd=folder)
        for name, argv, stdin in (("a full disk", ["x"], b""), ("in the middle", ["many"], b""),
                                  ("from a pipe", ["-"], cli.pcap(many))):
            got = wscope("replay", "-w", "/dev/full", *argv, cwd=folder, stdin=stdin)
            report.check(f"full: {name}", wrong(got, INCOMPLETE, full),
                         [] if got.out == plain.out or argv != ["x"] else ["another report"])
        got = wscope("replay", "-w", "no/such", "x", cwd=folder)
        report.check("a folder that is not there", wrong(
            got, INCOMPLETE, "cannot open 'no/such': No such file or directory", silent=True))
        got = wscope("replay", "-w", "none", "nosuch.pcap", cwd=folder)
        report.true("nothing to read: no file is made", got.status == INPUT
                    and not os.path.exists(os.path.join(folder, "none")), got)
        cut = cli.pcap(off())[:-3]
        cli.write(folder, cut=cut, text=b"no capture\n")
        said = "cannot read '{}': cut in the middle of packet 3"
        got, problems = write(folder, "cut", status=INPUT, complaints=[said.format("cut")])
        report.check("a cut capture: what was readable", problems, same(got.packets, off()[:2]))
        got, problems = write(folder, "-", stdin=cut, status=INPUT,
                              complaints=["cannot read standard input: cut in the middle of packet 3"])
        report.check("a cut pipe: the same", problems)
        got, problems = write(folder, "cut", "--allow-truncated")
        report.check("--allow-truncated", problems, same(got.packets, off()[:2]))
        got, problems = write(folder, "text", "x", status=INPUT, complaints=[
            "cannot read 'text': not a capture but text"])
        report.check("one bad file of two", problems, same(got.packets, off()))


def kernel():
    """The kernel's programs find the same, and their packets are the same."""
    if os.geteuid():
        report.skip("--engine xdp", "privilege: the kernel's programs need root")
        return
    with cli.scratch() as folder:
        cli.write(folder, x=cli.pcap(off() + on(T + 9 * MS, cli.Side("192.0.2.3", 1))))
        due, _ = write(folder, "x")
        for engine in ("xdp", "tc"):
            got, problems = write(folder, "--engine", engine, "x")
            report.check(f"--engine {engine}", problems, differ("file", got, due))


def main():
    for test in (late, streams, refused, failures, kernel):
        test()
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
