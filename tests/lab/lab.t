#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# timeout: 240
"""The lab does what its tables say, in the committed captures and when it is run again.

For each scenario and point: the window-scale option in SYNs and SYN-ACKs is what the scenario
table says; the ends' own view (TCP_INFO) agrees with the wire beside them; every connection of the
truth table is there; nothing is lost between two points on one cable; a faulty box did what it is
said to do, by comparing its two sides; the values in expect.tsv are what the captures hold. The
captures are read by wire.py, and wire.py is checked against tshark. Scenarios that take long are
not run again. Then: the lab cleans up after itself, whatever ends it, and after a killed run, but
never after a living one.
"""

import collections
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import scenarios  # noqa: E402
import scenarios_box  # noqa: E402
import windows  # noqa: E402
import wire  # noqa: E402
from runner import REFUSED, missing_tool  # noqa: E402
from tap import CAPTURES, HERE, Tap, fits, read_table  # noqa: E402

TABLE = scenarios.table()
POINTS = {"client": "front", "box-in": "front", "box-out": "behind", "server": "behind"}
MAKE = os.path.join(HERE, "make-captures")
ABSENT = {"-", "hole"}
tap = Tap()


# -- one scenario's captures against the tables --------------------------------------------------


def wanted(spec, row):
    """'C/S+-' -> ({10}, {7, '-'})"""
    def token(word):
        if word in ("C", "S"):
            values = row["client_shift" if word == "C" else "server_shift"].split(",")
            return next(int(value) for value in values if value != "none")
        return int(word) if word.isdigit() else word

    return tuple({token(word) for word in side.split("+")} if side else set()
                 for side in spec.split("/"))


def spec_of(scenario, point):
    """The wire at a point, as sets of SYN and SYN-ACK options by the scenario table."""
    def sides(row):
        front, behind = wanted(scenario.front, row), wanted(scenario.behind, row)
        if point == "box-any":
            return tuple(one | other for one, other in zip(front, behind))
        return front if POINTS[point] == "front" else behind
    return sides


def segments(timed):
    return [segment for _, segment in timed]


def check_options(scenario, row, seen):
    for point, timed in seen.items():
        want, got = spec_of(scenario, point)(row), wire.options(segments(timed))
        if want != got:
            yield f"{point}: SYN and SYN-ACK carry {got}, due {want}"


def check_counts(scenario, row, seen):
    for point, side in POINTS.items():
        if not seen[point]:
            yield f"{point}: no segment"
            continue
        got = wire.counts(segments(seen[point]))
        want = scenario.counts.get(side, {}) | scenario.counts.get(point, {})
        if want.keys() - got.keys():
            got |= windows.measure(seen[point])
        if wire.options(segments(seen[point]))[0]:
            want["connections"] = scenario.syns or int(row["connections"])
        for name, due in want.items():
            low, high = due if isinstance(due, tuple) else (due, due)
            if got[name] < low or (high is not None and got[name] > high):
                yield f"{point}: {name} is {got[name]:.4g}, due {due}"


def check_view(scenario, row, seen):
    """An end that believes in scaling sees W both ways; one that does not misses it one way."""
    for end in ("client", "server"):
        syn, synack = wire.options(segments(seen[end]))
        if row[end + "_view"] == "-" or not syn or not synack or "cut" in syn | synack:
            continue
        expected = set()
        if synack & ABSENT or not syn - ABSENT:
            expected.add("off")
        if synack - ABSENT and syn - ABSENT:
            expected.add("on")
        if set(row[end + "_view"].split(",")) != expected:
            yield f"{end}: believes {row[end + '_view']}, the wire says {expected}"


def out_of_place(one, other):
    """How many segments of each sender are not where they were; two CPUs may swap a few."""
    count = 0
    for sender in {s.src for s in segments(one)}:
        sides = [[s for s in segments(timed) if s.src == sender] for timed in (one, other)]
        count += sum(a != b for a, b in zip(*sides))
    return count


