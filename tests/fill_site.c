/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Plays the mail of several days through the engine, and writes into the
 * journal, the tallies and the report store of a configuration what a gateway
 * would have written, for tests/run-pages:
 *
 *	fill_site CONFIG ZONE NOW DAYS A-DAY [hostile]
 *
 * NOW is the time of the last message, in seconds since 1970; there are about
 * A-DAY messages on each of DAYS days. The same arguments give the same mail.
 * With "hostile", names try to break out of their place on a page.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/outcome.h"
#include "core/summary.h"
#include "store/journal_config.h"
#include "store/journal_entry.h"
#include "store/report_row.h"
#include "store/tallies.h"
#include "store/writer.h"
#include "tests/unit/core_fixture.h"

#define PATIENCE_MS 5000
#define MAX_FILE 65536
#define LONG_LABEL                                                             \
	"a-very-long-label-that-a-sender-has-chosen-to-push-things-aside"
#define EVIL "\"'><script>alert(1)</script>&lt;\xe2\x80\xae\xff\x01"

/* Mail of one kind; `share` says how much of it there is. */
struct kind {
	unsigned share;
	const char *from;      /* the value of the From field */
	const char *mail_from; /* the argument of MAIL */
	const char *client;    /* "%u" is a small number */
	const char *rcpt;
	const char *more; /* header fields */
};

static const struct kind usual[] = {
    {40, "Shop <news@shop.example>", "<bounce@shop.example>", "192.0.2.10",
	"<ann@gateway.example>", ""},
    {25, "Bank <no-reply@bank.example>", "<m@bank.example>", "192.0.2.20",
	"<bob@gateway.example>", ""},
    {18, "x@partner.example", "<x@partner.example>", "198.51.100.%u",
	"<sales@branch.example>", ""},
    {12, "Bank <security@bank.example>", "<x@forger.example>", "203.0.113.%u",
	"<bob@gateway.example>", ""},
    {8, "Ann <ann@university.example>", "<list-bounces@lists.example>",
	"192.0.2.30", "<ann@gateway.example>",
	"List-Id: Talk <talk.lists.example>\n"},
    {6, "billing@parcels.example", "<x@forger.example>", "203.0.113.%u",
	"<accounts@branch.example>", ""},
    {4, "a@one.example, b@two.example", "<>", "203.0.113.77",
	"<ann@gateway.example>", ""},
    {3, "cron@monitor.example", "<cron@monitor.example>", "2001:db8::%u",
	"<root@gateway.example>", ""},
};

static const struct kind hostile[] = {
    {10, "x@bank.example", "<" EVIL "@other.example>", "203.0.113.%u",
	"<" EVIL "@gateway.example>", "List-Id: " EVIL "\n"},
    {10, "x@" LONG_LABEL "." LONG_LABEL "." LONG_LABEL ".bank.example",
	"<x@" LONG_LABEL "." LONG_LABEL ".example>", "203.0.113.%u",
	"<" LONG_LABEL LONG_LABEL "@" LONG_LABEL ".gateway.example>", ""},
    {10, "\"" EVIL "\" <a@b.example>, " EVIL, EVIL, "203.0.113.%u", EVIL,
	"DKIM-Signature: v=1; a=rsa-sha256; d=bank.example; s=<b>\"'&; "
	"h=from; bh=AAAA; b=AAAA\n"},
    {10, "x@<script>.bank.example", "<x@bank.example>", "2001:db8::%u",
	"<you@gateway.example>", ""},
};

struct site {
	struct pst_config *config;
	struct lab lab;
	struct pst_journal *journal;
	struct pst_tallies *tallies;
	struct pst_writer *writer;
	const struct kind *kinds;
	size_t count;
	bool is_hostile;
	uint64_t random;
	unsigned number;
};

static _Noreturn void
give_up(const char *what, const char *why)
{
	(void)fprintf(stderr, "fill_site: %s: %s\n", what, why);
	exit(1);
}

/* A number below max, of a series that is the same each time (xorshift). */
static unsigned
next(struct site *site, unsigned max)
{
	site->random ^= site->random << 13;
	site->random ^= site->random >> 7;
	site->random ^= site->random << 17;
	return (unsigned)(site->random % max);
}

static const struct kind *
choose(struct site *site)
{
	unsigned all = 0, at;

	for (size_t i = 0; i < site->count; i++)
		all += site->kinds[i].share;
	at = next(site, all);
	for (size_t i = 0; i < site->count; i++) {
		if (at < site->kinds[i].share)
			return &site->kinds[i];
		at -= site->kinds[i].share;
	}
	return &site->kinds[0];
}

/* The address of a client: one of a few. */
static const char *
client_of(struct site *site, struct pst_arena *arena, const struct kind *kind)
{
	const char *sign = strstr(kind->client, "%u");

	if (sign == NULL)
		return kind->client;
	return pst_arena_printf(arena, "%.*s%u", (int)(sign - kind->client),
	    kind->client, 1 + next(site, 9));
}

/* ---- what a gateway would have written ---- */

static void
put_rows(struct site *site, const struct pst_message *message, int64_t seen_s)
{
	static const struct pst_outcome_use use = {.rows = true};
	struct pst_outcome *outcome;

	if (!pst_report_row_is_due(message))
		return;
	outcome = pst_outcome_copy(message, &use, seen_s);
	if (!pst_writer_put(site->writer, outcome, PATIENCE_MS))
		give_up("store", "rows were not written");
}

