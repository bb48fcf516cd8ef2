#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# timeout: 300
"""Every record of --json is what `wscope schema` says.

The schema is sound, allows nothing that it does not name, and asks for everything that it names;
it refuses records that were spoiled; the records of every capture pass it, lab and outside
captures alike, in the order flows, endpoints, summary; and so do records that no capture makes.
"""

import copy
import glob
import json
import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))
from tap import CAPTURES, Tap  # noqa: E402

BUILD = os.environ.get("WSCOPE_BUILD", "build")
PROGRAM = os.environ.get("WSCOPE", os.path.join(BUILD, "wscope"))
OUTSIDE = os.environ.get("WSCOPE_CAPTURES", "")
TYPES = {"flow", "endpoint", "summary", "event", "sample", "compare_flow", "compare", "expectation", "check",
         "attachment", "status"}
# What is there with replay --retire only.
RETIRE = {"flow": {"continued"}, "summary": {"retired"}}
ORDER = {"flow": 0, "endpoint": 1, "summary": 2}

tap = Tap()


def run(*argv):
    return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=120,
                          check=False)


def numbers(node):
    """Whether these are values by name: few, and nothing but numbers."""
    return "properties" not in node and "maxProperties" in node and \
        node.get("additionalProperties", {}).get("type") == "number"


def objects(node, path="#"):
    """Every schema of an object with fields, with where it stands."""
    if isinstance(node, dict):
        if node.get("type") == "object" and not numbers(node):
            yield path, node
        for key, value in node.items():
            yield from objects(value, f"{path}/{key}")
    elif isinstance(node, list):
        for key, value in enumerate(node):
            yield from objects(value, f"{path}/{key}")


class Records:
    """Validates lines by their type; the error of a oneOf would not say which field is wrong."""

    def __init__(self, jsonschema, schema):
        formats = jsonschema.FormatChecker(formats=("ipv4", "ipv6"))
        self.whole = jsonschema.Draft7Validator(schema, format_checker=formats)
        self.types = {}
        for reference in schema["oneOf"]:
            name = reference["$ref"].rsplit("/", 1)[1]
            part = dict(schema["definitions"][name], definitions=schema["definitions"])
            self.types[name] = jsonschema.Draft7Validator(part, format_checker=formats)

    def error(self, record):
        """What is wrong with a record, or None."""
        validator = self.types.get(record.get("type"))
        if validator is None:
            return f"type {record.get('type')!r}"
        found = next(validator.iter_errors(record), None)
        return found and f"{'.'.join(map(str, found.absolute_path))}: {found.message}"

    def check(self, output):
        """Errors of a report's lines: JSON, schema, order, one summary, at the end."""
        last = 0
        lines = output.decode("utf-8").splitlines()
        records = [json.loads(line) for line in lines]
        for at, record in enumerate(records, 1):
            error = self.error(record)
            if error:
                yield f"line {at}: {error}"
            place = ORDER.get(record.get("type"), -1)
            if place < last:
                yield f"line {at}: {record.get('type')} after {records[at - 2].get('type')}"
            last = place
        kinds = [record.get("type") for record in records]
        if kinds.count("summary") != 1 or kinds[-1] != "summary":
            yield "not one summary, at the end"


def spoiled(record):
    """Copies of a record, each with one thing wrong."""
    for key in set(record) - RETIRE.get(record["type"], set()):
        less = copy.deepcopy(record)
        del less[key]
        yield f"without {key}", less
    yield "with one field more", dict(record, extra=1)
    yield "of schema 2", dict(record, schema=2)
    for key, value in record.items():
        if isinstance(value, dict) and key not in ("findings", "skipped"):
            yield f"{key} without a field", dict(record, **{key: dict(list(value.items())[1:])})
            yield f"{key} with one more", dict(record, **{key: dict(value, extra=1)})
        elif isinstance(value, bool):
            yield f"{key} a number", dict(record, **{key: 1})
        elif isinstance(value, (int, float)):
            yield f"{key} a string", dict(record, **{key: str(value)})
        elif isinstance(value, str):
            yield f"{key} another string", dict(record, **{key: "no such"})
        elif isinstance(value, list) and value:
            yield f"{key} with one more", dict(record, **{key: [dict(value[0], extra=1)]})
            yield f"{key} of another code", dict(record, **{key: [dict(value[0], code="x")]})
            yield f"{key} with a word for a number", dict(record, **{
                key: [dict(value[0], numbers={"shift": "7"})]})
    for key in ("findings", "skipped"):
        if isinstance(record.get(key), dict):
            yield f"{key} with an unknown name", dict(record, **{key: {"no-such": 1}})


