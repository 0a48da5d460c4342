/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_CHECK_H
#define PST_CORE_CHECK_H

/*
 * A check is a row: it says when the check starts, how it goes on and how its
 * result is printed. core/session runs the rows, core/edits prints them as
 * Authentication-Results, core/explain as the log line, as text and as JSON.
 * Nothing else in core names a check in order to run or to print it.
 * doc/ARCHITECTURE.md says how to add one.
 *
 * A row is constant and shared by all threads. Its functions are called by the
 * thread of the message.
 */

#include "auth/world.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/record.h"
#include "core/policy.h"
#include "mail/authres.h"

struct pst_message;

/* When a check can start. */
enum pst_check_needs {
	/* At the first RCPT, or at the end of the header if the client is a
	   relay of ours. It steps whenever answers have arrived. */
	PST_CHECK_NEEDS_ENVELOPE,
	/* At the end of the header. It steps at the end of the message. A check
	   with body() needs this: the body is complete by then. */
	PST_CHECK_NEEDS_HEADER,
};

/* What a check works on. */
struct pst_check_run {
	struct pst_world *world;
	const struct pst_config *config;
	struct pst_message *message; /* a check sets its own findings and may
	                                set `note` */
	const struct pst_spf_input *spf_input;
	void *state; /* the check's own, in the message's arena; NULL until
	                start() sets it */
};

#define PST_CHECK_MAX_AFTER 4

struct pst_check {
	const char *name; /* the method of RFC 8601, and the member in JSON */
	enum pst_check_needs needs;
	/* The checks that must be complete before this one steps; NULL ends the
	   list. They must be in the table, at any place. */
	const struct pst_check *after[PST_CHECK_MAX_AFTER];
	/*
	 * True: the result does not enter into DMARC's. It is printed after
	 * those that do in Authentication-Results, and its log_detail after
	 * theirs.
	 */
	bool is_extra;

	/*
	 * The work, for a message that is not exempt. is_wanted() may be NULL:
	 * always; a check that is not wanted counts as complete. start() (may
	 * be NULL) asks ahead, for nobody. body() (may be NULL) takes each
	 * piece of the body and returns false when it needs no more. step() is
	 * the restartable check as in auth/world.h: it returns false while an
	 * answer is missing, and is not called again once it returned true.
	 */
	bool (*is_wanted)(const struct pst_check_run *run);
	/*
	 * For a result that may decide nothing: false if nothing depends on it.
	 * The message is then decided without waiting for it, and step() may
	 * never return true. NULL: the message waits for it.
	 */
	bool (*is_awaited)(const struct pst_check_run *run);
	void (*start)(struct pst_check_run *run);
	bool (*body)(struct pst_check_run *run, const void *ptr, size_t len);
	bool (*step)(struct pst_check_run *run);

	/*
	 * The printers; each may be NULL. state is that of the run, NULL if the
	 * check was not wanted. authres() and text() are not called for an
	 * exempt message; the others are, and print what stands for "not
	 * checked", if anything.
	 *
	 * authres() adds methods to our result field; if they do not fit into
	 * the field, they are left out. log() adds words before the action and
	 * log_detail() after it, each with a leading blank; together they must
	 * be short, as the line is bounded. log_json() adds the same as members
	 * of the log's object; posternd(8) lists them. text() adds whole lines,
	 * each with a label of core/print. json() adds one member.
	 */
	void (*authres)(const struct pst_findings *findings, const void *state,
	    struct pst_authres *ar);
	void (*log)(const struct pst_findings *findings, const void *state,
	    struct pst_buf *buf);
	void (*log_detail)(const struct pst_findings *findings,
	    const void *state, struct pst_buf *buf);
	void (*log_json)(const struct pst_findings *findings, const void *state,
	    struct pst_json *json);
	void (*text)(const struct pst_findings *findings, const void *state,
	    struct pst_buf *buf);
	void (*json)(const struct pst_findings *findings, const void *state,
	    struct pst_json *json);

	/*
	 * The findings in a recorded message (core/recorded.h), for one that is
	 * not exempt. record() adds what is printed and what decides to the
	 * section of this check; it must be cheap, and what a sender chooses
	 * must be bounded. restore() makes the findings, and the state if the
	 * printers use one, of it again; what it reads is from a file and may be
	 * anything, so what it says must not make a printer or the policy fail.
	 * It is not called if the check was not recorded. Both may be NULL.
	 * record_number names the check in files: it is never changed, nor used
	 * for another check.
	 */
	unsigned record_number; /* 1 to PST_CHECK_MAX_RECORD */
	void (*record)(const struct pst_findings *findings, const void *state,
	    struct pst_record_out *out);
	void (*restore)(struct pst_record_in *in, struct pst_findings *findings,
	    void **state);
};

#define PST_CHECK_MAX_RECORD 200

/*
 * All checks. A check that comes first starts and asks first, which matters if
 * a message uses up its DNS budget. Text and JSON are printed in this order.
 */
extern const struct pst_check *const pst_checks[];
extern const size_t pst_check_count; /* at most PST_DNS_MAX_READERS */

extern const struct pst_check pst_check_arc;
extern const struct pst_check pst_check_dkim;
extern const struct pst_check pst_check_dmarc;
extern const struct pst_check pst_check_dnssec;
extern const struct pst_check pst_check_helo;
extern const struct pst_check pst_check_iprev;
extern const struct pst_check pst_check_spf;

/*
 * After the header: false if the domain that SPF checks cannot be aligned with
 * an Author Domain, so that DMARC's result does not depend on it.
 */
bool pst_check_spf_may_align(const struct pst_check_run *run);

/*
 * True if HELO is checked beside MAIL FROM when spf.check-helo is set: the path
 * is not null, as SPF is about HELO then in any case, and HELO is a domain name
 * of two labels or more.
 */
bool pst_check_helo_applies(struct pst_arena *arena,
    const struct pst_path *mail_from, struct pst_str helo);
/* True if an action or a rule depends on its result. */
bool pst_check_helo_decides(const struct pst_config *config);

/* Returns the state of the check in that row, for its printers; may be NULL. */
static inline const void *
pst_check_state(const struct pst_findings *findings, size_t row)
{
	return findings->check_states == NULL ? NULL :
						findings->check_states[row];
}

#endif
