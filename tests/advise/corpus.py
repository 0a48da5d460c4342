# SPDX-License-Identifier: BSD-2-Clause
"""Aggregate reports about domains whose senders are known: for run-advise.

Each domain says what is true of its sources and what advice is right. All of it
is the same in each run.
"""

import calendar

NOW = calendar.timegm((2026, 11, 30, 12, 0, 0))
DAY = 86400
TODAY = NOW - NOW % DAY
ALL = ("alpha.example", "beta.example", "gamma.example")
MONTH = tuple(range(1, 29))
DOMAINS = []


class Flow:
    """Mail from one source, as some receivers report it."""

    def __init__(self, ip, dkim=False, spf=False, days=MONTH, count=20,
                 auth=(), reasons=(), receivers=ALL, from_=None):
        self.ip, self.dkim, self.spf, self.days = ip, dkim, spf, days
        self.count, self.auth, self.reasons = count, auth, reasons
        self.receivers, self.from_ = receivers, from_


class Domain:
    """A domain with its records, its mail, and the truth."""

    def __init__(self, name, zone, flows, verdict, judged=(), anomalies=(),
                 marks=(), dmarc="v=DMARC1; p=none; rua=mailto:d@{0}",
                 breaks=()):
        self.name, self.flows, self.verdict = name, flows, verdict
        self.judged, self.anomalies = dict(judged), set(anomalies)
        self.marks = marks
        self.breaks = breaks  # genuine sources that a stricter policy breaks
        lines = [line.strip() for line in zone.format(name).splitlines()]
        if dmarc:
            lines.append('_dmarc.%s. TXT "%s"' % (name, dmarc.format(name)))
        self.zone = "\n".join(lines)
        DOMAINS.append(self)


def own(ip, **more):
    """A host of one's own: SPF and DKIM pass."""
    return Flow(ip, dkim=True, spf=True, **more)


def spf(nets):
    return '{0}. TXT "v=spf1 %s -all"' % nets


def crowd(first, size, **more):
    """Hosts that were broken into: each for one or two days."""
    return [Flow("203.0.%d.%d" % (first + i % 10, 1 + i * 3 % 250), count=3,
                 days=(i * 7 % 28 + 1,),
                 receivers=(ALL[i % 3],), **more) for i in range(size)]


PROVIDER = (("dkim", "provider.example"), ("spf", "bounce.provider.example"))
QUARANTINE = "v=DMARC1; p=quarantine; rua=mailto:d@{0}"
REJECT = "v=DMARC1; p=reject; rua=mailto:d@{0}"

Domain("own.example", spf("ip4:192.0.2.1"), [own("192.0.2.1")], "safe",
       {"192.0.2.1": "aligned"})
Domain("own6.example", spf("ip6:2001:db8:1::/48"),
       [own("2001:db8:1::25"), own("2001:db8:1:7::26")], "safe",
       {"2001:db8:1::25": "aligned"})
Domain("second.example", spf("ip4:192.0.2.2"), [own("192.0.2.2")], "safe",
       dmarc=QUARANTINE)
Domain("ready.example", spf("ip4:192.0.2.3"), [own("192.0.2.3")], "done",
       dmarc=REJECT)
Domain("tested.example", spf("ip4:192.0.2.4"), [own("192.0.2.4")], "safe",
       dmarc="v=DMARC1; p=reject; rua=mailto:d@{0}; t=y")
Domain("hosted.example", spf("include:_spf.provider.example"),
       [own("198.51.100.%d" % n, auth=PROVIDER) for n in range(1, 8)],
       "safe", {"198.51.100.0/24": "aligned"})
Domain("unaligned.example",
       spf("ip4:192.0.2.5 include:_spf.provider.example"),
       [own("192.0.2.5"), Flow("198.51.100.9", auth=PROVIDER)], "in-the-way",
       {"198.51.100.9": "broken", "192.0.2.5": "aligned"},
       breaks=["198.51.100.9"])
Domain("weekly.example",
       spf("ip4:192.0.2.6 include:_spf.provider.example"),
       [own("192.0.2.6"),
        Flow("198.51.100.10", auth=PROVIDER, days=(3, 17), count=300)],
       "in-the-way", {"198.51.100.10": "broken"}, breaks=["198.51.100.10"])
Domain("shadow.example", spf("ip4:192.0.2.7"),
       [own("192.0.2.7"),
        Flow("198.51.101.9", auth=(("dkim", "crm.example"),),
             days=(2, 9, 16, 23))],
       "in-the-way", {"198.51.101.9": "unclear"}, breaks=["198.51.101.9"])
Domain("pool.example", spf("ip4:192.0.2.8"),
       [own("192.0.2.8")] +
       [Flow("198.51.%d.7" % (110 + n), auth=(("dkim", "many.example"),),
             days=(n + 2,), receivers=(ALL[n % 3],)) for n in range(12)],
       "in-the-way", {"198.51.112.7": "unclear"}, breaks=["198.51.112.7"])
