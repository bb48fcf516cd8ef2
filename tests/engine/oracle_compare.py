# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Compares wscope's flow records of one capture with tshark's streams of the same capture.

Streams and flows are brought together by addresses and ports, and then by time: a flow belongs to
the stream that was the newest when the flow began. Then every field is compared. Where wscope's
definitions differ on purpose, the value they demand is worked out from the oracle's row, or from
the frames, and the record is held to that; what was needed for it is kept as the `definitions` of
the stream, each of which docs/oracle-differences.md explains under its name.
"""

import collections
import re

import oracle_frames as frames

# The definitions: names are headings of docs/oracle-differences.md.
ROLE_BY_PORT = "role-by-port"
NEWEST_SYN = "newest-syn"
MALFORMED_OPTIONS = "malformed-options"
DUPLICATES = "duplicates"
NEW_HANDSHAKE = "new-handshake"
NETWORKS = "networks"
ONE_SYN = "one-syn"
DEFINITIONS = (ROLE_BY_PORT, NEWEST_SYN, MALFORMED_OPTIONS, DUPLICATES, NEW_HANDSHAKE, NETWORKS,
               ONE_SYN)

SIDES = {"fwd": "client", "rev": "server"}


class Result:
    """What came out for one stream: the definitions it took, and the fields that differ."""

    def __init__(self, stream):
        self.stream = stream
        self.definitions = set()
        self.differing = {}  # field: (tshark, wscope)

    def check(self, field, oracle, record, definition=None):
        """Two values; `definition` says why `oracle` is not literally what the oracle has."""
        if str(oracle) != str(record):
            self.differing[field] = (oracle, record)
        elif definition:
            self.definitions.add(definition)


def end_of(row, side):
    return row[side + "_ip"], int(row[side + "_port"])


def key_of_stream(row):
    return frozenset((end_of(row, "client"), end_of(row, "server")))


def flow_ends(flow):
    return (flow["client"], flow["client_port"]), (flow["server"], flow["server_port"])


def sent_by(flow, row, side):
    """The direction of a flow record that the client or server of an oracle's row sent."""
    ends = flow_ends(flow)
    if ends[0] == ends[1]:
        return flow["c2s" if side == "client" else "s2c"]
    return flow["c2s"] if ends[0] == end_of(row, side) else flow["s2c"]


def nanoseconds(text):
    """A time of a record, which has nine decimals; json.loads would round it."""
    seconds, part = text.split(".")
    return int(seconds) * 10**9 + int(part)


class Capture:
    def __init__(self, streams, flows, read):
        """Rows of the oracle's files, flow records, and frames of the capture."""
        self.frames = {frame.number: frame for frame in read}
        self.by_key = None
        self.streams, self.flows = streams, flows
        self.results = []
        self.out_of_scope = []  # streams of which wscope has nothing
        self.unknown = []       # flows of which tshark has nothing

    def compare(self):
        by_key = collections.defaultdict(lambda: ([], []))
        for row in self.streams:
            by_key[key_of_stream(row)][0].append(row)
        for flow in self.flows:
            by_key[frozenset(flow_ends(flow))][1].append(flow)
        for streams, flows in by_key.values():
            streams.sort(key=lambda row: int(row["first_frame"]))
            if not streams:
                self.unknown += flows
            elif not flows:
                self.out_of_scope += streams
            else:
                self.match(streams, flows)

    def time(self, row, field="first_frame"):
        frame = self.frames.get(int(row[field]))
        return frame.ns if frame else 0

    def match(self, streams, flows):
        """Units of one stream and its flows, or of one flow and its streams."""
        units = []
        for row in streams:
            units.append(([row], []))
        for flow in flows:
            before = [u for u in units if self.time(u[0][0]) <= nanoseconds(flow["first"])]
            if not before:
                self.unknown.append(flow)
                continue
            before[-1][1].append(flow)
        merged = []
        for rows, own in units:
            if own or not merged:
                merged.append((rows, own))
            else:
                merged[-1][0].extend(rows)
        for rows, own in merged:
            if own:
                self.unit(rows, own)
            else:
                self.out_of_scope += rows

    def unit(self, rows, flows):
        results = [Result(row) for row in rows]
        for result in results:
            if len(rows) > 1:
                self.one_syn(result, rows)
            if len(flows) > 1:
                self.several(result, flows)
        roles(results[0], flows)
        for kind, side in (("syn", "client"), ("synack", "server")):
            option(results, kind, [sent_by(f, rows[0], side) for f in flows])
        for direction, side in SIDES.items():
            numbers(results, direction, [sent_by(f, rows[0], side) for f in flows])
        self.results += results

    def segments(self, rows):
        """Plain segments of the streams' connection between their first and last frames."""
        if self.by_key is None:
            self.by_key = collections.defaultdict(list)
            for seg in filter(None, map(frames.segment, self.frames.values())):
                self.by_key[frozenset(((seg.src, seg.sport), (seg.dst, seg.dport)))].append(seg)
        first = min(int(row["first_frame"]) for row in rows)
        last = max(int(row["last_frame"]) for row in rows)
        return [seg for seg in self.by_key[key_of_stream(rows[0])] if first <= seg.number <= last]

    def one_syn(self, result, rows):
        """Several streams, one flow: each of them must begin with the very same SYN."""
        begins = set()
        for row in rows:
            seg = frames.segment(self.frames[int(row["first_frame"])])
            begins.add((seg.src, seg.seq, seg.flags) if seg else None)
        seg = begins.pop() if len(begins) == 1 else None
        result.check("streams", "one SYN", "one SYN" if seg and
                     seg[2] & (frames.SYN | frames.RST) == frames.SYN else f"{len(rows)} begins",
                     ONE_SYN)

    def several(self, result, flows):
        """Several flows, one stream: other networks, or other handshakes."""
        places = {(flow["domain"], flow["encap"]) for flow in flows}
        if len(places) == len(flows):
            mixed = "mixed_encap" in result.stream["notes"] or re.search(
                ":(vxlan|geneve):", result.stream["encap"])
            result.check("networks", True, bool(mixed), NETWORKS)
            return
        expected = handshakes(self.segments([result.stream]))
        result.check("handshakes", expected, sorted(nanoseconds(f["first"]) for f in flows),
                     NEW_HANDSHAKE)


