# SPDX-License-Identifier: BSD-2-Clause
"""The mail of the soak: kinds of messages, their zone, what the engine says.

Each message has a name such as m17 in the local part of MAIL FROM, in HELO, in
the recipient and, if the kind is `single`, in the From domain, so that log
lines, deliveries and rows of the report store can be found again.
"""

import collections
import glob
import json
import os
import re
import subprocess
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(TOP, "bench"), os.path.join(TOP, "tests", "keys")]

import hostile  # noqa: E402

try:
    import signer
except ImportError:
    signer = None

AUTHSERV_ID = "mx.gateway.example"
GOOD_IP, OTHER_IP, FRESH_IP = "192.0.2.7", "192.0.2.66", "198.51.100.7"
HOSTILE_BYTES = hostile.SIZES["10 KB"]
SIGNING = threading.Lock()  # signer moves the clock of this process
RUA = "; rua=mailto:reports@%s"
# What the engine decides, and what its log line says.
Verdict = collections.namedtuple("Verdict", "action spf dkim dmarc")
Letter = collections.namedtuple("Letter", "mail_from ip message")


class Kind:
    """One kind of message. make(name) returns a Letter; single: its From
    domain is its own and has a row in the report store; direct: an MTA would
    refuse it."""

    def __init__(self, name, make, weight=1, single=None, direct=False):
        self.name = name
        self.make = make
        self.weight = weight
        self.single = single
        self.direct = direct
        self.expected = None  # a Verdict

    def header_from(self, name):
        """The From domain of a message whose row can be found."""
        return "%s.%s" % (name, self.single)


def text(author, *fields, body="Hello.\n", subject="soak"):
    """A plain message, with LF as line ends."""
    lines = list(fields) + [
        "From: " + author, "To: <you@rcpt.example>", "Subject: " + subject,
        "Date: Mon, 05 Jan 2026 10:00:00 +0000",
        "Message-ID: <soak@client.example>"]
    return ("\n".join(lines) + "\n\n" + body).encode("latin-1")


def own_domain(domain, ip, sender, *fields, body="Hello.\n"):
    """A maker of letters whose From domain is NAME.domain."""
    def make(name):
        return Letter(name + "@" + sender if sender else "", ip, text(
            "Ann <ann@%s.%s>" % (name, domain), *fields, body=body))
    return make


def fixed(message, ip=OTHER_IP, sender="other.example"):
    """A maker of letters that are always the same."""
    return lambda name: Letter(name + "@" + sender, ip, message)


def signed(kind, canon, changed=False):
    """A maker of letters with a signature of their own."""
    def make(name):
        with SIGNING:
            message = signer.sign(
                text("Ann <ann@%s.signed.example>" % name), "signed.example",
                kind, canon)
        if changed:
            message = message.replace(b"Hello.", b"Goodbye.")
        return Letter(name + "@other.example", OTHER_IP, message)
    return make


def plain_kinds():
    """Kinds that need no key."""
    bank = ("bank.example", OTHER_IP, "attacker.example")
    yield Kind("genuine", own_domain("pass.example", GOOD_IP, "pass.example"),
               8, "pass.example")
    yield Kind("large", own_domain("pass.example", GOOD_IP, "pass.example",
                                   body=("word " * 14 + "\n") * 2000),
               1, "pass.example")
    yield Kind("forged", own_domain(*bank), 8, "bank.example")
    yield Kind("forged-null-sender", own_domain("bank.example", OTHER_IP, ""),
               2, "bank.example")
    yield Kind("forged-list", own_domain(
        *bank[:2], "lists.other.example", "List-Id: <a.lists.example>",
        "Precedence: list"), 2, "bank.example")
    yield Kind("forged-results", own_domain(
        *bank, "Authentication-Results: %s; dmarc=pass" % AUTHSERV_ID), 2,
               "bank.example")
    yield Kind("weak", own_domain("weak.example", *bank[1:]), 3,
               "weak.example")
    yield Kind("lax", own_domain("lax.example", *bank[1:]), 3, "lax.example")
    yield Kind("held", own_domain("held.example", *bank[1:]), 1,
               "held.example")
    yield Kind("no-policy", own_domain("none.example", *bank[1:]))
    yield Kind("fresh", lambda name: Letter(
        name + "@%s.fresh.example" % name, FRESH_IP,
        text("<a@%s.fresh.example>" % name)), 3)
    yield Kind("two-from", fixed(text("<a@bank.example>",
                                      "From: <b@lax.example>")))
    yield Kind("trusted", fixed(text("<a@bank.example>"), "127.0.0.1"))
    yield Kind("slow", own_domain("slow.example", *bank[1:]), 2)
    yield Kind("silent", own_domain("silent.example", *bank[1:]), 1)
    yield Kind("servfail", own_domain("servfail.example", *bank[1:]), 2)
    yield Kind("lame-key", lambda name: Letter(
        name + "@attacker.example", OTHER_IP, text(
            "<a@%s.bank.example>" % name,
            hostile.signature(0).strip().replace(
                "d=shop.example", "d=%s.lame.example" % name))), 1,
               "bank.example")


