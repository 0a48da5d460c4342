/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_BASE_ERR_H
#define PST_BASE_ERR_H

/*
 * An operational failure (start-up, reload, a tool's input): one sentence that
 * tells the operator what is wrong and what to do next. Findings about a
 * message are never errors; they are results (auth/result.h).
 */

#include <stdbool.h>

struct pst_err {
	char text[512]; /* one sentence, no final newline */
};

/*
 * Stores the sentence, cut to the size of err->text, and returns false, so that
 * a function can end with `return pst_err_set(err, ...)`. err may be NULL.
 */
bool pst_err_set(struct pst_err *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same, with "file:line: " in front; line 0 omits the line number. */
bool pst_err_set_at(struct pst_err *err, const char *file, unsigned line,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
