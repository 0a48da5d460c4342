# SPDX-License-Identifier: BSD-2-Clause
"""An authoritative DNS server (UDP and TCP) for a zone file with faults.

It reads the format of lib/dns/zone.h: RFC 1035 master file text plus the
comment lines

    ;! timeout NAME         no answer
    ;! servfail NAME
    ;! delay NAME 20ms      the answer comes 20 ms after the first question,
                            as from a resolver that has to ask other servers
                            first; after that it is cached

A name that is not in the file and has nothing below it is NXDOMAIN. The zone
can be changed while the server runs, and the server can stop answering.
"""

import re
import socket
import struct
import threading
import time

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15,
         "TXT": 16, "AAAA": 28, "SPF": 99}
NOERROR, SERVFAIL, NXDOMAIN = 0, 2, 3
MAX_CNAMES = 8


class ZoneError(Exception):
    """The zone text cannot be read."""


def labels_of(text, origin=()):
    """Returns a name as a tuple of lower-case labels; reads \\DDD and \\X."""
    if text == "@":
        return origin
    if text == ".":
        return ()
    labels, label, i = [], bytearray(), 0
    absolute = False
    while i < len(text):
        if text[i] == "\\":
            digits = text[i + 1:i + 4]
            if re.fullmatch("[0-9]{3}", digits):
                label.append(int(digits))
                i += 4
            else:
                label += text[i + 1:i + 2].encode("latin-1")
                i += 2
        elif text[i] == ".":
            labels.append(bytes(label))
            label = bytearray()
            i += 1
            absolute = i == len(text)
        else:
            label += text[i].encode("latin-1")
            i += 1
    if label:
        labels.append(bytes(label))
    labels = tuple(part.lower() for part in labels)
    return labels if absolute else labels + origin


def wire_name(labels):
    """Returns a name as it appears in a message, without compression."""
    return b"".join(bytes([len(x)]) + x for x in labels) + b"\0"


def octets_of(token):
    """Returns the octets of a character string, with escapes resolved."""
    out, i = bytearray(), 0
    while i < len(token):
        if token[i] != "\\":
            out += token[i].encode("latin-1")
            i += 1
        elif re.fullmatch("[0-9]{3}", token[i + 1:i + 4]):
            out.append(int(token[i + 1:i + 4]))
            i += 4
        else:
            out += token[i + 1:i + 2].encode("latin-1")
            i += 2
    return bytes(out)


TOKEN = re.compile(r'''
    (?P<space>[ \t\r\n]+) | (?P<comment>;[^\n]*) | (?P<paren>[()]) |
    "(?P<quoted>(?:[^"\\]|\\.)*)" | (?P<word>(?:[^\s;()"\\]|\\.)+)
''', re.VERBOSE | re.DOTALL)


def entries_of(text):
    """Yields each entry of a master file: (it starts with a blank, tokens)."""
    tokens, depth, at_start, blank = [], 0, True, False
    pos = 0
    text += "\n"
    while pos < len(text):
        found = TOKEN.match(text, pos)
        if not found:
            raise ZoneError("unreadable zone text: %r" % text[pos:pos + 40])
        pos = found.end()
        if found.group("space"):
            if at_start:
                blank = not found.group().endswith("\n")
            if "\n" in found.group() and depth == 0:
                if tokens:
                    yield blank, tokens
                tokens = []
                at_start = True
                blank = found.group()[-1] in " \t"
                continue
        elif found.group("paren"):
            depth += 1 if found.group() == "(" else -1
        elif not found.group("comment"):
            quoted = found.group("quoted")
            tokens.append(quoted if quoted is not None
                          else found.group("word"))
            at_start = False


def rdata_of(rtype, args, origin):
    """Returns the RDATA of one record."""
    if rtype == "A":
        return socket.inet_pton(socket.AF_INET, args[0])
    if rtype == "AAAA":
        return socket.inet_pton(socket.AF_INET6, args[0])
    if rtype in ("NS", "CNAME", "PTR"):
        return wire_name(labels_of(args[0], origin))
    if rtype == "MX":
        return (struct.pack("!H", int(args[0])) +
                wire_name(labels_of(args[1], origin)))
    if rtype == "SOA":
        return (wire_name(labels_of(args[0], origin)) +
                wire_name(labels_of(args[1], origin)) +
                struct.pack("!5I", *(int(x) for x in args[2:7])))
    strings = [octets_of(x) for x in args]
    return b"".join(bytes([len(x)]) + x for x in strings)


