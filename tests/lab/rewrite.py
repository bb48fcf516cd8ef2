# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Captures made from captures: what boxes and clocks do, done to a file of the lab.

Classic pcap with Ethernet frames, as the lab makes them. Changed headers get right checksums, as far
as the frame is all there; TCP inside VXLAN is changed too, the outer headers are left alone.
"""

import random
import struct

SYN, ACK = 2, 16
HEAD, RECORD = 24, 16
VXLAN = 4789


class Frame:
    """A record of a capture whose TCP header, if it has one, can be changed in place."""

    def __init__(self, micros, data, wirelen):
        self.micros, self.data, self.wirelen = micros, bytearray(data), wirelen
        self.ip = self.tcp = None
        self._find(14, struct.unpack_from(">H", data, 12)[0], True)

    def _find(self, ip, ethertype, outer):
        data = self.data
        if ethertype == 0x0800:
            tcp, protocol = ip + (data[ip] & 15) * 4, data[ip + 9]
        elif ethertype == 0x86DD:
            tcp, protocol = ip + 40, data[ip + 6]
        else:
            return
        if protocol == 6:
            self.ip, self.tcp = ip, tcp
        elif protocol == 17 and outer and self.word(tcp + 2) == VXLAN:
            self._find(tcp + 16 + 14, self.word(tcp + 16 + 12), False)

    def word(self, at):
        return struct.unpack_from(">H", self.data, at)[0]

    @property
    def ipv6(self):
        return self.data[self.ip] >> 4 == 6

    @property
    def flags(self):
        return self.data[self.tcp + 13]

    def _places(self):
        size, first = (16, 8) if self.ipv6 else (4, 12)
        return [slice(self.ip + first + i * size, self.ip + first + (i + 1) * size) for i in (0, 1)]

    def ends(self):
        """((address, port) of the sender, the same of the receiver)"""
        return tuple((bytes(self.data[place]), self.word(self.tcp + 2 * i))
                     for i, place in enumerate(self._places()))

    def set_ends(self, ends):
        for i, (place, (address, port)) in enumerate(zip(self._places(), ends)):
            self.data[place] = address
            struct.pack_into(">H", self.data, self.tcp + 2 * i, port)

    def numbers(self):
        return struct.unpack_from(">II", self.data, self.tcp + 4)

    def set_numbers(self, seq, ack):
        struct.pack_into(">II", self.data, self.tcp + 4, seq & 0xffffffff, ack & 0xffffffff)

    def sack_blocks(self):
        """Offsets of the edges in SACK blocks, as far as they were captured."""
        at, end = self.tcp + 20, min(self.tcp + (self.data[self.tcp + 12] >> 4) * 4, len(self.data))
        while at + 1 < end and self.data[at]:
            if self.data[at] == 1:
                at += 1
                continue
            if self.data[at] == 5:
                yield from range(at + 2, min(at + self.data[at + 1], end - 3), 4)
            at += max(self.data[at + 1], 2)

    def seal(self):
        """Right checksums again."""
        data, ip, tcp = self.data, self.ip, self.tcp
        if self.ipv6:
            length = self.word(ip + 4)
            pseudo = data[ip + 8:ip + 40] + struct.pack(">II", length, 6)
        else:
            struct.pack_into(">H", data, ip + 10, 0)
            struct.pack_into(">H", data, ip + 10, checksum(data[ip:tcp]))
            length = self.word(ip + 2) - (tcp - ip)
            pseudo = data[ip + 12:ip + 20] + struct.pack(">HH", 6, length)
        if tcp + length > len(data):
            return
        struct.pack_into(">H", data, tcp + 16, 0)
        struct.pack_into(">H", data, tcp + 16, checksum(pseudo + data[tcp:tcp + length]))


def checksum(data):
    """RFC 1071."""
    if len(data) % 2:
        data = bytes(data) + b"\0"
    total = sum(struct.unpack(f">{len(data) // 2}H", bytes(data)))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def load(data):
    """The frames of a capture's bytes."""
    magic, link = struct.unpack_from("<I16xI", data)
    if (magic, link) != (0xa1b2c3d4, 1):
        raise ValueError("not a little-endian microsecond capture of Ethernet")
    frames, at = [], HEAD
    while at < len(data):
        seconds, micros, captured, wirelen = struct.unpack_from("<4I", data, at)
        frames.append(Frame(seconds * 10**6 + micros, data[at + RECORD:at + RECORD + captured], wirelen))
        at += RECORD + captured
    return frames


