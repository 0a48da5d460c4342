# SPDX-License-Identifier: BSD-2-Clause
"""The table at the end of the soak, and its tests in TAP."""

import collections

TESTS = collections.OrderedDict((
    ("answered", "every message was answered once, as the log says"),
    ("logged", "every message has one log line"),
    ("stored", "every message has one row in the report store"),
    ("delivered", "accepted mail arrived once, with our results"),
    ("verdict", "every verdict is that of the engine"),
    ("processes", "no process died by itself"),
    ("events", "every event was survived"),
    ("store", "no row was deleted"),
    ("players", "the senders worked"),
    ("soak", "the soak came to its end"),
))
SHOWN = 10


def show(account, samples, skipped):
    """Prints the table; returns the exit status."""
    messages = account.book.messages.values()
    print("#\n# messages: %d; malformed or half-open sessions: %d; "
          "messages begun and given up: %d" % (
              len(messages), account.book.noise, account.book.aborted))
    print("# answers:")
    for (path, outcome), count in sorted(account.checked.items()):
        print("#   %-10s %-14s %6d" % (path, outcome, count))
    print("# events:")
    for name, count in sorted(account.chaos.counts.items()):
        print("#   %-25s %6d" % (name, count))
    print("# known:")
    for name, count in sorted(account.known.items()):
        print("#   %-40s %6d" % (name, count))
    print("#   %-40s %6d" % ("log lines lost, as the log said",
                             account.lost_lines))
    print("#   %-40s %6d" % ("log lines of malformed sessions",
                             account.other_lines))
    print("# of all processes:  first third  last third     highest"
          "  last third at most")
    flat = list(samples.table())
    for name, first, last, highest, bound, _ in flat:
        print("#   %-16s %11.0f %11.0f %11.0f %11.0f" % (
            name, first, last, highest, bound))
    print("# unexplained: %d" % len(account.unexplained))
    for what, text in account.unexplained[:SHOWN]:
        print("#   %s: %s" % (what, text))
    return tap(account, flat, skipped)


def tap(account, flat, skipped):
    """Prints a test for each kind of fault; returns the exit status."""
    wrong = collections.Counter(what for what, _ in account.unexplained)
    results = [(wrong[key] == 0, label) for key, label in TESTS.items()]
    results += [(good, "%s do not grow" % name if name[-1] == "s" else
                 "%s does not grow" % name)
                for name, _, _, _, _, good in flat]
    number = 0
    for fine, label in results:
        number += 1
        print("%sok %d - soak: %s" % ("" if fine else "not ", number, label))
    for name, why in skipped:
        number += 1
        print("ok %d - soak: %s # SKIP %s" % (number, name, why))
    print("1..%d" % number, flush=True)
    return 0 if all(fine for fine, _ in results) else 1