Domain("signed.example", spf("ip4:192.0.2.9"),
       [own("192.0.2.9"), Flow("198.51.102.9", dkim=True)], "safe",
       {"198.51.102.9": "unclear"})
Domain("key.example",
       spf("ip4:192.0.2.10") + "\nhost.{0}. A 192.0.3.10\n"
       "10.3.0.192.in-addr.arpa. PTR host.{0}.",
       [own("192.0.2.10"), Flow("192.0.3.10", dkim=True, days=MONTH[9:]),
        Flow("192.0.3.10", days=MONTH[:9])], "in-the-way",
       {"192.0.3.10": "broken"}, [("fall", "192.0.3.10")],
       breaks=["192.0.3.10"])
Domain("mx.example",
       spf("ip4:192.0.2.11") + "\n{0}. MX 10 mx.{0}.\nmx.{0}. A 192.0.4.1",
       [own("192.0.2.11"), Flow("192.0.4.1", days=(4, 5, 6))], "in-the-way",
       {"192.0.4.1": "broken"}, breaks=["192.0.4.1"])
Domain("cron.example", spf("ip4:192.0.5.1"),
       [own("192.0.5.1"), Flow("192.0.5.77", days=(7, 14), count=1)],
       "in-the-way", {"192.0.5.77": "unclear"}, breaks=["192.0.5.77"])
for number in (1, 2):
    Domain("forwarded%d.example" % number, spf("ip4:192.0.6.%d" % number),
           [own("192.0.6.%d" % number),
            Flow("203.0.113.5", dkim=True, count=4),
            Flow("203.0.113.5", count=1, days=(5, 10, 15))], "safe",
           {"203.0.113.5": "forwarder"})
Domain("list.example", spf("ip4:192.0.2.12"),
       [own("192.0.2.12"),
        Flow("203.0.113.6", auth=(("spf", "lists.example"),),
             reasons=("mailing_list",))], "safe",
       {"203.0.113.6": "forwarder"})
Domain("crowd.example", spf("ip4:192.0.2.13"),
       [own("192.0.2.13")] + crowd(20, 90), "safe",
       {"192.0.2.13": "aligned", "203.0.20.1": "forgery"})
Domain("patient.example", spf("ip4:192.0.2.14"),
       [own("192.0.2.14"), Flow("203.0.113.66", days=MONTH[::2], count=2)],
       "in-the-way", {"203.0.113.66": "unclear"})
Domain("marked.example", spf("ip4:192.0.2.15"),
       [own("192.0.2.15"), Flow("203.0.113.66", days=MONTH[::2], count=2)],
       "in-the-way", {"203.0.113.66": "unclear"})
Domain("mine.example", spf("ip4:192.0.2.16"),
       [own("192.0.2.16"), Flow("203.0.113.7", days=(8,), count=1)],
       "in-the-way", {"203.0.113.7": "broken"},
       marks=[("203.0.113.7", "--mine")], breaks=["203.0.113.7"])
Domain("lies.example", spf("ip4:192.0.2.17"),
       [own("192.0.2.17"),
        Flow("203.0.113.80", dkim=True, spf=True, count=1000000,
             receivers=("liar.example",), auth=(("dkim", "lies.example"),)),
        Flow("192.0.2.17", receivers=("other-liar.example",), days=(3, 4),
             count=1000000),
        Flow("203.0.113.81", receivers=("liar.example",), count=9)], "safe",
       {"203.0.113.80": "unclear", "192.0.2.17": "aligned",
        "203.0.113.81": "forgery"})
Domain("diluted.example",
       spf("ip4:192.0.2.18 include:_spf.provider.example"),
       [own("192.0.2.18"), Flow("198.51.100.20", auth=PROVIDER),
        Flow("198.51.100.20", dkim=True, spf=True, count=900000000,
             receivers=("liar.example", "liar2.example", "liar3.example"))],
       "in-the-way", {"198.51.100.20": "broken"}, breaks=["198.51.100.20"])
Domain("covered.example", spf("ip4:192.0.2.19"),
       [own("192.0.2.19"),
        Flow("198.51.103.20", auth=(("dkim", "crm.example"),), days=MONTH),
        Flow("198.51.103.20", dkim=True, reasons=("forwarded",), count=90000,
             receivers=("liar.example", "liar2.example", "liar3.example"))],
       "in-the-way", {"198.51.103.20": "unclear"}, breaks=["198.51.103.20"])
Domain("silent.example", '{0}. TXT "v=spf1 -all"\n{0}. MX 0 .',
       crowd(40, 20), "safe")
Domain("parked.example", '{0}. TXT "v=spf1 -all"\n{0}. MX 0 .', [], "safe")
Domain("quiet.example", spf("ip4:192.0.2.20"),
       [own("192.0.2.20", count=1, receivers=ALL[:2], days=MONTH[:20])],
       "too-little", {"192.0.2.20": "aligned"})
