# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What is healthy, or only looks like a fault, with random numbers: classes without a code.

Some have a finding of their own all the same (a server that is off, TTLs that vary): what the rows
of the scenario in expect.tsv say is due there and nothing else.
"""

import box
import scenarios
import scenarios_box as sb
import scenarios_path as sp
from box import C2S, S2C
from scenarios import COOKIES, NO_TIMESTAMPS, off, synproxy
from scenarios_path import KB
from variants import Class, line, make, maybe_line, transfers, usual

SMALL = frozenset({"window-limited"})


def fast(rng):
    return make(rng, "slow-fast", sp.BIG, sp.now_and_then, cut=True,
                line=line(rng, low=5, kbit=(20000, 50000)))


def loss(rng):
    return make(rng, "slow-loss", sp.BIG, transfers(rng, 600), cut=True,
                line=line(rng, loss=10, kbit=(10000, 50000)))


def reorder(rng):
    return make(rng, "slow-reorder", sp.BIG, transfers(rng, 600), cut=True,
                line=line(rng, late=30, kbit=(10000, 50000)))


def small_buffer_off(rng):
    size = rng.randint(3000, 8000)
    return make(rng, "slow-small-buffer-off", (sp.hosts, off("server")),
                sp.bulk(up=rng.randint(40, 80) * KB, down=rng.randint(40, 80) * KB, rcvbuf=size),
                line=line(rng, "server", high=30), told=f"SO_RCVBUF {size}", beside=SMALL)


def small_buffer(rng):
    size = rng.randint(4, 32) * KB
    return make(rng, "slow-limited", (sp.hosts, sp.receive_buffer("server", size, 6291456)),
                transfers(rng, 150), cut=True, line=line(rng, low=5, high=20), beside=SMALL,
                told=f"buffer {size}")


def burst_loss(rng):
    count, first = rng.randint(4, 12), rng.randint(20, 60)
    second = first + rng.randint(60, 150)
    return make(rng, "burst-loss", (
        sb.wrong((C2S, box.DROP_BURSTS, count, first, second)), sb.link(rng.randint(10, 40))),
        sb.upload(rng.randint(250, 500) * KB, sndbuf=rng.randint(24, 64) * KB), cut=True,
        told=f"{count} from {first} and {second}")


def mtu_black_hole(rng):
    return make(rng, "mtu-black-hole", (sb.wrong(),), sb.small_and_large, cut=True)


def random_loss(rng):
    share = rng.randint(1, 30)
    return make(rng, "random-loss", (
        sb.wrong((C2S, box.DROP_RANDOM, share, rng.randint(1, 10**6))),
        sb.link(rng.randint(10, 40))),
        sb.upload(rng.randint(300, 600) * KB, sndbuf=rng.randint(24, 64) * KB), cut=True,
        told=f"{share} of 1,000")


def short_queue(rng):
    """It overflows at about so many bytes in flight, and the window stays as it is."""
    megabits, room = rng.randint(10, 40), rng.randint(8, 64) * KB
    return make(rng, "burst-loss", (
        sb.link(megabits, room), sb.buffer(rng.randint(768, 2048) * KB)),
        sb.upload(rng.randint(400, 900) * KB), cut=True, line=maybe_line(rng, high=15),
        told=f"{megabits} Mbit/s, room for {room}")


def nots_burst(rng):
    return make(rng, "nots-burst", (NO_TIMESTAMPS,), sp.nots_burst, line=maybe_line(rng, high=15))


def synproxy_same(rng):
    lazy = rng.random() < 0.5
    size = rng.randint(256, 768) * KB
    return make(rng, "synproxy-same", (sp.hosts,) + (() if lazy else (sp.quickack,)) + (
        sp.receive_buffer("server", size, 6291456), synproxy(7)),
        sp.bulk_proxied(rng.randint(300, 600) * KB, rng.randint(16, 48) * KB,
                        rng.uniform(0.003, 0.01)),
        line=line(rng, "server", high=20, kbit=(30000, 60000)),
        told=f"{'lazy' if lazy else 'quickack'} buffer {size}", beside=SMALL)


def shifts(rng):
    client, server = rng.randint(1, 14), rng.randint(1, 14)
    return make(rng, "healthy-shift-8", (
        sp.hosts, sp.shift("client", client), sp.shift("server", server)), transfers(rng),
        cut=True, line=maybe_line(rng, loss=5), bulk=True, told=f"shifts {client} {server}",
        beside=SMALL)


def zero_window_short(rng):
    pause = rng.uniform(0.003, 0.03)
    return make(rng, "zero-window-short", scenarios.SMALL_BUFFER, sp.stop_and_go(1, pause),
                told=f"{1000 * pause:.0f} ms")


def few_lost(rng):
    count = rng.randint(1, 5)
    return make(rng, "state-loss-few", (
        sb.wrong((C2S, box.DROP_UNKNOWN), (S2C, box.DROP_UNKNOWN)),),
        sb.lose_state(count, lambda net: net.faulty.forget_connections()), 4, told=str(count))


def restart(rng):
    return make(rng, "server-restart", (), sb.restart, line=maybe_line(rng, high=20))


def ttl_jitter(rng):
    return make(rng, "ttl-jitter", (off("server"), sb.wrong((S2C, box.TTL))), sb.talk, 4)


def path_strips_not(rng):
    return make(rng, "path-strips-not", (sb.listen_everywhere,), sb.ask_all_one_off, 4)


def plain(rng):
    kind = rng.choice(("plain", "cookies", "lost-syn", "early"))
    if kind == "early":
        return make(rng, "both-on", (), scenarios.use_early, cut=True, before=scenarios.open_early,
                    line=maybe_line(rng, loss=10), told=kind)
    traffic = scenarios.lose_first_syn if kind == "lost-syn" else scenarios.plain
    return make(rng, "both-on", (COOKIES,) if kind == "cookies" else (), traffic, cut=True,
                line=maybe_line(rng, side="server", loss=10), told=kind)


def off_unseen(rng):
    """A server that is off, and a capture that cannot know: begun too late, or cut."""
    return usual(rng, rng.choice(("midstream-server-off", "short-snap-server-off",
                                  "oneway-server-server-off")), snaplen=58)


NEAR = (
    Class("plain, cookies, lost SYN, midstream", None, plain, quick=True),
    Class("slow-fast", None, fast, quick=True),
    Class("slow-loss", None, loss, quick=True),
    Class("slow-reorder", None, reorder, quick=True),
    Class("small buffer", None, small_buffer),
    Class("slow-small-buffer-off", None, small_buffer_off),
    Class("burst-loss", None, burst_loss, quick=True),
    Class("mtu-black-hole", None, mtu_black_hole, idle=True),
    Class("random-loss", None, random_loss, quick=True),
    Class("short-queue", None, short_queue, quick=True),
    Class("nots-burst", None, nots_burst, quick=True),
    Class("synproxy-same", None, synproxy_same, quick=True),
    Class("healthy-shift", None, shifts, quick=True),
    Class("zero-window-short", None, zero_window_short, quick=True),
    Class("state-loss-few", None, few_lost, idle=True),
    Class("server-restart", None, restart, quick=True),
    Class("ttl-jitter", None, ttl_jitter, quick=True),
    Class("path-strips-not", None, path_strips_not),
    Class("off, unseen", None, off_unseen),
)
