# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Scenarios of boxes that get window scaling wrong, and of trouble that only looks like it.

The box's program (box.py) acts where a segment comes in, so client and box-in see the client's
segments as sent and the server's as the box left them; box-out and server the other way round.
`check` says what was done to whom by comparing the two; see checks_box.py.
"""

import socket
import time

import box
import checks_box as checks
from box import C2S, S2C
from lab import ADDRESS, MAC, PORT, LabError, exchange, finish, receive, reset
from scenarios import NO_TIMESTAMPS, Scenario, off, synproxy, twenty_five

SERVERS = ("198.51.100.2", "198.51.100.3", "198.51.100.4", "198.51.100.5")    # one prefix
ELSEWHERE = ("203.0.113.2", "203.0.113.3", "203.0.113.4")
OLD = 30.5      # seconds: an old connection


def wrong(*rules):
    """Setup: the box with these rules, (direction, act, ...) each."""
    return lambda net: box.install(net, *rules)


def buffer(size):
    """The server's receive buffer from the start, of which half is window; it stays so."""
    def setup(net):
        net.server.sysctl("net.ipv4.tcp_rmem", f"4096 {size} 6291456")
        net.server.sysctl("net.ipv4.tcp_moderate_rcvbuf", 0)
    return setup


def link(megabits, room=4000000):
    return lambda net: box.slow_link(net, megabits, room)


# -- what the ends then do -----------------------------------------------------------------------


def upload(total, sndbuf=None, seconds=6.0):
    """One connection; the client sends `total` bytes, or what gets through in `seconds`."""
    def traffic(net):
        net.listen()
        sock, peer = box.connect_busy(net)
        if sndbuf:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, sndbuf)
        close(sock, peer, box.transfer(sock, peer, total, seconds))
    return traffic


def download(total, seconds=6.0):
    """One connection; a request, and the server sends `total` bytes."""
    def traffic(net):
        net.listen()
        sock, peer = box.connect_busy(net)
        sock.sendall(b"q" * 100)
        receive(peer, 100)
        close(sock, peer, box.transfer(peer, sock, total, seconds))
    return traffic


def close(sock, peer, complete):
    """By FIN; or by RST, when the transfer was given up."""
    if complete:
        finish(sock, peer)
    else:
        reset(sock, peer)


def fill_twice(net):
    """The server's buffer fills up, is emptied, the box changes its mind, and it fills up again."""
    net.listen(rcvbuf=262144)
    sock, peer = box.connect_busy(net)
    box.transfer(sock, peer, 20000)     # the start of every connection: windows grow
    pieces = net.pick(24, 20, 24)
    fill(sock, peer, pieces)
    net.faulty.rule(S2C, box.DIVIDE, net.pick(3, 2, 4), net.faulty.state(S2C)[0] + 3)
    fill(sock, peer, pieces)
    reset(sock, peer)


def fill(sock, peer, pieces):
    """Pieces of 4 segments; a window that cannot open may be acknowledged after 40 ms only."""
    for _ in range(pieces):
        sock.sendall(b"d" * 5792)
        time.sleep(0.055)
    receive(peer, pieces * 5792)


def small_and_large(net):
    """Requests of 600 bytes and of 3,000 mixed; for 0.7 seconds the large ones find no way."""
    net.listen()
    sock, peer = net.connect()
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    exchange(sock, peer, rounds=net.pick(10, 5, 20), request=3000, response=net.pick(100, 20, 3000))
    for _ in range(net.pick(3, 1, 6)):
        net.faulty.rule(C2S, box.DROP_LARGE, 1000)
        for _ in range(3):
            sock.sendall(b"s" * 600)
            time.sleep(0.01)
            sock.sendall(b"L" * 3000)
            time.sleep(0.01)
        time.sleep(0.2)
        net.faulty.rule(C2S)
        receive(peer, 3 * 3600)
        exchange(sock, peer, rounds=5, request=3000, response=100)
    finish(sock, peer)


def listen_everywhere(net):
    """Every address of SERVERS and ELSEWHERE is the server's, behind the box."""
    for address in SERVERS[1:] + ELSEWHERE:
        net.server.ip(f"addr add {address}/32 dev eth0\n")
        net.box.ip(f"route replace {address}/32 dev out0\n"
                   f"neigh add {address} lladdr {MAC['server']} dev out0\n")
    net.client.ip(f"route add 203.0.113.0/24 via {ADDRESS[4]['in0']}\n")


def ask(net, address, rounds=2):
    """Three connections to one of the addresses; with two rounds windows grow a little."""
    net.listener = net.keep(net.server.tcp(4))
    net.listener.bind((address, PORT))
    net.listener.listen(8)
    for _ in range(3):
        sock = net.socket()
        sock.connect((address, PORT))
        sock, peer = net.accept(sock)
        exchange(sock, peer, rounds=net.pick(rounds, rounds, 4), request=net.pick(3000, 500, 4000),
                 response=net.pick(2000, 2000, 9000))
        finish(sock, peer)


