/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/macros.h"
#include "core/local_checks.h"
#include "core/temperror.h"
#include "tests/unit/policy_fixture.h"
#include "tests/unit/rows.h"

#define A PST_ACTION_ACCEPT
#define T PST_ACTION_TAG
#define D PST_ACTION_TEMPFAIL
/* The same words of the options for one kind of look-up. */
#define LS PST_LOOK_UP_SAME
#define LA PST_LOOK_UP_ACCEPT
#define LT PST_LOOK_UP_TAG
#define LD PST_LOOK_UP_TEMPFAIL

/*
 * Returns findings in which these look-ups failed: d an aligned signature, x
 * an unaligned one, s an SPF record that would align, w a walk that alignment
 * needs. A p adds an aligned signature that passes.
 */
static struct pst_findings
undecided(const char *failed)
{
	struct pst_findings findings = failing(PST_DMARC_REJECT);

	set_result(&findings, PST_RESULT_TEMPERROR);
	findings.dkim.sigs =
	    pst_arena_array(arena, strlen(failed), sizeof(struct pst_dkim_sig));
	for (; *failed != '\0'; failed++) {
		if (*failed == 's')
			findings.dmarc.spf_undecided = true;
		if (*failed == 'w')
			findings.dmarc.spf_may_align = true;
		if (strchr("dsw", *failed) != NULL) {
			findings.dmarc.knowledge = PST_DMARC_LEARNED;
			findings.dmarc.identifiers = PST_DMARC_UNDETERMINED;
		}
		if (strchr("dxp", *failed) == NULL)
			continue;
		findings.dkim.sigs[findings.dkim.count++] =
		    (struct pst_dkim_sig){
			.aligned = *failed != 'x',
			.result = *failed == 'p' ? PST_RESULT_PASS :
						   PST_RESULT_TEMPERROR,
		    };
	}
	return findings;
}

/* on: the option for all failures; look_ups: for the policy, SPF and DKIM. */
static const struct {
	const char *label, *failed;
	enum pst_action on;
	enum pst_look_up_action look_ups[3];
	enum pst_action want;
	const char *xcode;
} dmarc_rows[] = {
    {"all the same, policy", "", D, {LS, LS, LS}, D, "4.4.3"},
    {"all the same, a stranger's key", "x", D, {LS, LS, LS}, D, "4.4.3"},
    {"all the same, key", "d", D, {LS, LS, LS}, D, "4.7.5"},
    {"all the same, SPF", "s", D, {LS, LS, LS}, D, "4.7.24"},
    {"all the same, key and SPF", "sd", D, {LS, LS, LS}, D, "4.7.5"},
    {"all the same, walk", "w", D, {LS, LS, LS}, D, "4.4.3"},
    {"all the same, walk and SPF", "sw", D, {LS, LS, LS}, D, "4.7.24"},
    {"all the same, all three", "dsw", D, {LS, LS, LS}, D, "4.7.5"},
    {"all the same, tag", "ds", T, {LS, LS, LS}, T, "4.7.5"},
    {"all the same, accept", "ds", A, {LS, LS, LS}, A, "4.7.5"},

    {"policy alone, stricter", "", A, {LD, LA, LA}, D, "4.4.3"},
    {"policy alone, milder", "", D, {LT, LD, LD}, T, "4.4.3"},
    {"policy alone, others do not count", "x", D, {LA, LD, LD}, A, "4.4.3"},
    {"SPF alone, stricter", "s", A, {LS, LD, LS}, D, "4.7.24"},
    {"SPF alone, milder", "s", D, {LD, LA, LD}, A, "4.7.24"},
    {"SPF alone, others do not count", "s", A, {LD, LS, LD}, A, "4.7.24"},
    {"key alone, stricter", "d", A, {LS, LS, LD}, D, "4.7.5"},
    {"key alone, milder", "d", D, {LD, LD, LT}, T, "4.7.5"},
    {"key alone, others do not count", "dx", D, {LD, LD, LA}, A, "4.7.5"},

    {"key and SPF: SPF is stricter", "ds", A, {LS, LD, LS}, D, "4.7.24"},
    {"key and SPF: the key is stricter", "ds", A, {LS, LT, LD}, D, "4.7.5"},
    {"key and SPF: SPF tags", "ds", A, {LD, LT, LS}, T, "4.7.24"},
    {"key and SPF: both the same", "sd", A, {LA, LD, LD}, D, "4.7.5"},
    {"key and SPF: both milder", "sd", D, {LD, LA, LA}, A, "4.7.5"},
    {"walk and SPF: the walk is stricter", "sw", A, {LD, LT, LA}, D, "4.4.3"},
    {"walk and SPF: SPF is stricter", "sw", A, {LT, LD, LA}, D, "4.7.24"},
    {"walk and key: the walk is stricter", "dw", D, {LS, LS, LT}, D, "4.4.3"},
    {"all three: the walk is strictest", "dsw", A, {LD, LT, LT}, D, "4.4.3"},
    {"all three: SPF is strictest", "dsw", A, {LT, LD, LT}, D, "4.7.24"},
    {"all three: the key is strictest", "dsw", A, {LT, LT, LD}, D, "4.7.5"},
};

