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
 * A list in the log line ends after a few items or octets: the sender chooses
 * the names, and long ones must not push the action out of the line. Zero-
 * initialise it.
 */
struct pst_print_list {
	size_t items;
	size_t octets;
	bool ended;
};

/*
 * Returns whether an item of that length may be added; the first one always. Once
 * an item was left out, the rest are.
 */
bool pst_print_list_fits(struct pst_print_list *list, size_t len);
/* Says how many of count items were left out. */
void pst_print_list_end(
    struct pst_buf *buf, const struct pst_print_list *list, size_t count);

/*
 * Returns s for the log: escaped, blanks too, since a sender could otherwise add
 * words to the line, and cut at max octets of the result.
 */
const char *
pst_print_word(struct pst_arena *arena, struct pst_str s, size_t max);

/* Adds a property to a result field, unless value is NULL. */
void pst_print_prop(struct pst_authres *ar, const char *ptype,
    const char *property, const char *value);

/* Adds an array of texts. */
void pst_print_texts(struct pst_json *json, const char *key,
    const char *const *items, size_t count);
/* Adds a member that only some messages have: none if text is NULL. */
void pst_print_if_set(struct pst_json *json, const char *key, const char *text);

#endif
