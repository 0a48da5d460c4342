/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_AUTH_SPF_RUN_H
#define PST_AUTH_SPF_RUN_H

/*
 * One evaluation of check_host(): which records it went through, what their
 * terms ask the DNS, and the limits of RFC 7208 s. 4.6.4. Private to auth/spf*:
 * spf.c drives it with libspf2, which decides what is asked next and whether
 * an address matches.
 *
 * A run lives in the arena of its check and is thrown away when it has to wait
 * for an answer; the next run starts from nothing.
 */

#include <assert.h>

#include "auth/spf.h"
#include "auth/spf_record.h"

/* A term's number is its index; the redirect comes behind the mechanisms. */
#define PST_SPF_REDIRECT_INDEX PST_SPF_MAX_TERMS

/* Numbers of terms a record, for the names that libspf2 gets to see. */
#define PST_SPF_LEVEL_TOKENS 256

static_assert(PST_SPF_REDIRECT_INDEX < PST_SPF_LEVEL_TOKENS, "term numbers");

struct pst_spf_level;

/* What is known about a term that was evaluated. */
struct pst_spf_term_state {
	bool hit;                    /* a, mx, ptr, exists: it matches */
	bool too_many;               /* mx: more than PST_SPF_MAX_MX names */
	struct pst_spf_level *child; /* include, redirect */
};

/* One record of the evaluation. */
struct pst_spf_level {
	struct pst_spf_level *parent; /* NULL: the sender's own */
	const struct pst_spf_term *via;
	unsigned depth;
	const char *domain;
	struct pst_str text; /* empty when there is no record */
	struct pst_spf_record record;
	struct pst_spf_term_state states[PST_SPF_MAX_TERMS + 1];
	bool stopped; /* the evaluation ended here, with this result: */
	enum pst_result result;
};

struct pst_spf_run {
	struct pst_world *world;
	const struct pst_spf_input *input;
	struct pst_spf_macros macros; /* but for domain and validated */

	struct pst_spf_level *levels[1 + PST_SPF_MAX_LOOKUPS];
	size_t level_count;
	unsigned lookups;
	unsigned voids;

	/* The mx term at work; libspf2 finishes one before the next. */
	const struct pst_dns_answer *mx;
	struct pst_spf_level *mx_level;
	size_t mx_index;

	bool pending; /* an answer is missing: the run is void */
	bool forced;  /* the result is fixed, whatever libspf2 says */
	enum pst_result result;
	const char *why;
};

/* What the DNS says to a term; libspf2 matches the addresses. */
struct pst_spf_reply {
	const struct pst_ip *ips;
	size_t ip_count;
	size_t
	    mx_count; /* mx: names to ask for, one more than allowed at most */
};

/*
 * Gets the record of domain (parent NULL) or of the target of a term. NULL
 * when there is none to evaluate: the run then is pending or forced.
 */
struct pst_spf_level *pst_spf_run_fetch(struct pst_spf_run *run,
    struct pst_spf_level *parent, size_t index, const char *domain);

/*
 * Asks for an a, mx, ptr or exists term. A ptr term's reply is the client's
 * address or nothing. False when the run became pending or forced.
 */
bool pst_spf_run_term(struct pst_spf_run *run, struct pst_spf_level *level,
    size_t index, struct pst_spf_reply *reply);

/* Asks for the addresses of a name of the mx term at work. */
bool pst_spf_run_mx_host(
    struct pst_spf_run *run, size_t host, struct pst_spf_reply *reply);

/* A or AAAA, as the client's address is. */
enum pst_dns_type pst_spf_run_address_type(const struct pst_spf_run *run);

/* NULL while the answer is missing; the run then is pending. */
const struct pst_dns_answer *pst_spf_run_ask(
    struct pst_spf_run *run, struct pst_str name, enum pst_dns_type type);

/* Starts a look-up whose answer will probably be needed. */
void pst_spf_run_ask_ahead(
    struct pst_spf_run *run, struct pst_str name, enum pst_dns_type type);

/*
 * The name that a domain-spec at a level stands for. False when the run became
 * pending; *name is empty when it is none that may be asked for (s. 4.8).
 */
bool
pst_spf_run_target(struct pst_spf_run *run, const struct pst_spf_level *level,
    struct pst_str spec, struct pst_str *name);

/*
 * True when the client has a confirmed name that is domain or lies below it
 * (s. 5.5). The run may become pending.
 */
bool pst_spf_run_ptr_matches(struct pst_spf_run *run, struct pst_str domain);

/*
 * The explanation of a fail (R-SPF-17), NULL when the domain gives none that
 * is valid. False when an answer is missing.
 */
bool pst_spf_run_explain(struct pst_spf_run *run, const char **explanation);

/* True when the term can never match: see R-SPF-16, second sentence. */
bool pst_spf_run_never_matches(
    const struct pst_spf_run *run, const struct pst_spf_term *term);

/*
 * Works out what each record came to, for the reader of a trace. It repeats
 * the decisions, so the tests hold it against libspf2's.
 */
void pst_spf_run_trace(const struct pst_spf_run *run, struct pst_spf *out);

/*
 * The numbers of the terms that libspf2 gets, in its order: those up to `all`,
 * and the redirect last, since libspf2 follows it where it stands.
 */
size_t pst_spf_rewrite_order(
    const struct pst_spf_record *record, size_t numbers[PST_SPF_MAX_TERMS + 1]);

/* Room for a rewritten term, NUL included. */
#define PST_SPF_REWRITTEN_SIZE 80

/*
 * Writes a term for libspf2, "" when it cannot match this client. number is
 * the level's index times PST_SPF_LEVEL_TOKENS plus the term's. To libspf2 a
 * prefix length of 0 is none at all: ip4 and ip6 with it become `all`, and the
 * replies to a and mx allow for it.
 */
void pst_spf_rewrite_term(const struct pst_spf_run *run, size_t number,
    const struct pst_spf_term *term, char text[PST_SPF_REWRITTEN_SIZE]);

/* True when both addresses are of one family and agree in the first bits. */
bool
pst_spf_same_net(const struct pst_ip *a, const struct pst_ip *b, unsigned bits);

#endif
