/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_COUNTERS_H
#define PST_CORE_COUNTERS_H

/*
 * What Postern counts: numbers in memory that the supervisor and its workers
 * share, so that totals survive a worker that dies.
 *
 * The first process maps a block before it forks, and each process then enters
 * one slot of it: a worker the slot of its listener, every other process
 * PST_COUNTERS_SUPERVISOR. A process that has entered no slot, such as
 * `postern verify`, counts nothing; all functions may be called there.
 *
 * Counting is an atomic addition: it takes no lock, allocates nothing, never
 * waits, and may be done in any thread. Numbers that belong together may
 * therefore differ by a message that is being counted right now.
 *
 * pst_counter_info() is the one table of names and sentences. JSON, the page
 * of `postern status` and every other output are printed from it.
 */

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/json.h"
#include "base/json_read.h"
#include "base/macros.h"
#include "core/dns_health.h"
#include "dns/resolver.h"

enum pst_counter {
	/* What happened to mail */
	PST_COUNTER_MESSAGES,
	PST_COUNTER_DISPOSITIONS,
	PST_COUNTER_OVERRIDES,
	PST_COUNTER_NOT_ENFORCED,
	PST_COUNTER_EXEMPT,
	PST_COUNTER_SPLIT_MESSAGES,
	PST_COUNTER_SPLIT_RECIPIENTS,
	PST_COUNTER_SPLIT_NOT,
	PST_COUNTER_RULES,
	PST_COUNTER_OPERATOR_RULES,
	PST_COUNTER_IPREV,
	PST_COUNTER_SPF,
	PST_COUNTER_SPF_IDENTITIES,
	PST_COUNTER_DKIM,
	PST_COUNTER_DKIM_SIGNATURES,
	PST_COUNTER_ARC,
	PST_COUNTER_DMARC,
	PST_COUNTER_DMARC_POLICIES,
	PST_COUNTER_MESSAGE_MS,
	PST_COUNTER_MILTER_ERRORS,
	PST_COUNTER_LAST_FAULT,
	PST_COUNTER_TEST_MESSAGES,
	PST_COUNTER_SESSIONS,
	PST_COUNTER_SESSIONS_OPEN,
	PST_COUNTER_SESSIONS_MAX,
	PST_COUNTER_SESSIONS_REFUSED,
	PST_COUNTER_WAITING,
	PST_COUNTER_WAITING_MAX,
	PST_COUNTER_WAITING_CUT,
	/* The DNS */
	PST_COUNTER_DNS_ANSWERS,
	PST_COUNTER_DNS_CACHED,
	PST_COUNTER_DNS_MISSED,
	PST_COUNTER_DNS_QUERIES,
	PST_COUNTER_DNS_OUTCOMES,
	PST_COUNTER_DNS_JOINED,
	PST_COUNTER_DNS_REFUSED,
	PST_COUNTER_DNS_DISPLACED,
	PST_COUNTER_DNS_OPEN,
	PST_COUNTER_DNS_OPEN_MAX,
	PST_COUNTER_DNS_MS,
	PST_COUNTER_DNS_FAILING_SINCE,
	PST_COUNTER_DNS_DEAD_SINCE,
	/* The report store */
	PST_COUNTER_ROWS_WRITTEN,
	PST_COUNTER_ROWS_LATE,
	PST_COUNTER_ROWS_DROPPED,
	PST_COUNTER_STORE_QUEUE,
	PST_COUNTER_STORE_FAILING_SINCE,
	PST_COUNTER_UPLOAD_BATCHES,
	PST_COUNTER_UPLOAD_FAILING_SINCE,
	/* The journal */
	PST_COUNTER_JOURNAL_WRITTEN,
	PST_COUNTER_JOURNAL_DROPPED,
	PST_COUNTER_JOURNAL_QUEUE,
	PST_COUNTER_JOURNAL_FAILING_SINCE,
	/* The clock */
	PST_COUNTER_CLOCK_STORE_SINCE,
	PST_COUNTER_CLOCK_SERVER_SINCE,
	PST_COUNTER_CLOCK_SIGNATURES_SINCE,
	/* The memory of domains */
	PST_COUNTER_MEMORY_DOMAINS,
	PST_COUNTER_MEMORY_RECORDS,
	PST_COUNTER_MEMORY_BORN,
	PST_COUNTER_MEMORY_REFUSED,
	PST_COUNTER_MEMORY_FAILING_SINCE,
	/* The networks of SPF records (core/spf_lists) */
	PST_COUNTER_SPF_LISTS_FAILING_SINCE,
	PST_COUNTER_SPF_LISTS_MISSING_SINCE,
	/* The processes */
	PST_COUNTER_STARTED,
	PST_COUNTER_WORKERS,
	PST_COUNTER_WORKERS_READY,
	PST_COUNTER_WORKER_STARTS,
	PST_COUNTER_WORKER_CRASHES,
	PST_COUNTER_LAST_CRASH,
	PST_COUNTER_LIBRARY_CRASHES,
	PST_COUNTER_BARRED,
	PST_COUNTER_UNGUARDED,
	PST_COUNTER_RELOADS,
	PST_COUNTER_LAST_RELOAD,
	PST_COUNTER_RELOAD_FAILED_SINCE,
	PST_COUNTER_SUFFIX_LIST_DATED,
	PST_COUNTER_NO_NEW_PRIVS,
	PST_COUNTER_SECCOMP,
	PST_COUNTER_LANDLOCK_ABI,
	PST_COUNTERS
};

