# SPDX-License-Identifier: BSD-2-Clause
"""The daemons of bench/compare and bench/growth, with their configurations.

They run in the laboratory of tests/e2e/lab.py, which has a private network
with a name server at 127.0.0.1, and a temporary directory.
"""

import os
import pwd
import shutil
import signal
import socket

import lab

ID = "mx.bench.example"
SUFFIXES = "/usr/share/publicsuffix/public_suffix_list.dat"

NSD = """\
server:
	ip-address: 127.0.0.1
	do-ip6: no
	username: ""
	database: ""
	pidfile: "%(dir)s/pid"
	xfrdfile: "%(dir)s/xfrd"
	zonelistfile: "%(dir)s/list"
	logfile: "%(dir)s/log"
	zonesdir: "%(dir)s"
	minimal-responses: yes
	rrl-ratelimit: 0
remote-control:
	control-enable: no
zone:
	name: "."
	zonefile: "zone"
"""

POSTERN = """\
listen = {"unix:%(dir)s/socket"}
control-socket = ""
user = ""
umask = 000
mode = enforce
authserv-id = "%(id)s"
on-quarantine = quarantine
dns { servers = {"127.0.0.1"} %(dns)s }
log { target = syslog }
reports { from = "dmarc@%(id)s" }
store { path = "%(dir)s/reports.db" }
"""

OPENDKIM = """\
Mode v
Socket local:%(dir)s/socket
UserID opendkim
UMask 000
Syslog yes
SyslogSuccess yes
AuthservID %(id)s
AlwaysAddARHeader yes
Nameservers 127.0.0.1
"""

OPENDMARC = """\
Socket local:%(dir)s/socket
UserID opendmarc
UMask 0000
Syslog true
AuthservID %(id)s
TrustedAuthservIDs %(id)s
PublicSuffixList %(suffixes)s
SPFIgnoreResults true
SPFSelfValidate true
RejectFailures true
HoldQuarantinedMessages true
"""

# A milter that scans by itself, with only the modules for SPF, DKIM, ARC and
# DMARC, one worker for each processor, and no redis, so no reports.
RSPAMD = """\
options {
	filters = "dkim";
	pidfile = "%(dir)s/pid";
	cache_file = "%(dir)s/symbols.cache";
	history_file = "%(dir)s/history";
	control_socket = "%(dir)s/control mode=0600";
	stats_file = "%(dir)s/stats";
	hs_cache_dir = "%(dir)s/";
	tempdir = "%(dir)s";
	url_tld = "${SHAREDIR}/effective_tld_names.dat";
	local_addrs = [127.0.0.0/8];
	dns { nameserver = ["127.0.0.1"]; timeout = 1s; sockets = 16; }
	task_timeout = 8s;
	allow_raw_input = true;
}
logging { type = "file"; filename = "%(dir)s/log"; level = "info"; }
worker "rspamd_proxy" {
	bind_socket = "%(dir)s/socket mode=0666";
	milter = yes;
	timeout = 120s;
	upstream "local" { default = yes; self_scan = yes; }
	count = %(count)d;
}
.include "$CONFDIR/metrics.conf"
actions { reject = 15; add_header = 6; greylist = null; }
group "policies" { .include "$CONFDIR/scores.d/policies_group.conf" }
modules { path = "${PLUGINSDIR}"; }
dkim { trusted_only = false; skip_multi = false; }
spf { }
arc { sign_authenticated = false; sign_inbound = false; sign_local = false; }
dmarc { actions = { reject = "reject"; quarantine = "add header"; } }
milter_headers {
	use = ["authentication-results"];
	routines { authentication-results { remove = 1; } }
}
"""


