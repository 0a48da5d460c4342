/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/strip.h"
#include "tests/unit/policy_fixture.h"
#include "tests/unit/rows.h"

#define MAX_NAMES 8

static struct pst_sweep_name swept_names[] = {
    {PST_STR_INIT("X-Class"), false, true},
    {PST_STR_INIT("X-Spam-"), true, false},
    {PST_STR_INIT("X-Virus"), false, false},
};

static struct pst_config
sweeping(void)
{
	struct pst_config config = defaults();

	config.sweep = (struct pst_sweep){swept_names, PST_COUNT(swept_names)};
	return config;
}

static void
fill(struct pst_header *header, const struct pst_config *config,
    struct pst_header_limits limits, const char *const *names)
{
	pst_header_init(header, arena, limits);
	pst_edits_watch(header, config);
	for (size_t i = 0; i < MAX_NAMES && names[i] != NULL; i++)
		(void)pst_header_add(header, pst_str(names[i]), PST_STR(" x"));
}

static const struct pst_header_limits roomy = {1000, 65536, 524288};

/* Returns "X-Spam-A#2 X-Spam-A#1": what is deleted, in order. */
static const char *
deleted(const struct pst_config *config, const struct pst_header *header,
    size_t *stripped)
{
	struct pst_findings findings = failing(PST_DMARC_NONE);
	struct pst_decision decision;
	struct pst_buf buf;

	pst_policy_decide(arena, config, &able, "mx.gateway.example", header,
	    &findings, &decision);
	*stripped = decision.stripped;
	pst_buf_init(&buf, arena, 4096);
	for (size_t i = 0; i < decision.edit_count; i++) {
		if (decision.edits[i].op == PST_EDIT_DELETE)
			pst_buf_printf(&buf, "%s%s#%zu", i == 0 ? "" : " ",
			    decision.edits[i].name, decision.edits[i].index);
	}
	return pst_buf_str(&buf);
}

/* R-POL-21 */
static void
test_names(void **state)
{
	static const struct {
		const char *label, *names[MAX_NAMES], *want;
		size_t stripped, max_fields;
	} rows[] = {
	    {"none", {"From", "X-Spam", "X-Virus-Scanned", "Y-Spam-A"}, "", 0,
		0},
	    {"exact", {"x-VIRUS", "X-Virus"}, "x-VIRUS#2 x-VIRUS#1", 2, 0},
	    {"prefix", {"X-Spam-A", "x-spam-", "X-Spam-B"},
		"X-Spam-A#1 x-spam-#1 X-Spam-B#1", 3, 0},
	    {"each name by itself",
		{"X-Spam-A", "X-Spam-B", "X-SPAM-a", "X-Spam-B"},
		"X-Spam-A#2 X-Spam-A#1 X-Spam-B#2 X-Spam-B#1", 4, 0},
	    {"a blank before the colon", {"X-Spam-A \t", "X-Spam-A"},
		"X-Spam-A#2 X-Spam-A#1", 2, 0},
	    {"past a limit", {"A", "B", "X-Spam-A", "X-Virus"},
		"X-Spam-A#1 X-Virus#1", 2, 1},
	    {"ours is not counted", {"X-Class", "X-Virus"},
		"X-Class#1 X-Virus#1", 1, 0},
	    {"a mark is deleted once", {"X-Spam-Flag", "X-Spam-Flags"},
		"X-Spam-Flag#1 X-Spam-Flags#1", 1, 0},
	    {"not a field name", {"X-Spam-\xc3\xa4", "X-Spam-a b", ""}, "", 0,
		0},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_config config = sweeping();
		struct pst_header_limits limits = roomy;
		struct pst_header header;
		size_t stripped;

		if (rows[i].max_fields > 0)
			limits.max_fields = rows[i].max_fields;
		fill(&header, &config, limits, rows[i].names);
		assert_string_equal(
		    deleted(&config, &header, &stripped), rows[i].want);
		assert_int_equal(stripped, rows[i].stripped);
	}
}

