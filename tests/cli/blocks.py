# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""pcapng read block by block (draft-ietf-opsawg-pcapng), and what tshark makes of it."""

import collections
import json
import struct
import subprocess

Packet = collections.namedtuple("Packet", "ns data wirelen interface comments")
Interface = collections.namedtuple("Interface", "linktype snaplen options")
# options: {code: [value, ...]}; statistics: [(interface, ns, options)]
Capture = collections.namedtuple("Capture", "section interfaces packets statistics")

COMMENT, HARDWARE, SYSTEM, APPLICATION = 1, 2, 3, 4
NAME, DESCRIPTION, RESOLUTION, FILTER = 2, 3, 9, 11
START, END, RECEIVED, DROPPED, ACCEPTED, OS_LOST, DELIVERED = 2, 3, 4, 5, 6, 7, 8


def options(data):
    found, at = {}, 0
    while at < len(data):
        code, length = struct.unpack_from("=HH", data, at)
        if not code:
            if length or at + 4 != len(data):
                raise ValueError("bytes behind the end of the options")
            return found
        found.setdefault(code, []).append(data[at + 4:at + 4 + length])
        padding = -length % 4
        if any(data[at + 4 + length:at + 4 + length + padding]) or at + 4 + length > len(data):
            raise ValueError("an option that is not padded with zeros")
        at += 4 + length + padding
    if found:
        raise ValueError("options without an end")
    return found


def read(data):
    """All of a file of one section in this machine's byte order; ValueError where it is unsound."""
    section, interfaces, packets, statistics, at = None, [], [], [], 0
    while at < len(data):
        kind, length = struct.unpack_from("=II", data, at)
        if length % 4 or length < 12 or at + length > len(data):
            raise ValueError(f"a length of {length} at {at}")
        if struct.unpack_from("=I", data, at + length - 4)[0] != length:
            raise ValueError(f"two lengths at {at}")
        body = data[at + 8:at + length - 4]
        if (kind == 0x0a0d0d0a) != (at == 0):
            raise ValueError("not one section")
        if kind == 0x0a0d0d0a:
            if struct.unpack_from("=IHHq", body) != (0x1a2b3c4d, 1, 0, -1):
                raise ValueError("a section header of another kind")
            section = options(body[16:])
        elif kind == 1:
            linktype, _, snaplen = struct.unpack_from("=HHI", body)
            interfaces.append(Interface(linktype, snaplen, options(body[8:])))
        elif kind == 5:
            interface, high, low = struct.unpack_from("=III", body)
            statistics.append((interface, high << 32 | low, options(body[12:])))
        elif kind == 6:
            interface, high, low, caplen, wirelen = struct.unpack_from("=5I", body)
            if interface >= len(interfaces):
                raise ValueError("a packet before its interface")
            end = 20 + caplen + -caplen % 4
            given = options(body[end:])
            packets.append(Packet(high << 32 | low, body[20:20 + caplen], wirelen, interface,
                                  [one.decode() for one in given.pop(COMMENT, [])]))
            if given:
                raise ValueError("options nobody asked for")
        else:
            raise ValueError(f"a block of type {kind}")
        at += length
    return Capture(section, interfaces, packets, statistics)


def count(value):
    return struct.unpack("=Q", value)[0]


def time(value):
    high, low = struct.unpack("=II", value)
    return high << 32 | low


def tool(*argv, stdin=None):
    done = subprocess.run(argv, input=stdin, stdin=None if stdin else subprocess.DEVNULL,
                          capture_output=True, timeout=120, check=False)
    if done.returncode:
        raise ValueError(f"{argv[0]}: status {done.returncode}: {done.stderr.decode()}")
    return done.stdout.decode()


def tshark(path, *fields, stdin=None):
    """A row for each frame: the values of each field."""
    wanted = [word for field in fields for word in ("-e", field)]
    found = json.loads(tool("tshark", "-n", "-r", path, "-T", "json", *wanted, stdin=stdin))
    return [[one["_source"].get("layers", {}).get(field, []) for field in fields] for one in found]
