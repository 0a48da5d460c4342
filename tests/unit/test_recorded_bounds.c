/* SPDX-License-Identifier: BSD-2-Clause */

/* What a recorded message holds and what not, and its bounds. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/explain.h"
#include "tests/unit/recorded_fixture.h"
#include "tests/unit/rows.h"

static bool
contains(struct pst_str octets, const char *text)
{
	struct pst_str part = pst_str(text);

	while (octets.len > 0) {
		if (pst_str_istarts(octets, part))
			return true;
		octets = pst_str_from(octets, 1);
	}
	return false;
}

static void
test_recipients(void **state)
{
	static const struct {
		const char *label;
		enum pst_recorded_rcpts mode;
		const char *first, *second, *third;
	} rows[] = {
	    {"full", PST_RECORDED_RCPTS_FULL, "<eve.x@customer.example>",
		"<fay@other.example>", "<postmaster>"},
	    {"domain", PST_RECORDED_RCPTS_DOMAIN, "*@customer.example",
		"*@other.example", "*"},
	    {"none", PST_RECORDED_RCPTS_NONE, NULL, NULL, NULL},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		const char *const want[] = {
		    rows[i].first, rows[i].second, rows[i].third};
		struct pst_recorded read;
		struct pst_str octets;
		struct trial trial;

		trial_begin(&trial,
		    LAB_CONFIG "rule \"a\" {\nrcpt-domain = "
			       "{\"customer.example\"}\naction = tag\n}\n");
		pst_session_rcpt(
		    trial.session, PST_STR("<eve.x@customer.example>"));
		pst_session_rcpt(trial.session, PST_STR("<fay@other.example>"));
		pst_session_rcpt(trial.session, PST_STR("<postmaster>"));
		trial_finish(&trial);
		octets = pst_recorded_write(
		    trial.arena, trial.message, rows[i].mode);
		read = trial_read(&trial, octets);
		assert_int_equal(read.rcpts, rows[i].mode);
		assert_int_equal(read.message.rcpt_count, 3);
		assert_int_equal(
		    read.message.rcpts.count, rows[i].first == NULL ? 0 : 3);
		for (size_t n = 0; n < read.message.rcpts.count; n++)
			assert_true(pst_str_eq(
			    read.message.rcpts.items[n], pst_str(want[n])));
		assert_int_equal(contains(octets, "eve.x"),
		    rows[i].mode == PST_RECORDED_RCPTS_FULL);
		assert_int_equal(contains(octets, "customer.example"),
		    rows[i].mode != PST_RECORDED_RCPTS_NONE);
		octets = pst_recorded_write_again(trial.arena, &read);
		assert_int_equal(
		    trial_read(&trial, octets).rcpts, rows[i].mode);
		trial_end(&trial);
	}
}

static void
test_many_recipients(void **state)
{
	static const struct {
		const char *label;
		int width;
		size_t given, kept;
	} rows[] = {
	    {"short ones", 10, 150, PST_RCPTS_MAX},
	    {"long ones", 1000, 20, 8},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_recorded read;
		struct trial trial;

		trial_begin(&trial, LAB_CONFIG);
		for (size_t n = 0; n < rows[i].given; n++)
			pst_session_rcpt(trial.session,
			    pst_str(pst_arena_printf(trial.arena,
				"<%0*zu@b.example>", rows[i].width, n)));
		trial_finish(&trial);
		assert_int_equal(trial.message->rcpts.count, rows[i].kept);
		assert_in_range(
		    trial.message->rcpts.octets, 1, PST_RCPTS_MAX_BYTES);
		read = trial_read(&trial,
		    pst_recorded_write(
			trial.arena, trial.message, PST_RECORDED_RCPTS_FULL));
		assert_int_equal(read.message.rcpts.count, rows[i].kept);
		assert_int_equal(read.message.rcpt_count, rows[i].given);
		assert_true(pst_str_eq(
		    read.message.rcpt, trial.message->rcpts.items[0]));
		trial_end(&trial);
	}
}

static void
test_what_is_kept(void **state)
{
	static const char *const never[] = {
	    "secret-to", "secret-subject", "secret-body", "Some list"};
	struct pst_recorded read;
	struct pst_str octets;
	struct trial trial;

	(void)state;
	trial_begin(&trial, LAB_CONFIG "mode = enforce\n");
	trial_finish(&trial);
	octets = pst_recorded_write(
	    trial.arena, trial.message, PST_RECORDED_RCPTS_FULL);
	for (size_t i = 0; i < PST_COUNT(never); i++)
		assert_false(contains(octets, never[i]));
	read = trial_read(&trial, octets);
	assert_int_equal(read.message.began_s, LAB_NOW);
	assert_int_equal(read.message.decision.code, 550);
	assert_true(pst_str_eq(
	    pst_header_find(read.message.header, "Message-ID", 1)->value,
	    PST_STR("<4711@bank.example>")));
	assert_int_equal(
	    pst_header_seen(read.message.header, "Authentication-Results"), 2);
	assert_null(pst_header_find(read.message.header, "Subject", 1));
	trial_end(&trial);
}

static void
test_long_message_id(void **state)
{
	static const struct {
		const char *label;
		size_t len;
	} rows[] = {{"255", 255}, {"256", 256}, {"257", 257}, {"800", 800}};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_recorded read;
		struct trial trial;
		char id[1024];

		memset(id, 'x', sizeof(id));
		/* It must not become shorter by the blank at the cut. */
		id[255] = ' ';
		id[rows[i].len] = '\0';
		trial_begin(&trial, LAB_CONFIG);
		pst_session_header(
		    trial.session, PST_STR("Message-Id"), pst_str(id));
		trial_finish(&trial);
		read = trial_read(&trial,
		    pst_recorded_write(
			trial.arena, trial.message, PST_RECORDED_RCPTS_FULL));
		assert_string_equal(
		    pst_explain_line(trial.arena, &read.message),
		    pst_explain_line(trial.arena, trial.message));
		trial_end(&trial);
	}
}

