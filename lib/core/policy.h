/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_POLICY_H
#define PST_CORE_POLICY_H

/*
 * Findings and configuration to a decision. Pure: no DNS, no clock, no log.
 */

#include "auth/arc.h"
#include "auth/dkim.h"
#include "auth/dmarc.h"
#include "auth/iprev.h"
#include "auth/spf.h"
#include "config/config.h"
#include "mail/address.h"
#include "mail/header.h"

/* Why a message was not evaluated (R-DMARC-46, R-MTA-5). */
enum pst_exempt {
	PST_EXEMPT_NO,
	PST_EXEMPT_TRUSTED,       /* client in trusted-networks */
	PST_EXEMPT_AUTHENTICATED, /* SMTP AUTH */
	PST_EXEMPT_SUBMISSION,    /* came by a listener for our own users */
	PST_EXEMPT_NO_ADDRESS,    /* not from the network */
	PST_EXEMPT_RELAY,         /* of ours, and who is behind it is unclear */
};

/* The recipients' domains. */
struct pst_recipients {
	const char **domains; /* normal form; grows in the arena */
	size_t count;
	size_t capacity;
	bool unknown; /* one has no domain, or there are too many */
};

/* All that was found out about one message. */
struct pst_findings {
	enum pst_exempt exempt; /* other than NO: only `from` below is valid */
	struct pst_from from;
	bool has_iprev;
	struct pst_iprev iprev;
	struct pst_spf spf;
	struct pst_dkim dkim;
	struct pst_dmarc dmarc;
	bool has_arc;
	struct pst_arc arc;
	bool temperror_capped; /* the DNS has failed for too long to defer */
	const char
	    *indirect; /* signs of indirect mail (core/indirect), or NULL */
	const char *indirect_comment; /* more on it, for reports; or NULL */
	/* What else the operator's rules may ask about. */
	struct pst_ip client;
	const char *mail_from; /* domain of a valid reverse-path, or NULL */
	struct pst_str mail_from_local; /* its local part; or empty */
	struct pst_recipients rcpts;
	bool to_reports;        /* a recipient is ours for reports of others */
	const char *arc_sealer; /* of a verified chain, trusted; or NULL */
};

struct pst_edit {
	enum { PST_EDIT_DELETE, PST_EDIT_INSERT } op;
	size_t index; /* delete: 1-based among the fields of that name;
	                 insert: position from the top */
	const char *name;
	const char *value; /* NULL for delete; begins with a blank */
};

struct pst_decision {
	enum pst_action action;
	enum pst_action would;  /* when it is carried out; else = action */
	bool monitored;         /* nothing but the result field changes */
	bool skip;              /* by a rule: no mark, no result field */
	const char *rule;       /* fixed name of what decided, or a title */
	bool titled;            /* rule is the title of an operator's rule */
	enum pst_reason reason; /* why the policy was not followed */
	const char *comment;    /* on the reason, printable ASCII; or NULL */
	unsigned code;          /* 550, 451; 0: no reply of ours */
	const char *xcode;      /* "5.7.26" */
	const char *text;       /* printable ASCII, `%` not yet doubled */
	const char *quarantine_reason; /* for quarantine, else NULL */
	struct pst_edit *edits;        /* in the order to carry them out */
	size_t edit_count;
};

/* What the MTA lets a filter do (R-MTA-13). */
struct pst_mta {
	bool can_quarantine;
	bool can_change_headers;
	bool can_add_headers;
};

/*
 * "no", "trusted-network", "authenticated", "submission", "no-address",
 * "relay".
 */
const char *pst_exempt_word(enum pst_exempt exempt);

/*
 * What a chain that verifies says, when the operator trusts its newest sealer:
 * sets arc_sealer and indirect_comment (R-ARC-1, R-ARC-12).
 */
void pst_policy_chain(struct pst_arena *arena, const struct pst_config *config,
    struct pst_findings *findings);

/*
 * Decides. authserv_id is the effective one. *out and all it points to live in
 * the arena. Header edits are included (core/edits).
 */
void pst_policy_decide(struct pst_arena *arena, const struct pst_config *config,
    const struct pst_mta *mta, const char *authserv_id,
    const struct pst_header *header, const struct pst_findings *findings,
    struct pst_decision *out);

#endif
