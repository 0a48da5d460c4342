# SPDX-License-Identifier: BSD-2-Clause
"""Scenarios, their context, and their output in TAP."""

import os
import re
import signal
import sys
import time
import traceback

import lab
import smtp
from daemon import AUTHSERV_ID, Daemon
from dnsserver import Server

SCENARIOS = []
RCPT_DOMAIN = "rcpt.example"
HERE = os.path.dirname(os.path.abspath(__file__))
PATIENCE = 45  # seconds for one scenario

# Client addresses by what the zone says about them.
PASS_IP = "192.0.2.7"
FORGER_IP = "192.0.2.66"
PASS_IP6 = "2001:db8:1::7"


class Skip(Exception):
    """This scenario cannot run here; the text says why."""


def scenario(label, only=None, **config):
    """Registers a function that takes a Context; config: for the daemon."""
    def register(function):
        SCENARIOS.append((label, only, config, function))
        return function
    return register


def check(condition, text, *shown):
    """Asserts the condition; the failure shows the other values."""
    if not condition:
        raise AssertionError(text + "".join(": %s" % (x,) for x in shown))


def equal(seen, wanted, what):
    """Asserts that both are equal; the failure shows both."""
    check(seen == wanted, "%s is %r, expected %r" % (what, seen, wanted))


class Context:
    """What a scenario works with."""

    def __init__(self, laboratory, mta, daemon, dns, sink):
        self.lab = laboratory
        self.mta = mta
        self.daemon = daemon
        self.dns = dns
        self.sink = sink
        self.count = 0
        self.label = ""

    def rcpt(self):
        """Returns a recipient that no other message has."""
        self.count += 1
        return "%s%d@%s" % (self.mta.name, self.count, RCPT_DOMAIN)

    def client(self, source=FORGER_IP, helo="client.example"):
        """Opens a connection and sends EHLO (unless helo is None)."""
        server = lab.MTA_6 if ":" in source else lab.MTA_4
        client = smtp.Client(server, source)
        equal(client.greeting.code, 220, "greeting")
        if helo is not None:
            equal(client.ehlo(helo).code, 250, "reply to EHLO")
        return client

    def send(self, message, mail_from="<someone@none.example>",
             source=FORGER_IP, helo="client.example"):
        """Sends a message in a session of its own: (reply, recipient)."""
        with self.client(source, helo) as client:
            return self.send_on(client, message, mail_from)

    def send_on(self, client, message, mail_from="<someone@none.example>"):
        """Sends a message in an open session: (reply, recipient)."""
        rcpt = self.rcpt()
        reply = client.begin(mail_from, rcpt)
        equal(reply.code, 250, "reply to RCPT (%s)" % reply.text)
        return client.data(message), rcpt

    def delivered(self, message, **envelope):
        """Sends a message, expects 250 and returns what arrived."""
        reply, rcpt = self.send(message, **envelope)
        equal(reply.code, 250, "final reply (%s)" % reply.text)
        return self.sink.wait(rcpt)

    def quarantined(self, marker):
        """Waits until the MTA holds a quarantined message with the marker."""
        wanted = marker.encode("ascii")
        return lab.wait_until(
            lambda: next((x for x in self.mta.queued_as_quarantine()
                          if wanted in x), None), "quarantine of " + marker)


def mail(author, *fields, subject="test", body="Hello.\n"):
    """Returns a plain message with extra header lines."""
    lines = ["From: " + author, "To: <you@%s>" % RCPT_DOMAIN,
             "Subject: " + subject, "Date: Mon, 05 Jan 2026 10:00:00 +0000",
             "Message-ID: <%s@client.example>" %
             re.sub("[^a-z0-9]", "", subject.lower())]
    return "\n".join(list(fields) + lines) + "\n\n" + body


def own_results(delivered):
    """Returns the Authentication-Results values with our id, top first."""
    return [x for x in delivered.values("Authentication-Results")
            if x.lower().startswith(AUTHSERV_ID + ";")]


def result(delivered, method):
    """Returns the result of one method in our field."""
    values = own_results(delivered)
    equal(len(values), 1, "number of our fields")
    found = re.search(r";\s*%s=([a-z]+)" % method, values[0])
    check(found, "no %s in our field" % method, values[0])
    return found.group(1)