static void
check_dmarc_row(size_t i, bool capped)
{
	struct pst_config config = defaults();
	struct pst_findings findings = undecided(dmarc_rows[i].failed);
	bool lowered = capped && dmarc_rows[i].want == D;
	const char *rule =
	    lowered ? "dmarc-temperror-capped" : "dmarc-temperror";
	enum pst_action want = lowered ? T : dmarc_rows[i].want;
	struct pst_temperror got;

	config.on_temperror = dmarc_rows[i].on;
	config.on_policy_temperror = dmarc_rows[i].look_ups[0];
	config.on_spf_temperror = dmarc_rows[i].look_ups[1];
	config.on_dkim_temperror = dmarc_rows[i].look_ups[2];
	findings.temperror_capped = capped;
	assert_true(pst_temperror_is_deferring(
	    pst_temperror_of_dmarc(&config, &findings, &got)));
	if (got.action != want || strcmp(got.rule, rule) != 0 ||
	    strcmp(got.xcode, dmarc_rows[i].xcode) != 0)
		fail_msg("%s: %s by %s, %s", dmarc_rows[i].label,
		    pst_action_word(got.action), got.rule, got.xcode);

	struct pst_decision d = decide_for(&config, able, &findings);
	if (d.action != want || strcmp(d.rule, rule) != 0 ||
	    d.reason != PST_REASON_NONE || d.code != (want == D ? 451 : 0) ||
	    (want == D && strcmp(d.xcode, dmarc_rows[i].xcode) != 0))
		fail_msg("%s: decided %s by %s", dmarc_rows[i].label,
		    pst_action_word(d.action), d.rule);
}

static void
test_of_dmarc(void **state)
{
	(void)state;
	FOR_ROWS(i, dmarc_rows, dmarc_rows[i].label) {
		check_dmarc_row(i, false);
		check_dmarc_row(i, true);
	}
}

/* Every value of the four options, with every set of causes. */
static void
test_strictest(void **state)
{
	static const enum pst_action actions[] = {A, T, D};
	static const enum pst_look_up_action words[] = {LA, LT, LD, LS};
	static const char *const failed[] = {
	    "", "d", "s", "w", "ds", "dw", "sw", "dsw"};

	(void)state;
	FOR_COUNT(n, 3 * 4 * 4 * 4 * PST_COUNT(failed), failed[n / 192]) {
		const char *what = failed[n / 192];
		struct pst_config config = defaults();
		struct pst_findings findings = undecided(what);
		struct pst_temperror got;
		size_t keys[] = {n / 3 % 4, n / 12 % 4, n / 48 % 4};
		enum pst_action want = A;

		config.on_temperror = actions[n % 3];
		config.on_policy_temperror = words[keys[0]];
		config.on_spf_temperror = words[keys[1]];
		config.on_dkim_temperror = words[keys[2]];
		for (size_t k = 0; k < PST_COUNT(keys); k++) {
			enum pst_action action =
			    actions[keys[k] == 3 ? n % 3 : keys[k]];
			bool there = k == 0 ?
			    *what == '\0' || strchr(what, 'w') != NULL :
			    strchr(what, k == 1 ? 's' : 'd') != NULL;

			if (there && pst_action_is_stricter(action, want))
				want = action;
		}
		assert_true(pst_temperror_is_deferring(
		    pst_temperror_of_dmarc(&config, &findings, &got)));
		if (got.action != want)
			fail_msg("%zu: %s", n, pst_action_word(got.action));
	}
}

