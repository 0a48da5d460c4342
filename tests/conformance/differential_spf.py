# SPDX-License-Identifier: BSD-2-Clause
"""Random SPF zones for auth/spf and python3-spf."""

import collections
import os
import subprocess
import zlib

import spf_reference
import suite

CASES_PER_ZONE = 40
SHOWN = 10
QUALIFIERS = ("", "", "", "+", "-", "-", "~", "?")
MACROS = ("%{d}", "%{d2}", "%{d1}", "%{dr}", "%{d2r}", "%{o}", "%{o1}",
          "%{l}", "%{l-}", "%{lr-}", "%{l1r+}", "%{L}", "%{s}", "%{S}",
          "%{s1r@}", "%{i}", "%{ir}", "%{i4R}", "%{v}", "%{h}", "%{H2}",
          "%{p}", "%{p2}", "%{d99}", "%{dr-}", "%{h2.-}", "%{i,/_=}",
          "%%", "%-", "%_")
BROKEN_MACROS = ("%{d0}", "%{x}", "%", "%{d", "%{d2r2}", "%(d)", "%{d|}",
                 "%{}", "%{c}", "%{t}", "%{r}", "%{d00}", "%{01d}", "%a")
LOCALS = ("bob", "strong-bad", "a.b+c", "x=y_z-1", "UPPER", "o'neil", "a/b")
WORDS = ("a", "mx", "all", "include", "ptr", "exists", "ip4", "ip6", "A", "MX",
         "All", "iNclude")
JUNK = "abz019.-_%{}/:=+~?, \t\x01\x7f\xe9;\"\\()@!|"


