#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Progress of a long run: on a terminal, now and then, with rate and time left; gone at the end."""

import os
import pty
import re
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cli  # noqa: E402

report = cli.Report()
LINE = re.compile(r"\r( *(\d+) %  )?([\d,]+) packets, ([\d,]+)/s(, (\d+:)?\d+:\d\d left)?\x1b\[K")
ERASED = "\r\x1b[K"
EVERY_S = 0.2


class Screen:
    """The master of a terminal, read to its end; the terminal does not change line ends."""

    def __init__(self):
        self.master, self.terminal = pty.openpty()
        self.bytes = b""
        self.thread = threading.Thread(target=self.read)
        self.thread.start()

    def read(self):
        while True:
            try:
                some = os.read(self.master, 65536)
            except OSError:  # nobody has the terminal open any more
                return
            self.bytes += some

    def text(self):
        os.close(self.terminal)
        self.thread.join()
        os.close(self.master)
        return self.bytes.decode()


def run(args, folder, out_is_terminal=True, stdin=None):
    """What standard error, a terminal, was sent; the time it took; the status."""
    err, out = Screen(), Screen()
    began = time.monotonic()
    with subprocess.Popen([cli.WSCOPE, *args], cwd=folder, env=cli.environment(),
                          stdin=subprocess.PIPE, stderr=err.terminal,
                          stdout=out.terminal if out_is_terminal else subprocess.DEVNULL) as process:
        if stdin:
            stdin(process.stdin)
        process.stdin.close()
        status = process.wait(timeout=120)
    took = time.monotonic() - began
    out.text()
    return err.text(), took, status


def judge(text, took, known):
    """Problems of a long run's standard error."""
    lines = list(LINE.finditer(text))
    if not lines:
        yield f"no progress in {took:.2f} s: {text!r}"
        return
    if LINE.sub("", text) != ERASED or not text.endswith(ERASED):
        yield f"the line is not taken away, or there is more: {text[-300:]!r}"
    if len(lines) > took / EVERY_S + 1:
        yield f"{len(lines)} lines in {took:.2f} s"
    parts = [int(one[2]) for one in lines if one[2]]
    packets = [int(one[3].replace(",", "")) for one in lines]
    if packets != sorted(packets) or parts != sorted(parts):
        yield f"it goes back: {parts} {packets}"
    if known and (len(parts) != len(lines) or max(parts) > 100 or not lines[-1][5]):
        yield f"no part or time left: {lines[-1][0]!r}"
    if not known and (parts or lines[-1][5]):
        yield f"part or time left of what has no size: {lines[-1][0]!r}"
    if not all(int(one[4].replace(",", "")) for one in lines):
        yield f"a rate of nothing: {lines[0][0]!r}"


def trickle(to):
    packets = cli.lab("server-off")
    to.write(cli.pcap(packets[:1]))
    for one in packets[1:6]:
        to.flush()
        time.sleep(1.2 * EVERY_S)
        to.write(cli.pcap_record(one))


with cli.scratch() as folder:
    packets = cli.lab("server-off")
    cli.write(folder, x=cli.pcap(packets * (2500 // len(packets) + 1)), short=cli.pcap(packets))
    names = ["x"] * 3000
    text, took, status = run(["replay", *names], folder)
    report.check("replay of many packets", judge(text, took, True),
                 () if status == cli.NOTHING else [f"status {status}"])
    text, took, status = run(["check", "--init", *names], folder)
    report.check("check of many packets", judge(text, took, True),
                 () if status == cli.NOTHING else [f"status {status}"])
    text, took, status = run(["replay", "-"], folder, stdin=trickle)
    report.check("a pipe, whose size is not known", judge(text, took, False),
                 () if took > 5 * EVERY_S and status == cli.NOTHING else [f"status {status}"])
    text, _, _ = run(["replay", "-"], folder, out_is_terminal=False, stdin=trickle)
    report.true("none where the output goes elsewhere", not text, repr(text))
    text, _, _ = run(["replay", "short"], folder)
    report.true("none of a short run", not text, repr(text))
sys.exit(report.end())