static void
test_other_results(void **state)
{
	static const enum pst_result results[] = {PST_RESULT_NONE,
	    PST_RESULT_PASS, PST_RESULT_FAIL, PST_RESULT_PERMERROR};
	struct pst_config config = defaults();
	struct pst_findings findings = undecided("dsw");
	struct pst_temperror got;

	(void)state;
	config.on_temperror = D;
	FOR_ROWS(i, results, pst_result_word(results[i])) {
		set_result(&findings, results[i]);
		assert_false(pst_temperror_is_deferring(
		    pst_temperror_of_dmarc(&config, &findings, &got)));
		assert_false(pst_temperror_is_felt(&config, &findings));
	}
	set_result(&findings, PST_RESULT_TEMPERROR);
	config.on_temperror = A;
	assert_true(pst_temperror_is_felt(&config, &findings));
}

/*
 * What is overdue is no longer a cause: D the aligned key, S the SPF record, P
 * the policy. on-temperror is tempfail unless the row says so.
 */
static const struct {
	const char *label, *failed, *overdue;
	bool capped; /* by temperror-cap */
	enum pst_action on;
	enum pst_look_up_action look_ups[3];
	enum pst_action want;
	const char *rule, *xcode;
} overdue_rows[] = {
#define J PST_ACTION_REJECT
#define DT "dmarc-temperror"
#define DTC "dmarc-temperror-capped"
    {"key", "d", "D", false, D, {LS, LS, LS}, J, "dmarc-reject", "5.7.26"},
    {"SPF", "s", "S", false, D, {LS, LS, LS}, J, "dmarc-reject", "5.7.26"},
    {"walk", "w", "S", false, D, {LS, LS, LS}, J, "dmarc-reject", "5.7.26"},
    {"policy", "", "P", false, D, {LS, LS, LS}, T, DTC, NULL},
    {"another one", "s", "DP", false, D, {LS, LS, LS}, D, DT, "4.7.24"},
    {"one of two", "ds", "D", false, D, {LS, LS, LS}, D, DT, "4.7.24"},
    {"the other of two", "ds", "S", false, D, {LS, LS, LS}, D, DT, "4.7.5"},
    {"both of two", "ds", "DS", false, D, {LS, LS, LS}, J, "dmarc-reject",
	"5.7.26"},
    {"the strict one of two", "ds", "D", false, D, {LS, LT, LS}, T, DT, NULL},
    {"our resolver goes first", "ds", "DS", true, D, {LS, LS, LS}, T, DTC,
	NULL},
    {"our resolver, policy", "", "P", true, D, {LS, LS, LS}, T, DTC, NULL},
    {"accept stays accept", "ds", "DS", false, A, {LS, LS, LS}, A, DT, NULL},
    {"tag stays tag", "ds", "DS", false, T, {LS, LS, LS}, T, DT, NULL},
    {"a stranger's key does not matter", "x", "P", false, D, {LS, LS, LS}, T,
	DTC, NULL},
#undef J
#undef DT
#undef DTC
};

