#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# timeout: 300
"""Bad input: one clear line on stderr, the documented status, and the report of what was readable.

A damaged capture has to give, byte for byte, the report of a sound capture that ends where the
damage begins. Then what is wrong with the machine: interfaces, privileges, kernels, outputs.
"""

import ctypes
import ctypes.util
import gzip
import os
import resource
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cli  # noqa: E402
from cli import INCOMPLETE, INPUT, NOTHING, PRIVILEGE, USAGE, records, wrong, wscope  # noqa: E402
import lab  # noqa: E402

report = cli.Report()
ROOT_USER = os.geteuid() == 0
ENGINES = ["native"] + (["xdp", "tc"] if ROOT_USER else [])
NEEDS_ROOT = "privilege: the kernel's programs and namespaces need root"

PACKETS = cli.lab("server-off")  # one connection, its finding proven by packets 1 and 2
SOUND = cli.pcap(PACKETS)
READABLE = cli.pcap(PACKETS[:9])
NEXT = PACKETS[9]


def damaged(record):
    """Nine sound packets, then this, then more that would be sound."""
    return READABLE + record + SOUND[-2000:]


def pcapng_damaged(record):
    return cli.pcapng(PACKETS[:9]) + record + cli.pcapng_packet(PACKETS[10])


def compressed(cut=0, flip=None):
    data = bytearray(gzip.compress(SOUND, mtime=0))
    if flip is not None:
        data[flip] ^= 0xff
    return bytes(data[:len(data) - cut])


# Every bad file is called x. What it says begins with "cannot read 'x': ". The third column is a
# sound capture of what was readable, None if nothing was; the last says that --allow-truncated
# makes it a sound end.
FILES = [
    ("an empty file", b"", None, "it is empty", False),
    ("a text file", b"17:03:11 IP 192.0.2.2.43924 > 198.51.100.2.8080: Flags [S]\n", None,
     "not a capture but text", False),
    ("a program", b"\x7fELF\2\1\1\0\0\0\0\0\0\0\0\0\3\0\x3e\0\1\0\0\0", None,
     "not a capture (pcap, pcapng or snoop)", False),
    ("a file of zeros", bytes(5000), None, "not a capture (pcap, pcapng or snoop)", False),
    ("xz", b"\xfd7zXZ\0\0\4\xe6\xd6\xb4\x46\2\0\x21\1\x16\0\0\0", None,
     "xz is not read; pipe 'xz -dc' into '-'", False),
    ("bzip2", b"BZh91AY&SY\0\0\0\0\0\0\0\0\0\0\0\0\0\0", None,
     "bzip2 is not read; pipe 'bzip2 -dc' into '-'", False),
    ("a zip archive", b"PK\3\4" + bytes(26), None, "this is a zip archive; unpack it first", False),
    ("pcap, cut in the file header", SOUND[:23], None, "cut in the middle of the file header",
     False),
    ("pcap, cut in a packet", READABLE + cli.pcap_record(NEXT)[:-1], READABLE,
     "cut in the middle of packet 10", True),
    ("pcap, cut in a record header", READABLE + cli.pcap_record(NEXT)[:15], READABLE,
     "cut in the middle of packet 10", True),
    ("pcap, a claim of 4 GiB", damaged(cli.pcap_record(NEXT, caplen=0xffffffff)), READABLE,
     f"packet 10 claims 4294967295 bytes (at byte {len(READABLE)})", False),
    ("pcap, a claim of 1 GiB", damaged(cli.pcap_record(NEXT, caplen=1 << 30)), READABLE,
     f"packet 10 claims 1073741824 bytes (at byte {len(READABLE)})", False),
    ("pcap, a claim that goes behind the end", READABLE + cli.pcap_record(NEXT, caplen=100000),
     READABLE, "cut in the middle of packet 10", True),
    ("pcapng, a block whose two lengths differ", pcapng_damaged(cli.pcapng_packet(NEXT, trailer=8)),
     READABLE, f"damaged block at byte {len(cli.pcapng(PACKETS[:9]))}: its two lengths differ",
     False),
    ("pcapng, a block of 4 GiB", pcapng_damaged(b"\6\0\0\0\xfc\xff\xff\xff"), READABLE,
     f"damaged block at byte {len(cli.pcapng(PACKETS[:9]))}: an impossible length", False),
    ("pcapng, a packet of an interface that is not there",
     pcapng_damaged(cli.pcapng_packet(NEXT, 7)), READABLE,
     f"damaged block at byte {len(cli.pcapng(PACKETS[:9]))}: "
     "a packet of an interface that is not described", False),
    ("pcapng, cut in a packet", cli.pcapng(PACKETS[:10])[:-5], READABLE,
     "cut in the middle of packet 10", True),
    ("pcapng after a transfer in text mode", b"\n\r\n\n" + cli.pcapng(PACKETS)[4:], None,
     "a pcapng file damaged by a transfer in text mode", False),
    ("snoop, cut in a packet", cli.snoop(PACKETS[:10])[:-9], READABLE,
     "cut in the middle of packet 10", True),
    ("snoop, a claim of 4 GiB",
     cli.snoop(PACKETS[:9]) + b"\xff" * 12 + bytes(12) + NEXT.data, READABLE,
     f"packet 10 claims 4294967295 bytes in a record of 4294967295 "
     f"(at byte {len(cli.snoop(PACKETS[:9]))})", False),
    ("gzip, cut before its end", compressed(cut=4), SOUND, "the compressed data is cut", True),
    ("gzip, a bad check sum", compressed(flip=-6), SOUND, "the gzip data is damaged", False),
    ("gzip of a text", gzip.compress(b"nothing to see\n"), None, "not a capture but text", False),
    ("gzip of nothing", gzip.compress(b""), None, "it is empty", False),
]


