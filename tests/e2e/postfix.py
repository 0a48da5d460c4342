# SPDX-License-Identifier: BSD-2-Clause
"""A private Postfix, with its own configuration, queue, log and addresses."""

import glob
import os
import pwd
import grp
import shutil
import signal
import subprocess
import time

import lab

NAME = "postfix"
# The names of a filter's socket in the configuration.
UNIX, INET = "unix:%s", "inet:127.0.0.1:%d"
DAEMONS = "/usr/lib/postfix/sbin"
# Ports for a proxy: to smtpd itself, and to postscreen in front of smtpd.
PROXY_SMTPD = 2526
PROXY_POSTSCREEN = 2527
# A port where mail is accepted while the filter is away.
ACCEPTING = 2528
MASTER = """\
%(listen)s
127.0.0.1:%(proxy_smtpd)d inet n - n - - smtpd
    -o smtpd_upstream_proxy_protocol=haproxy
127.0.0.1:%(proxy_postscreen)d inet n - n - 1 postscreen
    -o postscreen_upstream_proxy_protocol=haproxy
%(mta)s:%(accepting)d inet n - n - - smtpd
    -o milter_default_action=accept
smtpd     pass - - n - - smtpd
dnsblog   unix - - n - 0 dnsblog
tlsproxy  unix - - n - 0 tlsproxy
pickup    unix n - n 60 1 pickup
cleanup   unix n - n - 0 cleanup
qmgr      unix n - n 300 1 qmgr
tlsmgr    unix - - n 1000? 1 tlsmgr
rewrite   unix - - n - - trivial-rewrite
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
verify    unix - - n - 1 verify
flush     unix n - n 1000? 0 flush
proxymap  unix - - n - - proxymap
smtp      unix - - n - - smtp
relay     unix - - n - - smtp
showq     unix n - n - - showq
error     unix - - n - - error
retry     unix - - n - - error
discard   unix - - n - - discard
local     unix - n n - - local
anvil     unix - - n - 1 anvil
scache    unix - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""
MAIN = """\
compatibility_level = 3.6
queue_directory = %(dir)s/queue
data_directory = %(dir)s/data
maillog_file = %(dir)s/maillog
maillog_file_prefixes = %(dir)s
myhostname = mx.gateway.example
mydestination =
alias_maps =
local_recipient_maps =
mynetworks = 127.0.0.0/8
inet_interfaces = all
inet_protocols = %(protocols)s
relay_domains = rcpt.example
relay_transport = smtp:[127.0.0.1]:2525
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_authorized_xclient_hosts = 127.0.0.1
smtputf8_enable = yes
smtpd_client_connection_count_limit = 0
smtpd_peername_lookup = yes
smtpd_milters = %(milter)s
milter_default_action = tempfail
milter_header_checks = regexp:%(dir)s/conf/by_field
milter_connect_timeout = 5s
milter_command_timeout = 10s
milter_content_timeout = 20s
postscreen_greet_wait = 1s
"""
# What becomes of a message by a field that a rule adds; as in doc/filters.md.
BY_FIELD = """\
/^X-Gateway-Class: redirect$/ REDIRECT quarantine@rcpt.example
/^X-Gateway-Class: copy$/ BCC archive@rcpt.example
"""
QUEUES = ("active bounce corrupt defer deferred flush hold incoming private "
          "saved trace").split()


def missing():
    """Returns why this MTA cannot be tested here, or None."""
    if not os.path.exists(DAEMONS + "/master"):
        return "Postfix is not installed"
    return None


class Mta:
    """Postfix, from start() to stop()."""

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
        listen = ["[%s]:25" % x if ":" in x else x + ":25"
                  for x in self.addresses]
        values = {
            "dir": self.dir, "milter": self.milter,
            "protocols": "all" if self.lab.ipv6 else "ipv4",
            "listen": "\n".join(x + " inet n - n - - smtpd" for x in listen),
            "proxy_smtpd": PROXY_SMTPD,
            "proxy_postscreen": PROXY_POSTSCREEN,
            "mta": lab.MTA_4,
            "accepting": ACCEPTING,
        }
        main, master = self.config()
        self.lab.write(self.place + "/conf/main.cf", main % values)
        self.lab.write(self.place + "/conf/by_field", BY_FIELD)
        self.lab.write(self.place + "/conf/master.cf", master % values)
        # Postfix waits if main.cf was changed a moment ago
        past = time.time() - 60
        os.utime(self.dir + "/conf/main.cf", (past, past))

    @staticmethod
    def config():
        """Returns the texts of main.cf and master.cf."""
        return MAIN, MASTER

    def _directories(self):
        user = pwd.getpwnam("postfix").pw_uid
        drop = grp.getgrnam("postdrop").gr_gid
        for name in QUEUES + ["data", "maildrop", "public"]:
            path = self.dir + "/" + ("" if name == "data" else "queue/") + name
            os.makedirs(path)
            os.chown(path, user, -1)
            os.chmod(path, 0o700)
        os.makedirs(self.dir + "/queue/pid")
        os.chown(self.dir + "/queue/maildrop", user, drop)
        os.chmod(self.dir + "/queue/maildrop", 0o1730)
        os.chown(self.dir + "/queue/public", user, drop)
        os.chmod(self.dir + "/queue/public", 0o2710)

    def start(self):
        """Starts it. Returns at once; it greets a moment later."""
        self._write()
        self._directories()
        self.process = lab.Process(
            [DAEMONS + "/master", "-c", self.dir + "/conf", "-d"],
            self.dir + "/output",
            env={"PATH": os.environ["PATH"], "MAIL_CONFIG":
                 self.dir + "/conf"})

    def stop(self):
        """Ends master, which in turn ends its children."""
        if self.process:
            self.process.stop(signal.SIGTERM)

    def queued_as_quarantine(self):
        """Returns the octets of each message in the hold queue."""
        return [self._show(path) for path in
                glob.glob(self.dir + "/queue/hold/*")]

    def _show(self, path):
        # a queue file consists of records, which postcat can read
        return subprocess.run(
            [shutil.which("postcat"), "-c", self.dir + "/conf", "-bh", path],
            capture_output=True, check=True).stdout

    def log(self):
        """Returns the log, for a failed test."""
        try:
            with open(self.dir + "/maillog", errors="replace",
                      encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError:
            return self.process.output()
