#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# timeout: 240
"""Metrics of `wscope live`: what they say of real traffic, to whom, and at which price.

Prometheus' own promtool reads them; the names, types and labels are those of metrics.def.
"""

import http.client
import os
import re
import socket
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import live  # noqa: E402
from live import Live, await_true, lab, talk  # noqa: E402
import prometheus  # noqa: E402
from prometheus import PORT, number, samples, scrape  # noqa: E402

SETTING = "net.ipv4.tcp_window_scaling"
SERVER = lab.ADDRESS[4]["server"]
CLIENT = lab.ADDRESS[4]["client"]
LISTED = f"{SERVER}:{lab.PORT}"
FILL = os.path.join(live.BUILD, "tests", "live", "fill")


def watch(run, net, *args, device="eth0"):
    return Live(run, net.server, "-i", device, "--metrics", str(PORT), *args)


def counts(run, net):
    """what real traffic counts as: handshakes, offers, findings, shifts, windows, endpoints"""
    one = watch(run, net, "--json", "--metrics-endpoint", LISTED, "--metrics-endpoint", CLIENT)
    talk(net, 4)
    net.server.sysctl(SETTING, 0)
    talk(net, 3)
    await_true("all events", lambda: len(one.events("server-no-wscale")) == 3)
    text = scrape(net.server)
    assert number(text, "wscope_handshakes_total", family="4") == 7, text
    assert number(text, "wscope_handshakes_total", family="6") == 0
    for role, offers in (("client", 7), ("server", 4)):
        assert number(text, "wscope_opportunities_total", role=role) == 7, text
        assert number(text, "wscope_offers_total", role=role) == offers, text
        name = LISTED if role == "server" else CLIENT
        for endpoint, n, taken in ((name, 7, offers), ("other", 0, 0)):
            at = {"role": role, "endpoint": endpoint}
            assert number(text, "wscope_endpoint_opportunities_total", **at) == n, text
            assert number(text, "wscope_endpoint_offers_total", **at) == taken, text
    assert number(text, "wscope_findings_total", code="server-no-wscale", side="server") == 3, text
    assert sum(value for name, _, value in samples(text) if name == "wscope_findings_total") == 3
    shift = {"client": net.client.offered_shift(), "server": 0}
    assert number(text, "wscope_offered_shifts_total", role="client", shift=shift["client"]) == 7
    assert number(text, "wscope_offered_shifts_total", role="server", shift="none") == 3, text
    shifts = sum(value for name, _, value in samples(text) if name == "wscope_offered_shifts_total")
    assert shifts == 14, text
    for role in ("client", "server"):
        assert number(text, "wscope_window_bytes_count", role=role) == 7, text
        assert number(text, "wscope_window_bytes_bucket", role=role, le="+Inf") == 7, text
        # The three unscaled ones, and only they may be.
        assert number(text, "wscope_window_bytes_bucket", role=role, le="65535") >= 3, text
        assert number(text, "wscope_window_bytes_sum", role=role) > 0, text
    assert number(text, "wscope_table_entries", table="flows") == 7, text
    assert number(text, "wscope_table_size_entries", table="flows") == 65536, text
    assert number(text, "wscope_attached", interface="eth0", hook="xdp", mode="native") == 1, text
    assert number(text, "wscope_switched_off") == 0 and number(text, "wscope_events_lost_total") == 0
    assert one.stop() == 0


def agrees(run, net):
    """promtool accepts it; names, types and labels are those of the list, each at all times"""
    one = watch(run, net)
    text = scrape(net.server)
    assert one.stop() == 0
    prometheus.check_metrics(text)
    due = {name: (kind, labels) for name, kind, labels in prometheus.listed()}
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M))
    assert types == {name: kind for name, (kind, _) in due.items()}, types
    assert set(re.findall(r"^# HELP (\S+) ", text, re.M)) == set(due)
    for name, labels, _ in samples(text):
        base = name if name in due else re.sub(r"_(bucket|sum|count)$", "", name)
        have = set(labels) - ({"le"} if base != name else set())
        assert have == set(due[base][1].split()), (name, labels)
    assert {re.sub(r"_(bucket|sum|count)$", "", name) if name not in due else name
            for name, _, _ in samples(text)} == set(due)


def requests(run, net):
    """GET and HEAD of two pages, nothing else; a silent client is given up, many are not served"""
    one = watch(run, net)
    with net.server.inside():
        def ask(method, path, body=None):
            link = http.client.HTTPConnection("127.0.0.1", PORT, timeout=5)
            link.request(method, path, body)
            answer = link.getresponse()
            return answer.status, answer.read(), answer.headers

        status, body, headers = ask("GET", "/metrics")
        assert status == 200 and body.endswith(b"\n"), (status, body)
        assert headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8", headers
        assert ask("HEAD", "/metrics")[:2] == (200, b"")
        assert ask("GET", "/")[0] == 200
        assert ask("GET", "/metrics/../etc/passwd")[0] == 404 and ask("GET", "/x")[0] == 404
        for method in ("POST", "PUT", "DELETE", "OPTIONS"):
            assert ask(method, "/metrics", b"x" * 10)[0] == 405, method
        silent = [socket.create_connection(("127.0.0.1", PORT)) for _ in range(40)]
        refused = 0
        for link in silent:
            link.settimeout(0.2)
            try:
                refused += link.recv(1) == b""
            except (TimeoutError, socket.timeout):
                pass
            except ConnectionResetError:
                refused += 1
        assert refused >= 40 - 16, refused
        await_true("the silent ones are given up", lambda: ask_now(ask), 15)
        for link in silent:
            link.close()
    assert one.stop() == 0


