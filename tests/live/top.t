#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# timeout: 240
"""`wscope top` on a terminal of tmux: what is on its screen, what keys do, what is left at the end.

WSCOPE_REWRITE=1 puts the screens into docs/top.md, which are otherwise compared by their shape:
the same words, with numbers, times and ports for any others.
"""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import live  # noqa: E402
from keeper import Keeper, pins  # noqa: E402
from live import await_true, lab, talk  # noqa: E402

SETTING = "net.ipv4.tcp_window_scaling"
SERVER = lab.ADDRESS[4]["server"]
CLIENT = lab.ADDRESS[4]["client"]
PAGE = os.path.join(live.ROOT, "docs", "top.md")
ENVIRONMENT = {"TZ": "UTC", "LC_ALL": "C.UTF-8"}


class Screen:
    """A terminal with a shell in a node of the lab, and `wscope top` in it."""

    def __init__(self, run, node, *args, size=(80, 24), environment=(), prefix=(),
                 term="screen-256color"):
        self.folder = tempfile.TemporaryDirectory()
        self.socket = os.path.join(self.folder.name, "tmux")
        self.node = node
        config = os.path.join(self.folder.name, "conf")
        with open(config, "w", encoding="ascii") as file:
            file.write(f"set -g default-terminal {term}\nset -g escape-time 0\nset -g status off\n"
                       "set -g history-limit 2000\n")
        env = {**os.environ, **ENVIRONMENT, **dict(environment)}
        env.pop("NO_COLOR", None)
        env.update(environment)
        env.pop("TMUX", None)
        self.log = os.path.join(self.folder.name, "status")
        words = " ".join(shlex.quote(word) for word in (*prefix, live.WSCOPE, "top", *args))
        script = f"stty -g >{self.log}.before; {words}; echo $? >{self.log}.now; " \
                 f"stty -g >{self.log}.after; mv {self.log}.now {self.log}; " \
                 "echo the shell is back; exec sleep 600"
        with node.inside():
            self.server = run.spawn(
                ["tmux", "-D", "-S", self.socket, "-f", config], env=env,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            await_true("tmux listens", lambda: os.path.exists(self.socket))
            width, height = size
            done = subprocess.run(
                ["tmux", "-u", "-S", self.socket, "new-session", "-d", "-x", str(width), "-y",
                 str(height), "sh", "-c", script],
                env=env, capture_output=True, text=True, timeout=20, check=False)
        if done.returncode:
            raise lab.LabError(f"tmux: {done.stderr.strip()}")
        self.run = run

    def tmux(self, *words):
        return subprocess.run(["tmux", "-u", "-S", self.socket, *words], capture_output=True,
                              text=True, timeout=20, check=True).stdout

    def text(self, *more):
        return self.tmux("capture-pane", "-p", *more)

    def keys(self, *keys):
        self.tmux("send-keys", *keys)

    def until(self, what, *words, absent=()):
        """The screen, once all these are on it and those are not."""
        try:
            return await_true(what, lambda: (lambda text: all(word in text for word in words) and
                                             not any(word in text for word in absent) and
                                             text)(self.text()))
        except AssertionError as error:
            raise AssertionError(f"{error}: {words} on\n{self.text()}") from None

    def pid(self):
        """Of wscope, a child of the pane's shell."""
        shell = self.tmux("display-message", "-p", "#{pane_pid}").strip()
        done = subprocess.run(["pgrep", "-P", shell, "-x", "wscope"], capture_output=True,
                              text=True, check=False)
        return int(done.stdout)

    def status(self):
        """Its exit status, once it has ended; the terminal must then be as it was before."""
        await_true("top ends", lambda: os.path.exists(self.log))
        with open(self.log + ".before", encoding="ascii") as before, \
                open(self.log + ".after", encoding="ascii") as after:
            assert before.read() == after.read(), "the terminal is not as it was"
        text = self.until("the shell", "the shell is back")
        # The alternate screen is left: no line of the display is there any more.
        assert "[1 Culprits]" not in text and "q quit" not in text, text
        shown = self.tmux("display-message", "-p", "#{cursor_flag} #{alternate_on}")
        assert shown.split() == ["1", "0"], f"cursor and alternate screen: {shown}"
        with open(self.log, encoding="ascii") as file:
            return int(file.read())

    def close(self):
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], capture_output=True,
                       timeout=20, check=False)
        self.server.wait(timeout=10)
        self.run.forget(self.server)
        self.folder.cleanup()


def fits(text, columns, rows):
    lines = text.split("\n")
    assert len(lines) <= rows + 1, f"{len(lines)} lines"
    assert all(len(line) <= columns for line in lines), text


def squeezed(text):
    return re.sub(r"\s+", " ", text)


def outage(net):
    """A host that left its setting: what worked, then what does not, and two that stay open."""
    talk(net, 5)
    net.server.sysctl(SETTING, 0)
    held = [net.connect() for _ in range(2)]
    for sock, peer in held:
        lab.exchange(sock, peer, rounds=1)
    talk(net, 22)
    return held