static void
test_overdue(void **state)
{
	(void)state;
	FOR_ROWS(i, overdue_rows, overdue_rows[i].label) {
		const char *overdue = overdue_rows[i].overdue;
		const char *xcode = overdue_rows[i].xcode;
		struct pst_config config = defaults();
		struct pst_findings findings =
		    undecided(overdue_rows[i].failed);

		config.on_temperror = overdue_rows[i].on;
		config.on_policy_temperror = overdue_rows[i].look_ups[0];
		config.on_spf_temperror = overdue_rows[i].look_ups[1];
		config.on_dkim_temperror = overdue_rows[i].look_ups[2];
		findings.temperror_capped = overdue_rows[i].capped;
		findings.policy_overdue = strchr(overdue, 'P') != NULL;
		findings.spf_overdue = strchr(overdue, 'S') != NULL;
		for (size_t k = 0; k < findings.dkim.count; k++)
			findings.dkim.sigs[k].overdue =
			    strchr(overdue, 'D') != NULL;
		struct pst_decision d = decide_for(&config, able, &findings);
		if (d.action != overdue_rows[i].want ||
		    strcmp(d.rule, overdue_rows[i].rule) != 0 ||
		    (xcode == NULL) != (d.xcode == NULL) ||
		    (xcode != NULL && strcmp(d.xcode, xcode) != 0))
			fail_msg("%s by %s", pst_action_word(d.action), d.rule);
	}
}

/*
 * look_ups: the options for SPF and DKIM; on_iprev: the option for iprev.
 * on-temperror is tempfail.
 */
static const struct {
	const char *label;
	enum pst_result dmarc;
	const char *sigs;
	bool spf, iprev;
	enum pst_look_up_action look_ups[2];
	enum pst_action on_iprev, want;
	const char *rule, *xcode; /* NULL: nothing is done */
} beside_rows[] = {
#define NONE PST_RESULT_NONE
#define PERM PST_RESULT_PERMERROR
#define FAIL PST_RESULT_FAIL
#define PASS PST_RESULT_PASS
#define TEMP PST_RESULT_TEMPERROR
#define SPF "spf-temperror", "4.7.24"
#define DKIM "dkim-temperror", "4.7.5"
#define IPREV "iprev-temperror", "4.7.25"
#define NOTHING A, NULL, NULL
    {"same is about DMARC only", NONE, "x", true, true, {LS, LS}, A, NOTHING},
    {"accept", NONE, "x", true, true, {LA, LA}, A, NOTHING},
    {"nothing failed", NONE, "", false, false, {LD, LD}, D, NOTHING},

    {"SPF, none", NONE, "", true, false, {LD, LS}, A, D, SPF},
    {"SPF, permerror", PERM, "", true, false, {LT, LS}, A, T, SPF},
    {"SPF, pass", PASS, "", true, false, {LD, LD}, A, NOTHING},
    {"SPF, fail", FAIL, "", true, false, {LD, LD}, A, NOTHING},
    {"SPF, temperror", TEMP, "", true, false, {LD, LD}, A, NOTHING},
    {"SPF, option of another", NONE, "", true, false, {LS, LD}, D, NOTHING},

    {"DKIM, none", NONE, "x", false, false, {LS, LD}, A, D, DKIM},
    {"DKIM, permerror", PERM, "x", false, false, {LS, LT}, A, T, DKIM},
    {"DKIM, pass", PASS, "x", false, false, {LD, LD}, A, NOTHING},
    {"DKIM, fail", FAIL, "x", false, false, {LD, LD}, A, NOTHING},
    {"DKIM, temperror", TEMP, "x", false, false, {LD, LD}, A, NOTHING},
    {"DKIM, another passes", NONE, "xp", false, false, {LS, LD}, A, NOTHING},
    {"DKIM, option of another", NONE, "x", false, false, {LD, LS}, D, NOTHING},

    {"iprev, none", NONE, "", false, true, {LS, LS}, D, D, IPREV},
    {"iprev, permerror", PERM, "", false, true, {LS, LS}, D, D, IPREV},
    {"iprev, fail", FAIL, "", false, true, {LS, LS}, D, D, IPREV},
    {"iprev, temperror", TEMP, "", false, true, {LS, LS}, T, T, IPREV},
    {"iprev, pass", PASS, "", false, true, {LS, LS}, D, NOTHING},
    {"iprev, option of another", NONE, "", false, true, {LD, LD}, A, NOTHING},

    {"all the same", NONE, "x", true, true, {LD, LD}, D, D, DKIM},
    {"SPF and iprev the same", NONE, "x", true, true, {LD, LT}, D, D, SPF},
    {"SPF strictest", NONE, "x", true, true, {LD, LT}, T, D, SPF},
    {"DKIM strictest", NONE, "x", true, true, {LT, LD}, T, D, DKIM},
    {"iprev strictest", NONE, "x", true, true, {LT, LT}, D, D, IPREV},
    {"SPF alone is on", NONE, "x", true, true, {LT, LS}, A, T, SPF},
    {"iprev alone counts", FAIL, "x", true, true, {LD, LD}, T, T, IPREV},
#undef NONE
#undef PERM
#undef FAIL
#undef PASS
#undef TEMP
#undef SPF
#undef DKIM
#undef IPREV
#undef NOTHING
};

