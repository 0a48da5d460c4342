# SPDX-License-Identifier: BSD-2-Clause
"""Counts the instructions of a round of a micro-benchmark, with callgrind.

The count is that of twice as many rounds minus that of the rounds, so that
what happens only once does not count.
"""

import concurrent.futures
import os
import re
import resource
import shutil
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TIMED_INSTRUCTIONS = 5e8
PASSES = 3

# Libraries select code for the processor, some of whose features valgrind
# passes on. Every x86_64 of the last fifteen years has the ones left here.
PINNED = {
    "LC_ALL": "C",
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "OPENSSL_ia32cap": "0x0000020007000000:0",
    "OPENSSL_CONF": "/dev/null",
    "NETTLE_FAT_OVERRIDE": "vendor:other",
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=" + ",".join(
        "-" + x for x in (
            "AVX", "AVX2", "AVX_Fast_Unaligned_Load", "AVX512F", "AVX512VL",
            "AVX512BW", "BMI1", "BMI2", "ERMS", "FSRM", "LZCNT", "MOVBE",
            "RTM", "SSE4_1", "SSE4_2", "SSSE3", "Fast_Unaligned_Copy",
            "Prefer_No_VZEROUPPER")) +
    ":glibc.cpu.x86_data_cache_size=32768"
    ":glibc.cpu.x86_shared_cache_size=1048576"
    ":glibc.cpu.x86_non_temporal_threshold=786432",
}


class Unable(Exception):
    """Counting is impossible here; the text says why."""


class Micro:
    """The program that runs the benchmarks."""

    def __init__(self, program):
        self.program = os.path.abspath(program)
        self.source = os.path.dirname(HERE)
        self.pinned = dict(PINNED, srcdir=self.source)

    def rounds(self, which="list"):
        """Returns the names and the rounds to count, in order."""
        out = subprocess.run([self.program, which], check=True, text=True,
                             capture_output=True).stdout
        return [(x, int(y)) for x, y in map(str.split, out.splitlines())]

    def build(self):
        """Returns what the counts depend on, as lines."""
        if not shutil.which("valgrind"):
            raise Unable("valgrind is not installed")
        version = subprocess.run(["valgrind", "--version"], check=True,
                                 text=True, capture_output=True).stdout
        out = subprocess.run([self.program, "build"], check=True, text=True,
                             capture_output=True).stdout
        return ["machine " + os.uname().machine,
                "valgrind " + ".".join(re.findall(r"\d+", version)[:2])
                ] + out.splitlines()

    def _all(self, name, rounds, size):
        """Returns the instructions of all these rounds."""
        with tempfile.TemporaryDirectory(prefix="postern-bench.") as place:
            done = subprocess.run(
                ["setarch", "-R", "valgrind", "--tool=callgrind",
                 "--callgrind-out-file=out", "--toggle-collect=micro_rounds",
                 self.program, name, str(rounds)] + size,
                cwd=place, env=self.pinned, text=True,
                capture_output=True, check=False)
            if done.returncode != 0:
                raise Unable("%s: %s" % (name, done.stderr.strip()))
            with open(os.path.join(place, "out"), encoding="latin-1") as file:
                return int(re.search(r"^(?:summary|totals): (\d+)",
                                     file.read(), re.M)[1])

    def count(self, name, rounds, size=None):
        """Returns the instructions of one round."""
        more = [] if size is None else [str(size)]
        twice = self._all(name, 2 * rounds, more)
        return round((twice - self._all(name, rounds, more)) / rounds)

    def _cpu(self, name, rounds):
        with tempfile.TemporaryDirectory(prefix="postern-bench.") as place:
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([self.program, name, str(rounds)], check=True,
                           cwd=place,
                           env=dict(os.environ, srcdir=self.source))
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return (after.ru_utime - before.ru_utime +
                after.ru_stime - before.ru_stime)

    def nanoseconds(self, name, instructions):
        """Returns the CPU time of one round, outside of callgrind."""
        rounds = max(10, int(TIMED_INSTRUCTIONS / instructions))
        return min(self._cpu(name, 2 * rounds) - self._cpu(name, rounds)
                   for _ in range(PASSES)) / rounds * 1e9

    def cpu_of_file(self, path, rounds, recipients):
        """Returns the CPU milliseconds of a message, outside of callgrind."""
        def run(count):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(
                [self.program, "by_file", str(count), str(recipients)],
                check=True, env=dict(os.environ, srcdir=self.source,
                                     MICRO_FILE=os.path.abspath(path)))
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            return (after.ru_utime - before.ru_utime +
                    after.ru_stime - before.ru_stime)
        twice, once = (min(run(x * rounds) for _ in range(PASSES))
                       for x in (2, 1))
        return (twice - once) / rounds * 1e3

    def count_all(self):
        """Returns the counts by name, in order."""
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            made = [(name, pool.submit(self.count, name, rounds))
                    for name, rounds in self.rounds()]
            return {name: future.result() for name, future in made}
