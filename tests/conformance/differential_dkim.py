# SPDX-License-Identifier: BSD-2-Clause
"""Random signed and damaged messages for auth/dkim and python3-dkim."""

import base64
import collections
import hashlib
import os
import re
import subprocess
import time

import dkim
import dkim.canonicalization
import dkim.crypto
import nacl.encoding
import nacl.signing

import dkim_reasons
import suite

NOW = 1700000000
SHOWN = 10
CHUNKS = (0, 7)
SENTENCE = "The quick brown fox jumps over the lazy dog ".split(" ")
BLANKS = ("", "", "", " ", "  ", "\t", "\r\n ", " \r\n\t")


class Keys:
    """Two key pairs."""

    def __init__(self):
        with open(os.path.join(suite.KEYS, "test-rsa1024.pem"), "rb") as file:
            pem = file.read()
        self.rsa = dkim.crypto.parse_pem_private_key(pem)
        der = subprocess.run(
            ["openssl", "pkey", "-pubout", "-outform", "DER"], input=pem,
            stdout=subprocess.PIPE, check=True).stdout
        self.ed = nacl.signing.SigningKey(hashlib.sha256(b"postern").digest())
        self.public = {
            "rsa": base64.b64encode(der),
            "ed25519": self.ed.verify_key.encode(nacl.encoding.Base64Encoder)}

    def sign(self, kind, digest_of):
        """Returns the octets of b= for a hash object."""
        if kind == "rsa":
            return dkim.crypto.RSASSA_PKCS1_v1_5_sign(digest_of, self.rsa)
        return self.ed.sign(digest_of.digest()).signature


class Hash:
    """SHA-256 with the attributes that python3-dkim uses."""

    def __init__(self):
        self.inner = hashlib.sha256()
        self.name = "sha256"
        self.update = self.inner.update
        self.digest = self.inner.digest


