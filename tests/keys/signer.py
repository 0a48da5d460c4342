# SPDX-License-Identifier: BSD-2-Clause
"""Signs test messages with the keys of this directory (python3-dkim)."""

import os
import re
import time

import dkim

HERE = os.path.dirname(os.path.abspath(__file__))
# Long past, so that no clock finds the signature to be of the future.
SIGNED_AT = 1700000000
ALGORITHMS = {"rsa": b"rsa-sha256", "small": b"rsa-sha256",
              "ed25519": b"ed25519-sha256"}
FIELDS = ("from", "to", "subject", "date", "message-id")


def read(name):
    """A file of this directory."""
    with open(os.path.join(HERE, name), "rb") as file:
        return file.read()


def private_key(kind):
    """The private key as dkim wants it."""
    return read("test-%s.%s" % (kind, "key" if kind == "ed25519" else "pem"))


def record(kind):
    """The text of the key record."""
    return read("test-%s.txt" % kind).decode("ascii").strip()


def zone_line(name, text):
    """A TXT record as master file text, in strings of at most 255."""
    parts = [text[i:i + 250] for i in range(0, len(text), 250)]
    return "%s. TXT %s\n" % (name, " ".join(
        '"%s"' % x.replace("\\", "\\\\").replace('"', '\\"') for x in parts))


def key_line(domain, kind, selector=None):
    """The zone line of a key."""
    return zone_line("%s._domainkey.%s" % (selector or kind, domain),
                     record(kind))


def sign(message, domain, kind="rsa", canon="relaxed/relaxed", selector=None,
         fields=FIELDS, length=False, identity=None):
    """The message (octets, LF) with a DKIM-Signature on top."""
    wire = re.sub(rb"\r?\n", b"\r\n", message)
    signer = dkim.DKIM(wire)
    clock, time.time = time.time, lambda: SIGNED_AT
    try:
        field = signer.sign(
            (selector or kind).encode("ascii"), domain.encode("ascii"),
            private_key(kind), signature_algorithm=ALGORITHMS[kind],
            canonicalize=tuple(x.encode("ascii") for x in canon.split("/")),
            include_headers=[x.encode("ascii") for x in fields],
            length=length,
            identity=identity.encode("ascii") if identity else None)
    finally:
        time.time = clock
    return (field + wire).replace(b"\r\n", b"\n")


def seal(message, domain, results, kind="rsa", srv_id="gate.example"):
    """The message (octets, LF) with an ARC set on top.

    results is what this hop says of the message; from the second set on it
    holds the arc= that the seal repeats as cv=.
    """
    wire = re.sub(rb"\r?\n", b"\r\n", message)
    field = "Authentication-Results: %s; %s\r\n" % (srv_id, results)
    sealer = dkim.ARC(field.encode("ascii") + wire)
    fields = sealer.sign(
        kind.encode("ascii"), domain.encode("ascii"), private_key(kind),
        srv_id.encode("ascii"), timestamp=SIGNED_AT,
        include_headers=[x.encode("ascii") for x in FIELDS])
    return (b"".join(fields) + wire).replace(b"\r\n", b"\n")