def check_cables(scenario, _row, seen):
    """The two points of one cable see the same; box-any sees all of it again."""
    bare = {point: collections.Counter(s._replace(vxlan=False) for s in segments(timed))
            for point, timed in seen.items()}
    if scenario.layout == "vxlan":
        pairs = [("client", "box-in"), ("box-in", "box-out"), ("box-out", "server")]
    else:
        pairs = [("client", "box-in"), ("box-out", "server")]
    line = scenario.line
    for one, other in pairs:
        if line and line.side in (one, other) and not line.loss + line.late:
            swapped = out_of_place(seen[one], seen[other])
            if swapped > 0.01 * len(seen[one]):
                yield f"{one} and {other}: {swapped} of {len(seen[one])} segments out of place"
        if line and line.loss and line.side in (one, other):
            lost = sum(((bare[one] - bare[other]) + (bare[other] - bare[one])).values())
            if not 0 < 1000 * lost <= 3 * line.loss * sum(bare[one].values()):
                yield f"{lost} segments lost between {one} and {other}"
        elif bare[one] != bare[other]:
            yield f"{one} and {other} differ: {bare[one] - bare[other]} {bare[other] - bare[one]}"
    if "box-any" in seen:
        twice = 2 if scenario.layout == "vxlan" else 1
        want = bare["client"] + sum([bare["box-out"]] * twice, collections.Counter())
        if bare["box-any"] != want:
            yield "box-any is not the sum of the box's devices"


CHECKS = ((check_options, "window scale in SYN and SYN-ACK at each point"),
          (check_counts, "connections, counts and windows"),
          (check_view, "the ends' view and the wire agree"),
          (check_cables, "nothing lost between points"))


def results(scenario, row, directory):
    """(what was checked, what is wrong) of one scenario's captures."""
    points = list(POINTS) + (["box-any"] if scenario.box_any else [])
    have = sorted(os.listdir(directory)) if os.path.isdir(directory) else []
    end = ".pcap.gz" if scenario.bulk else ".pcap"
    good = have == sorted(point + end for point in points)
    yield f"captures of {len(points)} points", [] if good else [f"found {have}"]
    if not have:
        return
    try:
        seen = {point: wire.read_timed(wire.find(directory, point)) for point in points}
    except (OSError, ValueError) as error:
        yield "readable", [str(error)]
        return
    for check, what in CHECKS:
        yield what, list(check(scenario, row, seen))
    if scenario.check:
        yield "the box did what it says", what_box_did_not(scenario, seen, directory)


def check_scenario(label, scenario, row, directory):
    for what, wrong in results(scenario, row, directory):
        tap.ok(not wrong, f"{label} {scenario.name}: {what}", "\n".join(wrong))


def what_box_did_not(scenario, seen, directory):
    try:
        return list(scenario.check({point: segments(timed) for point, timed in seen.items()},
                                   directory))
    except ValueError as error:
        return [str(error)]


def check_box_checks():
    """Each box's check rejects a box that did nothing: both sides look as one of them did."""
    blind = []
    for scenario in scenarios_box.BASE:
        if scenario.name in ("server-restart", "path-strips-not"):   # there it does nothing
            continue
        source = os.path.join(CAPTURES, scenario.name)
        for point in ("box-in", "box-out"):
            with tempfile.TemporaryDirectory() as directory:
                path = wire.find(source, point)
                for copy in ("box-in", "box-out"):
                    shutil.copy(path, os.path.join(
                        directory, os.path.basename(path).replace(point, copy, 1)))
                seen = {copy: wire.read_timed(path) for copy in ("box-in", "box-out")}
                if not what_box_did_not(scenario, seen, directory):
                    blind.append(f"{scenario.name}, {point} on both sides")
    tap.ok(not blind, "the checks reject a box that did nothing", "\n".join(blind))


# -- expect.tsv against the captures -------------------------------------------------------------


def power_of_two(ratio):
    return 2 ** round(math.log2(ratio))


# code -> the value that windows.py gives, by the numbers, the side, and the direction to that side
VALUES = {
    "window-limited": lambda n, side, way: 1000 * n["ceiling_kbit_" + way],
    "zero-window-stall": lambda n, side, way: n["stalls_ms_" + side] / 1000,
    "window-shrunk": lambda n, side, way: n["shrunk_" + side],
    "tiny-window": lambda n, side, way: 2 ** n["shift_" + side],
    "phantom-scaling": lambda n, side, way: power_of_two(n["w0_" + side] / n["raw_first_" + side]),
    "missing-scaling": lambda n, side, way: 2 ** n["shift_" + side],
    "window-overrun":
        lambda n, side, way: math.log2(n["factor_" + ("c2s" if way == "s2c" else "s2c")]),
    "synproxy-mismatch": lambda n, side, way: 2 ** n["shift_" + side]
    / power_of_two(2 ** n["slope_" + side]),
}


