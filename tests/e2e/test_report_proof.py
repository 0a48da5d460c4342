# SPDX-License-Identifier: BSD-2-Clause
"""The whole path of a report: mail is judged, counted and reported, and the
report is read by others and by us, with the same numbers at both ends."""

import collections
import email
import gzip
import json
import os
import shutil
import subprocess
import time
import xml.etree.ElementTree as ET

from harness import (FORGER_IP, PASS_IP, PASS_IP6, RCPT_DOMAIN, check, equal,
                     mail, scenario)

MESSAGES = 200
GATEWAY = "dmarc@gateway.example"
NAMESPACE = "{urn:ietf:params:xml:ns:dmarc-2.0}"
# Policy by domain; the report address of the last one has not consented.
DOMAINS = {"alpha.example": "reject", "beta.example": "quarantine",
           "gamma.example": "none", "delta.example": "reject"}
FAILURES = 3
REPORTS = """reports {
	from = "%s"
	org-name = "The Gateway"
	relay = "smtp://127.0.0.1:25"
	relay-tls = no
}
store { path = "%s" }
"""


def publish(t):
    """Publishes policies, senders, and consent to receive reports."""
    for domain, policy in DOMAINS.items():
        t.dns.add('%s. TXT "v=spf1 ip4:%s ip6:2001:db8:1::/48 -all"' %
                  (domain, PASS_IP))
        t.dns.add('_dmarc.%s. TXT "v=DMARC1; p=%s; rua=mailto:%s"' %
                  (domain, policy, address(domain)))
        if domain != "delta.example":
            t.dns.add('%s._report._dmarc.%s. TXT "v=DMARC1"' %
                      (domain, RCPT_DOMAIN))


def address(domain):
    """Returns the address for the reports about a domain."""
    return "%s@%s" % (domain.split(".")[0], RCPT_DOMAIN)


def disposition(domain, passes):
    """Returns the name in RFC 9990 of what posternd does."""
    policy = DOMAINS[domain]
    if not passes:
        return policy
    return "none" if policy == "none" else "pass"