def shape(text):
    """What a screen is made of: labels of fields, and other lines with N for numbers and times.

    Where a text is wrapped depends on its numbers, so its further lines do not count.
    """
    lines = []
    for line in text.splitlines():
        field = re.match(r"  (?=\S)(.{10}) ", line)
        if field:
            lines.append(field.group(1).strip())
        elif line.strip() and not line.startswith("   "):
            line = re.sub(r"[0-9]+([.,:-][0-9]+)*[KMG]?", "N", line)
            lines.append(re.sub(r" +", " ", line).rstrip())
    return lines


def same_shape(due, got):
    """The last lines of a text may not fit when numbers are longer: the message and keys do."""
    due, got = shape(due), shape(got)
    body = min(len(due), len(got)) - 2
    return abs(len(due) - len(got)) <= 2 and due[:body] == got[:body] and due[-1] == got[-1]


def documented():
    with open(PAGE, encoding="utf-8") as file:
        return re.findall(r"^```text\n(.*?)^```$", file.read(), re.M | re.S)


def rewrite(screens):
    with open(PAGE, encoding="utf-8") as file:
        page = file.read()
    left = iter(screens)
    page = re.sub(r"^```text\n.*?^```$",
                  lambda _: f"```text\n{next(left).rstrip()}\n```", page, flags=re.M | re.S)
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(page)


def views(run, net):
    """80x24: the culprit and its advice, the other views, a detail with its history; as in docs"""
    screen = Screen(run, net.server, "-i", "eth0", "--interval", "0.5")
    try:
        screen.until("the screen", "[1 Culprits]", "q quit", "eth0 xdp native")
        held = outage(net)
        culprit = screen.until("the culprit", "CRITICAL", f"{SERVER}:{lab.PORT} as server",
                               f"{SETTING}", "open unscaled 2", absent=["off 0.0 ", "off - "])
        fits(culprit, 80, 24)
        assert f"check {SETTING} on {SERVER} first: 0 is off" in squeezed(culprit), culprit
        assert "its last 24 handshakes without window scaling (24 of 29 in all), since" in \
            squeezed(culprit), culprit
        screen.keys("Tab")
        hosts = screen.until("endpoints", "[2 Endpoints]", "HANDSHAKES", f"{SERVER}:{lab.PORT}")
        row = next(line.split() for line in hosts.splitlines() if line.startswith(SERVER))
        assert row[:5] == [f"{SERVER}:{lab.PORT}", "server", "29", "5", "24"], hosts
        screen.keys("3")
        flows = screen.until("connections", "[3 Connections] ", "by waited", "server-no-wscale")
        fits(flows, 80, 24)
        screen.keys("4")
        state = screen.until("state", "attached", "handshakes", "this host", f"{SETTING} = 0 here")
        fits(state, 80, 24)
        port = held[0][0].getsockname()[1]
        screen.keys("3", "/")
        screen.keys("-l", f"{CLIENT}:{port}")
        screen.until("the filter is shown", f"filter: {CLIENT}:{port}_")
        screen.keys("Enter")
        screen.until("one row", f"/{CLIENT}:{port}", absent=[f":{held[1][0].getsockname()[1]}"])
        screen.keys("Enter")
        time.sleep(1.2)
        detail = screen.until("a detail", f"{CLIENT}:{port} -> {SERVER}:{lab.PORT}", "history",
                              "effective window", "zero-window spells: none", "most",
                              "Esc back")
        fits(detail, 80, 24)
        assert re.search(r"client +most \S+ +\|[\u2581-\u2588]{2,}", detail), detail
        screen.keys("End")
        screen.until("its findings", "server-no-wscale", "advice")
        for sock, peer in held:
            lab.finish(sock, peer)
        screen.keys("q")
        assert screen.status() == 0
        assert live.attached(net.server, "eth0")[:2] == ("", 0), "something stayed attached"
        shown = [culprit, flows, detail]
        if os.environ.get("WSCOPE_REWRITE"):
            rewrite(shown)
        for due, got in zip(documented(), shown, strict=True):
            assert same_shape(due, got), \
                f"docs/top.md (WSCOPE_REWRITE=1 writes it anew):\n{due}\nis now\n{got}"
    finally:
        screen.close()


