# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Random variants of the lab's faults, one class per finding code.

A builder takes a random.Random and returns a Variant: what is done (the truth), at which points
that can be known, and what else is true there. Numbers keep to what makes the fault a fault: a
window is at most half of what the path holds before it is called too small, a pause is longer than
the ACKs take, and so on. `sure` are checks from the captures, without the product's code, that what
was done came to be; a run where it did not is void.
"""

import dataclasses
import typing

import box
import cable
import checks_box as checks
import scenarios
import scenarios_box as sb
import scenarios_path as sp
import windows
import wire
from box import C2S, S2C
from lab import exchange, finish
from runner import POINTS
from scenarios import COOKIES, NO_TIMESTAMPS, Scenario, off, strip_syn, strip_synack, synproxy
from scenarios_path import KB

FRONT, BEHIND = ("client", "box-in"), ("box-out", "server")
# How windows look when they are read with a shift that a box wrote.
OVERRUN = frozenset({"window-overrun"})
HELD = frozenset({"window-limited"})
MISREAD = frozenset({"window-limited", "window-overrun", "window-shrunk"})
SNAPLEN = {4: 78, 6: 98}        # to the end of the options of any SYN but one with a cookie


@dataclasses.dataclass(frozen=True)
class Variant:
    """One run. `base` is the scenario whose rows in expect.tsv say what else is true."""
    base: str
    scenario: Scenario
    at: tuple = POINTS              # points that can know the code of the class
    beside: frozenset = frozenset()     # codes that are true too, at any point
    sure: typing.Callable = None    # (seen, directory) -> what did not come to be
    told: str = ""                  # the numbers that were drawn


@dataclasses.dataclass(frozen=True)
class Class:
    """`code` is None for what is healthy, or only looks like a fault."""
    name: str
    code: str
    build: typing.Callable
    medium: bool = False            # by design the code comes at confidence medium
    idle: bool = False              # mostly waits, so many run at a time
    quick: bool = False             # in confusion.t
    share: float = 1.0              # of the runs


def family(rng):
    return rng.choice((4, 6))


def line(rng, side=None, low=5, high=60, loss=0, late=0, kbit=(5000, 50000)):
    return cable.Line(side=side or rng.choice(("client", "server")),
                      delay_ms=round(rng.uniform(low, high), 1), kbit=rng.randint(*kbit),
                      loss=rng.randint(0, loss), late=rng.randint(0, late),
                      late_ms=round(rng.uniform(1, 8), 1), seed=rng.randint(1, 10**6))


def maybe_line(rng, **limits):
    return line(rng, **limits) if rng.random() < 0.5 else None


def make(rng, base, setup, traffic, fam=None, cut=False, told="", **more):
    """The scenario: `setup` and `traffic` with drawn numbers. `cut`: the snap length may be 64."""
    fam = fam or family(rng)
    with_line, bare = more.pop("line", None), more.pop("bulk", False)
    snaplen = 0 if more.get("layout") == "vxlan" else rng.randint(
        64 if cut else SNAPLEN[fam] + 6 * more.get("box_any", False), 128)
    fields = {key: more.pop(key) for key in ("layout", "box_any", "before") if key in more}
    scenario = Scenario(base, base, tuple(setup), traffic, "", "", fam, snaplen=snaplen,
                        line=with_line, bulk=bare or bool(with_line), **fields)
    told = f"IPv{fam} snap {snaplen} {told}" + (f" {with_line.describe()}" if with_line else "")
    return Variant(base, scenario, told=told, **more)


def usual(rng, base, **more):
    """A scenario of the tables with its own setup; only what it picks itself varies."""
    fixed = scenarios.table()[base]
    snaplen = 0 if fixed.layout == "vxlan" else more.pop("snaplen", fixed.snaplen) or rng.randint(
        SNAPLEN[fixed.family] + 20, 128)
    return Variant(base, dataclasses.replace(fixed, counts={}, snaplen=snaplen,
                                             line=more.pop("line", fixed.line)),
                   told=f"snap {snaplen}", **more)


def measured(at, **due):
    """A check by windows.py: at each of `at`, each number within (low, high)."""
    def check(seen, directory):
        for point in at:
            numbers = windows.measure(wire.read_timed(wire.find(directory, point)))
            for name, (low, high) in due.items():
                if numbers[name] < low or (high is not None and numbers[name] > high):
                    yield f"{point}: {name} is {numbers[name]:.4g}"
    return check


def transfers(rng, both=400):
    """Both ways, as much as some windows of 64 KB."""
    return sp.bulk(up=rng.randint(100, both) * KB, down=rng.randint(100, both) * KB)


# -- handshakes ----------------------------------------------------------------------------------


def server_no_wscale(rng):
    kind = rng.choice(("plain", "plain", "bulk", "fast-open", "vxlan", "ttl"))
    if kind == "plain":
        return make(rng, "server-off", (off("server"),), scenarios.plain, line=maybe_line(rng))
    if kind == "bulk":
        return make(rng, "slow-server-off", sp.BIG + (off("server"),), transfers(rng),
                    line=line(rng, loss=10), beside=HELD)
    if kind == "ttl":
        return make(rng, "ttl-jitter", (off("server"), sb.wrong((S2C, box.TTL))), sb.talk, 4)
    return usual(rng, {"fast-open": "fast-open-server-off"}.get(kind, "vxlan-server-off"))


def client_no_wscale(rng):
    kind = rng.choice(("plain", "both", "bulk"))
    if kind == "bulk":
        return make(rng, "slow-client-off", sp.BIG + (off("client"),), transfers(rng),
                    line=line(rng, loss=10), beside=HELD)
    setup = (off("client"),) + ((off("server"),) if kind == "both" else ())
    return make(rng, "client-off", setup, scenarios.plain, line=maybe_line(rng))


def wscale_stripped(rng):
    kind = rng.choice(("syn", "synack", "both"))
    setup = {"syn": (strip_syn,), "synack": (strip_synack,), "both": (strip_syn, strip_synack)}
    # Only the client is misled where the SYN-ACK is: it takes the server's windows as they stand.
    return make(rng, "strip-" + kind, setup[kind], scenarios.plain, line=maybe_line(rng),
                at=FRONT if kind == "synack" else BEHIND,
                beside=HELD if kind == "synack" else frozenset())


def syn_retry(rng):
    return make(rng, "syn-retry-off", (), scenarios.retry_with_scaling_off, at=FRONT,
                line=maybe_line(rng, side="server"))


def syncookie(rng):
    return make(rng, "syncookies-mixed", (COOKIES,), sp.mixed_timestamps,
                line=maybe_line(rng, high=15))


def synproxy_no_wscale(rng):
    shift = rng.randint(1, 14)
    kind = rng.choice(("synproxy-nots", "synproxy-nots-burst"))
    traffic = scenarios.plain if kind == "synproxy-nots" else scenarios.twenty_five
    return make(rng, kind, (synproxy(shift), NO_TIMESTAMPS), traffic, at=FRONT,
                told=f"proxy {shift}")


def proxy_shifts(rng, apart):
    server = rng.randint(7, 10)
    return server, rng.choice([s for s in range(2, 15) if abs(s - server) >= apart])


def synproxy_two_answers(rng):
    server, proxy = proxy_shifts(rng, 1)
    return make(rng, "synproxy-lost-ack",
                (sp.shift("server", server), synproxy(proxy), scenarios.lose_proxy_ack),
                scenarios.plain, at=FRONT, told=f"proxy {proxy} server {server}")


def synproxy_one_point(rng):
    server = rng.randint(7, 9)
    proxy = server + rng.randint(2, 14 - server)
    return make(rng, "synproxy-bulk", (
        sp.hosts, sp.liberal, sp.quickack,
        sp.receive_buffer("server", rng.randint(128, 192) * KB, 1 << (15 + max(server, 8))
                          if server > 7 else 6291456), synproxy(proxy)),
        sp.bulk_proxied(rng.randint(500, 800) * KB, 64 * KB, 0.008), at=FRONT,
        line=line(rng, "server", high=20, kbit=(40000, 80000)), beside=OVERRUN,
        told=f"proxy {proxy} server {server}")


def unsolicited(rng):
    number = rng.randint(0, 14)
    return make(rng, "unsolicited", (off("client"), sp.add_synack(number)), scenarios.plain, 4,
                line=maybe_line(rng), at=FRONT, beside=frozenset({"client-no-wscale"}),
                told=f"adds {number}")


def rewritten(rng, value, code_at, box_any=False):
    syn = rng.random() < 0.5
    fam = family(rng)
    return make(rng, "rewritten", (sb.wrong((C2S if syn else S2C, box.SHIFT, value)),),
                scenarios.plain, fam, box_any=box_any, at=code_at or (BEHIND if syn else FRONT),
                sure=checks.shift_rewritten if not box_any else None,
                beside=MISREAD,
                told=f"{'SYN' if syn else 'SYN-ACK'} gets {value}")


def wscale_changed(rng):
    other = rng.choice((0, 1, 2, 3, 4, 5, 6, 8, 9, 11, 12, 13, 14))     # neither 7 nor 10
    return rewritten(rng, other, ("box-any",), True)


def wscale_too_large(rng):
    return rewritten(rng, rng.randint(15, 31), None)     # the box has five bits for it


def wscale_malformed(rng):
    number = rng.randint(0, 14)
    return make(rng, "repeated", (sp.add_synack(number),), scenarios.plain, 4, at=FRONT,
                line=maybe_line(rng), told=f"adds {number}", beside=MISREAD)


# -- windows -------------------------------------------------------------------------------------


def small_requests(number):
    """Requests of some windows, of which a server with this shift lets one pass in 0.2 s."""
    def traffic(net):
        net.listen()
        sock, peer = net.connect()
        exchange(sock, peer, net.pick(4, 3, 8), max(net.pick(100, 1, 8) * (65160 >> number), 20),
                 net.pick(2000, 1000, 20000))
        finish(sock, peer)
    return traffic


def disagreeing(rng, code_at):
    """W is taken from SYN-ACKs: phantom in front, missing behind."""
    server = rng.randint(4, 14) if code_at == FRONT else 7
    client = rng.randint(4, 14) if code_at == BEHIND else 10
    setup = (sp.hosts, sp.shift("server", server), sp.shift("client", client))
    kind = rng.choice(("plain", "slow", "cut"))
    told = f"{kind} shifts {client} {server}"
    if kind == "cut":
        return make(rng, "path-strips", setup + (sb.wrong((S2C, box.CUT, 0xC6336400)),),
                    small_requests(server), 4, at=code_at, told=told, beside=HELD)
    if kind == "plain":
        return make(rng, "strip-synack", setup + (strip_synack,), small_requests(server),
                    at=code_at, line=maybe_line(rng), told=told, beside=HELD)
    return make(rng, "slow-strip-synack", setup + (strip_synack,),
                sp.bulk_down_first(up=rng.randint(8, 20) * max(65160 >> server, 20),
                                   down=rng.randint(100, 300) * KB),
                line=line(rng, "server", loss=10), at=code_at, told=told, beside=HELD)


def phantom(rng):
    return disagreeing(rng, FRONT)


def missing(rng):
    return adding(rng, FRONT) if rng.random() < 0.3 else disagreeing(rng, BEHIND)


def adding(rng, code_at):
    """The box puts a W into the SYN-ACK of a server that is off.

    Windows that are 65535 for good say nothing of their unit: those runs are void.
    """
    number = rng.randint(4, 9)
    return make(rng, "slow-add-synack", (
        sp.hosts, off("server"), sp.receive_buffer("server", rng.randint(80, 128) * KB, 6291456),
        sp.add_synack(number)),
        sp.bulk(up=400 * KB, down=1500, read=sp.read_in_bursts(48 * KB, 0.006)), 4,
        line=line(rng, "server", high=30), at=code_at, told=f"adds {number}", beside=OVERRUN,
        sure=measured(("box-in",), distinct_server=(2, None)))


def overrun(rng):
    sure = measured(("client",), overruns_c2s=(3, None))
    return make(rng, "overrun", (off("client"),), sp.overrun, 4, sure=sure, beside=OVERRUN,
                at=("client", "box-in", "box-out"),
                line=line(rng, "server", kbit=(10000, 50000)))


def boundary_shows(shift):
    """The box did so, and in front of it are eight first sends on either side of the boundary.

    Sides are told by the last window before each; what is sent again does not count. Losses of
    one round trip: what was sent before the first of them was noticed, by being sent again.
    """
    def check(seen, directory):
        yield from checks.boundary(shift)(seen, directory) if shift is not None else ()
        client, edge, highest = checks.client_of(seen["box-in"]), None, None
        fates, inside, beyond, rounds = checks.fates(seen, directory), 0, 0, 0
        until, fresh = None, True
        sent = iter(fates)
        for segment in seen["box-in"]:
            if (segment.src, segment.sport) != client:
                if not segment.flags & wire.SYN:
                    edge = (segment.ack + (segment.window << (shift or 0))) % 2**32
                continue
            if not segment.length:
                continue
            end, (_, through) = segment.seq + segment.length, next(sent)
            if edge is None:
                continue
            if highest is not None and checks.ahead(end, highest) <= 0:
                if until is None or checks.ahead(end, until) > 0:
                    until, fresh = highest, True
                continue
            highest = end
            inside += through and checks.ahead(end, edge) <= 0
            if not through and checks.ahead(end, edge) > 0:
                beyond += 1
                rounds += fresh
                fresh = False
        if min(inside, beyond) < 8 or rounds < 4:
            yield f"{inside} inside arrived, {beyond} beyond lost, in {rounds} round trips"
    return check


def drop_boundary(rng):
    shift = rng.choice((0, 0, 1, 2, 3))
    if rng.random() < 0.3:
        return make(rng, "drop-boundary", sp.BIG + (sp.unaware,),
                    sp.bulk(up=rng.randint(200, 400) * KB), 4,
                    line=line(rng, "server", kbit=(5000, 20000)), at=FRONT, told="queue",
                    sure=boundary_shows(None))
    megabits = rng.randint(10, 40)
    return make(rng, f"forgetful-f{0 if shift == 0 else 2}", (
        sb.wrong((C2S, box.FORGETFUL, shift)), sb.link(megabits),
        sb.buffer(rng.randint(768, 2048) * KB)),
        sb.upload(rng.randint(300, 600) * KB), at=FRONT, sure=boundary_shows(shift),
        told=f"f {shift} {megabits} Mbit/s")


def window_limited(rng):
    """Reno over little loss: the window is at most half of what the path holds."""
    down = rng.random() < 0.4
    cord = line(rng, "client" if down else "server", kbit=(20000, 50000))
    holds = cord.kbit * 2 * cord.delay_ms / 8       # bytes
    size = int(rng.uniform(min(12 * KB, holds / 3), min(96 * KB, holds / 2)))
    receiver, limit = ("client", 33554432) if down else ("server", 6291456)
    amount = rng.randint(300, 500) * KB
    return make(rng, "slow-limited-down" if down else "slow-limited",
                sp.BIG + (sp.receive_buffer(receiver, size, limit),),
                sp.bulk(down=amount) if down else sp.bulk(up=amount), line=cord,
                at=("box-in", "box-out", "server") if down else ("client", "box-in", "box-out"),
                told=f"buffer {size}")


def stall(rng):
    if rng.random() < 0.5:
        size = rng.randint(8, 24) * KB
        return make(rng, "stop-reading", (sp.receive_buffer("server", size, 6291456),),
                    scenarios.stop_reading, line=maybe_line(rng), told=f"buffer {size}")
    stalls, pause = rng.randint(1, 4), rng.uniform(0.4, 2.5)
    return make(rng, "zero-window-recovers", scenarios.SMALL_BUFFER, sp.stop_and_go(stalls, pause),
                told=f"{stalls} of {pause:.2f} s")


def stall_for_ever(rng):
    return make(rng, "zero-window-permanent", scenarios.SMALL_BUFFER, sp.never_read)


def shrunk(rng):
    kind, first = rng.choice(("clamp", "once", "host")), rng.randint(20, 60)
    if kind == "host":
        may = scenarios.sysctl("server", "net.ipv4.tcp_shrink_window", 1)
        return make(rng, "shrink-host", (may,), sp.shrink, sure=measured(POINTS, shrunk_server=(1000, None)))
    if kind == "clamp":
        act, value = box.CLAMP, rng.randint(16, 120)
        base, change = "window-clamp", lambda w: min(w, value)
    else:
        act, value = box.DIVIDE, rng.randint(1, 2)
        base, change = "window-shrink-once", lambda w: w >> value
    return make(rng, base, (sb.wrong((S2C, act, value, first)), sb.link(rng.randint(10, 30))),
                sb.upload(rng.randint(200, 300) * KB, sndbuf=rng.randint(8, 24) * KB), at=FRONT,
                sure=checks.windows(change, first=first, shrinks=10000),
                beside=HELD, told=f"{kind} {value} from {first}")


def tiny(rng):
    shift = rng.randint(10, 12)
    size = int(4608 * rng.uniform(0.7, 0.87)) << (shift - 10)
    return make(rng, "tiny-window",
                (sp.hosts, sp.receive_buffer("server", size, 1 << (15 + shift))),
                sp.bulk(up=rng.randint(20, 60) * KB), line=line(rng, "server", high=40),
                # A reader that is kept waiting closes its window, too: that is another fault.
                sure=measured(("server",), raw_max_server=(1, 2), stalls_ms_server=(0, 90)),
                beside=HELD, told=f"shift {shift} buffer {size}")


def shift_changed(rng):
    return make(rng, "shift-changed", (sb.wrong(), sb.link(20)), sb.fill_twice, at=FRONT)


# -- hosts and boxes -----------------------------------------------------------------------------


def endpoint_off(rng):
    role = rng.choice(("client", "server"))
    return make(rng, role + "-off-burst", (off(role),), scenarios.thirty,
                line=maybe_line(rng, high=20), told=role)


def endpoint_regressed(rng):
    role = rng.choice(("client", "server"))
    return make(rng, "server-flip", (), lambda net: scenarios.flip(net, role),
                line=maybe_line(rng, high=15), told=role,
                beside=frozenset({"client-no-wscale"} if role == "client" else ()))


def path_strips(rng):
    return make(rng, "path-strips", (sb.wrong((S2C, box.CUT, 0xC6336400)), sb.listen_everywhere),
                sb.ask_all, 4, at=FRONT)


def state_loss(rng):
    count = rng.randint(10, 20)
    if rng.random() < 0.5:
        return make(rng, "state-loss-reset", (sb.reject_invalid,), sb.lose_state(
            count, lambda net: box.flush_conntrack(net.box)), 4, at=FRONT, told=f"{count} reset")
    return make(rng, "state-loss", (sb.wrong((C2S, box.DROP_UNKNOWN), (S2C, box.DROP_UNKNOWN)),),
                sb.lose_state(count, lambda net: net.faulty.forget_connections()), 4, at=FRONT,
                told=f"{count} silent")


FAULTS = (
    Class("server-no-wscale", "server-no-wscale", server_no_wscale, quick=True),
    Class("client-no-wscale", "client-no-wscale", client_no_wscale, quick=True),
    Class("unsolicited-wscale", "unsolicited-wscale", unsolicited),
    Class("wscale-stripped", "wscale-stripped", wscale_stripped, quick=True),
    Class("syn-retry-no-wscale", "syn-retry-no-wscale", syn_retry),
    Class("wscale-changed", "wscale-changed", wscale_changed),
    Class("wscale-too-large", "wscale-too-large", wscale_too_large),
    Class("wscale-malformed", "wscale-malformed", wscale_malformed),
    Class("syncookie-no-wscale", "syncookie-no-wscale", syncookie, quick=True),
    Class("synproxy-no-wscale", "synproxy-no-wscale", synproxy_no_wscale, quick=True),
    Class("synproxy-mismatch", "synproxy-mismatch", synproxy_two_answers),
    Class("synproxy-mismatch, one answer", "synproxy-mismatch", synproxy_one_point, medium=True),
    Class("phantom-scaling", "phantom-scaling", phantom, quick=True),
    Class("missing-scaling", "missing-scaling", missing, quick=True),
    Class("window-overrun", "window-overrun", overrun, quick=True),
    Class("drop-boundary", "drop-boundary", drop_boundary, idle=True),
    Class("window-limited", "window-limited", window_limited, quick=True),
    Class("zero-window-stall", "zero-window-stall", stall, idle=True, quick=True),
    Class("zero-window-stall, for ever", "zero-window-stall", stall_for_ever, idle=True, share=0.2),
    Class("window-shrunk", "window-shrunk", shrunk, quick=True),
    Class("tiny-window", "tiny-window", tiny, quick=True),
    Class("shift-changed", "shift-changed", shift_changed, medium=True, idle=True),
    Class("endpoint-off", "endpoint-off", endpoint_off, quick=True),
    Class("endpoint-regressed", "endpoint-regressed", endpoint_regressed, quick=True),
    Class("path-strips", "path-strips", path_strips, medium=True, idle=True),
    Class("state-loss", "state-loss", state_loss, medium=True, idle=True),
)
