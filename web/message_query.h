/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_WEB_MESSAGE_QUERY_H
#define PST_WEB_MESSAGE_QUERY_H

/* What somebody looks for among the messages (see web/message_rows.h). */

#include "web/message_rows.h"

/* What a text is looked for as. */
struct pst_web_kind {
	const char *word; /* in addresses */
	enum pst_journal_kind kind;
	const char *title;
};

struct pst_web_choice {
	const char *word;
	const char *title;
	enum pst_web_filter filter;
	enum pst_action action;
};
#define PST_WEB_CHOICES 6
extern const struct pst_web_choice pst_web_choices[PST_WEB_CHOICES];

struct pst_web_query {
	const char *text; /* what is looked for; NULL: everything */
	const char *in;   /* as what; NULL: whatever it may be */
	const struct pst_web_choice *choice; /* NULL: whatever was done */
	const char *fault; /* why nothing can be looked for, or NULL */
	struct pst_web_search search;
};

/* Reads the parameters of the request. Texts are the request's, or in its
 * arena. */
void pst_web_query_read(
    const struct pst_web_request *request, struct pst_web_query *out);

/* What the text of a query may mean, in the order in which it is tried. */
#define PST_WEB_MAX_WAYS 4
struct pst_web_ways {
	const struct pst_web_kind *kinds[PST_WEB_MAX_WAYS];
	struct pst_journal_key keys[PST_WEB_MAX_WAYS];
	size_t count;
};

/* Sets the fault of the query if there is none. */
void pst_web_query_ways(struct pst_arena *arena, struct pst_web_query *query,
    struct pst_web_ways *out);

#endif
