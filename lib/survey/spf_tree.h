/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_SURVEY_SPF_TREE_H
#define PST_SURVEY_SPF_TREE_H

/*
 * The tree of SPF records below a domain, without a client: what each term costs
 * when none matches, which takes the most look-ups. Counts are those of auth/spf,
 * which has a client.
 */

#include "auth/spf_record.h"
#include "survey/survey.h"

/* Look-ups after which the walk ends: the record is broken long before. */
#define PST_SPF_TREE_LOOKUPS 40
#define PST_SPF_TREE_NODES 1000

/* One record of the tree. */
struct pst_spf_branch {
	const struct pst_spf_branch *parent; /* NULL: the domain's own */
	const char *domain;                  /* any octets: escape it */
	const char *shown;                   /* the same, escaped */
	struct pst_str text;
	struct pst_str via; /* the term of the parent that leads here */
	unsigned depth;
	bool is_own;   /* the owner of the domain can change it */
	bool is_final; /* its `all` decides: it is not included */
	bool passes;   /* what passes here passes for the domain */
};

/* A limit, and the term that goes beyond it first. */
struct pst_spf_limit {
	unsigned used;
	const struct pst_spf_branch *over; /* NULL: the limit is kept */
	struct pst_str term;
};

struct pst_spf_tree {
	struct pst_survey_part *part;
	struct pst_survey_spf *out;
	size_t node_capacity;
	struct pst_spf_limit lookups;
	struct pst_spf_limit voids;    /* for a client with an IPv4 address */
	struct pst_spf_limit voids_v6; /* and for one with an IPv6 address */
	bool pending;                  /* an answer is missing */
	bool failed;                   /* a look-up has failed */
};

/*
 * Walks the record and all below it. Adds what is found, except for the limits.
 * Asks for everything that it can; tree->pending tells whether that has been
 * enough.
 */
void
pst_spf_tree_walk(struct pst_spf_tree *tree, const struct pst_spf_branch *top);

/* What is said of a record or of a term in it. */
struct pst_spf_remark {
	const char *name;    /* of the finding */
	struct pst_str term; /* ptr NULL: the whole record */
	const char *text;
	const char *instead; /* may be NULL */
};
void pst_spf_say(struct pst_findings_list *list,
    const struct pst_spf_branch *branch, struct pst_spf_remark remark);

/* ---- spf_terms.c: what the text of a record tells ---- */

/* Examines a record that can be read. */
void pst_spf_terms_check(struct pst_findings_list *list,
    const struct pst_spf_branch *branch, const struct pst_spf_record *record);

/* ---- spf_wrong.c: what is wrong with a text, and what was meant ---- */

/* A record that pst_spf_record_parse() refused, with its reason. */
void pst_spf_wrong_check(struct pst_findings_list *list,
    const struct pst_spf_branch *branch, struct pst_str wrong, const char *why);

/*
 * Returns what was probably meant by a term that is not valid, or by a modifier
 * that is not known; NULL: it is not known. What it returns may be advice in
 * words, which is not a term.
 */
const char *pst_spf_term_mend(struct pst_arena *arena, struct pst_str term);

/* Names the terms that receivers ignore. */
void pst_spf_modifiers_check(
    struct pst_findings_list *list, const struct pst_spf_branch *branch);

/* True if the text was meant as an SPF record, but no receiver takes it. */
bool pst_spf_text_is_meant(struct pst_str text);

#endif
