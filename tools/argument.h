/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_ARGUMENT_H
#define PST_TOOLS_ARGUMENT_H

/*
 * Values of command-line options. If a value is wrong, each function prints one
 * sentence on standard error and returns false.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/ip.h"

bool pst_argument_ip(const char *command, const char *text, struct pst_ip *out);

/* An option whose value is a number from min to max. */
struct pst_argument_range {
	const char *option; /* its name with the dashes */
	uint64_t min, max;
};

bool pst_argument_number(const char *command, struct pst_argument_range range,
    const char *text, uint64_t *out);

/* Checks text for an SMTP command: no controls, at most 1000 octets. */
bool
pst_argument_word(const char *command, const char *option, const char *text);

/*
 * Reads a time: "7d", "36h", "90min" or "30s" before now_s, a day "2026-11-20",
 * or seconds since 1970. Days are those of UTC, as in reports: since is the first
 * second of one, until its last. Stores seconds since 1970, at least 1.
 */
bool pst_argument_since(const char *command, const char *option,
    const char *text, int64_t now_s, int64_t *out);
bool pst_argument_until(const char *command, const char *option,
    const char *text, int64_t now_s, int64_t *out);

struct option;

/*
 * Returns the next option as getopt_long() does, with its value in optarg; -1
 * after the last option; '?' after a sentence about a wrong one.
 */
int pst_argument_next(
    const char *command, int argc, char **argv, const struct option *options);

#endif
