# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The lab's scenarios: what is done to whom, and what must then be on the wire.

`front` is what the points client and box-in see, `behind` what box-out and server see, written
SYN/SYN-ACK. Each is one of

    C, S     the window-scale option with the client's, the server's configured shift
    9        the option with this shift
    -        no option, and the options without a hole
    hole     no option, and three or more NOPs in a row where it was (RFC 9293: NOP is kind 1)
    cut      the capture does not reach to the end of the options
    (empty)  no such segment is seen

and several joined by + when segments of both kinds are seen. The point box-any (tcpdump -i any in
the box, every forwarded packet twice) sees front and behind together. `counts` are the numbers
that make the scenario what it is, per side or point: exact, or (n, None) for n or more; see
wire.counts.
"""

import dataclasses
import socket
import time
import typing

import cable
from lab import PORT, LabError, exchange, finish, receive, reset, wait_connected

OFF = ("net.ipv4.tcp_window_scaling", 0)
FORWARD = ("-t", "mangle", "-A", "FORWARD", "-p", "tcp")


@dataclasses.dataclass(frozen=True)
class Scenario:
    name: str
    done: str
    setup: tuple
    traffic: typing.Callable
    front: str
    behind: str
    family: int = 4
    v6: bool = False            # also as NAME-v6
    layout: str = "plain"
    box_any: bool = False       # also captured at box-any
    before: typing.Callable = None   # runs before the captures start
    snaplen: int = 0            # 0: whole headers
    counts: dict = dataclasses.field(default_factory=dict)
    syns: int = None            # distinct ISNs of SYNs seen, if not the number of connections
    check: typing.Callable = None    # (seen, directory) -> what is not as it was done
    line: cable.Line = None     # a delay line in one of the cables
    bulk: bool = False          # much traffic: no offloads, captures are compressed
    idle: bool = False          # mostly waits: runs beside the others
    live: bool = True           # quick enough that lab.t runs it again


# -- what is done to whom ------------------------------------------------------------------------


def sysctl(role, key, value):
    return lambda net: getattr(net, role).sysctl(key, value)


def off(role):
    return sysctl(role, *OFF)


def strip_syn(net):
    net.box.tables(net.family, *FORWARD, "--tcp-flags", "SYN,ACK", "SYN",
                   "-j", "TCPOPTSTRIP", "--strip-options", "wscale")


def strip_synack(net):
    net.box.tables(net.family, *FORWARD, "--tcp-flags", "SYN,ACK", "SYN,ACK",
                   "-j", "TCPOPTSTRIP", "--strip-options", "wscale")


def synproxy(shift):
    """The box answers SYNs itself, then opens towards the server: iptables-extensions(8)."""
    def setup(net):
        net.box.sysctl("net.netfilter.nf_conntrack_tcp_loose", 0)
        net.box.tables(net.family, "-t", "raw", "-A", "PREROUTING", "-i", "in0", "-p", "tcp",
                       "--syn", "-j", "CT", "--notrack")
        net.box.tables(net.family, "-A", "FORWARD", "-i", "in0", "-p", "tcp", "-m", "conntrack",
                       "--ctstate", "INVALID,UNTRACKED", "-j", "SYNPROXY", "--sack-perm",
                       "--timestamp", "--wscale", str(shift), "--mss", "1460")
        net.box.tables(net.family, "-A", "FORWARD", "-m", "conntrack", "--ctstate", "INVALID",
                       "-j", "DROP")
    return setup


def lose_proxy_ack(net):
    """The ACK by which the proxy ends its handshake with the server never gets there."""
    net.box.tables(net.family, "-A", "OUTPUT", "-o", "out0", "-p", "tcp", "--tcp-flags",
                   "SYN,ACK,RST", "ACK", "-j", "DROP")


# -- what the ends then do -----------------------------------------------------------------------


def plain(net):
    """One connection, three requests, three responses, closed by the client."""
    net.listen()
    sock, peer = net.connect()
    net.talk(sock, peer)
    finish(sock, peer)


def burst(net, count, listen=True):
    """Short connections: one byte from the client, then its reset, to keep the capture small."""
    if listen:
        net.listen()
    for _ in range(count):
        sock, peer = net.connect()
        size = net.pick(1, 1, 3000)
        sock.sendall(b"q" * size)
        receive(peer, size)
        reset(sock, peer)


def thirty(net):
    burst(net, net.pick(30, 20, 50))


def twenty_five(net):
    burst(net, net.pick(25, 20, 50))


def flip(net, role="server"):
    """25 connections, the server's setting is turned off, 25 connections."""
    burst(net, net.pick(25, 20, 50))
    getattr(net, role).sysctl(*OFF)
    burst(net, net.pick(25, 20, 50), listen=False)