class Tap:
    """Test Anything Protocol on standard output."""

    def __init__(self):
        self.number = 0
        self.failed = 0

    def _line(self, text):
        print(text, flush=True)

    def ok(self, label, comment=""):
        """Reports a test that passed."""
        self.number += 1
        self._line("ok %d - %s%s" % (self.number, label, comment))

    def skip(self, label, why):
        """Reports a test that was not run."""
        self.ok(label, " # SKIP " + why)

    def not_ok(self, label, why):
        """Reports a test that failed, with its diagnosis."""
        self.number += 1
        self.failed += 1
        self._line("not ok %d - %s" % (self.number, label))
        for line in why.rstrip().splitlines():
            self._line("# " + line)

    def end(self):
        """Prints the plan and returns the exit status."""
        self._line("1..%d" % self.number)
        return 1 if self.failed else 0


def too_slow(*_):
    """Handles the scenario's alarm."""
    raise AssertionError("took more than %d s" % PATIENCE)


def greets():
    """True if an MTA is listening."""
    try:
        with smtp.Client(lab.MTA_4, greet=False):
            return True
    except OSError:
        return False


class Runner:
    """Runs the selected scenarios on one MTA after the other."""

    def __init__(self, laboratory, program, pattern):
        self.lab = laboratory
        self.program = program
        self.pattern = pattern
        self.tap = Tap()
        with open(os.path.join(HERE, "zone"), encoding="utf-8") as file:
            self.dns = Server(file.read())
        self.sink = smtp.Sink()

    def run(self, mtas):
        """Runs everything and returns the exit status."""
        signal.signal(signal.SIGALRM, too_slow)
        for module in mtas:
            why = module.missing()
            if why:
                self.tap.skip(module.NAME + ": all scenarios", why)
                continue
            self._run_mta(module)
        return self.tap.end()

    def _chosen(self, name):
        for label, only, config, function in SCENARIOS:
            full = "%s: %s" % (name, label)
            if only in (None, name) and re.search(self.pattern, full):
                yield full, config, function

    def _run_mta(self, module):
        chosen = list(self._chosen(module.NAME))
        if not chosen:
            return
        socket = self.lab.path(module.NAME + ".sock")
        daemon = Daemon(self.lab, self.program, "d-" + module.NAME,
                        "unix:" + socket)
        mta = module.Mta(self.lab, module.UNIX % socket)
        context = Context(self.lab, mta, daemon, self.dns, self.sink)
        try:
            mta.start()
            lab.wait_until(greets, module.NAME, 20.0, 0.05)
            for full, config, function in chosen:
                self._run_one(context, full, config, function)
        except AssertionError as why:
            self.tap.not_ok(module.NAME + ": starts",
                            "%s\n%s" % (why, mta.log()[-3000:]))
        finally:
            mta.stop()

    def _run_one(self, context, full, config, function):
        begin = time.monotonic()
        context.label = full
        self.lab.system_log.lines.clear()
        log_begin = len(context.mta.log())
        signal.alarm(PATIENCE)
        try:
            context.daemon.write_config(**config)
            context.daemon.start()
            function(context)
            context.daemon.stop()
            # libmilter itself writes to syslog, wherever posternd logs
            equal([x for x in self.lab.system_log.lines
                   if "milter claimed" in x][:1], [],
                  "complaints of libmilter")
        except Skip as why:
            self.tap.skip(full, str(why))
        except Exception:  # any exception means that the test failed
            self.tap.not_ok(full, self._diagnosis(context, log_begin))
        else:
            self.tap.ok(full)
        finally:
            signal.alarm(0)
            self._clean_up(context)
        if os.environ.get("POSTERN_E2E_TIMES"):
            print("# %.2f s" % (time.monotonic() - begin), flush=True)

    def _clean_up(self, context):
        self.dns.revive()
        context.daemon.kill()

    @staticmethod
    def _diagnosis(context, log_begin):
        parts = [traceback.format_exc(limit=-3), "-- posternd:"]
        if os.path.exists(context.daemon.log):
            with open(context.daemon.log, encoding="utf-8",
                      errors="replace") as file:
                parts += file.read().splitlines()[-25:]
        parts += ["-- %s:" % context.mta.name]
        parts += context.mta.log()[log_begin:].splitlines()[-25:]
        return "\n".join(parts)


def nothing_to_run(why):
    """Skips everything, and says so in TAP and on standard error."""
    print("%s: SKIPPED: %s" % (os.path.basename(sys.argv[0]), why),
          file=sys.stderr)
    print("ok 1 - end-to-end tests # SKIP %s\n1..1" % why)
    return 0