def modest():
    """No claim in a file may cost memory. The address sanitizer wants more than any limit."""
    with open(cli.WSCOPE, "rb") as file:
        if b"__asan_init" in file.read():
            return
    resource.setrlimit(resource.RLIMIT_AS, (512 << 20, 512 << 20))


def as_due(folder, readable, *args):
    """What a sound capture of the readable part gives, under the same name."""
    if readable is None:
        return ""
    path = os.path.join(folder, "sound")
    os.makedirs(path, exist_ok=True)
    cli.write(path, x=readable)
    return wscope("replay", *args, "x", cwd=path).out


def reported(got, due):
    if got != due:
        yield "not the report of what was readable"
        yield from (f"due: {line}" for line in due.splitlines()[-3:])
        yield from (f"got: {line}" for line in got.splitlines()[-3:])


def check_file(name, data, readable, error, tolerable):
    with cli.scratch() as folder:
        cli.write(folder, x=data)
        for args in ((), ("--json",), ("-v",)):
            got = wscope("replay", *args, "x", cwd=folder, preexec_fn=modest)
            report.check(" ".join((name, *args)),
                         wrong(got, INPUT, f"cannot read 'x': {error}", silent=readable is None),
                         reported(got.out, as_due(folder, readable, *args)))
        got = wscope("replay", "--json", "-", cwd=folder, stdin=data)
        report.check(f"{name}, on standard input",
                     wrong(got, INPUT, f"cannot read standard input: {error}",
                           silent=readable is None),
                     reported(got.out.replace('"file":"-"', '"file":"x"'),
                              as_due(folder, readable, "--json")))
        got = wscope("replay", "--allow-truncated", "--json", "x", cwd=folder)
        report.check(f"{name}, --allow-truncated",
                     wrong(got, *((NOTHING,) if tolerable else
                                  (INPUT, f"cannot read 'x': {error}"))),
                     reported(got.out, as_due(folder, readable, "--json")))
        got = wscope("replay", "--fail-on", "info", "x", cwd=folder)
        report.check(f"{name}: its status goes before that of --fail-on",
                     wrong(got, INPUT, f"cannot read 'x': {error}"))


# -- what is not there ---------------------------------------------------------------------------


