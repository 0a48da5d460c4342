/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_JOURNALS_H
#define PST_STORE_JOURNALS_H

/*
 * All journals in which a message can be looked for: this gateway's file and, if
 * there is a shared database, what the gateways have put there
 * (store/journal_share.h). For the command; one thread.
 */

#include "config/config.h"
#include "core/recorded.h"
#include "store/journal_search.h"

/*
 * Opens this gateway's own file for reading. NULL, with a sentence in err that
 * says what to do, if there is none.
 */
struct pst_journal *pst_journals_open_own(struct pst_arena *arena,
    const struct pst_config *config, struct pst_err *err) PST_MUST_CHECK;

struct pst_journals;

/*
 * Opens what there is. A shared database that does not answer is not a failure:
 * *note (in the arena) is then a sentence about it, else NULL. Returns NULL with
 * a sentence in err if there is no journal that can be read: it says what to do.
 */
struct pst_journals *
pst_journals_open(struct pst_arena *arena, struct pst_config *config,
    const char **note, struct pst_err *err) PST_MUST_CHECK;
void pst_journals_close(struct pst_journals *journals); /* NULL is allowed */

/* A message that was found. It is valid during the call. */
struct pst_journals_found {
	const struct pst_recorded *recorded;
	enum pst_journal_stream stream;
	int64_t seen_s;
	const char *gateway; /* its name; NULL: this gateway's own file */
};

/*
 * Calls visit for each message that has all keys of the query, newest first
 * (query.oldest_first: the other way round), until it returns false. A message
 * that both the file and the shared database have is shown once. An entry that
 * cannot be read, such as one of a newer version, is left out and counted in
 * *unreadable. The recorded message is made with the configuration given to
 * pst_journals_open().
 */
struct pst_journals_visitor {
	bool (*visit)(void *arg, const struct pst_journals_found *found);
	void *arg;
};
bool pst_journals_search(struct pst_journals *journals,
    const struct pst_journal_query *query, struct pst_journals_visitor visitor,
    uint64_t *unreadable, struct pst_err *err) PST_MUST_CHECK;

#endif
