/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_REPLACED_TIME_H
#define PST_REPLACED_TIME_H

/*
 * A replacement of time(2), for the whole process.
 *
 * The contract of the original (time(2), POSIX.1-2008): `time_t time(time_t
 * *out)` returns the seconds since 1970-01-01 00:00 UTC, and also stores them
 * in *out unless out is NULL. On an error it returns (time_t)-1 and sets errno.
 * It is thread-safe and async-signal-safe. It reads the clock of the last tick,
 * so it may be one second behind clock_gettime(CLOCK_REALTIME) for some
 * milliseconds.
 *
 * What is kept: outside of the bracket pst_time_pin() ... pst_time_unpin(),
 * everything, since every call is passed on to the system's function.
 *
 * What differs: inside the bracket, a call by the thread that opened it returns
 * the date of the bracket and cannot fail. This includes calls by any library
 * that runs on that thread then. Other threads get the system's time.
 *
 * Why: libopendkim decides with time() whether a signature has expired or is
 * from the future, and its interface takes no date. The date of the message
 * must count there: `postern verify --now`, tests and replays choose it, and
 * auth/dkim moves it so that libopendkim leaves t= and x= to our own parser.
 * libopendkim calls time() at the end of the header only, and auth/dkim opens
 * the bracket only around that call.
 *
 * Our own code reads the time through base/clock and never calls time().
 */

#include <stdint.h>

/*
 * Opens the bracket for the calling thread: time() returns epoch, in seconds
 * since 1970. The bracket must not be open. Not async-signal-safe.
 */
void pst_time_pin(int64_t epoch);

/* Closes the bracket of the calling thread, which must be open. */
void pst_time_unpin(void);

#endif
