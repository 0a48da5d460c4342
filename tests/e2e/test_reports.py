# SPDX-License-Identifier: BSD-2-Clause
"""Outgoing reports: who gets one, that nobody gets two, and bounces."""

import base64
import gzip
import hashlib
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import time

from harness import Skip, check, equal, scenario
import lab
from relay import Relay

FROM = "dmarc@gw.example"
DAY = 20780                       # 2026-11-23
NOW = (DAY + 1) * 86400 + 900
PORT = 2626


class Sender:
    """A store, a configuration, and the command."""

    def __init__(self, t, relay="smtp://127.0.0.1:%d" % PORT, **reports):
        self.t = t
        self.dir = t.lab.path("reports-%s-%d" % (
            t.mta.name, time.monotonic_ns()))
        os.mkdir(self.dir)
        self.store = os.path.join(self.dir, "db")
        self.config = os.path.join(self.dir, "conf")
        self.program = os.path.join(
            os.path.dirname(t.daemon.program), "postern")
        keys = {"from": '"%s"' % FROM, "relay": '"%s"' % relay,
                "pause": '"0s"'}
        keys.update((name.replace("_", "-"), value)
                    for name, value in reports.items())
        with open(self.config, "w", encoding="ascii") as file:
            file.write('authserv-id = "mx.gateway.example"\n'
                       'store { path = "%s" }\ndns { servers = {"127.0.0.1"} '
                       'query-timeout = "1s" }\nreports {\n%s}\n' % (
                           self.store, "".join("\t%s = %s\n" % item
                                               for item in keys.items())))
        for name in ("gw.example.", "_dmarc.gw.example."):
            t.dns.remove(name)
        t.dns.add('gw.example. TXT "v=spf1 -all"\n'
                  '_dmarc.gw.example. TXT "v=DMARC1; p=none"\n')
        equal(self.run()[0], 0, "first run, without a store")

    def command(self, *args, now=NOW, name="send"):
        """Returns the command line."""
        return [self.program, "report", name, "--config", self.config,
                "--now", str(now), *args]

    def run(self, *args, now=NOW, name="send", text=None):
        """Runs it: (exit status, standard output and then error)."""
        done = subprocess.run(
            self.command(*args, now=now, name=name), capture_output=True,
            text=True, check=False, timeout=30, input=text)
        return done.returncode, done.stdout + done.stderr

    def row(self, domain, rua, count=1, number=1):
        """Adds a row to the store."""
        with sqlite3.connect(self.store, timeout=10) as db:
            db.execute("INSERT OR IGNORE INTO policy VALUES (?, ?, '', ?, 'r',"
                       " 'r', 'none', 'none', 'none', 'n', '0', 'treewalk', ?,"
                       " '', 1)", (DAY, domain, DAY * 86400, rua))
            db.execute("INSERT INTO record VALUES (?, ?, '', ?, ?, 'none',"
                       " 'pass', 'fail', '', '', ?, ?, '', ?, ?)", (
                           DAY, domain, hashlib.md5(
                               b"%s %d" % (domain.encode(), number)
                           ).hexdigest(), "192.0.2.%d" % (number % 250),
                           domain, domain, "dkim %s s pass\nspf %s fail\n" % (
                               domain, domain), count))
        db.close()


class With:
    """A relay for one scenario."""

    def __enter__(self):
        self.relay = Relay(port=PORT)
        return self.relay

    def __exit__(self, *_):
        self.relay.stop()


def xml_of(message):
    """Returns the file name and the XML of the report in a message."""
    name = re.search(rb'filename="([^"]+)"', message.body).group(1)
    text = message.body.split(b'xml.gz"\r\n\r\n')[1].split(b"--=_")[0]
    return name.decode(), gzip.decompress(base64.b64decode(text)).decode()


@scenario("reports: to whom consents, once, with one id everywhere",
          only="postfix")
def consent(t):
    """R-AGG-20, -25, -26, -27."""
    sender = Sender(t)
    t.dns.add('one.example._report._dmarc.reader.test. TXT "v=DMARC1"\n'
              ';! servfail one.example._report._dmarc.ill.test.\n')
    sender.row("one.example", "mailto:a@one.example mailto:b@reader.test "
               "mailto:c@stranger.test mailto:d@ill.test", 7)
    with With() as relay:
        status, said = sender.run()
        equal(status, 1, "status with one put off (%s)" % said)
        check("1 aggregate, 0 failure; deliveries: 2 sent, 1 to be tried" in said,
              "the summary", said)
        equal(len(relay.messages), 2, "messages")
        got, = relay.for_rcpt("b@reader.test")
        subject, = got.values("Subject")
        name, xml = xml_of(got)
        ident = re.fullmatch("Report Domain: one.example Submitter: "
                             "gw.example Report-ID: ([A-Za-z0-9]+)", subject)
        equal(name, "gw.example!one.example!%d!%d!%s.xml.gz" % (
            DAY * 86400, DAY * 86400 + 86399, ident.group(1)), "file name")
        check("<report_id>%s</report_id>" % ident.group(1) in xml, "id", xml)
        check("<count>7</count>" in xml, "count", xml)
        equal(sender.run()[0], 0, "a second run")
        equal(len(relay.messages), 2, "messages")
        t.dns.remove("one.example._report._dmarc.ill.test.")
        t.dns.add('one.example._report._dmarc.ill.test. TXT "v=DMARC1"\n')
        equal(sender.run(now=NOW + 3600)[0], 0, "a run after an hour")
        equal(len(relay.for_rcpt("d@ill.test")), 1, "messages for d")
        equal(len(relay.messages), 3, "messages")


