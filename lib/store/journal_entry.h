/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_JOURNAL_ENTRY_H
#define PST_STORE_JOURNAL_ENTRY_H

/*
 * Between a message and its entry in the journal: the stream, the octets and the
 * keys of a message; and the keys of a question.
 */

#include "core/recorded.h"
#include "store/journal.h"

/*
 * Makes the entry of a decided message, in the arena, as its configuration says
 * (the section journal). Returns false if there is none to keep: a message of
 * `postern send`, or what journal.keep leaves out.
 */
bool pst_journal_entry_make(struct pst_arena *arena,
    const struct pst_message *message, struct pst_journal_entry *out);

/*
 * Brings what somebody asks for into the form of a key: a domain in normal form,
 * an address in lower case, a Message-ID with or without its angle brackets.
 * Returns false, with a sentence in err, if text cannot be one of that kind.
 */
bool pst_journal_key_parse(struct pst_arena *arena, enum pst_journal_kind kind,
    const char *text, struct pst_journal_key *out,
    struct pst_err *err) PST_MUST_CHECK;

/* Whether the message has the key: an entry is found by hashes, which may err. */
bool pst_journal_entry_has(struct pst_arena *arena,
    const struct pst_recorded *recorded, const struct pst_journal_key *key);

/* Whether a recipient, as it was given, is the one of a key for recipients. */
bool pst_journal_key_is_rcpt(struct pst_arena *arena,
    const struct pst_journal_key *key, struct pst_str rcpt);

/*
 * Makes an entry of a message that was read again and changed, with the keys
 * that belong to it then.
 */
void pst_journal_entry_make_again(struct pst_arena *arena,
    const struct pst_recorded *recorded, struct pst_journal_entry *entry);

#endif