def ask_all(net):
    for address in SERVERS:
        ask(net, address)
    for address in ELSEWHERE:
        ask(net, address, rounds=1)


def ask_all_one_off(net):
    """The same; the setting of 198.51.100.5 is off (all addresses are one stack's)."""
    for address in SERVERS[:3] + ELSEWHERE:
        ask(net, address, rounds=1)
    net.server.sysctl("net.ipv4.tcp_window_scaling", 0)
    ask(net, SERVERS[3])


def pool(net, count):
    net.listen()
    return [net.connect() for _ in range(count)]


def age(connections, old):
    """A request on each connection at the start, every 8 seconds, and after `old` seconds."""
    born = time.monotonic()
    for at in (0, 8, 16, 24, old):
        time.sleep(max(born + at - time.monotonic(), 0))
        for pair in connections:
            exchange(*pair, rounds=1, request=100, response=300)


def lose_state(count, lose):
    """`count` old connections; the box loses its table; a request on each, unanswered."""
    def traffic(net):
        connections = pool(net, count)
        age(connections, net.pick(OLD, OLD, OLD + 6))
        lose(net)
        for sock, _ in connections:
            sock.send(b"q" * 100)
        time.sleep(2.5)
    return traffic


def reject_invalid(net):
    """A stateful firewall that picks nothing up in the middle, and answers with RST."""
    net.box.sysctl("net.netfilter.nf_conntrack_tcp_loose", 0)
    net.box.tables(net.family, "-A", "FORWARD", "-p", "tcp", "-m", "conntrack", "--ctstate",
                   "INVALID", "-j", "REJECT", "--reject-with", "tcp-reset")


def restart(net):
    """Twelve connections of a second; then the server's process is killed."""
    connections = pool(net, net.pick(12, 10, 40))
    for pair in connections:
        exchange(*pair, rounds=1)
    time.sleep(net.pick(1.0, 0.3, 4.0))
    for sock, peer in connections:
        reset(peer, sock)


def intercept(net):
    """SYNPROXY without --wscale; its SYN-ACK gets a window on its way out."""
    net.box.sysctl("net.netfilter.nf_conntrack_tcp_loose", 0)
    net.box.tables(4, "-t", "raw", "-A", "PREROUTING", "-i", "in0", "-p", "tcp", "--syn",
                   "-j", "CT", "--notrack")
    net.box.tables(4, "-A", "FORWARD", "-i", "in0", "-p", "tcp", "-m", "conntrack", "--ctstate",
                   "INVALID,UNTRACKED", "-j", "SYNPROXY", "--sack-perm", "--timestamp",
                   "--mss", "1460")
    net.box.tables(4, "-A", "FORWARD", "-m", "conntrack", "--ctstate", "INVALID", "-j", "DROP")
    box.install(net)
    with net.box.inside():
        net.faulty.attach("in0", b"box_answer", box.EGRESS)


def speak_a_little_later(net):
    """The client speaks when the proxy had time to reach the server.

    The proxy's ACK echoes a wrong timestamp, so the server takes the request for the end of the
    handshake; about once in a hundred runs it does not, and answers again after a second.
    """
    net.listen()
    sock = net.socket()
    sock.connect(net.address("server", PORT))
    time.sleep(0.05)
    sock.sendall(b"q" * 100)
    begin = time.monotonic()
    sock, peer = net.accept(sock)
    if time.monotonic() - begin > 0.5:
        raise LabError("the server answered twice")
    receive(peer, 100)
    peer.sendall(b"r" * 5000)
    receive(sock, 5000)
    exchange(sock, peer, rounds=7, response=5000)
    finish(sock, peer)


def talk(net):
    net.listen()
    sock, peer = net.connect()
    exchange(sock, peer, rounds=net.pick(8, 4, 12), response=net.pick(5000, 500, 20000))
    finish(sock, peer)


# -- the table -----------------------------------------------------------------------------------

