/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_SURVEY_SURVEY_H
#define PST_SURVEY_SURVEY_H

/*
 * The mail records of one domain, examined: what receivers make of them. All
 * questions go through one door to the DNS, side by side, so a survey takes
 * about as long as the longest chain of look-ups. SERVFAIL and time-outs are
 * never "no record": they are findings of their own (PST_SEVERITY_UNKNOWN).
 *
 * A survey is pure apart from its questions: given the same answers, it gives the
 * same findings.
 */

#include "auth/world.h"
#include "auth/orgdomain.h"
#include "survey/finding.h"

/* Questions of one survey, and how long it waits for all of them. */
#define PST_SURVEY_QUERIES 600
#define PST_SURVEY_MAX_SELECTORS 64
#define PST_SURVEY_MAX_IPS 64

struct pst_survey_input {
	const char *domain; /* in normal form */
	/* Selectors that must have a key. */
	const char *const *selectors;
	size_t selector_count;
	/* Selectors that had one once: seen in mail, or named by reports of
	 * others, which are claims. PST_SURVEY_MAX_SELECTORS of both are tried
	 * as well, and common ones, unless only_given. */
	const char *const *seen;
	size_t seen_count;
	const char *const *reported;
	size_t reported_count;
	bool only_given;
	const struct pst_ip *ips; /* of hosts that send, for FCrDNS and SPF */
	size_t ip_count;
	unsigned max_voids;        /* void look-ups of SPF; default 2 */
	const struct pst_psl *psl; /* may be NULL */
	bool trusts_ad;            /* DNSSEC status can be told */
};

/* One term of the tree of SPF records, for printing. */
struct pst_survey_spf_node {
	unsigned depth;
	const char *domain; /* of the record, escaped */
	const char *term;   /* as written, escaped; "" for the record itself */
	const char *record; /* the whole record; NULL for a term without one */
	unsigned lookups;   /* that this term costs, with what is below it */
	unsigned voids;     /* of these, void ones for an IPv4 client */
	unsigned voids_v6;  /* and for an IPv6 client */
	bool failed;        /* its look-up did not succeed */
};

struct pst_survey_spf {
	bool has_record;
	const char *record; /* escaped; NULL: none, or not known */
	struct pst_survey_spf_node *nodes;
	size_t node_count;
	unsigned lookups, voids, voids_v6; /* of the whole tree */
	unsigned max_voids;
};

/* Where a selector comes from; the first of these counts. */
enum pst_survey_origin {
	PST_SURVEY_GIVEN, /* by the caller */
	PST_SURVEY_SEEN,  /* in mail: verified by us */
	PST_SURVEY_REPORTED,
	PST_SURVEY_COMMON, /* guessed */
};

struct pst_survey_key {
	const char *selector;
	const char *record; /* escaped; NULL: none */
	const char *type;   /* "rsa", "ed25519" */
	unsigned bits;
	enum pst_survey_origin origin;
};

/* One question of the tree walk. */
struct pst_survey_step {
	const char *name;   /* "_dmarc.example.com" */
	const char *record; /* escaped; NULL: none */
	const char *status; /* "NOERROR", "NXDOMAIN", "SERVFAIL", ... */
};

/* The policy that applies to a name. */
struct pst_survey_policy {
	const char *who;    /* "the domain", "a sub-domain", ... */
	const char *policy; /* "none", "quarantine", "reject", or "-" */
	const char *from;   /* where it is from; NULL: no record */
	const char *tag;    /* "p", "sp", "np" */
};

struct pst_survey_dmarc {
	struct pst_survey_step *steps;
	size_t step_count;
	const char *org_domain; /* NULL: not known */
	bool has_record;        /* one applies to the domain */
	struct pst_survey_policy policies[3];
};

struct pst_survey_host {
	const char *name;    /* of an MX; or the address given */
	unsigned preference; /* of an MX */
	bool given;          /* the caller gave its address */
	const char *ips;     /* separated by blanks */
	const char *fcrdns;  /* "pass", "fail", "temperror", ...; NULL: not an
	                       address */
};

/* A record to publish in the place of one that has faults. */
struct pst_correction {
	enum pst_finding_topic topic;
	const char *owner;   /* its name, without a final dot */
	const char *text;    /* the whole record */
	const char *changes; /* what is different, on one line, printable */
};
#define PST_SURVEY_MAX_CORRECTIONS 24

struct pst_survey {
	const char *domain;
	struct pst_findings_list findings;
	struct pst_survey_spf spf;
	struct pst_survey_key *keys; /* those with a record, or given */
	size_t key_count;
	struct pst_survey_dmarc dmarc;
	struct pst_survey_host *hosts;
	size_t host_count;
	bool exists;        /* the domain has some record */
	bool sends_no_mail; /* null MX or "v=spf1 -all", and no key */
	const char *dnssec; /* "signed", "not signed", "bogus", "not known" */
	struct pst_correction corrections[PST_SURVEY_MAX_CORRECTIONS];
	size_t correction_count;
	/* Records to publish, as lines of a zone file, those that are corrected
	 * below a comment; NULL: none is needed, or none is known. */
	const char *paste;
};

/*
 * Examines the domain. Restartable, as described in auth/world.h: false while
 * answers are missing. *out is complete when it returns true.
 */
bool
pst_survey_check(struct pst_world *world, const struct pst_survey_input *input,
    struct pst_survey *out) PST_MUST_CHECK;

/* Returns 0 if all is good, 1 with warnings, 2 with errors, 3 if something could
 * not be told and nothing is an error. */
int pst_survey_exit(const struct pst_survey *survey);

/* ---- the parts; each is restartable and adds its findings ---- */

struct pst_survey_part {
	struct pst_world *world;
	const struct pst_survey_input *input;
	struct pst_survey *survey;
};
bool pst_survey_spf(struct pst_survey_part *part) PST_MUST_CHECK;
bool pst_survey_dkim(struct pst_survey_part *part) PST_MUST_CHECK;
bool pst_survey_dmarc(struct pst_survey_part *part) PST_MUST_CHECK;
bool pst_survey_mail(struct pst_survey_part *part) PST_MUST_CHECK;
/* Last: what the parts say together, and what to publish. */
void pst_survey_whole(struct pst_survey_part *part);

#endif
