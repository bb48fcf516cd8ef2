#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# timeout: 240
"""What `wscope live` puts into the kernel, that it takes exactly that away, and what it says when
it cannot attach: one clear line and status 4.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import live  # noqa: E402
from live import Live, alive, attached, await_true, fails, lab, programs, talk  # noqa: E402

HELPER = os.path.join(live.BUILD, "tests", "live", "attach")
NOTHING = ("", 0, False)
TCX = tuple(int(part) for part in os.uname().release.split(".")[:2]) >= (6, 6)
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


def foreign_filter(node, side, *where, verb="add"):
    """A filter of somebody else: the project's own TC program, put there by tc(8)."""
    node.run("tc", "filter", verb, "dev", "eth0", side, *where, "protocol", "all", "bpf", "da",
             "object-file", os.path.join(live.ROOT, "build", "bpf", "tc.o"), "section", "tc")


def gone(node, device, ids):
    """Nothing on the device, and the programs are no more."""
    await_true("the programs go", lambda: not alive(ids))
    assert attached(node, device) == NOTHING, attached(node, device)


def leaves_nothing(run, net):
    """what was attached is shown by other tools, and is gone after SIGINT, SIGTERM and SIGHUP"""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        one = Live(run, net.server, "-i", "eth0", "--hooks", "xdp,tc-ingress,tc-egress")
        ids = programs(one.err())
        assert len(ids) == 3 and alive(ids) == ids, one.err()
        assert attached(net.server, "eth0")[0] == "native", attached(net.server, "eth0")
        assert "xdp attached, native mode" in one.err(), one.err()
        assert one.stop(number) == 0
        gone(net.server, "eth0", ids)


def killed(run, net):
    """kill -9 leaves nothing where the kernel has links"""
    if not TCX:
        raise live.Skip("kernel: no TCX before Linux 6.6")
    one = Live(run, net.server, "-i", "eth0", "--hooks", "xdp,tc-ingress,tc-egress")
    ids = programs(one.err())
    assert len(ids) == 3, one.err()
    one.stop(signal.SIGKILL)
    gone(net.server, "eth0", ids)


def reader_gone(run, net):
    """output nobody reads any more ends it, and nothing stays attached"""
    net.server.sysctl("net.ipv4.tcp_window_scaling", 0)
    with net.server.inside():
        child = run.spawn([live.WSCOPE, "live", "-i", "eth0", "--json"], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)
    said = ""
    while "watching" not in said:
        line = child.stderr.readline()
        assert line, said
        said += line
    child.stdout.close()
    talk(net, 2)
    child.wait(timeout=live.PATIENCE)
    child.stderr.close()
    gone(net.server, "eth0", programs(said))


def foreign_stays(run, net):
    """a clsact and a filter of somebody else are there before, meanwhile and after"""
    net.server.run("tc", "qdisc", "add", "dev", "eth0", "clsact")
    foreign_filter(net.server, "egress")
    before = attached(net.server, "eth0")
    one = Live(run, net.server, "-i", "eth0", "--json", "--hooks", "tc-ingress,tc-egress")
    talk(net, 1)
    assert one.stop() == 0
    assert len(one.records("flow")) == 1, one.records()
    assert attached(net.server, "eth0") == before == ("", 1, True), attached(net.server, "eth0")


class Helper:
    """tests/live/attach.c: clsact filters, as on kernels without TCX."""

    def __init__(self, run, node, *hooks):
        with node.inside():
            self.child = run.spawn([HELPER, "eth0", *hooks], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, text=True)
        self.lines = [self.child.stdout.readline() for _ in hooks]
        assert all(": ok, how 2" in line for line in self.lines), self.lines

    def end(self):
        said, _ = self.child.communicate("", timeout=live.PATIENCE)
        return self.child.returncode, said


def filters(run, net):
    """filters in a clsact of our own: both go"""
    one = Helper(run, net.server, "tc-ingress", "tc-egress")
    assert attached(net.server, "eth0") == ("", 2, True), attached(net.server, "eth0")
    assert "own clsact" in one.lines[0] and "foreign clsact" in one.lines[1], one.lines
    assert one.end() == (0, "")
    assert attached(net.server, "eth0") == NOTHING, attached(net.server, "eth0")


