/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/choice.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "auth/dmarc.h"
#include "base/buf.h"
#include "base/log.h"

const struct pst_choice pst_choices_mode[] = {
    {"enforce", PST_MODE_ENFORCE},
    {"monitor", PST_MODE_MONITOR},
    {NULL, 0},
};

const struct pst_choice pst_choices_mixed[] = {
    {"strictest", PST_MIXED_STRICTEST},
    {"split", PST_MIXED_SPLIT},
    {NULL, 0},
};

const struct pst_choice pst_choices_on_reject[] = {
    {"unless-indirect", PST_ON_REJECT_UNLESS_INDIRECT},
    {"always", PST_ON_REJECT_ALWAYS},
    {"quarantine", PST_ON_REJECT_QUARANTINE},
    {"accept", PST_ON_REJECT_ACCEPT},
    {NULL, 0},
};

const struct pst_choice pst_choices_indirect_claims[] = {
    {"verify", PST_INDIRECT_CLAIMS_VERIFY},
    {"believe", PST_INDIRECT_CLAIMS_BELIEVE},
    {NULL, 0},
};

const struct pst_choice pst_choices_strip_signed[] = {
    {"remove", PST_STRIP_SIGNED_REMOVE},
    {"keep", PST_STRIP_SIGNED_KEEP},
    {NULL, 0},
};

const struct pst_choice pst_choices_weak_pass[] = {
    {"count", PST_WEAK_PASS_COUNT},
    {"ignore", PST_WEAK_PASS_IGNORE},
    {NULL, 0},
};

const struct pst_choice pst_choices_trust_ad[] = {
    {"auto", PST_TRUST_AD_AUTO},
    {"yes", PST_TRUST_AD_YES},
    {"no", PST_TRUST_AD_NO},
    {NULL, 0},
};

const struct pst_choice pst_choices_lasting[] = {
    {"accept", PST_ACTION_ACCEPT},
    {"tag", PST_ACTION_TAG},
    {"quarantine", PST_ACTION_QUARANTINE},
    {"reject", PST_ACTION_REJECT},
    {NULL, 0},
};

const struct pst_choice pst_choices_temporary[] = {
    {"accept", PST_ACTION_ACCEPT},
    {"tag", PST_ACTION_TAG},
    {"tempfail", PST_ACTION_TEMPFAIL},
    {NULL, 0},
};

const struct pst_choice pst_choices_look_up[] = {
    {"same", PST_LOOK_UP_SAME},
    {"accept", PST_LOOK_UP_ACCEPT},
    {"tag", PST_LOOK_UP_TAG},
    {"tempfail", PST_LOOK_UP_TEMPFAIL},
    {NULL, 0},
};

const struct pst_choice pst_choices_internal[] = {
    {"accept", PST_ACTION_ACCEPT},
    {"tempfail", PST_ACTION_TEMPFAIL},
    {NULL, 0},
};

const struct pst_choice pst_choices_fallback[] = {
    {"accept", PST_ACTION_ACCEPT},
    {"tag", PST_ACTION_TAG},
    {"reject", PST_ACTION_REJECT},
    {"tempfail", PST_ACTION_TEMPFAIL},
    {NULL, 0},
};

const struct pst_choice pst_choices_discovery[] = {
    {"treewalk", PST_DMARC_TREEWALK},
    {"psl", PST_DMARC_PSL},
    {"compare", PST_DMARC_COMPARE},
    {NULL, 0},
};

const struct pst_choice pst_choices_compat[] = {
    {"rfc9990", PST_REPORT_RFC9990},
    {"rfc7489", PST_REPORT_RFC7489},
    {NULL, 0},
};

const struct pst_choice pst_choices_format[] = {
    {"gzip", PST_REPORT_GZIP},
    {"xml", PST_REPORT_XML},
    {NULL, 0},
};

