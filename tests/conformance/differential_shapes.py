# SPDX-License-Identifier: BSD-2-Clause
"""Signatures that libopendkim misreads, for auth/dkim and two other verifiers.

Each message is signed over the canonical form as RFC 6376 defines it, by code
of our own, so auth/dkim must pass it. Then an octet that is signed is changed,
and auth/dkim must not pass it. python3-dkim and Mail::DKIM must say the same,
unless KNOWN has the reason.
"""

import base64
import collections
import hashlib
import itertools
import os
import re
import subprocess
import time

import dkim

import differential_dkim
import suite

NOW = differential_dkim.NOW
CHUNKS = (0, 3)
PLAIN = ((b"From", b" Joe <joe@example.com>"), (b"To", b" ann@example.net"),
         (b"Subject", b" a  test"),
         (b"Date", b" Tue, 14 Nov 2023 22:13:20 +0000"))
BODY = b"Hello  there. \r\n\r\nBye\r\n\r\n"
NAMES = (b"from", b"to", b"subject", b"date")
U_LABEL = b"b\xc3\xbcro.example"
A_LABEL = b"xn--bro-hoa.example"
EARLIER = (b"DKIM-Signature", b" v=1; a=unknown-sha256; d=example.org; s=x;"
           b"\r\n h=from; bh=AAAA; b=AAAA")

# name: what is different; `change` are more (old, new) that must break it
SHAPES = {
    "plain": {},
    "VT": {"subject": b" a\x0btest", "change": ((b"\x0b", b" "),
                                                (b"\x0b", b""))},
    "VT between blanks": {"subject": b" a \x0b test",
                          "change": ((b" \x0b ", b" "), (b" \x0b", b"\x0b"))},
    "FF": {"subject": b" a\x0ctest", "change": ((b"\x0c", b" "),
                                                (b"\x0c", b"\x0b"))},
    "VT at the end": {"subject": b" a test\x0b", "change": ((b"\x0b", b""),)},
    "NUL in the body": {"body": b"a\0b\0\r\n\0\r\n",
                        "change": ((b"a\0b", b"ab"), (b"b\0\r", b"b\r"))},
    "VT and FF in the body": {"body": b"a\x0b b \x0c\r\n\x0b\r\n",
                              "change": ((b"a\x0b", b"a"),
                                         (b"\x0c\r", b"\r"))},
    "b =": {"b": b"b ="},
    "b and a fold": {"b": b"b\r\n ="},
    "xb=": {"tags": b"xb=1; ", "change": ((b"xb=1", b"xb=2"),)},
    "xb= with b= in it": {"tags": b"xb=b=AAAA; ",
                          "change": ((b"xb=b=AAAA", b"xb=b="),)},
    "8-bit local part": {"tags": b"i=j\xc3\xb6@example.com; ",
                         "change": ((b"j\xc3\xb6@", b"j\xc3\xa4@"),)},
    "U-label in i=": {"tags": b"i=joe@b\xc3\xbcro.example.com; ",
                      "change": ((b"b\xc3\xbcro", b"xn--bro-hoa"),)},
    "U-label in d=": {"d": U_LABEL, "change": ((U_LABEL, A_LABEL),)},
    "long h=": {"names": NAMES + tuple(b"x-no-such-field-in-the-message-%03d"
                                       % i for i in range(140)),
                "change": ((b"\r\nTo:", b"\r\nx-no-such-field-in-the-message-"
                            b"139: x\r\nTo:"),)},
    "signs a signature": {"names": NAMES + (b"dkim-signature",),
                          "fields": (EARLIER,),
                          "change": ((b"example.org", b"example.net"),)},
    "signs it and no more": {
        "names": NAMES + (b"dkim-signature",) * 2, "fields": (EARLIER,),
        "change": ((b"example.org", b"example.net"),
                   (b"\r\nDKIM-Signature: v=1; a=unk",
                    b"\r\nDKIM-Signature: x\r\nDKIM-Signature: v=1; a=unk"))},
    "line end in the key": {"key": True},
}
CHANGES = ((b"Subject:", b"Subject: z"), (b"\r\n\r\n", b"\r\n\r\nz"),
           (b"v=1; a=rsa", b"v=1;  u=1; a=rsa"),
           (b"v=1; a=ed", b"v=1; u=1; a=ed"))

