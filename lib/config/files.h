/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_FILES_H
#define PST_CONFIG_FILES_H

/* The files that a configuration is read from. */

#include "config/config.h"

/*
 * Calls visit(arg, path) for each file that pst_config_load() read, or would
 * have read if it existed: the file itself, list files ("@/path"), also those
 * of rules, and the public suffix list; and the keys of sections `sign`, if a
 * listener signs. Stops when visit() returns false, and
 * then returns false. A path may come more than once.
 */
bool pst_config_each_file(const struct pst_config *config,
    bool (*visit)(void *arg, const char *path), void *arg);

#endif
