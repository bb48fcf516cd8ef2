#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# timeout: 300
"""replay --ipfix: read back by two programs of others, and compared with --json.

ipfixDump, libfixbuf's reader, tells every value of every record of all captures of the lab; tshark
tells times and the elements that the IANA has. Options of SYNs are compared with what was put into
SYNs made by hand, and with what tshark sees in captures. Then what the file says of our elements
and what docs/ipfix.md says; many connections; odd names; what is refused, and what goes wrong.
"""

import collections
import glob
import json
import os
import re
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cli  # noqa: E402
import docs  # noqa: E402
from cli import ACK, INCOMPLETE, INPUT, NOTHING, USAGE, wrong, wscope  # noqa: E402
from ipfix_read import dump, moment, plain, stamp, tool, tshark  # noqa: E402

os.chdir(cli.ROOT)
report = cli.Report()
T = 1_700_000_000 * 10**9
PEN, REVERSE = 32473, 29305
C, S = cli.Side("192.0.2.1", 40000), cli.Side("198.51.100.1", 443)
LAB = sorted(glob.glob("tests/captures/lab/*/*.pcap*"))

# -- what is due, out of --json ------------------------------------------------------------------

SIDE = {
    "packets": "packetTotalCount", "bytes": "transportOctetDeltaCount", "window_max": "tcpWindowSize",
    "wscale_state": "wscopeShiftState", "wscale": "wscopeShift", "syn_window": "wscopeSynWindow",
    "window_min": "wscopeWindowMin",
    "effective_max": "wscopeEffectiveWindowMax", "zero_windows": "wscopeZeroWindows",
    "zero_window_spells": "wscopeZeroWindowSpells", "zero_window_s": "wscopeZeroWindowTime",
    "zero_window_open": "wscopeZeroWindowOpen", "zero_window_longest_s": "wscopeZeroWindowLongest",
    "zero_window_probes": "wscopeZeroWindowProbes", "window_shrinks": "wscopeWindowShrinks",
    "flight_max": "wscopeFlightMax", "limited": "wscopeLimited", "limited_s": "wscopeLimitedTime",
    "ceiling_bps": "wscopeCeiling", "retransmits": "wscopeRetransmits",
    "duplicates": "wscopeDuplicates",
}
FINDING = {"code": "wscopeFindingCode", "severity": "wscopeFindingSeverity", "side": "wscopeFindingSide",
           "blame": "wscopeFindingBlame", "confidence": "wscopeFindingConfidence",
           "text": "wscopeFindingText", "settled_by": "wscopeFindingSettledBy"}
FLOW = {"scaling": "wscopeScaling", "scaling_inferred": "wscopeScalingInferred",
        "visibility": "wscopeVisibility", "rtt_us": "wscopeHandshakeRtt", "domain": "wscopeDomain",
        "file": "wscopeCaptureFile", "client_port": "sourceTransportPort",
        "server_port": "destinationTransportPort"}
ENDPOINT = {"role": "wscopeRole", "opportunities": "wscopeOpportunities", "offers": "wscopeOffers",
            "refusals": "wscopeRefusals",
            "baseline_opportunities": "wscopeBaselineOpportunities",
            "baseline_offers": "wscopeBaselineOffers"}
# Times of hosts: tshark tells them, by the number of the element.
TIMES = {"first_refusal": ("wscopeFirstRefusal", 100), "last_refusal": ("wscopeLastRefusal", 101),
         "refused_since": ("wscopeRefusedSince", 102), "baseline_last": ("wscopeBaselineLast", 105)}
# ipfixDump leaves out what is below a second; and options are not in --json.
UNTOLD = {"flowStartNanoseconds", "flowEndNanoseconds", "tcpOptions", "reverseTcpOptions"}
UNTOLD |= {name for name, _ in TIMES.values()}


def nanoseconds(seconds):
    whole, _, rest = seconds.partition(".")
    return str(int(whole) * 10**9 + int(rest.ljust(9, "0")))


def shown(value):
    return {True: "1", False: "2"}[value] if isinstance(value, bool) else str(value)


