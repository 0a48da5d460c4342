# SPDX-License-Identifier: BSD-2-Clause
"""Recipients whose modes differ, with clients that try again."""

import email.utils
import re

import lab
import outgoing
import smtp
from harness import check, equal, mail, scenario

WATCH, STRICT = "%s@watch.rcpt.example", "%s@strict.rcpt.example"
AUTHOR = "author-%s@rcpt.example"
LISTS = {"mode": "monitor", "enforce-recipients": '{"strict.rcpt.example"}'}
SPLIT = dict(LISTS, **{"mixed-recipients": "split"})
MARK = "X-DMARC-Verdict"


def fresh(author, subject):
    """Returns a message of today."""
    return re.sub("(?m)^Date: .*$", "Date: " + email.utils.formatdate(),
                  mail(author, subject=subject))


def arrived(t, rcpt):
    """Returns what the sink has got for a recipient."""
    with t.sink.lock:
        return [x for x in t.sink.messages if rcpt in x.rcpts]


def offer(t, rcpts, message):
    """One attempt of a client: the replies to RCPT, and the final one."""
    with t.client() as client:
        equal(client.command("MAIL FROM:<someone@none.example>").code, 250,
              "reply to MAIL")
        codes = [client.command("RCPT TO:<%s>" % x).code for x in rcpts]
        return codes, client.data(message)


@scenario("strictest: a mixed message is refused for all", top=LISTS)
def strictest(t):
    """R-MTA-18."""
    rcpts = [WATCH % (t.mta.name + "s"), STRICT % (t.mta.name + "s")]
    codes, reply = offer(t, rcpts, fresh("<a@reject.example>", "strictest"))
    equal((codes, reply.code), ([250, 250], 550), "replies")
    t.daemon.wait_for_log("mixed=strictest")
    codes, reply = offer(t, rcpts[:1], fresh("<a@reject.example>", "watched"))
    equal((codes, reply.code), ([250], 250), "replies to the one who watches")
    equal(len(t.sink.wait(rcpts[0]).values(MARK)), 0, "marks")


@scenario("split: each part in its own mode, also after a restart",
          top=SPLIT)
def replies(t):
    """R-MTA-19: what is forgotten is put off once more."""
    rcpts = [WATCH % (t.mta.name + "r"), STRICT % (t.mta.name + "r")]
    message = fresh("<a@reject.example>", "replies" + t.mta.name)
    equal(offer(t, rcpts, message)[1].code, 451, "first attempt")
    t.daemon.stop()
    t.daemon.start()
    codes, reply = offer(t, rcpts, message)
    equal((codes, reply.code), ([250, 250], 451), "after a restart")
    check("two parts" in reply.text, "the reply says why", reply)
    codes, reply = offer(t, rcpts, message)
    equal((codes, reply.code), ([250, 451], 250), "the one who watches")
    codes, reply = offer(t, rcpts[1:], message)
    equal((codes, reply.code), ([250], 550), "the one who enforces")
    t.daemon.wait_for_log("mixed=split")
    t.sink.wait(rcpts[0])
    equal([len(arrived(t, x)) for x in rcpts], [1, 0], "deliveries")


def deliver(t, sender, author, name):
    """Has a real MTA send a message to two of each kind, until it is done."""
    rcpts = [x % (name + n) for n in ("1", "2") for x in (WATCH, STRICT)]
    with smtp.Client(outgoing.ADDRESS, "127.0.0.1") as client:
        client.ehlo("user.client.example")
        equal(client.begin("<%s>" % (AUTHOR % name), *rcpts).code, 250,
              "RCPT at the sender")
        equal(client.data(fresh(author, name)).code, 250, "DATA at the sender")

    def done():
        sender.retry()
        return not [x for x in sender.queued() if name in octets(x)]

    def octets(path):
        try:
            with open(path, encoding="latin-1") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    lab.wait_until(done, "the sender to finish", 30.0, 0.5)
    return rcpts


@scenario("split: a real MTA delivers each part once", top=SPLIT)
def real_senders(t):
    """R-MTA-19: tagged for the ones, unchanged for the others, lost for none;
    a refusal reaches the ones only."""
    since = len(t.daemon.log_lines())
    for sender in outgoing.senders(t.lab, t.mta.name):
        name = "%s%s" % (sender.name, t.mta.name)
        sender.start()
        try:
            lab.wait_until(outgoing.greets, "the sender", 20.0, 0.05)
            rcpts = deliver(t, sender, "<a@quarantine.example>", name + "q")
            for rcpt in rcpts:
                got = t.sink.wait(rcpt)
                equal(got.values(MARK), ["quarantine"] if "strict" in rcpt else [],
                      "mark of " + rcpt)
            equal([len(arrived(t, x)) for x in rcpts], [1] * 4, "deliveries")
            rcpts = deliver(t, sender, "<a@reject.example>", name + "r")
            for rcpt in rcpts:
                if "watch" in rcpt:
                    t.sink.wait(rcpt)
            equal([len(arrived(t, x)) for x in rcpts], [1, 0, 1, 0],
                  "deliveries")
            bounce = t.sink.wait(AUTHOR % (name + "r"))
            told = re.findall(rb"(?mi)^Final-Recipient:.*@(\w+)\.rcpt",
                              bounce.octets)
            equal(told, [b"strict"] * 2, "recipients in the bounce")
        except AssertionError as why:
            raise AssertionError("%s; the sender: %s" % (
                why, sender.log()[-3000:])) from why
        finally:
            sender.stop()
        lab.wait_until(lambda: not outgoing.greets(), "the sender's end")
    t.daemon.wait_for_log("is told to come later")
    equal([x for x in t.daemon.log_lines()[since:] if "mixed=strictest" in x],
          [], "messages that were not split")
