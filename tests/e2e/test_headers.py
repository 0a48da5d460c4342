# SPDX-License-Identifier: BSD-2-Clause
"""What reaches the mailbox: our field, forged fields, the spam header."""

from daemon import AUTHSERV_ID
from harness import (FORGER_IP, PASS_IP, PASS_IP6, Skip, check, equal, mail,
                     own_results, result, scenario)

FOREIGN = ["one.example; spf=pass smtp.mailfrom=a.example",
           AUTHSERV_ID + ".attacker.example; dmarc=pass",
           "two.example; none",
           "x" + AUTHSERV_ID + "; dmarc=pass header.from=reject.example",
           "three.example 1; dkim=pass header.d=b.example"]
FORGED = [AUTHSERV_ID + "; dmarc=pass header.from=reject.example",
          "\"MX.Gateway.Example\"; spf=pass",
          "(us) " + AUTHSERV_ID.upper() + " (really) 1; dkim=pass"]


def field(value):
    """Returns an Authentication-Results line."""
    return "Authentication-Results: " + value


@scenario("result field at the top, above the MTA's Received")
def field_at_the_top(t):
    """R-AR-11."""
    got = t.delivered(mail("<a@pass.example>", subject="top"),
                      mail_from="<a@pass.example>", source=PASS_IP)
    equal(got.names()[:2], ["Authentication-Results", "Received"],
          "the first two fields")
    equal(len(got.values("Authentication-Results")), 1, "number of fields")
    for method, word in (("spf", "pass"), ("dmarc", "pass"),
                         ("dkim", "none"), ("iprev", "pass")):
        equal(result(got, method), word, method)


@scenario("forged fields of our name vanish, exactly three of eight")
def forged_fields(t):
    """R-AR-12, R-AR-14."""
    order = [FOREIGN[0], FORGED[0], FOREIGN[1], FORGED[1], FOREIGN[2],
             FOREIGN[3], FORGED[2], FOREIGN[4]]
    got = t.delivered(mail("<a@lax.example>", *map(field, order),
                           subject="forged"))
    values = got.values("Authentication-Results")
    check(values[0].startswith(AUTHSERV_ID + ";"), "ours is first", values)
    equal(values[1:], FOREIGN, "the others")
    equal(result(got, "dmarc"), "fail", "dmarc")


@scenario("adjacent forged fields all vanish")
def adjacent_forged_fields(t):
    """Deletion goes from the highest index down."""
    lines = [field(FORGED[0])] * 3 + [field(FOREIGN[0])] + [
        field(FORGED[1])] * 2
    got = t.delivered(mail("<a@lax.example>", *lines, subject="adjacent"))
    equal(got.values("Authentication-Results")[1:], FOREIGN[:1], "the others")


@scenario("spam mark on a quarantine policy, forged copies removed")
def spam_mark(t):
    """R-DMARC-44, R-AR-16."""
    got = t.delivered(mail("<a@quarantine.example>", "X-Spam-Flag: NO",
                           "X-Other: kept", "x-spam-flag: maybe",
                           "X-DMARC-Verdict: pass", subject="mark"))
    equal(got.values("X-DMARC-Verdict"), ["quarantine"], "X-DMARC-Verdict")
    equal(got.values("X-Spam-Flag"), ["YES"], "X-Spam-Flag")
    equal(got.values("X-Other"), ["kept"], "X-Other")
    equal(result(got, "dmarc"), "fail", "dmarc")
    check("policy.dmarc=quarantine" in own_results(got)[0], "policy.dmarc")


@scenario("forged spam mark removed from good mail")
def spam_mark_on_good_mail(t):
    """R-AR-16."""
    got = t.delivered(mail("<a@pass.example>", "X-Spam-Flag: YES",
                           "X-dmarc-verdict: quarantine", subject="good"),
                      mail_from="<a@pass.example>", source=PASS_IP)
    equal(got.values("X-DMARC-Verdict"), [], "X-DMARC-Verdict")
    equal(got.values("X-Spam-Flag"), [], "X-Spam-Flag")


TRUST = ("X-Spam-Status: No, score=-100", "BIMI-Indicator: PHN2Zz4=",
         "x-spam-status : No", "X-Virus-Scanned: clean",
         "X-MS-Exchange-Organization-SCL: -1", "X-Spam-Score: -9",
         "X-Spam-Status: No", "X-Other: kept")


def expect_stripped(t, **envelope):
    """Sends fields in which a sender says what a filter would say."""
    got = t.delivered(mail("<a@quarantine.example>", *TRUST,
                           subject="trust"), **envelope)
    equal([x for x in got.names() if x.lower().startswith(
        ("x-spam-s", "bimi-", "x-virus-", "x-ms-"))], [], "trust fields")
    equal(got.values("X-Other"), ["kept"], "X-Other")
    return got


