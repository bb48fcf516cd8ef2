# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Scenarios in which windows matter: paths with a length, bulk data, receivers that stop.

The counts named here are those of windows.py, in front of the box and behind it, or at one point.
Loss, delay and reordering come from the delay line (cable.Line); the windows are the kernel's own.
"""

import concurrent.futures
import socket
import time

import cable
from lab import ADDRESS, LabError, finish, receive, reset, send_window
from raw_sender import RawSender
from scenarios import (COOKIES, NO_TIMESTAMPS, SMALL_BUFFER, Scenario, burst, each, off,
                       strip_synack, synproxy, sysctl)

KB = 1024
# 40 ms between box and server. At a rate segments arrive one by one, and ACKs come evenly, one for
# two segments. Without one a window may come and go as a burst with one ACK: then only the last
# segment of each burst is sent at the edge of the window.
LINE = cable.Line(kbit=50000)
FAR_CLIENT = cable.Line(side="client", kbit=50000)
SHORT = cable.Line(delay_ms=10, kbit=50000)


# -- what is done to whom ------------------------------------------------------------------------


def hosts(net):
    """Both ends: Reno, which every kernel has, and send buffers that never limit."""
    for node in (net.client, net.server):
        node.sysctl("net.ipv4.tcp_congestion_control", "reno")
        node.sysctl("net.ipv4.tcp_wmem", "4096 2097152 4194304")


def receive_buffer(role, size, limit, fixed=True):
    """tcp_rmem: `size` at first, and for good when `fixed`; `limit` decides the shift."""
    def setup(net):
        node = getattr(net, role)
        node.sysctl("net.ipv4.tcp_rmem", f"4096 {size} {limit}")
        node.sysctl("net.ipv4.tcp_moderate_rcvbuf", int(not fixed))
    return setup


def shift(role, number):
    """tcp_rmem gives 8 to 14; below what rmem_max alone gives it takes the route's `window`."""
    def setup(net):
        node = getattr(net, role)
        node.sysctl("net.ipv4.tcp_rmem", f"4096 131072 {1 << (15 + max(number, 8))}")
        if number < 8:
            node.window = (2 << (15 + number)) - 1
            far, gateway = (("server-net", "in0") if role == "client" else
                            ("client-net", "out0"))
            address = ADDRESS[net.family]
            node.ip(f"route change {address[far]} via {address[gateway]} window {node.window}\n")
    return setup


def add_synack(number):
    """The box puts a window-scale option into SYN-ACKs that have none."""
    def setup(net):
        net.box.tables(4, "-t", "mangle", "-A", "FORWARD", "-p", "tcp", "--tcp-flags", "SYN,ACK",
                       "SYN,ACK", "-j", "NFQUEUE", "--queue-num", "0")
        net.helpers.append(cable.Rewriter(net.box, cable.add_window_scale(number)))
    return setup


def unaware(net):
    """A box that drops data beyond the server's window, and never heard of window scaling."""
    net.box.tables(4, "-A", "FORWARD", "-p", "tcp", "-j", "NFQUEUE", "--queue-num", "0")
    net.helpers.append(cable.Rewriter(net.box, cable.window_guard(net.address("server", 0)[0])))


def quickack(net):
    """The server acknowledges every segment, read or not, so that its window is seen to fall."""
    address = ADDRESS[net.family]
    net.server.ip(f"route change {address['client-net']} via {address['out0']} quickack 1\n")


def liberal(net):
    """The box's connection tracking lets through what it takes to be beyond a window."""
    net.box.sysctl("net.netfilter.nf_conntrack_tcp_be_liberal", 1)


BIG = (hosts, receive_buffer("client", 2097152, 33554432, fixed=False),
       receive_buffer("server", 2097152, 6291456, fixed=False))


# -- what the ends then do -----------------------------------------------------------------------


