# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What tests/vm/verify says on a kernel, held against tests/vm/limits.

    limits = Limits(LIMITS)
    verify = build_verify()
    labels = expected_labels(verify, [DEFAULT_OBJECT], limits)
    judge = Judge(release, labels, limits.bound)    # judge.line() for each line of what
    good = judge.finish()                           # verify_commands() print there
"""
import os
import pathlib
import shlex
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = ROOT / "build"
LIMITS = HERE / "limits"
DEFAULT_OBJECT = BUILD / "bpf" / "wscope.bpf.o"


class Failure(Exception):
    """Ends the run; the text is for the user, the status for the caller."""

    def __init__(self, text, status=3):
        super().__init__(text)
        self.status = status


class Limits:
    """tests/vm/limits: the bound and the configurations."""

    def __init__(self, path):
        self.bound = None
        self.configs = {}
        for number, line in enumerate(path.read_text().splitlines(), 1):
            words = line.split("#")[0].split()
            if not words:
                continue
            if words[0] == "bound" and len(words) == 2 and words[1].isdigit():
                self.bound = int(words[1])
            elif words[0] == "config" and len(words) >= 2:
                self.configs[words[1]] = words[2:]
            else:
                raise Failure(f"{path}:{number}: neither 'bound N' nor 'config NAME ...'", 2)
        if self.bound is None or not self.configs:
            raise Failure(f"{path}: needs a bound and a config", 2)


def build_verify():
    """build/tests/vm/verify, static if the static libraries are there. Returns its path."""
    source, target = HERE / "verify.c", BUILD / "tests" / "vm" / "verify"
    if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    command = shlex.split(os.environ.get("CC", "cc")) + ["-std=gnu11", "-O2", "-o", target, source]
    static = ["-static", "-lbpf", "-lelf", "-lz"]
    for libraries in (static, static + ["-lzstd"], ["-lbpf"]):
        done = subprocess.run(command + libraries, check=False, stderr=subprocess.PIPE, text=True)
        if done.returncode == 0:
            return target
    raise Failure(f"cannot build {target.name}:\n{done.stderr}")


def verify_commands(program, objects, limits):
    """One command per configuration, each announced in the output by a line 'config NAME'."""
    commands = []
    for name, settings in limits.configs.items():
        words = [program] + [word for setting in settings for word in ("--set", setting)] + objects
        commands += [f"echo config {shlex.quote(name)}", shlex.join(map(str, words)) + " 2>&1"]
    return "; ".join(commands)


def label(config, program):
    return program if config == "default" else f"{program}/{config}"


def expected_labels(verify, objects, limits):
    """All labels a kernel has to report, in order."""
    listed = subprocess.run([verify, "--list"] + objects, check=False, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    names = listed.stdout.split()
    if listed.returncode or not names:
        raise Failure(listed.stderr.strip() or f"no program in {objects}")
    return [label(config, name) for config in limits.configs for name in names]


class Judge:
    """Turns verify's output on one kernel into verdicts, as it comes; say is given each line."""

    def __init__(self, kernel, labels, bound, say=lambda text: print(text, flush=True)):
        self.kernel, self.bound, self.say = kernel, bound, say
        self.awaited = list(labels)
        self.config = None
        self.good = True

    def verdict(self, program, count, word):
        name = label(self.config, program)
        self.awaited.remove(name)
        self.good = self.good and word == "ok"
        self.say(f"verify {self.kernel} {name} {count} {self.bound} {word}")

    def line(self, line):
        words = line.split(" ", 3)
        if words[0] == "config":
            self.config = words[1]
        elif words[0] == "program" and words[2] == "insns":
            count = int(words[3])
            self.verdict(words[1], count, "ok" if 0 < count <= self.bound else "over")
        elif words[0] == "program":
            self.verdict(words[1], "-", "refused")
            self.say(f"# {words[3]}")
        elif words[0] != "done":
            self.say(f"# {line[4:] if words[0] == 'log' else line}")

    def finish(self):
        """True if all programs were accepted within the bound."""
        if self.awaited:
            raise Failure(f"no figure for {' '.join(self.awaited)}")
        return self.good
