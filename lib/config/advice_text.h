/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_ADVICE_TEXT_H
#define PST_CONFIG_ADVICE_TEXT_H

/* The part of config/advice that reads texts: replies, marks and names. */

#include "config/advice.h"

void pst_advise_texts(
    const struct pst_config *config, struct pst_problems *problems);

#endif
