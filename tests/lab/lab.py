# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The lab: real kernel TCP stacks in network namespaces, and captures of what they say.

    client eth0 ---- in0 box out0 ---- eth0 server        IPv4 and IPv6, box routes

Every namespace belongs to one run and is named wsl-lab-PID-SLOT-NODE. The run holds a lock on
/run/wsl-lab/PID for as long as it lives, so a later run can tell the remains of a killed one (lock
free) from a neighbour at work (lock held) and removes only the former.

Sockets are made inside a namespace (setns on the calling thread) and then used from outside, so a
scenario is one straight Python function that plays both ends. Addresses are the documentation
prefixes. MAC addresses and neighbour entries are fixed, so no ARP or ND is seen, and deleting one
neighbour entry makes the box hold packets until it is put back (see Net.hold).
"""

import contextlib
import ctypes
import fcntl
import os
import re
import signal
import socket
import struct
import subprocess
import threading
import time

import cable

RUN_DIR = "/run/wsl-lab"
NETNS_DIR = "/run/netns"
PREFIX = "wsl-lab"
TIMEOUT = 8.0
PORT = 8080
CLONE_NEWNET = 0x40000000
VNI = 42

# tcp_rmem decides the shift an end offers: ilog2(max(tcp_rmem[2], rmem_max)) - 15.
RMEM = {"client": "4096 131072 33554432", "server": "4096 131072 6291456"}

ADDRESS = {
    4: {"client": "192.0.2.2", "in0": "192.0.2.1", "out0": "198.51.100.1",
        "server": "198.51.100.2", "client-net": "192.0.2.0/24", "server-net": "198.51.100.0/24"},
    6: {"client": "2001:db8:1::2", "in0": "2001:db8:1::1", "out0": "2001:db8:2::1",
        "server": "2001:db8:2::2", "client-net": "2001:db8:1::/64",
        "server-net": "2001:db8:2::/64"},
}
PREFIX_LENGTH = {4: 24, 6: 64}
MAC = {"client": "02:00:00:00:01:02", "in0": "02:00:00:00:01:01",
       "out0": "02:00:00:00:02:01", "server": "02:00:00:00:02:02",
       "box-mid": "02:00:00:00:03:01", "box2-mid": "02:00:00:00:03:02",
       "box-vx": "02:00:00:00:04:01", "box2-vx": "02:00:00:00:04:02",
       "line-left": "02:00:00:00:06:01", "line-right": "02:00:00:00:06:02",
       "client-by": "02:00:00:00:05:01", "server-by": "02:00:00:00:05:02"}

libc = ctypes.CDLL(None, use_errno=True)


class LabError(Exception):
    """The lab could not do what the scenario asks."""


def run(argv, stdin=None):
    """Run a command to its end; raise LabError with its own words when it fails."""
    done = subprocess.run(argv, input=stdin, capture_output=True, text=True, timeout=30,
                          check=False)
    if done.returncode != 0:
        raise LabError(f"{' '.join(argv)}: {done.stderr.strip() or done.returncode}"
                       + (f"\ninput:\n{stdin}" if stdin else ""))
    return done.stdout


class Run:
    """One run of the lab: its lock, its namespaces, its children. `close` is safe to repeat."""

    def __init__(self):
        os.makedirs(RUN_DIR, exist_ok=True)
        remove_remains()
        self.pid_path = os.path.join(RUN_DIR, str(os.getpid()))
        self.lock = open(self.pid_path, "w", encoding="ascii")
        fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self.mutex = threading.Lock()
        self.names = set()
        self.children = set()
        self.closed = False

    def add_namespace(self, name):
        with self.mutex:
            if self.closed:
                raise LabError("the lab is closing")
            self.names.add(name)
        run(["ip", "netns", "add", name])

    def remove_namespace(self, name):
        with self.mutex:
            known = name in self.names
            self.names.discard(name)
        if known:
            subprocess.run(["ip", "netns", "del", name], stderr=subprocess.DEVNULL, check=False)

    def spawn(self, argv, **kwargs):
        """Start a child that dies with this run, however the run ends."""
        with self.mutex:
            if self.closed:
                raise LabError("the lab is closing")
            child = subprocess.Popen(["setpriv", "--pdeathsig", "KILL"] + argv, **kwargs)
            self.children.add(child)
        return child

    def forget(self, child):
        with self.mutex:
            self.children.discard(child)

    def close(self):
        # Also called from a signal handler that may have interrupted a holder of the mutex.
        held = self.mutex.acquire(timeout=1)
        first, self.closed = not self.closed, True
        children, names = list(self.children), list(self.names)
        if held:
            self.mutex.release()
        if not first:
            return
        for child in children:
            if child.poll() is None:
                child.kill()
        for name in names:
            self.remove_namespace(name)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.pid_path)
        self.lock.close()


def remove_remains():
    """Remove namespaces of earlier runs that carry our prefix and whose lock nobody holds."""
    if not os.path.isdir(NETNS_DIR):
        return
    for entry in sorted(os.listdir(RUN_DIR)):
        path = os.path.join(RUN_DIR, entry)
        if not entry.isdigit():
            continue
        with contextlib.suppress(OSError), open(path, "r+", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for name in os.listdir(NETNS_DIR):
                if re.fullmatch(rf"{PREFIX}-{entry}-\d+-[a-z0-9]+", name):
                    subprocess.run(["ip", "netns", "del", name], check=False)
            os.unlink(path)


class Node:
    """One namespace: a host, or the box."""

    def __init__(self, lab, slot, role):
        self.lab = lab
        self.role = role
        self.window = 0     # the `window` of the routes to the other end, if set
        self.name = f"{PREFIX}-{os.getpid()}-{slot}-{role}"
        lab.add_namespace(self.name)

    @contextlib.contextmanager
    def inside(self):
        """The calling thread is in this namespace for the length of the block."""
        with open("/proc/thread-self/ns/net", "rb") as home, \
                open(os.path.join(NETNS_DIR, self.name), "rb") as there:
            set_namespace(there.fileno())
            try:
                yield
            finally:
                set_namespace(home.fileno())

    def run(self, *argv):
        with self.inside():
            return run(list(argv))

    def ip(self, text):
        """A batch of ip(8) commands, one a line."""
        with self.inside():
            run(["ip", "-batch", "-"], stdin=text)

    def sysctl(self, key, value=None):
        """Set net.x.y in this namespace (value given) or read it."""
        with self.inside():
            with open("/proc/sys/" + key.replace(".", "/"), "r" if value is None else "w",
                      encoding="ascii") as file:
                if value is None:
                    return file.read().strip()
                file.write(str(value))
                return None

    def tables(self, family, *argv):
        """iptables or ip6tables, by family."""
        self.run("iptables" if family == 4 else "ip6tables", "-w", *argv)

    def tcp(self, family):
        with self.inside():
            sock = socket.socket(socket.AF_INET if family == 4 else socket.AF_INET6,
                                 socket.SOCK_STREAM)
        sock.settimeout(TIMEOUT)
        return sock

    def offered_shift(self):
        """The shift this host puts into a SYN by its settings, or None when scaling is off."""
        if self.sysctl("net.ipv4.tcp_window_scaling") == "0":
            return None
        with open("/proc/sys/net/core/rmem_max", encoding="ascii") as file:
            space = max(int(self.sysctl("net.ipv4.tcp_rmem").split()[2]), int(file.read()))
        space = min(space, self.window or space)
        return min(max(space.bit_length() - 1 - 15, 0), 14)


def set_namespace(fd):
    if libc.setns(fd, CLONE_NEWNET) != 0:
        err = ctypes.get_errno()
        raise LabError(f"setns: {os.strerror(err)}")


def tcp_info(sock):
    """(scaling negotiated in this end's eyes, own shift); what `ss -i` prints as wscale."""
    info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
    options, shifts = struct.unpack_from("=BB", info, 5)
    return bool(options & 4), shifts >> 4


def send_window(sock):
    """The peer's window in this end's eyes, tcpi_snd_wnd."""
    info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 232)
    return struct.unpack_from("=I", info, 228)[0]


