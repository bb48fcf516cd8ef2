# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The program as a user meets it: run it, judge what it says, and make captures for it."""

import collections
import json
import os
import re
import struct
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))
BUILD = os.environ.get("WSCOPE_BUILD", os.path.join(ROOT, "build"))
WSCOPE = os.path.abspath(os.environ.get("WSCOPE", os.path.join(BUILD, "wscope")))
sys.path.insert(0, os.path.join(HERE, "..", "lab"))
from tap import CAPTURES, Tap  # noqa: E402,F401
import wire  # noqa: E402

# Statuses, as wscope(1) has them.
NOTHING, FINDINGS, USAGE, INPUT, PRIVILEGE, INCOMPLETE = range(6)

ETHERNET, USER0 = 1, 147

Result = collections.namedtuple("Result", "status out err")


def environment(**changes):
    env = dict(os.environ, TZ="UTC", LC_ALL="C.UTF-8", **changes)
    if "NO_COLOR" not in changes:
        env.pop("NO_COLOR", None)
    return env


def wscope(*argv, cwd=None, stdin=b"", prefix=(), program=WSCOPE, env=None, **kwargs):
    """Run it to its end. stdin: bytes through a pipe, or a file. A signal's status is negative."""
    given = {"input": stdin} if isinstance(stdin, bytes) else {"stdin": stdin}
    kwargs.setdefault("stdout", subprocess.PIPE)
    done = subprocess.run([*prefix, program, *argv], cwd=cwd, env=env or environment(),
                          stderr=subprocess.PIPE, timeout=120, check=False, **given, **kwargs)
    return Result(done.returncode, (done.stdout or b"").decode(), done.stderr.decode())


def records(result, kind=None):
    parsed = [json.loads(line) for line in result.out.splitlines()]
    return [one for one in parsed if kind in (None, one["type"])]


def summary(result):
    """The one summary, which is the last line."""
    last = records(result)[-1]
    if last["type"] != "summary" or len(records(result, "summary")) != 1:
        raise ValueError(f"not one summary at the end: {result.out[-300:]}")
    return last


def improper(err):
    """What is wrong with the form of complaints: one line each, lower case, no full stop."""
    for line in err.splitlines():
        if not re.fullmatch(r"wscope: [^A-Z\s].*[^.\s]", line) or not line.isprintable():
            yield f"not of the form of a complaint: {line!r}"
    if err and not err.endswith("\n"):
        yield f"the last line does not end: {err!r}"


def wrong(result, status, *complaints, silent=False):
    """Lines on how a result differs from a status and the complaints due; silent: and no stdout."""
    if result.status != status:
        yield f"status {result.status} where {status} is due: {result.err.strip()}"
    due = "".join(f"wscope: {line}\n" for line in complaints)
    if result.err != due:
        yield f"due: {due!r}"
        yield f"got: {result.err!r}"
    yield from improper(result.err)
    if silent and result.out:
        yield f"stdout is not empty: {result.out[:200]!r}"


class Report:
    """TAP results out of generators of problems."""

    def __init__(self):
        self.tap = Tap()

    def check(self, name, *problems):
        lines = [line for some in problems for line in some]
        self.tap.ok(not lines, name, "\n".join(lines))

    def true(self, name, good, why=""):
        self.tap.ok(bool(good), name, str(why)[:2000])

    def skip(self, name, reason):
        self.tap.skip(name, reason)

    def end(self):
        return self.tap.end()


def scratch():
    """A folder that others than root can read too."""
    folder = tempfile.TemporaryDirectory(prefix="wsl-cli-")
    os.chmod(folder.name, 0o755)
    return folder


def write(folder, **files):
    for name, data in files.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)


def nobody():
    """What to put before a command to run it without any privilege."""
    return ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all",
            "--inh-caps=-all") if os.geteuid() == 0 else ()


# -- captures ------------------------------------------------------------------------------------


class Packet(collections.namedtuple("Packet", "ns data wirelen")):
    def cut(self, snaplen):
        return self._replace(data=self.data[:snaplen])


def lab_path(scenario, point="client"):
    return wire.find(os.path.join(CAPTURES, scenario), point)


