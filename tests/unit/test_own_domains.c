/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Mail in our own name: every forged message must be refused or wait, whatever it
 * writes into its From field and whatever else is allowed. Every genuine one must
 * get in, at the latest with the rule that `postern explain` and `postern stats
 * --would` print for it.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/buf.h"
#include "core/recorded.h"
#include "core/remedy.h"
#include "core/replay.h"
#include "core/summary.h"
#include "store/forecast.h"
#include "tests/unit/core_fixture.h"
#include "tests/unit/dkim_sign.h"
#include "tests/unit/rows.h"
#include "tests/unit/test_own_domains_rows.h"

static struct sign_key *key;

/* The zone with a key for each domain that signs. */
static const char *
zone_text(struct pst_arena *arena)
{
	static const char *const signers[] = {
	    "ours", "evil", "service", "list"};
	const char *pub = sign_key_public(arena, key, SIGN_SPKI);
	struct pst_buf buf;

	pst_buf_init(&buf, arena, 32768);
	pst_buf_add_text(&buf, ZONE);
	for (size_t i = 0; i < PST_COUNT(signers); i++)
		pst_buf_printf(&buf,
		    "s._domainkey.%s.example. 60 TXT \"p=%.200s\" \"%s\"\n",
		    signers[i], pub, pub + 200);
	return pst_buf_str(&buf);
}

static const char *
signature(struct pst_arena *arena, const char *signer, const char *header)
{
	struct sign_options options = {.tags = pst_arena_printf(arena,
					   "a=rsa-sha256; d=%s; s=s; ", signer),
	    .canon = "relaxed/relaxed",
	    .names = "from:subject",
	    .length = SIZE_MAX};
	struct pst_buf lines;

	pst_buf_init(&lines, arena, 65536);
	for (; *header != '\0'; header++) {
		if (*header == '\n')
			pst_buf_add_char(&lines, '\r');
		pst_buf_add_char(&lines, *header);
	}
	return sign_message(
	    arena, key, &options, pst_buf_str(&lines), PST_STR("Hello.\r\n"));
}

static const char *
header_of(struct pst_arena *arena, const struct row *row)
{
	const char *more = row->more == NULL ? "" : row->more;
	const char *header = pst_arena_printf(arena,
	    "%s%sSubject: x\nDate: Mon, 05 Jan 2026 10:00:00 +0000\n"
	    "Message-ID: <1@mail.example>\n",
	    row->from, more);
	struct pst_buf all;

	if (row->signer == NULL)
		return header;
	pst_buf_init(&all, arena, 65536);
	for (const char *at = signature(arena, row->signer, header);
	     *at != '\0'; at++) {
		if (*at != '\r')
			pst_buf_add_char(&all, *at);
	}
	pst_buf_add_text(&all, header);
	return pst_buf_str(&all);
}

struct tried {
	struct pst_arena *arena;
	struct lab lab;
	struct pst_session *session;
	const struct pst_message *message;
};

static void
try_with(const struct row *row, const char *config, struct tried *out)
{
	struct letter letter = {
	    .helo = row->helo == NULL ? "client.example" : row->helo,
	    .mail_from = row->mail_from,
	    .body = "Hello.\r\n",
	};

	out->arena = pst_arena_new();
	letter.header = header_of(out->arena, row);
	lab_open(&out->lab, config, zone_text(out->arena));
	out->session = lab_connect(&out->lab, row->ip);
	out->message = lab_send(out->session, &letter);
	if (row->signer != NULL)
		assert_int_equal(out->message->findings.dkim.sigs[0].result,
		    PST_RESULT_PASS);
}

static void
end(struct tried *tried)
{
	pst_session_close(tried->session);
	lab_close(&tried->lab);
	pst_arena_free(tried->arena);
}

/* What is recorded is decided in the same way. */
static void
assert_replayed(struct tried *tried)
{
	struct pst_recorded read;
	struct pst_replay again;
	struct pst_err err;

	if (!pst_recorded_read(tried->arena,
		pst_recorded_write(
		    tried->arena, tried->message, PST_RECORDED_RCPTS_FULL),
		tried->message->config, &read, &err))
		fail_msg("%s", err.text);
	pst_replay_decide(tried->arena, &read, &again);
	assert_false(again.is_changed);
	assert_null(again.doubt);
	assert_string_equal(again.decision.rule, tried->message->decision.rule);
}

static bool
is_refused(const struct pst_message *message)
{
	return message->decision.action == PST_ACTION_REJECT ||
	    message->decision.action == PST_ACTION_TEMPFAIL;
}

static bool
is_by_own(const struct pst_message *message)
{
	return strncmp(message->decision.rule, "own-domain",
		   strlen("own-domain")) == 0;
}

static void
test_forged(void **state)
{
	(void)state;
	assert_true(PST_COUNT(forged) >= 40);
	assert_true(PST_COUNT(forged) + PST_COUNT(genuine) >= 60);
	FOR_ROWS(i, forged, forged[i].label) {
		struct tried tried;

		try_with(&forged[i], CONFIG, &tried);
		assert_true(is_refused(tried.message));
		assert_true(is_by_own(tried.message));
		assert_replayed(&tried);
		end(&tried);
	}
}

