/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/macros.h"
#include "dns/pulse.h"
#include "tests/unit/rows.h"

enum step {
	ANSWER,
	FAILURE, /* of a query that was asked a second before */
	PROBE_GOOD,
	PROBE_BAD,
};

struct pulse_row {
	const char *label;
	enum step step;
	int64_t at_ms;
	bool probes; /* one is wanted after this */
	bool is_dead;
};

/* R-CONF-4 */
static const struct pulse_row pulse_rows[] = {
    {"an answer", ANSWER, 1000, false, false},
    {"a failure", FAILURE, 3000, false, false},
    {"two", FAILURE, 3001, false, false},
    {"an answer between them", ANSWER, 3500, false, false},
    {"asked before that answer", FAILURE, 4000, false, false},
    {"the same", FAILURE, 4001, false, false},
    {"and once more", FAILURE, 4002, false, false},
    {"the first after it", FAILURE, 5000, false, false},
    {"the second", FAILURE, 5000, false, false},
    {"the third", FAILURE, 5000, true, false},
    {"only that name was dead", PROBE_GOOD, 5100, false, false},
    {"one more", FAILURE, 7000, false, false},
    {"two more", FAILURE, 7000, false, false},
    {"three, but the last probe was just now", FAILURE, 7000, false, false},
    {"time for another", FAILURE, 10100, true, false},
    {"dead", PROBE_BAD, 12000, false, true},
    {"dead still", FAILURE, 13000, false, true},
    {"the next probe", FAILURE, 17000, true, true},
    {"dead again", PROBE_BAD, 19000, false, true},
    {"a query is answered", ANSWER, 20000, false, false},
    {"nothing is suspicious", FAILURE, 40000, false, false},
};

static void
test_pulse(void **state)
{
	struct pst_dns_pulse pulse = {.is_dead = false};

	(void)state;
	FOR_ROWS(i, pulse_rows, pulse_rows[i].label) {
		const struct pulse_row *row = &pulse_rows[i];
		bool probes;

		switch (row->step) {
		case ANSWER:
			pst_dns_pulse_answer(&pulse, row->at_ms);
			break;
		case FAILURE:
			pst_dns_pulse_failure(&pulse, row->at_ms - 1000);
			break;
		case PROBE_GOOD:
		case PROBE_BAD:
			pst_dns_pulse_probed(
			    &pulse, row->step == PROBE_GOOD, row->at_ms);
			break;
		}
		probes = pst_dns_pulse_wait_ms(&pulse, row->at_ms) == 0;
		assert_int_equal(probes, row->probes);
		assert_int_equal(
		    pst_dns_pulse_take_probe(&pulse, row->at_ms), row->probes);
		assert_int_equal(pulse.is_dead, row->is_dead);
	}
}

/* The resolver's thread sleeps until the next probe. */
static void
test_wait(void **state)
{
	struct pst_dns_pulse pulse = {.is_dead = false};

	(void)state;
	assert_int_equal(pst_dns_pulse_wait_ms(&pulse, 0), -1);
	for (unsigned i = 0; i < PST_DNS_PULSE_SUSPICIOUS; i++)
		pst_dns_pulse_failure(&pulse, 1);
	assert_int_equal(pst_dns_pulse_wait_ms(&pulse, 1), 0);
	assert_true(pst_dns_pulse_take_probe(&pulse, 1));
	assert_int_equal(pst_dns_pulse_wait_ms(&pulse, 2), -1);
	assert_false(pst_dns_pulse_take_probe(&pulse, 2));
	pst_dns_pulse_probed(&pulse, false, 10);
	assert_int_equal(
	    pst_dns_pulse_wait_ms(&pulse, 11), PST_DNS_PULSE_PROBE_MS - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_pulse),
	    cmocka_unit_test(test_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
