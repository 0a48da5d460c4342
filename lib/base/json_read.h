/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_BASE_JSON_READ_H
#define PST_BASE_JSON_READ_H

/*
 * Reads one JSON value. Values belong to the arena with which they were read.
 * All functions accept NULL as a value and treat it as one that is missing, so
 * callers can ask for members of members and check once.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/macros.h"
#include "base/str.h"

struct pst_json_value;

/*
 * Reads the text, which is one value and nothing else. Returns NULL with a
 * sentence in err if it is not JSON (RFC 8259) or contains a key twice.
 */
const struct pst_json_value *pst_json_read(struct pst_arena *arena,
    struct pst_str text, struct pst_err *err) PST_MUST_CHECK;

/* Returns a member of an object; NULL if it is missing. */
const struct pst_json_value *
pst_json_member(const struct pst_json_value *object, const char *key);

/* Returns element i of an array, from 0; NULL after the last one. */
const struct pst_json_value *
pst_json_element(const struct pst_json_value *array, size_t i);

/*
 * Returns the member after the one named *key, and its name in *key; with *key
 * NULL, the first one. NULL after the last member.
 */
const struct pst_json_value *
pst_json_next(const struct pst_json_value *object, const char **key);

/* Stores a whole number that is not negative; else returns false. */
bool pst_json_as_number(const struct pst_json_value *value, uint64_t *out);

/* True for the value true; false for everything else. */
bool pst_json_is_true(const struct pst_json_value *value);

/* Returns the text of a string; NULL if the value is something else. */
const char *pst_json_as_text(const struct pst_json_value *value);

#endif