def known(record, names):
    return {element: nanoseconds(record[key]) if key.endswith("_s") else shown(record[key])
            for key, element in names.items() if record[key] is not None}


def due_side(side, scaling, reverse):
    out = known(side, SIDE)
    if side["effective_max"] is not None:
        out["tcpWindowScale"] = str(min(side["wscale"], 14)) if scaling == "on" else "0"
    return {f"reverse{name[0].upper()}{name[1:]}" if reverse else name: value
            for name, value in out.items()}


def due_finding(finding):
    out = {element: shown(finding[key] or "") for key, element in FINDING.items()}
    out["wscopeFindingReplaces"] = ",".join(finding["replaces"])
    numbers = [{"wscopeNumberName": re.sub("_s$", "_ns", name),
                "wscopeNumberValue": nanoseconds(value) if name.endswith("_s") else str(value)}
               for name, value in finding["numbers"].items()]
    packets = [{"wscopeCaptureFile": one["file"], "wscopePacketNumber": str(one["number"])}
               for one in finding["packets"]]
    return {**out, "subTemplateList": [numbers, packets]}


def due_ends(record, **names):
    kind = "6" if ":" in record[next(iter(names))] else "4"
    return {f"{element}IPv{kind}Address": record[name] for name, element in names.items()}


def due_flow(flow):
    return {**known(flow, FLOW), **due_ends(flow, client="source", server="destination"),
            "protocolIdentifier": "6",
            "biflowDirection": "1" if flow["role_source"] in ("syn", "synack") else "0",
            **due_side(flow["c2s"], flow["scaling"], False),
            **due_side(flow["s2c"], flow["scaling"], True),
            "subTemplateList": [due_finding(one) for one in flow["findings"]]}


def due_endpoint(one):
    port = {"sourceTransportPort": str(one["port"])} if one["port"] else {}
    return {**known(one, ENDPOINT), **due_ends(one, address="source"), **port,
            "subTemplateList": [due_finding(finding) for finding in one["findings"]]}


def due_summary(one):
    return {"observationDomainId": "0", "wscopeCaptureFiles": str(one["files"]),
            "packetTotalCount": str(one["packets"]),
            "ignoredPacketTotalCount": str(sum(one["skipped"].values())),
            "observedFlowTotalCount": str(one["flows"]), "wscopeHandshakes": str(one["handshakes"]),
            "wscopeLostPackets": str(one["lost"]["packets"]), "wscopeEvictions": str(one["evictions"])}


DUE = {"flow": due_flow, "endpoint": due_endpoint, "summary": due_summary}

# -- and what is there ---------------------------------------------------------------------------


def entitled(record):
    """Elements under the wrong enterprise number."""
    for field in record:
        own = re.match("(reverseW|w)scope", field.name)
        if field.enterprise != (PEN if own else REVERSE if field.name.startswith("reverse") else 0):
            yield f"{field.name} is of {field.enterprise}"
        if isinstance(field.value, list):
            for one in field.value:
                yield from entitled(one)


def data(path):
    """The records, and those that say what elements are."""
    records, types = [], []
    for record in dump(path):
        (types if record[0].name == "privateEnterpriseNumber" else records).append(record)
    return records, types


def differ(records, parsed):
    """Of all records, in the order of --json. --json does not tell domains of hosts: flows have them."""
    domains = {(line[end], str(line["domain"])) for line in parsed if line["type"] == "flow"
               for end in ("client", "server")}
    if len(records) != len(parsed):
        yield f"{len(records)} records where {len(parsed)} are due"
    for record, line in zip(records, parsed):
        yield from entitled(record)
        got, due = plain(record), DUE[line["type"]](line)
        if line["type"] == "endpoint" and (line["address"], got.get("wscopeDomain")) in domains:
            due["wscopeDomain"] = got["wscopeDomain"]
        for name in sorted((set(got) | set(due)) - UNTOLD):
            if got.get(name) != due.get(name):
                yield f"{line['type']} {name}: {got.get(name)!r} where {due.get(name)!r} is due"
        for key, (name, _) in TIMES.items():
            if (line.get(key) is None) != (name not in got):
                yield f"{name}: {got.get(name)!r} where --json has {line.get(key)!r}"


