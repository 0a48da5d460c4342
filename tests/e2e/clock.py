# SPDX-License-Identifier: BSD-2-Clause
"""A wall clock for programs under test, which a test can move."""

import os
import shutil
import subprocess

SHIM = """/* Moves the wall clock by the seconds in the file $CLOCK_FILE. */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile const int64_t *ahead_s;

static void __attribute__((constructor))
begin(void)
{
	int fd = open(getenv("CLOCK_FILE"), O_RDONLY | O_CLOEXEC);

	ahead_s = mmap(NULL, 8, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
}

int
clock_gettime(clockid_t id, struct timespec *out)
{
	int status = (int)syscall(SYS_clock_gettime, id, out);

	if (status == 0 && id == CLOCK_REALTIME)
		out->tv_sec += *ahead_s;
	return status;
}

time_t
time(time_t *out)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (out != NULL)
		*out = now.tv_sec;
	return now.tv_sec;
}

int
gettimeofday(struct timeval *out, void *zone)
{
	struct timespec now;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	out->tv_sec = now.tv_sec;
	out->tv_usec = now.tv_nsec / 1000;
	return 0;
}
"""


class Unable(Exception):
    """There can be no such clock here; the text says why."""


class Clock:
    """A wall clock that the programs with its environment believe in."""

    def __init__(self, place):
        compiler = shutil.which("cc") or shutil.which("gcc")
        if not compiler:
            raise Unable("there is no C compiler")
        base = os.path.join(place, "clock")
        self.file = base + ".s"
        with open(base + ".c", "w", encoding="ascii") as file:
            file.write(SHIM)
        subprocess.run([compiler, "-D_GNU_SOURCE", "-shared", "-fPIC", "-o",
                        base + ".so", base + ".c"], check=True)
        self.environment = {
            "LD_PRELOAD": base + ".so", "CLOCK_FILE": self.file,
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") +
                            ":verify_asan_link_order=0"}
        self.set(0)

    def set(self, days):
        """Sets it so many days ahead."""
        self.set_seconds(days * 86400)

    def set_seconds(self, seconds):
        """Sets it so many seconds ahead."""
        with open(self.file, "r+b" if os.path.exists(self.file) else
                  "wb") as file:
            file.write(seconds.to_bytes(8, "little", signed=True))
