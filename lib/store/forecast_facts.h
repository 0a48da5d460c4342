/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_FORECAST_FACTS_H
#define PST_STORE_FORECAST_FACTS_H

/*
 * For lib/store/forecast*.c only: what the tallies say of each From domain, each
 * sending system and each pair of them. "Failing" is mail that enforcing would
 * not accept.
 */

#include "store/forecast.h"

#define PST_SKETCH_WORDS (PST_TALLY_SKETCH / 8)

struct pst_forecast_sketch {
	uint64_t words[PST_SKETCH_WORDS];
};

/* Days on which something happened; rows come in the order of days. */
struct pst_forecast_days {
	int64_t first, last;
	unsigned count; /* 0: none, and the others mean nothing */
};

/* Failing senders of a From domain, of one kind: those that pass SPF or DKIM
 * with another domain, or those that do not. */
struct pst_forecast_pool {
	unsigned senders;
	unsigned days; /* of all of them, added */
	unsigned steady;
	unsigned steady_days; /* of these */
	struct pst_forecast_sketch networks;
};

struct pst_forecast_domain {
	struct pst_forecast_domain *next, *chain;
	const char *name;
	uint64_t aligned;
	struct pst_forecast_days aligned_days;
	struct pst_forecast_sketch home; /* networks of aligned mail */
	unsigned home_bits;
	struct pst_forecast_pool pools[2]; /* [authenticates] */
};

struct pst_forecast_via {
	struct pst_forecast_via *next, *chain;
	const char *name;
	bool authenticates;
	uint64_t messages;
	uint64_t indirect;
	uint64_t failing;
	uint64_t peak;                 /* most failing messages on a day */
	uint64_t today;                /* on the day of days.last */
	struct pst_forecast_days days; /* with failing mail */
	struct pst_forecast_sketch networks;
	unsigned domains;     /* From domains for which it fails */
	unsigned established; /* those of them that pass here otherwise */
	unsigned steady;      /* senders of it that are steady */
	unsigned carried;     /* other domains whose aligned mail it carries,
	                         without what chance explains */
	uint64_t aligned;     /* of a network: messages of any domain */
	const char *rule;     /* of a forwarder, when it was made */
};

struct pst_forecast_sender {
	struct pst_forecast_sender *next, *chain;
	struct pst_forecast_domain *domain;
	struct pst_forecast_via *via;
	uint64_t messages;                 /* failing, of the days asked for */
	uint64_t would[PST_TALLY_ACTIONS]; /* of the days asked for */
	uint64_t failing;
	uint64_t aligned;
	uint64_t peak;
	struct pst_forecast_days days;
	struct pst_forecast_sketch networks; /* of failing mail */
};

/* Of a key's domain, or of its network. */
#define PST_FORECAST_MAX_DOMAIN 255
#define PST_FORECAST_BUCKETS 131072

struct pst_forecast_evidence {
	struct pst_arena *arena;
	struct pst_forecast_span span;       /* the days asked for */
	struct pst_forecast_days days;       /* for which there are tallies */
	struct pst_forecast_days asked_days; /* those of them asked for */
	struct pst_forecast_domain *domains;
	struct pst_forecast_via *vias;
	struct pst_forecast_sender *senders;
	size_t sender_count;
	unsigned established; /* domains that pass here */
	/* Senders of domains that never pass, seen on one day */
	struct pst_forecast_pool strangers;
	struct pst_forecast out; /* the totals so far */
	struct pst_forecast_domain *domain_table[PST_FORECAST_BUCKETS];
	struct pst_forecast_via *via_table[PST_FORECAST_BUCKETS];
	struct pst_forecast_sender *sender_table[PST_FORECAST_BUCKETS];
};

/* Completes what depends on all rows; called once, before judging. */
void pst_forecast_relate(struct pst_forecast_evidence *evidence);

/* True if mail on those days, at most peak of failing on one, is steady. */
bool pst_forecast_is_steady(
    const struct pst_forecast_days *days, uint64_t peak, uint64_t failing);

/* A domain that passes here: on three days at least. */
bool pst_forecast_is_established(const struct pst_forecast_domain *domain);
/* False for a network from which hardly any aligned mail comes, whatever its
 * sketch looks like; true for what is not a network. */
bool pst_forecast_may_carry(const struct pst_forecast_via *via);
/* True for a system that fails for more domains that pass here than a mail
 * service does. */
bool pst_forecast_fans(const struct pst_forecast_evidence *evidence,
    const struct pst_forecast_via *via);

unsigned pst_forecast_networks(const struct pst_forecast_sketch *sketch);
unsigned pst_forecast_bits(const struct pst_forecast_sketch *sketch);

/* Sets kind and why. */
void pst_forecast_judge(struct pst_forecast_evidence *evidence,
    struct pst_forecast_sender *sender, struct pst_forecast_row *row);

/* Sets the rule of a row that was judged. */
void pst_forecast_advise(struct pst_forecast_evidence *evidence,
    struct pst_forecast_sender *sender, struct pst_forecast_row *row);

/* True for a forwarder that carries mail of others. */
bool pst_forecast_carries(const struct pst_forecast_via *via);

#endif