def filters_foreign_clsact(run, net):
    """filters in a clsact of somebody else: it stays, with its filter"""
    net.server.run("tc", "qdisc", "add", "dev", "eth0", "clsact")
    foreign_filter(net.server, "ingress")
    one = Helper(run, net.server, "tc-ingress", "tc-egress")
    assert attached(net.server, "eth0") == ("", 3, True), attached(net.server, "eth0")
    assert one.end() == (0, "")
    assert attached(net.server, "eth0") == ("", 1, True), attached(net.server, "eth0")


def filters_empty_foreign_clsact(run, net):
    """filters in an empty clsact of somebody else: it stays"""
    net.server.run("tc", "qdisc", "add", "dev", "eth0", "clsact")
    assert Helper(run, net.server, "tc-egress").end() == (0, "")
    assert attached(net.server, "eth0") == ("", 0, True), attached(net.server, "eth0")


def filters_joined(run, net):
    """our clsact into which somebody else has put a filter meanwhile: it stays for that one"""
    for side in ("ingress", "egress"):
        one = Helper(run, net.server, "tc-egress")
        foreign_filter(net.server, side, "prio", "7")
        assert one.end() == (0, "")
        assert attached(net.server, "eth0") == ("", 1, True), attached(net.server, "eth0")
        net.server.run("tc", "qdisc", "del", "dev", "eth0", "clsact")


def filters_replaced(run, net):
    """our filter that somebody has replaced by another in its place: that one stays"""
    one = Helper(run, net.server, "tc-egress")
    words = one.lines[0].split()
    priority, handle = words[words.index("priority") + 1], words[words.index("handle") + 1]
    foreign_filter(net.server, "egress", "prio", priority, "handle", handle, verb="replace")
    assert one.end() == (0, "")
    assert attached(net.server, "eth0") == ("", 1, True), attached(net.server, "eth0")


def filters_gone(run, net):
    """a device, or a clsact, that vanished meanwhile is no error"""
    one = Helper(run, net.server, "tc-egress")
    net.server.run("tc", "qdisc", "del", "dev", "eth0", "clsact")
    ended = one.end()
    assert ended == (0, ""), ended
    two = Helper(run, net.server, "tc-egress")
    net.server.run("ip", "link", "del", "eth0")
    assert two.end() == (0, "")


def generic(run, net):
    """--mode generic: said, and so it is; the records are the same"""
    one = Live(run, net.server, "-i", "eth0", "--json", "--mode", "generic")
    assert attached(net.server, "eth0")[0] == "generic"
    assert "xdp attached, generic mode" in one.err(), one.err()
    assert "native" not in one.err(), one.err()
    talk(net, 2)
    assert one.stop() == 0
    assert [flow["scaling"] for flow in one.records("flow")] == ["on"] * 2, one.records()
    gone(net.server, "eth0", programs(one.err()))


def whole_frames(run, net):
    """behind XDP of either mode a TC program meets whole frames, link header first"""
    for mode in ("native", "generic"):
        one = Live(run, net.box, "-i", "in0", "--json", "--hooks", "xdp", "--mode", mode)
        two = Live(run, net.box, "-i", "in0", "--json", "--hooks", "tc-ingress")
        talk(net, 2)
        assert one.stop() == 0 and two.stop() == 0
        assert len(two.records("flow")) == 2, two.records()
        assert two.records("summary")[0]["tcp_packets"] == one.records("summary")[0]["tcp_packets"]


def native_note(run, net):
    """native XDP: what it may do to the device is said before"""
    one = Live(run, net.server, "-i", "eth0")
    assert 0 <= one.err().find("may reset its queues") < one.err().find("xdp attached"), one.err()
    assert one.stop() == 0


def busy(run, net):
    """XDP is taken: by what, in which mode, and that TC alone is possible, which it is"""
    for mode in ("native", "generic"):
        first = Live(run, net.server, "-i", "eth0", "--hooks", "xdp", "--mode", mode)
        status, said = fails(run, net.server, "-i", "eth0")
        name = f"program 'xdp_analyze' (id {programs(first.err())[0]}, {mode})"
        assert status == 4 and name in said and "--hooks tc-ingress,tc-egress" in said, said
        assert attached(net.server, "eth0")[0] == mode, "the first one stays"
        second = Live(run, net.server, "-i", "eth0", "--hooks", "tc-ingress,tc-egress", "--json")
        talk(net, 1)
        assert second.stop() == 0
        assert len(second.records("flow")) == 1, second.records()
        assert first.stop() == 0


def half_way(run, net):
    """the second interface cannot be had: the first one is given back"""
    first = Live(run, net.box, "-i", "out0", "--hooks", "xdp")
    status, said = fails(run, net.box, "-i", "in0", "-i", "out0")
    ids = [one for one in programs(said) if one not in programs(first.err())]
    assert status == 4 and len(ids) == 2, said
    gone(net.box, "in0", ids)
    assert first.stop() == 0


