/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/subjects.h"
#include "tests/unit/rows.h"

static void
test_subject_of(void **state)
{
	static const struct {
		const char *name, *subject;
	} rows[] = {
	    {"a.example", "a.example"},
	    {"_dmarc.a.example", "a.example"},
	    {"s._domainkey.a.example", "a.example"},
	    {"x._report._dmarc.a.example", "a.example"},
	    {"a._spf.b.example", "b.example"},
	    {"a_b.example", "a_b.example"},
	    {"_", "_"},
	    {"a._b", "a._b"},
	    {"_dmarc.example", "example"},
	    {"4.3.2.1.in-addr.arpa", "3.2.1.in-addr.arpa"},
	    {"in-addr.arpa", "in-addr.arpa"},
	    {"f.e.d.c.b.a.9.8.7.6.5.4.3.2.1.0.1.1.1.1.2.2.2.2.3.3.3.3.4.4.4.4."
	     "ip6.arpa",
		"1.1.1.1.2.2.2.2.3.3.3.3.4.4.4.4.ip6.arpa"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].name) {
		struct pst_str got = pst_subject_of(pst_str(rows[i].name));

		if (!pst_str_eq(got, pst_str(rows[i].subject)))
			fail_msg("%.*s", (int)got.len, got.ptr);
	}
}

struct bench {
	struct pst_subjects *subjects;
	int64_t now;
};

static void
answer(struct bench *bench, const char *name)
{
	struct pst_subject *subject =
	    pst_subject_use(bench->subjects, pst_str(name));

	pst_subject_answered(bench->subjects, subject, bench->now);
	pst_subject_release(bench->subjects, subject);
}

/* Paused, while others were answered. */
#define ALIVE                                                                  \
	"+b.example !a.example +b.example !a.example +b.example !a.example "   \
	"+b.example "

/* A question that is asked now and not answered for four seconds. */
static void
silence(struct bench *bench, const char *name)
{
	struct pst_subject *subject =
	    pst_subject_use(bench->subjects, pst_str(name));

	bench->now += 4000;
	pst_subject_silent(
	    bench->subjects, subject, bench->now - 4000, bench->now);
	pst_subject_release(bench->subjects, subject);
}

/* Returns whether a question may be asked; a probe is over at once. */
static bool
may_ask(struct bench *bench, const char *name)
{
	struct pst_subject *probed;
	unsigned probe;
	bool may = pst_subject_may_ask(
	    bench->subjects, pst_str(name), false, bench->now, &probed, &probe);

	if (probed != NULL) {
		pst_subject_probe_over(bench->subjects, probed, probe);
		return false;
	}
	return may;
}

/*
 * What happens is written as words: "!x" x is silent, "+x" x is answered, "wN"
 * N seconds pass. Then x may be asked freely or not.
 */
static const struct {
	const char *label, *story, *asked;
	bool free;
} stories[] = {
    {"nothing is known", "", "a.example", true},
    {"silent twice", "!a.example !a.example", "a.example", true},
    {"silent three times", "!a.example !a.example !a.example", "a.example",
	false},
    {"so is what is below", "!a.example !a.example !a.example", "x.y.a.example",
	false},
    {"not a sibling", "!a.example !a.example !a.example", "b.example", true},
    {"never an ancestor",
	"!x.a.example !x.a.example !x.a.example !y.a.example "
	"!z.a.example",
	"a.example", true},
    {"never a name of one label", "!example !example !example", "example",
	true},
    {"nor what is below it", "!example !example !example", "a.example", true},
    {"an answer between",
	"!a.example !a.example +a.example "
	"!a.example",
	"a.example", true},
    {"an answer ends it", "!a.example !a.example !a.example +a.example",
	"a.example", true},
    {"a name below that answers is exempt", ALIVE "+x.a.example", "x.a.example",
	true},
    {"with what is below it", ALIVE "+x.a.example", "y.x.a.example", true},
    {"but not its siblings", ALIVE "+x.a.example", "y.a.example", false},
    {"nor its ancestor", ALIVE "+x.a.example", "a.example", false},
    {"an answer long ago does not exempt",
	"+x.a.example w301 !a.example !a.example !a.example", "x.a.example",
	false},
    {"just before its end", "!a.example !a.example !a.example w9", "a.example",
	false},
    {"the pause is over", "!a.example !a.example !a.example w10", "a.example",
	true},
    {"silent again: twice as long",
	"!a.example !a.example !a.example w10 !a.example w19", "a.example",
	false},
    {"that is over, too", "!a.example !a.example !a.example w10 !a.example w20",
	"a.example", true},
    {"at most a minute",
	"!a.example !a.example !a.example !a.example !a.example "
	"!a.example !a.example !a.example w60",
	"a.example", true},
    {"the resolver was dead: all pauses end",
	"+b.example !a.example !a.example !a.example +b.example", "a.example",
	true},
    {"it was not, for others were answered",
	"+b.example !a.example +b.example !a.example +b.example "
	"!a.example +b.example",
	"a.example", false},
    {"dead from the start", "!a.example !a.example !a.example +b.example",
	"a.example", true},
    {"pauses begin again after that",
	"!a.example !a.example !a.example +b.example !a.example "
	"+b.example !a.example +b.example !a.example +b.example",
	"a.example", false},
};

