/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/rows.h"

#include "survey/finding.h"

static int
set_up(void **state)
{
	struct pst_findings_list *list;
	struct pst_arena *arena = pst_arena_new();

	list = pst_arena_alloc(arena, sizeof(*list));
	list->arena = arena;
	*state = list;
	return 0;
}

static int
tear_down(void **state)
{
	struct pst_findings_list *list = *state;

	pst_arena_free(list->arena);
	return 0;
}

/* The names are sorted, distinct, lower case; each sentence is one. */
static void
test_table(void **state)
{
	size_t count;
	const struct pst_finding_info *table = pst_finding_table(&count);

	(void)state;
	assert_true(count > 90);
	for (size_t i = 0; i < count; i++) {
		const char *name = table[i].name;
		const char *meaning = table[i].meaning;

		if (i > 0)
			assert_true(strcmp(table[i - 1].name, name) < 0);
		assert_int_equal(strspn(name,
				     "abcdefghijklmnopqrstuvwxyz-"
				     "0123456789"),
		    strlen(name));
		assert_true(strlen(meaning) > 20);
		assert_int_equal(meaning[strlen(meaning) - 1], '.');
		assert_ptr_equal(pst_finding_info(name), &table[i]);
	}
	assert_null(pst_finding_info("spf"));
	assert_null(pst_finding_info(""));
}

/* A name begins with its topic; "domain-" is about all of it. */
static void
test_topics(void **state)
{
	size_t count;
	const struct pst_finding_info *table = pst_finding_table(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		const char *word = pst_topic_word(table[i].topic);

		if (strncmp(table[i].name, "domain-", 7) == 0)
			continue;
		assert_memory_equal(table[i].name, word, strlen(word));
		assert_int_equal(table[i].name[strlen(word)], '-');
	}
}

static void
test_words(void **state)
{
	static const char *const severities[] = {
	    "good", "note", "unknown", "warning", "error"};
	static const char *const topics[] = {
	    "spf", "dkim", "dmarc", "mail", "dns"};

	(void)state;
	for (unsigned i = 0; i < PST_SEVERITIES; i++)
		assert_string_equal(pst_severity_word(i), severities[i]);
	for (unsigned i = 0; i < PST_TOPICS; i++)
		assert_string_equal(pst_topic_word(i), topics[i]);
}

static const struct position_row {
	const char *label;
	size_t from, len; /* of the term in the record */
	size_t want;
} position_rows[] = {
    {"first octet", 0, 6, 1},
    {"in the middle", 7, 2, 8},
    {"last octet", 13, 1, 14},
    {"all of it", 0, 14, 1},
    {"empty at the end", 14, 0, 15},
};

static void
test_position(void **state)
{
	struct pst_findings_list *list = *state;
	static const char record[] = "v=spf1 mx -all, and more";

	FOR_ROWS(i, position_rows, position_rows[i].label) {
		const struct position_row *row = &position_rows[i];
		struct pst_finding_place place = {.at = "example.com",
		    .record = {record, 14},
		    .term = {record + row->from, row->len}};

		list->count = 0;
		pst_finding_add(list, "spf-syntax", &place, "x", NULL);
		assert_int_equal(list->items[0].position, row->want);
	}
}

/* A term from elsewhere has no position. */
static void
test_position_elsewhere(void **state)
{
	struct pst_findings_list *list = *state;
	static const char text[] = "0123456789";
	struct pst_finding_place place = {
	    .at = "example.com", .record = {text + 2, 4}};

	place.term = (struct pst_str){text + 4, 4};
	pst_finding_add(list, "spf-syntax", &place, "x", NULL);
	place.term = (struct pst_str){text, 2};
	pst_finding_add(list, "spf-syntax", &place, "x", NULL);
	place.term = PST_STR("other");
	pst_finding_add(list, "spf-syntax", &place, "x", NULL);
	place.term = (struct pst_str){NULL, 0};
	pst_finding_add(list, "spf-syntax", &place, "x", "y");
	assert_int_equal(list->count, 4);
	for (size_t i = 0; i < list->count; i++)
		assert_int_equal(list->items[i].position, 0);
	assert_string_equal(list->items[2].term, "other");
	assert_null(list->items[3].term);
	assert_string_equal(list->items[3].instead, "y");
	assert_true(pst_finding_has(list, "spf-syntax"));
	assert_false(pst_finding_has(list, "spf-long"));
}

static void
test_sums(void **state)
{
	struct pst_findings_list *list = *state;
	struct pst_finding_place here = {.at = "example.com"},
				 there = {.at = "_dmarc.Example.com"};
	const size_t want[PST_SEVERITIES] = {
	    [PST_SEVERITY_WARNING] = 2, [PST_SEVERITY_ERROR] = 1};
	size_t counts[PST_SEVERITIES] = {0};
	static const struct {
		const char *label;
		enum pst_finding_topic topic;
		enum pst_severity least;
		const char *at;
		bool want;
	} rows[] = {
	    {"any name", PST_TOPIC_SPF, PST_SEVERITY_WARNING, NULL, true},
	    {"this name", PST_TOPIC_SPF, PST_SEVERITY_ERROR, "example.com",
		true},
	    {"another name", PST_TOPIC_SPF, PST_SEVERITY_WARNING,
		"_dmarc.example.com", false},
	    {"case", PST_TOPIC_DMARC, PST_SEVERITY_WARNING,
		"_dmarc.example.com", true},
	    {"not so severe", PST_TOPIC_DMARC, PST_SEVERITY_ERROR, NULL, false},
	    {"another topic", PST_TOPIC_DKIM, PST_SEVERITY_GOOD, NULL, false},
	};

	pst_finding_add(list, "spf-syntax", &here, "x", NULL);
	pst_finding_add(list, "spf-void", &here, "x", NULL);
	pst_finding_add(list, "dmarc-at-apex", &there, "x", NULL);
	pst_findings_count(list, counts);
	assert_memory_equal(counts, want, sizeof(want));
	FOR_ROWS(i, rows, rows[i].label)
		assert_int_equal(pst_finding_has_fault(list, rows[i].topic,
				     rows[i].least, rows[i].at),
		    rows[i].want);
}

/* Whoever publishes a record decides how many faults it has. */
static void
test_bounds(void **state)
{
	struct pst_findings_list *list = *state;
	char *huge = pst_arena_alloc(list->arena, 100000);
	struct pst_finding_place place = {
	    .at = "example.com", .term = {huge, 100000}};

	memset(huge, 7, 100000);
	for (size_t i = 0; i < PST_FINDINGS_MAX; i++) {
		pst_finding_add(list, "spf-void", &place, "x", NULL);
		assert_false(list->cut);
	}
	assert_int_equal(list->count, PST_FINDINGS_MAX);
	pst_finding_add(list, "spf-long", &place, "x", NULL);
	assert_true(list->cut);
	assert_int_equal(list->count, PST_FINDINGS_MAX);
	assert_false(pst_finding_has(list, "spf-long"));
	assert_memory_equal(list->items[0].term, "\\x07\\x07", 8);
	assert_true(strlen(list->items[0].term) < 2000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_table),
	    cmocka_unit_test(test_topics),
	    cmocka_unit_test(test_words),
	    cmocka_unit_test_setup_teardown(test_position, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_position_elsewhere, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_sums, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_bounds, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
