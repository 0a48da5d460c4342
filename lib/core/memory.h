/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_MEMORY_H
#define PST_CORE_MEMORY_H

/*
 * What is remembered of domains from earlier mail, for the time when it cannot
 * be asked again:
 *
 *	the DMARC record that was last seen at a name. It is used when the
 *	look-up fails, and only then (as in RFC 8767; R-DMARC-47).
 *	on how many days a domain authenticated, by an SPF pass or a DKIM pass.
 *	A claim of indirect mail counts only for a domain that is known here
 *	(core/indirect, R-DMARC-43).
 *
 * The table is bounded, in rows and in octets. When it is full, domains not
 * seen for PST_MEMORY_KEEP_DAYS go first, then domains that never passed
 * aligned, then those known for the fewest days, then those not seen for
 * longest. A new domain takes the place only of one that ranks no higher than
 * itself; if there is none, it is not noted. One client network (IPv4 /24,
 * IPv6 /64) can add only so many domains a day. So nobody can push out the
 * domains that others need.
 *
 * The table lives in the process. store/memory_file keeps it on disk. All
 * functions are thread-safe, except for the first two, and none of them waits
 * for a disk.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/world.h"
#include "base/arena.h"
#include "base/ip.h"
#include "base/str.h"

#define PST_MEMORY_MAX_DOMAINS 100000
/* Longer records are not remembered. */
#define PST_MEMORY_MAX_RECORD 1024
/* New domains that one client network may add in a day. */
#define PST_MEMORY_MAX_NEW 2000
/* Days are counted up to this number. */
#define PST_MEMORY_MAX_DAYS 60
/*
 * A domain that did not authenticate for longer than this starts again at one
 * day. A domain that was not seen for longer is forgotten.
 */
#define PST_MEMORY_KEEP_DAYS 60
/*
 * How many octets each row may take on average, besides its place in the
 * table: 100,000 rows take 18 MB with typical records, and at most 25 MB.
 */
#define PST_MEMORY_ROW_BYTES 200

struct pst_memory;

/*
 * Returns an empty table, never NULL. max_domains is at least 1. born_epoch:
 * see pst_memory_is_young().
 */
struct pst_memory *pst_memory_new(size_t max_domains, int64_t born_epoch);
void pst_memory_free(struct pst_memory *memory); /* NULL is allowed */

/* One domain, as it is stored. */
struct pst_memory_row {
	const char *domain; /* normal form */
	/* The TXT record seen at _dmarc.<domain>; empty: none is remembered. */
	struct pst_str record;
	int64_t record_epoch;  /* when it was last seen, or, if record is empty,
	                          when an answer said that there is none; 0:
	                          never */
	unsigned days;         /* distinct days on which it authenticated, at
	                          most PST_MEMORY_MAX_DAYS */
	int64_t last_day;      /* the last of them, days since 1970; 0: none */
	int64_t first_epoch;   /* when the domain was first noted */
	int64_t aligned_epoch; /* when it last passed aligned as a From domain;
	                          0: never */
};

/* An answer of the DNS, not one that was remembered. */
struct pst_memory_answer {
	const char *domain;
	struct pst_str record; /* empty: an authoritative answer said that
	                          there is none */
};

/* What one message taught; every domain is in normal form. */
struct pst_memory_lesson {
	struct pst_ip client; /* whose network pays for new domains */
	int64_t now_epoch;
	/* What answers said of names that may have a record. */
	const struct pst_memory_answer *answers;
	size_t answer_count;
	/* Domains that passed SPF or DKIM. */
	const char *const *authenticated;
	size_t authenticated_count;
	/* The Author Domain, if it passed aligned; else NULL. */
	const char *aligned;
};

/*
 * Takes in what one message taught. A record that is too long, or is not UTF-8
 * text, is not remembered, and neither is the one before it. If `aligned` is
 * given, it and the names above it that have a record count as aligned: their
 * policies protect that author.
 *
 * A row counts as changed, for the disk, if its text or a day has changed, and
 * about once an hour while its record is seen. So the age of a record that was
 * read from the disk may be up to an hour too high.
 */
void pst_memory_learn(
    struct pst_memory *memory, const struct pst_memory_lesson *lesson);

/*
 * Returns true if a record of that name was seen in the last max_age_s seconds
 * and no answer has since said that there is none. out->record is a copy in
 * the arena of *out.
 */
bool pst_memory_recall(struct pst_memory *memory, const char *domain,
    int64_t now_epoch, int64_t max_age_s, struct pst_recalled *out);

/*
 * Returns on how many days before the one of now_epoch the domain has
 * authenticated here; 0 for a domain that is not known.
 */
unsigned pst_memory_earlier_days(
    struct pst_memory *memory, const char *domain, int64_t now_epoch);

/*
 * Returns true while the memory is less than a week old, so that a domain
 * cannot be expected to be known.
 */
bool pst_memory_is_young(struct pst_memory *memory, int64_t now_epoch);

/*
 * For store/memory_file: takes up to max changed rows, with their texts in the
 * arena, and marks them as unchanged. Returns how many there are.
 */
size_t pst_memory_take_changed(struct pst_memory *memory,
    struct pst_arena *arena, struct pst_memory_row *rows, size_t max);

/* The same for a file that is new: marks all rows as changed. */
void pst_memory_change_all(struct pst_memory *memory);

/*
 * Whether a row from the disk or from another gateway may be used: its domain
 * is in normal form, its record is text, and its times are between 1970 and
 * 9999.
 */
bool pst_memory_is_sound(const struct pst_memory_row *row);

/*
 * Merges a row from the disk or from another gateway: of each value the newer
 * or larger one counts. Days from before a gap of more than
 * PST_MEMORY_KEEP_DAYS do not count. A row that is not sound is left out. Rows
 * that were seen last come last.
 */
void
pst_memory_merge(struct pst_memory *memory, const struct pst_memory_row *row);

/* Returns when something of the domain was last seen, seconds since 1970. */
int64_t pst_memory_seen(const struct pst_memory_row *row);

/* Makes *into what pst_memory_merge() makes of two rows of one domain. */
void pst_memory_combine(
    struct pst_memory_row *into, const struct pst_memory_row *other);

/* Figures for operators. */
struct pst_memory_figures {
	size_t domains;
	size_t with_record;
	size_t bytes; /* of memory, without what malloc() adds */
	int64_t born_epoch;
	uint64_t refused; /* new domains that were not noted: their client
	                     network had added enough, or there was no room */
};
void
pst_memory_figures(struct pst_memory *memory, struct pst_memory_figures *out);

/* Makes the memory as old as the oldest file that it was read from. */
void pst_memory_set_born(struct pst_memory *memory, int64_t born_epoch);

#endif