SELF = "it selects the field of the signature itself too (RFC 6376 s. 3.5)"
# (verifier, shape): why it does not pass what RFC 6376 says is good
KNOWN = {
    ("python3-dkim", "VT at the end"):
        "python3-dkim strips VT from the ends of a relaxed field (s. 2.8)",
    ("python3-dkim", "signs it and no more"): "python3-dkim: " + SELF,
    ("Mail::DKIM", "signs it and no more"): "Mail::DKIM: " + SELF,
}


def relaxed(name, value):
    """Returns a field in the relaxed form (s. 3.4.2), without its CRLF."""
    value = re.sub(rb"[ \t]+", b" ", value.replace(b"\r\n", b"")).strip(b" ")
    return name.lower() + b":" + value


def simple(name, value):
    return name + b":" + value


def body_form(body, is_relaxed):
    """Returns the canonical body (s. 3.4.3, 3.4.4)."""
    lines = body.split(b"\r\n")
    if is_relaxed:
        lines = [re.sub(rb"[ \t]+", b" ", x).rstrip(b" ") for x in lines]
    while lines and not lines[-1]:
        lines.pop()
    if not lines:
        return b"" if is_relaxed else b"\r\n"
    return b"".join(x + b"\r\n" for x in lines)


class Case:
    """One message of a shape; `change` is a pair of octets, or None."""

    def __init__(self, keys, shape, kind, canon, number):
        self.shape = shape
        self.spec = SHAPES[shape]
        self.kind = kind
        self.canon = canon
        self.selector = "s%d" % number
        self.domain = self.spec.get("d", b"example.com")
        key = keys.public[kind]
        if self.spec.get("key"):
            key = key[:20] + b"\n" + key[20:]
        self.record = b"v=DKIM1; k=%s; p=%s" % (kind.encode(), key)
        self.message = self.sign(keys)
        self.good = True

    def zone_name(self):
        """Returns the domain as it is in the zone."""
        return A_LABEL if self.domain == U_LABEL else self.domain

    def sign(self, keys):
        """Returns the signed message."""
        fields = list(self.spec.get("fields", ())) + [
            (name, self.spec.get("subject", value))
            if name == b"Subject" else (name, value) for name, value in PLAIN]
        body = self.spec.get("body", BODY)
        form = relaxed if self.canon[0] == "relaxed" else simple
        hashed = hashlib.sha256(body_form(
            body, self.canon[1] == "relaxed")).digest()
        names = self.spec.get("names", NAMES)
        value = b" v=1; a=%s-sha256; c=%s; d=%s; s=%s;\r\n\t%sh=%s;\r\n\t" \
            b"bh=%s;\r\n\t%s" % (
                self.kind.encode(), "/".join(self.canon).encode(),
                self.domain, self.selector.encode(),
                self.spec.get("tags", b""), b":\r\n\t".join(names),
                base64.b64encode(hashed), self.spec.get("b", b"b="))
        left, text = list(fields), b""
        for name in names:
            at = next((i for i in reversed(range(len(left)))
                       if left[i][0].lower() == name), None)
            if at is not None:
                text += form(*left.pop(at)) + b"\r\n"
        digest = differential_dkim.Hash()
        digest.update(text + form(b"DKIM-Signature", value))
        value += base64.b64encode(keys.sign(self.kind, digest))
        return b"".join(b"%s:%s\r\n" % x for x in
                        [(b"DKIM-Signature", value)] + fields) + b"\r\n" + body

    def changed(self, old, new):
        """Returns a copy with one octet or more changed; None: no effect."""
        if old not in self.message:
            return None
        other = Case.__new__(Case)
        other.__dict__.update(self.__dict__)
        other.message = self.message.replace(old, new, 1)
        other.good = False
        return other


def make_cases(keys):
    """Returns all cases."""
    cases = []
    for shape, kind, canon in itertools.product(
            SHAPES, ("rsa", "ed25519"),
            itertools.product(("simple", "relaxed"), repeat=2)):
        case = Case(keys, shape, kind, canon, len(cases))
        cases.append(case)
        cases += [other for other in (
            case.changed(*change) for change in
            CHANGES + case.spec.get("change", ())) if other is not None]
    return cases


