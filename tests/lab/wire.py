# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Reads the lab's captures: what a reader of the RFCs sees, without the product's code.

Classic pcap with Ethernet or Linux cooked v2 frames, IPv4 or IPv6 without extension headers, TCP,
and TCP inside VXLAN; the lab makes nothing else. An unreadable frame is an error, not skipped.
"""

import collections
import gzip
import os
import socket
import struct

FIN, SYN, RST, ACK = 1, 2, 4, 16
ETHERNET, LINUX_SLL2 = 1, 276
VXLAN_PORT = 4789

Segment = collections.namedtuple(
    "Segment", "src sport dst dport seq ack flags window length option vxlan")


def find(directory, point):
    """The capture of a point: POINT.pcap, or POINT.pcap.gz of much traffic."""
    path = os.path.join(directory, point + ".pcap")
    return path if os.path.exists(path) else path + ".gz"


def point_of(name):
    """'client.pcap.gz' -> 'client'"""
    return name.removesuffix(".gz").removesuffix(".pcap")


def contents(path):
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as file:
        return file.read()


def read(path):
    """All TCP segments of a capture, in file order."""
    return [segment for _, segment in read_timed(path)]


def read_timed(path):
    """The same, each with its time: [(microseconds, segment)]."""
    data = contents(path)
    magic, _, _, _, _, _, link = struct.unpack_from("<IHHIIII", data)
    if magic != 0xA1B2C3D4:
        raise ValueError(f"{path}: not a little-endian microsecond pcap")
    segments, at = [], 24
    while at < len(data):
        seconds, micros, captured, _ = struct.unpack_from("<IIII", data, at)
        segment = frame(data[at + 16:at + 16 + captured], link, vxlan=False)
        if segment:
            segments.append((seconds * 10**6 + micros, segment))
        at += 16 + captured
    return segments


def frame(data, link, vxlan):
    if link == LINUX_SLL2:
        return packet(struct.unpack_from(">H", data)[0], data[20:], vxlan)
    if link == ETHERNET:
        return packet(struct.unpack_from(">H", data, 12)[0], data[14:], vxlan)
    raise ValueError(f"link type {link}")


def packet(ethertype, data, vxlan):
    if ethertype == 0x0800:
        header, total, protocol = (data[0] & 15) * 4, struct.unpack_from(">H", data, 2)[0], data[9]
        src, dst = (socket.inet_ntop(socket.AF_INET, data[i:i + 4]) for i in (12, 16))
    elif ethertype == 0x86DD:
        header, total, protocol = 40, 40 + struct.unpack_from(">H", data, 4)[0], data[6]
        src, dst = (socket.inet_ntop(socket.AF_INET6, data[i:i + 16]) for i in (8, 24))
    else:
        return None
    if protocol == socket.IPPROTO_TCP:
        return tcp(src, dst, data[header:], total - header, vxlan)
    if protocol == socket.IPPROTO_UDP and not vxlan:
        if struct.unpack_from(">H", data, header + 2)[0] == VXLAN_PORT:
            return frame(data[header + 16:], ETHERNET, vxlan=True)
    return None


def tcp(src, dst, data, total, vxlan):
    sport, dport, seq, ack, offset, flags, window = struct.unpack_from(">HHIIBBH", data)
    header = (offset >> 4) * 4
    option = window_scale(data[20:header], header - 20) if flags & SYN else None
    return Segment(src, sport, dst, dport, seq, ack, flags, window, total - header, option, vxlan)


def window_scale(options, length):
    """The shift; or "-" absent, "hole" absent and 3 or more NOPs in a row, "cut"."""
    at = run = longest = 0
    shift = None
    while at < length:
        if at >= len(options):
            return "cut"
        kind = options[at]
        if kind == 0:
            break
        run = run + 1 if kind == 1 else 0
        longest = max(longest, run)
        if kind == 1:
            at += 1
            continue
        if at + 1 >= len(options) or at + options[at + 1] > len(options):
            return "cut"
        if kind == 3:
            shift = options[at + 2]
        at += options[at + 1]
    if shift is not None:
        return shift
    return "hole" if longest >= 3 else "-"


def is_syn(segment):
    return segment.flags & (SYN | ACK) == SYN


def is_synack(segment):
    return segment.flags & (SYN | ACK) == SYN | ACK


def conversation(segment):
    """The 4-tuple, the same for both directions."""
    return tuple(sorted([(segment.src, segment.sport), (segment.dst, segment.dport)]))


def counts(segments):
    """The numbers that scenarios name in `counts`."""
    syns = [s for s in segments if is_syn(s)]
    synacks = [s for s in segments if is_synack(s)]
    return {
        "syn": len(syns),
        "synack": len(synacks),
        "syn_data": sum(s.length > 0 for s in syns),
        "synack_window_0": sum(s.window == 0 for s in synacks),
        "rst": sum(bool(s.flags & RST) for s in segments),
        "zero_window": sum(s.window == 0 and not s.flags & (SYN | RST | FIN) for s in segments),
        "tuples": len({conversation(s) for s in segments}),
        "vxlan": sum(s.vxlan for s in segments),
        "connections": len({(conversation(s), s.seq) for s in syns}),
    }


def options(segments):
    """(what SYNs carry, what SYN-ACKs carry), each a set of `Segment.option` values."""
    return ({s.option for s in segments if is_syn(s)},
            {s.option for s in segments if is_synack(s)})
