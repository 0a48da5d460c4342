/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_SURVEY_REVIEW_H
#define PST_SURVEY_REVIEW_H

/*
 * What the daily review of our own domains has found, kept for programs that do
 * not ask the DNS themselves: one file for each domain and part, in a directory
 * next to the store.
 *
 * A file is one object of JSON on two lines: version, time and a summary on the
 * first one, the result on the second one. A list of many domains reads only the
 * first lines. What the files say comes from the DNS and from reports, so it may
 * be hostile, and third parties decide how long it is: all reading is bounded.
 */

#include "base/json_read.h"
#include "config/config.h"

enum pst_review_part { PST_REVIEW_RECORDS, PST_REVIEW_ADVICE };
#define PST_REVIEW_PARTS (PST_REVIEW_ADVICE + 1)

#define PST_REVIEW_MAX_BYTES (4 * 1024 * 1024) /* of a file */
#define PST_REVIEW_MAX_SUMMARY 8192            /* octets of its first line */

/* Longer names of domains have no file, whose name would be too long. */
#define PST_REVIEW_MAX_DOMAIN 230

struct pst_review_place {
	const char *dir;    /* pst_review_dir() */
	const char *domain; /* in normal form */
	enum pst_review_part part;
};

/* Returns the directory of a configuration, in the arena. */
const char *
pst_review_dir(struct pst_arena *arena, const struct pst_config *config);

/* The domains that are reviewed: those of own-domains, ".example.com" as its
 * name, each once and in their order, without names of one label. */
struct pst_review_domains {
	const char **names;
	size_t count;
};
void pst_review_domains(struct pst_arena *arena,
    const struct pst_config *config, struct pst_review_domains *out);

/* What is kept. Both texts are an object of JSON, on one line, whose member
 * "domain" is the domain: pst_survey_json(), pst_advise_json(), and what
 * summarizes them. */
struct pst_review_texts {
	int64_t made_s; /* seconds since 1970 */
	const char *summary;
	const char *result;
};

/*
 * Writes the file, and the directory if it is missing: both may be read by the
 * group. The old file stays until the new one is complete. False with a
 * sentence, also if a text or the name of the domain is too long.
 */
bool
pst_review_keep(struct pst_arena *arena, const struct pst_review_place *place,
    const struct pst_review_texts *texts, struct pst_err *err) PST_MUST_CHECK;

struct pst_review {
	int64_t made_s;
	const struct pst_json_value *result; /* NULL: the file does not exist */
};

/*
 * Reads the file; false with a sentence if it cannot be read, is damaged, is
 * about another domain, or is of another version. Values belong to the arena.
 */
bool
pst_review_read(struct pst_arena *arena, const struct pst_review_place *place,
    struct pst_review *out, struct pst_err *err) PST_MUST_CHECK;

/* The same, but out->result is the summary. */
bool pst_review_read_summary(struct pst_arena *arena,
    const struct pst_review_place *place, struct pst_review *out,
    struct pst_err *err) PST_MUST_CHECK;

/*
 * Removes the files of all other domains, and what an interrupted run has left
 * more than a day ago. Files whose names are not ours stay. False with a
 * sentence; a directory that is missing is fine.
 */
bool pst_review_forget_others(struct pst_arena *arena, const char *dir,
    const struct pst_review_domains *kept, struct pst_err *err) PST_MUST_CHECK;

#endif
