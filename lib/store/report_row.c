/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/report_row.h"

#include <assert.h>

#include "base/buf.h"
#include "base/day.h"

#define MAX_AUTH 65536
#define MAX_URIS 8192

/*
 * Returns whether the message is a report itself. Its type tells
 * (RFC 5965 s. 2), or the subject that RFC 9990 s. 3.5.2 defines. Anybody can
 * write these, so they count only in a message that passes DMARC, as reports
 * must.
 */
static bool
looks_like_report(const struct pst_message *message)
{
	const struct pst_header_field *type =
	    pst_header_find(message->header, "Content-Type", 1);
	const struct pst_header_field *subject =
	    pst_header_find(message->header, "Subject", 1);

	if (message->findings.dmarc.result != PST_RESULT_PASS)
		return false;
	if (subject != NULL &&
	    pst_str_istarts(
		pst_str_trim(subject->value), PST_STR("Report Domain:")))
		return true;
	return type != NULL &&
	    (pst_str_istarts(
		 pst_str_trim(type->value), PST_STR("multipart/report")) ||
		pst_str_istarts(
		    pst_str_trim(type->value), PST_STR("application/gzip")) ||
		pst_str_istarts(
		    pst_str_trim(type->value), PST_STR("application/zip")));
}

bool
pst_report_row_is_due(const struct pst_message *message)
{
	const struct pst_config *config = message->config;
	const struct pst_findings *findings = &message->findings;
	const struct pst_dmarc *dmarc = &findings->dmarc;

	return config->reports.from[0] != '\0' &&
	    findings->exempt == PST_EXEMPT_NO && dmarc->policy_domain != NULL &&
	    dmarc->knowledge != PST_DMARC_INHERITED &&
	    dmarc->author_domain != NULL && dmarc->record.rua_count > 0 &&
	    message->done.action != PST_ACTION_TEMPFAIL &&
	    !findings->to_reports && !looks_like_report(message) &&
	    !pst_domain_set_has(
		&config->reports.skip_domains.set, dmarc->policy_domain);
}

const char *
pst_report_uris(struct pst_arena *arena, const char *const *uris, size_t count)
{
	struct pst_buf buf;

	pst_buf_init(&buf, arena, MAX_URIS);
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			pst_buf_add_char(&buf, ' ');
		pst_buf_add_text(&buf, uris[i]);
	}
	/* The URIs of a record of at most 4096 octets always fit. */
	return pst_buf_str(&buf);
}

static void
make_policy(struct pst_arena *arena, const struct pst_dmarc *dmarc,
    struct pst_report_policy *out)
{
	const struct pst_dmarc_record *record = &dmarc->record;

	*out = (struct pst_report_policy){
	    .domain = dmarc->policy_domain,
	    .adkim = record->adkim_strict ? "s" : "r",
	    .aspf = record->aspf_strict ? "s" : "r",
	    .p = pst_dmarc_policy_word(record->p),
	    .sp = pst_dmarc_policy_word(record->sp),
	    .np = pst_dmarc_policy_word(record->np),
	    .testing = record->test ? "y" : "n",
	    .fo = record->fo,
	    .discovery = dmarc->discovery,
	    .rua = pst_report_uris(arena, record->rua, record->rua_count),
	    .fault = "",
	};
	if (record->fault != NULL)
		out->fault = record->fault;
	else if (dmarc->fault != NULL)
		out->fault = dmarc->fault;
}

/* Returns what was done, in the words of RFC 9990 (R-AGG-13). */
static const char *
disposition(const struct pst_message *message)
{
	const struct pst_dmarc *dmarc = &message->findings.dmarc;

	switch (message->done.action) {
	case PST_ACTION_REJECT:
		return "reject";
	case PST_ACTION_TAG:
	case PST_ACTION_QUARANTINE:
		return "quarantine";
	case PST_ACTION_ACCEPT:
		return dmarc->result == PST_RESULT_PASS &&
			dmarc->effective != PST_DMARC_NONE ?
		    "pass" :
		    "none";
	case PST_ACTION_TEMPFAIL:
		break;
	}
	assert(false);
	return "none";
}

/*
 * R-AGG-14: a disposition that differs from the published policy has a reason.
 */
static void
make_reason(const struct pst_message *message, struct pst_report_row *out)
{
	const struct pst_decision *decision = &message->decision;
	const struct pst_dmarc *dmarc = &message->findings.dmarc;
	bool failed = message->done.failed != NULL;
	/* A decision that was not carried out explains nothing. */
	enum pst_reason reason = failed ? PST_REASON_NONE : decision->reason;
	const char *rule = failed ? PST_DONE_RULE : decision->rule;
	const char *comment = failed ? NULL : decision->comment;
	bool passed = dmarc->spf_aligned || dmarc->dkim_aligned;

	if (comment == NULL && decision->titled && !failed)
		comment = rule;
	if (reason == PST_REASON_NONE && !passed &&
	    strcmp(out->disposition, pst_dmarc_policy_word(dmarc->published)) !=
		0) {
		reason = PST_REASON_LOCAL_POLICY;
		comment = rule;
	}
	out->reason = reason == PST_REASON_NONE ? "" : pst_reason_word(reason);
	out->comment =
	    reason == PST_REASON_NONE || comment == NULL ? "" : comment;
}

