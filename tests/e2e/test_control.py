# SPDX-License-Identifier: BSD-2-Clause
"""The control socket, and a DNS failure that lasts."""

import json
import os
import signal
import stat
import subprocess
import time

from harness import check, equal, lab, mail, own_results, scenario


def postern(t, *args, **options):
    """Runs a subcommand: (status, its output)."""
    program = os.path.join(os.path.dirname(t.daemon.program), "postern")
    done = subprocess.run([program, *args], capture_output=True,
                          text=True, timeout=30, check=False, **options)
    return done.returncode, done.stdout + done.stderr


def reload(t, *args):
    """Runs `postern reload`: (status, its output)."""
    return postern(t, "reload", *args)


def counters(t, path):
    """All counters: name -> its number, or its numbers."""
    status, said = postern(t, "status", "--control", path, "--json")
    equal(status, 0, "status (%s)" % said)
    return {name: row.get("value", row.get("values"))
            for name, row in json.loads(said)["counters"].items()}


def with_control(t, top=None, extra="", dns=None):
    """Restarts the daemon with a control socket; returns its path."""
    path = t.lab.path(t.daemon.name, "control")
    t.daemon.stop()
    t.daemon.write_config(
        top=dict(top or {}, **{"control-socket": '"%s"' % path}), extra=extra,
        dns=dns)
    t.daemon.start()
    return path


@scenario("postern reload returns when the new configuration is in use")
def reload_waits(t):
    """The next message already uses it; no wait and no retry is needed."""
    path = with_control(t)
    check(stat.S_ISSOCK(os.stat(path).st_mode), "a socket")
    for turn in range(3):
        name = "new%d.gateway.example" % turn
        t.daemon.write_config(top={"control-socket": '"%s"' % path,
                                   "authserv-id": '"%s"' % name,
                                   "pid-file": '"/nowhere"'})
        status, said = reload(t, "--config", t.daemon.config)
        equal(status, 0, "status (%s)" % said)
        equal(said, "configuration reloaded; a restart is needed for: "
              "pid-file\n", "answer")
        got = t.delivered(mail("<a@lax.example>", subject="turn"))
        check(got.values("Authentication-Results")[0].startswith(name + ";"),
              "the new id", got.values("Authentication-Results"))
    status, said = reload(t, "--control", path, "--status")
    equal(status, 0, "status")
    check("1 of 1 workers ready" in said, "status", said)


@scenario("postern reload names file and line of an error")
def reload_error(t):
    """The daemon reports it as well as the command itself."""
    path = with_control(t)
    t.daemon.write_config(top={"control-socket": '"%s"' % path,
                               "mode": "enforc"})
    for args in (("--control", path), ("--config", t.daemon.config)):
        status, said = reload(t, *args)
        equal(status, 1, "status (%s)" % said)
        check("%s:" % t.daemon.config in said and "mode must be" in said,
              "file and line", said)
    t.delivered(mail("<a@lax.example>", subject="still"))
    status, said = reload(t, "--control", path + ".none")
    equal(status, 2, "status without a daemon (%s)" % said)


@scenario("postern reload with two listeners waits for both workers")
def reload_two(t):
    """A keeper passes on the answer of its worker."""
    path = t.lab.path(t.daemon.name, "control")
    listen = '{"%s", "inet:18891@127.0.0.1"}' % t.daemon.listen
    top = {"control-socket": '"%s"' % path, "listen": listen}
    t.daemon.stop()
    t.daemon.write_config(top=top)
    t.daemon.start()
    status, said = reload(t, "--control", path)
    equal((status, said), (0, "configuration reloaded\n"), "answer")
    status, said = reload(t, "--control", path, "--status")
    check("2 of 2 workers ready" in said, "status", said)


