/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/date.h"

#include <string.h>
#include <time.h>

#include "base/macros.h"
#include "mail/token.h"

/* Scans a word of letters, which may be empty. */
static struct pst_str
scan_word(struct pst_scan *scan)
{
	size_t from = scan->pos;

	(void)pst_scan_cfws(scan);
	from = scan->pos;
	while (
	    !pst_scan_at_end(scan) && pst_is_alpha(scan->text.ptr[scan->pos]))
		scan->pos++;
	return (struct pst_str){scan->text.ptr + from, scan->pos - from};
}

static bool
scan_number(struct pst_scan *scan, uint64_t max, uint64_t *out)
{
	size_t from;

	(void)pst_scan_cfws(scan);
	from = scan->pos;
	while (
	    !pst_scan_at_end(scan) && pst_is_digit(scan->text.ptr[scan->pos]))
		scan->pos++;
	return pst_str_to_u64(
	    (struct pst_str){scan->text.ptr + from, scan->pos - from}, max,
	    out);
}

static bool
scan_month(struct pst_scan *scan, int *month)
{
	static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
	struct pst_str word = scan_word(scan);

	if (word.len != 3)
		return false;
	for (*month = 0; *month < 12; (*month)++)
		if (pst_str_ieq(
			word, (struct pst_str){names + (size_t)*month * 3, 3}))
			return true;
	return false;
}

/* Returns seconds east of UTC. Letters without a meaning are UTC (s. 4.3). */
static int64_t
scan_zone(struct pst_scan *scan)
{
	static const struct {
		struct pst_str name;
		int hours;
	} zones[] = {{PST_STR_INIT("EDT"), -4}, {PST_STR_INIT("EST"), -5},
	    {PST_STR_INIT("CDT"), -5}, {PST_STR_INIT("CST"), -6},
	    {PST_STR_INIT("MDT"), -6}, {PST_STR_INIT("MST"), -7},
	    {PST_STR_INIT("PDT"), -7}, {PST_STR_INIT("PST"), -8}};
	struct pst_str word = scan_word(scan);
	bool west = pst_scan_char(scan, '-');
	uint64_t digits;

	for (size_t i = 0; i < PST_COUNT(zones); i++)
		if (pst_str_ieq(word, zones[i].name))
			return (int64_t)zones[i].hours * 3600;
	if (!west && !pst_scan_char(scan, '+'))
		return 0;
	if (!scan_number(scan, 9999, &digits))
		return 0;
	int64_t east = (int64_t)(digits / 100 * 3600 + digits % 100 * 60);
	return west ? -east : east;
}

bool
pst_date_parse(struct pst_str text, int64_t *epoch)
{
	struct pst_scan scan = {text, 0};
	uint64_t day, year, hour, minute, second = 0;
	struct tm tm;

	memset(&tm, 0, sizeof(tm));
	(void)scan_word(&scan);
	(void)pst_scan_cfws(&scan);
	(void)pst_scan_char(&scan, ',');
	if (!scan_number(&scan, 31, &day) || day == 0 ||
	    !scan_month(&scan, &tm.tm_mon) ||
	    !scan_number(&scan, 9999, &year) ||
	    !scan_number(&scan, 23, &hour) || !pst_scan_char(&scan, ':') ||
	    !scan_number(&scan, 59, &minute))
		return false;
	if (pst_scan_char(&scan, ':') && !scan_number(&scan, 60, &second))
		return false;
	/*
	 * A year of two digits is in the last century or in this one (s. 4.3).
	 */
	if (year < 100)
		year += year < 50 ? 2000 : 1900;
	if (year < 1970)
		return false;
	tm.tm_year = (int)year - 1900;
	tm.tm_mday = (int)day;
	tm.tm_hour = (int)hour;
	tm.tm_min = (int)minute;
	tm.tm_sec = (int)second;
	*epoch = (int64_t)timegm(&tm) - scan_zone(&scan);
	return *epoch >= 0;
}
