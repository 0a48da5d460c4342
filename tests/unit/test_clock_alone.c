/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linked with libpostern.a and the C library only, without cmocka, so it is a
 * test that base/clock pulls in no other library.
 */
#include <stdio.h>

#include "base/clock.h"

/* These modules are part of this program only if the linker needed them. */
extern void pst_time_pin(int64_t epoch) __attribute__((weak));
extern void pst_pubkey_enter(void) __attribute__((weak));

static int failures;

static void
report(int number, bool good, const char *what)
{
	(void)printf("%s %d - %s\n", good ? "ok" : "not ok", number, what);
	failures += !good;
}

int
main(void)
{
	struct pst_clock manual = pst_clock_manual(5);

	(void)puts("1..4");
	pst_clock_advance(&manual, 1000);
	report(1, pst_clock_epoch(&manual) == 6, "a manual clock");
	report(2,
	    pst_clock_epoch(&pst_clock_system) > 0 &&
		pst_clock_ms(&pst_clock_system) > 0,
	    "the system's clocks");
	report(3, pst_time_pin == NULL, "without replaced/time");
	report(4, pst_pubkey_enter == NULL, "without replaced/d2i_pubkey_bio");
	return failures == 0 ? 0 : 1;
}
