/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_ARGUMENT_H
#define PST_TOOLS_ARGUMENT_H

/*
 * Values of command-line options. Each function prints one sentence on standard
 * error when the value is wrong and returns false.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/ip.h"

bool pst_argument_ip(const char *command, const char *text, struct pst_ip *out);

/* option is its name with the dashes. */
bool pst_argument_number(const char *command, const char *option,
    const char *text, uint64_t min, uint64_t max, uint64_t *out);

/* Text that goes into an SMTP command: no controls, at most 1000 octets. */
bool
pst_argument_word(const char *command, const char *option, const char *text);

struct option;

/*
 * The next option as getopt_long() gives it, its value in optarg; -1 behind the
 * last one, '?' after the sentence about a wrong one.
 */
int pst_argument_next(
    const char *command, int argc, char **argv, const struct option *options);

#endif