def check_schema(schema):
    tap.ok(schema.get("$schema") == "http://json-schema.org/draft-07/schema#", "schema: draft-07")
    names = {ref["$ref"].rsplit("/", 1)[1] for ref in schema["oneOf"]}
    tap.ok(names == TYPES, "schema: the records", names)
    found = list(objects(schema))
    wrong = [where for where, node in found if node.get("additionalProperties") is not False]
    tap.ok(len(found) >= 10 and not wrong, "schema: no object may have more fields", wrong)
    wrong = [where for where, node in found
             if set(node.get("required", ())) != set(node["properties"])
             - RETIRE.get(where.rsplit("/", 1)[1], set())
             and not where.endswith(("/findings", "/skipped"))]
    tap.ok(not wrong, "schema: all fields of an object are required, save counts and what --retire adds", wrong)
    wrong = [f"{name}.{field}" for name, node in schema["definitions"].items()
             for field, part in node["properties"].items()
             if not ("description" in part or "const" in part or name == "packet")]
    tap.ok(not wrong, "schema: every field is described", wrong)


def check_spoiled(records, samples):
    for kind, record in sorted(samples.items()):
        tap.ok(records.whole.is_valid(record), f"{kind}: a record is valid under the whole schema")
        kept = [how for how, bad in spoiled(record)
                if not records.error(bad) and not (how.endswith("another string")
                                                   and how.split()[0] in ("file", "name", "interface", "before", "after",
                                                                           "verdict", "pins"))]
        tap.ok(not kept, f"{kind}: spoiled records are refused", ", ".join(kept))


def captures():
    lab = sorted(glob.glob(os.path.join(CAPTURES, "*", "*.pcap*")))
    outside = sorted(path for path in glob.glob(os.path.join(OUTSIDE, "*"))
                     if OUTSIDE and not path.endswith((".tsv", ".md", ".py")))
    return lab, [path for path in outside if os.path.isfile(path)]


def check_captures(records, samples, name, paths, statuses):
    """All lines of all captures; keeps one record of each type, with findings where it can."""
    wrong, lines = [], 0
    for path in paths:
        done = run(PROGRAM, "replay", "--json", path)
        if done.returncode not in statuses:
            wrong.append(f"{path}: exit status {done.returncode}: {done.stderr.decode()}")
            continue
        if not done.stdout and done.returncode:
            continue  # not a capture at all
        try:
            wrong += [f"{path}: {error}" for error in records.check(done.stdout)]
        except ValueError as error:
            wrong.append(f"{path}: {error}")
            continue
        for line in done.stdout.splitlines():
            record = json.loads(line)
            lines += 1
            if len(record.get("findings") or ()) >= len(
                    samples.get(record["type"], {}).get("findings") or ()):
                samples[record["type"]] = record
    tap.ok(not wrong and lines > len(paths), f"{name}: {len(paths)} captures", "\n".join(wrong))
    print(f"# {lines} records")


def check_made(records, samples):
    done = run(os.path.join(BUILD, "tests", "cli", "records"))
    tap.ok(done.returncode == 0, "records that no capture makes are printed", done.stderr.decode())
    made = [json.loads(line) for line in done.stdout.decode("utf-8").splitlines()]
    events = [record for record in made if record["type"] == "event"]
    wrong = [error for error in map(records.error, made) if error]
    tap.ok(not wrong, f"{len(made)} of them are as the schema says", "\n".join(wrong))
    tap.ok({event["hook"] for event in events} == {"xdp", "tc-ingress", "tc-egress"} and
       any(event["endpoint"] for event in events), "events of every hook, one of an endpoint")
    tap.ok(["a\"b\\\n\033[31m.pcap", "caf\ufffd.pcap", ""] ==
       [record["file"] for record in made if record["type"] == "flow"],
       "hostile names of files arrive")
    samples["event"] = next(event for event in events if event["endpoint"])
    for kind, field in (("attachment", "fault"), ("status", "work")):
        found = [record for record in made if record["type"] == kind]
        tap.ok({record[field] is None for record in found} == {True, False}, f"{kind}: with null, and without")
        samples[kind] = found[-1]


def check_status(records):
    """Status where nothing is attached, which takes no privileges; tests/live has it where something is."""
    done = run(PROGRAM, "status", "--json", "--pin", "/nonexistent/pins")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    wrong = [error for error in map(records.error, found) if error]
    tap.ok(done.returncode == 1 and not wrong and [(one["type"], one["keeper"]) for one in found]
           == [("status", "none")], "status: of nothing", f"{done} {wrong}")


def check_series(records, samples, paths):
    """Every sample of every capture, thinned out or not."""
    wrong, lines = [], 0
    with tempfile.NamedTemporaryFile() as series:
        for path in paths:
            for interval in ("0", "0.01"):
                run(PROGRAM, "replay", "--series", series.name, "--series-interval", interval, path)
                with open(series.name, encoding="utf-8") as file:
                    found = file.readlines()
                for line in found:
                    sample = json.loads(line)
                    error = records.error(sample)
                    wrong += [f"{path}: {error}"] if error or sample["type"] != "sample" else []
                    lines += 1
                    samples["sample"] = sample
    tap.ok(not wrong and lines > len(paths), f"samples of {len(paths)} captures", "\n".join(wrong))


