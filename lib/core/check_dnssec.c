/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The row of DNSSEC: it asks nothing, but tells which records of the other
 * checks were validated. It is a row since it is printed and recorded as their
 * results are.
 */

#include "base/macros.h"
#include "core/check.h"
#include "core/dnssec.h"
#include "core/print.h"
#include "core/session.h"

#define ALL_PARTS (PST_DNSSEC_DMARC | PST_DNSSEC_SPF | PST_DNSSEC_DKIM)

static bool
is_wanted(const struct pst_check_run *run)
{
	return pst_dns_trusts_ad(run->world->dns);
}

static bool
step(struct pst_check_run *run)
{
	struct pst_findings *findings = &run->message->findings;

	pst_dnssec_judge(run->world->dns, findings, &findings->dnssec);
	return true;
}

static bool
has_some(const struct pst_findings *findings)
{
	return findings->dnssec.known && findings->dnssec.exist != 0;
}

static void
log_detail(
    const struct pst_findings *findings, const void *state, struct pst_buf *buf)
{
	(void)state;
	if (has_some(findings))
		pst_buf_printf(buf, " dnssec=%s",
		    pst_dnssec_words(findings->dnssec.proven));
}

static void
add_members(const struct pst_dnssec *dnssec, struct pst_json *out)
{
	static const struct {
		enum pst_dnssec_part part;
		const char *key;
	} members[] = {
	    {PST_DNSSEC_DMARC, "dmarc"},
	    {PST_DNSSEC_SPF, "spf"},
	    {PST_DNSSEC_DKIM, "dkim"},
	};

	pst_json_open_object(out, "dnssec");
	for (size_t i = 0; i < PST_COUNT(members); i++) {
		if ((dnssec->exist & members[i].part) != 0)
			pst_json_bool(out, members[i].key,
			    (dnssec->proven & members[i].part) != 0);
	}
	pst_json_close(out);
}

static void
log_json(const struct pst_findings *findings, const void *state,
    struct pst_json *out)
{
	(void)state;
	if (has_some(findings))
		add_members(&findings->dnssec, out);
}

static void
json(const struct pst_findings *findings, const void *state,
    struct pst_json *out)
{
	(void)state;
	if (has_some(findings))
		add_members(&findings->dnssec, out);
	else
		pst_json_null(out, "dnssec");
}

static void
text(
    const struct pst_findings *findings, const void *state, struct pst_buf *buf)
{
	const struct pst_dnssec *dnssec = &findings->dnssec;

	(void)state;
	if (!has_some(findings))
		return;
	pst_print_label(buf, "dnssec");
	pst_buf_printf(buf, "validated: %s; of the records of %s\n",
	    pst_dnssec_words(dnssec->proven), pst_dnssec_words(dnssec->exist));
}

static void
record(const struct pst_findings *findings, const void *state,
    struct pst_record_out *out)
{
	(void)state;
	pst_record_number(out, findings->dnssec.known);
	pst_record_number(out, findings->dnssec.exist);
	pst_record_number(out, findings->dnssec.proven);
}

static void
restore(struct pst_record_in *in, struct pst_findings *findings, void **state)
{
	struct pst_dnssec *dnssec = &findings->dnssec;

	(void)state;
	dnssec->known = pst_record_take_number(in, 1) != 0;
	dnssec->exist = pst_record_take_unsigned(in) & ALL_PARTS;
	dnssec->proven = pst_record_take_unsigned(in) & dnssec->exist;
}

const struct pst_check pst_check_dnssec = {
    .name = "dnssec",
    .needs = PST_CHECK_NEEDS_HEADER,
    .after = {&pst_check_spf, &pst_check_dkim, &pst_check_dmarc},
    .is_extra = true,
    .is_wanted = is_wanted,
    .step = step,
    .log_detail = log_detail,
    .log_json = log_json,
    .text = text,
    .json = json,
    .record_number = 7,
    .record = record,
    .restore = restore,
};