def transfer(source, sink, length, read=receive):
    """`length` bytes; the sender runs beside the reader."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        sending = pool.submit(source.sendall, b"w" * length)
        read(sink, length)
        sending.result()


def read_in_bursts(size, pause):
    """A reader that lets its buffer fill between two reads."""
    def read(sock, length):
        while length:
            time.sleep(pause)
            amount = min(size, length)
            receive(sock, amount)
            length -= amount
    return read


def bulk(up=0, down=0, rcvbuf=None, read=receive):
    """One connection, `up` bytes to the server, then `down` to the client."""
    def traffic(net):
        net.listen(rcvbuf=rcvbuf)
        sock, peer = net.connect()
        if up:
            transfer(sock, peer, up, read)
        if down:
            transfer(peer, sock, down)
        finish(sock, peer)
    return traffic


def bulk_down_first(up, down):
    def traffic(net):
        net.listen()
        sock, peer = net.connect()
        transfer(peer, sock, down)
        transfer(sock, peer, up)
        finish(sock, peer)
    return traffic


def bulk_proxied(up, size, pause):
    """As scenarios.speak_first: the proxy opens towards the server at the client's ACK."""
    def traffic(net):
        net.listen()
        sock = net.socket()
        sock.connect(net.address("server", 8080))
        sock.sendall(b"q" * 100)
        sock, peer = net.accept(sock)
        receive(peer, 100)
        transfer(sock, peer, up, read_in_bursts(size, pause))
        finish(sock, peer)
    return traffic


def now_and_then(net):
    """The application sends little at a time, and less than the window; then as fast as it goes."""
    net.listen()
    sock, peer = net.connect()
    for _ in range(net.pick(12, 6, 20)):
        transfer(sock, peer, net.pick(16 * KB, 1000, 24 * KB))
        time.sleep(net.pick(0.05, 0.0, 0.2))
    transfer(peer, sock, net.pick(300 * KB, 100 * KB, 600 * KB))
    finish(sock, peer)


def fill(sock, peer):
    """Send just what the peer's window takes, until that is nothing; how much that was."""
    sent = 0
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for _ in range(50):
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        window = send_window(sock)
        if not window:
            return sent
        sock.sendall(b"q" * window)
        sent += window
        time.sleep(0.002)
    raise LabError("the window does not close")


def stop_and_go(stalls, pause):
    """The reader rests `stalls` times, with its buffer full and more to come."""
    def traffic(net):
        net.listen()
        sock, peer = net.connect()
        net.talk(sock, peer)
        for _ in range(stalls):
            sent = fill(sock, peer)
            sock.sendall(b"q" * 4 * KB)
            time.sleep(pause)
            receive(peer, sent + 4 * KB)
            net.talk(sock, peer)
        finish(sock, peer)
    return traffic


def never_read(net):
    """The server's application reads nothing for 64 s; then the client gives up."""
    net.listen()
    sock, peer = net.connect()
    fill(sock, peer)
    sock.sendall(b"q" * 4 * KB)
    time.sleep(64)
    reset(sock, peer)


def shrink(net):
    """The server's application makes its receive buffer small, and large again, three times."""
    net.listen()
    sock, peer = net.connect()
    net.talk(sock, peer)
    for _ in range(net.pick(3, 1, 4)):
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, net.pick(4096, 3000, 9000))
        net.talk(sock, peer)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, net.pick(131072, 65536, 262144))
        net.talk(sock, peer)
    finish(sock, peer)


def overrun(net):
    """Flights of 100 KB into a window of 18 KB, by a sender that reads it as eight times that."""
    net.listen(rcvbuf=net.pick(16384, 8192, 20480))
    sender = RawSender(net, net.pick(40003, 1024, 65535), net.pick(3, 2, 4))
    sender.connect()
    peer, _ = net.listener.accept()
    net.record(peer=net.keep(peer))
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        reading = pool.submit(receive, peer, None)
        for _ in range(net.pick(4, 3, 8)):
            sender.flight(net.pick(100 * KB, 60 * KB, 150 * KB))
        at = sender.next
        finishing = pool.submit(peer.close)     # runs when the reader has met the FIN
        sender.finish()
        finishing.result()
        if reading.result() != at - 1:
            raise LabError("the server read another amount than was sent")


def mixed_timestamps(net):
    """25 connections with timestamps and 25 without, in turn."""
    net.listen()
    for number in range(2 * net.pick(25, 20, 40)):
        net.client.sysctl("net.ipv4.tcp_timestamps", 1 - number % 2)
        burst(net, 1, listen=False)


