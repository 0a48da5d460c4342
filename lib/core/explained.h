/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_EXPLAINED_H
#define PST_CORE_EXPLAINED_H

/*
 * One message of a journal, told to a person: `postern explain` prints this, and
 * the pages of postern-web show it. Pure; texts are in the arena or static, and
 * printable.
 */

#include "config/config.h"
#include "core/recorded.h"
#include "core/remedy.h"

/* A message that was found in a journal. */
struct pst_explained {
	const struct pst_recorded *recorded;
	int64_t seen_s;      /* seconds since 1970 */
	const char *gateway; /* which had it; NULL: this one */
};

enum pst_explained_tone {
	PST_EXPLAINED_GOOD,
	PST_EXPLAINED_WARN,
	PST_EXPLAINED_BAD,
};

/* The columns of a label (core/print.h) at the beginning of a line. */
#define PST_EXPLAINED_LABEL 10

struct pst_explained_section {
	const char *title;
	/*
	 * Lines with a newline each: a label, filled up with blanks, and a
	 * value. A line that continues a value begins with a tab. Not empty.
	 */
	const char *lines;
	const char *note; /* a remark below; NULL: none */
	bool minor;       /* for those who look closely */
};
#define PST_EXPLAINED_SECTIONS 5

struct pst_explained_page {
	enum pst_explained_tone tone;
	const char *sentence; /* what happened, in full */
	struct pst_explained_section sections[PST_EXPLAINED_SECTIONS];
	size_t count;
	struct pst_remedy remedy;
	const char *where; /* what to do with remedy.rule; NULL without one */
};

void
pst_explained_page(struct pst_arena *arena, const struct pst_explained *one,
    const struct pst_config *config, struct pst_explained_page *out);

/* Returns the same as a JSON object on one line, without a newline. */
const char *
pst_explained_json(struct pst_arena *arena, const struct pst_explained *one);

/* Seconds since 1970 as "2026-11-30 10:15:00" (UTC). */
const char *pst_explained_time(struct pst_arena *arena, int64_t seen_s);

/* What was done: "reject"; of a message that was monitored, "accept (reject)". */
const char *pst_explained_action(
    struct pst_arena *arena, const struct pst_message *message);

/* The Message-ID; NULL if there is none. */
const char *pst_explained_message_id(
    struct pst_arena *arena, const struct pst_message *message);

#endif
