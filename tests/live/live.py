# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""`wscope live` under test: started inside a namespace of the lab, watched through its output."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))
BUILD = os.environ.get("WSCOPE_BUILD", os.path.join(ROOT, "build"))
WSCOPE = os.environ.get("WSCOPE", os.path.join(BUILD, "wscope"))
sys.path.insert(0, os.path.join(ROOT, "tests", "lab"))
import lab  # noqa: E402
from tap import Tap  # noqa: E402,F401

PATIENCE = 10.0
STARTS = 60.0      # the verifier takes its time where others want the processors, too
REFUSED = re.compile(r"not supported|[Uu]nknown device type|netns.*not permitted")


def await_true(what, question, patience=PATIENCE):
    """Ask until the answer is true; its value. AssertionError when it does not become so."""
    end = time.monotonic() + patience
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {patience} s")
        time.sleep(0.05)


class Live:
    """One `wscope live`, attached when the constructor returns (wait=False: perhaps not)."""

    COMMAND, READY = "live", "wscope: watching"

    def __init__(self, run, node, *args, prefix=(), program=WSCOPE, wait=True):
        self.run = run
        self.files = [tempfile.TemporaryFile("w+", encoding="utf-8") for _ in range(2)]
        with node.inside():
            self.child = run.spawn([*prefix, program, self.COMMAND, *args], stdin=subprocess.DEVNULL,
                                   stdout=self.files[0], stderr=self.files[1])
        if wait:
            await_true(f"wscope {self.COMMAND} attaches",
                       lambda: self.READY in self.err() or self.child.poll() is not None, STARTS)
            if self.child.poll() is not None:
                raise AssertionError(f"status {self.child.returncode}: {self.err()}")

    def said(self, which):
        # Read at an offset of our own: the child writes through the same open file.
        fd, data = self.files[which].fileno(), bytearray()
        while chunk := os.pread(fd, 65536, len(data)):
            data += chunk
        return data.decode("utf-8")

    def out(self):
        return self.said(0)

    def err(self):
        return self.said(1)

    def records(self, kind=None):
        """The complete JSON lines so far."""
        lines = self.out().split("\n")[:-1]
        parsed = [json.loads(line) for line in lines]
        return [one for one in parsed if kind in (None, one["type"])]

    def events(self, code=None):
        return [one for one in self.records("event") if code in (None, one["finding"]["code"])]

    def send(self, number):
        self.child.send_signal(number)

    def wait(self, patience=PATIENCE):
        status = self.child.wait(timeout=patience)
        self.run.forget(self.child)
        return status

    def stop(self, number=signal.SIGTERM):
        """Ask it to end; its exit status."""
        self.send(number)
        return self.wait()


def fails(run, node, *args, **kwargs):
    """A start that must fail: (exit status, what it says)."""
    live = Live(run, node, *args, wait=False, **kwargs)
    status = live.wait()
    return status, live.out() + live.err()


def talk(net, count, port=0):
    """Connections with data both ways, closed by FIN."""
    for _ in range(count):
        sock, peer = net.connect(port)
        lab.exchange(sock, peer, rounds=1)
        lab.finish(sock, peer)


XDP_MODES = {1: "native", 2: "generic", 3: "offloaded"}


def attached(node, device):
    """What the kernel has on a device, by other tools: (XDP mode or "", filters, clsact there)."""
    shown = json.loads(node.run("ip", "-j", "link", "show", "dev", device))[0]
    filters = []
    for side in ("ingress", "egress"):
        text = node.run("tc", "filter", "show", "dev", device, side)
        filters += [line for line in text.splitlines() if "handle" in line]
    return (XDP_MODES.get(shown.get("xdp", {}).get("mode"), ""), len(filters),
            "clsact" in node.run("tc", "qdisc", "show", "dev", device))


def programs(text):
    """The ids of the programs that wscope says it attached."""
    return sorted(set(re.findall(r"\(program (\d+)\)", text)))


def alive(ids):
    """Those of the programs that the kernel still has; a detached one without owner is gone."""
    return [one for one in ids
            if not subprocess.run(["bpftool", "prog", "show", "id", one], capture_output=True,
                                  check=False).returncode]


def main(name, tests):
    """Run the tests, each in a lab of its own: test(tap, run, net) makes its results itself."""
    return main_of(name, lambda tap, run: [one(tap, run, slot, test)
                                           for slot, test in enumerate(tests)])


def main_of(name, body):
    """Run body(tap, run) with a run of the lab that is closed however this ends."""
    tap = Tap()
    if os.geteuid() != 0:
        tap.skip(name, "privilege: namespaces and attaching need root")
        return tap.end()
    run = lab.Run()
    stop = {signal.SIGTERM, signal.SIGINT}
    for number in stop:
        signal.signal(number, lambda *_: sys.exit(1))
    try:
        body(tap, run)
    finally:
        run.close()
    return tap.end()


def one(tap, run, slot, test):
    title = (test.__doc__ or test.__name__).split("\n", maxsplit=1)[0].rstrip(".")
    net = None
    try:
        net = lab.Net(run, slot, 4)
        net.listen()
        test(run, net)
        tap.ok(True, title)
    except lab.LabError as error:
        if REFUSED.search(str(error)):
            tap.skip(title, f"kernel: {str(error).splitlines()[0]}")
        else:
            tap.ok(False, title, error)
    except Skip as skip:
        tap.skip(title, str(skip))
    except Exception as error:  # pylint: disable=broad-except
        tap.ok(False, title, f"{type(error).__name__}: {error}")
    finally:
        if net:
            net.close()


class Skip(Exception):
    """The kernel cannot do what the test needs; the text is the reason, with its category."""
