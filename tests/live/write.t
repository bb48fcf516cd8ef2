#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# timeout: 240
"""live --write, and Wireshark's interfaces (extcap), on real stacks.

What is written of live packets: headers and nothing behind them, of flagged connections, with the
findings as comments in the words and with the certainty of the events. Loss is counted. Then the
same inside tshark, which finds the program in its extcap folder.
"""

import os
import re
import signal
import struct
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "cli")]
import blocks  # noqa: E402
import live  # noqa: E402
from live import Live, await_true, lab, talk  # noqa: E402

SETTING = "net.ipv4.tcp_window_scaling"
SERVER, CLIENT = lab.ADDRESS[4]["server"], lab.ADDRESS[4]["client"]
SYN, ACK = 2, 16


def load(path):
    with open(path, "rb") as file:
        return blocks.read(file.read())


def tcp(packet):
    """(flags, bytes up to the end of the TCP header, of a plain frame)"""
    kind = struct.unpack_from(">H", packet.data, 12)[0]
    at = 14 + ((packet.data[14] & 15) * 4 if kind == 0x0800 else 40)
    return packet.data[at + 13], at + (packet.data[at + 12] >> 4) * 4


def captured(capture, connections, side="server", blame="host", confidence="certain"):
    """Each connection's SYN and SYN-ACK have their comment; nothing else does, nothing has payload."""
    seen = {"SYN": 0, "SYN-ACK": 0}
    for packet in capture.packets:
        flags, headers = tcp(packet)
        assert len(packet.data) == headers <= packet.wirelen, packet
        if not flags & SYN or (side == "client" and flags & ACK):
            assert not packet.comments, packet
            continue
        seen["SYN-ACK" if flags & ACK else "SYN"] += 1
        assert len(packet.comments) == 1, packet
        assert packet.comments[0].startswith(f"warning {side}-no-wscale: "), packet
        assert f"(side {side}, blame {blame}, confidence {confidence}" in packet.comments[0], packet
    assert seen["SYN"] == connections, seen
    times = [packet.ns for packet in capture.packets]
    assert times == sorted(times) and abs(times[0] / 1e9 - time.time()) < 60, times
    assert any(packet.wirelen > len(packet.data) for packet in capture.packets), "data had passed"


def flagged(run, net):
    """flagged connections only: headers, comments as certain as the events, counts of the sockets"""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "out")
        one = Live(run, net.server, "-i", "eth0", "--json", "-w", path)
        talk(net, 2)
        net.server.sysctl(SETTING, 0)
        talk(net, 3)
        await_true("three events", lambda: len(one.events("server-no-wscale")) == 3)
        assert one.stop() == 0, one.err()
        assert len(one.records("flow")) == 5
        events = {event["finding"]["text"] for event in one.events()}
        capture = load(path)
        captured(capture, 3)
        texts = {text for packet in capture.packets for text in packet.comments}
        assert all(any(event in text for event in events) for text in texts), texts
        interface, = capture.interfaces
        assert interface.options[blocks.NAME] == [b"eth0"] and interface.snaplen == 256, interface
        (_, ns, counts), = capture.statistics
        assert abs(ns / 1e9 - time.time()) < 60
        received, lost, delivered = (blocks.count(counts[code][0]) for code in (
            blocks.RECEIVED, blocks.OS_LOST, blocks.DELIVERED))
        assert lost == 0 and received >= delivered > len(capture.packets), counts
        rows = blocks.tshark(path, "frame.comment")
        assert [row[0] for row in rows] == [packet.comments for packet in capture.packets]


def every(run, net):
    """--write-all: all TCP segments, also of connections without a finding, over IPv6"""
    net.family = 6
    net.listen()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "out")
        one = Live(run, net.server, "-i", "eth0", "--json", "--write-all", "--write", path)
        talk(net, 2)
        time.sleep(0.3)
        assert one.stop() == 0, one.err()
        packets = load(path).packets
        assert sum(flow[way]["packets"] for flow in one.records("flow")
                   for way in ("c2s", "s2c")) == len(packets), len(packets)
        assert all(len(packet.data) == tcp(packet)[1] and not packet.comments
                   for packet in packets), packets


def elsewhere(run, net):
    """a client elsewhere: blame is not certain; packets come in and go out in their order"""
    net.client.sysctl(SETTING, 0)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "out")
        one = Live(run, net.server, "-i", "eth0", "--json", "-w", path)
        talk(net, 2)
        await_true("two events", lambda: len(one.events()) == 2)
        assert one.stop() == 0, one.err()
        captured(load(path), 2, "client", "host-or-path", "high")


