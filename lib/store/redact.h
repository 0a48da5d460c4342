/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_REDACT_H
#define PST_STORE_REDACT_H

/*
 * What of a message may leave the house (RFC 6590, R-FAIL-12): a header block
 * of fields that are named here, with each local part replaced by a keyed hash,
 * so that the domain owner sees that two are the same, but not whose they are.
 *
 * Texts come out as printable ASCII, folded lines, LF between them: control
 * characters are gone and other octets are escaped, so nothing in them can end
 * a line or begin a field.
 */

#include "config/config.h"

#define PST_REDACT_MAX_HEADER 32768

/*
 * local as 16 letters and digits that depend on it (case ignored) and on the
 * secret.
 */
const char *pst_redact_local(
    struct pst_arena *arena, struct pst_str local, const char *secret);

/* An envelope address, "<>" for a null one; "" when it cannot be read. */
const char *pst_redact_path(
    struct pst_arena *arena, struct pst_str path, const char *secret);

/* The header block, each field ended by LF. */
const char *
pst_redact_header(struct pst_arena *arena, const struct pst_config *config,
    const struct pst_header *header, const char *secret);

/* The Subject on one line, or "" when it may not be told. */
const char *
pst_redact_subject(struct pst_arena *arena, const struct pst_config *config,
    const struct pst_header *header, const char *secret);

#endif
