/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_ADVICE_OWN_H
#define PST_CONFIG_ADVICE_OWN_H

/* For config/advice.c only: warnings about mail in our own name. */

#include "config/config.h"
#include "config/problems.h"

/* Adds warnings about own-domains, on-own-domain and display-name. */
void
pst_advise_own(const struct pst_config *config, struct pst_problems *problems);

#endif