class Daemon:
    """One process with a directory, and a socket for an MTA."""

    program = user = None
    patience = 10.0

    def __init__(self, name, **more):
        self.name = name
        self.dir = os.path.join(os.environ[lab.INSIDE], name)
        os.makedirs(self.dir)
        self.values = dict(more, dir=self.dir, id=ID, suffixes=SUFFIXES)
        self.config = os.path.join(self.dir, "config")
        self.path = os.path.join(self.dir, "socket")
        self.socket = "unix:" + self.path
        self.process = None
        if self.user:
            entry = pwd.getpwnam(self.user)
            os.chown(self.dir, entry.pw_uid, entry.pw_gid)

    def command(self):
        """Returns the command that starts it."""
        raise NotImplementedError

    def answers(self):
        """True if it is ready."""
        link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            link.connect(self.path)
            return True
        except OSError:
            return False
        finally:
            link.close()

    def start(self, template):
        """Writes the configuration, starts the daemon and waits for it."""
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(template % self.values)
        self.process = lab.Process(self.command(), self.dir + "/output")
        try:
            lab.wait_until(
                lambda: self.answers() or not self.process.running(),
                self.name, self.patience)
        except AssertionError as why:
            raise lab.Unable("%s; its output: %s" % (
                why, self.process.output()[-1000:])) from why
        if not self.process.running():
            raise lab.Unable("%s does not start: %s" % (
                self.name, self.process.output()[-1000:]))
        return self

    @property
    def pid(self):
        """The id of the process that was started."""
        return self.process.pid

    def stop(self):
        """Ends the daemon, and removes its directory."""
        self.process.stop(signal.SIGTERM)
        shutil.rmtree(self.dir, ignore_errors=True)


class Nsd(Daemon):
    """The name server."""

    program = "nsd"
    patience = 60.0  # for a large zone

    def command(self):
        return [self.program, "-d", "-c", self.config]

    def answers(self):
        """True if it answers a query for the root's SOA."""
        query = bytes.fromhex("123400000001000000000000" "00" "00060001")
        link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        link.settimeout(0.2)
        try:
            link.sendto(query, ("127.0.0.1", 53))
            return link.recv(512)[7] > 0
        except OSError:
            return False
        finally:
            link.close()


class Postern(Daemon):
    """posternd."""

    def command(self):
        return [self.values["program"], "-f", "-c", self.config]


class Opendkim(Daemon):
    """Debian's opendkim."""

    program = user = "opendkim"

    def command(self):
        return [self.program, "-f", "-x", self.config]


class Opendmarc(Daemon):
    """Debian's opendmarc."""

    program = user = "opendmarc"

    def command(self):
        return [self.program, "-f", "-c", self.config]


class Rspamd(Daemon):
    """Debian's rspamd."""

    program, user = "rspamd", "_rspamd"
    patience = 180.0  # it compiles patterns at its first start

    def command(self):
        return [self.program, "-f", "-u", self.user, "-g", self.user, "-c",
                self.config]


def there(kind):
    """True if it is installed."""
    return shutil.which(kind.program) is not None


def start_nsd(zone):
    """Starts the name server with these lines as its root zone."""
    if not there(Nsd):
        raise lab.Unable("nsd is not installed (scripts/dependencies bench)")
    daemon = Nsd("nsd")
    with open(os.path.join(daemon.dir, "zone"), "w", encoding="ascii") as file:
        file.write("\n".join(zone) + "\n")
    return daemon.start(NSD)


def start_postern(build, dns="", name="postern"):
    """Starts posternd of a build."""
    program = os.path.join(os.path.abspath(build), "posternd")
    return Postern(name, program=program, dns=dns).start(POSTERN)


def start_rspamd():
    """Starts rspamd with a worker for each processor."""
    return Rspamd("rspamd", count=os.cpu_count()).start(RSPAMD)


def start_opendkim():
    """Starts opendkim as a verifier."""
    return Opendkim("opendkim").start(OPENDKIM)


def start_opendmarc():
    """Starts opendmarc, which reads opendkim's results and does SPF itself."""
    return Opendmarc("opendmarc").start(OPENDMARC)
