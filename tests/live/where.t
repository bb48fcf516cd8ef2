#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# timeout: 240
"""Which interfaces `wscope live` takes, what it says about them before it attaches, and --dry-run,
which says what would be and leaves everything as it is.
"""

import os
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import live  # noqa: E402
from live import Live, attached, fails, programs, talk  # noqa: E402

NEIGHBOUR = os.path.join(live.BUILD, "tests", "live", "neighbour")
TC_ONLY = "--hooks tc-ingress,tc-egress"
NOTHING = ("", 0, False)
TCX = tuple(int(part) for part in os.uname().release.split(".")[:2]) >= (6, 6)
FEATURES = tuple(int(part) for part in os.uname().release.split(".")[:2]) >= (6, 3)


def dry(run, node, *args, **kwargs):
    """A dry run: (exit status, what it says)."""
    status, said = fails(run, node, "--dry-run", *args, **kwargs)
    return status, said


def neighbour(node, *words):
    with node.inside():
        done = subprocess.run([NEIGHBOUR, words[0], "eth0", *words[1:]], check=False,
                              capture_output=True, text=True)
    assert done.returncode == 0, done
    return done.stdout


def patterns(run, net):
    """a pattern takes all that match, each once, and never loopback"""
    one = Live(run, net.box, "-i", "*0", "-i", "in0", "-i", "o*", "--hooks", "tc-ingress", "--json")
    said = one.err()
    assert len(programs(said)) == 1, said  # one program, on every interface
    for device in ("in0", "out0"):
        assert said.count(f"wscope: {device}: tc-ingress attached") == 1, said
    assert ": lo: " not in said, said
    talk(net, 1)
    assert one.stop() == 0
    assert len(one.records("flow")) == 1, one.records()
    status, said = fails(run, net.box, "-i", "nosuch*")
    assert (status, said) == (2, "wscope: no interface matches 'nosuch*'\n"), (status, said)


def several_names(run, net):
    """an interface with a second name is the same one"""
    net.server.ip("link property add dev eth0 altname other0\n")
    one = Live(run, net.server, "-i", "other0", "-i", "eth0", "--hooks", "tc-ingress")
    assert one.err().count("attached") == 1, one.err()
    assert one.stop() == 0


def alone(run, net):
    """which mode XDP is in is said, and why there is no dispatcher, if there is none"""
    one = Live(run, net.server, "-i", "eth0", "--hooks", "xdp", "--xdp-single")
    assert "), alone on the hook: --xdp-single\n" in one.err(), one.err()
    assert neighbour(net.server, "show").startswith("direct xdp_analyze"), one.err()
    assert one.stop() == 0
    two = Live(run, net.server, "-i", "eth0", "--hooks", "xdp")
    shown = neighbour(net.server, "show")
    if "in a dispatcher" in two.err():
        assert shown.startswith("dispatched xdp_analyze priority 5"), shown
    else:
        assert ", alone on the hook: " in two.err() and "--xdp-single" not in two.err(), two.err()
        assert shown.startswith("direct xdp_analyze"), shown
    assert two.stop() == 0
    assert attached(net.server, "eth0") == NOTHING


def occupied(run, net):
    """a program of somebody else: named, not touched, and TC runs behind it"""
    neighbour(net.server, "direct")
    for extra in ((), ("--xdp-single",)):
        status, said = fails(run, net.server, "-i", "eth0", *extra)
        assert status == 4 and said.count("\n") == 1, said
        assert "program 'neighbour' (id " in said and ", native) is there already" in said, said
        assert f"it stays if you take {TC_ONLY}\n" in said, said
    status, said = dry(run, net.server, "-i", "eth0")
    assert status == 4 and "xdp: would be refused: program 'neighbour'" in said, said
    one = Live(run, net.server, "-i", "eth0", *TC_ONLY.split(), "--json")
    talk(net, 1)
    assert one.stop() == 0
    assert len(one.records("flow")) == 1, one.records()
    assert neighbour(net.server, "show").startswith("direct neighbour seen "), "it is still there"


def dry_run(run, net):
    """--dry-run: what would be, on what there is; nothing is attached, and status 0 means it works"""
    status, said = dry(run, net.server, "-i", "eth0", "--hooks", "xdp,tc-ingress,tc-egress")
    lines = said.splitlines()
    assert status == 0 and lines[0] == "eth0: veth, up, MTU 1500", said
    assert lines[-1] == "Nothing was attached.", said
    assert "  xdp: on the hook now: nothing" in lines, said
    assert "  xdp: LRO is off, hardware GRO is off" in lines, said
    assert sum(line.startswith("  xdp: would be attached in native mode ") for line in lines) == 1, said
    how = "TCX link, behind 0 TCX programs" if TCX else "clsact filter"
    for hook in ("tc-ingress", "tc-egress"):
        assert f"  {hook}: would be attached by a {how}; filters there now: 0" in lines, said
    assert attached(net.server, "eth0") == NOTHING
    one = Live(run, net.server, "-i", "eth0", "--hooks", "xdp,tc-egress", "--xdp-single")
    assert one.stop() == 0, "as it said"


