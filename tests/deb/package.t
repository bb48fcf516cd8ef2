#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# timeout: 1200
"""The Debian package of build/deb: lintian has nothing to say, it is made twice with the same bytes,
and in a new system it installs with what it depends on, works as it does here, and leaves nothing.

The new system is made by debootstrap in a temporary folder. Each command there has namespaces of its
own for mounts and processes: when it ends, by itself or not, nothing of it is left.
"""

import glob
import hashlib
import io
import os
import shutil
import signal
import stat
import subprocess
import sys
import tarfile
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))
sys.path.insert(0, os.path.join(HERE, "..", "lab"))
from tap import CAPTURES, Tap  # noqa: E402

PROGRAM = os.path.abspath(os.environ.get("WSCOPE", os.path.join(ROOT, "build", "wscope")))
# What apt and dpkg note down; dpkg's lists of files stay in.
NOTES = ("var/log/", "var/cache/", "var/lib/apt/", "var/lib/dpkg/status", "var/lib/dpkg/available",
         "var/lib/dpkg/lock", "var/lib/dpkg/triggers/", "var/lib/dpkg/diversions-old",
         "var/lib/systemd/deb-systemd", "etc/ld.so.cache", "run/", "proc/", "sys/", "dev/",
         "etc/passwd-", "etc/shadow-", "etc/group-", "etc/gshadow-")  # the last ones: copies of the day before
# All records of all captures, one after the other; a page, and how an IPFIX file begins.
REPLAY = 'for f in */*.pcap*; do "$0" replay --json "$f" || echo "$f: $?"; done; ' \
         'out=$(mktemp); "$0" replay --html "$out" server-flip/client.pcap; cat "$out"; ' \
         '"$0" replay --ipfix "$out" server-flip/client.pcap; head -c 4 "$out" | od; rm "$out"; ' \
         '"$0" explain endpoint-off'
NAMESPACES = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
tap = Tap()


def run(*argv, **kwargs):
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False, timeout=900, **kwargs)
    return done.returncode, done.stdout.decode("utf-8", "replace")


def report(name, result, good=None):
    """A command that has to end well, and whose output may have to be something."""
    status, out = result
    tap.ok(not status and (good is None or good(out)), name, f"status {status}\n{out[-3000:]}")
    return not status


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


# -- the file ------------------------------------------------------------------------------------


def lintian(path):
    return run("lintian", "--allow-root", "--fail-on", "error,warning", "--tag-display-limit", "0", path)


def lint(package, scratch):
    changes = package.replace(".deb", ".changes")
    report("lintian has nothing to say", lintian(changes), lambda out: not out)
    report("it suggests what is loaded for one option", run("dpkg-deb", "-f", package, "Suggests"),
           lambda out: out.startswith("libnats") and "," not in out)
    tree = os.path.join(scratch, "bad")
    run("dpkg-deb", "-R", package, tree)
    os.chmod(os.path.join(tree, "usr/bin/wscope"), 0o777)
    bad = os.path.join(scratch, os.path.basename(package))
    run("dpkg-deb", "-b", tree, bad)
    status, out = lintian(bad)
    tap.ok(status and "non-standard-executable-perm" in out, "lintian sees what is wrong", out)


def again(package, scratch):
    """In another folder, by another clock, with another umask."""
    tree = os.path.join(scratch, "tree")
    shutil.copytree(ROOT, tree, symlinks=True,
                    ignore=shutil.ignore_patterns(".git", "build", "tests", "__pycache__"))
    if os.path.isdir(os.path.join(ROOT, "build", "uplot")):
        shutil.copytree(os.path.join(ROOT, "build", "uplot"), os.path.join(tree, "build", "uplot"))
    members = subprocess.run(["dpkg-deb", "--ctrl-tarfile", package], capture_output=True, check=True,
                             timeout=60).stdout
    with tarfile.open(fileobj=io.BytesIO(members)) as archive:
        epoch = max(one.mtime for one in archive.getmembers())
    version = os.path.basename(package).split("_")[1]
    env = dict(os.environ, SOURCE_DATE_EPOCH=str(int(epoch)), TZ="Asia/Tokyo", LC_ALL="C")
    status, out = run("sh", "-c", f"umask 077; exec mk/deb {version}", cwd=tree, env=env)
    made = os.path.join(tree, "build", "deb", os.path.basename(package))
    tap.ok(not status and digest(made) == digest(package), "built again it has the same bytes", out)


