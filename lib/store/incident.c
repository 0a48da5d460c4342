/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/incident.h"

#include "base/buf.h"
#include "base/digest.h"
#include "base/domain.h"
#include "mail/authres.h"
#include "base/day.h"
#include "store/report_row.h"
#include "store/redact.h"

#define MAX_FIELDS 8192

/* The failure that a report is about (RFC 6591 s. 3.1). */
enum failed {
	FAILED_NOTHING,
	FAILED_DMARC,
	FAILED_SIGNATURE, /* fo=d */
	FAILED_SPF,       /* fo=s */
};

/*
 * Returns the first signature that failed, or NULL if there is none. If
 * `aligned` is true, it looks at aligned signatures only.
 */
static const struct pst_dkim_sig *
failed_signature(const struct pst_dkim *dkim, bool aligned)
{
	for (size_t i = 0; i < dkim->count; i++) {
		const struct pst_dkim_sig *sig = &dkim->sigs[i];

		if (sig->checked && sig->result == PST_RESULT_FAIL &&
		    sig->domain != NULL && sig->selector != NULL &&
		    (sig->aligned || !aligned))
			return sig;
	}
	return NULL;
}

/*
 * Applies the record's fo tag (R-FAIL-3). A result that is unknown because of a
 * DNS error is not a failure yet.
 */
static enum failed
what_failed(const struct pst_findings *findings)
{
	const struct pst_dmarc *dmarc = &findings->dmarc;
	const char *fo = dmarc->record.fo;
	bool spf = dmarc->spf_aligned, dkim = dmarc->dkim_aligned;

	if (dmarc->judged == PST_RESULT_TEMPERROR)
		return FAILED_NOTHING;
	if ((strchr(fo, '1') != NULL && (!spf || !dkim)) ||
	    (strchr(fo, '0') != NULL && !spf && !dkim))
		return FAILED_DMARC;
	if (strchr(fo, 'd') != NULL &&
	    failed_signature(&findings->dkim, false) != NULL)
		return FAILED_SIGNATURE;
	if (strchr(fo, 's') != NULL && findings->spf.result == PST_RESULT_FAIL)
		return FAILED_SPF;
	return FAILED_NOTHING;
}

/* R-FAIL-13: reports about automatic mail, such as reports, could loop. */
static bool
is_automatic(const struct pst_message *message)
{
	const struct pst_header_field *type =
	    pst_header_find(message->header, "Content-Type", 1);
	const struct pst_header_field *sent =
	    pst_header_find(message->header, "Auto-Submitted", 1);

	return message->findings.to_reports ||
	    message->findings.mail_from == NULL ||
	    (type != NULL &&
		pst_str_istarts(
		    pst_str_trim(type->value), PST_STR("multipart/report"))) ||
	    (sent != NULL &&
		!pst_str_istarts(pst_str_trim(sent->value), PST_STR("no")));
}

/* Returns whether the operator lets reports about this policy domain go out. */
static bool
is_asked_for(const struct pst_config *config, const struct pst_dmarc *dmarc)
{
	return pst_domain_set_has(
		   &config->failures.domains.set, dmarc->policy_domain) ||
	    (config->failures.all_domains &&
		dmarc->record.psd != PST_DMARC_PSD_Y);
}

/* R-FAIL-1, R-FAIL-2. */
bool
pst_incident_is_due(const struct pst_message *message)
{
	const struct pst_config *config = message->config;
	const struct pst_findings *findings = &message->findings;
	const struct pst_dmarc *dmarc = &findings->dmarc;

	if (config->reports.from[0] == '\0' ||
	    findings->exempt != PST_EXEMPT_NO || dmarc->policy_domain == NULL ||
	    dmarc->knowledge == PST_DMARC_INHERITED ||
	    dmarc->author_domain == NULL || dmarc->record.ruf_count == 0 ||
	    message->done.action == PST_ACTION_TEMPFAIL ||
	    !is_asked_for(config, dmarc))
		return false;
	return !is_automatic(message) &&
	    what_failed(findings) != FAILED_NOTHING;
}

