/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_EXPIRY_H
#define PST_STORE_EXPIRY_H

/*
 * Deletes what is old in a store: what is older than store.retention, even if
 * it has not been sent, and imported reports that are older than
 * store.imported-retention. "Old" is measured by store/trusted_clock.h, not by
 * the clock of this system alone.
 */

#include "base/macros.h"
#include "config/config.h"
#include "store/db.h"
#include "store/trusted_clock.h"
#include "store/writer.h"

/* What was deleted. */
struct pst_expired {
	int64_t rows;      /* report rows */
	int64_t reports;   /* that were made, sent or not */
	int64_t incidents; /* for failure reports */
	int64_t imported;  /* reports of others */
	bool more;         /* there may be more to delete */
};

/*
 * Deletes what is old as of now_s, in transactions of at most 1,000 rows each,
 * so that no writer waits for long, and at most some ten thousand rows in a
 * call. *out is what was deleted. False with a sentence in err if the store
 * fails; *out then still counts what is gone.
 */
bool pst_expire_some(struct pst_db *db, const struct pst_config *config,
    int64_t now_s, struct pst_expired *out, struct pst_err *err) PST_MUST_CHECK;

/* The same until nothing is left, by the clock of the caller. */
bool pst_expire_all(struct pst_db *db, const struct pst_config *config,
    const struct pst_clock *clock, struct pst_expired *out,
    struct pst_trusted_now *now, struct pst_err *err) PST_MUST_CHECK;

/* Writes "5 report rows, 2 reports, ...", for a sentence. */
void pst_expired_text(const struct pst_expired *expired, struct pst_err *text);

/*
 * The expiry of a thread that lives long. The caller sets config and log; the
 * rest is 0. The log gets PST_WRITER_EXPIRED and PST_WRITER_CLOCK; without a
 * call, nothing is logged or counted.
 */
struct pst_expiry {
	const struct pst_config *config;
	struct pst_writer_log log;
	struct pst_trusted_clock trusted;
	int64_t due_ms; /* of pst_clock_ms(); nothing is done before */
	enum pst_clock_doubt said;
	struct pst_expired sum; /* deleted, and not logged yet */
};

/*
 * Deletes some of what is old if that is due: once an hour, more often while
 * the clock is doubted, and at once while there is more. False with a sentence
 * in err if the store fails; it is then due again.
 */
bool pst_expiry_turn(struct pst_expiry *expiry, struct pst_db *db,
    struct pst_err *err) PST_MUST_CHECK;

#endif
