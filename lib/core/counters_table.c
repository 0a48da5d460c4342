/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/counters.h"

#include <assert.h>

#include "core/counters_labels.h"
#include "core/session.h"
#include "dns/gate.h"

#define ACTIONS (PST_ACTION_TEMPFAIL + 1)
#define EXEMPTIONS (PST_EXEMPT_SIGNING + 1)
#define RESULTS (PST_RESULT_POLICY + 1)
#define DNS_STATUSES (PST_DNS_PAUSED + 1)
#define RELOAD_RESULTS 2
#define REASONS PST_REASON_OTHER /* without none */
#define HISTOGRAM_PLACES (PST_COUNTER_SUM + 1)

static_assert(DNS_STATUSES <= PST_COUNTER_PLACES &&
	HISTOGRAM_PLACES <= PST_COUNTER_PLACES,
    "a counter has at most PST_COUNTER_PLACES numbers");

static const char *
action(unsigned place)
{
	return pst_action_word((enum pst_action)place);
}

static const char *
exemption(unsigned place)
{
	return pst_exempt_word((enum pst_exempt)place);
}

static const char *
result(unsigned place)
{
	return pst_result_word((enum pst_result)place);
}

static const char *
dns_status(unsigned place)
{
	return pst_dns_status_word((enum pst_dns_status)place);
}

static const char *
refusal(unsigned place)
{
	return pst_gate_verdict_word((enum pst_gate_verdict)(place + 1));
}

static const char *
lack(unsigned place)
{
	switch ((enum pst_lack)place) {
	case PST_LACK_SESSIONS:
		return "max-sessions";
	case PST_LACK_THREAD:
		return "thread";
	case PST_LACK_DESCRIPTOR:
		return "descriptor";
	case PST_LACK_MEMORY:
		return "memory";
	}
	return NULL;
}

static const char *
reason(unsigned place)
{
	return pst_reason_word((enum pst_reason)(place + 1));
}

static const char *
stage(unsigned place)
{
	switch ((enum pst_milter_stage)place) {
	case PST_MILTER_NEGOTIATE:
		return "negotiate";
	case PST_MILTER_SESSION:
		return "session";
	case PST_MILTER_RCPT:
		return "rcpt";
	case PST_MILTER_HEADER:
		return "header";
	case PST_MILTER_REPLY:
		return "reply";
	case PST_MILTER_QUARANTINE:
		return "quarantine";
	}
	return NULL;
}

static const char *
library(unsigned place)
{
	return pst_library_name((enum pst_library)place);
}

static const char *
reload_result(unsigned place)
{
	return place == 0 ? "ok" : "failed";
}

#define ONE NULL, 1, NULL
#define HISTOGRAM NULL, HISTOGRAM_PLACES, NULL

