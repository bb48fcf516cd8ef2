# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The lab's faulty box: the programs of box.bpf.c on the box's two interfaces, through libbpf.

The programs' maps belong to this process and the filters to the box's namespace, so nothing is left
behind when either is gone. Bulk transfers are meant for it too: frames of at most an MTU (no
offloads, so that the stacks also check every checksum the box wrote), a link of a few Mbit/s behind
the box so that there is something in flight, and an end to waiting.
"""

import ctypes
import errno
import fcntl
import os
import select
import socket
import struct
import time

from lab import PORT, LabError, wait_connected

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
OBJECT = os.path.join(ROOT, "build", "tests", "lab", "box.bpf.o")     # also when SAN=1
C2S, S2C = 0, 1
(NONE, SHIFT, CUT, CLAMP, DIVIDE, FORGETFUL, DROP_BURSTS, DROP_LARGE, DROP_RANDOM, DROP_UNKNOWN,
 TTL) = range(11)       # enum box_act
ALWAYS = 0xFFFFFFFF
INGRESS, EGRESS = 1, 2  # BPF_TC_INGRESS, BPF_TC_EGRESS
SIOCETHTOOL = 0x8946
OFFLOADS = {"rx": 0x15, "tx": 0x17, "tso": 0x1F, "gso": 0x24, "gro": 0x2C}   # ETHTOOL_S...


class Hook(ctypes.Structure):
    """struct bpf_tc_hook"""
    _fields_ = [("sz", ctypes.c_size_t), ("ifindex", ctypes.c_int), ("point", ctypes.c_int),
                ("parent", ctypes.c_uint32)]


class Options(ctypes.Structure):
    """struct bpf_tc_opts"""
    _fields_ = [("sz", ctypes.c_size_t), ("prog_fd", ctypes.c_int), ("flags", ctypes.c_uint32),
                ("prog_id", ctypes.c_uint32), ("handle", ctypes.c_uint32),
                ("priority", ctypes.c_uint32)]


class Box:
    """The programs, attached. `close` drops the maps; the filters go with the namespace."""

    def __init__(self, net):
        self.bpf = ctypes.CDLL("libbpf.so.1", use_errno=True)
        self.bpf.bpf_object__open.restype = ctypes.c_void_p
        self.bpf.bpf_object__find_program_by_name.restype = ctypes.c_void_p
        self.bpf.libbpf_set_print(None)
        self.object = self.bpf.bpf_object__open(os.fsencode(OBJECT))
        if not self.object:
            raise LabError(f"{OBJECT}: {os.strerror(ctypes.get_errno())}; make tests builds it")
        self.object = ctypes.c_void_p(self.object)
        self.must("BPF is refused", self.bpf.bpf_object__load(self.object))
        self.maps = {name: self.bpf.bpf_object__find_map_fd_by_name(self.object, name.encode())
                     for name in ("rules", "states", "table")}
        with net.box.inside():
            self.attach("in0", b"box_c2s")
            self.attach("out0", b"box_s2c")

    @staticmethod
    def must(what, result):
        if result < 0:
            raise LabError(f"{what}: {os.strerror(-result)}")

    def attach(self, device, name, point=INGRESS):
        program = ctypes.c_void_p(self.bpf.bpf_object__find_program_by_name(self.object, name))
        hook = Hook(ctypes.sizeof(Hook), socket.if_nametoindex(device), point, 0)
        options = Options(ctypes.sizeof(Options), self.bpf.bpf_program__fd(program), 0, 0, 1, 1)
        if self.bpf.bpf_tc_hook_create(ctypes.byref(hook)) not in (0, -errno.EEXIST):
            raise LabError(f"no clsact on {device}")
        self.must(f"no filter on {device}",
                  self.bpf.bpf_tc_attach(ctypes.byref(hook), ctypes.byref(options)))

    def close(self):
        if self.object:
            self.bpf.bpf_object__close(self.object)
        self.object = None

    def rule(self, direction, act=NONE, value=0, first=0, last=ALWAYS):
        """Set struct box_rule of one direction."""
        self.must("no rule", self.bpf.bpf_map_update_elem(
            self.maps["rules"], struct.pack("=I", direction),
            struct.pack("=4I", act, value, first, last), ctypes.c_uint64(0)))

    def state(self, direction):
        """(segments, data segments, segments changed or dropped) of one direction so far."""
        state = ctypes.create_string_buffer(24)
        self.must("no state", self.bpf.bpf_map_lookup_elem(
            self.maps["states"], struct.pack("=I", direction), state))
        return struct.unpack_from("=3I", state)

    def forget_connections(self):
        """Empty the table: a box that was rebooted."""
        key = ctypes.create_string_buffer(12)
        while self.bpf.bpf_map_get_next_key(self.maps["table"], None, key) == 0:
            self.must("no key", self.bpf.bpf_map_delete_elem(self.maps["table"], key))


def install(net, *rules):
    """Setup: the box misbehaves by these rules, (direction, act, ...) each."""
    for node, device in ((net.client, "eth0"), (net.box, "in0"), (net.box, "out0"),
                         (net.server, "eth0")):
        no_offloads(node, device)
    net.faulty = net.keep(Box(net))
    for rule in rules:
        net.faulty.rule(*rule)


def no_offloads(node, device):
    with node.inside(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for command in OFFLOADS.values():
            value = ctypes.create_string_buffer(struct.pack("=II", command, 0))
            fcntl.ioctl(sock, SIOCETHTOOL, struct.pack("16sP8x", device.encode(),
                                                       ctypes.addressof(value)))


def slow_link(net, megabits, room=4000000):
    """Both ways behind the box, each with room for so many bytes: usually for what a window holds."""
    for node, device in ((net.box, "out0"), (net.server, "eth0")):
        node.run("tc", "qdisc", "replace", "dev", device, "root", "tbf", "rate",
                 f"{megabits}mbit", "burst", "3200", "limit", str(room))


def connect_busy(net):
    """A connection (client's socket, server's) that opens while UDP queues on the slow link.

    So the handshake says how far away the ends are: client and box-in are near the client, box-out
    and server near the server. The captures leave UDP out.
    """
    with net.client.inside():
        noise = socket.socket(socket.AF_INET if net.family == 4 else socket.AF_INET6,
                              socket.SOCK_DGRAM)

    def crowd():
        for _ in range(35):
            noise.sendto(b"n" * 1400, net.address("server", 9))

    sock = net.socket()
    sock.setblocking(False)
    with noise:
        crowd()
        sock.connect_ex(net.address("server", PORT))
        crowd()
    wait_connected(sock)
    return net.accept(sock)


def flush_conntrack(node):
    """conntrack -F: IPCTNL_MSG_CT_DELETE with no selection, for both families."""
    with node.inside():
        sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)     # NETLINK_NETFILTER
    with sock:
        sock.send(struct.pack("=IHHII", 20, 1 << 8 | 2, 1 | 4, 1, 0) + b"\0\0\0\0")
        error, = struct.unpack_from("=i", sock.recv(4096), 16)
        if error:
            raise LabError(f"cannot flush conntrack: {os.strerror(-error)}")


def transfer(sender, receiver, total, seconds=6.0, piece=65536):
    """Send `total` bytes in one direction, read as they come. Whether all came in time."""
    end, sent, got = time.monotonic() + seconds, 0, 0
    for sock in (sender, receiver):
        sock.setblocking(False)
    while got < total and time.monotonic() < end:
        readable, writable, _ = select.select([receiver], [sender] if sent < total else [], [],
                                              max(end - time.monotonic(), 0))
        if writable:
            sent += sender.send(b"d" * min(piece, total - sent))
        if readable:
            got += len(receiver.recv(262144))
    for sock in (sender, receiver):
        sock.settimeout(8.0)
    return got == total
