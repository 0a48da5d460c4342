# SPDX-License-Identifier: BSD-2-Clause
"""Memory, threads and descriptors of all processes of posternd."""

import os
import statistics
import threading

# The last third of the run may have so many times the first, and so much more.
BOUNDS = {"memory in MB": (1.25, 16.0), "threads": (1.25, 16.0),
          "descriptors": (1.25, 32.0)}
SANITIZER_MB = 1000.0  # what a sanitizer may keep in addition


def measure(pid):
    """Returns memory in MB, threads and descriptors of a process."""
    with open("/proc/%d/status" % pid, encoding="ascii",
              errors="replace") as file:
        status = dict(x.split(":", 1) for x in file if ":" in x)
    return (int(status["VmRSS"].split()[0]) / 1024.0, int(status["Threads"]),
            len(os.listdir("/proc/%d/fd" % pid)))


class Samples(threading.Thread):
    """Takes a sample of the sums every second, if all processes are there."""

    def __init__(self, gateway):
        super().__init__(daemon=True)
        self.gateway = gateway
        self.over = threading.Event()
        self.rows = []
        with open(gateway.program("Makefile"), encoding="utf-8") as file:
            self.sanitizer = "-fsanitize=" in file.read().partition(
                "HARDEN_CFLAGS =")[2].partition("\n")[0]

    def run(self):
        while not self.over.wait(1.0):
            try:
                if self.gateway.is_complete():
                    each = [measure(x) for x in self.gateway.processes()]
                    self.rows.append(tuple(sum(x) for x in zip(*each)))
            except (OSError, KeyError):
                pass  # a process ended while it was looked at

    def table(self):
        """Returns (name, first third, last third, highest, bound, good)."""
        third = max(1, len(self.rows) // 3)
        for index, (name, (factor, more)) in enumerate(BOUNDS.items()):
            values = [row[index] for row in self.rows]
            if not values:
                yield name, 0, 0, 0, 0, False
                continue
            first = statistics.median(values[:third])
            last = statistics.median(values[-third:])
            bound = first * factor + more
            if self.sanitizer and index == 0:
                bound += SANITIZER_MB
            yield name, first, last, max(values), bound, last <= bound
