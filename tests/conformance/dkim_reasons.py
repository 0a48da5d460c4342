# SPDX-License-Identifier: BSD-2-Clause
"""Why auth/dkim and python3-dkim may disagree about a signature.

Each reason inspects the signature, the key record and the message itself, so
that it relies on neither program.
"""

import base64
import re

import dkim
import dkim.canonicalization

SKEW = 300
RSA_OID = bytes.fromhex("06092a864886f70d010101")
SINGLE = (b"from", b"subject", b"date", b"to", b"cc", b"reply-to",
          b"message-id", b"content-type")
TAG = re.compile(
    rb"[ \t\r\n]*([A-Za-z][A-Za-z0-9_]*)[ \t\r\n]*=([^;]*)", re.S)


def tag_list(text):
    """Returns [(name, value)] with trimmed values; None: not a tag list."""
    parts = text.rstrip().split(b";")
    if parts and not parts[-1].strip():
        parts.pop()
    found = [TAG.fullmatch(part) for part in parts]
    if not found or not all(found):
        return None
    return [(x.group(1), x.group(2).strip()) for x in found]


class View:
    """A message with one signature and its key, taken apart."""

    def __init__(self, message, record, now):
        self.now = now
        self.message = message
        self.fields, self.body = dkim.rfc822_parse(message)
        self.raw = [value for name, value in self.fields
                    if name.lower() == b"dkim-signature"][0]
        self.tags = dict(tag_list(self.raw) or ())
        self.record = record or b""
        self.key_tags = tag_list(self.record)
        self.key = dict(self.key_tags or ())

    def canons(self):
        """Returns the two canonicalizations."""
        c = self.tags.get(b"c", b"simple/simple").split(b"/")
        return c if len(c) == 2 else c + [b"simple"]

    def canonical_length(self):
        """Returns the length of the canonical body, in octets."""
        policy = dkim.canonicalization.CanonicalizationPolicy.from_c_value(
            b"/".join(self.canons()))
        return len(policy.canonicalize_body(self.body))

    def number(self, name):
        """Returns a tag's number; None if it has none."""
        text = self.tags.get(name, b"")
        return int(text) if text.isdigit() else None

    def names(self):
        """Returns the names in h=, in lower case."""
        return [x.strip().lower()
                for x in self.tags.get(b"h", b"").split(b":")]


def is_uncovered(view):
    """A field that should appear once appears more often than signed."""
    present = [name.lower() for name, _ in view.fields]
    return any(present.count(name) > max(1, view.names().count(name)) or
               present.count(name) > 1 and
               present.count(name) > view.names().count(name)
               for name in SINGLE)


def has_odd_octets(view):
    """There is a bare CR or LF, or a NUL in the header."""
    return re.search(rb"\r(?!\n)|(?<!\r)\n", view.message) is not None or \
        b"\0" in view.message.partition(b"\r\n\r\n")[0]


def has_bare_lf(view):
    """There is a bare LF, which python3-dkim takes for a line end."""
    return re.search(rb"(?<!\r)\n", view.message) is not None


def is_not_rsa(view):
    """p= is not base64, or the key's algorithm is not RSA."""
    text = re.sub(rb"\s", b"", view.key[b"p"])
    if not re.fullmatch(rb"[A-Za-z0-9+/]+={0,2}", text):
        return True
    return RSA_OID not in base64.b64decode(text + b"=" * (-len(text) % 4))


def is_bad_record(view):
    """It is not a key record as RFC 6376 s. 3.6.1 defines it."""
    tags = view.key_tags
    if tags is None or re.search(rb"[\0-\x08\x0b\x0c\x0e-\x1f]", view.record):
        return True
    names = [name for name, _ in tags]
    return len(names) != len(set(names)) or b"p" not in names or \
        b"v" in names and tags[0] != (b"v", b"DKIM1")


def is_bad_list(view):
    """The field is not a tag list, repeats a tag or contains a control."""
    tags = tag_list(view.raw)
    return tags is None or len(tags) != len(dict(tags)) or \
        re.search(rb"[\0-\x08\n-\x1f\x7f]", view.raw.replace(b"\r\n", b""))


def has_simple_end(view):
    """A field that is hashed as it is ends with a blank."""
    return view.canons()[0] == b"simple" and re.search(rb"[ \t]\r\n$",
                                                       view.raw)


def has_vertical_end(view):
    """A field that is hashed in the relaxed form begins or ends with VT or FF."""
    return view.canons()[0] == b"relaxed" and any(
        re.search(rb"^[ \t\r\n]*[\v\f]|[\v\f][ \t\r\n]*$", value)
        for _, value in view.fields)


def has_blank_after_b(view):
    """There is a blank between the value of b= and what follows."""
    return re.search(rb"[;\s]b\s*=[^;]*\s(;|$)", view.raw)


def lists(value, word):
    return word in [x.strip() for x in value.split(b":")]


SIMPLE_END = "python3-dkim drops blanks at the end of a simple field " \
    "(s. 3.4.1)"
AFTER_B = "python3-dkim keeps blanks after the value of b= (s. 3.7)"
VERTICAL_END = "python3-dkim drops VT and FF at the ends of a relaxed field " \
    "(s. 2.8)"