def play(t):
    """Sends the messages; counts them by (domain, source, action, spf)."""
    counts = collections.Counter()
    sources = [PASS_IP, FORGER_IP] + ([PASS_IP6] if t.lab.ipv6 else [])
    domains = sorted(DOMAINS)
    for at, source in enumerate(sources):
        with t.client(source) as client:
            for i in range(at, MESSAGES, len(sources)):
                domain = domains[i // len(sources) % len(domains)]
                passes = source != FORGER_IP
                action = disposition(domain, passes)
                reply, _ = t.send_on(
                    client, mail("<a@%s>" % domain, subject="proof %d" % i),
                    "<a@%s>" % domain)
                equal(reply.code, 550 if action == "reject" else 250,
                      "reply (%s)" % reply.text)
                counts[domain, source, action,
                       "pass" if passes else "fail"] += 1
    equal(sum(counts.values()), MESSAGES, "messages played")
    return counts


def run_postern(t, *args):
    """Runs postern: (status, standard output, standard error)."""
    program = os.path.join(os.path.dirname(t.daemon.program), "postern")
    done = subprocess.run([program] + list(args), capture_output=True,
                          text=True, check=False, timeout=40)
    return done.returncode, done.stdout, done.stderr


def attachment(delivered):
    """Extracts the report, as XML, with Python's own library."""
    message = email.message_from_bytes(delivered.octets)
    parts = [x for x in message.walk()
             if x.get_content_type() == "application/gzip"]
    equal(len(parts), 1, "attachments")
    return gzip.decompress(parts[0].get_payload(decode=True))


def counts_in(xml):
    """Counts the rows of a report with a parser that is not ours."""
    root = ET.fromstring(xml)
    domain = root.findtext("%spolicy_published/%sdomain" %
                           (NAMESPACE, NAMESPACE))
    counts = collections.Counter()
    for record in root.iter(NAMESPACE + "record"):
        row = record.find(NAMESPACE + "row")
        judged = row.find(NAMESPACE + "policy_evaluated")
        counts[domain, row.findtext(NAMESPACE + "source_ip"),
               judged.findtext(NAMESPACE + "disposition"),
               judged.findtext(NAMESPACE + "spf")] += int(
                   row.findtext(NAMESPACE + "count"))
    return counts


def counts_by_postern(t, path):
    """Counts the rows of a report with `postern report read`."""
    status, out, err = run_postern(t, "report", "read", "--json", path)
    equal(status, 0, "status of report read (%s)" % err)
    report = json.loads(out.splitlines()[0])
    counts = collections.Counter()
    for row in report["records"]:
        counts[report["domain"], row["source_ip"],
               row["disposition"], row["spf"]] += row["count"]
    return counts


def validate(t, name, xml):
    """Validates a report against RFC 9990's schema, if that is here."""
    schema = os.path.join(os.environ.get("POSTERN_CONFORMANCE", ""),
                          "dmarc/schema/rfc9990-appendix-a.xsd")
    if not shutil.which("xmllint") or not os.path.exists(schema):
        print("# the schema of RFC 9990 or xmllint is missing", flush=True)
        return
    path = t.lab.write(name, xml.decode("utf-8"))
    done = subprocess.run(
        ["xmllint", "--noout", "--nonet", "--schema", schema, path],
        capture_output=True, text=True, check=False)
    equal(done.returncode, 0, "xmllint (%s)" % done.stderr)


def restart(t, extra):
    """Restarts the daemon with reports and a new store."""
    store = t.lab.path(t.daemon.name, "%s.db" % extra.count("\n"))
    t.daemon.stop()
    t.daemon.write_config(extra=REPORTS % (GATEWAY, store) + extra)
    t.daemon.start()


@scenario("200 mixed messages come back as reports, with the same counts",
          only="postfix")
def proof(t):
    """Mail is sent, counted and reported; reports are delivered and read."""
    publish(t)
    restart(t, "")
    played = play(t)

    tomorrow = str(int(time.time()) + 86400)
    send = ("report", "send", "--config", t.daemon.config, "--now", tomorrow)
    status, out, err = run_postern(t, *send)
    equal(status, 0, "status of report send (%s%s)" % (out, err))
    read, ours = collections.Counter(), collections.Counter()
    for domain in sorted(DOMAINS):
        if domain == "delta.example":
            continue
        got = t.sink.wait(address(domain))
        check(got.values("Subject")[0].startswith(
            "Report Domain: %s Submitter: gateway.example Report-ID: " %
            domain), "subject", got.values("Subject"))
        equal(got.values("From"), ["<%s>" % GATEWAY], "From")
        xml = attachment(got)
        validate(t, domain + ".xml", xml)
        read += counts_in(xml)
        path = t.lab.path(domain + ".eml")
        with open(path, "wb") as file:
            file.write(got.octets)
        ours += counts_by_postern(t, path)
    # Without consent no report is sent, whatever was counted.
    check(not t.sink.has(address("delta.example")), "no report to delta")
    wanted = collections.Counter(
        {k: n for k, n in played.items() if k[0] != "delta.example"})
    equal(dict(read), dict(wanted), "counts by another parser")
    equal(dict(ours), dict(wanted), "counts by postern report read")

    # No address gets a second report.
    before = len(t.sink.messages)
    status, out, err = run_postern(t, *send)
    equal(status, 0, "status of another run (%s%s)" % (out, err))
    equal(len(t.sink.messages), before, "messages after another run")


@scenario("failure reports: merged, redacted, sent only with consent",
          only="postfix")
def failures(t):
    """They do not disclose who wrote to whom, or about what."""
    t.dns.add('omega.example. TXT "v=spf1 ip4:%s -all"' % PASS_IP)
    t.dns.add('_dmarc.omega.example. TXT "v=DMARC1; p=reject; '
              'ruf=mailto:%s"' % address("omega.example"))
    t.dns.add('omega.example._report._dmarc.%s. TXT "v=DMARC1"' % RCPT_DOMAIN)
    restart(t, 'failure-reports { domains = {"omega.example"} }\n')
    for i in range(FAILURES):
        reply, _ = t.send(
            mail("Eve <eve.%d@omega.example>" % i, subject="confidential"),
            "<eve.%d@omega.example>" % i, source=FORGER_IP)
        equal(reply.code, 550, "reply (%s)" % reply.text)

    status, out, err = run_postern(
        t, "report", "send", "--config", t.daemon.config)
    equal(status, 0, "status of report send (%s%s)" % (out, err))
    got = t.sink.wait(address("omega.example"))
    message = email.message_from_bytes(got.octets)
    equal(message.get_content_type(), "multipart/report", "type")
    equal(message.get_param("report-type"), "feedback-report", "report-type")
    equal([x.get_content_type() for x in message.get_payload()],
          ["text/plain", "message/feedback-report", "text/rfc822-headers"],
          "parts")
    fields = message.get_payload()[1].get_payload()[0]
    equal(fields["Feedback-Type"], "auth-failure", "Feedback-Type")
    equal(fields["Auth-Failure"], "dmarc", "Auth-Failure")
    equal(fields["Incidents"], str(FAILURES), "Incidents")
    equal(fields["Source-IP"], FORGER_IP, "Source-IP")
    equal(fields["Reported-Domain"], "omega.example", "Reported-Domain")
    equal(fields["Delivery-Result"], "reject", "Delivery-Result")
    for secret in (b"Subject: conf", b"eve.", b"you@", b"Hello"):
        check(secret not in got.octets, "a secret in the report", secret)
    path = t.lab.path("failure.eml")
    with open(path, "wb") as file:
        file.write(got.octets)
    status, out, err = run_postern(t, "report", "read", "--json", path)
    equal(status, 0, "status of report read (%s)" % err)
    equal(json.loads(out.splitlines()[0])["kind"], "failure", "kind")
