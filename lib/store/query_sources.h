/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_QUERY_SOURCES_H
#define PST_STORE_QUERY_SOURCES_H

/*
 * The senders of mail in the name of our domains, as the aggregate reports of
 * others name them, and the marks that the owner has put on sources.
 * What a report says is a claim, and every text in it may be hostile.
 */

#include "base/arena.h"
#include "base/ip.h"
#include "base/macros.h"
#include "store/db.h"

/* One row of a report. The texts are valid during the call. */
struct pst_query_source {
	struct pst_str ip;          /* text of the address */
	struct pst_str header_from; /* From domain, normal form */
	struct pst_str receiver;    /* the org of the report */
	/*
	 * The identifiers that passed, aligned or not: "dkim:DOMAIN" and
	 * "spf:DOMAIN", separated by blanks, sorted, bounded; "" if none, or if
	 * the report was imported by a version that did not keep them.
	 */
	struct pst_str authenticated;
	struct pst_str reasons; /* types of override, separated by blanks, such
	                           as "forwarded mailing_list"; "" if none */
	int64_t messages;
	bool dkim, spf;             /* aligned and passed */
	struct pst_str disposition; /* "none", "quarantine", "reject" */
	int64_t begin_s, end_s;     /* of the report's period */
};

struct pst_query_source_filter {
	const char *domain; /* this From domain and those below it; "": all */
	int64_t since_s;    /* periods that end then or later */
	int64_t until_s;    /* periods that begin before; 0: all */
	size_t max_rows;    /* the newest ones, if there are more */
	/*
	 * Rows come in any order and, if there are more than max_rows, any of
	 * them: a page that has chosen its period so that they are not more
	 * then waits for no sorting.
	 */
	bool any_order;
};

/* False from visit() ends the selection without an error. */
struct pst_query_source_visitor {
	bool (*visit)(void *arg, const struct pst_query_source *source);
	void *arg;
};

/*
 * Visits the rows of valid aggregate reports, in the order of their periods'
 * ends unless any order will do. *cut tells whether rows were left out since
 * there are more than max_rows.
 */
bool pst_query_sources(struct pst_db *db,
    const struct pst_query_source_filter *filter,
    struct pst_query_source_visitor visitor, bool *cut,
    struct pst_err *err) PST_MUST_CHECK;

/* Selectors of DKIM that reports name for one domain, newest first. */
#define PST_QUERY_MAX_SELECTORS 64
struct pst_query_selectors {
	const char *items[PST_QUERY_MAX_SELECTORS];
	size_t count;
};

/*
 * Reads the selectors that imported reports name for this domain, which is in
 * normal form (feedback/selectors.h). They are claims, and none of them need
 * have a key. A store of an older version has none. In the arena.
 */
bool pst_query_selectors(struct pst_db *db, struct pst_arena *arena,
    const char *domain, struct pst_query_selectors *out,
    struct pst_err *err) PST_MUST_CHECK;

/*
 * Returns a LIKE pattern, for ESCAPE '!', that matches what is below domain; a
 * bare `_` would match any character. In the arena.
 */
const char *
pst_query_pattern_below(struct pst_arena *arena, const char *domain);

/* What the owner says of a source. */
enum pst_mark_kind {
	PST_MARK_NONE,
	PST_MARK_MINE,
	PST_MARK_FORGER,
	PST_MARK_FORWARDER,
};
/* "mine", "forger", "forwarder"; "" for PST_MARK_NONE. */
const char *pst_mark_word(enum pst_mark_kind mark);

/* The most marks, and the most octets of a note, that are kept. */
#define PST_MARKS_MAX 10000
#define PST_MARK_NOTE_MAX 200

struct pst_source_mark {
	const char *source; /* an address or a network: "198.51.100.9",
	                       "2001:db8::/32" */
	enum pst_mark_kind mark;
	const char *note; /* "" if none */
	int64_t set_s;
};
struct pst_source_marks {
	struct pst_source_mark *items; /* in the order of their addresses */
	size_t count;
};

/* Reads all marks; a store of an older version has none. In the arena. */
bool pst_query_marks(struct pst_db *db, struct pst_arena *arena,
    struct pst_source_marks *out, struct pst_err *err) PST_MUST_CHECK;

/*
 * Returns the mark of the narrowest network with this address, or NULL. The
 * marks are in the order of their addresses.
 */
const struct pst_source_mark *
pst_mark_find(const struct pst_source_marks *marks, const struct pst_ip *ip);

/*
 * Returns an address or a network in the form in which it is marked, in the
 * arena; NULL if text is neither, or if a network has host bits.
 */
const char *pst_mark_source(struct pst_arena *arena, const char *text);

/*
 * Sets or, with PST_MARK_NONE, removes a mark, in a transaction of its own.
 * source comes from pst_mark_source(). A mark replaces the one before, with its
 * note. False with a sentence in err when the store fails, or has
 * PST_MARKS_MAX marks already.
 */
bool pst_store_mark(struct pst_db *db, const struct pst_source_mark *mark,
    struct pst_err *err) PST_MUST_CHECK;

#endif
