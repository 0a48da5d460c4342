# SPDX-License-Identifier: BSD-2-Clause
"""The questions that README tells an operator to ask, after the eight messages
of the demonstration have gone through a real Postfix."""

import importlib.machinery
import importlib.util
import os
import pathlib
import shlex
import subprocess

import lab
from harness import check, equal, scenario

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
DEMO = SOURCE / "tests/demo"
BEGIN = "<!-- the questions;"
ZONE = {"zone": '"%s"' % (DEMO / "zone")}
# What each question must be answered with, in the order of README.
ANSWERS = [
    ("550 5.7.26", "bank.example", "To let it in meanwhile"),
    ("bank.example", "shop.example", "reject", "tag"),
    ("reject",),
    ("rcpt.example",),
    ("bank.example",),
    ("dmarc-reject", "bank.example"),
]


def demonstration():
    """Returns the module of the demonstration."""
    loader = importlib.machinery.SourceFileLoader("play", str(DEMO / "play"))
    module = importlib.util.module_from_spec(
        importlib.util.spec_from_loader("play", loader))
    loader.exec_module(module)
    return module


def questions():
    """Returns the commands of README, as lists of words."""
    text = (SOURCE / "README.md").read_text(encoding="utf-8")
    block = text.split(BEGIN)[1].split("-->", 1)[1].strip("\n").split("\n\n")
    return [shlex.split(line, comments=True)
            for line in block[0].splitlines()]


def play_all(t, rcpt):
    """Sends the eight messages; returns the codes of the replies."""
    play = demonstration()
    codes = []
    for name, _caption, (client, helo, mail_from) in play.MESSAGES:
        message = (DEMO / (name + ".eml")).read_text(encoding="ascii")
        with t.client(client, helo) as session:
            equal(session.begin(mail_from, rcpt).code, 250, "reply to RCPT")
            codes.append(session.data(message).code)
    return codes


def ask(t, words):
    """Runs a command of `postern` and returns what it prints."""
    program = os.path.join(os.path.dirname(t.daemon.program), words[0])
    done = subprocess.run([program] + words[1:], capture_output=True,
                          text=True, check=False,
                          env=dict(os.environ, COLUMNS="80"))
    check(done.returncode in (0, 1), " ".join(words), done.stderr)
    return done.stdout


def begin_anew(t):
    """Gives the daemon files in which no other scenario's messages are."""
    t.daemon.stop()
    t.daemon.write_config(dns=ZONE, extra='store { path = "%s" }' %
                          t.lab.path("questions"))
    t.daemon.start()


@scenario("the questions of README, after the demonstration's messages",
          only="postfix", dns=ZONE)
def readme(t):
    """Each command as it is written there, for this gateway's files."""
    begin_anew(t)
    rcpt = t.rcpt()
    equal(play_all(t, rcpt), [250, 250, 550, 250, 250, 250, 550, 250],
          "replies")
    lab.wait_until(lambda: "8  " in ask(t, [
        "postern", "stats", "--config", t.daemon.config]) or None,
        "the tallies", timeout=60.0)
    refused = next(x for x in t.daemon.log_lines()
                   if "from=bank.example" in x and "action=reject" in x)
    queue_id = refused.split("posternd: ")[-1].split(":")[0]
    other = t.lab.path("new.conf")
    with open(t.daemon.config, encoding="utf-8") as file:
        text = file.read()
    with open(other, "w", encoding="utf-8") as file:
        file.write("mode = monitor\n" + text)
    commands = questions()
    equal(len(commands), len(ANSWERS), "questions in README")
    for words, wanted in zip(commands, ANSWERS):
        words = [{"4FA43A8A3F9": queue_id, "you@gateway.example": rcpt,
                  "new.conf": other}.get(x, x) for x in words]
        if "--config" not in words:
            words += ["--config", t.daemon.config]
        answer = ask(t, words)
        for text in wanted:
            check(text in answer, " ".join(words) + " must say " + text,
                  answer)
        for line in answer.splitlines():
            check(len(line) <= 80, "longer than 80 columns", line)
