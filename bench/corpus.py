# SPDX-License-Identifier: BSD-2-Clause
"""The mail of bench/compare: sender domains, their zone, messages in files.

Each sender domain has an address, an SPF record, a DMARC policy and an RSA key
of its own. The keys are created here, because a filter that remembers keys
must not see the same one everywhere. The kinds of mail have fixed shares.
`postern send` finds the client in each message's Received field, and the
reverse-path in Return-Path.
"""

import base64
import os
import random
import re
import subprocess

DOMAINS = 48
SIZES = {"4k": 4000, "40k": 40000, "400k": 400000}
MIX = (("4k", 60), ("40k", 30), ("400k", 10))
TEXT = 3500  # octets of text in a message, at most
FORGER = "192.0.2.66"
FORWARDER = "192.0.2.77"
# kind, share, the action of a filter that follows the policy
KINDS = (
    ("spf+dkim", 50, "accept"), ("dkim", 10, "accept"), ("spf", 10, "accept"),
    ("spoof", 15, "reject"), ("lax-spoof", 5, "accept"),
    ("no-policy", 10, "accept"))
FIELDS = (b"from", b"to", b"subject", b"date", b"message-id", b"mime-version",
          b"content-type")
SELECTOR = "bench2048"


class Missing(Exception):
    """Something is not installed."""


def name_of(number):
    """Returns the name of a sender domain."""
    return "sender%02d.example" % number


def address_of(number):
    """Returns the address from which it sends."""
    return "198.51.100.%d" % (number + 1)


def policy_of(number):
    """Returns its DMARC policy; None: it has none."""
    if number % 10 == 9:
        return None
    return "none" if number % 10 == 8 else "reject"


def make_key(path):
    """Creates a key; returns p= of its record."""
    subprocess.run(["openssl", "genrsa", "-traditional", "-out", path, "2048"],
                   check=True, capture_output=True)
    der = subprocess.run(["openssl", "rsa", "-in", path, "-pubout", "-outform",
                          "DER"], check=True, capture_output=True).stdout
    return base64.b64encode(der).decode("ascii")


def txt(owner, text):
    """Returns a TXT record."""
    return '%s. TXT %s' % (owner, " ".join(
        '"%s"' % text[i:i + 250] for i in range(0, len(text), 250)))


def zone_of(number, public):
    """Returns the records of a sender domain."""
    name, address = name_of(number), address_of(number)
    reverse = ".".join(reversed(address.split(".")))
    spf = ("v=spf1 ip4:%s -all" % address, "v=spf1 a:mail.%s ~all" % name,
           "v=spf1 include:_spf.esp.example include:_spf%d.esp.example -all" %
           (number % 4))[number % 3]
    lines = [txt(name, spf), "mail.%s. A %s" % (name, address),
             "%s.in-addr.arpa. PTR mail.%s." % (reverse, name),
             txt("%s._domainkey.%s" % (SELECTOR, name),
                 "v=DKIM1; k=rsa; p=" + public)]
    if policy_of(number):
        lines.append(txt("_dmarc." + name, "v=DMARC1; p=%s; "
                         "rua=mailto:dmarc@%s" % (policy_of(number), name)))
    return lines


def zone_head():
    """Returns the root, and what the senders have in common."""
    lines = ["$TTL 3600", ". SOA ns.example. root.example. 1 3600 600 86400 60",
             ". NS ns.example.", "ns.example. A 127.0.0.1",
             txt("forger.example", "v=spf1 ip4:%s -all" % FORGER),
             txt("list.example", "v=spf1 ip4:%s -all" % FORWARDER),
             txt("_spf.esp.example", "v=spf1 ip4:203.0.113.0/25 ~all")]
    lines += [txt("_spf%d.esp.example" % i,
                  "v=spf1 ip4:198.51.100.0/24 ip4:203.0.113.128/25 ~all")
              for i in range(4)]
    return lines


def words_of(chance, size):
    """Returns lines of words, a tenth of them with quoted-printable blanks."""
    words = ["".join(chance.choice("abcdefghijklmnopqrstuvwxyz")
                     for _ in range(chance.randint(2, 9)))
             for _ in range(400)]
    lines, have = [], 0
    while have < size:
        line = ""
        while len(line) < 64 and chance.random() > 0.005:
            line += chance.choice(words) + " "
        lines.append(line.rstrip() + ("=20" if chance.random() < 0.1 else ""))
        have += len(lines[-1]) + 2
    return "\r\n".join(lines) + "\r\n"