def dry_run_there(run, net):
    """--dry-run counts what is there: filters, TCX programs"""
    net.server.run("tc", "qdisc", "add", "dev", "eth0", "clsact")
    net.server.run("tc", "filter", "add", "dev", "eth0", "egress", "protocol", "all", "bpf", "da",
                   "object-file", os.path.join(live.ROOT, "build", "bpf", "tc.o"), "section", "tc")
    hooks = ("--hooks", "tc-egress")
    one = Live(run, net.server, "-i", "eth0", *hooks)
    status, said = dry(run, net.server, "-i", "eth0", *hooks)
    there = ("TCX link, behind 1 TCX program; filters there now: 1" if TCX else
             "clsact filter; filters there now: 2")
    assert status == 0 and there in said, said
    assert one.stop() == 0
    assert attached(net.server, "eth0") == ("", 1, True), attached(net.server, "eth0")


def dry_run_refused(run, net):
    """--dry-run where it would not work: status 4, and the real run agrees"""
    if not FEATURES:
        raise live.Skip("kernel: before Linux 6.3 it does not tell what a driver has")
    for args, why in ((("-i", "lo"), "its driver has no native XDP; --mode generic is possible"),
                      (("-i", "eth0", "--mode", "offload"), "its driver offloads no XDP programs")):
        status, said = dry(run, net.server, *args)
        assert status == 4 and f"xdp: would be refused: {why}" in said and TC_ONLY in said, said
        assert fails(run, net.server, *args)[0] == 4
    status, said = dry(run, net.server, "-i", "lo", "--mode", "generic")
    assert status == 0 and "attached in generic mode" in said, said
    status, said = dry(run, net.server, "-i", "nosuch0")
    assert (status, said) == (4, "wscope: cannot attach to 'nosuch0': No such device\n"), said


def dry_run_privilege(run, net):
    """--dry-run without privilege: status 4, not a promise"""
    prefix = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
    status, said = dry(run, net.server, "-i", "eth0", prefix=prefix)
    assert status == 4 and "cannot load the programs: Operation not permitted" in said, said


def offload(run, net):
    """--mode offload with a driver that has none: said, status 4, nothing left"""
    status, said = fails(run, net.server, "-i", "eth0", "--mode", "offload")
    assert status == 4 and said.count("\n") == 1, said
    assert "cannot attach XDP to 'eth0': its driver offloads no XDP programs" in said, said
    assert attached(net.server, "eth0") == NOTHING


def macvlan(run, net):
    """a macvlan device: native XDP is refused, and the note says where to go; there it works"""
    net.server.ip("link add link eth0 name mv0 type macvlan\nlink set mv0 up\n")
    status, said = fails(run, net.server, "-i", "mv0")
    note = ("wscope: mv0: a macvlan device has no native XDP: attach to 'eth0', which carries it, or "
            f"take {TC_ONLY} or --mode generic here\n")
    assert status == 4 and said.startswith(note), said
    assert dry(run, net.server, "-i", "mv0")[0] == (4 if FEATURES else 0)
    for args in (TC_ONLY.split(), ("--mode", "generic")):
        one = Live(run, net.server, "-i", "mv0", *args)
        assert "mv0: a macvlan" not in one.err(), one.err()
        assert one.stop() == 0
    one = Live(run, net.server, "-i", "eth0", "-i", "mv0", *TC_ONLY.split())
    assert ("wscope: mv0: packets that pass 'eth0', too, are seen twice, and counted as duplicates "
            "the second time\n") in one.err(), one.err()
    assert one.stop() == 0


def bridge(run, net):
    """a bridge and its port: what is seen where; the port takes native XDP, the bridge does not"""
    net.server.ip("link add br9 type bridge\nlink add p9 type veth peer name q9\n"
                  "link set p9 master br9\nlink set br9 up\nlink set p9 up\nlink set q9 up\n")
    status, said = fails(run, net.server, "-i", "br9")
    assert status == 4, said
    assert "wscope: br9: on a bridge only what is for this host or from it is seen, and it has no " \
           "native XDP: for what is forwarded, attach to its ports ('p9')\n" in said, said
    one = Live(run, net.server, "-i", "p9", "-i", "br9", *TC_ONLY.split())
    assert "wscope: p9: it is a port of the bridge 'br9': " in one.err(), one.err()
    assert "wscope: br9: packets that pass 'p9', too, are seen twice" in one.err(), one.err()
    assert one.stop() == 0
    two = Live(run, net.server, "-i", "p9", "--hooks", "xdp")
    assert "xdp attached, native mode" in two.err(), two.err()
    assert two.stop() == 0


def bond(run, net):
    """a bond and its port: the note says that the bond is the place"""
    net.server.ip("link add bd9 type bond mode active-backup\nlink add p9 type veth peer name q9\n"
                  "link set p9 master bd9\nlink set bd9 up\n")
    one = Live(run, net.server, "-i", "bd9", "--hooks", "xdp")
    assert "wscope: bd9: native XDP on a bond is run by its ports ('p9')" in one.err(), one.err()
    assert one.stop() == 0
    status, said = dry(run, net.server, "-i", "p9")
    assert "note: it is a port of the bond 'bd9'" in said, (status, said)


if __name__ == "__main__":
    sys.exit(live.main("where", [
        patterns, several_names, alone, occupied, dry_run, dry_run_there, dry_run_refused,
        dry_run_privilege, offload, macvlan, bridge, bond]))
