/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_WEB_KEEP_MAKE_H
#define PST_WEB_KEEP_MAKE_H

/* How the answers of web/keep.h are made from the file. */

#include <stdatomic.h>

#include "web/keep.h"

/* A question; of a forecast, only the days count. */
struct pst_web_wanted {
	struct pst_web_question of;
	bool forecast;
};

/* An answer, which several may use: it is freed after the last of them. */
struct pst_web_answer {
	struct pst_arena *arena;
	atomic_uint uses;
	struct pst_web_table_rows table;
	struct pst_web_forecast forecast;
};

struct pst_web_source {
	const char *tallies_path;
	const struct pst_domain_set *own_domains;
	const atomic_bool *stop; /* true: give up soon */
};

/*
 * Makes an answer with one use, as of now_s; NULL with a sentence in err.
 */
struct pst_web_answer *pst_web_answer_make(const struct pst_web_source *source,
    const struct pst_web_wanted *wanted, int64_t now_s,
    struct pst_err *err) PST_MUST_CHECK;

/* Add and end a use. The second takes what pst_arena_defer() passes. */
void pst_web_answer_hold(struct pst_web_answer *answer);
void pst_web_answer_release(void *answer);

#endif
