# SPDX-License-Identifier: BSD-2-Clause
"""Random mail, and verdicts that it must not get."""

import os
import re
import sys

import suite

sys.path.insert(0, suite.KEYS)

ATTACKER = "attack.example"
VICTIM = "victim.example"
CLIENT = "192.0.2.66"
ZONE = """\
attack.example. 60 IN TXT "v=spf1 ip4:192.0.2.66 -all"
_dmarc.attack.example. 60 IN TXT "v=DMARC1; p=none"
sub.attack.example. 60 IN TXT "v=spf1 +all"
victim.example. 60 IN TXT "v=spf1 ip4:198.51.100.1 -all"
_dmarc.victim.example. 60 IN TXT "v=DMARC1; p=reject"
odd.example. 60 IN TXT "v=spf1 include:%{l}.attack.example mx ?all"
_dmarc.odd.example. 60 IN TXT "v=DMARC1; p=maybe"
;! servfail dead.example
66.2.0.192.in-addr.arpa. 60 IN PTR attack.example.
attack.example. 60 IN A 192.0.2.66
k._domainkey.attack.example. 60 IN TXT "v=DKIM1; k=ed25519; \
p=uwSbcF8l6+qRwVjVStWWKhwHBp5tXG8t5i09LAqyMMs="
"""
DOMAINS = (ATTACKER, ATTACKER, "sub." + ATTACKER, VICTIM, VICTIM,
           "a." + VICTIM, "odd.example", "dead.example", "other.example",
           "com", "attack.example.", "Attack.EXAMPLE", "xn--bcher-kva.example",
           "b\xc3\xbccher.example", "victim.example.attack.example",
           "victim.example(.attack.example", "[192.0.2.66]", "", ".",
           "victim.example\0.attack.example", "x" * 70 + ".example")
PIECES = ("<", ">", "(", ")", '"', "\\", ",", ";", ":", "@", " ", "\t", ".",
          "\r\n ", "\r\n\t", "\0", "\r", "\n", "=?utf-8?Q?=40?=", "\xff",
          "\xe2\x80\xae", "group:", "admin", "joe", "@a,@b:", "'", "[", "]",
          "%s%n", "=?utf-8?B?PGFkbWluQHZpY3RpbS5leGFtcGxlPg==?=", "a" * 300)
NAMES = ("From", "from", "FROM", "From ", "From\t", "Sender", "Reply-To",
         "Resent-From", "Subject", "DKIM-Signature", "Authentication-Results",
         "List-Id", "Received", "To", "X", "Fro", "From:", "Precedence", "")
COMMON = ("DKIM-Signature", "Authentication-Results", "Received", "X")


