# SPDX-License-Identifier: BSD-2-Clause
"""Messages of a given size that cost as much as a sender can make them cost.

Each function returns a message with LF as line ends. The names in it are those
of the zone of bench/micro_sessions.c. No signature is valid; that costs as much
as if it were.
"""

import base64

SIZES = {"10 KB": 10000, "100 KB": 100000, "10 MB": 10000000}
MAX_FIELDS = 985
MAX_FIELD = 60000
SIGNATURES = 10
RECIPIENTS = 1000

OTHERS = ("To: you@gateway.example\n"
          "Subject: hello\n"
          "Date: Mon, 05 Jan 2026 10:00:00 +0000\n"
          "Message-ID: <1@shop.example>\n")
FROM = "From: Ann <ann@shop.example>\n"
B = {"rsa-sha256": base64.b64encode(bytes(range(256))).decode(),
     "ed25519-sha256": base64.b64encode(bytes(range(64))).decode()}
BH = base64.b64encode(bytes(32)).decode()


def signature(number, names="from:to:subject:date", tags="",
              algorithm="rsa-sha256", canon="relaxed/relaxed"):
    return ("DKIM-Signature: v=1; a=%s; c=%s; d=shop.example; s=s%d; h=%s; %s"
            "bh=%s; b=%s\n" % (algorithm, canon, number, names, tags, BH,
                               B[algorithm]))


def fill(header, size, line="word " * 14 + "\n"):
    """Adds a body, so that the message has this size."""
    left = max(size - len(header) - 1, len(line))
    return header + "\n" + line * (left // len(line))


def fields(size, line, count=MAX_FIELDS):
    """Returns many copies of a field, of about so many octets in all."""
    return line * max(1, min(count, size // len(line)))


def plain(size):
    return fill(signature(0) + FROM + OTHERS, size)


def lengths(size):
    """Each signature covers another part of the body."""
    header = "".join(
        signature(i, tags="l=%d; " % (size * (i + 1) // 12), canon=canon)
        for i, canon in zip(range(SIGNATURES),
                            ["simple/simple", "relaxed/relaxed"] * 5))
    return fill(header + FROM + OTHERS, size)


def names(size):
    """Each signature names nearly 2,000 fields, of as many as there may be."""
    per = min(1990, max(10, (size // 2 // SIGNATURES - 600) // 2))
    header = "".join(signature(i, "from:" + ":".join("a" * per))
                     for i in range(SIGNATURES))
    return fill(header + fields(size // 2, "b: c\n") + FROM + OTHERS, size)


def missing(size):
    """The same with names of their own, none of which is there."""
    per = min(1990, max(10, (size // 2 // SIGNATURES - 600) // 5))
    header = "".join(
        signature(i, "from:" + ":".join("n%03x" % j for j in range(per)))
        for i in range(SIGNATURES))
    several = "".join("f%03x: c\n" % i for i in range(
        min(MAX_FIELDS, size // 2 // 8)))
    return fill(header + several + FROM + OTHERS, size)


def copies(size):
    """Each signature signs each of many fields with one name."""
    header = "".join(signature(i, "from:" + ":".join(["b"] * min(
        MAX_FIELDS, size // 2 // SIGNATURES // 8))) for i in range(SIGNATURES))
    return fill(header + fields(size // 3, "b: some text\n") + FROM + OTHERS,
                size)


def vertical(size):
    """All fields have an octet that libopendkim misreads."""
    header = "".join(signature(i, "from:b") for i in range(SIGNATURES))
    return fill(header + fields(size // 2, "b: c\vd\n") + FROM + OTHERS, size)


def ed25519(size):
    header = "".join(signature(i, algorithm="ed25519-sha256")
                     for i in range(SIGNATURES))
    return fill(header + FROM + OTHERS, size)


def parsed(size):
    """As many signatures as are looked at, each as long as it may be."""
    per = min(2000, max(1, (size // 50 - 600) // 2))
    header = "".join(signature(i, "from:" + ":".join("a" * per))
                     for i in range(min(50, max(1, size // 800))))
    return fill(header + FROM + OTHERS, size)


def results(size):
    line = ("Authentication-Results: mx.gateway.example" + "(" * 20 + ")" * 20 +
            "; dkim=pass (" + "(a)" * 20 + ") header.d=a.example\n")
    return fill(signature(0) + fields(size, line) + FROM + OTHERS, size)


def received(size):
    line = ("Received: from a.example (a.example [192.0.2.1])\n"
            "\tby b.example with ESMTP; Mon, 05 Jan 2026 10:00:00 +0000\n")
    return fill(fields(size, line) + signature(0) + FROM + OTHERS, size)


def addresses(size):
    """One From field with very many addresses."""
    count = min(size, MAX_FIELD) // 24
    line = "From: " + ", ".join(
        "a@x%06d.shop.example" % i for i in range(count)) + "\n"
    return fill(signature(0) + line + OTHERS, size)


def comments(size):
    depth = min(size, MAX_FIELD) // 3
    line = "From: Ann " + "(" * depth + ")" * depth + " <ann@shop.example>\n"
    return fill(signature(0) + line + OTHERS, size)


def chain(size):
    """An authenticated received chain of ten sets with long fields."""
    pad = "x" * min(MAX_FIELD // 4, size // 30)
    header = ""
    for i in range(10, 0, -1):
        header += (
            "ARC-Seal: i=%d; a=rsa-sha256; t=1; cv=%s; d=shop.example; s=s%d; "
            "b=%s\n"
            "ARC-Message-Signature: i=%d; a=rsa-sha256; c=relaxed/relaxed; "
            "d=shop.example; s=s%d; h=from:%s; bh=%s; b=%s\n"
            "ARC-Authentication-Results: i=%d; a.example; none (%s)\n" % (
                i, "none" if i == 1 else "pass", i, B["rsa-sha256"], i, i,
                ":".join("a" * min(900, size // 60)), BH, B["rsa-sha256"], i,
                pad))
    return fill(header + FROM + OTHERS, size)


def line_ends(size):
    return fill(signature(0) + signature(1, canon="simple/simple") + FROM +
                OTHERS, size, "\n") + "x\n"


def blanks(size):
    return fill(signature(0) + signature(1, canon="simple/simple") + FROM +
                OTHERS, size, " \t" * 400 + "\n")


def octets(size):
    """Lines of one octet."""
    return fill(signature(0) + signature(1, canon="simple/simple") + FROM +
                OTHERS, size, "x\n")


def lists(size):
    line = ("List-Id: " + "(a)" * 30 + "<x.lists.example>\n"
            "Precedence: list\nList-Post: <mailto:x@lists.example>\n")
    return fill(signature(0) + fields(size, line, MAX_FIELDS // 3) + FROM +
                OTHERS, size)


SHAPES = (lengths, names, missing, copies, vertical, ed25519, parsed, results,
          received, addresses, comments, chain, line_ends, blanks, octets,
          lists)
