/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/day.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* 9999-12-31; a later year has more than four digits. */
#define LAST_DAY 2932896

int64_t
pst_day_of(int64_t epoch)
{
	int64_t day = epoch / PST_DAY_SECONDS;

	return epoch % PST_DAY_SECONDS < 0 ? day - 1 : day;
}

int64_t
pst_day_begin(int64_t day)
{
	return day * PST_DAY_SECONDS;
}

int64_t
pst_day_end(int64_t day)
{
	return day * PST_DAY_SECONDS + PST_DAY_SECONDS - 1;
}

int64_t
pst_day_monday(int64_t day)
{
	/* 1970-01-01 was a Thursday. */
	return day - (day % 7 + 7 + 3) % 7;
}

/* Returns epoch in UTC, or the nearest time from 1970 to 9999. */
static struct tm
date_of(int64_t epoch)
{
	time_t t = (time_t)epoch;
	struct tm tm;

	if (epoch < 0)
		t = 0;
	else if (epoch > pst_day_end(LAST_DAY))
		t = (time_t)pst_day_end(LAST_DAY);
	memset(&tm, 0, sizeof(tm));
	(void)gmtime_r(&t, &tm);
	return tm;
}

const char *
pst_day_text(int64_t day, char text[PST_DAY_TEXT_SIZE])
{
	struct tm tm = date_of(pst_day_begin(day));

	(void)strftime(text, PST_DAY_TEXT_SIZE, "%Y-%m-%d", &tm);
	return text;
}

bool
pst_day_parse(struct pst_str text, int64_t *day)
{
	static const char form[] = "0000-00-00";
	char back[PST_DAY_TEXT_SIZE];
	uint64_t year, month, mday;
	struct tm tm;
	int64_t found;

	if (text.len != sizeof(form) - 1)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (form[i] == '0' ? !pst_is_digit(text.ptr[i]) :
				     text.ptr[i] != form[i])
			return false;
	}
	if (!pst_str_to_u64(pst_str_first(text, 4), 9999, &year) ||
	    !pst_str_to_u64(
		pst_str_first(pst_str_from(text, 5), 2), 12, &month) ||
	    !pst_str_to_u64(pst_str_from(text, 8), 31, &mday) || year < 1970 ||
	    month == 0)
		return false;
	memset(&tm, 0, sizeof(tm));
	tm.tm_year = (int)year - 1900;
	tm.tm_mon = (int)month - 1;
	tm.tm_mday = (int)mday;
	found = pst_day_of((int64_t)timegm(&tm));
	/* timegm() reads the 31st of November as the 1st of December. */
	if (!pst_str_eq(text, pst_str(pst_day_text(found, back))))
		return false;
	*day = found;
	return true;
}

const char *
pst_date_text(int64_t epoch, char text[PST_DATE_TEXT_SIZE])
{
	static const char days[][4] = {
	    "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May",
	    "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	struct tm tm = date_of(epoch);

	/* strftime() would use the locale's names. */
	(void)snprintf(text, PST_DATE_TEXT_SIZE,
	    "%s, %02d %s %04d %02d:%02d:%02d +0000", days[tm.tm_wday % 7],
	    tm.tm_mday, months[tm.tm_mon % 12], tm.tm_year + 1900, tm.tm_hour,
	    tm.tm_min, tm.tm_sec);
	return text;
}
