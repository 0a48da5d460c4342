/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_CHECK_CHANGED_H
#define PST_TOOLS_CHECK_CHANGED_H

/*
 * What `postern check --changed` remembers from run to run: for each domain the
 * names of what was found, and the records. The file is JSON.
 */

#include "base/err.h"
#include "base/macros.h"
#include "survey/survey.h"

struct pst_check_state;

/*
 * Reads the file; one that does not exist is an empty state. Returns NULL with a
 * sentence in err if it cannot be read or is damaged. In the arena.
 */
struct pst_check_state *pst_check_state_read(struct pst_arena *arena,
    const char *path, struct pst_err *err) PST_MUST_CHECK;

/*
 * Prints one line for each difference between the survey and what is known of
 * its domain, which it then replaces. Returns how many there are. A domain that
 * is not known gets one line, which does not count. What could not be told this
 * time is not different: it stays as it was.
 */
size_t pst_check_state_compare(
    struct pst_check_state *state, const struct pst_survey *survey);

/* Writes the file anew; until that has succeeded, the old one stays. */
bool pst_check_state_write(const struct pst_check_state *state,
    const char *path, struct pst_err *err) PST_MUST_CHECK;

#endif
