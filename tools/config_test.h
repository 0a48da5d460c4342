/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_CONFIG_TEST_H
#define PST_TOOLS_CONFIG_TEST_H

/*
 * `postern config test`: what a start would find, and what is hardly meant.
 * Nothing is changed, and no server is asked.
 */

#include <stdbool.h>

/* Tests the file, prints what was found, and returns the exit status. */
int pst_config_test(const char *command, const char *file_name, bool strict);

#endif
