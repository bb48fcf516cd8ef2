#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# timeout: 400
"""`wscope live --nats`: events of several nodes at Debian's nats-server, byte for byte those of --json;
what happens when it is away, slow, or refuses; and what it takes of a reader without privileges.

Nodes reach the server by a link of their own, on which nobody looks.
"""

import contextlib
import json
import os
import re
import signal
import socket
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import live  # noqa: E402
import nats  # noqa: E402
from keeper import Keeper, pins  # noqa: E402
from live import Live, await_true, lab, talk  # noqa: E402
from nats_keys import Account  # noqa: E402
from prometheus import PORT, number, scrape  # noqa: E402

SETTING = "net.ipv4.tcp_window_scaling"
SERVER = lab.ADDRESS[4]["server"]
HERE, THERE = "127.0.0.1", "203.0.113.2"
GATE = "203.0.113.9"    # of the server's host, while a test wants that readers reach it


def link(net):
    """From the client's namespace to the server's, beside the box."""
    lab.run(["ip", "-batch", "-"], stdin=lab.veth(net.client, "by0", lab.MAC["client-by"], net.server,
                                                  "by0", lab.MAC["server-by"]))
    net.client.ip("addr add 203.0.113.1/24 dev by0\nlink set by0 up\n")
    net.server.ip(f"addr add {THERE}/24 dev by0\nlink set by0 up\n")


def node(run, net, name, *args, at=f"nats://{HERE}", **kwargs):
    return Live(run, net.server, "-i", "eth0", "--json", "--nats", at, "--node", name, *args, **kwargs)


def shown(one):
    """The events on standard output, as bytes."""
    return [line.encode() for line in one.out().splitlines() if line.startswith('{"type":"event"')]


def gate(net, action):
    """Open (add) or shut (del) the way on which readers come; a subscriber can be there before them."""
    net.server.ip(f"addr {action} {GATE}/32 dev lo\n")


def unsent(one):
    return one.records("summary")[-1]["lost"]["unsent"]


def fleet(run, net):
    """three nodes, one of which begins to refuse: each event on its subject, byte for byte"""
    link(net)
    server = nats.Server(run, net.server).start()
    box = nats.Subscriber(net.server)
    begins = nats.Subscriber(net.server, "wscope.*.endpoint-off")
    nodes = {"lb1_example_net": node(run, net, "lb1.example.net", "--metrics", str(PORT))}
    nodes["lb-2___"] = Live(run, net.client, "-i", "eth0", "--json", "--nats", f"nats://{THERE}",
                            "--node", "lb-2 *>")
    nodes["third"] = Live(run, net.client, "-i", "lo", "--hooks", "tc-ingress", "--json", "--nats",
                          f"nats://nobody.invalid,nats://{THERE}:{nats.PORT}", "--node", "third")
    talk(net, 5)
    net.server.sysctl(SETTING, 0)
    began = time.time()
    talk(net, 25)
    await_true("events", lambda: len(nodes["lb1_example_net"].events()) >= 25
               and len(nodes["lb-2___"].events()) >= 25)
    for name, one in nodes.items():
        await_true(f"all of {name}", lambda name=name, one=one: len(box.of(name)) >= len(shown(one)))
    text = scrape(net.server)
    n = len(shown(nodes["lb1_example_net"]))
    await_true("all are confirmed", lambda: number(scrape(net.server),
                                                   "wscope_nats_events_sent_total") == n)
    assert number(text, "wscope_nats_events_lost_total") == 0, text
    for one in nodes.values():
        assert one.stop() == 0, one.err()
        assert unsent(one) == 0
        assert one.err().count("publishing to NATS") == 1, one.err()
    for name, one in nodes.items():
        assert box.of(name) == shown(one), name
    assert not box.of("third") and len(box.messages) == len(box.of("lb1_example_net")) + len(
        box.of("lb-2___")), box.messages
    # Which nodes saw a host begin to refuse, and when: the first message of each.
    first = {}
    for subject, payload in begins.messages:
        first.setdefault(subject.split(".")[1], json.loads(payload)["endpoint"])
    assert set(first) == {"lb1_example_net", "lb-2___"}, begins.messages
    for where in first.values():
        assert where["address"] == SERVER and where["role"] == "server", where
        assert 0 <= where["refused_since"] - began < 5, (where, began)
    box.close()
    begins.close()
    server.kill()