static void
live(struct bench *bench, struct pst_str story)
{
	while (story.len > 0) {
		size_t end = pst_str_find(story, ' ');
		char word[40] = "";
		uint64_t seconds = 0;

		memcpy(word, story.ptr, end);
		if (word[0] == '!')
			silence(bench, word + 1);
		else if (word[0] == '+')
			answer(bench, word + 1);
		else if (pst_str_to_u64(pst_str(word + 1), 1000, &seconds))
			bench->now += (int64_t)seconds * 1000;
		story = pst_str_from(story, end < story.len ? end + 1 : end);
	}
}

static void
test_pauses(void **state)
{
	(void)state;
	FOR_ROWS(i, stories, stories[i].label) {
		struct bench bench = {pst_subjects_new(i), 1000};

		live(&bench, pst_str(stories[i].story));
		if (may_ask(&bench, stories[i].asked) != stories[i].free)
			fail_msg("%s may %sbe asked", stories[i].asked,
			    stories[i].free ? "not " : "");
		pst_subjects_free(bench.subjects);
	}
}

/* A message's questions that are open together are one silence. */
static void
test_burst(void **state)
{
	struct bench bench = {pst_subjects_new(1), 1000};
	struct pst_subject *subject =
	    pst_subject_use(bench.subjects, PST_STR("a.example"));

	(void)state;
	for (int i = 0; i < 100; i++)
		pst_subject_silent(bench.subjects, subject, 1000 + i, 5000 + i);
	assert_true(may_ask(&bench, "a.example"));
	/* Asked before an answer that came meanwhile. */
	pst_subject_answered(bench.subjects, subject, 6000);
	for (int i = 0; i < 10; i++)
		pst_subject_silent(
		    bench.subjects, subject, 1000 + 500 * i, 7000);
	bench.now = 7000;
	assert_true(may_ask(&bench, "a.example"));
	pst_subject_release(bench.subjects, subject);
	pst_subjects_free(bench.subjects);
}

/* One probe at a time, of each of four kinds. */
static void
test_probes(void **state)
{
	static const struct {
		const char *label, *name;
		bool is_policy;
	} kinds[] = {
	    {"other", "a.example", false},
	    {"policy", "a.example", true},
	    {"other below", "x.a.example", false},
	    {"policy below", "x.a.example", true},
	};
	struct bench bench = {pst_subjects_new(1), 1000};
	struct pst_subject *probed[4], *none;
	unsigned probe[4], number;

	(void)state;
	for (int i = 0; i < 3; i++)
		silence(&bench, "a.example");
	FOR_ROWS(i, kinds, kinds[i].label) {
		assert_true(
		    pst_subject_may_ask(bench.subjects, pst_str(kinds[i].name),
			kinds[i].is_policy, bench.now, &probed[i], &probe[i]));
		assert_non_null(probed[i]);
		assert_false(
		    pst_subject_may_ask(bench.subjects, pst_str(kinds[i].name),
			kinds[i].is_policy, bench.now, &none, &number));
		assert_null(none);
	}
	FOR_ROWS(i, kinds, kinds[i].label)
		pst_subject_probe_over(bench.subjects, probed[i], probe[i]);
	assert_true(pst_subject_may_ask(bench.subjects, PST_STR("a.example"),
	    true, bench.now, &none, &number));
	pst_subject_probe_over(bench.subjects, none, number);
	pst_subjects_free(bench.subjects);
}

/* The table is bounded; what was used last stays. */
static void
test_bound(void **state)
{
	struct bench bench = {pst_subjects_new(1), 1000};
	char name[40];

	(void)state;
	for (int i = 0; i < 3; i++) {
		answer(&bench, "b.example");
		silence(&bench, "old.example");
	}
	for (unsigned i = 0; i < PST_SUBJECTS_IDLE + 100; i++) {
		(void)snprintf(name, sizeof(name), "n%u.example", i);
		answer(&bench, name);
		assert_true(
		    pst_subjects_idle(bench.subjects) <= PST_SUBJECTS_IDLE);
		if (i == PST_SUBJECTS_IDLE - 3)
			assert_false(may_ask(&bench, "old.example"));
	}
	assert_int_equal(pst_subjects_idle(bench.subjects), PST_SUBJECTS_IDLE);
	pst_subjects_free(bench.subjects);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_subject_of),
	    cmocka_unit_test(test_pauses),
	    cmocka_unit_test(test_burst),
	    cmocka_unit_test(test_probes),
	    cmocka_unit_test(test_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
