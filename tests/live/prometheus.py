# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Prometheus' text format, its tools and its server, for tests."""

import http.client
import json
import os
import re
import subprocess
import tempfile
import time
import urllib.parse

import live

PORT = 9798
LABEL = re.compile(r'(\w+)="((?:[^"\\\n]|\\.)*)"(?:,|$)')


def listed():
    """(name, type, labels) of metrics.def."""
    path = os.path.join(live.ROOT, "userspace", "metrics.def")
    with open(path, encoding="utf-8") as file:
        return [(name, kind, labels) for kind, name, labels in re.findall(
            r'^METRIC\(\w+, (\w+), "(\w+)", "([^"]*)", "[^"]+"\)$', file.read(), re.M)]


def unescape(text):
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], text)


def samples(text):
    """(name, labels, value) of every line."""
    for line in text.splitlines():
        if not line.startswith("#"):
            head, value = line.rsplit(" ", 1)
            name, _, labels = head.partition("{")
            yield (name, {key: unescape(word) for key, word in LABEL.findall(labels[:-1])},
                   float(value))


def number(text, name, **labels):
    """The only sample with these labels."""
    labels = {key: str(value) for key, value in labels.items()}
    found = [value for key, have, value in samples(text) if (key, have) == (name, labels)]
    assert len(found) == 1, f"{name} {labels}: {found} in\n{text}"
    return found[0]


def wire(host, port, path, timeout=10):
    """Status and body of a GET."""
    link = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        link.request("GET", path)
        answer = link.getresponse()
        return answer.status, answer.read().decode("utf-8")
    finally:
        link.close()


def scrape(node, host="127.0.0.1", port=PORT):
    with node.inside():
        status, text = wire(host, port, "/metrics")
    assert status == 200, (status, text)
    return text


def promtool(*args, stdin=None, cwd=None):
    return subprocess.run(["promtool", *args], input=stdin, capture_output=True, text=True,
                          check=False, timeout=60, cwd=cwd)


def check_metrics(text):
    done = promtool("check", "metrics", stdin=text)
    assert done.returncode == 0 and not done.stderr, done.stderr + done.stdout


class Server:
    """A Prometheus of Debian's on a loopback, with its data in a folder of its own."""

    def __init__(self, run, node, targets, interval, rules=None, port=9797, extra=""):
        self.node, self.port = node, port
        self.folder = tempfile.TemporaryDirectory()
        config = os.path.join(self.folder.name, "prometheus.yml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(f"global: {{scrape_interval: {interval}, scrape_timeout: {interval}, "
                       f"evaluation_interval: {interval}}}\n")
            if rules:
                file.write(f"rule_files: [{json.dumps(rules)}]\n")
            file.write("scrape_configs:\n- job_name: wscope\n  static_configs:\n"
                       f"  - targets: {json.dumps(targets)}\n{extra}")
        self.log = tempfile.TemporaryFile("w+", encoding="utf-8")
        with node.inside():
            self.child = run.spawn(
                ["prometheus", f"--config.file={config}", f"--web.listen-address=127.0.0.1:{port}",
                 f"--storage.tsdb.path={self.folder.name}/data"],
                stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        live.await_true("Prometheus is ready", self.is_ready, 30)

    def is_ready(self):
        try:
            with self.node.inside():
                return wire("127.0.0.1", self.port, "/-/ready")[0] == 200
        except OSError:
            return False

    def ask(self, path, **query):
        with self.node.inside():
            status, text = wire("127.0.0.1", self.port,
                                f"/api/v1/{path}?{urllib.parse.urlencode(query)}")
        assert status == 200, (status, text)
        return json.loads(text)["data"]

    def alerts(self, name, state="firing"):
        return [alert for alert in self.ask("alerts")["alerts"]
                if alert["labels"]["alertname"] == name and alert["state"] == state]

    def query(self, expression, **more):
        return self.ask("query", query=expression, **more)["result"]


def until(question, patience):
    """Seconds until the answer is true, and the answer."""
    began = time.monotonic()
    return live.await_true("an answer", question, patience), time.monotonic() - began
