/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_FEEDBACK_FEEDBACK_H
#define PST_FEEDBACK_FEEDBACK_H

/*
 * A report of somebody else's about mail that names a domain of ours: an
 * aggregate report (RFC 9990, RFC 7489) or a failure report (RFC 5965, 6591,
 * 9991). All of it is what its sender claims; nothing is verified.
 *
 * Texts are valid UTF-8 without NUL, trimmed, at most PST_FEEDBACK_MAX_TEXT
 * octets (longer ones are cut), never NULL: what is absent is "". They may
 * hold controls, so they are escaped when they are printed. All lives in the
 * arena that a report was read into.
 */

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#define PST_FEEDBACK_MAX_TEXT 1024
/* Rows of a report, and all their signatures and reasons taken together. */
#define PST_FEEDBACK_MAX_ROWS 100000
#define PST_FEEDBACK_MAX_DETAILS 500000
/* Messages of a row: more is no number of messages. */
#define PST_FEEDBACK_MAX_MESSAGES 1000000000

enum pst_feedback_kind {
	PST_FEEDBACK_AGGREGATE,
	PST_FEEDBACK_FAILURE, /* about the authentication of one message */
	PST_FEEDBACK_ABUSE,   /* all other types of RFC 5965 */
};

/* "aggregate", "failure", "abuse". */
const char *pst_feedback_kind_word(enum pst_feedback_kind kind);

struct pst_feedback_auth {
	struct pst_feedback_auth *next;
	bool is_spf;
	const char *domain;
	const char *selector; /* DKIM */
	const char *scope;    /* SPF */
	const char *result;   /* lower case */
	const char *human_result;
};

struct pst_feedback_reason {
	struct pst_feedback_reason *next;
	const char *type; /* lower case; any word */
	const char *comment;
};

struct pst_feedback_row {
	struct pst_feedback_row *next;
	const char *source_ip; /* RFC 5952 form when it is an address */
	int64_t count;         /* of messages; 0 when it is no number */
	const char *disposition, *dkim, *spf; /* lower case */
	const char *header_from, *envelope_from, *envelope_to;
	struct pst_feedback_reason *reasons; /* in order */
	struct pst_feedback_auth *auths;     /* in order */
};

/* Of a failure report: a field of its message/feedback-report part. */
struct pst_feedback_field {
	struct pst_feedback_field *next;
	const char *name;
	const char *value;
};

struct pst_feedback {
	enum pst_feedback_kind kind;
	/*
	 * What is wrong with it first; "" makes it a valid report. A report is
	 * valid when it can be told from others and counted: well-formed to its
	 * end, with who sent it, its id, its period and domain, and in each
	 * row an address, a number, three known words and a From domain. No
	 * schema is asked (R-AGG-34).
	 */
	const char *fault;
	const char *org;
	const char *email;
	const char *report_id;
	int64_t begin_s, end_s; /* 0 when unknown */
	const char *domain;     /* policy domain; of a failure: reported one */

	/* Aggregate reports */
	const char *version, *contact, *error, *generator;
	const char *p, *sp, *np, *adkim, *aspf, *fo, *pct, *testing;
	const char *discovery;
	/* Failure reports have one row, made of their fields. */
	struct pst_feedback_row *rows;
	size_t row_count;
	int64_t messages; /* of all rows */

	/* Failure reports */
	struct pst_feedback_field *fields;
	const char *subject;     /* of the message it is about */
	struct pst_str reported; /* its header, as far as it came along */
};

/* The value of the first field of that name, "" when there is none. */
const char *
pst_feedback_field(const struct pst_feedback *feedback, const char *name);

/*
 * Texts for a report: a copy of octets that is as the top of this file says.
 * What is not UTF-8 is escaped.
 */
const char *pst_feedback_text(struct pst_arena *arena, struct pst_str octets);

/* Notes what is wrong, unless something was noted before. */
void pst_feedback_fault(struct pst_arena *arena, struct pst_feedback *feedback,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* What keeps a row of an aggregate report from being valid; NULL: nothing. */
const char *pst_feedback_row_fault(const struct pst_feedback_row *row);

/* Notes what is wrong with an aggregate report apart from its rows. */
void pst_feedback_check(struct pst_arena *arena, struct pst_feedback *feedback);

/* A domain in normal form when it has one, else text in lower case. */
const char *pst_feedback_domain(struct pst_arena *arena, const char *text);
const char *pst_feedback_lower(struct pst_arena *arena, const char *text);

/* All texts "", all numbers 0. */
void pst_feedback_init(struct pst_feedback *feedback);
void pst_feedback_row_init(struct pst_feedback_row *row);

#endif
