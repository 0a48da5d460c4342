# SPDX-License-Identifier: BSD-2-Clause
"""`postern reload` after a change only in a file that the options name."""

import os

from harness import (FORGER_IP, PASS_IP, check, equal, mail, own_results,
                     result, scenario)
from test_control import reload, with_control
from test_daemon import Background


class List:
    """A list in a file, as the value of an option."""

    def __init__(self, t, name, *lines):
        self.lab = t.lab
        self.name = t.daemon.name + "/" + name
        self.path = t.lab.path(self.name)
        self.write(*lines)

    def write(self, *lines):
        """Replaces the contents."""
        self.lab.write(self.name, "".join(x + "\n" for x in lines))

    def __str__(self):
        return '{"@%s"}' % self.path


def reloaded(t, control):
    """Reloads, which must succeed."""
    equal(reload(t, "--control", control), (0, "configuration reloaded\n"),
          "answer of postern reload")
    check(t.daemon.process.running(), "the daemon is alive")


def refused(t, domain):
    """True if the rule refuses mail from that domain; else it arrives."""
    since = len(t.daemon.log_lines())
    reply, rcpt = t.send(mail("<a@%s>" % domain, subject="list"))
    line = t.daemon.wait_for_log("from=%s " % domain, since)
    if 'rule="listed"' not in line:
        equal(reply.code, 250, "reply (%s)" % reply.text)
        t.sink.wait(rcpt)
        return False
    check(reply.text.startswith("550 5.7.1 "), "refused", reply)
    return True


def expect(t, *domains):
    """Checks that of the three domains only these are refused."""
    for domain in ("one.example", "two.example", "three.example"):
        equal(refused(t, domain), domain in domains, "refusal of " + domain)


RULE = 'rule "listed" {\n\tfrom-domain = %s\n\taction = reject\n}\n'


@scenario("reload: a rule's list from a file, changed, then bad")
def rule_list(t):
    """After an error in the list, the old one stays in use."""
    domains = List(t, "domains", "# domains to refuse", "one.example")
    control = with_control(t, extra=RULE % domains)
    expect(t, "one.example")
    domains.write("two.example", "# and", "three.example")
    expect(t, "one.example")  # without a reload nothing changes
    reloaded(t, control)
    expect(t, "two.example", "three.example")

    domains.write("one.example", "", "no domain")
    for args in (("--control", control), ("--config", t.daemon.config)):
        status, said = reload(t, *args)
        equal(status, 1, "status (%s)" % said)
        check("%s:3: " % domains.path in said and "no domain" in said,
              "file and line", said)
    expect(t, "two.example", "three.example")
    os.unlink(domains.path)
    status, said = reload(t, "--control", control)
    equal(status, 1, "status (%s)" % said)
    check(domains.path in said, "the file that is missing", said)
    expect(t, "two.example", "three.example")

    domains.write("one.example")
    reloaded(t, control)
    expect(t, "one.example")


def verdict(t):
    """Sends mail that fails p=reject: (code, log line, delivered)."""
    since = len(t.daemon.log_lines())
    reply, rcpt = t.send(mail("<a@reject.example>", subject="verdict"))
    line = t.daemon.wait_for_log(" client=" + FORGER_IP, since)
    return reply.code, line, t.sink.wait(rcpt) if reply.code == 250 else None


@scenario("reload: domains in monitor mode and trusted networks from files")
def network_list(t):
    """The same message gets three verdicts."""
    watched = List(t, "watched", "# nobody yet")
    trusted = List(t, "trusted", "127.0.0.0/8")
    control = with_control(t, {"monitor-domains": str(watched),
                               "trusted-networks": str(trusted)})
    equal(verdict(t)[0], 550, "code at first")
    watched.write(".example")
    reloaded(t, control)
    code, line, got = verdict(t)
    check(code == 250 and "would=reject" in line, "only watched", line)
    equal(result(got, "dmarc"), "fail", "dmarc")
    watched.write("")
    trusted.write("127.0.0.0/8", FORGER_IP + "  # ours now")
    reloaded(t, control)
    code, line, got = verdict(t)
    check(code == 250 and "rule=trusted-network" in line, "trusted", line)
    equal(own_results(got), [], "our fields")

    trusted.write("127.0.0.0/8", "192.0.2.300")
    status, said = reload(t, "--control", control)
    check(status == 1 and trusted.path + ":2: " in said, "file and line", said)
    check("rule=trusted-network" in verdict(t)[1], "still trusted")
    trusted.write("127.0.0.0/8")
    reloaded(t, control)
    equal(verdict(t)[0], 550, "code at last")


@scenario("reload: another public suffix list, another verdict")
def suffix_list(t):
    """The list says whether news.pass.example belongs to pass.example."""
    suffixes = List(t, "suffixes", "example")
    control = with_control(t, extra=(
        'dmarc {\n\tdiscovery = psl\n\tpublic-suffix-list = "%s"\n}\n' %
        suffixes.path))

    def sent():
        """Returns the code for a sender that needs relaxed alignment."""
        return t.send(mail("<a@news.pass.example>", subject="suffix"),
                      mail_from="<a@pass.example>", source=PASS_IP)[0].code

    equal(sent(), 250, "code when example is the suffix")
    suffixes.write("example", "pass.example")
    equal(sent(), 250, "code before the reload")
    reloaded(t, control)
    equal(sent(), 550, "code when pass.example is one as well")
    os.unlink(suffixes.path)
    status, said = reload(t, "--control", control)
    equal(status, 1, "status (%s)" % said)
    check(suffixes.path in said, "the file that is missing", said)
    equal(sent(), 550, "code after a reload that failed")
    suffixes.write("example")
    reloaded(t, control)
    equal(sent(), 250, "code when example is the only one again")


@scenario("reload while a message waits for the DNS: it keeps its list")
def in_flight(t):
    """Neither does the reload wait for the message, nor vice versa."""
    name = "_dmarc.%s.flight.example" % t.mta.name
    # the reload must end before the answer comes, on a busy machine, too
    t.dns.add(";! delay %s. 2200ms" % name)
    author = "<a@%s.flight.example>" % t.mta.name
    domains = List(t, "domains", ".flight.example")
    control = with_control(t, extra=RULE % domains,
                           dns={"query-timeout": '"2800ms"'})
    sending = Background(lambda: t.send(mail(author, subject="flight"))[0])
    check(t.dns.wait_for_query(name), "the message is being judged")
    domains.write("two.example")
    reloaded(t, control)
    check(sending.thread.is_alive(), "the message still waits")
    reply = sending.join()
    check(reply.text.startswith("550 5.7.1 "), "by the old list", reply)
    expect(t, "two.example")
    reply, _ = t.send(mail(author, subject="landed"))
    equal(reply.code, 250, "by the new list (%s)" % reply.text)


@scenario("reload between MAIL and DATA: the message keeps its list",
          only="sendmail")
def in_session(t):
    """Sendmail only: Postfix holds events back that need no answer."""
    domains = List(t, "domains", "one.example")
    control = with_control(t, extra=RULE % domains)
    message = mail("<a@one.example>", subject="in a session")
    with t.client() as client:
        equal(client.begin("<a@none.example>", t.rcpt()).code, 250, "RCPT")
        domains.write("two.example")
        reloaded(t, control)
        reply = client.data(message)
        check(reply.text.startswith("550 5.7.1 "), "by the old list", reply)
        reply, _ = t.send_on(client, message)
        equal(reply.code, 250, "by the new list (%s)" % reply.text)
