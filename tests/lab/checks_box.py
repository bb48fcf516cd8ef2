# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What a faulty box did, read off the wire: box-in against box-out, with no other knowledge.

Each check takes the segments by point and the directory of the captures, and yields what is not as
it should be. Segments of one direction keep their order through the box.
"""

import collections
import math
import statistics
import struct

import wire

HALF = 1 << 31


# `same` stays the same on the way through a box that changes nothing but the TTL.
Frame = collections.namedtuple("Frame", "time ttl same")


def frames(directory, point):
    """One Frame a segment, in the order of wire.read (all frames are Ethernet, IP and TCP)."""
    data = wire.contents(wire.find(directory, point))
    found, at = [], 24
    while at < len(data):
        seconds, micros, captured, _ = struct.unpack_from("<IIII", data, at)
        frame = data[at + 16:at + 16 + captured]
        ipv6 = frame[12:14] == b"\x86\xdd"
        found.append(Frame(seconds + micros / 1e6, frame[21 if ipv6 else 22],
                           frame[54:] if ipv6 else frame[18:20] + frame[34:]))
        at += 16 + captured
    return found


def client_of(segments):
    """(address, port) that the first SYN came from."""
    return next((s.src, s.sport) for s in segments if wire.is_syn(s))


def split(segments):
    """The client's segments and the server's, without SYNs, of a capture of one connection."""
    client = client_of(segments)
    later = [s for s in segments if not s.flags & wire.SYN]
    return ([s for s in later if (s.src, s.sport) == client],
            [s for s in later if (s.src, s.sport) != client])


def ahead(one, other):
    """one - other, in sequence space."""
    return (one - other + HALF) % (1 << 32) - HALF


def shift_of(segments):
    return next(s.option for s in segments if wire.is_synack(s))


# -- windows -------------------------------------------------------------------------------------


def shift_rewritten(seen, _directory):
    """One SYN differs in its shift, and nothing else on the two sides of the box."""
    syns = [(one, other) for one, other in zip(seen["box-in"], seen["box-out"])
            if one.flags & wire.SYN and one != other]
    if len(syns) != 1 or any(one._replace(option=0) != other._replace(option=0)
                             for one, other in syns):
        yield f"these SYNs differ: {syns}"
    if split(seen["box-in"]) != split(seen["box-out"]):
        yield "segments after the handshake differ"


def slopes(segments):
    """Bytes acknowledged per step of window, where the one grew and the other fell."""
    return [ahead(b.ack, a.ack) / (a.window - b.window) for a, b in zip(segments, segments[1:])
            if ahead(b.ack, a.ack) > 0 and a.window > b.window]


def windows(change, first=None, shrinks=0, slopes_due=0):
    """From the server's segment `first` on (or one that must be found) its window is changed.

    There the right edge moves left by `shrinks` bytes or more. `slopes_due`: so many samples of
    the slope on each side, which tell the two shifts apart.
    """
    def check(seen, _directory):
        (c2s, s2c), (c2s_behind, s2c_behind) = split(seen["box-in"]), split(seen["box-out"])
        if c2s != c2s_behind:
            yield "the client's segments differ"
        differing = [i for i, (a, b) in enumerate(zip(s2c, s2c_behind)) if a != b]
        if len(s2c) != len(s2c_behind) or not differing or differing[0] == 0:
            yield f"{len(s2c)} and {len(s2c_behind)} segments, {len(differing)} differ"
            return
        start = differing[0] if first is None else first - 1
        for i, (one, other) in enumerate(zip(s2c, s2c_behind)):
            due = change(other.window) if i >= start else other.window
            if one != other._replace(window=due):
                yield f"segment {i + 1}: {one}, due window {due}"
        shift = shift_of(seen["box-in"])
        before, after = s2c[start - 1], s2c[start]
        left = (before.window - after.window << shift) - ahead(after.ack, before.ack)
        if left < shrinks:
            yield f"the right edge moves left by {left}, due {shrinks}"
        if slopes_due:
            yield from slopes_differ(s2c[:start], s2c[start:], slopes_due)
    return check


def slopes_differ(before, after, due):
    """By 3 bits; each alone may be off by one, as a buffer counts more than the payload."""
    samples = [slopes(before), slopes(after)]
    if min(map(len, samples)) < due:
        yield f"{[len(part) for part in samples]} samples of the slope, due {due}"
        return
    shifts = [math.log2(statistics.median(part)) for part in samples]
    if round(shifts[1] - shifts[0]) != 3:
        yield f"the slopes say shifts {shifts}"


# -- loss ----------------------------------------------------------------------------------------


def fates(seen, directory):
    """The client's data segments in front of the box, each with whether it got through."""
    def data(point):
        client = client_of(seen[point])
        return [(s, f.same) for s, f in zip(seen[point], frames(directory, point))
                if (s.src, s.sport) == client and s.length]
    front, behind = data("box-in"), [same for _, same in data("box-out")]
    through = set(behind)
    if [same for _, same in front if same in through] != behind:
        raise ValueError("not the same data, in the same order, on both sides of the box")
    return [(segment, same in through) for segment, same in front]


