/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/status.h"

#include <inttypes.h>
#include <limits.h>

#include "base/buf.h"

#define MAX_PROBLEMS 2000

/* Short failures are normal: one message can see one, and the next not. */
#define DNS_FAILING_S 60
#define UPLOAD_FAILING_S 600
#define NETWORKS_S 600
#define CRASH_S 3600
#define FAULT_S 3600
/*
 * A stable release of a distribution often keeps the public suffix list that it
 * was released with, and Debian supports a release for five years: Debian 12 has
 * a list of February 2023. So only a list that is older was forgotten.
 */
#define SUFFIX_LIST_S (UINT64_C(5) * 365 * 86400)
/* More rows than the writer puts into one transaction. */
#define MAX_QUEUE 500

const char *
pst_status_span(struct pst_arena *arena, uint64_t s)
{
	if (s < 120)
		return pst_arena_printf(arena, "%" PRIu64 " s", s);
	if (s < 7200)
		return pst_arena_printf(arena, "%" PRIu64 " min", s / 60);
	if (s < 172800)
		return pst_arena_printf(arena, "%" PRIu64 " h %" PRIu64 " min",
		    s / 3600, s / 60 % 60);
	return pst_arena_printf(
	    arena, "%" PRIu64 " d %" PRIu64 " h", s / 86400, s / 3600 % 24);
}

/* An older daemon does not say everything. */
static const char *
text_or_empty(const struct pst_json_value *object, const char *key)
{
	const char *text = pst_json_as_text(pst_json_member(object, key));

	return text == NULL ? "" : text;
}

const struct pst_status *
pst_status_read(
    struct pst_arena *arena, const char *answer, struct pst_err *err)
{
	struct pst_status *status = pst_arena_alloc(arena, sizeof(*status));
	const struct pst_json_value *root =
	    pst_json_read(arena, pst_str(answer), err);

	if (root == NULL ||
	    !pst_counters_from_json(root, &status->counters, err))
		return NULL;
	status->libmilter = text_or_empty(root, "libmilter");
	status->libopendkim = text_or_empty(root, "libopendkim");
	pst_process_usage_from_json(root, &status->usage);
	status->slow_question_count =
	    pst_slow_questions_from_json(arena, root, &status->slow_questions);
	status->version = pst_json_as_text(pst_json_member(root, "version"));
	status->configuration =
	    pst_json_as_text(pst_json_member(root, "configuration"));
	if (status->configuration == NULL)
		status->configuration = "built-in";
	if (status->version == NULL ||
	    !pst_json_as_number(
		pst_json_member(root, "process"), &status->process) ||
	    !pst_json_as_number(
		pst_json_member(root, "now"), &status->now_epoch)) {
		(void)pst_err_set(err,
		    "the daemon's answer has an unknown form; restart it if "
		    "Postern was upgraded");
		return NULL;
	}
	return status;
}

/* Returns the number of a counter without a label. */
static uint64_t
value(const struct pst_status *status, enum pst_counter counter)
{
	return status->counters.of[counter][0];
}

/* Returns how many seconds ago that was; UINT64_MAX: never. */
static uint64_t
age(const struct pst_status *status, enum pst_counter counter)
{
	uint64_t when = value(status, counter);

	if (when == 0)
		return UINT64_MAX;
	return when < status->now_epoch ? status->now_epoch - when : 0;
}

static bool
lasts(const struct pst_status *status, enum pst_counter since, uint64_t least_s)
{
	return value(status, since) != 0 && age(status, since) >= least_s;
}

struct verdict {
	struct pst_buf problems;
	enum pst_status_level level;
};

static void
complain(struct verdict *verdict, enum pst_status_level level, const char *text)
{
	if (level > verdict->level)
		verdict->level = level;
	if (verdict->problems.len > 0)
		pst_buf_add_text(&verdict->problems, "; ");
	pst_buf_add_text(&verdict->problems, text);
}

static void
judge_workers(struct pst_arena *arena, const struct pst_status *status,
    struct verdict *verdict)
{
	uint64_t ready = value(status, PST_COUNTER_WORKERS_READY);
	uint64_t all = value(status, PST_COUNTER_WORKERS);
	uint64_t crash = age(status, PST_COUNTER_LAST_CRASH);

	if (ready == 0)
		complain(verdict, PST_STATUS_CRITICAL,
		    "no worker is ready, so mail is not checked; see the log");
	else if (ready < all)
		complain(verdict, PST_STATUS_WARNING,
		    pst_arena_printf(arena,
			"%" PRIu64 " of %" PRIu64 " workers are not ready",
			all - ready, all));
	if (crash < CRASH_S)
		complain(verdict, PST_STATUS_WARNING,
		    pst_arena_printf(arena,
			"a worker ended unexpectedly %s ago; see the log",
			pst_status_span(arena, crash)));
}

static void
judge_store(struct pst_arena *arena, const struct pst_status *status,
    struct verdict *verdict)
{
	uint64_t queue = value(status, PST_COUNTER_STORE_QUEUE);