enum pst_counter_kind {
	PST_COUNTER_TOTAL,     /* only grows */
	PST_COUNTER_GAUGE,     /* now; 0 again when its process dies */
	PST_COUNTER_LARGEST,   /* a gauge; of all processes the largest */
	PST_COUNTER_SINCE,     /* epoch since when; 0: not now; else a gauge */
	PST_COUNTER_LAST,      /* epoch of the last time; 0: never */
	PST_COUNTER_HISTOGRAM, /* of milliseconds */
};

/* Why a session was refused: the places of PST_COUNTER_SESSIONS_REFUSED. */
enum pst_lack {
	PST_LACK_SESSIONS, /* max-sessions are open */
	PST_LACK_THREAD,   /* the system cannot start a thread */
	PST_LACK_DESCRIPTOR,
	PST_LACK_MEMORY,
};
#define PST_LACKS (PST_LACK_MEMORY + 1)

/* Where a session of the MTA went wrong: places of PST_COUNTER_MILTER_ERRORS. */
enum pst_milter_stage {
	PST_MILTER_NEGOTIATE, /* the MTA cannot do what a check needs */
	PST_MILTER_SESSION,   /* a step without the steps before it */
	PST_MILTER_RCPT,      /* a recipient's reply could not be set */
	PST_MILTER_HEADER,    /* the header could not be changed */
	PST_MILTER_REPLY,     /* the message's reply could not be set */
	PST_MILTER_QUARANTINE,
};
#define PST_MILTER_STAGES (PST_MILTER_QUARANTINE + 1)

/* The numbers of one counter are its places. */
#define PST_COUNTER_PLACES 64

struct pst_counter_info {
	const char *name; /* lower case and underscores */
	const char *help; /* one sentence without a full stop */
	enum pst_counter_kind kind;
	const char *label; /* what a place is, such as "result", or several
	                      things as in core/counters_labels; NULL: the
	                      counter is a single number */
	size_t places;
	/* Returns the name of a place; NULL if names are entered as they occur
	 * (pst_counters_place()) or if there is no label. */
	const char *(*word)(unsigned place);
};

/* Returns the row of the table; static. */
const struct pst_counter_info *pst_counter_info(enum pst_counter counter);

/* ---- histograms ---- */

/* Upper bounds in milliseconds; the last bucket has none. */
#define PST_COUNTER_BUCKETS 16
extern const unsigned pst_counter_bounds_ms[PST_COUNTER_BUCKETS - 1];
/* The place that holds the sum of all times, in milliseconds. */
#define PST_COUNTER_SUM PST_COUNTER_BUCKETS

/* ---- the block ---- */

struct pst_counters;

#define PST_COUNTERS_SUPERVISOR 32 /* the slots before it are for listeners */
#define PST_COUNTERS_SLOTS (PST_COUNTERS_SUPERVISOR + 1)

/*
 * Maps a block, all zero, that children share after a fork. NULL with a
 * sentence in err if there is no memory. pst_counters_unmap() accepts NULL.
 */
struct pst_counters *pst_counters_map(struct pst_err *err) PST_MUST_CHECK;
void pst_counters_unmap(struct pst_counters *block);

/*
 * Returns the descriptor of the block that was mapped, -1 if there is none. It
 * is closed on exec. A program that is executed with a duplicate of it maps the
 * same block with pst_counters_attach().
 */
int pst_counters_fd(void);

/*
 * Maps the block of that descriptor, which stays open. NULL with a sentence in
 * err if it is not a block of this version of the program.
 */
struct pst_counters *
pst_counters_attach(int fd, struct pst_err *err) PST_MUST_CHECK;

