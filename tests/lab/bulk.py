# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Healthy connections in bulk: hundreds in a capture, and no two captures alike.

A batch draws the family, both shifts from 1 to 14 (tcp_rmem, or the route's `window`), a path
(none, or 5 to 60 ms each way at some rate, with loss up to 1 % or segments late up to 3 %),
offloads, one point, and a snap length from 64 bytes on (IPv6: 74). A connection draws who sends how
much, its own receive buffer, how it ends, and whether it was there before the capture began.
"""

import collections
import concurrent.futures
import os
import random
import shutil
import socket
import tempfile

import cable
import runner
import scenarios_path as sp
from lab import PORT, finish, receive, reset
from scenarios import Scenario
from scenarios_path import KB

TOGETHER = 12       # connections at a time
EARLY = 8           # of a batch, begun before the capture


class Batch:
    """`count` connections, with all that is drawn for them."""

    def __init__(self, key, count, seed):
        rng = self.rng = random.Random(f"{seed}/{key}")
        self.count, self.family = count, rng.choice((4, 6))
        self.shifts = rng.randint(1, 14), rng.randint(1, 14)
        self.line = rng.choice((None, None, cable.Line(
            side=rng.choice(("client", "server")), delay_ms=round(rng.uniform(5, 60), 1),
            kbit=rng.randint(20000, 100000), loss=rng.choice((0, 0, rng.randint(1, 10))),
            late=rng.choice((0, 0, rng.randint(1, 30))), late_ms=round(rng.uniform(1, 8), 1),
            seed=rng.randint(1, 10**6))))
        # Shorter ones cut IPv6's TCP header, and nothing can be said.
        shortest = 64 if self.family == 4 else 74
        self.snaplen = max(rng.choice((64, rng.randint(64, 128), 128)), shortest)
        self.bare = bool(self.line) or rng.random() < 0.5
        self.point = rng.choice(runner.POINTS)
        self.early = []
        self.open = 0

    def __str__(self):
        return (f"IPv{self.family}, shifts {self.shifts[0]} and {self.shifts[1]}, {self.point}, "
                f"snap {self.snaplen}" + (f", {self.line.describe()}" if self.line else ""))

    def scenario(self):
        setup = (sp.hosts, sp.shift("client", self.shifts[0]), sp.shift("server", self.shifts[1]))
        return Scenario("bulk", "nothing", setup, self.traffic, "", "", self.family, line=self.line,
                        bulk=self.bare, snaplen=self.snaplen, before=self.begin)

    def begin(self, net):
        net.listen()
        for _ in range(min(EARLY, self.count // 10)):
            self.early.append(self.connect(net))

    def connect(self, net):
        """One after the other, so that the accepted one is the one that was asked for."""
        sock = net.socket()
        if self.rng.random() < 0.3:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.rng.randint(4, 256) * KB)
        sock.connect(net.address("server", PORT))
        peer, _ = net.listener.accept()
        peer.settimeout(20)
        sock.settimeout(20)
        self.open += 1
        return sock, peer

    def traffic(self, net):
        with concurrent.futures.ThreadPoolExecutor(TOGETHER) as pool:
            jobs = [pool.submit(talk, self.draw(), *pair) for pair in self.early]
            while self.open < self.count:
                waiting = [job for job in jobs if not job.done()]
                if len(waiting) >= TOGETHER:
                    concurrent.futures.wait(waiting,
                                            return_when=concurrent.futures.FIRST_COMPLETED)
                jobs.append(pool.submit(talk, self.draw(), *self.connect(net)))
            for job in jobs:
                job.result()

    def draw(self):
        """(rounds of (bytes up, bytes down), whether it ends by a reset)"""
        rng = self.rng
        if rng.random() < 0.1:
            rounds = [(rng.randint(1, 200) * KB, rng.randint(1, 200) * KB)]
        else:
            rounds = [(rng.randint(1, 2000), rng.randint(1, 20000))
                      for _ in range(rng.randint(1, 6))]
        return rounds, rng.random() < 0.2


def talk(drawn, sock, peer):
    """Requests and answers; both sides send and read at the same time, so none waits."""
    rounds, by_reset = drawn
    with sock, peer:
        for up, down in rounds:
            for sender, reader, length in ((sock, peer, up), (peer, sock, down)):
                if length < 8 * KB:
                    sender.sendall(b"h" * length)
                    receive(reader, length)
                else:
                    sp.transfer(sender, reader, length)
        (reset if by_reset else finish)(sock, peer)


def judge(path):
    """(flows, those with the handshake, code -> flows and hosts with a finding by severity)"""
    records = runner.replay(path)
    flows = [record for record in records if record["type"] == "flow"]
    found = collections.Counter((finding["severity"], finding["code"])
                                for finding in runner.findings(records))
    return len(flows), sum(flow["scaling"] == "on" for flow in flows), found


def run(the_run, seed, key, slot, count, keep=None):
    """One batch: (Batch, what `judge` says of its capture, which is kept if there is a finding)."""
    batch = Batch(key, count, seed)
    with tempfile.TemporaryDirectory(prefix="wsl-lab-") as directory:
        runner.run_scenario(the_run, slot, batch.scenario(), directory, batch.rng, (batch.point,))
        path = os.path.join(directory, batch.point + ".pcap")
        result = judge(path)
        if keep and severe(result[2]):
            os.makedirs(keep, exist_ok=True)
            shutil.copy(path, os.path.join(keep, f"healthy-{key}.pcap"))
    return batch, result


def severe(found):
    return {code: count for (severity, code), count in found.items() if severity != "notice"}
