/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/status_page.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "auth/result.h"
#include "base/buf.h"
#include "dns/gate.h"

#define MAX_PAGE 65536
#define MAX_RULES 12 /* of each kind; JSON has all */

struct page {
	struct pst_arena *arena;
	const struct pst_status *status;
	struct pst_buf buf;
};

static uint64_t
value(const struct page *page, enum pst_counter counter)
{
	return page->status->counters.of[counter][0];
}

static uint64_t
total(const struct page *page, enum pst_counter counter)
{
	return pst_counters_total(&page->status->counters, counter);
}

/* Returns how long ago the time in a counter was, in words. */
static const char *
ago(const struct page *page, enum pst_counter counter)
{
	uint64_t now = page->status->now_epoch;
	uint64_t when = value(page, counter);

	return pst_status_span(page->arena, when < now ? now - when : 0);
}

static void
line(struct page *page, const char *label)
{
	pst_buf_printf(&page->buf, "    %-16s", label);
}

/* What the kernel does not let workers do (sandbox in postern.conf(5)). */
static void
add_sandbox(struct page *page)
{
	uint64_t abi = value(page, PST_COUNTER_LANDLOCK_ABI);
	bool seccomp = value(page, PST_COUNTER_SECCOMP) > 0 &&
	    value(page, PST_COUNTER_SECCOMP) >=
		value(page, PST_COUNTER_WORKERS_READY);

	line(page, "sandbox");
	if (value(page, PST_COUNTER_NO_NEW_PRIVS) == 0) {
		pst_buf_add_text(&page->buf, "none\n");
		return;
	}
	pst_buf_printf(&page->buf, "no-new-privs, %s, ",
	    seccomp ? "seccomp" : "no seccomp");
	if (abi == 0)
		pst_buf_add_text(&page->buf, "no Landlock\n");
	else
		pst_buf_printf(&page->buf, "Landlock (ABI %" PRIu64 ")\n", abi);
}

static void
add_clock(struct page *page)
{
	const char *witness;

	if (value(page, PST_COUNTER_CLOCK_SERVER_SINCE) != 0)
		witness = "that of the shared database";
	else if (value(page, PST_COUNTER_CLOCK_STORE_SINCE) != 0)
		witness = "what the report store has seen";
	else if (value(page, PST_COUNTER_CLOCK_SIGNATURES_SINCE) != 0)
		witness = "the times of DKIM signatures";
	else
		return;
	line(page, "clock");
	pst_buf_printf(&page->buf, "disagrees with %s\n", witness);
}

static void
add_daemon(struct page *page)
{
	pst_buf_printf(&page->buf,
	    "postern %s, process %" PRIu64 ", running for %s\n",
	    page->status->version, page->status->process,
	    ago(page, PST_COUNTER_STARTED));
	line(page, "configuration");
	pst_buf_printf(&page->buf, "%s\n", page->status->configuration);
	line(page, "reloads");
	pst_buf_printf(&page->buf, "%" PRIu64 ", %" PRIu64 " failed",
	    page->status->counters.of[PST_COUNTER_RELOADS][0],
	    page->status->counters.of[PST_COUNTER_RELOADS][1]);
	if (value(page, PST_COUNTER_LAST_RELOAD) != 0)
		pst_buf_printf(&page->buf, ", the last one %s ago",
		    ago(page, PST_COUNTER_LAST_RELOAD));
	pst_buf_add_char(&page->buf, '\n');
	line(page, "workers");
	pst_buf_printf(&page->buf,
	    "%" PRIu64 " of %" PRIu64 " ready, %" PRIu64 " started, %" PRIu64
	    " crashed",
	    value(page, PST_COUNTER_WORKERS_READY),
	    value(page, PST_COUNTER_WORKERS),
	    value(page, PST_COUNTER_WORKER_STARTS),
	    value(page, PST_COUNTER_WORKER_CRASHES));
	pst_buf_add_char(&page->buf, '\n');
	if (value(page, PST_COUNTER_LAST_CRASH) != 0) {
		line(page, "last crash");
		pst_buf_printf(
		    &page->buf, "%s ago\n", ago(page, PST_COUNTER_LAST_CRASH));
	}
	if (total(page, PST_COUNTER_LIBRARY_CRASHES) != 0) {
		line(page, "in a library");
		pst_buf_printf(&page->buf,
		    "%" PRIu64 " of the crashes, %" PRIu64
		    " checks without it since\n",
		    total(page, PST_COUNTER_LIBRARY_CRASHES),
		    total(page, PST_COUNTER_BARRED));
	}
	add_sandbox(page);
	line(page, "SMTP sessions");
	pst_buf_printf(&page->buf,
	    "%" PRIu64 ", %" PRIu64 " open now, %" PRIu64 " refused\n",
	    value(page, PST_COUNTER_SESSIONS),
	    value(page, PST_COUNTER_SESSIONS_OPEN),
	    total(page, PST_COUNTER_SESSIONS_REFUSED));
	add_clock(page);
}