	if (lasts(status, PST_COUNTER_STORE_FAILING_SINCE, 0))
		complain(verdict, PST_STATUS_WARNING,
		    pst_arena_printf(arena,
			"the report store cannot be written, and %" PRIu64
			" rows wait; mail is not affected",
			queue));
	else if (queue > MAX_QUEUE)
		complain(verdict, PST_STATUS_WARNING,
		    pst_arena_printf(arena,
			"%" PRIu64 " rows wait for the report store, which is "
			"too slow",
			queue));
	if (lasts(status, PST_COUNTER_UPLOAD_FAILING_SINCE, UPLOAD_FAILING_S))
		complain(verdict, PST_STATUS_WARNING,
		    pst_arena_printf(arena,
			"report rows have not been uploaded for %s",
			pst_status_span(arena,
			    age(status, PST_COUNTER_UPLOAD_FAILING_SINCE))));
}

/* Whether the last decision and the last reload could be carried out. */
static void
judge_orders(struct pst_arena *arena, const struct pst_status *status,
    struct verdict *verdict)
{
	uint64_t fault = age(status, PST_COUNTER_LAST_FAULT);

	if (fault < FAULT_S)
		complain(verdict, PST_STATUS_WARNING,
		    pst_arena_printf(arena,
			"a decision could not be carried out %s ago, so "
			"on-internal-error was followed: the message was "
			"accepted or deferred; see the log",
			pst_status_span(arena, fault)));
	if (lasts(status, PST_COUNTER_RELOAD_FAILED_SINCE, 0))
		complain(verdict, PST_STATUS_WARNING,
		    "the last reload failed, so an older configuration is in "
		    "use; run \"postern config test\"");
	if (lasts(status, PST_COUNTER_SUFFIX_LIST_DATED, SUFFIX_LIST_S))
		complain(verdict, PST_STATUS_WARNING,
		    pst_arena_printf(arena,
			"the public suffix list is %s old, so new suffixes are "
			"taken for domains; update it (Debian: package "
			"publicsuffix) and reload",
			pst_status_span(arena,
			    age(status, PST_COUNTER_SUFFIX_LIST_DATED))));
}

/* What is full right now. A total cannot tell: it only grows. */
static void
judge_limits(struct pst_arena *arena, const struct pst_status *status,
    struct verdict *verdict)
{
	static const struct {
		enum pst_counter now, max;
		const char *text;
	} limits[] = {
	    {PST_COUNTER_SESSIONS_OPEN, PST_COUNTER_SESSIONS_MAX,
		"sessions are open, so new ones are refused for now; raise "
		"max-sessions if that is normal mail"},
	    {PST_COUNTER_WAITING, PST_COUNTER_WAITING_MAX,
		"messages wait for the DNS, so some are decided without "
		"answers; check the resolver, or raise dns.max-waiting"},
	    {PST_COUNTER_DNS_OPEN, PST_COUNTER_DNS_OPEN_MAX,
		"DNS questions are open, so some are refused; check the "
		"resolver, or raise dns.max-open"},
	};

	for (size_t i = 0; i < PST_COUNT(limits); i++) {
		uint64_t now = value(status, limits[i].now);
		uint64_t max = value(status, limits[i].max);

		if (max > 0 && now >= max)
			complain(verdict, PST_STATUS_WARNING,
			    pst_arena_printf(arena,
				"%" PRIu64 " of %" PRIu64 " %s", now, max,
				limits[i].text));
	}
}

static void
judge_memory(struct pst_arena *arena, const struct pst_status *status,
    struct verdict *verdict)
{
	if (lasts(status, PST_COUNTER_MEMORY_FAILING_SINCE, UPLOAD_FAILING_S))
		complain(verdict, PST_STATUS_WARNING,
		    pst_arena_printf(arena,
			"the file of remembered domains could not be used for "
			"%s; a restart would forget new domains; see the log",
			pst_status_span(arena,
			    age(status, PST_COUNTER_MEMORY_FAILING_SINCE))));
}

static void
judge_journal(const struct pst_status *status, struct verdict *verdict)
{
	if (lasts(status, PST_COUNTER_JOURNAL_FAILING_SINCE, 0))
		complain(verdict, PST_STATUS_WARNING,
		    "the journal cannot be written, so \"postern explain\" "
		    "does not know new messages; mail is not affected");
}

static void
judge_clock(const struct pst_status *status, struct verdict *verdict)
{
	static const struct {
		enum pst_counter since;
		const char *text;
	} witnesses[] = {
	    {PST_COUNTER_CLOCK_SERVER_SINCE,
		"the clock of this system disagrees with that of the shared "
		"database; see the log"},
	    {PST_COUNTER_CLOCK_STORE_SINCE,
		"the clock of this system disagrees with what the report store "
		"has seen; see the log"},
	    {PST_COUNTER_CLOCK_SIGNATURES_SINCE,
		"the clock of this system seems to be behind: most DKIM "
		"signatures are from the future"},
	};

	/* One line is enough: there is only one clock to correct. */
	for (size_t i = 0; i < PST_COUNT(witnesses); i++) {
		if (!lasts(status, witnesses[i].since, 0))
			continue;
		complain(verdict, PST_STATUS_WARNING, witnesses[i].text);
		return;
	}
}