def twice(run, net):
    """the same interface named twice is one"""
    one = Live(run, net.server, "-i", "eth0", "-i", "eth0")
    assert len(programs(one.err())) == 2, one.err()
    assert one.stop() == 0


def native_refused(run, net):
    """a driver without native XDP: status 4, with the hint, nothing left"""
    status, said = fails(run, net.server, "-i", "lo")
    assert status == 4 and "--mode generic" in said and "tc-ingress,tc-egress" in said, said
    assert attached(net.server, "lo") == NOTHING
    one = Live(run, net.server, "-i", "lo", "--mode", "generic")
    assert one.stop() == 0


def jumbo(run, net):
    """native XDP on a device with an MTU of 9000 (multi-buffer)"""
    for node, device in ((net.server, "eth0"), (net.box, "out0")):
        node.ip(f"link set {device} mtu 9000\n")
    one = Live(run, net.server, "-i", "eth0", "--json", "--hooks", "xdp")
    sock, peer = net.connect()
    lab.exchange(sock, peer, rounds=2, request=60000)
    lab.finish(sock, peer)
    assert one.stop() == 0
    flow, = one.records("flow")
    assert flow["c2s"]["bytes"] == 120000 and flow["c2s"]["wscale_state"] == "present", flow


def missing(run, net):
    """an interface that does not exist: its name, status 4, one line"""
    status, said = fails(run, net.server, "-i", "eth0", "-i", "nosuch0")
    assert status == 4 and said.count("\n") == 1, said
    assert said == "wscope: cannot attach to 'nosuch0': No such device\n", said
    assert attached(net.server, "eth0") == NOTHING


def no_privilege(run, net):
    """no privilege: what is needed, status 4, one line"""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        program = shutil.copy(live.WSCOPE, folder)
        status, said = fails(run, net.server, "-i", "eth0", prefix=NOBODY, program=program)
    assert status == 4 and said.count("\n") == 1, said
    assert "Operation not permitted" in said and "CAP_NET_ADMIN" in said, said


def half_privilege(run, net):
    """without CAP_PERFMON the verifier refuses: the same line, with -v the verifier's last words"""
    def capable(which):
        return NOBODY + [f"--inh-caps=-all,{which}", f"--ambient-caps=-all,{which}"]

    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        program = shutil.copy(live.WSCOPE, folder)
        prefix = capable("+net_admin,+bpf")
        status, said = fails(run, net.server, "-i", "eth0", prefix=prefix, program=program)
        assert status == 4 and said.count("\n") == 1 and "CAP_PERFMON" in said, said
        status, said = fails(run, net.server, "-i", "eth0", "-v", prefix=prefix, program=program)
        assert status == 4 and "PROG LOAD LOG" in said and said.count("\n") < 30, said
        one = Live(run, net.server, "-i", "eth0", "--json", program=program,
                   prefix=capable("+net_admin,+bpf,+perfmon"))
    talk(net, 1)
    assert one.stop() == 0
    assert len(one.records("flow")) == 1, one.records()


def no_help(run, net):
    """neither the kernel's BTF nor a bpffs is needed"""
    script = ("mount -t tmpfs none /sys/kernel/btf && mount -t tmpfs none /sys/fs/bpf && "
              "! test -e /sys/kernel/btf/vmlinux && exec \"$@\"")
    one = Live(run, net.server, "-i", "eth0", "--json",
               prefix=["unshare", "-m", "sh", "-c", script, "sh"])
    talk(net, 1)
    assert one.stop() == 0
    assert len(one.records("flow")) == 1, one.records()


def link_removed(run, net):
    """an interface that vanishes under it is no error"""
    one = Live(run, net.server, "-i", "eth0", "--json")
    talk(net, 1)
    net.server.run("ip", "link", "del", "eth0")
    time.sleep(0.2)
    assert one.stop() == 0, one.err()
    assert len(one.records("flow")) == 1, one.records()


if __name__ == "__main__":
    sys.exit(live.main("attach", [
        leaves_nothing, killed, reader_gone, foreign_stays, filters, filters_foreign_clsact,
        filters_empty_foreign_clsact, filters_joined, filters_replaced, filters_gone, generic,
        whole_frames, native_note, busy, half_way, twice, native_refused, jumbo, missing, no_privilege,
        half_privilege, no_help,
        link_removed]))
