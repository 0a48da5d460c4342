# SPDX-License-Identifier: BSD-2-Clause
"""python3-spf with a zone in memory, as it is and corrected to RFC 7208.

Each correction has a name and a reason. A disagreement with the uncorrected
python3-spf counts as explained only if the corrected one agrees.
"""

import re
import urllib.parse

import spf

CORRECTIONS = {
    "macro": "full macro syntax, parts joined with dots (s. 7.1, 7.3)",
    "ptr": "DNS errors of ptr and %{p} mean no match, %{p} is selected again "
           "for each domain (s. 5.5, 7.3)",
    "void": "only a term's own query counts as a void look-up (s. 4.6.4)",
    "mx": "the hosts of mx are looked up until one matches; the eleventh is "
          "an error (s. 4.6.4, 5.4)",
    "redirect": "redirect= counts as a look-up when it is followed (s. 6.1)",
    "modifier": "names in any case, only redirect and exp are unique (s. 6)",
    "recursion": "a record may include itself after a match (s. 5.2)",
    "visible": "a record has only visible characters and spaces (s. 12)",
}

MACRO = re.compile(
    r"%(?:([%_-])|\{([slodiphvcrt])([0-9]*)(r?)([-.+,/_=]*)\})", re.I)
SHORT = {"%": "%", "_": " ", "-": "%20"}
MAX_NAME = 253


def is_name(name):
    """True if the DNS can be queried for this name."""
    name = name[:-1] if name.endswith(".") else name
    return len(name) <= MAX_NAME and all(
        0 < len(label) < 64 for label in name.split("."))


class Zone:
    """Names with their records; some of them fail."""

    def __init__(self):
        self.nodes = {}
        self.failing = {}
        self.on_miss = lambda name: None

    def add(self, name, rtype, value):
        """Adds a record: text, (preference, host), or octets for TXT."""
        values = self.nodes.setdefault(name, {}).setdefault(rtype, [])
        if value not in values:
            values.append(value)

    def fail(self, name, how):
        """Makes a name fail; how: timeout or servfail."""
        self.failing[name] = how

    def look_up(self, name, rtype, strict=True, timeout=0):
        """Answers a query of python3-spf."""
        del strict, timeout
        name = name.lower()
        if not is_name(name):
            return []
        if name in self.failing:
            raise spf.TempError("DNS " + self.failing[name])
        if name not in self.nodes:
            self.on_miss(name)
        values = self.nodes.get(name, {}).get(rtype, [])
        if rtype == "TXT":
            values = [[value] for value in values]
        return [((name, rtype), value) for value in values]


