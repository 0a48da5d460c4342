/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_AUTH_SPF_RUN_H
#define PST_AUTH_SPF_RUN_H

/*
 * One evaluation of check_host(): which records it went through, what their
 * terms ask the DNS, and the limits of RFC 7208 s. 4.6.4. Private to auth/spf*.
 * spf.c drives it with libspf2, which decides what is asked next and whether an
 * address matches.
 *
 * A run lives in the arena of its check and is discarded when it has to wait
 * for an answer; the next run starts from scratch.
 */

#include <assert.h>

#include "auth/spf.h"
#include "auth/spf_record.h"

/* A term's number is its index; the redirect comes after all mechanisms. */
#define PST_SPF_REDIRECT_INDEX PST_SPF_MAX_TERMS

/* Term numbers for each record, in the names that libspf2 is given. */
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
	struct pst_spf_level *parent; /* NULL: the sender's own record */
	const struct pst_spf_term *via;
	unsigned depth;
	const char *domain;
	struct pst_str text; /* empty when there is no record */
	struct pst_spf_record record;
	struct pst_spf_term_state states[PST_SPF_MAX_TERMS + 1];
	bool stopped; /* the evaluation ended here, with this result: */
	enum pst_result result;
	struct pst_str matched; /* the term that matched; set by the trace */
};

struct pst_spf_run {
	struct pst_world *world;
	const struct pst_spf_input *input;
	struct pst_spf_macros macros; /* except for domain and validated */

	struct pst_spf_level *levels[1 + PST_SPF_MAX_LOOKUPS];
	size_t level_count;
	unsigned lookups;
	unsigned voids;

	/* The current mx term; libspf2 finishes it before the next term. */
	const struct pst_dns_answer *mx;
	struct pst_spf_level *mx_level;
	size_t mx_index;

	bool pending; /* an answer is missing: discard the run */
	bool forced;  /* the result is fixed, whatever libspf2 says */
	enum pst_result result;
	const char *why;
	struct pst_str term; /* what a forced result is due to; or empty */
	const char *term_domain;
};

/* The DNS's answer for a term; libspf2 matches the addresses. */
struct pst_spf_reply {
	const struct pst_ip *ips;
	size_t ip_count;
	size_t
	    mx_count; /* mx: names to look up, at most one more than allowed */
};

/*
 * Gets the record of domain (if parent is NULL) or of the target of parent's
 * term. Returns NULL if there is none to evaluate; the run is then pending or
 * forced.
 */
struct pst_spf_level *pst_spf_run_fetch(struct pst_spf_run *run,
    struct pst_spf_level *parent, size_t index, const char *domain);

/*
 * Makes the queries of an a, mx, ptr or exists term. The reply to a ptr term is
 * the client's address or nothing. Returns false if the run became pending or
 * forced.
 */
bool pst_spf_run_term(struct pst_spf_run *run, struct pst_spf_level *level,
    size_t index, struct pst_spf_reply *reply);

/*
 * Asks for the addresses of one name of the current mx term. Returns false if
 * the run became pending or forced.
 */
bool pst_spf_run_mx_host(
    struct pst_spf_run *run, size_t host, struct pst_spf_reply *reply);

/* Returns the type A or AAAA, according to the client's address. */
enum pst_dns_type pst_spf_run_address_type(const struct pst_spf_run *run);

/* Returns NULL while the answer is missing; the run is then pending. */
const struct pst_dns_answer *pst_spf_run_ask(
    struct pst_spf_run *run, struct pst_str name, enum pst_dns_type type);

/* Starts a look-up whose answer will probably be needed. */
void pst_spf_run_ask_ahead(
    struct pst_spf_run *run, struct pst_str name, enum pst_dns_type type);

/*
 * Expands a domain-spec at a level to a name. *name is empty if the name must
 * not be queried (s. 4.8). Returns false if the run became pending.
 */
bool
pst_spf_run_target(struct pst_spf_run *run, const struct pst_spf_level *level,
    struct pst_str spec, struct pst_str *name);

/*
 * Returns true if the client has a confirmed name that is domain or below it
 * (s. 5.5). The run may become pending.
 */
bool pst_spf_run_ptr_matches(struct pst_spf_run *run, struct pst_str domain);

/*
 * Sets *explanation to the explanation of a fail (R-SPF-17); NULL if the domain
 * does not give a valid one. Returns false while an answer is missing.
 */
bool pst_spf_run_explain(struct pst_spf_run *run, const char **explanation);

/* Returns true if the term can never match: see R-SPF-16, second sentence. */
bool pst_spf_run_never_matches(
    const struct pst_spf_run *run, const struct pst_spf_term *term);

/*
 * Works out the result of each record, and sets term and term_domain. It repeats
 * the decisions of libspf2, so the tests compare the two.
 */
void pst_spf_run_results(struct pst_spf_run *run, struct pst_spf *out);

/*
 * After pst_spf_run_results(): returns whether a pass is weak (auth/spf.h). What
 * counts is the term at the end of the includes and redirects that led to it.
 */
enum pst_spf_weak pst_spf_run_weak(const struct pst_spf_run *run);

/* Stores the trace, after pst_spf_run_results(). */
void pst_spf_run_trace(const struct pst_spf_run *run, struct pst_spf *out);

/*
 * Stores the numbers of the terms that libspf2 is given, in that order, and
 * returns how many there are. Nothing after `all` is given to it. The redirect
 * comes last, since libspf2 follows it wherever it appears.
 */
size_t pst_spf_rewrite_order(
    const struct pst_spf_record *record, size_t numbers[PST_SPF_MAX_TERMS + 1]);

/* Octets of a rewritten term, including the NUL. */
#define PST_SPF_REWRITTEN_SIZE 80

/*
 * Writes a term for libspf2; "" if the term cannot match this client. number is
 * the level's index times PST_SPF_LEVEL_TOKENS plus the term's number. libspf2
 * takes a prefix length of 0 for none at all. So ip4 and ip6 with that length
 * become `all`, and the replies to a and mx take care of it.
 */
void pst_spf_rewrite_term(const struct pst_spf_run *run, size_t number,
    const struct pst_spf_term *term, char text[PST_SPF_REWRITTEN_SIZE]);

/* Returns true if both are of one family and agree in the first bits. */
bool
pst_spf_same_net(const struct pst_ip *a, const struct pst_ip *b, unsigned bits);

#endif