def keys(run, net):
    """sort, reverse, filter by text, pause, help, arrows, a new size"""
    screen = Screen(run, net.server, "-i", "eth0", "--interval", "0.3")
    try:
        screen.until("the screen", "[1 Culprits]")
        for _ in range(2):
            talk(net, 20)
        screen.keys("3")
        screen.until("rows", "by waited", CLIENT, "records 40 ")
        orders = []
        for name in ("severity", "window", "bytes", "last packet", "client"):
            screen.keys("s")
            orders.append(screen.until(name, f"by {name}"))

        def ports(text):
            return [int(port) for port in re.findall(rf"^{re.escape(CLIENT)}:(\d+)", text, re.M)]
        assert len(ports(orders[-1])) == 17, orders[-1]
        assert ports(orders[-1]) == sorted(ports(orders[-1])), orders[-1]
        screen.keys("r")
        back = screen.until("reversed", "by client, reversed")
        assert ports(back) == sorted(ports(back), reverse=True), back
        screen.keys("End")
        screen.until("the other end", "by client, reversed", absent=[f":{ports(back)[0]} "])
        screen.keys("Home")
        screen.keys("PPage", "NPage", "Down", "Up", "NPage")
        screen.until("further down", absent=[f":{ports(back)[0]} "])
        screen.keys("p")
        screen.until("paused", "PAUSED")
        time.sleep(0.7)
        paused = screen.text()
        talk(net, 3)
        time.sleep(1)
        assert screen.text() == paused, screen.text()
        screen.keys("p")
        screen.until("goes on", "records 43", absent=["PAUSED"])
        screen.keys("/")
        screen.keys("-l", "nothing-like-it")
        screen.keys("Enter")
        screen.until("nothing is left", "Nothing holds the filter")
        screen.keys("/", "Escape")
        screen.until("all is back", CLIENT, absent=["nothing-like-it"])
        screen.keys("?")
        screen.until("help", "Keys and columns", "detach and quit")
        screen.keys("Escape")
        screen.until("back", "by client", absent=["Keys and columns"])
        screen.tmux("resize-window", "-x", "120", "-y", "40")
        screen.until("a larger one", "by client", CLIENT)
        await_true("40 lines", lambda: len(ports(screen.text())) > 25)
        screen.tmux("resize-window", "-x", "40", "-y", "10")
        await_true("a small one", lambda: len(ports(screen.text())) <= 4)
        screen.keys("C-c")
        assert screen.status() == 0
    finally:
        screen.close()


def signals(run, net):
    """SIGTERM, SIGINT, SIGHUP, SIGQUIT: the terminal is restored, nothing stays attached"""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        screen = Screen(run, net.server, "-i", "eth0", "--hooks", "xdp,tc-ingress,tc-egress")
        try:
            screen.until("the screen", "[1 Culprits]", "tc-ingress link")
            os.kill(screen.pid(), number)
            assert screen.status() == 0, number
            assert live.attached(net.server, "eth0")[:2] == ("", 0), number
        finally:
            screen.close()


def pinned(run, net):
    """of what `wscope attach` has attached: no capability, and the same screen"""
    with pins() as folder:
        one = Keeper(run, net.server, "-i", "eth0", "--pin", folder)
        screen = Screen(run, net.server, "--pinned", "--pin", folder)
        try:
            screen.until("the screen", "[1 Culprits]", "eth0 xdp native", "eth0 tc-egress link")
            with open(f"/proc/{screen.pid()}/status", encoding="utf-8") as file:
                assert "CapEff:\t0000000000000000\n" in file.read()
            screen.keys("q")
            assert screen.status() == 0
        finally:
            screen.close()
        assert one.stop() == 0


def plain(run, net):
    """NO_COLOR, a vt100, and a locale without UTF-8: no colour, ASCII only"""
    for term, environment in (("screen-256color", {"NO_COLOR": "1"}), ("vt100", {}),
                              ("screen-256color", {"LC_ALL": "C"})):
        net.server.sysctl(SETTING, 0)
        screen = Screen(run, net.server, "-i", "eth0", "--interval", "0.3",
                        environment=environment, term=term)
        try:
            screen.until("the screen", "[1 Culprits]")
            talk(net, 22)
            text = screen.until("the culprit", "CRITICAL", SERVER)
            colored = re.search(r"\x1b\[[0-9;]*\b3[1-7]m", screen.text("-e")) is not None
            assert colored == ("LC_ALL" in environment), (term, environment)
            screen.keys("4")
            text = screen.until("state", "handshakes", "attached")
            if environment.get("LC_ALL") == "C":
                assert text.isascii(), text
            screen.keys("q")
            assert screen.status() == 0
        finally:
            screen.close()


def messages(run, net):
    """what would be said on stderr is a line of the screen, and said again at the end"""
    screen = Screen(run, net.server, "-i", "eth0", "--interval", "0.3")
    try:
        screen.until("the screen", "[1 Culprits]")
        os.kill(screen.pid(), signal.SIGUSR1)
        text = screen.until("the message", "the work is switched off")
        fits(text, 80, 24)
        assert "[1 Culprits]" in text.splitlines()[3], text
        screen.keys("q")
        assert screen.status() == 0
        assert "the work is switched off" in screen.text()
    finally:
        screen.close()


def refused(run, net):
    """no terminal, or one of no known type: said before anything is attached, status 2"""
    with net.server.inside():
        done = subprocess.run([live.WSCOPE, "top", "-i", "eth0"], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stdout) == (2, ""), done
    assert done.stderr == "wscope: top needs a terminal; `wscope live` does not\n", done
    screen = Screen(run, net.server, "-i", "eth0", prefix=("env", "TERM=nonesuch"))
    try:
        screen.until("why", "top does not know this terminal: see TERM", "the shell is back")
        assert screen.status() == 2
    finally:
        screen.close()


if not shutil.which("tmux"):
    TAP = live.Tap()
    TAP.skip("wscope top", "package: tmux is not installed")
    sys.exit(TAP.end())
sys.exit(live.main("wscope top", [views, keys, signals, pinned, plain, messages, refused]))
