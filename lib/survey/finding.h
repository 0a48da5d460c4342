/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_SURVEY_FINDING_H
#define PST_SURVEY_FINDING_H

/*
 * What is found when the records of a domain are examined. A finding has a
 * stable name for scripts, such as "spf-too-many-lookups"; the one table of names
 * is pst_finding_info(). Texts are printable and live in the survey's arena.
 */

#include "base/arena.h"
#include "base/str.h"

enum pst_severity {
	PST_SEVERITY_GOOD,    /* right, and worth saying */
	PST_SEVERITY_NOTE,    /* neither right nor wrong */
	PST_SEVERITY_UNKNOWN, /* could not be told: the DNS did not answer */
	PST_SEVERITY_WARNING, /* works, but not as one would expect */
	PST_SEVERITY_ERROR,   /* does not work, or does harm */
};
#define PST_SEVERITIES (PST_SEVERITY_ERROR + 1)

/* Returns "good", "note", "unknown", "warning" or "error". */
const char *pst_severity_word(enum pst_severity severity);

/* What a finding is about. */
enum pst_finding_topic {
	PST_TOPIC_SPF,
	PST_TOPIC_DKIM,
	PST_TOPIC_DMARC,
	PST_TOPIC_MAIL, /* MX, addresses, PTR */
	PST_TOPIC_DNS,  /* DNSSEC, wildcards, failures */
};
#define PST_TOPICS (PST_TOPIC_DNS + 1)

/* Returns "spf", "dkim", "dmarc", "mail" or "dns". */
const char *pst_topic_word(enum pst_finding_topic topic);

struct pst_finding_info {
	const char *name; /* lower case and hyphens */
	enum pst_finding_topic topic;
	enum pst_severity severity;
	const char *meaning; /* one sentence: what it means for mail */
};

/* The rows of the table, in the order of their names; *count is how many. */
const struct pst_finding_info *pst_finding_table(size_t *count);

/* Returns the row of that name; NULL if there is none. */
const struct pst_finding_info *pst_finding_info(const char *name);

struct pst_finding {
	const struct pst_finding_info *info;
	const char *at;      /* the name whose record it is, such as
	                        "_dmarc.example.com" */
	const char *term;    /* the exact term, escaped; NULL: the whole record,
	                        or its absence */
	size_t position;     /* of the term in the record, in octets from 1; 0:
	                        none */
	const char *text;    /* what is the case, in one sentence */
	const char *instead; /* what to write or do; NULL: nothing */
};

struct pst_findings_list {
	struct pst_arena *arena;
	struct pst_finding *items;
	size_t count, capacity;
	bool cut; /* there were more than PST_FINDINGS_MAX */
};
/* A record can be made to have any number of faults; these are kept. */
#define PST_FINDINGS_MAX 500

/* Where a finding is; term.ptr NULL: none. record is the text that contains
 * term, for its position. */
struct pst_finding_place {
	const char *at;
	struct pst_str record;
	struct pst_str term;
};

/*
 * Adds a finding. name must be one of the table. text is what is the case;
 * instead may be NULL. Both are copied into the arena by the caller (they are
 * not copied here), printable and without a newline.
 */
void pst_finding_add(struct pst_findings_list *list, const char *name,
    const struct pst_finding_place *place, const char *text,
    const char *instead);

/* True if the list has a finding of that name. */
bool pst_finding_has(const struct pst_findings_list *list, const char *name);

/*
 * True if the list has a finding about that topic that is at least as severe, at
 * that name; at NULL: at any name.
 */
bool pst_finding_has_fault(const struct pst_findings_list *list,
    enum pst_finding_topic topic, enum pst_severity least, const char *at);

/* Adds how many findings there are of each severity to the counts. */
void pst_findings_count(
    const struct pst_findings_list *list, size_t counts[PST_SEVERITIES]);

#endif
