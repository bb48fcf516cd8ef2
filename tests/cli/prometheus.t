#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What lies in contrib for Prometheus and Grafana: promtool accepts and runs the rules, and rules,
dashboard and docs speak of the metrics of metrics.def and of no others."""

import json
import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))
sys.path.insert(0, os.path.join(HERE, "..", "lab"))
from tap import Tap  # noqa: E402

RULES = "contrib/prometheus/wscope.rules.yml"
tap = Tap()
os.chdir(ROOT)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def metrics():
    """name: (type, labels, help)"""
    found = {name: (kind, labels, text) for kind, name, labels, text in re.findall(
        r'^METRIC\(\w+, (\w+), "(\w+)", "([^"]*)", "([^"]+)"\)$', read("userspace/metrics.def"),
        re.M)}
    assert len(found) == len(re.findall(r"^METRIC\(", read("userspace/metrics.def"), re.M))
    return found


def names(text):
    """Names of series, as the names of their metrics."""
    known = metrics()
    return {name if name in known else re.sub(r"_(bucket|sum|count)$", "", name)
            for name in re.findall(r"\bwscope_\w+", text)}


def promtool(*args):
    done = subprocess.run(["promtool", *args], capture_output=True, text=True, check=False,
                          timeout=60)
    return done.returncode == 0, done.stdout + done.stderr


def expressions():
    for panel in json.loads(read("contrib/grafana/wscope.json"))["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


def dashboard():
    """Every expression, with Grafana's variables filled in, as a rule that promtool parses."""
    lines = ["groups:", "- name: dashboard", "  rules:"]
    for number, (_, text) in enumerate(expressions()):
        text = text.replace("$instance", ".*").replace("$__rate_interval", "1m")
        lines += [f"  - record: panel_{number}", f"    expr: {json.dumps(text)}"]
    with tempfile.NamedTemporaryFile("w", suffix=".yml", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        good, said = promtool("check", "rules", file.name)
    return good and f"SUCCESS: {sum(1 for _ in expressions())} rules" in said, said


def documented():
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| ([^|]*) \| ([^|]*) \|$", read("docs/metrics.md"), re.M)
    got = {name: (kind, " ".join(re.findall(r"`(\w+)`", labels)), text)
           for name, kind, labels, text in rows}
    return [f"{name}: {got.get(name)} where {metrics().get(name)} is due"
            for name in sorted(got.keys() | metrics().keys()) if got.get(name) != metrics().get(name)]


good = promtool("check", "rules", RULES)
tap.ok(good[0], "promtool accepts the rules", good[1])
good = promtool("test", "rules", "contrib/prometheus/wscope.test.yml")
tap.ok(good[0], "each alert fires when it should, and not before", good[1])
alerts = set(re.findall(r"alert: (\w+)", read(RULES)))
tested = set(re.findall(r"alertname: (\w+)", read("contrib/prometheus/wscope.test.yml")))
tap.ok(alerts == tested, "each alert has a test", alerts ^ tested)
good = dashboard()
tap.ok(good[0], "every expression of the dashboard parses", good[1])
for path, text in ((RULES, read(RULES)),
                   ("the dashboard", " ".join(text for _, text in expressions())),
                   ("docs/fleet.md", read("docs/fleet.md")),
                   ("docs/metrics.md", read("docs/metrics.md"))):
    strange = names(text) - metrics().keys()
    tap.ok(names(text) and not strange, f"{path}: metrics that exist", strange)
due = documented()
tap.ok(not due, "docs/metrics.md has the list, and nothing else", "\n".join(due))
bad = [name for name, (kind, _, text) in metrics().items()
       if (kind == "counter") != name.endswith("_total") or not text.endswith(".")]
tap.ok(not bad, "counters end in _total, and nothing else does", bad)
sys.exit(tap.end())
