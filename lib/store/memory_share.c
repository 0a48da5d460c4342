/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/memory_share.h"

#include "base/clock.h"
#include "store/memory_file.h"
#include "store/open.h"

/* A turn begins no further batch after this time. */
#define TURN_MS 5000

static bool
copy(struct pst_db *from, struct pst_db *to, int64_t *last, int64_t until_ms,
    bool *more, struct pst_err *err)
{
	*more = true;
	while (*more && pst_clock_ms(&pst_clock_system) < until_ms) {
		if (!pst_memory_file_copy(from, to, last, more, err))
			return false;
	}
	return true;
}

/* Both become as old as the older one. */
static bool
compare_births(struct pst_db *file, struct pst_db *shared, struct pst_err *err)
{
	int64_t born = pst_clock_epoch(&pst_clock_system);

	return pst_memory_file_born(file, PST_DB_READ, &born, err) &&
	    pst_memory_file_born(shared, PST_DB_WRITE, &born, err) &&
	    pst_memory_file_born(file, PST_DB_WRITE, &born, err);
}

static bool
prune(
    struct pst_memory_share *share, struct pst_db *shared, struct pst_err *err)
{
	struct pst_trusted_now now;
	bool more;

	share->trusted.clock = &pst_clock_system;
	return pst_trusted_clock_ask(&share->trusted, shared, &now, err) &&
	    pst_memory_file_prune(
		shared, now.now_s, PST_MEMORY_MAX_DOMAINS, &more, err);
}

static bool
share_file(struct pst_memory_share *share, struct pst_db *file,
    struct pst_db *shared, struct pst_err *err)
{
	int64_t until_ms = pst_clock_ms(&pst_clock_system) + TURN_MS;
	bool more_up, more_down;

	if (!compare_births(file, shared, err) ||
	    !copy(shared, file, &share->down, until_ms, &more_down, err) ||
	    !copy(file, shared, &share->up, until_ms, &more_up, err) ||
	    !prune(share, shared, err))
		return false;
	if (more_up || more_down)
		share->due_ms = 0;
	return true;
}

bool
pst_memory_share_turn(
    struct pst_memory_share *share, struct pst_db *shared, struct pst_err *err)
{
	int64_t now_ms = pst_clock_ms(&pst_clock_system);
	struct pst_db *file;
	bool ok;

	if (now_ms < share->due_ms)
		return true;
	share->due_ms = now_ms + PST_MEMORY_SHARE_MS;
	file = pst_memory_file_open(
	    share->config, PST_DB_CREATE, PST_STORE_PATIENCE_MS, err);
	if (file == NULL)
		return false;
	ok = share_file(share, file, shared, err);
	pst_db_close(file);
	return ok;
}