STANDARD = {
    "packets": "cflow.permanent_packets", "bytes": "cflow.transport_octet_delta_count",
    "window_max": "cflow.tcp_windows_size",
}


def due_tshark(line):
    """Fields of tshark, by what they are to be; None: not there."""
    out = {}
    if line["type"] == "flow":
        six = "v6" if line["family"] == 6 else ""
        out = {f"cflow.srcaddr{six}": line["client"], f"cflow.dstaddr{six}": line["server"],
               "cflow.srcport": str(line["client_port"]), "cflow.dstport": str(line["server_port"]),
               "cflow.protocol": "6", "cflow.abstimestart": line["first"],
               "cflow.abstimeend": line["last"]}
        for prefix, side in (("", line["c2s"]), ("REVERSE ", line["s2c"])):
            out.update((prefix + field, None if side[key] is None else str(side[key]))
                       for key, field in STANDARD.items())
            scale = due_side(side, line["scaling"], False).get("tcpWindowScale")
            out[f"{prefix}cflow.tcp_window_scale"] = scale
    elif line["type"] == "endpoint":
        out = {f"cflow.srcaddr{'v6' if ':' in line['address'] else ''}": line["address"],
               **{number: line[key] for key, (_, number) in TIMES.items()}}
    else:
        out = {"cflow.permanent_packets": str(line["packets"]), "cflow.flows": str(line["flows"]),
               "cflow.ignore_packets": str(sum(line["skipped"].values()))}
    return out


def differ_tshark(path, parsed):
    records = [one for one in tshark(path) if "cflow.information_element_data_type" not in one]
    if len(records) != len(parsed):
        yield f"tshark: {len(records)} records where {len(parsed)} are due"
    for got, line in zip(records, parsed):
        for name, due in due_tshark(line).items():
            value = got.get(name)
            if value is not None and str(name).startswith("cflow.abstime"):
                # tshark's own sum is a nanosecond short at times; what it read is not.
                shown_, value = value[0], stamp(value[1])
                if abs(int(nanoseconds(moment(shown_))) - int(nanoseconds(due))) > 1:
                    yield f"tshark {name}: {shown_!r} where {due!r} is due"
            elif value is not None and name in {number for _, number in TIMES.values()}:
                value = stamp(value)
            if value != due:
                yield f"tshark {name}: {value!r} where {due!r} is due"


def lines(result):
    return [json.loads(line, parse_float=str) for line in result.out.splitlines()]


def compare(name, out, *args, cwd=cli.ROOT, status=NOTHING, least=1):
    """Both readers against --json of the same run; that this is as without. Returns records."""
    got = wscope("replay", "--json", "--ipfix", out, *args, cwd=cwd)
    same = wscope("replay", "--json", *args, cwd=cwd)
    out, parsed = os.path.join(cwd, out), lines(got)
    records, _ = data(out)
    report.check(name, wrong(got, status),
                 [] if got.out == same.out else ["the report is another one with --ipfix"],
                 [] if len(parsed) >= least else [f"only {len(parsed)} records"],
                 list(differ(records, parsed))[:20])
    report.check(f"{name}: tshark", list(differ_tshark(out, parsed))[:20])
    return records, parsed


# -- the lab -------------------------------------------------------------------------------------


def lab():
    with cli.scratch() as folder:
        out = os.path.join(folder, "lab")
        records, parsed = compare("all captures of the lab, one by one", out, "--separate", *LAB,
                                  least=1500)
        flows = [one for one in parsed if one["type"] == "flow"]
        report.true("there is what can be missing, and where it is missing",
                    all({one[side][key] is None for one in flows for side in ("c2s", "s2c")}
                        == {True, False}
                        for side in ("c2s", "s2c")
                        for key in ("window_max", "effective_max", "wscale", "syn_window"))
                    and {one["family"] for one in flows} == {4, 6}
                    and {one["rtt_us"] is None for one in flows} == {True, False})
        wrong_ = [plain(record) for record in records if record[0].name != "observationDomainId"
                  and not right_window(plain(record))]
        report.true("the window shifted is the effective one", not wrong_, wrong_[:1])
        before = os.path.join(folder, "before")
        flip = "tests/captures/lab/server-flip/client.pcap"
        saved = wscope("replay", "--save-baseline", before, "tests/captures/lab/both-on/client.pcap",
                       flip)
        report.true("a baseline", saved.status == NOTHING, saved)
        _, parsed = compare("with a baseline", out, "--baseline", before, flip)
        report.true("it is in it", any(one.get("baseline_last") for one in parsed))
        compare("a tunnel, with a filter", out, "--fail-on", "info",
                "tests/captures/lab/both-off-v6/client.pcap", "ip6", status=cli.FINDINGS)


