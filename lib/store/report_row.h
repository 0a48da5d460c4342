/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_REPORT_ROW_H
#define PST_STORE_REPORT_ROW_H

/*
 * What one message contributes to an aggregate report (R-AGG-1, -2), as plain
 * data. All texts are validated domains, fixed words or printable ASCII.
 */

#include "core/outcome.h"

/* The policy that a report is about; its rows share it (R-AGG-12). */
struct pst_report_policy {
	const char *domain;
	const char *adkim, *aspf; /* "r" or "s" */
	const char *p, *sp, *np;  /* "none", ... with defaults filled in */
	const char *testing;      /* "y" or "n" */
	const char *fo;           /* "0", "1:d:s", ... */
	const char *discovery;    /* "treewalk" or "psl" */
	const char *rua;          /* usable URIs in order, blank-separated */
	const char *fault;        /* of the record, or "" */
};

struct pst_report_row {
	int64_t day;    /* as in base/day.h */
	int64_t seen_s; /* seconds since 1970 */
	struct pst_report_policy policy;
	const char *source_ip;
	const char *disposition; /* "none", "pass", "quarantine", "reject" */
	const char *dkim, *spf;  /* aligned or not: "pass" or "fail" */
	const char *reason;      /* "" or pst_reason_word() */
	const char *comment;     /* on the reason, or "" */
	const char *header_from;
	const char *envelope_from; /* "" for a null sender */
	const char *envelope_to;   /* "" if it is not recorded */
	/*
	 * The results of the checks, one on each line: "dkim DOMAIN SELECTOR
	 * RESULT", best first, then "spf DOMAIN RESULT" (R-AGG-16, -17).
	 */
	const char *auth;
	const char *auth_short; /* the same without signatures that failed */
};

#define PST_REPORT_ROW_MAX_SIGNATURES 100

/*
 * Returns whether a message has rows: false if there is no policy with rua, the
 * domain is in reports.skip-domains, the message was deferred, was not
 * evaluated or is a report itself (R-AGG-28), or reports are off. Pure.
 */
bool pst_report_row_is_due(const struct pst_message *message);

/*
 * Makes row number `at`, below outcome->rows, of a message for which
 * pst_report_row_is_due() was true. If reports.recipient-domains is on, a
 * message has one row for each recipient domain; otherwise it has one row. The
 * texts of *out live in the arena or in the outcome. Pure.
 */
void pst_report_row_make(struct pst_arena *arena,
    const struct pst_outcome *outcome, size_t at, struct pst_report_row *out);

/* Returns the URIs as one text, separated by blanks. It is in the arena. */
const char *
pst_report_uris(struct pst_arena *arena, const char *const *uris, size_t count);

/*
 * Reads the next line of *auth and removes it from *auth. The texts of *out
 * point into that line; selector is empty for SPF. Returns false at the end.
 */
struct pst_report_auth {
	bool is_spf;
	struct pst_str domain, selector, result;
};
bool pst_report_auth_next(struct pst_str *auth, struct pst_report_auth *out);

#endif
