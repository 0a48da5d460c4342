/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TESTS_CONFIG_FIXTURE_H
#define PST_TESTS_CONFIG_FIXTURE_H

/* A configuration file in a temporary directory, for tests of the loader. */

#include <stddef.h>

#include "config/config.h"

/* Set-up and tear-down of a cmocka group: make and remove the directory. */
int config_begin(void **state);
int config_end(void **state);

extern char config_dir[64];
extern char config_file[128];

/* Writes these octets to the file; the test fails if that is impossible. */
void config_write(const void *ptr, size_t len);

/* Writes text to the file and returns pst_config_load() of it. */
struct pst_config *config_load(const char *text, struct pst_err *err);

/* Loads a text that must be valid; never NULL. */
struct pst_config *config_must_load(const char *text);

/*
 * Loads a text that must be refused. The error must name the file, the line
 * (0: it must name none) and contain `why`.
 */
void config_must_fail(const char *text, unsigned line, const char *why);

#endif
