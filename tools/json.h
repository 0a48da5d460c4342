/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_JSON_H
#define PST_TOOLS_JSON_H

/*
 * A writer for one JSON value on one line. Commas and quoting are its business;
 * the caller opens and closes. The key is NULL inside an array.
 */

#include "base/buf.h"

struct pst_json {
	struct pst_buf buf;
	bool comma; /* something stands before the next member */
};

void pst_json_init(struct pst_json *json, struct pst_arena *arena);

/* bracket is '{' or '[' to open, '}' or ']' to close. */
void pst_json_open(struct pst_json *json, const char *key, char bracket);
void pst_json_close(struct pst_json *json, char bracket);

/* NULL becomes null. Text that is not UTF-8 is written escaped as \xHH. */
void pst_json_text(struct pst_json *json, const char *key, const char *text);
void
pst_json_slice(struct pst_json *json, const char *key, struct pst_str text);
void pst_json_number(struct pst_json *json, const char *key, uint64_t value);
void pst_json_real(struct pst_json *json, const char *key, double value);

const char *pst_json_end(struct pst_json *json);

#endif
