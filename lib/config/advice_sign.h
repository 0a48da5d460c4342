/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_ADVICE_SIGN_H
#define PST_CONFIG_ADVICE_SIGN_H

/* For config/advice.c only: warnings about signing. */

#include "config/config.h"
#include "config/problems.h"

/*
 * Adds warnings about sections `sign` and options of signing that do nothing, and
 * about login-domains.
 */
void
pst_advise_sign(const struct pst_config *config, struct pst_problems *problems);

#endif