BASE = (
    Scenario("rewrite-synack", "box: writes shift 2 into the SYN-ACK", (wrong(
        (S2C, box.SHIFT, 2)), link(20)), upload(150000), "C/2", "C/S", v6=True,
             check=checks.shift_rewritten),
    Scenario("rewrite-syn", "box: writes shift 4 into the SYN", (wrong(
        (C2S, box.SHIFT, 4)), link(20)), download(150000, 4.0), "C/S", "4/S", v6=True,
             check=checks.shift_rewritten),
    Scenario("window-clamp", "box: from the server's 40th segment on its window is at most 64",
             (wrong((S2C, box.CLAMP, 64, 40)), link(20)), upload(250000, sndbuf=8192),
             "C/S", "C/S", check=checks.windows(lambda w: min(w, 64), first=40, shrinks=60000)),
    Scenario("window-shrink-once", "box: from the server's 40th segment on its window is halved",
             (wrong((S2C, box.DIVIDE, 1, 40)), link(20)), upload(250000, sndbuf=8192),
             "C/S", "C/S", check=checks.windows(lambda w: w >> 1, first=40, shrinks=30000)),
    Scenario("shift-changed", "server's buffer fills up and is emptied; box: its window is "
             "divided by 8; server's buffer fills up again", (wrong(), link(20)), fill_twice,
             "C/S", "C/S", check=checks.windows(lambda w: w >> 3, shrinks=200000, slopes_due=20)),
    Scenario("forgetful-f0", "box: drops data beyond ack + window, unscaled", (wrong(
        (C2S, box.FORGETFUL, 0)), link(20), buffer(2 << 20)), upload(500000), "C/S", "C/S", v6=True,
             check=checks.boundary(0)),
    Scenario("forgetful-f2", "box: drops data beyond ack + (window << 2)", (wrong(
        (C2S, box.FORGETFUL, 2)), link(20), buffer(1 << 20)), upload(500000), "C/S", "C/S",
             check=checks.boundary(2)),
    Scenario("burst-loss", "box: drops the client's data segments 40 to 47 and 140 to 147",
             (wrong((C2S, box.DROP_BURSTS, 8, 40, 140)), link(20)), upload(300000, sndbuf=24576),
             "C/S", "C/S", check=checks.lost(16, 16, runs=[8, 8])),
    Scenario("mtu-black-hole", "box: drops data segments of more than 1,000 bytes for a while, "
             "three times", (wrong(),), small_and_large, "C/S", "C/S",
             check=checks.lost(9, None, over=1000)),
    Scenario("random-loss", "box: drops 2 % of the client's data segments", (wrong(
        (C2S, box.DROP_RANDOM, 20, 7)), link(20)), upload(400000, sndbuf=24576), "C/S", "C/S",
             check=checks.lost(3, 16)),
    Scenario("state-loss", "12 old connections; box: loses its table and drops what it does not "
             "know", (wrong((C2S, box.DROP_UNKNOWN), (S2C, box.DROP_UNKNOWN)),),
             lose_state(12, lambda net: net.faulty.forget_connections()), "C/S", "C/S", live=False,
             check=checks.silence(12)),
    Scenario("state-loss-reset", "12 old connections; box: loses its table and answers what it "
             "does not know with RST", (reject_invalid,),
             lose_state(12, lambda net: box.flush_conntrack(net.box)), "C/S", "C/S", live=False,
             check=checks.resets(12)),
    Scenario("state-loss-few", "3 old connections; box: loses its table and drops what it does "
             "not know", (wrong((C2S, box.DROP_UNKNOWN), (S2C, box.DROP_UNKNOWN)),),
             lose_state(3, lambda net: net.faulty.forget_connections()), "C/S", "C/S", live=False,
             check=checks.silence(3)),
    Scenario("server-restart", "12 young connections; the server resets them", (), restart,
             "C/S", "C/S", check=checks.server_resets(12)),
    Scenario("path-strips", "box: cuts W off the SYN-ACKs of 198.51.100.0/24, without a hole", (
        wrong((S2C, box.CUT, 0xC6336400)), listen_everywhere), ask_all, "C/S+-", "C/S",
             check=checks.servers_without_option(set(SERVERS), set())),
    Scenario("path-strips-not", "server: tcp_window_scaling=0 while 198.51.100.5 is asked", (
        listen_everywhere,), ask_all_one_off, "C/S+-", "C/S+-",
             check=checks.servers_without_option({SERVERS[3]}, {SERVERS[3]})),
    Scenario("proxy-ttl", "box: SYNPROXY without W, its SYN-ACK with a window", (intercept,),
             speak_a_little_later, "C/-", "-/-", check=checks.answer_has_own_ttl,
             counts={"front": {"synack": 1, "synack_window_0": 0}}),
    Scenario("synproxy-nots-burst", "box: SYNPROXY --wscale 9, client: tcp_timestamps=0, 25 "
             "connections", (synproxy(9), NO_TIMESTAMPS), twenty_five, "C/-", "-/-",
             check=checks.own_answers(25), counts={"front": {"synack_window_0": 25}}),
    Scenario("ttl-jitter", "server: tcp_window_scaling=0; box: the TTL of the server's segments "
             "alternates", (off("server"), wrong((S2C, box.TTL))), talk, "C/-", "C/-",
             check=checks.ttl_jitter),
)