def again(run, net):
    """a server that is away at the start, then there, killed, and there again: all events arrive"""
    net.server.sysctl(SETTING, 0)
    one = node(run, net, "n1", at=f"nats://{GATE}")
    await_true("it is told", lambda: "cannot be reached" in one.err())
    talk(net, 3)
    await_true("events go on", lambda: len(shown(one)) == 3, 2)
    server = nats.Server(run, net.server).start()
    box = nats.Subscriber(net.server)
    gate(net, "add")
    await_true("three", lambda: box.of("n1") == shown(one), 15)
    talk(net, 3)
    await_true("three more", lambda: len(box.of("n1")) == 6)
    server.kill()
    gate(net, "del")
    await_true("it is gone", lambda: "is gone" in one.err(), 5)
    talk(net, 4)
    await_true("events go on", lambda: len(shown(one)) == 10, 2)
    server.start()
    late = nats.Subscriber(net.server)
    gate(net, "add")
    await_true("four more", lambda: len(late.of("n1")) == 4, 15)
    assert one.stop() == 0, one.err()
    assert box.of("n1") + late.of("n1") == shown(one)
    for said in ("cannot be reached", "is gone"):
        assert one.err().count(said) == 1, one.err()
    assert one.err().count("is there again; 0 events are lost") == 2, one.err()
    assert unsent(one) == 0
    server.kill()


def full(run, net):
    """a queue that is full: the oldest are kept, the rest is counted, in metrics, record and status"""
    net.server.sysctl(SETTING, 0)
    one = node(run, net, "n1", "--nats-queue", "4", "--metrics", str(PORT), at=f"nats://{GATE}")
    talk(net, 10)
    await_true("events go on", lambda: len(shown(one)) == 10, 2)
    assert number(scrape(net.server), "wscope_nats_events_lost_total") == 6
    server = nats.Server(run, net.server).start()
    box = nats.Subscriber(net.server)
    gate(net, "add")
    await_true("four are kept", lambda: len(box.of("n1")) == 4, 15)
    assert one.err().count("is there again; 6 events are lost so far") == 1, one.err()
    talk(net, 1)
    await_true("one more", lambda: len(box.of("n1")) == 5)
    assert box.of("n1") == shown(one)[:4] + shown(one)[10:]
    server.kill()
    talk(net, 1)
    began = time.monotonic()
    assert one.stop() == 5, one.err()
    assert time.monotonic() - began < 6
    assert unsent(one) == 7, one.records("summary")[-1]


def text(run, net):
    """without --json: all events are published, also those that the text leaves out"""
    server = nats.Server(run, net.server).start()
    box = nats.Subscriber(net.server, "wscope.n1.server-no-wscale")
    net.server.sysctl(SETTING, 0)
    one = Live(run, net.server, "-i", "eth0", "--nats", f"nats://{HERE}", "--node", "n1")
    talk(net, 40)
    await_true("all", lambda: len(box.of("n1")) == 40)
    assert one.stop() == 0, one.err()
    assert "findings about connections in this second are not shown" in one.err(), one.err()
    assert len({json.loads(line)["client_port"] for line in box.of("n1")}) == 40
    server.kill()


def hangs(run, net):
    """a server that hangs: the events go on; it wakes: nothing is missing; the end has its time"""
    net.server.sysctl(SETTING, 0)
    server = nats.Server(run, net.server).start()
    one = node(run, net, "n1")
    await_true("it connects", lambda: "publishing to NATS" in one.err())
    box = nats.Subscriber(net.server)
    talk(net, 2)
    await_true("two", lambda: len(box.of("n1")) == 2)
    server.kill(signal.SIGSTOP)
    talk(net, 5)
    await_true("events go on", lambda: len(shown(one)) == 7, 2)
    await_true("it is gone", lambda: "is gone" in one.err(), 20)
    server.kill(signal.SIGCONT)
    await_true("it is there again", lambda: "is there again; 0 events" in one.err(), 20)
    # What it had not confirmed may come twice, and nothing else.
    await_true("all", lambda: set(box.of("n1")) == set(shown(one)) and box.of("n1")[-5:] == shown(one)[2:])
    print(f"# {len(box.of('n1'))} messages of {len(shown(one))} events")
    server.kill(signal.SIGSTOP)
    talk(net, 4)
    await_true("events go on", lambda: len(shown(one)) == 11, 2)
    began = time.monotonic()
    assert one.stop() == 5, one.err()
    took = time.monotonic() - began
    print(f"# the end took {took:.1f} s")
    assert took < 7 and unsent(one) == 4, (took, unsent(one))
    server.kill(signal.SIGCONT)
    server.kill()


def tasks(child):
    """What the kernel says of each thread."""
    for task in os.listdir(f"/proc/{child.pid}/task"):
        with open(f"/proc/{child.pid}/task/{task}/status", encoding="utf-8") as file:
            yield dict(re.findall(r"^(\w+):\t(.*)$", file.read(), re.M))


