#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# timeout: 240
"""live --compare between the two interfaces of a box that forwards, on real stacks.

What the box was told to change is named, and nothing else; a box that changes nothing is said to;
what it drops is missing; with and without receive and segmentation offload on its interfaces; and
nothing is attached.
"""

import os
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import live  # noqa: E402
from live import Live, await_true, lab, talk  # noqa: E402

SIDES = ("-i", "in0", "-i", "out0", "--compare")
MANGLE = ("-t", "mangle", "-A", "FORWARD", "-p", "tcp")
STRIP = (*MANGLE, "--tcp-flags", "SYN,ACK", "SYN,ACK", "-j", "TCPOPTSTRIP", "--strip-options", "wscale")
CLAMP = (*MANGLE, "--tcp-flags", "SYN,RST", "SYN", "-j", "TCPMSS", "--set-mss", "1200")
MASQUERADE = ("-t", "nat", "-A", "POSTROUTING", "-o", "out0", "-j", "MASQUERADE")


def codes(record):
    return sorted({(one["code"], one["direction"]) for one in record["changes"]}, key=str)


def watched(run, net, traffic, *argv):
    """(exit status, the last record) of what passes the box meanwhile."""
    one = Live(run, net.box, *SIDES, "--json", *argv)
    traffic()
    time.sleep(0.3)
    status = one.stop()
    assert not one.err().splitlines()[1:], one.err()
    assert "tc-ingress" not in net.box.run("tc", "filter", "show", "dev", "in0", "ingress")
    return status, one.records("compare")[-1], one


def named(run, net, rules, due, flows=4):
    for rule in rules:
        net.box.tables(4, *rule)
    status, whole, _ = watched(run, net, lambda: talk(net, flows))
    assert codes(whole) == sorted(due, key=str), whole
    assert status == (1 if due else 0), status
    assert whole["flows"] == flows and whole["packets"] >= 9 * flows, whole
    assert whole["packets"] == whole["before_packets"] == whole["after_packets"], whole
    assert not whole["unclaimed"] and not whole["lost"], whole
    assert (whole["before"], whole["after"]) == ("in0", "out0"), whole


def clean(run, net):
    """a box that only forwards changes nothing: status 0"""
    named(run, net, [], [])


def strips(run, net):
    """the window-scale option of SYN-ACKs is stripped"""
    named(run, net, [STRIP], [("wscale-stripped", "s2c")])


def clamps(run, net):
    """the MSS is clamped in both directions"""
    named(run, net, [CLAMP], [("mss-clamped", "c2s"), ("mss-clamped", "s2c")])


def translates(run, net):
    """masquerading: connections are found behind it, and nothing else is said"""
    named(run, net, [MASQUERADE], [("nat", None)])


def another_ttl(run, net):
    """the TTL of some packets is set"""
    named(run, net, [(*MANGLE, "-i", "in0", "--tcp-flags", "PSH", "PSH", "-j", "TTL", "--ttl-set", "9")],
          [("ttl-rewritten", "c2s")])


def together(run, net):
    """all of it at once"""
    named(run, net, [STRIP, CLAMP, MASQUERADE],
          [("wscale-stripped", "s2c"), ("mss-clamped", "c2s"), ("mss-clamped", "s2c"), ("nat", None)])


def bulk(net, size):
    """One connection with that much data."""
    sock, peer = net.connect()
    sock.setblocking(True)
    left = size
    sender = threading.Thread(target=sock.sendall, args=(b"x" * size,))
    sender.start()
    while left:
        left -= len(peer.recv(1 << 20))
    sender.join()
    lab.finish(sock, peer)


def offload(run, net):
    """large segments on one interface and their pieces on the other are the same: folded"""
    for argv in (("in0", "on"), ("out0", "on")):
        net.box.run("ethtool", "-K", argv[0], "tso", argv[1], "gso", argv[1], "gro", argv[1])
    net.client.run("ethtool", "-K", "eth0", "tso", "on", "gso", "on", "tx", "on", "sg", "on")
    net.box.run("ethtool", "-K", "out0", "tso", "off", "gso", "off")
    status, whole, _ = watched(run, net, lambda: bulk(net, 8 << 20))
    print(f"# {whole['before_folded']} segments at in0 are {whole['after_folded']} at out0")
    assert not whole["changes"] and status == 0, whole
    assert 20 < whole["before_folded"] < whole["after_folded"] / 4, whole


def drops(run, net):
    """what the box drops is missing, in the middle of what passes, and given up after 5 seconds"""
    net.box.tables(4, "-A", "FORWARD", "-p", "tcp", "-i", "in0", "--tcp-flags", "SYN,PSH", "PSH",
                   "-m", "statistic", "--mode", "nth", "--every", "9", "--packet", "0", "-j", "DROP")
    one = Live(run, net.box, *SIDES, "--json", "--interval", "1")
    until = time.monotonic() + 8
    while time.monotonic() < until:
        talk(net, 4)
    first = await_true("a record in between", lambda: one.records("compare"))
    assert one.stop() == 1, one.err()
    last = one.records("compare")[-1]
    assert len(one.records("compare")) > 5 and first, one.out()
    assert codes(last) == [("packets-missing", "c2s")], last
    missing = last["changes"][0]["packets"]
    assert last["before_packets"] - last["after_packets"] == missing > 2, last
    assert any(one["changes"] for one in one.records("compare")[:-1]), one.out()


def refused(run, net):
    """an interface that is not there; text and the end of the time"""
    status, said = live.fails(run, net.box, "-i", "in0", "-i", "none0", "--compare")
    assert status == 4 and "cannot capture on 'none0'" in said, (status, said)
    one = Live(run, net.box, *SIDES, "--duration", "2")
    talk(net, 2)
    assert one.wait() == 0 and one.out().startswith("The box changes nothing\n"), one.out()
    one = Live(run, net.box, *SIDES, "--duration", "0.5")
    assert one.wait() == 5 and "no packet passed both interfaces" in one.err(), one.err()


if __name__ == "__main__":
    sys.exit(live.main("compare", [clean, strips, clamps, translates, another_ttl, together, offload, drops,
                                   refused]))
