#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# timeout: 240
"""`wscope live` on real stacks: what it says as it happens, and its records at the end.

client - box - server; wscope runs in the server's namespace, or the box's, on their interfaces.
"""

import fcntl
import os
import signal
import socket
import struct
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import live  # noqa: E402
from live import Live, await_true, lab, talk  # noqa: E402
import scenarios  # noqa: E402

SETTING = "net.ipv4.tcp_window_scaling"
SERVER = lab.ADDRESS[4]["server"]
CLIENT = lab.ADDRESS[4]["client"]


def both_on(run, net):
    """scaling on: records without a finding, status 0 in spite of --fail-on"""
    one = Live(run, net.server, "-i", "eth0", "--json", "--fail-on", "info")
    talk(net, 3)
    assert one.stop() == 0, one.err()
    flows = one.records("flow")
    assert [flow["scaling"] for flow in flows] == ["on"] * 3, flows
    assert all(flow["visibility"] == "both" and not flow["findings"] for flow in flows), flows
    assert {flow["c2s"]["wscale"] for flow in flows} == {net.client.offered_shift()}
    assert {flow["s2c"]["wscale"] for flow in flows} == {net.server.offered_shift()}
    assert all(abs(flow["first"] - time.time()) < 30 for flow in flows), "times are of the epoch"
    assert not one.events()
    assert one.records()[-1]["type"] == "summary" and one.records()[-1]["flows"] == 3


def server_off(run, net):
    """a server with scaling off: an event each as it happens, blame certain, status by --fail-on"""
    net.server.sysctl(SETTING, 0)
    one = Live(run, net.server, "-i", "eth0", "--json", "--fail-on", "warning")
    talk(net, 2)
    events = await_true("two events", lambda: len(one.events()) == 2 and one.events())
    for event in events:
        finding = event["finding"]
        assert finding["code"] == "server-no-wscale" and finding["side"] == "server", event
        assert (finding["blame"], finding["confidence"]) == ("host", "certain"), event
        assert (event["client"], event["server"]) == (CLIENT, SERVER), event
        assert event["server_port"] == lab.PORT and event["interface"] == "eth0", event
        assert abs(event["time"] - time.time()) < 30, event
    assert one.stop() == 1
    assert [flow["scaling"] for flow in one.records("flow")] == ["off", "off"]


def ipv6(run, net):
    """the same over IPv6"""
    net.family = 6
    net.listen()
    net.server.sysctl(SETTING, 0)
    one = Live(run, net.server, "-i", "eth0", "--json")
    talk(net, 1)
    events = await_true("an event", one.events)
    assert events[0]["server"] == lab.ADDRESS[6]["server"] and events[0]["family"] == 6, events
    assert events[0]["finding"]["confidence"] == "certain", events
    assert one.stop() == 0


def client_off(run, net):
    """a client elsewhere with scaling off: blame is not certain, and this host is not accused"""
    net.client.sysctl(SETTING, 0)
    one = Live(run, net.server, "-i", "eth0")
    talk(net, 22)
    await_true("the endpoint's event", lambda: f"endpoint-off: {CLIENT}" in one.out())
    assert one.stop() == 0
    assert "this host" not in one.out(), one.out()
    two = Live(run, net.server, "-i", "eth0", "--json")
    talk(net, 1)
    event = await_true("an event", two.events)[0]
    assert event["finding"]["code"] == "client-no-wscale", event
    assert event["finding"]["blame"] == "host-or-path", event
    assert two.stop() == 0


def flip(run, net):
    """a setting flipped under way: the host, since when, the setting, and what stays unscaled"""
    one = Live(run, net.server, "-i", "eth0", "--interval", "600")
    talk(net, 3)
    net.server.sysctl(SETTING, 0)
    held = [net.connect() for _ in range(2)]
    talk(net, 22)
    text = await_true("this host's part",
                      lambda: f"server leg {SERVER}:{lab.PORT}" in one.out() and one.out())
    assert f"{SETTING} = 0 here (read now; it was 1 until " in text, text
    assert f"endpoint-off: {SERVER}" in text, text
    assert "client leg" not in text, text
    net.server.sysctl(SETTING, 1)
    text = await_true("the recovery", lambda: f"{SETTING} = 1 here (read now; it was 0 until "
                      in one.out() and one.out())
    assert "2 open connections are still unscaled because of this host (2 as server, 0 as client)" \
        in text[text.index(f"{SETTING} = 1 here"):], text
    for sock, peer in held:
        lab.finish(sock, peer)
    assert one.stop() == 0
    last = one.out()[one.out().rindex(f"{SETTING} = 1 here"):]
    assert " 0 open connections are still unscaled" in last, last


