# SPDX-License-Identifier: BSD-2-Clause
"""Which client is judged if mail comes through a host of our own."""

from harness import (FORGER_IP, PASS_IP, check, equal, mail, own_results,
                     result, scenario)
import smtp

RELAY_IP = "198.51.100.25"
RELAY = {"relays": '{"%s"}' % RELAY_IP}


def received(address):
    """Returns the field that our relay writes."""
    return ("Received: from mail.pass.example (x.example [%s])\n"
            "\tby mx2.gateway.example (Postfix) with ESMTP id 4F;\n"
            "\tMon, 05 Jan 2026 10:00:00 +0000" % address)


@scenario("own relay: the client in its Received field is judged", top=RELAY)
def behind_relay(t):
    """R-AR-15: only the relay's field counts, not the forger's."""
    got = t.delivered(mail("<a@pass.example>", received(PASS_IP),
                           subject="relayed"),
                      mail_from="<a@pass.example>", source=RELAY_IP)
    equal(result(got, "spf"), "pass", "spf")
    equal(result(got, "dmarc"), "pass", "dmarc")
    t.daemon.wait_for_log("client=%s via=%s" % (PASS_IP, RELAY_IP))
    reply, _ = t.send(mail("<a@pass.example>", received(FORGER_IP),
                           received(PASS_IP), subject="forged"),
                      mail_from="<a@pass.example>", source=RELAY_IP)
    check(reply.text.startswith("550 5.7.26 "), "refused", reply)


@scenario("own relay: without its Received field nothing is judged", top=RELAY)
def relay_unclear(t):
    """No guess is made."""
    got = t.delivered(mail("<a@reject.example>", subject="unclear"),
                      source=RELAY_IP)
    equal(own_results(got), [], "our fields")
    t.daemon.wait_for_log("rule=relay")


@scenario("XCLIENT: the client that a proxy names is judged", only="postfix")
def xclient(t):
    """Sendmail has no XCLIENT."""
    for address, wanted in ((PASS_IP, "pass"), (FORGER_IP, "fail")):
        since = len(t.daemon.log_lines())
        with smtp.Client("127.0.0.1", "127.0.0.1") as client:
            client.ehlo("proxy.example")
            equal(client.command("XCLIENT ADDR=%s NAME=[UNAVAILABLE] "
                                 "HELO=mail.pass.example" % address).code,
                  220, "XCLIENT")
            client.ehlo("mail.pass.example")
            reply, _ = t.send_on(client, mail(
                "<a@pass.example>", subject="xclient"), "<a@pass.example>")
        equal(reply.code, 250 if wanted == "pass" else 550, "reply")
        line = t.daemon.wait_for_log("client=" + address, since)
        check("spf=%s:pass.example" % wanted in line, "SPF", line)
