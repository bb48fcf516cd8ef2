#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# timeout: 640
"""The programs in Debian's kernels: a VM for each, side by side, with the tests of tests/vm/inside.

What the verifier makes of each program stands in lines "# verify ...", as tests/vm/run prints them.
WSCOPE_VM_KERNELS and WSCOPE_VM_TESTS (words) restrict it to some.
"""
import glob
import os
import pathlib
import re
import shutil
import signal
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import vm  # noqa: E402
from verifier import (DEFAULT_OBJECT, HERE, LIMITS, ROOT, Failure, Judge, Limits,  # noqa: E402
                      build_verify, expected_labels, verify_commands)

BUILD = pathlib.Path(os.environ.get("WSCOPE_BUILD", ROOT / "build"))
# Those of one kernel only: before Linux 6.6 there are no links to TC.
TESTS = {"6.1": ["live", "dispatcher", "keeper", "cpus", "clsact"],
         "6.12": ["live", "dispatcher", "keeper", "cpus"]}
MODULES = ["veth", "sch_ingress", "cls_bpf", "cls_matchall"]
TOOLS = ["ip", "tc", "socat", "setpriv"]
PROGRAMS = ["wscope", "tests/live/neighbour", "tests/live/cut", "tests/live/flood"]
# One runs from the beginning, the others when a test wants them: emulated, they slow each other.
CPUS = 4
TIMEOUT = 600
VERIFIER = "verifier"


class Test:
    """What one test in the VM said."""

    def __init__(self):
        self.lines, self.said = [], []
        self.status, self.began, self.seconds = None, time.monotonic(), 0

    def line(self, text):
        self.lines.append(text)

    def results(self):
        """[(good, name)]; a plan that does not hold, or a status, is a result more."""
        found = [re.fullmatch(r"(not )?ok (\d+) - (.*)", line) for line in self.lines]
        results = [(not match[1], match[3]) for match in found if match]
        plans = [line for line in self.lines if re.fullmatch(r"1\.\.\d+", line)]
        if plans != [f"1..{len(results)}"] or not results:
            results.append((False, f"a plan of {plans} tests, {len(results)} seen"))
        if self.status != 0:
            results.append((False, f"its exit status is {self.status}"))
        return results


class Verifier(Test):
    """The verifier's part: a result for each program and configuration, and its figure."""

    def __init__(self, kernel, labels, bound):
        super().__init__()
        self.judge = Judge(kernel, labels, bound, self.say)
        self.labels = labels

    def say(self, text):
        self.said.append(text)

    def line(self, text):
        self.lines.append(text)
        self.judge.line(text)

    def results(self):
        good = {line.split()[2] for line in self.said if line.endswith(" ok")}
        return [(label in good, f"{label} is accepted, within the bound") for label in self.labels]


class Guest(threading.Thread):
    """One kernel's VM."""

    def __init__(self, series, verify, limits):
        super().__init__(daemon=True)
        self.series, self.error, self.qemu = series, None, None
        self.kernel = vm.find_kernel(series, vm.CACHE)
        self.image = new_image(verify)
        self.limits, self.labels = limits, expected_labels(verify, [DEFAULT_OBJECT], limits)
        wanted = os.environ.get("WSCOPE_VM_TESTS", "").split()
        self.names = [name for name in [VERIFIER] + TESTS[series] if name in wanted or not wanted]
        self.tests, self.now = {}, None

    def line(self, text):
        """A line of the VM's: a mark of tests/vm/inside/all, or of the test at hand."""
        words = text.split(" ")
        if words[0] == "@@test":
            self.now = Test()
            if words[1] == VERIFIER:
                self.now = Verifier(self.kernel.release, self.labels, self.limits.bound)
            self.tests[words[1]] = self.now
        elif words[0] == "@@end":
            self.now.status = int(words[2])
            self.now.seconds = time.monotonic() - self.now.began
        elif self.now:
            self.now.line(text)

    def command(self):
        verify = verify_commands("verify", [f"/root/{DEFAULT_OBJECT.name}"], self.limits)
        first = f"echo @@test {VERIFIER}; {verify}; echo @@end {VERIFIER} 0; "
        if VERIFIER not in self.names:
            first = ""
        return first + "sh /root/inside/all " + " ".join(
            name for name in self.names if name != VERIFIER)

    def started(self, qemu):
        self.qemu = qemu

    def stop(self):
        """Whatever happened: no VM is left."""
        if self.qemu:
            self.qemu.terminate()

    def run(self):
        try:
            vm.boot(self.kernel, self.image, self.command(), self.line, modules=MODULES,
                    timeout=TIMEOUT, cpus=CPUS, on_start=self.started,
                    append="maxcpus=1")
        except Exception as error:  # pylint: disable=broad-except
            self.error = error

    def report(self, number):
        """Prints the results; returns how many there are by now, and whether all are good."""
        results = [(not self.error, "the VM runs", str(self.error or "").splitlines())]
        for name in self.names:
            test = self.tests.get(name)
            if not test:
                results.append((False, f"{name}: did not run", []))
                continue
            print("".join(f"# {line}\n" for line in test.said), end="")
            print(f"# {self.series}: {name} took {test.seconds:.0f} s")
            parts = test.results()
            shown = test.lines if not all(good for good, _ in parts) else []
            results += [(good, f"{name}: {text}", []) for good, text in parts[:-1]]
            results.append((parts[-1][0], f"{name}: {parts[-1][1]}", shown))
        for good, text, lines in results:
            number += 1
            print(f"{'' if good else 'not '}ok {number} - {self.series}: {text}")
            print("".join(f"# {line}\n" for line in lines), end="")
        return number, all(good for good, _, _ in results)


def new_image(verify):
    image = vm.Initramfs()
    image.add_data("/etc/passwd", b"root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n")
    image.add_data("/etc/group", b"root:x:0:\nnogroup:x:65534:\n")
    for tool in TOOLS:
        image.add_tool(shutil.which(tool) or tool)
    for program in PROGRAMS:
        image.add_tool(BUILD / program)
    image.add_tool(verify, "/usr/bin/verify")
    image.add_file(DEFAULT_OBJECT, f"/root/{DEFAULT_OBJECT.name}")
    image.add_file(HERE / "inside", "/root/inside")
    for dispatcher in glob.glob("/usr/lib/*/bpf/xdp-dispatcher.o"):
        image.add_file(dispatcher, dispatcher)
    for library in glob.glob("/usr/lib/*/libmicrohttpd.so.*"):  # loaded when metrics are asked for
        image.add_tool(library, library)
    return image


def main():
    if os.geteuid():
        print("1..0 # SKIP privilege: not root")
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        vm.require_tools()
        limits, verify = Limits(LIMITS), build_verify()
        guests = [Guest(series, verify, limits)
                  for series in os.environ.get("WSCOPE_VM_KERNELS", " ".join(TESTS)).split()]
    except (Failure, vm.VmError) as error:
        print(f"Bail out! {error}")
        return 1
    try:
        for guest in guests:
            guest.start()
        for guest in guests:
            guest.join()
    finally:
        for guest in guests:
            guest.stop()
    number, good = 0, True
    for guest in guests:
        number, well = guest.report(number)
        good = good and well
    print(f"1..{number}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