static const char *
delivery_result(enum pst_action action)
{
	static const char *const words[] = {
	    [PST_ACTION_ACCEPT] = "delivered",
	    [PST_ACTION_TAG] = "spam",
	    [PST_ACTION_QUARANTINE] = "policy",
	    [PST_ACTION_REJECT] = "reject",
	    [PST_ACTION_TEMPFAIL] = "other",
	};

	return words[action];
}

/* R-FAIL-9: the mechanisms that gave no aligned pass. */
static const char *
identity_alignment(const struct pst_dmarc *dmarc)
{
	if (dmarc->dkim_aligned)
		return dmarc->spf_aligned ? "none" : "spf";
	return dmarc->spf_aligned ? "dkim" : "dkim, spf";
}

static const char *
auth_failure(enum failed failed, const struct pst_findings *findings)
{
	const struct pst_dkim_sig *sig;

	switch (failed) {
	case FAILED_SIGNATURE:
		sig = failed_signature(&findings->dkim, false);
		return sig->body_failed ? "bodyhash" : "signature";
	case FAILED_SPF:
		return "spf";
	case FAILED_NOTHING:
	case FAILED_DMARC:
		break;
	}
	return "dmarc";
}

/* R-FAIL-10. */
static void
add_dkim(struct pst_arena *arena, struct pst_buf *out,
    const struct pst_dkim_sig *sig, const char *secret)
{
	struct pst_str identity;
	size_t at;

	if (sig == NULL)
		return;
	pst_buf_printf(out, "DKIM-Domain: %s\n", sig->domain);
	identity = pst_str(sig->identity);
	at = pst_str_rfind(identity, '@');
	if (sig->identity != NULL && at < identity.len) {
		pst_buf_printf(out, "DKIM-Identity: %s@",
		    at == 0 ? "" :
			      pst_redact_local(
				  arena, pst_str_first(identity, at), secret));
		pst_buf_add_escaped(out, pst_str_from(identity, at + 1));
		pst_buf_add_char(out, '\n');
	}
	pst_buf_printf(out, "DKIM-Selector: %s\n", sig->selector);
}

/* RFC 6591 s. 3.2.6: adds the SPF records that the check used. */
static void
add_spf(struct pst_arena *arena, struct pst_buf *out,
    const struct pst_outcome *outcome)
{
	for (size_t i = 0; i < outcome->spf_count; i++)
		pst_buf_printf(out, "SPF-DNS: txt : %s : \"%.*s\"\n",
		    pst_escaped(arena, outcome->spf[i].domain),
		    PST_STR_ARG(outcome->spf[i].text));
}

/* Returns whether the domain that SPF checked would align if it passed. */
static bool
spf_would_align(const struct pst_findings *findings)
{
	const struct pst_dmarc *dmarc = &findings->dmarc;
	const char *domain = findings->spf.domain;

	if (domain == NULL)
		return false;
	if (dmarc->record.aspf_strict || dmarc->org_domain == NULL)
		return pst_domain_eq(domain, dmarc->author_domain);
	return pst_domain_is_below(domain, dmarc->org_domain);
}

static void
add_authres(struct pst_arena *arena, struct pst_buf *out,
    const struct pst_message *message)
{
	const struct pst_dmarc *dmarc = &message->findings.dmarc;
	struct pst_authres ar;
	const char *value;

	pst_authres_begin(&ar, arena, pst_str(message->authserv_id));
	pst_authres_method(
	    &ar, "dmarc", pst_result_word(dmarc->result), NULL, NULL);
	pst_authres_prop(&ar, "header", "from", pst_str(dmarc->author_domain));
	value = pst_authres_end(&ar);
	if (value != NULL)
		pst_buf_printf(out, "Authentication-Results:%s\n", value);
}

/*
 * Returns the incident's own fields of the message/feedback-report part, or
 * NULL if they are too long.
 */