/* What could not be carried out, a test message, one that is exempt. */
static void
test_other_messages(void **state)
{
	const struct pst_done done = {.action = PST_ACTION_TEMPFAIL,
	    .code = 451,
	    .failed = "setting the reply"};
	struct pst_recorded read;
	struct trial trial;

	(void)state;
	trial_begin(&trial, LAB_CONFIG "trusted-networks = {\"192.0.2.66\"}\n");
	trial_finish(&trial);
	pst_session_done(trial.session, &done);
	assert_int_equal(trial.message->findings.exempt, PST_EXEMPT_TRUSTED);
	for (unsigned i = 0; i < 2; i++) {
		struct pst_message message = *trial.message;

		message.is_test = i == 1;
		read = trial_read(&trial,
		    pst_recorded_write(
			trial.arena, &message, PST_RECORDED_RCPTS_FULL));
		assert_string_equal(
		    pst_explain_line(trial.arena, &read.message),
		    pst_explain_line(trial.arena, &message));
		assert_string_equal(
		    pst_explain_text(trial.arena, &read.message),
		    pst_explain_text(trial.arena, &message));
		assert_string_equal(
		    read.message.done.failed, "setting the reply");
		assert_int_equal(read.message.is_test, i == 1);
	}
	trial_end(&trial);
}

/* ---- bounds ---- */

#define MANY 60
#define LARGE 1500

/* A transcript of which all records together do not fit. */
static struct pst_dns *
large_transcript(struct pst_arena *arena)
{
	static struct pst_clock clock;
	const struct pst_dns_limits nothing = {.max_queries = 0};
	struct pst_dns *dns;
	char text[LARGE];

	clock = pst_clock_manual(0);
	dns = pst_dns_open(arena, NULL, &clock, nothing);
	memset(text, 'x', sizeof(text));
	for (size_t i = 0; i < MANY; i++) {
		const struct pst_dns_record record = {
		    .data = {text, sizeof(text)}};
		struct pst_dns_answer *answer =
		    pst_dns_answer_new(PST_DNS_OK, 60, 1, sizeof(text));
		const char *name = pst_arena_printf(arena, "%zu.example", i);

		pst_dns_answer_add(answer, &record);
		pst_dns_add_recorded(dns, pst_str(name), PST_DNS_TXT,
		    i >= MANY - 3 ? PST_DNS_POLICY : PST_DNS_OTHER, answer);
	}
	return dns;
}

static void
test_transcript(void **state)
{
	struct pst_message message;
	struct pst_recorded read;
	struct pst_str octets;
	struct trial trial;
	size_t whole = 0;

	(void)state;
	trial_begin(&trial, LAB_CONFIG);
	trial_finish(&trial);
	message = *trial.message;
	message.dns = large_transcript(trial.arena);
	octets =
	    pst_recorded_write(trial.arena, &message, PST_RECORDED_RCPTS_FULL);
	assert_in_range(octets.len, PST_RECORDED_MAX_DNS - 2 * LARGE,
	    PST_RECORDED_MAX_DNS + 2000);
	read = trial_read(&trial, octets);
	assert_true(read.dns_cut);
	assert_false(read.cut);
	assert_int_equal(pst_dns_count(read.message.dns), MANY);
	for (size_t i = 0; i < MANY; i++) {
		const struct pst_dns_entry *entry =
		    pst_dns_at(read.message.dns, i);

		assert_int_equal(entry->answer->status, PST_DNS_OK);
		whole += entry->answer->count;
		if (i >= MANY - 3)
			assert_int_equal(
			    entry->answer->records[0].data.len, LARGE);
	}
	assert_in_range(whole, 15, 21);
	octets = pst_recorded_write_again(trial.arena, &read);
	assert_true(trial_read(&trial, octets).dns_cut);
	trial_end(&trial);
}

