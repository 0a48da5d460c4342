/* SPDX-License-Identifier: BSD-2-Clause */

/* A new check is one row: here a DNS list of clients that send spam. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/macros.h"
#include "core/check.h"
#include "core/explain.h"
#include "core/print.h"
#include "tests/unit/core_fixture.h"
#include "tests/unit/rows.h"

struct listed {
	enum pst_result result;
};

static void
start(struct pst_check_run *run)
{
	run->state = pst_arena_alloc(run->world->arena, sizeof(struct listed));
}

static bool
step(struct pst_check_run *run)
{
	struct listed *listed = run->state;
	char ip[PST_IP_TEXT_SIZE];
	const char *name = pst_arena_printf(run->world->arena,
	    "%s.list.example", pst_ip_text(&run->message->client, ip));
	const struct pst_dns_answer *answer =
	    pst_world_ask(run->world, PST_DNS_OTHER, pst_str(name), PST_DNS_TXT)
		->answer;

	if (answer == NULL)
		return false;
	listed->result = answer->status == PST_DNS_OK ? PST_RESULT_FAIL :
	    pst_dns_is_temporary(answer->status)      ? PST_RESULT_TEMPERROR :
							PST_RESULT_PASS;
	return true;
}

static const char *
word(const void *state)
{
	return state == NULL ?
	    "-" :
	    pst_result_word(((const struct listed *)state)->result);
}

static void
authres(const struct pst_findings *f, const void *state, struct pst_authres *ar)
{
	(void)f;
	pst_authres_method(ar, "x-list", word(state), NULL, NULL);
}

static void
log_words(const struct pst_findings *f, const void *state, struct pst_buf *buf)
{
	(void)f;
	pst_buf_printf(buf, " list=%s", word(state));
}

static void
log_detail(const struct pst_findings *f, const void *state, struct pst_buf *buf)
{
	(void)f;
	if (state != NULL)
		pst_buf_add_text(buf, " list-zone=list.example");
}

static void
text(const struct pst_findings *f, const void *state, struct pst_buf *buf)
{
	(void)f;
	pst_print_label(buf, "list");
	pst_buf_printf(buf, "%s\n", word(state));
}

static void
json(const struct pst_findings *f, const void *state, struct pst_json *out)
{
	(void)f;
	pst_json_text(out, "x-list", word(state));
}

static const struct pst_check check_list = {
    .name = "x-list",
    .needs = PST_CHECK_NEEDS_ENVELOPE,
    .is_extra = true,
    .start = start,
    .step = step,
    .authres = authres,
    .log = log_words,
    .log_detail = log_detail,
    .text = text,
    .json = json,
};

/* This takes the place of the table in core/checks.c and has one row more. */
const struct pst_check *const pst_checks[] = {
    &pst_check_iprev,
    &pst_check_spf,
    &pst_check_dkim,
    &pst_check_dmarc,
    &pst_check_arc,
    &check_list,
};
const size_t pst_check_count = PST_COUNT(pst_checks);

/* ---- the test ---- */

#define NAME "192.0.2.66.list.example"
#define LISTED NAME ". TXT \"spam\"\n"

static void
assert_has(const char *label, const char *text, const char *words)
{
	if (strstr(text, words) == NULL)
		fail_msg("%s: no \"%s\" in\n%s", label, words, text);
}

static void
test_rows(void **state)
{
	static const struct {
		const char *label, *zone;
		bool authenticated;
		unsigned ms;
		const char *field, *line, *detail, *text, *json;
	} rows[] = {
	    {"listed", LISTED, false, 0, ";\n\tx-list=fail",
		" list=fail action=", " list-zone=list.example dns=",
		"\nlist      fail\nheader", "\"x-list\":\"fail\""},
	    {"listed, with a slow answer", LISTED ";! delay " NAME " 700ms\n",
		false, 700, ";\n\tx-list=fail", " list=fail action=",
		" list-zone=list.example dns=", "\nlist      fail\nheader",
		"\"x-list\":\"fail\""},
	    {"not listed", "x.example. TXT \"\"\n", false, 0,
		";\n\tx-list=pass", " list=pass action=",
		" list-zone=list.example dns=", "\nlist      pass\nheader",
		"\"x-list\":\"pass\""},
	    {"no answer", ";! timeout " NAME "\n", false, 5000,
		";\n\tx-list=temperror", " list=temperror action=",
		" list-zone=list.example dns=", "\nlist      temperror\nheader",
		"\"x-list\":\"temperror\""},
	    {"exempt", LISTED, true, 0, "", " list=- action=",
		" rule=authenticated dns=", "\nchecks    none",
		"\"x-list\":\"-\""},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct letter letter = {"h", "<a@x.example>",
		    rows[i].authenticated, "From: a@x.example\n", NULL};
		struct pst_arena *arena = pst_arena_new();
		struct pst_session *session;
		const struct pst_message *m;
		struct lab lab;

		lab_open(&lab, LAB_CONFIG, rows[i].zone);
		session = lab_connect(&lab, "192.0.2.66");
		m = lab_send(session, &letter);
		assert_int_equal(m->elapsed_ms, rows[i].ms);
		assert_int_equal(
		    m->decision.edit_count, rows[i].authenticated ? 0 : 1);
		if (m->decision.edit_count > 0)
			assert_has(rows[i].label, m->decision.edits[0].value,
			    rows[i].field);
		assert_has(
		    rows[i].label, pst_explain_line(arena, m), rows[i].line);
		assert_has(
		    rows[i].label, pst_explain_line(arena, m), rows[i].detail);
		assert_has(
		    rows[i].label, pst_explain_text(arena, m), rows[i].text);
		assert_has(rows[i].label,
		    pst_explain_json(arena, m, NULL, NULL), rows[i].json);
		pst_session_close(session);
		lab_close(&lab);
		pst_arena_free(arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
