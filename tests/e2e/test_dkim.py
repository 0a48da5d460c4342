# SPDX-License-Identifier: BSD-2-Clause
"""Signatures survive a real MTA and its filter interface."""

import os
import sys

from harness import (FORGER_IP, Skip, check, equal, mail,
                     own_results, result, scenario)

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), "keys"))

try:
    import signer
except ImportError as why:
    signer, missing = None, "python3-dkim is missing (%s)" % why

DOMAIN = "signed.example"
CANONS = ("simple/simple", "simple/relaxed", "relaxed/simple",
          "relaxed/relaxed")
# What simple canonicalization is sensitive to: blanks after the colon, folds,
# trailing blanks, the case of names, dots, 8-bit octets.
ODD_FIELDS = ("X-Tab:\tvalue", "X-Two:  two blanks", "X-None:none",
              "X-Fold: one\n\ttwo\n  three ", "x-CASE: Kept", "X-Empty: ")
ODD_BODY = (".\n..\n. dot\n\ttab  and  blanks \t\n\ncaf\u00e9\nFrom here\n"
            "last\n\n\n")


def sign(kind, canon, subject):
    """Returns a signed message with odd fields and an odd body."""
    message = mail("<ann@%s>" % DOMAIN, *ODD_FIELDS, subject=subject,
                   body=ODD_BODY).encode("latin-1")
    fields = ("from", "to", "subject", "date", "message-id", "x-tab", "x-two",
              "x-none", "x-fold", "x-case", "x-empty")
    return signer.sign(message, DOMAIN, kind, canon, fields=fields)


def prepare(t):
    """Publishes the keys; skips the test without python3-dkim."""
    if signer is None:
        raise Skip(missing)
    for kind in ("rsa", "ed25519"):
        t.dns.remove("%s._domainkey.%s" % (kind, DOMAIN))
        t.dns.add(signer.key_line(DOMAIN, kind))


def verify_all(t, kind):
    """Sends one message for each canonicalization."""
    prepare(t)
    for canon in CANONS:
        got = t.delivered(sign(kind, canon, "%s %s" % (kind, canon)),
                          source=FORGER_IP)
        equal(result(got, "dkim"), "pass", "dkim of " + canon)
        equal(result(got, "dmarc"), "pass", "dmarc of " + canon)
        check("header.d=" + DOMAIN in own_results(got)[0], "header.d")


@scenario("DKIM rsa-sha256 verifies, all four canonicalizations")
def rsa(t):
    """R-DKIM-9, R-DKIM-10."""
    verify_all(t, "rsa")


@scenario("DKIM ed25519-sha256 verifies, all four canonicalizations")
def ed25519(t):
    """R-DKIM-4."""
    verify_all(t, "ed25519")


@scenario("DKIM: one changed octet in body or header is refused",
          top={"on-reject": "always"})
def changed(t):
    """R-DKIM-15; with unless-indirect a changed body may be only tagged."""
    prepare(t)
    for old, new in ((b"last", b"lost"), (b"X-None:none", b"X-None: none")):
        message = sign("rsa", "simple/simple", "changed")
        check(old in message, "the octets to change are there")
        reply, _ = t.send(message.replace(old, new))
        check(reply.text.startswith("550 5.7.26 "), "refused", reply)


@scenario("DKIM: large body in many chunks verifies")
def large(t):
    """The body takes several packets, whose limits cut lines."""
    prepare(t)
    body = "".join("%d %s\n" % (i, "x" * (i % 90)) for i in range(6000))
    message = signer.sign(
        mail("<ann@%s>" % DOMAIN, subject="large", body=body).encode("ascii"),
        DOMAIN, "rsa", "relaxed/relaxed")
    got = t.delivered(message)
    equal(result(got, "dkim"), "pass", "dkim")
    equal(len(got.body), len(body.replace("\n", "\r\n")), "length of the body")


@scenario("DKIM: the RSA key comes by TCP when it does not fit UDP")
def truncated(t):
    """R-SEC-8: TCP after truncation."""
    prepare(t)
    domain = t.mta.name + ".signed.example"
    text = signer.record("rsa").replace("k=rsa;", "k=rsa; n=%s;" %
                                        ("note " * 250))
    t.dns.add(signer.zone_line("long._domainkey." + domain, text))
    message = signer.sign(
        mail("<ann@%s>" % DOMAIN, subject="long key").encode("ascii"), domain,
        "rsa", selector="long")
    got = t.delivered(message)
    equal(result(got, "dkim"), "pass", "dkim")