class Zone:
    """Records and faults; the caller does the locking."""

    def __init__(self, text=""):
        self.records = {}   # labels -> {type number: [(ttl, rdata)]}
        self.faults = {}    # labels -> (kind, seconds)
        self.add(text)

    def add(self, text):
        """Adds the records and faults of a text."""
        for line in text.splitlines():
            if line.startswith(";!"):
                self._add_fault(line[2:].split())
        origin, ttl, owner = (), 300, ()
        for blank, tokens in entries_of(text):
            if tokens[0].upper() == "$ORIGIN":
                origin = labels_of(tokens[1], origin)
                continue
            if tokens[0].upper() == "$TTL":
                ttl = int(tokens[1])
                continue
            if not blank:
                owner = labels_of(tokens.pop(0), origin)
            self._add_record(owner, tokens, ttl, origin)

    def remove(self, name):
        """Forgets a name: its records and its fault."""
        self.records.pop(labels_of(name), None)
        self.faults.pop(labels_of(name), None)

    def _add_fault(self, words):
        seconds = 0.0
        if words[0] == "delay":
            number, unit = re.fullmatch("([0-9]+)(ms|s)", words[2]).groups()
            seconds = int(number) * (0.001 if unit == "ms" else 1.0)
        elif words[0] not in ("timeout", "servfail"):
            raise ZoneError("unknown fault: " + words[0])
        self.faults[labels_of(words[1])] = (words[0], seconds)

    def _add_record(self, owner, tokens, ttl, origin):
        while tokens and (tokens[0].isdigit() or tokens[0].upper() == "IN"):
            word = tokens.pop(0)
            ttl = int(word) if word.isdigit() else ttl
        if not tokens or tokens[0].upper() not in TYPES:
            raise ZoneError("unknown record: %r" % (tokens,))
        rtype = tokens.pop(0).upper()
        types = self.records.setdefault(owner, {})
        types.setdefault(TYPES[rtype], []).append(
            (ttl, rdata_of(rtype, tokens, origin)))

    def fault(self, labels):
        """Returns (kind, seconds) of a name; kind None: no fault."""
        return self.faults.get(labels, (None, 0.0))

    def exists(self, labels):
        """True if the name, or a name below it, exists."""
        return any(name[len(name) - len(labels):] == labels
                   for name in self.records)

    def answer(self, labels, qtype):
        """Follows CNAMEs; returns (rcode, [(labels, type, ttl, rdata)])."""
        found = []
        for _ in range(MAX_CNAMES):
            types = self.records.get(labels, {})
            if qtype in types:
                found += [(labels, qtype, *x) for x in types[qtype]]
                return NOERROR, found
            if TYPES["CNAME"] not in types:
                return (NOERROR if self.exists(labels) else NXDOMAIN), found
            ttl, rdata = types[TYPES["CNAME"]][0]
            found.append((labels, TYPES["CNAME"], ttl, rdata))
            labels = parse_name(rdata, 0)[0]
        return SERVFAIL, []


def parse_name(packet, pos):
    """Reads an uncompressed name: (labels in lower case, next position)."""
    labels = []
    while packet[pos]:
        size = packet[pos]
        labels.append(packet[pos + 1:pos + 1 + size].lower())
        pos += 1 + size
    return tuple(labels), pos + 1