def ask_now(ask):
    try:
        return ask("GET", "/metrics")[0] == 200
    except (OSError, http.client.HTTPException):
        return False


def early(run, net):
    """a port that is taken: one line, before anything is attached; hosts and ports that are none"""
    with net.server.inside():
        taken = socket.create_server(("127.0.0.1", PORT))
    status, said = live.fails(run, net.server, "-i", "eth0", "--metrics", str(PORT))
    taken.close()
    assert status == 4 and said.count("\n") == 1, (status, said)
    assert f"cannot serve metrics on '{PORT}': Address already in use" in said, said
    for bad in ("x", "0", "65536", "127.0.0.1:", "1.2.3:9", "[::1", "::1:9", "[::1]", "localhost:9"):
        status, said = live.fails(run, net.server, "-i", "eth0", "--metrics", bad)
        assert status == 2 and "--metrics takes" in said, (bad, said)
    for bad in ("x", "1.2.3.4:0", "1.2.3.4:", "[::1]:x", "1.2.3.4:80:90"):
        status, said = live.fails(run, net.server, "-i", "eth0", "--metrics", str(PORT),
                                  "--metrics-endpoint", bad)
        assert status == 2 and "--metrics-endpoint takes" in said, (bad, said)
    assert live.attached(net.server, "eth0") == ("", 0, False)


def hostile(run, net):
    """an interface with quotes in its name: escaped, and read back as it is"""
    name = 'e"\\x{}'
    net.server.run("ip", "link", "add", name, "type", "veth", "peer", "name", "wsmp")
    net.server.run("ip", "link", "set", name, "up")
    one = watch(run, net, "--hooks", "tc-egress", device=name)
    text = scrape(net.server)
    assert one.stop() == 0
    prometheus.check_metrics(text)
    found = [labels["interface"] for key, labels, _ in samples(text) if key == "wscope_attached"]
    assert found == [name], found


def gone(run, net):
    """an interface that is gone, the switch, and IPv6"""
    net.server.run("ip", "link", "add", "wsm0", "type", "veth", "peer", "name", "wsm1")
    net.server.run("ip", "link", "set", "wsm0", "up")
    one = Live(run, net.server, "-i", "eth0", "-i", "wsm0", "--hooks", "tc-egress",
               "--metrics", f"[::1]:{PORT}")

    def state(device):
        return [value for key, labels, value in samples(scrape(net.server, "::1"))
                if key == "wscope_attached" and labels["interface"] == device]

    assert state("eth0") == [1] and state("wsm0") == [1]
    net.server.run("ip", "link", "del", "wsm0")
    assert state("wsm0") == [0] and state("eth0") == [1]
    one.send(live.signal.SIGUSR1)
    await_true("switched off",
               lambda: number(scrape(net.server, "::1"), "wscope_switched_off") == 1)
    one.send(live.signal.SIGTERM)
    one.wait()


def textfile(run, net):
    """a file for node_exporter: whole at all times, new at each interval, 0 attached at the end"""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "wscope.prom")
        one = Live(run, net.server, "-i", "eth0", "--metrics-file", path, "--interval", "0.2")
        assert number(open(path, encoding="utf-8").read(), "wscope_handshakes_total",
                      family="4") == 0
        talk(net, 3)
        end, seen = time.monotonic() + 5, set()
        while time.monotonic() < end and 3 not in seen:
            with open(path, encoding="utf-8") as file:
                text = file.read()
            assert text.endswith("\n") and "wscope_scrape_duration_seconds " in text, text
            seen.add(number(text, "wscope_handshakes_total", family="4"))
        assert 3 in seen, seen
        prometheus.check_metrics(text)
        assert number(text, "wscope_report_timestamp_seconds") > time.time() - 5
        assert one.stop() == 0
        with open(path, encoding="utf-8") as file:
            last = file.read()
        assert {value for key, _, value in samples(last) if key == "wscope_attached"} == {0}, last
        assert os.listdir(folder) == ["wscope.prom"] and os.stat(path).st_mode & 0o777 == 0o644
        status, said = live.fails(run, net.server, "-i", "eth0", "--metrics-file",
                                  os.path.join(folder, "none", "x"))
        assert status == 4 and "cannot write" in said, (status, said)


def million(run, net):
    """1,000,000 connections in the table: a scrape in under 50 ms, as many series as without"""
    one = watch(run, net, "--flows", "1100000", "--interval", "3600", "--duration", "100")
    talk(net, 10)
    few = scrape(net.server)
    done = subprocess.run([FILL, str(one.child.pid), "1000000"], capture_output=True, text=True,
                          check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[0]) >= 1000000, done.stdout
    spans = []
    for _ in range(7):
        began = time.monotonic()
        many = scrape(net.server)
        spans.append((time.monotonic() - began) * 1000)
    series = [sorted((name, sorted(labels.items())) for name, labels, _ in samples(text))
              for text in (few, many)]
    print(f"# {done.stdout.strip()} connections: best scrape {min(spans):.1f} ms of "
          f"{', '.join(f'{span:.1f}' for span in spans)}; {len(series[1])} series")
    assert series[0] == series[1]
    assert min(spans) < 50, spans
    one.send(live.signal.SIGKILL)
    one.wait()


if __name__ == "__main__":
    sys.exit(live.main("metrics", [counts, agrees, requests, early, hostile, gone, textfile,
                                   million]))
