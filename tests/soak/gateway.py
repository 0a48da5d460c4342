# SPDX-License-Identifier: BSD-2-Clause
"""posternd in the soak: configuration, processes, log, store, clock."""

import json
import os
import random
import resource
import signal
import socket
import sqlite3
import subprocess
import threading
import time

import clock
import lab

CONFIG = """\
authserv-id = "mx.gateway.example"
listen = {"unix:%(dir)s/postfix.sock", "unix:%(dir)s/other.sock"}
control-socket = "%(dir)s/control"
user = ""
umask = 000
mode = %(mode)s
indirect-known-days = 0
deadline = 12s
drain = 3s
trusted-networks = {"127.0.0.0/8"}
reject-text = "postern refuses: policy of {domain}"
tempfail-text = "postern defers"
malformed-text = "postern refuses: From"
refused-text = "postern refuses: {reason}"
rule "held" {
	from-domain = {".held.example"}
	dmarc = {fail}
	action = quarantine
}
dns {
	servers = {"127.0.0.1"}
	query-timeout = 3s
	cache-size = 1M
}
arc { verify = yes }
reports { from = "dmarc@gateway.example" }
store {
	path = "%(dir)s/store/db"
	wait = 2s
	max-rows = 1000000
}
log { target = "%(target)s" level = "%(level)s" }
"""
LISTENERS = ("postfix", "other")
STORE_MB = 96
PATIENCE = 60.0


class Log:
    """Collects what posternd writes to syslog and to standard error. Both
    readers can be stopped, as a reader that hangs."""

    def __init__(self, system_log, keep):
        self.system_log = system_log
        self.lines = system_log.lines
        self.file = open(keep, "a", encoding="utf-8", errors="replace")

    def attach(self, descriptor):
        """Reads standard error of a process until its end."""
        def work():
            with os.fdopen(descriptor, "r", encoding="utf-8",
                           errors="replace") as stream:
                while True:
                    self.system_log.reading.wait()
                    line = stream.readline()
                    if not line:
                        return
                    self.lines.append(line.rstrip("\n"))
        threading.Thread(target=work, daemon=True).start()

    def stick(self):
        """Stops reading."""
        self.system_log.reading.clear()

    def loosen(self):
        """Reads again."""
        self.system_log.reading.set()

    def take(self):
        """Returns the lines that have arrived since the last call."""
        taken = []
        while self.lines:
            taken.append(self.lines.popleft())
            self.file.write("%.3f %s\n" % (time.monotonic(), taken[-1]))
        return taken


def descendants(pid):
    """Returns the process ids of all children and their children."""
    found = []
    for child in lab.children(pid):
        found += [child] + descendants(child)
    return found


class Gateway:
    """One posternd with two listeners: a supervisor, keepers, workers."""

    def __init__(self, laboratory, builddir, log, rng):
        self.dir = laboratory.path("gateway")
        self.store = self.dir + "/store/db"
        os.makedirs(self.dir + "/store")
        lab.run("mount", "-t", "tmpfs", "-o", "size=%dm" % STORE_MB, "tmpfs",
                self.dir + "/store")
        self.config = self.dir + "/postern.conf"
        self.builddir = builddir
        self.log = log
        self.rng = random.Random(rng.random())
        self.clock = clock.Clock(self.dir)
        self.child = None
        self.target, self.level = "syslog", "info"
        self.write_config()

    def program(self, name):
        """Returns the path of one of our programs."""
        return os.path.join(self.builddir, name)

    def write_config(self, mode="enforce"):
        """Writes the configuration file."""
        with open(self.config, "w", encoding="ascii") as file:
            file.write(CONFIG % {"dir": self.dir, "target": self.target,
                                 "level": self.level, "mode": mode})

    def socket(self, listener):
        """Returns the path of a listener's socket."""
        return "%s/%s.sock" % (self.dir, listener)

    def start(self):
        """Starts posternd and waits until it is ready."""
        self.target = self.rng.choice(("syslog", "stderr"))
        self.level = self.rng.choice(("info", "info", "debug"))
        self.write_config()
        address = self.dir + "/notify"
        if os.path.exists(address):
            os.unlink(address)
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        manager.bind(address)
        manager.settimeout(PATIENCE)
        reading, writing = os.pipe()
        self.child = subprocess.Popen(
            [self.program("posternd"), "-f", "-c", self.config],
            stdin=subprocess.DEVNULL, stdout=writing, stderr=writing,
            preexec_fn=no_core,
            env=dict(os.environ, NOTIFY_SOCKET=address,
                     POSTERN_LIBEXECDIR=self.builddir,
                     **self.clock.environment))
        os.close(writing)
        self.log.attach(reading)
        with manager:
            ready = manager.recv(4096).startswith(b"READY=1")
        if not ready:
            raise AssertionError("posternd did not become ready")

    def keepers(self):
        """Returns the process ids of the supervisor's children."""
        return lab.children(self.child.pid)

    def workers(self):
        """Returns the process ids of the keepers' children."""
        return [x for keeper in self.keepers() for x in lab.children(keeper)]

    def processes(self):
        """Returns all process ids."""
        return [self.child.pid] + descendants(self.child.pid)

    def is_complete(self):
        """True if there is a worker for each listener."""
        return len(self.workers()) == len(LISTENERS)

    def kill_all(self):
        """Kills the supervisor; its children must notice that and end."""
        others = descendants(self.child.pid)
        self.child.kill()
        self.child.wait()
        lab.wait_until(lambda: not any(lab.alive(x) for x in others),
                       "the end of the processes of a killed supervisor",
                       PATIENCE, 0.05)

    def stop(self):
        """Sends SIGTERM and asserts a clean end."""
        others = descendants(self.child.pid)
        self.child.send_signal(signal.SIGTERM)
        status = self.child.wait(PATIENCE)
        left = [x for x in others if lab.alive(x)]
        if status != 0 or left:
            raise AssertionError("posternd ended with status %d and left %d "
                                 "processes" % (status, len(left)))

    def postern(self, *args):
        """Runs postern; returns its status and what it said."""
        done = subprocess.run(
            [self.program("postern"), *args], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=2 * PATIENCE, check=False)
        return done.returncode, done.stdout.decode("utf-8", "replace")

    def rows(self):
        """Returns From domain -> (messages, disposition) of all rows."""
        with sqlite3.connect(self.store, timeout=30) as db:
            intact = db.execute("PRAGMA integrity_check").fetchall()
            if intact != [("ok",)]:
                raise AssertionError("integrity_check: %r" % intact)
            found = {name: (n, disposition) for name, n, disposition in
                     db.execute("SELECT header_from, SUM(n), MAX(disposition)"
                                " FROM record GROUP BY header_from")}
        db.close()
        return found

    def counters(self):
        """Returns what `postern status --json` says."""
        status, said = self.postern("status", "--json", "--control",
                                    self.dir + "/control")
        if status != 0:
            raise AssertionError("postern status: " + said)
        return json.loads(said)["counters"]


def no_core():
    """Called in a child: dumps would fill the disk; and it ends with us."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    lab.die_with_parent()