enum worth {
	WORTH_STRICT,
	WORTH_RELAXED,
	WORTH_OTHER,
	WORTH_FAILED, /* the last one */
};

static enum worth
worth_of(const struct pst_dkim_sig *sig, const char *author)
{
	if (sig->result != PST_RESULT_PASS)
		return WORTH_FAILED;
	if (strcmp(sig->domain, author) == 0)
		return WORTH_STRICT;
	return sig->aligned ? WORTH_RELAXED : WORTH_OTHER;
}

/*
 * Adds the best signatures first. If there are too many, the worst are left
 * out.
 */
static void
add_signatures(struct pst_buf *buf, const struct pst_dkim *dkim,
    const char *author, enum worth last)
{
	unsigned added = 0;

	for (int worth = WORTH_STRICT; worth <= (int)last; worth++) {
		for (size_t i = 0; i < dkim->count; i++) {
			const struct pst_dkim_sig *sig = &dkim->sigs[i];

			if (sig->domain == NULL || sig->selector == NULL ||
			    !sig->checked ||
			    (int)worth_of(sig, author) != worth ||
			    added == PST_REPORT_ROW_MAX_SIGNATURES)
				continue;
			pst_buf_printf(buf, "dkim %s %s %s\n", sig->domain,
			    sig->selector, pst_result_word(sig->result));
			added++;
		}
	}
}

static const char *
auth_lines(struct pst_arena *arena, const struct pst_findings *findings,
    enum worth last)
{
	const struct pst_spf *spf = &findings->spf;
	struct pst_buf buf;

	pst_buf_init(&buf, arena, MAX_AUTH);
	add_signatures(
	    &buf, &findings->dkim, findings->dmarc.author_domain, last);
	if (spf->domain != NULL)
		pst_buf_printf(&buf, "spf %s %s\n", spf->domain,
		    pst_result_word(spf->result));
	/* 100 domains of 253 octets fit, with their selectors. */
	return pst_buf_str(&buf);
}

static const char *
pass_or_fail(bool pass)
{
	return pst_result_word(pass ? PST_RESULT_PASS : PST_RESULT_FAIL);
}

void
pst_report_row_make(struct pst_arena *arena, const struct pst_outcome *outcome,
    size_t at, struct pst_report_row *out)
{
	const struct pst_message *message = &outcome->message;
	const struct pst_findings *findings = &message->findings;
	const struct pst_recipients *rcpts = &findings->rcpts;
	char ip[PST_IP_TEXT_SIZE];

	assert(at < outcome->rows);
	*out = (struct pst_report_row){
	    .day = pst_day_of(outcome->seen_s),
	    .seen_s = outcome->seen_s,
	    .source_ip =
		pst_arena_strdup(arena, pst_ip_text(&message->client, ip)),
	    .disposition = disposition(message),
	    .dkim = pass_or_fail(findings->dmarc.dkim_aligned),
	    .spf = pass_or_fail(findings->dmarc.spf_aligned),
	    .header_from = findings->dmarc.author_domain,
	    .envelope_from =
		findings->mail_from == NULL ? "" : findings->mail_from,
	    .envelope_to = rcpts->count == 0 ? "" : rcpts->domains[at],
	    .auth = auth_lines(arena, findings, WORTH_FAILED),
	    .auth_short = auth_lines(arena, findings, WORTH_OTHER),
	};
	make_policy(arena, &findings->dmarc, &out->policy);
	make_reason(message, out);
}

bool
pst_report_auth_next(struct pst_str *auth, struct pst_report_auth *out)
{
	struct pst_str line, word;
	bool more = true;

	while (auth->len > 0) {
		line = pst_str_first(*auth, pst_str_find(*auth, '\n'));
		*auth = pst_str_from(*auth, line.len + 1);
		if (!pst_str_split(&line, ' ', &word, &more))
			continue;
		memset(out, 0, sizeof(*out));
		out->is_spf = pst_str_eq(word, PST_STR("spf"));
		if (pst_str_split(&line, ' ', &out->domain, &more) &&
		    (out->is_spf ||
			pst_str_split(&line, ' ', &out->selector, &more)) &&
		    pst_str_split(&line, ' ', &out->result, &more))
			return true;
		more = true;
	}
	return false;
}
