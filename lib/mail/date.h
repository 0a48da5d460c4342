/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MAIL_DATE_H
#define PST_MAIL_DATE_H

/* Dates in header fields; base/day writes them. */

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/*
 * Parses a date of RFC 5322 s. 3.3, obsolete zones included, to seconds since
 * 1970. Returns false for anything else and for dates before 1970.
 */
bool pst_date_parse(struct pst_str text, int64_t *epoch);

#endif