static const struct pst_counter_info table[] = {
    [PST_COUNTER_MESSAGES] = {"messages", "messages by what was done with them",
	PST_COUNTER_TOTAL, "action", ACTIONS, action},
    [PST_COUNTER_DISPOSITIONS] = {"dispositions",
	"messages by their DMARC result and what was done with them (exempt: "
	"not checked)",
	PST_COUNTER_TOTAL, "result,disposition", PST_DISPOSITION_PLACES,
	pst_disposition_word},
    [PST_COUNTER_OVERRIDES] = {"overrides",
	"messages with which something else was done than their DMARC policy "
	"asks for, by the reason",
	PST_COUNTER_TOTAL, "reason", REASONS, reason},
    [PST_COUNTER_NOT_ENFORCED] = {"messages_not_enforced",
	"messages that were only monitored, by what would have been done",
	PST_COUNTER_TOTAL, "action", ACTIONS, action},
    [PST_COUNTER_EXEMPT] = {"messages_exempt",
	"messages that were not checked, by the reason (\"no\": checked)",
	PST_COUNTER_TOTAL, "reason", EXEMPTIONS, exemption},
    [PST_COUNTER_SPLIT_MESSAGES] = {"split_messages",
	"messages that were refused for now, to be delivered in two parts "
	"(mixed-recipients)",
	PST_COUNTER_TOTAL, ONE},
    [PST_COUNTER_SPLIT_RECIPIENTS] = {"split_recipients",
	"recipients that were told to come later, in the other part of their "
	"message",
	PST_COUNTER_TOTAL, ONE},
    [PST_COUNTER_SPLIT_NOT] = {"split_not",
	"messages that should have been split and were judged in the strictest "
	"mode",
	PST_COUNTER_TOTAL, ONE},
    [PST_COUNTER_RULES] = {"rules",
	"messages by the built-in rule that decided", PST_COUNTER_TOTAL, "rule",
	PST_COUNTER_PLACES, NULL},
    [PST_COUNTER_OPERATOR_RULES] = {"operator_rules",
	"messages by the rule of the configuration that decided",
	PST_COUNTER_TOTAL, "rule", PST_COUNTER_PLACES, NULL},
    [PST_COUNTER_IPREV] = {"iprev", "checked messages by their iprev result",
	PST_COUNTER_TOTAL, "result", RESULTS, result},
    [PST_COUNTER_SPF] = {"spf", "checked messages by their SPF result",
	PST_COUNTER_TOTAL, "result", RESULTS, result},
    [PST_COUNTER_SPF_IDENTITIES] = {"spf_identities",
	"SPF checks of checked messages by the identity and the result",
	PST_COUNTER_TOTAL, "identity,result", PST_SPF_IDENTITY_PLACES,
	pst_spf_identity_word},
    [PST_COUNTER_DKIM] = {"dkim",
	"checked messages by the best result of their DKIM signatures",
	PST_COUNTER_TOTAL, "result", RESULTS, result},
    [PST_COUNTER_DKIM_SIGNATURES] = {"dkim_signatures",
	"DKIM signatures of checked messages by their result",
	PST_COUNTER_TOTAL, "result", RESULTS, result},
    [PST_COUNTER_ARC] = {"arc", "checked messages by their ARC result",
	PST_COUNTER_TOTAL, "result", RESULTS, result},
    [PST_COUNTER_DMARC] = {"dmarc", "checked messages by their DMARC result",
	PST_COUNTER_TOTAL, "result", RESULTS, result},
    [PST_COUNTER_DMARC_POLICIES] = {"dmarc_policies",
	"checked messages by their DMARC result, the published policy and what "
	"is aligned and passes",
	PST_COUNTER_TOTAL, "result,policy,alignment", PST_DMARC_POLICY_PLACES,
	pst_dmarc_policy_place_word},
    [PST_COUNTER_MESSAGE_MS] = {"message_ms",
	"milliseconds from the end of a message to its decision",
	PST_COUNTER_HISTOGRAM, HISTOGRAM},
    [PST_COUNTER_MILTER_ERRORS] = {"milter_errors",
	"failures between Postern and the MTA, by the stage: a message that a "
	"failure meets is not treated as decided",
	PST_COUNTER_TOTAL, "stage", PST_MILTER_STAGES, stage},
    [PST_COUNTER_LAST_FAULT] = {"last_fault",
	"when a decision could last not be carried out (on-internal-error)",
	PST_COUNTER_LAST, ONE},
    [PST_COUNTER_TEST_MESSAGES] = {"test_messages",
	"messages of `postern send`, which no other counter of mail counts",
	PST_COUNTER_TOTAL, ONE},
    [PST_COUNTER_SESSIONS] = {"sessions", "SMTP sessions", PST_COUNTER_TOTAL,
	ONE},
    [PST_COUNTER_SESSIONS_OPEN] = {"sessions_open",
	"SMTP sessions that are open now", PST_COUNTER_GAUGE, ONE},
    [PST_COUNTER_SESSIONS_MAX] = {"sessions_max",
	"SMTP sessions that may be open at once (max-sessions, all workers)",
	PST_COUNTER_GAUGE, ONE},
    [PST_COUNTER_SESSIONS_REFUSED] = {"sessions_refused",
	"SMTP sessions that were refused for now (4xx), by what was lacking",
	PST_COUNTER_TOTAL, "lack", PST_LACKS, lack},
    [PST_COUNTER_WAITING] = {"waiting",
	"messages that wait for the DNS at their end now", PST_COUNTER_GAUGE,
	ONE},
    [PST_COUNTER_WAITING_MAX] = {"waiting_max",
	"messages that may wait for the DNS at once (dns.max-waiting, all "
	"workers)",
	PST_COUNTER_GAUGE, ONE},
    [PST_COUNTER_WAITING_CUT] = {"waiting_cut",
	"messages that had to make room for others and were decided without "
	"some answers (dns.max-waiting)",
	PST_COUNTER_TOTAL, ONE},
    [PST_COUNTER_DNS_ANSWERS] = {"dns_answers",
	"questions of messages by how they were answered", PST_COUNTER_TOTAL,
	"status", DNS_STATUSES, dns_status},
    [PST_COUNTER_DNS_CACHED] = {"dns_cached",
	"questions that were answered from the cache", PST_COUNTER_TOTAL, ONE},
    [PST_COUNTER_DNS_MISSED] = {"dns_missed",
	"questions that the cache could not answer", PST_COUNTER_TOTAL, ONE},
    [PST_COUNTER_DNS_QUERIES] = {"dns_queries",
	"questions that were given to the resolver", PST_COUNTER_TOTAL, ONE},
    [PST_COUNTER_DNS_OUTCOMES] = {"dns_outcomes",
	"questions that were given to the resolver and have ended, by their "
	"type and how they ended",
	PST_COUNTER_TOTAL, "type,rcode", PST_DNS_OUTCOME_PLACES,
	pst_dns_outcome_word},
    [PST_COUNTER_DNS_JOINED] = {"dns_joined",
	"questions that waited for an equal one that was open",
	PST_COUNTER_TOTAL, ONE},
    [PST_COUNTER_DNS_REFUSED] = {"dns_refused",
	"questions that were not asked, by the limit: dns.max-open, the share "
	"of a client network or of a name, or a pause of silent servers",
	PST_COUNTER_TOTAL, "limit", PST_GATE_VERDICTS - 1, refusal},
    [PST_COUNTER_DNS_DISPLACED] = {"dns_displaced",
	"slow questions that were given up for others (dns.max-open)",
	PST_COUNTER_TOTAL, ONE},
    [PST_COUNTER_DNS_OPEN] = {"dns_open", "questions that are open now",
	PST_COUNTER_GAUGE, ONE},
    [PST_COUNTER_DNS_OPEN_MAX] = {"dns_open_max",
	"questions that may be open at once (dns.max-open, all workers)",
	PST_COUNTER_GAUGE, ONE},
    [PST_COUNTER_DNS_MS] = {"dns_ms",
	"milliseconds until the resolver answered a question",
	PST_COUNTER_HISTOGRAM, HISTOGRAM},
    [PST_COUNTER_DNS_FAILING_SINCE] = {"dns_failing_since",
	"when look-ups of policies began to fail for each message",
	PST_COUNTER_SINCE, ONE},
    [PST_COUNTER_DNS_DEAD_SINCE] = {"dns_dead_since",
	"since when the DNS servers have answered nothing at all",
	PST_COUNTER_SINCE, ONE},
    [PST_COUNTER_ROWS_WRITTEN] = {"rows_written",
	"rows that were committed to the report store", PST_COUNTER_TOTAL, ONE},
    [PST_COUNTER_ROWS_LATE] = {"rows_late",
	"rows that were not committed within store.wait", PST_COUNTER_TOTAL,
	ONE},
    [PST_COUNTER_ROWS_DROPPED] = {"rows_dropped",
	"rows and incidents that were lost because the queue was full",
	PST_COUNTER_TOTAL, ONE},
    [PST_COUNTER_STORE_QUEUE] = {"store_queue",
	"rows and incidents that wait for the report store now",
	PST_COUNTER_GAUGE, ONE},
    [PST_COUNTER_STORE_FAILING_SINCE] = {"store_failing_since",
	"when writing to the report store began to fail", PST_COUNTER_SINCE,
	ONE},
    [PST_COUNTER_UPLOAD_BATCHES] = {"upload_batches",
	"batches of rows that were uploaded to the shared database",
	PST_COUNTER_TOTAL, ONE},
    [PST_COUNTER_UPLOAD_FAILING_SINCE] = {"upload_failing_since",
	"when the upload to the shared database began to fail",
	PST_COUNTER_SINCE, ONE},
    [PST_COUNTER_JOURNAL_WRITTEN] = {"journal_written",
	"messages that the journal has taken in", PST_COUNTER_TOTAL, ONE},
    [PST_COUNTER_JOURNAL_DROPPED] = {"journal_dropped",
	"messages that the journal could not keep, because its file could not "
	"be written or was too slow",
	PST_COUNTER_TOTAL, ONE},
    [PST_COUNTER_JOURNAL_QUEUE] = {"journal_queue",
	"messages that wait to be written to the journal", PST_COUNTER_GAUGE,
	ONE},
    [PST_COUNTER_JOURNAL_FAILING_SINCE] = {"journal_failing_since",
	"since when the journal cannot be written; 0: it can",
	PST_COUNTER_SINCE, ONE},
    [PST_COUNTER_CLOCK_STORE_SINCE] = {"clock_store_since",
	"since when the clock has disagreed with what the report store has "
	"seen",
	PST_COUNTER_SINCE, ONE},
    [PST_COUNTER_CLOCK_SERVER_SINCE] = {"clock_server_since",
	"since when the clock has disagreed with that of the shared database",
	PST_COUNTER_SINCE, ONE},
    [PST_COUNTER_CLOCK_SIGNATURES_SINCE] = {"clock_signatures_since",
	"since when most DKIM signatures have seemed to be from the future",
	PST_COUNTER_SINCE, ONE},
    [PST_COUNTER_MEMORY_DOMAINS] = {"memory_domains",
	"domains that a worker remembers", PST_COUNTER_LARGEST, ONE},
    [PST_COUNTER_MEMORY_RECORDS] = {"memory_records",
	"DMARC records that a worker remembers", PST_COUNTER_LARGEST, ONE},
    [PST_COUNTER_MEMORY_BORN] = {"memory_since",
	"since when domains have been remembered", PST_COUNTER_SINCE, ONE},
    [PST_COUNTER_MEMORY_REFUSED] = {"memory_refused",
	"new domains that were not remembered: their client network had added "
	"enough, or there was no room",
	PST_COUNTER_TOTAL, ONE},
    [PST_COUNTER_MEMORY_FAILING_SINCE] = {"memory_failing_since",
	"when the file of remembered domains began to fail", PST_COUNTER_SINCE,
	ONE},
    [PST_COUNTER_SPF_LISTS_FAILING_SINCE] = {"spf_lists_failing_since",
	"since when an SPF record of an entry spf: could not be used",
	PST_COUNTER_SINCE, ONE},
    [PST_COUNTER_SPF_LISTS_MISSING_SINCE] = {"spf_lists_missing_since",
	"since when the networks of an entry spf: have not been known",
	PST_COUNTER_SINCE, ONE},
    [PST_COUNTER_STARTED] = {"started", "when the daemon was started",
	PST_COUNTER_LAST, ONE},
    [PST_COUNTER_WORKERS] = {"workers",
	"workers that should be running, one for each socket",
	PST_COUNTER_GAUGE, ONE},
    [PST_COUNTER_WORKERS_READY] = {"workers_ready",
	"workers that are ready for mail now", PST_COUNTER_GAUGE, ONE},
    [PST_COUNTER_WORKER_STARTS] = {"worker_starts", "workers that were started",
	PST_COUNTER_TOTAL, ONE},
    [PST_COUNTER_WORKER_CRASHES] = {"worker_crashes",
	"workers that ended without being told to", PST_COUNTER_TOTAL, ONE},
    [PST_COUNTER_LAST_CRASH] = {"last_crash",
	"when a worker last ended without being told to", PST_COUNTER_LAST,
	ONE},
    [PST_COUNTER_LIBRARY_CRASHES] = {"library_crashes",
	"crashes inside a library that were blamed on a message",
	PST_COUNTER_TOTAL, "library", PST_LIBRARIES, library},
    [PST_COUNTER_BARRED] = {"library_barred",
	"checks that were made without a library, because the message or its "
	"client network had crashed it",
	PST_COUNTER_TOTAL, "library", PST_LIBRARIES, library},
    [PST_COUNTER_UNGUARDED] = {"library_unguarded",
	"calls of a library for which a crash could not have been blamed",
	PST_COUNTER_TOTAL, ONE},
    [PST_COUNTER_RELOADS] = {"reloads", "reloads of the configuration",
	PST_COUNTER_TOTAL, "result", RELOAD_RESULTS, reload_result},
    [PST_COUNTER_LAST_RELOAD] = {"last_reload",
	"when the configuration was last reloaded", PST_COUNTER_LAST, ONE},
    [PST_COUNTER_RELOAD_FAILED_SINCE] = {"reload_failed_since",
	"since when reloads have failed, so that an older configuration is in "
	"use",
	PST_COUNTER_SINCE, ONE},
    [PST_COUNTER_SUFFIX_LIST_DATED] = {"suffix_list_dated",
	"when the file of the public suffix list in use was last changed; 0: "
	"no list is used",
	PST_COUNTER_SINCE, ONE},
    [PST_COUNTER_NO_NEW_PRIVS] = {"sandbox_no_new_privs",
	"workers that can gain no privileges by starting a program",
	PST_COUNTER_GAUGE, ONE},
    [PST_COUNTER_SECCOMP] = {"sandbox_seccomp",
	"workers whose system calls are limited", PST_COUNTER_GAUGE, ONE},
    [PST_COUNTER_LANDLOCK_ABI] = {"sandbox_landlock_abi",
	"ABI of Landlock, which limits the files of workers",
	PST_COUNTER_LARGEST, ONE},
};

static_assert(PST_COUNT(table) == PST_COUNTERS, "a counter has no row");

const struct pst_counter_info *
pst_counter_info(enum pst_counter counter)
{
	assert(counter < PST_COUNTERS);
	return &table[counter];
}