def regressed(run, net):
    """on for long, then off: one event about the host, endpoint-regressed, since when"""
    one = Live(run, net.server, "-i", "eth0", "--json", "--fail-on", "critical")
    talk(net, 20)
    net.server.sysctl(SETTING, 0)
    began = time.time()
    talk(net, 45)
    await_true("all events", lambda: len(one.events("server-no-wscale")) == 45)
    hosts = [event for event in one.events() if event["endpoint"]]
    assert [event["finding"]["code"] for event in hosts] == ["endpoint-regressed"], hosts
    assert began - 1 < hosts[0]["endpoint"]["refused_since"] < hosts[0]["time"], hosts
    assert hosts[0]["finding"]["confidence"] == "certain", hosts
    assert one.stop() == 1
    assert set(one.records("summary")[0]["findings"]) == {"server-no-wscale", "endpoint-regressed"}


def baseline(run, net):
    """saved by one run, compared with by the next: in its report, not in its events"""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "base")
        one = Live(run, net.server, "-i", "eth0", "--save-baseline", path)
        talk(net, 20)
        assert one.stop() == 0 and os.listdir(folder) == ["base"], one.err()
        net.server.sysctl(SETTING, 0)
        two = Live(run, net.server, "-i", "eth0", "--json", "--interval", "0.5", "--baseline", path,
                   "--fail-on", "critical")
        talk(net, 3)
        interim = await_true("a summary with it", lambda: [
            summary for summary in two.records("summary")
            if "endpoint-regressed" in summary["findings"]])
        assert two.stop() == 1, two.err()
    assert interim[0]["findings"]["endpoint-regressed"] == 1, interim
    assert {event["finding"]["code"] for event in two.events()} == {"server-no-wscale"}
    server = [one for one in two.records("endpoint") if one["port"] == lab.PORT][-1]
    found = [(one["code"], one["blame"], one["confidence"]) for one in server["findings"]]
    assert found == [("endpoint-regressed", "host", "medium")], server
    assert (server["baseline_opportunities"], server["baseline_offers"]) == (20, 20), server


def periodic(run, net):
    """a summary every interval, the tables only in the last one"""
    net.server.sysctl(SETTING, 0)
    one = Live(run, net.server, "-i", "eth0", "--interval", "0.5")
    talk(net, 2)
    await_true("two summaries", lambda: one.out().count("  seen ") >= 2)
    assert "CLIENT  " not in one.out(), one.out()
    assert one.stop(signal.SIGINT) == 0
    assert one.out().count("CLIENT  ") == 1, one.out()
    two = Live(run, net.server, "-i", "eth0", "--interval", "0.3", "--json")
    talk(net, 2)
    await_true("two summaries", lambda: len(two.records("summary")) >= 2)
    assert two.stop() == 0
    assert len(two.records("flow")) == 2, "one record a connection"


def small_buffer(net):
    """A server whose application will not read: its window closes after some 13 KB."""
    for setup in scenarios.SMALL_BUFFER:
        setup(net)
    net.listener.close()
    net.listen()


def open_stall(run, net):
    """a window that is closed is reported while it is: in summaries on the way, with its cost"""
    small_buffer(net)
    one = Live(run, net.server, "-i", "eth0", "--json", "--interval", "0.3")
    two = Live(run, net.server, "-i", "eth0", "--interval", "0.3", "--hooks", "tc-ingress,tc-egress")
    sock, peer = net.connect()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 131072)
    sock.sendall(b"q" * 49152)
    await_true("a summary with it", lambda: [
        summary for summary in one.records("summary") if "zero-window-stall" in summary["findings"]])
    text = await_true("who it is", lambda: "a receiver closed its window" in two.out() and two.out())
    assert lab.send_window(sock) == 0, "the window was open when it was reported"
    assert not one.records("flow"), "the connection is not over"
    text = text[text.rindex("\n", 0, text.index(": a receiver closed its window")) + 1:]
    assert text.split()[1] == f"{SERVER}:{lab.PORT}", text
    assert "cost       1 connection waited" in text, text
    lab.receive(peer, 49152)
    lab.finish(sock, peer)
    assert one.stop() == 0 and two.stop() == 0
    flow, = one.records("flow")
    assert [finding["code"] for finding in flow["findings"]] == ["zero-window-stall"], flow
    assert flow["s2c"]["zero_window_open"] is False, flow