@scenario("reports: killed repeatedly, no address gets two", only="postfix")
def killed(t):
    """An address that gets none is recorded as uncertain."""
    sender = Sender(t)
    wanted = set()
    for number in range(60):
        domain = "kill%d.example" % number
        addresses = ["%s@%s" % (x, domain) for x in "ab"[:1 + number % 2]]
        sender.row(domain, " ".join("mailto:" + x for x in addresses))
        wanted.update(addresses)
    kills, done = 0, False
    with With() as relay:
        relay.slowness = 0.008
        while kills < 25 and not done:
            child = subprocess.Popen(
                sender.command(), stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL)
            try:
                child.wait(random.uniform(0.02, 0.5))
                done = True
            except subprocess.TimeoutExpired:
                child.send_signal(signal.SIGKILL)
                child.wait()
                kills += 1
        relay.slowness = 0.0
        status, said = sender.run()
        equal(status, 0, "status of the last run (%s)" % said)
        with sqlite3.connect(sender.store) as db:
            states = db.execute("SELECT state, COUNT(*) FROM delivery "
                                "GROUP BY state").fetchall()
            noted = {x[0] for x in db.execute(
                "SELECT address FROM delivery WHERE why LIKE 'stopped%'")}
        db.close()
        equal(states, [("sent", len(wanted))], "states after %d" % kills)
        got = [x.rcpts[0] for x in relay.messages]
        equal(len(got), len(set(got)), "number of messages, each to one")
        check(set(got) <= wanted, "nobody else")
        missing = wanted - set(got)
        check(missing <= noted, "missing ones are noted as uncertain", missing,
              noted)
        check(kills >= 3, "it was killed often enough", kills)


@scenario("reports: 4xx is tried again, 5xx is not, a dead relay waits",
          only="postfix")
def refusals(t):
    """--now skips the pauses between the tries."""
    sender = Sender(t)
    for name in ("soft", "hard", "fine"):
        sender.row(name + ".example", "mailto:x@%s.example" % name)
    status, said = sender.run()
    equal(status, 1, "status without a relay")
    check("cannot be used" in said, "the message", said)
    with With() as relay:
        relay.rcpt = {"x@hard.example": "550 5.1.1 nobody"}.get
        relay.end = {"x@soft.example": "451 4.7.1 later"}.get
        status, said = sender.run()
        equal(status, 1, "status (%s)" % said)
        check("1 sent, 1 to be tried again, 1 dropped" in said, "sum", said)
        check("hard.example for x@hard.example: dropped: 550 5.1.1 nobody" in
              said, "the line about it", said)
        relay.end = relay.rcpt = lambda rcpt: None
        check(" 0 sent" in sender.run(now=NOW + 600)[1], "not yet")
        status, said = sender.run(now=NOW + 1000)
        equal(status, 0, "status (%s)" % said)
        check(" 1 sent" in said, "sum", said)
        equal([len(relay.for_rcpt("x@%s.example" % x))
               for x in ("soft", "hard", "fine")], [1, 0, 1], "messages")


@scenario("reports: STARTTLS and AUTH", only="postfix")
def secure(t):
    """If TLS is required, the certificate must be valid."""
    if not shutil.which("openssl"):
        raise Skip("needs openssl(1)")
    cert, key = t.lab.path("relay.crt"), t.lab.path("relay.key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
                    "-keyout", key, "-out", cert, "-days", "2", "-subj",
                    "/CN=relay"], check=True, capture_output=True)
    password = t.lab.write("password", "secret word\n", 0o600)
    login = {"relay_user": '"me"', "relay_password_file": '"%s"' % password}
    with With() as relay:
        relay.offer_tls(cert, key)
        relay.login = ("me", "secret word")
        sender = Sender(t, relay_tls="required", **login)
        sender.row("one.example", "mailto:x@one.example")
        status, said = sender.run()
        equal(status, 1, "status with a strange certificate")
        check("certificate" in said, "the message", said)
        equal(len(relay.messages), 0, "messages")
        sender = Sender(t, **login)
        sender.row("one.example", "mailto:x@one.example")
        status, said = sender.run()
        equal(status, 0, "status with TLS if offered (%s)" % said)
        check(relay.used_tls > 0 and relay.used_login > 0, "TLS and AUTH")
        equal(len(relay.messages), 1, "messages")
        os.chmod(password, 0o644)
        sender.row("two.example", "mailto:x@two.example")
        status, said = sender.run()
        equal(status, 2, "status with a world-readable password")
        check("chmod" in said, "the message", said)


