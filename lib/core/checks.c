/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/check.h"

#include "base/macros.h"

/*
 * iprev is before SPF, whose number of questions the sender chooses: in any
 * other order an expensive SPF record could leave iprev without an answer. DKIM
 * and DMARC ask from the reserved part of the budget, which is enough for both.
 * HELO comes last, as its number of questions is the sender's choice as well.
 */
const struct pst_check *const pst_checks[] = {
    &pst_check_iprev,
    &pst_check_spf,
    &pst_check_dkim,
    &pst_check_dmarc,
    &pst_check_arc,
    &pst_check_helo,
    &pst_check_dnssec,
};

const size_t pst_check_count = PST_COUNT(pst_checks);