def ask_python(case):
    """Returns whether a signature verifies, and what python3-dkim said."""
    said = "no signature"
    try:
        verifier = dkim.DKIM(case.message, minkey=1024)
        count = sum(name.lower() == b"dkim-signature"
                    for name, _ in verifier.headers)
    except Exception as why:  # pylint: disable=broad-except
        return False, "%s: %s" % (type(why).__name__, why)
    for index in range(count):
        try:
            if verifier.verify(idx=index,
                               dnsfunc=lambda *_, **__: case.record):
                return True, "pass"
        except Exception as why:  # pylint: disable=broad-except
            said = "%s: %s" % (type(why).__name__, why)
        else:
            said = "does not verify"
    return False, said


def ask_perl(cases):
    """Returns the same from Mail::DKIM; None if that is missing."""
    done = subprocess.run(
        ["perl", os.path.join(suite.HERE, "verify.pl")],
        input=b"".join(b"%d %d\n%s%s" % (len(x.record), len(x.message),
                                         x.record, x.message) for x in cases),
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    if done.returncode == 77:
        return None
    lines = done.stdout.decode("latin-1").splitlines()
    assert done.returncode == 0 and len(lines) == len(cases)
    return [(line.startswith("pass "), line) for line in lines]


def ask_ours(driver, folder, cases, chunk):
    """Returns (whether a signature passes, reasons) from auth/dkim."""
    path = os.path.join(folder, "shapes.zone")
    with open(path, "w", encoding="ascii") as file:
        for name, record in {(x.selector, x.zone_name()): x.record
                             for x in cases}.items():
            file.write("%s._domainkey.%s. 60 IN TXT %s\n" % (
                name[0], name[1].decode(), suite.zone_text(record)))
    done = subprocess.run(
        [driver, path, str(NOW), str(chunk), "frames"],
        input=b"".join(b"%d\n%s" % (len(x.message), x.message) for x in cases),
        stdout=subprocess.PIPE, check=True)
    found, reasons = [], []
    for line in done.stdout.decode("latin-1").splitlines():
        if line.startswith("= "):
            found.append((line == "= pass", "; ".join(reasons)))
            reasons = []
        else:
            reasons.append(line.split("\t")[4])
    assert len(found) == len(cases)
    return found


def compare(verifier, case, verdict, table, why_not):
    """Counts what another verifier says of a case."""
    passes, said = verdict
    label = "shapes, " + verifier
    why = KNOWN.get((verifier, case.shape)) if case.good else None
    if passes == case.good:
        table.count(label, "agree")
    elif why is not None:
        table.count(label, "explained")
        why_not[why] += 1
    else:
        table.count(label, "failed")
        print("FAIL %s: %s %s %s, %s: %s\n  %r" % (
            label, case.shape, case.kind, "/".join(case.canon),
            "good" if case.good else "changed", said, case.message))


def run(driver, folder, table):
    """Prints disagreements, and counts all cases in the table."""
    keys = differential_dkim.Keys()
    cases = make_cases(keys)
    why_not = collections.Counter()
    for chunk in CHUNKS:
        for case, (passes, said) in zip(
                cases, ask_ours(driver, folder, cases, chunk)):
            table.count("shapes", "agree" if passes == case.good else "failed")
            if passes != case.good:
                print("FAIL shapes: %s %s %s, %s: %s\n  %r" % (
                    case.shape, case.kind, "/".join(case.canon),
                    "good" if case.good else "changed", said, case.message))
    clock, time.time = time.time, lambda: NOW
    try:
        for case in cases:
            compare("python3-dkim", case, ask_python(case), table, why_not)
    finally:
        time.time = clock
    # Mail::DKIM knows Ed25519 since 1.20230630, which Debian 12 does not have
    rsa = [x for x in cases if x.kind == "rsa"]
    answers = ask_perl(rsa)
    if answers is None:
        print("SKIP libmail-dkim-perl is not installed")
        for _ in rsa:
            table.count("shapes, Mail::DKIM", "skipped")
    for case, answer in zip(rsa, answers or ()):
        compare("Mail::DKIM", case, answer, table, why_not)
    for why, number in why_not.most_common():
        print("explained %5d  %s" % (number, why))
