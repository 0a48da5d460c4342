/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_SYNTAX_H
#define PST_CONFIG_SYNTAX_H

/*
 * Looks through a configuration file before libconfuse reads it. libconfuse
 * stops at the first thing that it does not understand, and says little about
 * it. This finds all of them, says what to write instead, and blanks them out,
 * so that libconfuse reads the rest.
 */

#include "config/problems.h"

/*
 * text is what pst_config_text_read() has made, and is changed. Adds an error
 * for each name that is unknown in its section, and for each place that is not
 * of the form NAME = VALUE, NAME = {VALUE, ...}, SECTION { ... } or
 * SECTION "TITLE" { ... }. empty_lists has one entry for each option, and
 * receives the line where it is set to {}, of which libconfuse does not tell.
 */
void pst_syntax_check(struct pst_problems *problems, const char *file,
    char *text, unsigned *empty_lists);

#endif