def tiny_buffer(net):
    net.listen(rcvbuf=4096)
    sock, peer = net.connect()
    sock.settimeout(None)
    for _ in range(4):
        sock.sendall(b"q" * 900)
        receive(peer, 900)
    finish(sock, peer)


def stop_reading(net):
    """The server's receive buffer fills up, is left full for a second, and is then emptied."""
    net.listen()
    sock, peer = net.connect()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 262144)
    size = net.pick(49152, 49152, 131072)
    sock.sendall(b"q" * size)
    time.sleep(net.pick(1.0, 0.6, 3.0))
    receive(peer, size)
    peer.sendall(b"r")
    receive(sock, 1)
    finish(sock, peer)


def lose_first_syn(net, between=None):
    """The box drops the first SYN; the client's stack sends it again after a second."""
    rule = ("FORWARD", "-p", "tcp", "--syn", "-j", "DROP")
    net.listen()
    net.box.tables(net.family, "-A", *rule)
    offer = net.client.offered_shift()
    sock = net.socket()
    net.start(sock)
    if between:
        between(net)
    net.box.tables(net.family, "-D", *rule)
    wait_connected(sock)
    sock, peer = net.accept(sock, first_offer=offer)
    net.talk(sock, peer)
    finish(sock, peer)


def speak_first(net):
    """The request follows the client's ACK at once, before the server's application looks."""
    net.listen()
    sock = net.socket()
    sock.connect(net.address("server", PORT))
    sock.sendall(b"q" * 100)
    sock, peer = net.accept(sock)
    receive(peer, 100)
    peer.sendall(b"r" * 2000)
    receive(sock, 2000)
    exchange(sock, peer, rounds=2)
    finish(sock, peer)


def retry_with_scaling_off(net):
    lose_first_syn(net, between=off("client"))


def fast_open(net):
    """The first connection fetches the cookie, the second sends its request in the SYN."""
    net.listen(fastopen=True)
    for _ in range(2):
        sock = net.socket()
        try:
            sock.sendto(b"q" * 100, socket.MSG_FASTOPEN, net.address("server", PORT))
        except BlockingIOError:     # no cookie yet: a plain SYN is on its way
            wait_connected(sock)
            sock.sendall(b"q" * 100)
        sock, peer = net.accept(sock)
        receive(peer, 100)
        peer.sendall(b"r" * 2000)
        receive(sock, 2000)
        exchange(sock, peer, rounds=net.pick(1, 1, 5))
        finish(sock, peer)


def port_reuse(net, between=None):
    """Three connections on one 4-tuple: one ends by RST, the next by FIN from the server."""
    net.listen()
    sock, peer = net.connect(port=40000)
    exchange(sock, peer, rounds=1)
    reset(sock, peer)
    sock, peer = net.connect(port=40000)
    exchange(sock, peer, rounds=1)
    finish(peer, sock)
    if between:
        between(net)
    sock, peer = net.connect(port=40000)
    exchange(sock, peer, rounds=1)
    finish(sock, peer)


def port_reuse_flip(net):
    port_reuse(net, between=off("server"))


def resets(net):
    """A closed port; then a client that is gone when the SYN-ACK comes (the box held it)."""
    net.listen()
    sock = net.socket()
    try:
        sock.connect(net.address("server", 9))
        raise LabError("port 9 is open")
    except ConnectionRefusedError:
        net.record()
    sock = net.socket()
    net.hold("client")
    net.start(sock)
    sock.close()
    net.release("client")
    net.record(answered=True)
    time.sleep(0.05)


