/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/edit_distance.h"

#include <string.h>

size_t
pst_edit_distance(const char *a, const char *b)
{
	size_t row[PST_EDIT_DISTANCE_MAX + 1];
	size_t a_len = strlen(a), b_len = strlen(b);
	size_t diagonal, above;

	if (a_len > PST_EDIT_DISTANCE_MAX || b_len > PST_EDIT_DISTANCE_MAX)
		return PST_EDIT_DISTANCE_MAX;
	for (size_t j = 0; j <= b_len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);

			above = row[j];
			if (above + 1 < best)
				best = above + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
			diagonal = above;
		}
	}
	return row[b_len];
}
