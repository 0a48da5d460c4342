/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/argument.h"

#include <getopt.h>
#include <inttypes.h>
#include <string.h>

#include "base/str.h"
#include "tools/ui.h"

#define MAX_WORD 1000

bool
pst_argument_ip(const char *command, const char *text, struct pst_ip *out)
{
	if (pst_ip_parse(pst_str(text), out))
		return true;
	pst_ui_fail(
	    command, "--ip must be an IPv4 or IPv6 address, not \"%s\"", text);
	return false;
}

bool
pst_argument_number(const char *command, struct pst_argument_range range,
    const char *text, uint64_t *out)
{
	if (pst_str_to_u64(pst_str(text), range.max, out) && *out >= range.min)
		return true;
	pst_ui_fail(command,
	    "%s must be a number from %" PRIu64 " to %" PRIu64 ", not \"%s\"",
	    range.option, range.min, range.max, text);
	return false;
}

bool
pst_argument_word(const char *command, const char *option, const char *text)
{
	bool ok = strlen(text) <= MAX_WORD;

	for (const char *at = text; *at != '\0'; at++)
		ok = ok && (unsigned char)*at >= 0x20 && *at != 0x7f;
	if (!ok)
		pst_ui_fail(command,
		    "the value of %s contains a control character or is "
		    "longer than %d octets",
		    option, MAX_WORD);
	return ok;
}

int
pst_argument_next(
    const char *command, int argc, char **argv, const struct option *options)
{
	opterr = 0;
	int key = getopt_long(argc, argv, ":", options, NULL);

	if (key == ':')
		pst_ui_fail(command, "%s requires a value", argv[optind - 1]);
	else if (key != '?')
		return key;
	else if (optopt != 0 && strncmp(argv[optind - 1], "--", 2) != 0)
		pst_ui_fail(command,
		    "unknown option -%c; see \"postern help %s\"", optopt,
		    command);
	else
		pst_ui_fail(command,
		    "\"%s\" is not a valid option; see \"postern help %s\"",
		    argv[optind - 1], command);
	return '?';
}