def simultaneous_open(net):
    """Both ends connect to each other; the box holds both SYNs until both are under way."""
    ends = [net.keep(node.tcp(net.family)) for node in (net.client, net.server)]
    names = [net.address("client", 40001), net.address("server", 40002)]
    net.hold("client")
    net.hold("server")
    for end, own, other in zip(ends, names, reversed(names)):
        end.bind(own)
        end.setblocking(False)
        end.connect_ex(other)
    time.sleep(0.05)
    net.release("server")
    net.release("client")
    for end in ends:
        wait_connected(end)
    net.record(*ends)
    exchange(*ends)
    finish(*ends)


def open_early(net):
    net.listen()
    net.early = net.connect()


def use_early(net):
    exchange(*net.early)
    finish(*net.early)


# -- the table -----------------------------------------------------------------------------------

NO_TIMESTAMPS = sysctl("client", "net.ipv4.tcp_timestamps", 0)
COOKIES = sysctl("server", "net.ipv4.tcp_syncookies", 2)
SMALL_BUFFER = (sysctl("server", "net.ipv4.tcp_rmem", "4096 16384 6291456"),
                sysctl("server", "net.ipv4.tcp_moderate_rcvbuf", 0))


def each(**counts):
    """The same numbers in front of the box and behind it."""
    return {"front": counts, "behind": counts}


INSIDE_VXLAN = {"client": {"vxlan": 0}, "box-in": {"vxlan": (8, None)},
                "box-out": {"vxlan": (8, None)}, "server": {"vxlan": 0}}