class Server:
    """Serves a zone on one address until stop()."""

    zone_class = Zone

    def __init__(self, zone_text, address="127.0.0.1", port=53):
        self.zone = self.zone_class(zone_text)
        self.lock = threading.Lock()
        self.dead = False
        self.stopping = False
        self.queries = []
        self.ready = {}   # (labels, type) -> when a delayed answer is ready
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind((address, port))
        self.tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.tcp.bind(self.udp.getsockname())
        self.tcp.listen(16)
        self.port = self.udp.getsockname()[1]
        for target in (self._serve_udp, self._serve_tcp):
            threading.Thread(target=target, daemon=True).start()

    def add(self, text):
        """Adds records and faults."""
        with self.lock:
            self.zone.add(text)

    def remove(self, name):
        """Removes a name."""
        with self.lock:
            self.zone.remove(name)

    def die(self):
        """Stops answering questions."""
        self.dead = True

    def revive(self):
        """Answers again after die()."""
        self.dead = False

    def stop(self):
        """Closes the sockets."""
        self.stopping = True
        self.udp.close()
        self.tcp.close()

    def _serve_udp(self):
        while not self.stopping:
            try:
                packet, peer = self.udp.recvfrom(4096)
            except OSError:
                return
            self._reply_later(
                packet, lambda reply, to=peer: self.udp.sendto(reply, to),
                False)

    def _serve_tcp(self):
        while not self.stopping:
            try:
                sock = self.tcp.accept()[0]
            except OSError:
                return
            threading.Thread(target=self._serve_stream, args=(sock,),
                             daemon=True).start()

    def _serve_stream(self, sock):
        with sock, sock.makefile("rb") as stream:
            while not self.stopping:
                head = stream.read(2)
                if len(head) < 2:
                    return
                packet = stream.read(struct.unpack("!H", head)[0])
                self._reply_later(
                    packet, lambda reply: sock.sendall(
                        struct.pack("!H", len(reply)) + reply), True)

    def _reply_later(self, packet, send, tcp):
        if self.dead or len(packet) < 17:
            return
        labels, pos = parse_name(packet, 12)
        qtype = struct.unpack("!H", packet[pos:pos + 2])[0]
        with self.lock:
            self.queries.append((labels, qtype))
            kind, delay = self.zone.fault(labels)
            ready = self.ready.setdefault((labels, qtype),
                                          time.monotonic() + delay)
            rcode, found = self.zone.answer(labels, qtype)
        if kind == "timeout":
            return
        if kind == "servfail":
            rcode, found = SERVFAIL, []
        reply = self._encode(packet, pos + 4, rcode, found, tcp)
        seconds = ready - time.monotonic()
        if seconds <= 0:
            self._send(send, reply)
            return
        timer = threading.Timer(seconds, self._send, (send, reply))
        timer.daemon = True
        timer.start()

    @staticmethod
    def _send(send, reply):
        try:
            send(reply)
        except OSError:
            pass  # the client has gone

    @staticmethod
    def _encode(packet, question_end, rcode, found, tcp):
        ident, flags = struct.unpack("!HH", packet[:4])
        has_edns = struct.unpack("!H", packet[10:12])[0] > 0
        limit = 65535 if tcp else 1232 if has_edns else 512
        answers = b"".join(
            wire_name(name) + struct.pack("!HHIH", rtype, 1, ttl, len(data)) +
            data for name, rtype, ttl, data in found)
        authority = b""
        if not found and rcode in (NOERROR, NXDOMAIN):
            soa = rdata_of("SOA", ["ns.invalid.", "root.invalid.", "1", "60",
                                   "60", "60", "60"], ())
            authority = (b"\0" + struct.pack("!HHIH", 6, 1, 60, len(soa)) +
                         soa)
        edns = b""
        if has_edns:
            edns = b"\0" + struct.pack("!HHIH", 41, 1232, 0, 0)
        count, truncated = len(found), 0
        size = question_end + len(answers) + len(authority) + len(edns)
        if size > limit:
            answers, count, truncated = b"", 0, 0x0200
        # QR, AA, RA; RD as in the question
        bits = 0x8480 | truncated | (flags & 0x0100) | rcode
        return (struct.pack("!HHHHHH", ident, bits, 1, count,
                            1 if authority else 0, 1 if edns else 0) +
                packet[12:question_end] + answers + authority + edns)

    def wait_for_query(self, name, timeout=5.0):
        """True if the name is queried within that time."""
        wanted, end = labels_of(name), time.monotonic() + timeout
        while time.monotonic() < end:
            with self.lock:
                if any(labels == wanted for labels, _ in self.queries):
                    return True
            time.sleep(0.01)
        return False
