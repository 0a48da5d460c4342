/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mail/header_counts.h"
#include "tests/unit/rows.h"

#define MAX_NAMES 4

/* R-POL-23 */
static void
test_faults(void **state)
{
	static const struct {
		const char *label, *names[MAX_NAMES], *word, *text;
	} rows[] = {
	    {"plain", {"Date", "Subject", "To"}, NULL, NULL},
	    {"empty", {NULL}, "no-date", "no Date field"},
	    {"two dates", {"Date", "date"}, "several-date",
		"more than one Date field"},
	    {"sender", {"Date", "Sender", "SENDER"}, "several-sender",
		"more than one Sender field"},
	    {"reply-to", {"Date", "Reply-To", "reply-to"}, "several-reply-to",
		"more than one Reply-To field"},
	    {"to", {"Date", "To", "TO"}, "several-to",
		"more than one To field"},
	    {"cc", {"Date", "Cc", "CC"}, "several-cc",
		"more than one Cc field"},
	    {"bcc", {"Date", "Bcc", "bcc"}, "several-bcc",
		"more than one Bcc field"},
	    {"message-id", {"Date", "Message-Id", "Message-ID"},
		"several-message-id", "more than one Message-ID field"},
	    {"in-reply-to", {"Date", "In-Reply-To", "In-reply-to"},
		"several-in-reply-to", "more than one In-Reply-To field"},
	    {"references", {"Date", "References", "references"},
		"several-references", "more than one References field"},
	    {"three subjects", {"Date", "Subject", "subject", "SUBJECT"},
		"several-subject", "more than one Subject field"},
	    {"the first is named", {"Subject", "Subject", "To", "To"},
		"no-date", "no Date field"},
	    {"from is not counted", {"Date", "From", "From"}, NULL, NULL},
	    {"resent fields neither", {"Date", "Resent-To", "Resent-To"}, NULL,
		NULL},
	    {"same length", {"Date", "Dado", "Dado", "MESSAGE_ID"}, NULL, NULL},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_header_counts counts = {{0}};
		enum pst_header_fault fault;

		for (size_t k = 0; k < MAX_NAMES && rows[i].names[k]; k++)
			pst_header_counts_add(
			    &counts, pst_str(rows[i].names[k]));
		fault = pst_header_fault_of(&counts);
		if (rows[i].word == NULL) {
			assert_int_equal(fault, PST_HEADER_NO_FAULT);
			assert_null(pst_header_fault_word(fault));
			assert_null(pst_header_fault_text(fault));
			continue;
		}
		assert_string_equal(pst_header_fault_word(fault), rows[i].word);
		assert_string_equal(pst_header_fault_text(fault), rows[i].text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