BASE = (
    # name, what was done, setup, traffic, seen in front of the box, seen behind it
    Scenario("both-on", "nothing: both stacks as they come", (), plain, "C/S", "C/S", v6=True,
             box_any=True),
    Scenario("server-off", "server: net.ipv4.tcp_window_scaling=0", (off("server"),), plain,
             "C/-", "C/-", v6=True, box_any=True),
    Scenario("client-off", "client: net.ipv4.tcp_window_scaling=0", (off("client"),), plain,
             "-/-", "-/-", v6=True),
    Scenario("both-off", "client and server: net.ipv4.tcp_window_scaling=0",
             (off("client"), off("server")), plain, "-/-", "-/-", v6=True),
    Scenario("strip-syn", "box: TCPOPTSTRIP wscale on SYNs", (strip_syn,), plain,
             "C/-", "hole/-", v6=True, box_any=True),
    Scenario("strip-synack", "box: TCPOPTSTRIP wscale on SYN-ACKs", (strip_synack,), plain,
             "C/hole", "C/S", v6=True, box_any=True),
    Scenario("strip-both", "box: TCPOPTSTRIP wscale on SYNs and SYN-ACKs",
             (strip_syn, strip_synack), plain, "C/-", "hole/-", v6=True, box_any=True),
    Scenario("syncookies", "server: net.ipv4.tcp_syncookies=2 (always)", (COOKIES,), plain,
             "C/S", "C/S"),
    Scenario("syncookies-nots", "server: net.ipv4.tcp_syncookies=2, client: tcp_timestamps=0",
             (COOKIES, NO_TIMESTAMPS), plain, "C/-", "C/-"),
    Scenario("nots", "client: tcp_timestamps=0, no cookies", (NO_TIMESTAMPS,), plain,
             "C/S", "C/S"),
    Scenario("synproxy", "box: SYNPROXY --wscale 9", (synproxy(9),), speak_first, "C/9", "C/S",
             v6=True, counts={"front": {"synack": 1, "synack_window_0": 1},
                              "behind": {"synack": 1, "synack_window_0": 0}}),
    Scenario("synproxy-lost-ack", "box: SYNPROXY --wscale 9, its ACK to the server is lost, so "
             "the server sends its SYN-ACK again and the box lets that one through",
             (synproxy(9), lose_proxy_ack), plain, "C/9+S", "C/S",
             counts={"front": {"synack": 2, "synack_window_0": 1}, "behind": {"synack": 2}}),
    Scenario("synproxy-nots", "box: SYNPROXY --wscale 9, client: tcp_timestamps=0",
             (synproxy(9), NO_TIMESTAMPS), plain, "C/-", "-/-",
             counts={"front": {"synack_window_0": 1}, "behind": {"synack_window_0": 0}}),
    Scenario("tiny-rcvbuf", "server: SO_RCVBUF 4096 on the listener", (), tiny_buffer,
             "C/0", "C/0"),
    Scenario("stop-reading", "server: 16 KB buffer, application reads nothing for a second",
             SMALL_BUFFER, stop_reading, "C/S", "C/S", counts=each(zero_window=(2, None))),
    Scenario("lost-syn", "box: drops the first SYN", (), lose_first_syn, "C/S", "C/S",
             box_any=True, counts={"front": {"syn": 2}, "behind": {"syn": 1}}),
    Scenario("syn-retry-off", "box: drops the first SYN; client: tcp_window_scaling=0 before the "
             "second", (), retry_with_scaling_off, "C+-/-", "-/-",
             counts={"front": {"syn": 2}, "behind": {"syn": 1}}),
    Scenario("fast-open", "second connection has its request in the SYN", (), fast_open,
             "C/S", "C/S", v6=True, counts=each(syn=2, syn_data=1)),
    Scenario("fast-open-server-off", "the same, server: tcp_window_scaling=0", (off("server"),),
             fast_open, "C/-", "C/-", counts=each(syn=2, syn_data=1)),
    Scenario("port-reuse", "one 4-tuple, three connections", (), port_reuse, "C/S", "C/S",
             counts=each(tuples=1)),
    Scenario("port-reuse-flip", "the same, server: tcp_window_scaling=0 before the third", (),
             port_reuse_flip, "C/S+-", "C/S+-", counts=each(tuples=1)),
    Scenario("rst-handshake", "closed port; client gone before the SYN-ACK", (), resets,
             "C/S", "C/S", counts=each(rst=2, syn=2, synack=1)),
    Scenario("simultaneous-open", "both ends connect; box holds both SYNs", (),
             simultaneous_open, "C+S/C+S", "C+S/C+S", syns=2, counts=each(syn=2, synack=2)),
    Scenario("vxlan", "VXLAN between two boxes", (), plain, "C/S", "C/S", v6=True,
             layout="vxlan", box_any=True, counts=INSIDE_VXLAN),
    Scenario("vxlan-server-off", "VXLAN between two boxes, server: tcp_window_scaling=0",
             (off("server"),), plain, "C/-", "C/-", layout="vxlan",
             counts=INSIDE_VXLAN),
    Scenario("oneway-client", "responses bypass the box and every point", (), plain,
             "C/", "C/", layout="c2s"),
    Scenario("oneway-client-server-off", "the same, server: tcp_window_scaling=0",
             (off("server"),), plain, "C/", "C/", layout="c2s"),
    Scenario("oneway-server-server-off", "requests bypass the box and every point, server: "
             "tcp_window_scaling=0", (off("server"),), plain, "/-", "/-", layout="s2c"),
    Scenario("midstream-server-off", "server: tcp_window_scaling=0, capture starts after the "
             "handshake", (off("server"),), use_early, "/", "/", before=open_early),
    Scenario("short-snap-server-off", "server: tcp_window_scaling=0, captured with -s 58",
             (off("server"),), plain, "cut/cut", "cut/cut", snaplen=58),
    Scenario("server-off-burst", "server: tcp_window_scaling=0, 30 connections",
             (off("server"),), thirty, "C/-", "C/-"),
    Scenario("client-off-burst", "client: tcp_window_scaling=0, 25 connections",
             (off("client"),), twenty_five, "-/-", "-/-"),
    Scenario("server-flip", "25 connections, server: tcp_window_scaling=0, 25 connections", (),
             flip, "C/S+-", "C/S+-"),
    Scenario("strip-synack-burst", "box: TCPOPTSTRIP wscale on SYN-ACKs, 25 connections",
             (strip_synack,), twenty_five, "C/hole", "C/S"),
    Scenario("strip-syn-burst", "box: TCPOPTSTRIP wscale on SYNs, 25 connections", (strip_syn,),
             twenty_five, "C/-", "hole/-", box_any=True),
)


def table():
    """name -> Scenario, the IPv6 variants behind their IPv4 ones."""
    import scenarios_box        # which take Scenario from here
    import scenarios_path
    rows = {}
    for scenario in BASE + scenarios_box.BASE + scenarios_path.TABLE:
        rows[scenario.name] = scenario
        if scenario.v6:
            name = scenario.name + "-v6"
            rows[name] = dataclasses.replace(scenario, name=name, family=6,
                                             done=scenario.done + " (IPv6)")
    return rows