/* A count, and its share of all. */
static void
add_share(struct page *page, const char *label, uint64_t n, uint64_t all)
{
	line(page, label);
	pst_buf_printf(&page->buf, "%12" PRIu64, n);
	if (all > 0)
		pst_buf_printf(
		    &page->buf, "%8.1f %%", (double)n * 100 / (double)all);
	pst_buf_add_char(&page->buf, '\n');
}

static void
add_time(struct page *page, const char *label, enum pst_counter counter)
{
	static const unsigned shares[] = {50, 90, 99};
	const struct pst_counters_sum *sum = &page->status->counters;

	if (total(page, counter) == 0)
		return;
	line(page, label);
	for (size_t i = 0; i < PST_COUNT(shares); i++) {
		unsigned ms = pst_counters_percentile(sum, counter, shares[i]);

		pst_buf_printf(
		    &page->buf, "%s%u %% ", i == 0 ? "" : ", ", shares[i]);
		if (ms == UINT_MAX)
			pst_buf_printf(&page->buf, "over %u s",
			    pst_counter_bounds_ms[PST_COUNTER_BUCKETS - 2] /
				1000);
		else if (ms >= 1000)
			pst_buf_printf(&page->buf, "within %u s", ms / 1000);
		else
			pst_buf_printf(&page->buf, "within %u ms", ms);
	}
	pst_buf_add_char(&page->buf, '\n');
}

/* Returns a rate since the start of the daemon, such as "3.4 a minute". */
static const char *
rate(const struct page *page, uint64_t n)
{
	uint64_t now = page->status->now_epoch;
	uint64_t started = value(page, PST_COUNTER_STARTED);
	double s = started < now ? (double)(now - started) : 1;

	if ((double)n / s >= 1)
		return pst_arena_printf(
		    page->arena, "%.1f a second", (double)n / s);
	return pst_arena_printf(
	    page->arena, "%.1f a minute", (double)n * 60 / s);
}

static void
add_messages(struct page *page)
{
	const struct pst_counters_sum *sum = &page->status->counters;
	uint64_t all = total(page, PST_COUNTER_MESSAGES);

	pst_buf_printf(&page->buf, "\nMessages\n");
	line(page, "decided");
	pst_buf_printf(
	    &page->buf, "%12" PRIu64 "   (%s)\n", all, rate(page, all));
	for (unsigned i = 0; i < pst_counter_info(PST_COUNTER_MESSAGES)->places;
	     i++)
		add_share(page, pst_counters_name(sum, PST_COUNTER_MESSAGES, i),
		    sum->of[PST_COUNTER_MESSAGES][i], all);
	add_share(
	    page, "not enforced", total(page, PST_COUNTER_NOT_ENFORCED), all);
	add_share(page, "not checked",
	    total(page, PST_COUNTER_EXEMPT) - value(page, PST_COUNTER_EXEMPT),
	    all);
	add_time(page, "time", PST_COUNTER_MESSAGE_MS);
}

/* Wide enough for the word, and for millions. */
static int
column_width(unsigned result)
{
	int len = (int)strlen(pst_result_word((enum pst_result)result));

	return len < 7 ? 7 : len;
}

