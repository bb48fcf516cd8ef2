#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# timeout: 400
"""`wscope attach` and its reader killed at 20 random moments of start, run and stop.

After each the next start works, and after that start and its end nothing is left: no pin, no program, no
link, nothing on the interface. What somebody else has on another interface is as it was.
"""

import os
import random
import signal
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import live  # noqa: E402
from keeper import Keeper, bpftool, command, ours, pins  # noqa: E402
from live import Live, attached, await_true  # noqa: E402

MOMENTS = 20
FOREIGN = os.path.join(live.BUILD, "bpf", "{}.o")
OPTIONS = ("--hooks", "xdp,tc-ingress,tc-egress")


def at_start(run, net, folder, rng):
    one = Keeper(run, net.box, "-i", "in0", "--pin", folder, *OPTIONS, wait=False)
    time.sleep(rng.uniform(0, 2.5))
    one.send(signal.SIGKILL)
    one.wait()


def at_run(run, net, folder, rng):
    one = Keeper(run, net.box, "-i", "in0", "--pin", folder, *OPTIONS)
    time.sleep(rng.uniform(0, 1.5))
    one.send(signal.SIGKILL)
    one.wait()


def at_stop(run, net, folder, rng):
    one = Keeper(run, net.box, "-i", "in0", "--pin", folder, *OPTIONS)
    one.send(signal.SIGTERM)
    time.sleep(rng.uniform(0, 0.05))
    one.send(signal.SIGKILL)
    one.wait()


def reader(run, net, folder, rng):
    one = Keeper(run, net.box, "-i", "in0", "--pin", folder, *OPTIONS)
    two = Live(run, net.box, "--pinned", "--pin", folder, "--json", wait=False)
    time.sleep(rng.uniform(0, 0.5))
    two.send(signal.SIGKILL)
    two.wait()
    three = Live(run, net.box, "--pinned", "--pin", folder, "--json")  # the next one is let in
    assert three.stop() == 0, three.err()
    one.send(signal.SIGKILL)
    one.wait()


def left(net, folder, before):
    """What is left that should not be."""
    found = [f"program {number} {name}" for number, name in ours().items() if number not in before]
    if os.path.exists(folder):
        found.append(f"pins {os.listdir(folder)}")
    if attached(net.box, "in0") != ("", 0, False):
        found.append(f"on in0: {attached(net.box, 'in0')}")
    return found


def nothing_left(net, folder, before, after):
    try:
        await_true("nothing is left", lambda: not left(net, folder, before))
    except AssertionError:
        raise AssertionError(f"after {after}: {left(net, folder, before)}") from None


def killed(run, net):
    """killed at 20 random moments: the next start works, and nothing is left after it"""
    seed = os.environ.get("SEED") or str(random.randrange(10**6))
    print(f"# seed {seed}")
    rng = random.Random(seed)
    net.box.run("ip", "link", "set", "dev", "out0", "xdpdrv", "object", FOREIGN.format("xdp"),
                "section", "xdp")
    net.box.run("tc", "qdisc", "add", "dev", "out0", "clsact")
    net.box.run("tc", "filter", "add", "dev", "out0", "ingress", "protocol", "all", "bpf", "da",
                "object-file", FOREIGN.format("tc"), "section", "tc")
    foreign, before = attached(net.box, "out0"), set(ours())
    links = len(bpftool("link", "show"))
    with pins() as folder:
        for number in range(MOMENTS):
            moment = rng.choice((at_start, at_start, at_run, at_stop, reader))
            moment(run, net, folder, rng)
            one = Keeper(run, net.box, "-i", "in0", "--pin", folder, *OPTIONS)
            status, said, _ = command(net.box, "status", "--pin", folder)
            assert status == 0, (number, moment.__name__, said)
            assert one.stop() == 0, (number, moment.__name__, one.err())
            nothing_left(net, folder, before, moment.__name__)
        at_run(run, net, folder, rng)  # and without another start
        assert command(net.box, "detach", "--pin", folder)[0] == 0
        nothing_left(net, folder, before, "detach")
    assert attached(net.box, "out0") == foreign, (foreign, attached(net.box, "out0"))
    assert len(bpftool("link", "show")) == links
    print(f"# {MOMENTS} moments, and one more with detach")


sys.exit(live.main("killed", [killed]))
