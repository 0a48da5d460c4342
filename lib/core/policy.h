/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_POLICY_H
#define PST_CORE_POLICY_H

/*
 * Makes a decision from the findings about a message and the configuration.
 * Pure: it uses neither the DNS nor a clock nor the log.
 */

#include <stdint.h>

#include "auth/arc.h"
#include "auth/dkim.h"
#include "auth/dmarc.h"
#include "auth/iprev.h"
#include "auth/spf.h"
#include "config/config.h"
#include "core/client_nets.h"
#include "core/exempt.h"
#include "mail/address.h"
#include "mail/display_name.h"
#include "mail/header.h"

/*
 * The lists that a recipient's domain is in, from the mildest to the strictest
 * (core/enforcement).
 */
enum pst_rcpt_kind {
	PST_RCPT_MONITORED,
	PST_RCPT_CONFIGURED, /* in none */
	PST_RCPT_ENFORCED,
};
#define PST_RCPT_KINDS (PST_RCPT_ENFORCED + 1)

/* The domains of the recipients. */
struct pst_recipients {
	const char **domains; /* normal form, may repeat; in the arena */
	size_t count;
	size_t capacity;
	bool unknown; /* a recipient has no domain, or there are too many */
};

/* The records that a message was judged by, as bits. */
enum pst_dnssec_part {
	PST_DNSSEC_DMARC = 1u << 0,
	PST_DNSSEC_SPF = 1u << 1,
	PST_DNSSEC_DKIM = 1u << 2,
};

/* What of them the DNS server has validated (core/dnssec). */
struct pst_dnssec {
	bool known;      /* the server is believed (dns.trust-ad) */
	unsigned exist;  /* enum pst_dnssec_part */
	unsigned proven; /* those of them that were validated */
};

struct pst_claim;

/* On how many days before the message a domain had authenticated here. */
struct pst_known_domain {
	const char *domain;
	unsigned days;
};

/* What the From field shows although its author is not ours. */
enum pst_shown {
	PST_SHOWN_NOTHING,
	PST_SHOWN_OWN_ADDRESS, /* an address of own-domains */
	PST_SHOWN_PROTECTED,   /* a name in the display-name of a rule */
};

/* Domains that are kept of a malformed From field. */
#define PST_OWN_MAX_NAMED 8

/* Mail in our own name (core/own_domains). */
struct pst_own_findings {
	bool read;    /* the rest was looked at */
	bool hidden;  /* a From field is too large, so it may name any domain */
	bool foreign; /* not every author is ours */
	const char *domain; /* of own-domains, that the message names as an
	                       author's; or NULL */
	/* Of a malformed field: domains after an @, ours before others */
	const char *named[PST_OWN_MAX_NAMED];
	size_t named_count;
	struct pst_display_names names;
	enum pst_shown shown;
};

/* Everything that was found out about one message. */
struct pst_findings {
	enum pst_exempt exempt; /* if not NO, only `from` below is valid */
	struct pst_from from;
	enum pst_header_fault header_fault;
	bool has_iprev;
	struct pst_iprev iprev;
	struct pst_spf spf;
	bool has_helo; /* spf.check-helo; not for a null sender, of which `spf`
	                  is about HELO already */
	struct pst_spf helo; /* of postmaster@HELO */
	struct pst_dkim dkim;
	struct pst_dmarc dmarc;
	struct pst_dnssec dnssec;
	bool has_arc;
	struct pst_arc arc;
	struct pst_own_findings *own; /* NULL: nothing asked for it */
	unsigned bucket;        /* for enforce-percent (core/enforcement) */
	bool temperror_capped;  /* the DNS has failed for too long to defer */
	const char *indirect;   /* evidence of indirect mail (core/indirect), or
	                         NULL: the message is not indirect */
	const char *claims;     /* claims of it that do not count, or NULL */
	const char *unverified; /* evidence that a limit of ours kept an aligned
	                           signature from passing (core/indirect), or
	                           NULL */
	bool forwarder_unsure;  /* whether the client is a forwarder is not
	                          known: it may be in an SPF record that cannot
	                          be read (core/client_nets) */
	bool crowded;        /* a failure is ours: a question was not asked */
	bool policy_overdue; /* see core/deferrals; dkim.sigs have the same */
	bool spf_overdue;
	const char
	    *indirect_comment; /* on an ARC chain, for reports; or NULL */
	/* What core/indirect has read and asked, for core/replay */
	const struct pst_claim *claimed; /* all claims */
	size_t claimed_count;
	int64_t date_s; /* of Date, if it is needed and valid; else 0 */
	bool too_young; /* no domain can be known yet */
	const struct pst_known_domain *known; /* the domains that passed; none
	                                         if nothing depends on it */
	size_t known_count;
	/* What else the operator's rules may look at */
	struct pst_ip client;
	struct pst_client_nets client_nets; /* which networks of SPF records it
	                                       is in (entries "spf:") */
	const char *mail_from; /* domain of a valid reverse-path, or NULL */
	struct pst_str mail_from_local; /* local part of the same, or empty */
	struct pst_recipients rcpts;
	/*
	 * For a recorded message without the domains: whether the rcpt-domain
	 * of each rule held. NULL: `rcpts` tells.
	 */
	const bool *rcpt_held;
	size_t rcpt_held_count;
	bool rcpt_kinds[PST_RCPT_KINDS]; /* which kinds of recipients there
	                                    are; none: as configured */
	bool to_reports; /* a recipient is an address of ours to which others
	                    send reports */
	const char *arc_sealer; /* trusted newest sealer of a chain that
	                           verifies, or NULL */
	void **check_states;    /* what each check keeps for itself, by its row
	                        (core/check.h); NULL: nothing */
};