static const char *
make_fields(struct pst_arena *arena, const struct pst_outcome *outcome,
    enum failed failed, const char *secret)
{
	const struct pst_message *message = &outcome->message;
	const struct pst_findings *findings = &message->findings;
	const struct pst_dmarc *dmarc = &findings->dmarc;
	char ip[PST_IP_TEXT_SIZE], date[PST_DATE_TEXT_SIZE];
	const char *mail_from =
	    pst_redact_path(arena, message->mail_from, secret);
	struct pst_buf out;

	pst_buf_init(&out, arena, MAX_FIELDS);
	pst_buf_printf(
	    &out, "Auth-Failure: %s\n", auth_failure(failed, findings));
	add_authres(arena, &out, message);
	pst_buf_printf(
	    &out, "Identity-Alignment: %s\n", identity_alignment(dmarc));
	pst_buf_printf(&out, "Reported-Domain: %s\n", dmarc->author_domain);
	pst_buf_printf(
	    &out, "Source-IP: %s\n", pst_ip_text(&message->client, ip));
	pst_buf_printf(
	    &out, "Arrival-Date: %s\n", pst_date_text(outcome->seen_s, date));
	pst_buf_printf(&out, "Delivery-Result: %s\n",
	    delivery_result(message->done.action));
	pst_buf_printf(&out, "Reporting-MTA: dns; %s\n", message->authserv_id);
	if (message->queue_id[0] != '\0')
		pst_buf_printf(
		    &out, "Original-Envelope-Id: %s\n", message->queue_id);
	if (mail_from[0] != '\0')
		pst_buf_printf(&out, "Original-Mail-From: %s\n", mail_from);
	add_dkim(arena, &out,
	    failed_signature(&findings->dkim, failed != FAILED_SIGNATURE),
	    secret);
	if (findings->spf.result == PST_RESULT_FAIL &&
	    (failed == FAILED_SPF || spf_would_align(findings)))
		add_spf(arena, &out, outcome);
	return pst_buf_str(&out);
}

/* Incidents that tell the domain owner the same have the same id (R-FAIL-5). */
static const char *
make_id(struct pst_arena *arena, const struct pst_message *message,
    enum failed failed)
{
	const struct pst_findings *findings = &message->findings;
	const struct pst_dmarc *dmarc = &findings->dmarc;
	unsigned char digest[PST_DIGEST_BYTES];
	char hex[PST_DIGEST_HEX_SIZE];
	char ip[PST_IP_TEXT_SIZE];
	const char *text = pst_arena_printf(arena, "%s %s %s %s %s %s %s",
	    dmarc->policy_domain, dmarc->author_domain,
	    pst_ip_text(&message->client, ip), findings->mail_from,
	    auth_failure(failed, findings), identity_alignment(dmarc),
	    delivery_result(message->done.action));

	pst_digest_sha256(text, strlen(text), digest);
	return pst_arena_strdup(arena, pst_digest_hex(digest, hex));
}

bool
pst_incident_make(struct pst_arena *arena, const struct pst_outcome *outcome,
    const char *secret, struct pst_incident *out)
{
	const struct pst_message *message = &outcome->message;
	const struct pst_config *config = message->config;
	const struct pst_dmarc_record *record = &message->findings.dmarc.record;
	enum failed failed = what_failed(&message->findings);

	*out = (struct pst_incident){
	    .id = make_id(arena, message, failed),
	    .seen_s = outcome->seen_s,
	    .domain = message->findings.dmarc.policy_domain,
	    .ruf = pst_report_uris(arena, record->ruf, record->ruf_count),
	    .fields = make_fields(arena, outcome, failed, secret),
	    .header = pst_redact_header(arena, config, message->header, secret),
	    .subject =
		pst_redact_subject(arena, config, message->header, secret),
	};
	/* They should always fit, but strangers wrote parts of them. */
	return out->fields != NULL;
}