class World:
    """A random zone, with random envelopes for it."""

    def __init__(self, rng, number):
        self.rng = rng
        self.suffix = "w%d.test" % number
        # True while a record without deliberate faults is made.
        self.clean = True
        self.names = ["d%d.%s" % (i, self.suffix) for i in range(7)]
        self.hosts = ["h%d.%s" % (i, self.suffix) for i in range(4)]
        self.clients = [self.address(4) for _ in range(3)] + \
            [self.address(6) for _ in range(2)]
        self.zone = spf_reference.Zone()
        self.zone.on_miss = self.miss
        self.salt = rng.random()
        self.fill()

    def address(self, version):
        number = self.rng.randrange
        if version == 4:
            return "10.%d.%d.%d" % (number(256), number(256), number(256))
        return "2001:db8:%x::%x" % (number(65536), number(65536))

    def miss(self, name):
        """Creates some names that macros make, the same for all clients."""
        text = "%s %s" % (name, self.salt)
        if name.endswith("." + self.suffix) and \
                zlib.crc32(text.encode("utf-8")) % 3 == 0:
            self.zone.add(name, "A", "127.0.0.2")

    def fill(self):
        rng = self.rng
        for name in self.names + self.hosts:
            self.fill_addresses(name)
        for name in self.names:
            for _ in range(rng.choice((0, 1, 1, 1, 2, 3, 11))
                           if rng.random() < .6 else 0):
                count = len(self.zone.nodes.get(name, {}).get("MX", ()))
                self.zone.add(name, "MX", (10 * (count + 1), self.any_host()))
            self.fill_text(name)
        for client in self.clients:
            self.fill_reverse(client)
        for name in self.names[1:] + self.hosts:
            if rng.random() < .04:
                self.zone.fail(name, rng.choice(("timeout", "servfail")))

    def fill_addresses(self, name):
        for client in self.clients:
            if self.rng.random() < .12:
                self.zone.add(name, "AAAA" if ":" in client else "A", client)
        if self.rng.random() < .5:
            self.zone.add(name, "A", self.address(4))
        if self.rng.random() < .3:
            self.zone.add(name, "AAAA", self.address(6))

    def fill_text(self, name):
        chance = self.rng.random()
        if chance < .93:
            self.zone.add(name, "TXT", self.record())
        if chance > .9:
            self.zone.add(name, "TXT", self.rng.choice(
                (b"v=spf10 -all", b"v=spf1", b"other", b"v=spf1-all",
                 b"V=SPF1 ?all")))

    def fill_reverse(self, client):
        name = spf_reference.spf.query(
            i=client, s="a@b.test", h="h")
        reverse = "%s.%s.arpa" % (
            spf_reference.spf.reverse_dots(name.i), name.v)
        reverse = reverse.lower()
        if self.rng.random() < .07:
            self.zone.fail(reverse, "servfail")
        for _ in range(self.rng.choice((0, 1, 1, 2, 12))):
            self.zone.add(reverse, "PTR", self.any_host())

    def any_host(self):
        chance = self.rng.random()
        if chance < .45:
            return self.rng.choice(self.hosts)
        if chance < .9:
            return self.rng.choice(self.names)
        return "nothing%d.%s" % (self.rng.randrange(5), self.suffix)

    # ---- records

    def domain(self):
        """Returns a domain-spec."""
        rng = self.rng
        chance = rng.random()
        if chance < .6 and self.clean:
            return rng.choice(self.hosts + self.names)
        if chance < .5:
            return self.any_host()
        if chance < .57 and not self.clean:
            return rng.choice(BROKEN_MACROS) + "." + self.suffix
        if chance < .63 and not self.clean:
            return rng.choice(("", ".", "x", "1.2.3.4", "a..test", "x.123",
                               "x.1-2", "x.-a", self.any_host() + ".",
                               "l" * 64 + ".test", "x" * 60 + ".test",
                               (("y" * 50 + ".") * 6) + self.any_host()))
        parts = [rng.choice(MACROS) for _ in range(rng.randint(1, 3))]
        tail = rng.choice((self.suffix, self.any_host(), "%{d}", "%{d2}",
                           "%{o2}"))
        return ".".join(parts + [tail])

    def prefix(self):
        rng = self.rng
        if rng.random() < .6:
            return ""
        four = ("", "/0", "/8", "/24", "/31", "/32", "/33", "/032", "/")
        six = ("", "", "//0", "//64", "//127", "//128", "//129", "//", "//6x")
        if self.clean:
            four, six = four[:6], six[:6]
        return rng.choice(four) + rng.choice(six)

    def network(self, version):
        rng = self.rng
        chance = rng.random()
        if chance < .4:
            base = rng.choice([x for x in self.clients
                               if (":" in x) == (version == 6)])
        elif chance < .9 or self.clean:
            base = self.address(version)
        else:
            base = rng.choice(("1.2.3", "1.2.3.256", "01.2.3.4", "::",
                               "::ffff:10.0.0.1", "1:2:3:4:5:6:7::", "::1::",
                               "2001:db8::g", "1.2.3.4.", "", "::1.2.3.4",
                               "1:2:3:4:5:6:7:8:9", "12345::"))
        if rng.random() < .5:
            return base
        if self.clean:
            return "%s/%d" % (base, rng.randint(0, 32 if version == 4 else 128))
        return base + "/" + rng.choice(
            ("0", "1", "8", "16", "24", "32", "33", "64", "128", "129", "08",
             "", "-1", "8x"))

    def term(self):
        rng = self.rng
        sign = rng.choice(QUALIFIERS)
        kind = rng.choice(("a", "a", "mx", "mx", "ip4", "ip6", "include",
                           "include", "exists", "exists", "ptr", "all",
                           "modifier"))
        if kind == "modifier":
            names = ("redirect", "exp", "Redirect", "EXP", "x-y.z", "ra",
                     "x-y.z", "1x")
            return "%s=%s" % (rng.choice(names[:-1] if self.clean else names),
                              self.domain())
        if kind in ("a", "mx"):
            domain = ":" + self.domain() if rng.random() < .5 else ""
            return sign + kind + domain + self.prefix()
        if kind in ("ip4", "ip6"):
            return sign + kind + ":" + self.network(4 if kind == "ip4" else 6)
        if kind == "all":
            return sign + kind
        if kind == "ptr" and rng.random() < .5:
            return sign + kind
        return sign + kind + ":" + self.domain()

    def record(self):
        """Returns the octets of a record; most have the right form."""
        rng = self.rng
        self.clean = rng.random() < .75
        terms = [self.term() for _ in range(rng.choice((1, 2, 3, 3, 4, 6,
                                                        13)))]
        if rng.random() < .5:
            terms.append(rng.choice(("-all", "~all", "?all", "all")))
        text = "v=spf1 " + rng.choice((" ", " ", " ", "  ")).join(terms)
        if rng.random() < .2 and not self.clean:
            at = rng.randrange(7, len(text) + 1)
            cut = rng.choice((0, 0, 1))
            text = text[:at] + rng.choice(JUNK) + text[at + cut:]
        if rng.random() < .05:
            text = text.upper()
        return text.encode("latin-1")

    # ---- envelopes

    def envelope(self):
        """Returns client, HELO and sender."""
        rng = self.rng
        client = rng.choice(self.clients)
        if ":" not in client and rng.random() < .1:
            client = "::ffff:" + client
        helo = rng.choice((self.any_host(), rng.choice(self.names),
                           "helo", "[10.0.0.1]"))
        domain = self.names[0] if rng.random() < .4 else \
            rng.choice(self.names)
        sender = "" if rng.random() < .08 else \
            "%s@%s" % (rng.choice(LOCALS), domain)
        return {"i": client, "h": helo, "s": sender}

    def write(self, path):
        """Writes the zone as a master file."""
        with open(path, "w", encoding="ascii") as file:
            for name, how in self.zone.failing.items():
                file.write(";! %s %s\n" % (how, name))
            for name, types in self.zone.nodes.items():
                if name not in self.zone.failing:
                    write_node(file, name, types)