class Capture:
    """tcpdump at one point. It is listening when the constructor returns."""

    def __init__(self, lab, node, device, path, snaplen, expression):
        self.lab, self.path = lab, path
        with node.inside():
            self.child = lab.spawn(
                ["tcpdump", "-i", device, "-s", str(snaplen), "-n", "-p", "-U", "-Z", "root",
                 "--immediate-mode", "-w", path, expression],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                text=True)

    def wait(self):
        said = []
        for line in self.child.stderr:
            said.append(line)
            if "listening on" in line:
                return
        raise LabError(f"tcpdump did not start: {''.join(said).strip()}")

    def drain(self):
        """Wait until tcpdump has written all that the kernel has for it."""
        end = time.monotonic() + TIMEOUT
        while time.monotonic() < end:
            self.child.send_signal(signal.SIGUSR1)
            count = packet_counts(self.child.stderr.readline())
            if count.get("captured") == count.get("received"):
                return
            time.sleep(0.05)

    def stop(self):
        """Stop, and prove by tcpdump's own count that every packet went into the file."""
        self.drain()
        self.child.send_signal(signal.SIGINT)
        _, said = self.child.communicate(timeout=TIMEOUT)
        self.lab.forget(self.child)
        count = packet_counts(said)
        if not count or count["captured"] != count["received"] or count["dropped"]:
            raise LabError(f"{self.path}: tcpdump lost packets: {' '.join(said.split())}")


