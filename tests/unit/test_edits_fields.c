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
	watch(&header, &config);
	for (size_t i = 0; i < MAX_FIELDS && trial->fields[i].name; i++)
		(void)pst_header_add(&header, pst_str(trial->fields[i].name),
		    pst_str(trial->fields[i].value));
	pst_edits_make(
	    arena, &config, &trial->mta, ID, &header, &findings, &decision);
	return decision;
}

/*
 * Returns "A3 A1 S2 F1 +S +F +A": the edits in order, + for insertions. A is
 * our result field, S the mark, and F the second mark.
 */
static const char *
summary(const struct pst_decision *decision)
{
	struct pst_buf buf;

	pst_buf_init(&buf, arena, 1000);
	for (size_t i = 0; i < decision->edit_count; i++) {
		const struct pst_edit *edit = &decision->edits[i];
		char letter = 'A';

		if (strcmp(edit->name, "X-DMARC-Verdict") == 0)
			letter = 'S';
		else if (strcmp(edit->name, "X-Spam-Flag") == 0)
			letter = 'F';
		else
			assert_string_equal(edit->name, AR);
		if (i > 0)
			pst_buf_add_char(&buf, ' ');
		if (edit->op == PST_EDIT_INSERT) {
			pst_buf_printf(&buf, "+%c", letter);
			assert_int_equal(edit->index, 0);
			assert_int_equal(edit->value[0], ' ');
		} else {
			pst_buf_printf(&buf, "%c%zu", letter, edit->index);
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

static const struct {
	const char *label;
	struct trial trial;
	const char *want;
} edit_rows[] = {
    {"nothing there", {.mta = ABLE}, "+A"},
    {"eight with three of ours",
	{.fields = {{AR, OTHER}, {AR, OURS}, {"To", " x"}, {AR, OTHER},
	     {AR, OTHER}, {"authentication-RESULTS", OURS}, {AR, OTHER},
	     {AR, OTHER}, {"Authentication-Results \t", OURS}},
	    .mta = ABLE},
	"A8 A5 A2 +A"},
    {"tag", {.action = PST_ACTION_TAG, .mta = ABLE}, "+S +F +A"},
    {"own marks go",
	{.fields = {{"X-DMARC-Verdict", " NO"}, {AR, OURS},
	     {"x-dmarc-VERDICT", " YES"}},
	    .action = PST_ACTION_TAG,
	    .mta = ABLE},
	"A1 S2 S1 +S +F +A"},
    {"own marks go from good mail too",
	{.fields = {{"X-DMARC-Verdict", " YES"}}, .mta = ABLE}, "S1 +A"},
    {"quarantine",
	{.fields = {{"X-DMARC-Verdict", " YES"}, {AR, OURS}},
	    .action = PST_ACTION_QUARANTINE,
	    .mta = ABLE},
	"A1 S1 +A"},
    {"reject",
	{.fields = {{AR, OURS}, {"X-DMARC-Verdict", " NO"}},
	    .action = PST_ACTION_REJECT,
	    .mta = ABLE},
	""},
    {"tempfail",
	{.fields = {{AR, OURS}}, .action = PST_ACTION_TEMPFAIL, .mta = ABLE},
	""},
    {"monitor",
	{.fields = {{AR, OURS}, {"X-DMARC-Verdict", " NO"}},
	    .monitor = true,
	    .mta = ABLE},
	"A1 S1 +A"},
    {"monitor, both marks",
	{.fields = {{"X-Spam-Flag", " YES"}, {"X-DMARC-Verdict", " quarantine"},
	     {"x-spam-FLAG", " NO"}},
	    .monitor = true,
	    .mta = ABLE},
	"S1 F2 F1 +A"},
    {"the second mark goes, too",
	{.fields = {{"X-Spam-Flag", " NO"}, {"X-Spam-Flags", " x"},
	     {"X-DMARC-Verdict", " pass"}},
	    .action = PST_ACTION_TAG,
	    .mta = ABLE},
	"S1 F1 +S +F +A"},
    {"trusted",
	{.fields = {{AR, OURS}, {"X-DMARC-Verdict", " NO"}},
	    .exempt = PST_EXEMPT_TRUSTED,
	    .mta = ABLE},
	""},
    {"authenticated",
	{.fields = {{AR, OURS}, {AR, OTHER}, {"X-DMARC-Verdict", " NO"}},
	    .exempt = PST_EXEMPT_AUTHENTICATED,
	    .mta = ABLE},
	"A1"},
    {"no address",
	{.fields = {{AR, OTHER}, {AR, OURS}},
	    .exempt = PST_EXEMPT_NO_ADDRESS,
	    .mta = ABLE},
	"A2"},
    {"fields cannot be changed",
	{.fields = {{AR, OURS}, {"X-DMARC-Verdict", " NO"}},
	    .action = PST_ACTION_TAG,
	    .mta = {true, false, true}},
	"+S +F +A"},
    {"fields cannot be added",
	{.fields = {{AR, OURS}, {"X-DMARC-Verdict", " NO"}},
	    .mta = {true, true, false}},
	"A1 S1"},
    {"nothing can be done", {.fields = {{AR, OURS}}, .mta = {false}}, ""},
};

static void
test_rows(void **state)
{
	(void)state;
	FOR_ROWS(i, edit_rows, edit_rows[i].label) {
		struct pst_decision decision = run(&edit_rows[i].trial);
		const char *got = summary(&decision);

		if (strcmp(got, edit_rows[i].want) != 0)
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
		     {AR, OTHER}, {"X-DMARC-Verdict", " NO"},
		     {"X-Spam-Flag", " NO"}},
		    .mta = ABLE,
		    .limits = {3, 1000, 1000}},
		"A4 A2 S1 F1 +A"},
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
		     {"X-DMARC-Verdict",
			 " a long value that does not fit into the limit at "
			 "all"},
		     {AR, OTHER}},
		    .action = PST_ACTION_TAG,
		    .mta = ABLE,
		    .limits = {10, 60, 1000}},
		"A1 S1 +S +F +A"},
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
	watch(&header, &config);
	for (size_t i = 0; i < 500; i++) {
		(void)pst_header_add(
		    &header, PST_STR("X-DMARC-Verdict"), PST_STR(" NO"));
		(void)pst_header_add(
		    &header, PST_STR("X-Spam-Flag"), PST_STR(" NO"));
		(void)pst_header_add(&header, PST_STR(AR), PST_STR(OTHER));
	}
	pst_edits_make(
	    arena, &config, &able, ID, &header, &findings, &decision);
	/* 467 unread results and 1000 marks go, three fields are added. */
	assert_int_equal(decision.edit_count, 467 + 1000 + 3);
	for (size_t i = 0; i < 467; i++)
		assert_int_equal(decision.edits[i].index, 500 - i);
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(decision.edits[467 + i].index, 500 - i % 500);
}

static void
test_values(void **state)
{
	const struct trial trial = {.action = PST_ACTION_TAG, .mta = ABLE};
	struct pst_decision decision = run(&trial);

	(void)state;
	assert_int_equal(decision.edit_count, 3);
	assert_string_equal(decision.edits[0].value, " quarantine");
	assert_string_equal(decision.edits[1].value, " YES");
	assert_string_equal(decision.edits[2].value,
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
