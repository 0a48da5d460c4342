# SPDX-License-Identifier: BSD-2-Clause
"""The daemon behind a real MTA: crashes, reloads, stops, privileges."""

import json
import os
import pwd
import signal
import socket
import subprocess
import threading

from daemon import AUTHSERV_ID
from harness import (FORGER_IP, PASS_IP, check, equal, lab, mail, result,
                     scenario)


class Background:
    """Runs a function in a thread."""

    def __init__(self, function):
        self.value = None
        self.error = None

        def work():
            try:
                self.value = function()
            except Exception as why:  # shown by join()
                self.error = why

        self.thread = threading.Thread(target=work, daemon=True)
        self.thread.start()

    def join(self, timeout=20.0):
        """Waits for the function's end and returns its result."""
        self.thread.join(timeout)
        check(not self.thread.is_alive(), "background work ended")
        if self.error:
            raise self.error
        return self.value


@scenario("worker killed inside a message: deferred, then all is well")
def worker_killed(t):
    """The supervisor restarts the worker; the socket stays."""
    name = "_dmarc.%s.hang.example" % t.mta.name
    t.dns.add(";! timeout %s." % name)
    worker, = t.daemon.workers()
    sending = Background(lambda: t.send(mail(
        "<a@%s.hang.example>" % t.mta.name, subject="killed")))
    check(t.dns.wait_for_query(name), "the message is being judged")
    os.kill(worker, signal.SIGKILL)
    reply, _ = sending.join()
    equal(reply.code, 451, "reply (%s)" % reply.text)
    lab.wait_until(lambda: t.daemon.workers() not in ([], [worker]),
                   "a new worker")
    got = t.delivered(mail("<a@pass.example>", subject="alive"),
                      mail_from="<a@pass.example>", source=PASS_IP)
    equal(result(got, "dmarc"), "pass", "dmarc")


@scenario("worker that crashes again and again is restarted each time")
def worker_killed_often(t):
    """A few crashes do not hit any limit."""
    for turn in range(3):
        worker, = t.daemon.workers()
        os.kill(worker, signal.SIGKILL)
        lab.wait_until(lambda old=worker: t.daemon.workers() not in
                       ([], [old]), "a new worker")
        got = t.delivered(mail("<a@lax.example>", subject="turn %d" % turn))
        equal(result(got, "dmarc"), "fail", "dmarc")


def has_id(t, authserv_id):
    """True if a message now gets that id."""
    got = t.delivered(mail("<a@lax.example>", subject="id"))
    return got.values("Authentication-Results")[0].startswith(
        authserv_id + ";")


@scenario("reload under traffic: wrong file refused, right file used")
def reload_under_traffic(t):
    """The old configuration stays in use until a valid one replaces it."""
    done = threading.Event()
    replies = []

    def traffic():
        while not done.is_set():
            replies.append(t.send(mail("<a@lax.example>",
                                       subject="traffic"))[0])

    streams = [Background(traffic) for _ in range(2)]
    try:
        t.daemon.write_config(top={"mode": "enforc"})
        since = t.daemon.reload()
        t.daemon.wait_for_log("enforc", since)
        check(has_id(t, AUTHSERV_ID), "the old id is still in use")
        t.daemon.write_config(top={"authserv-id": '"new.gateway.example"'})
        t.daemon.reload()
        lab.wait_until(lambda: has_id(t, "new.gateway.example"), "the new id")
    finally:
        done.set()
    for stream in streams:
        stream.join()
    check(len(replies) >= 4, "there was traffic", len(replies))
    equal({x.code for x in replies}, {250}, "codes of the traffic")
    check(t.daemon.process.running(), "the daemon is alive")


@scenario("SIGTERM lets a message that is being decided finish",
          dns={"query-timeout": '"2500ms"'})
def drain(t):
    """R-MTA-8: the client gets the decision, then the daemon ends cleanly."""
    name = "_dmarc.%s.slow.example" % t.mta.name
    t.dns.add('%s. TXT "v=DMARC1; p=reject"\n;! delay %s. 700ms' %
              (name, name))
    sending = Background(lambda: t.send(mail(
        "<a@%s.slow.example>" % t.mta.name, subject="drain")))
    check(t.dns.wait_for_query(name), "the message is being judged")
    t.daemon.stop()
    reply, _ = sending.join()
    check(reply.text.startswith("550 5.7.26 "), "decided", reply)


@scenario("daemon away: the MTA defers, then recovers")
def away(t):
    """A restart loses nothing."""
    t.daemon.stop()
    with t.client(FORGER_IP) as client:
        reply = client.begin("<a@none.example>", t.rcpt())
        equal(reply.code, 451, "reply to MAIL (%s)" % reply.text)
    t.daemon.start()
    got = t.delivered(mail("<a@lax.example>", subject="back"))
    equal(result(got, "dmarc"), "fail", "dmarc")


@scenario("stale socket of a killed daemon does not stop the next one")
def stale_socket(t):
    """SIGKILL leaves the socket file behind."""
    workers = t.daemon.workers()
    t.daemon.process.stop(signal.SIGKILL)
    lab.wait_until(lambda: not any(lab.alive(x) for x in workers),
                   "the workers' end")
    t.daemon.start()
    got = t.delivered(mail("<a@lax.example>", subject="stale"))
    equal(result(got, "dmarc"), "fail", "dmarc")


