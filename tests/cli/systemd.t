#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""contrib/systemd: systemd knows each line of the units, their exposure stays low, and the reader's
may keep no more capabilities than giving them all up takes. No service manager has to run."""

import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cli  # noqa: E402

report = cli.Report()
FOLDER = os.path.join(cli.ROOT, "contrib", "systemd")
# Exposure as `systemd-analyze security` counts it, at most; the smaller the better.
MOST = {"wscope-attach.service": 3.0, "wscope.service": 2.0}
READER = {"CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID"}


def text_of(unit):
    with open(os.path.join(FOLDER, unit), encoding="utf-8") as file:
        return file.read()


def run(*argv):
    return subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, timeout=60, env=cli.environment())


def verified(text, others=()):
    """What systemd has against a unit, with a program that exists in place of the installed one."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in (("unit.service", text), *others):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(content.replace("/usr/bin/wscope", "/bin/true"))
        done = run("systemd-analyze", "verify", "--man=no", os.path.join(folder, "unit.service"))
    return [line for line in done.stdout.splitlines() if "unit.service" in line]


def exposure(unit):
    done = run("systemd-analyze", "security", "--offline=yes", os.path.join(FOLDER, unit))
    found = re.search(r"exposure level for \S+: ([\d.]+)", done.stdout)
    return float(found.group(1)) if found else 10.0


for service, most in MOST.items():
    attach = ("wscope-attach.service", text_of("wscope-attach.service"))
    report.check(f"{service}: nothing unknown in it", verified(text_of(service), [attach]))
    figure = exposure(service)
    print(f"# {service}: exposure {figure}")
    report.true(f"{service}: exposure at most {most}", figure <= most, figure)
report.true("a line that systemd does not know is found",
            verified(text_of("wscope.service").replace("[Service]", "[Service]\nProtectAll=yes")),
            "not found")
bounding = re.search(r"^CapabilityBoundingSet=(.*)$", text_of("wscope.service"), re.M).group(1)
report.true("the reader's capabilities", set(bounding.split()) == READER, bounding)
for service in MOST:
    given = set(re.findall(r"\$(\w+_OPTIONS)", text_of(service)))
    report.true(f"{service}: the file of options has what it takes", given and all(
        re.search(rf"^{name}=\"", text_of("wscope.default"), re.M) for name in given), given)
with tempfile.TemporaryDirectory() as root:
    done = run("make", "-s", "-C", cli.ROOT, "install", "UNITDIR=/lib/systemd/system", f"DESTDIR={root}",
               "PREFIX=/opt/wscope")
    made = {os.path.relpath(os.path.join(parent, name), root) for parent, _, names in os.walk(root)
            for name in names}
    due = {f"lib/systemd/system/{service}" for service in MOST} | {
        "opt/wscope/lib/sysusers.d/wscope.conf", "etc/default/wscope", "opt/wscope/bin/wscope"}
    report.true("make install UNITDIR= installs them", not done.returncode and due <= made, f"{done} {made}")
    for service in MOST:
        with open(os.path.join(root, "lib/systemd/system", service), encoding="utf-8") as unit:
            starts = re.findall(r"^ExecStart=!?(\S+)", unit.read(), re.M)
        report.true(f"{service}: with the program's place", starts == ["/opt/wscope/bin/wscope"], starts)
    options = os.path.join(root, "etc/default/wscope")
    cli.write(os.path.dirname(options), wscope=b"mine")
    run("make", "-s", "-C", cli.ROOT, "install", "UNITDIR=/lib/systemd/system", f"DESTDIR={root}")
    with open(options, encoding="utf-8") as kept:
        report.true("options that are there stay", kept.read() == "mine", "not as they were")
report.true("sysusers makes the reader's user",
            re.search(r"^u wscope ", text_of("wscope.sysusers.conf"), re.M), "no line")
sys.exit(report.end())
