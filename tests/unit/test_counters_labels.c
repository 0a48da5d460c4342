/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/counters_labels.h"

#include <stdio.h>

#include "tests/unit/rows.h"

static struct pst_arena *arena;

static int
setup(void **state)
{
	(void)state;
	arena = pst_arena_new();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	pst_arena_free(arena);
	return 0;
}

static void
test_split(void **state)
{
	static const struct {
		const char *label, *name;
		size_t count;
		const char *names[3], *words[3];
	} rows[] = {
	    {"result", "pass", 1, {"result"}, {"pass"}},
	    {"rule", "a,b", 1, {"rule"}, {"a,b"}},
	    {"result,disposition", "fail,reject", 2, {"result", "disposition"},
		{"fail", "reject"}},
	    {"a,b,c", "x,y,z", 3, {"a", "b", "c"}, {"x", "y", "z"}},
	    {"a,b", "x,y,z", 2, {"a", "b"}, {"x", "y,z"}},
	    {"a,b", "x", 1, {"a"}, {"x"}},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].name) {
		struct pst_counter_labels got;

		pst_counter_labels_split(
		    arena, rows[i].label, rows[i].name, &got);
		assert_int_equal(got.count, rows[i].count);
		for (size_t j = 0; j < got.count; j++) {
			assert_string_equal(got.names[j], rows[i].names[j]);
			assert_string_equal(got.words[j], rows[i].words[j]);
		}
	}
}

/* Each place has a name of its own, with a word for each label. */
static void
test_words(void **state)
{
	static const enum pst_counter counters[] = {PST_COUNTER_DISPOSITIONS,
	    PST_COUNTER_SPF_IDENTITIES, PST_COUNTER_DMARC_POLICIES,
	    PST_COUNTER_DNS_OUTCOMES};

	(void)state;
	FOR_ROWS(i, counters, pst_counter_info(counters[i])->name) {
		const struct pst_counter_info *info =
		    pst_counter_info(counters[i]);
		size_t labels = 1;

		for (const char *c = info->label; *c != '\0'; c++)
			labels += *c == ',';
		for (unsigned place = 0; place < info->places; place++) {
			size_t words = 1;

			for (const char *c = info->word(place); *c != '\0'; c++)
				words += *c == ',';
			assert_int_equal(words, labels);
			for (unsigned other = 0; other < place; other++)
				assert_string_not_equal(
				    info->word(place), info->word(other));
		}
	}
}

static const char *
joined(const char *one, const char *other)
{
	return pst_arena_printf(arena, "%s,%s", one, other);
}

static void
test_dispositions(void **state)
{
	static const enum pst_result results[] = {PST_RESULT_PASS,
	    PST_RESULT_FAIL, PST_RESULT_NONE, PST_RESULT_TEMPERROR,
	    PST_RESULT_PERMERROR};

	(void)state;
	FOR_ROWS(i, results, pst_result_word(results[i])) {
		const struct pst_dmarc dmarc = {.result = results[i]};

		for (unsigned a = 0; a <= PST_ACTION_TEMPFAIL; a++)
			assert_string_equal(
			    pst_disposition_word(pst_disposition_place(
				&dmarc, (enum pst_action)a)),
			    joined(pst_result_word(results[i]),
				pst_action_word((enum pst_action)a)));
	}
	assert_string_equal(pst_disposition_word(pst_disposition_place(
				NULL, PST_ACTION_TEMPFAIL)),
	    "exempt,tempfail");
}

static void
test_identities(void **state)
{
	(void)state;
	for (unsigned r = 0; r <= PST_RESULT_POLICY; r++) {
		enum pst_result result = (enum pst_result)r;

		assert_string_equal(
		    pst_spf_identity_word(
			pst_spf_identity_place(PST_SPF_MAILFROM, result)),
		    joined("mailfrom", pst_result_word(result)));
		assert_string_equal(
		    pst_spf_identity_word(
			pst_spf_identity_place(PST_SPF_HELO, result)),
		    joined("helo", pst_result_word(result)));
	}
}

static void
test_policies(void **state)
{
	static const struct {
		const char *want;
		enum pst_result result;
		bool has_record;
		enum pst_dmarc_policy policy;
		bool spf, dkim;
	} rows[] = {
	    {"pass,none,spf", PST_RESULT_PASS, true, PST_DMARC_NONE, true,
		false},
	    {"pass,quarantine,dkim", PST_RESULT_PASS, true,
		PST_DMARC_QUARANTINE, false, true},
	    {"pass,reject,both", PST_RESULT_PASS, true, PST_DMARC_REJECT, true,
		true},
	    {"pass,unknown,dkim", PST_RESULT_PASS, false, PST_DMARC_NONE, false,
		true},
	    {"fail,none,neither", PST_RESULT_FAIL, true, PST_DMARC_NONE, false,
		false},
	    {"fail,reject,neither", PST_RESULT_FAIL, true, PST_DMARC_REJECT,
		false, false},
	    {"fail,none,neither", PST_RESULT_FAIL, false, PST_DMARC_REJECT,
		false, false},
	    {"none,no-record,spf", PST_RESULT_NONE, false, PST_DMARC_NONE, true,
		false},
	    {"temperror,unknown,neither", PST_RESULT_TEMPERROR, false,
		PST_DMARC_NONE, false, false},
	    {"temperror,reject,neither", PST_RESULT_TEMPERROR, true,
		PST_DMARC_REJECT, false, false},
	    {"permerror,no-record,both", PST_RESULT_PERMERROR, false,
		PST_DMARC_NONE, true, true},
	    {"permerror,reject,both", PST_RESULT_PERMERROR, true,
		PST_DMARC_REJECT, true, true},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].want) {
		const struct pst_dmarc dmarc = {.result = rows[i].result,
		    .policy_domain = rows[i].has_record ? "a.example" : NULL,
		    .published = rows[i].policy,
		    .spf_aligned = rows[i].spf,
		    .dkim_aligned = rows[i].dkim};

		assert_string_equal(
		    pst_dmarc_policy_place_word(pst_dmarc_policy_place(&dmarc)),
		    rows[i].want);
	}
}

static void
test_outcomes(void **state)
{
	static const enum pst_dns_type types[] = {
	    PST_DNS_A, PST_DNS_AAAA, PST_DNS_MX, PST_DNS_PTR, PST_DNS_TXT};

	(void)state;
	FOR_ROWS(i, types, pst_dns_type_word(types[i])) {
		const char *type = pst_dns_type_word(types[i]);

		for (unsigned s = 0; s <= PST_DNS_PAUSED; s++) {
			enum pst_dns_status status = (enum pst_dns_status)s;

			assert_string_equal(
			    pst_dns_outcome_word(
				pst_dns_outcome_place(types[i], status, false)),
			    joined(type, pst_dns_status_word(status)));
			assert_string_equal(
			    pst_dns_outcome_word(
				pst_dns_outcome_place(types[i], status, true)),
			    joined(type, "GIVEN_UP"));
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_split, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_words, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_dispositions, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_identities, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_policies, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_outcomes, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
