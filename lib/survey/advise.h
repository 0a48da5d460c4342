/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_SURVEY_ADVISE_H
#define PST_SURVEY_ADVISE_H

/*
 * The senders in the name of a domain of ours, and whether its DMARC policy may
 * become stricter. The evidence: what receivers report, what the DNS says now,
 * and what this gateway has seen itself.
 *
 * Anybody can send us a report, with any text, date and name of a receiver. So
 * nothing that a report says can make a source "yours", and more reports can
 * never turn a source into a forgery: they only add to what is known of it. Each
 * sign, what it costs a liar, and what he gains by it:
 *
 * 1. Verified. The address is in the SPF record of the domain (or of a
 *    sub-domain that is reported), is one of its MX hosts, or has a name below
 *    the domain, confirmed both ways; or this gateway saw an aligned SPF pass
 *    from there. Only the owner's records give that. Someone who sends through
 *    the same provider is verified too: he delays the step ("yours, broken").
 * 2. Aligned passes in reports. They can be made up. A source that passes is not
 *    in the way, and a source without signs of kind 1 stays "unclear" with them,
 *    so this changes no advice: passes do not outweigh the failures of other
 *    receivers and days. If this gateway saw aligned DKIM passes from there on
 *    PST_ADVISE_HERE_DAYS days too, the source is "yours". Signed mail that is
 *    sent on once more gives that; it changes a word and no advice.
 * 3. Known receivers: those that reported on verified sources on at least
 *    PST_ADVISE_KNOWN_DAYS days. A liar can use the name of one, or write such
 *    reports himself from the SPF record. He gains that his source is "unclear"
 *    and in the way until the owner marks it. In the name of two receivers and
 *    for each of their days, he can also make a source that fails look as if it
 *    were a forwarder, or add passes to its failures; of a verified one, only
 *    days with less than 100 failures. Without known receivers nothing is
 *    advised.
 * 4. Steadiness: days and receivers that saw failures. What is steady is not
 *    called a forgery, whatever else is known; a patient forger is therefore
 *    "unclear" and in the way. Days and receivers are counted, and not messages,
 *    as those can be any number. Addresses of one network, and those that pass
 *    for one other domain, are counted together, as senders with many addresses
 *    use each of them seldom.
 * 5. Forwarded. DKIM of the domain passes there and SPF does not, and there is
 *    one more sign: known receivers saw it do so for other domains of ours, they
 *    say "forwarded" or "mailing_list", or saw other domains pass. Two known
 *    receivers must say so, and failures must not prevail. Never for a verified
 *    source.
 * 6. Forgery: what remains. Nothing has ever been aligned, the address is not
 *    verified, and it came on few days.
 *
 * The owner's marks decide over everything. If there are more sources or
 * receivers than are looked at, nothing is advised.
 */

#include "auth/world.h"
#include "base/err.h"
#include "store/query_sources.h"

#define PST_ADVISE_MAX_DAYS 90
#define PST_ADVISE_MAX_SOURCES 200000
#define PST_ADVISE_MAX_RECEIVERS 512
#define PST_ADVISE_MAX_ROWS 2000000
/* Sources whose names are asked for: those with most evidence. */
#define PST_ADVISE_MAX_NAMED 150
/* DNS questions of one advice. */
#define PST_ADVISE_QUERIES 4000

/* What a stricter policy requires, besides that nothing is in the way. */
#define PST_ADVISE_MIN_DAYS 14     /* with reports of known receivers */
#define PST_ADVISE_MIN_RECEIVERS 2 /* known ones */
#define PST_ADVISE_MIN_MESSAGES 50 /* of sources that are yours */

#define PST_ADVISE_KNOWN_DAYS 3
#define PST_ADVISE_HERE_DAYS 3

enum pst_advise_kind {
	PST_ADVISE_ALIGNED,   /* yours, and it passes */
	PST_ADVISE_BROKEN,    /* yours, and it fails */
	PST_ADVISE_FORWARDER, /* sends on what others sent */
	PST_ADVISE_FORGERY,
	PST_ADVISE_UNCLEAR,
};
#define PST_ADVISE_KINDS (PST_ADVISE_UNCLEAR + 1)

