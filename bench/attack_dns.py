# SPDX-License-Identifier: BSD-2-Clause
"""The name server of bench/attack, a process of its own.

It answers by the shape of the name, so any number of domains exist:

    *.fresh.example, victim.example   SPF for one address, p=reject
    pN.known.example                  the same; p=none if N is even
    *.silent.example, lame.*          no answer
    servfail.*                        SERVFAIL
    truncated.*                       the TC bit over UDP, nothing over TCP
    slow.*                            the answer comes after ten seconds
"""

import os
import selectors
import socket
import struct
import subprocess
import sys
import time

SPF = b"v=spf1 ip4:198.51.100.7 -all"
TXT, A, PTR, SOA = 16, 1, 12, 6
TTL = 2
SLOW_S = 10


def name_at(packet, pos):
    labels = []
    while packet[pos]:
        labels.append(packet[pos + 1:pos + 1 + packet[pos]].lower())
        pos += packet[pos] + 1
    return labels, pos + 1


def text_of(labels):
    """The TXT record at that name, or None."""
    author = labels[0] != b"_dmarc"
    base = labels if author else labels[1:]
    if base[-1:] != [b"example"]:
        return None
    known = len(base) == 3 and base[1] == b"known"
    if not (base == [b"victim", b"example"] or known or
            (len(base) == 3 and base[1] == b"fresh")):
        return None
    if author:
        return SPF
    weak = known and int(base[0][1:]) % 2 == 0
    return b"v=DMARC1; p=" + (b"none" if weak else b"reject")


def answer_to(packet):
    """Returns the answer and after how many seconds; None: be silent."""
    labels, end = name_at(packet, 12)
    qtype, = struct.unpack(">H", packet[end:end + 2])
    question = packet[12:end + 4]
    delay = 0
    rcode, records = 0, b""
    if b"silent" in labels or b"lame" in labels:
        return None, 0
    if b"servfail" in labels:
        rcode = 2
    elif b"truncated" in labels:
        return (packet[:2] + struct.pack(">HHHHH", 0x8380, 1, 0, 0, 0) +
                question), 0
    elif b"slow" in labels:
        delay = SLOW_S
    text = text_of(labels) if qtype == TXT else None
    if qtype == PTR:
        name = b"\4mail\6client\7example\0"
        records = struct.pack(">HHHIH", 0xc00c, PTR, 1, TTL, len(name)) + name
    elif qtype == A and labels == [b"mail", b"client", b"example"]:
        records = struct.pack(">HHHIH4B", 0xc00c, A, 1, TTL, 4,
                              198, 51, 100, 7)
    elif text is not None:
        data = bytes([len(text)]) + text
        records = struct.pack(">HHHIH", 0xc00c, TXT, 1, TTL, len(data)) + data
    elif rcode == 0 and labels[:1] == [b"_dmarc"]:
        rcode = 3
    head = packet[:2] + struct.pack(">HHHHH", 0x8180 | rcode, 1,
                                    1 if records else 0,
                                    0 if records or rcode == 2 else 1, 0)
    if not records and rcode != 2:
        data = b"\0\0" + struct.pack(">IIIII", 1, 1, 1, 1, TTL)
        records = struct.pack(">BHHIH", 0, SOA, 1, TTL, len(data)) + data
    return head + question + records, delay


def serve(udp, tcp, commands):
    """Serves until the pipe is closed."""
    later = []
    dead = False
    selector = selectors.DefaultSelector()
    selector.register(udp, selectors.EVENT_READ)
    selector.register(tcp, selectors.EVENT_READ)
    selector.register(commands, selectors.EVENT_READ)
    silent_clients = []
    while True:
        for key, _ in selector.select(0.1 if later else None):
            if key.fileobj is commands:
                line = os.read(commands, 64)
                if not line:
                    return
                dead = b"dead" in line.split()[-1:][0]
            elif key.fileobj is tcp:
                silent_clients.append(tcp.accept()[0])
                del silent_clients[:-200]
            else:
                for _ in range(200):
                    try:
                        packet, peer = udp.recvfrom(4096)
                    except BlockingIOError:
                        break
                    answer, delay = (None, 0) if dead else answer_to(packet)
                    if answer is not None and delay:
                        later.append((time.monotonic() + delay, answer, peer))
                    elif answer is not None:
                        udp.sendto(answer, peer)
        while later and later[0][0] <= time.monotonic():
            _, answer, peer = later.pop(0)
            udp.sendto(answer, peer)


class NameServer:
    """Starts the server as a process; it ends with its pipe."""

    def __init__(self, _place):
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        udp.bind(("127.0.0.1", 0))
        udp.setblocking(False)
        self.port = udp.getsockname()[1]
        tcp = socket.socket()
        tcp.bind(("127.0.0.1", self.port))
        tcp.listen(64)
        self.process = subprocess.Popen(
            [sys.executable, os.path.abspath(__file__),
             str(udp.fileno()), str(tcp.fileno())],
            stdin=subprocess.PIPE, pass_fds=(udp.fileno(), tcp.fileno()))
        udp.close()
        tcp.close()

    def command(self, word):
        self.process.stdin.write(word.encode() + b"\n")
        self.process.stdin.flush()

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])),
          socket.socket(fileno=int(sys.argv[2])), 0)
