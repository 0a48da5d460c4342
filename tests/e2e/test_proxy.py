# SPDX-License-Identifier: BSD-2-Clause
"""Which client is judged if a proxy speaks the PROXY protocol to Postfix.

Sendmail does not know that protocol. The proxy of these tests connects from a
trusted network, so nothing would be checked if its own address counted.
"""

from harness import (FORGER_IP, PASS_IP, PASS_IP6, check, equal, lab, mail,
                     own_results, result, scenario)
from postfix import PROXY_POSTSCREEN, PROXY_SMTPD
import smtp

TRUSTED_PROXY = "127.0.0.1"
OTHER_PROXY = "198.51.100.50"
# Version 2 of the protocol, command LOCAL: there is no client.
LOCAL = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"
UNKNOWN = b"PROXY UNKNOWN\r\n"


def line_for(address):
    """Returns the line of version 1 for a client at that address."""
    family, to = ("TCP6", lab.MTA_6) if ":" in address else ("TCP4", lab.MTA_4)
    return ("PROXY %s %s %s 4711 25\r\n" % (family, address, to)).encode()


def proxied(port, line, proxy=TRUSTED_PROXY):
    """Opens a connection as the proxy, and reads the greeting."""
    client = smtp.Client("127.0.0.1", proxy, port, greet=False)
    client.raw(line)
    client.greeting = client.reply()
    return client


def send(t, port, line, author, proxy=TRUSTED_PROXY):
    """Sends a message from <a@pass.example>: (reply, recipient, log line)."""
    since = len(t.daemon.log_lines())
    with proxied(port, line, proxy) as client:
        equal(client.greeting.code, 220, "greeting")
        client.ehlo("mail.pass.example")
        reply, rcpt = t.send_on(client, mail(author, subject="proxied"),
                                "<a@pass.example>")
    return reply, rcpt, t.daemon.wait_for_log(" client=", since)


def judged(t, port):
    """Checks clients that differ only in what the proxy says."""
    clients = [(PASS_IP, "pass"), (FORGER_IP, "fail")]
    if t.lab.ipv6:
        clients.append((PASS_IP6, "pass"))
    for address, wanted in clients:
        reply, rcpt, line = send(t, port, line_for(address), "<a@lax.example>")
        equal(reply.code, 250, "reply (%s)" % reply.text)
        check(" client=%s " % address in line, "the client", line)
        got = t.sink.wait(rcpt)
        equal(result(got, "spf"), wanted, "spf of " + address)
        equal(result(got, "iprev"), wanted, "iprev of " + address)
        check("policy.iprev=" + address in
              own_results(got)[0].replace('"', ""), "address in our field",
              own_results(got))
    reply, _, line = send(t, port, line_for(FORGER_IP), "<a@pass.example>")
    check(reply.text.startswith("550 5.7.26 "), "refused", reply)
    check("spf=fail:pass.example" in line, "SPF", line)


@scenario("PROXY: the client that a proxy names to smtpd is judged",
          only="postfix")
def smtpd(t):
    """The proxy's own address does not count, although it is trusted."""
    judged(t, PROXY_SMTPD)


@scenario("PROXY: the client that a proxy names to postscreen is judged",
          only="postfix")
def postscreen(t):
    """Postscreen passes the address on to smtpd."""
    judged(t, PROXY_POSTSCREEN)


@scenario("PROXY: a proxy that speaks for itself is judged as a client",
          only="postfix")
def local(t):
    """Health checks do so, with version 2 of the protocol."""
    for port in (PROXY_SMTPD, PROXY_POSTSCREEN):
        reply, _, line = send(t, port, LOCAL, "<a@pass.example>", OTHER_PROXY)
        check(reply.text.startswith("550 5.7.26 "), "refused", reply)
        check(" client=%s " % OTHER_PROXY in line, "the client", line)
        reply, rcpt, line = send(t, port, LOCAL, "<a@pass.example>")
        equal(reply.code, 250, "reply (%s)" % reply.text)
        check("rule=trusted-network " in line, "not checked", line)
        equal(own_results(t.sink.wait(rcpt)), [], "our fields")
        # a client without an address does not get as far as Postern
        with proxied(port, UNKNOWN, OTHER_PROXY) as client:
            equal(client.greeting.code, 421, "greeting of the unknown")
