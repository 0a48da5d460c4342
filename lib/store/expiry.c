/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/expiry.h"

#include <inttypes.h>
#include <string.h>

#include "base/day.h"
#include "core/counters.h"
#include "store/schema.h"

#define EXPIRE_MS 3600000
#define DOUBT_MS 300000 /* look again at a clock that is doubted */

/* Rows that one transaction deletes. LIMIT has the same number. */
#define STEP_ROWS 1000
#define LIMIT " LIMIT 1000)"

/* Transactions in a call of pst_expire_some() that delete something. */
#define MAX_STEPS 20

enum old { OLD_DAY, OLD, IMPORTED, NOW, LIMITS };
enum kind { UNCOUNTED, ROWS, REPORTS, INCIDENTS, IMPORTS };

/* Rows that refer to another table are deleted before those. */
static const struct step {
	const char *sql;
	enum old limit;
	enum kind kind; /* where struct pst_expired counts it */
} steps[] = {
    {"DELETE FROM record WHERE (day, domain, owner, id) IN"
     " (SELECT day, domain, owner, id FROM record WHERE day < $1" LIMIT,
	OLD_DAY, ROWS},
    {"DELETE FROM policy WHERE (day, domain, owner) IN"
     " (SELECT day, domain, owner FROM policy WHERE day < $1" LIMIT,
	OLD_DAY, UNCOUNTED},
    {"DELETE FROM delivery WHERE (report, kind, address) IN"
     " (SELECT d.report, d.kind, d.address FROM delivery d"
     " JOIN report r ON r.id = d.report WHERE r.made_s < $1" LIMIT,
	OLD, UNCOUNTED},
    {"DELETE FROM report WHERE id IN"
     " (SELECT id FROM report WHERE made_s < $1" LIMIT,
	OLD, REPORTS},
    {"DELETE FROM failure WHERE (id, owner) IN"
     " (SELECT id, owner FROM failure WHERE seen_s < $1" LIMIT,
	OLD, INCIDENTS},
    {"DELETE FROM batch WHERE id IN"
     " (SELECT id FROM batch WHERE shipped_s < $1" LIMIT,
	OLD, UNCOUNTED},
    {"DELETE FROM source WHERE (feedback, line) IN"
     " (SELECT s.feedback, s.line FROM source s"
     " JOIN feedback f ON f.id = s.feedback WHERE f.imported_s < $1" LIMIT,
	IMPORTED, UNCOUNTED},
    {"DELETE FROM feedback WHERE id IN"
     " (SELECT id FROM feedback WHERE imported_s < $1" LIMIT,
	IMPORTED, IMPORTS},
    {"DELETE FROM source_selector WHERE (domain, selector) IN"
     " (SELECT domain, selector FROM source_selector"
     " WHERE imported_s < $1" LIMIT,
	IMPORTED, UNCOUNTED},
    {"DELETE FROM suppress WHERE address IN"
     " (SELECT address FROM suppress WHERE until_s < $1" LIMIT,
	NOW, UNCOUNTED},
};

static void
count_step(struct pst_expired *out, enum kind kind, int64_t n)
{
	switch (kind) {
	case UNCOUNTED:
		return;
	case ROWS:
		out->rows += n;
		return;
	case REPORTS:
		out->reports += n;
		return;
	case INCIDENTS:
		out->incidents += n;
		return;
	case IMPORTS:
		out->imported += n;
		return;
	}
}

static bool
run_step(struct pst_db *db, const struct step *step, int64_t limit,
    int64_t *changed, struct pst_err *err)
{
	const struct pst_db_value value = pst_db_int(limit);

	if (!pst_schema_begin(db, err))
		return false;
	if (pst_db_run(db, step->sql, &value, 1, changed, err) &&
	    pst_db_commit(db, err))
		return true;
	pst_db_rollback(db);
	return false;
}