static void
add_results(struct page *page)
{
	static const enum pst_counter checks[] = {PST_COUNTER_IPREV,
	    PST_COUNTER_SPF, PST_COUNTER_DKIM, PST_COUNTER_ARC,
	    PST_COUNTER_DMARC};
	const struct pst_counters_sum *sum = &page->status->counters;

	pst_buf_printf(&page->buf, "\nResults ");
	for (unsigned i = 0; i < pst_counter_info(PST_COUNTER_SPF)->places; i++)
		pst_buf_printf(&page->buf, " %*s", column_width(i),
		    pst_result_word((enum pst_result)i));
	pst_buf_add_char(&page->buf, '\n');
	for (size_t c = 0; c < PST_COUNT(checks); c++) {
		const struct pst_counter_info *info =
		    pst_counter_info(checks[c]);

		pst_buf_printf(&page->buf, "  %-6s", info->name);
		for (unsigned i = 0; i < info->places; i++)
			pst_buf_printf(&page->buf, " %*" PRIu64,
			    column_width(i), sum->of[checks[c]][i]);
		pst_buf_add_char(&page->buf, '\n');
	}
}

/* Prints the names of a counter, the most frequent first. */
static void
add_rules(struct page *page, const char *title, enum pst_counter counter)
{
	const struct pst_counters_sum *sum = &page->status->counters;
	uint64_t all = total(page, PST_COUNTER_MESSAGES);
	bool shown[PST_COUNTER_PLACES] = {false};

	if (total(page, counter) == 0)
		return;
	pst_buf_printf(&page->buf, "\n%s\n", title);
	for (size_t row = 0; row < MAX_RULES; row++) {
		unsigned best = PST_COUNTER_PLACES;

		for (unsigned i = 0; i < PST_COUNTER_PLACES; i++) {
			if (!shown[i] && sum->of[counter][i] > 0 &&
			    pst_counters_name(sum, counter, i) != NULL &&
			    (best == PST_COUNTER_PLACES ||
				sum->of[counter][i] > sum->of[counter][best]))
				best = i;
		}
		if (best == PST_COUNTER_PLACES)
			return;
		shown[best] = true;
		pst_buf_printf(&page->buf,
		    "    %-46.46s %10" PRIu64 "%8.1f %%\n",
		    pst_counters_name(sum, counter, best),
		    sum->of[counter][best],
		    all == 0 ?
			0 :
			(double)sum->of[counter][best] * 100 / (double)all);
	}
}

static void
add_dns(struct page *page)
{
	const uint64_t *answers =
	    page->status->counters.of[PST_COUNTER_DNS_ANSWERS];
	const uint64_t *refused =
	    page->status->counters.of[PST_COUNTER_DNS_REFUSED];
	uint64_t crowded = refused[PST_GATE_POOL - 1] +
	    refused[PST_GATE_NETWORK - 1] + refused[PST_GATE_SUBJECT - 1];
	uint64_t cached = value(page, PST_COUNTER_DNS_CACHED);
	uint64_t asked = value(page, PST_COUNTER_DNS_QUERIES);

	pst_buf_printf(&page->buf, "\nDNS\n");
	if (value(page, PST_COUNTER_DNS_DEAD_SINCE) != 0) {
		line(page, "no answer for");
		pst_buf_printf(
		    &page->buf, "%s\n", ago(page, PST_COUNTER_DNS_DEAD_SINCE));
	}
	if (value(page, PST_COUNTER_DNS_FAILING_SINCE) != 0) {
		line(page, "failing for");
		pst_buf_printf(&page->buf, "%s\n",
		    ago(page, PST_COUNTER_DNS_FAILING_SINCE));
	}
	add_share(page, "from the cache", cached, cached + asked);
	add_share(page, "asked", asked, cached + asked);
	line(page, "failed");
	pst_buf_printf(&page->buf,
	    "%12" PRIu64 "   (%" PRIu64 " timed out, %" PRIu64 " SERVFAIL)\n",
	    answers[PST_DNS_TIMEOUT] + answers[PST_DNS_SERVFAIL] +
		answers[PST_DNS_BOGUS] + answers[PST_DNS_BUDGET] +
		answers[PST_DNS_CROWDED] + answers[PST_DNS_PAUSED],
	    answers[PST_DNS_TIMEOUT], answers[PST_DNS_SERVFAIL]);
	line(page, "open now");
	pst_buf_printf(&page->buf,
	    "%12" PRIu64 "   (%" PRIu64 " given up for others)\n",
	    value(page, PST_COUNTER_DNS_OPEN),
	    value(page, PST_COUNTER_DNS_DISPLACED));
	line(page, "waiting now");
	pst_buf_printf(&page->buf,
	    "%12" PRIu64 "   (%" PRIu64 " messages decided early)\n",
	    value(page, PST_COUNTER_WAITING),
	    value(page, PST_COUNTER_WAITING_CUT));
	line(page, "refused");
	pst_buf_printf(&page->buf,
	    "%12" PRIu64 "   (%" PRIu64 " crowded, %" PRIu64 " paused)\n",
	    crowded + refused[PST_GATE_PAUSE - 1], crowded,
	    refused[PST_GATE_PAUSE - 1]);
	add_time(page, "time", PST_COUNTER_DNS_MS);
}