def store(frames):
    parts = [struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1)]
    for one in frames:
        parts.append(struct.pack("<4I", *divmod(one.micros, 10**6), len(one.data), one.wirelen))
        parts.append(bytes(one.data))
    return b"".join(parts)


def shift_clock(frames, micros):
    for one in frames:
        one.micros += micros


def lose(frames, share, seed):
    """Without that share of the segments, SYNs spared: only they carry what is negotiated."""
    dice = random.Random(seed)
    return [one for one in frames
            if one.tcp is None or one.flags & SYN or dice.random() >= share]


def merge(frames, most):
    """
    Segments of one connection and direction as receive offload merges them, up to that many each: they
    follow each other and have the same headers but for the flags of the last. Returns the frames
    and how many segments are now in a larger one.
    """
    open_ones, kept, parts = {}, [], {}
    for one in frames:
        kept.append(one)
        if one.tcp is None:
            continue
        data, start = one.data, one.tcp + (one.data[one.tcp + 12] >> 4) * 4
        length = one.word(one.ip + 4) + 40 if one.ipv6 else one.word(one.ip + 2)
        payload = length - (start - one.ip)
        seq, ack = one.numbers()
        header = (ack, bytes(data[one.tcp + 14:one.tcp + 16]), bytes(data[one.tcp + 20:start]),
                  data[one.ip + (7 if one.ipv6 else 8)])
        big = open_ones.pop(one.ends(), None)
        if big and payload > 0 and big[1:3] == (seq, header) and not one.flags & ~(ACK | 8 | 1) and \
                len(parts[big[0]]) < most and big[3] + payload <= 65000 and big[4] == one.ip:
            kept.pop()
            parts[big[0]].append(one)
            join(big[0], one, start, payload, length + big[3])
            one, payload = big[0], big[3] + payload
            seq = (seq + parts[one][-1].payload) & 0xffffffff
        else:
            parts[one] = [one]
            one.payload = payload
            seq = (seq + payload) & 0xffffffff
        if payload > 0 and not one.flags & ~(ACK):
            open_ones[one.ends()] = one, seq, header, payload, one.ip
    return kept, sum(len(some) for some in parts.values() if len(some) > 1)


def join(big, one, start, payload, length):
    """Adds a segment's bytes, as far as they were captured, and its flags to the one before."""
    one.payload = payload
    if len(big.data) == big.wirelen:
        big.data += one.data[start:start + payload]
    big.wirelen += payload
    big.data[big.tcp + 13] |= one.flags
    where, value = (4, length - 40) if big.ipv6 else (2, length)
    struct.pack_into(">H", big.data, big.ip + where, value)
    big.seal()


def translate(frames):
    """Every address is another one, of another order, and every port."""
    def other(end):
        address, port = end
        changed = int.from_bytes(address, "big") ^ (0x5a5a << (8 * len(address) - 32) | 0x33)
        return changed.to_bytes(len(address), "big"), 65535 - port
    for one in frames:
        if one.tcp is not None:
            one.set_ends([other(end) for end in one.ends()])
            one.seal()


def renumber(frames, seed):
    """Sequence numbers of each connection and direction a constant away, acknowledgments with them."""
    dice, shifts = random.Random(seed), {}
    for one in frames:
        if one.tcp is None:
            continue
        source, target = one.ends()
        own = shifts.setdefault((source, target), dice.randrange(1, 1 << 32))
        peer = shifts.setdefault((target, source), dice.randrange(1, 1 << 32))
        seq, ack = one.numbers()
        one.set_numbers(seq + own, ack + peer if one.flags & ACK else ack)
        for at in one.sack_blocks():
            edge = struct.unpack_from(">I", one.data, at)[0]
            struct.pack_into(">I", one.data, at, (edge + peer) & 0xffffffff)
        one.seal()