def password(info):
    assert info["auth_required"], info
    return {"user": "me", "pass": "hush-hush"}


def unprivileged(run, net):
    """the reader of pins: every thread without capability and under seccomp; a server comes back"""
    net.server.sysctl(SETTING, 0)
    server = nats.Server(run, net.server, "authorization { user: me, password: hush-hush }").start()
    box = nats.Subscriber(net.server, answer=password)
    with pins() as folder:
        keeper = Keeper(run, net.server, "-i", "eth0", "--pin", folder)
        gate(net, "add")
        one = Live(run, net.server, "--pinned", "--pin", folder, "--json", "--node", "n1", "--nats",
                   f"nats://me:hush-hush@{GATE}")
        await_true("it connects", lambda: "publishing to NATS" in one.err())
        threads = list(tasks(one.child))
        print(f"# {len(threads)} threads")
        assert len(threads) > 2, threads
        for status in threads:
            for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
                assert int(status[name], 16) == 0, (name, status[name])
            assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2"), status
            assert "0" not in status["Uid"].split() + status["Gid"].split(), status
        talk(net, 3)
        await_true("three", lambda: len(shown(one)) == 3 and box.of("n1") == shown(one))
        server.kill()
        gate(net, "del")
        await_true("it is gone", lambda: "is gone" in one.err(), 5)
        talk(net, 2)
        server.start()
        late = nats.Subscriber(net.server, answer=password)
        gate(net, "add")
        await_true("two more", lambda: late.of("n1") == shown(one)[3:], 15)
        assert one.stop() == 0, one.err()
        assert len(shown(one)) == 5 and "hush" not in one.err() and "me@" not in one.err(), one.err()
        assert keeper.stop() == 0, keeper.err()
    server.kill()


REFUSALS = [
    # of the server's file, of the URL, what is said
    ("authorization { user: me, password: right }", "me:wrong@", "cannot be reached: Authentication"),
    ("authorization { token: right }", "wrong@", "cannot be reached: Authentication"),
    ("authorization { users: [ { user: me, password: right, permissions: { publish: { deny: "
     '"wscope.>" } } } ] }', "me:right@", "does not permit"),
    ("max_payload: 256", "", "takes no message of "),
]


def refused(run, net):
    """a wrong password or token, no permission, messages too long: told once, counted, never shown"""
    net.server.sysctl(SETTING, 0)
    for config, who, due in REFUSALS:
        server = nats.Server(run, net.server, config).start()
        one = node(run, net, "n1", at=f"nats://{who}{HERE}")
        talk(net, 3)
        await_true(due, lambda one=one, due=due: due in one.err())
        status = one.stop()
        print("#", next(line for line in one.err().splitlines() if due in line))
        assert status == 5 and unsent(one) == 3, (config, status, unsent(one), one.err())
        assert one.err().count(" NATS ") == (1 if "cannot" in due else 2), one.err()
        assert not re.search("right|wrong|me:", one.err()), one.err()
        server.kill()
    server = nats.Server(run, net.server, "authorization { token: right }").start()
    one = Live(run, net.server, "-i", "eth0", "--json", "--nats", f"nats://right@{HERE}")
    name = re.sub(r"[^A-Za-z0-9_-]", "_", socket.gethostname())
    await_true("it has the host's name", lambda: f"{HERE}, subjects wscope.{name}.>\n" in one.err())
    assert one.stop() == 0, one.err()
    server.kill()


def certificate(folder, name):
    """A key, and a certificate of its own for that name: (certificate, key)."""
    paths = [os.path.join(folder, f"{name}.{kind}") for kind in ("crt", "key")]
    kind = "IP" if name[0].isdigit() else "DNS"
    lab.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-subj", f"/CN={name}", "-addext", f"subjectAltName={kind}:{name}", "-out", paths[0],
             "-keyout", paths[1]])
    return paths


def tls(run, net):
    """a server with a certificate that is known and names it is taken, by nats:// too; no other"""
    net.server.sysctl(SETTING, 0)
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        for scheme, name, trusted, taken in (
                ("tls", HERE, True, True), ("tls", HERE, False, False),
                ("tls", "other.example", True, False), ("nats", HERE, True, True)):
            cert, key = certificate(folder, name)
            server = nats.Server(run, net.server, f'tls {{ cert_file: "{cert}", key_file: "{key}" }}')
            server.start()
            prefix = ["env", f"SSL_CERT_FILE={cert if trusted else '/dev/null'}"]
            one = node(run, net, "n1", at=f"{scheme}://{HERE}", prefix=prefix)
            talk(net, 2)
            due = "publishing to NATS" if taken else "cannot be reached"
            await_true(due, lambda one=one, due=due: due in one.err())
            print("#", name, next(line for line in one.err().splitlines() if due in line))
            assert one.stop() == (0 if taken else 5), one.err()
            assert unsent(one) == (0 if taken else 2), one.records("summary")[-1]
            server.kill()