def lost(low, high, over=0, runs=None):
    """From `low` to `high` data segments are lost, all longer than `over`, in runs of `runs`."""
    def check(seen, directory):
        found = fates(seen, directory)
        gone = [s for s, through in found if not through]
        if len(gone) < low or (high and len(gone) > high):
            yield f"{len(gone)} of {len(found)} data segments lost, due {low} to {high}"
        if any(s.length <= over for s in gone):
            yield f"lost of lengths {sorted({s.length for s in gone})}"
        if over and not any(0 < s.length <= over for s, _ in found):
            yield "no short segment got through"
        text = "".join("." if through else "x" for _, through in found)
        if runs and [len(run) for run in text.split(".") if run] != runs:
            yield f"lost in other runs: {text}"
        if split(seen["box-in"])[1] != split(seen["box-out"])[1]:
            yield "the server's segments differ"
    return check


def boundary(shift):
    """First transmissions beyond ack + (window << shift) are lost, those inside are not.

    The box and the capture may take a segment and the acknowledgement that crosses it in another
    order: a segment between two edges counts for neither.
    """
    def check(seen, directory):
        edges = edges_by_segment(seen["box-in"], client_of(seen["box-in"]), shift)
        inside, beyond, wrong, highest, rounds = 0, 0, 0, None, set()
        for (segment, through), (low, high, ack) in zip(fates(seen, directory), edges):
            end = segment.seq + segment.length
            if highest is not None and ahead(end, highest) <= 0:
                continue
            highest = end
            is_beyond = low is not None and ahead(end, high) > 0
            is_inside = low is None or ahead(end, low) <= 0
            inside += is_inside and through
            beyond += is_beyond and not through
            wrong += (is_inside and not through) or (is_beyond and through)
            if is_beyond:
                rounds.add(ack)
        if wrong or min(inside, beyond) < 5 or len(rounds) < 3:
            yield (f"{inside} inside delivered, {beyond} beyond lost, {wrong} otherwise, "
                   f"{len(rounds)} acknowledgements")
    return check


def edges_by_segment(segments, client, shift):
    """For each data segment of the client: the lowest and the highest edge of the server's last
    acknowledgement before it and of the next two, and the last acknowledgement number."""
    acks = [(i, s.ack, (s.ack + (s.window << shift)) % (1 << 32))
            for i, s in enumerate(segments)
            if (s.src, s.sport) != client and not s.flags & (wire.SYN | wire.RST)]
    at = 0
    for i, segment in enumerate(segments):
        if (segment.src, segment.sport) != client or not segment.length:
            continue
        while at < len(acks) and acks[at][0] < i:
            at += 1
        near = [edge for _, _, edge in acks[max(at - 1, 0):at + 2]]
        if at == 0:
            yield None, None, None
        else:
            low = min(near, key=lambda edge: ahead(edge, near[0]))
            high = max(near, key=lambda edge: ahead(edge, near[0]))
            yield low, high, acks[at - 1][1]


# -- many connections ----------------------------------------------------------------------------


def by_connection(seen, directory, point):
    """Per connection: [(time, TTL, from the client, segment)]"""
    found = {}
    clients = {(s.src, s.sport) for s in seen[point] if wire.is_syn(s)}
    for frame, segment in zip(frames(directory, point), seen[point]):
        found.setdefault(wire.conversation(segment), []).append(
            (frame.time, frame.ttl, (segment.src, segment.sport) in clients, segment))
    return found


