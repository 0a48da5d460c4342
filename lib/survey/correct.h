/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_SURVEY_CORRECT_H
#define PST_SURVEY_CORRECT_H

/*
 * Whole records in the place of faulty ones. A record is corrected only if what
 * its owner meant is plain from its text. What is proposed has been examined as
 * the survey examines a record that is published, and has no error, no warning
 * and no look-up that failed. In any other case nothing is proposed; the advice
 * of each finding says what to do.
 *
 * The text of a record is up to its owner, and somebody else may look at it. So
 * what is proposed is printable ASCII without quotation marks and backslashes.
 */

#include "base/buf.h"
#include "survey/survey.h"

/*
 * Corrects the SPF record among the TXT records of the domain; several records
 * become one. Restartable, as described in auth/world.h: what it proposes is
 * looked up, too. False: an answer is missing.
 */
bool pst_correct_spf(struct pst_survey_part *part,
    const struct pst_dns_answer *txt) PST_MUST_CHECK;

/*
 * Corrects the DMARC record of the domain; found_at is the name at which the
 * record is.
 */
void pst_correct_dmarc(
    struct pst_survey_part *part, struct pst_str text, const char *found_at);

/* Corrects the key record that belongs at the name owner, and is at found_at. */
struct pst_correct_key {
	const char *owner, *found_at;
	struct pst_str text;
};
void pst_correct_dkim(
    struct pst_survey_part *part, const struct pst_correct_key *what);

/* Returns the corrected record of that owner; NULL: there is none. */
const struct pst_correction *
pst_correct_find(const struct pst_survey *survey, const char *owner);

/*
 * Returns the correction as lines of a zone file, with a comment in front and a
 * newline at the end; NULL: it is too long.
 */
const char *pst_correct_print(
    struct pst_arena *arena, const struct pst_correction *correction);

/* ---- what the files that correct share ---- */

/* What was changed: one line of text. */
struct pst_correct_notes {
	struct pst_arena *arena;
	struct pst_buf text;
	size_t count;
	bool cut; /* there were more than text has */
};

void
pst_correct_begin(struct pst_correct_notes *notes, struct pst_arena *arena);
/* Adds one change. What comes from a record must be escaped. */
void pst_correct_note(struct pst_correct_notes *notes, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Notes that the record must go from found_at, if that is not its owner. */
void pst_correct_note_place(
    struct pst_correct_notes *notes, const char *owner, const char *found_at);

/*
 * Returns the text without quotation marks, backslashes and line ends; tabs and
 * no-break spaces become blanks. Notes what it has changed. False: another octet
 * is not printable ASCII.
 */
bool pst_correct_clean(struct pst_correct_notes *notes, struct pst_str text,
    struct pst_str *out) PST_MUST_CHECK;

/*
 * Skips what stands for the version in front of a record: "v=WORD", "v:WORD" or
 * WORD alone, in any case, and blanks after it. False if that is not there.
 */
bool
pst_correct_skip_version(struct pst_str *text, const char *word) PST_MUST_CHECK;

/* Returns the beginning of a text from a record, escaped, for a note. */
const char *
pst_correct_shown(const struct pst_correct_notes *notes, struct pst_str text);

/* True if nothing in the list is worse than a note. */
bool pst_correct_is_clean(const struct pst_findings_list *list);

/* Adds the correction if something was changed and the survey has room. */
void pst_correct_add(struct pst_survey_part *part,
    const struct pst_correction *correction, struct pst_correct_notes *notes);

#endif