def signed_kinds():
    """Kinds that are signed while the soak runs; needs python3-dkim."""
    for key in ("rsa", "ed25519"):
        for canon in ("simple/simple", "relaxed/relaxed"):
            label = "%s-%s" % (key, canon.split("/", maxsplit=1)[0])
            yield Kind("signed-" + label, signed(key, canon), 2,
                       "signed.example")
            yield Kind("changed-" + label, signed(key, canon, True), 1,
                       "signed.example")


def all_kinds():
    """Returns all kinds that can be played here."""
    kinds = list(plain_kinds())
    if signer:
        kinds += signed_kinds()
    for path in sorted(glob.glob(os.path.join(TOP, "tests", "cases",
                                              "messages", "*.eml"))):
        with open(path, "rb") as file:
            kinds.append(Kind(os.path.basename(path)[:-4],
                              fixed(file.read())))
    for shape in hostile.SHAPES:
        kinds.append(Kind("hostile-" + shape.__name__, fixed(
            shape(HOSTILE_BYTES).encode("latin-1")),
                          direct=shape is hostile.received))
    return kinds


def key_text(kind):
    """The key record of a test key."""
    path = os.path.join(TOP, "tests", "keys", "test-%s.txt" % kind)
    with open(path, encoding="ascii") as file:
        return file.read().strip()


def zone_line(name, value):
    """A TXT record in strings of at most 250 octets."""
    return "%s. TXT %s\n" % (name, " ".join(
        '"%s"' % value[i:i + 250] for i in range(0, len(value), 250)))


def key_lines(kinds):
    """The keys of all signatures and seals in the messages."""
    names = {("signed.example", "rsa"), ("signed.example", "ed25519")}
    for kind in kinds:
        message = kind.make("m0").message.decode("latin-1")
        for tags in re.findall(r"(?:DKIM-|ARC-Message-)Signature:"
                               r"((?:.*\n)(?:[ \t].*\n)*)", message):
            found = dict(re.findall(r"\b([ds])=([a-z0-9.]+)", tags))
            if len(found) == 2 and not found["d"].endswith("lame.example"):
                names.add((found["d"], found["s"]))
    for domain, selector in sorted(names):
        key = selector if selector in ("ed25519", "small") else "rsa"
        yield zone_line("%s._domainkey.%s" % (selector, domain),
                        key_text(key))


def zone_text(kinds):
    """Returns the zone, also for a first message m0 of each kind."""
    lines = ["$TTL 20\n"]
    for domain, spf, policy in (
            ("pass.example", "v=spf1 ip4:192.0.2.7 -all", "reject"),
            ("bank.example", "v=spf1 -all", "reject"),
            ("weak.example", "v=spf1 -all", "quarantine"),
            ("lax.example", "v=spf1 -all", "none"),
            ("held.example", "v=spf1 -all", "none"),
            ("signed.example", "v=spf1 -all", "reject"),
            ("shop.example", "v=spf1 -all", "reject"),
            ("slow.example", "v=spf1 -all", "reject"),
            ("other.example", "v=spf1 ip4:192.0.2.66 -all", None)):
        lines.append(zone_line(domain, spf))
        if policy:
            lines.append(zone_line("_dmarc." + domain, "v=DMARC1; p=" +
                                   policy + RUA % domain))
    lines += key_lines(kinds)
    lines += [zone_line("m0.fresh.example", "v=spf1 ip4:198.51.100.7 -all"),
              zone_line("_dmarc.m0.fresh.example", "v=DMARC1; p=reject"),
              "7.2.0.192.in-addr.arpa. PTR mail.pass.example.\n",
              "mail.pass.example. A 192.0.2.7\n"]
    for fault, domain in (("timeout", "silent.example"),
                          ("servfail", "servfail.example")):
        lines += [";! %s %s%s.\n" % (fault, prefix, domain)
                  for prefix in ("", "m0.", "_dmarc.", "_dmarc.m0.")]
    lines.append(";! timeout s0._domainkey.m0.lame.example.\n")
    return "".join(lines)


def verdict_of(tree):
    """The Verdict in the JSON of `postern verify`."""
    if tree["dmarc"] is None or tree["spf"] is None:
        return Verdict(tree["action"], "-", "-", "-")
    return Verdict(tree["action"], tree["spf"]["result"],
                   ",".join(x["result"] for x in tree["dkim"]) or "none",
                   tree["dmarc"].get("field_result",
                                     tree["dmarc"]["result"]))


def ask_engine(kinds, postern, config, zone, place):
    """Sets the expected verdict of each kind, by `postern verify`."""
    for kind in kinds:
        letter = kind.make("m0")
        path = os.path.join(place, "message")
        with open(path, "wb") as file:
            file.write(letter.message)
        done = subprocess.run(
            [postern, "verify", "--json", "--config", config, "--zone", zone,
             "--ip", letter.ip, "--helo", "m0.client.example", "--mail-from",
             "<%s>" % letter.mail_from, "--rcpt", "<m0@rcpt.example>", path],
            stdout=subprocess.PIPE, check=False)
        if not done.stdout:
            raise AssertionError("postern verify said nothing about " +
                                 kind.name)
        kind.expected = verdict_of(json.loads(done.stdout))