Domain("bare.example", spf("ip4:192.0.2.21"), [own("192.0.2.21")],
       "no-record", dmarc=None)
Domain("norua.example", spf("ip4:192.0.2.22"), [own("192.0.2.22")], "safe",
       dmarc="v=DMARC1; p=none")
Domain("twice.example",
       spf("ip4:192.0.2.23") + '\n_dmarc.{0}. TXT "v=DMARC1; p=reject"',
       [own("192.0.2.23")], "not-usable")
Domain("badspf.example", '{0}. TXT "v=spf1 ip5:192.0.2.24 -all"',
       [own("192.0.2.24")], "in-the-way")
Domain("below.example",
       spf("ip4:192.0.2.25") +
       '\nnews.{0}. TXT "v=spf1 ip4:192.0.7.1 -all"',
       [own("192.0.2.25"), own("192.0.7.1", from_="news.below.example")],
       "safe", {"192.0.7.1": "aligned"})
Domain("servfail.example", ";! servfail {0}", [own("192.0.2.26")],
       "not-known")
Domain("alone.example", spf("ip4:192.0.2.27"),
       [own("192.0.2.27", receivers=ALL[:1])], "too-little")
Domain("young.example", spf("ip4:192.0.2.28"),
       [own("192.0.2.28", days=MONTH[:9])], "too-little")
Domain("novelty.example", spf("ip4:192.0.2.29 ip4:192.0.8.1"),
       [own("192.0.2.29"), own("192.0.8.1", days=(1,))], "safe",
       anomalies=[("new-source", "192.0.8.1")])
Domain("intruder.example", spf("ip4:192.0.2.30"),
       [own("192.0.2.30"), Flow("203.0.113.90", days=(1,), count=40)], "safe",
       anomalies=[("new-source", "203.0.113.90")])
Domain("jump.example", spf("ip4:192.0.2.31"),
       [own("192.0.2.31", days=MONTH[1:]),
        own("192.0.2.31", days=(1,), count=400)], "safe",
       anomalies=[("jump", "192.0.2.31")])
Domain("fall.example", spf("ip4:192.0.2.32"),
       [own("192.0.2.32", days=MONTH[1:]),
        Flow("192.0.2.32", days=(1,), auth=PROVIDER)], "safe",
       anomalies=[("fall", "192.0.2.32")])
Domain("wave.example", spf("ip4:192.0.2.33"),
       [own("192.0.2.33")] + crowd(60, 60) +
       [Flow("203.0.%d.9" % (70 + n), days=(1,), count=9) for n in range(60)],
       "safe", anomalies=[("jump", "")])

COMMON = """_spf.provider.example. TXT "v=spf1 ip4:198.51.100.0/24 -all"
"""


def zone():
    """Returns the zone file of all domains."""
    return COMMON + "\n".join(domain.zone for domain in DOMAINS) + "\n"


def row_text(domain, flow, count):
    name = flow.from_ or domain.name
    word = {True: "pass", False: "fail"}
    auths = list(flow.auth)
    if flow.dkim:
        auths.append(("dkim", name))
    if flow.spf:
        auths.append(("spf", name))
    results = "".join("<%s><domain>%s</domain><result>pass</result></%s>" %
                      (kind, who, kind) for kind, who in auths)
    reasons = "".join("<reason><type>%s</type></reason>" % reason
                      for reason in flow.reasons)
    return ("<record><row><source_ip>%s</source_ip><count>%d</count>"
            "<policy_evaluated><disposition>none</disposition><dkim>%s</dkim>"
            "<spf>%s</spf>%s</policy_evaluated></row><identifiers>"
            "<header_from>%s</header_from></identifiers><auth_results>%s"
            "</auth_results></record>" %
            (flow.ip, count, word[flow.dkim], word[flow.spf], reasons, name,
             results))


def reports():
    """Returns the reports: names of files and their text."""
    out = {}
    for domain in DOMAINS:
        rows = {}
        for flow in domain.flows:
            for receiver in flow.receivers:
                for back in flow.days:
                    # a little more or less each day
                    vary = flow.count * (back * 7 % 5) // 20
                    rows.setdefault((receiver, back), []).append(
                        row_text(domain, flow, flow.count + vary))
        for (receiver, back), texts in sorted(rows.items()):
            begin = TODAY - back * DAY
            out["%s!%s!%d.xml" % (receiver, domain.name, begin)] = (
                "<feedback><report_metadata><org_name>%s</org_name>"
                "<email>r@%s</email><report_id>%s.%d</report_id><date_range>"
                "<begin>%d</begin><end>%d</end></date_range>"
                "</report_metadata><policy_published><domain>%s</domain>"
                "<p>none</p></policy_published>%s</feedback>" %
                (receiver, receiver, domain.name, begin, begin,
                 begin + DAY - 1, domain.name, "".join(texts)))
    return out
