# SPDX-License-Identifier: BSD-2-Clause
"""Accept, tag, quarantine, refuse, defer, as the SMTP client sees it."""

import time

import smtp
from harness import (FORGER_IP, PASS_IP, check, equal, mail,
                     own_results, result, scenario)

DEADLINE = 3.0  # daemon.BASE
SLACK = 3.0     # for the MTA's own look-ups, and a machine with two cores


@scenario("p=reject refused at the client, 550 5.7.26")
def refused(t):
    """R-MTA-1."""
    reply, rcpt = t.send(mail("<ceo@reject.example>", subject="refused"))
    equal(reply.text, "550 5.7.26 Message refused by DMARC policy of "
          "reject.example", "reply")
    check(not t.sink.has(rcpt), "nothing is delivered")


@scenario("per cent sign in the reply text",
          top={"reject-text": '"100% no to {domain}, %s %d"'})
def per_cent(t):
    """R-MTA-2."""
    reply, _ = t.send(mail("<ceo@reject.example>", subject="per cent"))
    equal(reply.text, "550 5.7.26 100% no to reject.example, %s %d", "reply")


@scenario("mailing list with p=reject is marked, not refused")
def mailing_list(t):
    """R-DMARC-43: the domain that the list field names passes SPF."""
    got = t.delivered(mail("<a@reject.example>",
                           "List-Id: <talk.none.example>", subject="list"))
    equal(got.values("X-DMARC-Verdict"), ["quarantine"], "X-DMARC-Verdict")
    equal(got.values("X-Spam-Flag"), ["YES"], "X-Spam-Flag")
    equal(result(got, "dmarc"), "fail", "dmarc")


@scenario("the name of a list alone does not help a forged message")
def bare_claim(t):
    """R-DMARC-43."""
    reply, _ = t.send(mail("<a@reject.example>", "List-Id: <a>",
                           "List-Post: <mailto:talk@lists.example>",
                           subject="claim"),
                      mail_from="<talk-bounces@lists.example>")
    check(reply.text.startswith("550 5.7.26 "), "refused", reply)


@scenario("on-reject = always refuses a mailing list",
          top={"on-reject": "always"})
def always(t):
    """R-DMARC-43."""
    reply, _ = t.send(mail("<a@reject.example>",
                           "List-Id: <talk.none.example>", subject="always"))
    check(reply.text.startswith("550 5.7.26 "), "refused", reply)


@scenario("quarantine: Postfix's hold queue, Sendmail's hf file",
          top={"on-quarantine": "quarantine"})
def quarantined(t):
    """R-MTA-12."""
    reply, rcpt = t.send(mail("<a@quarantine.example>",
                              subject="heldback" + t.mta.name))
    equal(reply.code, 250, "reply")
    held = t.quarantined("heldback" + t.mta.name)
    check(b"dmarc=fail" in held, "our field is in the held message", held)
    check(not t.sink.has(rcpt), "nothing is delivered")


@scenario("p=none changes nothing but the header")
def policy_none(t):
    """R-DMARC-41."""
    got = t.delivered(mail("<a@lax.example>", subject="lax"))
    equal(got.values("X-Spam-Flag"), [], "X-Spam-Flag")
    equal(result(got, "dmarc"), "fail", "dmarc")


@scenario("monitor mode changes nothing but the header",
          top={"mode": "monitor", "on-quarantine": "quarantine"})
def monitor(t):
    """R-DMARC-46, R-AR-16."""
    got = t.delivered(mail("<a@reject.example>", "X-Spam-Flag: YES",
                           "X-DMARC-Verdict: quarantine", subject="monitor"))
    equal(result(got, "dmarc"), "fail", "dmarc")
    equal(got.values("X-Spam-Flag"), [], "X-Spam-Flag")
    equal(got.values("X-DMARC-Verdict"), [], "X-DMARC-Verdict")
    got = t.delivered(mail("<a@quarantine.example>", subject="monitor 2"))
    equal(result(got, "dmarc"), "fail", "dmarc")


@scenario("two From fields are refused, 550 5.6.0")
def two_from_fields(t):
    """R-DMARC-2, R-DMARC-7."""
    reply, _ = t.send(mail("<a@pass.example>", "From: <b@reject.example>",
                           subject="two"),
                      mail_from="<a@pass.example>", source=PASS_IP)
    check(reply.text.startswith("550 5.6.0 "), "refused", reply)


@scenario("two messages in one session, two verdicts")
def two_messages(t):
    """R-MTA-9."""
    with t.client(PASS_IP, "mail.pass.example") as client:
        reply, _ = t.send_on(client, mail("<a@reject.example>",
                                          subject="first"))
        check(reply.text.startswith("550 5.7.26 "), "first refused", reply)
        reply, rcpt = t.send_on(client, mail("<a@pass.example>",
                                             subject="second"),
                                "<a@pass.example>")
        equal(reply.code, 250, "second reply")
        got = t.sink.wait(rcpt)
        equal(result(got, "dmarc"), "pass", "second dmarc")
        reply, _ = t.send_on(client, mail("<a@reject.example>",
                                          subject="third"))
        check(reply.text.startswith("550 5.7.26 "), "third refused", reply)
        equal(client.quit().code, 221, "reply to QUIT")


