# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""IPFIX files as two programs of others read them: ipfixDump, which is libfixbuf's, and tshark."""

import collections
import datetime
import ipaddress
import os
import re
import subprocess
import xml.etree.ElementTree as tree

# Seconds from 1900 to 1970 (RFC 7011, 6.1.10).
NTP_EPOCH = 2208988800


def tool(*argv):
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=200,
                          env=dict(os.environ, TZ="UTC", LC_ALL="C.UTF-8"))
    return done.returncode, done.stdout.decode("utf-8", "surrogateescape"), done.stderr.decode()


# -- ipfixDump -----------------------------------------------------------------------------------

FIELD = re.compile(r"(\t+) *\((?:(-?\d+)/)?(\d+)\)(?: \(S\))? *(\w+) : ?(?:\(len: \d+\) )?(.*)")
RECORD = re.compile(r"(\t*)--- (?:options )?data record \d+ ---")

Field = collections.namedtuple("Field", "name enterprise number value")


def dump(path):
    """The data records, each a list of Field; the value of a list of records is such records."""
    status, out, err = tool("ipfixDump", "--rfc5610", "--data", "--in", path)
    if status or err:
        raise ValueError(f"ipfixDump: {status} {err}")
    found, lists, current = [], {}, {}
    for line in out.split("\n"):
        match = RECORD.match(line)
        if match:
            depth = len(match.group(1))
            current[depth] = []
            (lists[depth] if depth else found).append(current[depth])
        match = FIELD.match(line)
        if match:
            tabs, enterprise, number, name, value = match.groups()
            if name == "subTemplateList":
                # Its records are two tabs further in than it.
                value = lists[len(tabs) + 1] = []
            elif name.endswith("IPv6Address"):
                value = address(value)
            current[len(tabs) - 1].append(Field(name, int(enterprise or 0) & 0xffffffff, int(number), value))
    return found


def address(text):
    """ipfixDump fills up groups of IPv6 addresses with zeros."""
    groups = re.sub(r"(?<![\da-f])0+(?=[\da-f])", "", text)
    return str(ipaddress.ip_address(groups))


def plain(record):
    """{element: value}; of an element that is there more than once a list."""
    out = collections.defaultdict(list)
    for field in record:
        value = field.value
        if isinstance(value, list):
            value = [plain(one) for one in value]
        out[field.name].append(value)
    return {name: values if len(values) > 1 else values[0] for name, values in out.items()}


# -- tshark --------------------------------------------------------------------------------------

OWN = re.compile(r"Enterprise Private entry: \((?P<pen>.*?)\) Type (?P<number>\d+): ")


def tshark(path):
    """The data records: {field, or number of an enterprise element: value}; REVERSE before it; of a
    time what it is shown as, and its digits."""
    status, out, err = tool("tshark", "-r", path, "-T", "pdml")
    if status:
        raise ValueError(f"tshark: {status} {err}")
    if "_ws.malformed" in out or "_ws.expert" in out:
        raise ValueError("tshark: malformed, or not as it expects it")
    found = []
    for part in tree.fromstring(out.encode("utf-8", "replace")).iter("field"):
        if part.get("name") == "" and re.fullmatch(r"Set \d+ \[id=(\d+)\].*", part.get("show", "")):
            found.extend(fields(one) for one in part if re.match(r"Flow \d+", one.get("show", "")))
    return found


def fields(record):
    out = {}
    for one in record.iter("field"):
        own = OWN.match(one.get("showname", ""))
        if own:
            out[int(own["number"])] = one.get("value")
        elif one.get("name", "").startswith("cflow."):
            reverse = "REVERSE " if "(Reverse Type" in one.get("showname", "") else ""
            out[reverse + one.get("name")] = one.get("show")
            if one.get("name").startswith("cflow.abstime"):
                out[one.get("name")] = one.get("show"), one.get("value")
    return out


def moment(text):
    """'Nov 24, 2026 23:31:16.243946000 UTC' as '1795563076.243946000'"""
    date, nanoseconds = text.removesuffix(" UTC").split(".")
    when = datetime.datetime.strptime(date, "%b %d, %Y %H:%M:%S").replace(tzinfo=datetime.timezone.utc)
    return f"{int(when.timestamp())}.{nanoseconds}"


def stamp(value):
    """Hex digits of a dateTimeNanoseconds as '1795563076.243946000'"""
    seconds, fraction = divmod(int(value, 16), 1 << 32)
    return f"{seconds - NTP_EPOCH}.{fraction * 10**9 >> 32:09}"