def body_of(chance, size):
    """Returns a text, followed by an attachment, as in most large mail."""
    text = words_of(chance, min(size, TEXT))
    octets = chance.randbytes(max(0, (size - TEXT) * 55 // 76))
    attached = base64.encodebytes(octets).decode("ascii")
    return ("--=_part\r\nContent-Type: text/plain; charset=utf-8\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n\r\n" + text +
            "\r\n--=_part\r\nContent-Type: application/octet-stream\r\n"
            "Content-Disposition: attachment; filename=\"data.bin\"\r\n"
            "Content-Transfer-Encoding: base64\r\n\r\n" +
            attached.replace("\n", "\r\n") + "\r\n--=_part--\r\n")


def header_of(kind, number, nth):
    """Returns (trace fields, fields that are signed) of a message."""
    name = name_of(number)
    helo, client, path = "mail." + name, address_of(number), "bounce@" + name
    if kind in ("spoof", "lax-spoof"):
        helo, client, path = "mail.forger.example", FORGER, "x@forger.example"
    if kind == "dkim":
        helo, client, path = "list.example", FORWARDER, "fwd@list.example"
    trace = [
        "Return-Path: <%s>" % path,
        "Received: from %s (%s [%s])\r\n\tby mx.bench.example (Postfix) with "
        "ESMTPS id %08X\r\n\tfor <you@bench.example>; Mon,  5 Jan 2026 "
        "10:00:02 +0000 (UTC)" % (helo, helo, client, nth),
        "Received: from app.%s (localhost [127.0.0.1])\r\n\tby %s with ESMTP "
        "id %08X;\r\n\tMon,  5 Jan 2026 10:00:01 +0000" % (name, helo, nth),
        "X-Mailer: bench", "Organization: Sender %d" % number,
        "X-Entity-Ref-ID: %016x" % (nth * 2654435761)]
    own = [
        "From: Sender %d <news@%s>" % (number, name),
        "To: You <you@bench.example>", "Subject: Message number %d" % nth,
        "Date: Mon, 05 Jan 2026 10:00:00 +0000",
        "Message-ID: <%d.20260105@%s>" % (nth, name), "MIME-Version: 1.0",
        "Content-Type: multipart/mixed; boundary=\"=_part\""]
    return trace, own


def sign(dkim, message, domain, key):
    """Returns the DKIM-Signature field."""
    return dkim.sign(message, SELECTOR.encode("ascii"), domain.encode("ascii"),
                     key, canonicalize=(b"relaxed", b"relaxed"),
                     include_headers=list(FIELDS))


class Corpus:
    """Message files below a directory, and lists of them."""

    def __init__(self, place, count):
        try:
            import dkim
        except ImportError as why:
            raise Missing("python3-dkim is not installed") from why
        self.dkim = dkim
        self.place = place
        self.chance = random.Random(4711)
        self.keys = []
        self.zone = zone_head()
        self.files = {"mix": [], "4k": [], "40k": [], "400k": []}
        self.expected = {}  # file -> action
        os.makedirs(place, exist_ok=True)
        self._make_domains()
        for nth in range(count):
            self._make_message(nth)

    def _make_domains(self):
        for number in range(DOMAINS):
            path = os.path.join(self.place, "key")
            self.zone += zone_of(number, make_key(path))
            with open(path, "rb") as file:
                self.keys.append(file.read())
            os.unlink(path)

    def _domain_for(self, kind):
        wanted = {"spoof": "reject", "lax-spoof": "none", "no-policy": None}
        while True:
            number = self.chance.randrange(DOMAINS)
            if policy_of(number) == wanted.get(kind, policy_of(number)):
                return number

    def _make_message(self, nth):
        chance = self.chance
        kind, _, action = chance.choices(KINDS, [x[1] for x in KINDS])[0]
        size = chance.choices(MIX, [x[1] for x in MIX])[0][0]
        number = self._domain_for(kind)
        trace, own = header_of(kind, number, nth)
        signed = ("\r\n".join(own) + "\r\n\r\n" +
                  body_of(chance, SIZES[size])).encode("ascii")
        if kind in ("spf+dkim", "dkim", "no-policy"):
            signed = sign(self.dkim, signed, name_of(number),
                          self.keys[number]) + signed
        path = os.path.join(self.place, "%04d-%s.eml" % (nth, kind))
        with open(path, "wb") as file:
            file.write("\r\n".join(trace + [""]).encode("ascii") + signed)
        self.files["mix"].append(path)
        self.files[size].append(path)
        self.expected[path] = action


def prepend(files, fields, place):
    """Copies the files with fields[file] on top; returns {file: copy}."""
    os.makedirs(place, exist_ok=True)
    made = {}
    for path in files:
        with open(path, "rb") as file:
            octets = file.read()
        made[path] = os.path.join(place, os.path.basename(path))
        with open(made[path], "wb") as file:
            file.write(fields[path].encode("utf-8") + octets)
    return made


def as_field(name, value):
    """Returns a header field as it appears in a file."""
    return "%s: %s\r\n" % (name, re.sub(r"\r?\n", "\r\n", value.lstrip(" ")))
