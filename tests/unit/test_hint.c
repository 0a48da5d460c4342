/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "config/hint.h"
#include "tests/unit/rows.h"

struct nearest_row {
	const char *section;
	const char *name;
	const char *nearest; /* NULL: none */
};

static const struct nearest_row nearest_rows[] = {
    {NULL, "mode", "mode"},
    {NULL, "mod", "mode"},
    {NULL, "modes", "mode"},
    {NULL, "listn", "listen"},
    {NULL, "on_reject", "on-reject"},
    {NULL, "on-rejects", "on-reject"},
    {NULL, "trusted-network", "trusted-networks"},
    {NULL, "authservid", "authserv-id"},
    {NULL, "dmrc", "dmarc"},
    {NULL, "header", "header"},
    {"dns", "server", "servers"},
    {"dns", "timeout", NULL},
    {"dns", "querytimeout", "query-timeout"},
    {"dns", "listen", NULL},
    {"dkim", "min-key-bit", "min-key-bits"},
    {"dmarc", "dicsovery", "discovery"},
    {NULL, "", NULL},
    {NULL, "q", NULL},
    {NULL, "Socket", NULL},
    {NULL, "zzzzzzzzzzzz", NULL},
    {NULL, "rlue", "rule"},
    {NULL, "listner", "listener"},
    {NULL, "trusted-networks-and-then-some-more-text-after-it", NULL},
};

static void
test_nearest(void **state)
{
	(void)state;
	FOR_ROWS(i, nearest_rows, nearest_rows[i].name) {
		const struct nearest_row *row = &nearest_rows[i];
		const char *got = pst_hint_option(row->section, row->name);

		if ((got == NULL) != (row->nearest == NULL) ||
		    (got != NULL && strcmp(got, row->nearest) != 0))
			fail_msg("%s in %s: %s", row->name,
			    row->section == NULL ? "top" : row->section,
			    got == NULL ? "none" : got);
	}
}

/* A section with a title knows only its own options. */
static void
test_titled_sections(void **state)
{
	(void)state;
	assert_string_equal(pst_hint_rule_option("clinet"), "client");
	assert_null(pst_hint_rule_option("trusted-networks"));
	assert_string_equal(pst_hint_listener_option("moed"), "mode");
	assert_null(pst_hint_listener_option("trusted-networks"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_nearest),
	    cmocka_unit_test(test_titled_sections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