bool
pst_expire_some(struct pst_db *db, const struct pst_config *config,
    int64_t now_s, struct pst_expired *out, struct pst_err *err)
{
	const int64_t old = now_s - (int64_t)config->store.retention_s;
	const int64_t limits[LIMITS] = {
	    [OLD_DAY] = pst_day_of(old),
	    [OLD] = old,
	    [IMPORTED] = now_s - (int64_t)config->store.imported_retention_s,
	    [NOW] = now_s,
	};
	unsigned taken = 0;
	size_t i = 0;

	memset(out, 0, sizeof(*out));
	while (i < PST_COUNT(steps)) {
		int64_t changed = 0;

		if (taken == MAX_STEPS) {
			out->more = true;
			return true;
		}
		if (!run_step(
			db, &steps[i], limits[steps[i].limit], &changed, err))
			return false;
		count_step(out, steps[i].kind, changed);
		taken += changed > 0;
		i += changed < STEP_ROWS;
	}
	return true;
}

static void
add(struct pst_expired *sum, const struct pst_expired *some)
{
	sum->rows += some->rows;
	sum->reports += some->reports;
	sum->incidents += some->incidents;
	sum->imported += some->imported;
	sum->more = some->more;
}

bool
pst_expire_all(struct pst_db *db, const struct pst_config *config,
    const struct pst_clock *clock, struct pst_expired *out,
    struct pst_trusted_now *now, struct pst_err *err)
{
	struct pst_trusted_clock trusted = {.clock = clock};
	struct pst_expired some = {.more = true};

	memset(out, 0, sizeof(*out));
	if (!pst_trusted_clock_ask(&trusted, db, now, err))
		return false;
	while (some.more) {
		bool ok = pst_expire_some(db, config, now->now_s, &some, err);

		add(out, &some);
		if (!ok)
			return false;
	}
	return true;
}

void
pst_expired_text(const struct pst_expired *expired, struct pst_err *text)
{
	(void)pst_err_set(text,
	    "%" PRId64 " report rows, %" PRId64 " reports, %" PRId64
	    " incidents and %" PRId64 " imported reports",
	    expired->rows, expired->reports, expired->incidents,
	    expired->imported);
}

/* ---- the expiry of a thread ---- */

static void
tell_of_clock(struct pst_expiry *expiry, const struct pst_trusted_now *now)
{
	struct pst_err text;

	if (expiry->log.call == NULL)
		return;
	pst_counter_since(PST_COUNTER_CLOCK_STORE_SINCE,
	    now->doubt == PST_CLOCK_AHEAD || now->doubt == PST_CLOCK_BEHIND);
	pst_counter_since(PST_COUNTER_CLOCK_SERVER_SINCE,
	    now->doubt == PST_CLOCK_AHEAD_OF_SERVER ||
		now->doubt == PST_CLOCK_BEHIND_SERVER);
	if (now->doubt == expiry->said)
		return;
	expiry->said = now->doubt;
	pst_trusted_clock_say(now, &text);
	expiry->log.call(expiry->log.arg,
	    now->doubt == PST_CLOCK_PLAUSIBLE ? PST_WRITER_CLOCK_RIGHT :
						PST_WRITER_CLOCK_WRONG,
	    text.text);
}

static void
tell_of_rows(struct pst_expiry *expiry)
{
	const struct pst_expired *sum = &expiry->sum;
	struct pst_err text;

	if (sum->rows + sum->reports + sum->incidents + sum->imported > 0 &&
	    expiry->log.call != NULL) {
		pst_expired_text(sum, &text);
		expiry->log.call(
		    expiry->log.arg, PST_WRITER_EXPIRED, text.text);
	}
	memset(&expiry->sum, 0, sizeof(expiry->sum));
}

bool
pst_expiry_turn(
    struct pst_expiry *expiry, struct pst_db *db, struct pst_err *err)
{
	int64_t now_ms = pst_clock_ms(&pst_clock_system);
	struct pst_trusted_now now;
	struct pst_expired some;
	bool ok;

	expiry->trusted.clock = &pst_clock_system;
	if (now_ms < expiry->due_ms)
		return true;
	if (!pst_trusted_clock_ask(&expiry->trusted, db, &now, err))
		return false;
	tell_of_clock(expiry, &now);
	ok = pst_expire_some(db, expiry->config, now.now_s, &some, err);
	add(&expiry->sum, &some);
	if (!ok)
		return false;
	if (some.more)
		return true;
	tell_of_rows(expiry);
	expiry->due_ms =
	    now_ms + (now.doubt == PST_CLOCK_PLAUSIBLE ? EXPIRE_MS : DOUBT_MS);
	return true;
}