def missing():
    with cli.scratch() as folder:
        os.mkdir(os.path.join(folder, "dir"))
        cli.write(folder, x=SOUND, y=READABLE[:-1])
        due = wscope("replay", "--json", "x", cwd=folder)

        def check(name, args, status, *complaints, silent=True):
            report.check(name, wrong(wscope("replay", *args, cwd=folder), status, *complaints,
                                     silent=silent))

        absent = "No such file or directory"
        check("a missing file", ["no.pcap"], INPUT, f"cannot open 'no.pcap': {absent}")
        check("a missing file in a missing folder", ["no/such"], INPUT,
              f"cannot open 'no/such': {absent}")
        check("a name that is empty", [""], INPUT, f"cannot open '': {absent}")
        check("a name with control characters", ["a\nb\033[2J.pcap"], INPUT,
              f"cannot open 'a?b?[2J.pcap': {absent}")
        check("a name that is too long", ["x" * 300], INPUT,
              f"cannot open '{'x' * 300}': File name too long")
        check("an empty folder", ["dir"], INPUT, "'dir' has no captures")
        check("a device without end", ["/dev/zero"], INPUT,
              "cannot read '/dev/zero': not a capture (pcap, pcapng or snoop)")
        check("standard input twice", ["-", "x", "-"], USAGE,
              "'-' goes once: standard input is one capture")
        check("two missing files", ["no.pcap", "nor.pcap"], INPUT,
              f"cannot open 'no.pcap': {absent}; none of the 2 files can be read")
        check("a file behind the first that is missing and looks like a word of a filter",
              ["x", "no"], USAGE, "bad filter 'no': can't parse filter expression: syntax error; "
              "'no' is no file, so the filter begins with it")
        for name, files in (("first", ("no.pcap", "x")), ("last", ("x", "no.pcap")),
                            ("between", ("x", "no.pcap", "x"))):
            got = wscope("replay", "--json", *files, cwd=folder)
            report.check(f"one of several files is missing: the {name}",
                         wrong(got, INPUT, f"cannot open 'no.pcap': {absent}"),
                         () if records(got, "flow")[0]["findings"] else ["the rest is missing"])
        got = wscope("replay", "--json", "--separate", "no.pcap", "x", cwd=folder)
        report.check("--separate: a missing file does not keep the others",
                     wrong(got, INPUT, f"cannot open 'no.pcap': {absent}"),
                     reported(got.out, due.out))
        got = wscope("replay", "--json", "dir", "x", "no.pcap", "y", cwd=folder)
        report.check("several bad files: a line for each, in the order of the files",
                     wrong(got, INPUT, "'dir' has no captures",
                           f"cannot open 'no.pcap': {absent}",
                           "cannot read 'y': cut in the middle of packet 9"))
        os.chmod(os.path.join(folder, "y"), 0)
        got = wscope("replay", "y", cwd=folder, prefix=cli.nobody(), program=copied(folder))
        report.check("a file that must not be read",
                     wrong(got, INPUT, "cannot open 'y': Permission denied", silent=True))


def copied(folder):
    """The program where everybody may run it."""
    path = os.path.join(folder, "wscope")
    if not os.path.exists(path):
        shutil.copy(cli.WSCOPE, path)
        os.chmod(path, 0o755)
    return path


# -- what is there but says little ---------------------------------------------------------------


def link_types():
    with cli.scratch() as folder:
        mixed = cli.pcapng_head(cli.USER0, cli.ETHERNET)
        for number, packet in enumerate(PACKETS):
            mixed += cli.pcapng_packet(packet, 1)
            mixed += cli.pcapng_packet(packet, 0) if number < 3 else b""
        cli.write(folder, user=cli.pcap(PACKETS, cli.USER0), fddi=cli.snoop(PACKETS, 8),
                  other=cli.snoop(PACKETS, 9), high=cli.pcap(PACKETS, 0x03fffffe), mixed=mixed)
        for engine in ENGINES:
            for name in ("user", "fddi", "other", "high"):
                got = wscope("replay", "--json", "--engine", engine, name, cwd=folder)
                have = cli.summary(got)
                report.check(f"a link type that is not analysed is counted, no error: {name}, "
                             f"{engine}", wrong(got, NOTHING),
                             () if have["skipped"] == {"linktype": len(PACKETS)}
                             and len(records(got)) == 1 else [str(have)])
            got = wscope("replay", "--json", "--engine", engine, "mixed", cwd=folder)
            have = cli.summary(got)
            report.check(f"beside one that is: {engine}", wrong(got, NOTHING),
                         () if have["skipped"] == {"linktype": 3}
                         and have["tcp_packets"] == len(PACKETS) and have["findings"] else [str(have)])
        got = wscope("replay", "user", cwd=folder)
        report.check("people are told", wrong(got, NOTHING),
                     () if "No TCP connection was seen" in got.out
                     and f"linktype {len(PACKETS)}" in got.out else [got.out])


# What needs no option: a window of 0 is one whatever its shift, and so is a change of its slope.
WITHOUT_OPTIONS = {"zero-window-stall", "shift-changed", "state-loss"}