@scenario("postern status counts the mail of a real MTA")
def status_counts(t):
    """Messages, results, sessions; totals survive a killed worker."""
    path = with_control(t)
    t.delivered(mail("<a@lax.example>", subject="one"))
    t.delivered(mail("<a@lax.example>", subject="two"))
    got = counters(t, path)
    equal(got["messages"]["accept"], 2, "accepted (%s)" % got["messages"])
    equal(sum(got["messages"].values()), 2, "messages")
    equal(sum(got["dmarc"].values()), 2, "DMARC results")
    equal(sum(got["rules"].values()), 2, "rules")
    equal(sum(got["message_ms"]), 2, "times")
    check(got["dns_queries"] > 0, "queries", got)
    check(got["dns_cached"] > 0, "answers from the cache", got)
    check(got["sessions"] >= 1, "sessions", got)
    equal(got["dns_failing_since"], 0, "the DNS")
    for pid in t.daemon.workers():
        os.kill(pid, signal.SIGKILL)
    lab.wait_until(lambda: counters(t, path)["workers_ready"] == 1 and
                   counters(t, path)["worker_crashes"] == 1, "a new worker")
    got = counters(t, path)
    equal(got["messages"]["accept"], 2, "accepted before")
    equal((got["sessions_open"], got["dns_open"]), (0, 0), "gauges")
    t.delivered(mail("<a@lax.example>", subject="three"))
    equal(counters(t, path)["messages"]["accept"], 3, "accepted in all")
    status, said = postern(t, "status", "--control", path)
    equal(status, 1, "status (%s)" % said)
    check("WARNING: a worker ended unexpectedly" in said and
          "1 of 1 ready, 2 started, 1 crashed" in said, "the page", said)
    status, said = postern(t, "status", "--control", path, "--nagios")
    equal(status, 1, "status (%s)" % said)
    check(said.startswith("POSTERN WARNING - a worker ended") and
          " accept=3c " in said, "the line", said)


@scenario("postern status says that the DNS does not answer",
          dns={"query-timeout": '"300ms"'})
def status_dns(t):
    """And since when; it stops when the DNS answers again."""
    path = with_control(t)
    equal(counters(t, path)["dns_failing_since"], 0, "before")
    t.dns.die()
    t.send(mail("<a@one.%s-status.dead>" % t.mta.name, subject="dead"))
    since = counters(t, path)["dns_failing_since"]
    check(abs(time.time() - since) < 30, "since when", since)
    status, said = postern(t, "status", "--control", path)
    check("    failing for     " in said, "the page", said)
    t.dns.revive()
    count = iter(range(1000))

    def answers():
        t.send(mail("<a@%d.%s-status.dead>" % (next(count), t.mta.name),
                    subject="alive"))
        return counters(t, path)["dns_failing_since"] == 0
    lab.wait_until(answers, "the DNS to recover", 30.0, 0.2)


@scenario("DNS dead for longer than temperror-cap: tagged, then deferred again",
          top={"temperror-cap": "1s"},
          dns={"query-timeout": '"300ms"'})
def cap(t):
    """There is a log line at each change."""
    def send(word):
        return t.send(mail("<a@%s.%s-cap.dead>" % (word, t.mta.name),
                           subject=word))

    t.dns.die()
    reply, _ = send("one")
    check(reply.text.startswith("451 4.4.3 "), "deferred", reply)
    time.sleep(1.1)
    reply, rcpt = send("two")
    equal(reply.code, 250, "reply (%s)" % reply.text)
    got = t.sink.wait(rcpt)
    equal(got.values("X-DMARC-Verdict"), ["quarantine"], "the mark")
    check("dmarc=temperror" in own_results(got)[0], "the result", got.names())
    t.daemon.wait_for_log("longer than temperror-cap")
    t.dns.revive()
    count = iter(range(1000))
    lab.wait_until(
        lambda: send("three%d" % next(count))[0].code == 250 and
        any("the DNS answers again" in x for x in t.daemon.log_lines()),
        "the DNS to recover", 30.0, 0.2)
    reply, _ = t.send(mail("<a@broken.example>", subject="servfail"))
    check(reply.text.startswith("451 4.4.3 "), "deferred again", reply)