class Reference(spf.query):
    """python3-spf with some of the corrections."""

    def __init__(self, corrections, **envelope):
        super().__init__(querytime=20, receiver="receiver.example.com",
                         **envelope)
        self.corrections = corrections

    # ---- macros

    def expand(self, s, stripdot=True):
        if "macro" not in self.corrections:
            return super().expand(s, stripdot)
        out, pos = "", 0
        while pos < len(s):
            if s[pos] != "%":
                out += s[pos]
                pos += 1
                continue
            found = MACRO.match(s, pos)
            if not found:
                raise spf.PermError("macro syntax", s)
            out += self._value(found, stripdot)
            pos = found.end()
        if not stripdot:
            return out
        out = out[:-1] if out.endswith(".") else out
        while len(out) > MAX_NAME and "." in out:
            out = out[out.index(".") + 1:]
        return out

    def _value(self, found, in_domain):
        short, letter, digits, reverse, delimiters = found.groups()
        if short:
            return SHORT[short]
        lower = letter.lower()
        if lower in "crt" and in_domain:
            raise spf.PermError("macro in a domain", letter)
        if digits and int(digits) == 0:
            raise spf.PermError("zero parts", letter)
        value = self.getp() if lower == "p" else getattr(self, lower)
        parts = re.split("[%s]" % re.escape(delimiters or "."), value)
        if reverse:
            parts.reverse()
        if digits:
            parts = parts[-int(digits):]
        value = ".".join(parts)
        return value if letter == lower else urllib.parse.quote(value, "~")

    # ---- names of the client

    def getp(self):
        if "ptr" in self.corrections:
            self.p = None
        return super().getp()

    def validated_ptrs(self):
        if "ptr" not in self.corrections:
            return super().validated_ptrs()
        try:
            names = self.dns_ptr(self.i)[:spf.MAX_PTR]
        except spf.TempError:
            return []
        return [name for name in names if self._confirmed(name)]

    def _confirmed(self, name):
        try:
            return self.cidrmatch(self.dns_a(name, self.A), self.cidrmax)
        except spf.TempError:
            return False

    # ---- questions

    def dns(self, name, qtype, cnames=None, ignore_void=False):
        return super().dns(name, qtype, cnames,
                           ignore_void or "void" in self.corrections)

    def _ask(self, name, qtype):
        """Sends a term's own query."""
        answer = self.dns(name, qtype) if name else []
        if "void" in self.corrections and not answer and is_name(name):
            self.void_lookups += 1
            if self.void_lookups > spf.MAX_VOID_LOOKUPS:
                raise spf.PermError("void look-ups")
        return answer

    # ---- a record

    def _mechanism(self, term):
        try:
            return self.validate_mechanism(term)[1:]
        except spf.PermError as why:
            if "recursion" not in self.corrections or \
                    why.msg != "include has trivial recursion":
                raise
            return ("include", self.d, self.cidrmax,
                    spf.RESULTS.get(term[0], "pass"))

    def _parse(self, text):
        """Returns the mechanisms and the domain of redirect=."""
        mechanisms, seen, redirect = [], set(), None
        for term in text.split(" ")[1:]:
            found = spf.RE_MODIFIER.split(term)[1:]
            if len(found) != 2:
                mechanisms += [self._mechanism(term)] if term else []
                continue
            name, value = found
            once = True
            if "modifier" in self.corrections:
                name = name.lower()
                once = name in ("redirect", "exp")
            if name in seen and once:
                raise spf.PermError("appears twice", term)
            seen.add(name)
            if name not in ("redirect", "exp"):
                self.expand(value)
                continue
            if name == "redirect" and "redirect" not in self.corrections:
                self.check_lookups()
            domain = self.expand_domain(value)
            if not domain and (name == "redirect" or not value):
                raise spf.PermError("empty domain", term)
            if name == "redirect":
                redirect = domain
        return mechanisms, redirect

    def _mx_matches(self, name, bits):
        hosts = [host for _, host in sorted(self._ask(name, "MX"))]
        too_many = len(hosts) > spf.MAX_MX
        if "mx" in self.corrections:
            hosts = hosts[:spf.MAX_MX]
        elif too_many:
            raise spf.PermError("too many hosts")
        else:
            hosts = [self.dns_a(host, self.A) for host in hosts]
            return self.cidrmatch(sum(hosts, []), bits)
        for host in hosts:
            if self.cidrmatch(self.dns_a(host, self.A), bits):
                return True
        if too_many:
            raise spf.PermError("too many hosts")
        return False

    def _include_matches(self, domain, recursion):
        record = self.dns_spf(domain)
        result = self.check1(record, domain, recursion + 1)[0]
        if result == "none":
            raise spf.PermError("no record", domain)
        return result == "pass"

    def _matches(self, kind, name, bits, recursion):
        if kind == "all":
            return True
        if kind in ("ip4", "ip6"):
            return (kind == "ip6") == (self.v == "ip6") and \
                self.cidrmatch([name], bits)
        self.check_lookups()
        if kind == "include":
            return self._include_matches(name, recursion)
        if kind == "exists":
            return bool(self._ask(name, "A"))
        if kind == "a":
            return self.cidrmatch(self._ask(name, self.A), bits)
        if kind == "mx":
            return self._mx_matches(name, bits)
        return spf.domainmatch(self.validated_ptrs(), name)

    def check0(self, text, recursion):
        if not text:
            return "none", 250, ""
        if "visible" in self.corrections and \
                re.search("[^ -~]", text):
            raise spf.PermError("characters")
        mechanisms, redirect = self._parse(text)
        for kind, name, bits, result in mechanisms:
            if self._matches(kind, name, bits, recursion):
                return result, 250, ""
        if redirect is None:
            return "neutral", 250, ""
        if "redirect" in self.corrections:
            self.check_lookups()
        record = self.dns_spf(redirect)
        if not record:
            raise spf.PermError("no record", redirect)
        return self.check1(record, redirect, recursion)


def as_it_is(zone, **envelope):
    """Returns the result of python3-spf."""
    spf.DNSLookup = zone.look_up
    return spf.query(querytime=20, receiver="receiver.example.com",
                     **envelope).check()[0]


def corrected(zone, corrections, **envelope):
    """Returns the result of python3-spf with some corrections."""
    spf.DNSLookup = zone.look_up
    return Reference(corrections, **envelope).check()[0]
