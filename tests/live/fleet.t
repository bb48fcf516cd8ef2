#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# timeout: 240
"""Several nodes, and the question of docs/fleet.md asked of Debian's Prometheus and VictoriaMetrics:
which of them began to refuse, and when.

Nodes watch in the namespaces of the lab: the server that begins to refuse, its client, which sees that
too, and one that meets none of it.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import live  # noqa: E402
from live import Live, lab, talk  # noqa: E402
from prometheus import PORT, Server, until, wire  # noqa: E402

SETTING = "net.ipv4.tcp_window_scaling"
SERVER = lab.ADDRESS[4]["server"]
CLIENT = lab.ADDRESS[4]["client"]
VICTORIA = 8428
INTERVAL = 1


def question():
    """The query as docs/fleet.md has it, with steps of this test."""
    with open(os.path.join(live.ROOT, "docs", "fleet.md"), encoding="utf-8") as file:
        text = re.search(r"```text\n(sort\(min by.*?)```", file.read(), re.S)[1]
    asked = text.replace("[1m]", "[5s]").replace("[6h:15s]", "[1m:1s]")
    assert asked != text
    return asked


class Victoria:
    """Debian's VictoriaMetrics, scraping by the same kind of file."""

    def __init__(self, run, node, targets):
        self.node = node
        self.folder = tempfile.TemporaryDirectory()
        config = os.path.join(self.folder.name, "scrape.yml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(f"global: {{scrape_interval: {INTERVAL}s}}\nscrape_configs:\n"
                       f"- job_name: wscope\n  static_configs:\n  - targets: {json.dumps(targets)}\n")
        self.log = tempfile.TemporaryFile("w+", encoding="utf-8")
        with node.inside():
            self.child = run.spawn(
                ["victoria-metrics", f"-promscrape.config={config}",
                 f"-httpListenAddr=127.0.0.1:{VICTORIA}", "-search.latencyOffset=0s",
                 f"-storageDataPath={self.folder.name}/data"],
                stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        live.await_true("VictoriaMetrics is ready", self.is_ready, 30)

    def is_ready(self):
        try:
            with self.node.inside():
                return wire("127.0.0.1", VICTORIA, "/health")[0] == 200
        except OSError:
            return False

    def query(self, expression):
        return Server.ask(self, "query", query=expression)["result"]

    port = VICTORIA


def fleet(run, net):
    """three nodes, one of which begins to refuse: the query names it, and when"""
    nodes = {f"{SERVER}:{PORT}": net.server, f"{CLIENT}:{PORT}": net.client}
    watchers = [Live(run, node, "-i", "eth0", "--json", "--metrics", where)
                for where, node in nodes.items()]
    # The third node meets none of that traffic.
    other = Live(run, net.client, "-i", "lo", "--hooks", "tc-ingress", "--json", "--metrics",
                 f"{CLIENT}:{PORT + 1}")
    watchers.append(other)
    targets = [*nodes, f"{CLIENT}:{PORT + 1}"]
    collectors = [Server(run, net.server, targets, f"{INTERVAL}s"),
                  Victoria(run, net.server, targets)]
    talk(net, 5)
    for one in collectors:
        live.await_true("all nodes are there", lambda one=one: len(one.query(
            "wscope_build_info")) == len(targets), 20)
    time.sleep(6)
    for one in collectors:
        assert not one.query(question()), one.query(question())
    net.server.sysctl(SETTING, 0)
    began = time.time()
    talk(net, 5)
    for one in collectors:
        found, _ = until(lambda one=one: [row for row in one.query(question())
                                          if row["metric"]["instance"] == f"{SERVER}:{PORT}"], 15)
        seen = {row["metric"]["instance"]: float(row["value"][1]) for row in one.query(question())}
        late = seen[f"{SERVER}:{PORT}"] - began
        print(f"# {type(one).__name__}: {len(seen)} of {len(targets)} nodes, {late:.1f} s after "
              "it began")
        assert -0.1 <= late <= 3 * INTERVAL + 1, (found, began)
        assert f"{CLIENT}:{PORT + 1}" not in seen, seen
    for one in watchers:
        assert one.stop() == 0, one.err()


if __name__ == "__main__":
    sys.exit(live.main("fleet", [fleet]))