/* The networks of entries spf:. */
static void
judge_networks(struct pst_arena *arena, const struct pst_status *status,
    struct verdict *verdict)
{
	if (lasts(status, PST_COUNTER_SPF_LISTS_MISSING_SINCE, NETWORKS_S))
		complain(verdict, PST_STATUS_WARNING,
		    "the networks of an entry spf: are not known, so mail is "
		    "deferred if they decide whether it is refused; see the "
		    "log");
	else if (lasts(status, PST_COUNTER_SPF_LISTS_FAILING_SINCE, NETWORKS_S))
		complain(verdict, PST_STATUS_WARNING,
		    pst_arena_printf(arena,
			"an SPF record of an entry spf: could not be used for "
			"%s; its networks count for a day; see the log",
			pst_status_span(arena,
			    age(status, PST_COUNTER_SPF_LISTS_FAILING_SINCE))));
}

enum pst_status_level
pst_status_judge(struct pst_arena *arena, const struct pst_status *status,
    const char **problems)
{
	struct verdict verdict = {.level = PST_STATUS_OK};

	pst_buf_init(&verdict.problems, arena, MAX_PROBLEMS);
	judge_workers(arena, status, &verdict);
	if (lasts(status, PST_COUNTER_DNS_DEAD_SINCE, 0))
		complain(&verdict, PST_STATUS_WARNING,
		    pst_arena_printf(arena,
			"the DNS servers have answered nothing for %s, so mail "
			"is not checked properly; check the resolver",
			pst_status_span(
			    arena, age(status, PST_COUNTER_DNS_DEAD_SINCE))));
	else if (lasts(status, PST_COUNTER_DNS_FAILING_SINCE, DNS_FAILING_S))
		complain(&verdict, PST_STATUS_WARNING,
		    pst_arena_printf(arena,
			"the DNS has not answered for %s, so mail is not "
			"checked properly; check the resolver",
			pst_status_span(arena,
			    age(status, PST_COUNTER_DNS_FAILING_SINCE))));
	judge_networks(arena, status, &verdict);
	judge_store(arena, status, &verdict);
	judge_journal(status, &verdict);
	judge_memory(arena, status, &verdict);
	judge_orders(arena, status, &verdict);
	judge_limits(arena, status, &verdict);
	judge_clock(status, &verdict);
	*problems = pst_arena_strdup(arena,
	    verdict.problems.len == 0 ? "" : pst_buf_str(&verdict.problems));
	return verdict.level;
}

const char *
pst_status_level_word(enum pst_status_level level)
{
	switch (level) {
	case PST_STATUS_OK:
		return "OK";
	case PST_STATUS_WARNING:
		return "WARNING";
	case PST_STATUS_CRITICAL:
		return "CRITICAL";
	case PST_STATUS_UNKNOWN:
		return "UNKNOWN";
	}
	return "UNKNOWN";
}

const char *
pst_status_nagios(struct pst_arena *arena, const struct pst_status *status,
    enum pst_status_level level, const char *problems)
{
	const struct pst_counters_sum *sum = &status->counters;
	uint64_t messages = pst_counters_total(sum, PST_COUNTER_MESSAGES);
	unsigned p99 = pst_counters_percentile(sum, PST_COUNTER_MESSAGE_MS, 99);
	struct pst_buf line;

	pst_buf_init(&line, arena, MAX_PROBLEMS * 2);
	pst_buf_printf(&line, "POSTERN %s - ", pst_status_level_word(level));
	if (problems[0] != '\0')
		pst_buf_add_text(&line, problems);
	else
		pst_buf_printf(&line,
		    "%" PRIu64 " of %" PRIu64 " workers ready, %" PRIu64
		    " messages",
		    value(status, PST_COUNTER_WORKERS_READY),
		    value(status, PST_COUNTER_WORKERS), messages);
	pst_buf_printf(&line,
	    " | workers_ready=%" PRIu64 " messages=%" PRIu64 "c",
	    value(status, PST_COUNTER_WORKERS_READY), messages);
	for (unsigned i = 0; i < pst_counter_info(PST_COUNTER_MESSAGES)->places;
	     i++)
		pst_buf_printf(&line, " %s=%" PRIu64 "c",
		    pst_counters_name(sum, PST_COUNTER_MESSAGES, i),
		    sum->of[PST_COUNTER_MESSAGES][i]);
	pst_buf_printf(&line,
	    " sessions=%" PRIu64 " dns_open=%" PRIu64 " store_queue=%" PRIu64
	    " rows_dropped=%" PRIu64 "c crashes=%" PRIu64 "c",
	    value(status, PST_COUNTER_SESSIONS_OPEN),
	    value(status, PST_COUNTER_DNS_OPEN),
	    value(status, PST_COUNTER_STORE_QUEUE),
	    value(status, PST_COUNTER_ROWS_DROPPED),
	    value(status, PST_COUNTER_WORKER_CRASHES));
	if (messages > 0 && p99 != UINT_MAX)
		pst_buf_printf(&line, " p99=%ums", p99);
	return pst_buf_str(&line);
}
