/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_STATUS_H
#define PST_CORE_STATUS_H

/*
 * What the daemon says of itself: its counters, and what is wrong with it. All
 * who show that read and judge it here.
 */

#include <stdbool.h>
#include <stdint.h>

#include "core/counters.h"
#include "core/process_usage.h"
#include "core/slow_questions.h"

/* What the daemon said. */
struct pst_status {
	const char *version;
	const char *configuration; /* "built-in" if there is no file */
	uint64_t process;
	uint64_t now_epoch;      /* by the daemon's clock */
	const char *libmilter;   /* version; "" if the daemon did not say */
	const char *libopendkim; /* the same */
	struct pst_process_usage usage;
	const struct pst_slow_question *slow_questions; /* the slowest first */
	size_t slow_question_count;
	struct pst_counters_sum counters;
};

/* Numbered as the exit status of a plugin for Nagios. */
enum pst_status_level {
	PST_STATUS_OK = 0,
	PST_STATUS_WARNING = 1,
	PST_STATUS_CRITICAL = 2,
	PST_STATUS_UNKNOWN = 3,
};

/*
 * Returns *status in the arena, read from the answer to "counters"; NULL with a
 * sentence in err if the answer has another form.
 */
const struct pst_status *pst_status_read(struct pst_arena *arena,
    const char *answer, struct pst_err *err) PST_MUST_CHECK;

/*
 * Judges the daemon. *problems says what is wrong, in sentences that are
 * separated by "; ", in the arena; "" if nothing is.
 */
enum pst_status_level pst_status_judge(struct pst_arena *arena,
    const struct pst_status *status, const char **problems);

/* Returns "OK", "WARNING", "CRITICAL" or "UNKNOWN". */
const char *pst_status_level_word(enum pst_status_level level);

/*
 * Returns the line of a plugin for Nagios, without a newline, in the arena: the
 * level, what is wrong or done, and performance data.
 */
const char *
pst_status_nagios(struct pst_arena *arena, const struct pst_status *status,
    enum pst_status_level level, const char *problems);

/* Returns a span of time in words, such as "3 h 20 min", in the arena. */
const char *pst_status_span(struct pst_arena *arena, uint64_t seconds);

#endif