/* R-POL-22: the message has X-Class, X-Spam-A three times, and X-Virus. */
static void
test_signed(void **state)
{
	static const char *const names[MAX_NAMES] = {
	    "X-Class", "X-Spam-A", "X-Spam-A", "X-Virus", "X-Spam-A"};
	static const struct {
		const char *label;
		enum pst_strip_signed what;
		enum pst_result result;
		bool unchecked;
		unsigned short mentions[3]; /* in the order of the names */
		size_t max_fields;
		const char *want;
	} rows[] = {
#define KEEP PST_STRIP_SIGNED_KEEP
#define PASS PST_RESULT_PASS
#define NOTHING "X-Class#1 X-Spam-A#3 X-Spam-A#2 X-Spam-A#1 X-Virus#1"
	    {"remove", PST_STRIP_SIGNED_REMOVE, PASS, false, {1, 3, 1}, 0,
		NOTHING},
	    {"keep", KEEP, PASS, false, {0, 1, 1}, 0,
		"X-Class#1 X-Spam-A#2 X-Spam-A#1"},
	    {"two", KEEP, PASS, false, {0, 2, 0}, 0,
		"X-Class#1 X-Spam-A#1 X-Virus#1"},
	    {"all, and one that is not there", KEEP, PASS, false, {1, 4, 1}, 0,
		"X-Class#1"},
	    {"fails", KEEP, PST_RESULT_FAIL, false, {1, 3, 1}, 0, NOTHING},
	    {"not checked", KEEP, PASS, true, {1, 3, 1}, 0, NOTHING},
	    {"the lowest is past a limit", KEEP, PASS, false, {0, 1, 1}, 4,
		"X-Class#1 X-Spam-A#3 X-Spam-A#2 X-Spam-A#1"},
#undef KEEP
#undef PASS
#undef NOTHING
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_config config = sweeping();
		struct pst_header_limits limits = roomy;
		struct pst_dkim_sig sig = {.result = rows[i].result,
		    .checked = !rows[i].unchecked,
		    .mentions = rows[i].mentions};
		struct pst_findings findings = failing(PST_DMARC_NONE);
		struct pst_header header;
		size_t stripped;

		config.strip_fields_signed = rows[i].what;
		findings.dkim.sigs = &sig;
		findings.dkim.count = 1;
		if (rows[i].max_fields > 0)
			limits.max_fields = rows[i].max_fields;
		fill(&header, &config, limits, names);
		pst_strip_note_signed(&header, &findings);
		assert_string_equal(
		    deleted(&config, &header, &stripped), rows[i].want);
	}
}

/* R-POL-26 */
static void
test_flood(void **state)
{
	static const struct {
		const char *label;
		size_t count, name_len;
		bool over;
	} rows[] = {
	    {"as many as are counted", PST_SWEPT_MAX_NAMES, 20, false},
	    {"one more", PST_SWEPT_MAX_NAMES + 1, 20, true},
	    {"long names", 65, 1000, false},
	    {"too long names", 66, 1000, true},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_config config = sweeping();
		struct pst_findings findings = failing(PST_DMARC_NONE);
		struct pst_mta cannot = able;
		struct pst_decision decision;
		struct pst_header header;

		pst_header_init(&header, arena, roomy);
		pst_edits_watch(&header, &config);
		for (size_t k = 0; k < rows[i].count; k++)
			(void)pst_header_add(&header,
			    pst_str(pst_arena_printf(arena, "X-Spam-%0*zu",
				(int)rows[i].name_len - 7, k)),
			    PST_STR(" x"));
		/* The same name again does not count as a further one. */
		(void)pst_header_add(
		    &header, pst_str(header.swept.first->name), PST_STR(" x"));
		assert_int_equal(header.swept.over, rows[i].over);
		assert_int_equal(header.swept.first->seen, 2);
		pst_policy_decide(arena, &config, &able, "mx.gateway.example",
		    &header, &findings, &decision);
		assert_string_equal(decision.rule,
		    rows[i].over ? "header-flood" : "dmarc-none");
		assert_int_equal(decision.action,
		    rows[i].over ? PST_ACTION_REJECT : PST_ACTION_ACCEPT);
		/* R-POL-26: in monitor mode it is delivered. */
		config.mode = PST_MODE_MONITOR;
		pst_policy_decide(arena, &config, &able, "mx.gateway.example",
		    &header, &findings, &decision);
		assert_int_equal(decision.action, PST_ACTION_ACCEPT);
		assert_int_equal(decision.would,
		    rows[i].over ? PST_ACTION_REJECT : PST_ACTION_ACCEPT);
		assert_int_equal(decision.stripped, header.swept.count + 1);
		config.mode = PST_MODE_ENFORCE;
		/* Nothing can be removed in any case. */
		cannot.can_change_headers = false;
		pst_policy_decide(arena, &config, &cannot, "mx.gateway.example",
		    &header, &findings, &decision);
		assert_int_equal(decision.action, PST_ACTION_ACCEPT);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_signed),
	    cmocka_unit_test(test_flood),
	};

	return cmocka_run_group_tests(tests, make_arena, free_arena);
}
