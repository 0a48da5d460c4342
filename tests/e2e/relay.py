# SPDX-License-Identifier: BSD-2-Clause
"""An SMTP server that takes reports: STARTTLS, AUTH, refusals."""

import base64
import random
import socketserver
import ssl
import threading
import time

from smtp import CRLF, Delivered


class Relay:
    """A server that keeps the messages it accepts.

    rcpt and end are called with the recipient's address, and return a reply
    to RCPT or to the final dot; None: accept.
    """

    def __init__(self, address="127.0.0.1", port=2626):
        self.lock = threading.Lock()
        self.messages = []
        self.rcpt = self.end = lambda rcpt: None
        self.context = None     # for STARTTLS
        self.login = None       # (name, password) that AUTH PLAIN must send
        self.used_tls = self.used_login = 0
        self.slowness = 0.0     # maximum delay of an answer, in seconds
        relay = self

        class Handler(socketserver.BaseRequestHandler):
            """One connection."""

            def handle(self):
                try:
                    Dialogue(relay, self.request).run()
                except (OSError, ValueError):
                    pass  # the client was killed

        class Server(socketserver.ThreadingTCPServer):
            """Its threads never keep the process alive."""
            allow_reuse_address = True
            daemon_threads = True
            request_queue_size = 64

        self.server = Server((address, port), Handler)
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def stop(self):
        """Closes the listening socket."""
        self.server.shutdown()
        self.server.server_close()

    def offer_tls(self, cert, key):
        """Offers STARTTLS from now on."""
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(cert, key)

    def keep(self, mail_from, rcpt, octets):
        """Keeps a message that was received completely."""
        with self.lock:
            self.messages.append(Delivered(mail_from, [rcpt], octets))

    def for_rcpt(self, rcpt):
        """Returns the messages for one recipient."""
        with self.lock:
            return [x for x in self.messages if x.rcpts == [rcpt]]


class Dialogue:
    """The server's side of one connection."""

    def __init__(self, relay, sock):
        self.relay, self.sock = relay, sock
        self.file = sock.makefile("rb")
        self.tls = self.in_ = False
        self.mail_from = self.to = ""

    def say(self, text):
        """Sends an answer, possibly after a delay."""
        if self.relay.slowness:
            time.sleep(random.random() * self.relay.slowness)
        self.sock.sendall(text.encode("latin-1") + CRLF)

    def run(self):
        """Serves until the client leaves."""
        self.say("220 relay ESMTP")
        # STARTTLS replaces self.file
        for line in iter(lambda: self.file.readline(), b""):
            verb = line[:4].upper().strip()
            if verb == b"QUIT":
                self.say("221 2.0.0 bye")
                return
            getattr(self, "do_" + verb.decode("ascii").lower(),
                    self.do_other)(line.decode("latin-1").strip())

    def do_other(self, _):
        """RSET, NOOP."""
        self.say("250 2.0.0 ok")

    def do_ehlo(self, _):
        """EHLO: lists the extensions."""
        words = ["relay", "8BITMIME"]
        if self.relay.context and not self.tls:
            words.append("STARTTLS")
        if self.relay.login:
            words.append("AUTH PLAIN")
        for word in words:
            self.say("250-" + word)
        self.say("250 SIZE 20000000")

    def do_star(self, _):
        """STARTTLS."""
        self.say("220 2.0.0 go ahead")
        self.sock = self.relay.context.wrap_socket(self.sock, server_side=True)
        self.file = self.sock.makefile("rb")
        self.tls = True
        self.relay.used_tls += 1

    def do_auth(self, _):
        """AUTH PLAIN."""
        self.say("334 ")
        words = base64.b64decode(self.file.readline()).decode().split("\0")
        self.in_ = tuple(words[1:]) == self.relay.login
        self.relay.used_login += self.in_
        self.say("235 2.7.0 welcome" if self.in_ else "535 5.7.8 no")

    def do_mail(self, line):
        """MAIL."""
        self.mail_from = line[10:].split(" ")[0]
        self.say("250 2.1.0 ok" if self.in_ or not self.relay.login else
                 "530 5.7.0 log in")

    def do_rcpt(self, line):
        """RCPT."""
        self.to = line[8:].split(" ")[0].strip("<>")
        self.say(self.relay.rcpt(self.to) or "250 2.1.5 ok")

    def do_data(self, _):
        """DATA; a message counts once its final dot has arrived."""
        self.say("354 go on")
        octets = bytearray()
        for line in iter(self.file.readline, b""):
            if line == b".\r\n":
                break
            octets += line[1:] if line.startswith(b".") else line
        else:
            raise ValueError("cut off")
        reply = self.relay.end(self.to)
        if reply is None or reply.startswith("2"):
            self.relay.keep(self.mail_from, self.to, bytes(octets))
        self.say(reply or "250 2.0.0 kept")