def check_table():
    """expect.tsv has every point of every scenario, and numbers where numbers are due."""
    rows = read_table(os.path.join(HERE, "expect.tsv"))
    have, due = {(row["scenario"], row["point"]) for row in rows}, {
        (name, point) for name, scenario in TABLE.items()
        for point in list(POINTS) + (["box-any"] if scenario.box_any else [])}
    tap.ok(have == due, "expect.tsv has every point of every scenario", have ^ due)
    odd = [row for row in rows if not re.fullmatch(r"-|(>=)?\d+|\d+(\.\d+)?~\d+", row["value"])
           or (row["code"] == "-") != (row["minimum_count"] == "0")]
    tap.ok(not odd, "expect.tsv has numbers where numbers are due", odd)
    return rows


def check_values(rows):
    """The values of the table are what the captures hold, and in the middle of their tolerance."""
    wrong, checked = [], 0
    for row in rows:
        if row["code"] not in VALUES or row["value"] == "-":
            continue
        timed = wire.read_timed(wire.find(os.path.join(CAPTURES, row["scenario"]), row["point"]))
        numbers = windows.measure(timed)
        way = "c2s" if row["side"] == "server" else "s2c"
        value = VALUES[row["code"]](numbers, row["side"], way)
        answers = wire.options(segments(timed))[1]
        if row["code"] == "synproxy-mismatch" and len(answers) == 2:    # both shifts are there
            value = 2 ** (max(answers) - min(answers))
        wanted, _, percent = row["value"].partition("~")
        checked += 1
        if not fits(value, f"{wanted}~{min(int(percent), 5)}" if percent else wanted):
            wrong.append(f"{row['scenario']} {row['point']} {row['code']}: {row['value']}, "
                         f"the capture has {value:.6g}")
    tap.ok(not wrong and checked > 50, f"expect.tsv: {checked} values are in the captures",
           "\n".join(wrong))


# -- wire.py against tshark ----------------------------------------------------------------------


def check_tshark(label, directory):
    """Every SYN and SYN-ACK of every capture, in one run of tshark over all of them."""
    name = f"{label}: wire.py and tshark read the same SYNs"
    for tool in ("tshark", "mergecap"):
        if not shutil.which(tool):
            tap.skip(name, f"package: {tool} is not installed")
            return
    files = [os.path.join(directory, scenario, point) for scenario in sorted(os.listdir(directory))
             for point in sorted(os.listdir(os.path.join(directory, scenario)))]
    with tempfile.NamedTemporaryFile(suffix=".pcapng") as merged:
        subprocess.run(["mergecap", "-a", "-w", merged.name] + files, check=True)
        said = subprocess.run(
            ["tshark", "-n", "-r", merged.name, "-Y", "tcp.flags.syn == 1", "-T", "fields"]
            + [word for field in ("tcp.srcport", "tcp.seq_raw", "tcp.flags.ack",
                                  "tcp.options.wscale.shift") for word in ("-e", field)],
            capture_output=True, text=True, check=True).stdout.splitlines()
    mine = [f"{s.sport}\t{s.seq}\t{int(wire.is_synack(s))}\t"
            f"{s.option if isinstance(s.option, int) else ''}"
            for path in files for s in wire.read(path) if s.flags & wire.SYN]
    different = [f"wire {one!r}, tshark {other!r}" for one, other in zip(mine, said)
                 if one != other]
    tap.ok(mine == said and len(mine) > 500, f"{name} ({len(mine)})",
           "\n".join(different[:5]) or f"{len(mine)} and {len(said)}")


# -- the lab's own manners -----------------------------------------------------------------------


def namespaces(pid):
    return [name for name in os.listdir("/run/netns") if name.startswith(f"wsl-lab-{pid}-")] \
        if os.path.isdir("/run/netns") else []