def credentials(run, net):
    """--nats-creds: the JWT and the seed of a user; nobody else's"""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as other:
        account = Account(folder)
        server = nats.Server(run, net.server, account.config).start()
        box = nats.Subscriber(net.server, answer=account.answer)
        net.server.sysctl(SETTING, 0)
        one = node(run, net, "n1", "--nats-creds", account.path)
        talk(net, 3)
        await_true("three", lambda: len(shown(one)) == 3 and box.of("n1") == shown(one))
        assert one.stop() == 0, one.err()
        one = node(run, net, "n2", "--nats-creds", Account(other).path)
        talk(net, 3)
        await_true("refused", lambda: "cannot be reached: Auth" in one.err())
        assert one.stop() == 5 and unsent(one) == 3 and not box.of("n2"), one.err()
        server.kill()


LATER = {"stream_name": "wscope", "config": {
    "deliver_subject": "later", "deliver_policy": "last_per_subject", "ack_policy": "none",
    "filter_subject": "wscope.*.endpoint-off"}}


def stream(run, net):
    """a stream of JetStream is asked later, behind a restart: who began to refuse, one line for each node"""
    link(net)
    with tempfile.TemporaryDirectory() as folder:
        server = nats.Server(run, net.server, f'jetstream {{ store_dir: "{folder}" }}').start()
        box = nats.Subscriber(net.server, "answers")
        box.say("$JS.API.STREAM.CREATE.wscope", {"name": "wscope", "subjects": ["wscope.>"],
                                                "storage": "file"}, "answers")
        made = await_true("the stream", lambda: box.messages)[0][1]
        assert "error" not in json.loads(made), made
        nodes = [node(run, net, "n1"),
                 Live(run, net.client, "-i", "eth0", "--json", "--nats", f"nats://{THERE}", "--node", "n2")]
        talk(net, 2)
        net.server.sysctl(SETTING, 0)
        began = time.time()
        talk(net, 25)
        for one in nodes:
            await_true("it is seen", lambda one=one: one.events("endpoint-off"))
            assert one.stop() == 0, one.err()
        server.kill(signal.SIGTERM)
        server.child.wait(timeout=20)
        server.start()
        box = nats.Subscriber(net.server, "later")
        box.say("$JS.API.CONSUMER.CREATE.wscope", LATER)
        found = await_true("an answer", lambda: len(box.messages) >= 2 and dict(box.messages))
        assert set(found) == {"wscope.n1.endpoint-off", "wscope.n2.endpoint-off"}, box.messages
        for payload in found.values():
            assert 0 <= json.loads(payload)["endpoint"]["refused_since"] - began < 5, payload
        server.kill()


def without(run, net):
    """what is missing is told at the start: libnats in the build, or here, or credentials to read"""
    built = os.path.join(live.BUILD, "tests", "cli", "without_nats")
    status, said = live.fails(run, net.server, "-i", "eth0", "--nats", f"nats://{HERE}", program=built)
    assert (status, said) == (2, "wscope: --nats is not in this build: it was made without libnats\n"), said
    with tempfile.TemporaryDirectory() as folder:
        names = set(re.findall(r"^\t(libnats\.so\.[\d.]+) ", lab.run(["ldconfig", "-p"]), re.M))
        assert names
        for name in names:
            with open(os.path.join(folder, name), "w", encoding="ascii") as file:
                file.write("no library\n")
        status, said = live.fails(run, net.server, "-i", "eth0", "--nats", f"nats://{HERE}",
                                  prefix=["env", f"LD_LIBRARY_PATH={folder}"])
        assert status == 4 and said.startswith("wscope: this needs libnats.so."), (status, said)
        assert said.count("\n") == 1, said
    status, said = live.fails(run, net.server, "-i", "eth0", "--nats", f"nats://{HERE}", "--nats-creds",
                              "/no/such")
    assert status == 4 and "cannot read '/no/such': No such file or directory\n" in said, (status, said)
    assert live.attached(net.server, "eth0") == ("", 0, False)


TESTS = [fleet, again, full, text, hangs, unprivileged, refused, tls, credentials, stream, without]

if __name__ == "__main__":
    sys.exit(live.main("nats", TESTS))
