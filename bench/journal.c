/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usage: journal fill FILE ENTRIES [BATCH]   adds entries, in batches as a
 *                                            worker would; prints sizes
 *        journal search FILE ENTRIES         searches 200 queue ids of those
 *        journal put FILE ENTRIES            times the writer's put()
 *        journal make ENTRIES                only makes the entries: the share
 *                                            of the others that is not theirs
 *        journal dump ENTRIES                writes them, to try zstd on
 *
 * The file is made by "fill". Run it below "perf stat -e instructions:u", or
 * "valgrind --tool=callgrind" with fewer entries.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "bench/journal_mail.h"
#include "store/journal_search.h"
#include "store/journal_writer.h"

#define START_S 1795400000
#define BATCH 12 /* a second of 1,000,000 messages a day */
#define MAX_BATCH 1024
#define SEARCHES 200

static double
time_us(clockid_t clock)
{
	struct timespec now;

	(void)clock_gettime(clock, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static double
now_us(void)
{
	return time_us(CLOCK_MONOTONIC);
}

static struct pst_journal *
open_file(const char *path, enum pst_journal_access access)
{
	struct pst_err err;
	struct pst_journal *journal =
	    pst_journal_open(path, access, 1000, &err);

	if (journal == NULL) {
		(void)fprintf(stderr, "journal: %s\n", err.text);
		exit(1);
	}
	return journal;
}

static void
must(bool ok, const struct pst_err *err)
{
	if (ok)
		return;
	(void)fprintf(stderr, "journal: %s\n", err->text);
	exit(1);
}

static void
print_figures(struct pst_journal *journal)
{
	struct pst_journal_figures figures;
	struct pst_err err;
	double entries;

	must(pst_journal_figures(journal, &figures, &err), &err);
	entries = (double)figures.streams[PST_JOURNAL_OTHER].entries;
	(void)printf("%.0f entries, %llu blocks; octets of an entry: %.1f "
		     "written, %.1f in blocks, %.1f of the file\n",
	    entries,
	    (unsigned long long)figures.streams[PST_JOURNAL_OTHER].blocks,
	    (double)figures.streams[PST_JOURNAL_OTHER].raw_bytes / entries,
	    (double)figures.streams[PST_JOURNAL_OTHER].bytes / entries,
	    (double)figures.file_bytes / entries);
}

static void
fill(const char *path, uint64_t count, uint64_t batch)
{
	static struct mail mails[MAX_BATCH];
	struct pst_journal_entry entries[MAX_BATCH];
	const struct pst_journal_limits limits = {
	    UINT64_C(1) << 40, INT64_C(1) << 40};
	struct pst_journal *journal = open_file(path, PST_JOURNAL_WRITE);
	double spent_us = 0, longest_us = 0;
	struct pst_err err;
	bool more;

	for (uint64_t i = 0; i < count; i += batch) {
		uint64_t now = count - i < batch ? count - i : batch;
		double start_us, took_us;

		for (uint64_t k = 0; k < now; k++) {
			mail_make(&mails[k], i + k,
			    START_S + (int64_t)(i + k) / BATCH);
			entries[k] = mails[k].entry;
		}
		start_us = now_us();
		must(pst_journal_add(journal, entries, now, &err), &err);
		/* About every megabyte, as the writer does. */
		if (i / 900 != (i + now) / 900)
			must(pst_journal_trim(
				 journal, &limits, START_S, &more, &err),
			    &err);
		took_us = now_us() - start_us;
		spent_us += took_us;
		if (took_us > longest_us)
			longest_us = took_us;
	}
	(void)printf("%.2f us an entry, longest transaction %.1f ms\n",
	    spent_us / (double)count, longest_us / 1e3);
	print_figures(journal);
	pst_journal_close(journal);
}

struct wanted {
	const char *queue_id;
	unsigned found, visited;
};

static bool
visit(void *arg, enum pst_journal_stream stream, int64_t seen_s,
    struct pst_str octets)
{
	struct wanted *wanted = arg;

	(void)stream;
	(void)seen_s;
	wanted->visited++;
	wanted->found += octets.len > 20 &&
	    memcmp(octets.ptr + 7, wanted->queue_id, 11) == 0;
	return true;
}

static int
compare(const void *left, const void *right)
{
	const double *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

static void
search(const char *path, uint64_t count)
{
	double times_us[SEARCHES];
	unsigned found = 0, visited = 0;
	struct pst_err err;

	for (unsigned i = 0; i < SEARCHES; i++) {
		char text[96];
		struct wanted wanted = {
		    mail_queue_id((i * UINT64_C(2654435761)) % count, text), 0,
		    0};
		const struct pst_journal_key key = {
		    PST_JOURNAL_QUEUE_ID, pst_str(text)};
		double start_us = now_us();
		/* As the command does: opening is a part of it. */
		struct pst_journal *journal = open_file(path, PST_JOURNAL_READ);

		must(pst_journal_search(journal,
			 &(struct pst_journal_query){
			     .keys = &key, .key_count = 1},
			 (struct pst_journal_visitor){visit, &wanted}, NULL,
			 &err),
		    &err);
		pst_journal_close(journal);
		times_us[i] = now_us() - start_us;
		found += wanted.found;
		visited += wanted.visited;
	}
	qsort(times_us, SEARCHES, sizeof(times_us[0]), compare);
	(void)printf("%d searches, %u found, %u looked at; ms: median %.2f, "
		     "longest %.2f\n",
	    SEARCHES, found, visited, times_us[SEARCHES / 2] / 1e3,
	    times_us[SEARCHES - 1] / 1e3);
}

static void
take_log(void *arg, enum pst_journal_event event, const char *text)
{
	(void)arg;
	(void)event;
	(void)fprintf(stderr, "journal: %s\n", text);
}

/* Puts 4000 at a time, which the queue holds, and waits for the writer. */
static void
put(const char *path, uint64_t count)
{
	static struct mail mails[4000];
	struct pst_journal_writer *writer = pst_journal_writer_start(path,
	    (struct pst_journal_limits){UINT64_C(1) << 40, INT64_C(1) << 40},
	    (struct pst_journal_log){take_log, NULL});
	struct pst_journal_counts counts;
	double spent_us = 0;

	for (uint64_t i = 0; i < count; i += 4000) {
		double start_us;

		for (uint64_t k = 0; k < 4000; k++)
			mail_make(&mails[k], i + k, START_S);
		start_us = time_us(CLOCK_THREAD_CPUTIME_ID);
		for (uint64_t k = 0; k < 4000; k++)
			pst_journal_writer_put(writer, &mails[k].entry);
		spent_us += time_us(CLOCK_THREAD_CPUTIME_ID) - start_us;
		do {
			(void)nanosleep(&(struct timespec){0, 10000000}, NULL);
			pst_journal_writer_counts(writer, &counts);
		} while (counts.waiting > 0);
	}
	(void)printf(
	    "put: %.2f us of CPU an entry; %llu written, %llu dropped\n",
	    spent_us / (double)count, (unsigned long long)counts.written,
	    (unsigned long long)counts.dropped);
	pst_journal_writer_stop(writer);
}

static void
make(uint64_t count, bool print)
{
	static struct mail mail;
	uint64_t bytes = 0;

	for (uint64_t i = 0; i < count; i++) {
		mail_make(&mail, i, START_S + (int64_t)i / BATCH);
		bytes += mail.entry.octets.len;
		if (print)
			(void)fwrite(
			    mail.octets, 1, mail.entry.octets.len, stdout);
	}
	if (!print)
		(void)printf(
		    "%.1f octets an entry\n", (double)bytes / (double)count);
}

int
main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "";
	uint64_t count = argc > 3 ? strtoull(argv[3], NULL, 10) : 0;
	uint64_t batch = argc > 4 ? strtoull(argv[4], NULL, 10) : BATCH;

	if (strcmp(what, "make") == 0 || strcmp(what, "dump") == 0)
		make(strtoull(argv[2], NULL, 10), strcmp(what, "dump") == 0);
	else if (strcmp(what, "fill") == 0 && count > 0 && batch > 0 &&
	    batch <= MAX_BATCH)
		fill(argv[2], count, batch);
	else if (strcmp(what, "search") == 0 && count > 0)
		search(argv[2], count);
	else if (strcmp(what, "put") == 0 && count > 0)
		put(argv[2], count);
	else
		return 2;
	return 0;
}
