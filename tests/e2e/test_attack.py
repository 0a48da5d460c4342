# SPDX-License-Identifier: BSD-2-Clause
"""Mail that tries to switch enforcement off for other mail (R-SEC-9).

POSTERN_ATTACK_SECONDS is how long the flood lasts, POSTERN_ATTACK_CLIENTS from how
many clients it comes. What was played is printed. A scenario may take 45 s in
all (harness.py).
"""

import os
import sys
import threading
import time

import smtp
from harness import FORGER_IP, PASS_IP, check, equal, mail, scenario

SECONDS = float(os.environ.get("POSTERN_ATTACK_SECONDS", 6))
CLIENTS = int(os.environ.get("POSTERN_ATTACK_CLIENTS", 24))
NAMES = 16 * CLIENTS


def silent_zone():
    """Names whose servers do not answer."""
    lines = []
    for i in range(NAMES):
        for prefix in ("", "_dmarc.", "s1._domainkey."):
            lines.append(";! timeout %sd%d.silent.example." % (prefix, i))
    return "\n".join(lines) + "\n"


def flood(t, number, until, played):
    """One client that sends message after message, each with new names."""
    message = ("DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; "
               "d=d%d.silent.example; s=s1; h=from; bh=AAAA; b=AAAA\n")
    while time.monotonic() < until:
        at = number * 16 + played[number] % 16
        try:
            with t.client("192.0.2.%d" % (100 + number),
                          "d%d.silent.example" % at) as client:
                t.send_on(client, message % at + mail(
                    "<x@d%d.silent.example>" % at, subject="flood"),
                          "<x@d%d.silent.example>" % at)
        except (OSError, smtp.Dropped, AssertionError):
            pass  # Postfix may be busy; what counts are the probes
        played[number] += 1


@scenario("a flood of silent names does not let a forged message through")
def flooded(t):
    """R-DMARC-40, R-SEC-9."""
    t.dns.add(silent_zone())
    until = time.monotonic() + SECONDS
    played = [0] * CLIENTS
    clients = [threading.Thread(target=flood, args=(t, i, until, played))
               for i in range(CLIENTS)]
    for client in clients:
        client.start()
    forged = genuine = 0
    times = []
    while time.monotonic() < until:
        reply, _ = t.send(mail("<ceo@reject.example>", subject="forged"),
                          source=FORGER_IP)
        check(reply.code in (451, 550), "refused or deferred", reply)
        forged += reply.code == 550
        begun = time.monotonic()
        reply, _ = t.send(mail("<a@pass.example>", subject="genuine"),
                          "<a@pass.example>", PASS_IP)
        times.append(time.monotonic() - begun)
        equal(reply.code, 250, "reply to genuine mail (%s)" % reply.text)
        genuine += 1
        time.sleep(0.3)
    for client in clients:
        client.join()
    print("# %d messages in %.0f s; %d of %d forged refused, the others "
          "deferred; genuine: %d accepted, at most %.2f s" % (
              sum(played), SECONDS, forged, len(times), genuine, max(times)),
          file=sys.stderr)
    check(sum(played) >= CLIENTS, "messages of the flood", played)
    check(genuine > 2 and forged > 0, "probes", genuine, forged)