def concludes(findings):
    return [finding for finding in findings if finding["code"] not in WITHOUT_OPTIONS]


def concluded(got, scenario):
    """Anything that was concluded from options that are not there."""
    for flow in records(got, "flow"):
        if concludes(flow["findings"]) or flow["scaling"] != "unknown" or flow["scaling_inferred"]:
            yield f"{scenario}: {flow}"
        if {flow["c2s"]["wscale_state"], flow["s2c"]["wscale_state"]} != {"unknown"}:
            yield f"{scenario}: {flow}"
    for endpoint in records(got, "endpoint"):
        yield f"{scenario}: {endpoint}"


def snap_lengths():
    """IPv4 behind Ethernet: 14 + 20 + 20 bytes, then options."""
    scenarios = [name for name in sorted(os.listdir(cli.CAPTURES)) if not name.startswith("vxlan")
                 and name not in ("short-snap-server-off",) and not name.endswith("-v6")]
    with cli.scratch() as folder:
        for snaplen, header in ((40, False), (53, False), (54, True)):
            problems = []
            for scenario in scenarios:
                packets = [one.cut(snaplen) for one in cli.lab(scenario)]
                cli.write(folder, x=cli.pcap(packets))
                got = wscope("replay", "--json", "x", cwd=folder)
                problems += wrong(got, NOTHING)
                problems += concluded(got, scenario)
                have = cli.summary(got)
                counted = have["tcp_packets"] if header else have["skipped"].get("truncated")
                if have["packets"] != len(packets) or counted != len(packets):
                    problems.append(f"{scenario}: {have}")
            report.check(f"snap length {snaplen}: all packets are counted, nothing is concluded "
                         f"({len(scenarios)} captures)", problems)
        cli.write(folder, x=cli.pcap([one.cut(40) for one in PACKETS]))
        for engine in ENGINES[1:]:
            got = wscope("replay", "--json", "--engine", engine, "x", cwd=folder)
            report.check(f"snap length 40: {engine}", wrong(got, NOTHING), concluded(got, engine),
                         () if cli.summary(got)["skipped"] == {"truncated": len(PACKETS)} else
                         [got.out])
        got = wscope("replay", "x", cwd=folder)
        report.check("snap length 40: people are told", wrong(got, NOTHING),
                     () if f"truncated {len(PACKETS)}" in got.out else [got.out])


# -- filters -------------------------------------------------------------------------------------


def libpcap_says(expression):
    """Why libpcap does not compile a filter for Ethernet, in its words."""
    pcap = ctypes.CDLL(ctypes.util.find_library("pcap"))
    pcap.pcap_open_dead.restype = ctypes.c_void_p
    pcap.pcap_geterr.restype = ctypes.c_char_p
    handle = ctypes.c_void_p(pcap.pcap_open_dead(1, 262144))
    program = ctypes.create_string_buffer(64)
    if pcap.pcap_compile(handle, program, expression.encode(), 1, ctypes.c_uint32(0xffffffff)) == 0:
        raise ValueError(f"libpcap takes '{expression}'")
    return pcap.pcap_geterr(handle).decode()


def filters():
    with cli.scratch() as folder:
        cli.write(folder, x=SOUND)
        for expression in ("tcp port", "tcp and (", "host 1.2.3.4.5", "port 99999", "tcp[13 = 2",
                           "nonsense", "vlan 5000", "ip6 host 192.0.2.2"):
            due = f"bad filter '{expression}': {libpcap_says(expression)}"
            got = wscope("replay", "x", "--", *expression.split(), cwd=folder)
            report.check(f"a bad filter: {expression}", wrong(got, USAGE, due, silent=True))
            got = wscope("replay", "x", "--", expression, cwd=folder)
            report.check(f"the same in one word: {expression}", wrong(got, USAGE, due, silent=True))
        got = wscope("replay", "x", "tcp", "portt", "80", cwd=folder)
        report.check("a bad filter that was not marked: it says where it began",
                     wrong(got, USAGE, f"bad filter 'tcp portt 80': {libpcap_says('tcp portt 80')}; "
                           "'tcp' is no file, so the filter begins with it", silent=True))
        got = wscope("replay", "no.pcap", "--", "tcp port", cwd=folder)
        report.check("a bad filter where nothing can be read is not met",
                     wrong(got, INPUT, "cannot open 'no.pcap': No such file or directory"))


# -- outputs -------------------------------------------------------------------------------------

