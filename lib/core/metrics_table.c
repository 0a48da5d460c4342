/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/metrics.h"

#include <assert.h>

#include "base/macros.h"

/* A metric with the number and the sentence of its counter. */
#define PLAIN(name)                                                            \
	{                                                                      \
		name, PST_METRIC_AS_IS, NULL                                   \
	}

static const struct pst_metric table[] = {
    [PST_COUNTER_MESSAGES] = PLAIN("postern_actions_total"),
    [PST_COUNTER_DISPOSITIONS] = PLAIN("postern_messages_total"),
    [PST_COUNTER_OVERRIDES] = PLAIN("postern_overrides_total"),
    [PST_COUNTER_NOT_ENFORCED] = PLAIN("postern_messages_not_enforced_total"),
    [PST_COUNTER_EXEMPT] = PLAIN("postern_messages_exempt_total"),
    [PST_COUNTER_SPLIT_MESSAGES] = PLAIN("postern_split_messages_total"),
    [PST_COUNTER_SPLIT_RECIPIENTS] = PLAIN("postern_split_recipients_total"),
    [PST_COUNTER_SPLIT_NOT] = PLAIN("postern_messages_not_split_total"),
    [PST_COUNTER_RULES] = PLAIN("postern_rule_messages_total"),
    [PST_COUNTER_OPERATOR_RULES] =
	PLAIN("postern_operator_rule_messages_total"),
    [PST_COUNTER_IPREV] = PLAIN("postern_iprev_results_total"),
    [PST_COUNTER_SPF] = PLAIN("postern_spf_messages_total"),
    [PST_COUNTER_SPF_IDENTITIES] = PLAIN("postern_spf_results_total"),
    [PST_COUNTER_DKIM] = PLAIN("postern_dkim_messages_total"),
    [PST_COUNTER_DKIM_SIGNATURES] = PLAIN("postern_dkim_signatures_total"),
    [PST_COUNTER_ARC] = PLAIN("postern_arc_results_total"),
    [PST_COUNTER_DMARC] = PLAIN("postern_dmarc_messages_total"),
    [PST_COUNTER_DMARC_POLICIES] = PLAIN("postern_dmarc_results_total"),
    [PST_COUNTER_MESSAGE_MS] = {"postern_message_duration_seconds",
	PST_METRIC_AS_IS, "time from the end of a message to its decision"},
    [PST_COUNTER_MILTER_ERRORS] = PLAIN("postern_milter_errors_total"),
    [PST_COUNTER_LAST_FAULT] =
	PLAIN("postern_milter_last_fault_timestamp_seconds"),
    [PST_COUNTER_TEST_MESSAGES] = PLAIN("postern_test_messages_total"),
    [PST_COUNTER_SESSIONS] = PLAIN("postern_connections_total"),
    [PST_COUNTER_SESSIONS_OPEN] = PLAIN("postern_sessions"),
    [PST_COUNTER_SESSIONS_MAX] = PLAIN("postern_sessions_limit"),
    [PST_COUNTER_SESSIONS_REFUSED] = PLAIN("postern_sessions_refused_total"),
    [PST_COUNTER_WAITING] = PLAIN("postern_messages_waiting"),
    [PST_COUNTER_WAITING_MAX] = PLAIN("postern_messages_waiting_limit"),
    [PST_COUNTER_WAITING_CUT] = PLAIN("postern_messages_waiting_cut_total"),
    [PST_COUNTER_DNS_ANSWERS] = PLAIN("postern_dns_answers_total"),
    [PST_COUNTER_DNS_CACHED] = PLAIN("postern_dns_cache_hits_total"),
    [PST_COUNTER_DNS_MISSED] = PLAIN("postern_dns_cache_misses_total"),
    [PST_COUNTER_DNS_QUERIES] = PLAIN("postern_dns_queries_started_total"),
    [PST_COUNTER_DNS_OUTCOMES] = PLAIN("postern_dns_queries_total"),
    [PST_COUNTER_DNS_JOINED] = PLAIN("postern_dns_queries_joined_total"),
    [PST_COUNTER_DNS_REFUSED] = PLAIN("postern_dns_queries_refused_total"),
    [PST_COUNTER_DNS_DISPLACED] = PLAIN("postern_dns_queries_displaced_total"),
    [PST_COUNTER_DNS_OPEN] = PLAIN("postern_dns_queries_open"),
    [PST_COUNTER_DNS_OPEN_MAX] = PLAIN("postern_dns_queries_open_limit"),
    [PST_COUNTER_DNS_MS] = {"postern_dns_query_duration_seconds",
	PST_METRIC_AS_IS, "time until the resolver answered a question"},
    [PST_COUNTER_DNS_FAILING_SINCE] =
	PLAIN("postern_dns_failing_since_timestamp_seconds"),
    [PST_COUNTER_DNS_DEAD_SINCE] =
	PLAIN("postern_dns_dead_since_timestamp_seconds"),
    [PST_COUNTER_ROWS_WRITTEN] = PLAIN("postern_store_rows_written_total"),
    [PST_COUNTER_ROWS_LATE] = PLAIN("postern_store_rows_late_total"),
    [PST_COUNTER_ROWS_DROPPED] = PLAIN("postern_store_dropped_total"),
    [PST_COUNTER_STORE_QUEUE] = PLAIN("postern_store_queue_length"),
    [PST_COUNTER_STORE_FAILING_SINCE] =
	PLAIN("postern_store_failing_since_timestamp_seconds"),
    [PST_COUNTER_UPLOAD_BATCHES] = PLAIN("postern_upload_batches_total"),
    [PST_COUNTER_UPLOAD_FAILING_SINCE] =
	PLAIN("postern_upload_failing_since_timestamp_seconds"),
    [PST_COUNTER_JOURNAL_WRITTEN] = PLAIN("postern_journal_written_total"),
    [PST_COUNTER_JOURNAL_DROPPED] = PLAIN("postern_journal_dropped_total"),
    [PST_COUNTER_JOURNAL_QUEUE] = PLAIN("postern_journal_queue_length"),
    [PST_COUNTER_JOURNAL_FAILING_SINCE] =
	{"postern_journal_failing_since_timestamp_seconds", PST_METRIC_AS_IS,
	    "since when the journal cannot be written"},
    [PST_COUNTER_CLOCK_STORE_SINCE] =
	PLAIN("postern_clock_store_since_timestamp_seconds"),
    [PST_COUNTER_CLOCK_SERVER_SINCE] =
	PLAIN("postern_clock_server_since_timestamp_seconds"),
    [PST_COUNTER_CLOCK_SIGNATURES_SINCE] =
	PLAIN("postern_clock_signatures_since_timestamp_seconds"),
    [PST_COUNTER_MEMORY_DOMAINS] = PLAIN("postern_memory_domains"),
    [PST_COUNTER_MEMORY_RECORDS] = PLAIN("postern_memory_records"),
    [PST_COUNTER_MEMORY_BORN] = PLAIN("postern_memory_since_timestamp_seconds"),
    [PST_COUNTER_MEMORY_REFUSED] = PLAIN("postern_memory_refused_total"),
    [PST_COUNTER_MEMORY_FAILING_SINCE] =
	PLAIN("postern_memory_failing_since_timestamp_seconds"),
    [PST_COUNTER_SPF_LISTS_FAILING_SINCE] =
	PLAIN("postern_spf_lists_failing_since_timestamp_seconds"),
    [PST_COUNTER_SPF_LISTS_MISSING_SINCE] =
	PLAIN("postern_spf_lists_missing_since_timestamp_seconds"),
    [PST_COUNTER_STARTED] = PLAIN("process_start_time_seconds"),
    [PST_COUNTER_WORKERS] = PLAIN("postern_workers"),
    [PST_COUNTER_WORKERS_READY] = PLAIN("postern_workers_ready"),
    [PST_COUNTER_WORKER_STARTS] = PLAIN("postern_worker_starts_total"),
    [PST_COUNTER_WORKER_CRASHES] = PLAIN("postern_worker_crashes_total"),
    [PST_COUNTER_LAST_CRASH] =
	PLAIN("postern_worker_last_crash_timestamp_seconds"),
    [PST_COUNTER_LIBRARY_CRASHES] = PLAIN("postern_library_crashes_total"),
    [PST_COUNTER_BARRED] = PLAIN("postern_library_barred_total"),
    [PST_COUNTER_UNGUARDED] = PLAIN("postern_library_unguarded_total"),
    [PST_COUNTER_RELOADS] = PLAIN("postern_config_reloads_total"),
    [PST_COUNTER_LAST_RELOAD] =
	PLAIN("postern_config_last_reload_success_timestamp_seconds"),
    [PST_COUNTER_RELOAD_FAILED_SINCE] =
	{"postern_config_last_reload_successful", PST_METRIC_SUCCESS,
	    "1 if the last reload was successful, or there was none"},
    [PST_COUNTER_SUFFIX_LIST_DATED] = {"postern_psl_age_seconds",
	PST_METRIC_AGE,
	"time since the file of the public suffix list in use was last "
	"changed; 0: no list is used"},
    [PST_COUNTER_NO_NEW_PRIVS] = PLAIN("postern_sandbox_no_new_privs_workers"),
    [PST_COUNTER_SECCOMP] = PLAIN("postern_sandbox_seccomp_workers"),
    [PST_COUNTER_LANDLOCK_ABI] = PLAIN("postern_sandbox_landlock_abi"),
};

static_assert(PST_COUNT(table) == PST_COUNTERS, "a counter has no metric");

const struct pst_metric *
pst_metric_of(enum pst_counter counter)
{
	assert(counter < PST_COUNTERS);
	return &table[counter];
}
