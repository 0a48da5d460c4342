/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_SLOW_QUESTIONS_H
#define PST_CORE_SLOW_QUESTIONS_H

/*
 * The slowest DNS questions of about the last minute, for an operator who asks
 * why mail waits. Each process that has a slot of the counters keeps a small
 * table in the shared memory; readers join the tables.
 *
 * Senders choose these names. Therefore a table has a fixed number of places, a
 * name is printed escaped, and it is never the label of a metric. A sender that
 * fills the table with slow names of his own shows exactly what is slow.
 *
 * One thread of a process at a time may add: the resolver does so under its
 * lock. Readers take no lock. They leave out an entry that is being written, or
 * that a process was writing when it was killed.
 */

#include <stdatomic.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/json_read.h"
#include "dns/resolver.h"

#define PST_SLOW_PLACES 8 /* in each table */
#define PST_SLOW_MAX 10   /* that are shown */
#define PST_SLOW_LIFE_MS 60000
#define PST_SLOW_NAME_WORDS 32 /* room for a name of the DNS */

struct pst_slow_entry {
	_Atomic uint32_t turn; /* odd while it is written */
	_Atomic uint32_t ms;
	_Atomic int64_t at_ms; /* monotonic; when the question was over */
	_Atomic uint32_t type;
	_Atomic uint32_t outcome; /* a status, or one more for "given up" */
	_Atomic uint64_t hash;
	_Atomic uint64_t name_len; /* 0: the place is free */
	_Atomic uint64_t name[PST_SLOW_NAME_WORDS];
};

/* Zero-initialise it. */
struct pst_slow_table {
	struct pst_slow_entry entries[PST_SLOW_PLACES];
};

struct pst_slow_question {
	const char *name;    /* escaped */
	const char *type;    /* such as "TXT" */
	const char *outcome; /* such as "NOERROR", or "GIVEN_UP" */
	uint64_t ms;
};

/*
 * Adds a question that is over, unless the table is full of slower ones that
 * are not older than PST_SLOW_LIFE_MS.
 */
void pst_slow_table_add(struct pst_slow_table *table,
    const struct pst_resolver_note *note, int64_t now_ms);

/* The same with the table of this process and the present; without a slot it
 * does nothing. */
void pst_slow_questions_note(const struct pst_resolver_note *note);

/*
 * Joins count tables. Returns how many questions are in out, the slowest first;
 * their texts are in the arena.
 */
size_t pst_slow_tables_read(struct pst_arena *arena,
    const struct pst_slow_table *tables, size_t count, int64_t now_ms,
    struct pst_slow_question out[PST_SLOW_MAX]);

struct pst_counters;

/* Adds the array "slow_questions" of a block to the object open in json. */
void pst_slow_questions_json(
    struct pst_json *json, const struct pst_counters *block);

/*
 * Reads that array of an object again and returns how many questions it has; of
 * a daemon that does not know it, 0. *out is in the arena.
 */
size_t pst_slow_questions_from_json(struct pst_arena *arena,
    const struct pst_json_value *object, const struct pst_slow_question **out);

#endif
