/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_TALLIES_ADDING_H
#define PST_STORE_TALLIES_ADDING_H

/*
 * Statements about one row of the file of tallies, inside a transaction; which of
 * them are made is decided in store/tallies_write.c. Each returns false with a
 * sentence in err if the file fails.
 */

#include "store/tallies_file.h"

/* No message has such an organizational domain. */
#define PST_TALLY_NO_ORG ""

/*
 * What is the same for all rows of a question and day, kept for the length of a
 * transaction: most keys of a flood end in it.
 */
struct pst_tally_ground {
	bool is_read, changed;
	int64_t day;
	int64_t room[PST_TALLY_JOINT + 1]; /* rows of each class */
	bool has_other;
	struct pst_tally_row other; /* to be added to that row */
};

struct pst_tally_writing {
	struct pst_db *db;
	struct pst_tally_guesses *guesses;
	struct pst_tally_ground grounds[PST_TALLY_QUESTIONS];
};

/* An entry on its way into the file. */
struct pst_tally_adding {
	struct pst_db *db;
	struct pst_tally_writing *batch;
	struct pst_tally_ground *ground;
	const struct pst_tally_row *row;
	uint64_t hash;
	int64_t question;
	const char *org, *near;
	int64_t last_proven; /* a day; 0: never */
	int64_t weight;      /* by it the rows of a class compete */
};

/* The row that a new one would take the place of. */
struct pst_tally_victim {
	bool found;
	int64_t weight;
	char key[PST_TALLY_MAX_KEY + 1];
};

/* How many rows of a class there are; the table room keeps it. */
struct pst_tally_place {
	int64_t question, day, class;
};
bool pst_tally_room_get(struct pst_db *db, struct pst_tally_place place,
    int64_t *out, struct pst_err *err) PST_MUST_CHECK;
bool pst_tally_room_set(struct pst_db *db, struct pst_tally_place place,
    int64_t n, struct pst_err *err) PST_MUST_CHECK;
/* The same for the rows of this question and day, in memory until the end. */
void pst_tally_room_change(
    const struct pst_tally_adding *e, enum pst_tally_class class, int64_t by);

/* How many rows a class may have. */
int64_t pst_tally_limit_of(
    const struct pst_tally_adding *e, enum pst_tally_class class);

/* Makes the row of a key. */
bool pst_tally_put(const struct pst_tally_adding *e, const char *key,
    enum pst_tally_class class, struct pst_err *err) PST_MUST_CHECK;

/*
 * Adds the numbers to the row, if there is one; its weight is then that of the
 * adding.
 */
bool pst_tally_update(struct pst_tally_adding *e, bool *found,
    enum pst_tally_class *class, struct pst_err *err) PST_MUST_CHECK;

/* Find the lightest row of a class, and of a class and organizational domain. */
bool
pst_tally_lightest(const struct pst_tally_adding *e, enum pst_tally_class class,
    struct pst_tally_victim *out, struct pst_err *err) PST_MUST_CHECK;
bool pst_tally_lightest_of_org(const struct pst_tally_adding *e,
    enum pst_tally_class class, struct pst_tally_victim *out,
    struct pst_err *err) PST_MUST_CHECK;

/* Count rows: of the organizational domain, and of proven ones nearby. */
bool pst_tally_rows_of_org(const struct pst_tally_adding *e,
    enum pst_tally_class class, int64_t *out,
    struct pst_err *err) PST_MUST_CHECK;
bool pst_tally_rows_near(const struct pst_tally_adding *e, int64_t *out,
    struct pst_err *err) PST_MUST_CHECK;

/*
 * Add to a joint row, which has no room of its own: to "other", at the end of the
 * transaction; to that of a key, which is made; to that of an organizational
 * domain, or to "other" if org is PST_TALLY_NO_ORG.
 */
void pst_tally_join_other(const struct pst_tally_adding *e);
bool pst_tally_join_row(const struct pst_tally_adding *e, const char *key,
    struct pst_err *err) PST_MUST_CHECK;
bool pst_tally_join(const struct pst_tally_adding *e, const char *org,
    struct pst_err *err) PST_MUST_CHECK;

/* Adds a row to a joint one, as pst_tally_join() does, and deletes it. */
bool pst_tally_give_up(const struct pst_tally_adding *e,
    const struct pst_tally_victim *victim, enum pst_tally_class class,
    const char *org, struct pst_err *err) PST_MUST_CHECK;

#endif
