#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# timeout: 180
"""A reader that stands still: what the ring had no room for is counted, to the last event.

Connections whose server leaves the option out, each to a server of its own, so that each makes one
event and nothing else does. While the reader is stopped for ten seconds more of them come than the ring
holds. What was sent is then what was received and what was counted as lost.
"""

import os
import signal
import socket
import struct
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import live  # noqa: E402
from live import Live, await_true, lab  # noqa: E402

BEFORE, STOPPED, AFTER = 500, 30000, 500
SECONDS = 10
ELSEWHERE = "02:00:00:00:0f:0f"  # nobody's: the programs see it, the stack takes no part
CLIENT = socket.inet_aton("192.0.2.77")
WINDOW_SCALE = b"\x02\x04\x05\xb4\x01\x03\x03\x07"  # MSS, NOP, W 7
SYN, ACK = 2, 16


def frame(source, target, ports, numbers, flags, options=b""):
    tcp = struct.pack(">HHIIBBHHH", *ports, *numbers, (20 + len(options)) // 4 << 4, flags, 1000, 0, 0)
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 40 + len(options), 7, 0, 64, 6, 0, source, target)
    macs = bytes.fromhex((ELSEWHERE + lab.MAC["client"]).replace(":", ""))
    return macs + b"\x08\x00" + ip + tcp + options


def refused(wire, number):
    """One handshake of a server that leaves the option out."""
    server = struct.pack(">I", 0x0A000000 + number)
    there, back = (40000, 443), (443, 40000)
    wire.send(frame(CLIENT, server, there, (99, 0), SYN, WINDOW_SCALE))
    wire.send(frame(server, CLIENT, back, (499, 100), SYN | ACK))
    wire.send(frame(CLIENT, server, there, (100, 500), ACK))


def stopped(run, net):
    """a reader stopped for ten seconds: events sent = received + counted as lost"""
    with net.box.inside():
        wire = net.keep(socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
        wire.bind(("out0", 0))
    one = Live(run, net.server, "-i", "eth0", "--json", "--hooks", "xdp", "--interval", "600")
    for number in range(BEFORE):
        refused(wire, number)
    await_true("the first events", lambda: len(one.events()) == BEFORE)
    one.send(signal.SIGSTOP)
    began = time.monotonic()
    for number in range(BEFORE, BEFORE + STOPPED):
        refused(wire, number)
    time.sleep(max(0, SECONDS - (time.monotonic() - began)))
    one.send(signal.SIGCONT)
    await_true("some room", lambda: len(one.events()) > BEFORE)
    time.sleep(1)
    for number in range(BEFORE + STOPPED, BEFORE + STOPPED + AFTER):
        refused(wire, number)
    time.sleep(0.5)
    status = one.stop()
    records = one.records()
    summary = records[-1]
    received = sum(record["type"] == "event" for record in records)
    lost = summary["lost"]["events"]
    print(f"# {BEFORE + STOPPED + AFTER} sent, {received} received, {lost} counted as lost")
    assert received + lost == BEFORE + STOPPED + AFTER, (received, lost)
    assert received >= BEFORE + AFTER and lost > STOPPED / 2, (received, lost)
    assert status == 5, status  # incomplete
    assert f"{lost} events were lost" in one.err(), one.err()
    # The tables lost nothing: what each connection was stands in its record.
    assert summary["handshakes"] == BEFORE + STOPPED + AFTER, summary
    assert summary["findings"]["server-no-wscale"] == BEFORE + STOPPED + AFTER, summary


sys.exit(live.main("a stopped reader", [stopped]))
