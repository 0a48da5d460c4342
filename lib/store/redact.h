/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_REDACT_H
#define PST_STORE_REDACT_H

/*
 * Redacts what a failure report quotes of a message (RFC 6590, R-FAIL-12). Of
 * the header block, only fields listed in redact.c remain, and each local part
 * is replaced by a keyed hash: the domain owner sees that two are the same, but
 * not whose they are.
 *
 * Texts come out as printable ASCII, in folded lines separated by LF. All other
 * octets are escaped, so nothing in a text can end a line or begin a field.
 */

#include "config/config.h"

#define PST_REDACT_MAX_HEADER 32768

/*
 * Returns 16 hexadecimal digits that depend on the local part (ignoring case)
 * and on the secret.
 */
const char *pst_redact_local(
    struct pst_arena *arena, struct pst_str local, const char *secret);

/*
 * Returns an envelope address with its local part hashed; "<>" for a null one;
 * "" if it cannot be parsed.
 */
const char *pst_redact_path(
    struct pst_arena *arena, struct pst_str path, const char *secret);

/*
 * Returns whether a report quotes fields of that name, as the configuration
 * says. pst_redact_header() and pst_redact_subject() use no others.
 */
bool pst_redact_quotes(const struct pst_config *config, struct pst_str name);

/*
 * Returns the redacted header block. Each field ends with LF. Fields that
 * exceed PST_REDACT_MAX_HEADER in total are left out.
 */
const char *
pst_redact_header(struct pst_arena *arena, const struct pst_config *config,
    const struct pst_header *header, const char *secret);

/*
 * Returns the Subject on one line, with local parts hashed; "" if there is none
 * or the configuration does not allow it.
 */
const char *
pst_redact_subject(struct pst_arena *arena, const struct pst_config *config,
    const struct pst_header *header, const char *secret);

#endif