class Case:
    """A random message with its key record."""

    def __init__(self, rng, number, keys):
        self.rng = rng
        self.keys = keys
        self.kind = rng.choice(("rsa", "ed25519"))
        self.selector = "k%d" % number
        self.domain = "example.com"
        self.fields = self.make_fields()
        self.body = self.make_body()
        self.record = self.make_record()
        self.message = self.damage(self.signed())

    # ---- the message

    def words(self, most):
        count = self.rng.randint(0, most)
        return self.rng.choice(
            (" ", " ", "  ", "\t", " \r\n ", " \r\n ", "\v", " \f ")).join(
            self.rng.choice(SENTENCE) for _ in range(count))

    def make_fields(self):
        rng = self.rng
        fields = [("From", " joe@example.com"), ("To", " ann@example.net"),
                  ("Subject", " " + self.words(12)),
                  ("Date", " Tue, 14 Nov 2023 22:13:20 +0000")]
        fields += [(rng.choice(("X-Trace", "X-A", "x-trace", "Received")),
                    rng.choice(BLANKS) + "x" + self.words(9) +
                    rng.choice(BLANKS[:6])) for _ in range(rng.randint(0, 4))]
        if rng.random() < .1:
            fields.append((rng.choice(("Subject", "To", "From", "Date")),
                           " twice@example.com"))
        rng.shuffle(fields)
        return [(name.encode(), value.encode("latin-1") + b"\r\n")
                for name, value in fields]

    def make_body(self):
        rng = self.rng
        lines = [rng.choice(("", " ", "\t ", "x")) + self.words(8) +
                 rng.choice(("", "", " ", " \t", "\xe9", "\v", "\f ", "\0"))
                 for _ in range(rng.randint(0, 6))]
        return "".join(line + "\r\n" for line in lines).encode("latin-1") + \
            b"\r\n" * rng.choice((0, 0, 0, 1, 3))

    # ---- the key

    def make_record(self):
        """Returns the text of the key record; None: there is none."""
        rng = self.rng
        key = self.keys.public[self.kind].decode()
        tags = [["v", "DKIM1"], ["k", self.kind], ["p", key]]
        if self.kind == "rsa" and rng.random() < .5:
            del tags[1]
        if rng.random() < .3:
            tags.insert(rng.randrange(len(tags) + 1), list(rng.choice((
                ("t", "y"), ("t", "s"), ("t", "y:s"), ("h", "sha256"),
                ("h", "sha1"), ("h", "sha1:sha256"), ("s", "email"),
                ("s", "*"), ("s", "other"), ("s", "other:email"),
                ("s", "tlsrpt"), ("g", "*"), ("n", "note \xe9"), ("x", ""),
                ("v", "DKIM1"), ("k", "other"), ("p", ""), ("k", "rsa"),
                ("v", "DKIM2"), ("1x", "y")))))
        if rng.random() < .1:
            rng.shuffle(tags)
        text = (rng.choice(("; ", ";", " ; "))).join(
            "=".join(tag) for tag in tags) + rng.choice(("", "", ";", " "))
        if rng.random() < .06:
            at = rng.randrange(len(text))
            text = text[:at] + rng.choice("=;A!  ") + text[at + 1:]
        if rng.random() < .04:
            at = rng.randrange(len(text))
            text = text[:at] + rng.choice(("\n", "\r\n")) + text[at:]
        return None if rng.random() < .02 else text.encode("latin-1")

    # ---- the signature

    def make_tags(self, canon, body_hash):
        """Returns the tags of the signature, some of them odd."""
        rng = self.rng
        names = [name.decode() for name, _ in self.fields
                 if rng.random() < .7 or name == b"From"]
        if rng.random() < .3:
            names += rng.choice((["From"], ["Subject"], ["X-None"],
                                 ["From", "From"], ["from", "To", "subject"]))
        if rng.random() < .03:
            names += ["x-a-name-that-is-not-used-%d" % i for i in range(150)]
        if rng.random() < .02:
            names = [x for x in names if x.lower() != "from"]
        tags = [["v", "1"], ["a", self.kind + "-sha256"], ["c", canon],
                ["d", self.domain], ["s", self.selector],
                ["h", rng.choice((":", " : ", ":\r\n ", ": ")).join(names)],
                ["bh", base64.b64encode(body_hash).decode()]]
        if canon == "simple/simple" and rng.random() < .5:
            del tags[2]
        odd = (
            ["t", str(NOW - 100)], ["t", str(NOW + 100)], ["t", "0"],
            ["t", str(NOW + 7200)], ["t", "x"], ["t", str(NOW + 99999)],
            ["x", str(NOW + 1000)], ["x", str(NOW - 1000)],
            ["x", str(NOW - 100000)], ["x", "-1"], ["q", "dns/txt"],
            ["q", "dns"], ["q", "dns/txt:http"], ["q", "http"],
            ["i", "@example.com"], ["i", "joe@sub.example.com"],
            ["i", "joe@example.org"], ["i", "@badexample.com"],
            ["i", "j=20oe@example.com"], ["i", "example.com"],
            ["i", "j\xc3\xb6@example.com"], ["i", "@b\xc3\xbc.example.com"],
            ["i", "j\xff@example.com"], ["n", "\xff"], ["nb", "b=x"],
            ["z", "From:x|To:y"], ["r", "y"], ["xb", "1"], ["B", "x"],
            ["l", str(len(self.body))], ["l", "0"], ["l", "5"],
            ["l", "99999"], ["l", "+5"], ["l", ""], ["a", "rsa-sha256"],
            ["a", self.kind.upper() + "-SHA256"], ["a", "rsa-sha1"],
            ["v", "0.5"], ["v", "2"], ["d", "EXAMPLE.com"],
            ["d", "example.com."], ["d", "exa mple.com"], ["d", "com"],
            ["s", self.selector.upper()], ["s", "none"], ["s", "a..b"],
            ["c", "relaxed"], ["c", "simple"], ["c", "relaxed/other"],
            ["c", "Relaxed/relaxed"], ["unknown_1", "a b=c"], ["1u", "x"],
            ["h", "From"], ["bh", ""])
        for _ in range(rng.choice((0, 0, 0, 0, 1, 1, 2))):
            tag = list(rng.choice(odd))
            same = [x for x in tags if x[0] == tag[0]]
            if same and rng.random() < .9:
                same[0][1] = tag[1]
            else:
                tags.append(tag)
        if rng.random() < .04:
            del tags[rng.randrange(len(tags))]
        if rng.random() < .4:
            rng.shuffle(tags)
        return tags

    def write_tags(self, tags):
        """Returns the field's value in two parts: before and after b='s."""
        rng = self.rng
        plain = rng.random() < .6
        tags.insert(rng.randint(0, len(tags)), ["b", "\0"])
        parts = []
        for name, value in tags:
            space = ["", " ", "", ""] if plain else \
                [rng.choice(BLANKS) for _ in range(4)]
            if name == "b" and rng.random() < .95:
                space[2] = ""
            parts.append("%s%s%s=%s%s" % (space[1], name, space[2], space[3],
                                          value))
        text = ";".join(parts) + rng.choice(("", "", ";", "; "))
        return text.encode("latin-1").split(b"\0")

    def signed(self):
        """Returns the message with a signature that fits its tags."""
        canon = "/".join(self.rng.choice(("simple", "relaxed"))
                         for _ in range(2))
        policy = dkim.canonicalization.CanonicalizationPolicy.from_c_value(
            canon.encode())
        body = policy.canonicalize_body(self.body)
        tags = self.make_tags(canon, hashlib.sha256(body).digest())
        values = dict(tags)
        length = values.get("l", "")
        for tag in tags:
            if tag[0] == "bh" and tag[1] and length.isdigit():
                tag[1] = base64.b64encode(hashlib.sha256(
                    body[:int(length)]).digest()).decode()
        c = values.get("c", "simple/simple").encode()
        try:
            policy = dkim.canonicalization.CanonicalizationPolicy \
                .from_c_value(c)
        except dkim.canonicalization.InvalidCanonicalizationPolicyError:
            pass
        front, back = self.write_tags(tags)
        names = [x.lower() for x in re.split(
            rb"\s*:\s*", values.get("h", "").strip().encode())]
        h = Hash()
        for name, value in dkim.select_headers(
                policy.canonicalize_headers(self.fields), names):
            h.update(name + b":" + value)
        for name, value in policy.canonicalize_headers(
                [(b"DKIM-Signature", front.rstrip() + back + b"\r\n")]):
            h.update(name + b":" + value[:-2])
        b = base64.b64encode(self.keys.sign(self.kind, h))
        if self.rng.random() < .5:
            b = b[:40] + b"\r\n  " + b[40:]
        fields = list(self.fields)
        fields.insert(0, (b"DKIM-Signature", front + b + back + b"\r\n"))
        return b"".join(b"%s:%s" % field for field in fields) + b"\r\n" + \
            self.body

    # ---- damage

    def damage(self, message):
        """Changes some messages, but never so that the header is lost."""
        damaged = self.change(message)
        try:
            dkim.rfc822_parse(damaged)
        except (dkim.MessageFormatError, IndexError):
            return message
        return damaged

    def change(self, message):
        rng = self.rng
        for _ in range(rng.choice((0, 0, 0, 0, 1, 1, 2))):
            at = rng.randrange(len(message))
            message = rng.choice((
                lambda m: m[:at] + bytes([m[at] ^ 1 << rng.randrange(8)]) +
                m[at + 1:],
                lambda m: m[:at] + rng.choice((b" ", b"\t", b"x")) + m[at:],
                lambda m: m[:at] + m[at + 1:],
                lambda m: m + b"\r\n" * rng.randint(1, 3),
                lambda m: m + b"appended\r\n",
                lambda m: b"X-New: x\r\n" + m,
                lambda m: b"Subject: new\r\n" + m,
                lambda m: b"From: eve@example.org\r\n" + m,
                lambda m: m.replace(b" ", b"  ", 1),
                lambda m: m.replace(b"\r\n ", b"\r\n\t", 1),
                lambda m: re.sub(rb"(?m)[ \t]+\r\n(?![ \t])", b"\r\n", m),
                lambda m: m.replace(b"Subject:", b"subject:"),
                lambda m: m.replace(b"\r\n\r\n", b"\r\nX-Last: y\r\n\r\n", 1),
            ))(message)
        return message


