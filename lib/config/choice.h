/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_CHOICE_H
#define PST_CONFIG_CHOICE_H

/*
 * The options that take one of a few words: an enum for each kind of choice,
 * and the lists of words that name its values in a file.
 */

#include "base/arena.h"

enum pst_mode {
	PST_MODE_ENFORCE,
	PST_MODE_MONITOR, /* checks and logs, adds only the result field */
};

/* What becomes of a message to recipients whose modes differ (core/parts). */
enum pst_mixed {
	PST_MIXED_STRICTEST,
	PST_MIXED_SPLIT,
};

enum pst_action {
	PST_ACTION_ACCEPT,
	PST_ACTION_TAG,
	PST_ACTION_QUARANTINE,
	PST_ACTION_REJECT,
	PST_ACTION_TEMPFAIL,
};

/* What is done when one kind of look-up has failed for now. */
enum pst_look_up_action {
	PST_LOOK_UP_SAME, /* as on_temperror says */
	PST_LOOK_UP_ACCEPT,
	PST_LOOK_UP_TAG,
	PST_LOOK_UP_TEMPFAIL,
};

/* What happens when the effective policy is reject (R-DMARC-43). */
enum pst_on_reject {
	PST_ON_REJECT_UNLESS_INDIRECT, /* indirect mail: as on_quarantine */
	PST_ON_REJECT_ALWAYS,
	PST_ON_REJECT_QUARANTINE, /* as on_quarantine */
	PST_ON_REJECT_ACCEPT,
};

/* What claims of indirect mail count for (core/indirect). */
enum pst_indirect_claims {
	PST_INDIRECT_CLAIMS_VERIFY,
	PST_INDIRECT_CLAIMS_BELIEVE, /* although anybody can make them */
};

/* Whether a signed field is removed, which breaks the signature. */
enum pst_strip_signed {
	PST_STRIP_SIGNED_REMOVE,
	PST_STRIP_SIGNED_KEEP,
};

/* Whether a weak SPF pass counts for DMARC (auth/spf.h). */
enum pst_weak_pass {
	PST_WEAK_PASS_COUNT,
	PST_WEAK_PASS_IGNORE,
};

/* Whether the AD bit of a reply is believed (RFC 4035 s. 3.2.3). */
enum pst_trust_ad {
	PST_TRUST_AD_AUTO, /* if all servers are on this host */
	PST_TRUST_AD_YES,
	PST_TRUST_AD_NO,
};

enum pst_log_target {
	PST_LOG_TO_AUTO, /* foreground: standard error; background: syslog */
	PST_LOG_TO_SYSLOG,
	PST_LOG_TO_STDERR,
};

/* Of which messages the journal has an entry. */
enum pst_kept {
	PST_KEPT_ALL,
	PST_KEPT_EXCEPTIONS, /* not those that were plainly accepted */
	PST_KEPT_NONE,
};

/* What the journal has of the recipients. */
enum pst_kept_rcpts {
	PST_KEPT_RCPTS_FULL,
	PST_KEPT_RCPTS_DOMAIN,
	PST_KEPT_RCPTS_NONE,
};

enum pst_report_compat {
	PST_REPORT_RFC9990,
	PST_REPORT_RFC7489,
};

enum pst_report_format {
	PST_REPORT_GZIP,
	PST_REPORT_XML,
};

enum pst_relay_tls {
	PST_RELAY_TLS_NO,
	PST_RELAY_TLS_IF_OFFERED,
	PST_RELAY_TLS_REQUIRED, /* and the certificate must be valid */
};

/* One word of a list, with the enum's value that it means. */
struct pst_choice {
	const char *word; /* NULL ends the list */
	unsigned value;
};

/* One list for each enum, in the order in which error messages give it. */
extern const struct pst_choice pst_choices_mode[];
extern const struct pst_choice pst_choices_mixed[];
extern const struct pst_choice pst_choices_on_reject[];
extern const struct pst_choice pst_choices_indirect_claims[];
extern const struct pst_choice pst_choices_look_up[];
extern const struct pst_choice pst_choices_strip_signed[];
extern const struct pst_choice pst_choices_weak_pass[];
extern const struct pst_choice pst_choices_trust_ad[];
extern const struct pst_choice pst_choices_discovery[];
extern const struct pst_choice pst_choices_compat[];
extern const struct pst_choice pst_choices_format[];
extern const struct pst_choice pst_choices_relay_tls[];
extern const struct pst_choice pst_choices_kept[];
extern const struct pst_choice pst_choices_kept_rcpts[];
extern const struct pst_choice pst_choices_log_target[];
extern const struct pst_choice pst_choices_log_facility[];
extern const struct pst_choice pst_choices_log_format[];
extern const struct pst_choice pst_choices_log_level[];

/*
 * Lists of enum pst_action, by what the action is an answer to. A failure that
 * does not go away with time is never deferred; one that does is never refused.
 */
extern const struct pst_choice pst_choices_lasting[];
extern const struct pst_choice pst_choices_temporary[];
/* The MTA did not carry out a decision. */
extern const struct pst_choice pst_choices_internal[];
/* The MTA cannot quarantine. */
extern const struct pst_choice pst_choices_fallback[];

/* Returns the entry of the list with that word or value, NULL if none has it. */
const struct pst_choice *
pst_choice_find(const struct pst_choice *list, const char *word);
const struct pst_choice *
pst_choice_of(const struct pst_choice *list, unsigned value);

/* Returns the words of the list, "accept, tag, tempfail", in the arena. */
const char *
pst_choice_words(const struct pst_choice *list, struct pst_arena *arena);

/* Returns "accept", "tag", "quarantine", "reject" or "tempfail". */
const char *pst_action_word(enum pst_action action);

/* Returns what a look-up's own option asks for; for `same`, returns general. */
enum pst_action
pst_look_up_action(enum pst_look_up_action own, enum pst_action general);

#endif
