#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What a box forwards with and without `wscope live` on it, and what a packet costs there.

    forward.py [ROUNDS]

client - box - server, three namespaces joined by veth; tcpreplay sends small segments of some hundred
connections from the client as fast as it can, and what arrives at the server is counted. Nobody
attached, native XDP and both hooks of TC take turns. Then the kernel's own statistics
(kernel.bpf_stats_enabled) say how long the programs run, beside the figure of `bench kernel` from the
same run. Printed like `make bench`; status 1 when a program takes more than twice that figure.
"""

import json
import os
import re
import statistics
import struct
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import live  # noqa: E402
from live import Live, lab  # noqa: E402

BENCH = os.path.join(live.BUILD, "bench", "bench")
STATISTICS = "kernel.bpf_stats_enabled"
FLOWS, SEGMENTS, PAYLOAD = 200, 4000, 64
MOST = 2.0  # times the bench's figure
HOOKS = {"without": None, "xdp": ("--hooks", "xdp"), "tc": ("--hooks", "tc-ingress,tc-egress")}
START = 1700000000


def frame(source, number, seq, flags, options=b"\1\1\x08\x0a" + bytes(8), payload=PAYLOAD):
    length = 20 + len(options)
    tcp = struct.pack(">HHIIBBHHH", 10000 + number, 443, seq, 1, length // 4 << 4, flags, 500, 0, 0)
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + length + payload, 7, 0, 64, 6, 0, source[0],
                     source[1])
    total = sum(struct.unpack(">10H", ip))
    total = (total & 0xffff) + (total >> 16)
    ip = ip[:10] + struct.pack(">H", 0xffff & ~(total + (total >> 16))) + ip[12:]
    macs = bytes.fromhex((lab.MAC["in0"] + lab.MAC["client"]).replace(":", ""))
    return macs + b"\x08\x00" + ip + tcp + options + bytes(payload)


def capture(path):
    """Each connection's SYN and third packet, then data in turns: no packet comes twice."""
    ends = [bytes(map(int, lab.ADDRESS[4][role].split("."))) for role in ("client", "server")]
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))

        def put(data):
            file.write(struct.pack("<4I", START, 0, len(data), len(data)) + data)

        for number in range(FLOWS):
            put(frame(ends, number, 99, 2, b"\x02\x04\x05\xb4\x01\x03\x03\x07", 0))
            put(frame(ends, number, 100, 16, payload=0))
        for turn in range(SEGMENTS):
            for number in range(FLOWS):
                put(frame(ends, number, 100 + turn * PAYLOAD, 24))


def arrived(net):
    shown = json.loads(net.server.run("ip", "-j", "-s", "link", "show", "dev", "eth0"))
    return shown[0]["stats64"]["rx"]["packets"]


def send(net, path):
    """The capture once, as fast as it goes; seconds that took."""
    with net.client.inside():
        done = subprocess.run(["tcpreplay", "--quiet", "--topspeed", "--preload-pcap",
                               "--no-flow-stats", "--intf1=eth0", path],
                              capture_output=True, text=True, timeout=120, check=True)
    # Not the program's: it reads the file first.
    return float(re.search(r"Actual: \d+ packets \(\d+ bytes\) sent in ([\d.]+) seconds",
                           done.stdout)[1])


def attached(run, net, hooks):
    if not hooks:
        return None
    return Live(run, net.box, "-i", "in0", "-i", "out0", *hooks, "--interval", "600", "--json")


def forwarded(run, net, path, rounds):
    """{name: packets a second, of each round}; taking turns."""
    rates = {name: [] for name in HOOKS}
    for _ in range(rounds):
        for name, hooks in HOOKS.items():
            one = attached(run, net, hooks)
            before = arrived(net)
            seconds = send(net, path)
            rates[name].append((arrived(net) - before) / seconds)
            if one:
                one.stop()
    return rates


def cost(run, net, path, hooks):
    """ns a packet by the kernel's statistics, over all programs of the run: {name: (ns, packets)}"""
    before = lab.run(["sysctl", "-n", STATISTICS]).strip()
    lab.run(["sysctl", "-qw", f"{STATISTICS}=1"])
    try:
        one = attached(run, net, hooks)
        send(net, path)
        shown = [json.loads(lab.run(["bpftool", "-j", "prog", "show", "id", number]))
                 for number in live.programs(one.err())]
        one.stop()
    finally:
        lab.run(["sysctl", "-qw", f"{STATISTICS}={before}"])
    return {one["name"]: (one["run_time_ns"] / one["run_cnt"], one["run_cnt"])
            for one in shown if one.get("run_cnt", 0) > FLOWS * SEGMENTS / 2}


def bench():
    """ns a packet of each hook, as `bench kernel` measures it now."""
    done = subprocess.run([BENCH, "kernel"], capture_output=True, text=True, timeout=300, check=False,
                          env=dict(os.environ, BENCH_QUICK="1"))
    return {hook: float(ns) for hook, ns in
            re.findall(r"^figure (\S+)-data-ipv4-wscope +([\d.]+)", done.stdout, re.M)}


def measure(run, rounds):
    """0, or 1 when something is over its target."""
    net = lab.Net(run, 0, 4)
    over = 0
    try:
        # Nobody is there to answer: what arrives is counted, and dropped.
        net.server.ip("addr flush dev eth0\n")
        with tempfile.TemporaryDirectory(prefix="wscope-forward-") as folder:
            path = os.path.join(folder, "segments.pcap")
            capture(path)
            rates = forwarded(run, net, path, rounds)
            costs = {**cost(run, net, path, HOOKS["xdp"]), **cost(run, net, path, HOOKS["tc"])}
        base = statistics.median(rates["without"])
        for name, all_ in rates.items():
            print(f"figure forward-{name:<20} {statistics.median(all_):9.0f} packets/s "
                  f"({min(all_):.0f} to {max(all_):.0f}), {statistics.median(all_) / base:.2f} of without")
        figures = bench()
        hooks = {"xdp_analyze": "xdp", "tc_ingress": "tc-ingress", "tc_egress": "tc-egress"}
        for name, (ns, packets) in sorted(costs.items()):
            limit = MOST * figures[hooks[name]]
            over |= ns > limit
            print(f"ratio  live-{name:<22} {ns / figures[hooks[name]]:6.2f} {MOST:8} "
                  f"{'over' if ns > limit else 'ok'}: {ns:.0f} ns where the bench has "
                  f"{figures[hooks[name]]:.0f}, {packets} packets")
        return int(over or len(costs) < 3)
    finally:
        net.close()


def main():
    run = lab.Run()
    try:
        return measure(run, int(sys.argv[1]) if len(sys.argv) > 1 else 5)
    finally:
        run.close()


if __name__ == "__main__":
    sys.exit(main())