class Mail:
    """Makes messages and envelopes with a random generator."""

    def __init__(self, rng):
        self.rng = rng

    def octets(self, most):
        """Returns any octets."""
        return bytes(self.rng.randrange(256)
                     for _ in range(self.rng.randint(0, most)))

    def domain(self):
        """Returns a domain name, valid or not."""
        return self.rng.choice(DOMAINS)

    def address(self):
        """Returns an address; most have the right form."""
        rng = self.rng
        local = rng.choice(("joe", "admin", '"a b"', "a.b", "", "j\xc3\xb6"))
        plain = "%s@%s" % (local, self.domain())
        return rng.choice((plain, "<%s>" % plain, "Joe <%s>" % plain,
                           '"%s" <%s>' % (self.domain(), plain),
                           "(%s) %s" % (self.domain(), plain)))

    def field_value(self):
        """Returns pieces of addresses in any order, or any octets."""
        rng = self.rng
        if rng.random() < .5:
            return " " + self.address()
        if rng.random() < .1:
            return " " + self.octets(80).decode("latin-1")
        return " " + "".join(
            rng.choice((self.address, lambda: rng.choice(PIECES)))()
            for _ in range(rng.randint(1, 7)))

    def from_value(self):
        """Returns a value for From; at least half of them are valid."""
        if self.rng.random() < .5:
            return self.field_value()
        return " Joe <joe@%s>" % self.rng.choice(DOMAINS[:8])

    def signature(self):
        """Returns a DKIM-Signature, mostly with an interesting fault."""
        rng = self.rng
        tags = ["v=1", "a=" + rng.choice(("rsa-sha256", "ed25519-sha256")),
                "d=" + self.domain(), "s=" + rng.choice(("k", "k\0x", "..")),
                "h=" + rng.choice(("from", "from:from", "from:x:to:to:"
                                   "dkim-signature:from", "from:" * 500)),
                "bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
                "b=" + rng.choice(("", "AAAA", "=", "A" * 88)),
                "i=" + rng.choice(("@attack.example", "a=", "=40="))]
        rng.shuffle(tags)
        return " " + "; ".join(tags[rng.randint(0, 2):])

    def fields(self):
        """Returns the header: (name, value) in characters of Latin-1."""
        rng = self.rng
        found = [("From", self.from_value())] if rng.random() < .95 else []
        for _ in range(rng.choice((0, 1, 2, 3, 3, 20))):
            name = rng.choice(NAMES if rng.random() < .12 else COMMON)
            value = self.field_value()
            if name == "DKIM-Signature":
                value = self.signature()
            elif name == "Authentication-Results":
                value = " mx.gateway.example; dmarc=pass header.from=" + \
                    self.domain()
            found.append((name, value))
        if rng.random() < .01:
            found += [("X-%d" % i, "x" * 40) for i in range(3000)]
        if rng.random() < .01:
            found.append(("X-Large", "(" * 200000))
        if rng.random() < .5:
            rng.shuffle(found)
        return found

    def body(self):
        """Returns any octets, sometimes many."""
        if self.rng.random() < .01:
            return b"x" * 3000000
        return self.octets(200)

    def message(self):
        """Returns a whole message."""
        rng = self.rng
        if rng.random() < .05:
            return self.octets(600)
        text = "".join("%s:%s\r\n" % field for field in self.fields())
        message = text.encode("latin-1") + b"\r\n" + self.body()
        if rng.random() < .15:
            at = rng.randrange(len(message))
            message = message[:at] + self.octets(6) + \
                message[at + rng.randrange(4):]
        if rng.random() < .25:
            message = self.signed(message)
        return message

    def signed(self, message):
        """Returns the message with a valid signature of the attacker."""
        import signer
        try:
            return signer.sign(message, ATTACKER, kind="ed25519",
                               selector="k", fields=("from",))
        except Exception:  # pylint: disable=broad-except
            return message

    def path(self):
        """Returns a reverse-path: octets without NUL."""
        rng = self.rng
        if rng.random() < .5:
            text = "<joe@%s>" % rng.choice(DOMAINS[:9])
        elif rng.random() < .5:
            text = "<%s>" % self.address()
        else:
            text = self.field_value().strip()
        return text.encode("latin-1").replace(b"\0", b"")

    def helo(self):
        """Returns a HELO argument: octets without NUL."""
        text = self.domain() if self.rng.random() < .8 else self.field_value()
        return text.encode("latin-1").replace(b"\0", b"")


def is_own(domain):
    """True if the attacker may get a pass for this domain."""
    domain = domain.lower().rstrip(".")
    return domain == ATTACKER or domain.endswith("." + ATTACKER)


def without_asides(value):
    """Returns a From value without comments and quoted strings."""
    out, depth, quoted, skip = [], 0, False, False
    for c in value:
        if skip:
            skip = False
        elif c == "\\":
            skip = True
        elif quoted:
            quoted = c != '"'
        elif c == "(":
            depth += 1
        elif depth > 0:
            depth -= c == ")"
        elif c == '"':
            quoted = True
        else:
            out.append(c)
    return "".join(out)


def wrong_pass(message):
    """Returns why this message, as MTAs read it, must not pass, or None."""
    text = message.decode("latin-1").replace("\r\n", "\n").replace("\r", " ")
    values, current = [], None
    for line in text.split("\n"):
        if line[:1] in (" ", "\t") and line and current is not None:
            current[1] += " " + line.strip(" \t")
            continue
        found = re.match(r"([!-9;-~]+)[ \t]*:(.*)", line, re.S)
        if not found:
            break
        current = [found.group(1).lower(), found.group(2)]
        values.append(current)
    values = [value.split("\0")[0] for name, value in values
              if name == "from"]
    if len(values) != 1:
        return "there are %d From fields" % len(values)
    domains = re.findall(r"@([A-Za-z0-9.-]+)", without_asides(values[0]))
    others = [x for x in domains if not is_own(x)]
    if others:
        return "From names %s" % " ".join(others)
    return None


def complaint(message, tree):
    """Returns what is wrong with a `postern verify --json` verdict, or None."""
    dmarc = tree.get("dmarc") or {}
    if dmarc.get("field_result", dmarc.get("result")) != "pass":
        return None
    domains = tree["from"]["domains"]
    if len(domains) != 1 or not is_own(domains[0]):
        return "pass for %s" % domains
    return wrong_pass(message)


def write(path, data):
    """Writes a file; returns its path."""
    with open(path, "wb" if isinstance(data, bytes) else "w") as file:
        file.write(data)
    return path


def write_zone(folder):
    """Writes the zone's file; returns its path."""
    return write(os.path.join(folder, "zone"), ZONE)
