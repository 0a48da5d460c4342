# SPDX-License-Identifier: BSD-2-Clause
"""Those who send: SMTP clients, and MTAs that speak the milter protocol."""

import os
import random
import socket
import struct
import sys
import threading
import time

import lab
import smtp

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "conformance"))
import milter_noise  # noqa: E402

PATIENCE = 90.0
OURS = "postern "  # how the texts of all our replies begin


class Message:
    """A message that was played, and what its sender saw."""

    def __init__(self, name, kind, path):
        self.name = name
        self.kind = kind
        self.path = path       # "postfix", "sendmail" or "milter"
        self.outcome = None    # see outcome_of()
        self.text = ""
        self.marked = None     # of the milter path only
        self.begin = time.monotonic()
        self.end = None

    def finish(self, outcome, text=""):
        """Notes what became of it; it happens once."""
        assert self.outcome is None
        self.outcome, self.text = outcome, text
        self.end = time.monotonic()


def outcome_of(reply):
    """The outcome that a final SMTP reply means: accept, reject, tempfail,
    or, if the text is not ours, mta-refused, mta-deferred."""
    ours = OURS in reply.text
    if reply.code == 250:
        return "accept"
    if reply.code >= 500:
        return "reject" if ours else "mta-refused"
    return "tempfail" if ours else "mta-deferred"


class Book:
    """The messages of all players, and their names."""

    def __init__(self, kinds):
        self.kinds = kinds
        self.messages = {}
        self.lock = threading.Lock()
        self.stop = threading.Event()
        self.noise = 0
        self.aborted = 0
        self.troubles = []

    def next(self, rng, path):
        """Returns a new Message of a random kind."""
        kinds = [x for x in self.kinds if path == "milter" or not x.direct]
        kind = rng.choices(kinds, [x.weight for x in kinds])[0]
        with self.lock:
            name = "m%d" % (len(self.messages) + 1)
            message = self.messages[name] = Message(name, kind, path)
        return message


class Player(threading.Thread):
    """A thread that plays until the book's end."""

    PAUSE_S = 0.3

    def __init__(self, book, seed):
        super().__init__(daemon=True)
        self.book = book
        self.rng = random.Random(seed)

    def run(self):
        while not self.book.stop.is_set():
            try:
                self.play()
            except Exception as why:  # told in the table
                self.book.troubles.append("%s: %r" % (
                    type(self).__name__, why))
            self.book.stop.wait(self.rng.uniform(0, self.PAUSE_S))


class SmtpPlayer(Player):
    """An SMTP client of an MTA."""

    def __init__(self, book, seed, path, server):
        super().__init__(book, seed)
        self.path, self.server = path, server

    def play(self):
        message = self.book.next(self.rng, self.path)
        letter = message.kind.make(message.name)
        try:
            with smtp.Client(self.server, letter.ip,
                             timeout=PATIENCE) as client:
                reply = self.send(client, message, letter)
        except (OSError, ValueError, smtp.Dropped) as why:
            message.finish("dropped", repr(why))
            return
        message.finish(outcome_of(reply), reply.text)

    def send(self, client, message, letter):
        """Plays a session up to the final reply; returns that."""
        rcpt = message.name + "@rcpt.example"
        mail_from = "<%s>" % letter.mail_from
        for reply in (client.greeting,
                      client.ehlo(message.name + ".client.example")):
            if reply.code >= 400:
                return reply
        if self.rng.random() < .1:
            client.begin(mail_from, rcpt)
            client.command("RSET")
            self.book.aborted += 1
        reply = client.begin(mail_from, rcpt)
        if reply.code != 250:
            return reply
        reply = client.data(letter.message)
        if self.rng.random() < .05:
            client.begin(mail_from, rcpt)  # and hangs up
            self.book.aborted += 1
        return reply


# The steps that an MTA may leave out, and those without a reply.
LEFT_OUT = {"C": 0x1, "H": 0x2, "M": 0x4, "R": 0x8, "B": 0x10, "L": 0x20,
            "N": 0x40, "T": 0x200}
NO_REPLY = {"L": 0x80, "C": 0x1000, "H": 0x2000, "M": 0x4000, "R": 0x8000,
            "T": 0x10000, "N": 0x40000, "B": 0x80000}


