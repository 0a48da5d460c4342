/* SPDX-License-Identifier: BSD-2-Clause */

/* Text as people see it, and the set of names that is compared with it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/fold.h"
#include "config/name_set.h"
#include "tests/unit/rows.h"

static const struct {
	const char *label;
	const char *text;
	const char *folded;
	const char *words;
} rows[] = {
    {"nothing", "", "", ""},
    {"blanks only", " \t\n", "", ""},
    {"ASCII", " Ann\t  BAUER ", "ann bauer", "ann bauer"},
    {"punctuation", "Bauer, Ann (CEO)", "bauer, ann (ceo)", "bauer ann ceo"},
    {"controls",
	"Ann\x01"
	"Bauer\x7f",
	"ann bauer", "ann bauer"},
    {"a non-breaking blank",
	"Ann\xc2\xa0"
	"Bauer",
	"ann bauer", "ann bauer"},
    {"an ideographic blank",
	"Ann\xe3\x80\x80"
	"Bauer",
	"ann bauer", "ann bauer"},
    {"full-width letters", "\xef\xbc\xa1\xef\xbd\x8e\xef\xbd\x8e", "ann",
	"ann"},
    {"a full-width at sign",
	"a\xef\xbc\xa0"
	"b",
	"a@b", "a b"},
    {"a small at sign",
	"a\xef\xb9\xab"
	"b",
	"a@b", "a b"},
    {"a zero-width space", "A\xe2\x80\x8bnn", "ann", "ann"},
    {"a zero-width joiner", "A\xe2\x80\x8dnn", "ann", "ann"},
    {"a byte order mark",
	"\xef\xbb\xbf"
	"Ann",
	"ann", "ann"},
    {"a soft hyphen", "An\xc2\xadn", "ann", "ann"},
    {"bidirectional controls",
	"\xe2\x80\xae"
	"Ann\xe2\x80\xac",
	"ann", "ann"},
    {"an isolate",
	"\xe2\x81\xa6"
	"Ann\xe2\x81\xa9",
	"ann", "ann"},
    {"only what is not shown", "\xe2\x80\x8b\xe2\x80\x8b", "", ""},
    {"a composed letter", "B\xc3\xbc", "b\xc3\xbc", "b\xc3\xbc"},
    {"the same in two", "Bu\xcc\x88", "b\xc3\xbc", "b\xc3\xbc"},
    {"an upper-case umlaut", "\xc3\x9c", "\xc3\xbc", "\xc3\xbc"},
    {"a sharp s",
	"Stra\xc3\x9f"
	"e",
	"strasse", "strasse"},
    {"a ligature", "\xef\xac\x81", "fi", "fi"},
    {"windows-1252", "B\xfc\x80", "b\xc3\xbc\xe2\x82\xac", "b\xc3\xbc"},
    {"Cyrillic stays", "\xd0\x90", "\xd0\xb0", "\xd0\xb0"},
};

static void
test_rows(void **state)
{
	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_str folded = pst_fold(arena, pst_str(rows[i].text));
		struct pst_str words = pst_fold_words(arena, folded);

		assert_string_equal(folded.ptr, rows[i].folded);
		assert_int_equal(folded.len, strlen(rows[i].folded));
		if (folded.len > 0)
			assert_string_equal(words.ptr, rows[i].words);
		assert_int_equal(words.len, strlen(rows[i].words));
		assert_string_equal(
		    pst_fold(arena, folded).ptr, rows[i].folded);
		pst_arena_free(arena);
	}
}

/* The character that becomes longest, as often as it fits. */
static void
test_growth(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	char text[PST_FOLD_MAX + 100];

	(void)state;
	for (size_t i = 0; i + 3 <= sizeof(text); i += 3)
		(void)memcpy(text + i, "\xef\xb7\xba", 3);
	text[sizeof(text) - 1] = '\0';
	(void)pst_fold(arena, (struct pst_str){text, sizeof(text)});
	(void)pst_fold(arena, (struct pst_str){text, PST_FOLD_MAX / 3 * 3});
	pst_arena_free(arena);
}