def packet_counts(said):
    return {word: int(number) for number, word in
            re.findall(r"(\d+) packets? (captured|received|dropped)", said)}


class Net:
    """client - box - server, made fresh for one scenario.

    `layout` is plain; vxlan (a second box, and VXLAN over the link between the two: box-in and
    box-out are then the carrier interfaces, which see the encapsulated traffic); c2s or s2c (only
    that direction takes the box, the other one a bypass that no point sees).
    `line` puts a delay line (cable.Line) into one cable; `wire` turns the offloads of all
    interfaces off, so that every point sees what a wire would carry. `vary`, a random.Random, gives
    other numbers than the usual ones to scenarios that ask by `pick`.
    """

    def __init__(self, lab, slot, family, layout="plain", line=None, wire=False, vary=None):
        self.lab, self.family, self.layout, self.line, self.vary = lab, family, layout, line, vary
        self.nodes, self.records, self.sockets, self.helpers = [], [], [], []
        self.listener = self.carrier = None
        roles = ["client", "box", "server"] + (["box2"] if layout == "vxlan" else [])
        try:
            for role in roles + (["line_node"] if line else []):
                node = Node(lab, slot, role.removesuffix("_node"))
                self.nodes.append(node)
                setattr(self, role, node)
            self.wire_up()
            if wire:
                self.offloads_off()
            if line:
                self.carrier = cable.Carrier(lab, self.line_node, line, "left", "right", LabError)
        except BaseException:
            self.close()
            raise

    def close(self):
        for helper in self.helpers:
            helper.close()
        if self.carrier:
            self.carrier.kill()
        for sock in self.sockets:
            sock.close()
        for node in self.nodes:
            self.lab.remove_namespace(node.name)

    # -- topology -----------------------------------------------------------------------------

    def wire_up(self):
        for node in self.nodes:
            for key, value in (("net.ipv6.conf.default.accept_dad", 0),
                               ("net.ipv6.conf.default.addr_gen_mode", 1),
                               ("net.ipv4.conf.default.rp_filter", 0),
                               ("net.ipv4.conf.all.rp_filter", 0),
                               ("net.ipv4.tcp_window_scaling", 1), ("net.ipv4.tcp_timestamps", 1),
                               ("net.ipv4.tcp_syncookies", 1), ("net.ipv4.tcp_fastopen", 3),
                               ("net.ipv4.tcp_rmem", RMEM.get(node.role, RMEM["server"]))):
                node.sysctl(key, value)
            if node.role.startswith("box"):
                node.sysctl("net.ipv4.ip_forward", 1)
                node.sysctl("net.ipv6.conf.all.forwarding", 1)
        last = self.box2 if self.layout == "vxlan" else self.box
        self.lay("client", self.client, "eth0", MAC["client"], self.box, "in0", MAC["in0"])
        self.lay("server", last, "out0", MAC["out0"], self.server, "eth0", MAC["server"])
        self.host(self.client, "client", "in0", "server-net")
        self.host(self.server, "server", "out0", "client-net")
        self.box.ip(leg("in0", "client"))
        last.ip(leg("out0", "server"))
        if self.layout == "vxlan":
            self.tunnel()
        elif self.layout != "plain":
            self.bypass()

    def lay(self, side, left, left_name, left_mac, right, right_name, right_mac):
        """A veth pair; or two, with the node of the delay line between them."""
        if not self.line or self.line.side != side:
            run(["ip", "-batch", "-"], stdin=veth(left, left_name, left_mac,
                                                  right, right_name, right_mac))
            return
        run(["ip", "-batch", "-"], stdin=(
            veth(left, left_name, left_mac, self.line_node, "left", MAC["line-left"])
            + veth(self.line_node, "right", MAC["line-right"], right, right_name, right_mac)))
        self.line_node.sysctl("net.ipv6.conf.all.disable_ipv6", 1)
        self.line_node.ip("link set left promisc on up\nlink set right promisc on up\n")

    def offloads_off(self):
        for node, devices in ((self.client, ("eth0",)), (self.box, ("in0", "out0")),
                              (self.server, ("eth0",))):
            cable.offloads_off(node, *devices)
        if self.line:
            cable.offloads_off(self.line_node, "left", "right")

    def host(self, node, role, gateway, far):
        text = "link set lo up\nlink set eth0 up\n"
        for family in (4, 6):
            address = ADDRESS[family]
            text += (f"addr add {address[role]}/{PREFIX_LENGTH[family]} dev eth0\n"
                     f"route add {address[far]} via {address[gateway]}\n"
                     f"neigh add {address[gateway]} lladdr {MAC[gateway]} dev eth0\n")
        node.ip(text)

    def tunnel(self):
        run(["ip", "-batch", "-"], stdin=veth(self.box, "mid0", MAC["box-mid"], self.box2,
                                              "mid0", MAC["box2-mid"], mtu=1600))
        for me, node, far, own, other in ((1, self.box, "server-net", "box", "box2"),
                                          (2, self.box2, "client-net", "box2", "box")):
            peer = 3 - me
            text = (f"addr add 203.0.113.{me}/24 dev mid0\nlink set mid0 up\n"
                    f"neigh add 203.0.113.{peer} lladdr {MAC[other + '-mid']} dev mid0\n"
                    f"link add vx0 address {MAC[own + '-vx']} mtu 1500 type vxlan id {VNI} "
                    f"dstport 4789 local 203.0.113.{me} remote 203.0.113.{peer}\n"
                    f"addr add 10.9.9.{me}/24 dev vx0\naddr add fd99::{me}/64 dev vx0\n"
                    "link set vx0 up\n")
            for family, hop in ((4, f"10.9.9.{peer}"), (6, f"fd99::{peer}")):
                text += (f"neigh add {hop} lladdr {MAC[other + '-vx']} dev vx0\n"
                         f"route add {ADDRESS[family][far]} via {hop}\n")
            node.ip(text)

    def bypass(self):
        run(["ip", "-batch", "-"], stdin=veth(self.client, "by0", MAC["client-by"], self.server,
                                              "by0", MAC["server-by"]))
        self.client.ip("addr add 203.0.113.1/24 dev by0\nlink set by0 up\n"
                       f"neigh add 203.0.113.2 lladdr {MAC['server-by']} dev by0\n")
        self.server.ip("addr add 203.0.113.2/24 dev by0\nlink set by0 up\n"
                       f"neigh add 203.0.113.1 lladdr {MAC['client-by']} dev by0\n")
        if self.layout == "c2s":
            self.server.ip(f"route add {ADDRESS[4]['client']}/32 via 203.0.113.1 "
                           f"src {ADDRESS[4]['server']}\n")
        else:
            self.client.ip(f"route add {ADDRESS[4]['server']}/32 via 203.0.113.2 "
                           f"src {ADDRESS[4]['client']}\n")

    def points(self):
        """point -> (node, device, capture filter)"""
        points = {"client": (self.client, "eth0", "tcp"), "box-in": (self.box, "in0", "tcp"),
                  "box-out": (self.box, "out0", "tcp"), "server": (self.server, "eth0", "tcp"),
                  "box-any": (self.box, "any", "tcp or udp port 4789")}
        if self.layout == "vxlan":
            points["box-in"] = (self.box, "mid0", "udp port 4789")
            points["box-out"] = (self.box2, "mid0", "udp port 4789")
        return points

    def hold(self, role):
        """The box keeps what it has for `role` (client or server) until `release`. IPv4."""
        node = getattr(self, role)
        node.sysctl("net.ipv4.conf.eth0.arp_ignore", 8)
        self.box.ip(f"neigh del {ADDRESS[4][role]} dev {'in0' if role == 'client' else 'out0'}\n")

    def release(self, role):
        self.box.ip(f"neigh replace {ADDRESS[4][role]} lladdr {MAC[role]} "
                    f"dev {'in0' if role == 'client' else 'out0'}\n")

    # -- traffic ------------------------------------------------------------------------------

    def pick(self, usual, low, high):
        """The usual number; in a varied run one from low to high, whole or not as the usual one."""
        if self.vary is None:
            return usual
        return (self.vary.uniform if isinstance(usual, float) else self.vary.randint)(low, high)

    def talk(self, sock, peer):
        """Requests and responses."""
        exchange(sock, peer, self.pick(3, 3, 8), self.pick(100, 20, 3000),
                 self.pick(2000, 1000, 20000))

    def address(self, role, port):
        return (ADDRESS[self.family][role], port)

    def keep(self, sock):
        self.sockets.append(sock)
        return sock

    def listen(self, rcvbuf=None, fastopen=False, port=PORT):
        self.listener = self.keep(self.server.tcp(self.family))
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if rcvbuf:
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        self.listener.bind(self.address("server", port))
        if fastopen:
            self.listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 16)
        self.listener.listen(64)

    def socket(self, port=0):
        """A client socket, bound to `port` when one is given."""
        sock = self.keep(self.client.tcp(self.family))
        if port:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(self.address("client", port))
        return sock

    def start(self, sock, port=PORT):
        """Send the SYN and do not wait for the answer."""
        sock.setblocking(False)
        sock.connect_ex(self.address("server", port))
        time.sleep(0.05)

    def connect(self, port=0):
        """A connection by plain connect and accept: (client socket, server socket)."""
        sock = self.socket(port or self.pick(0, 1024, 65535))
        sock.connect(self.address("server", PORT))
        return self.accept(sock)

    def accept(self, sock, **record):
        peer, _ = self.listener.accept()
        peer.settimeout(TIMEOUT)
        self.record(sock, self.keep(peer), **record)
        return sock, peer

    def record(self, sock=None, peer=None, answered=False, first_offer=...):
        """Note the truth of one connection: what the ends offered and what each believes.

        Without sockets: an attempt; the server offered its shift if it `answered` at all.
        `first_offer`: what the client's first SYN offered, if the setting has changed since.
        """
        client_shift, server_shift = self.client.offered_shift(), None
        offers = [client_shift if first_offer is ... else first_offer, client_shift]
        client_view = server_view = "-"
        if sock:
            negotiated, shift = tcp_info(sock)
            client_view = "on" if negotiated else "off"
            if negotiated and client_shift is not None and shift != client_shift:
                raise LabError(f"client shift {shift}, tcp_rmem says {client_shift}")
        if peer:
            negotiated, shift = tcp_info(peer)
            server_view = "on" if negotiated else "off"
            server_shift = shift if negotiated else None
        elif answered:
            server_shift = self.server.offered_shift()
        self.records.append((offers, [server_shift], [client_view], [server_view]))


