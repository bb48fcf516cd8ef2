# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Boot one of Debian's kernels under QEMU with a throwaway initramfs and run one command in it.

Software emulation only, no disk, no network, no modules unless asked for. The command's output
comes back over a second serial port, so that kernel messages (first port, kept in a file) cannot
mix with it.

    kernel = find_kernel("6.1", cache)
    image = Initramfs(); image.add_tool("/usr/sbin/ip")
    status = boot(kernel, image, "ip link", print, modules=["veth"])
"""
import fcntl
import lzma
import os
import pathlib
import re
import shutil
import stat
import subprocess
import tempfile
import threading
import typing

CACHE = pathlib.Path(__file__).resolve().parent.parent.parent / "build" / "vm"
QEMU = "qemu-system-x86_64"
# Without ERMS: the kernel would copy and clear by `rep movsb` then, which is emulated byte by byte.
CPU = "max,-erms"
MARK = "@@vm"
ELF_MAGIC = b"\x7fELF"

INIT = f"""#!/bin/busybox sh
/bin/busybox --install -s /bin 2>/dev/console
export PATH=/usr/bin:/usr/sbin:/sbin:/bin HOME=/root
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t tmpfs tmpfs /tmp
mount -t tmpfs tmpfs /run
mount -t bpf bpf /sys/fs/bpf
mount -t tracefs tracefs /sys/kernel/tracing
stty -F /dev/ttyS1 raw -echo
exec </dev/null >/dev/ttyS1 2>&1
echo "{MARK} begin $(uname -r)"
while read -r module; do
	insmod "$module" || echo "{MARK} module $module"
done </modules
cd /root
/bin/sh /command
echo "{MARK} exit $?"
stty -F /dev/ttyS1 raw -echo	# waits until the port has sent everything
poweroff -f
"""


class VmError(Exception):
    """Something the VM needs is missing or broken; the text says what."""


class PackageMissing(VmError):
    """A tool or a kernel package is not to be had here."""


class Kernel(typing.NamedTuple):
    release: str
    vmlinuz: pathlib.Path
    modules: pathlib.Path
    work: pathlib.Path  # where the VM's own files may lie


def version_key(name):
    """Order package and file names as versions: 6.1.0-9 before 6.1.0-56."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


def require_tools():
    if not shutil.which(QEMU):
        raise PackageMissing(f"{QEMU} is not installed (qemu-system-x86)")
    if not shutil.which("busybox"):
        raise PackageMissing("busybox is not installed (busybox-static)")


def newest_package(series):
    """The newest linux-image-SERIES.*-cloud-amd64 that apt knows."""
    if not shutil.which("apt-cache"):
        raise PackageMissing("apt is not there to fetch a kernel with")
    pattern = rf"^linux-image-{re.escape(series)}\.[0-9].*-cloud-amd64$"
    found = subprocess.run(["apt-cache", "search", "--names-only", pattern],
                           check=True, stdout=subprocess.PIPE, text=True)
    names = [line.split()[0] for line in found.stdout.splitlines()]
    if not names:
        raise PackageMissing(f"apt knows no linux-image-{series}.*-cloud-amd64")
    return max(names, key=version_key)


