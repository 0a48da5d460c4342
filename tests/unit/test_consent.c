/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/buf.h"
#include "report/consent.h"
#include "tests/unit/core_fixture.h"

/* The queries run side by side; each gets its own answer, even a late one. */
static void
test_side_by_side(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_consent items[PST_CONSENT_MAX];
	struct pst_config *config;
	struct pst_buf zone;
	struct lab lab;
	int64_t begin;

	(void)state;
	pst_buf_init(&zone, arena, 1 << 16);
	for (unsigned i = 0; i < PST_CONSENT_MAX; i++) {
		const char *name = pst_arena_printf(
		    arena, "d%u.example._report._dmarc.reader.test", i);

		if (i % 3 == 0)
			pst_buf_printf(&zone, "%s. TXT \"v=DMARC1\"\n", name);
		else if (i % 3 == 1)
			pst_buf_printf(&zone, ";! timeout %s\n", name);
		pst_buf_printf(&zone, ";! delay _dmarc.d%u.example 500ms\n", i);
		items[i] = (struct pst_consent){
		    .question = {PST_DESTINATION_RUA,
			pst_arena_printf(arena, "d%u.example", i),
			"mailto:a@reader.test"},
		    .list =
			pst_arena_alloc(arena, sizeof(struct pst_destinations)),
		};
	}
	lab_open(&lab, LAB_CONFIG, pst_buf_str(&zone));
	config = pst_service_config(lab.service);
	begin = pst_clock_ms(&lab.clock);
	pst_consent_ask(lab.service, config, arena, items, PST_CONSENT_MAX);
	assert_true(pst_clock_ms(&lab.clock) - begin <=
	    500 + 2 * (int64_t)config->dns_limits.query_ms);
	for (unsigned i = 0; i < PST_CONSENT_MAX; i++) {
		static const enum pst_destination_verdict wanted[] = {
		    PST_DESTINATION_USED,
		    PST_DESTINATION_POSTPONED,
		    PST_DESTINATION_REFUSED,
		};

		assert_int_equal(items[i].list->count, 1);
		assert_int_equal(
		    items[i].list->items[0].verdict, wanted[i % 3]);
		assert_string_equal(
		    items[i].list->items[0].address, "a@reader.test");
	}
	pst_config_unref(config);
	lab_close(&lab);
	pst_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_side_by_side),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