def together(starts, births, count, oldest):
    """`count` things began within 2 seconds, on connections older (or younger) than 30."""
    if len(starts) != count:
        yield f"{len(starts)} connections, due {count}"
    elif max(starts) - min(starts) > 2:
        yield f"over {max(starts) - min(starts)} seconds"
    elif any((start - birth >= 30) != oldest for start, birth in zip(starts, births)):
        yield f"ages {[start - birth for start, birth in zip(starts, births)]}"


def silence(count):
    """The last request of each connection is repeated, unanswered, and does not get through."""
    def check(seen, directory):
        behind = by_connection(seen, directory, "box-out")
        starts, births = [], []
        for pair, rows in by_connection(seen, directory, "box-in").items():
            last = [row for row in rows if row[3].seq == rows[-1][3].seq and row[3].length]
            if len(last) < 3 or not all(row[2] for row in last) or rows[-len(last):] != last:
                yield f"{pair}: {len(last)} transmissions at the end"
                continue
            if any(row[3] in [other[3] for other in behind[pair]] for row in last):
                yield f"{pair}: a transmission got through"
            starts.append(last[0][0])
            births.append(rows[0][0])
        yield from together(starts, births, count, True)
    return check


def reset_times(connections):
    resets_seen = [(row[0], rows[0][0]) for rows in connections.values() for row in rows
                   if row[3].flags & wire.RST and not row[2]]
    return [start for start, _ in resets_seen], [birth for _, birth in resets_seen]


def resets(count):
    """In front of the box, a reset in the server's name; behind it none, and no last request."""
    def check(seen, directory):
        starts, births = reset_times(by_connection(seen, directory, "box-in"))
        yield from together(starts, births, count, True)
        if wire.counts(seen["box-out"])["rst"]:
            yield "resets behind the box"
        missing = sum(s.length for s in seen["box-in"]) - sum(s.length for s in seen["box-out"])
        if missing != count * 100:
            yield f"{missing} bytes did not get through"
    return check


def server_resets(count):
    """The server's own resets, on both sides, of young connections."""
    def check(seen, directory):
        for point in ("box-in", "box-out"):
            starts, births = reset_times(by_connection(seen, directory, point))
            yield from together(starts, births, count, False)
    return check


def servers_without_option(front, behind):
    """Whose SYN-ACKs carry no option, on each side; none has a hole."""
    def check(seen, _directory):
        for point, due in (("box-in", front), ("box-out", behind)):
            got = {s.src for s in seen[point] if wire.is_synack(s) and s.option == "-"}
            rest = {s.src for s in seen[point] if wire.is_synack(s) and s.option != "-"}
            if got != due or got & rest:
                yield f"{point}: without {got}, due {due}, with {rest}"
    return check


# -- TTL -----------------------------------------------------------------------------------------


def ttls(seen, directory, point):
    """(TTL of SYN-ACKs, TTLs of the server's later segments in order)"""
    rows = [row for found in by_connection(seen, directory, point).values() for row in found
            if not row[2]]
    return ([ttl for _, ttl, _, s in rows if s.flags & wire.SYN],
            [(ttl, s) for _, ttl, _, s in rows if not s.flags & wire.SYN])


def own_answers(count):
    """Each SYN-ACK in front of the box is the box's, with a sequence number of its own."""
    def check(seen, _directory):
        front, behind = ({s.seq for s in seen[point] if wire.is_synack(s)}
                         for point in ("box-in", "box-out"))
        if len(front) != count or len(behind) != count or front & behind:
            yield f"{len(front)} and {len(behind)} answers, {len(front & behind)} the same"
    return check


def answer_has_own_ttl(seen, directory):
    """The SYN-ACK is the box's own, all data the server's, one hop more away."""
    yield from own_answers(1)(seen, directory)
    synack, later = ttls(seen, directory, "box-in")
    data = [ttl for ttl, s in later if s.length]
    if set(synack) != {64} or set(data) != {63} or len(data) < 8:
        yield f"SYN-ACK {synack}, data {data}"


def ttl_jitter(seen, directory):
    """The server's segments keep alternating between two TTLs, the SYN-ACK has one of them."""
    synack, later = ttls(seen, directory, "box-in")
    values = [ttl for ttl, _ in later]
    if set(values) != {62, 64} or not set(synack) < {62, 64} or any(
            one == other for one, other in zip(values, values[1:])):
        yield f"SYN-ACK {synack}, then {values}"
    if {ttl for ttl, _ in ttls(seen, directory, "box-out")[1]} != {64}:
        yield "the server's own TTL varies"