def ask_python(case):
    """Returns whether a signature verifies, and what python3-dkim said."""
    def record(name, timeout=0):
        del timeout
        wanted = "%s._domainkey.%s." % (case.selector, case.domain)
        found = name.decode("latin-1").lower() == wanted
        return case.record if found else None

    said = "no signature"
    try:
        verifier = dkim.DKIM(case.message, minkey=1024)
        count = sum(name.lower() == b"dkim-signature"
                    for name, _ in verifier.headers)
    except Exception as why:  # pylint: disable=broad-except
        return False, "%s: %s" % (type(why).__name__, why)
    for index in range(count):
        try:
            if verifier.verify(idx=index, dnsfunc=record):
                return True, "pass"
            said = "does not verify"
        except Exception as why:  # pylint: disable=broad-except
            said = "%s: %s" % (type(why).__name__, why)
    return False, said


def ask_driver(driver, folder, cases, chunk):
    """Returns (overall result, reasons) of each message."""
    path = os.path.join(folder, "keys.zone")
    with open(path, "w", encoding="ascii") as file:
        for case in cases:
            if case.record is not None:
                file.write("%s._domainkey.%s. 60 IN TXT %s\n" % (
                    case.selector, case.domain, suite.zone_text(case.record)))
    done = subprocess.run(
        [driver, path, str(NOW), str(chunk), "frames"],
        input=b"".join(b"%d\n%s" % (len(case.message), case.message)
                       for case in cases),
        stdout=subprocess.PIPE, check=True)
    answers, reasons = [], []
    for line in done.stdout.decode("latin-1").splitlines():
        if line.startswith("= "):
            answers.append((line[2:], "; ".join(reasons)))
            reasons = []
        else:
            reasons.append(line.split("\t")[4])
    assert len(answers) == len(cases)
    return answers


