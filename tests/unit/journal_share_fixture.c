/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/journal_share_fixture.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/rows.h"
#include "tests/unit/store_fixture.h"

/* No clock is that far ahead. */
#define FOR_EVER (INT64_C(1) << 50)

struct pst_db *share_db;

int
share_set_up(void **state)
{
	struct pst_err err;

	if (store_set_up(state) != 0)
		return -1;
	share_db = store_open_shared();
	if (pst_db_script(share_db,
		"DROP TABLE IF EXISTS journal_gateway;"
		"DROP TABLE IF EXISTS journal_stream;"
		"DROP TABLE IF EXISTS journal_block;"
		"DROP TABLE IF EXISTS journal_tail;"
		"DROP TABLE IF EXISTS journal_idx;"
		"DELETE FROM meta WHERE name IN ('journal', 'clock')",
		&err))
		return 0;
	(void)fprintf(stderr, "%s\n", err.text);
	return -1;
}

int
share_tear_down(void **state)
{
	pst_db_close(share_db);
	return store_tear_down(state);
}

void
share_open(struct share_gateway *gateway, const char *name)
{
	*gateway = (struct share_gateway){
	    .name = name, .journal = journal_open_as(name)};
	(void)snprintf(
	    gateway->path, sizeof(gateway->path), "%s", store_path(name));
	gateway->share = (struct pst_journal_share){.path = gateway->path,
	    .name = gateway->name,
	    .limits = {
		.max_bytes = UINT64_C(1) << 40, .retention_s = FOR_EVER}};
}

void
share_close(struct share_gateway *gateway)
{
	pst_journal_close(gateway->journal);
}

void
share_turn(struct share_gateway *gateway)
{
	struct pst_err err;

	do {
		gateway->share.due_ms = 0;
		if (!pst_journal_share_turn(&gateway->share, share_db, &err))
			fail_msg("%s", err.text);
	} while (gateway->share.due_ms == 0);
}

const char *
share_turn_fails(struct share_gateway *gateway)
{
	static struct pst_err err;

	gateway->share.due_ms = 0;
	assert_false(pst_journal_share_turn(&gateway->share, share_db, &err));
	return err.text;
}

static bool
visit(void *arg, const struct pst_journal_shared *found)
{
	struct share_found *out = arg;
	char text[32];
	unsigned number;

	assert_true(found->octets.len >= 8);
	(void)snprintf(text, sizeof(text), "%.*s",
	    (int)(found->octets.len < 20 ? found->octets.len : 20),
	    found->octets.ptr);
	assert_int_equal(sscanf(text, "entry %u", &number), 1);
	assert_int_equal(found->seen_s, JOURNAL_NOW + number);
	if (out->count < 16) {
		out->numbers[out->count] = number;
		(void)snprintf(out->gateways[out->count],
		    sizeof(out->gateways[0]), "%s", found->gateway);
	}
	out->count++;
	return out->count != out->stop_after;
}

void
share_search(
    const struct pst_journal_share_query *query, struct share_found *out)
{
	struct pst_err err;

	out->count = 0;
	if (!pst_journal_share_search(share_db, query,
		(struct pst_journal_share_visitor){visit, out}, &out->damaged,
		&err))
		fail_msg("%s", err.text);
}

static unsigned
count_of(const struct pst_journal_query *query)
{
	struct share_found found = {.count = 0};

	share_search(&(struct pst_journal_share_query){.query = query}, &found);
	return found.count;
}

unsigned
share_total(void)
{
	return count_of(&(struct pst_journal_query){.since_s = 0});
}

unsigned
share_count(const struct pst_journal_key *key)
{
	return count_of(
	    &(struct pst_journal_query){.keys = key, .key_count = 1});
}

void
share_assert_each(unsigned first, unsigned count, unsigned step)
{
	for (unsigned i = first; i < first + count; i += step) {
		const struct pst_journal_key key = journal_queue_id(i);
		unsigned found = share_count(&key);

		if (found != 1)
			fail_msg("entry %u was found %u times", i, found);
	}
}
