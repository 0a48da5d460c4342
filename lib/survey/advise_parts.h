/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_SURVEY_ADVISE_PARTS_H
#define PST_SURVEY_ADVISE_PARTS_H

/* The evidence of survey/advise.h, for its own files and survey/anomaly.c. */

#include "auth/orgdomain.h"
#include "auth/spf_networks.h"
#include "survey/advise.h"

#define ADVISE_DAY_WORDS 2 /* of 64 days */
#define ADVISE_RECEIVER_WORDS (PST_ADVISE_MAX_RECEIVERS / 64)
/* Identifiers of one source that are kept, and From domains below the domain
 * whose SPF records are read. */
#define ADVISE_MAX_AUTHS 6
#define ADVISE_MAX_FROMS 8
#define ADVISE_MAX_OTHERS 4
#define ADVISE_MAX_MX 20

struct advise_days {
	uint64_t words[ADVISE_DAY_WORDS];
};

struct advise_receivers {
	uint64_t words[ADVISE_RECEIVER_WORDS];
};

/* What one receiver reports of one source and day. */
struct advise_cell {
	struct advise_cell *before; /* of the same source */
	uint16_t receiver;
	uint16_t day; /* 0 is the first that is looked at */
	int64_t passed, failed;
	int64_t excused; /* of the failed: the receiver says "forwarded" */
};

/* When and by whom failures were seen. */
struct advise_presence {
	struct advise_days days, known_days;
	struct advise_receivers receivers;
};

/* Sources that belong together: a network, or a domain that passes. */
struct advise_pool {
	struct advise_pool *next; /* in the table */
	const char *name;         /* "dkim:DOMAIN", or a network */
	struct advise_presence failed;
	struct advise_days seen; /* in reports of known receivers */
	bool has_verified;
};

/* Why a source is verified. */
enum advise_verified {
	ADVISE_IN_SPF = 1u << 0,
	ADVISE_IS_MX = 1u << 1,
	ADVISE_NAMED_BELOW = 1u << 2,
	ADVISE_SEEN_HERE = 1u << 3,
};

struct advise_source {
	struct advise_source *next; /* in the table */
	struct pst_ip ip;
	struct advise_cell *cells; /* the latest first */
	size_t cell_count;
	struct advise_pool *network;
	struct advise_pool *auths[ADVISE_MAX_AUTHS]; /* of other domains */
	size_t auth_count;
	bool own_dkim, own_spf; /* aligned passes, as reports say */
	bool own_auth; /* an identifier of the domain passed, in some way */
	const char *others[ADVISE_MAX_OTHERS]; /* domains of ours whose DKIM
	                                          passes there, and not SPF */
	size_t other_count;
	struct advise_receivers
	    carrying;            /* that saw other domains pass there */
	struct advise_days here; /* this gateway saw an aligned DKIM pass */
	unsigned verified;
	const struct pst_source_mark *mark; /* NULL: none */
	const char *name;
	bool has_name; /* was asked for */
	bool spf_asked;
	/* by advise_judge.c */
	enum pst_advise_kind kind;
	bool in_the_way;
};

struct advise_from {
	const char *name;
	struct pst_spf_networks nets;
	bool done;
};

struct advise_sum; /* advise_text.h */

struct pst_advise {
	struct pst_arena *arena;
	const struct pst_advise_input *input;
	int64_t first_day;
	size_t day_count;
	struct advise_source **table;
	struct advise_source **sources; /* all, after advise_list() */
	size_t count;
	struct advise_pool **pools;
	size_t pool_count;
	const char *receivers[PST_ADVISE_MAX_RECEIVERS]; /* as reported */
	size_t receiver_count;
	struct advise_receivers known;
	bool cut;
	uint64_t seen_here, seen_aligned;
	/* of the DNS */
	struct advise_from froms[ADVISE_MAX_FROMS]; /* the domain first */
	size_t from_count;
	struct pst_walk walk;
	bool walk_done, mx_done, named, failed;
	bool sends_nothing; /* the SPF record is "v=spf1 -all" */
	struct pst_ip mx[ADVISE_MAX_MX * 4];
	size_t mx_count;
};

/* ---- advise_take.c ---- */

/* Makes the list of all sources, those with most evidence first. */
void advise_list(struct pst_advise *advise);

bool advise_day_has(const struct advise_days *days, size_t day);
void advise_day_add(struct advise_days *days, size_t day);
void advise_days_join(struct advise_days *to, const struct advise_days *from);
unsigned advise_days_count(const struct advise_days *days);

bool advise_receiver_has(const struct advise_receivers *set, size_t receiver);
void advise_receiver_add(struct advise_receivers *set, size_t receiver);
/* How many are in the set; in both, if with is not NULL. */
size_t advise_receivers_count(
    const struct advise_receivers *set, const struct advise_receivers *with);

/* ---- advise_judge.c ---- */

/* Finds the known receivers and judges all sources. */
void advise_judge(struct pst_advise *advise);

/* True if so much of what the cell counts failed that it is not chance. */
bool advise_cell_fails(const struct advise_cell *cell, bool excuses);

bool advise_is_yours(const struct advise_source *source);

/* ---- advise_verdict.c ---- */

void advise_conclude(struct pst_advise *advise, struct pst_advice *out);

/* ---- advise_text.c ---- */

/* Sums up sources that are judged alike, in a row. */
void
advise_describe(struct pst_advise *advise, struct advise_source *const *sources,
    size_t count, struct pst_advise_row *row);

#endif
