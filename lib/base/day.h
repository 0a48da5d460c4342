/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_BASE_DAY_H
#define PST_BASE_DAY_H

/*
 * The reporting period is one UTC day, whatever the host's time zone is
 * (R-AGG-11). A day is a number that counts from 0 on 1970-01-01.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define PST_DAY_SECONDS 86400

/* Returns the day that epoch, in seconds since 1970, falls on. */
int64_t pst_day_of(int64_t epoch);

/* Return the first and the last second of a day: 00:00:00 and 23:59:59. */
int64_t pst_day_begin(int64_t day);
int64_t pst_day_end(int64_t day);

/* Returns that day, or the last Monday before it. */
int64_t pst_day_monday(int64_t day);

#define PST_DAY_TEXT_SIZE 24
/* Writes day as in "2026-11-23". Returns text. */
const char *pst_day_text(int64_t day, char text[PST_DAY_TEXT_SIZE]);

/*
 * Parses what pst_day_text() writes. False for any other text, for a day that
 * does not exist and for one before 1970.
 */
bool pst_day_parse(struct pst_str text, int64_t *day);

#define PST_DATE_TEXT_SIZE 40
/*
 * Writes epoch in UTC in the form of RFC 5322 s. 3.3, as in
 * "Mon, 23 Nov 2026 00:15:00 +0000". Returns text.
 */
const char *pst_date_text(int64_t epoch, char text[PST_DATE_TEXT_SIZE]);

#endif