# -- a new system --------------------------------------------------------------------------------


def mirror():
    """(address, release) that this system's apt has for its own release."""
    with open("/etc/os-release", encoding="utf-8") as file:
        release = dict(line.strip().split("=", 1) for line in file if "=" in line)["VERSION_CODENAME"]
    targets = run("apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME) $(COMPONENT)",
                  "Created-By: Packages")[1]
    for line in targets.splitlines():
        uri, name, component = line.split()
        if (name, component) == (release, "main") and "security" not in uri:
            return uri.rstrip("/"), release
    return "http://deb.debian.org/debian", release


class System:
    def __init__(self, root):
        self.root = root

    def make(self):
        address, release = mirror()
        done = run(*NAMESPACES, "debootstrap", "--variant=minbase", release, self.root, address)
        # How this system's apt gets its files, a proxy say, is how that one does.
        with open(os.path.join(self.root, "etc/apt/apt.conf.d/99host"), "w", encoding="utf-8") as file:
            file.write(run("apt-config", "dump", "Acquire")[1])
        shutil.copy("/etc/resolv.conf", os.path.join(self.root, "etc/resolv.conf"))
        return done

    def run(self, *argv, user="0:0", cwd="/"):
        return run(*NAMESPACES, "sh", "-c",
                   f'mount -t proc proc {self.root}/proc && exec chroot --userspec={user} {self.root} '
                   f'sh -c \'cd "$0" && exec "$@"\' "$@"', "sh", cwd, *argv,
                   env=dict(PATH="/usr/sbin:/usr/bin:/sbin:/bin", DEBIAN_FRONTEND="noninteractive",
                            LC_ALL="C.UTF-8", TZ="UTC"))

    def apt(self, *argv):
        return self.run("apt-get", "-y", "-q", "-o", "Dpkg::Use-Pty=0", *argv)

    def files(self):
        """{path: what it is}"""
        found = {}
        for parent, folders, names in os.walk(self.root):
            for name in folders + names:
                path = os.path.join(parent, name)
                short = os.path.relpath(path, self.root)
                if short.startswith(NOTES):
                    continue
                info = os.lstat(path)
                what = [oct(info.st_mode), info.st_uid, info.st_gid]
                if stat.S_ISLNK(info.st_mode):
                    what.append(os.readlink(path))
                elif stat.S_ISREG(info.st_mode):
                    what.append(digest(path))
                found[short] = what
        return found


def works(system):
    here = dict(os.environ, LC_ALL="C.UTF-8", TZ="UTC")
    due = run("sh", "-c", REPLAY, PROGRAM, cwd=CAPTURES, env=here)
    got = system.run("sh", "-c", REPLAY, "/usr/bin/wscope", user="65534:65534", cwd="/captures")
    report("it says of the captures what it says here, to a user without privileges", got,
           lambda out: out == due[1] and out.count('"type":"flow"') > 500 and "CRITICAL" in out
           and "uPlot" in out and "<html" in out)
    report("wscope --version", system.run("wscope", "--version"),
           lambda out: out == run(PROGRAM, "--version")[1])
    for page in sorted(os.listdir(os.path.join(ROOT, "man"))):
        name = page.rsplit(".", 1)[0]
        report(f"man -w {name}", system.run("man", "-w", name),
               lambda out, page=page: out == f"/usr/share/man/man1/{page}.gz\n")
    for path in ("usr/share/bash-completion/completions/wscope", "usr/share/doc/wscope/README.md",
                 "usr/share/doc/wscope/docs/findings/endpoint-off.md",
                 "usr/share/doc/wscope/copyright"):
        tap.ok(os.path.getsize(os.path.join(system.root, path)) > 500, path)
    links = glob.glob(os.path.join(system.root, "usr/lib/*/wireshark/extcap/wscope-extcap"))
    tap.ok(len(links) == 1, "Wireshark's link", links)
    report("Wireshark's link is the program", system.run(
        "/" + os.path.relpath(links[0], system.root) if links else "false", "--extcap-interfaces"),
        lambda out: out.startswith("extcap {version="))