static void
check_beside_row(size_t i, bool capped)
{
	struct pst_config config = defaults();
	struct pst_findings findings = undecided(beside_rows[i].sigs);
	bool lowered = capped && beside_rows[i].want == D;
	struct pst_temperror got;

	config.on_temperror = D;
	config.on_spf_temperror = beside_rows[i].look_ups[0];
	config.on_dkim_temperror = beside_rows[i].look_ups[1];
	config.on_iprev_temperror = beside_rows[i].on_iprev;
	findings.temperror_capped = capped;
	set_result(&findings, beside_rows[i].dmarc);
	if (beside_rows[i].spf)
		findings.spf.result = PST_RESULT_TEMPERROR;
	findings.has_iprev = true;
	findings.iprev.result =
	    beside_rows[i].iprev ? PST_RESULT_TEMPERROR : PST_RESULT_FAIL;
	if (pst_temperror_beside(&config, &findings, &got) !=
	    (beside_rows[i].rule != NULL))
		fail_msg("%s: %s", beside_rows[i].label,
		    beside_rows[i].rule != NULL ? "nothing" : got.rule);
	if (beside_rows[i].rule == NULL)
		return;
	assert_true(pst_temperror_is_felt(&config, &findings));

	const char *rule = lowered ?
	    pst_arena_printf(arena, "%s-capped", beside_rows[i].rule) :
	    beside_rows[i].rule;
	if (got.action != (lowered ? T : beside_rows[i].want) ||
	    strcmp(got.rule, rule) != 0 ||
	    strcmp(got.xcode, beside_rows[i].xcode) != 0)
		fail_msg("%s: %s by %s, %s", beside_rows[i].label,
		    pst_action_word(got.action), got.rule, got.xcode);
}

static void
test_beside(void **state)
{
	(void)state;
	FOR_ROWS(i, beside_rows, beside_rows[i].label) {
		check_beside_row(i, false);
		check_beside_row(i, true);
	}
}

/*
 * Which of the policy, the local checks and the failed look-ups decides. `spf`
 * is SPF's result; the iprev look-up has always failed.
 */
