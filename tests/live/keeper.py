# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""`wscope attach` under test, with pins in a bpffs of the test's own."""

import contextlib
import json
import os
import subprocess
import tempfile

import jsonschema
from live import Live, WSCOPE, lab


class Keeper(Live):
    """One `wscope attach`, attached when the constructor returns (wait=False: perhaps not)."""

    COMMAND, READY = "attach", "wscope: attached"


@contextlib.contextmanager
def pins():
    """A folder for pins; whatever is left in it is gone with it."""
    with tempfile.TemporaryDirectory(prefix="wscope-pins-") as root:
        os.chmod(root, 0o755)
        lab.run(["mount", "-t", "bpf", "bpf", root])
        try:
            yield os.path.join(root, "wscope")
        finally:
            lab.run(["umount", "-l", root])


def command(node, *words):
    """A command that ends by itself: (status, stdout, stderr)."""
    with node.inside():
        done = subprocess.run([WSCOPE, *words], capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


def status_records(node, folder):
    """The records of status, each as the schema has it; the last one is about the rest."""
    status, said, why = command(node, "status", "--json", "--pin", folder)
    assert status in (0, 1) and not why, (status, why)
    found = [json.loads(line) for line in said.splitlines()]
    schema = json.loads(subprocess.run([WSCOPE, "schema"], capture_output=True, check=True,
                                       timeout=60).stdout)
    for one in found:
        jsonschema.validate(one, schema)
    assert [one["type"] for one in found] == ["attachment"] * (len(found) - 1) + ["status"], found
    return found


def bpftool(*words):
    done = subprocess.run(["bpftool", "-j", *words], capture_output=True, text=True, check=False,
                          timeout=30)
    return json.loads(done.stdout or "[]")


def ours():
    """{id of a program: name} of what could be wscope's."""
    return {one["id"]: one["name"] for one in bpftool("prog", "show")
            if one.get("name") in ("xdp_analyze", "tc_ingress", "tc_egress")}


def link_of(program):
    """The link that holds a program."""
    return next(one["id"] for one in bpftool("link", "show") if one.get("prog_id") == program)
