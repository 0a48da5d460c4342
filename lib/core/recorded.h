/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_RECORDED_H
#define PST_CORE_RECORDED_H

/*
 * A decided message as a run of octets that can be kept (an entry of the
 * journal), and the message that is made of it again. What is read back prints
 * the same as the original in core/explain, and core/policy decides the same
 * about it with the same configuration.
 *
 * It holds the envelope, the findings with their reasons, the DNS transcript,
 * what the decision used besides (Message-ID, List-Id, the ids of
 * Authentication-Results fields, the numbers of fields that are deleted), the
 * decision and what was done. The body and all other header fields are never in
 * it. Its size is bounded: it says when something was left out.
 *
 * The form is that of base/record.h, in two octets and sections:
 *
 *	version		PST_RECORDED_VERSION
 *	marks		what is left out, enum pst_recorded_mark
 *	sections	enum pst_recorded_tag
 *
 * A reader refuses another version. Within one version a reader skips what it
 * does not know, and does without what is not there.
 */

#include <stdbool.h>

#include "base/err.h"
#include "base/macros.h"
#include "base/record.h"
#include "config/fingerprint.h"
#include "core/session.h"

#define PST_RECORDED_VERSION 1

/* Octets of a recorded message, and of the transcript in it, at most. */
#define PST_RECORDED_MAX 65536
#define PST_RECORDED_MAX_DNS 32768

/* What is kept of the recipients; their number is always kept. */
enum pst_recorded_rcpts {
	PST_RECORDED_RCPTS_FULL,   /* the addresses as given */
	PST_RECORDED_RCPTS_DOMAIN, /* "*@" and the domain, or "*" */
	PST_RECORDED_RCPTS_NONE,   /* neither addresses nor domains */
};

/*
 * Returns the octets of a message, in the arena: after pst_session_end(), and
 * after pst_session_done() if they are to say what was done.
 */
struct pst_str pst_recorded_write(struct pst_arena *arena,
    const struct pst_message *message, enum pst_recorded_rcpts rcpts);

struct pst_recorded {
	struct pst_message message;
	enum pst_recorded_rcpts rcpts; /* what was kept of them */
	bool cut;     /* something was left out, so it may print otherwise */
	bool dns_cut; /* records of the transcript were left out */
	/*
	 * Of the configuration that it was decided with (config/fingerprint.h);
	 * `same` compares it with the one that it was read with.
	 */
	uint32_t fingerprints[PST_FINGERPRINTS];
	bool same[PST_FINGERPRINTS];
	/* The listener, if it had options of its own then; else NULL */
	const char *socket;
	/*
	 * Whether the rcpt-domain of each of its rules held; NULL: the domains
	 * are there, or no rule had one.
	 */
	const bool *rcpt_held;
	size_t rcpt_held_count;
};

/*
 * Reads a message. Everything in *out is in the arena, except for the
 * configuration, to which it holds a reference: that of the listener which took
 * the message, if it has options of its own. That need not be the one that the
 * message was decided with; the message can be decided again with it. The
 * handle for the DNS has the transcript, and can ask nothing. False with a
 * sentence in err if the octets are damaged or of another version.
 */
bool pst_recorded_read(struct pst_arena *arena, struct pst_str octets,
    struct pst_config *config, struct pst_recorded *out,
    struct pst_err *err) PST_MUST_CHECK;

/*
 * Writes a message that was read again, after the caller has changed it: to
 * forget a recipient, for example. What was left out stays so.
 */
struct pst_str pst_recorded_write_again(
    struct pst_arena *arena, const struct pst_recorded *recorded);

/* ---- what the writer and the reader share; only for them ---- */

/* The sections; a number that was used is never used for anything else. */
enum pst_recorded_tag {
	PST_RECORDED_ENVELOPE = 1,
	PST_RECORDED_FROM = 2,
	PST_RECORDED_FINDINGS = 3,
	PST_RECORDED_DECISION = 4,
	PST_RECORDED_HEADER = 5,
	PST_RECORDED_RCPTS = 6,
	PST_RECORDED_RCPT_DOMAINS = 7,
	PST_RECORDED_DNS = 8,
	PST_RECORDED_KNOWN = 9,        /* domains and their days */
	PST_RECORDED_CLAIMS = 10,      /* of indirect mail */
	PST_RECORDED_RCPTS_AS = 11,    /* the domains that the MTA read */
	PST_RECORDED_RCPTS_HELD = 12,  /* see pst_recorded.rcpt_held */
	PST_RECORDED_CONFIG = 13,      /* the listener, the fingerprints */
	PST_RECORDED_OWN = 14,         /* mail in our own name */
	PST_RECORDED_CLIENT_HELD = 15, /* the networks of SPF records that the
	                                  client is in, by name */
	PST_RECORDED_FIELDS = 16,      /* of the header, and what became of
	                                  them */
	/* The section of a check has this and its record_number. */
	PST_RECORDED_CHECK = 32,
};

