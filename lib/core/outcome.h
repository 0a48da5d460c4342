/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_OUTCOME_H
#define PST_CORE_OUTCOME_H

/*
 * What happened to one message, for those that work on it after its reply: a
 * copy in one block of memory, which outlives the message and its arena and may
 * be used in another thread. It holds what report rows and incidents are made
 * from, and nothing else of the message.
 *
 * Its size is bounded: the texts are domains, selectors and the like, whose
 * number the checks limit, the reverse-path, and PST_OUTCOME_MAX_HEADER octets
 * of the header.
 */

#include <stddef.h>

#include "core/session.h"

/* Octets of names and values; and of one value, which is cut. */
#define PST_OUTCOME_MAX_HEADER 32768
#define PST_OUTCOME_MAX_FIELD 8192
/* A signature's identity (i=) that is longer is left out. */
#define PST_OUTCOME_MAX_IDENTITY 1024

/* An SPF record that the check has read, cut to 600 octets. */
struct pst_outcome_spf {
	struct pst_str domain; /* any octets: escape it */
	struct pst_str text;   /* printable ASCII without `"` and `\` */
};

#define PST_OUTCOME_MAX_SPF 10

struct pst_outcome {
	struct pst_outcome *next; /* for a list of the owner's */
	int64_t seen_s;           /* when it ended, seconds since 1970 */
	unsigned rows;            /* to make for the aggregate report */
	bool incident;            /* to make for a failure report */
	/*
	 * The members that rows and incidents are made from; all others are
	 * zero. The recipients' domains are different from each other, the
	 * signatures are those that were checked and have a domain and a
	 * selector. header has only the fields that `quotes` chose, and can be
	 * read only. The configuration is the message's own.
	 */
	struct pst_message message;
	/* If SPF failed, and there is an incident */
	const struct pst_outcome_spf *spf;
	size_t spf_count;
	max_align_t block[]; /* private: what all the pointers point to */
};

/* What the copy is needed for; anything else is left out. */
struct pst_outcome_use {
	bool rows;
	bool incident;
	/* Whether an incident quotes fields of that name; NULL: no field. */
	bool (*quotes)(const struct pst_config *config, struct pst_str name);
};

/*
 * Copies a message that was decided. The copy holds a reference to the
 * message's configuration. Free it with pst_outcome_free(). Never NULL.
 */
struct pst_outcome *pst_outcome_copy(const struct pst_message *message,
    const struct pst_outcome_use *use, int64_t now_s);

/* Frees a list of copies, linked by next, in any thread; NULL is allowed. */
void pst_outcome_free(struct pst_outcome *list);

#endif