def right_window(record):
    if "wscopeRole" in record:
        return True
    for window, shift, due in (("tcpWindowSize", "tcpWindowScale", "wscopeEffectiveWindowMax"),
                               ("reverseTcpWindowSize", "reverseTcpWindowScale",
                                "reverseWscopeEffectiveWindowMax")):
        if (shift in record) != (due in record):
            return False
        if shift in record and int(record[window]) << int(record[shift]) != int(record[due]):
            return False
    return True


# -- options -------------------------------------------------------------------------------------

MSS, SACK, STAMP, TFO, NOP = b"\2\4\5\xb4", b"\4\2", b"\x08\x0a" + bytes(8), b"\x22\x02", b"\1"

# Options of a SYN, and the kinds that are due; None: not known.
SYNS = [
    ("none", b"", []),
    ("an MSS", MSS, [2]),
    ("those of Linux", MSS + SACK + STAMP + NOP + b"\3\3\7", [2, 4, 8, 1, 3]),
    ("Fast Open", MSS + TFO + NOP + NOP, [2, 34, 1]),
    ("an end, and what is behind it", MSS + b"\0\3\3\7", [2, 0]),
    ("nine", NOP * 8 + MSS, [1, 2]),
    ("ten", NOP * 9 + MSS + b"\1\1\1", None),
    ("MD5 (kind 19)", b"\x13\x12" + bytes(16) + NOP + NOP, None),
    ("MPTCP and Fast Open", b"\x1e\4\0\0" + TFO + NOP + NOP, None),
    ("a length beyond the header", MSS + b"\3\x09\7\1", None),
]


def options():
    for name, raw, due in SYNS:
        packets = cli.handshake(T, C, S, offer=raw + bytes(-len(raw) % 4), answer=MSS)
        with cli.scratch() as folder:
            cli.write(folder, x=cli.pcap(packets))
            got = wscope("replay", "--ipfix", "out", "x", cwd=folder)
            record = plain(data(os.path.join(folder, "out"))[0][0])
            mask = None if due is None else str(sum(1 << kind for kind in due))
            report.check(f"options: {name}", wrong(got, NOTHING),
                         [] if record.get("tcpOptions") == mask else
                         [f"{record.get('tcpOptions')} where {mask} is due"],
                         [] if record.get("reverseTcpOptions") == "4" else [f"answer: {record}"])
    for name, packets in (
            ("cut", [packet.cut(14 + 20 + 22) for packet in cli.handshake(T, C, S)]),
            ("not seen", [cli.segment(T, C, S, ACK, 1, 1, payload=b"x")])):
        with cli.scratch() as folder:
            cli.write(folder, x=cli.pcap(packets))
            wscope("replay", "--ipfix", "out", "x", cwd=folder)
            record = plain(data(os.path.join(folder, "out"))[0][0])
            report.true(f"options: {name}", not set(record) & {"tcpOptions", "reverseTcpOptions"},
                        record)


def syns(path):
    """(client, port, server, port) -> kinds, as a mask, of the SYNs seen, by tshark"""
    argv = ["tshark", "-r", path, "-Y", "tcp.flags.syn==1", "-T", "fields"]
    for field in ("ip.src", "ipv6.src", "tcp.srcport", "ip.dst", "ipv6.dst", "tcp.dstport",
                  "tcp.option_kind"):
        argv += ["-e", field]
    status, out, err = tool(*argv)
    if status:
        raise ValueError(f"tshark: {status} {err}")
    found = collections.defaultdict(set)
    for line in out.splitlines():
        src4, src6, sport, dst4, dst6, dport, kinds = line.split("\t")
        mask = sum({1 << int(kind) for kind in kinds.split(",") if kind})
        found[src4 or src6, sport, dst4 or dst6, dport].add(mask)
    return found


