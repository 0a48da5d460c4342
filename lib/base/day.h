/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_BASE_DAY_H
#define PST_BASE_DAY_H

/*
 * The reporting period: one day of UTC, whatever the host's time zone is
 * (R-AGG-11). A day is its number since 1970-01-01.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define PST_DAY_SECONDS 86400

int64_t pst_day_of(int64_t epoch);

/* The first and the last second of it: 00:00:00 and 23:59:59. */
int64_t pst_day_begin(int64_t day);
int64_t pst_day_end(int64_t day);

#define PST_DAY_TEXT_SIZE 24
/* "2026-11-23". Returns text. */
const char *pst_day_text(int64_t day, char text[PST_DAY_TEXT_SIZE]);

/* The same back; false for anything else, days that do not exist included. */
bool pst_day_parse(struct pst_str text, int64_t *day);

#define PST_DATE_TEXT_SIZE 40
/* RFC 5322 s. 3.3 in UTC: "Mon, 23 Nov 2026 00:15:00 +0000". Returns text. */
const char *pst_date_text(int64_t epoch, char text[PST_DATE_TEXT_SIZE]);

#endif