WRITERS = [("replay", "x"), ("replay", "--json", "x"), ("replay", "--separate", "x", "x"),
           ("replay", "--help"), ("live", "--help"), ("list",), ("schema",),
           ("explain", "endpoint-off"), ("--help",), ("--version",)]


def shell(redirection, *argv, cwd):
    """Through a shell, for what subprocess cannot do: a closed stream."""
    return wscope("-c", f'exec "$0" "$@" {redirection}', cli.WSCOPE, *argv, program="bash", cwd=cwd)


def outputs():
    with cli.scratch() as folder:
        cli.write(folder, x=SOUND)
        for argv in WRITERS:
            what = "cannot write the result" if argv[-1] == "x" else "cannot write"
            for redirection, why in ((">&-", "Bad file descriptor"),
                                     (">/dev/full", "No space left on device")):
                report.check(f"{' '.join(argv)} {redirection}",
                             wrong(shell(redirection, *argv, cwd=folder), INCOMPLETE,
                                   f"{what}: {why}"))
        got = shell("2>&-", "replay", "x", "no.pcap", cwd=folder)
        due = shell("", "replay", "x", "no.pcap", cwd=folder)
        report.check("stderr closed: the report is not spoiled", wrong(got, INPUT),
                     reported(got.out, due.out))
        report.check("stdin closed",
                     wrong(shell("<&-", "replay", "-", cwd=folder), INPUT,
                           "cannot read standard input: Bad file descriptor", silent=True))
        got = shell("<&-", "replay", "x", cwd=folder)
        report.check("stdin closed, and not needed", wrong(got, NOTHING),
                     reported(got.out, wscope("replay", "x", cwd=folder).out))
        reader, writer = os.pipe()
        os.close(reader)
        got = wscope("replay", "-v", "x", cwd=folder, stdout=writer)
        os.close(writer)
        report.check("a pipe that nobody reads: silent, as any filter",
                     () if got.status == -13 and not got.err else [str(got)])


# -- privileges and kernels ----------------------------------------------------------------------

LOADING = "cannot load the kernel's programs: Operation not permitted (--engine xdp and tc need root)"


def unprivileged():
    with cli.scratch() as folder:
        cli.write(folder, x=SOUND)
        program, prefix = copied(folder), cli.nobody()

        def check(name, args, status, *complaints):
            got = wscope(*args, cwd=folder, prefix=prefix, program=program)
            report.check(f"no privilege: {name}", wrong(got, status, *complaints, silent=True))

        for engine in ("xdp", "tc"):
            check(engine, ["replay", "--engine", engine, "x"], PRIVILEGE, LOADING)
        check("a bad filter goes before it", ["replay", "--engine", "xdp", "x", "--", "tcp port"],
              USAGE, "bad filter 'tcp port': " + libpcap_says("tcp port"))
        check("it goes before a missing file", ["replay", "--engine", "xdp", "no.pcap"], PRIVILEGE,
              "cannot open 'no.pcap': No such file or directory", LOADING)
        check("it is said once for several files",
              ["replay", "--engine", "tc", "--separate", "x", "x"], PRIVILEGE, LOADING)
        check("live", ["live", "-i", "lo"], PRIVILEGE,
              "cannot load the programs: Operation not permitted; root, or the capabilities "
              "CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON, are needed")
        got = wscope("replay", "x", cwd=folder, prefix=prefix, program=program)
        report.check("no privilege: none is needed natively", wrong(got, NOTHING),
                     reported(got.out, wscope("replay", "x", cwd=folder).out))


def interfaces(node):
    device = "No such device"

    def check(name, args, status, *complaints):
        with node.inside():
            got = wscope("live", *args)
        report.check(name, wrong(got, status, *complaints, silent=True))

    check("an interface that does not exist", ["-i", "no0"], PRIVILEGE,
          f"cannot attach to 'no0': {device}")
    check("an interface without a name", ["-i", ""], PRIVILEGE, f"cannot attach to '': {device}")
    check("an interface with too long a name", ["-i", "i" * 40], PRIVILEGE,
          f"cannot attach to '{'i' * 40}': {device}")
    check("one of two interfaces does not exist: nothing is attached", ["-i", "lo", "-i", "no0"],
          PRIVILEGE, f"cannot attach to 'no0': {device}")


NO_NATIVE = [("lo", ""), ("bridge", "link add {} type bridge\n"),
             ("vxlan", "link add {} type vxlan id 4 dstport 4789\n"),
             ("dummy", "link add {} type dummy\n")]