def ends(record):
    return ((record.get("sourceIPv4Address") or record.get("sourceIPv6Address")),
            record["sourceTransportPort"],
            (record.get("destinationIPv4Address") or record.get("destinationIPv6Address")),
            record["destinationTransportPort"])


def options_lab():
    compared, problems = 0, []
    for scenario in ("both-on", "both-on-v6", "client-off", "fast-open", "nots", "rewrite-syn"):
        path = cli.lab_path(scenario)
        with cli.scratch() as folder:
            out = os.path.join(folder, "out")
            wscope("replay", "--ipfix", out, path)
            due = syns(path)
            for record in map(plain, data(out)[0]):
                if "biflowDirection" not in record:
                    continue
                there = ends(record)
                for element, key in (("tcpOptions", there), ("reverseTcpOptions", there[2:] + there[:2])):
                    masks = due.get(key, set())
                    if len(masks) != 1:
                        continue
                    compared += 1
                    if {int(record.get(element, -1))} != masks:
                        problems.append(f"{path}: {record.get(element)} where {masks} is due")
    report.true("options of the lab's SYNs are those that tshark sees", compared >= 12 and not problems,
                [compared, problems])


# -- what our elements are -----------------------------------------------------------------------

# Numbers of the IANA for what RFC 5610 tells.
KINDS = {"1": "unsigned8", "2": "unsigned16", "3": "unsigned32", "4": "unsigned64", "11": "boolean",
         "13": "string", "17": "dateTimeNanoseconds"}
SEMANTICS = {"0": "default", "1": "quantity", "2": "totalCounter", "4": "identifier"}
UNITS = {"0": "", "2": "octets", "3": "packets", "7": "microseconds", "8": "nanoseconds"}


def reverse_name(name):
    return f"reverse{name[0].upper()}{name[1:]}"


def tables():
    """The rows of docs/ipfix.md: name -> (id, type, semantics, units, what)"""
    out = {}
    for line in docs.read("docs/ipfix.md").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|") or not cells[0].isdigit():
            continue
        number, *rest = cells
        other = rest.pop(0) if rest[0].isdigit() else None
        name, *facts = rest
        name = name.strip("`")
        out[name] = (number, *facts)
        if other:
            out[reverse_name(name)] = (other, *facts[:-1], "")
    return out


def types():
    with cli.scratch() as folder:
        out = os.path.join(folder, "out")
        for pen, args in ((PEN, ()), (4294967295, ("--ipfix-pen", "4294967295"))):
            got = wscope("replay", "--ipfix", out, *args, cli.lab_path("server-off"))
            records, said = data(out)
            told = {}
            for record in map(plain, said):
                told[record["informationElementName"]] = (
                    record["informationElementId"],
                    KINDS.get(record["informationElementDataType"]),
                    SEMANTICS.get(record["informationElementSemantics"]),
                    UNITS.get(record["informationElementUnits"]),
                    record["informationElementDescription"])
            numbers = {plain(one)["privateEnterpriseNumber"] for one in said}
            report.check(f"the file says what our elements are, {pen}", wrong(got, NOTHING),
                         [] if numbers == {str(pen)} else [f"numbers: {numbers}"],
                         [f"{name}: {told.get(name)} in the file, {row} in docs/ipfix.md"
                          for name, row in tables().items() if told.get(name) != row],
                         [f"{name} is not in docs/ipfix.md" for name in set(told) - set(tables())])
            used = {field.enterprise for record in records for field in record}
            report.true(f"and they have that number, {pen}", used == {0, REVERSE, pen}, used)
            undescribed = {field.name for record in records for field in record
                           if field.enterprise == pen} - set(told)
            report.true(f"each that is used is described, {pen}", not undescribed, undescribed)
    standard = {f for f in re.findall(r'"(\w+)"', docs.read("userspace/output/ipfix.def"))
                if not re.match("wscope|reverse", f) and f != "subTemplateList"}
    missing = [name for name in standard if f"`{name}`" not in docs.read("docs/ipfix.md")]
    report.true("the elements of the IANA are in docs/ipfix.md", standard and not missing, missing)