@scenario("reports: signed, through the MTA, and they pass DKIM",
          only="postfix")
def through_mta(t):
    """Our own verifier checks the report that arrives."""
    keys = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..",
                        "keys")
    key = t.lab.path("dkim.pem")
    shutil.copy(os.path.join(keys, "test-rsa.pem"), key)
    os.chmod(key, 0o600)
    with open(os.path.join(keys, "test-rsa.txt"), encoding="ascii") as file:
        record = file.read().strip()
    sender = Sender(t, relay="smtp://%s:25" % lab.MTA_4,
                    dkim_key='"%s"' % key, dkim_selector='"s1"')
    rcpt = t.rcpt()
    sender.row("rcpt.example", "mailto:" + rcpt)
    status, said = sender.run("--dry-run")
    check("does not verify with the record at s1._domainkey.gw.example" in
          said, "the self-check", said)
    t.dns.add("s1._domainkey.gw.example. TXT " + " ".join(
        '"%s"' % record[i:i + 200] for i in range(0, len(record), 200)))
    t.dns.remove("gw.example.")
    # only the first run has cached that the record was missing
    status, said = sender.run()
    equal(status, 0, "status (%s)" % said)
    check("does not verify" not in said, "the self-check", said)
    got = t.sink.wait(rcpt)
    saved = t.lab.path("report.eml")
    with open(saved, "wb") as file:
        file.write(got.octets)
    done = subprocess.run(
        [sender.program, "verify", "--config", sender.config, "--ip",
         "192.0.2.7", "--helo", "x.example", "--mail-from", FROM, "--now",
         str(NOW), saved], capture_output=True, text=True, check=False)
    check(re.search(r"dmarc\s+pass", done.stdout) or
          "dmarc=pass" in done.stdout, "DMARC", done.stdout + done.stderr)


@scenario("reports: a bounce ends them, a forged one does not",
          only="postfix")
def bounced(t):
    """Reports go out with VERP; delivery status notifications come in."""
    sender = Sender(t, bounces='"b@gw.example"')
    sender.row("one.example", "mailto:x@one.example")
    with With() as relay:
        equal(sender.run()[0], 0, "first run")
        verp = relay.messages[0].mail_from.strip("<>")
        check(re.fullmatch(r"b\+[0-9a-f]{20}@gw\.example", verp), verp)

        def dsn(to, action):
            return ("From: <>\nTo: <%s>\nContent-Type: multipart/report; "
                    "report-type=delivery-status; boundary=x\n\n--x\n\n"
                    "Sorry.\n--x\nContent-Type: message/delivery-status\n\n"
                    "Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; "
                    "x@one.example\nAction: %s\nStatus: 5.1.1\n\n--x--\n"
                    % (to, action))

        for to, action in ((verp.replace("+", "+0"), "failed"),
                           ("b+%s@gw.example" % ("0" * 20), "failed"),
                           (verp, "delayed"), ("b@gw.example", "failed")):
            status, said = sender.run(name="bounce", text=dsn(to, action))
            equal(status, 0, "status (%s)" % said)
            check("nothing to do" in said, "the answer", said)
        sender.row("one.example", "mailto:x@one.example", number=2)
        check(" 1 sent" in sender.run()[1], "still sent to")
        status, said = sender.run(name="bounce", text=dsn(verp, "failed"))
        equal(status, 0, "status (%s)" % said)
        check("x@one.example gets no reports for 30 days: 5.1.1" in said,
              "the answer", said)
        sender.row("one.example", "mailto:x@one.example", number=3)
        check("0 sent" in sender.run()[1], "not sent to")
        equal(len(relay.messages), 2, "messages")


@scenario("reports: --dry-run and --print change nothing", only="postfix")
def looking(t):
    """The store stays as it is; they show what would happen."""
    sender = Sender(t)
    sender.row("one.example", "mailto:a@one.example mailto:c@stranger.test", 4)
    with With() as relay:
        status, said = sender.run("--dry-run")
        equal(status, 0, "status (%s)" % said)
        check(re.search(r"2026-11-23 +one\.example +1 +4 +new\n"
                        r" +send +a@one\.example\n"
                        r" +refuse +c@stranger\.test: its domain has not",
                        said), "the table", said)
        status, said = sender.run("--print", "--domain", "one.example")
        equal(status, 0, "status")
        check(said.startswith("<?xml") and "<count>4</count>" in said,
              "the report", said)
        equal(sender.run("--day", "2026-11-24")[0], 2, "a day not over")
        equal(sender.run("--resend")[0], 2, "--resend without --day")
        with sqlite3.connect(sender.store) as db:
            equal(db.execute("SELECT COUNT(*) FROM report").fetchone(), (0,),
                  "reports")
        db.close()
        equal(sender.run("--day", "2026-11-23")[0], 0, "the real run")
        status, said = sender.run("--day", "2026-11-23", "--resend")
        check(" 1 sent" in said, "sent again", said)
        one, two = relay.for_rcpt("a@one.example")
        equal(one.values("Subject"), two.values("Subject"), "ids")
        equal(xml_of(one), xml_of(two), "reports")
