/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/aggregate.h"

#include <inttypes.h>
#include <libxml/xmlwriter.h>
#include <stdlib.h>

#define NAMESPACE "urn:ietf:params:xml:ns:dmarc-2.0"

#define MAX_DOMAIN 255
#define MAX_TEXT 1024

struct pst_aggregate {
	struct pst_aggregate_sink sink;
	xmlTextWriter *writer;
	bool old; /* RFC 7489 */
	bool failed;
};

/* ---- texts ---- */

/*
 * Returns the length of the UTF-8 sequence at the beginning of text; 0 if it is
 * not well-formed.
 */
static size_t
sequence_length(struct pst_str text)
{
	for (size_t len = 1; len <= 4 && len <= text.len; len++)
		if (pst_str_is_utf8(pst_str_first(text, len)))
			return len;
	return 0;
}

/* XML 1.0 s. 2.2: no controls, no U+FFFE, no U+FFFF. */
static bool
is_allowed(const char *at, size_t len)
{
	unsigned char first = (unsigned char)at[0];

	if (len == 1)
		return first >= 0x20 && first != 0x7f;
	return len != 3 || first != 0xef || at[1] != '\xbf' ||
	    (at[2] != '\xbe' && at[2] != '\xbf');
}

/*
 * Writes text to out in a form fit for XML. out must have room for max_len
 * octets and a NUL.
 */
static void
clean(struct pst_str text, char *out, size_t max_len)
{
	size_t used = 0;

	while (text.len > 0) {
		size_t len = sequence_length(text);
		bool good = len > 0 && is_allowed(text.ptr, len);
		size_t need = good ? len : 1;

		if (used + need > max_len)
			break;
		if (good)
			memcpy(out + used, text.ptr, len);
		else
			out[used] = '?';
		used += need;
		text = pst_str_from(text, len > 0 ? len : 1);
	}
	out[used] = '\0';
}

static const xmlChar *
octets(const char *text)
{
	union {
		const char *text;
		const xmlChar *octets;
	} both = {text};

	return both.octets;
}

static void
open_element(struct pst_aggregate *report, const char *name)
{
	if (xmlTextWriterStartElement(report->writer, octets(name)) < 0)
		report->failed = true;
}

static void
close_element(struct pst_aggregate *report)
{
	if (xmlTextWriterEndElement(report->writer) < 0)
		report->failed = true;
}

static void
put(struct pst_aggregate *report, const char *name, struct pst_str value,
    size_t max_len)
{
	char text[MAX_TEXT + 1];

	clean(value, text, max_len);
	if (xmlTextWriterWriteElement(
		report->writer, octets(name), octets(text)) < 0)
		report->failed = true;
}

static void
put_text(struct pst_aggregate *report, const char *name, const char *value)
{
	put(report, name, pst_str(value), MAX_TEXT);
}

static void
put_domain(struct pst_aggregate *report, const char *name, const char *value)
{
	put(report, name, pst_str(value), MAX_DOMAIN);
}

static void
put_number(struct pst_aggregate *report, const char *name, int64_t value)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRId64, value);
	put_text(report, name, text);
}

/*
 * Writes value if it is one of words, a list that NULL ends, or else the first
 * of them.
 */
static void
put_word(struct pst_aggregate *report, const char *name, struct pst_str value,
    const char *const *words)
{
	const char *word = words[0];

	for (size_t i = 0; words[i] != NULL; i++)
		if (pst_str_eq(value, pst_str(words[i])))
			word = words[i];
	put_text(report, name, word);
}

/* ---- the head ---- */

static void
put_metadata(
    struct pst_aggregate *report, const struct pst_aggregate_head *head)
{
	open_element(report, "report_metadata");
	put_text(report, "org_name", head->org_name);
	put_text(report, "email", head->email);
	if (head->contact[0] != '\0')
		put_text(report, "extra_contact_info", head->contact);
	put_text(report, "report_id", head->report_id);
	open_element(report, "date_range");
	put_number(report, "begin", head->begin_s);
	put_number(report, "end", head->end_s);
	close_element(report);
	if (head->error[0] != '\0')
		put_text(report, "error", head->error);
	if (!report->old)
		put_text(report, "generator", "Postern " PST_VERSION);
	close_element(report);
}

static const char *const policies[] = {"none", "quarantine", "reject", NULL};

static void
put_policy(struct pst_aggregate *report, const struct pst_report_policy *policy)
{
	static const char *const modes[] = {"r", "s", NULL};
	static const char *const flags[] = {"n", "y", NULL};
	static const char *const ways[] = {"treewalk", "psl", NULL};

	open_element(report, "policy_published");
	put_domain(report, "domain", policy->domain);
	put_word(report, "adkim", pst_str(policy->adkim), modes);
	put_word(report, "aspf", pst_str(policy->aspf), modes);
	put_word(report, "p", pst_str(policy->p), policies);
	put_word(report, "sp", pst_str(policy->sp), policies);
	if (report->old) {
		/* RFC 7489 requires it; RFC 9989 knows no other share. */
		put_text(report, "pct", "100");
	} else {
		put_word(report, "np", pst_str(policy->np), policies);
		put_word(report, "testing", pst_str(policy->testing), flags);
		put_word(report, "discovery_method", pst_str(policy->discovery),
		    ways);
	}
	put_text(report, "fo", policy->fo);
	close_element(report);
}