static void
keep(struct site *site, struct pst_arena *arena,
    const struct pst_message *message, int64_t seen_s)
{
	struct pst_journal_entry entry;
	struct pst_summary summary;
	struct pst_err err;

	if (!pst_journal_entry_make(arena, message, &entry))
		give_up("journal", "the message would not be kept");
	if (!pst_journal_add(site->journal, &entry, 1, &err))
		give_up("journal", err.text);
	pst_summary_of(arena, message, true, &summary);
	pst_tallies_count(site->tallies, &summary);
	put_rows(site, message, seen_s);
}

static void
play(struct site *site, int64_t seen_s)
{
	struct pst_arena *arena = pst_arena_new();
	const struct kind *kind = choose(site);
	struct pst_session *session;
	const char *queue_id = pst_arena_printf(arena, "%s4FA43A8%04X",
	    site->is_hostile && next(site, 3) == 0 ? EVIL : "", ++site->number);

	site->lab.clock.now_epoch = seen_s;
	session = lab_connect(&site->lab, client_of(site, arena, kind));
	pst_session_helo(
	    session, pst_str(site->is_hostile ? EVIL : "mx.client.example"));
	pst_session_mail(session, pst_str(kind->mail_from), PST_STR(""), false);
	pst_session_rcpt(session, pst_str(kind->rcpt));
	lab_header(session,
	    pst_arena_printf(arena, "From: %s\nMessage-ID: <%s%u@%s>\n%s",
		kind->from, site->is_hostile ? EVIL : "", site->number,
		"mail.example", kind->more));
	pst_session_eoh(session);
	keep(site, arena, pst_session_end(session, pst_str(queue_id), NULL),
	    seen_s);
	pst_session_close(session);
	pst_arena_free(arena);
}

/* ---- the site ---- */

static char *
read_file(const char *path)
{
	static char texts[2][MAX_FILE];
	static unsigned at;
	char *text = texts[at++ % 2];
	FILE *file = fopen(path, "r");
	size_t len;

	if (file == NULL)
		give_up(path, "it cannot be read");
	len = fread(text, 1, MAX_FILE - 1, file);
	text[len] = '\0';
	(void)fclose(file);
	return text;
}

static void
say(void *arg, enum pst_writer_event event, const char *text)
{
	(void)arg;
	if (event == PST_WRITER_FAILED)
		give_up("store", text);
}

static void
open_site(struct site *site, const char *config, const char *zone)
{
	struct pst_arena *arena = pst_arena_new();
	const char *text = read_file(config);
	const char *path;
	struct pst_err err;

	site->config = pst_config_load(config, &err);
	if (site->config == NULL)
		give_up(config, err.text);
	lab_open(&site->lab, text, read_file(zone));
	path = pst_journal_path(arena, site->config);
	site->journal =
	    pst_journal_open(path, PST_JOURNAL_WRITE, PATIENCE_MS, &err);
	if (site->journal == NULL)
		give_up(path, err.text);
	site->tallies = pst_tallies_start(pst_tallies_path(arena, path),
	    site->config->journal.retention_s, PST_TALLIES_FLUSH_MS,
	    (struct pst_tallies_log){NULL, NULL});
	site->writer =
	    pst_writer_start(site->config, (struct pst_writer_log){say, NULL});
	pst_arena_free(arena);
}

static void
close_site(struct site *site)
{
	pst_writer_stop(site->writer, NULL);
	pst_tallies_stop(site->tallies);
	pst_journal_close(site->journal);
	lab_close(&site->lab);
	pst_config_unref(site->config);
}

/* Plays so many messages, evenly over the time. */
static void
play_day(struct site *site, int64_t begin_s, int64_t end_s, unsigned messages)
{
	int64_t span = end_s - begin_s;

	for (unsigned i = 0; i < messages; i++)
		play(site, begin_s + span * (i + 1) / messages);
}

int
main(int argc, char **argv)
{
	struct site site = {.random = 88172645463325252};
	int64_t now_s, day_s;
	unsigned days, a_day;

	if (argc < 6)
		give_up(
		    "usage", "fill_site CONFIG ZONE NOW DAYS A-DAY [hostile]");
	site.is_hostile = argc > 6;
	site.kinds = site.is_hostile ? hostile : usual;
	site.count = site.is_hostile ? PST_COUNT(hostile) : PST_COUNT(usual);
	now_s = strtoll(argv[3], NULL, 10);
	days = (unsigned)strtoul(argv[4], NULL, 10);
	a_day = (unsigned)strtoul(argv[5], NULL, 10);
	open_site(&site, argv[1], argv[2]);
	day_s = now_s - now_s % 86400;
	for (unsigned left = days; left-- > 0;) {
		int64_t begin_s = day_s - (int64_t)left * 86400;
		int64_t end_s = left == 0 ? now_s : begin_s + 86399;
		unsigned weekday = (unsigned)(begin_s / 86400 % 7);
		unsigned messages = a_day * (75 + next(&site, 50)) / 100;

		/* Less at the end of a week */
		play_day(&site, begin_s, end_s,
		    weekday == 2 || weekday == 3 ? messages / 3 : messages);
	}
	close_site(&site);
	return 0;
}
