/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_BASE_JSON_H
#define PST_BASE_JSON_H

/*
 * Builds one JSON value, member by member, and prints it on one line. Members
 * keep the order in which they were added. key is the member's name; it is NULL
 * inside an array and for the outermost value.
 *
 * The output is printable ASCII: every text is the program's own, validated, or
 * escaped here. Running out of memory aborts, as in an arena.
 */

#include "base/arena.h"
#include "base/str.h"

struct pst_json;

/* Returns a builder that is freed with the arena. */
struct pst_json *pst_json_new(struct pst_arena *arena);

/* Returns the arena of the builder. */
struct pst_arena *pst_json_arena(const struct pst_json *json);

/* Removes a member of the innermost open object, if it is there. */
void pst_json_drop(struct pst_json *json, const char *key);
/* Returns the octets that the outermost value has so far. */
size_t pst_json_len(const struct pst_json *json);

void pst_json_open_object(struct pst_json *json, const char *key);
void pst_json_open_array(struct pst_json *json, const char *key);
/* Closes the object or array that was opened last. */
void pst_json_close(struct pst_json *json);

/* Adds UTF-8 text; any other text is escaped as below. NULL becomes null. */
void pst_json_text(struct pst_json *json, const char *key, const char *text);
/* Adds octets from a peer, escaped with pst_buf_add_escaped(). */
void
pst_json_octets(struct pst_json *json, const char *key, struct pst_str octets);
void pst_json_number(struct pst_json *json, const char *key, uint64_t value);
void pst_json_real(struct pst_json *json, const char *key, double value);
void pst_json_bool(struct pst_json *json, const char *key, bool value);
void pst_json_null(struct pst_json *json, const char *key);

/*
 * Returns the text, without a final newline, in the arena. Every object and
 * array must be closed.
 */
const char *pst_json_end(struct pst_json *json);

#endif