# (what auth/dkim says, whether that is true, why)
STRICTER = (
    ("repeated field not signed", is_uncovered,
     "a repeated field that h= does not cover (RFC 6376 s. 8.15)"),
    ("l= is larger than the body",
     lambda v: v.number(b"l") > v.canonical_length(),
     "l= is larger than the body (s. 3.5)"),
    ("l= covers only part of the body",
     lambda v: v.number(b"l") < v.canonical_length(),
     "l= leaves room for more text (s. 8.2, local policy)"),
    ("l= is not a number", lambda v: v.number(b"l") is None,
     "l= without digits (s. 3.5)"),
    ("From is not signed", lambda v: b"from" not in v.names(),
     "From is not in h= (s. 5.4, 6.1.1)"),
    ("signed in the future", lambda v: v.number(b"t") > v.now + SKEW,
     "t= is in the future, within the ten hours of python3-dkim (s. 3.5)"),
    ("signature expired", lambda v: v.number(b"x") + SKEW <= v.now,
     "x= is in the past, within the ten hours of python3-dkim (s. 3.5)"),
    ("t= or x= is invalid",
     lambda v: v.number(b"t") is None or v.number(b"x") is None or
     v.number(b"x") <= v.number(b"t"),
     "x= must be later than t= (s. 3.5)"),
    ("key record is malformed", is_bad_record,
     "v= of the key record is not first, or it is not a tag list (s. 3.6.1)"),
    ("key does not allow sha256",
     lambda v: not lists(v.key[b"h"], b"sha256"),
     "h= of the key record (s. 3.6.1)"),
    ("key type does not match the algorithm",
     lambda v: v.key.get(b"k", b"rsa") != v.tags[b"a"].split(b"-")[0],
     "k= of the key record is not a='s (s. 3.6.1, RFC 8463 s. 3)"),
    ("key is not for email",
     lambda v: not lists(v.key[b"s"], b"email") and
     not lists(v.key[b"s"], b"*"),
     "s= of the key record (s. 3.6.1)"),
    ("key does not allow a subdomain in i=",
     lambda v: lists(v.key[b"t"], b"s") and
     not v.tags[b"i"].lower().endswith(b"@" + v.tags[b"d"].lower()),
     "t=s of the key record (s. 3.6.1)"),
    ("bare CR, bare LF or NUL in signed text", has_odd_octets,
     "text that verifiers read in different ways is neutral (a known limit)"),
    ("(not a valid tag list|tag given twice)", is_bad_list,
     "the tag list's syntax (s. 3.2)"),
    ("(i= is not an identity|i= is not within d=)",
     lambda v: not re.fullmatch(
         rb"([!-:<>-~]|=[0-9A-F]{2})*@([A-Za-z0-9-]+\.)*" +
         re.escape(v.tags[b"d"]), v.tags[b"i"], re.I),
     "i= is an identity at d= or below (s. 3.5)"),
    ("d= is (not a domain name|a top-level domain)",
     lambda v: not re.fullmatch(rb"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+",
                                v.tags[b"d"]),
     "d= is a domain name (s. 3.5)"),
    ("unknown canonicalization",
     lambda v: not re.fullmatch(rb"(simple|relaxed)(/(simple|relaxed))?",
                                v.tags[b"c"]),
     "c= (s. 3.5)"),
    ("h= is not a list of field names",
     lambda v: any(not re.fullmatch(rb"[!-~]+", x) for x in v.names()),
     "h= names fields (s. 3.5)"),
    ("key is malformed", is_not_rsa,
     "p= holds base64 of an RSA key (s. 3.6.1, RFC 5280 s. 4.1.2.7)"),
    ("signature does not verify", has_simple_end, SIMPLE_END),
    ("signature does not verify", has_blank_after_b, AFTER_B),
    ("signature does not verify", has_vertical_end, VERTICAL_END),
    ("(body hash|signature) (does not verify|not understood)", has_bare_lf,
     "a bare LF does not end a line (RFC 5321 s. 2.3.8)"),
)

# (whether that is true, why auth/dkim accepts what python3-dkim refuses)
MORE_LENIENT = (
    (lambda v: v.tags.get(b"q", b"dns/txt") != b"dns/txt" and
     lists(v.tags[b"q"], b"dns/txt"),
     "unknown methods in q= are ignored (s. 3.5)"),
    (lambda v: b":" in v.key.get(b"s", b"") and
     (lists(v.key[b"s"], b"email") or lists(v.key[b"s"], b"*")),
     "s= of the key record is a list (s. 3.6.1)"),
    (lambda v: re.match(rb"b\s*=", v.raw),
     "python3-dkim overlooks a b= right after the colon (s. 3.7)"),
    (has_simple_end, SIMPLE_END),
    (has_blank_after_b, AFTER_B),
    (has_vertical_end, VERTICAL_END),
    (lambda v: re.search(rb"=[^;]*\sb\s*=", v.raw),
     "python3-dkim takes \" b=\" within another tag for the tag (s. 3.7)"),
    (lambda v: re.search(rb"(?m)^From[ \t]+:", v.message),
     "a milter does not see blanks before a colon (a known limit)"),
    (lambda v: any(len(re.sub(rb"\s", b"", text)) % 4 != 0 for text in
                   (v.key[b"p"], v.tags[b"b"], v.tags[b"bh"])),
     "base64 may omit its padding (s. 2.10)"),
)


def explain(message, record, now, reasons, passes):
    """Returns the listed reason for a disagreement; None if there is none."""
    try:
        view = View(message, record, now)
        if not passes:
            return next((why for holds, why in MORE_LENIENT if holds(view)),
                        None)
        return next((why for said, holds, why in STRICTER
                     if re.fullmatch(said, reasons) and holds(view)), None)
    except (IndexError, KeyError, TypeError, ValueError, dkim.DKIMException,
            dkim.canonicalization.InvalidCanonicalizationPolicyError):
        return None