static const struct {
	const char *label;
	enum pst_result dmarc, spf;
	enum pst_action on_dmarc, on_spf_fail;
	enum pst_look_up_action on_spf;
	enum pst_action on_iprev, want;
	bool capped;
	const char *rule, *xcode;
} mixed_rows[] = {
#define J PST_ACTION_REJECT
#define Q PST_ACTION_QUARANTINE
    {"a refusal by the policy stays", PST_RESULT_FAIL, PST_RESULT_NONE, A, A,
	LD, D, J, false, "dmarc-reject", "5.7.26"},
    {"DMARC already defers", PST_RESULT_TEMPERROR, PST_RESULT_NONE, D, A, LD, D,
	D, false, "dmarc-temperror", "4.4.3"},
    {"DMARC does not defer", PST_RESULT_TEMPERROR, PST_RESULT_NONE, T, A, LD, D,
	D, false, "iprev-temperror", "4.7.25"},
    {"DMARC does not defer, capped", PST_RESULT_TEMPERROR, PST_RESULT_NONE, A,
	A, LD, D, T, true, "iprev-temperror-capped", NULL},
    {"both are tagged", PST_RESULT_TEMPERROR, PST_RESULT_NONE, T, A, LD, D, T,
	true, "dmarc-temperror", NULL},
    {"a local check is stricter", PST_RESULT_NONE, PST_RESULT_FAIL, A, J, LD, D,
	J, false, "spf-fail", "5.7.23"},
    {"a local check is milder", PST_RESULT_NONE, PST_RESULT_FAIL, A, Q, LD, D,
	D, false, "iprev-temperror", "4.7.25"},
    {"a local check is milder, capped", PST_RESULT_NONE, PST_RESULT_FAIL, A, Q,
	LD, D, Q, true, "spf-fail", NULL},
    {"a local check tags as well", PST_RESULT_NONE, PST_RESULT_FAIL, A, T, LD,
	T, T, false, "spf-fail", NULL},
    {"no policy", PST_RESULT_NONE, PST_RESULT_TEMPERROR, A, A, LD, A, D, false,
	"spf-temperror", "4.7.24"},
    {"no policy, capped", PST_RESULT_NONE, PST_RESULT_TEMPERROR, A, A, LD, A, T,
	true, "spf-temperror-capped", NULL},
#undef J
#undef Q
};

static void
test_mixed(void **state)
{
	(void)state;
	FOR_ROWS(i, mixed_rows, mixed_rows[i].label) {
		struct pst_config config = defaults();
		struct pst_findings findings = failing(PST_DMARC_REJECT);

		config.on_temperror = mixed_rows[i].on_dmarc;
		config.on_spf_fail = mixed_rows[i].on_spf_fail;
		config.on_spf_temperror = mixed_rows[i].on_spf;
		config.on_iprev_temperror = mixed_rows[i].on_iprev;
		set_result(&findings, mixed_rows[i].dmarc);
		findings.spf.result = mixed_rows[i].spf;
		findings.has_iprev = true;
		findings.iprev.result = PST_RESULT_TEMPERROR;
		findings.temperror_capped = mixed_rows[i].capped;
		struct pst_decision d = decide_for(&config, able, &findings);
		const char *xcode = mixed_rows[i].xcode;

		if (d.action != mixed_rows[i].want ||
		    strcmp(d.rule, mixed_rows[i].rule) != 0 ||
		    (xcode == NULL) != (d.xcode == NULL) ||
		    (xcode != NULL && strcmp(d.xcode, xcode) != 0) ||
		    (d.code == 451 &&
			strcmp(d.text, "Try bank.example later") != 0))
			fail_msg("%s by %s, %s", pst_action_word(d.action),
			    d.rule, d.xcode == NULL ? "no code" : d.xcode);
	}
}

/* An action that the MTA cannot carry out is not a DNS failure. */
static void
test_fallback_is_no_temperror(void **state)
{
	struct pst_config config = defaults();
	struct pst_findings findings = undecided("d");
	struct pst_mta mta = able;

	(void)state;
	mta.can_quarantine = false;
	config.quarantine_fallback = D;
	config.on_spf_fail = PST_ACTION_QUARANTINE;
	findings.spf.result = PST_RESULT_FAIL;
	struct pst_decision d = decide_for(&config, mta, &findings);
	assert_string_equal(d.rule, "spf-fail");
	assert_int_equal(d.code, 451);
	assert_string_equal(d.xcode, "4.7.1");
}

/* If iprev is switched off, the struct of its result is not read. */
static void
test_no_iprev(void **state)
{
	struct pst_config config = defaults();
	struct pst_findings findings = undecided("");
	struct pst_temperror got;

	(void)state;
	config.on_iprev_temperror = D;
	findings.iprev.result = PST_RESULT_TEMPERROR;
	assert_false(pst_temperror_beside(&config, &findings, &got));
}

