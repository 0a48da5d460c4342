# SPDX-License-Identifier: BSD-2-Clause
"""Milter sessions as octets: orderly ones, and noise of all kinds."""

import random_mail

ACTIONS = 0x1ff
STEPS = 0x1fffff
LETTERS = b"ABCDEHKLMNOQRTU"


def packet(letter, data=b""):
    """Returns a packet of the protocol."""
    return (len(data) + 1).to_bytes(4, "big") + letter + data


def negotiate(actions=ACTIONS, steps=STEPS):
    """Returns the packet with which an MTA begins."""
    return packet(b"O", b"".join(x.to_bytes(4, "big")
                                 for x in (6, actions, steps)))


def connect(address=random_mail.CLIENT.encode()):
    """Returns the packet that announces a client."""
    return packet(b"C", b"client.example\0004" + (25000).to_bytes(2, "big") +
                  address + b"\0")


# libmilter 8.17 takes two strings at a time when it looks for a macro, and so
# reads beyond a list with an odd number of strings, which may crash the worker.
# No filter sees these packets before libmilter does, and no MTA sends them.
ODD_MACROS = packet(b"D", b"Mi\0Q\0{auth_type}\0") + \
    packet(b"M", b"<joe@attack.example>\0")


def answers_in(octets):
    """Returns the letters of a filter's packets; None if they are cut off."""
    letters, pos = [], 0
    while pos < len(octets):
        length = int.from_bytes(octets[pos:pos + 4], "big")
        if length == 0 or pos + 4 + length > len(octets):
            return None
        letters.append(chr(octets[pos + 4]))
        pos += 4 + length
    return letters


def no_nul(data):
    return data.replace(b"\0", b"")


class Noise:
    """Makes sessions with a random generator."""

    def __init__(self, rng):
        self.rng = rng
        self.mail = random_mail.Mail(rng)

    # ---- orderly events

    def header(self):
        """Returns a header's packets; libmilter refuses empty names."""
        out = b""
        fields = [x for x in self.mail.fields() if x[0]]
        for name, value in fields[:200]:
            value = value.replace("\r\n", "\n").encode("latin-1")
            name = name.encode("latin-1")
            out += packet(b"L", no_nul(name) + b"\0" +
                          no_nul(value)[:60000] + b"\0")
        return out

    def body(self):
        """Returns a body's packets."""
        body = self.mail.body()[:200000]
        return b"".join(packet(b"B", body[i:i + 65535])
                        for i in range(0, len(body), 65535))

    def message(self):
        """Returns the packets of a message, from MAIL to its end."""
        rng = self.rng
        out = b""
        if rng.random() < .5:
            out += packet(b"D", b"Mi\0Q123\0{auth_type}\0\0")
        out += packet(b"M", self.mail.path() + b"\0" +
                      (b"SIZE=10\0" if rng.random() < .3 else b""))
        out += packet(b"R", self.mail.path() + b"\0")
        return out + self.header() + packet(b"N") + self.body() + packet(b"E")

    def orderly(self):
        """Returns a session that an MTA might send, and its message count."""
        out = negotiate() + connect()
        if self.rng.random() < .9:
            out += packet(b"H", self.mail.helo() + b"\0")
        count = self.rng.randint(1, 3)
        for _ in range(count):
            out += self.message()
            if self.rng.random() < .2:
                out += packet(b"A")
        return out + packet(b"Q"), count

    # ---- noise

    def macros(self):
        """Returns macros of any stage, always in pairs; see ODD_MACROS."""
        rng = self.rng
        pairs = [rng.choice((b"i\0Q\0", b"j\0mx\0", b"{auth_type}\0x\0",
                             b"\0\0", b"x\0" + no_nul(self.mail.octets(99)) +
                             b"\0")) for _ in range(rng.randint(0, 4))]
        stage = rng.choice(b"CHMRTEN" + bytes([rng.randrange(256)]))
        return packet(b"D", rng.choice((b"", bytes([stage]) +
                                        b"".join(pairs))))

    def any_packet(self):
        """Returns any event, with data that may or may not fit."""
        rng = self.rng
        letter = bytes([rng.choice(LETTERS)])
        if rng.random() < .1:
            letter = bytes([rng.randrange(256)])
        if letter == b"D":
            return self.macros()
        data = rng.choice((
            lambda: b"", lambda: b"\0", lambda: b"\0\0\0",
            lambda: self.mail.octets(40),
            lambda: self.mail.path() + b"\0",
            lambda: self.mail.path(),
            lambda: b"From\0 joe@attack.example\0",
            lambda: b"From\0 joe@attack.example",
            lambda: b"From\0 joe@attack.example\0more\0and more",
            lambda: b"From",
            lambda: b"client.example\0004\0\x19192.0.2.66\0",
            lambda: b"client.example\0004\0\x19999.0.2.66\0",
            lambda: b"client.example\0006\0\x19IPv6:2001:db8::1\0",
            lambda: b"client.example\000L\0\0/some/socket\0",
            lambda: b"client.example\000U\0",
            lambda: b"client.example\0004\0",
            lambda: b"client.example",
            lambda: b"\0\0\0\6" + self.mail.octets(8),
            lambda: b"x" * rng.choice((1000, 65534, 65535, 65536, 70000)),
        ))()
        return packet(letter, data)

    def wrong_length(self):
        """Returns a packet with a wrong length."""
        rng = self.rng
        good = self.any_packet()
        while good[4:5] == b"D":
            good = self.any_packet()
        length = rng.choice((0, 1, 2, 0xffffffff, 0x80000000, 0x7fffffff,
                             1 << 20, 1 << 24, len(good), len(good) + 7,
                             rng.randrange(1 << 32)))
        return length.to_bytes(4, "big") + good[4:]

    def noise(self):
        """Returns a session of arbitrary packets."""
        rng = self.rng
        if rng.random() < .08:
            return self.mail.octets(2000)
        parts = []
        if rng.random() < .93:
            parts.append(negotiate())
        elif rng.random() < .7:
            parts.append(negotiate(rng.randrange(1 << 32),
                                   rng.randrange(1 << 32)))
        if rng.random() < .8:
            parts.append(connect())
        for _ in range(rng.randint(1, 25)):
            parts.append(rng.choice((
                self.any_packet, self.any_packet, self.any_packet,
                lambda: packet(b"M", b"<joe@attack.example>\0"),
                lambda: packet(b"L", b"From\0 joe@attack.example\0"),
                lambda: packet(b"N"), lambda: packet(b"E"),
                lambda: packet(b"A"), connect, negotiate, self.message,
                lambda: packet(b"B", self.mail.octets(100)),
                lambda: packet(b"K"),
                self.wrong_length if rng.random() < .2 else self.any_packet,
            ))())
        whole = b"".join(parts)
        if rng.random() < .2:
            whole = whole[:rng.randrange(len(whole) + 1)]
        return whole