static void
add_store(struct page *page)
{
	pst_buf_printf(&page->buf, "\nReport store\n");
	if (value(page, PST_COUNTER_STORE_FAILING_SINCE) != 0) {
		line(page, "failing for");
		pst_buf_printf(&page->buf, "%s\n",
		    ago(page, PST_COUNTER_STORE_FAILING_SINCE));
	}
	line(page, "rows");
	pst_buf_printf(&page->buf,
	    "%" PRIu64 " written, %" PRIu64 " waiting, %" PRIu64
	    " late, %" PRIu64 " lost\n",
	    value(page, PST_COUNTER_ROWS_WRITTEN),
	    value(page, PST_COUNTER_STORE_QUEUE),
	    value(page, PST_COUNTER_ROWS_LATE),
	    value(page, PST_COUNTER_ROWS_DROPPED));
	line(page, "upload");
	pst_buf_printf(&page->buf, "%" PRIu64 " batches",
	    value(page, PST_COUNTER_UPLOAD_BATCHES));
	if (value(page, PST_COUNTER_UPLOAD_FAILING_SINCE) != 0)
		pst_buf_printf(&page->buf, ", failing for %s",
		    ago(page, PST_COUNTER_UPLOAD_FAILING_SINCE));
	pst_buf_add_char(&page->buf, '\n');
}

static void
add_journal(struct page *page)
{
	pst_buf_printf(&page->buf, "\nJournal\n");
	if (value(page, PST_COUNTER_JOURNAL_FAILING_SINCE) != 0) {
		line(page, "failing for");
		pst_buf_printf(&page->buf, "%s\n",
		    ago(page, PST_COUNTER_JOURNAL_FAILING_SINCE));
	}
	line(page, "messages");
	pst_buf_printf(&page->buf,
	    "%" PRIu64 " written, %" PRIu64 " waiting, %" PRIu64 " lost\n",
	    value(page, PST_COUNTER_JOURNAL_WRITTEN),
	    value(page, PST_COUNTER_JOURNAL_QUEUE),
	    value(page, PST_COUNTER_JOURNAL_DROPPED));
}

static void
add_memory(struct page *page)
{
	pst_buf_printf(&page->buf, "\nRemembered domains\n");
	if (value(page, PST_COUNTER_MEMORY_FAILING_SINCE) != 0) {
		line(page, "failing for");
		pst_buf_printf(&page->buf, "%s\n",
		    ago(page, PST_COUNTER_MEMORY_FAILING_SINCE));
	}
	line(page, "domains");
	pst_buf_printf(&page->buf,
	    "%" PRIu64 ", %" PRIu64 " with a DMARC record, %" PRIu64
	    " refused\n",
	    value(page, PST_COUNTER_MEMORY_DOMAINS),
	    value(page, PST_COUNTER_MEMORY_RECORDS),
	    value(page, PST_COUNTER_MEMORY_REFUSED));
	if (value(page, PST_COUNTER_MEMORY_BORN) != 0) {
		line(page, "age");
		pst_buf_printf(
		    &page->buf, "%s\n", ago(page, PST_COUNTER_MEMORY_BORN));
	}
}

const char *
pst_status_page(struct pst_arena *arena, const struct pst_status *status)
{
	struct page page = {.arena = arena, .status = status};

	pst_buf_init(&page.buf, arena, MAX_PAGE);
	add_daemon(&page);
	add_messages(&page);
	add_results(&page);
	add_rules(&page, "Decided by", PST_COUNTER_RULES);
	add_rules(
	    &page, "Decided by a rule of yours", PST_COUNTER_OPERATOR_RULES);
	add_dns(&page);
	add_store(&page);
	add_journal(&page);
	add_memory(&page);
	return pst_buf_str(&page.buf);
}