static int
write_out(void *context, const char *ptr, int len)
{
	struct pst_aggregate *report = context;

	if (len <= 0)
		return 0;
	if (!report->failed &&
	    report->sink.put(report->sink.arg, ptr, (size_t)len))
		return len;
	report->failed = true;
	return -1;
}

struct pst_aggregate *
pst_aggregate_begin(enum pst_report_compat form,
    const struct pst_aggregate_head *head, struct pst_aggregate_sink sink)
{
	struct pst_aggregate *report = calloc(1, sizeof(*report));
	xmlOutputBuffer *out;

	if (report == NULL)
		abort();
	report->sink = sink;
	report->old = form == PST_REPORT_RFC7489;
	out = xmlOutputBufferCreateIO(write_out, NULL, report, NULL);
	report->writer = out == NULL ? NULL : xmlNewTextWriter(out);
	if (report->writer == NULL)
		abort();
	(void)xmlTextWriterSetIndent(report->writer, 1);
	(void)xmlTextWriterSetIndentString(report->writer, octets(" "));
	(void)xmlTextWriterStartDocument(report->writer, "1.0", "UTF-8", NULL);
	open_element(report, "feedback");
	if (!report->old)
		(void)xmlTextWriterWriteAttribute(
		    report->writer, octets("xmlns"), octets(NAMESPACE));
	put_text(report, "version", "1.0");
	put_metadata(report, head);
	put_policy(report, &head->policy);
	return report;
}

/* ---- records ---- */

static void
put_reason(struct pst_aggregate *report, const struct pst_report_row *record)
{
	static const char *const words[] = {"other", "local_policy",
	    "mailing_list", "policy_test_mode", "trusted_forwarder", NULL};
	static const char *const old_words[] = {
	    "other", "local_policy", "mailing_list", "trusted_forwarder", NULL};

	if (record->reason[0] == '\0')
		return;
	open_element(report, "reason");
	put_word(report, "type", pst_str(record->reason),
	    report->old ? old_words : words);
	if (record->comment[0] != '\0')
		put_text(report, "comment", record->comment);
	close_element(report);
}

static void
put_row(struct pst_aggregate *report, const struct pst_report_row *record,
    int64_t n)
{
	static const char *const actions[] = {
	    "none", "pass", "quarantine", "reject", NULL};
	static const char *const results[] = {"fail", "pass", NULL};

	open_element(report, "row");
	put_domain(report, "source_ip", record->source_ip);
	put_number(report, "count", n);
	open_element(report, "policy_evaluated");
	put_word(report, "disposition", pst_str(record->disposition),
	    report->old ? policies : actions);
	put_word(report, "dkim", pst_str(record->dkim), results);
	put_word(report, "spf", pst_str(record->spf), results);
	put_reason(report, record);
	close_element(report);
	close_element(report);
}

static void
put_identifiers(
    struct pst_aggregate *report, const struct pst_report_row *record)
{
	open_element(report, "identifiers");
	if (record->envelope_to[0] != '\0')
		put_domain(report, "envelope_to", record->envelope_to);
	put_domain(report, "envelope_from", record->envelope_from);
	put_domain(report, "header_from", record->header_from);
	close_element(report);
}

static void
put_spf(
    struct pst_aggregate *report, struct pst_str domain, struct pst_str result)
{
	static const char *const results[] = {"none", "pass", "fail",
	    "softfail", "neutral", "temperror", "permerror", NULL};

	open_element(report, "spf");
	put(report, "domain", domain, MAX_DOMAIN);
	put_text(report, "scope", "mfrom");
	put_word(report, "result", result, results);
	close_element(report);
}

static void
put_auth(struct pst_aggregate *report, const struct pst_report_row *record)
{
	static const char *const results[] = {"none", "pass", "fail", "policy",
	    "neutral", "temperror", "permerror", NULL};
	struct pst_str rest = pst_str(record->auth);
	struct pst_report_auth auth, spf = {.is_spf = false};

	open_element(report, "auth_results");
	while (pst_report_auth_next(&rest, &auth)) {
		if (auth.is_spf) {
			spf = auth;
			continue;
		}
		open_element(report, "dkim");
		put(report, "domain", auth.domain, MAX_DOMAIN);
		put(report, "selector", auth.selector, MAX_DOMAIN);
		put_word(report, "result", auth.result, results);
		close_element(report);
	}
	if (spf.is_spf)
		put_spf(report, spf.domain, spf.result);
	else if (report->old)
		/* RFC 7489 always requires one. */
		put_spf(
		    report, pst_str(record->envelope_from), PST_STR("none"));
	close_element(report);
}

bool
pst_aggregate_add(struct pst_aggregate *report,
    const struct pst_report_row *record, int64_t n)
{
	open_element(report, "record");
	put_row(report, record, n);
	put_identifiers(report, record);
	put_auth(report, record);
	close_element(report);
	if (xmlTextWriterFlush(report->writer) < 0)
		report->failed = true;
	return !report->failed;
}

bool
pst_aggregate_end(struct pst_aggregate *report)
{
	bool ok;

	if (xmlTextWriterEndDocument(report->writer) < 0 ||
	    xmlTextWriterFlush(report->writer) < 0)
		report->failed = true;
	xmlFreeTextWriter(report->writer);
	ok = !report->failed;
	free(report);
	return ok;
}
