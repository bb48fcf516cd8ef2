#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Documentation against the program and its lists.

Pages of findings, manuals and the pages on records and headers say all that is in the lists they
are about, and nothing that is not. Examples are run: in Markdown every fenced block says in its
first line what it is, and `console` blocks are commands ("$ ") and their output, compared line by
line; in manuals the comment above .EX says `run`, `run STATUS` or `not run: why`, and output is
compared where it is shown.
"""

import gzip
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "lab")]
import docs  # noqa: E402
from tap import Tap  # noqa: E402

os.chdir(ROOT)
PROGRAM = os.path.abspath(os.environ.get(
    "WSCOPE", os.path.join(os.environ.get("WSCOPE_BUILD", "build"), "wscope")))
HEADINGS = ["On the wire", "The rule", "How wscope decides", "What it is not", "Causes",
            "What to do", "What would settle it"]
SCOPES = {"FLOW": "one connection", "SIDE": "each side of one connection",
          "ENDPOINT": "one side of a host"}
LANGUAGES = {"console", "sh", "c", "json", "text", "yaml"}
MANUALS = {"wscope": "man/wscope.1", "replay": "man/wscope-replay.1", "live": "man/wscope-live.1",
           "compare": "man/wscope-compare.1", "check": "man/wscope-check.1",
           "merge": "man/wscope-merge.1",
           "top": "man/wscope-top.1", "attach": "man/wscope-attach.1",
           "status": "man/wscope-status.1", "detach": "man/wscope-detach.1"}
COMMANDS = [name for name in MANUALS if name != "wscope"]
tap = Tap()


def pages(folder="docs"):
    return sorted(os.path.join(parent, name) for parent, _, names in os.walk(folder)
                  for name in names if name.endswith(".md"))


def differ(got, due, what):
    """Lines on what is missing and what is too much."""
    yield from (f"{what} missing: {word}" for word in sorted(set(due) - set(got)))
    yield from (f"{what} not known: {word}" for word in sorted(set(got) - set(due)))


def report(name, problems):
    problems = list(problems)
    tap.ok(not problems, name, "\n".join(problems))


# -- findings ------------------------------------------------------------------------------------


def check_page(path, code, title, severity, scope):
    page = docs.read(path)
    if not page.startswith(f"# {code}\n\n{title[0].upper()}{title[1:]}.\n\n"):
        yield f"does not begin with the code and the title '{title}'"
    if f"\nLooks at {SCOPES[scope]}. Usual severity: {severity}.\n" not in page:
        yield f"does not say 'Looks at {SCOPES[scope]}. Usual severity: {severity}.'"
    found = docs.sections(page)
    if [heading for heading, _ in found] != HEADINGS:
        yield f"headings are {[heading for heading, _ in found]}"
        return
    yield from (f"nothing under {heading}" for heading, body in found if len(body.split()) < 5)
    bodies = dict(found)
    if len(re.findall(r"^    +\S", bodies["On the wire"], re.M)) < 2:
        yield "no diagram"
    if not re.search(r"RFC\s+\d+", bodies["The rule"]):
        yield "no RFC"
    yield from (f"line {n} has {len(line)} columns" for n, line in enumerate(page.splitlines(), 1)
                if len(line) > 80)
    if not page.isascii() or "\t" in page:
        yield "not plain text"


def check_code_words(path, codes):
    """What looks like a finding code is one."""
    for word in set(re.findall(r"`([a-z]+(?:-[a-z]+)*)`", docs.read(path))):
        if re.search(r"wscale|^endpoint-", word) and word not in codes and word != "wscale":
            yield f"no such code: {word}"


def findings():
    known = docs.detectors()
    names = {os.path.basename(path)[:-3] for path in pages("docs/findings")}
    report("there is a page for each finding, and no other", differ(names, known, "page"))
    for code, (title, severity, scope) in known.items():
        path = f"docs/findings/{code}.md"
        if os.path.exists(path):
            report(f"page of {code}", check_page(path, code, title, severity, scope))
    for path in pages() + ["README.md"]:
        report(f"{path}: codes exist", check_code_words(path, {**known, **docs.changes()}))


def check_explain(code):
    done = subprocess.run([PROGRAM, "explain", code], capture_output=True, text=True, timeout=60,
                          stdin=subprocess.DEVNULL, check=False)
    if done.returncode or done.stderr:
        yield f"status {done.returncode}: {done.stderr.strip()}"
    if done.stdout != docs.read(f"docs/findings/{code}.md"):
        yield "what it prints is not the page"


# -- manuals -------------------------------------------------------------------------------------


def check_options(command):
    path = MANUALS[command]
    due = {name: (letter, argument) for letter, name, argument, where in docs.options()
           if command in where.split(" | ")}
    got = docs.manual_options(path)
    yield from differ(got, due, "option")
    for name in got.keys() & due.keys():
        if got[name] != due[name]:
            yield f"--{name}: {got[name]} where {due[name]} is due"


def check_statuses(path):
    got = {int(tag) for tag in docs.tags(docs.manual_section(path, "EXIT STATUS"))}
    yield from differ(got, docs.exit_statuses(), "exit status")
    if "2, 4, 3, 5, 1, 0" not in docs.manual_section(path, "EXIT STATUS"):
        yield "does not say which status goes first"


def check_roff(path):
    done = subprocess.run(["groff", "-man", "-ww", "-z", "-Tutf8", path], capture_output=True,
                          text=True, timeout=60, check=False)
    if done.returncode or done.stderr or done.stdout:
        yield done.stderr.strip() or f"status {done.returncode}"


def check_references(path):
    """wscope pages under SEE ALSO and elsewhere exist, and each names the others."""
    named = set(re.findall(r"wscope(?:\\-[a-z]+)? \(1\)", docs.read(path)))
    named = {"man/" + name.split()[0].replace("\\-", "-") + ".1" for name in named}
    yield from differ(named, set(MANUALS.values()) - {path}, "page")


def manuals():
    present = {os.path.join("man", name) for name in os.listdir("man")}
    report("the manuals are there", differ(present, MANUALS.values(), "page"))
    for command in COMMANDS:
        report(f"{MANUALS[command]}: options", check_options(command))
    report("each option belongs to a command",
           (name for _, name, _, where in docs.options()
            if not set(where.split(" | ")) <= set(COMMANDS)))
    codes = docs.tags(docs.manual_section(MANUALS["wscope"], "FINDINGS"))
    report("man/wscope.1: findings", differ(codes, docs.detectors(), "code"))
    codes = docs.tags(docs.manual_section(MANUALS["compare"], "CHANGES"))
    report("man/wscope-compare.1: changes", differ(codes, docs.changes(), "code"))
    lines = re.findall(r"^\| `([\w-]+)` \| (\w+) \|", docs.read("docs/compare.md"), re.M)
    report("docs/compare.md: changes", differ([" ".join(line) for line in lines],
                                              [f"{code} {severity}" for code, (severity, _)
                                               in docs.changes().items()], "code"))
    verbs = [tag.split()[0] for tag in docs.tags(docs.manual_section(MANUALS["wscope"], "COMMANDS"))]
    report("man/wscope.1: commands", differ(verbs, docs.commands(), "command"))
    for path in MANUALS.values():
        report(f"{path}: exit statuses", check_statuses(path))
        report(f"{path}: references", check_references(path))
        if shutil.which("groff"):
            report(f"{path}: groff has nothing to say", check_roff(path))
        else:
            tap.skip(f"{path}: groff has nothing to say", "package: groff is not installed")


# -- pages about lists ---------------------------------------------------------------------------


def check_records():
    bodies = dict(docs.sections(docs.read("docs/records.md")))
    for record, due in docs.records().items():
        lines = re.findall(r"^\* (`.*)", bodies.get(record, ""), re.M)
        heads = [re.sub(r"\([^)]*\)", "", line).split(":")[0] for line in lines]
        got = [name for head in heads for name in re.findall(r"`(\w+)`", head)]
        yield from differ(got, due, f"{record}: field")


def listed(path, level, heading):
    """Names of the list entries under headings that contain a word."""
    parts = re.split(rf"^{level} (.*)\n", docs.read(path), flags=re.M)
    return [name for title, body in zip(parts[1::2], parts[2::2]) if heading in title
            for name in re.findall(r"^\* `([\w-]+)`:", body, re.M)]


def lists():
    report("docs/records.md: every field", check_records())
    report("docs/tunnels.md: encapsulations",
           differ(listed("docs/tunnels.md", "##", "opened"), docs.tunnels(), "tunnel"))
    report("docs/tunnels.md: skip reasons",
           differ(listed("docs/tunnels.md", "##", "skipped"), docs.skip_reasons(), "reason"))
    names = docs.read("docs/records.md")
    report("docs/records.md: every value of a field",
           (f"not named: {word}" for word in sorted(docs.written_names()) if f"`{word}`" not in names))


# -- links and folders ---------------------------------------------------------------------------


def check_paths(path, tops):
    yield from (f"link to nothing: {target}" for target in docs.links(path)
                if not os.path.exists(target))
    yield from (f"no such file: {word}" for word in docs.named_paths(path, tops)
                if not os.path.exists(word))


def links():
    tracked = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], capture_output=True,
                             text=True, check=False, timeout=60).stdout.split("\n")
    tops = {name.split("/")[0] for name in tracked if "/" in name} or set(os.listdir("."))
    for path in pages() + ["README.md"]:
        report(f"{path}: what it points to exists", check_paths(path, tops))
    shown = {name for name in tops if not name.startswith(".") and name != "LICENSES"}
    named = set(re.findall(r"^\* `([\w-]+)/`", docs.read("README.md"), re.M))
    report("README.md: a sentence for each folder", differ(named, shown, "folder"))
    reached, todo = set(), ["README.md"]
    while todo:
        path = todo.pop()
        reached.add(path)
        targets = list(docs.links(path))
        for folder in [target for target in targets if os.path.isdir(target)]:
            targets += [os.path.join(folder, name)
                        for name in os.listdir(folder)]
        todo += [target for target in targets
                 if target.endswith(".md") and os.path.exists(target) and target not in reached]
    report("every page can be reached from the README",
           (path for path in pages() if path not in reached))


# -- examples ------------------------------------------------------------------------------------


def environment():
    env = dict(os.environ, TZ="UTC", LC_ALL="C.UTF-8")
    env["PATH"] = os.path.dirname(PROGRAM) + os.pathsep + env["PATH"]
    env.pop("NO_COLOR", None)
    return env


def check_example(lines, cwd, status=None, shown=True):
    due, got = docs.steps(lines), docs.run(lines, cwd, environment())
    if len(due) != len(got) or not due:
        yield f"{len(got)} of {len(due)} commands ran"
    for (command, output), (code, printed) in zip(due, got):
        if status is not None and code != status:
            yield f"status {code}: {command}"
            yield from printed[-5:]
        if (output or shown) and not docs.agrees(output, printed):
            yield f"$ {command}"
            yield from (f"due: {line}" for line in output)
            yield from (f"got: {line}" for line in printed)


def captures(folder):
    """The files that examples of manuals speak of."""
    source = "tests/captures/lab/server-off/client.pcap"
    for name in ("capture.pcap", "part2.pcap"):
        shutil.copy(source, os.path.join(folder, name))
    for name, point in (("before.pcap", "box-in"), ("after.pcap", "box-out")):
        shutil.copy(f"tests/captures/lab/strip-synack/{point}.pcap", os.path.join(folder, name))
    with open("tests/captures/lab/both-on/client.pcap", "rb") as plain, \
            gzip.open(os.path.join(folder, "part1.pcap.gz"), "wb") as packed:
        shutil.copyfileobj(plain, packed)


def manual_examples(path, folder):
    blocks = docs.manual_blocks(path)
    tap.ok(blocks, f"{path}: there are examples")
    for mark, lines in blocks:
        first = next(iter(lines), "")
        if re.fullmatch(r"not run: \S.*", mark):
            continue
        match = re.fullmatch(r"run( \d)?", mark)
        if not match:
            tap.ok(False, f"{path}: an example without a mark: {first}")
            continue
        report(f"{path}: {first}",
               check_example(lines, folder, int(match.group(1) or 0), shown=False))


def examples():
    with tempfile.TemporaryDirectory() as folder:
        captures(folder)
        for path in MANUALS.values():
            manual_examples(path, folder)
    ran = 0
    for path in ["README.md"] + pages():
        blocks = docs.markdown_blocks(path)
        report(f"{path}: each block says what it is",
               (f"block of '{info}'" for info, _ in blocks if info not in LANGUAGES))
        for lines in (lines for info, lines in blocks if info == "console"):
            ran += path == "README.md"
            report(f"{path}: {next(iter(lines), '')}", check_example(lines, ROOT))
    tap.ok(ran, "README.md: a picture of real output")
    first = docs.read("README.md").split("\n## ")[0].splitlines()
    tap.ok(len(first) <= 40, "README.md: one screen first", f"{len(first)} lines")
    tap.ok(all(f"make {goal}" in "\n".join(first) for goal in ("demo", "test")),
           "README.md: the two commands are on it")


findings()
manuals()
lists()
links()
if os.access(PROGRAM, os.X_OK):
    for name in docs.detectors():
        report(f"wscope explain {name}", check_explain(name))
    examples()
else:
    tap.ok(False, "the program is built", PROGRAM)
sys.exit(tap.end())
