# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Runs of the program over captures, engine by engine, and what makes two of them equal."""

import concurrent.futures
import glob
import json
import os
import re
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))
WSCOPE = os.environ.get("WSCOPE", os.path.join(ROOT, "build", "wscope"))
SHARED = os.environ.get("WSCOPE_CAPTURES", os.path.join(ROOT, "..", "shared", "captures"))
TABLE = 65536  # entries of each of the kernel's tables
SIZES = ["--flows", str(TABLE), "--pending", str(TABLE), "--endpoints", str(TABLE)]
# A run of the kernel's programs mostly waits for them to be loaded and freed.
WORKERS = 4
# Captures to a process: loading is per capture anyway, starting is not.
BATCH = 12


class Run:
    """What one run said: its lines, its exit status, its complaints."""

    def __init__(self, lines, status, errors):
        self.lines, self.status, self.errors = lines, status, errors
        last = json.loads(lines[-1]) if lines else {}
        self.read = last.get("type") == "summary"
        self.summary = last if self.read else {}


def lab():
    return sorted(glob.glob(os.path.join(HERE, "..", "captures", "lab", "*", "*.pcap*")))


def shared():
    """The shared captures: whatever has an oracle beside it."""
    return sorted(path[:-len(".oracle.tsv")]
                  for path in glob.glob(os.path.join(SHARED, "*.oracle.tsv")))


def short(path):
    return "/".join(os.path.normpath(path).split(os.sep)[-2:])


def call(engine, files, *options):
    done = subprocess.run([WSCOPE, "replay", "--json", "--engine", engine, *options, *files],
                          capture_output=True, text=True, timeout=240, check=False)
    return done.stdout.splitlines(), done.returncode, done.stderr


def run(engine, files, *options):
    """Files as one stream. Options come after the sizes, so that they can change them."""
    return Run(*call(engine, files, *SIZES, *options))


def batch(engine, files):
    """Each file of a batch alone. The status is the worst of all; complaints name their file."""
    lines, status, errors = call(engine, files, *SIZES, "--separate")
    runs, begin = {}, 0
    ends = [i for i, line in enumerate(lines) if line.startswith('{"type":"summary"')]
    if len(ends) != len(files) or ends[-1] + 1 != len(lines):
        raise RuntimeError(f"{engine}: {len(ends)} summaries of {len(files)} captures: {errors}")
    for path, end in zip(files, ends):
        runs[path] = Run(lines[begin:end + 1], status, errors)
        begin = end + 1
    return runs


def each(engine, captures):
    """Every capture alone: {capture: Run}. What the native engine finds fault with runs by itself."""
    known = {path: run("native", [path]) for path in captures}
    if engine == "native":
        return known
    sound = [path for path in captures if known[path].status == 0]
    batches = [sound[i:i + BATCH] for i in range(0, len(sound), BATCH)]
    results = {}
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        for part in pool.map(lambda files: batch(engine, files), batches):
            results.update(part)
        rest = [path for path in captures if path not in results]
        results.update(zip(rest, pool.map(lambda path: run(engine, [path]), rest)))
    return results


def groups(engine, named):
    """Each group of files as one stream: {group: Run}."""
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        return dict(zip(named, pool.map(lambda name: run(engine, named[name]), named)))


def not_comparable(one):
    """Why a run proves nothing, if so."""
    lost = one.summary.get("lost", {})
    wrong = []
    if one.summary.get("evictions") or one.status == 5:
        wrong.append(f"not comparable: {one.summary.get('evictions')} evictions, "
                     f"status {one.status}")
    if any(lost.values()):
        wrong.append(f"not comparable: lost {lost}")
    if 2 * one.summary.get("flows", 0) > TABLE:
        wrong.append(f"not comparable: {one.summary['flows']} flows in tables of {TABLE}")
    return wrong


def differences(name_a, a, name_b, b, errors=True):
    """What differs between two runs, a line each."""
    wrong = []
    if a.status != b.status:
        wrong.append(f"status {a.status} ({name_a}), {b.status} ({name_b}): {a.errors}{b.errors}")
    if errors and a.errors != b.errors:
        wrong.append(f"complaints differ: {name_a}: {a.errors!r}, {name_b}: {b.errors!r}")
    if len(a.lines) != len(b.lines):
        wrong.append(f"{len(a.lines)} records ({name_a}), {len(b.lines)} ({name_b})")
    for left, right in zip(a.lines, b.lines):
        if left != right:
            wrong += fields(name_a, json.loads(left), name_b, json.loads(right))
    return wrong


def fields(name_a, a, name_b, b):
    """The fields in which two records differ."""
    name = a["type"] + " " + " ".join(
        str(a[key]) for key in ("client", "client_port", "server", "server_port", "address", "port")
        if key in a)
    flat_a, flat_b = dict(flatten(a)), dict(flatten(b))
    return [f"{name}: {key}: {flat_a.get(key)} ({name_a}), {flat_b.get(key)} ({name_b})"
            for key in sorted(flat_a.keys() | flat_b.keys()) if flat_a.get(key) != flat_b.get(key)]


def flatten(value, at=""):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from flatten(inner, re.sub(r"^\.", "", f"{at}.{key}"))
    elif isinstance(value, list):
        yield at + ".length", len(value)
        for i, inner in enumerate(value):
            yield from flatten(inner, f"{at}[{i}]")
    else:
        yield at, value
