# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Runs one scenario of the lab with captures at its points, and the product on a capture."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

import lab

POINTS = ("client", "box-in", "box-out", "server")
ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
PROGRAM = os.environ.get("WSCOPE", os.path.join(os.environ.get("WSCOPE_BUILD", "build"), "wscope"))
# What a kernel without the parts says.
REFUSED = re.compile(r"not supported|No chain/target/match|[Uu]nknown device type|"
                     r"revision 0 not supported|netns.*not permitted|BPF is refused|"
                     r"No such file.*(net\.netfilter|sys.net)")
SEVERE = ("notice", "warning", "critical")


def missing_tool():
    return next((tool for tool in ("ip", "tc", "tcpdump", "iptables", "ip6tables", "setpriv")
                 if not shutil.which(tool)), None)


def points_of(scenario):
    return POINTS + (("box-any",) if scenario.box_any else ())


def snap_length(scenario):
    """Whole headers: link (20 for SLL2) + tunnel + IP + 60 bytes of TCP."""
    tunnel = 50 if scenario.layout == "vxlan" else 0
    return scenario.snaplen or tunnel + 20 + (20 if scenario.family == 4 else 40) + 60


def run_scenario(the_run, slot, scenario, directory, vary=None, only=None):
    """Run it, with DIRECTORY/POINT.pcap written; what the ends said of their connections."""
    net = lab.Net(the_run, slot, scenario.family, scenario.layout, scenario.line, scenario.bulk,
                  vary)
    captures = []
    try:
        for setup in scenario.setup:
            setup(net)
        if scenario.before:
            scenario.before(net)
        points = net.points()
        for name in only or points_of(scenario):
            node, device, expression = points[name]
            captures.append(lab.Capture(the_run, node, device,
                                        os.path.join(directory, name + ".pcap"),
                                        snap_length(scenario), expression))
        for capture in captures:
            capture.wait()
        scenario.traffic(net)
        time.sleep(0.1)
        for capture in captures:
            capture.stop()
        if net.carrier:
            check_line(scenario.line, net.carrier.stop(), vary)
        return net.records
    finally:
        for capture in captures:
            if capture.child.poll() is None:
                capture.child.kill()
                capture.child.wait()
            capture.child.stderr.close()
            the_run.forget(capture.child)
        net.close()


def check_line(line, counts, vary):
    """What the delay line was told to do to the traffic it did, and nothing else."""
    for name, due in (("lost", line.loss), ("late", line.late)):
        if bool(counts[name]) > bool(due) or bool(counts[name]) < bool(due) and not vary:
            raise lab.LabError(f"the delay line had {counts[name]} frames {name}")


def leave_on_signals(the_run, scratch=None):
    """A signal ends the run with all that it made, the folder `scratch` too, and the process."""
    def leave(number, _frame):
        the_run.close()
        if scratch:
            shutil.rmtree(scratch, ignore_errors=True)
        os._exit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)


@contextlib.contextmanager
def whole_run():
    """A Run of the lab that is closed however the block, or the process, ends.

    All temporary files of the process are in a folder that goes with it.
    """
    the_run = lab.Run()
    with tempfile.TemporaryDirectory(prefix="wsl-lab-", ignore_cleanup_errors=True) as scratch:
        leave_on_signals(the_run, scratch)
        tempfile.tempdir = scratch
        try:
            yield the_run
        finally:
            tempfile.tempdir = None
            the_run.close()


def replay(path):
    """The records of one capture; an exit status other than 0 is an error."""
    done = subprocess.run([PROGRAM, "replay", "--json", path], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        raise ValueError(f"exit status {done.returncode}: {done.stderr.strip()}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def findings(records, severities=SEVERE):
    """All findings of the records that have one of the severities."""
    return [finding for record in records if record["type"] in ("flow", "endpoint")
            for finding in record["findings"] if finding["severity"] in severities]
