# SPDX-License-Identifier: BSD-2-Clause
"""Sessions that cannot be served: 4xx, whatever the MTA does without a filter
(R-MTA-17)."""

from harness import FORGER_IP, equal, lab, mail, scenario
from postfix import ACCEPTING
import smtp

SESSIONS = 5


def forged(t, port):
    """Sends a forged message in a new session; returns the first reply that is
    not positive, or the last one."""
    with smtp.Client(lab.MTA_4, FORGER_IP, port) as client:
        if client.greeting.code != 220:
            return client.greeting
        client.ehlo("client.example")
        reply = client.begin("<ceo@reject.example>", t.rcpt())
        if reply.code != 250:
            return reply
        return client.data(mail("<ceo@reject.example>", subject="forged"))


def refuses(t, port):
    """One session is open, and another one may not be."""
    since = len(t.daemon.log_lines())
    with t.client():
        for _ in range(SESSIONS):
            reply = forged(t, port)
            equal(reply.code // 100, 4, "reply (%s)" % reply.text)
    # The MTA ends its milter session when it notices that the client has left.
    lab.wait_until(lambda: forged(t, port).code == 550, "a session that is "
                   "served")
    equal(sum("max-sessions are open" in line
              for line in t.daemon.log_lines()[since:]), 1, "lines of the log")


@scenario("over max-sessions: 4xx", top={"max-sessions": "1"})
def over_max_sessions(t):
    """Both MTAs refuse the SMTP session for now."""
    refuses(t, 25)


@scenario("over max-sessions: 4xx, also with milter_default_action = accept",
          only="postfix", top={"max-sessions": "1"})
def over_max_sessions_accepting(t):
    """A session that fails would be accepted without a check."""
    refuses(t, ACCEPTING)
    # That it would, if the filter were away:
    t.daemon.kill()
    equal(forged(t, ACCEPTING).code, 250, "reply without the filter")