def write_node(file, name, types):
    owner = suite.zone_name(name.encode("latin-1"))
    for rtype, values in types.items():
        for value in values:
            if rtype == "TXT":
                value = suite.zone_text(value)
            elif rtype == "MX":
                value = "%d %s." % value
            elif rtype == "PTR":
                value += "."
            file.write("%s 60 IN %s %s\n" % (owner, rtype, value))


def ask_driver(driver, folder, world, envelopes, eager):
    """Returns the results of auth/spf."""
    zone, cases = (os.path.join(folder, x) for x in ("zone", "cases"))
    world.write(zone)
    with open(cases, "w", encoding="utf-8") as file:
        for number, envelope in enumerate(envelopes):
            file.write("%d\t%s\t%s\t%s\n" % (
                number, envelope["i"], envelope["h"], envelope["s"]))
    done = subprocess.run(
        [driver, zone, cases] + ["eager"] * eager, stdout=subprocess.PIPE,
        check=True)
    lines = [line.split("\t")
             for line in done.stdout.decode("latin-1").splitlines()]
    assert [int(x[0]) for x in lines] == list(range(len(envelopes)))
    return [line[1] for line in lines]


def show(world, envelope, found):
    """Prints a disagreement, with what is needed to repeat it."""
    print("FAIL spf %s: %s" % (envelope, found))
    for name, types in world.zone.nodes.items():
        if "TXT" in types:
            print("  %s: %r" % (name, types["TXT"]))
    for name in world.zone.failing:
        print("  %s fails" % name)


def classes_of(world, envelope, ours):
    """Returns a correction that alone makes python3-spf agree."""
    alone = [name for name in spf_reference.CORRECTIONS
             if spf_reference.corrected(world.zone, {name}, **envelope) ==
             ours]
    return alone[0] if alone else "several of these"


def run(driver, rng, count, folder, table):
    """Prints disagreements, and counts all cases in the table."""
    reasons = collections.Counter()
    shown = 0
    every = set(spf_reference.CORRECTIONS)
    for number in range((count + CASES_PER_ZONE - 1) // CASES_PER_ZONE):
        world = World(rng, number)
        envelopes = [world.envelope() for _ in range(CASES_PER_ZONE)]
        theirs = [(spf_reference.as_it_is(world.zone, **x),
                   spf_reference.corrected(world.zone, every, **x))
                  for x in envelopes]
        ours = ask_driver(driver, folder, world, envelopes, number % 2 == 1)
        for envelope, mine, (plain, right) in zip(envelopes, ours, theirs):
            if mine != right:
                table.count("random SPF", "failed")
                shown += 1
                if shown <= SHOWN:
                    show(world, envelope, "auth/spf %s, python3-spf %s, "
                         "corrected %s" % (mine, plain, right))
                continue
            if mine == plain:
                table.count("random SPF", "agree")
                continue
            table.count("random SPF", "explained")
            reasons[classes_of(world, envelope, mine)] += 1
    for name, number in reasons.most_common():
        print("explained %5d  %s: %s" % (
            number, name, spf_reference.CORRECTIONS.get(name, "")))
