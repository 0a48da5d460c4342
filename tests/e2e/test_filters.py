# SPDX-License-Identifier: BSD-2-Clause
"""What becomes of the mark in filters behind the gateway, and in the mailbox."""

import filters
from harness import PASS_IP, Skip, equal, mail, result, scenario

FORGED = ("X-Spam-Flag: YES", "X-DMARC-Verdict: quarantine",
          "x-dmarc-verdict: pass", "X-SPAM-FLAG: NO")
# The rule that doc/filters.md shows.
RULE = """\
header   POSTERN_TAGGED X-DMARC-Verdict =~ /^quarantine$/
describe POSTERN_TAGGED DMARC policy of the sender's domain
score    POSTERN_TAGGED 8
"""


def tools(t, *kinds):
    """Makes the filters and, at the end, Sieve; or skips the scenario."""
    try:
        if not hasattr(t.lab, "sieve"):
            t.lab.sieve = filters.Sieve(t.lab)
        return [kind(t.lab) for kind in kinds] + [t.lab.sieve]
    except filters.Missing as why:
        raise Skip(str(why)) from None


def tagged(t, subject):
    """Sends a forged message with marks of its own; it is tagged."""
    return t.delivered(mail("<a@quarantine.example>", *FORGED,
                            subject=subject))


def good(t, subject):
    """Sends a genuine message with forged marks."""
    got = t.delivered(mail("<a@pass.example>", *FORGED, subject=subject),
                      mail_from="<a@pass.example>", source=PASS_IP)
    equal(result(got, "dmarc"), "pass", "dmarc")
    return got


@scenario("Sieve: tagged mail is filed as spam, forged marks are not believed",
          only="postfix")
def sieve(t):
    """R-AR-18: nothing else is between the gateway and the mailbox."""
    script, = tools(t)
    equal(script.folder(tagged(t, "sieve").octets), "Junk", "folder")
    equal(script.folder(good(t, "sieve 2").octets), "INBOX", "folder")


@scenario("Sieve: in monitor mode forged marks are not believed, either",
          only="postfix", top={"mode": "monitor"})
def sieve_monitor(t):
    """R-AR-16."""
    script, = tools(t)
    equal(script.folder(tagged(t, "watched").octets), "INBOX", "folder")


@scenario("SpamAssassin: tagged mail is filed as spam, forged marks are not "
          "believed", only="postfix")
def spamassassin(t):
    """R-AR-18: it removes the second mark, not the first."""
    assassin, script = tools(t, filters.SpamAssassin)
    octets = tagged(t, "assassin").octets
    got = assassin.filter(octets)
    equal(got.values("X-DMARC-Verdict"), ["quarantine"], "X-DMARC-Verdict")
    equal(got.values("X-Spam-Flag"), [], "X-Spam-Flag")
    equal(script.folder(got.octets), "Junk", "folder")
    rule = RULE.replace(" 8", " %d" % filters.HIGH)
    got = assassin.filter(octets, rule)
    equal(got.values("X-Spam-Flag"), ["YES"], "X-Spam-Flag with our rule")
    got = assassin.filter(good(t, "assassin 2").octets, rule)
    equal(got.values("X-Spam-Flag"), [], "X-Spam-Flag")
    equal(script.folder(got.octets), "INBOX", "folder")


@scenario("amavis: tagged mail is filed as spam, forged marks are not believed",
          only="postfix")
def amavis(t):
    """R-AR-18: it replaces the second mark, not the first."""
    daemon, script = tools(t, filters.Amavis)
    try:
        got = daemon.filter(tagged(t, "amavis").octets, t.rcpt())
        equal(got.values("X-DMARC-Verdict"), ["quarantine"],
              "X-DMARC-Verdict")
        equal(got.values("X-Spam-Flag"), ["NO"], "X-Spam-Flag")
        equal(script.folder(got.octets), "Junk", "folder")
        got = daemon.filter(good(t, "amavis 2").octets, t.rcpt())
        equal(got.values("X-DMARC-Verdict"), [], "X-DMARC-Verdict")
        equal(script.folder(got.octets), "INBOX", "folder")
    finally:
        daemon.stop()
