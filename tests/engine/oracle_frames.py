# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The frames of a capture, read without the product's code: their times, and the sequence numbers
of plain TCP segments, to check what a difference between two analysers claims about packets.

Reads classic pcap (all four magics, and the "modified" one), pcapng and snoop. Segments are found
under Ethernet with VLAN tags, Linux cooked v1 and raw IP, in IPv4 and IPv6 without extension
headers: nothing more is needed, and a check that needs more fails.
"""

import collections
import socket
import struct

SYN, RST, ACK = 2, 4, 16
ETHERNET, LINUX_SLL = 1, 113
RAW = (12, 14, 101, 228, 229)
SNOOP_MAGIC = b"snoop\0\0\0"

Frame = collections.namedtuple("Frame", "number ns linktype data")
Segment = collections.namedtuple("Segment", "number ns src sport dst dport seq ack flags")


def read(path):
    """All frames of a capture, as far as it is sound, numbered as tshark numbers them; none of
    what is no capture at all."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:8] == SNOOP_MAGIC:
        return list(snoop(data))
    if data[:4] == b"\x0a\x0d\x0d\x0a":
        return list(pcapng(data))
    return list(pcap(data))


def pcap(data):
    for order in "<>":
        magic = struct.unpack_from(order + "I", data)[0]
        if magic in (0xA1B2C3D4, 0xA1B23C4D, 0xA1B2CD34):
            break
    else:
        return
    unit = 1 if magic == 0xA1B23C4D else 1000
    extra = 8 if magic == 0xA1B2CD34 else 0
    link = struct.unpack_from(order + "I", data, 20)[0] & 0xFFFF
    at, number = 24, 0
    while at + 16 + extra <= len(data):
        seconds, part, captured, _ = struct.unpack_from(order + "IIII", data, at)
        at += 16 + extra
        if at + captured > len(data):
            return
        number += 1
        yield Frame(number, seconds * 10**9 + part * unit, link, data[at:at + captured])
        at += captured


def pcapng(data):
    order, at, number, interfaces = "<", 0, 0, []
    while at + 12 <= len(data):
        if data[at:at + 4] == b"\x0a\x0d\x0d\x0a":
            order = "<" if data[at + 8:at + 12] == b"\x4d\x3c\x2b\x1a" else ">"
            interfaces = []
        kind, length = struct.unpack_from(order + "II", data, at)
        if length < 12 or length % 4 or at + length > len(data):
            return
        body = data[at + 8:at + length - 4]
        at += length
        if kind == 1:
            link = struct.unpack_from(order + "H", body)[0]
            interfaces.append((link, resolution(body[8:], order)))
        elif kind == 6:
            index, high, low, captured = struct.unpack_from(order + "IIII", body)
            link, per_second = interfaces[index]
            number += 1
            ns = (high << 32 | low) * 10**9 // per_second
            yield Frame(number, ns, link, body[20:20 + captured])
        elif kind == 3:
            number += 1
            yield Frame(number, 0, interfaces[0][0], body[4:])


def resolution(options, order):
    """Units of time per second, from an interface's options (if_tsresol)."""
    at = 0
    while at + 4 <= len(options):
        code, length = struct.unpack_from(order + "HH", options, at)
        if code == 9:
            value = options[at + 4]
            return 2 ** (value & 127) if value & 128 else 10 ** value
        at += 4 + (length + 3) // 4 * 4
    return 10**6


def snoop(data):
    """RFC 1761; datalink type 4 is Ethernet."""
    if struct.unpack_from(">I", data, 12)[0] != 4:
        raise ValueError("snoop, but not Ethernet")
    at, number = 16, 0
    while at + 24 <= len(data):
        _, captured, record, _, seconds, micros = struct.unpack_from(">IIIIII", data, at)
        number += 1
        yield Frame(number, seconds * 10**9 + micros * 1000, ETHERNET,
                    data[at + 24:at + 24 + captured])
        at += record


def segment(frame):
    """The TCP segment of a frame, or None."""
    data, at = frame.data, 0
    if frame.linktype in RAW:
        return ip(frame, 0)
    if frame.linktype == LINUX_SLL:
        kind, at = data[14:16], 16
    elif frame.linktype == ETHERNET:
        kind, at = data[12:14], 14
        while kind in (b"\x81\x00", b"\x88\xa8"):
            kind, at = data[at + 2:at + 4], at + 4
    else:
        return None
    return ip(frame, at) if kind in (b"\x08\x00", b"\x86\xdd") else None


def ip(frame, at):
    data = frame.data
    if len(data) < at + 40:
        return None
    if data[at] >> 4 == 4 and data[at + 9] == socket.IPPROTO_TCP:
        if struct.unpack_from(">H", data, at + 6)[0] & 0x1FFF:
            return None
        family, ends, tcp = socket.AF_INET, (12, 16, 20), at + (data[at] & 15) * 4
    elif data[at] >> 4 == 6 and data[at + 6] == socket.IPPROTO_TCP:
        family, ends, tcp = socket.AF_INET6, (8, 24, 40), at + 40
    else:
        return None
    if len(data) < tcp + 14:
        return None
    src, dst = (socket.inet_ntop(family, data[at + a:at + b]) for a, b in zip(ends, ends[1:]))
    sport, dport, seq, ack = struct.unpack_from(">HHII", data, tcp)
    return Segment(frame.number, frame.ns, src, sport, dst, dport, seq, ack, data[tcp + 13])