def final_text(run, net):
    """the last report begins with who it is and what it costs; the tables come later"""
    one = Live(run, net.server, "-i", "eth0", "--interval", "600")
    talk(net, 3)
    net.server.sysctl(SETTING, 0)
    talk(net, 22)
    await_true("the host's event", lambda: f"endpoint-off: {SERVER}" in one.out())
    await_true("this host's part", lambda: "this host" in one.out())
    before = len(one.out())
    assert one.stop() == 0
    lines = one.out()[before:].splitlines()
    assert lines[0].startswith(f"CRITICAL  {SERVER}:{lab.PORT} as server: "), lines[:3]
    assert lines[1].startswith("  cost       at most 65,535 bytes in flight"), lines[:3]
    names = ["as server", "blame", "advice", "Findings", "Endpoints that left", "seen"]
    at = [next(i for i, line in enumerate(lines) if line.strip().startswith(name))
          for name in names]
    assert at == sorted(at), lines


def count_and_duration(run, net):
    """--count ends after so many events, --duration after so many seconds"""
    net.server.sysctl(SETTING, 0)
    one = Live(run, net.server, "-i", "eth0", "--json", "--count", "3")
    talk(net, 5)
    assert one.wait() == 0
    assert len(one.events()) == 3, one.events()
    began = time.monotonic()
    two = Live(run, net.server, "-i", "eth0", "--duration", "1")
    assert two.wait() == 0
    assert 0.9 < time.monotonic() - began < 5


def switch(run, net):
    """SIGUSR1 turns the work off, and on again, without detaching"""
    one = Live(run, net.server, "-i", "eth0", "--json")
    one.send(signal.SIGUSR1)
    await_true("off", lambda: "switched off" in one.err())
    talk(net, 2)
    one.send(signal.SIGUSR1)
    await_true("on", lambda: "switched on" in one.err())
    talk(net, 1)
    assert one.stop() == 0
    assert len(one.records("flow")) == 1, one.records("flow")


def tc_only(run, net):
    """--hooks tc-ingress,tc-egress: the same records, no XDP program"""
    net.server.sysctl(SETTING, 0)
    one = Live(run, net.server, "-i", "eth0", "--json", "--hooks", "tc-ingress,tc-egress")
    assert live.attached(net.server, "eth0")[0] == ""
    talk(net, 2)
    assert one.stop() == 0
    assert [flow["visibility"] for flow in one.records("flow")] == ["both"] * 2
    assert {event["hook"] for event in one.events()} == {"tc-ingress"}, one.events()


def forwarding(run, net):
    """on both interfaces of a box that forwards, both ways: every segment counted once"""
    one = Live(run, net.box, "-i", "in0", "-i", "out0", "--json")
    two = Live(run, net.server, "-i", "eth0", "--json")
    for _ in range(3):
        sock, peer = net.connect()
        lab.exchange(sock, peer, response=1000)  # more is cut into segments behind the egress hook
        lab.finish(sock, peer)
    assert one.stop() == 0 and two.stop() == 0
    seen, truth = one.records("flow"), two.records("flow")
    assert len(seen) == 3 and len(truth) == 3, seen
    for a, b in zip(seen, truth):
        for side in ("c2s", "s2c"):
            assert a[side]["packets"] == b[side]["packets"], (a, b)
            assert a[side]["duplicates"] == a[side]["packets"], a  # in, and out again
            assert b[side]["duplicates"] == 0, b


def new_address(run, net):
    """an address added while watching is this host's own"""
    one = Live(run, net.server, "-i", "eth0", "--json")
    net.server.sysctl(SETTING, 0)
    net.server.ip("addr add 198.51.100.77/24 dev eth0\n")
    net.listener.close()
    net.listener = net.keep(net.server.tcp(4))
    net.listener.bind(("198.51.100.77", lab.PORT))
    net.listener.listen(8)
    time.sleep(0.2)
    sock = net.keep(net.client.tcp(4))
    sock.connect(("198.51.100.77", lab.PORT))
    peer, _ = net.listener.accept()
    sock.sendall(b"x")
    event = await_true("an event", one.events)[0]
    assert event["server"] == "198.51.100.77", event
    assert event["finding"]["confidence"] == "certain", event
    peer.close()
    assert one.stop() == 0


