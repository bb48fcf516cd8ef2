#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# timeout: 240
"""`wscope attach` and what reads it: a reader without privileges, restarts that lose nothing, status."""

import contextlib
import json
import os
import re
import signal
import sys
import threading
import time
import urllib.request

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import live  # noqa: E402
from keeper import Keeper, bpftool, command, ours, pins, status_records  # noqa: E402
from live import Live, await_true, fails, lab, programs, talk  # noqa: E402

METRICS = "127.0.0.1:9777"
LAYOUT_AT = 32  # in struct attachments_state, behind the keeper


def process(child):
    with open(f"/proc/{child.pid}/status", encoding="utf-8") as file:
        return dict(re.findall(r"^(\w+):\t(.*)$", file.read(), re.M))


def unprivileged(run, net):
    """the reader: another user, no capability, seccomp; and it tells what happens"""
    net.server.sysctl("net.ipv4.tcp_window_scaling", 0)
    with pins() as folder:
        one = Keeper(run, net.server, "-i", "eth0", "--pin", folder)
        two = Live(run, net.server, "--pinned", "--pin", folder, "--json", "--interval", "0.5",
                   "--metrics", METRICS)
        status = process(two.child)
        for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            assert int(status[name], 16) == 0, (name, status[name])
        assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2"), status
        assert "0" not in status["Uid"].split() + status["Gid"].split(), status
        talk(net, 2)
        events = await_true("two events", lambda: len(two.events()) == 2 and two.events())
        assert {event["finding"]["code"] for event in events} == {"server-no-wscale"}, events
        assert {event["finding"]["confidence"] for event in events} == {"certain"}, events
        await_true("a summary", lambda: two.records("summary"))
        with net.server.inside(), urllib.request.urlopen(f"http://{METRICS}/metrics",
                                                         timeout=10) as answer:
            text = answer.read().decode("utf-8")
        assert 'wscope_attached{interface="eth0",hook="xdp",mode="native"} 1' in text, text
        assert re.search(r'wscope_findings_total\{[^}]*server-no-wscale[^}]*\} 2\b', text), text
        refused, said = fails(run, net.server, "--pinned", "--pin", folder)
        assert refused == 4 and "reads" in said, (refused, said)
        assert two.stop() == 0, two.err()
        assert [flow["scaling"] for flow in two.records("flow")] == ["off", "off"]
        assert one.stop() == 0, one.err()


def restarts(run, net):
    """a reader that is ended and started again: no connection is lost, none is counted twice"""
    with pins() as folder:
        one = Keeper(run, net.server, "-i", "eth0", "--pin", folder)
        two = Live(run, net.server, "--pinned", "--pin", folder, "--json")
        talk(net, 2)
        sock, peer = net.connect()
        lab.exchange(sock, peer, rounds=1)
        assert two.stop() == 0
        assert len(two.records("flow")) == 3
        lab.exchange(sock, peer, rounds=1)
        talk(net, 2)  # while nobody reads
        three = Live(run, net.server, "--pinned", "--pin", folder, "--json")
        lab.exchange(sock, peer, rounds=1)
        lab.finish(sock, peer)
        assert three.stop() == 0, three.err()
        flows = three.records("flow")
        assert len(flows) == 5, flows
        assert all(flow["scaling"] == "on" and flow["visibility"] == "both" for flow in flows), flows
        assert three.records("summary")[-1]["handshakes"] == 5
        assert one.stop() == 0


def takes_over(run, net):
    """a keeper after one that left: the same maps; other sizes, or another layout: announced, and new"""
    with pins() as folder:
        one = Keeper(run, net.server, "-i", "eth0", "--pin", folder, "--keep")
        talk(net, 2)
        assert one.stop() == 0
        assert command(net.server, "status", "--pin", folder)[0] == 0
        talk(net, 1)  # nobody is there, and it is seen
        two = Keeper(run, net.server, "-i", "eth0", "--pin", folder, "--keep")
        assert "goes on with the maps" in two.err(), two.err()
        reader = Live(run, net.server, "--pinned", "--pin", folder, "--json")
        assert reader.stop() == 0 and len(reader.records("flow")) == 3, reader.err()
        assert two.stop() == 0
        three = Keeper(run, net.server, "-i", "eth0", "--pin", folder, "--keep", "--flows", "4096")
        assert "is lost, and counted from here on" in three.err(), three.err()
        state = bpftool("map", "dump", "pinned", os.path.join(folder, "maps", "keeper"))[0]["value"]
        state[LAYOUT_AT] = f"{int(state[LAYOUT_AT], 16) ^ 1:#04x}"
        lab.run(["bpftool", "map", "update", "pinned", os.path.join(folder, "maps", "keeper"), "key",
                 "0", "0", "0", "0", "value", "hex", *[byte[2:] for byte in state]])
        refused, said = fails(run, net.server, "--pinned", "--pin", folder)
        assert refused == 4 and "another layout" in said, (refused, said)
        assert command(net.server, "status", "--pin", folder)[0] == 1
        assert three.stop() == 0
        assert command(net.server, "detach", "--pin", folder)[0] == 0
        assert not os.path.exists(folder)