def nots_burst(net):
    burst(net, net.pick(25, 20, 60))


# -- the table -----------------------------------------------------------------------------------

UPLOAD, BOTH_WAYS = bulk(up=400 * KB), bulk(up=600 * KB, down=600 * KB)
UNTUNED = "receive buffer 64 KB, not tuned"
POINTS = ("client", "box-in", "box-out", "server")


def path(name, done, setup, traffic, front, behind, **more):
    """A row with bulk data."""
    return Scenario(name, done, setup, traffic, front, behind,
                    **({"bulk": True, "live": False} | more))


def healthy(client, server):
    return path(f"healthy-shift-{client}", f"client: shift {client}, server: shift {server} "
                "(tcp_rmem; below 8 the route's window); 150 KB each way",
                (hosts, shift("client", client), shift("server", server)),
                bulk(up=150 * KB, down=150 * KB), "C/S", "C/S", live=True,
                counts=each(overruns_c2s=0, overruns_s2c=0, data_c2s=(100, None),
                            data_s2c=(100, None)))


def seen(line, at_client, at_server, front=None, behind=None):
    """Counts on both sides of a delay line, which halves the points, and of the box.

    The RTT may be a fifth above what was set. A point is near the client when nearly all of it
    lies between SYN and SYN-ACK.
    """
    cut = 1 if line.side == "client" else 3
    counts = {"front": front or {}, "behind": behind or {}}
    for number, point in enumerate(POINTS):
        near, own = ((90, 100), at_client) if number < cut else ((0, 10), at_server)
        counts[point] = own | {"near_client": near,
                               "rtt_ms": (2 * line.delay_ms, 2.4 * line.delay_ms)}
    return counts


# Shares are in percent of the segments: the window holds the sender up, or now and then at most.
HELD, FREE = (30, None), (0, 20)
UP_HELD = {"limited_c2s": HELD, "overruns_c2s": 0, "repeats_c2s": 0}
UP_FREE = {"limited_c2s": FREE, "overruns_c2s": 0, "repeats_c2s": 0}
DOWN_HELD, DOWN_FREE = {"limited_s2c": HELD}, {"limited_s2c": FREE}
AT_8M = {"ceiling_kbit_c2s": (7000, 8400)}
AT_13M = {"ceiling_kbit_c2s": (11000, 13500), "ceiling_kbit_s2c": (11000, 13500)}
NOT_HELD = {"limited_c2s": 0, "limited_s2c": 0, "overruns_c2s": 0, "overruns_s2c": 0}
LOST, LATE = cable.Line(kbit=50000, loss=15, seed=2), cable.Line(kbit=50000, late=20, seed=2)
SLOW, SLOWER = cable.Line(kbit=20000), cable.Line(kbit=5000)

HEALTHY = (
    # name, what was done, setup, traffic, seen in front of the box, seen behind it
    path("slow-fast", "both: receive buffers 2 MB and tuned; 16 KB up twelve times with pauses, "
         "300 KB down at once", BIG, now_and_then, "C/S", "C/S", line=LINE, v6=True, live=True,
         counts=seen(LINE, NOT_HELD, NOT_HELD | {"flight_s2c": (100000, None)})),
    path("slow-loss", "both: receive buffers 2 MB and tuned; 600 KB up", BIG, bulk(up=600 * KB),
         "C/S", "C/S", line=LOST,
         counts=seen(LOST, NOT_HELD | {"repeats_c2s": (3, None)}, NOT_HELD)),
    path("slow-reorder", "both: receive buffers 2 MB and tuned; 600 KB up", BIG,
         bulk(up=600 * KB), "C/S", "C/S", line=LATE,
         counts=seen(LATE, NOT_HELD | {"repeats_c2s": (0, 4)},
                     NOT_HELD | {"repeats_c2s": (5, None)})),
    path("zero-window-short", "server: 16 KB buffer, application rests for 10 ms",
         SMALL_BUFFER, stop_and_go(1, 0.01), "C/S", "C/S", live=True,
         counts=each(zero_spells_server=1, stall_ms_server=(9, 200))),
    Scenario("nots-burst", "client: tcp_timestamps=0, no cookies, 25 connections",
             (NO_TIMESTAMPS,), nots_burst, "C/S", "C/S"),
    path("synproxy-same", "box: SYNPROXY --wscale 7, as the server's own; server: receive buffer "
         "512 KB, not tuned, quickack; 400 KB up, read in bursts",
         (hosts, quickack, receive_buffer("server", 524288, 6291456), synproxy(7)),
         bulk_proxied(400 * KB, 24 * KB, 0.005), "C/7", "C/S", line=SHORT,
         counts={"front": NOT_HELD | {"synack_window_0": 1},
                 "behind": NOT_HELD | {"rtt_ms": (20, 24)}}),
    path("synproxy-same-lazy", "box: SYNPROXY --wscale 7, as the server's own; server: receive buffer "
         "512 KB, not tuned; 400 KB up, read in bursts",
         (hosts, receive_buffer("server", 524288, 6291456), synproxy(7)),
         bulk_proxied(400 * KB, 24 * KB, 0.005), "C/7", "C/S", line=SHORT,
         counts={"front": NOT_HELD | {"synack_window_0": 1},
                 "behind": NOT_HELD | {"rtt_ms": (20, 24)}}),
    healthy(1, 14), healthy(4, 11), healthy(8, 8), healthy(11, 4), healthy(14, 1),
)

