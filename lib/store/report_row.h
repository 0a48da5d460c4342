/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_REPORT_ROW_H
#define PST_STORE_REPORT_ROW_H

/*
 * What one message contributes to an aggregate report (R-AGG-1, -2): plain
 * data. All texts are validated domains, fixed words, or printable ASCII.
 */

#include "core/session.h"

/* The part of a report that is the same for all its records (R-AGG-12). */
struct pst_report_policy {
	const char *domain;
	const char *adkim, *aspf; /* "r" or "s" */
	const char *p, *sp, *np;  /* "none", ... with defaults filled in */
	const char *testing;      /* "y" or "n" */
	const char *fo;           /* "0", "1:d:s", ... */
	const char *discovery;    /* "treewalk" or "psl" */
	const char *rua;          /* usable URIs in order, a blank between */
	const char *fault;        /* of the record; "" */
};

struct pst_report_row {
	int64_t day;    /* base/day.h */
	int64_t seen_s; /* since 1970 */
	struct pst_report_policy policy;
	const char *source_ip;
	const char *disposition; /* "none", "pass", "quarantine", "reject" */
	const char *dkim, *spf;  /* DMARC's: "pass" or "fail" */
	const char *reason;      /* "" or pst_reason_word() */
	const char *comment;     /* on the reason; or "" */
	const char *header_from;
	const char *envelope_from; /* "" for a null sender */
	const char *envelope_to;   /* "" when it is not kept */
	/*
	 * The results of the checks, one a line: "dkim DOMAIN SELECTOR RESULT",
	 * best first, then "spf DOMAIN RESULT" (R-AGG-16, -17).
	 */
	const char *auth;
	const char *auth_short; /* the same without signatures that failed */
};

#define PST_REPORT_ROW_MAX_SIGNATURES 100

/*
 * A message to several domains is several messages when the recipients'
 * domains are kept: asks for one record for each domain, at = 0 at first, until
 * false. False at once when there is nothing to report: no policy with rua,
 * deferred, not evaluated, mail that itself is a report (R-AGG-28), or reports
 * are off. All of *out lives in the arena or in the message. Pure.
 */
bool pst_report_row_make(struct pst_arena *arena,
    const struct pst_config *config, const struct pst_message *message,
    int64_t now_s, size_t at, struct pst_report_row *out);

/* URIs in a row with a blank between, in the arena. */
const char *
pst_report_uris(struct pst_arena *arena, const char *const *uris, size_t count);

/*
 * The next line of auth: domain and result point into it, selector is empty
 * for SPF. False at its end.
 */
struct pst_report_auth {
	bool is_spf;
	struct pst_str domain, selector, result;
};
bool pst_report_auth_next(struct pst_str *auth, struct pst_report_auth *out);

#endif