const struct pst_choice pst_choices_relay_tls[] = {
    {"no", PST_RELAY_TLS_NO},
    {"if-offered", PST_RELAY_TLS_IF_OFFERED},
    {"required", PST_RELAY_TLS_REQUIRED},
    {NULL, 0},
};

const struct pst_choice pst_choices_log_target[] = {
    {"auto", PST_LOG_TO_AUTO},
    {"syslog", PST_LOG_TO_SYSLOG},
    {"stderr", PST_LOG_TO_STDERR},
    {NULL, 0},
};

const struct pst_choice pst_choices_log_facility[] = {
    {"mail", PST_LOG_MAIL},
    {"daemon", PST_LOG_DAEMON},
    {"user", PST_LOG_USER},
    {"local0", PST_LOG_LOCAL0},
    {"local1", PST_LOG_LOCAL1},
    {"local2", PST_LOG_LOCAL2},
    {"local3", PST_LOG_LOCAL3},
    {"local4", PST_LOG_LOCAL4},
    {"local5", PST_LOG_LOCAL5},
    {"local6", PST_LOG_LOCAL6},
    {"local7", PST_LOG_LOCAL7},
    {NULL, 0},
};

const struct pst_choice pst_choices_kept[] = {
    {"all", PST_KEPT_ALL},
    {"exceptions", PST_KEPT_EXCEPTIONS},
    {"none", PST_KEPT_NONE},
    {NULL, 0},
};

const struct pst_choice pst_choices_kept_rcpts[] = {
    {"full", PST_KEPT_RCPTS_FULL},
    {"domain", PST_KEPT_RCPTS_DOMAIN},
    {"none", PST_KEPT_RCPTS_NONE},
    {NULL, 0},
};

const struct pst_choice pst_choices_log_format[] = {
    {"text", PST_LOG_TEXT},
    {"json", PST_LOG_JSON},
    {NULL, 0},
};

const struct pst_choice pst_choices_log_level[] = {
    {"error", PST_LOG_ERROR},
    {"warning", PST_LOG_WARNING},
    {"notice", PST_LOG_NOTICE},
    {"info", PST_LOG_INFO},
    {"debug", PST_LOG_DEBUG},
    {NULL, 0},
};

const struct pst_choice *
pst_choice_find(const struct pst_choice *list, const char *word)
{
	for (; list->word != NULL; list++) {
		if (strcmp(list->word, word) == 0)
			return list;
	}
	return NULL;
}

const struct pst_choice *
pst_choice_of(const struct pst_choice *list, unsigned value)
{
	for (; list->word != NULL; list++) {
		if (list->value == value)
			return list;
	}
	return NULL;
}

const char *
pst_choice_words(const struct pst_choice *list, struct pst_arena *arena)
{
	const struct pst_choice *first = list;
	struct pst_buf known;

	pst_buf_init(&known, arena, 300);
	for (; list->word != NULL; list++)
		pst_buf_printf(
		    &known, "%s%s", list == first ? "" : ", ", list->word);
	return pst_buf_str(&known);
}

const char *
pst_action_word(enum pst_action action)
{
	static const char *const words[] = {
	    [PST_ACTION_ACCEPT] = "accept",
	    [PST_ACTION_TAG] = "tag",
	    [PST_ACTION_QUARANTINE] = "quarantine",
	    [PST_ACTION_REJECT] = "reject",
	    [PST_ACTION_TEMPFAIL] = "tempfail",
	};

	return words[action];
}

enum pst_action
pst_look_up_action(enum pst_look_up_action own, enum pst_action general)
{
	switch (own) {
	case PST_LOOK_UP_SAME:
		return general;
	case PST_LOOK_UP_ACCEPT:
		return PST_ACTION_ACCEPT;
	case PST_LOOK_UP_TAG:
		return PST_ACTION_TAG;
	case PST_LOOK_UP_TEMPFAIL:
		return PST_ACTION_TEMPFAIL;
	}
	assert(false);
	return general;
}