HELD_UP = (
    path("slow-limited", f"server: {UNTUNED}; 400 KB up",
         BIG + (receive_buffer("server", 65536, 6291456),), UPLOAD, "C/S", "C/S", line=LINE,
         v6=True, counts=seen(LINE, UP_HELD | AT_8M, UP_FREE | AT_8M)),
    path("slow-limited-down", f"client: {UNTUNED}; 400 KB down",
         BIG + (receive_buffer("client", 65536, 33554432),), bulk(down=400 * KB), "C/S", "C/S",
         line=FAR_CLIENT, counts=seen(FAR_CLIENT, DOWN_FREE, DOWN_HELD |
                                      {"ceiling_kbit_s2c": (7000, 8400)})),
    path("slow-server-off", "server: tcp_window_scaling=0; 600 KB each way",
         BIG + (off("server"),), BOTH_WAYS, "C/-", "C/-", line=LINE,
         counts=seen(LINE, UP_HELD | DOWN_FREE | AT_13M, UP_FREE | DOWN_HELD | AT_13M)),
    path("slow-client-off", "client: tcp_window_scaling=0; 600 KB each way",
         BIG + (off("client"),), BOTH_WAYS, "-/-", "-/-", line=LINE,
         counts=seen(LINE, UP_HELD | DOWN_FREE | AT_13M, UP_FREE | DOWN_HELD | AT_13M)),
    path("slow-small-buffer-off", "server: tcp_window_scaling=0, SO_RCVBUF 4096 on the listener; "
         "60 KB up, 60 KB down", (hosts, off("server")),
         bulk(up=60 * KB, down=60 * KB, rcvbuf=4096), "C/-", "C/-", line=LINE,
         counts=seen(LINE, UP_HELD, {}, *2 * ({"w0_server": (1, 4096),
                                              "raw_max_server": (1, 4096)},))),
    path("tiny-window", "server: receive buffer 4608, not tuned, shift 10; 30 KB up",
         (hosts, receive_buffer("server", 4608, 33554432)), bulk(up=30 * KB), "C/S", "C/S",
         line=LINE, counts=seen(LINE, UP_HELD, {}, *2 * ({"raw_max_server": (1, 2),
                                                         "zero_spells_server": 0},))),
    path("signed-window", "server: tcp_window_scaling=0, tcp_workaround_signed_windows=1; 400 KB "
         "up", BIG + (off("server"), sysctl("server", "net.ipv4.tcp_workaround_signed_windows", 1)),
         UPLOAD, "C/-", "C/-", line=LINE,
         counts=seen(LINE, UP_HELD, UP_FREE, *2 * ({"raw_min_server": 32767,
                                                    "raw_max_server": 32767},))),
    path("zero-window-permanent", "server: 16 KB buffer, application reads nothing for 64 s, "
         "client resets", SMALL_BUFFER, never_read, "C/S", "C/S", idle=True,
         counts=each(zero_spells_server=1, stall_ms_server=(63000, None),
                     probes_server=(4, None), rst=(1, None))),
    path("zero-window-recovers", "server: 16 KB buffer, application rests twice for a second",
         SMALL_BUFFER, stop_and_go(2, 1.0), "C/S", "C/S", idle=True, live=True,
         counts=each(zero_spells_server=2, stall_ms_server=(950, 1300),
                     stalls_ms_server=(1900, 2600), probes_server=(2, None))),
    Scenario("shrink-host", "server: tcp_shrink_window=1, application sets SO_RCVBUF to 4096 and "
             "to 131072, three times", (sysctl("server", "net.ipv4.tcp_shrink_window", 1),),
             shrink, "C/S", "C/S", counts=each(shrunk_server=(10000, None))),
)