def tells(run, net):
    """status: what is attached, since when, what it costs; and that nothing is"""
    before = set(ours())
    with pins() as folder:
        status, said, _ = command(net.server, "status", "--pin", folder)
        assert status == 1 and "nothing is attached" in said, said
        one = Keeper(run, net.server, "-i", "eth0", "--pin", folder, "--hooks", "xdp,tc-ingress,tc-egress")
        talk(net, 3)
        status, said, _ = command(net.server, "status", "--pin", folder)
        assert status == 0 and f"(process {one.child.pid}) runs" in said, said
        assert re.search(r"eth0 +xdp +native, program \d+, since 20", said), said
        assert said.count("link, program") == 2 and "connections             3 of 65536" in said, said
        two = Keeper(run, net.server, "-i", "eth0", "--pin", folder, wait=False)
        assert two.wait() == 4 and "another `wscope attach` keeps" in two.err(), two.err()
        status, _, why = command(net.server, "detach", "--pin", folder)
        assert status == 4 and "runs" in why, why
        assert one.stop() == 0
        assert not os.path.exists(folder)
        await_true("the programs go", lambda: set(ours()) <= before)
        assert command(net.server, "attach", "-i", "eth0", "--pin", folder, "--once")[0] == 0
        status, said, _ = command(net.server, "status", "--pin", folder)
        assert status == 0 and "ended on purpose" in said, said
        assert command(net.server, "detach", "--pin", folder)[0] == 0
        assert command(net.server, "detach", "--pin", folder)[0] == 0  # nothing to do
        await_true("the programs go", lambda: set(ours()) <= before)
        status, _, why = command(net.server, "attach", "-i", "eth0", "--pin", os.path.dirname(
            os.path.dirname(folder)) + "/no-bpffs", "--once")
        assert status == 4 and "is not in a bpffs" in why, why


def records(run, net):
    """status as records: what the kernel and the programs say, and null for what is not known"""
    with pins() as folder:
        before = status_records(net.server, folder)
        assert [one["keeper"] for one in before] == ["none"] and before[0]["connections"] is None, before
        began = time.time()
        one = Keeper(run, net.server, "-i", "eth0", "--pin", folder, "--hooks", "xdp,tc-ingress,tc-egress",
                     "--flows", "4096")
        talk(net, 3)
        sock, peer = net.connect()
        with talking(sock, peer):
            *found, last = status_records(net.server, folder)
        lab.finish(sock, peer)
        index = {link["ifindex"] for link in json.loads(net.server.run("ip", "-j", "link", "show", "dev", "eth0"))}
        assert [one["hook"] for one in found] == ["xdp", "tc-ingress", "tc-egress"], found
        assert {(one["interface"], one["state"], one["how"], one["faults"], one["fault"]) for one in found} == {
            ("eth0", "attached", "link", 0, None)}, found
        assert [one["mode"] for one in found] == ["native", None, None], found
        assert {one["ifindex"] for one in found} == index, (found, index)
        assert {str(one["program"]) for one in found} == set(programs(one.err())), found
        assert all(began < one["since"] < time.time() for one in found), found
        assert all(one["sampled_packets"] and 0 < one["packet_ns"] < 1e6 for one in found), found
        assert (last["keeper"], last["pid"], last["work"]) == ("runs", one.child.pid, "on"), last
        assert (last["attached"], last["missing"], last["detached"]) == (3, 0, 0), last
        assert last["connections"] == {"entries": 4, "size": 4096, "evicted": 0}, last
        assert last["hosts"]["entries"] == 2 and last["events"] == last["events_lost"] == 0, last
        net.server.ip("link set eth0 down")
        await_true("it is noticed", lambda: one.err().count("the interface is down") == 3)
        found = status_records(net.server, folder)[:-1]
        assert {(one["state"], one["faults"], one["fault"]) for one in found} == {("attached", 1, "down")}, found
        one.send(signal.SIGKILL)
        one.wait()
        assert status_records(net.server, folder)[-1]["keeper"] == "gone"
        assert command(net.server, "detach", "--pin", folder)[0] == 0


@contextlib.contextmanager
def talking(sock, peer):
    """Packets both ways all the while."""
    stop = threading.Event()

    def talker():
        while not stop.wait(0.05):
            lab.exchange(sock, peer, rounds=1)
    thread = threading.Thread(target=talker)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


sys.exit(live.main("attach and its readers", [unprivileged, restarts, takes_over, tells, records]))
