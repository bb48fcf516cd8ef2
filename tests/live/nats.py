# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Debian's NATS server, and a subscriber that speaks its text protocol, for tests."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import tempfile
import threading

import live

PORT = 4222


class Server:
    """One nats-server in a namespace; it can be killed and started again. `config`: more of its file."""

    def __init__(self, run, node, config="", port=PORT):
        self.run, self.node, self.port, self.child = run, node, port, None
        self.folder = tempfile.TemporaryDirectory()
        self.config = os.path.join(self.folder.name, "nats.conf")
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(f'listen: "0.0.0.0:{port}"\n{config}\n')

    def start(self):
        self.log = tempfile.TemporaryFile("w+", encoding="utf-8")
        with self.node.inside():
            self.child = self.run.spawn(["nats-server", "-c", self.config], stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log)
        live.await_true("nats-server is ready", self.is_ready, 20)
        return self

    def is_ready(self):
        assert self.child.poll() is None, self.said()
        try:
            with self.node.inside(), socket.create_connection(("127.0.0.1", self.port), timeout=2) as link:
                return link.recv(4096).startswith(b"INFO ")
        except OSError:
            return False

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def kill(self, number=signal.SIGKILL):
        self.child.send_signal(number)
        if number == signal.SIGKILL:
            self.child.wait(timeout=10)
            self.run.forget(self.child)
        if number == signal.SIGSTOP:
            live.await_true("nats-server stands still", self.is_stopped)

    def is_stopped(self):
        for task in os.listdir(f"/proc/{self.child.pid}/task"):
            with open(f"/proc/{self.child.pid}/task/{task}/stat", encoding="ascii") as file:
                if file.read().rpartition(")")[2].split()[0] != "T":
                    return False
        return True


class Subscriber:
    """All messages of a subject, in the order in which they came, as (subject, payload).

    `answer`: what goes into CONNECT, by the server's INFO.
    """

    def __init__(self, node, subject=">", port=PORT, answer=lambda info: {}):
        with node.inside():
            self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.stream = self.socket.makefile("rb")
        self.messages, self.wrong, self.pongs = [], [], 0
        word, info = self.stream.readline().split(b" ", 1)
        assert word == b"INFO", (word, info)
        self.socket.settimeout(None)
        hello = {"verbose": False, "pedantic": False, "name": "test", "lang": "python", "version": "1",
                 **answer(json.loads(info))}
        self.socket.sendall(f"CONNECT {json.dumps(hello)}\r\nSUB {subject} 1\r\nPING\r\n".encode())
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()
        live.await_true("the subscription", lambda: self.pongs or self.wrong)
        assert not self.wrong, self.wrong

    def listen(self):
        with contextlib.suppress(OSError, ValueError):
            while line := self.stream.readline():
                words = line.split()
                if words[0] == b"MSG":
                    payload = self.stream.read(int(words[-1]) + 2)
                    self.messages.append((words[1].decode(), payload[:-2]))
                elif words[0] == b"PING":
                    self.socket.sendall(b"PONG\r\n")
                elif words[0] == b"PONG":
                    self.pongs += 1
                elif words[0] == b"-ERR":
                    self.wrong.append(line)

    def say(self, subject, message, reply=""):
        text = json.dumps(message)
        self.socket.sendall(f"PUB {subject} {reply} {len(text)}\r\n{text}\r\n".encode())

    def of(self, node):
        """Payloads of a node's subjects; each is on that of its code."""
        own = [(subject, payload) for subject, payload in self.messages
               if subject.split(".")[1] == node]
        for subject, payload in own:
            assert subject == f"wscope.{node}.{json.loads(payload)['finding']['code']}", subject
        return [payload for _, payload in own]

    def close(self):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