DISAGREE = (
    path("slow-strip-synack", "box: TCPOPTSTRIP wscale on SYN-ACKs; 300 KB down, 10 KB up",
         (hosts, strip_synack), bulk_down_first(up=10 * KB, down=300 * KB), "C/hole", "C/S",
         line=LINE, v6=True,
         counts=seen(LINE, {}, {}, {"w0_server": (60000, None), "raw_max_server": (1, 600),
                                    "limited_c2s": HELD, "data_c2s": (8, None)},
                     {"raw_min_client": (60000, None), "distinct_client": (2, None)})),
    path("slow-add-synack", "server: tcp_window_scaling=0, box: adds shift 7 to the SYN-ACK; "
         "server: receive buffer 96 KB, not tuned; 400 KB up, read in bursts, 1500 bytes down",
         (hosts, off("server"), receive_buffer("server", 98304, 6291456), add_synack(7)),
         bulk(up=400 * KB, down=1500, read=read_in_bursts(48 * KB, 0.006)), "C/7", "C/-",
         line=LINE,
         counts=seen(LINE, {}, {"overruns_c2s": (0, 2)},
                     {"raw_min_server": (40000, None), "distinct_server": (2, None),
                      "overruns_c2s": 0},
                     {"raw_max_client": (1, 100), "limited_s2c": HELD})
         | {"box-out": {"overruns_c2s": (3, None), "rtt_ms": (40, 48)}}),
    path("drop-boundary", "box: drops data beyond the last ACK plus the server's raw window; both: "
         "receive buffers 2 MB and tuned; 300 KB up", BIG + (unaware,), bulk(up=300 * KB),
         "C/S", "C/S", line=SLOWER,
         counts=seen(SLOWER, {"overruns_c2s": 0, "limited_c2s": 0}, {"overruns_c2s": 0},
                     {"repeats_c2s": (20, None)})),
    path("overrun", "client: not a stack but a raw sender, no window-scale option, reads windows "
         "as shifted by 3; server: SO_RCVBUF 16384 on the listener; 4 flights of 100 KB",
         (off("client"),), overrun, "-/-", "-/-", line=SLOW, live=True,
         counts=seen(SLOW, {"overruns_c2s": (3, None), "flight_c2s": (80000, None)},
                     {"overruns_c2s": 0}, *2 * ({"raw_max_server": (1, 20000)},))),
    Scenario("syncookies-mixed", "server: tcp_syncookies=2; 25 connections with timestamps and 25 "
             "without, in turn", (COOKIES,), mixed_timestamps, "C/S+-", "C/S+-"),
    path("synproxy-bulk", "box: SYNPROXY --wscale 9, nf_conntrack_tcp_be_liberal=1; server: "
         "receive buffer 128 KB, not tuned, quickack; 600 KB up, read in bursts",
         (hosts, liberal, quickack, receive_buffer("server", 131072, 6291456), synproxy(9)),
         bulk_proxied(600 * KB, 64 * KB, 0.008), "C/9", "C/S", line=SHORT,
         counts={"front": {"synack_window_0": 1, "slopes_server": (8, None),
                           "slope_server": (6.5, 7.49), "overruns_c2s": 0},
                 "box-out": {"overruns_c2s": (3, None)},
                 "behind": {"rtt_ms": (20, 24)}, "server": {"overruns_c2s": (0, 2)}}),
)

TABLE = HEALTHY + HELD_UP + DISAGREE
