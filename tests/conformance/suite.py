# SPDX-License-Identifier: BSD-2-Clause
"""What the runners in this directory share: skipping, zones, the table."""

import importlib
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
KEYS = os.path.join(HERE, "..", "keys")
SYSTEM_PYTHON = "/usr/bin/python3"
PLAIN = frozenset(
    b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")


def skip(reason):
    """Ends the runner as skipped, which does not count as passed."""
    print("SKIP %s: %s" % (os.path.basename(sys.argv[0]), reason))
    sys.exit(77)


def need(**modules):
    """Skips unless all modules are installed; the values name the packages.

    A Python that is not the system's cannot see the system's packages, so the
    runner first tries again with the system's Python.
    """
    missing = []
    for name, package in modules.items():
        try:
            importlib.import_module(name)
        except ImportError:
            missing.append(package)
    if not missing:
        return
    if os.access(SYSTEM_PYTHON, os.X_OK) and \
            os.path.realpath(sys.executable) != os.path.realpath(SYSTEM_PYTHON):
        sys.stdout.flush()
        os.execv(SYSTEM_PYTHON, [SYSTEM_PYTHON, "-B"] + sys.argv)
    skip("needs " + " ".join(missing))


def folder(name):
    """Returns a suite's folder below POSTERN_CONFORMANCE, or skips."""
    root = os.environ.get("POSTERN_CONFORMANCE") or os.path.join(
        HERE, "..", "..", "..", "shared", "conformance")
    path = os.path.join(root, name)
    if not os.path.isdir(path):
        skip("no %s below POSTERN_CONFORMANCE (%s)" % (name, root))
    return path


def zone_name(name):
    """Returns a name as a master file spells it; None: it is not legal."""
    labels = name.rstrip(b".").split(b".")
    if labels == [b""]:
        return "."
    if any(not 0 < len(label) <= 63 for label in labels) or len(name) > 253:
        return None
    return "".join(
        "".join(chr(c) if c in PLAIN else "\\%03d" % c for c in label) + "."
        for label in labels)


def zone_text(data):
    """Returns TXT data as strings of at most 255 octets."""
    pieces = [data[i:i + 255] for i in range(0, len(data), 255)] or [b""]
    return " ".join(
        '"' + "".join(chr(c) if c in PLAIN or c == 0x20 else "\\%03d" % c
                      for c in piece) + '"' for piece in pieces)


class Table:
    """Counts cases; prints a line for each suite, and the sum."""

    def __init__(self):
        self.rows = {}

    def count(self, suite, verdict):
        """Counts a case; verdict: agree, explained, skipped or failed."""
        row = self.rows.setdefault(
            suite, {"agree": 0, "explained": 0, "skipped": 0, "failed": 0})
        row[verdict] += 1

    def finish(self):
        """Prints the table; returns the exit status."""
        print("%-28s %6s %6s %9s %7s" % ("suite", "cases", "agree",
                                         "explained", "skipped"))
        total = {"agree": 0, "explained": 0, "skipped": 0, "failed": 0}
        for suite, row in self.rows.items():
            print("%-28s %6d %6d %9d %7d" % (
                suite, sum(row.values()), row["agree"], row["explained"],
                row["skipped"]))
            for key, value in row.items():
                total[key] += value
        line = "%d passed, %d failed" % (
            total["agree"] + total["explained"], total["failed"])
        if total["skipped"]:
            line += ", %d skipped" % total["skipped"]
        print(line)
        return 1 if total["failed"] else 0
