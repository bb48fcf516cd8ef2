# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What lies between the lab's nodes: a delay line, bare interfaces, a box's rewriting hook."""

import ctypes
import dataclasses
import fcntl
import os
import signal
import socket
import struct
import subprocess
import threading

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
DELAY_LINE = os.path.join(os.environ.get("WSCOPE_BUILD", os.path.join(ROOT, "build")),
                          "tests", "lab", "delay_line")

SIOCETHTOOL = 0x8946
# ETHTOOL_STXCSUM, ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO of linux/ethtool.h
OFFLOADS = (0x17, 0x1F, 0x24, 0x2C)
GRO = OFFLOADS[3:]


@dataclasses.dataclass(frozen=True)
class Line:
    """A delay line on one cable: between client and box, or between box and server."""
    side: str = "server"
    delay_ms: float = 20        # each way
    kbit: int = 0
    loss: int = 0               # frames in a thousand, of those that carry much data
    late: int = 0               # the same, these come late_ms behind their time
    late_ms: float = 4
    seed: int = 1

    def argv(self, left, right):
        words = [DELAY_LINE, "-d", str(round(self.delay_ms * 1000)), "-s", str(self.seed)]
        for flag, value in (("-r", self.kbit), ("-l", self.loss), ("-o", self.late),
                            ("-x", round(self.late_ms * 1000) if self.late else 0)):
            words += [flag, str(value)] if value else []
        return words + [left, right]

    def describe(self):
        cable = "client-box" if self.side == "client" else "box-server"
        text = f"RTT {2 * self.delay_ms:g} ms ({cable})"
        if self.kbit:
            text += f", {self.kbit / 1000:g} Mbit/s"
        if self.loss:
            text += f", {self.loss / 10:g} % loss of data segments"
        if self.late:
            text += f", {self.late / 10:g} % of data segments {self.late_ms:g} ms late"
        return text


class Carrier:
    """The running delay line, in a namespace of its own."""

    def __init__(self, lab, node, line, left, right, error):
        self.lab, self.error = lab, error
        if not os.access(DELAY_LINE, os.X_OK):
            raise error(f"{DELAY_LINE} is not there: make tests")
        with node.inside():
            self.child = lab.spawn(line.argv(left, right), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if self.child.stdout.readline() != "ready\n":
            said = self.child.communicate()[1]
            raise error(f"the delay line does not start: {said.strip()}")

    def stop(self):
        """End it; its counts. A frame that it had no room for is an error."""
        self.child.send_signal(signal.SIGTERM)
        said, _ = self.child.communicate(timeout=10)
        self.lab.forget(self.child)
        words = said.split()
        counts = dict(zip(words[::2], map(int, words[1::2])))
        if counts.get("overflow", 1):
            raise self.error(f"the delay line dropped frames: {said.strip() or 'no counts'}")
        return counts

    def kill(self):
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()
        self.child.stdout.close()
        self.child.stderr.close()
        self.lab.forget(self.child)


def offloads_off(node, *devices, which=OFFLOADS):
    """Checksums, segmentation and merging are done by the stack: captures show what a wire does."""
    with node.inside(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for device in devices:
            for command in which:
                value = ctypes.create_string_buffer(struct.pack("=II", command, 0))
                request = struct.pack("16sP", device.encode(), ctypes.addressof(value))
                fcntl.ioctl(sock, SIOCETHTOOL, request + bytes(16))


# -- NFQUEUE --------------------------------------------------------------------------------------

NFNL_QUEUE = 3 << 8
PACKET, VERDICT, CONFIG = (NFNL_QUEUE | number for number in range(3))
NETLINK_NETFILTER = 12
DROP, ACCEPT = 0, 1


def attribute(kind, value):
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def message(kind, queue, *attributes):
    body = struct.pack(">BBH", socket.AF_UNSPEC, 0, queue) + b"".join(attributes)
    return struct.pack("=IHHII", 16 + len(body), kind, 1, 0, 0) + body


def attributes_of(data):
    found = {}
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        found[kind & 0x3FFF] = data[4:length]
        data = data[(length + 3) & ~3:]
    return found


class Rewriter:
    """Passes what netfilter hands to queue 0 of a namespace through a function of packets.

    The function returns the packet as it shall go on, or None to drop it.
    """

    def __init__(self, node, change):
        self.change = change
        with node.inside():
            self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
        self.sock.bind((0, 0))
        self.sock.send(message(CONFIG, 0, attribute(1, struct.pack(">BBH", 1, 0, 0))))
        self.sock.send(message(CONFIG, 0, attribute(2, struct.pack(">IB", 65535, 2))))
        self.stopping = False
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        self.sock.settimeout(0.2)
        while not self.stopping:
            try:
                data = self.sock.recv(65536)
            except TimeoutError:
                continue
            if struct.unpack_from("=H", data, 4)[0] != PACKET:
                continue
            parts = attributes_of(data[20:])
            packet = self.change(parts[10])
            verdict = struct.pack(">I", DROP if packet is None else ACCEPT) + parts[1][:4]
            changed = [attribute(10, packet)] if packet not in (None, parts[10]) else []
            self.sock.send(message(VERDICT, 0, attribute(2, verdict), *changed))

    def close(self):
        self.stopping = True
        self.thread.join()
        self.sock.close()


def checksum(data):
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ipv4_segment(source, destination, tcp, identity=0, ttl=64):
    """An IPv4 packet around a TCP header and its data, both checksums made."""
    pseudo = source + destination + struct.pack(">HH", socket.IPPROTO_TCP, len(tcp))
    tcp = tcp[:16] + b"\0\0" + tcp[18:]
    tcp = tcp[:16] + struct.pack(">H", checksum(pseudo + tcp)) + tcp[18:]
    header = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), identity, 0x4000, ttl,
                         socket.IPPROTO_TCP, 0) + source + destination
    return header[:10] + struct.pack(">H", checksum(header)) + header[12:] + tcp


def add_window_scale(shift):
    """A function that puts NOP and the option behind the other options of an IPv4 segment."""
    def change(packet):
        tcp = packet[(packet[0] & 15) * 4:]
        header = (tcp[12] >> 4) * 4
        tcp = (tcp[:12] + bytes([((header + 4) // 4) << 4 | tcp[12] & 15]) + tcp[13:header]
               + bytes([1, 3, 3, shift]) + tcp[header:])
        return ipv4_segment(packet[12:16], packet[16:20], tcp,
                            struct.unpack_from(">H", packet, 4)[0], packet[8])
    return change


def window_guard(server):
    """A function that drops data which ends beyond the server's last ACK plus its raw window."""
    address, edge = socket.inet_aton(server), []

    def check(packet):
        tcp = packet[(packet[0] & 15) * 4:]
        seq, ack, offset, _, window = struct.unpack_from(">IIBBH", tcp, 4)
        if packet[12:16] == address:
            edge[:] = [ack + window]
        elif edge:
            length = len(tcp) - (offset >> 4) * 4
            if length and 0 < (seq + length - edge[0]) % 2**32 < 2**31:
                return None
        return packet
    return check