def lab(scenario, point="client"):
    """The packets of a capture of the lab: little-endian, microseconds."""
    data = wire.contents(lab_path(scenario, point))
    magic, linktype = struct.unpack_from("<I16xI", data)
    if magic != 0xa1b2c3d4 or linktype != ETHERNET:
        raise ValueError(f"{scenario}: not such a capture")
    packets, at = [], 24
    while at < len(data):
        sec, usec, caplen, wirelen = struct.unpack_from("<4I", data, at)
        packets.append(Packet(sec * 10**9 + usec * 1000, data[at + 16:at + 16 + caplen], wirelen))
        at += 16 + caplen
    return packets


def pcap_record(packet, order="<", caplen=None, unit=1000):
    """caplen: a claim, if it shall not be the truth."""
    sec, rest = divmod(packet.ns, 10**9)
    claim = len(packet.data) if caplen is None else caplen
    return struct.pack(f"{order}4I", sec, rest // unit, claim, packet.wirelen) + packet.data


def pcap(packets, linktype=ETHERNET, order="<", nano=False):
    head = struct.pack(f"{order}IHHiIII", 0xa1b23c4d if nano else 0xa1b2c3d4, 2, 4, 0, 0, 262144,
                       linktype)
    return head + b"".join(pcap_record(one, order, unit=1 if nano else 1000) for one in packets)


def block(kind, body, order="<", trailer=None):
    """A pcapng block; trailer: the second length, if it shall differ."""
    body += bytes(-len(body) % 4)
    length = 12 + len(body)
    return (struct.pack(f"{order}II", kind, length) + body
            + struct.pack(f"{order}I", length if trailer is None else trailer))


def pcapng_head(*linktypes, order="<"):
    head = block(0x0a0d0d0a, struct.pack(f"{order}IHHq", 0x1a2b3c4d, 1, 0, -1), order)
    return head + b"".join(block(1, struct.pack(f"{order}HHI", linktype, 0, 0), order)
                           for linktype in linktypes)


def pcapng_packet(packet, interface=0, order="<", trailer=None):
    ticks = packet.ns // 1000
    body = struct.pack(f"{order}5I", interface, ticks >> 32, ticks & 0xffffffff, len(packet.data),
                       packet.wirelen) + packet.data
    return block(6, body, order, trailer)


def pcapng(packets, order="<"):
    return pcapng_head(ETHERNET, order=order) + b"".join(
        pcapng_packet(one, order=order) for one in packets)


def snoop(packets, datalink=4):
    """RFC 1761, padded to 32 bits."""
    out = b"snoop\0\0\0" + struct.pack(">II", 2, datalink)
    for one in packets:
        pad = -len(one.data) % 4
        sec, rest = divmod(one.ns, 10**9)
        out += struct.pack(">6I", one.wirelen, len(one.data), 24 + len(one.data) + pad, 0, sec,
                           rest // 1000) + one.data + bytes(pad)
    return out


def zstd(data):
    """A zstd frame (RFC 8878) of uncompressed blocks, so that no tool is needed."""
    out = struct.pack("<IBI", 0xfd2fb528, 0xa0, len(data))
    parts = [data[at:at + 100000] for at in range(0, len(data), 100000)] or [b""]
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        out += struct.pack("<I", last | len(part) << 3)[:3] + part
    return out


# -- segments ------------------------------------------------------------------------------------

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
WSCALE = b"\1\3\3\7"  # NOP, shift 7


class Side(collections.namedtuple("Side", "address port")):
    pass


def segment(ns, source, target, flags, seq=0, ack=0, options=b"", payload=b"", ident=1, vlan=None,
            window=1000, ttl=64):
    """One IPv4 segment behind Ethernet. Checksums are nobody's business here."""
    tcp = struct.pack(">HHIIBBHHH", source.port, target.port, seq, ack,
                      (20 + len(options)) // 4 << 4, flags, window, 0, 0) + options + payload
    header = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), ident, 0, ttl, 6, 0)
    header += bytes(map(int, (source.address + "." + target.address).split(".")))
    tag = struct.pack(">HH", 0x8100, vlan) if vlan else b""
    frame = bytes.fromhex("020000000001020000000002") + tag + b"\x08\x00" + header + tcp
    return Packet(ns, frame, len(frame))


def handshake(ns, client, server, offer=WSCALE, answer=WSCALE, **kwargs):
    """SYN, SYN-ACK, ACK, a millisecond apart."""
    return [segment(ns, client, server, SYN, 100, 0, offer, **kwargs),
            segment(ns + 10**6, server, client, SYN | ACK, 500, 101, answer, **kwargs),
            segment(ns + 2 * 10**6, client, server, ACK, 101, 501, ident=2, **kwargs)]
