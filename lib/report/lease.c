/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/lease.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/store.h"
#include "store/trusted_clock.h"

/* ---- holders: "PLACE PID" ---- */

/*
 * Writes what two processes share if one can see whether the other is alive:
 * the running kernel and the namespace of process ids. On systems other than
 * Linux, no two holders are ever in the same place.
 */
static void
write_place(char place[96])
{
	char boot[40] = "", space[40] = "", id[PST_STORE_ID_SIZE];
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t len = -1;

	if (fd >= 0) {
		len = read(fd, boot, sizeof(boot) - 1);
		(void)close(fd);
	}
	if (len > 0)
		len = readlink("/proc/self/ns/pid", space, sizeof(space) - 1);
	if (len > 0) {
		boot[strcspn(boot, "\n")] = '\0';
		(void)snprintf(place, 96, "%s/%s", boot, space);
		return;
	}
	pst_store_random_id(id);
	(void)snprintf(place, 96, "%s", id);
}

/*
 * Returns whether the holder certainly is a process of this system that has
 * died.
 */
static bool
is_dead(struct pst_str holder)
{
	size_t space = pst_str_find(holder, ' ');
	char place[96];
	uint64_t pid;

	write_place(place);
	return pst_str_eq(pst_str_first(holder, space), pst_str(place)) &&
	    pst_str_to_u64(pst_str_from(holder, space + 1), INT_MAX, &pid) &&
	    pid > 0 && kill((pid_t)pid, 0) != 0 && errno == ESRCH;
}

/* ---- the time ---- */

bool
pst_lease_begin(struct pst_db *db, struct pst_lease *lease, struct pst_err *err)
{
	lease->begun_s = pst_clock_epoch(&pst_clock_system);
	lease->begun_ms = pst_clock_ms(&pst_clock_system);
	return pst_trusted_clock_server(db, &lease->begun_s, err);
}

int64_t
pst_lease_now(const struct pst_lease *lease)
{
	int64_t now_ms = pst_clock_ms(&pst_clock_system);

	return lease->begun_s + (now_ms - lease->begun_ms) / 1000;
}

/* ---- the table ---- */

#define NAME "send-reports"

/* Reads who has the lease; an empty text if nobody has had it yet. */
static bool
read_holder(
    struct pst_db *db, char holder[128], int64_t *until_s, struct pst_err *err)
{
	static const char sql[] =
	    "SELECT holder, until_s FROM lease WHERE name = '" NAME "'";

	holder[0] = '\0';
	*until_s = 0;
	if (!pst_db_select(db, sql, NULL, 0, err))
		return false;
	if (pst_db_next(db)) {
		(void)snprintf(
		    holder, 128, "%.*s", PST_STR_ARG(pst_db_column(db, 0)));
		*until_s = pst_db_number(db, 1);
	}
	return pst_db_end(db, err);
}

/* Returns by how much the clock was ahead that wrote a lease; 0: it was not. */
static int64_t
ahead_s(int64_t until_s, int64_t now_s)
{
	int64_t ahead = until_s - now_s - PST_LEASE_S;

	return ahead > PST_LEASE_AHEAD_S ? ahead : 0;
}

bool
pst_lease_take(struct pst_db *db, struct pst_lease *lease, int64_t now_s,
    bool *taken, struct pst_err *err)
{
	static const char sql[] =
	    "INSERT INTO lease (name, holder, until_s)"
	    " VALUES ('" NAME "', $1, $2) ON CONFLICT (name) DO UPDATE"
	    " SET holder = excluded.holder, until_s = excluded.until_s"
	    " WHERE lease.holder = $3 AND lease.until_s = $4";
	char place[96], holder[128];
	int64_t until_s, changed = 0;

	*taken = false;
	if (!read_holder(db, holder, &until_s, err))
		return false;
	memcpy(lease->other, holder, sizeof(holder));
	lease->other_ahead_s = ahead_s(until_s, now_s);
	if (holder[0] != '\0' && until_s > now_s && lease->other_ahead_s == 0 &&
	    !is_dead(pst_str(holder)))
		return true;
	write_place(place);
	(void)snprintf(lease->holder, sizeof(lease->holder), "%s %ld", place,
	    (long)getpid());
	lease->until_s = now_s + PST_LEASE_S;
	/*
	 * Only if nothing has changed since it was read: another may be faster.
	 */
	if (!pst_db_run(db, sql,
		(struct pst_db_value[]){pst_db_text(lease->holder),
		    pst_db_int(lease->until_s), pst_db_text(holder),
		    pst_db_int(until_s)},
		4, &changed, err))
		return false;
	*taken = changed == 1;
	return true;
}

bool
pst_lease_renew(struct pst_db *db, struct pst_lease *lease, int64_t now_s,
    struct pst_err *err)
{
	static const char sql[] =
	    "UPDATE lease SET until_s = $1 WHERE name = '" NAME "'"
	    " AND holder = $2 AND until_s = $3";
	int64_t until_s = now_s + PST_LEASE_S, changed = 0;

	if (lease->until_s - now_s > PST_LEASE_S - 60)
		return true;
	if (!pst_db_run(db, sql,
		(struct pst_db_value[]){pst_db_int(until_s),
		    pst_db_text(lease->holder), pst_db_int(lease->until_s)},
		3, &changed, err))
		return false;
	if (changed != 1)
		return pst_err_set(err,
		    "another process has taken over sending reports; this one "
		    "has stopped");
	lease->until_s = until_s;
	return true;
}

void
pst_lease_release(struct pst_db *db, const struct pst_lease *lease)
{
	/* If this fails, the lease ends by itself. */
	(void)!pst_db_run(db,
	    "DELETE FROM lease WHERE name = '" NAME "' AND holder = $1",
	    (struct pst_db_value[]){pst_db_text(lease->holder)}, 1, NULL, NULL);
}