struct pst_edit {
	enum { PST_EDIT_DELETE, PST_EDIT_INSERT } op;
	size_t index; /* delete: 1-based among the fields of that name;
	                 insert: position from the top */
	const char *name;
	const char *value; /* NULL for delete; begins with a blank */
};

/* pst_decision.mixed, unless core/parts changes it */
#define PST_MIXED_WORD_STRICTEST "strictest"

struct pst_decision {
	enum pst_action action;
	enum pst_action would; /* the action if this were enforced */
	bool monitored;        /* not enforced: only our field is added */
	bool unsure; /* the secret of enforce-percent is not known here, so
	                the message may be monitored; treated as enforced */
	const char *mixed; /* some recipients are monitored, others are not:
	                      what came of it (core/parts); NULL: all alike */
	bool skip;         /* a rule says so: no mark, no result field */
	const char *rule;  /* fixed name of what decided, or a title */
	bool titled;       /* rule is the title of an operator's rule */
	bool undecided;    /* that rule matched with `temperror = match`: a
	                      look-up failed, and so it is not certain that its
	                      conditions hold */
	enum pst_reason reason; /* why the policy was not followed */
	const char *comment;    /* on the reason, printable ASCII; or NULL */
	unsigned code;          /* 550 or 451; 0: no SMTP reply of ours */
	const char *xcode;      /* enhanced status code, such as "5.7.26" */
	const char *text;       /* printable ASCII, `%` not yet doubled */
	const char *quarantine_reason; /* for quarantine, else NULL */
	struct pst_edit *edits;        /* to be carried out in this order */
	size_t edit_count;
	size_t stripped; /* fields that strip-fields removes, of those edits */
	const char *remark; /* what our field says of this; NULL: nothing */
	const struct pst_rule *by; /* the rule that is carried out; NULL: none,
	                              or the message was recorded */
};

/*
 * What was really done with a message. The log line, report rows and incidents
 * are made from this, not from the decision (R-MTA-15).
 */
struct pst_done {
	enum pst_action action; /* of the decision, unless `failed` is set */
	unsigned code;      /* of the reply that was set; 0: no reply of ours */
	bool edited;        /* all edits of the decision were carried out */
	const char *failed; /* what could not be carried out, a fixed text such
	                       as "setting the reply"; NULL: nothing */
};

/*
 * The rule of a message that waits, because the networks of an SPF record are not
 * known and decide whether it is refused.
 */
#define PST_POLICY_NETWORKS_UNKNOWN "networks-unknown"

/* What a message's log line and report row name as the rule after a failure. */
#define PST_DONE_RULE "on-internal-error"

/* What the MTA lets a filter do (R-MTA-13). */
struct pst_mta {
	bool can_quarantine;
	bool can_change_headers;
	bool can_add_headers;
};

/*
 * If the ARC chain verifies and the operator trusts its newest sealer, sets
 * arc_sealer and indirect_comment in the findings (R-ARC-1, R-ARC-12).
 */
void pst_policy_chain(struct pst_arena *arena, const struct pst_config *config,
    struct pst_findings *findings);

/*
 * Decides what happens to a message, and which header edits that takes
 * (core/edits). authserv_id is the one of this message. What *out points to is
 * in the arena, static, or belongs to the configuration or the findings.
 */
void pst_policy_decide(struct pst_arena *arena, const struct pst_config *config,
    const struct pst_mta *mta, const char *authserv_id,
    const struct pst_header *header, const struct pst_findings *findings,
    struct pst_decision *out);

/* Returns what is done if the decision is carried out completely. */
struct pst_done pst_done_as_decided(const struct pst_decision *decision);

#endif
