/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/macros.h"
#include "tests/unit/policy_fixture.h"
#include "tests/unit/rows.h"

static void
test_reply_rows(void **state)
{
	static const struct {
		const char *label;
		enum pst_from_verdict verdict;
		enum pst_result result;
		enum pst_action fallback; /* when quarantine is impossible */
		const char *domain;
		unsigned code;
		const char *xcode, *text, *reason;
	} rows[] = {
	    {"pass", PST_FROM_SINGLE, PST_RESULT_PASS, 0, "bank.example", 0,
		NULL, NULL, NULL},
	    {"refused", PST_FROM_SINGLE, PST_RESULT_FAIL, PST_ACTION_REJECT,
		"bank.example", 550, "5.7.26",
		"Message refused by DMARC policy of bank.example", NULL},
	    {"refused, no domain", PST_FROM_SINGLE, PST_RESULT_FAIL,
		PST_ACTION_REJECT, NULL, 550, "5.7.26",
		"Message refused by DMARC policy of the sender", NULL},
	    {"tagged", PST_FROM_SINGLE, PST_RESULT_FAIL, PST_ACTION_TAG,
		"bank.example", 0, NULL, NULL, NULL},
	    {"held", PST_FROM_SINGLE, PST_RESULT_FAIL, PST_ACTION_QUARANTINE,
		"bank.example", 0, NULL, NULL,
		"Postern: DMARC policy of bank.example"},
	    {"held, no domain", PST_FROM_SINGLE, PST_RESULT_FAIL,
		PST_ACTION_QUARANTINE, NULL, 0, NULL, NULL,
		"Postern: no single sender domain"},
	    {"deferred, no quarantine", PST_FROM_SINGLE, PST_RESULT_FAIL,
		PST_ACTION_TEMPFAIL, "bank.example", 451, "4.7.1",
		"Try bank.example later", NULL},
	    {"temperror", PST_FROM_SINGLE, PST_RESULT_TEMPERROR, 0,
		"bank.example", 451, "4.4.3", "Try bank.example later", NULL},
	    {"malformed", PST_FROM_MALFORMED, PST_RESULT_PERMERROR,
		PST_ACTION_REJECT, NULL, 550, "5.6.0", "One From field, please",
		NULL},
	    {"multiple", PST_FROM_MULTI, PST_RESULT_PERMERROR,
		PST_ACTION_REJECT, "bank.example", 550, "5.6.0",
		"One From field, please", NULL},
	    {"malformed, held", PST_FROM_MALFORMED, PST_RESULT_PERMERROR,
		PST_ACTION_QUARANTINE, "bank.example", 0, NULL, NULL,
		"Postern: no single sender domain"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_config config = defaults();
		struct pst_findings findings = failing(PST_DMARC_QUARANTINE);
		struct pst_mta mta = able;

		mta.can_quarantine = rows[i].fallback == PST_ACTION_QUARANTINE;
		config.on_quarantine = PST_ACTION_QUARANTINE;
		config.on_malformed_from = PST_ACTION_QUARANTINE;
		config.on_multiple_from = PST_ACTION_QUARANTINE;
		config.on_temperror = PST_ACTION_TEMPFAIL;
		config.quarantine_fallback = rows[i].fallback;
		findings.from.verdict = rows[i].verdict;
		set_result(&findings, rows[i].result);
		findings.dmarc.author_domain = rows[i].domain;
		struct pst_decision d = decide_for(&config, mta, &findings);
		const char *label = rows[i].label;
#define SAME(a, b)                                                             \
	((a) == NULL ? (b) == NULL : (b) != NULL && strcmp(a, b) == 0)
		if (d.code != rows[i].code || !SAME(rows[i].xcode, d.xcode) ||
		    !SAME(rows[i].text, d.text) ||
		    !SAME(rows[i].reason, d.quarantine_reason))
			fail_msg("%s: %u %s %s %s", label, d.code,
			    d.xcode ? d.xcode : "-", d.text ? d.text : "-",
			    d.quarantine_reason ? d.quarantine_reason : "-");
#undef SAME
	}
}

/* Returns piece, repeated. */
static const char *
repeated(const char *piece, size_t times)
{
	struct pst_buf buf;

	pst_buf_init(&buf, arena, 4096);
	for (size_t i = 0; i < times; i++)
		pst_buf_add_text(&buf, piece);
	return pst_buf_str(&buf);
}

static void
test_fill_rows(void **state)
{
	const char *label63 = repeated("a", 63);
	const char *longest = pst_arena_printf(
	    arena, "%s.%s.%s.%s", label63, label63, label63, repeated("b", 61));
	const struct {
		const char *label, *text, *domain, *want;
	} rows[] = {
	    {"no placeholder", "Go away", "d.example", "Go away"},
	    {"only the placeholder", "{domain}", "d.example", "d.example"},
	    {"twice", "{domain}{domain}!", "d.example", "d.exampled.example!"},
	    {"a broken placeholder", "{domain", "d.example", "{domain"},
	    {"nested placeholder", "{{domain}}", "d.example", "{d.example}"},
	    {"no other placeholder", "{Domain} {ip} %s", "d.example",
		"{Domain} {ip} %s"},
	    {"longest domain", "Refused: {domain}", longest,
		pst_arena_printf(arena, "Refused: %s", longest)},
	    {"longest text", repeated("x", 400), longest, repeated("x", 400)},
	    {"longest domain twice is cut",
		"{domain} is {domain}, see https://x.example", longest,
		pst_arena_printf(arena, "%s is ", longest)},
	    {"fifty times the sender is cut", repeated("{domain}", 50), NULL,
		repeated("the sender", 48)},
	};

	(void)state;
	assert_int_equal(strlen(longest), 253);
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_config config = defaults();
		struct pst_findings findings = failing(PST_DMARC_REJECT);

		config.reject_text = rows[i].text;
		findings.dmarc.author_domain = rows[i].domain;
		struct pst_decision d = decide_for(&config, able, &findings);
		/* R-MTA-2: with "550 5.7.26 ", less than 500 octets */
		if (strcmp(d.text, rows[i].want) != 0 ||
		    strlen(d.text) + 11 >= 500)
			fail_msg("%s", d.text);
	}
}

