#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# timeout: 240
"""`wscope detach -i`: what it names is taken away, for good and without a fault, by the keeper or without one;
the others stay.
"""

import os
import signal
import sys
import time
import urllib.request

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import live  # noqa: E402
from keeper import Keeper, command, link_of, ours, pins, status_records  # noqa: E402
from live import Live, attached, await_true, lab, programs, talk  # noqa: E402

METRICS = "127.0.0.1:9778"
WATCHED = 3.0  # seconds: the watchdog looks once in each
MORE = "link add eth1 type veth peer name eth8\nlink set eth1 up\nlink set eth8 up"
FAULTS = ("not on the hook", "is gone", "there again", "were removed", "is down", "was renamed")


def states(node, folder):
    """{(interface, hook): state} of status."""
    return {(one["interface"], one["hook"]): one["state"]
            for one in status_records(node, folder)[:-1]}


def due(**interfaces):
    return {(name, hook): state for name, state in interfaces.items() for hook in ("xdp", "tc-egress")}


def running(run, net):
    """asked of a keeper that runs: off the hooks at once, and it stays so; the others are watched over"""
    net.server.ip(MORE)
    with pins() as folder:
        one = Keeper(run, net.server, "-i", "eth0", "-i", "eth1", "--pin", folder)
        reader = Live(run, net.server, "--pinned", "--pin", folder, "--metrics", METRICS)
        assert states(net.server, folder) == due(eth0="attached", eth1="attached")
        assert attached(net.server, "eth1")[0] == "native"
        assert set(attached_in_metrics(net)) == {("eth0", "1"), ("eth1", "1")}
        status, said, why = command(net.server, "detach", "-i", "eth1", "--pin", folder)
        assert (status, said, why) == (0, "", ""), (status, said, why)
        assert attached(net.server, "eth1")[0] == "" and attached(net.server, "eth0")[0] == "native"
        assert len(os.listdir(os.path.join(folder, "links"))) == 2
        asked = one.err().count("detached, as it was asked for")
        assert asked == 2, one.err()
        time.sleep(WATCHED)
        assert attached(net.server, "eth1")[0] == "", "it is attached again"
        records = status_records(net.server, folder)
        assert states(net.server, folder) == due(eth0="attached", eth1="detached")
        assert [one["faults"] for one in records[:-1]] == [0] * 4, records
        assert {key: records[-1][key] for key in ("attached", "missing", "detached")} == {
            "attached": 2, "missing": 0, "detached": 2}, records
        status, said, _ = command(net.server, "status", "--pin", folder)
        assert status == 0 and said.count("detached on purpose, since 20") == 2, said
        await_true("metrics leave it out", lambda: set(attached_in_metrics(net)) == {("eth0", "1")})
        assert command(net.server, "detach", "-i", "eth1", "--pin", folder)[0] == 0  # it is
        talk(net, 1)
        assert reader.stop() == 0, reader.err()
        assert one.child.poll() is None and not any(fault in one.err() for fault in FAULTS), one.err()
        assert one.stop() == 0 and not os.path.exists(folder)


def attached_in_metrics(net):
    with net.server.inside(), urllib.request.urlopen(f"http://{METRICS}/metrics", timeout=10) as answer:
        lines = answer.read().decode("utf-8").splitlines()
    return [(line.split('"')[1], line.split()[-1]) for line in lines if line.startswith("wscope_attached{")]


def watched(run, net):
    """what happens to an interface afterwards is no fault there, and one on the others"""
    net.server.ip(MORE)
    with pins() as folder:
        one = Keeper(run, net.server, "-i", "eth0", "-i", "eth1", "--pin", folder)
        assert command(net.server, "detach", "-i", "eth1", "--pin", folder)[0] == 0
        net.server.ip("link set eth1 down\nlink del eth1")
        for sub in ("maps", "links"):
            for name in os.listdir(os.path.join(folder, sub)):
                os.unlink(os.path.join(folder, sub, name))
        await_true("the pins are made again", lambda: one.err().count("were removed, and made again") == 2)
        net.server.ip(MORE)
        xdp = next(int(number) for number in programs(one.err()) if ours().get(int(number)) == "xdp_analyze")
        lab.run(["bpftool", "link", "detach", "id", str(link_of(xdp))])
        await_true("eth0 is attached again", lambda: one.err().count("eth0: xdp attached") == 2)
        time.sleep(WATCHED)
        assert attached(net.server, "eth1")[0] == "" and "eth1: xdp: the" not in one.err(), one.err()
        records = status_records(net.server, folder)
        assert {one["interface"]: one["faults"] for one in records[:-1] if one["hook"] == "xdp"} == {
            "eth0": 2, "eth1": 0}, records
        assert command(net.server, "detach", "-i", "eth1", "--pin", folder)[0] == 0  # again, of new pins
        assert one.stop() == 0 and not os.path.exists(folder)