static const char *
long_domain(struct pst_arena *arena, size_t number)
{
	return pst_arena_printf(arena, "%060zu.%060zu.%060zu.%060zu.example",
	    number, number, number, number);
}

/* The largest message: everything that a sender chooses is long. */
static void
test_largest(void **state)
{
	struct pst_message message;
	struct pst_findings *findings = &message.findings;
	struct pst_recorded read;
	struct pst_str octets;
	struct trial trial;

	(void)state;
	trial_begin(&trial, LAB_CONFIG "mode = enforce\n");
	for (size_t i = 0; i < PST_RCPTS_MAX; i++)
		pst_session_rcpt(trial.session,
		    pst_str(pst_arena_printf(
			trial.arena, "<%0200zu@b.example>", i)));
	trial_finish(&trial);
	message = *trial.message;
	message.dns = large_transcript(trial.arena);
	findings->dkim.count = 50;
	findings->dkim.sigs =
	    pst_arena_array(trial.arena, 50, sizeof(*findings->dkim.sigs));
	for (size_t i = 0; i < 50; i++) {
		struct pst_dkim_sig *sig = &findings->dkim.sigs[i];

		sig->domain = sig->selector = long_domain(trial.arena, i);
		sig->identity =
		    pst_arena_printf(trial.arena, "%0900zu@%s", i, sig->domain);
		sig->b = pst_arena_printf(trial.arena, "%0300zu", i);
		sig->result = PST_RESULT_TEMPERROR;
		sig->aligned = i == 49;
	}
	findings->from.domain_count = PST_FROM_MAX_DOMAINS;
	findings->from.domains =
	    pst_arena_array(trial.arena, PST_FROM_MAX_DOMAINS, sizeof(char *));
	for (size_t i = 0; i < PST_FROM_MAX_DOMAINS; i++)
		findings->from.domains[i] = long_domain(trial.arena, i);
	octets =
	    pst_recorded_write(trial.arena, &message, PST_RECORDED_RCPTS_FULL);
	assert_in_range(octets.len, PST_RECORDED_MAX / 2, PST_RECORDED_MAX);
	read = trial_read(&trial, octets);
	assert_true(read.cut);
	assert_true(read.dns_cut);
	assert_int_equal(read.message.findings.dkim.count, 50);
	assert_true(read.message.findings.dkim.sigs[49].aligned);
	assert_non_null(read.message.findings.dkim.sigs[0].domain);
	assert_null(read.message.findings.dkim.sigs[49].domain);
	assert_int_equal(
	    read.message.findings.from.domain_count, PST_FROM_MAX_DOMAINS);
	assert_string_equal(
	    read.message.decision.rule, trial.message->decision.rule);
	octets = pst_recorded_write_again(trial.arena, &read);
	assert_true(trial_read(&trial, octets).cut);
	trial_end(&trial);
}

/* Deletes of more fields than are kept as edits. */
static void
test_many_edits(void **state)
{
	struct pst_recorded read;
	struct trial trial;

	(void)state;
	trial_begin(&trial, LAB_CONFIG "mode = monitor\n");
	for (size_t i = 0; i < 6000; i++)
		pst_session_header(trial.session,
		    PST_STR("Authentication-Results"),
		    PST_STR(" " LAB_ID "; spf=pass"));
	trial_finish(&trial);
	assert_in_range(trial.message->decision.edit_count, 6000, 7000);
	read = trial_read(&trial,
	    pst_recorded_write(
		trial.arena, trial.message, PST_RECORDED_RCPTS_FULL));
	assert_true(read.cut);
	assert_in_range(
	    read.message.decision.edit_count, 1, PST_RECORDED_MAX_EDITS);
	assert_int_equal(
	    pst_header_seen(read.message.header, "Authentication-Results"),
	    6002);
	trial_end(&trial);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_recipients),
	    cmocka_unit_test(test_many_recipients),
	    cmocka_unit_test(test_what_is_kept),
	    cmocka_unit_test(test_long_message_id),
	    cmocka_unit_test(test_other_messages),
	    cmocka_unit_test(test_transcript),
	    cmocka_unit_test(test_largest),
	    cmocka_unit_test(test_many_edits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
