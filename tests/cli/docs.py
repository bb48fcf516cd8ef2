# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What docs.t reads: the project's lists, its pages and manuals, and the examples in them."""

import os
import re
import subprocess

MARK = "\x1e"  # between the commands of an example; no program prints it


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


# -- lists ---------------------------------------------------------------------------------------


def expand(path, *defines):
    """The lines of a .def list beginning with @, after the preprocessor."""
    source = "\n".join(f"#define {define}" for define in defines) + f'\n#include "{path}"\n'
    done = subprocess.run([os.environ.get("CC", "gcc"), "-E", "-P", "-I.", "-x", "c", "-"],
                          input=source, capture_output=True, text=True, check=True, timeout=60)
    flat = re.sub(r"\s+", " ", done.stdout)
    return [entry.strip() for entry in flat.split("@")[1:]]


def text(literal):
    """The value of adjacent C string literals."""
    return "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', literal))


def rows(path, *defines):
    """Fields of each entry; the defines separate them by ::."""
    return [[field.strip() for field in entry.split("::")] for entry in expand(path, *defines)]


# What is weighed in a report looks at the same as what is decided at once.
LOOKS_AT = {"TRANSFER": "SIDE", "HOST": "ENDPOINT"}


def detectors():
    """code -> (title, severity, scope)"""
    found = rows("engine/detectors.def", "DETECTOR(i, n, s, v, l, t, x, a) @ n :: t :: v :: s")
    return {text(code): (text(title), severity.lower(), LOOKS_AT.get(scope, scope))
            for code, title, severity, scope in found}


def changes():
    """code -> (severity, title)"""
    found = rows("userspace/changes.def", "CHANGE(i, c, s, h, t, a) @ c :: s :: h")
    return {text(code): (severity.lower(), text(title)) for code, severity, title in found}


def options():
    """[(letter or None, name, argument or None, commands)]"""
    found = rows("userspace/options.def", "OPTION(i, l, n, a, c, h) @ l :: n :: a :: c")
    return [(letter.strip("'") if letter != "0" else None, text(name),
             text(argument) if argument != "0" else None, commands.lower())
            for letter, name, argument, commands in found]


def exit_statuses():
    return {int(number) for number in
            re.findall(r"^\s*EXIT_\w+ = (\d+),", read("userspace/exit_status.h"), re.M)}


def commands():
    table = re.search(r"main_commands\[\] = \{(.*?)\n\};", read("userspace/main.c"), re.S)
    return re.findall(r'\{\s*"([a-z]+)"', table.group(1))


def tunnels():
    return {text(name) for name, in rows("engine/tunnels.def", "TUNNEL(i, n, w) @ n")}


def skip_reasons():
    found = rows("engine/counters.def", "COUNTER(i, n, w)", "SKIP(i, n, w) @ n")
    return {text(name) for name, in found}


def records():
    """record -> names of its fields, in order"""
    found = {}
    for record in ("FLOW", "DIRECTION", "FINDING", "ENDPOINT", "SUMMARY", "EVENT", "SAMPLE",
                   "COMPARE_FLOW", "COMPARE", "CHANGE", "EXPECTATION", "ASSERTION", "WITNESS", "CHECK",
                   "ATTACHMENT", "STATUS", "TABLE"):
        define = f"RECORD_{record}(k, n, l, w) @ n"
        found[record.lower()] = expand("userspace/record.def", define)
    for record in ("FLOW", "SUMMARY"):
        define = f"RECORD_{record}_RETIRE(k, n, l, w) @ n"
        found[record.lower()] += expand("userspace/record.def", define)
    return found


def written_names():
    """Every word that an enumeration is written as in records."""
    found = expand("userspace/names.def", "NAMES_NOTHING", "NAMES(l, ...) @ __VA_ARGS__")
    return {word for entry in found for word in re.findall(r'"([^"]+)"', entry)}


# -- pages ---------------------------------------------------------------------------------------


