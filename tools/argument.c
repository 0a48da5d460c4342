/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/argument.h"

#include <getopt.h>
#include <inttypes.h>
#include <string.h>

#include "base/day.h"
#include "base/macros.h"
#include "base/str.h"
#include "tools/ui.h"

#define MAX_WORD 1000
#define MAX_EPOCH INT64_C(253402300799) /* the end of the year 9999 */

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

/* Reads "7d" and the like. False if text is not a number with a unit. */
static bool
read_span(struct pst_str text, int64_t *seconds)
{
	static const struct {
		struct pst_str name;
		unsigned seconds;
	} units[] = {{PST_STR_INIT("d"), PST_DAY_SECONDS},
	    {PST_STR_INIT("h"), 3600}, {PST_STR_INIT("min"), 60},
	    {PST_STR_INIT("m"), 60}, {PST_STR_INIT("s"), 1}};
	uint64_t number;

	for (size_t i = 0; i < PST_COUNT(units); i++) {
		if (!pst_str_iends(text, units[i].name) ||
		    !pst_str_to_u64(
			pst_str_first(text, text.len - units[i].name.len),
			MAX_EPOCH / PST_DAY_SECONDS, &number))
			continue;
		*seconds = (int64_t)number * units[i].seconds;
		return true;
	}
	return false;
}

/* Reads the first second that text names, and how many it names. */
static bool
read_time(const char *text, int64_t now_s, int64_t *first, int64_t *count)
{
	int64_t day, span;
	uint64_t epoch;

	*count = 1;
	if (pst_day_parse(pst_str(text), &day)) {
		*first = pst_day_begin(day);
		*count = PST_DAY_SECONDS;
	} else if (read_span(pst_str(text), &span)) {
		*first = now_s - span;
	} else if (pst_str_to_u64(pst_str(text), MAX_EPOCH, &epoch)) {
		*first = (int64_t)epoch;
	} else {
		return false;
	}
	return true;
}

static bool
refuse_time(const char *command, const char *option, const char *text)
{
	pst_ui_fail(command,
	    "%s must be a time such as 7d, 36h, 2026-11-20 or seconds since "
	    "1970, not \"%s\"",
	    option, text);
	return false;
}

bool
pst_argument_since(const char *command, const char *option, const char *text,
    int64_t now_s, int64_t *out)
{
	int64_t first, count;

	if (!read_time(text, now_s, &first, &count))
		return refuse_time(command, option, text);
	*out = first < 1 ? 1 : first;
	return true;
}

bool
pst_argument_until(const char *command, const char *option, const char *text,
    int64_t now_s, int64_t *out)
{
	int64_t first, count;

	if (!read_time(text, now_s, &first, &count))
		return refuse_time(command, option, text);
	first += count - 1;
	*out = first < 1 ? 1 : first;
	return true;
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
