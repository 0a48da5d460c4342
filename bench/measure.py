# SPDX-License-Identifier: BSD-2-Clause
"""The cost of a daemon while `postern send` plays messages to it."""

import json
import os
import re
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(HERE)
RESULTS = os.path.join(HERE, "results")
E2E = os.path.join(SOURCE, "tests", "e2e")
sys.path.insert(0, E2E)

import lab  # noqa: E402

TICK_MS = 1000.0 / os.sysconf("SC_CLK_TCK")
MAX_ARGUMENTS = 3000


def in_laboratory(inside, *errors):
    """Runs inside() in the laboratory of tests/e2e/lab.py.

    Returns the exit status. errors: exceptions to show to the user, in
    addition to the laboratory's.
    """
    program = os.path.abspath(sys.argv[0])
    try:
        status = lab.enter([program] + sys.argv[1:])
        if status is not None:
            return status
        status = lab.reap_for(inside)
    except (lab.Unable, *errors) as why:
        print("%s: %s" % (os.path.basename(program), why), file=sys.stderr)
        status = 1
    sys.stdout.flush()
    # threads that wait for the network must not delay the exit
    os._exit(status)


def put_into_profile(mark, text, dry):
    """Prints a section, and writes it to bench/PROFILE.md unless dry."""
    print(text)
    if not dry:
        replace_between(os.path.join(HERE, "PROFILE.md"), mark, text)


def tree(pid):
    """Returns a process and all its descendants."""
    found = [pid]
    for process in found:
        found += lab.children(process)
    return found


def cpu_ms(pids):
    """Returns the CPU time of process trees, including reaped children."""
    ticks = 0
    for pid in [x for top in pids for x in tree(top)]:
        with open("/proc/%d/stat" % pid, encoding="latin-1") as file:
            fields = file.read().rpartition(")")[2].split()
        ticks += sum(int(x) for x in fields[11:15])
    return ticks * TICK_MS


def pss_mb(pids):
    """Returns the proportional set size of process trees."""
    kib = 0
    for pid in [x for top in pids for x in tree(top)]:
        with open("/proc/%d/smaps_rollup" % pid, encoding="ascii") as file:
            kib += int(re.search(r"^Pss:\s+(\d+)", file.read(), re.M)[1])
    return kib / 1024


class Sender:
    """`postern send` of a build."""

    def __init__(self, build):
        self.program = os.path.join(os.path.abspath(build), "postern")

    def _run(self, socket, options, files, under=()):
        return subprocess.run(
            [*under, self.program, "send", "--json", "--as-mail", "--to", socket,
             "--host", "mx.bench.example", "--rcpt", "<you@bench.example>"] + options +
            files, capture_output=True, text=True, check=False)

    def each(self, socket, files):
        """Plays each file once; returns the answers by file."""
        answers = {}
        for i in range(0, len(files), MAX_ARGUMENTS):
            done = self._run(socket, [], files[i:i + MAX_ARGUMENTS])
            for line in done.stdout.splitlines():
                answer = json.loads(line)
                answers[answer["file"]] = answer
        if len(answers) != len(files):
            raise lab.Unable("%s: %s" % (socket, done.stderr.strip()))
        return answers

    def load(self, socket, files, count, at_once, pids, under=()):
        """Plays count messages; returns the result, with the daemons' CPU.

        under: the words of a command that runs `postern send`.
        """
        before = cpu_ms(pids)
        done = self._run(socket, ["--repeat", str(count), "--concurrency",
                                  str(at_once)], files, under)
        after = cpu_ms(pids)
        if done.returncode != 0:
            raise lab.Unable("%s: %s" % (socket, done.stderr.strip()))
        said = json.loads(done.stdout)
        said["cpu_ms"] = (after - before) / count
        return said


def table(head, rows):
    """Returns a table in Markdown, with numbers aligned right."""
    def line(cells):
        return "| " + " | ".join(str(x) for x in cells) + " |"
    marks = ["---"] + ["---:"] * (len(head) - 1)
    return "\n".join([line(head), line(marks)] + [line(x) for x in rows])


def short(number):
    """Returns a number with three significant digits."""
    if number == 0:
        return "0"
    if abs(number) >= 100:
        return "%.0f" % number
    return "%.*f" % (1 if abs(number) >= 10 else 2 if abs(number) >= 1 else 3,
                     number)


def middle(values):
    """Returns the median."""
    return statistics.median(values)


def processor():
    """Returns the number and the model of the processors."""
    model = "unknown processor"
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        found = re.search(r"^model name\s*:\s*(.*)$", file.read(), re.M)
    if found:
        model = found[1].strip()
    return "%d x %s" % (os.cpu_count(), model)


def write(name, text):
    """Writes a file of results."""
    os.makedirs(RESULTS, exist_ok=True)
    with open(os.path.join(RESULTS, name), "w", encoding="utf-8") as file:
        file.write(text)


def replace_between(path, mark, text):
    """Replaces what is between two marks of a file with the text."""
    with open(path, encoding="utf-8") as file:
        whole = file.read()
    begin, end = "<!-- %s -->\n" % mark, "<!-- end of %s -->" % mark
    if whole.count(begin) != 1 or whole.count(end) != 1:
        raise lab.Unable("%s has no marks for %s" % (path, mark))
    head, rest = whole.split(begin)
    with open(path, "w", encoding="utf-8") as file:
        file.write(head + begin + text + end + rest.split(end)[1])
