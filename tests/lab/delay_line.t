#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The delay line does to frames what it is told, and nothing else.

Numbered frames go in at one end, and at the other end come the same bytes, in order, after the
delay; at the rate; without those that are lost, and with those behind that are late; the same ones
for the same seed. What it has no room for is counted. It ends at SIGTERM and with its parent.
"""

import contextlib
import os
import shutil
import socket
import struct
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cable  # noqa: E402
import lab  # noqa: E402
from tap import Tap  # noqa: E402

tap = Tap()
ETHERTYPE = 0x88B5      # for local experiments
LENGTH, QUEUE = 1200, 4096


class Bench:
    """A namespace in which two cables end at the delay line: near - left, right - far."""

    def __init__(self, the_run):
        self.run, self.node = the_run, lab.Node(the_run, 0, "line")
        self.node.sysctl("net.ipv6.conf.all.disable_ipv6", 1)
        self.node.sysctl("net.ipv6.conf.default.disable_ipv6", 1)
        self.node.ip("link add near type veth peer name left\n"
                     "link add far type veth peer name right\n"
                     + "".join(f"link set {name} up\n" for name in ("near", "left", "right",
                                                                    "far")))
        with self.node.inside():
            self.near, self.far = (socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
                                   for _ in range(2))
            self.near.bind(("near", 0))
            self.far.bind(("far", ETHERTYPE))
        self.far.setsockopt(socket.SOL_SOCKET, 33, 32 << 20)    # SO_RCVBUFFORCE
        self.far.settimeout(0.5)

    def send(self, count, line, **more):
        """What comes out: (number, seconds after its sending, after the first); the line's counts."""
        carrier = cable.Carrier(self.run, self.node, cable.Line(**({"delay_ms": 20} | line)),
                                "left", "right", lab.LabError)
        sent, came = [], []
        for number in range(count):
            sent.append(time.monotonic())
            self.near.send(frame(number, **more))
        with contextlib.suppress(TimeoutError):
            while len(came) < count:
                data = self.far.recv(65536)
                number = struct.unpack_from(">I", data, 14)[0]
                if data != frame(number, **more):
                    raise ValueError(f"frame {number} has other bytes")
                now = time.monotonic()
                came.append((number, now - sent[number], now - sent[0]))
        try:
            return came, carrier.stop()
        except lab.LabError as error:
            return came, str(error)
        finally:
            carrier.kill()


def frame(number, length=LENGTH):
    head = bytes(12) + struct.pack(">HI", ETHERTYPE, number)
    return head + bytes((number + i) % 256 for i in range(length - len(head)))


def numbers(came):
    return [number for number, _, _ in came]


def check_carrying(bench):
    came, counts = bench.send(300, {})
    tap.ok(numbers(came) == list(range(300)) and counts["carried"] == 300,
           "the same frames, in order", counts)
    quickest = min((delay for _, delay, _ in came), default=0)
    tap.ok(0.02 <= quickest < 0.1, f"not before 20 ms: {quickest * 1000:.1f} ms")
    came, _ = bench.send(100, {"kbit": 8000, "delay_ms": 0})
    span = came[-1][2] if came else 0
    tap.ok(0.119 <= span < 0.25, f"100 frames of 1200 bytes at 8 Mbit/s in {span * 1000:.0f} ms")


def check_damage(bench):
    spoiled = [bench.send(1000, {"loss": 50, "seed": seed})[0] for seed in (7, 7, 8)]
    lost = [set(range(1000)) - set(numbers(came)) for came in spoiled]
    tap.ok(20 <= len(lost[0]) <= 90 and all(numbers(came) == sorted(numbers(came))
                                            for came in spoiled),
           f"5 % loss of 1000: {len(lost[0])} lost, the rest in order")
    tap.ok(lost[0] == lost[1] != lost[2], "the seed decides which are lost")
    came, counts = bench.send(300, {"loss": 500, "late": 500}, length=200)
    tap.ok(numbers(came) == list(range(300)), "short frames are neither lost nor late", counts)
    came, counts = bench.send(1000, {"late": 20})
    order = numbers(came)
    behind = sum(number < max(order[:at]) for at, number in enumerate(order) if at)
    tap.ok(sorted(order) == list(range(1000)) and 0 < behind <= counts["late"] <= 60,
           f"2 % late of 1000: {counts['late']} late, {behind} of them overtaken, none lost")


def check_bound(bench):
    came, said = bench.send(QUEUE + 500, {"delay_ms": 400}, length=60)
    tap.ok(numbers(came) == list(range(QUEUE)) and "overflow 500" in str(said),
           f"holds {QUEUE} frames and counts what is beyond", f"{len(came)} came; {said}")


def check_parent(node):
    """A delay line whose parent is killed is gone."""
    script = ("import subprocess, sys; c = subprocess.Popen(['setpriv', '--pdeathsig', 'KILL',"
              " *sys.argv[1:]], stdout=subprocess.PIPE); c.stdout.readline(); print(c.pid,"
              " flush=True); sys.stdin.read()")
    with node.inside():
        parent = subprocess.Popen([sys.executable, "-c", script,
                                   *cable.Line().argv("left", "right")], text=True,
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()
    end = time.monotonic() + 5
    while os.path.exists(f"/proc/{pid}") and time.monotonic() < end:
        time.sleep(0.02)
    tap.ok(not os.path.exists(f"/proc/{pid}"), "it dies with its parent")


def main():
    name = "the delay line carries frames"
    if os.geteuid() != 0:
        tap.skip(name, "privilege: not root")
        return tap.end()
    missing = next((tool for tool in ("ip", "setpriv") if not shutil.which(tool)), None)
    if missing:
        tap.skip(name, f"package: {missing} is not installed")
        return tap.end()
    the_run = lab.Run()
    try:
        bench = Bench(the_run)
        check_carrying(bench)
        check_damage(bench)
        check_bound(bench)
        check_parent(bench.node)
    finally:
        the_run.close()
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
