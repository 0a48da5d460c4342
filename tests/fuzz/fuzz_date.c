/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Dates of header fields. One that is read is a date that base/day can write,
 * and what it writes is read as the same second.
 */

#include <assert.h>

#include "base/day.h"
#include "mail/date.h"

#define LAST_YEAR_ENDS 253402300800 /* the year 10000 begins */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const void *octets = data;
	char text[PST_DATE_TEXT_SIZE];
	int64_t epoch, again;

	if (!pst_date_parse((struct pst_str){octets, size}, &epoch))
		return 0;
	/* The zone -9999 is 100 hours and 39 minutes behind. */
	assert(epoch >= 0 && epoch < LAST_YEAR_ENDS + 5 * PST_DAY_SECONDS);
	if (epoch >= LAST_YEAR_ENDS)
		return 0;
	assert(pst_date_parse(pst_str(pst_date_text(epoch, text)), &again));
	assert(again == epoch);
	return 0;
}
