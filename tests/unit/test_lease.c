/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "report/lease.h"
#include "tests/unit/rows.h"
#include "tests/unit/store_fixture.h"

#define NOW 1800000000

static void
put(struct pst_db *db, const char *holder, int64_t until_s)
{
	assert_true(pst_db_run(db,
	    "INSERT INTO lease (name, holder, until_s)"
	    " VALUES ('send-reports', $1, $2) ON CONFLICT (name) DO UPDATE"
	    " SET holder = excluded.holder, until_s = excluded.until_s",
	    (struct pst_db_value[]){pst_db_text(holder), pst_db_int(until_s)},
	    2, NULL, NULL));
}

static bool
take(struct pst_db *db, struct pst_lease *lease, int64_t now_s)
{
	bool taken = false;

	assert_true(pst_lease_take(db, lease, now_s, &taken, NULL));
	return taken;
}

static void
test_one_at_a_time(void **state)
{
	struct pst_db *db = store_open("db");
	struct pst_lease lease, second;
	bool taken;

	(void)state;
	assert_true(take(db, &lease, NOW));
	assert_int_equal(lease.until_s, NOW + PST_LEASE_S);
	/* We hold it and are alive, so even we cannot take it again. */
	assert_true(pst_lease_take(db, &second, NOW + 1, &taken, NULL));
	assert_false(taken);
	assert_string_equal(second.other, lease.holder);
	pst_lease_release(db, &lease);
	assert_true(take(db, &second, NOW + 1));
	pst_lease_release(db, &second);
	/* A holder on another system, alive or not, keeps it until it ends. */
	put(db, "far-away 7", NOW + 10);
	assert_false(take(db, &lease, NOW + 9));
	assert_true(take(db, &lease, NOW + 10));
	pst_db_close(db);
}

static void
test_renewal(void **state)
{
	struct pst_db *db = store_open("db");
	struct pst_lease lease;
	struct pst_err err;

	(void)state;
	put(db, "far-away 7", NOW - 1);
	assert_true(take(db, &lease, NOW));
	assert_true(pst_lease_renew(db, &lease, NOW + 5, &err));
	assert_int_equal(lease.until_s, NOW + PST_LEASE_S);
	assert_true(pst_lease_renew(db, &lease, NOW + 100, &err));
	assert_int_equal(lease.until_s, NOW + 100 + PST_LEASE_S);
	put(db, "far-away 7", NOW + 9999);
	assert_false(pst_lease_renew(db, &lease, NOW + 1000, &err));
	assert_non_null(strstr(err.text, "another process"));
	/* A lease of another process is not released. */
	pst_lease_release(db, &lease);
	assert_int_equal(store_number(db, "SELECT COUNT(*) FROM lease"), 1);
	pst_db_close(db);
}

/* A holder on this system that has died does not keep the lease. */
static void
test_dead_holder(void **state)
{
	struct pst_db *db = store_open("db");
	struct pst_lease lease;
	char holder[160];
	pid_t child = fork();

	(void)state;
	if (child == 0)
		_exit(0);
	assert_true(child > 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	put(db, "far-away 7", NOW - 1);
	assert_true(take(db, &lease, NOW));
	(void)snprintf(holder, sizeof(holder), "%.*s %ld",
	    (int)strcspn(lease.holder, " "), lease.holder, (long)child);
	put(db, holder, NOW + 999);
	assert_true(take(db, &lease, NOW));
	/* The same process id on another system proves nothing. */
	(void)snprintf(holder, sizeof(holder), "far-away %ld", (long)child);
	put(db, holder, NOW + 999);
	assert_false(take(db, &lease, NOW));
	pst_db_close(db);
}

/* A clock that is ahead does not hold up the others until its own time comes. */
static void
test_clock_ahead(void **state)
{
	static const struct {
		const char *label;
		int64_t until_s;
		bool taken;
		int64_t ahead_s;
	} rows[] = {
	    {"over", NOW, true, 0},
	    {"a second left", NOW + 1, false, 0},
	    {"taken just now", NOW + PST_LEASE_S, false, 0},
	    {"by a clock that is a little ahead",
		NOW + PST_LEASE_S + PST_LEASE_AHEAD_S, false, 0},
	    {"by a clock that is too far ahead",
		NOW + PST_LEASE_S + PST_LEASE_AHEAD_S + 1, true,
		PST_LEASE_AHEAD_S + 1},
	    {"ten years ahead", NOW + PST_LEASE_S + 315360000, true, 315360000},
	};
	struct pst_db *db = store_open("db");

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_lease lease;

		put(db, "far-away 7", rows[i].until_s);
		assert_int_equal(take(db, &lease, NOW), rows[i].taken);
		assert_int_equal(lease.other_ahead_s, rows[i].ahead_s);
		if (rows[i].taken)
			pst_lease_release(db, &lease);
	}
	pst_db_close(db);
}

/* The times of a run go on from its beginning; the system may be set meanwhile. */
static void
test_time(void **state)
{
	struct pst_db *db = store_open("db");
	int64_t before = pst_clock_epoch(&pst_clock_system);
	struct pst_lease lease;

	(void)state;
	assert_true(pst_lease_begin(db, &lease, NULL));
	assert_true(lease.begun_s >= before);
	assert_true(lease.begun_s <= pst_clock_epoch(&pst_clock_system));
	lease.begun_s = NOW;
	lease.begun_ms -= 3600000;
	assert_true(pst_lease_now(&lease) >= NOW + 3600);
	assert_true(pst_lease_now(&lease) < NOW + 7200);
	pst_db_close(db);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one_at_a_time),
	    cmocka_unit_test(test_renewal),
	    cmocka_unit_test(test_dead_holder),
	    cmocka_unit_test(test_clock_ahead),
	    cmocka_unit_test(test_time),
	};

	return cmocka_run_group_tests(tests, store_set_up, store_tear_down);
}