def forwarded(run, net):
    """a box that forwards, both its interfaces: each packet once on each, comments once"""
    net.server.sysctl(SETTING, 0)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "out")
        one = Live(run, net.box, "-i", "in0", "-i", "out0", "--hooks", "tc-ingress", "-w", path,
                   "--json")
        talk(net, 1)
        await_true("an event", one.events)
        assert one.stop() == 0, one.err()
        capture = load(path)
        assert [i.options[blocks.NAME] for i in capture.interfaces] == [[b"in0"], [b"out0"]]
        sides = [sum(packet.interface == i for packet in capture.packets) for i in (0, 1)]
        assert sides[0] == sides[1] == sum(one.records("flow")[0][way]["packets"]
                                           for way in ("c2s", "s2c")), sides
        texts = [text for packet in capture.packets for text in packet.comments]
        assert len(texts) == 2 and "blame host-or-path" in texts[0], texts


def stream(run, net):
    """--write -: packets on standard output while it runs, events and the report on standard error"""
    net.server.sysctl(SETTING, 0)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "out")
        with open(path, "wb") as out, open(os.path.join(folder, "err"), "w+b") as err:
            with net.server.inside():
                child = run.spawn([live.WSCOPE, "live", "-i", "eth0", "-w", "-"], stdout=out,
                                  stdin=subprocess.DEVNULL, stderr=err)
            await_true("it attaches", lambda: b"watching" in os.pread(err.fileno(), 65536, 0))
            talk(net, 1)
            await_true("the comment is there", lambda: os.path.getsize(path) > 0
                       and "server-no-wscale" in str(load(path).packets))
            child.send_signal(signal.SIGTERM)
            assert child.wait(timeout=10) == 0
            run.forget(child)
            said = os.pread(err.fileno(), 65536, 0).decode()
            assert "warning server-no-wscale: " in said and f"WARNING  {SERVER}" in said, said
            captured(load(path), 1)


def full(run, net):
    """a full disk ends the run, with status 5, and what was attached is gone"""
    one = Live(run, net.server, "-i", "eth0", "-w", "/dev/full", wait=False)
    assert one.wait() == 5, one.err()
    assert "wscope: cannot write '/dev/full': No space left on device" in one.err(), one.err()
    assert live.attached(net.server, "eth0")[0] == "", "still attached"


def refused(run, net):
    """without CAP_NET_RAW: status 4 before anything is attached; and a folder that is not there"""
    status, said = live.fails(run, net.server, "-i", "eth0", "-w", "/dev/null",
                              prefix=("setpriv", "--bounding-set=-net_raw"))
    assert status == 4 and "cannot capture on 'eth0'" in said and "CAP_NET_RAW" in said, said
    assert "attached" not in said, said
    status, said = live.fails(run, net.server, "-i", "eth0", "-w", "/no/such")
    assert status == 5 and "cannot open '/no/such': No such file or directory" in said, said


def lost(run, net):
    """a reader that is too slow: what the sockets lost is said and counted, status 5"""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "out")
        one = Live(run, net.box, "-i", "in0", "--json", "--hooks", "tc-ingress", "-w", path)
        one.send(signal.SIGSTOP)
        with net.client.inside():
            talker = subprocess.run([sys.executable, "-c", FLOOD, SERVER], check=False, timeout=60)
        assert talker.returncode == 0
        one.send(signal.SIGCONT)
        assert one.stop() == 5, one.err()
        said = re.search(r"wscope: (\d+) packets are not in '.*': the kernel had no room", one.err())
        assert said, one.err()
        (_, _, counts), = load(path).statistics
        assert blocks.count(counts[blocks.OS_LOST][0]) == int(said.group(1)) > 0, counts


FLOOD = """
import socket, sys
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(120000):
    sock.sendto(b"x", (sys.argv[1], 9))
"""


# -- extcap --------------------------------------------------------------------------------------


def start(run, node, argv, folder):
    """A child in the namespace, whose Wireshark finds the program in the folder."""
    place = os.path.join(folder, "wireshark", "extcap")
    if not os.path.isdir(place):
        os.makedirs(place)
        os.symlink(os.path.abspath(live.WSCOPE), os.path.join(place, "wscope-extcap"))
    err = open(os.path.join(folder, "err"), "w+b")  # pylint: disable=consider-using-with
    with node.inside():
        child = run.spawn(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=err,
                          env=dict(os.environ, XDG_CONFIG_HOME=folder, LC_ALL="C.UTF-8"))
    return child, err


