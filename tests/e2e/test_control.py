# SPDX-License-Identifier: BSD-2-Clause
"""The control socket, and a DNS failure that lasts."""

import os
import stat
import subprocess
import time

from daemon import config_text
from harness import check, equal, lab, mail, own_results, scenario


def reload(t, *args):
    """Runs `postern reload`: (status, its output)."""
    program = os.path.join(os.path.dirname(t.daemon.program), "postern")
    done = subprocess.run([program, "reload", *args], capture_output=True,
                          text=True, timeout=30, check=False)
    return done.returncode, done.stdout + done.stderr


def with_control(t, top=None, extra=""):
    """Restarts the daemon with a control socket; returns its path."""
    path = t.lab.path(t.daemon.name, "control")
    t.daemon.stop()
    t.daemon.write_config(
        top=dict(top or {}, **{"control-socket": '"%s"' % path}), extra=extra)
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
    t.lab.write(t.daemon.name + "/postern.conf",
                config_text(t.daemon.listen, top=top))
    t.daemon.start()
    status, said = reload(t, "--control", path)
    equal((status, said), (0, "configuration reloaded\n"), "answer")
    status, said = reload(t, "--control", path, "--status")
    check("2 of 2 workers ready" in said, "status", said)


@scenario("DNS dead for longer than temperror-cap: tagged, then deferred again",
          top={"on-temperror": "tempfail", "temperror-cap": "1s"},
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
    equal(got.values("X-Spam-Flag"), ["YES"], "the mark")
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