def run(driver, rng, count, folder, table):
    """Prints disagreements, and counts all cases in the table."""
    keys = Keys()
    clock, time.time = time.time, lambda: NOW
    try:
        cases = [Case(rng, number, keys) for number in range(count)]
        theirs = [ask_python(case) for case in cases]
    finally:
        time.time = clock
    answers = [ask_driver(driver, folder, cases, chunk) for chunk in CHUNKS]
    why_not = collections.Counter()
    shown = 0
    for number, case in enumerate(cases):
        passes, said = theirs[number]
        ours, reasons = answers[0][number]
        why = None
        if any(answer[number] != answers[0][number] for answer in answers):
            reasons += " (the answer depends on the chunks)"
        elif (ours == "pass") == passes:
            table.count("random DKIM", "agree")
            continue
        else:
            why = dkim_reasons.explain(case.message, case.record, NOW,
                                       reasons, passes)
        if why is not None:
            table.count("random DKIM", "explained")
            why_not[why] += 1
            continue
        table.count("random DKIM", "failed")
        shown += 1
        if shown <= SHOWN:
            print("FAIL dkim: auth/dkim %s (%s), python3-dkim %s\n  key %r\n"
                  "  message %r" % (ours, reasons, said, case.record,
                                    case.message))
    for why, number in why_not.most_common():
        print("explained %5d  %s" % (number, why))
