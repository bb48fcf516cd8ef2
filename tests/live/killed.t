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
import socket
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import live  # noqa: E402
from keeper import Keeper, bpftool, command, pins  # noqa: E402
from live import Live, alive, attached, await_true, programs  # noqa: E402

MOMENTS = 20
FOREIGN = os.path.join(live.BUILD, "bpf", "{}.o")
OPTIONS = ("--hooks", "xdp,tc-ingress,tc-egress")


seen = set()    # programs of all keepers that said which they attached


def keeper(run, net, folder, **kwargs):
    one = Keeper(run, net.box, "-i", "in0", "--pin", folder, *OPTIONS, **kwargs)
    seen.update(programs(one.err()))
    return one


def at_start(run, net, folder, rng):
    one = keeper(run, net, folder, wait=False)
    time.sleep(rng.uniform(0, 2.5))
    one.send(signal.SIGKILL)
    one.wait()


def at_run(run, net, folder, rng):
    one = keeper(run, net, folder)
    time.sleep(rng.uniform(0, 1.5))
    one.send(signal.SIGKILL)
    one.wait()


def at_stop(run, net, folder, rng):
    one = keeper(run, net, folder)
    one.send(signal.SIGTERM)
    time.sleep(rng.uniform(0, 0.05))
    one.send(signal.SIGKILL)
    one.wait()


def reader(run, net, folder, rng):
    one = keeper(run, net, folder)
    two = Live(run, net.box, "--pinned", "--pin", folder, "--json", wait=False)
    time.sleep(rng.uniform(0, 0.5))
    two.send(signal.SIGKILL)
    two.wait()
    three = Live(run, net.box, "--pinned", "--pin", folder, "--json")  # the next one is let in
    assert three.stop() == 0, three.err()
    one.send(signal.SIGKILL)
    one.wait()


def links(net):
    """Links to the interface; others on this machine are none of ours."""
    with net.box.inside():
        number = socket.if_nametoindex("in0")
        return [one["id"] for one in bpftool("link", "show")
                if one.get("ifindex") == number or one.get("devname") == "in0"]


def left(net, folder):
    """What is left that should not be."""
    found = [f"program {number}" for number in alive(sorted(seen))]
    found += [f"link {number}" for number in links(net)]
    if os.path.exists(folder):
        found.append(f"pins {os.listdir(folder)}")
    if attached(net.box, "in0") != ("", 0, False):
        found.append(f"on in0: {attached(net.box, 'in0')}")
    return found


def nothing_left(net, folder, after):
    try:
        await_true("nothing is left", lambda: not left(net, folder))
    except AssertionError:
        raise AssertionError(f"after {after}: {left(net, folder)}") from None


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
    foreign = attached(net.box, "out0")
    with pins() as folder:
        for number in range(MOMENTS):
            moment = rng.choice((at_start, at_start, at_run, at_stop, reader))
            moment(run, net, folder, rng)
            one = keeper(run, net, folder)
            status, said, _ = command(net.box, "status", "--pin", folder)
            assert status == 0, (number, moment.__name__, said)
            assert one.stop() == 0, (number, moment.__name__, one.err())
            nothing_left(net, folder, moment.__name__)
        at_run(run, net, folder, rng)  # and without another start
        assert command(net.box, "detach", "--pin", folder)[0] == 0
        nothing_left(net, folder, "detach")
    assert attached(net.box, "out0") == foreign, (foreign, attached(net.box, "out0"))
    print(f"# {MOMENTS} moments, and one more with detach")


sys.exit(live.main("killed", [killed]))