def download_once(series, cache):
    package = newest_package(series)
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        command = ["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", package]
        done = subprocess.run(command, cwd=scratch, check=False, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            raise PackageMissing(f"cannot download {package}: {done.stdout[-300:].strip()}")
        for deb in pathlib.Path(scratch).glob("*.deb"):
            deb.rename(cache / deb.name)


def download(series, cache):
    """Fetch the newest kernel package of a series into the cache; it is not installed."""
    try:
        download_once(series, cache)
    except PackageMissing:
        if os.geteuid() or not shutil.which("apt-get"):
            raise
        subprocess.run(["apt-get", "-q", "update"], check=False, stdout=subprocess.DEVNULL)
        download_once(series, cache)


def find_kernel(series, cache):
    """The cached kernel of a series (6.1, 6.12); downloaded and unpacked if it is not there."""
    cache.mkdir(parents=True, exist_ok=True)
    pattern = f"linux-image-{series}.[0-9]*-cloud-amd64_*.deb"
    debs = list(cache.glob(pattern))
    if not debs:
        download(series, cache)
        debs = list(cache.glob(pattern))
    deb = max(debs, key=lambda path: version_key(path.name))
    tree = cache / deb.name.split("_")[0]
    if not tree.exists():
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            subprocess.run(["dpkg-deb", "-x", deb, f"{scratch}/tree"], check=True)
            os.rename(f"{scratch}/tree", tree)
    vmlinuz = next((tree / "boot").glob("vmlinuz-*"))
    release = vmlinuz.name[len("vmlinuz-"):]
    return Kernel(release, vmlinuz, tree / "lib/modules" / release, cache)


def read_module(path):
    data = path.read_bytes()
    return lzma.decompress(data) if path.suffix == ".xz" else data


def modules_in_order(kernel, names):
    """Paths and contents of the modules and of what they depend on, dependencies first."""
    paths = {}
    for path in kernel.modules.glob("kernel/**/*.ko*"):
        paths[path.name.split(".ko")[0].replace("-", "_")] = path
    builtin = {pathlib.Path(line).stem.replace("-", "_")
               for line in (kernel.modules / "modules.builtin").read_text().split()}
    ordered = {}

    def add(name):
        name = name.replace("-", "_")
        if name in builtin or name in ordered:
            return
        if name not in paths:
            raise VmError(f"kernel {kernel.release} has no module '{name}'")
        data = read_module(paths[name])
        depends = re.search(rb"\0depends=([^\0]*)\0", data)
        for dependency in depends.group(1).decode().split(",") if depends else []:
            if dependency:
                add(dependency)
        ordered[name] = data

    for name in names:
        add(name)
    return ordered


class Initramfs:
    """Collects files and writes them as a cpio archive (newc); needs neither cpio nor root."""

    def __init__(self):
        self.entries = {}
        for path in "dev proc sys tmp run root bin sbin usr/bin usr/sbin".split():
            self.add_directory(path)
        self.entries["dev/console"] = (stat.S_IFCHR | 0o600, b"", (5, 1))
        self.add_tool(shutil.which("busybox"), "/bin/busybox")
        # Not busybox's shell for commands: it would prefer its applets to the tools added.
        self.add_tool("/bin/sh", "/bin/sh")

    def add_directory(self, path):
        parts = path.strip("/").split("/")
        for end in range(1, len(parts) + 1):
            self.entries.setdefault("/".join(parts[:end]), (stat.S_IFDIR | 0o755, b"", (0, 0)))

    def add_data(self, target, data, mode=0o644):
        target = target.strip("/")
        if "/" in target:
            self.add_directory(os.path.dirname(target))
        self.entries[target] = (stat.S_IFREG | mode, data, (0, 0))

    def add_file(self, source, target):
        """A file, or a directory with all that is in it."""
        source = pathlib.Path(source)
        if source.is_dir():
            for path in sorted(source.rglob("*")):
                if path.is_file():
                    self.add_file(path, f"{target}/{path.relative_to(source)}")
            return
        try:
            self.add_data(target, source.read_bytes(), stat.S_IMODE(source.stat().st_mode))
        except OSError as error:
            raise VmError(f"cannot read '{source}': {error.strerror}") from error

    def add_tool(self, source, target=None):
        """A program into /usr/bin, and the shared libraries it needs where it looks for them."""
        self.add_file(source, target or f"/usr/bin/{os.path.basename(source)}")
        with open(source, "rb") as program:
            if program.read(len(ELF_MAGIC)) != ELF_MAGIC:
                return
        libraries = subprocess.run(["ldd", source], check=False, stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, text=True)
        for library in re.findall(r"(?:=> |^\s+)(/\S+) \(0x", libraries.stdout, re.MULTILINE):
            self.add_file(library, library)

    def write(self, path):
        with open(path, "wb") as archive:
            for number, name in enumerate(sorted(self.entries), 1):
                self._write_entry(archive, number, name, *self.entries[name])
            self._write_entry(archive, 0, "TRAILER!!!", 0, b"", (0, 0))

    @staticmethod
    def _write_entry(archive, number, name, mode, data, device):
        raw = name.encode() + b"\0"
        fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(raw), 0)
        head = b"070701" + b"".join(b"%08X" % field for field in fields) + raw
        archive.write(head + b"\0" * (-len(head) % 4) + data + b"\0" * (-len(data) % 4))


