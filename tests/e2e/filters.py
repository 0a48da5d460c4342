# SPDX-License-Identifier: BSD-2-Clause
"""Filters between the gateway and the mailboxes: SpamAssassin, amavis, Sieve.

Nothing here asks the network. Each class raises Missing if its program is not
installed.
"""

import os
import pwd
import re
import shutil
import subprocess

import lab
import smtp

SIEVE = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                     "..", "..", "conf", "postern.sieve")
AMAVIS_PORT = 10024
FORWARD_PORT = 10025
HIGH = 40  # a score that no message of a test reaches by itself
AMAVIS = """\
use strict;
$MYHOME = '%(dir)s';
$TEMPBASE = "$MYHOME/tmp";
$QUARANTINEDIR = undef;
$db_home = "$MYHOME/db";
$lock_file = "$MYHOME/lock";
$pid_file = "$MYHOME/pid";
$helpers_home = $MYHOME;
$daemon_user = 'amavis';
$daemon_group = 'amavis';
$max_servers = 1;
$myhostname = 'inner.gateway.example';
$mydomain = 'gateway.example';
@local_domains_maps = (['.rcpt.example']);
$inet_socket_bind = '127.0.0.1';
$inet_socket_port = %(port)d;
$unix_socketname = undef;
@inet_acl = qw(127.0.0.1);
$forward_method = 'smtp:[127.0.0.1]:%(forward)d';
$notify_method = $forward_method;
@bypass_virus_checks_maps = (1);
@av_scanners = ();
$enable_dkim_verification = 0;
$enable_db = 0;
$enable_zmq = 0;
$do_syslog = 0;
$log_level = 1;
$sa_local_tests_only = 1;
$sa_tag_level_deflt = -999;
$sa_tag2_level_deflt = %(high)d;
$sa_kill_level_deflt = 999;
1;
"""
DOVECOT_2_3 = "mail_location = maildir:%s/mail\n"
DOVECOT_2_4 = """\
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
mail_driver = maildir
mail_path = %s/mail
"""


class Missing(Exception):
    """A program is not installed; the text says which."""


def program(name):
    """Returns the path of a program, also of one that only root uses."""
    path = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    if not path:
        raise Missing(name + " is not installed")
    return path


def run(command, octets, home):
    """Runs a program, which must not fail, and returns what it prints."""
    done = subprocess.run(command, input=octets, capture_output=True,
                          check=False, env=dict(os.environ, HOME=home))
    if done.returncode != 0:
        raise AssertionError("%s: status %d: %s" % (
            command[0], done.returncode, done.stderr.decode()[-2000:]))
    return done.stdout


def parsed(octets):
    """Returns a message with any line ends as smtp.Delivered."""
    return smtp.Delivered("", [], smtp.crlf(octets))


class SpamAssassin:
    """The program spamassassin, with the rules of its package."""

    def __init__(self, laboratory):
        self.path = program("spamassassin")
        self.home = laboratory.path("spamassassin")
        os.makedirs(self.home, exist_ok=True)

    def filter(self, octets, rules=""):
        """Passes a message through it, with further rules."""
        # what it thinks of these short messages must not matter
        lines = ["required_score %d" % HIGH] + rules.splitlines()
        return parsed(run([self.path, "--local", "--nocreate-prefs"] +
                          ["--cf=" + line for line in lines],
                          octets.replace(b"\r\n", b"\n"), self.home))


class Amavis:
    """An amavisd that uses SpamAssassin, on a port of the loopback."""

    def __init__(self, laboratory):
        path = program("amavisd") if shutil.which(
            "amavisd", path="/usr/sbin:/usr/bin") else program("amavisd-new")
        try:
            user = pwd.getpwnam("amavis")
        except KeyError:
            raise Missing("there is no user amavis") from None
        home = laboratory.path("amavis")
        for name in ("", "tmp", "db"):
            os.makedirs(os.path.join(home, name), exist_ok=True)
            os.chown(os.path.join(home, name), user.pw_uid, user.pw_gid)
        config = laboratory.write("amavis.conf", AMAVIS % {
            "dir": home, "port": AMAVIS_PORT, "forward": FORWARD_PORT,
            "high": HIGH})
        self.sink = smtp.Sink(port=FORWARD_PORT)
        self.process = lab.Process([path, "-c", config, "foreground"],
                                   laboratory.path("amavis.log"))
        lab.wait_until(self._greets, "amavis", 30.0, 0.1)

    def _greets(self):
        if not self.process.running():
            raise AssertionError("amavis ended: " +
                                 self.process.output()[-2000:])
        try:
            with smtp.Client("127.0.0.1", port=AMAVIS_PORT):
                return True
        except (OSError, smtp.Dropped):
            return False

    def filter(self, octets, rcpt):
        """Passes a message for that recipient through it."""
        with smtp.Client("127.0.0.1", port=AMAVIS_PORT) as client:
            client.ehlo("mx.gateway.example")
            client.begin("<someone@none.example>", rcpt)
            reply = client.data(octets)
        if reply.code != 250:
            raise AssertionError("amavis: " + reply.text)
        return self.sink.wait(rcpt)

    def stop(self):
        """Ends amavis and what it forwards to."""
        self.process.stop()
        self.sink.stop()


class Sieve:
    """Dovecot's sieve-test with our script."""

    def __init__(self, laboratory):
        self.path = program("sieve-test")
        version = run([program("dovecot"), "--version"], b"", laboratory.dir)
        home = laboratory.path("sieve")
        os.makedirs(home)
        os.chmod(home, 0o777)
        self.script = shutil.copy(SIEVE, home)
        old = version.decode().startswith("2.3")
        text = (DOVECOT_2_3 if old else DOVECOT_2_4) % home
        self.config = laboratory.write(
            "dovecot.conf", text + "base_dir = %s/run\n"
            "mail_uid = nobody\nmail_gid = nogroup\n" % home)
        self.home = home

    def folder(self, octets):
        """Returns the folder that the script files a message into."""
        path = os.path.join(self.home, "message")
        with open(path, "wb") as file:
            file.write(octets)
        shown = run([self.path, "-c", self.config, self.script, path], b"",
                    self.home).decode()
        found = re.search(r"store message in folder: (\S+)", shown)
        if not found:
            raise AssertionError("sieve-test: " + shown)
        return found.group(1)