/* The code of a temporary failure shows which look-up failed. */
static void
test_tempfail_codes(void **state)
{
	static const struct {
		const char *label;
		bool spf_undecided, key_missing, key_aligned;
		const char *want;
	} rows[] = {
	    {"the policy", false, false, false, "4.4.3"},
	    {"a foreign key", false, true, false, "4.4.3"},
	    {"the SPF record", true, false, false, "4.7.24"},
	    {"the key", false, true, true, "4.7.5"},
	    {"both", true, true, true, "4.7.5"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_config config = defaults();
		struct pst_findings findings = failing(PST_DMARC_REJECT);
		struct pst_dkim_sig sig = {.aligned = rows[i].key_aligned,
		    .result = rows[i].key_missing ? PST_RESULT_TEMPERROR :
						    PST_RESULT_FAIL};

		config.on_temperror = PST_ACTION_TEMPFAIL;
		set_result(&findings, PST_RESULT_TEMPERROR);
		findings.dmarc.spf_undecided = rows[i].spf_undecided;
		if (rows[i].spf_undecided || rows[i].key_aligned) {
			findings.dmarc.knowledge = PST_DMARC_LEARNED;
			findings.dmarc.identifiers = PST_DMARC_UNDETERMINED;
		}
		findings.dkim.sigs = &sig;
		findings.dkim.count = 1;
		struct pst_decision d = decide_for(&config, able, &findings);
		if (d.code != 451 || strcmp(d.xcode, rows[i].want) != 0)
			fail_msg("%u %s", d.code, d.xcode);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_reply_rows),
	    cmocka_unit_test(test_tempfail_codes),
	    cmocka_unit_test(test_fill_rows),
	};

	return cmocka_run_group_tests(tests, make_arena, free_arena);
}
