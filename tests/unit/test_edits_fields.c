/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/macros.h"
#include "tests/unit/policy_fixture.h"
#include "tests/unit/rows.h"

#define ID "mx.gateway.example"
#define AR PST_AUTHRES_NAME
#define MAX_FIELDS 12

/* Fields of a message; a NULL name ends them. */
struct field {
	const char *name, *value;
};

struct trial {
	struct field fields[MAX_FIELDS];
	enum pst_action action;
	enum pst_exempt exempt;
	bool monitor;
	struct pst_mta mta;
	struct pst_header_limits limits; /* max_fields 0: generous limits */
};

static struct pst_decision
run(const struct trial *trial)
{
	static const char *aliases[] = {
	    "old.gateway.example", "xn--bcher-kva.example"};
	static const struct pst_header_limits roomy = {1000, 65536, 524288};
	struct pst_config config = defaults();
	struct pst_findings findings = failing(PST_DMARC_QUARANTINE);
	struct pst_decision decision = {.action = trial->action};
	struct pst_header header;

	decision.monitored = trial->monitor;
	config.authserv_id_aliases = (struct pst_texts){aliases, 2};
	findings.exempt = trial->exempt;
	pst_header_init(&header, arena,
	    trial->limits.max_fields == 0 ? roomy : trial->limits);
	pst_header_watch(&header, AR);
	pst_header_watch(&header, config.tag_header);
	for (size_t i = 0; i < MAX_FIELDS && trial->fields[i].name; i++)
		(void)pst_header_add(&header, pst_str(trial->fields[i].name),
		    pst_str(trial->fields[i].value));
	pst_edits_make(
	    arena, &config, &trial->mta, ID, &header, &findings, &decision);
	return decision;
}

/* Returns "A3 A1 S2 +S +A": the edits in order, + for insertions. */
static const char *
summary(const struct pst_decision *decision)
{
	struct pst_buf buf;

	pst_buf_init(&buf, arena, 1000);
	for (size_t i = 0; i < decision->edit_count; i++) {
		const struct pst_edit *edit = &decision->edits[i];
		bool ours = strcmp(edit->name, AR) == 0;

		assert_true(ours || strcmp(edit->name, "X-Spam-Flag") == 0);
		if (i > 0)
			pst_buf_add_char(&buf, ' ');
		if (edit->op == PST_EDIT_INSERT) {
			pst_buf_add_text(&buf, ours ? "+A" : "+S");
			assert_int_equal(edit->index, 0);
			assert_int_equal(edit->value[0], ' ');
		} else {
			pst_buf_printf(
			    &buf, "%c%zu", ours ? 'A' : 'S', edit->index);
			assert_null(edit->value);
		}
	}
	return pst_buf_str(&buf);
}

#define ABLE                                                                   \
	{                                                                      \
		true, true, true                                               \
	}

/* A single field, forged or not. */
static void
test_whose_field(void **state)
{
	static const struct {
		const char *label, *value;
		bool deleted;
	} rows[] = {
	    {"ours", " mx.gateway.example; spf=pass", true},
	    {"case", " MX.Gateway.EXAMPLE; spf=pass", true},
	    {"final dot", " mx.gateway.example.; spf=pass", true},
	    {"quoted", " \"mx.gateway.example\"; spf=pass", true},
	    {"quoted pair", " \"mx.gate\\way.example\"; spf=pass", true},
	    {"comment", " (x) mx.gateway.example (y); spf=pass", true},
	    {"folded", "\n\tmx.gateway.example\n\t; spf=pass", true},
	    {"no result", " mx.gateway.example", true},
	    {"version 1", " mx.gateway.example 1; spf=pass", true},
	    {"alias", " old.gateway.example; spf=pass", true},
	    {"alias as U-label",
		" b\xc3\xbc"
		"cher.example; none",
		true},
	    {"foreign", " mx.other.example; spf=pass", false},
	    {"foreign, version 1", " mx.other.example 1; spf=pass", false},
	    {"foreign, version 2", " mx.other.example 2; spf=pass", true},
	    {"below ours", " a.mx.gateway.example; spf=pass", false},
	    {"above ours", " gateway.example; spf=pass", false},
	    {"longer", " mx.gateway.examples; spf=pass", false},
	    {"empty", "", true},
	    {"unreadable", " ; spf=pass", true},
	    {"open comment", " (mx.other.example; spf=pass", true},
	    {"two words", " mx.other.example mx.gateway.example; x", true},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct trial trial = {
		    .fields = {{AR, rows[i].value}}, .mta = ABLE};
		struct pst_decision decision = run(&trial);

		if (strcmp(summary(&decision),
			rows[i].deleted ? "A1 +A" : "+A") != 0)
			fail_msg("%s", rows[i].label);
	}
}

