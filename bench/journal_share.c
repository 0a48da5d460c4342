/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usage: journal_share fill CONNINFO DIRECTORY ENTRIES GATEWAYS
 *        journal_share search CONNINFO ENTRIES
 *
 * "fill" writes a journal for each gateway, with so many entries in all of them
 * together, and copies them to the database. "search" searches queue ids of
 * those, two in each connection.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/journal_mail.h"
#include "store/journal_share.h"
#include "store/schema.h"

#define START_S 1795400000
#define BATCH 12 /* a second of 1,000,000 messages a day */
#define SEARCHES 200
#define FOR_EVER (INT64_C(1) << 50)

static double
now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void
must(bool ok, const struct pst_err *err)
{
	if (ok)
		return;
	(void)fprintf(stderr, "journal_share: %s\n", err->text);
	exit(1);
}

static struct pst_db *
open_shared(const char *conninfo)
{
	struct pst_err err;
	struct pst_db *db = pst_db_open_postgres(conninfo, &err);

	must(db != NULL, &err);
	return db;
}

/* Entries of one gateway: each `step`th of all. */
static void
fill_file(const char *path, uint64_t first, uint64_t count, uint64_t step)
{
	static struct mail mails[BATCH];
	struct pst_journal_entry entries[BATCH];
	struct pst_err err;
	struct pst_journal *journal =
	    pst_journal_open(path, PST_JOURNAL_WRITE, 1000, &err);

	must(journal != NULL, &err);
	for (uint64_t i = first; i < count; i += BATCH * step) {
		size_t now = 0;

		for (uint64_t k = i; now < BATCH && k < count; k += step) {
			mail_make(&mails[now], k,
			    START_S + (int64_t)(k / (BATCH * step)));
			entries[now] = mails[now].entry;
			now++;
		}
		must(pst_journal_add(journal, entries, now, &err), &err);
	}
	pst_journal_close(journal);
}

static void
print_figures(void *arg, const struct pst_journal_share_figures *figures)
{
	(void)arg;
	(void)printf("%s: %llu entries, %.1f octets each\n", figures->gateway,
	    (unsigned long long)figures->entries,
	    (double)figures->bytes / (double)figures->entries);
}

static void
copy_file(struct pst_db *db, const char *path, const char *name)
{
	struct pst_journal_share share = {.path = path,
	    .name = name,
	    .limits = {UINT64_C(1) << 40, FOR_EVER}};
	double start_ms = now_ms(), longest_ms = 0;
	unsigned turns = 0;
	struct pst_err err;

	do {
		double turn_ms = now_ms();

		share.due_ms = 0;
		must(pst_journal_share_turn(&share, db, &err), &err);
		turn_ms = now_ms() - turn_ms;
		if (turn_ms > longest_ms)
			longest_ms = turn_ms;
		turns++;
	} while (share.due_ms == 0);
	(void)printf("%s: %.1f s in %u turns, the longest %.1f s\n", name,
	    (now_ms() - start_ms) / 1e3, turns, longest_ms / 1e3);
}

static void
fill(const char *conninfo, const char *dir, uint64_t count, unsigned gateways)
{
	struct pst_db *db = open_shared(conninfo);
	struct pst_err err;

	must(pst_schema_make(db, &err), &err);
	for (unsigned i = 0; i < gateways; i++) {
		char path[4096], name[16];

		(void)snprintf(name, sizeof(name), "gw%u", i);
		(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
		fill_file(path, i, count, gateways);
		copy_file(db, path, name);
	}
	must(pst_journal_share_figures(db,
		 (struct pst_journal_share_reader){print_figures, NULL}, &err),
	    &err);
	pst_db_close(db);
}

struct wanted {
	const char *queue_id;
	unsigned found, visited;
};

static bool
visit(void *arg, const struct pst_journal_shared *entry)
{
	struct wanted *wanted = arg;

	wanted->visited++;
	wanted->found += entry->octets.len > 20 &&
	    memcmp(entry->octets.ptr + 7, wanted->queue_id, 11) == 0;
	return true;
}

static int
compare(const void *left, const void *right)
{
	const double *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

static void
print_times(const char *what, double times_ms[SEARCHES])
{
	qsort(times_ms, SEARCHES, sizeof(times_ms[0]), compare);
	(void)printf("%s, ms: shortest %.2f, median %.2f, longest %.2f\n", what,
	    times_ms[0], times_ms[SEARCHES / 2], times_ms[SEARCHES - 1]);
}

static double
search_one(struct pst_db *db, uint64_t number, struct wanted *wanted)
{
	char text[96];
	const struct pst_journal_key key = {
	    PST_JOURNAL_QUEUE_ID, pst_str(mail_queue_id(number, text))};
	const struct pst_journal_query query = {.keys = &key, .key_count = 1};
	double start_ms = now_ms();
	struct pst_err err;

	wanted->queue_id = text;
	must(pst_journal_share_search(db,
		 &(struct pst_journal_share_query){.query = &query},
		 (struct pst_journal_share_visitor){visit, wanted}, NULL, &err),
	    &err);
	return now_ms() - start_ms;
}

/* The first search of a connection also makes the server plan statements. */
static void
search(const char *conninfo, uint64_t count)
{
	static double connect_ms[SEARCHES], first_ms[SEARCHES],
	    second_ms[SEARCHES];
	struct wanted wanted = {.found = 0};

	for (unsigned i = 0; i < SEARCHES; i++) {
		double start_ms = now_ms();
		struct pst_db *db = open_shared(conninfo);

		connect_ms[i] = now_ms() - start_ms;
		first_ms[i] =
		    search_one(db, (i * UINT64_C(2654435761)) % count, &wanted);
		second_ms[i] =
		    search_one(db, (i * UINT64_C(2246822519)) % count, &wanted);
		pst_db_close(db);
	}
	(void)printf("%d searches, %u found, %u looked at\n", 2 * SEARCHES,
	    wanted.found, wanted.visited);
	print_times("connecting", connect_ms);
	print_times("the first search", first_ms);
	print_times("the second one", second_ms);
}

int
main(int argc, char **argv)
{
	if (argc == 6 && strcmp(argv[1], "fill") == 0)
		fill(argv[2], argv[3], strtoull(argv[4], NULL, 10),
		    (unsigned)strtoul(argv[5], NULL, 10));
	else if (argc == 4 && strcmp(argv[1], "search") == 0)
		search(argv[2], strtoull(argv[3], NULL, 10));
	else
		return 2;
	return 0;
}
