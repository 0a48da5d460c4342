/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_RECORDED_NUMBERS_H
#define PST_CORE_RECORDED_NUMBERS_H

/*
 * The numbers that enums have in a recorded message (base/record.h). They are
 * part of the format of the journal: a new value of an enum gets a new number at
 * its end, and no number is changed or used again, so that each version reads
 * what another one has written.
 */

#include "base/record.h"

extern const struct pst_record_numbers pst_numbers_action;
extern const struct pst_record_numbers pst_numbers_claim;
extern const struct pst_record_numbers pst_numbers_dkim_gap;
extern const struct pst_record_numbers pst_numbers_dkim_why;
extern const struct pst_record_numbers pst_numbers_dmarc_identifiers;
extern const struct pst_record_numbers pst_numbers_dmarc_knowledge;
extern const struct pst_record_numbers pst_numbers_dmarc_policy;
extern const struct pst_record_numbers pst_numbers_dmarc_source;
extern const struct pst_record_numbers pst_numbers_dns_class;
extern const struct pst_record_numbers pst_numbers_dns_status;
extern const struct pst_record_numbers pst_numbers_exempt;
extern const struct pst_record_numbers pst_numbers_from_fault;
extern const struct pst_record_numbers pst_numbers_from_verdict;
extern const struct pst_record_numbers pst_numbers_header_fault;
extern const struct pst_record_numbers pst_numbers_held;
extern const struct pst_record_numbers pst_numbers_reason;
extern const struct pst_record_numbers pst_numbers_result;
extern const struct pst_record_numbers pst_numbers_shown;
extern const struct pst_record_numbers pst_numbers_spf_identity;
extern const struct pst_record_numbers pst_numbers_spf_weak;

#endif
