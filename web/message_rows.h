/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_WEB_MESSAGE_ROWS_H
#define PST_WEB_MESSAGE_ROWS_H

/*
 * Messages of the journal as rows of a table, and finding them.
 *
 * The parameters of PST_WEB_MESSAGES:
 *
 *	q	what is looked for
 *	in	what q is: "id", "mid", "from", "to" or "client"; else each kind
 *		that it may be is tried
 *	domain	a From domain, as q is with in=from
 *	client	an address of a client, as q is with in=client
 *	action	"accept", "tag", "quarantine", "reject", "tempfail" or "would"
 *	rule	the rule that decided
 *	since	the first time, "2026-11-30" or "2026-11-30T10:15" (UTC)
 *	until	the last time
 *	accepted	"1": also messages that were simply accepted
 *	before	go on with messages that are not newer (seconds since 1970)
 *	skip	after so many of them
 *
 * Those of PST_WEB_MESSAGE:
 *
 *	id	the queue id
 *	seen	seconds since 1970; without it, the newest with that queue id
 *	mark	which of the messages of that second without a queue id
 */

#include "base/macros.h"
#include "store/journals.h"
#include "web/views.h"

/* How long a search may take: at first, so that the page is there at once. */
#define PST_WEB_SEARCH_MS 200
/* The same if somebody goes on with it. */
#define PST_WEB_GO_ON_MS 2000
/* Rows of a page. */
#define PST_WEB_MAX_MESSAGES 50
/* Messages that a page may have to pass over. */
#define PST_WEB_MAX_SKIP 10000

/* Texts are printable and in the arena of the request. */
struct pst_web_message {
	int64_t seen_s;
	const char *queue_id; /* "": none */
	const char *mark;     /* NULL: the queue id tells which it is */
	const char *from;     /* the From domains */
	const char *client;
	const char *rcpts;
	const char *rule;
	enum pst_action action; /* done */
	enum pst_action would;  /* if everything had been enforced */
};

/* Which messages, and how a search ended. */
struct pst_web_search {
	const struct pst_journal_key *keys;
	size_t key_count;
	int64_t since_s, until_s; /* as in struct pst_journal_query */
	bool all;                 /* those that were simply accepted, too */
	enum pst_web_filter {
		PST_WEB_ANY_ACTION,
		PST_WEB_ONE_ACTION,
		PST_WEB_NOT_ENFORCED, /* something else was done than would be
		                       */
	} filter;
	enum pst_action action;
	const char *rule;  /* only messages that it decided; NULL: any rule */
	size_t skip;       /* PST_WEB_MAX_SKIP at most */
	unsigned limit_ms; /* then it ends with what there is */

	/* Results */
	struct pst_web_message *rows; /* newest first */
	size_t count;
	bool more;            /* there are others, or may be */
	bool late;            /* the search took too long, and ended early */
	int64_t next_until_s; /* where another search goes on, if more */
	size_t next_skip;
	int64_t looked_s;    /* the time of the last one that was looked at */
	uint64_t unreadable; /* entries that were left out */
};

/*
 * Finds up to PST_WEB_MAX_MESSAGES messages. False with a sentence in err if
 * the journal cannot be read.
 */
bool
pst_web_search(struct pst_web_request *request, struct pst_journals *journals,
    struct pst_web_search *search, struct pst_err *err) PST_MUST_CHECK;

/* Adds a table of them, each with a link to its page. */
void pst_web_message_table(const struct pst_web_request *request,
    struct pst_html *html, const char *caption,
    const struct pst_web_search *search);

/* Adds the action as a badge, and what would have been done. */
void pst_web_action(
    struct pst_html *html, enum pst_action action, enum pst_action would);

/* Returns the word for people: "refused". */
const char *pst_web_action_word(enum pst_action action);

/* Returns the mark of a message; it is the same in each search. In the arena. */
const char *pst_web_message_mark(
    struct pst_arena *arena, const struct pst_recorded *recorded);

#endif