#define OURS " mx.gateway.example; spf=pass"
#define OTHER " mx.other.example; spf=pass"

static void
test_rows(void **state)
{
	static const struct {
		const char *label;
		struct trial trial;
		const char *want;
	} rows[] = {
	    {"nothing there", {.mta = ABLE}, "+A"},
	    {"eight with three of ours",
		{.fields = {{AR, OTHER}, {AR, OURS}, {"To", " x"}, {AR, OTHER},
		     {AR, OTHER}, {"authentication-RESULTS", OURS}, {AR, OTHER},
		     {AR, OTHER}, {"Authentication-Results \t", OURS}},
		    .mta = ABLE},
		"A8 A5 A2 +A"},
	    {"tag", {.action = PST_ACTION_TAG, .mta = ABLE}, "+S +A"},
	    {"own marks go",
		{.fields = {{"X-Spam-Flag", " NO"}, {AR, OURS},
		     {"x-spam-flag", " YES"}},
		    .action = PST_ACTION_TAG,
		    .mta = ABLE},
		"A1 S2 S1 +S +A"},
	    {"own marks go from good mail too",
		{.fields = {{"X-Spam-Flag", " YES"}}, .mta = ABLE}, "S1 +A"},
	    {"quarantine",
		{.fields = {{"X-Spam-Flag", " YES"}, {AR, OURS}},
		    .action = PST_ACTION_QUARANTINE,
		    .mta = ABLE},
		"A1 S1 +A"},
	    {"reject",
		{.fields = {{AR, OURS}, {"X-Spam-Flag", " NO"}},
		    .action = PST_ACTION_REJECT,
		    .mta = ABLE},
		""},
	    {"tempfail",
		{.fields = {{AR, OURS}},
		    .action = PST_ACTION_TEMPFAIL,
		    .mta = ABLE},
		""},
	    {"monitor",
		{.fields = {{AR, OURS}, {"X-Spam-Flag", " NO"}},
		    .monitor = true,
		    .mta = ABLE},
		"A1 +A"},
	    {"trusted",
		{.fields = {{AR, OURS}, {"X-Spam-Flag", " NO"}},
		    .exempt = PST_EXEMPT_TRUSTED,
		    .mta = ABLE},
		""},
	    {"authenticated",
		{.fields = {{AR, OURS}, {AR, OTHER}, {"X-Spam-Flag", " NO"}},
		    .exempt = PST_EXEMPT_AUTHENTICATED,
		    .mta = ABLE},
		"A1"},
	    {"no address",
		{.fields = {{AR, OTHER}, {AR, OURS}},
		    .exempt = PST_EXEMPT_NO_ADDRESS,
		    .mta = ABLE},
		"A2"},
	    {"fields cannot be changed",
		{.fields = {{AR, OURS}, {"X-Spam-Flag", " NO"}},
		    .action = PST_ACTION_TAG,
		    .mta = {true, false, true}},
		"+S +A"},
	    {"fields cannot be added",
		{.fields = {{AR, OURS}, {"X-Spam-Flag", " NO"}},
		    .mta = {true, true, false}},
		"A1 S1"},
	    {"nothing can be done", {.fields = {{AR, OURS}}, .mta = {false}},
		""},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_decision decision = run(&rows[i].trial);
		const char *got = summary(&decision);

		if (strcmp(got, rows[i].want) != 0)
			fail_msg("%s", got);
	}
}