UNITS = ("wscope-attach.service", "wscope.service")


def units(system):
    """Units, their user and their options: there, and nothing of it enabled."""
    for unit in UNITS:
        status, out = system.run("systemctl", "is-enabled", unit)
        tap.ok(status and out == "disabled\n", f"{unit} is there, and not enabled", f"{status} {out}")
    report("the reader's user", system.run("getent", "passwd", "wscope"),
           lambda out: out.endswith(":/usr/sbin/nologin\n"))
    report("the options are the administrator's", system.run(
        "dpkg-query", "-W", "-f", "${Conffiles}", "wscope"),
        lambda out: [line.split()[0] for line in out.splitlines() if line] == ["/etc/default/wscope"])


def used(system):
    """As after months: enabled, with options and a file of the reader's. A purge has to find all of it."""
    report("the units are enabled", system.run("systemctl", "enable", *UNITS),
           lambda _: os.path.lexists(os.path.join(
               system.root, "etc/systemd/system/multi-user.target.wants/wscope.service")))
    report("they are in use", system.run(
        "sh", "-c", "echo 'ATTACH_OPTIONS=\"-i eth0\"' >/etc/default/wscope; "
        "install -d -o wscope -g wscope /var/lib/wscope; echo x >/var/lib/wscope/baseline"))
    report("removed", system.apt("remove", "wscope"), lambda _: os.path.exists(os.path.join(
        system.root, "etc/default/wscope")))


def life(package, scratch):
    system = System(os.path.join(scratch, "system"))
    if not report("a new system", system.make()):
        return
    shutil.copy(package, os.path.join(system.root, "wscope.deb"))
    shutil.copytree(CAPTURES, os.path.join(system.root, "captures"))
    ready = system.apt("update")[0] or system.apt("install", "--no-install-recommends", "man-db", "systemd")[0]
    tap.ok(not ready, "a new system with manuals and units")
    status, out = system.run("sh", "-c", "command -v wscope")
    tap.ok(status and not out, "wscope is not there yet")
    before = system.files()
    if report("apt installs the package and what it depends on",
              system.apt("install", "--no-install-recommends", "/wscope.deb")):
        works(system)
        units(system)
        report("dpkg finds nothing changed", system.run("dpkg", "--verify", "wscope"),
               lambda out: not out)
        during = system.files()
        tap.ok(len(set(during) - set(before)) > 50, "something was installed")
        used(system)
    report("purge", system.apt("purge", "wscope"))
    report("autoremove", system.apt("autoremove", "--purge"))
    after = system.files()
    changed = [f"{path}: {before.get(path)} -> {after.get(path)}"
               for path in sorted(set(before) | set(after)) if before.get(path) != after.get(path)]
    tap.ok(not changed, "nothing is left", "\n".join(changed[:50]))


def main():
    packages = glob.glob(os.path.join(ROOT, "build", "deb", "*.deb"))
    if os.geteuid():
        tap.skip("the Debian package", "privilege: not root")
        return tap.end()
    tap.ok(len(packages) == 1, "there is one package", packages)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    scratch = tempfile.mkdtemp(prefix="wsl-deb-")
    try:
        lint(packages[0], scratch)
        again(packages[0], scratch)
        life(packages[0], scratch)
    finally:
        with open("/proc/self/mounts", encoding="utf-8") as file:
            mounted = [line.split()[1] for line in file if line.split()[1].startswith(scratch)]
        tap.ok(not mounted, "nothing is mounted", mounted)
        for path in reversed(mounted):
            run("umount", path)
        shutil.rmtree(scratch)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
