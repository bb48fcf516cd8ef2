# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the tests of --write share: captures with a known finding, and how one is written and read."""

import os

import blocks
import cli
from cli import ACK, FIN, NOTHING, SYN, wrong, wscope

T = 1_700_000_000 * 10**9
MS = 10**6
C, S = cli.Side("192.0.2.1", 40000), cli.Side("198.51.100.1", 443)
MSS = b"\2\4\5\xb4"  # so that the option is proven absent


def load(path):
    with open(path, "rb") as file:
        return blocks.read(file.read())


def same(packets, due):
    """Lines on packets that are not those due: bytes, lengths and times."""
    if len(packets) != len(due):
        yield f"{len(packets)} packets where {len(due)} are due"
    for number, (got, one) in enumerate(zip(packets, due), 1):
        if (got.ns, got.data, got.wirelen) != (one.ns, one.data, one.wirelen):
            yield f"packet {number} differs"


def differ(what, got, due):
    if got != due:
        yield f"{what}: {got!r} where {due!r} is due"


def off(ns=T, client=C, server=S, **kwargs):
    """A handshake whose server leaves the option out."""
    return cli.handshake(ns, client, server, MSS + cli.WSCALE, MSS, **kwargs)


def on(ns=T, client=C, server=S, **kwargs):
    return cli.handshake(ns, client, server, MSS + cli.WSCALE, MSS + cli.WSCALE, **kwargs)


def again(ns, client, server=S, isn=70000, answer=b""):
    """The same from a later connection of these addresses and ports, closed at once."""
    return [cli.segment(ns, client, server, SYN, isn, 0, MSS + cli.WSCALE, ident=7),
            cli.segment(ns + MS, server, client, SYN | ACK, isn * 3, isn + 1, MSS + answer, ident=8),
            cli.segment(ns + 2 * MS, client, server, ACK | FIN, isn + 1, isn * 3 + 1, ident=9)]


def write(folder, *argv, status=NOTHING, complaints=(), stdin=b"", out="out"):
    """The capture that comes of it, or None, and lines on what is wrong with the run."""
    got = wscope("replay", "-w", out, *argv, cwd=folder, stdin=stdin)
    problems = list(wrong(got, status, *complaints))
    try:
        return load(os.path.join(folder, out)), problems
    except (OSError, ValueError) as error:
        return None, problems + [f"no capture: {error}"]