def sections(markdown):
    """[(heading, body)] of the second level."""
    parts = re.split(r"^## (.*)\n", markdown, flags=re.M)
    return list(zip(parts[1::2], parts[2::2]))


def links(path):
    """Targets of the links of a page that point into the project, seen from its root."""
    body = re.sub(r"^```.*?^```", "", read(path), flags=re.M | re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", body):
        if not re.match(r"[a-z]+:", target):
            yield os.path.normpath(os.path.join(os.path.dirname(path), target.split("#")[0]))


def named_paths(path, tops):
    """Words in backticks that name a file or folder of the project."""
    for word in re.findall(r"`([^`\s]+)`", read(path)):
        if word.split("/")[0] in tops and "/" in word and not re.search(r"[A-Z]{2,}\.|[*<]", word):
            yield word


# -- manuals -------------------------------------------------------------------------------------


def unescape(line):
    line = re.sub(r"\\f[BIRP]|\\&", "", line)
    return line.replace("\\-", "-").replace("\\(aq", "'").replace("\\e", "\\")


def roff_text(line):
    """What one line of a man page prints. Macros of two fonts (.BR) join their arguments."""
    match = re.match(r"\.([A-Z]+) (.*)", line)
    if not match:
        return unescape(line)
    words = [quoted or bare for quoted, bare in re.findall(r'"([^"]*)"|(\S+)', match.group(2))]
    return unescape(("" if len(match.group(1)) == 2 else " ").join(words))


def manual_section(path, name):
    parts = re.split(r'^\.SH "?(.*?)"?\n', read(path), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2])).get(name, "")


def tags(section):
    """The lines under .TP, as text."""
    return [roff_text(line) for line in re.findall(r"^\.TP\n(.*)", section, re.M)]


def manual_options(path):
    """{long name: (letter or None, argument or None)}"""
    found = {}
    for tag in tags(manual_section(path, "OPTIONS")):
        match = re.fullmatch(r"(?:-(\w) ?, )?--([a-z-]+)(?: (\S+))?", tag.strip())
        if not match:
            raise ValueError(f"{path}: no option: {tag}")
        found[match.group(2)] = (match.group(1), match.group(3))
    return found


# -- examples ------------------------------------------------------------------------------------


def markdown_blocks(path):
    """[(info word, lines)] of the fenced blocks."""
    found = re.findall(r"^```([^\n]*)\n(.*?)^```$", read(path), re.M | re.S)
    return [(info, body.splitlines()) for info, body in found]


def manual_blocks(path):
    """[(mark, lines)]: mark is the comment right above .EX."""
    found = re.findall(r'(?:^\.\\" ([^\n]*)\n)?^\.EX\n(.*?)^\.EE$', read(path), re.M | re.S)
    return [(mark, [unescape(line) for line in body.splitlines()]) for mark, body in found]


def steps(lines):
    """[(command, [output lines])]"""
    found = []
    for line in lines:
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif found:
            found[-1][1].append(line)
    return found


def run(lines, cwd, env):
    """Run the commands of an example in one shell. [(status, output lines)] of each."""
    script = "status=0\n"
    for command, _ in steps(lines):
        script += f"printf '{MARK}'; (exit $status)\n{command}\nstatus=$?\nprintf '{MARK}%s' $status\n"
    done = subprocess.run(["bash", "-c", script], cwd=cwd, env=env, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False)
    parts = done.stdout.decode("utf-8", "replace").split(MARK)
    return [(int(status), output.splitlines())
            for output, status in zip(parts[1::2], parts[2::2])]


def agrees(due, got):
    """Whether output is as shown; a line of three dots stands for any number of lines."""
    pattern = "".join("(?:.*\n)*" if line.strip() == "..." else re.escape(line.rstrip()) + "\n"
                      for line in due)
    return re.fullmatch(pattern, "".join(line.rstrip() + "\n" for line in got)) is not None