/* Returns "yours", "yours, broken", "forwarder", "forgery", "unclear". */
const char *pst_advise_word(enum pst_advise_kind kind);
/* The same for programs: "aligned", "broken", ... */
const char *pst_advise_name(enum pst_advise_kind kind);

/* One source, or the addresses of one network that are judged alike. All texts
 * are printable. */
struct pst_advise_row {
	const char *source; /* an address or a network */
	size_t addresses;
	const char *name; /* confirmed by the DNS both ways; NULL: none */
	enum pst_advise_kind kind;
	bool in_the_way;           /* of a stricter policy */
	const char *why;           /* the reasons, in short words */
	const char *fix;           /* what to do about it; NULL: nothing */
	const char *authenticated; /* domains that passed; "" */
	const char *receivers;     /* names of some */
	size_t receiver_count;
	int64_t messages, passed;
	double share;                /* of all messages of the domain, 0 to 1 */
	const char *trend;           /* "new", "up", "down", "steady", "gone" */
	unsigned days;               /* on which it was reported */
	int64_t first_day, last_day; /* as in base/day.h */
	enum pst_mark_kind mark;
	const char *note; /* of the owner; "" */
};

enum pst_advise_verdict {
	PST_ADVISE_SAFE,       /* take the next step */
	PST_ADVISE_DONE,       /* no step is left */
	PST_ADVISE_IN_THE_WAY, /* some source would break */
	PST_ADVISE_TOO_LITTLE, /* evidence */
	PST_ADVISE_NO_RECORD,  /* publish one first */
	PST_ADVISE_NOT_USABLE, /* the record, or it is that of another domain */
	PST_ADVISE_NOT_KNOWN,  /* the DNS did not answer */
};
/* Returns "safe", "done", "in-the-way", "too-little", ... */
const char *pst_advise_verdict_name(enum pst_advise_verdict verdict);

struct pst_advice {
	const char *domain;
	struct pst_advise_row *rows; /* in the way first, then by kind */
	size_t count;
	size_t by_kind[PST_ADVISE_KINDS]; /* addresses */
	int64_t messages_by_kind[PST_ADVISE_KINDS];
	int64_t messages, passed;
	unsigned days;      /* with reports of known receivers */
	size_t receivers;   /* known ones */
	size_t strangers;   /* receivers that are not */
	int64_t genuine;    /* messages of sources that are yours */
	uint64_t seen_here; /* messages that this gateway saw itself */
	uint64_t seen_aligned;
	enum pst_advise_verdict verdict;
	const char *sentence; /* the verdict in words */
	/* The record to publish, as text and as lines of a zone; NULL: none */
	const char *owner, *text, *zone, *step;
	const char *current; /* the policy that is published; NULL: none */
};

struct pst_advise_input {
	const char *domain; /* in normal form */
	int64_t now_s;
	unsigned days; /* that are looked at, up to today; at most
	                  PST_ADVISE_MAX_DAYS */
	const struct pst_source_marks *marks;
};

struct pst_advise; /* the evidence */

/* input and everything in it must live as long as the arena. */
struct pst_advise *
pst_advise_begin(struct pst_arena *arena, const struct pst_advise_input *input);

/* Take rows of reports: of the domain and those below it; then of all domains of
 * ours. They are visitors of pst_query_sources(); arg is the evidence. */
bool pst_advise_take(void *arg, const struct pst_query_source *row);
bool pst_advise_take_other(void *arg, const struct pst_query_source *row);

/* Some rows could not be taken in, so nothing is advised. */
void pst_advise_is_cut(struct pst_advise *advise);

/* A message in the domain's name that this gateway saw: what passed aligned. */
void pst_advise_seen(struct pst_advise *advise, const struct pst_ip *client,
    int64_t seen_s, unsigned aligned);
/* Sums of the tallies: all messages in the domain's name, and aligned ones. */
void pst_advise_tally(
    struct pst_advise *advise, uint64_t messages, uint64_t aligned);

/* Asks the DNS, after all rows were taken. Restartable (auth/world.h). */
bool pst_advise_ask(
    struct pst_world *world, struct pst_advise *advise) PST_MUST_CHECK;

/* Judges, after pst_advise_ask() has returned true. In the arena. */
void pst_advise_end(struct pst_advise *advise, struct pst_advice *out);

#endif
