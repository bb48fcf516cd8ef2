#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# timeout: 300
"""equal.t [SCENARIO...]

Live equals replay: of traffic on real stacks, `wscope live` says what `wscope replay` says of a
capture of the same packets on the same interfaces.

Each case runs a scenario of the lab once, under one or several watchers: a `wscope live --json`
each, and tcpdump on each interface it is attached to. Compared are all flow and endpoint records
and the summary, every field of every finding and the finding's sentence included. What may differ:

times       the hooks stamp a frame when they run, tcpdump when it is handed over; see CLOCK
gauges      which of two frames of opposite directions came first; see NEAR
blame       live knows its host's own addresses: docs/hook-differences.md; see same_blame()
segments    only where `merged`: with offloads on, a hook and tcpdump see them cut differently

`due` is what live has to say in each case, so that saying nothing twice is not equality.
"""

import dataclasses
import json
import os
import subprocess
import sys
import tempfile
import time
import typing

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import live  # noqa: E402
from live import Live, lab  # noqa: E402
import cable  # noqa: E402
import scenarios  # noqa: E402

ATTEMPTS = 3    # tcpdump may be too slow once; what it lost it says. See also held_up()
SNAPLEN = 256
BOTH_TC = "tc-ingress,tc-egress"
CLIENT, SERVER, FRONT, SIDES = ("eth0",), ("eth0",), ("in0",), ("in0", "out0")

CLOCK = 0.02    # seconds, as said above and by which live follows the wall's clock
SHARE = 0.05    # of a duration, or of a number made from one
NEAR = 3 * 1460
NEAR_US = 1000  # as in engine/thresholds.h

TIMES = {"first", "last", "last_offer", "first_refusal", "last_refusal", "refused_since"}
DURATIONS = {"duration_s", "zero_window_s", "zero_window_longest_s", "limited_s", "slowed_s",
             "stalled_s", "longest_s", "age_s"}
RATES = {"ceiling_bps"}
GAUGES = {"flight_max", "window_bytes", "usable_bytes"}
SEGMENTS = {"packets", "tcp_packets", "retransmits", "flight_max", "limited", "limited_s",
            "ceiling_bps"}
# Of the run itself; of captures only; of a capture that has TCP only; of a host that sees itself.
OTHER = {"file", "files", "lost", "refusal_packets", "skipped", "local"}


@dataclasses.dataclass(frozen=True)
class Watch:
    """One `wscope live` and the captures beside it. `due`: (code, side, blame, confidence)."""
    node: str
    devices: tuple
    due: frozenset
    hooks: str = "xdp,tc-egress"
    mode: str = "native"

    def options(self):
        words = ["--json", "--hooks", self.hooks]
        words += ["--mode", self.mode] if "xdp" in self.hooks else []
        return words + [word for device in self.devices for word in ("-i", device)]

    def point(self, device):
        """(node, device, what its hooks see there)"""
        return (self.node, device,
                "tcp" if "egress" in self.hooks else f"tcp and ether dst {lab.MAC[device]}")

    def name(self):
        mode = f" ({self.mode})" if "xdp" in self.hooks else ""
        return f"{self.node} {'+'.join(self.devices)} {self.hooks}{mode}"


@dataclasses.dataclass(frozen=True)
class Case:
    scenario: str
    watches: tuple
    traffic: typing.Callable = None     # instead of the scenario's
    merged: bool = False
    said: str = ""


# -- comparing -----------------------------------------------------------------------------------


def near(one, other, least, share=SHARE):
    return abs(one - other) <= max(least, share * max(abs(one), abs(other)))


def same_number(name, one, other, delayed):
    """
    Whether two values of a field agree; null and words agree only with themselves. A rate is made
    of the shortest round trip: where no line delays the packets, that is all scheduling.
    """
    number = [isinstance(value, (int, float)) and not isinstance(value, bool)
              for value in (one, other)]
    if number != [True, True] or one == other:
        return one == other
    if name in TIMES or name in DURATIONS:
        return near(one, other, CLOCK, SHARE if name in DURATIONS else 0)
    if name == "rtt_us":
        return near(one, other, CLOCK * 1e6)
    if name in RATES:
        return not delayed or near(one, other, 0, 2 * SHARE)
    return name in GAUGES and near(one, other, NEAR)


def differences(one, other, skip, delayed, path=""):
    """What two records do not have in common; findings apart."""
    for name in one.keys() | other.keys():
        if name in skip or name == "findings":
            continue
        if name not in one or name not in other:
            yield f"{path}{name}: only one has it"
        elif isinstance(one[name], dict):
            yield from differences(one[name], other[name], skip, delayed, f"{path}{name}.")
        elif not same_number(name, one[name], other[name], delayed):
            yield f"{path}{name}: live {one[name]}, replay {other[name]}"


