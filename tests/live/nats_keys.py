# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Keys and signed claims as NATS has them, made with openssl: an operator, an account, and a user of it.

A key is one byte of its kind, 32 bytes and their CRC-16, in base 32; claims are JSON Web Tokens that
are signed with Ed25519.
"""

import base64
import binascii
import json
import os
import subprocess
import time

KINDS = {"operator": 14 << 3, "account": 0, "user": 20 << 3}
SEED = 18 << 3
UNLIMITED = {"account": {"limits": {**dict.fromkeys(("subs", "data", "payload", "imports", "exports",
                                                     "conn", "leaf"), -1), "wildcards": True}},
             "user": {"subs": -1, "data": -1, "payload": -1, "pub": {}, "sub": {}}, "operator": {}}


def openssl(*argv, stdin=None):
    return subprocess.run(["openssl", *argv], input=stdin, capture_output=True, check=True,
                          timeout=30).stdout


def encode(data):
    """With its CRC-16 (XMODEM), low byte first."""
    data += binascii.crc_hqx(data, 0).to_bytes(2, "little")
    return base64.b32encode(data).decode().rstrip("=")


def part(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Key:
    """A key pair of one kind, in a file of the folder."""

    def __init__(self, folder, kind):
        self.kind, self.path = kind, os.path.join(folder, f"{kind}.pem")
        openssl("genpkey", "-algorithm", "ed25519", "-out", self.path)
        # The last 32 bytes of either encoding are the key.
        private = openssl("pkey", "-in", self.path, "-outform", "DER")[-32:]
        public = openssl("pkey", "-in", self.path, "-pubout", "-outform", "DER")[-32:]
        number = KINDS[kind]
        self.name = encode(bytes([number]) + public)
        self.seed = encode(bytes([SEED | number >> 5, (number & 31) << 3]) + private)

    def sign(self, data):
        path = self.path + ".data"
        with open(path, "wb") as file:
            file.write(data)
        return part(openssl("pkeyutl", "-sign", "-rawin", "-inkey", self.path, "-in", path))

    def claims(self, subject):
        """What this key says of another, or of itself."""
        body = {"iat": int(time.time()), "iss": self.name, "sub": subject.name, "jti": subject.name,
                "name": subject.kind,
                "nats": {"type": subject.kind, "version": 2, **UNLIMITED[subject.kind]}}
        text = ".".join(part(json.dumps(one).encode())
                        for one in ({"typ": "JWT", "alg": "ed25519-nkey"}, body))
        return f"{text}.{self.sign(text.encode())}"


class Account:
    """What a server's file needs to know of it, and its only user, with a file of credentials."""

    def __init__(self, folder):
        operator, account, self.user = (Key(folder, kind) for kind in ("operator", "account", "user"))
        self.config = (f"operator: {operator.claims(operator)}\nresolver: MEMORY\nresolver_preload: "
                       f"{{ {account.name}: {operator.claims(account)} }}\n")
        self.token = account.claims(self.user)
        self.path = os.path.join(folder, "user.creds")
        with open(self.path, "w", encoding="ascii") as file:
            file.write(f"-----BEGIN NATS USER JWT-----\n{self.token}\n------END NATS USER JWT------\n\n"
                       f"-----BEGIN USER NKEY SEED-----\n{self.user.seed}\n"
                       "------END USER NKEY SEED------\n")

    def answer(self, info):
        """What a client of its own says to the server's INFO."""
        return {"jwt": self.token, "sig": self.user.sign(info["nonce"].encode())}
