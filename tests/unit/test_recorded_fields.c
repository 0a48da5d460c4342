/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/replay.h"
#include "tests/unit/recorded_fixture.h"
#include "tests/unit/rows.h"

#define KEEP_ALL LAB_CONFIG
#define RULE                                                                   \
	"rule \"a\" {\nclient = {\"192.0.2.66\"}\naction = tag\n"              \
	"also = {\"X-Class: b\"}\n}\n"

/* R-POL-27 */
static void
test_replayed(void **state)
{
	static const struct {
		const char *label, *config, *header;
		size_t edits, stripped;
	} rows[] = {
	    {"nothing", KEEP_ALL "authres-comments = no\nmode = monitor\n",
		"Date: x\n", 2, 0},
	    {"fields", KEEP_ALL "mode = monitor\n",
		"X-Spam-A: a\nX-Spam-B: b\nX-SPAM-A: c\n", 5, 3},
	    {"also", KEEP_ALL RULE, "X-class: forged\nBIMI-Selector: a\n", 7,
		1},
	    {"other fields",
		KEEP_ALL "mode = monitor\nstrip-fields = {\"X-Odd\"}\n",
		"X-Spam-A: a\nX-Odd: b\nSubject: two\n", 3, 1},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_recorded read;
		struct pst_replay replay;
		struct trial trial;
		const struct pst_decision *was;

		trial_begin(&trial, rows[i].config);
		lab_header(trial.session, rows[i].header);
		trial_finish(&trial);
		was = &trial.message->decision;
		assert_int_equal(was->edit_count, rows[i].edits);
		assert_int_equal(was->stripped, rows[i].stripped);
		read = trial_read(&trial,
		    pst_recorded_write(
			trial.arena, trial.message, PST_RECORDED_RCPTS_FULL));
		assert_int_equal(read.message.findings.header_fault,
		    trial.message->findings.header_fault);
		assert_int_equal(
		    read.message.decision.stripped, rows[i].stripped);
		assert_int_equal(
		    read.message.decision.remark == NULL, was->remark == NULL);
		pst_replay_decide(trial.arena, &read, &replay);
		assert_true(replay.is_same);
		assert_false(replay.is_changed);
		assert_null(replay.doubt);
		assert_int_equal(replay.decision.edit_count, was->edit_count);
		for (size_t k = 0; k < was->edit_count; k++) {
			const struct pst_edit *a = &was->edits[k];
			const struct pst_edit *b = &replay.decision.edits[k];
			const struct pst_edit *c =
			    &read.message.decision.edits[k];

			assert_string_equal(a->name, b->name);
			assert_int_equal(a->index, b->index);
			if (a->op == PST_EDIT_DELETE)
				continue;
			assert_string_equal(a->value, b->value);
			assert_string_equal(a->value, c->value);
		}
		trial_end(&trial);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_replayed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
