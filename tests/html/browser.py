# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A headless Chromium, spoken to by its DevTools protocol over two pipes: no socket, no package."""

import base64
import json
import os
import pathlib
import select
import shutil
import subprocess
import tempfile
import time

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update", "--disable-extensions",
         "--disable-default-apps", "--disable-dev-shm-usage", "--mute-audio", "--hide-scrollbars",
         "--force-device-scale-factor=1", "--remote-debugging-pipe")
ANSWER_S = 60
# What a key is called, and its code on Windows, which Chromium goes by.
KEYS = {"ArrowDown": 40, "ArrowUp": 38, "ArrowLeft": 37, "ArrowRight": 39, "Enter": 13, "Escape": 27,
        "Tab": 9, "Home": 36, "End": 35, "PageDown": 34, "PageUp": 33, " ": 32}


def program():
    return next((found for found in map(shutil.which, PROGRAMS) if found), None)


class Refused(Exception):
    """The browser answered with an error, or a script in the page threw."""


class Browser:
    """One process with one page; use as a context."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="wsl-browser-")
        ours_in, theirs_out = os.pipe()
        theirs_in, ours_out = os.pipe()
        # DevTools reads from descriptor 3 and writes to 4.
        command = [program(), *FLAGS, f"--user-data-dir={self.folder}"]
        if os.geteuid() == 0:
            command.append("--no-sandbox")
        shell = f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}'
        self.process = subprocess.Popen(["bash", "-c", shell, "-", *command],
                                        pass_fds=(theirs_in, theirs_out), stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(theirs_in)
        os.close(theirs_out)
        self.reader, self.writer = ours_in, ours_out
        self.buffer = b""
        self.number = 0
        self.session = None
        self.events = []
        self.open_page()
        return self

    def __exit__(self, *_):
        try:
            self.session = None
            self.call("Browser.close")
        except (OSError, Refused, TimeoutError):
            pass
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.reader)
        os.close(self.writer)
        shutil.rmtree(self.folder, ignore_errors=True)

    # -- messages --------------------------------------------------------------------------------

    def receive(self, until):
        """The next message, or None when the time is over."""
        while b"\0" not in self.buffer:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.reader], [], [], left)[0]:
                return None
            some = os.read(self.reader, 1 << 20)
            if not some:
                raise OSError("the browser has ended")
            self.buffer += some
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.writer, data):]
        until = time.monotonic() + ANSWER_S
        while True:
            answer = self.receive(until)
            if answer is None:
                raise TimeoutError(f"{method}: no answer in {ANSWER_S} s")
            if answer.get("id") == self.number:
                break
            self.events.append(answer)
        if "error" in answer:
            raise Refused(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def wait_event(self, method, seconds=ANSWER_S):
        """The first such event since the last clear()."""
        until = time.monotonic() + seconds
        while True:
            found = self.seen(method)
            if found:
                return found[0]
            event = self.receive(until)
            if event is None:
                raise TimeoutError(f"no {method} in {seconds} s")
            self.events.append(event)

    def seen(self, method):
        return [one["params"] for one in self.events if one.get("method") == method]

    # -- the page --------------------------------------------------------------------------------

    def open_page(self):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target,
                                 flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.size(1280, 900)

    def size(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=False)

    def go(self, path):
        """Loads a file; the seconds until its load event."""
        self.events = []
        began = time.monotonic()
        answer = self.call("Page.navigate", url=pathlib.Path(os.path.abspath(path)).as_uri())
        if answer.get("errorText"):
            raise Refused(f"{path}: {answer['errorText']}")
        self.wait_event("Page.loadEventFired")
        return time.monotonic() - began

    def settle(self):
        """Until what was set off is done and painted; then all events up to here are known."""
        self.run("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 30)))")

    def run(self, script):
        """The value of an expression in the page; a promise's, too."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True,
                           awaitPromise=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise Refused(details.get("exception", {}).get("description", details["text"]))
        return answer["result"].get("value")

    def media(self, scheme="light", media=""):
        self.call("Emulation.setEmulatedMedia", media=media,
                  features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.settle()

    def press(self, key, modifiers=0):
        """modifiers: 8 is Shift."""
        code = KEYS.get(key, ord(key[0].upper()))
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, text=text, modifiers=modifiers,
                  windowsVirtualKeyCode=code)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, modifiers=modifiers,
                  windowsVirtualKeyCode=code)
        self.settle()

    def type(self, text):
        for letter in text:
            self.press(letter)

    def errors(self):
        """Everything that went to the console as an error or warning, and what was thrown."""
        found = [f"{one['type']}: {[arg.get('value', arg.get('description')) for arg in one['args']]}"
                 for one in self.seen("Runtime.consoleAPICalled") if one["type"] in ("error", "warning")]
        found += [str(one["exceptionDetails"].get("exception", {}).get("description"))
                  for one in self.seen("Runtime.exceptionThrown")]
        found += [f"{one['entry']['level']}: {one['entry']['text']}"
                  for one in self.seen("Log.entryAdded") if one["entry"]["level"] in ("error", "warning")]
        return found

    def requests(self):
        return [one["request"]["url"] for one in self.seen("Network.requestWillBeSent")]

    def screenshot(self, whole=False):
        """PNG, of what is seen or of the whole page."""
        options = {"captureBeyondViewport": True} if whole else {}
        return base64.b64decode(self.call("Page.captureScreenshot", format="png", **options)["data"])

    def paper(self):
        """The page as PDF."""
        return base64.b64decode(self.call("Page.printToPDF", printBackground=True)["data"])
