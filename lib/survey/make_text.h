/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_SURVEY_MAKE_TEXT_H
#define PST_SURVEY_MAKE_TEXT_H

/* What the files that make records share. */

#include "survey/make_record.h"

#define PST_MAKE_MAX_TEXT 4096 /* octets of a record */

/* False with a sentence if name is not a domain of two labels or more. */
bool pst_make_is_domain(const char *name, struct pst_err *err) PST_MUST_CHECK;

/* Prints the record; text NULL gives a record without text. Neither is copied. */
void pst_make_finish(struct pst_arena *arena, const char *owner,
    const char *text, struct pst_made_record *out);

#endif
