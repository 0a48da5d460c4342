# SPDX-License-Identifier: BSD-2-Clause
"""posternd under test: configuration, readiness, worker, reload."""

import os
import signal
import socket
import threading

import lab

AUTHSERV_ID = "mx.gateway.example"
BASE = {
    "authserv-id": '"%s"' % AUTHSERV_ID,
    "user": '""',
    "umask": "000",
    "deadline": '"3s"',
    "drain": '"10s"',
    "trusted-networks": '{"127.0.0.0/8", "::1"}',
}
DNS = {"servers": '{"127.0.0.1"}', "query-timeout": '"1s"'}


def config_text(listen, top=None, dns=None, extra=""):
    """Returns a whole configuration file; the value None omits an option."""
    keys = dict(BASE, listen='{"%s"}' % listen)
    keys.update(top or {})
    lines = ["%s = %s" % item for item in keys.items() if item[1] is not None]
    keys = dict(DNS, **(dns or {}))
    lines += ["dns {"] + ["\t%s = %s" % item for item in keys.items()] + ["}"]
    lines += ['log { target = "stderr" level = "debug" }', extra, ""]
    return "\n".join(lines)


class Daemon:
    """One posternd: a supervisor and its worker."""

    def __init__(self, laboratory, program, name, listen):
        self.lab = laboratory
        self.program = program
        self.name = name
        self.listen = listen
        self.config = laboratory.path(name, "postern.conf")
        self.log = laboratory.path(name, "log")
        self.process = None
        self.statuses = []
        self.notify = None

    def write_config(self, **changes):
        """Writes the configuration file, with a store unless it has one."""
        extra = changes.get("extra", "")
        if "store {" not in extra:
            changes["extra"] = extra + '\nstore { path = "%s" }' % (
                self.lab.path(self.name, "db"))
        self.lab.write(self.name + "/postern.conf",
                       config_text(self.listen, **changes))

    def start(self, timeout=10.0):
        """Starts posternd and waits for READY=1 (sd_notify(3))."""
        self.statuses = []
        address = self.lab.path(self.name, "notify")
        if os.path.exists(address):
            os.unlink(address)
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(address)
        os.chmod(address, 0o666)
        threading.Thread(target=self._listen_for_status, daemon=True,
                         args=(self.notify,)).start()
        self.process = lab.Process(
            [self.program, "-f", "-c", self.config], self.log,
            env=dict(os.environ, NOTIFY_SOCKET=address,
                     POSTERN_LIBEXECDIR=os.path.dirname(self.program)))
        lab.wait_until(lambda: "READY=1" in self.statuses or
                       not self.process.running(), "READY=1", timeout)
        if not self.process.running():
            raise AssertionError("posternd ended at once: " +
                                 self.process.output()[-2000:])

    def _listen_for_status(self, notify):
        while True:
            try:
                text = notify.recv(4096).decode("utf-8", "replace")
            except OSError:
                return
            if not text:
                return
            self.statuses += text.split("\n")

    def stop(self):
        """Sends SIGTERM and asserts a clean end."""
        if not self.process:
            return
        process, self.process = self.process, None
        was_running = process.running()
        status = process.stop(signal.SIGTERM, 15.0)
        if self.notify:
            self.notify.close()
        if was_running and status != 0:
            raise AssertionError("posternd ended with status %d: %s" % (
                status, process.output()[-2000:]))

    def kill(self):
        """Kills what a failed test has left, including the workers."""
        if not self.process:
            return
        workers = self.workers() if self.process.running() else []
        self.process.stop(signal.SIGKILL)
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
        lab.wait_until(lambda: not any(lab.alive(x) for x in workers),
                       "the workers' end")
        self.process = None

    def workers(self):
        """Returns the process ids of the supervisor's children."""
        return lab.children(self.process.pid)

    def reload(self):
        """Sends SIGUSR1; returns how many lines the log had before that."""
        before = len(self.log_lines())
        self.process.child.send_signal(signal.SIGUSR1)
        return before

    def log_lines(self):
        """Returns the lines of the log so far."""
        return self.process.output().splitlines()

    def wait_for_log(self, text, since=0, timeout=10.0):
        """Waits for a log line that contains the text, and returns it."""
        return lab.wait_until(
            lambda: next((x for x in self.log_lines()[since:] if text in x),
                         None), "log line with " + text, timeout)