/*
 * From now on this process counts in that slot of the block; with NULL it
 * counts nothing. Call it before the process starts a thread.
 */
void pst_counters_enter(struct pst_counters *block, size_t slot);

/*
 * Returns the process that has entered that slot of the block and lives; 0 if
 * there is none. PST_COUNTERS_SUPERVISOR has none, as several processes share it.
 */
pid_t pst_counters_process(const struct pst_counters *block, size_t slot);

/* ---- counting; any thread ---- */

/* Adds n to a place of a total. Place 0 is the only one without a label. */
void pst_counter_add(enum pst_counter counter, unsigned place, uint64_t n);

/* Changes a gauge by a difference, or sets a gauge or a time. */
void pst_counter_change(enum pst_counter counter, int difference);
void pst_counter_set(enum pst_counter counter, uint64_t value);

/* Returns a counter's number at place 0 in our own slot; 0 without a slot. */
uint64_t pst_counter_own(enum pst_counter counter);

/* Adds a time to a histogram. */
void pst_counter_time(enum pst_counter counter, unsigned ms);

/*
 * Sets a SINCE counter to the present if it is not set and `now` is true, or to
 * 0 if `now` is false.
 */
void pst_counter_since(enum pst_counter counter, bool now);

/*
 * Returns the place of a name, which it enters if it is new. The number of
 * names is bounded: when there is no room, and for the name "other", the place
 * is the last one. Names are cut at 63 octets.
 */
unsigned pst_counters_place(enum pst_counter counter, const char *name);

/*
 * Sets a gauge in the slot of another process: a supervisor knows about a
 * worker what that worker cannot say itself.
 */
void pst_counters_set_in(size_t slot, enum pst_counter counter, uint64_t value);

/* The process of that slot has died: sets its gauges to 0 and keeps totals. */
void pst_counters_bury(size_t slot);

/*
 * The tables of slow questions (core/slow_questions): of this process, NULL if
 * it has no slot; and of a block, PST_COUNTERS_SLOTS of them.
 */
struct pst_slow_table;
struct pst_slow_table *pst_counters_own_slow(void);
const struct pst_slow_table *
pst_counters_slow(const struct pst_counters *block);

/* ---- what is counted where ---- */

/* A message that was decided and answered; call it once for each. */
struct pst_message;
void pst_counters_message(const struct pst_message *message);

/* What one message observed about the DNS (core/dns_health). */
void pst_counters_dns_health(enum pst_dns_observation observed);

/* The resolver reports to it (struct pst_resolver_config). */
void pst_counters_resolver(const struct pst_resolver_note *note);

/* ---- reading ---- */

#define PST_COUNTER_NAME_SIZE 64

/* All slots together; large, so allocate it in an arena. */
struct pst_counters_sum {
	uint64_t of[PST_COUNTERS][PST_COUNTER_PLACES];
	/* Of counters whose names are entered; "" if there is none there. */
	char rules[PST_COUNTER_PLACES][PST_COUNTER_NAME_SIZE];
	char operator_rules[PST_COUNTER_PLACES][PST_COUNTER_NAME_SIZE];
};

/* Adds up the slots of a block; with NULL all numbers are 0. Any thread. */
void pst_counters_read(
    const struct pst_counters *block, struct pst_counters_sum *out);

/*
 * Returns the name of a place with a label: its word, or the name that was
 * entered; NULL if none was. *sum must outlive the result.
 */
const char *pst_counters_name(const struct pst_counters_sum *sum,
    enum pst_counter counter, unsigned place);

/* Returns the sum of all places; of a histogram, how many times there were. */
uint64_t pst_counters_total(
    const struct pst_counters_sum *sum, enum pst_counter counter);

/*
 * Returns the bound below which that share of a histogram's times was, in
 * milliseconds; 0 if there were none, UINT_MAX if it is above the last bound.
 */
unsigned pst_counters_percentile(const struct pst_counters_sum *sum,
    enum pst_counter counter, unsigned percent);

/*
 * Adds the member "counters" to the object that is open in json: for each
 * counter an object with its kind, its help and its numbers (postern(1)).
 */
void
pst_counters_json(struct pst_json *json, const struct pst_counters_sum *sum);

/*
 * Reads that member of an object again. Counters of another version that are
 * unknown here are left out, those that are missing there are 0. Returns false
 * with a sentence in err if the member is missing or is not of that form.
 */
bool pst_counters_from_json(const struct pst_json_value *object,
    struct pst_counters_sum *out, struct pst_err *err) PST_MUST_CHECK;

#endif
