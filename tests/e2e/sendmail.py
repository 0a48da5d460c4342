# SPDX-License-Identifier: BSD-2-Clause
"""A private Sendmail.

Its Debian package conflicts with Postfix's, so it may be unpacked below
POSTERN_SENDMAIL_ROOT instead (scripts/dependencies does that).
"""

import glob
import os
import shutil
import signal
import subprocess

import lab

NAME = "sendmail"
# The names of a filter's socket in the configuration.
UNIX, INET = "local:%s", "inet:%d@127.0.0.1"
BINARY = "usr/libexec/sendmail/sendmail"
CF_DIR = "usr/share/sendmail/cf"
CONFIG = """\
divert(-1)
include(`%(cf)s/m4/cf.m4')
divert(0)dnl
OSTYPE(`linux')dnl
define(`confDOMAIN_NAME', `mx.gateway.example')dnl
define(`confCW_FILE', `-o /dev/null')dnl
define(`confPID_FILE', `%(dir)s/pid')dnl
define(`confCONTROL_SOCKET_NAME', `')dnl
define(`QUEUE_DIR', `%(dir)s/queue')dnl
define(`STATUS_FILE', `%(dir)s/statistics')dnl
define(`HELP_FILE', `/dev/null')dnl
define(`ALIAS_FILE', `')dnl
define(`confSERVICE_SWITCH_FILE', `%(dir)s/switch')dnl
define(`confHOSTS_FILE', `/etc/hosts')dnl
define(`confDELIVERY_MODE', `background')dnl
define(`confMIN_QUEUE_AGE', `0')dnl
define(`confTO_IDENT', `0')dnl
define(`confTO_RESOLVER_RETRANS', `1s')dnl
define(`confTO_RESOLVER_RETRY', `1')dnl
define(`confLOG_LEVEL', `9')dnl
define(`confDEF_USER_ID', ``65534:65534'')dnl
define(`confDONT_PROBE_INTERFACES', `True')dnl
define(`confBIND_OPTS', `-DNSRCH -DEFNAMES')dnl
define(`confMAX_DAEMON_CHILDREN', `0')dnl
define(`confREFUSE_LA', `0')dnl
define(`confQUEUE_LA', `1000')dnl
define(`SMART_HOST', `relay:[127.0.0.1]')dnl
define(`RELAY_MAILER_ARGS', `TCP $h 2525')dnl
define(`confDONT_BLAME_SENDMAIL',
	``GroupWritableDirPathSafe,TrustStickyBit'')dnl
FEATURE(`no_default_msa')dnl
FEATURE(`promiscuous_relay')dnl
FEATURE(`accept_unresolvable_domains')dnl
FEATURE(`accept_unqualified_senders')dnl
FEATURE(`nocanonify')dnl
%(daemons)s
INPUT_MAIL_FILTER(`postern',
	`S=%(milter)s, F=T, T=C:5s;S:10s;R:10s;E:20s')dnl
MAILER(`smtp')dnl
"""


def root():
    """Returns where Sendmail is: unpacked, or else the system's own."""
    return os.environ.get("POSTERN_SENDMAIL_ROOT") or "/"


def missing():
    """Returns why this MTA cannot be tested here, or None."""
    if not os.path.exists(os.path.join(root(), BINARY)):
        return ("Sendmail is neither installed nor unpacked below "
                "POSTERN_SENDMAIL_ROOT")
    if not os.path.exists(os.path.join(root(), CF_DIR, "m4/cf.m4")):
        return "Sendmail's cf directory is missing"
    if not shutil.which("m4"):
        return "m4 is missing"
    return None


class Mta:
    """Sendmail, from start() to stop()."""

    name = NAME

    def __init__(self, laboratory, milter, addresses=None, place=NAME):
        self.lab = laboratory
        self.addresses = addresses or [lab.MTA_4, "127.0.0.1"] + (
            [lab.MTA_6] if laboratory.ipv6 else [])
        self.place = place
        self.dir = laboratory.path(place)
        self.milter = milter
        self.process = None

    def _write(self):
        listen = [("inet6" if ":" in x else "inet", x)
                  for x in self.addresses]
        daemons = "\n".join(
            "DAEMON_OPTIONS(`Name=MTA, Port=25, Family=%s, Addr=%s')dnl" % x
            for x in listen)
        cf_dir = os.path.join(root(), CF_DIR)
        text = self.config() % {"dir": self.dir, "milter": self.milter,
                                "cf": cf_dir, "daemons": daemons}
        source = self.lab.write(self.place + "/sendmail.mc", text)
        self.lab.write(self.place + "/switch",
                       "hosts files dns\naliases files\n")
        made = subprocess.run(
            ["m4", "-D_CF_DIR_=%s/" % cf_dir, source], check=True,
            capture_output=True, text=True).stdout
        self.lab.write(self.place + "/sendmail.cf", made)

    @staticmethod
    def config():
        """Returns the source of the configuration."""
        return CONFIG

    def start(self):
        """Starts it. Returns at once; it greets a moment later."""
        self._write()
        os.makedirs(self.dir + "/queue", 0o700)
        self.lab.write(self.place + "/statistics", "")
        self.process = lab.Process(
            [os.path.join(root(), BINARY), "-bD", "-q1h",
             "-C" + self.dir + "/sendmail.cf"], self.dir + "/output")

    def stop(self):
        """Ends the daemon."""
        if self.process:
            self.process.stop(signal.SIGTERM)

    def queued_as_quarantine(self):
        """Returns the octets of each quarantined envelope, with headers."""
        found = []
        for path in glob.glob(self.dir + "/queue/hf*"):
            with open(path, "rb") as file:
                found.append(file.read())
        return found

    def log(self):
        """Returns what it printed, for a failed test."""
        return self.process.output()
