# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A TCP sender that keeps no rule about windows: the one end that no real stack plays.

IPv4, no options but the MSS, one connection, sends only. It reads the peer's window as shifted by
a count that nobody agreed to, and sends flights of a fixed size within that.
"""

import select
import socket
import struct
import time

from cable import ipv4_segment
from lab import PORT, LabError

MSS = 1460
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
PATIENCE = 0.3      # after which what is not acknowledged is sent again


class RawSender:
    def __init__(self, net, port, shift):
        net.client.tables(4, "-A", "OUTPUT", "-p", "tcp", "--tcp-flags", "RST", "RST", "-j", "DROP")
        with net.client.inside():
            self.sock = net.keep(socket.socket(socket.AF_INET, socket.SOCK_RAW,
                                               socket.IPPROTO_TCP))
        self.sock.setsockopt(socket.IPPROTO_IP, socket.IP_HDRINCL, 1)
        self.to = net.address("server", 0)
        self.ends = [socket.inet_aton(net.address(role, 0)[0]) for role in ("client", "server")]
        self.port, self.shift = port, shift
        self.isn = 1000000
        self.next = self.una = 0            # relative to the ISN
        self.peer_next = self.window = 0
        self.finished = False

    def put(self, flags, at, data=b"", options=b""):
        tcp = struct.pack(">HHIIBBHHH", self.port, PORT, (self.isn + at) % 2**32,
                          self.peer_next if flags & ACK else 0,
                          (20 + len(options)) // 4 << 4, flags, 65535, 0, 0)
        self.sock.sendto(ipv4_segment(*self.ends, tcp + options + data), self.to)

    def take(self, wait):
        """Read one segment of the server, if one comes in time."""
        if not select.select([self.sock], [], [], max(wait, 0))[0]:
            return False
        packet = self.sock.recv(65536)
        tcp = packet[(packet[0] & 15) * 4:]
        source, to, seq, ack, offset, flags, window = struct.unpack_from(">HHIIBBH", tcp)
        if (source, to) != (PORT, self.port):
            return True
        if flags & RST:
            raise LabError("the server reset the raw sender's connection")
        self.una = max(self.una, (ack - self.isn) % 2**32)
        self.window = window
        length = len(tcp) - (offset >> 4) * 4 + bool(flags & SYN) + bool(flags & FIN)
        if length:
            self.peer_next = (seq + length) % 2**32
            self.put(ACK, self.next)
            self.finished = bool(flags & FIN)
        return True

    def wait_for(self, condition, again):
        """Read until `condition`; after PATIENCE without it do `again`."""
        end = time.monotonic() + 8
        while time.monotonic() < end:
            patience = time.monotonic() + PATIENCE
            while not condition() and time.monotonic() < patience:
                self.take(patience - time.monotonic())
            if condition():
                return
            again()
        raise LabError("the raw sender got no answer")

    def connect(self):
        def syn():
            self.put(SYN, 0, options=struct.pack(">BBH", 2, 4, MSS))
        syn()
        self.next = 1
        self.wait_for(lambda: self.una == 1, syn)

    def flight(self, length):
        """`length` bytes at once, as far as the window in its reading goes; wait for the ACKs."""
        start = self.next
        self.next += min(length, self.window << self.shift)

        def send_from(at):
            for seq in range(at, self.next, MSS):
                self.put(ACK | PSH, seq, b"w" * min(MSS, self.next - seq))
        send_from(start)
        self.wait_for(lambda: self.una >= self.next, lambda: send_from(self.una))

    def finish(self):
        at = self.next
        self.put(FIN | ACK, at)
        self.next += 1
        self.wait_for(lambda: self.finished, lambda: self.put(FIN | ACK, at))