def same_blame(one, other):
    """Equal; or live met the segment leaving its own host, which no capture shows."""
    return one == other or (one[0], other[0]) == ("host", "host-or-path") and one[1] in (
        "certain", other[1])


def finding_differences(one, other, delayed):
    for name in ("code", "side", "severity", "replaces", "advice"):
        if one.get(name) != other.get(name):
            yield f"{name}: live {one.get(name)}, replay {other.get(name)}"
    blames = [(finding["blame"], finding["confidence"]) for finding in (one, other)]
    if not same_blame(*blames):
        yield f"blame: live {blames[0]}, replay {blames[1]}"
    yield from differences(one["numbers"], other["numbers"], set(), delayed)
    if one["numbers"] == other["numbers"] and one["text"] != other["text"]:
        yield f"text: live {one['text']}, replay {other['text']}"


def identity(record):
    return [record.get(name) for name in ("type", "client", "client_port", "server", "server_port",
                                          "address", "port", "role")]


def record_differences(one, other, skip, delayed):
    if identity(one) != identity(other):
        yield f"live {identity(one)}, replay {identity(other)}"
        return
    who = identity(one)
    skip = skip | ({"packets"} if one["type"] == "summary" else set())
    for text in differences(one, other, skip, delayed):
        yield f"{who}: {text}"
    if one["type"] == "summary":
        if one["findings"] != other["findings"]:
            yield f"findings: live {one['findings']}, replay {other['findings']}"
        return
    codes = [[finding["code"] for finding in record["findings"]] for record in (one, other)]
    if sorted(codes[0]) != sorted(codes[1]):
        yield f"{who}: live finds {codes[0]}, replay {codes[1]}"
        return
    order = [sorted(record["findings"], key=lambda f: (f["code"], f["side"] or ""))
             for record in (one, other)]
    for pair in zip(*order):
        for text in finding_differences(*pair, delayed):
            yield f"{who}: {pair[0]['code']}: {text}"


def last_report(records):
    """What follows the summaries on the way: they have endpoints, but no connections."""
    report = []
    for record in records:
        if report and report[-1]["type"] == "summary":
            report = []
        if record["type"] != "event":
            report.append(record)
    return report


def compare(watched, replayed, merged, delayed):
    """All that is not the same, a line each."""
    pairs = [last_report(records) for records in (watched, replayed)]
    if len(pairs[0]) != len(pairs[1]):
        names = [{" ".join(map(str, identity(one))) for one in records} for records in pairs]
        yield (f"live has {len(pairs[0])} records, replay {len(pairs[1])}: "
               f"{sorted(names[0] ^ names[1])}")
        return
    for pair in zip(*pairs):
        yield from record_differences(*pair, OTHER | (SEGMENTS if merged else set()), delayed)


def held_up(records):
    """
    Whether a handshake took so long that what follows depends on where in it the clock was
    read: no line delays the packets, so that is scheduling, and two watchers need not agree.
    """
    return any((one.get("rtt_us") or 0) > NEAR_US for one in records)


def said(records):
    return {(finding["code"], finding["side"], finding["blame"], finding["confidence"])
            for record in records if record["type"] in ("flow", "endpoint")
            for finding in record["findings"]}


# -- running -------------------------------------------------------------------------------------


def segments_as_on_the_wire(net):
    """No stack makes large segments, no device merges: veth turns GRO on when XDP is attached."""
    for node, devices in ((net.client, CLIENT), (net.box, SIDES), (net.server, SERVER)):
        node.ip("".join(f"link set dev {device} gso_max_segs 1\n" for device in devices))
        cable.offloads_off(node, *devices, which=cable.GRO)


