#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# timeout: 240
"""The watchdog of `wscope attach`: every fault is noticed within five seconds, told, counted, and mended
where that pushes nobody out.
"""

import os
import signal
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import live  # noqa: E402
from keeper import Keeper, command, link_of, pins, status_records  # noqa: E402
from live import Live, attached, await_true, lab, programs, talk  # noqa: E402

NOTICED = 5.0
FOREIGN = os.path.join(live.BUILD, "bpf", "xdp.o")


def noticed(keeper, name, what, words, times=1):
    """Make the fault, and wait for the words; the seconds that took are printed."""
    before = keeper.err().count(words)
    began = time.monotonic()
    what()
    await_true(f"{name} is noticed", lambda: keeper.err().count(words) >= before + times, NOTICED)
    print(f"# {name}: noticed after {time.monotonic() - began:.1f} s")


def again(net, folder, count):
    """All is attached, as status and the kernel say."""
    def all_attached():
        status, said, _ = command(net.server, "status", "--pin", folder)
        return status == 0 and f"attached again {count} times" in said
    await_true("it is attached again", all_attached)


def sees(net, folder, run, number):
    """That packets are still looked at, into the same maps."""
    talk(net, 1)
    reader = Live(run, net.server, "--pinned", "--pin", folder, "--json")
    assert reader.stop() == 0, reader.err()
    assert len(reader.records("flow")) == number, (number, len(reader.records("flow")))


def detached(run, net):
    """XDP and TC links that somebody detaches: attached again, and the maps go on"""
    with pins() as folder:
        one = Keeper(run, net.server, "-i", "eth0", "--pin", folder)
        xdp, egress = (int(number) for number in programs(one.err()))
        talk(net, 1)
        noticed(one, "a detached XDP link", lambda: lab.run(
            ["bpftool", "link", "detach", "id", str(link_of(xdp))]),
            "xdp: our program is not on the hook any more")
        again(net, folder, 1)
        noticed(one, "a detached TC link", lambda: lab.run(
            ["bpftool", "link", "detach", "id", str(link_of(egress))]),
            "tc-egress: our program is not on the hook any more")
        await_true("it is attached", lambda: one.err().count("tc-egress attached") == 2)
        sees(net, folder, run, 2)
        assert one.stop() == 0


def replaced(run, net):
    """another program in the place of ours: told, and not pushed out; once it is gone ours is back"""
    with pins() as folder:
        one = Keeper(run, net.server, "-i", "eth0", "--pin", folder)
        xdp = int(programs(one.err())[0])

        def by_force():
            one.send(signal.SIGSTOP)  # or it is attached again already
            lab.run(["bpftool", "link", "detach", "id", str(link_of(xdp))])
            net.server.run("ip", "link", "set", "dev", "eth0", "xdpdrv", "object", FOREIGN, "section",
                           "xdp")
            one.send(signal.SIGCONT)
        noticed(one, "another program", by_force, "xdp: another program is on the hook, and ours is not")
        assert attached(net.server, "eth0")[0] == "native"
        status, said, _ = command(net.server, "status", "--pin", folder)
        assert status == 1 and "NOT ATTACHED" in said, said
        net.server.run("ip", "link", "set", "dev", "eth0", "xdpdrv", "off")
        await_true("ours is back", lambda: one.err().count("xdp attached") == 2, 15)
        assert one.stop() == 0


def unpinned(run, net):
    """the pins are removed: made again, from what the keeper holds"""
    with pins() as folder:
        one = Keeper(run, net.server, "-i", "eth0", "--pin", folder)
        talk(net, 1)

        def wipe():
            for sub in ("maps", "links"):
                for name in os.listdir(os.path.join(folder, sub)):
                    os.unlink(os.path.join(folder, sub, name))
        noticed(one, "removed pins", wipe, "the pins were removed, and made again", 2)
        sees(net, folder, run, 2)
        assert one.stop() == 0 and not os.path.exists(folder)


def changed(run, net):
    """the interface goes down and up, gets another MTU and another name"""
    with pins() as folder:
        one = Keeper(run, net.server, "-i", "eth0", "--pin", folder)
        noticed(one, "an interface that is down",
                lambda: net.server.ip("link set eth0 down"), "the interface is down", 2)
        noticed(one, "its name", lambda: net.server.ip("link set eth0 name eth7"),
                "the interface was renamed to 'eth7'", 2)
        noticed(one, "an interface that is up",
                lambda: net.server.ip("link set eth7 up"), "eth7: xdp: the interface is up")
        noticed(one, "its MTU", lambda: net.server.ip("link set eth7 mtu 1400"),
                "the MTU was changed from 1500 to 1400", 2)
        status, said, _ = command(net.server, "status", "--pin", folder)
        assert status == 0 and "eth7" in said and "eth0" not in said, said
        assert one.stop() == 0


def gone(run, net):
    """the interface is gone, and there again: attached again"""
    with pins() as folder:
        one = Keeper(run, net.server, "-i", "eth0", "--pin", folder)
        talk(net, 1)
        noticed(one, "an interface that is gone", lambda: net.server.ip("link del eth0"),
                "the interface is gone", 2)
        status, said, _ = command(net.server, "status", "--pin", folder)
        assert status == 1 and said.count("NOT ATTACHED") == 2, said

        def back():
            net.server.ip("link add eth0 type veth peer name eth9\nlink set eth0 up")
        noticed(one, "an interface that is back", back, "the interface is there again", 2)
        again(net, folder, 1)
        assert attached(net.server, "eth0")[0] == "native", attached(net.server, "eth0")
        assert one.stop() == 0


def gone_and_unpinned(run, net):
    """an interface that is gone when the pins are removed is told once, and is attached when it is back"""
    with pins() as folder:
        one = Keeper(run, net.server, "-i", "eth0", "--pin", folder)
        noticed(one, "an interface that is gone", lambda: net.server.ip("link del eth0"),
                "the interface is gone", 2)
        noticed(one, "removed pins", lambda: os.unlink(os.path.join(folder, "maps", "flows")),
                "the pins were removed, and made again", 2)
        time.sleep(3)  # the watchdog looks at least twice more
        assert one.err().count("the interface is gone") == 2, one.err()
        assert {record["faults"] for record in status_records(net.server, folder)[:-1]} == {2}

        def back():
            net.server.ip("link add eth0 type veth peer name eth9\nlink set eth0 up")
        noticed(one, "an interface that is back", back, "the interface is there again", 2)
        again(net, folder, 1)
        noticed(one, "an interface that is gone once more", lambda: net.server.ip("link del eth0"),
                "the interface is gone", 2)
        assert one.stop() == 0


sys.exit(live.main("the watchdog", [detached, replaced, unpinned, changed, gone, gone_and_unpinned]))