def qemu_command(kernel, image, console, timeout, cpus, memory, append):
    return ["timeout", "--kill-after=5", str(timeout),
            QEMU, "-accel", "tcg", "-cpu", CPU, "-smp", str(cpus), "-m", str(memory),
            "-nodefaults", "-no-user-config", "-display", "none", "-monitor", "none", "-no-reboot",
            "-serial", f"file:{console}", "-serial", "stdio",
            "-kernel", str(kernel.vmlinuz), "-initrd", str(image),
            "-append", "console=ttyS0 panic=-1 quiet loglevel=4 mitigations=off " + append]


def read_result(stream, kernel, on_line):
    """Read the second serial port: our own marks, and between them the command's output.

    Returns the command's exit status, or None if the stream ended before it was told.
    """
    begun = False
    for raw in stream:
        line = raw.decode(errors="replace").rstrip("\r\n")
        mark = line.split(" ", 2) if line.startswith(MARK + " ") else [MARK, "text"]
        if mark[1] == "begin":
            begun = True
            if mark[2] != kernel.release:
                raise VmError(f"kernel {mark[2]} runs instead of {kernel.release}")
        elif mark[1] == "module":
            raise VmError(f"kernel {kernel.release} did not load {mark[2]}")
        elif mark[1] == "exit":
            return int(mark[2])
        elif begun:
            on_line(line)
    return None


def boot(kernel, image, command, on_line, modules=(), timeout=110, cpus=1, memory=1024,
         append="", on_start=lambda qemu: None):
    """Run a shell command in the VM; each line of its output is passed to on_line as it comes.
    append goes to the kernel's command line; on_start is given the process, for who has to end it
    from another thread.

    Returns the command's exit status; VmError when the VM gave no answer.

    One VM of a kernel at a time: others wait at a lock. QEMU runs under timeout(1), so that it ends
    even if this process is killed.
    """
    order = []
    for name, data in modules_in_order(kernel, modules).items():
        image.add_data(f"/lib/modules/{name}.ko", data)
        order.append(f"/lib/modules/{name}.ko\n")
    image.add_data("/modules", "".join(order).encode())
    image.add_data("/command", (command + "\n").encode())
    image.add_data("/init", INIT.encode(), 0o755)
    archive = kernel.work / f"initramfs-{kernel.release}.cpio"
    console = kernel.work / f"console-{kernel.release}.log"
    with open(kernel.work / f"lock-{kernel.release}", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        image.write(archive)
        with subprocess.Popen(qemu_command(kernel, archive, console, timeout, cpus, memory,
                                           append),
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as qemu:
            guard = threading.Timer(10, qemu.terminate)
            on_start(qemu)
            try:
                status = read_result(qemu.stdout, kernel, on_line)
                guard.start()  # it has answered; powering off takes a moment
                code = qemu.wait()
            finally:
                guard.cancel()
                qemu.terminate()
    if status is None:
        reason = f"QEMU ended with status {code}"
        if code == 124:
            reason = f"no answer within {timeout} s"
        tail = console.read_text(errors="replace").splitlines()[-20:]
        raise VmError(f"{reason}; end of the console:\n" + "\n".join(tail))
    return status
