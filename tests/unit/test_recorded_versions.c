/* SPDX-License-Identifier: BSD-2-Clause */

/* Recorded messages of other versions, and damaged ones. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "core/explain.h"
#include "core/recorded_numbers.h"
#include "tests/unit/recorded_fixture.h"
#include "tests/unit/rows.h"

static struct pst_str
joined(struct pst_arena *arena, struct pst_str a, struct pst_str b)
{
	char *text = pst_arena_alloc(arena, a.len + b.len + 1);

	memcpy(text, a.ptr, a.len);
	memcpy(text + a.len, b.ptr, b.len);
	return (struct pst_str){text, a.len + b.len};
}

static void
test_versions(void **state)
{
	static const struct {
		const char *label;
		bool other_version;
		struct pst_str more; /* at the end */
		bool good;
	} rows[] = {
	    {"as it is", false, PST_STR_INIT(""), true},
	    {"an unknown section", false, PST_STR_INIT("\x14\2\0ab"), true},
	    {"an unknown check", false, PST_STR_INIT("\xc8\2\0ab"), true},
	    {"a section twice", false, PST_STR_INIT("\2\0\0"), false},
	    {"half a section", false, PST_STR_INIT("\x14\2\0a"), false},
	    {"another version", true, PST_STR_INIT(""), false},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_recorded read;
		struct pst_str octets;
		struct pst_err err = {""};
		struct trial trial;

		trial_begin(&trial, LAB_CONFIG);
		trial_finish(&trial);
		octets = joined(trial.arena,
		    pst_recorded_write(
			trial.arena, trial.message, PST_RECORDED_RCPTS_FULL),
		    rows[i].more);
		if (rows[i].other_version)
			octets = joined(trial.arena, PST_STR("\2"),
			    pst_str_from(octets, 1));
		assert_int_equal(pst_recorded_read(trial.arena, octets,
				     trial.message->config, &read, &err),
		    rows[i].good);
		if (rows[i].good)
			assert_string_equal(
			    pst_explain_text(trial.arena, &read.message),
			    pst_explain_text(trial.arena, trial.message));
		else
			assert_int_equal(
			    strstr(err.text, "another version") != NULL,
			    rows[i].other_version);
		trial_end(&trial);
	}
}

/* Prints it and decides about it; nothing of that may fail. */
static void
use(struct pst_arena *arena, const struct pst_message *message,
    const struct pst_config *config)
{
	struct pst_decision decision;

	(void)pst_explain_line(arena, message);
	(void)pst_explain_text(arena, message);
	(void)pst_explain_json(arena, message, NULL, NULL);
	pst_policy_decide(arena, config, &message->mta, message->authserv_id,
	    message->header, &message->findings, &decision);
}

static bool
try(const struct trial *trial, struct pst_str octets)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_recorded read;
	struct pst_err err = {""};
	bool good = pst_recorded_read(
	    arena, octets, trial->message->config, &read, &err);

	if (good)
		use(arena, &read.message, trial->message->config);
	else
		assert_string_not_equal(err.text, "");
	pst_arena_free(arena);
	return good;
}

static void
test_damage(void **state)
{
	static const unsigned char flips[] = {1, 0x80, 0xff};
	struct trial trial;
	struct pst_str octets;
	size_t refused = 0;
	char *copy;

	(void)state;
	trial_begin(&trial, LAB_CONFIG);
	trial_finish(&trial);
	octets = pst_recorded_write(
	    trial.arena, trial.message, PST_RECORDED_RCPTS_FULL);
	for (size_t len = 0; len < octets.len; len++)
		refused += !try(&trial, pst_str_first(octets, len));
	assert_in_range(refused, octets.len - 20, octets.len);
	copy = pst_arena_memdup(trial.arena, octets.ptr, octets.len);
	for (size_t i = 0; i < octets.len; i++) {
		for (size_t n = 0; n < PST_COUNT(flips); n++) {
			copy[i] =
			    (char)((unsigned char)octets.ptr[i] ^ flips[n]);
			(void)try(&trial, (struct pst_str){copy, octets.len});
		}
		copy[i] = octets.ptr[i];
	}
	trial_end(&trial);
}

