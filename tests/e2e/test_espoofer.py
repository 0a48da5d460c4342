# SPDX-License-Identifier: BSD-2-Clause
"""The cases of espoofer, sent raw through the MTA.

The data is not part of the repository: POSTERN_CONFORMANCE names its folder.
"""

import base64
import json
import os

import smtp
from harness import HERE, Skip, check, equal, own_results, scenario

FOLDER = os.environ.get("POSTERN_CONFORMANCE") or os.path.join(
    os.path.dirname(os.path.dirname(HERE)), "..", "shared", "conformance")
FORGED = "legitimate.example"


def load():
    """Returns the cases; None if they are not here."""
    path = os.path.join(FOLDER, "espoofer", "cases.json")
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def escaped(octets):
    """Returns octets as a master file spells them."""
    return "".join(c if c.isalnum() or c in "-_." else "\\%03d" % ord(c)
                   for c in octets)


def publish(t, data):
    """Adds the zone of the cases to the server, once."""
    if t.dns.zone.exists((b"legitimate", b"example")):
        return
    for name, types in data["zone"].items():
        for kind, values in types.items():
            for value in values:
                parts = [value[i:i + 250] for i in range(0, len(value), 250)]
                if kind == "TXT":
                    value = " ".join('"%s"' % x for x in parts)
                t.dns.add("%s. %s %s" % (escaped(name), kind, value))


def play(t, data, case):
    """Plays a case: it is refused, or arrives without a pass."""
    envelope = case["envelope"]
    rcpt = t.rcpt()
    with t.client(data["client_ip"], None) as client:
        client.ehlo(envelope["helo"])
        reply = client.command(b"MAIL FROM:" +
                               envelope["mail_from"].encode("latin-1"))
        if reply.code == 250:
            reply = client.command("RCPT TO:<%s>" % rcpt)
        if reply.code == 250:
            reply = client.data(base64.b64decode(case["message_base64"]))
    if reply.code != 250:
        check(500 <= reply.code < 600, "refused permanently", reply)
        return "refused"
    values = own_results(t.sink.wait(rcpt))
    equal(len(values), 1, "number of our fields")
    words = values[0].lower().split(";")
    passes = [x for x in words if x.strip().startswith("dmarc=pass")]
    check(not passes, "no dmarc=pass", values)
    check("dmarc=" in values[0], "there is a dmarc result", values)
    return "delivered"


def every_case(t):
    """Plays all cases; the failure lists every one that went wrong."""
    data = load()
    if data is None:
        raise Skip("there is no " + FOLDER)
    publish(t, data)
    cases = data["cases"]
    equal(len(cases), 22, "number of cases")
    wrong, ends = [], {}
    for case in cases:
        try:
            ends[case["id"]] = play(t, data, case)
        except (AssertionError, smtp.Dropped) as why:
            wrong.append("%s: %s" % (case["id"], why))
    check(not wrong, "\n" + "\n".join(wrong))
    return ends


@scenario("espoofer: 22 cases, none passes, policy enforced")
def enforced(t):
    """R-SEC-1: with the default policies all of them are refused."""
    ends = every_case(t)
    delivered = sorted(x for x, end in ends.items() if end == "delivered")
    check(not delivered, "all are refused", delivered)


@scenario("espoofer: 22 cases, none passes, monitor mode",
          top={"mode": "monitor"})
def monitored(t):
    """The result field must be right on its own, too."""
    every_case(t)