@scenario("foreign trust fields removed")
def trust_fields(t):
    """R-POL-21: the tagged message is delivered without them."""
    got = expect_stripped(t)
    equal(got.values("X-Spam-Flag"), ["YES"], "X-Spam-Flag")


@scenario("foreign trust fields removed, in monitor mode, too",
          top={"mode": "monitor"})
def trust_fields_monitored(t):
    """R-POL-21."""
    got = expect_stripped(t)
    equal(got.values("X-Spam-Flag"), [], "X-Spam-Flag")
    check("(p=quarantine, not enforced)" in own_results(got)[0], "remark",
          own_results(got))


def class_rule(domain, value):
    """A rule that gives mail of a domain the class value."""
    return ('rule "%s" {\n\tfrom-domain = {"%s"}\n\taction = tag\n'
            '\talso = {"X-Gateway-Class: %s"}\n}\n' % (value, domain, value))


@scenario("a field of a rule redirects and copies mail", only="postfix",
          extra=class_rule("lax.example", "redirect") +
          class_rule("none.example", "copy"))
def by_field(t):
    """R-POL-28: milter_header_checks sees what Postern adds, and only that."""
    reply, rcpt = t.send(mail("<a@lax.example>", subject="redirect"))
    equal(reply.code, 250, "final reply")
    got = t.sink.wait("quarantine@rcpt.example")
    equal(got.values("Subject"), ["redirect"], "Subject")
    equal(got.values("X-Gateway-Class"), ["redirect"], "X-Gateway-Class")
    got = t.delivered(mail("<a@none.example>", subject="copy"))
    equal(got.values("X-Gateway-Class"), ["copy"], "X-Gateway-Class")
    got = t.sink.wait("archive@rcpt.example")
    equal(got.values("Subject"), ["copy"], "Subject")
    got = t.delivered(mail("<a@pass.example>", "X-Gateway-Class: redirect",
                           subject="forged class"),
                      mail_from="<a@pass.example>", source=PASS_IP)
    equal(got.values("X-Gateway-Class"), [], "X-Gateway-Class")


@scenario("body, 8-bit octets, dots and long fields arrive unchanged")
def unchanged(t):
    """The filter changes nothing else."""
    long_field = "X-Long: " + "\n\t".join(["word " * 12] * 40)
    body = "..two dots\n.one dot\n\ncaf\u00e9 \u00ff\n" + "x" * 900 + "\n"
    got = t.delivered(mail("<a@lax.example>", long_field, subject="same",
                           body=body).encode("latin-1"))
    equal(got.body, body.encode("latin-1").replace(b"\n", b"\r\n"), "body")
    check(" ".join(["word " * 12] * 40).split() ==
          got.values("X-Long")[0].split(), "X-Long arrived whole")


@scenario("IPv6 client")
def ipv6_client(t):
    """The address family 6 gets through both MTAs."""
    if not t.lab.ipv6:
        raise Skip("no IPv6 in this kernel")
    got = t.delivered(mail("<a@pass.example>", subject="six"),
                      mail_from="<a@pass.example>", source=PASS_IP6)
    for method in ("spf", "dmarc", "iprev"):
        equal(result(got, method), "pass", method)
    check("2001:db8:1::7" in own_results(got)[0], "policy.iprev",
          own_results(got))


@scenario("null sender is judged by the last HELO")
def null_sender(t):
    """R-SPF-3, R-MTA-7: HELO twice, the last one counts."""
    with t.client(PASS_IP, "wrong.reject.example") as client:
        equal(client.ehlo("mail.pass.example").code, 250, "second EHLO")
        reply, rcpt = t.send_on(client, mail(
            "<postmaster@pass.example>", subject="bounce"), "<>")
    equal(reply.code, 250, "final reply")
    got = t.sink.wait(rcpt)
    equal(result(got, "spf"), "pass", "spf")
    check("mail.pass.example" in own_results(got)[0], "identity",
          own_results(got))
    equal(result(got, "dmarc"), "pass", "dmarc")


@scenario("iprev fails when the name does not lead back")
def iprev_fails(t):
    """R-IPREV-2."""
    got = t.delivered(mail("<a@lax.example>", subject="iprev"),
                      source=FORGER_IP)
    equal(result(got, "iprev"), "fail", "iprev")


@scenario("authserv-id defaults to the MTA's own name",
          top={"authserv-id": None})
def default_authserv_id(t):
    """R-AR-2: macro j; both MTAs have AUTHSERV_ID as their name."""
    got = t.delivered(mail("<a@lax.example>", field(FORGED[0]),
                           subject="default"))
    equal(len(own_results(got)), 1, "number of our fields")
    equal(result(got, "dmarc"), "fail", "dmarc")