static void
test_numbers(void **state)
{
	static const struct {
		const char *label;
		const struct pst_record_numbers *numbers;
	} rows[] = {
	    {"action", &pst_numbers_action},
	    {"dkim_gap", &pst_numbers_dkim_gap},
	    {"dkim_why", &pst_numbers_dkim_why},
	    {"dmarc_identifiers", &pst_numbers_dmarc_identifiers},
	    {"dmarc_knowledge", &pst_numbers_dmarc_knowledge},
	    {"dmarc_policy", &pst_numbers_dmarc_policy},
	    {"dmarc_source", &pst_numbers_dmarc_source},
	    {"dns_class", &pst_numbers_dns_class},
	    {"dns_status", &pst_numbers_dns_status},
	    {"exempt", &pst_numbers_exempt},
	    {"from_fault", &pst_numbers_from_fault},
	    {"from_verdict", &pst_numbers_from_verdict},
	    {"reason", &pst_numbers_reason},
	    {"result", &pst_numbers_result},
	    {"spf_identity", &pst_numbers_spf_identity},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		const struct pst_record_numbers *numbers = rows[i].numbers;

		for (size_t a = 0; a < numbers->count; a++) {
			assert_in_range(numbers->of[a], 0, 127);
			for (size_t b = 0; b < a; b++)
				assert_int_not_equal(
				    numbers->of[a], numbers->of[b]);
		}
	}
}

/*
 * What earlier versions have written. A line here does not change: when a printer
 * says something new, only the words that are new may differ.
 */
static void
test_old_entries(void **state)
{
	static const struct {
		const char *file, *line;
	} rows[] = {
	    {"p-reject-spoof",
		"4FA43A8A3F9: from=bank.example spf=none:other.example "
		"dkim=none dmarc=fail policy=bank.example:p=reject aligned=none "
		"action=reject rule=dmarc-reject iprev=permerror dns=4 "
		"time=0ms client=192.0.2.66 helo=mail.client.example "
		"mail-from=<bounce@other.example> rcpts=1 "
		"rcpt-domain=gateway.example message-id=<1@mail.example>"},
	    {"remembered-inherited",
		"4FA43A8A3F9: from=lame.bank.example "
		"spf=none:other.example dkim=none dmarc=temperror "
		"policy=bank.example:p=reject remembered=3h inherited=yes "
		"aligned=unknown "
		"action=tempfail rule=dmarc-temperror iprev=permerror "
		"dns=5 time=0ms client=192.0.2.66 helo=mail.client.example "
		"mail-from=<bounce@other.example> rcpts=1 "
		"rcpt-domain=gateway.example message-id=<1@mail.example>"},
	    {"arc-rule-for-a-sealer",
		"4FA43A8A3F9: from=signed.example spf=none:other.example "
		"dkim=fail:signed.example/rsa:signature dmarc=fail "
		"policy=signed.example:p=reject aligned=none action=accept rule=\"Our "
		"lists\" indirect=ARC iprev=permerror "
		"arc=pass:lists.example dns=7 time=0ms client=192.0.2.66 "
		"helo=mail.client.example mail-from=<bounce@other.example> "
		"rcpts=1 rcpt-domain=gateway.example "
		"message-id=<rsa-relaxed-relaxed@mail.example>"},
	};
	const char *root = getenv("POSTERN_SRCDIR");
	struct pst_config *config = lab_config(LAB_CONFIG);

	(void)state;
	FOR_ROWS(i, rows, rows[i].file) {
		struct pst_arena *arena = pst_arena_new();
		char octets[PST_RECORDED_MAX];
		struct pst_recorded read;
		struct pst_err err = {""};
		FILE *file = fopen(
		    pst_arena_printf(arena, "%s/tests/fuzz/corpus/recorded/%s",
			root == NULL ? "." : root, rows[i].file),
		    "rb");
		size_t len;

		assert_non_null(file);
		len = fread(octets, 1, sizeof(octets), file);
		(void)fclose(file);
		if (!pst_recorded_read(arena, (struct pst_str){octets, len},
			config, &read, &err))
			fail_msg("%s", err.text);
		assert_string_equal(
		    pst_explain_line(arena, &read.message), rows[i].line);
		pst_arena_free(arena);
	}
	pst_config_unref(config);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_versions),
	    cmocka_unit_test(test_damage),
	    cmocka_unit_test(test_numbers),
	    cmocka_unit_test(test_old_entries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