@scenario("worker runs as the configured user", top={"user": '"nobody"'})
def privileges(t):
    """The sockets are bound as root, then privileges are dropped."""
    wanted = pwd.getpwnam("nobody").pw_uid
    for worker in t.daemon.workers():
        with open("/proc/%d/status" % worker, encoding="ascii") as file:
            status = dict(x.split(":\t", 1) for x in file.read().splitlines()
                          if ":\t" in x)
        equal(status["Uid"].split(), [str(wanted)] * 4, "user ids")
        equal(status["Groups"].split(), [str(pwd.getpwnam("nobody").pw_gid)],
              "groups")
        equal(int(status["CapEff"], 16), 0, "effective capabilities")
    got = t.delivered(mail("<a@lax.example>", subject="nobody"))
    equal(result(got, "dmarc"), "fail", "dmarc")


@scenario("two listeners, a worker each; one crash leaves the other alone")
def two_listeners(t):
    """A TCP socket in Postfix's and in libmilter's spelling."""
    t.daemon.stop()
    t.daemon.write_config(top={
        "listen": '{"%s", "inet:127.0.0.1:8891"}' % t.daemon.listen})
    t.daemon.start()
    keepers = t.daemon.workers()
    workers = [worker for x in keepers for worker in lab.children(x)]
    equal(len(workers), 2, "number of workers")
    os.kill(workers[0], signal.SIGKILL)
    lab.wait_until(lambda: all(lab.children(x) not in ([], workers[:1])
                               for x in keepers), "a new worker")
    check(lab.alive(workers[1]), "the other worker stays alive")
    for place in ("inet:127.0.0.1:8891", "inet:8891@127.0.0.1"):
        equal(play(t, place), "reject", "action over " + place)
    got = t.delivered(mail("<a@lax.example>", subject="unix"))
    equal(result(got, "dmarc"), "fail", "dmarc over the unix socket")


@scenario("three listeners, settings of their own")
def own_settings(t):
    """One enforces, one monitors, one is for submission; then a reload."""
    sections = """
listener "inet:127.0.0.1:8892" {
	mode = %s
	authserv-id = "%s"
}
listener "inet:127.0.0.1:8893" { submission = yes }
"""
    t.daemon.stop()
    t.daemon.write_config(extra=sections % ("monitor", "second.example"))
    t.daemon.start()
    equal(play(t, t.daemon.listen), "reject", "action of the first")
    equal(play(t, "inet:8892@127.0.0.1"), "accept", "action of the second")
    equal(play(t, "inet:8893@127.0.0.1"), "accept", "action for submission")
    line = t.daemon.wait_for_log("rule=submission")
    check("dmarc=-" in line, "nothing is checked for submission", line)
    t.daemon.write_config(extra=sections % ("enforce", "third.example"))
    t.daemon.reload()
    lab.wait_until(lambda: play(t, "inet:8892@127.0.0.1") == "reject",
                   "the second listener's new mode")


def play(t, place):
    """Runs `postern send` against a listener; returns the action."""
    message = t.lab.write("message.eml", mail("<a@reject.example>"))
    done = subprocess.run(
        [os.path.join(os.path.dirname(t.daemon.program), "postern"), "send",
         "--json", "--to", place, "--ip", FORGER_IP, "--helo", "x.example",
         "--mail-from", "<a@none.example>", message],
        capture_output=True, text=True, check=False)
    check(done.stdout, "postern send says something", done.stderr)
    return json.loads(done.stdout)["action"]


@scenario("background: pid file, then SIGTERM ends all and removes the socket")
def background(t):
    """The daemon runs as a System V script would run it."""
    t.daemon.stop()
    path = t.lab.path("pid")
    t.daemon.write_config(top={"pid-file": '"%s"' % path})
    started = lab.Process([t.daemon.program, "-c", t.daemon.config],
                          t.daemon.log, with_us=False)
    equal(started.child.wait(10), 0, "status")
    with open(path, encoding="ascii") as file:
        pid = int(file.read())
    try:
        check(os.getsid(pid) != os.getsid(0), "a session of its own")
        got = t.delivered(mail("<a@lax.example>", subject="background"))
        equal(result(got, "dmarc"), "fail", "dmarc")
    finally:
        os.kill(pid, signal.SIGTERM)
    lab.wait_until(lambda: not lab.alive(pid), "the end")
    check(not os.path.exists(path), "the pid file is gone")
    check(not os.path.exists(t.daemon.listen.partition(":")[2]),
          "the socket is gone")


@scenario("connection that never negotiates does no harm")
def probe(t):
    """Port probes and garbage do no harm."""
    path = t.daemon.listen.partition(":")[2]
    for octets in (b"", b"\0", b"GET / HTTP/1.0\r\n\r\n", b"\0\0\0\1Q"):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(path)
            sock.sendall(octets)
    worker = t.daemon.workers()
    got = t.delivered(mail("<a@lax.example>", subject="probe"))
    equal(result(got, "dmarc"), "fail", "dmarc")
    equal(t.daemon.workers(), worker, "the worker")


@scenario("one log line a message, with the MTA's queue id")
def log_line(t):
    """This is the line that operators search for."""
    t.delivered(mail("<a@lax.example>", subject="log"))
    line = t.daemon.wait_for_log("policy=lax.example:p=none")
    for part in (": from=", "spf=pass", "dkim=none", "dmarc=fail",
                 "policy=lax.example:p=none", "action=accept", "rule="):
        check(part in line, "%r in the log line" % part, line)