def check_retired(records, samples, paths):
    """The records of --retire, and of nothing else, have more fields."""
    wrong, continued = [], 0
    for path in paths:
        done = run(PROGRAM, "replay", "--json", "--retire", "0.2", path)
        wrong += [f"{path}: {error}" for error in records.check(done.stdout)]
        for line in done.stdout.splitlines():
            record = json.loads(line)
            continued += record.get("continued", False)
            wrong += [f"{path}: no {field}" for field in RETIRE.get(record["type"], set())
                      if field not in record]
            if record["type"] == "summary":
                samples["summary"] = record
    tap.ok(not wrong and continued, f"--retire: {len(paths)} captures", "\n".join(wrong))
    done = run(PROGRAM, "replay", "--json", paths[0])
    wrong = [line for line in map(json.loads, done.stdout.splitlines())
             if set(line) & RETIRE.get(line["type"], set())]
    tap.ok(not wrong, "and without it they are not there", wrong)


def check_compared(records, samples, paths):
    """The records of compare, of each scenario's client and server."""
    wrong, pairs = [], 0
    for path in paths:
        if not os.path.basename(path).startswith("client.pcap"):
            continue
        done = run(PROGRAM, "compare", "--json", path, path.replace("client.pcap", "server.pcap"))
        found = [json.loads(line) for line in done.stdout.splitlines()]
        pairs += 1
        wrong += [f"{path}: {error}" for error in map(records.error, found) if error]
        kinds = [record["type"] for record in found]
        if kinds[-1:] != ["compare"] or set(kinds[:-1]) - {"compare_flow"}:
            wrong.append(f"{path}: records are {kinds}: {done.stderr.decode()}")
        for record in found:
            if len(record["changes"]) >= len(samples.get(record["type"], record)["changes"]):
                samples[record["type"]] = record
    tap.ok(not wrong and pairs > 50, f"compare: {pairs} pairs of captures", "\n".join(wrong))


ALL_WAYS = """- name: fails with findings
  scaling: on
  findings: {none: info}
- {name: allowed, client: 192.0.2.0/24, min_flows: 0, wscale: {side: server, state: present}, unknown: pass}
- name: hosts
  role: server
  min_flows: 100
  findings: {none: [endpoint-off, notice]}
- name: windows
  effective_window: {side: server, min: 1 MiB}
  rtt: "> 1 s"
"""


def check_checked(records, samples, paths):
    """The records of check, of every capture: what holds, fails and is not known."""
    wrong, verdicts, witnesses = [], set(), set()
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(ALL_WAYS)
        file.flush()
        for path in paths:
            done = run(PROGRAM, "check", "--json", "--expect", file.name, path)
            found = [json.loads(line) for line in done.stdout.splitlines()]
            wrong += [f"{path}: {error}" for error in map(records.error, found) if error]
            if [one["type"] for one in found] != ["expectation"] * 4 + ["check"]:
                wrong.append(f"{path}: {done.stderr.decode()}")
            for one in found:
                for clause in one.get("assertions", ()):
                    verdicts.add(clause["verdict"])
                    witnesses |= {(wit["of"], wit["code"] is None) for wit in clause["witnesses"]}
                if one["type"] not in samples or len(one.get("assertions", ())) == 3:
                    samples[one["type"]] = one
    tap.ok(not wrong and len(paths) > 50, f"check: {len(paths)} captures", "\n".join(wrong[:20]))
    tap.ok(verdicts == {"holds", "fails", "unknown"} and len(witnesses) >= 3,
           "check: all verdicts, and witnesses of all kinds", f"{verdicts} {witnesses}")


def main():
    try:
        import jsonschema
    except ImportError:
        tap.skip("records against the schema", "package: python3-jsonschema is not installed")
        return tap.end()
    done = run(PROGRAM, "schema")
    tap.ok(done.returncode == 0 and not done.stderr, "schema: printed", done.stderr.decode())
    schema = json.loads(done.stdout)
    jsonschema.Draft7Validator.check_schema(schema)
    check_schema(schema)
    records, samples = Records(jsonschema, schema), {}
    lab, outside = captures()
    check_captures(records, samples, "lab", lab, (0,))
    if outside:
        check_captures(records, samples, "outside", outside, (0, 3))
    else:
        tap.skip("outside captures", "captures: WSCOPE_CAPTURES is not there")
    check_made(records, samples)
    check_status(records)
    check_series(records, samples, lab)
    check_compared(records, samples, lab)
    check_checked(records, samples, lab)
    check_retired(records, samples, lab)
    tap.ok(set(samples) == TYPES, "a record of each type was seen")
    check_spoiled(records, samples)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