def named(run, net):
    """patterns, several, what is missing; and names that mean nothing"""
    net.server.ip(MORE)
    with pins() as folder:
        status, _, why = command(net.server, "detach", "-i", "eth0", "--pin", folder)
        assert status == 0 and "nothing is attached" in why, why
        one = Keeper(run, net.server, "-i", "eth0", "-i", "eth1", "-i", "eth8", "--pin", folder)
        for word in ("eth9", "no*", "eth", "lo"):
            status, _, why = command(net.server, "detach", "-i", "eth1", "-i", word, "--pin", folder)
            assert status == 2 and why == f"wscope: nothing is attached to '{word}'\n", (status, why)
        assert states(net.server, folder) == due(eth0="attached", eth1="attached", eth8="attached")
        net.server.ip("link del eth1")  # and its peer
        await_true("it is gone", lambda: one.err().count("the interface is gone") == 4)
        assert command(net.server, "detach", "-i", "eth[1-9]", "--pin", folder)[0] == 0
        assert states(net.server, folder) == due(eth0="attached", eth1="detached", eth8="detached")
        net.server.ip(MORE)
        time.sleep(WATCHED)
        assert attached(net.server, "eth1")[0] == "" and "there again" not in one.err(), one.err()
        net.server.ip("link property add dev eth0 altname uplink")
        assert command(net.server, "detach", "-i", "uplink", "--pin", folder)[0] == 0
        assert command(net.server, "status", "--pin", folder)[0] == 1  # nothing is attached any more
        assert one.child.poll() is None
        assert one.stop() == 0 and not os.path.exists(folder)


def alone(run, net):
    """without a keeper, ended on purpose or killed; the next one attaches to all it is told to"""
    net.server.ip(MORE)
    before = set(ours())
    with pins() as folder:
        both = ("-i", "eth0", "-i", "eth1", "--pin", folder)
        assert command(net.server, "attach", *both, "--once")[0] == 0
        assert command(net.server, "detach", "-i", "eth1", "--pin", folder) == (0, "", "")
        assert attached(net.server, "eth1")[0] == "" and attached(net.server, "eth0")[0] == "native"
        assert states(net.server, folder) == due(eth0="attached", eth1="detached")
        assert command(net.server, "status", "--pin", folder)[0] == 0
        one = Keeper(run, net.server, *both, "--keep")
        assert states(net.server, folder) == due(eth0="attached", eth1="attached")
        one.send(signal.SIGKILL)
        one.wait()
        assert command(net.server, "detach", "-i", "eth0", "--pin", folder)[0] == 0
        assert states(net.server, folder) == due(eth0="detached", eth1="attached")
        assert command(net.server, "detach", "-i", "eth*", "--pin", folder)[0] == 0
        assert command(net.server, "status", "--pin", folder)[0] == 1
        assert os.listdir(os.path.join(folder, "maps")) and not os.listdir(os.path.join(folder, "links"))
        assert command(net.server, "detach", "--pin", folder)[0] == 0 and not os.path.exists(folder)
        await_true("the programs go", lambda: set(ours()) <= before)


def unanswered(run, net):
    """a keeper that does not answer, and one that cannot be asked"""
    with pins() as folder:
        one = Keeper(run, net.server, "-i", "eth0", "--pin", folder)
        one.send(signal.SIGSTOP)
        status, _, why = command(net.server, "detach", "-i", "eth0", "--pin", folder)
        assert status == 4 and "does not answer" in why, (status, why)
        assert attached(net.server, "eth0")[0] == "native"
        one.send(signal.SIGCONT)
        await_true("it is done then", lambda: one.err().count("as it was asked for") == 2)
        os.unlink(os.path.join(folder, "maps", "asked"))
        status, _, why = command(net.server, "detach", "-i", "eth0", "--pin", folder)
        assert status == 4 and "older version" in why, (status, why)
        assert one.stop() == 0 and not os.path.exists(folder)


sys.exit(live.main("detaching from some interfaces", [running, watched, named, alone, unanswered]))
