# SPDX-License-Identifier: BSD-2-Clause
"""Accounts for every message: answer, log line, delivery, row, verdict."""

import collections
import re

NAME = re.compile(r"mail-from=<(m\d+)@|helo=(m\d+)\.client\.example")
WORD = re.compile(r" (spf|dkim|dmarc|action)=(\S+)")
DEATH = re.compile(r"(?:worker|keeper|process) (\d+) (was killed by signal \d+"
                   r"|ended with status \d+)")
LOST = re.compile(r"(\d+) lines of this log were lost")
DROPPED = re.compile(r"(\d+) did not fit and are lost")
SANITIZER = re.compile(r"(?:Thread|Address|Leak)Sanitizer: (?!SEGV|ABRT|nested)"
                       r"|runtime error: ")
ENDS = ("worker-killed", "worker-lost", "keeper-killed", "supervisor-killed",
        "restart")
# What stops for a while; the machine itself may be a guest that is paused.
STOPPED = ("worker-stopped", "worker-hung", "machine-paused")
DNS = ("dns-silent", "dns-away") + STOPPED
STORE = ("store-locked", "disk-full")
AFTER_DNS_S = 4.0    # queries to the dead resolver end
AFTER_STORE_S = 15.0  # rows that waited are written
SLACK_S = 2.0        # a line is written soon after the answer
WORSE = {"accept": ("accept", "tag", "tempfail"),
         "tag": ("tag", "tempfail", "reject"), "tempfail": ("tempfail", "tag"),
         "quarantine": ("quarantine", "tag", "tempfail"),
         "reject": ("reject", "tag", "tempfail")}
ANSWER = {"accept": "accept", "tag": "accept", "quarantine": "accept",
          "reject": "reject", "tempfail": "tempfail"}
DISPOSITIONS = {"accept": ("none", "pass"), "tag": ("quarantine", "none"),
                "quarantine": ("quarantine", "none"), "reject": ("reject",)}


class Line:
    """The log line of a message."""

    def __init__(self, text):
        words = dict(WORD.findall(text))
        self.text = text
        self.action = words.get("action", "")
        self.spf = words.get("spf", "").split(":")[0]
        self.dmarc = words.get("dmarc", "")
        self.dkim = [x.split(":")[0] for x in words.get("dkim", "").split(",")
                     if not x.startswith("+")]