/* ---- names ---- */

static const struct {
	const char *label;
	const char *text;
	bool holds;
} names[] = {
    {"the name", "Ann Bauer", true},
    {"in another case", "ANN  BAUER", true},
    {"with more after it", "Ann Bauer (CEO)", true},
    {"with more before it", "CEO: Ann Bauer", true},
    {"in quotes", "\"Ann Bauer\" via list", true},
    {"joined by punctuation", "ann.bauer", true},
    {"the other order", "Bauer, Ann", false},
    {"the first name only", "Ann", false},
    {"a longer word", "Ann Bauerfeld", false},
    {"the end of a word", "Joann Bauer", false},
    {"with a word between", "Ann X Bauer", false},
    {"begins like two", "Ann Ann Bauer", true},
    {"a name of one word", "our Helpdesk!", true},
    {"the same in a word", "helpdesks", false},
    {"the shorter of two", "Max Muster", true},
    {"the longer of two", "Max Muster Mann", true},
    {"an umlaut in two", "Ju\xcc\x88rgen K", true},
    {"nothing", "", false},
};

static void
test_names(void **state)
{
	static const char *const parts[] = {"Ann Bauer", "helpdesk",
	    "Max Muster Mann", "Max Muster", "J\xc3\xbcrgen K.", "Ann  bauer"};
	struct pst_arena *arena = pst_arena_new();
	struct pst_name_set set, part;
	struct pst_err err;

	(void)state;
	assert_true(
	    pst_name_set_make(&set, arena, parts, PST_COUNT(parts), &err));
	assert_int_equal(set.count, 5);
	assert_true(pst_name_set_make(&part, arena, parts, 2, &err));
	assert_true(pst_name_set_covers(&set, &part));
	assert_false(pst_name_set_covers(&part, &set));
	FOR_ROWS(i, names, names[i].label) {
		struct pst_str words = pst_fold_words(
		    arena, pst_fold(arena, pst_str(names[i].text)));

		assert_int_equal(
		    pst_name_set_is_in(&set, words), names[i].holds);
	}
	assert_true(pst_name_set_make(&set, arena, NULL, 0, &err));
	assert_false(pst_name_set_is_in(&set, PST_STR("ann")));
	pst_arena_free(arena);
}

static void
test_wrong_names(void **state)
{
	static const struct {
		const char *label;
		const char *text;
	} wrong[] = {{"no word", "--"}, {"not UTF-8", "B\xfc"},
	    {"nine words", "a b c d e f g h i"}};
	struct pst_arena *arena = pst_arena_new();
	struct pst_name_set set;
	struct pst_err err;

	(void)state;
	FOR_ROWS(i, wrong, wrong[i].label) {
		assert_false(
		    pst_name_set_make(&set, arena, &wrong[i].text, 1, &err));
		assert_non_null(strstr(err.text, "is not a name"));
	}
	pst_arena_free(arena);
}

/* Each of many is found, and nothing else. */
static void
test_many_names(void **state)
{
	enum { COUNT = 10000 };
	struct pst_arena *arena = pst_arena_new();
	const char **parts = pst_arena_array(arena, COUNT, sizeof(*parts));
	struct pst_name_set set;
	struct pst_err err;

	(void)state;
	for (int i = 0; i < COUNT; i++)
		parts[i] = pst_arena_printf(arena, "Person%d Name", i);
	assert_true(pst_name_set_make(&set, arena, parts, COUNT, &err));
	assert_int_equal(set.count, COUNT);
	for (int i = 0; i < COUNT; i++) {
		assert_true(pst_name_set_is_in(&set,
		    pst_str(pst_arena_printf(arena, "x person%d name y", i))));
		assert_false(pst_name_set_is_in(&set,
		    pst_str(pst_arena_printf(arena, "person%dx name", i))));
	}
	pst_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rows),
	    cmocka_unit_test(test_growth),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_wrong_names),
	    cmocka_unit_test(test_many_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