static void
test_monitor(void **state)
{
	struct pst_config config = defaults();
	struct pst_findings findings = undecided("");

	(void)state;
	config.mode = PST_MODE_MONITOR;
	config.on_iprev_temperror = D;
	findings.has_iprev = true;
	findings.iprev.result = PST_RESULT_TEMPERROR;
	struct pst_decision d = decide_for(&config, able, &findings);
	assert_int_equal(d.action, A);
	assert_int_equal(d.would, D);
	assert_string_equal(d.rule, "iprev-temperror");
	assert_int_equal(d.code, 0);
}

static void
test_may_defer(void **state)
{
	static const struct {
		enum pst_action on;
		enum pst_look_up_action look_ups[3]; /* policy, SPF, DKIM */
		enum pst_action on_iprev;
		bool want;
	} rows[] = {
	    {A, {LS, LS, LS}, A, false},
	    {T, {LT, LT, LT}, T, false},
	    {D, {LS, LS, LS}, A, true},
	    {D, {LA, LS, LA}, A, true},
	    {D, {LA, LT, LA}, A, false},
	    {A, {LD, LS, LS}, A, true},
	    {A, {LS, LD, LS}, A, true},
	    {A, {LS, LS, LD}, A, true},
	    {A, {LS, LS, LS}, D, true},
	};

	(void)state;
	FOR_ROWS(i, rows, NULL) {
		struct pst_config config = defaults();

		config.on_temperror = rows[i].on;
		config.on_policy_temperror = rows[i].look_ups[0];
		config.on_spf_temperror = rows[i].look_ups[1];
		config.on_dkim_temperror = rows[i].look_ups[2];
		config.on_iprev_temperror = rows[i].on_iprev;
		if (pst_temperror_may_defer(&config) != rows[i].want)
			fail_msg("not %d", rows[i].want);
	}
}

/* Mail in our own name waits, whatever the options say. */
static void
test_own(void **state)
{
	static const struct {
		const char *label, *failed;
		bool capped, overdue;
		enum pst_course course;
		const char *rule, *xcode;
	} rows[] = {
	    {"SPF", "s", false, false, PST_COURSE_DEFER, "own-domain-temperror",
		"4.7.24"},
	    {"a key", "d", false, false, PST_COURSE_DEFER,
		"own-domain-temperror", "4.7.5"},
	    {"a walk", "w", false, false, PST_COURSE_DEFER,
		"own-domain-temperror", "4.4.3"},
	    {"overdue", "s", false, true, PST_COURSE_APPLY, NULL, NULL},
	    {"overdue, and our resolver", "s", true, true, PST_COURSE_TAG,
		"own-domain-temperror-capped", "4.7.24"},
	    {"one of two overdue", "sd", false, true, PST_COURSE_DEFER,
		"own-domain-temperror", "4.7.5"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_config config = {
		    .on_temperror = A, .on_dkim_temperror = LA};
		struct pst_findings findings = undecided(rows[i].failed);
		struct pst_temperror out = {.rule = NULL};

		findings.temperror_capped = rows[i].capped;
		findings.spf_overdue = rows[i].overdue;
		assert_int_equal(pst_temperror_of_own(&config, &findings, &out),
		    rows[i].course);
		if (rows[i].rule == NULL)
			continue;
		assert_string_equal(out.rule, rows[i].rule);
		assert_string_equal(out.xcode, rows[i].xcode);
		assert_int_equal(
		    out.action, rows[i].course == PST_COURSE_TAG ? T : D);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_own),
	    cmocka_unit_test(test_of_dmarc),
	    cmocka_unit_test(test_strictest),
	    cmocka_unit_test(test_other_results),
	    cmocka_unit_test(test_overdue),
	    cmocka_unit_test(test_beside),
	    cmocka_unit_test(test_mixed),
	    cmocka_unit_test(test_fallback_is_no_temperror),
	    cmocka_unit_test(test_no_iprev),
	    cmocka_unit_test(test_monitor),
	    cmocka_unit_test(test_may_defer),
	};

	return cmocka_run_group_tests(tests, make_arena, free_arena);
}
