/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/macros.h"
#include "dns/dns.h"
#include "tests/unit/rows.h"

static void
test_words(void **state)
{
	static const struct {
		enum pst_dns_status status;
		const char *word;
		bool temporary;
	} rows[] = {
	    {PST_DNS_OK, "NOERROR", false},
	    {PST_DNS_NODATA, "NODATA", false},
	    {PST_DNS_NXDOMAIN, "NXDOMAIN", false},
	    {PST_DNS_SERVFAIL, "SERVFAIL", true},
	    {PST_DNS_BOGUS, "BOGUS", true},
	    {PST_DNS_TIMEOUT, "TIMEOUT", true},
	    {PST_DNS_BUDGET, "BUDGET", true},
	    {PST_DNS_BADNAME, "BADNAME", false},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].word) {
		assert_string_equal(
		    pst_dns_status_word(rows[i].status), rows[i].word);
		if (pst_dns_is_temporary(rows[i].status) != rows[i].temporary)
			fail_msg("%s", rows[i].word);
	}
	assert_string_equal(pst_dns_type_word(PST_DNS_A), "A");
	assert_string_equal(pst_dns_type_word(PST_DNS_CNAME), "CNAME");
	assert_string_equal(pst_dns_type_word(PST_DNS_PTR), "PTR");
	assert_string_equal(pst_dns_type_word(PST_DNS_MX), "MX");
	assert_string_equal(pst_dns_type_word(PST_DNS_TXT), "TXT");
	assert_string_equal(pst_dns_type_word(PST_DNS_AAAA), "AAAA");
}

static void
test_answers_are_shared(void **state)
{
	struct pst_dns_record mx = {
	    .preference = 10, .data = PST_STR_INIT("a\0b")};
	struct pst_dns_record empty = {.data = {NULL, 0}};
	struct pst_dns_answer *answer =
	    pst_dns_answer_new(PST_DNS_OK, 7, 2, mx.data.len);
	const struct pst_dns_answer *again;

	(void)state;
	pst_dns_answer_add(answer, &mx);
	pst_dns_answer_add(answer, &empty);
	again = pst_dns_answer_ref(answer);
	pst_dns_answer_unref(answer);
	assert_int_equal(again->count, 2);
	assert_int_equal(again->records[0].preference, 10);
	assert_memory_equal(again->records[0].data.ptr, "a\0b\0", 4);
	assert_int_equal(again->records[1].data.len, 0);
	assert_string_equal(again->records[1].data.ptr, "");
	pst_dns_answer_unref(again);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_words),
	    cmocka_unit_test(test_answers_are_shared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