def replay(paths):
    done = subprocess.run([live.WSCOPE, "replay", "--json", *paths], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, f"replay: status {done.returncode}: {done.stderr}"
    return [json.loads(line) for line in done.stdout.splitlines()]


def observe(run, net, case, folder):
    """Run the scenario; (watch, live's records, the captures' paths) of each watcher."""
    scenario, watching, captures = scenarios.table()[case.scenario], [], {}
    for setup in scenario.setup:
        setup(net)
    for watch in case.watches:
        watching.append(Live(run, getattr(net, watch.node), *watch.options()))
    if not case.merged:
        segments_as_on_the_wire(net)
    try:
        for watch in case.watches:
            for device in watch.devices:
                point = watch.point(device)
                if point not in captures:
                    captures[point] = lab.Capture(run, getattr(net, watch.node), device,
                                                  os.path.join(folder, f"{len(captures)}.pcap"),
                                                  SNAPLEN, point[-1])
                    captures[point].wait()
        (case.traffic or scenario.traffic)(net)
        time.sleep(0.1)
        for capture in captures.values():
            capture.stop()
        for one in watching:
            status = one.stop()
            assert status == 0, f"live: status {status}: {one.err()}"
    finally:
        for child in [one.child for one in watching] + [one.child for one in captures.values()]:
            if child.poll() is None:
                child.kill()
                child.wait()
    return [(watch, one.records(), [captures[watch.point(device)].path
                                    for device in watch.devices])
            for watch, one in zip(case.watches, watching)]


def watched(run, slot, case, folder):
    """As observe(), in a lab of its own; again when tcpdump was too slow."""
    scenario = scenarios.table()[case.scenario]
    for left in reversed(range(ATTEMPTS)):
        net = lab.Net(run, slot, scenario.family, scenario.layout, scenario.line, not case.merged)
        try:
            return observe(run, net, case, folder)
        except lab.LabError as error:
            if not left or "tcpdump lost packets" not in str(error):
                raise
        finally:
            net.close()
    raise AssertionError("not reached")


def results(run, slot, case):
    """
    [(watch, what is wrong)]. The case is run again when a handshake was held_up(), or when live and
    replay agree that these stacks did not do what was due: whether a segment is lost where it
    shows something is a matter of how the stack cuts its data.
    """
    delayed = scenarios.table()[case.scenario].line is not None
    for left in reversed(range(ATTEMPTS)):
        found, again = [], False
        with tempfile.TemporaryDirectory(prefix="wscope-equal-") as folder:
            for watch, records, paths in watched(run, slot, case, folder):
                replayed = replay(paths)
                wrong = list(compare(records, replayed, case.merged, delayed))
                says = said(records)
                if wrong:
                    again |= not delayed and held_up(records + replayed)
                else:
                    again |= says < watch.due
                if says != watch.due:
                    wrong.append(f"live says {sorted(says)}, due {sorted(watch.due)}")
                found.append((watch, wrong))
        if not (again and left):
            return found
    raise AssertionError("not reached")


def check(tap, run, slot, case):
    """A result for each watcher."""
    title = f"{case.scenario}{', ' + case.said if case.said else ''}"
    try:
        for watch, wrong in results(run, slot, case):
            tap.ok(not wrong, f"{title}: {watch.name()}", "\n".join(wrong[:20]))
    except lab.LabError as error:
        if live.REFUSED.search(str(error)):
            tap.skip(title, f"kernel: {str(error).splitlines()[0]}")
        else:
            tap.ok(False, title, error)
    except Exception as error:  # pylint: disable=broad-except
        tap.ok(False, title, f"{type(error).__name__}: {error}")


# -- traffic that only this file has -------------------------------------------------------------


def proxied(net, front):
    """A connection to the box, which opens one to the server for it; both stay open."""
    sock = net.socket()
    sock.connect((lab.ADDRESS[4]["in0"], lab.PORT))
    inner, _ = front.accept()
    outer = net.keep(net.box.tcp(4))
    outer.connect(net.address("server", lab.PORT))
    peer, _ = net.listener.accept()
    for one in (inner, peer):
        net.keep(one).settimeout(lab.TIMEOUT)
    lab.exchange(sock, inner, rounds=1)
    lab.exchange(outer, peer, rounds=1)
    return sock, inner, outer, peer


def outage(net):
    """The box terminates TCP; its setting is flipped after 25 connections, 25 follow; 4 stay open."""
    net.listen()
    front = net.keep(net.box.tcp(4))
    front.bind((lab.ADDRESS[4]["in0"], lab.PORT))
    front.listen(64)
    for number in range(50):
        if number == 25:
            net.box.sysctl("net.ipv4.tcp_window_scaling", 0)
        sock, inner, outer, peer = proxied(net, front)
        if number < 46:
            lab.finish(sock, inner)
            lab.finish(outer, peer)


def download_and_talk(net):
    net.listen()
    sock, peer = net.connect()
    lab.exchange(sock, peer, rounds=8, response=20000)
    lab.finish(sock, peer)


def stall_and_reuse(net):
    """Two stalled connections and a plain one, all on one 4-tuple: two records that ended."""
    net.listen()
    for pause in (0.6, 0.6, 0):
        sock, peer = net.connect(port=40000)
        if pause:
            sock.sendall(b"q" * 49152)
            time.sleep(pause)
            lab.receive(peer, 49152)
        lab.exchange(sock, peer, rounds=1)
        lab.reset(sock, peer)
        time.sleep(0.05)


# -- the table -----------------------------------------------------------------------------------

NONE = frozenset()
CERTAIN, DOUBT = ("host", "certain"), ("host-or-path", "high")
PATH = ("path", "high")


REFUSES = frozenset({("server-no-wscale", "server", *DOUBT), ("endpoint-off", "server", *DOUBT)})
REGRESSED_HERE = frozenset({("server-no-wscale", "server", *CERTAIN),
                            ("endpoint-regressed", "server", *CERTAIN)})
REGRESSED = frozenset({("server-no-wscale", "server", *DOUBT),
                       ("endpoint-regressed", "server", *DOUBT)})
BOTH_LEGS = REGRESSED_HERE | {("client-no-wscale", "client", *CERTAIN),
                              ("endpoint-regressed", "client", *CERTAIN)}
PHANTOM = frozenset({("wscale-stripped", "server", *PATH), ("phantom-scaling", "server", *PATH)})
MISSING = frozenset({("missing-scaling", "client", *PATH)})
STALL_HERE = frozenset({("zero-window-stall", "server", "host", "high")})
STALL = frozenset({("zero-window-stall", "server", *DOUBT)})
BOUNDARY = frozenset({("drop-boundary", "server", *PATH)})
LIMITED = frozenset({("window-limited", "server", *DOUBT)})
LOST_STATE = frozenset({("state-loss", "path", "path", "medium")})

CASES = (
    Case("both-on", (Watch("server", SERVER, NONE), Watch("server", SERVER, NONE, BOTH_TC),
                     Watch("client", CLIENT, NONE, mode="generic"),
                     Watch("box", SIDES, NONE, "xdp"))),
    Case("server-flip", (Watch("server", SERVER, REGRESSED_HERE),
                         Watch("server", SERVER, REGRESSED_HERE, BOTH_TC),
                         Watch("client", CLIENT, REGRESSED, mode="generic"))),
    Case("server-off-burst", (Watch("client", CLIENT, REFUSES),
                              Watch("box", SIDES, REFUSES, "xdp"),
                              Watch("box", SIDES, REFUSES, "tc-ingress"))),
    Case("both-on", (Watch("box", SIDES, BOTH_LEGS), Watch("box", SIDES, BOTH_LEGS, BOTH_TC)),
         traffic=outage, said="the box terminates and is turned off, both legs"),
    Case("slow-strip-synack", (Watch("client", CLIENT, PHANTOM),
                               Watch("box", FRONT, PHANTOM, mode="generic"),
                               Watch("server", SERVER, MISSING),
                               Watch("server", SERVER, MISSING, BOTH_TC))),
    Case("strip-synack", (Watch("client", CLIENT, PHANTOM),
                          Watch("server", SERVER, MISSING, BOTH_TC)),
         traffic=download_and_talk, merged=True, said="offloads on"),
    Case("zero-window-recovers", (Watch("server", SERVER, STALL_HERE),
                                  Watch("server", SERVER, STALL_HERE, BOTH_TC),
                                  Watch("client", CLIENT, STALL, mode="generic"),
                                  Watch("box", SIDES, STALL, "xdp"))),
    Case("zero-window-recovers", (Watch("server", SERVER, STALL_HERE),
                                  Watch("client", CLIENT, STALL, BOTH_TC)),
         merged=True, said="offloads on"),
    Case("stop-reading", (Watch("server", SERVER, STALL_HERE),
                          Watch("client", CLIENT, STALL, BOTH_TC)),
         traffic=stall_and_reuse, said="ports used again"),
    Case("forgetful-f0", (Watch("client", CLIENT, BOUNDARY),
                          Watch("client", CLIENT, BOUNDARY, BOTH_TC),
                          Watch("box", FRONT, BOUNDARY, mode="generic"))),
    Case("slow-limited", (Watch("client", CLIENT, LIMITED),
                          Watch("client", CLIENT, LIMITED, BOTH_TC),
                          Watch("box", FRONT, LIMITED, mode="generic"),
                          Watch("server", SERVER, NONE))),
    Case("state-loss", (Watch("client", CLIENT, LOST_STATE),
                        Watch("client", CLIENT, LOST_STATE, BOTH_TC))),
)


def main():
    chosen = [case for case in CASES if case.scenario in sys.argv[1:] or not sys.argv[1:]]
    return live.main_of("equal", lambda tap, run: [check(tap, run, slot, case)
                                                   for slot, case in enumerate(chosen)])


if __name__ == "__main__":
    sys.exit(main())
