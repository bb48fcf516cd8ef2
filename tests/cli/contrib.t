#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""contrib/: the workflow parses, and its commands do what it is for; the container file builds from
what is there. Neither GitHub nor a container engine is needed, and neither is tried."""

import glob
import os
import re
import shlex
import shutil
import subprocess
import sys
import xml.etree.ElementTree

import yaml

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cli  # noqa: E402

os.chdir(cli.ROOT)
report = cli.Report()
WORKFLOW = "contrib/github-actions/window-scaling.yml"
CONTAINER = "contrib/Containerfile"
EXPECTATION = b"- {name: scaled, scaling: on}\n"


def steps():
    with open(WORKFLOW, encoding="utf-8") as file:
        flow = yaml.safe_load(file)
    jobs = list(flow["jobs"].values())
    # YAML 1.1, which the module speaks, reads the key `on` as true.
    report.true(f"{WORKFLOW}: a workflow", flow.get("name") and flow.get(True) and len(jobs) == 1
                and jobs[0].get("runs-on"), flow)
    report.true(f"{WORKFLOW}: each step runs or uses something",
                all(("run" in one) != ("uses" in one) for one in jobs[0]["steps"]), jobs)
    return jobs[0]["steps"]


def options_exist(command):
    words = shlex.split(command)
    shown = cli.wscope(words[1], "--help").out
    for word in words:
        if word.startswith("--") and not re.search(rf"{word}\b", shown):
            yield f"{words[1]} has no {word}"


def workflow():
    lines = [one["run"] for one in steps() if "run" in one]
    checks = [line for line in lines if line.startswith("wscope ")]
    uploads = [one["with"]["path"] for one in steps() if "upload-artifact" in one.get("uses", "")]
    report.true("it checks once", len(checks) == 1 and len(uploads) == 1, lines)
    report.check("its options exist", options_exist(checks[0]))
    package = re.search(r"\./(wscope_\S*\.deb)", " ".join(lines)).group(1)
    report.true("what it installs is what make deb makes", package == "wscope_*.deb"
                and 'wscope_VERSION_ARCH.deb' in cli_text("mk/deb"), package)
    for scenario, status in (("both-on", 0), ("server-off", 1)):
        with cli.scratch() as folder:
            os.mkdir(os.path.join(folder, "captures"))
            for point in glob.glob(os.path.join(cli.CAPTURES, scenario, "client.pcap*")):
                shutil.copy(point, os.path.join(folder, "captures"))
            cli.write(folder, **{"expect.yaml": EXPECTATION})
            summary = os.path.join(folder, "summary.md")
            env = cli.environment(GITHUB_STEP_SUMMARY=summary)
            env["PATH"] = os.path.dirname(cli.WSCOPE) + os.pathsep + env["PATH"]
            # As GitHub runs a step in a container.
            done = subprocess.run(["sh", "-e", "-c", checks[0]], cwd=folder, env=env, check=False,
                                  capture_output=True, text=True, timeout=60)
            report.true(f"{scenario}: status {status}", done.returncode == status, done)
            report.true(f"{scenario}: an annotation where it fails",
                        ("::error" in done.stdout) == bool(status), done.stdout)
            report.true(f"{scenario}: the summary", "scaled" in cli_text(summary))
            suites = xml.etree.ElementTree.parse(os.path.join(folder, uploads[0])).getroot()
            report.true(f"{scenario}: JUnit XML to upload",
                        len(list(suites.iter("failure"))) == status)


def cli_text(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def container():
    joined = cli_text(CONTAINER).replace("\\\n", " ")
    found = [line.split(None, 1) for line in joined.splitlines() if line and line[0] != "#"]
    known = {"FROM", "COPY", "WORKDIR", "RUN", "USER", "ENTRYPOINT"}
    report.check(f"{CONTAINER}: instructions", [word for word, _ in found if word not in known])
    report.true("it begins with FROM and ends with the program",
                found[0][0] == "FROM" and found[-1] == ["ENTRYPOINT", '["wscope"]'], found)
    text = " ".join(rest for _, rest in found)
    done = subprocess.run(["make", "-n", *re.findall(r"&& make (\S+)", text)], capture_output=True,
                          text=True, check=False, timeout=60)
    report.true("what it makes is a target", done.returncode == 0 and "mk/deb " in done.stdout, done)
    source = re.search(r"source=/src/(\S+),", text).group(1)
    report.true("and is taken from where make puts it", source == "build/deb"
                and "out=build/deb\n" in cli_text("mk/deb"), source)


workflow()
container()
sys.exit(report.end())