def in_tshark(run, net):
    """tshark lists the interface, captures on it, and shows the comments"""
    net.server.sysctl(SETTING, 0)
    with tempfile.TemporaryDirectory() as folder:
        child, err = start(run, net.server, ["tshark", "-D"], folder)
        listed = child.communicate(timeout=60)[0].decode()
        run.forget(child)
        assert re.search(r"^\d+\. wscope-eth0 \(.*eth0.*\)$", listed, re.M), listed
        child, err = start(run, net.server, [
            "tshark", "-l", "-n", "-i", "wscope-eth0", "-Y", "frame.comment", "-T", "fields",
            "-e", "frame.interface_name", "-e", "tcp.flags.syn", "-e", "tcp.flags.ack",
            "-e", "frame.comment", "-E", "separator=|"], folder)
        await_true("tshark captures", lambda: b"Capture started" in os.pread(err.fileno(), 65536, 0),
                   30)
        rows = []
        # The program begins a moment after tshark says so.
        while not rows:
            talk(net, 1)
            rows = ready(child.stdout)
        child.send_signal(signal.SIGINT)
        rows += child.communicate(timeout=30)[0].decode().splitlines()
        run.forget(child)
        assert len(rows) >= 2, rows
        for row, head in zip(rows, ("eth0|1|0|", "eth0|1|1|")):
            assert row.startswith(head + "warning server-no-wscale: " + SERVER), rows
            assert "blame host, confidence certain" in row, rows


def ready(pipe, patience=2.0):
    """What lines a pipe gives within a time."""
    os.set_blocking(pipe.fileno(), False)
    end, data = time.monotonic() + patience, b""
    while time.monotonic() < end and (not data or not data.endswith(b"\n")):
        data += pipe.read() or b""
        time.sleep(0.05)
    os.set_blocking(pipe.fileno(), True)
    return data.decode().splitlines()


def driven(run, net):
    """as Wireshark calls it: a fifo, a filter, an option of a later version; closed by its reader"""
    net.server.sysctl(SETTING, 0)
    with tempfile.TemporaryDirectory() as folder:
        fifo = os.path.join(folder, "fifo")
        os.mkfifo(fifo)
        child, err = start(run, net.server, [
            live.WSCOPE, "extcap", "--capture", "--extcap-interface", "wscope-eth0", "--fifo", fifo,
            "--extcap-capture-filter", f"host {CLIENT}", "--extcap-of-tomorrow=1",
            "--write-all"], folder)
        reader = os.open(fifo, os.O_RDONLY | os.O_CLOEXEC)
        data = os.read(reader, 65536)
        talk(net, 1)
        while b"server-no-wscale" not in data:
            data += os.read(reader, 65536)
        capture = blocks.read(data)
        assert capture.interfaces[0].options[blocks.FILTER] == [f"\0host {CLIENT}".encode()], data
        os.close(reader)
        talk(net, 1)
        assert child.wait(timeout=10) == 0, os.pread(err.fileno(), 65536, 0)
        run.forget(child)
        assert not os.pread(err.fileno(), 65536, 0)


def ended(run, net):
    """SIGTERM ends a capture in order; a bad filter is refused; an interface has to be there"""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "out")
        child, err = start(run, net.server, [
            live.WSCOPE, "extcap", "--capture", "--extcap-interface=wscope-eth0", "--fifo=" + path,
            "--write-all"], folder)
        await_true("the section is there", lambda: os.path.exists(path) and os.path.getsize(path))
        talk(net, 1)
        child.send_signal(signal.SIGTERM)
        assert child.wait(timeout=10) == 0, os.pread(err.fileno(), 65536, 0)
        run.forget(child)
        capture = load(path)
        assert capture.packets and len(capture.statistics) == 1, capture
        for argv, status, said in (
                (["--extcap-capture-filter", "porty"], 2, b"wscope: bad filter 'porty'"),
                (["--extcap-interface", "wscope-none"], 2, b"wscope: no interface 'none'")):
            child, err = start(run, net.server, [
                live.WSCOPE, "extcap", "--capture", "--extcap-interface", "wscope-eth0",
                "--fifo", path, *argv], folder)
            assert child.wait(timeout=10) == status, argv
            run.forget(child)
            assert os.pread(err.fileno(), 65536, 0).startswith(said), argv


if __name__ == "__main__":
    sys.exit(live.main("write", [flagged, every, elsewhere, forwarded, stream, full, refused, lost,
                                 in_tshark, driven, ended]))
