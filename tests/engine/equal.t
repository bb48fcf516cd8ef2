#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# timeout: 600
"""Three engines, one answer: native, XDP and TC give the same records for every capture.

Every capture of the lab and every shared one is replayed alone by each engine; then all of the lab's
as one stream, where each point of the path shows the same segments again, and all shared ones. Equal
means: the same lines, byte for byte, so
every field of flow, endpoint, summary and finding records; the same exit status; the same complaints.
A run with evictions, or with tables below twice the flows, is not comparable and fails. The two
readers, mapped and libpcap, are held to the same. Last, the comparison itself is shown to fail where
it must.
"""

import os
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "lab"))
sys.path.insert(0, os.path.join(HERE, "..", "cli"))
import cli  # noqa: E402
import equal_runs as runs  # noqa: E402
from tap import Tap  # noqa: E402


def kernel_refuses():
    """Why the kernel's programs cannot run here, as a reason to skip, or None."""
    if os.geteuid():
        return "privilege: BPF_PROG_TEST_RUN needs root"
    one = runs.run("xdp", [runs.lab()[0]])
    if one.status == 4 and "Operation not permitted" in one.errors:
        return "kernel: BPF is refused: " + one.errors.strip()
    return None


def engines(tap, names, captures, results):
    """One line a capture: its records from the kernel's engines against the native ones."""
    for capture in captures:
        native = results["native"][capture]
        wrong = runs.not_comparable(native)
        for name in names:
            other = results[name][capture]
            wrong += runs.not_comparable(other) + runs.differences("native", native, name, other)
        tap.ok(not wrong, f"{runs.short(capture)}: native, {' and '.join(names)} are equal, "
               f"{native.summary.get('flows', 0)} flows", "\n".join(wrong[:12]))


def streams(tap, names, groups, results):
    for group, files in groups.items():
        native = results["native"][group]
        wrong = runs.not_comparable(native)
        for name in names:
            other = results[name][group]
            wrong += runs.not_comparable(other) + runs.differences("native", native, name, other)
        tap.ok(not wrong, f"{group}, {len(files)} files as one stream: native, "
               f"{' and '.join(names)} are equal", "\n".join(wrong[:12]))


# What one reader does not read and the other does, by its complaint.
ONE_READER = ("different from the type of the first interface",  # libpcap: one link type a file
              "unknown file format",  # libpcap: snoop
              "file to map")  # mapped: the formats it documents


def readers(tap, captures):
    """Both readers, native engine; a capture that only one of them reads is named, not compared."""
    for capture in captures:
        mapped = runs.run("native", [capture], "--reader", "mapped")
        libpcap = runs.run("native", [capture], "--reader", "libpcap")
        complaint = (mapped if mapped.status else libpcap).errors.strip()
        if (mapped.status == 0) != (libpcap.status == 0):
            tap.ok(any(known in complaint for known in ONE_READER),
                   f"{runs.short(capture)}: only one reader reads it, for a known reason", complaint)
            continue
        wrong = runs.differences("mapped", mapped, "libpcap", libpcap, errors=False)
        tap.ok(not wrong, f"{runs.short(capture)}: readers are equal", "\n".join(wrong[:12]))


CROWD = 3000  # connections, of which 512 fit


def crowd(folder):
    """A capture of more connections than a small table holds."""
    path = os.path.join(folder, "crowd.pcap")
    packets = [packet for i in range(CROWD) for packet in
               cli.handshake((1700000000 * 1000 + i) * 10**6, cli.Side("192.0.2.1", 10000 + i),
                             cli.Side("198.51.100.1", 443))]
    with open(path, "wb") as file:
        file.write(cli.pcap(packets))
    return path


def canaries(tap, captures, names):
    """What must not pass as equal, or as comparable."""
    native = runs.run("native", captures)
    wrong = runs.differences("native", native, "native", runs.run("native", captures, "--count", "30"))
    tap.ok(wrong, "a run that saw fewer packets is told apart")
    for name in names:
        off = runs.run(name, captures, "--tunnels", "none")
        tap.ok(runs.differences("native", native, name, off),
               f"{name} with tunnels switched off is told apart")
        with tempfile.TemporaryDirectory(prefix="wscope-equal-") as folder:
            full = runs.run(name, [crowd(folder)], "--flows", "512", "--pending", "512",
                            "--endpoints", "512")
        tap.ok(runs.not_comparable(full), f"{name} with full tables is not comparable")


def main():
    tap = Tap()
    captures = runs.lab() + runs.shared()
    if not runs.shared():
        tap.skip("shared captures", "captures: no shared captures")
    readers(tap, captures)
    refused = kernel_refuses()
    if refused:
        tap.skip("native, xdp and tc are equal", refused)
        return tap.end()
    names = ["xdp", "tc"]
    groups = {"the lab": runs.lab()}
    if runs.shared():
        groups["shared captures"] = [c for c in runs.shared() if runs.run("native", [c]).read]
    engines(tap, names, captures, {n: runs.each(n, captures) for n in ["native"] + names})
    streams(tap, names, groups, {n: runs.groups(n, groups) for n in ["native"] + names})
    canaries(tap, runs.shared() or captures, names)
    return tap.end()


sys.exit(main())