/* Inside of them */
enum pst_recorded_inner_tag {
	PST_RECORDED_EDIT_DELETE = 1, /* in DECISION */
	PST_RECORDED_EDIT_INSERT = 2,
	PST_RECORDED_RESULT_FIELD = 1, /* in HEADER */
	PST_RECORDED_SEEN = 2,
	PST_RECORDED_HAS_ARC = 3,  /* a message that was read has then one
	                             PST_RECORDED_ARC_FIELD, which is empty */
	PST_RECORDED_QUESTION = 1, /* in DNS */
	PST_RECORDED_SWEPT = 1,    /* in FIELDS */
};

enum pst_recorded_mark {
	PST_RECORDED_CUT = 1u << 0,
	PST_RECORDED_DNS_CUT = 1u << 1,
	PST_RECORDED_RCPTS_SHIFT = 2, /* two bits: enum pst_recorded_rcpts */
};

enum pst_recorded_envelope_bit {
	PST_RECORDED_IS_TEST = 1u << 0,
	PST_RECORDED_CAN_QUARANTINE = 1u << 1,
	PST_RECORDED_CAN_CHANGE = 1u << 2,
	PST_RECORDED_CAN_ADD = 1u << 3,
	PST_RECORDED_AUTHENTICATED = 1u << 4,
};

enum pst_recorded_findings_bit {
	PST_RECORDED_CAPPED = 1u << 0,
	PST_RECORDED_CROWDED = 1u << 1,
	PST_RECORDED_POLICY_OVERDUE = 1u << 2,
	PST_RECORDED_SPF_OVERDUE = 1u << 3,
	PST_RECORDED_TO_REPORTS = 1u << 4,
	PST_RECORDED_RCPTS_UNKNOWN = 1u << 5,
	PST_RECORDED_HAS_CLIENT = 1u << 6,
	PST_RECORDED_SOME_MONITORED = 1u << 7,
	PST_RECORDED_SOME_CONFIGURED = 1u << 8,
	PST_RECORDED_SOME_ENFORCED = 1u << 9,
	PST_RECORDED_TOO_YOUNG = 1u << 10,
};

enum pst_recorded_decision_bit {
	PST_RECORDED_MONITORED = 1u << 0,
	PST_RECORDED_UNSURE = 1u << 1,
	PST_RECORDED_SKIP = 1u << 2,
	PST_RECORDED_TITLED = 1u << 3,
	PST_RECORDED_EDITED = 1u << 4,
	PST_RECORDED_UNDECIDED = 1u << 5,
};

#define PST_RECORDED_PRINT_BYTES 4 /* of a fingerprint */
#define PST_RECORDED_ARC_FIELD "ARC-Seal"

/* Octets of the Message-ID; a longer one ends in PST_RECORDED_MORE after them. */
#define PST_RECORDED_MAX_MESSAGE_ID 256
#define PST_RECORDED_MORE '.'

/* Edits, and fields of one name, that are kept. */
#define PST_RECORDED_MAX_EDITS 4096
#define PST_RECORDED_MAX_SEEN 65536

/*
 * What is kept of the header into its section, and back (core/recorded_header.c):
 * *header is empty and watches the names that are to be counted.
 */
void pst_recorded_write_header(
    struct pst_record_out *out, const struct pst_header *header);
void
pst_recorded_read_header(struct pst_record_in *in, struct pst_header *header);

/*
 * What else is kept of the header, and what became of it, into its section and
 * back (core/recorded_fields.c). Nothing is written of a header without a fault
 * and without fields that are removed, if our field has no remark.
 */
void pst_recorded_write_fields(
    struct pst_record_out *out, const struct pst_message *message);
void pst_recorded_read_fields(struct pst_record_in *in,
    struct pst_message *message, struct pst_swept *swept);

/*
 * The recipients into their sections, and back (core/recorded_rcpts.c). Writing
 * sets rcpt_held by the rules that decided if that is needed; rules NULL: the
 * message was read, and has it.
 */
void pst_recorded_write_rcpts(struct pst_record_out *out,
    struct pst_recorded *recorded, const struct pst_rules *rules);
void pst_recorded_read_rcpts(
    unsigned tag, struct pst_record_in *in, struct pst_recorded *recorded);

/* findings.client_nets into its section, and back (core/recorded_nets.c). */
void pst_recorded_write_nets(
    struct pst_record_out *out, const struct pst_findings *findings);
void
pst_recorded_read_nets(struct pst_record_in *in, struct pst_findings *findings);

/* What core/own_domains has read, and back (core/recorded_own.c). */
void pst_recorded_write_own(
    struct pst_record_out *out, const struct pst_own_findings *own);
void
pst_recorded_read_own(struct pst_record_in *in, struct pst_findings *findings);

/* The transcript into its section, and back (core/recorded_dns.c). */
void pst_recorded_write_dns(
    struct pst_record_out *out, const struct pst_dns *dns, bool *cut);
void pst_recorded_read_dns(struct pst_record_in *in, struct pst_dns *dns);

#endif