def start(directory, *names):
    return subprocess.Popen([MAKE, "-o", directory, "-t", os.path.join(directory, "truth.tsv"),
                             *names], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def wait_for(condition, seconds=15):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


def children_of(pid):
    """The tcpdump and delay_line processes that the run `pid` started."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat", encoding="ascii") as file:
                name, _, rest = file.read().rpartition(")")
            if re.search(r"\((tcpdump|delay_line)", name) and int(rest.split()[1]) == pid:
                found.append(int(entry))
        except OSError:
            continue
    return found


def running(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def check_ending(directory, number, status):
    """End a run in the middle of two scenarios: nine captures, one delay line."""
    child = start(directory, "lost-syn", "slow-fast")
    caught = wait_for(lambda: len(children_of(child.pid)) == 10)
    children = children_of(child.pid)
    child.send_signal(number)
    child.communicate()
    tap.ok(caught and child.returncode == status, f"{number.name} ends a run with {status}",
           f"capturing {caught}, status {child.returncode}")
    tap.ok(wait_for(lambda: not any(running(pid) for pid in children), 5),
           f"{number.name}: no tcpdump and no delay line is left")
    return child.pid


def check_manners(directory):
    for number in (signal.SIGINT, signal.SIGTERM):
        pid = check_ending(directory, number, 128 + number)
        tap.ok(not namespaces(pid) and not os.path.exists(f"/run/wsl-lab/{pid}"),
               f"{number.name}: no namespace and no pid file is left", namespaces(pid))
    dead = check_ending(directory, signal.SIGKILL, -signal.SIGKILL)
    left = namespaces(dead)
    alive = start(directory, "stop-reading")
    wait_for(lambda: children_of(alive.pid))
    other = start(directory, "both-on")
    other.communicate()
    tap.ok(left and not namespaces(dead), "the next run removes what a killed one left",
           f"left {left}, then {namespaces(dead)}")
    _, said = alive.communicate()
    tap.ok(alive.returncode == 0 and other.returncode == 0,
           "two runs side by side leave each other alone", said)


# -- all -----------------------------------------------------------------------------------------


def check_again(directory, committed):
    """All scenarios but the long ones; of those the committed captures stand for all runs."""
    begin = time.monotonic()
    live = [scenario for scenario in TABLE.values() if scenario.live]
    child = start(directory, *(scenario.name for scenario in live))
    _, said = child.communicate()
    print(f"# {len(live)} of {len(TABLE)} scenarios run again in {time.monotonic() - begin:.1f} s")
    trouble = dict(re.findall(r"^make-captures: ([a-z0-9-]+): (.*)$", said, re.MULTILINE))
    truth = {row["scenario"]: row
             for row in read_table(os.path.join(directory, "truth.tsv"))}
    for scenario in live:
        name = scenario.name
        if REFUSED.search(trouble.get(name, "")):
            tap.skip(f"again {name}", f"kernel: {trouble[name]}")
        elif name in trouble or name not in truth:
            tap.ok(False, f"again {name}: runs", trouble.get(name, said))
        else:
            if scenario.line and any(wrong for _, wrong in results(
                    scenario, truth[name], os.path.join(directory, name))):
                start(directory, name).communicate()    # a busy machine adds to a delay
            tap.ok(truth[name] == committed.get(name), f"again {name}: the truth is the same",
                   f"{truth[name]}\n{committed.get(name)}")
            check_scenario("again", scenario, truth[name], os.path.join(directory, name))
    os.unlink(os.path.join(directory, "truth.tsv"))
    check_tshark("again", directory)


def main():
    truth = {row["scenario"]: row for row in read_table(os.path.join(HERE, "truth.tsv"))}
    tap.ok(set(truth) == set(TABLE), "truth.tsv has every scenario", set(truth) ^ set(TABLE))
    for name, scenario in TABLE.items():
        check_scenario("committed", scenario, truth.get(name), os.path.join(CAPTURES, name))
    check_values(check_table())
    check_box_checks()
    check_tshark("committed", CAPTURES)
    if os.geteuid() != 0:
        tap.skip("the lab runs again", "privilege: not root")
    elif missing_tool():
        tap.skip("the lab runs again", f"package: {missing_tool()} is not installed")
    else:
        with tempfile.TemporaryDirectory(prefix="wsl-lab-t-") as directory:
            check_again(directory, truth)
        with tempfile.TemporaryDirectory(prefix="wsl-lab-t-") as directory:
            check_manners(directory)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