def veth(left, left_name, left_mac, right, right_name, right_mac, mtu=1500):
    return (f"link add {left_name} address {left_mac} mtu {mtu} netns {left.name} type veth "
            f"peer name {right_name} address {right_mac} mtu {mtu} netns {right.name}\n")


def leg(device, neighbour):
    """The box's interface towards one host."""
    text = f"link set lo up\nlink set {device} up\n"
    for family in (4, 6):
        address = ADDRESS[family]
        text += (f"addr add {address[device]}/{PREFIX_LENGTH[family]} dev {device}\n"
                 f"neigh add {address[neighbour]} lladdr {MAC[neighbour]} dev {device}\n")
    return text


def wait_connected(sock):
    """Block until a non-blocking connect has succeeded."""
    end = time.monotonic() + TIMEOUT
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            sock.getpeername()
            sock.settimeout(TIMEOUT)
            return
        time.sleep(0.01)
    raise LabError("no connection in time")


def receive(sock, length):
    """Exactly `length` bytes, or all to the end when length is None."""
    got = 0
    while length is None or got < length:
        chunk = sock.recv(65536 if length is None else length - got)
        if not chunk:
            if length is None:
                return got
            raise LabError(f"{got} of {length} bytes came")
        got += len(chunk)
    return got


def exchange(sock, peer, rounds=3, request=100, response=2000):
    for _ in range(rounds):
        sock.sendall(b"q" * request)
        receive(peer, request)
        peer.sendall(b"r" * response)
        receive(sock, response)


def finish(first, second):
    """Close by FIN, `first` first."""
    first.shutdown(socket.SHUT_WR)
    receive(second, None)
    second.close()
    receive(first, None)
    first.close()


def reset(sock, peer):
    """Close by RST from `sock`."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()
    peer.close()