@scenario("RSET drops the envelope")
def rset(t):
    """R-MTA-9: the SPF result of the first MAIL is not used again."""
    with t.client(PASS_IP, "mail.pass.example") as client:
        equal(client.begin("<a@pass.example>", t.rcpt()).code, 250, "RCPT")
        equal(client.command("RSET").code, 250, "RSET")
        reply, _ = t.send_on(client, mail("<a@pass.example>",
                                          subject="after rset"),
                             "<a@reject.example>")
        check(reply.text.startswith("550 5.7.26 "), "refused", reply)


@scenario("client that drops within DATA does not affect the next one")
def dropped(t):
    """An abort is followed by an ordinary session."""
    with t.client(PASS_IP, "mail.pass.example") as client:
        client.begin("<a@pass.example>", t.rcpt())
        equal(client.command("DATA").code, 354, "DATA")
        client.raw(b"From: <a@pass.example>\r\n\r\nhalf a mess")
    got = t.delivered(mail("<a@pass.example>", subject="next"),
                      mail_from="<a@pass.example>", source=PASS_IP)
    equal(result(got, "dmarc"), "pass", "dmarc")


@scenario("several recipients, one verdict")
def several_recipients(t):
    """All of them get the same field."""
    first, second = t.rcpt(), t.rcpt()
    with t.client(FORGER_IP) as client:
        client.begin("<a@none.example>", first, second)
        equal(client.data(mail("<a@lax.example>", subject="several")).code,
              250, "reply")
    for rcpt in (first, second):
        equal(result(t.sink.wait(rcpt), "dmarc"), "fail", "dmarc")


def with_dead_dns(t, domain):
    """Sends a message while the DNS is dead: (reply, recipient, seconds)."""
    with t.client(FORGER_IP) as client:
        t.dns.die()
        rcpt = t.rcpt()
        equal(client.begin("<a@%s>" % domain, rcpt).code, 250, "RCPT")
        begin = time.monotonic()
        reply = client.data(mail("<a@%s>" % domain, subject="dead dns"))
        seconds = time.monotonic() - begin
        t.dns.revive()
    return reply, rcpt, seconds


@scenario("dead DNS defers with 451 4.4.3")
def dead_dns_defers(t):
    """R-DMARC-40."""
    reply, _, seconds = with_dead_dns(t, t.mta.name + "-1.dead.example")
    check(reply.text.startswith("451 4.4.3 "), "deferred", reply)
    check(seconds < DEADLINE + SLACK, "within the deadline", seconds)


@scenario("dead DNS lets mail through with dmarc=temperror when so configured",
          top={"on-temperror": "accept"})
def dead_dns_accepts(t):
    """R-DMARC-40, R-MTA-8."""
    reply, rcpt, seconds = with_dead_dns(t, t.mta.name + "-2.dead.example")
    equal(reply.code, 250, "reply")
    check(seconds < DEADLINE + SLACK, "within the deadline", seconds)
    equal(result(t.sink.wait(rcpt), "dmarc"), "temperror", "dmarc")


@scenario("SERVFAIL on the policy defers")
def servfail_defers(t):
    """R-DMARC-37."""
    reply, _ = t.send(mail("<a@broken.example>", subject="servfail"))
    check(reply.text.startswith("451 4.4.3 "), "deferred", reply)


@scenario("trusted network is not evaluated",
          top={"trusted-networks": '{"198.51.100.0/24"}'})
def trusted_network(t):
    """R-DMARC-46."""
    got = t.delivered(mail("<a@reject.example>", subject="trusted"),
                      source="198.51.100.9")
    check(not any("dmarc=" in x for x in own_results(got)), "not evaluated",
          own_results(got))
    reply, _ = t.send(mail("<a@reject.example>", subject="not trusted"))
    check(reply.text.startswith("550 5.7.26 "), "others are", reply)


def xclient(t, attributes, subject):
    """Sends a message after XCLIENT: (reply, recipient)."""
    with smtp.Client("127.0.0.1", "127.0.0.1") as client:
        client.ehlo("proxy.example")
        equal(client.command("XCLIENT " + attributes).code, 220, "XCLIENT")
        client.ehlo("client.example")
        return t.send_on(client, mail("<a@reject.example>", subject=subject))


@scenario("authenticated client is not evaluated (XCLIENT LOGIN)",
          only="postfix")
def authenticated(t):
    """R-DMARC-46. Sendmail has no XCLIENT."""
    where = "ADDR=192.0.2.66 NAME=client.example REVERSE_NAME=client.example"
    reply, rcpt = xclient(t, where + " LOGIN=alice", "login")
    equal(reply.code, 250, "reply with LOGIN")
    got = t.sink.wait(rcpt)
    check(not any("dmarc=" in x for x in own_results(got)), "not evaluated",
          own_results(got))
    reply, _ = xclient(t, where, "nologin")
    check(reply.text.startswith("550 5.7.26 "), "without it is", reply)


@scenario("the same message sent twice gets the same reply")
def same_twice(t):
    """No state is kept between messages."""
    message = mail("<a@reject.example>", subject="twice")
    equal(t.send(message)[0].text, t.send(message)[0].text, "reply")