NOTES = {"bridge": ["bridge0: on a bridge only what is for this host or from it is seen, and it has no "
                    "native XDP: for what is forwarded, attach to its ports (it has none)"]}


def native_refused(node):
    for name, command in NO_NATIVE:
        device = "lo" if name == "lo" else f"{name}0"
        title = f"native XDP on {name}, whose driver has none"
        try:
            node.ip(command.format(device) + f"link set {device} up\n")
        except lab.LabError as error:
            report.skip(title, f"kernel: no such device: {str(error).splitlines()[0]}")
            continue
        with node.inside():
            got = wscope("live", "-i", device)
        notice = (f"{device}: attaching native XDP; a driver may reset its queues and turn LRO off "
                  "for it")
        report.check(title, wrong(got, PRIVILEGE, *NOTES.get(name, ()), notice,
                                  f"cannot attach XDP to '{device}' in native mode: Operation not "
                                  "supported; try --mode generic or --hooks tc-ingress,tc-egress",
                                  silent=True))
        for hint in (("--mode", "generic"), ("--hooks", "tc-ingress,tc-egress")):
            with node.inside():
                got = wscope("live", "-i", device, "--duration", "0.2", *hint)
            report.check(f"the hint helps: {name} {' '.join(hint)}",
                         () if got.status == NOTHING and " attached, " in got.err else [str(got)],
                         cli.improper(got.err))


def mounts(script):
    """A mount namespace of its own, changed by a script before the program starts."""
    return ("unshare", "--mount", "--propagation", "private", "sh", "-c",
            f'{script} && exec "$@"', "sh")


LESS = [("no bpffs", "if grep -q ' /sys/fs/bpf ' /proc/self/mounts; then umount /sys/fs/bpf; fi",
         "! grep -q ' bpf ' /proc/self/mounts"),
        ("no BTF of the kernel", "mount -t tmpfs none /sys/kernel/btf",
         "! test -e /sys/kernel/btf/vmlinux")]


def less_kernel(node):
    """What the programs must not need: pinning, and the kernel's own types."""
    with cli.scratch() as folder:
        cli.write(folder, x=SOUND)
        due = wscope("replay", "--json", "x", cwd=folder).out
        for name, script, proof in LESS:
            prefix = mounts(script)
            done = subprocess.run([*prefix, "sh", "-c", proof], check=False, capture_output=True)
            if done.returncode:
                report.skip(name, f"kernel: cannot be taken away here: {done.stderr.decode()!r}")
                continue
            for engine in ("xdp", "tc"):
                got = wscope("replay", "--json", "--engine", engine, "x", cwd=folder, prefix=prefix)
                report.check(f"{name}: replay --engine {engine}", wrong(got, NOTHING),
                             reported(got.out, due))
            for hooks in (("--mode", "generic"), ("--hooks", "tc-ingress,tc-egress")):
                with node.inside():
                    got = wscope("live", "--json", "-i", "lo", "--duration", "0.3", *hooks,
                                 prefix=prefix)
                report.check(f"{name}: live in the foreground, {' '.join(hooks)}",
                             () if got.status == NOTHING and cli.summary(got)["flows"] == 0
                             else [str(got)], cli.improper(got.err))


def live_outputs(node):
    for redirection, why in ((">&-", "Bad file descriptor"), (">/dev/full",
                                                              "No space left on device")):
        with node.inside():
            got = shell(redirection, "live", "-i", "lo", "--hooks", "tc-ingress", "--duration",
                        "0.2", cwd="/")
        complaints = [line for line in got.err.splitlines() if "cannot" in line]
        report.check(f"live {redirection}", cli.improper(got.err),
                     () if got.status == INCOMPLETE and len(complaints) == 1 and why in complaints[0]
                     else [str(got)])


def machine():
    if not ROOT_USER:
        report.skip("interfaces, kernels and the outputs of live", NEEDS_ROOT)
        return
    run = lab.Run()
    try:
        node = lab.Node(run, 0, "bad")
        node.ip("link set lo up\n")
        for test in (interfaces, native_refused, less_kernel, live_outputs):
            test(node)
    finally:
        run.close()


def main():
    for row in FILES:
        check_file(*row)
    for test in (missing, link_types, snap_lengths, filters, outputs, unprivileged, machine):
        test()
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
