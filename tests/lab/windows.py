# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What one capture shows about the windows of its busiest connection, without the product's code.

Each number is what the point itself can see: scaling and shifts by the SYN and SYN-ACK that passed
it, amounts in flight by the ACKs that passed it. Names end in the side whose windows they describe
(`_client`, `_server`), or in the direction of the data (`_c2s`, `_s2c`):

    rtt_ms             SYN to the client's ACK of the SYN-ACK
    near_client        of that, the share in percent between SYN and SYN-ACK: 100 at the client
    data_              first transmissions of data
    limited_           of these, percent with the amount in flight within one MSS of the window
    ceiling_kbit_      median window / RTT
    flight_            most bytes in flight
    overruns_          first transmissions that end more than one MSS beyond the farthest right edge
    factor_            the smallest power of two by which the window must be read to hold them all
    repeats_           retransmissions
    raw_min_ raw_max_  raw windows after the handshake; distinct_: how many different ones
    raw_first_         the first of them, first4_: the largest of the first four
    w0_                the window in the SYN or SYN-ACK; shift_: the shift used, 0 when off
    eff_median_        median of the windows in bytes
    zero_spells_       spells of window 0; stall_ms_ the longest, stalls_ms_ all, probes_ in all
    shrunk_            the farthest that the right edge went back, in bytes
    slope_             median of log2(advance of ACK / fall of window), slopes_ of how many;
    slope_low_         the tenth of them, from below: a reader that keeps up makes the fall smaller
                       than the advance, and so the median too large
"""

import collections
import math
import statistics

from wire import ACK, FIN, RST, SYN, conversation, is_syn, is_synack

SIDES = ("client", "server")


class Side:
    """One end: what it sent, and the windows it announced."""

    def __init__(self):
        self.isn = self.option = None
        self.shift, self.w0 = 0, 0
        self.sends = []             # (in flight, window, beyond the right edge) of first sends
        self.highest = self.repeats = 0
        self.raw, self.effective = [], []
        self.window = self.acked = self.edge = self.shrunk = 0
        self.spells, self.zero_since, self.probes = [], None, 0
        self.slopes, self.last = [], None

    def sent(self, segment, start, peer):
        end = start + segment.length
        if not segment.length:
            return
        if end <= self.highest:
            self.repeats += 1
            return
        self.highest = end
        self.sends.append((end - peer.acked, peer.window, end - peer.edge))

    def announced(self, time, segment, acked):
        """The window of a segment, and what it acknowledges (relative to the peer's ISN)."""
        window = segment.window << (0 if segment.flags & SYN else self.shift)
        if not segment.flags & SYN:
            self.raw.append(segment.window)
            self.effective.append(window)
            self.slope(segment, acked)
        if acked >= self.acked:
            self.shrunk = max(self.shrunk, self.edge - (acked + window))
            self.acked, self.window = acked, window
            self.edge = max(self.edge, acked + window)
        if not segment.flags & (SYN | FIN):
            self.spell(time, segment.window)

    def slope(self, segment, acked):
        if self.last:
            advance, fall = acked - self.last[0], self.last[1] - segment.window
            if advance > 0 and fall > 0:
                self.slopes.append(math.log2(advance / fall))
        self.last = (acked, segment.window)

    def spell(self, time, raw):
        if raw == 0 and self.zero_since is None:
            self.zero_since = time
        elif raw and self.zero_since is not None:
            self.spells.append(time - self.zero_since)
            self.zero_since = None


class Connection:
    """The busiest connection of a capture."""

    def __init__(self, timed):
        sizes = collections.Counter(conversation(s) for _, s in timed)
        busiest = sizes.most_common(1)[0][0]
        self.timed = [(t, s) for t, s in timed if conversation(s) == busiest]
        self.ends = {}
        self.times = {}
        self.mss = max(s.length for _, s in self.timed)
        first = next(s for _, s in self.timed if is_syn(s))
        self.client, self.server = Side(), Side()
        self.ends = {(first.src, first.sport): self.client, (first.dst, first.dport): self.server}
        for time, segment in self.timed:
            self.add(time, segment)

    def add(self, time, segment):
        own = self.ends[segment.src, segment.sport]
        peer = self.server if own is self.client else self.client
        if segment.flags & RST:
            for side in (own, peer):
                if side.zero_since is not None:
                    side.spells.append(time - side.zero_since)
                    side.zero_since = None
            return
        if segment.flags & SYN:
            own.isn, own.option, own.w0 = segment.seq, segment.option, segment.window
            self.times["synack" if is_synack(segment) else "syn"] = time
        if is_synack(segment) and all(isinstance(s.option, int) for s in (own, peer)):
            own.shift, peer.shift = min(own.option, 14), min(peer.option, 14)
        if own is self.client and "synack" in self.times:
            self.times.setdefault("ack", time)
        start = (segment.seq - own.isn) % 2**32
        if peer.zero_since is not None and (segment.length <= 1 or start == 2**32 - 1):
            peer.probes += start + 1 == peer.acked or segment.length == 1
        own.sent(segment, start, peer)
        if segment.flags & ACK and peer.isn is not None:
            own.announced(time, segment, (segment.ack - peer.isn) % 2**32)

    def numbers(self):
        """The names of the module's description -> the numbers."""
        rtt = self.times["ack"] - self.times["syn"]
        found = {"rtt_ms": rtt / 1000,
                 "near_client": 100 * (self.times["synack"] - self.times["syn"]) / max(rtt, 1)}
        for direction, sender, receiver in (("c2s", self.client, self.server),
                                            ("s2c", self.server, self.client)):
            limited = sum(flight >= window - self.mss for flight, window, _ in sender.sends)
            found["data_" + direction] = len(sender.sends)
            found["limited_" + direction] = 100 * limited / max(len(sender.sends), 1)
            found["flight_" + direction] = max((s[0] for s in sender.sends), default=0)
            found["overruns_" + direction] = sum(s[2] > self.mss for s in sender.sends)
            excess = max((s[0] / s[1] for s in sender.sends if s[1]), default=1)
            found["factor_" + direction] = 2 ** math.ceil(math.log2(max(excess, 1)))
            found["repeats_" + direction] = sender.repeats
            found["ceiling_kbit_" + direction] = 8 * statistics.median(
                receiver.effective or [0]) / max(rtt, 1) * 1000
        for name, side in zip(SIDES, (self.client, self.server)):
            found |= {key + "_" + name: value for key, value in announced(side).items()}
        return found


def announced(side):
    raw = side.raw or [0]
    return {"w0": side.w0, "shift": side.shift, "raw_min": min(raw), "raw_max": max(raw), "distinct": len(set(raw)),
            "raw_first": raw[0], "first4": max(raw[:4]),
            "eff_median": statistics.median(side.effective or [0]),
            "zero_spells": len(side.spells), "stall_ms": max(side.spells, default=0) / 1000,
            "stalls_ms": sum(side.spells) / 1000, "probes": side.probes, "shrunk": side.shrunk,
            "slope_low": sorted(side.slopes or [0])[len(side.slopes) // 10],
            "slope": statistics.median(side.slopes or [0]), "slopes": len(side.slopes)}


def measure(timed):
    """Numbers of the busiest connection of `wire.read_timed`'s segments."""
    return Connection(timed).numbers()
