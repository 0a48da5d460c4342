/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TESTS_TRUTH_H
#define PST_TESTS_TRUTH_H

/*
 * Forty days of made-up mail of which it is known who sent it: 60 From domains
 * with their own servers, mail services, forwarders, lists and mistakes, and
 * those that forge them. Each message goes through the engine, with real
 * signatures and a zone. The same seed makes the same mail.
 */

#include "base/arena.h"
#include "core/session.h"
#include "tests/unit/core_fixture.h"

#define TRUTH_DOMAINS 60
#define TRUTH_DAYS 40
/* The day of the first mail, since 1970. */
#define TRUTH_FIRST_DAY 19700

enum truth_kind {
	/* genuine */
	TRUTH_OWN,          /* own servers, in order */
	TRUTH_NO_SPF,       /* a server that the SPF record lacks, unsigned */
	TRUTH_BROKEN_KEY,   /* the key of its signatures is gone, no SPF */
	TRUTH_LATER_BROKEN, /* the same, after it was in order for some days */
	TRUTH_SMALL,        /* a few messages, nothing is in order */
	TRUTH_ESP,          /* a mail service with its own name only */
	TRUTH_ESP_MIXED,    /* one that signs for other customers properly */
	TRUTH_WEB,          /* a web server that sends for some customers */
	TRUTH_SRS,          /* a forwarder that rewrites MAIL FROM */
	TRUTH_PLAIN,        /* a forwarder that does not */
	TRUTH_LIST,         /* a mailing list that signs */
	TRUTH_LIST_SPF,     /* one that does not */
	/* forged */
	TRUTH_BOTNET,
	TRUTH_BOTNET_SLOW, /* a few bots that come again and again */
	TRUTH_SNOWSHOE,    /* networks and names, for a few days each */
	TRUTH_CHEAP,       /* one name, with DKIM, for all domains */
	TRUTH_LISTED,      /* one with a List-Id of its own */
	TRUTH_VISIT,       /* a rented server, for a few days */
	TRUTH_PATIENT,     /* one name, with DKIM, one domain, every day */
	TRUTH_RENTED,      /* the same without a name: a server's address */
	TRUTH_FLOOD,       /* From domains that are random */
};
#define TRUTH_KINDS (TRUTH_FLOOD + 1)

bool truth_is_genuine(enum truth_kind kind);
const char *truth_word(enum truth_kind kind);

/* A stream of messages of one kind. */
struct truth_flow {
	struct truth_flow *next;
	enum truth_kind kind;
	unsigned first, until; /* days; until is not included */
	unsigned every;        /* days from one to the next */
	unsigned count;        /* messages on such a day */
	unsigned domain;       /* the first From domain; TRUTH_DOMAINS: random
	                          names */
	unsigned domains;      /* of them, one is drawn for each message */
	unsigned network;      /* the same for client networks */
	unsigned networks;
	const char *signer;      /* d=; "": the From domain; NULL: unsigned */
	const char *selector;    /* NULL: the one in the zone */
	const char *return_path; /* its domain; NULL: the From domain */
	bool srs;
	const char *list_id;
};

struct truth {
	struct pst_arena *arena;
	struct truth_flow *flows;
	uint64_t random;
	struct lab lab;
	struct sign_key *key;
	unsigned messages;
	struct pst_buf *zone; /* while it is made */
};

/* Makes the world; many is 1, or more for more mail of each. */
void truth_begin(struct truth *truth, uint64_t seed, unsigned many);
void truth_end(struct truth *truth);

/* The configuration is replaced by this: "mode = monitor\n" and the like. */
void truth_configure(struct truth *truth, const char *text);

/* Called with each decided message. */
struct truth_visitor {
	void (*call)(void *arg, const struct truth_flow *flow,
	    const struct pst_message *message);
	void *arg;
};

/* Plays the mail of a day, 0 to TRUTH_DAYS - 1; days must come in order. */
void
truth_play(struct truth *truth, unsigned day, struct truth_visitor visitor);

/* For truth_world.c: a number below limit. */
unsigned truth_draw(struct truth *truth, unsigned limit);
/* Makes the zone and the flows. */
const char *truth_world(struct truth *truth, unsigned many);
/* Returns the name of a From domain, in the arena. */
const char *truth_domain(struct truth *truth, unsigned number);

#endif