def port_reuse(run, net):
    """two connections of the same ports, one after the other: two records"""
    one = Live(run, net.server, "-i", "eth0", "--json")
    for _ in range(2):
        sock, peer = net.connect(45678)
        lab.exchange(sock, peer, rounds=1)
        lab.reset(sock, peer)
    assert one.stop() == 0
    flows = one.records("flow")
    assert [flow["client_port"] for flow in flows] == [45678, 45678], flows
    assert flows[0]["first"] < flows[1]["first"]


def ethernet(payload, ethertype, tag=None):
    mac = bytes.fromhex(lab.MAC["in0"].replace(":", ""))
    sender = bytes.fromhex(lab.MAC["client"].replace(":", ""))
    vlan = struct.pack(">HH", 0x8100, tag) if tag else b""
    return mac + sender + vlan + struct.pack(">H", ethertype) + payload


def syn(sequence, port=40000, flags=2, ack=0):
    """An IPv4 segment without data; its SYN offers nothing. Checksums are nobody's business here."""
    tcp = struct.pack(">HHIIBBHHH", port, 80, sequence, ack, 0x50, flags, 1000, 0, 0)
    return struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 7, 0, 64, 6, 0,
                       socket.inet_aton(CLIENT), socket.inet_aton(SERVER)) + tcp


def wire(net, node, device):
    with node.inside():
        sock = net.keep(socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
        sock.bind((device, 0))
    return sock


def vlan_metadata(run, net):
    """TC ingress: a VLAN tag that the kernel has moved beside the frame separates connections"""
    one = Live(run, net.box, "-i", "in0", "--json", "--hooks", "tc-ingress", "--vlan-domain")
    sock = wire(net, net.client, "eth0")
    for tag in (42, 43):
        sock.send(ethernet(syn(1), 0x0800, tag))
    sock.send(ethernet(syn(1), 0x0800))
    time.sleep(0.3)
    assert one.stop() == 0
    domains = sorted(flow["domain"] & 0xfff for flow in one.records("flow"))
    assert domains == [0, 42, 43], one.records()
    assert one.records("summary")[0]["tcp_packets"] == 3, one.records("summary")


def vlan_native(run, net):
    """native XDP: the same tag stands in the frame"""
    one = Live(run, net.box, "-i", "in0", "--json", "--hooks", "xdp", "--vlan-domain")
    wire(net, net.client, "eth0").send(ethernet(syn(1), 0x0800, 42))
    time.sleep(0.3)
    assert one.stop() == 0
    assert [flow["domain"] & 0xfff for flow in one.records("flow")] == [42], one.records()


def lost_events(run, net):
    """a reader that is too slow: lost events are counted, shown, and the status is 5"""
    one = Live(run, net.box, "-i", "in0", "--json", "--hooks", "xdp")
    sock = wire(net, net.client, "eth0")
    one.send(signal.SIGSTOP)
    for sequence in range(4000):  # each takes the place of an unanswered one, whose record is sent
        sock.send(ethernet(syn(sequence * 1000), 0x0800))
    one.send(signal.SIGCONT)
    assert one.stop() == 5, one.err()
    summary = one.records("summary")[0]
    assert summary["lost"]["events"] > 0, summary
    assert f"{summary['lost']['events']} events were lost" in one.err(), one.err()
    assert len(one.records("flow")) + summary["lost"]["events"] == 4000, summary


def tun(run, net):
    """an interface without link header"""
    tun_set, tun_flags = 0x400454ca, 0x0001 | 0x1000
    with net.box.inside():
        try:
            fd = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
        except OSError as error:
            raise live.Skip(f"kernel: no tun device: {error.strerror}") from error
        fcntl.ioctl(fd, tun_set, struct.pack("16sH22s", b"tun0", tun_flags, b""))
    net.box.ip("link set tun0 up\n")
    one = Live(run, net.box, "-i", "tun0", "--json", "--hooks", "tc-ingress")
    os.write(fd, syn(1))
    time.sleep(0.3)
    assert one.stop() == 0
    os.close(fd)
    flows = one.records("flow")
    assert len(flows) == 1 and flows[0]["client"] == CLIENT, one.records()


if __name__ == "__main__":
    sys.exit(live.main("live", [both_on, server_off, ipv6, client_off, flip, regressed, baseline,
                                periodic, open_stall, final_text, count_and_duration, switch, tc_only, forwarding,
                                new_address, port_reuse, vlan_metadata, vlan_native, lost_events,
                                tun]))
