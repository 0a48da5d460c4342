/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TESTS_CONFIG_FIXTURE_H
#define PST_TESTS_CONFIG_FIXTURE_H

/* One configuration file in a directory of its own. */

#include <stddef.h>

#include "config/config.h"

/* For cmocka's group: the directory, and its end with the file. */
int config_begin(void **state);
int config_end(void **state);

extern char config_dir[64];
extern char config_file[128];

/* The test ends when the file cannot be written. */
void config_write(const void *ptr, size_t len);

/* What pst_config_load() says to that text. */
struct pst_config *config_load(const char *text, struct pst_err *err);

/* A text that must be right. */
struct pst_config *config_must_load(const char *text);

/*
 * A text that must be refused, with the file, the line (0: none is named) and
 * these words.
 */
void config_must_fail(const char *text, unsigned line, const char *why);

#endif