def handshakes(segments):
    """
    When new connections begin in a stream's segments: with the first one, and with every SYN or
    SYN-ACK that repeats none and answers none.
    """
    begins, isn = [], {}
    for seg in segments:
        src, dst = (seg.src, seg.sport), (seg.dst, seg.dport)
        is_syn = seg.flags & (frames.SYN | frames.RST) == frames.SYN
        answers = seg.flags & frames.ACK and isn.get(dst) == (seg.ack - 1) % 2**32
        if not begins or (is_syn and isn.get(src) != seg.seq and not answers):
            begins.append(seg.ns)
            isn.pop(dst, None)
        if is_syn:
            isn[src] = seg.seq
    return sorted(begins)


def roles(result, flows):
    """Who is the client. Without a handshake tshark's first sender is no evidence, the port is."""
    row = result.stream
    client, server = end_of(row, "client"), end_of(row, "server")
    for flow in flows:
        definition = None
        expected = client
        if flow["role_source"] in ("port", "first"):
            result.check("role_source", (0, 0), (syns(flow["c2s"]), syns(flow["s2c"])))
            if client[1] < server[1]:
                expected, definition = server, ROLE_BY_PORT
        result.check("client", expected, flow_ends(flow)[0], definition)


def syns(direction):
    return 0 if direction["syn_window"] is None else 1


def option(results, kind, directions):
    """The window-scale option of a side's newest SYN or SYN-ACK, over a unit's streams and flows."""
    rows = [result.stream for result in results]
    row = next((r for r in reversed(rows) if r[kind + "_wscale"] != "unseen"), rows[0])
    value, notes = row[kind + "_wscale"], row["notes"]
    definition = None
    if value == "multiple":
        values = re.search(rf"\b{kind}_values\(([^)]*)\)", notes)
        value = values.group(1).split("/")[-1] if values else value
        definition = NEWEST_SYN
    if value == "none" and re.search(rf"\b{kind}_(opt_badlen|wscale_len)", notes):
        value, definition = "cut", MALFORMED_OPTIONS
    expected = {"none": "absent", "cut": "unknown", "unseen": "unknown"}.get(value, value)
    seen = [d for d in directions if syns(d)]
    for result in results:
        result.check(kind + "_seen", value != "unseen", bool(seen))
        for direction in seen:
            record = direction["wscale"] if direction["wscale"] is not None else \
                direction["wscale_state"]
            result.check(kind + "_wscale", expected, record, definition)


def numbers(results, direction, records):
    """Packets, windows and zero windows of one direction, over a unit's streams and flows."""
    rows = [result.stream for result in results]
    duplicates = sum(r["duplicates"] for r in records)
    definition = DUPLICATES if duplicates else None
    for result in results:
        result.check("packets_" + direction, sum(int(row["packets_" + direction]) for row in rows),
                     sum(r["packets"] for r in records) + duplicates, definition)
        result.check("zw_" + direction, sum(int(row["zw_" + direction]) for row in rows),
                     sum(r["zero_windows"] for r in records))
        for name, choose in (("min", min), ("max", max)):
            field = f"win_{name}_{direction}"
            oracle = [int(row[field]) for row in rows if row[field] != "-"]
            record = [r["window_" + name] for r in records if r["window_" + name] is not None]
            result.check(field, choose(oracle, default="-"), choose(record, default="-"))