# -- many, odd -----------------------------------------------------------------------------------


def many():
    packets = []
    for i in range(10000):
        client = cli.Side(f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}", 1024 + i % 60000)
        packets += cli.handshake(T + i * 10**6, client, S,
                                 offer=(cli.WSCALE, MSS, STAMP + NOP + NOP)[i % 3])
    packets.sort(key=lambda packet: packet.ns)
    with cli.scratch() as folder:
        cli.write(folder, x=cli.pcap(packets, nano=True))
        records, parsed = compare("10,000 connections", "out", "x", cwd=folder, least=20000)
        report.true("they are all there", sum("biflowDirection" in plain(one) for one in records) == 10000
                    and parsed[-1]["flows"] == 10000)
        ports = [plain(one)["sourceTransportPort"] for one in records[:10000]]
        report.true("in their order", ports == [str(1024 + i % 60000) for i in range(10000)])


def names():
    """A name is as in --json, where it is no UTF-8, too; a long one may take more than a message."""
    packets = cli.pcap(cli.handshake(T, C, S, offer=MSS))
    for name in (b"two words", b"\xc3\xa4", b"not \xff utf-8 \xc3", b"a" * 254, b"<b>&\"'|;"):
        with cli.scratch() as folder:
            with open(os.path.join(folder.encode(), name), "wb") as file:
                file.write(packets)
            shown_ = name.decode("utf-8", "replace")
            got = wscope("replay", "--json", "--ipfix", "out", name, cwd=folder)
            found = plain(data(os.path.join(folder, "out"))[0][0])["wscopeCaptureFile"]
            report.check(f"a name: {ascii(shown_)[:30]}", wrong(got, NOTHING),
                         [] if found == lines(got)[0]["file"] else [f"{found!r}"])
    with cli.scratch() as folder:
        cli.write(folder, x=packets)
        path = "./" * 2000 + "x"
        got = wscope("replay", "--ipfix", "out", path, cwd=folder)
        found = plain(data(os.path.join(folder, "out"))[0][0])["wscopeCaptureFile"]
        report.check("a path of 4,001 bytes", wrong(got, NOTHING),
                     [] if found == path else [found])


# -- what is refused, and what goes wrong --------------------------------------------------------


def refused():
    packets = cli.handshake(T, C, S)
    with cli.scratch() as folder:
        cli.write(folder, x=cli.pcap(packets), old=cli.pcapng(packets), other=b"no capture\n")
        os.symlink("x", os.path.join(folder, "link"))
        for option, out, args, why in (
                ("ipfix", "old", (), "a capture"),
                ("ipfix", "link", (), "one of the captures to read"),
                ("series", "both", ("--series", "both"), "another result's file"),
                ("ipfix", "base", ("--save-baseline", "base"), "another result's file"),
                ("ipfix", "before", ("--baseline", "before"), "the baseline to read"),
                ("ipfix", "/dev/stdout", (), "standard output, which has the report")):
            cli.write(folder, base=b"")
            if not os.path.exists(os.path.join(folder, "before")):
                wscope("replay", "--save-baseline", "before", "x", cwd=folder)
            before = {name: read(folder, name) for name in ("x", "old", "before")}
            got = wscope("replay", "--ipfix", out, *args, "x", cwd=folder)
            report.check(f"refused: {out} is {why}", wrong(
                got, USAGE, f"--{option} cannot be '{out}': it is {why}", silent=True),
                         [f"{name} was touched" for name, was in before.items()
                          if read(folder, name) != was])
        got = wscope("replay", "--ipfix", "other", "x", cwd=folder)
        report.check("another file is overwritten", wrong(got, NOTHING),
                     [] if read(folder, "other")[:2] == b"\0\x0a" else ["it is not"])


def read(folder, name):
    with open(os.path.join(folder, name), "rb") as file:
        return file.read()


