/* SPDX-License-Identifier: BSD-2-Clause */
#include "feedback/xml_elements.h"

#include <string.h>

#include "base/macros.h"
#include "feedback/feedback.h"

#define NODE(parent, name, element)                                            \
	{                                                                      \
		PST_ELEMENT_##parent, name, PST_ELEMENT_##element,             \
		    PST_LEAF_TEXT, PST_IN_REPORT, 0                            \
	}
#define REPORT(parent, name, kind, member)                                     \
	{                                                                      \
		PST_ELEMENT_##parent, name, PST_ELEMENT_LEAF, PST_LEAF_##kind, \
		    PST_IN_REPORT, offsetof(struct pst_feedback, member)       \
	}
#define ROW(parent, name, kind, member)                                        \
	{                                                                      \
		PST_ELEMENT_##parent, name, PST_ELEMENT_LEAF, PST_LEAF_##kind, \
		    PST_IN_ROW, offsetof(struct pst_feedback_row, member)      \
	}
#define REASON(name, kind, member)                                             \
	{                                                                      \
		PST_ELEMENT_REASON, name, PST_ELEMENT_LEAF, PST_LEAF_##kind,   \
		    PST_IN_REASON,                                             \
		    offsetof(struct pst_feedback_reason, member)               \
	}
#define AUTH(parent, name, kind, member)                                       \
	{                                                                      \
		PST_ELEMENT_##parent, name, PST_ELEMENT_LEAF, PST_LEAF_##kind, \
		    PST_IN_AUTH, offsetof(struct pst_feedback_auth, member)    \
	}

static const struct pst_feedback_rule rules[] = {
    NODE(DOCUMENT, "feedback", FEEDBACK),
    REPORT(FEEDBACK, "version", TEXT, version),
    NODE(FEEDBACK, "report_metadata", METADATA),
    REPORT(METADATA, "org_name", TEXT, org),
    REPORT(METADATA, "email", TEXT, email),
    REPORT(METADATA, "extra_contact_info", TEXT, contact),
    REPORT(METADATA, "report_id", TEXT, report_id),
    REPORT(METADATA, "error", TEXT, error),
    REPORT(METADATA, "generator", TEXT, generator),
    NODE(METADATA, "date_range", PERIOD),
    REPORT(PERIOD, "begin", EPOCH, begin_s),
    REPORT(PERIOD, "end", EPOCH, end_s),
    NODE(FEEDBACK, "policy_published", POLICY),
    REPORT(POLICY, "domain", DOMAIN, domain),
    REPORT(POLICY, "p", WORD, p),
    REPORT(POLICY, "sp", WORD, sp),
    REPORT(POLICY, "np", WORD, np),
    REPORT(POLICY, "adkim", WORD, adkim),
    REPORT(POLICY, "aspf", WORD, aspf),
    REPORT(POLICY, "fo", WORD, fo),
    REPORT(POLICY, "pct", WORD, pct),
    REPORT(POLICY, "testing", WORD, testing),
    REPORT(POLICY, "discovery_method", WORD, discovery),
    NODE(FEEDBACK, "record", RECORD),
    NODE(RECORD, "row", ROW),
    ROW(ROW, "source_ip", ADDRESS, source_ip),
    ROW(ROW, "count", COUNT, count),
    NODE(ROW, "policy_evaluated", EVALUATED),
    ROW(EVALUATED, "disposition", WORD, disposition),
    ROW(EVALUATED, "dkim", WORD, dkim),
    ROW(EVALUATED, "spf", WORD, spf),
    NODE(EVALUATED, "reason", REASON),
    REASON("type", WORD, type),
    REASON("comment", TEXT, comment),
    NODE(RECORD, "identifiers", IDENTIFIERS),
    ROW(IDENTIFIERS, "header_from", DOMAIN, header_from),
    ROW(IDENTIFIERS, "envelope_from", DOMAIN, envelope_from),
    ROW(IDENTIFIERS, "envelope_to", DOMAIN, envelope_to),
    NODE(RECORD, "auth_results", AUTH),
    NODE(AUTH, "dkim", DKIM),
    AUTH(DKIM, "domain", DOMAIN, domain),
    AUTH(DKIM, "selector", TEXT, selector),
    AUTH(DKIM, "result", WORD, result),
    AUTH(DKIM, "human_result", TEXT, human_result),
    NODE(AUTH, "spf", SPF),
    AUTH(SPF, "domain", DOMAIN, domain),
    AUTH(SPF, "scope", WORD, scope),
    AUTH(SPF, "result", WORD, result),
    AUTH(SPF, "human_result", TEXT, human_result),
};

#define RULES (PST_COUNT(rules))

const struct pst_feedback_rule *
pst_feedback_rule(enum pst_feedback_element parent, const char *name)
{
	for (size_t i = 0; i < RULES; i++)
		if (rules[i].parent == parent &&
		    strcmp(rules[i].name, name) == 0)
			return &rules[i];
	return NULL;
}
