/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/metrics_page.h"

#include <assert.h>

#include "store/overdue.h"
#include "store/report_metrics.h"

#define MAX_TEXT ((size_t)1024 * 1024)

const char *
pst_metrics_page(struct pst_arena *arena, const struct pst_status *status,
    const struct pst_config *config)
{
	struct pst_overdue overdue;
	struct pst_buf buf;
	struct pst_err err;

	pst_buf_init(&buf, arena, MAX_TEXT);
	pst_buf_add_text(&buf, pst_metrics_text(arena, status));
	if (config != NULL && pst_overdue_read(arena, config, &overdue, &err))
		pst_report_metrics(&buf, &overdue);
	else if (config != NULL)
		pst_buf_printf(&buf, "# Nothing is known of reports: %s\n",
		    pst_escaped(arena, pst_str(err.text)));
	assert(!pst_buf_overflowed(&buf));
	return pst_buf_str(&buf);
}