class Account:
    """Everything that was seen, and what it adds up to."""

    def __init__(self, book, chaos, arrived):
        self.book, self.chaos, self.arrived = book, chaos, arrived
        self.lines = collections.defaultdict(list)
        self.deaths = []
        self.lost_lines = self.dropped_rows = self.other_lines = 0
        self.rows = {}
        self.known = collections.Counter()   # what a known rule explains
        self.unexplained = []
        self.checked = collections.Counter()

    # ---- what is seen

    def read(self, lines):
        """Takes lines of the log."""
        for text in lines:
            if " action=" in text and " dmarc=" in text:
                found = NAME.search(text)
                if found:
                    self.lines[found.group(1) or found.group(2)].append(
                        Line(text))
                else:
                    self.other_lines += 1
                continue
            for pattern, take in ((DEATH, self._death), (LOST, self._lost),
                                  (DROPPED, self._dropped)):
                found = pattern.search(text)
                if found:
                    take(found, text)
            if "deleted from" in text:
                self.wrong("store", "rows were deleted: " + text)
            if SANITIZER.search(text):
                self.wrong("processes", text)

    def _death(self, found, text):
        self.deaths.append((int(found.group(1)), text))

    def _lost(self, found, _):
        self.lost_lines += int(found.group(1))

    def _dropped(self, found, _):
        self.dropped_rows += int(found.group(1))

    def wrong(self, what, text):
        """Notes what nothing explains."""
        self.unexplained.append((what, text))

    def happened(self, kinds, begin, end, after=0.0):
        """True if an event of these kinds was under way in that time."""
        return any(x.kind in kinds and x.begin <= end and
                   begin <= (x.end or x.begin) + after
                   for x in self.chaos.events)

    # ---- what it adds up to

    def settle(self):
        """Judges all messages."""
        for message in self.book.messages.values():
            self._judge(message)
        if self.known["line lost, as the log said"] > self.lost_lines:
            self.wrong("logged", "%d lines are missing, the log says %d" % (
                self.known["line lost, as the log said"], self.lost_lines))
        if self.known["row dropped, as the log said"] > self.dropped_rows:
            self.wrong("stored", "%d rows are missing, the log says %d" % (
                self.known["row dropped, as the log said"],
                self.dropped_rows))
        for pid, text in self.deaths:
            if pid not in self.chaos.killed:
                self.wrong("processes", text)
        for text in self.chaos.troubles:
            self.wrong("events", text)
        for text in self.book.troubles:
            self.wrong("players", text)

    def _judge(self, message):
        if message.outcome is None:
            self.wrong("answered", "%s (%s) has no answer" % (
                message.name, message.kind.name))
            return
        lines = self.lines[message.name]
        line = lines[0] if lines else None
        self.checked[message.path, line.action if line and
                     message.outcome in ANSWER.values() else
                     message.outcome] += 1
        self._answered(message, line)
        self._logged(message, lines)
        if line:
            self._verdict(message, line)
        self._delivered(message, line)
        if message.kind.single:
            self._stored(message, line)

    def _say(self, what, message, text, line=None):
        self.wrong(what, "%s (%s by %s) at %.1f to %.1f, answer %s %s: %s%s" % (
            message.name, message.kind.name, message.path, message.begin,
            message.end, message.outcome, message.text, text,
            ": " + line.text if line else ""))

    def _answered(self, message, line):
        """The answer is that of the decision, or of an MTA that has lost its
        filter while a process was dead or stopped."""
        if message.outcome in ("mta-deferred", "dropped"):
            kinds = ENDS + STOPPED
            if message.path == "sendmail":
                kinds += ("log-stuck",)  # it waits for its own syslog
            if not self.happened(kinds, message.begin, message.end, SLACK_S):
                self._say("answered", message, "no process was away", line)
            elif line:
                self.known["killed between log line and answer"] += 1
            else:
                self.known["deferred by the MTA, filter away"] += 1
        elif message.outcome == "mta-refused":
            self._say("answered", message, "refused by the MTA", line)
        elif line and ANSWER.get(line.action) != message.outcome:
            self._say("answered", message, "not what the log says", line)

    def _logged(self, message, lines):
        if len(lines) > 1:
            self._say("logged", message, "%d lines" % len(lines), lines[1])
        if lines or message.outcome in ("mta-deferred", "dropped",
                                        "mta-refused"):
            return
        if self.happened(ENDS, message.end, message.end + SLACK_S):
            self.known["line lost with a killed process"] += 1
        elif self.happened(("log-stuck",), message.begin, message.end,
                           SLACK_S):
            if self._ended_while(("log-stuck",), message, SLACK_S):
                self.known["line lost with a killed process"] += 1
            else:
                self.known["line lost, as the log said"] += 1
        else:
            self._say("logged", message, "no log line")

    def _ended_while(self, kinds, message, after):
        """True if a process ended after this message had begun and before an
        event of these kinds, during which it was answered, was over."""
        return any(x.kind in kinds and x.begin <= message.end and
                   message.begin <= (x.end or x.begin) + after and
                   self.happened(ENDS, message.begin,
                                 (x.end or x.begin) + after)
                   for x in self.chaos.events)

    def _verdict(self, message, line):
        expected = message.kind.expected
        dkim = expected.dkim.split(",")[:len(line.dkim)]
        if (line.action, line.spf, line.dkim, line.dmarc) == (
                expected.action, expected.spf, dkim, expected.dmarc):
            self.known["verdict as the engine says"] += 1
            return
        pairs = list(zip([line.spf, line.dmarc] + line.dkim,
                         [expected.spf, expected.dmarc] + dkim))
        if line.action in WORSE[expected.action] and all(
                seen == wanted or seen == "temperror" or wanted == "temperror"
                or index == 1 for index, (seen, wanted) in enumerate(pairs)) \
                and self.happened(DNS, message.begin, message.end,
                                  AFTER_DNS_S):
            # a sender that names a dead domain as its list must not gain
            self.known["evidence of a list not found while DNS was away"
                       if line.action == "reject" != expected.action else
                       "temporary error while DNS was away"] += 1
            return
        self._say("verdict", message, "the engine says %s" % (expected,), line)

    def _delivered(self, message, line):
        copies = self.arrived.get(message.name, [])
        held = line.action == "quarantine" if line else \
            message.kind.expected.action == "quarantine"
        due = message.outcome == "accept" and message.path != "milter" and \
            not held
        if len(copies) > 1 or (copies and not due and
                               message.outcome != "dropped"):
            self._say("delivered", message, "%d copies" % len(copies), line)
        elif due and not copies:
            self._say("delivered", message, "it did not arrive", line)
        elif copies and line:
            self._results(message, line, *copies[0])
        elif message.path == "milter" and line and \
                message.outcome == "accept" and line.dmarc != "-" and \
                message.marked != (line.action == "tag"):
            self._say("delivered", message, "the mark is wrong", line)

    def _results(self, message, line, results, marked):
        """An accepted message has our results, and only ours."""
        ours = [x for x in results if x.startswith("mx.gateway.example;")]
        if line.dmarc == "-":
            return  # a trusted client's mail is not touched
        if len(ours) != 1 or "dmarc=" + line.dmarc not in ours[0]:
            self._say("delivered", message, "results %r" % ours, line)
        if marked != (line.action == "tag"):
            self._say("delivered", message, "the mark is wrong", line)

    def _stored(self, message, line):
        name = message.kind.header_from(message.name)
        count, disposition = self.rows.get(name, (0, None))
        dmarc = line.dmarc if line else message.kind.expected.dmarc
        definite = message.outcome in ("accept", "reject")
        if count > 1:
            self._say("stored", message, "%d times" % count, line)
        elif count == 1:
            self._disposition(message, line, disposition, definite)
        elif not definite or dmarc == "temperror":
            self.known["no row: deferred"] += 1
        elif self._ended_while(STORE, message, AFTER_STORE_S) or \
                self.happened(ENDS, message.begin, message.end, 0.5):
            self.known["row lost with a killed process"] += 1
        elif self.dropped_rows and self.happened(
                STORE, message.begin, message.end, AFTER_STORE_S):
            self.known["row dropped, as the log said"] += 1
        else:
            self._say("stored", message, "no row", line)

    def _disposition(self, message, line, disposition, definite):
        if not definite:
            if message.outcome == "tempfail":
                self._say("stored", message, "a deferred message has a row")
            else:
                self.known["killed between row and answer"] += 1
            return
        self.known["one row"] += 1
        if line and disposition not in DISPOSITIONS[line.action]:
            self._say("stored", message, "disposition " + disposition, line)
