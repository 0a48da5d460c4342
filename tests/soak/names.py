# SPDX-License-Identifier: BSD-2-Clause
"""The DNS server of the soak, a process of its own.

It serves the zone of mail.zone_text() and, by their shape, as many names as the
mail needs:

    silent, lame      no answer
    servfail          SERVFAIL
    slow              the answer comes after 0.4 s
    X.fresh.example   what bench/attack's server says

Commands on standard input: "silent" (answers nothing) and "back".
"""

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(TOP, "tests", "e2e"), os.path.join(TOP, "bench")]

import attack_dns  # noqa: E402
import dnsserver  # noqa: E402

SLOW_S = 0.4
TXT = dnsserver.TYPES["TXT"]


class Zone(dnsserver.Zone):
    """A zone file, and names by their shape."""

    def fault(self, labels):
        if b"silent" in labels or b"lame" in labels:
            return "timeout", 0.0
        if b"servfail" in labels:
            return "servfail", 0.0
        if b"slow" in labels:
            return "delay", SLOW_S
        return super().fault(labels)

    def answer(self, labels, qtype):
        if labels[-2:] == (b"fresh", b"example") and qtype == TXT:
            text = attack_dns.text_of(list(labels))
            if text is not None:
                data = bytes([len(text)]) + text
                return dnsserver.NOERROR, [(labels, TXT, 60, data)]
        return super().answer(labels, qtype)


class Server(dnsserver.Server):
    """Forgets the questions, of which there are very many."""

    KEPT = 50000
    zone_class = Zone

    def _reply_later(self, packet, send, tcp):
        super()._reply_later(packet, send, tcp)
        with self.lock:
            self.queries.clear()
            if len(self.ready) > self.KEPT:
                self.ready.clear()


def serve(zone_text):
    """Serves until standard input ends."""
    server = Server(zone_text)
    for line in sys.stdin:
        word = line.strip()
        if word == "silent":
            server.die()
        else:
            server.revive()
        print("done", flush=True)


class Names:
    """Starts the server; it ends with its pipe."""

    def __init__(self, zone_path):
        self.zone_path = zone_path
        self.process = None
        self.back()

    def _command(self, word):
        self.process.stdin.write(word.encode("ascii") + b"\n")
        self.process.stdin.flush()
        if not self.process.stdout.readline():
            raise AssertionError("the DNS server of the soak has died")

    def silent(self):
        """Nothing is answered from now on."""
        self._command("silent")

    def away(self):
        """Nothing listens on the port from now on."""
        self.process.kill()
        self.process.communicate()
        self.process = None

    def back(self):
        """Everything is answered again."""
        if self.process is None:
            self.process = subprocess.Popen(
                [sys.executable, "-B", os.path.abspath(__file__),
                 self.zone_path],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._command("back")

    def stop(self):
        """Ends the server."""
        if self.process:
            self.away()


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        serve(file.read())