def failures():
    with cli.scratch() as folder:
        cli.write(folder, x=cli.pcap(cli.handshake(T, C, S)))
        plain_ = wscope("replay", "--json", "x", cwd=folder)
        for args in ((), ("--fail-on", "info")):
            got = wscope("replay", "--json", *args, "--ipfix", "/dev/full", "x", cwd=folder)
            report.check(f"a full disk {' '.join(args)}", wrong(
                got, INCOMPLETE, "cannot write '/dev/full': No space left on device"),
                [] if got.out == plain_.out else ["the report is not whole"])
        for out, why in (("no/such", "No such file or directory"), (".", "Is a directory")):
            for args in ((), ("--separate", "x")):
                got = wscope("replay", "--ipfix", out, *args, "x", cwd=folder)
                report.check(f"cannot open {out} {' '.join(args)}", wrong(
                    got, INCOMPLETE, f"cannot open '{out}': {why}", silent=True))
        cli.write(folder, kept=b"")
        os.chmod(os.path.join(folder, "kept"), 0o444)
        os.chmod(os.path.join(folder, "x"), 0o444)
        if os.geteuid() == 0:
            got = wscope("replay", "--ipfix", "kept", "x", cwd=folder, prefix=cli.nobody())
        else:
            got = wscope("replay", "--ipfix", "kept", "x", cwd=folder)
        report.check("a file that may not be written", wrong(
            got, INCOMPLETE, "cannot open 'kept': Permission denied", silent=True))
        got = wscope("replay", "--ipfix", "none", "nosuch.pcap", cwd=folder)
        report.true("nothing to read: no file is made", got.status == INPUT
                    and not os.path.exists(os.path.join(folder, "none")), got)
        cli.write(folder, cut=cli.pcap(cli.handshake(T, C, S))[:-3])
        got = wscope("replay", "--json", "--ipfix", "out", "cut", cwd=folder)
        records, _ = data(os.path.join(folder, "out"))
        report.check("a cut capture: what was readable", wrong(
            got, INPUT, "cannot read 'cut': cut in the middle of packet 3"),
            list(differ(records, lines(got))))
    limited()
    pipes()
    unbuilt()


def limited():
    """The disk is full in the middle: a limit on the size of files is one."""
    with cli.scratch() as folder:
        got = wscope("replay", "--json", "--separate", "--ipfix", os.path.join(folder, "out"), *LAB,
                     prefix=("bash", "-c", "trap '' XFSZ; ulimit -f 40; exec \"$@\"", "-"))
        same = wscope("replay", "--json", "--separate", *LAB)
        report.check("full in the middle", wrong(
            got, INCOMPLETE, f"cannot write '{os.path.join(folder, 'out')}': File too large"),
            [] if got.out == same.out else ["the report is not whole"])


def pipes():
    with cli.scratch() as folder:
        path = os.path.join(folder, "pipe")
        os.mkfifo(path)
        got = []

        def drain():
            with open(path, "rb") as pipe:
                got.append(pipe.read())
        reader = threading.Thread(target=drain)
        reader.start()
        done = wscope("replay", "--json", "--ipfix", path, cli.lab_path("server-off"))
        reader.join(10)
        cli.write(folder, out=got[0])
        records, _ = data(os.path.join(folder, "out"))
        report.check("into a pipe", wrong(done, NOTHING), list(differ(records, lines(done))))


def unbuilt():
    """The same program, linked with an ipfix.c that has no libfixbuf."""
    program = os.path.join(cli.BUILD, "tests", "cli", "without_fixbuf")
    with cli.scratch() as folder:
        out = os.path.join(folder, "out")
        got = wscope("replay", "--ipfix", out, cli.lab_path("server-off"), program=program)
        report.check("without libfixbuf it is refused", wrong(
            got, USAGE, "--ipfix is not in this build: it was made without libfixbuf", silent=True),
            ["a file was made"] if os.path.exists(out) else [])
        got = wscope("replay", "--json", cli.lab_path("server-off"), program=program)
        due = wscope("replay", "--json", cli.lab_path("server-off"))
        report.true("and nothing else is another", got == due and due.status == NOTHING, got)


def main():
    for test in (lab, options, options_lab, types, many, names, refused, failures):
        test()
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