/* Without own-domains, most of them would get in, so the rows test something. */
static void
test_forged_without(void **state)
{
	(void)state;
	FOR_ROWS(i, forged, forged[i].label) {
		struct tried tried;

		try_with(&forged[i], CONFIG "own-domains = {}\n", &tried);
		assert_false(is_by_own(tried.message));
		assert_null(tried.message->findings.own);
		end(&tried);
	}
}

/* Decides again with a rule before all else. */
static void
assert_lets_in(struct tried *tried, const char *rule)
{
	const struct pst_message *message = tried->message;
	struct pst_config *config =
	    lab_config(pst_arena_printf(tried->arena, "%s%s", rule, CONFIG));
	struct pst_decision again;

	pst_policy_decide(tried->arena, config, &message->mta,
	    message->authserv_id, message->header, &message->findings, &again);
	assert_int_equal(again.action, PST_ACTION_ACCEPT);
	assert_true(again.titled);
	pst_config_unref(config);
}

/* The rule is for this sender: a forger who has nothing of it does not get in. */
static void
assert_keeps_out(const char *rule)
{
	struct pst_arena *arena = pst_arena_new();
	const char *config = pst_arena_printf(arena, "%s%s", rule, CONFIG);

	for (size_t i = 0; i < PST_COUNT(forged); i++) {
		struct tried tried;

		if (forged[i].more != NULL || forged[i].signer != NULL)
			continue;
		try_with(&forged[i], config, &tried);
		assert_true(is_refused(tried.message));
		end(&tried);
	}
	pst_arena_free(arena);
}

#define LAST_DAY 20000
#define DAYS 20

/* What `postern stats --would` prints if such mail comes on many days. */
static const char *
forecast_rule(struct tried *tried)
{
	const struct pst_forecast_span span = {.first_day = LAST_DAY - DAYS,
	    .last_day = LAST_DAY,
	    .own_domains = &tried->message->config->own_domains.set};
	struct pst_forecast_evidence *evidence =
	    pst_forecast_begin(tried->arena, span);
	struct pst_summary summary;
	struct pst_forecast forecast;

	pst_summary_of(tried->arena, tried->message, false, &summary);
	assert_false(summary.aligned);
	for (int64_t day = LAST_DAY - DAYS; day <= LAST_DAY; day++) {
		struct pst_tally_row row = {.day = day,
		    .question = PST_TALLY_SENDER,
		    .key = pst_arena_printf(tried->arena, "%s %s",
			summary.from_domain, summary.via)};

		row.would[summary.would] = 2;
		row.networks[0] = 1;
		pst_forecast_take(evidence, &row);
		row.question = PST_TALLY_HOUR;
		row.key = "12";
		pst_forecast_take(evidence, &row);
	}
	pst_forecast_end(evidence, &forecast);
	assert_int_equal(forecast.count, 1);
	assert_int_not_equal(forecast.rows[0].kind, PST_FORECAST_FORGED);
	assert_non_null(forecast.rows[0].rule);
	return forecast.rows[0].rule;
}

static void
test_genuine(void **state)
{
	(void)state;
	FOR_ROWS(i, genuine, genuine[i].row.label) {
		struct pst_remedy remedy;
		struct tried tried;

		try_with(&genuine[i].row, CONFIG, &tried);
		assert_replayed(&tried);
		assert_int_equal(
		    !is_refused(tried.message), genuine[i].at_once);
		if (!genuine[i].at_once) {
			assert_string_equal(
			    tried.message->decision.rule, "own-domain");
			assert_string_equal(
			    tried.message->decision.xcode, "5.7.26");
			pst_remedy_of(tried.arena, tried.message, &remedy);
			assert_non_null(remedy.rule);
			assert_non_null(
			    strstr(remedy.rule, "aligned = {none}"));
			assert_non_null(strstr(remedy.sender, "own-domains"));
			assert_lets_in(&tried, remedy.rule);
			assert_lets_in(&tried, forecast_rule(&tried));
		}
		end(&tried);
	}
}

static void
test_rules_are_narrow(void **state)
{
	(void)state;
	FOR_ROWS(i, genuine, genuine[i].row.label) {
		struct tried tried;

		if (genuine[i].at_once)
			continue;
		try_with(&genuine[i].row, CONFIG, &tried);
		assert_keeps_out(forecast_rule(&tried));
		end(&tried);
	}
}

static int
open_key(void **state)
{
	(void)state;
	key = sign_key_load("test-rsa.pem");
	return 0;
}

static int
close_key(void **state)
{
	(void)state;
	sign_key_free(key);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_forged),
	    cmocka_unit_test(test_forged_without),
	    cmocka_unit_test(test_genuine),
	    cmocka_unit_test(test_rules_are_narrow),
	};

	return cmocka_run_group_tests(tests, open_key, close_key);
}
