/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usage: tallies fill FILE [DAYS [FLUSHES [today]]]
 *                                             makes the tallies of DAYS (30) of a
 *                                             large gateway that is flooded, and
 *                                             checks them; with "today", they
 *                                             end today
 *        tallies ask FILE [DAYS]              times each question
 *        tallies count MESSAGES               only counts; below "perf stat -e
 *                                             instructions:u" or callgrind
 *
 * A day has 900,000 messages of 20,000 genuine domains and 100,000 of as many
 * made-up ones. To be done in a minute or two, the table in memory is written
 * FLUSHES (4) times a day instead of each 20 s, and what a domain sends between
 * two of these is counted in a few calls with its number.
 */

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/day.h"
#include "store/tallies_file.h"

#define DOMAINS 20000
#define GENUINE 900000 /* messages a day */
#define FLOOD 100000
#define FEW 2 /* calls for the messages of a domain between two flushes */

static int64_t first_day = 20780;
static uint64_t sent[DOMAINS]; /* a day, by each domain */
static uint64_t random_state = 88172645463325252;

static double
time_s(clockid_t clock)
{
	struct timespec now;

	(void)clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double
now_s(void)
{
	return time_s(CLOCK_MONOTONIC);
}

static uint64_t
random_number(uint64_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state % below;
}

static void
must(bool ok, const struct pst_err *err)
{
	if (ok)
		return;
	(void)fprintf(stderr, "tallies: %s\n", err->text);
	exit(1);
}

/* A few domains send much, many send a few messages; each at least four. */
static void
share_out(void)
{
	double sum = 0;
	uint64_t rest = GENUINE;

	for (unsigned i = 0; i < DOMAINS; i++)
		sum += 1.0 / (i + 20);
	for (unsigned i = DOMAINS - 1; i > 0; i--) {
		sent[i] =
		    4 + (uint64_t)((GENUINE - 4.0 * DOMAINS) / sum / (i + 20));
		rest -= sent[i];
	}
	sent[0] = rest;
}

/* ---- messages ---- */

struct mail {
	struct pst_summary summary;
	char from[64], org[64], via[96], network[32], rcpt[2][32];
};

static void
address(struct mail *mail, int64_t seen_s, uint64_t network, uint64_t rcpt)
{
	struct pst_summary *s = &mail->summary;

	(void)snprintf(mail->network, sizeof(mail->network), "%u.%u.%u.0/24",
	    (unsigned)(1 + network / 65536 % 223),
	    (unsigned)(network / 256 % 256), (unsigned)(network % 256));
	for (unsigned i = 0; i < 2; i++)
		(void)snprintf(mail->rcpt[i], sizeof(mail->rcpt[i]),
		    "customer%u.example", (unsigned)((rcpt + i) % 3000));
	*s = (struct pst_summary){.seen_s = seen_s,
	    .from_domain = mail->from,
	    .org_domain = mail->org,
	    .via = mail->via,
	    .network = mail->network,
	    .rcpt_domains = {mail->rcpt[0], mail->rcpt[1]},
	    .rcpt_count = 1 + (rcpt % 10 == 0)};
}

/* Mail of a genuine domain: most is aligned; some have a service that is not. */
static void
make_genuine(struct mail *mail, unsigned domain, unsigned turn, int64_t seen_s)
{
	const bool by_service = domain % 10 == 3 && turn % FEW == 1;
	struct pst_summary *s = &mail->summary;

	(void)snprintf(mail->from, sizeof(mail->from), "company%u.%s", domain,
	    domain % 3 == 0     ? "net" :
		domain % 3 == 1 ? "com" :
				  "de");
	(void)snprintf(mail->org, sizeof(mail->org), "%s", mail->from);
	if (by_service)
		(void)snprintf(mail->via, sizeof(mail->via),
		    "dkim:esp%u.example.com", domain % 50);
	else
		(void)snprintf(
		    mail->via, sizeof(mail->via), "dkim:%s", mail->from);
	address(mail, seen_s, domain * 5 + turn % 2, domain + turn);
	s->aligned = !by_service;
	s->would = by_service ? PST_ACTION_REJECT : PST_ACTION_ACCEPT;
	s->rule = by_service ? "dmarc-reject" : "default";
	s->reason = by_service ? "dmarc p=reject" : "dmarc pass";
}

static void
make_forged(struct mail *mail, int64_t seen_s)
{
	struct pst_summary *s = &mail->summary;

	(void)snprintf(mail->from, sizeof(mail->from), "x%" PRIx64 ".info",
	    random_number(UINT64_C(1) << 40));
	(void)snprintf(mail->org, sizeof(mail->org), "%s", mail->from);
	address(mail, seen_s, random_number(14000000), random_number(3000));
	(void)snprintf(mail->via, sizeof(mail->via), "net:%s", mail->network);
	s->rule = "dmarc-none";
	s->reason = "dmarc p=none";
}

/* ---- fill ---- */

static void
count_part(
    struct pst_tally_table *table, int64_t day, unsigned part, unsigned parts)
{
	const int64_t begin_s =
	    pst_day_begin(day) + PST_DAY_SECONDS / parts * part;
	uint64_t forged = 0;
	struct mail mail;

	for (unsigned d = 0; d < DOMAINS; d++) {
		uint64_t n =
		    sent[d] * (part + 1) / parts - sent[d] * part / parts;

		for (unsigned turn = 0; turn < FEW && n > 0; turn++) {
			uint64_t some = turn == FEW - 1 ? n : (n + 1) / 2;

			make_genuine(&mail, d, part + turn,
			    begin_s + d % (PST_DAY_SECONDS / parts));
			pst_tally_table_count(table, &mail.summary, some);
			n -= some;
		}
		for (; forged < (uint64_t)FLOOD / parts * (d + 1) / DOMAINS;
		     forged++) {
			make_forged(
			    &mail, begin_s + d % (PST_DAY_SECONDS / parts));
			pst_tally_table_count(table, &mail.summary, 1);
		}
	}
}

static uint64_t
file_bytes(const char *path)
{
	char name[4200];
	struct stat st;
	uint64_t bytes = 0;

	if (stat(path, &st) == 0)
		bytes = (uint64_t)st.st_size;
	(void)snprintf(name, sizeof(name), "%s-wal", path);
	if (stat(name, &st) == 0)
		bytes += (uint64_t)st.st_size;
	return bytes;
}

/* ---- ask ---- */

struct answer {
	uint64_t rows, messages;
	uint64_t exact, genuine; /* genuine domains, with the right numbers */
	uint64_t days;
};

static bool
visit(void *arg, const struct pst_tally_row *row, unsigned days)
{
	struct answer *answer = arg;
	unsigned domain;
	uint64_t messages = pst_tally_row_messages(row);

	(void)days;
	answer->rows++;
	answer->messages += messages;
	if (row->question == PST_TALLY_FROM_DOMAIN &&
	    sscanf(row->key, "company%u.", &domain) == 1 && domain < DOMAINS) {
		answer->genuine++;
		answer->exact += messages == sent[domain] * answer->days;
	}
	return true;
}

static const char *const words[PST_TALLY_QUESTIONS] = {
    [PST_TALLY_FROM_DOMAIN] = "From domain",
    [PST_TALLY_SENDER] = "sender",
    [PST_TALLY_NETWORK] = "network",
    [PST_TALLY_RCPT_DOMAIN] = "recipient domain",
    [PST_TALLY_RULE] = "rule",
    [PST_TALLY_REASON] = "reason",
    [PST_TALLY_HOUR] = "hour",
};

static double
ask(const char *path, const struct pst_tally_query *query,
    struct answer *answer)
{
	const double start_s = now_s();
	struct pst_err err;

	*answer = (struct answer){
	    .days = (uint64_t)(query->last_day - query->first_day + 1)};
	must(pst_tallies_ask(
		 path, query, (struct pst_tally_visitor){visit, answer}, &err),
	    &err);
	return now_s() - start_s;
}

/* Drops the file from the page cache, as far as the system does so. */
static void
make_cold(const char *path)
{
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		return;
	(void)fsync(fd);
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	(void)close(fd);
}

static void
ask_all(const char *path, int64_t days)
{
	for (unsigned i = 0; i < PST_TALLY_QUESTIONS; i++) {
		for (unsigned by_day = 0; by_day < 2; by_day++) {
			const struct pst_tally_query query = {
			    .question = PST_TALLY_FROM_DOMAIN + i,
			    .first_day = first_day,
			    .last_day = first_day + days - 1,
			    .by_day = by_day == 1};
			struct answer answer;
			double cold_s, warm_s, cpu_s;

			make_cold(path);
			cold_s = ask(path, &query, &answer);
			cpu_s = time_s(CLOCK_PROCESS_CPUTIME_ID);
			warm_s = ask(path, &query, &answer);
			cpu_s = time_s(CLOCK_PROCESS_CPUTIME_ID) - cpu_s;
			(void)printf("%s%s: %" PRIu64 " rows, %" PRIu64
				     " messages; %.3f s cold, %.3f s warm, "
				     "%.3f s of it CPU",
			    words[i], by_day ? " by day" : "", answer.rows,
			    answer.messages, cold_s, warm_s, cpu_s);
			if (i == PST_TALLY_FROM_DOMAIN && !by_day)
				(void)printf("; %" PRIu64
					     " genuine domains, %" PRIu64
					     " exact",
				    answer.genuine, answer.exact);
			(void)printf("\n");
		}
	}
}

static void
fill(const char *path, int64_t days, unsigned parts)
{
	struct pst_tally_guesses *guesses = calloc(1, sizeof(*guesses));
	struct pst_tallies_file *file;
	struct pst_tally_table table;
	double start_s = now_s(), longest_s = 0;
	uint64_t rows = 0;
	struct pst_err err;

	if (guesses == NULL)
		exit(1);
	file = pst_tallies_file_open(path, PST_DB_CREATE, 1000, &err);
	must(file != NULL, &err);
	pst_tally_table_init(&table, 1000000);
	pst_tally_table_sketch(&table, file->secret);
	for (int64_t day = first_day; day < first_day + days; day++) {
		bool more = true;

		for (unsigned part = 0; part < parts; part++) {
			size_t done = 0;

			pst_tally_table_clear(&table);
			count_part(&table, day, part, parts);
			rows += table.count;
			while (done < table.count) {
				double began_s = now_s();

				must(pst_tallies_file_write(
					 file, guesses, &table, &done, &err),
				    &err);
				if (now_s() - began_s > longest_s)
					longest_s = now_s() - began_s;
			}
		}
		while (more) {
			const struct pst_tallies_now now = {
			    pst_day_end(day), (day - first_day) * 86400000};
			double began_s = now_s();

			must(pst_tallies_file_tend(
				 file, now, 30 * PST_DAY_SECONDS, &more, &err),
			    &err);
			if (now_s() - began_s > longest_s)
				longest_s = now_s() - began_s;
		}
	}
	pst_tally_table_free(&table);
	pst_tallies_file_close(file);
	free(guesses);
	(void)printf("%" PRId64 " days in %.1f s, %.2f us a row, longest "
		     "transaction %.0f ms; file %.1f MB\n",
	    days, now_s() - start_s, (now_s() - start_s) * 1e6 / (double)rows,
	    longest_s * 1e3, (double)file_bytes(path) / 1e6);
	ask_all(path, days);
}

static void
count(uint64_t messages)
{
	static struct mail mails[1000];
	struct pst_tally_table table;
	double start_s;

	pst_tally_table_init(&table, 65536);
	table.can_sketch = true;
	for (unsigned i = 0; i < 1000; i++) {
		if (i % 10 == 0)
			make_forged(&mails[i], pst_day_begin(first_day));
		else
			make_genuine(&mails[i], i, i, pst_day_begin(first_day));
	}
	start_s = now_s();
	for (uint64_t i = 0; i < messages; i++)
		pst_tally_table_count(&table, &mails[i % 1000].summary, 1);
	(void)printf("%.3f us a message\n",
	    (now_s() - start_s) * 1e6 / (double)messages);
	pst_tally_table_free(&table);
}

int
main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "";
	int64_t days = argc > 3 ? strtoll(argv[3], NULL, 10) : 30;
	unsigned parts = argc > 4 ? (unsigned)strtoul(argv[4], NULL, 10) : 4;

	share_out();
	if (strcmp(what, "fill") == 0 && days > 0 && parts > 0 && parts <= 24) {
		if (argc > 5 && strcmp(argv[5], "today") == 0)
			first_day = pst_day_of(time(NULL)) - days + 1;
		fill(argv[2], days, parts);
	} else if (strcmp(what, "ask") == 0 && days > 0)
		ask_all(argv[2], days);
	else if (strcmp(what, "count") == 0)
		count(strtoull(argv[2], NULL, 10));
	else
		return 2;
	return 0;
}
