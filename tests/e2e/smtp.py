# SPDX-License-Identifier: BSD-2-Clause
"""A raw SMTP client, and a sink for what the MTA delivers."""

import re
import socket
import socketserver
import threading
import time

CRLF = b"\r\n"
IP_FREEBIND = 15


class Dropped(Exception):
    """The server closed the connection."""


class Reply:
    """A server's answer: the code, and the lines without the code."""

    def __init__(self, code, lines):
        self.code = code
        self.lines = lines

    @property
    def text(self):
        """Returns the whole reply as one line: "550 5.7.26 text"."""
        return "%d %s" % (self.code, " ".join(self.lines))

    def __repr__(self):
        return "<%s>" % self.text


class Client:
    """An SMTP connection from any address; sends raw octets."""

    def __init__(self, server, source=None, port=25, timeout=20.0,
                 greet=True):
        family = socket.AF_INET6 if ":" in server else socket.AF_INET
        self.sock = socket.socket(family, socket.SOCK_STREAM)
        self.sock.settimeout(timeout)
        if source:
            # addresses of an AnyIP route are not on any interface
            self.sock.setsockopt(socket.SOL_IP, IP_FREEBIND, 1)
            self.sock.bind((source, 0))
        self.sock.connect((server, port))
        self.file = self.sock.makefile("rb")
        self.greeting = self.reply() if greet else None

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def close(self):
        """Closes the connection without QUIT."""
        self.file.close()
        self.sock.close()

    def raw(self, octets):
        """Sends octets as they are."""
        try:
            self.sock.sendall(octets)
        except OSError as why:
            raise Dropped(str(why)) from why

    def reply(self):
        """Reads one reply, with all its lines."""
        lines = []
        while True:
            try:
                line = self.file.readline()
            except ConnectionError as why:
                raise Dropped(str(why)) from why
            if not line:
                raise Dropped("connection closed")
            line = line.decode("latin-1").rstrip("\r\n")
            lines.append(line[4:])
            if line[3:4] != "-":
                return Reply(int(line[:3]), lines)

    def command(self, line):
        """Sends one command line and reads its reply."""
        octets = line if isinstance(line, bytes) else line.encode("latin-1")
        self.raw(octets + CRLF)
        return self.reply()

    def ehlo(self, name):
        """Sends EHLO."""
        return self.command("EHLO " + name)

    def begin(self, mail_from, *rcpts):
        """Sends MAIL and RCPT; the first refusal, or else the last reply."""
        reply = self.command("MAIL FROM:" + mail_from)
        for rcpt in rcpts:
            if reply.code != 250:
                break
            reply = self.command("RCPT TO:<%s>" % rcpt)
        return reply

    def data(self, message):
        """Sends a message (with LF or CRLF); returns the final reply."""
        reply = self.command("DATA")
        if reply.code != 354:
            return reply
        self.raw(stuffed(message))
        return self.reply()

    def quit(self):
        """Sends QUIT and closes the connection."""
        reply = self.command("QUIT")
        self.close()
        return reply


def crlf(message):
    """Returns the message with CRLF line ends, whatever it has."""
    octets = message.encode("latin-1") if isinstance(message, str) else message
    return re.sub(rb"\r?\n", CRLF, octets)


def stuffed(message):
    """Returns a message as it follows DATA, including the final dot."""
    octets = crlf(message)
    if not octets.endswith(CRLF):
        octets += CRLF
    return re.sub(rb"(?m)^\.", b"..", octets) + b"." + CRLF


class Delivered:
    """One message that arrived at the sink."""

    def __init__(self, mail_from, rcpts, octets):
        self.mail_from = mail_from
        self.rcpts = rcpts
        self.octets = octets
        head, _, self.body = octets.partition(b"\r\n\r\n")
        self.fields = []
        for line in head.decode("latin-1").split("\r\n"):
            if line[:1] in (" ", "\t") and self.fields:
                name, value = self.fields[-1]
                self.fields[-1] = (name, value + "\n" + line)
            else:
                name, _, value = line.partition(":")
                self.fields.append((name.strip(), value))

    def values(self, name):
        """Returns the unfolded values of fields of that name, top first."""
        return [" ".join(value.split()) for key, value in self.fields
                if key.lower() == name.lower()]

    def names(self):
        """Returns the field names, top first."""
        return [name for name, _ in self.fields]


class Sink:
    """An SMTP server that keeps what it gets, by recipient."""

    def __init__(self, address="127.0.0.1", port=2525):
        self.lock = threading.Condition()
        self.messages = []
        sink = self

        class Handler(socketserver.StreamRequestHandler):
            """One connection of the MTA."""

            def handle(self):
                sink.serve(self.rfile, self.wfile)

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

    def serve(self, rfile, wfile):
        """Plays the server's side of one connection."""
        def say(text):
            wfile.write(text.encode("ascii") + CRLF)
            wfile.flush()

        say("220 sink ESMTP")
        mail_from, rcpts = "", []
        for line in rfile:
            verb = line[:4].upper()
            if verb == b"EHLO":
                say("250-sink\r\n250-SMTPUTF8\r\n250 8BITMIME")
            elif verb == b"MAIL":
                mail_from, rcpts = line[10:].split(b" ")[0].strip(), []
                say("250 2.1.0 ok")
            elif verb == b"RCPT":
                rcpts.append(line[8:].split(b" ")[0].strip(b"<> \r\n")
                             .decode("latin-1").lower())
                say("250 2.1.5 ok")
            elif verb == b"DATA":
                say("354 go on")
                self._store(mail_from, rcpts, self._read_data(rfile))
                say("250 2.0.0 kept")
            elif verb == b"QUIT":
                say("221 2.0.0 bye")
                return
            else:
                say("250 2.0.0 ok")

    @staticmethod
    def _read_data(rfile):
        octets = bytearray()
        for line in rfile:
            if line in (b".\r\n", b".\n"):
                break
            octets += line[1:] if line.startswith(b".") else line
        return bytes(octets)

    def _store(self, mail_from, rcpts, octets):
        with self.lock:
            self.messages.append(Delivered(
                mail_from.decode("latin-1"), rcpts, octets))
            self.lock.notify_all()

    def has(self, rcpt):
        """True if a message for that recipient has arrived."""
        with self.lock:
            return any(rcpt in x.rcpts for x in self.messages)

    def wait(self, rcpt, timeout=15.0):
        """Waits for a message to that recipient; else AssertionError."""
        end = time.monotonic() + timeout
        with self.lock:
            while True:
                for message in self.messages:
                    if rcpt in message.rcpts:
                        return message
                left = end - time.monotonic()
                if left <= 0:
                    raise AssertionError("nothing delivered for " + rcpt)
                self.lock.wait(left)
