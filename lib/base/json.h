/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_BASE_JSON_H
#define PST_BASE_JSON_H

/*
 * Builds one JSON value, member by member, and prints it on one line. Members
 * keep the order in which they were added. The key is NULL inside an array and
 * for the outermost value.
 *
 * All texts are the program's own, validated, or escaped here; so the output
 * is printable ASCII. Running out of memory aborts, as in an arena.
 */

#include "base/arena.h"
#include "base/str.h"

struct pst_json;

/* A builder in the arena, gone with it. */
struct pst_json *pst_json_new(struct pst_arena *arena);

void pst_json_open_object(struct pst_json *json, const char *key);
void pst_json_open_array(struct pst_json *json, const char *key);
/* Closes what was opened last. */
void pst_json_close(struct pst_json *json);

/* UTF-8 text, escaped when it is not; NULL becomes null. */
void pst_json_text(struct pst_json *json, const char *key, const char *text);
/* Octets from outside, through pst_buf_add_escaped(). */
void
pst_json_octets(struct pst_json *json, const char *key, struct pst_str octets);
void pst_json_number(struct pst_json *json, const char *key, uint64_t value);
void pst_json_real(struct pst_json *json, const char *key, double value);
void pst_json_bool(struct pst_json *json, const char *key, bool value);
void pst_json_null(struct pst_json *json, const char *key);

/* The text without a final newline, in the arena; all must be closed. */
const char *pst_json_end(struct pst_json *json);

#endif