def steps_of(name, letter):
    """Yields (letter, data) from CONNECT to the end of the message."""
    text = smtp.crlf(letter.message)
    head, _, body = text.partition(b"\r\n\r\n")
    yield "C", (b"client.example\0" + b"4" + struct.pack(">H", 25000) +
                letter.ip.encode() + b"\0")
    yield "H", name.encode() + b".client.example\0"
    yield "M", b"<%s>\0" % letter.mail_from.encode()
    yield "R", b"<%s@rcpt.example>\0" % name.encode()
    yield "T", b""
    for field in head.replace(b"\r\n ", b"\n ").replace(
            b"\r\n\t", b"\n\t").split(b"\r\n"):
        field_name, _, value = field.partition(b":")
        yield "L", field_name + b"\0" + value + b"\0"
    yield "N", b""
    for begin in range(0, len(body), 65535):
        yield "B", body[begin:begin + 65535]
    yield "E", b""


class MilterPlayer(Player):
    """An MTA that asks posternd itself."""

    def __init__(self, book, seed, gateway):
        super().__init__(book, seed)
        self.gateway = gateway

    def play(self):
        message = self.book.next(self.rng, "milter")
        letter = message.kind.make(message.name)
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(PATIENCE)
        with sock:
            try:
                sock.connect(self.gateway.socket("other"))
                self.judge(sock, message, letter)
            except (OSError, EOFError) as why:
                message.finish("mta-deferred", repr(why))

    def judge(self, sock, message, letter):
        """Plays the message; an MTA would defer it after an OSError."""
        file = sock.makefile("rb")
        sock.sendall(milter_noise.negotiate())
        _, data = read_packet(file)
        steps, = struct.unpack(">I", data[8:12])
        replies, out = 0, b""
        for step, data in steps_of(message.name, letter):
            if steps & LEFT_OUT.get(step, 0):
                continue
            replies += not steps & NO_REPLY.get(step, 0)
            out += milter_noise.packet(step.encode(), data)
        sock.sendall(out)
        self.read_verdict(file, message, replies)

    @staticmethod
    def read_verdict(file, message, replies):
        """Reads up to the final reply, which is noted."""
        message.marked = False
        while True:
            letter, data = read_packet(file)
            if letter in "hi":
                message.marked |= b"X-DMARC-Verdict\0" in data
            elif letter not in "mpqs":
                replies -= 1
                if letter == "y":
                    text = data.decode("latin-1")
                    outcome = "reject" if text[0] == "5" else "tempfail"
                    return message.finish(outcome, text)
                if letter in "rt":
                    # the decision at a step before the message's end
                    return message.finish(
                        "mta-deferred" if letter == "t" else "mta-refused")
                if replies == 0 or letter == "a":
                    return message.finish("accept")


def read_packet(file):
    """Returns the letter and the data of a packet."""
    head = file.read(4)
    if len(head) < 4:
        raise EOFError("posternd closed the connection")
    data = file.read(struct.unpack(">I", head)[0])
    if not data:
        raise EOFError("posternd closed the connection in a packet")
    return chr(data[0]), data[1:]


class NoisePlayer(Player):
    """Sends malformed sessions, and sessions that stop half-way."""

    PAUSE_S = 0.6

    def __init__(self, book, seed, gateway):
        super().__init__(book, seed)
        self.gateway = gateway
        self.noise = milter_noise.Noise(self.rng)
        self.held = []

    def play(self):
        octets = self.noise.noise() if self.rng.random() < .7 else \
            self.noise.orderly()[0]
        listener = self.rng.choice(("postfix", "other"))
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(5)
        try:
            sock.connect(self.gateway.socket(listener))
            self.book.noise += 1
            sock.sendall(octets)
            if self.rng.random() < .5:
                sock.shutdown(socket.SHUT_WR)
                while sock.recv(65536):
                    pass
        except OSError:
            pass
        self.held.append(sock)
        while len(self.held) > 20:
            self.held.pop(0).close()


class Sink(smtp.Sink):
    """Keeps of each delivered message what the accounting needs."""

    def __init__(self):
        self.arrived = {}
        super().__init__()

    def _store(self, mail_from, rcpts, octets):
        delivered = smtp.Delivered("", rcpts, octets)
        seen = (delivered.values("Authentication-Results"),
                "quarantine" in delivered.values("X-DMARC-Verdict"))
        with self.lock:
            for rcpt in rcpts:
                self.arrived.setdefault(rcpt.split("@")[0], []).append(seen)


def greets(server):
    """True if an MTA is listening."""
    try:
        with smtp.Client(server, greet=False):
            return True
    except OSError:
        return False


def wait_for(server):
    """Waits until an MTA is listening."""
    lab.wait_until(lambda: greets(server), "an MTA on " + server, 30.0, 0.05)
