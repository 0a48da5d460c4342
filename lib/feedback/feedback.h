/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_FEEDBACK_FEEDBACK_H
#define PST_FEEDBACK_FEEDBACK_H

/*
 * A report by somebody else about mail that names a domain of ours: an
 * aggregate report (RFC 9990, RFC 7489) or a failure report (RFC 5965, 6591,
 * 9991). All of it is what its sender claims; nothing is verified.
 *
 * Texts are valid UTF-8 without NUL, trimmed, at most PST_FEEDBACK_MAX_TEXT
 * octets (longer ones are cut) and never NULL: what is absent is "". They may
 * contain control characters, so they must be escaped when printed. Everything
 * lives in the arena that the report was read into.
 */

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#define PST_FEEDBACK_MAX_TEXT 1024
/* Rows of a report, and the total of their signatures and reasons. */
#define PST_FEEDBACK_MAX_ROWS 100000
#define PST_FEEDBACK_MAX_DETAILS 500000
/* Messages of a row; a larger number is not accepted. */
#define PST_FEEDBACK_MAX_MESSAGES 1000000000
/* Notes that are kept; the numbers are complete anyway. */
#define PST_FEEDBACK_MAX_NOTES 20

enum pst_feedback_kind {
	PST_FEEDBACK_AGGREGATE,
	PST_FEEDBACK_FAILURE, /* about the authentication of one message */
	PST_FEEDBACK_ABUSE,   /* every other type of RFC 5965 */
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
	const char *source_ip; /* in the form of RFC 5952 if it is an address */
	int64_t count;         /* of messages; 0 if it is not a number */
	bool nothing;          /* the count is there, and is 0 */
	const char *disposition, *dkim, *spf; /* lower case */
	const char *header_from, *envelope_from, *envelope_to;
	struct pst_feedback_reason *reasons; /* in order */
	struct pst_feedback_auth *auths;     /* in order */
};

/* A field of the message/feedback-report part of a failure report. */
struct pst_feedback_field {
	struct pst_feedback_field *next;
	const char *name;
	const char *value;
};

/* Something odd that leaves a report valid, in words. */
struct pst_feedback_note {
	struct pst_feedback_note *next;
	const char *text;
};

struct pst_feedback {
	enum pst_feedback_kind kind;
	/*
	 * The first thing that is wrong with the report; "" if it is valid. A
	 * report is valid if it can be told from others and counted: it is
	 * well-formed to its end, has an id, a period and a domain, and has
	 * records of which at least one can be counted, or none. No schema is
	 * used (R-AGG-34).
	 */
	const char *fault;
	struct pst_feedback_note *notes; /* in order */
	size_t note_count;
	/* The XML is broken or cut short: rows may be missing. */
	bool incomplete;
	const char *org;
	const char *email;
	const char *report_id;
	int64_t begin_s, end_s; /* 0 if unknown */
	const char *domain;     /* policy domain, or Reported-Domain */

	/* Aggregate reports */
	const char *version, *contact, *error, *generator;
	const char *p, *sp, *np, *adkim, *aspf, *fo, *pct, *testing;
	const char *discovery;
	/*
	 * Each has an address, a number, three known words and a From domain.
	 * Other records are left out, and so are those that count no message.
	 * A failure report has one row, made from its fields.
	 */
	struct pst_feedback_row *rows;
	size_t row_count;
	size_t record_count; /* of all records */
	size_t left_out;     /* records that say something, but not enough */
	const char *first_left_out; /* "record 7: why", or "" */
	int64_t messages;           /* of all rows */

	/* Failure reports */
	struct pst_feedback_field *fields;
	const char *subject;     /* of the message that it is about */
	struct pst_str reported; /* the header of that message, if included */
};

/*
 * Returns the value of the first field with that name, or "" if there is none.
 */
const char *
pst_feedback_field(const struct pst_feedback *feedback, const char *name);

/*
 * Returns a copy of octets as a text for a report, as described at the top of
 * this file. What is not UTF-8 is escaped.
 */
const char *pst_feedback_text(struct pst_arena *arena, struct pst_str octets);

/* Sets the fault, unless there is one already. */
void pst_feedback_fault(struct pst_arena *arena, struct pst_feedback *feedback,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Adds a note, unless there are PST_FEEDBACK_MAX_NOTES already. */
void pst_feedback_note(struct pst_arena *arena, struct pst_feedback *feedback,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/*
 * Reads a number with or without a fraction; *fraction is the text after the
 * point, or NULL. False, with *out unchanged, if the text is anything else or
 * the number is larger than max.
 */
bool pst_feedback_number(
    const char *text, uint64_t max, uint64_t *out, const char **fraction);

/* Returns why a row of an aggregate report cannot be counted, or NULL. */
const char *pst_feedback_row_fault(const struct pst_feedback_row *row);

/*
 * Sets the fault for anything wrong with an aggregate report except its rows,
 * and adds the notes about it.
 */
void pst_feedback_check(struct pst_arena *arena, struct pst_feedback *feedback);

/* Return a domain in normal form if it has one, else text in lower case. */
const char *pst_feedback_domain(struct pst_arena *arena, const char *text);
const char *pst_feedback_lower(struct pst_arena *arena, const char *text);

/* Set all texts to "" and all numbers to 0. */
void pst_feedback_init(struct pst_feedback *feedback);
void pst_feedback_row_init(struct pst_feedback_row *row);

#endif