/* A field that was not read may be one of ours, so it is deleted. */
static void
test_behind_limits(void **state)
{
	static const struct {
		const char *label;
		struct trial trial;
		const char *want;
	} rows[] = {
	    {"too many fields",
		{.fields = {{AR, OTHER}, {AR, OURS}, {AR, OTHER}, {"To", " x"},
		     {AR, OTHER}, {"X-Spam-Flag", " NO"}},
		    .mta = ABLE,
		    .limits = {3, 1000, 1000}},
		"A4 A2 S1 +A"},
	    {"the first is beyond the limit",
		{.fields = {{"To", " x"}, {AR, OTHER}, {AR, OTHER}},
		    .mta = ABLE,
		    .limits = {1, 1000, 1000}},
		"A2 A1 +A"},
	    {"a large one between two that are kept",
		{.fields = {{AR, OTHER},
		     {AR,
			 " mx.other.example; spf=pass (a long comment that "
			 "does not fit into the limit)"},
		     {AR, OTHER}, {AR, OURS}},
		    .mta = ABLE,
		    .limits = {10, 60, 1000}},
		"A4 A2 +A"},
	    {"a large one first",
		{.fields = {{AR,
				" mx.other.example; spf=pass (a long comment "
				"that does not fit into the limit)"},
		     {"X-Spam-Flag",
			 " a long value that does not fit into the limit at "
			 "all"},
		     {AR, OTHER}},
		    .action = PST_ACTION_TAG,
		    .mta = ABLE,
		    .limits = {10, 60, 1000}},
		"A1 S1 +S +A"},
	    {"too many octets",
		{.fields = {{AR, OTHER}, {AR, OTHER}, {AR, OURS}},
		    .mta = ABLE,
		    .limits = {10, 60, 70}},
		"A3 A2 +A"},
	    {"of a trusted client all stay",
		{.fields = {{AR, OTHER}, {AR, OURS}},
		    .exempt = PST_EXEMPT_TRUSTED,
		    .mta = ABLE,
		    .limits = {1, 1000, 1000}},
		""},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_decision decision = run(&rows[i].trial);
		const char *got = summary(&decision);

		if (strcmp(got, rows[i].want) != 0)
			fail_msg("%s", got);
	}
}

static void
test_many_fields(void **state)
{
	const struct pst_header_limits limits = {100, 1000, 100000};
	struct pst_config config = defaults();
	struct pst_findings findings = failing(PST_DMARC_QUARANTINE);
	struct pst_decision decision = {.action = PST_ACTION_TAG};
	struct pst_header header;

	(void)state;
	pst_header_init(&header, arena, limits);
	pst_header_watch(&header, AR);
	pst_header_watch(&header, config.tag_header);
	for (size_t i = 0; i < 500; i++) {
		(void)pst_header_add(
		    &header, PST_STR("X-Spam-Flag"), PST_STR(" NO"));
		(void)pst_header_add(&header, PST_STR(AR), PST_STR(OTHER));
	}
	pst_edits_make(
	    arena, &config, &able, ID, &header, &findings, &decision);
	/* 450 unread results and 500 marks go, two fields are added. */
	assert_int_equal(decision.edit_count, 450 + 500 + 2);
	for (size_t i = 0; i < 450; i++)
		assert_int_equal(decision.edits[i].index, 500 - i);
	for (size_t i = 0; i < 500; i++)
		assert_int_equal(decision.edits[450 + i].index, 500 - i);
}

static void
test_values(void **state)
{
	const struct trial trial = {.action = PST_ACTION_TAG, .mta = ABLE};
	struct pst_decision decision = run(&trial);

	(void)state;
	assert_int_equal(decision.edit_count, 2);
	assert_string_equal(decision.edits[0].value, " YES");
	assert_string_equal(decision.edits[1].value,
	    " " ID ";\n\tspf=none;\n\tdkim=none;\n\tdmarc=fail "
	    "header.from=bank.example policy.dmarc=quarantine");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_whose_field),
	    cmocka_unit_test(test_rows),
	    cmocka_unit_test(test_behind_limits),
	    cmocka_unit_test(test_many_fields),
	    cmocka_unit_test(test_values),
	};

	return cmocka_run_group_tests(tests, make_arena, free_arena);
}
