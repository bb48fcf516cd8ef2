#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What a box forwards with and without `wscope live` on it, and what a packet costs there.

    forward.py [ROUNDS]

client - box - server, three namespaces joined by veth; tcpreplay sends small segments of some hundred
connections from the client as fast as it can, and what arrives at the server is counted. Nobody
attached, native XDP and both hooks of TC take turns.

Then the kernel's own statistics (kernel.bpf_stats_enabled) say how long wscope's programs run, and how
long bench/touch.bpf.c does, the least program that looks a connection up, in the same place under the
same traffic, taking turns. Beside both stands the figure of `bench kernel` from the same run, which
is of one connection in a loop: caches, translations and branches are warm there, and no clock is read
twice a packet for the statistics. How much of that a forwarding path takes away is the machine's
doing, and touch tells: `live-HOOK` is how many times its bench figure wscope takes here, by how
many times touch does.

Printed like `make bench`; status 1 when a program takes more than twice what is so expected.
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
MOST = 2.0  # times what touch lets expect
COST_ROUNDS = 3
HOOKS = {"without": None, "xdp": ("--hooks", "xdp"), "tc": ("--hooks", "tc-ingress,tc-egress")}
DEVICES = ("in0", "out0")
TOUCH = os.path.join(live.BUILD, "bench", "touch.bpf.o")
# The names that wscope's programs have in the kernel, and the bench's names of their hooks.
PROGRAMS = {"xdp_analyze": "xdp", "tc_ingress": "tc-ingress", "tc_egress": "tc-egress"}
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


def shown(number):
    return json.loads(lab.run(["bpftool", "-j", "prog", "show", "id", str(number)]))


def busy(programs):
    """{hook: ns a packet} of those that saw the traffic; replies and neighbours go the other way."""
    return {hook: one["run_time_ns"] / one["run_cnt"] for hook, one in programs
            if one.get("run_cnt", 0) > FLOWS * SEGMENTS / 2}


def wscope_cost(run, net, path, way):
    one = attached(run, net, HOOKS[way])
    send(net, path)
    programs = [shown(number) for number in live.programs(one.err())]
    one.stop()
    return busy([(PROGRAMS[program["name"]], program) for program in programs])


def touch_xdp(net, path):
    def devices(*words):
        for device in DEVICES:
            net.box.run("ip", "link", "set", "dev", device, "xdpdrv", *words)

    devices("obj", TOUCH, "sec", "xdp.frags")
    try:
        send(net, path)
        links = [json.loads(net.box.run("ip", "-j", "link", "show", "dev", device))[0]
                 for device in DEVICES]
        return busy([("xdp", shown(link["xdp"]["prog"]["id"])) for link in links])
    finally:
        devices("off")


def touch_tc(net, path):
    for device in DEVICES:
        net.box.run("tc", "qdisc", "add", "dev", device, "clsact")
    try:
        numbers = []
        for device in DEVICES:
            for way in ("ingress", "egress"):
                net.box.run("tc", "filter", "add", "dev", device, way, "bpf", "da", "obj", TOUCH,
                            "sec", "tc")
                filters = json.loads(net.box.run("tc", "-j", "filter", "show", "dev", device, way))
                numbers += [(f"tc-{way}", one["options"]["prog"]["id"]) for one in filters
                            if "prog" in one.get("options", {})]
        send(net, path)
        return busy([(way, shown(number)) for way, number in numbers])
    finally:
        for device in DEVICES:
            net.box.run("tc", "qdisc", "del", "dev", device, "clsact")


def costs(run, net, path):
    """({hook: ns a packet} of wscope, the same of touch) by the kernel's statistics: medians."""
    found = {"wscope": {}, "touch": {}}
    before = lab.run(["sysctl", "-n", STATISTICS]).strip()
    lab.run(["sysctl", "-qw", f"{STATISTICS}=1"])
    try:
        for _ in range(COST_ROUNDS):
            for who, one in (("wscope", wscope_cost(run, net, path, "xdp")),
                             ("touch", touch_xdp(net, path)),
                             ("wscope", wscope_cost(run, net, path, "tc")),
                             ("touch", touch_tc(net, path))):
                for hook, ns in one.items():
                    found[who].setdefault(hook, []).append(ns)
    finally:
        lab.run(["sysctl", "-qw", f"{STATISTICS}={before}"])
    return [{hook: statistics.median(all_) for hook, all_ in found[who].items()}
            for who in ("wscope", "touch")]


def bench():
    """{(hook, subject): ns a packet}, as `bench kernel` measures it now."""
    done = subprocess.run([BENCH, "kernel"], capture_output=True, text=True, timeout=300, check=False,
                          env=dict(os.environ, BENCH_QUICK="1"))
    return {(hook, subject): float(ns) for hook, subject, ns in
            re.findall(r"^figure (\S+)-data-ipv4-(wscope|touch) +([\d.]+)", done.stdout, re.M)}


def judge(wscope, touch):
    """Prints a line for each hook; whether one is over, or has no figure."""
    figures, over = bench(), False
    for hook in PROGRAMS.values():
        unseen = [who for who, one in (("wscope", wscope), ("touch", touch)) if hook not in one]
        if unseen:
            print(f"forward: {hook}: {' and '.join(unseen)} did not see the traffic", file=sys.stderr)
            over = True
            continue
        plain = wscope[hook] / figures[hook, "wscope"]
        machine = touch[hook] / figures[hook, "touch"]
        over |= plain / machine > MOST
        print(f"ratio  live-{hook:<22} {plain / machine:6.2f} {MOST:8} "
              f"{'over' if plain / machine > MOST else 'ok'}: wscope {wscope[hook]:.0f} ns where the "
              f"bench has {figures[hook, 'wscope']:.0f} ({plain:.2f}), touch {touch[hook]:.0f} where "
              f"it has {figures[hook, 'touch']:.0f} ({machine:.2f})")
    return over


def measure(run, rounds):
    """0, or 1 when something is over its target."""
    net = lab.Net(run, 0, 4)
    try:
        # Nobody is there to answer: what arrives is counted, and dropped.
        net.server.ip("addr flush dev eth0\n")
        with tempfile.TemporaryDirectory(prefix="wscope-forward-") as folder:
            path = os.path.join(folder, "segments.pcap")
            capture(path)
            rates = forwarded(run, net, path, rounds)
            taken = costs(run, net, path)
        base = statistics.median(rates["without"])
        for name, all_ in rates.items():
            print(f"figure forward-{name:<20} {statistics.median(all_):9.0f} packets/s "
                  f"({min(all_):.0f} to {max(all_):.0f}), {statistics.median(all_) / base:.2f} of without")
        return int(judge(*taken))
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
