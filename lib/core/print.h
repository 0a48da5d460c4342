/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_PRINT_H
#define PST_CORE_PRINT_H

/* What the printers of core/explain and of the checks have in common. */

#include "base/buf.h"
#include "base/json.h"
#include "mail/authres.h"

/* Returns text, or "-" if it is NULL or empty. */
const char *pst_print_or_dash(const char *text);

/* Begins a line of text for a person. */
void pst_print_label(struct pst_buf *buf, const char *label);

/*
 * A list in the log line, which began when buf had `begin` octets. It ends
 * after a few items or octets: the sender chooses the names, and long ones must
 * not push the action out of the line. The first returns false when item i must
 * not be added; the second says how many of count were left out.
 */
bool pst_print_list_goes_on(
    const struct pst_buf *buf, size_t begin, size_t i, size_t count);
void pst_print_list_end(struct pst_buf *buf, size_t i, size_t count);

/* Adds a property to a result field, unless value is NULL. */
void pst_print_prop(struct pst_authres *ar, const char *ptype,
    const char *property, const char *value);

/* Adds an array of texts. */
void pst_print_texts(struct pst_json *json, const char *key,
    const char *const *items, size_t count);
/* Adds a member that only some messages have: none if text is NULL. */
void pst_print_if_set(struct pst_json *json, const char *key, const char *text);

#endif
