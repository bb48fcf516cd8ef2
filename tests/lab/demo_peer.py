#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The two ends of tests/lab/demo: an application that answers "N\\n" with N bytes, and its clients.

demo_peer.py server ADDRESS PORT              serve until killed
demo_peer.py burst ADDRESS PORT COUNT BYTES   COUNT connections, one after the other
demo_peer.py hold ADDRESS PORT COUNT BYTES    COUNT connections that stay open; says "open", then
                                              waits for a line and closes them
"""

import socket
import sys
import threading

TIMEOUT = 10.0
CHUNK = b"x" * 65536


def answer(connection):
    """One client: a number a line, as many bytes back, until the client closes."""
    with connection, connection.makefile("rb") as lines:
        try:
            for line in lines:
                left = int(line)
                while left > 0:
                    left -= connection.send(CHUNK[:left])
        except (OSError, ValueError):
            pass


def serve(address, port):
    with socket.create_server((address, port), backlog=64) as listener:
        print("listening", flush=True)
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=answer, args=(connection,), daemon=True).start()


def ask(address, port, size):
    """Open a connection and fetch size bytes; the connection is still open."""
    connection = socket.create_connection((address, port), timeout=TIMEOUT)
    connection.sendall(b"%d\n" % size)
    left = size
    while left > 0:
        got = len(connection.recv(65536))
        if not got:
            raise ConnectionError(f"closed with {left} of {size} bytes to come")
        left -= got
    return connection


def main(mode, address, port, count="0", size="0"):
    if mode == "server":
        serve(address, int(port))
    if mode == "burst":
        for _ in range(int(count)):
            ask(address, int(port), int(size)).close()
    if mode == "hold":
        held = [ask(address, int(port), int(size)) for _ in range(int(count))]
        print("open", flush=True)
        sys.stdin.readline()
        for connection in held:
            connection.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
