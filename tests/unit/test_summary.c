/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/rows.h"

#include "core/parts.h"
#include "core/summary.h"
#include "core/undetermined.h"
#include "tests/unit/core_fixture.h"
#include "tests/unit/policy_fixture.h"

/* A message of bank.example from 192.0.2.66, which fails p=reject. */
static struct pst_message
message_of(struct pst_config *config)
{
	struct pst_message message = {.began_s = LAB_NOW,
	    .config = config,
	    .findings = failing(PST_DMARC_REJECT),
	    .decision = {.rule = "dmarc-reject",
		.action = PST_ACTION_REJECT,
		.would = PST_ACTION_REJECT},
	    .done = {.action = PST_ACTION_REJECT}};

	message.findings.dmarc.org_domain = "bank.example";
	assert_true(pst_ip_parse(pst_str("192.0.2.66"), &message.client));
	return message;
}

static struct pst_dkim_sig
signature(const char *domain, enum pst_result result, bool aligned)
{
	return (struct pst_dkim_sig){.result = result,
	    .domain = domain,
	    .checked = true,
	    .aligned = aligned};
}

static struct pst_summary
sum_up(const struct pst_message *message)
{
	struct pst_summary summary;

	memset(&summary, 0xa5, sizeof(summary));
	pst_summary_of(arena, message, true, &summary);
	return summary;
}

/* ---- who sent it ---- */

#define PASS PST_RESULT_PASS
#define FAIL PST_RESULT_FAIL

static void
test_via(void **state)
{
	static const struct {
		const char *label;
		const char *spf; /* domain that passes, or NULL */
		bool spf_aligned;
		struct {
			const char *domain;
			enum pst_result result;
			bool aligned;
		} sigs[3];
		const char *via;
		bool aligned;
	} rows[] = {
	    {"nothing", NULL, false, {{NULL, FAIL, false}}, "net:192.0.2.0/24",
		false},
	    {"SPF", "bank.example", true, {{NULL, FAIL, false}},
		"spf:bank.example", true},
	    {"SPF of others", "esp.example", false, {{NULL, FAIL, false}},
		"spf:esp.example", false},
	    {"DKIM", NULL, false, {{"bank.example", PASS, true}},
		"dkim:bank.example", true},
	    {"DKIM below", NULL, false, {{"m.bank.example", PASS, true}},
		"dkim:m.bank.example", true},
	    {"DKIM before SPF", "bank.example", true,
		{{"bank.example", PASS, true}}, "dkim:bank.example", true},
	    {"DKIM of others", NULL, false, {{"esp.example", PASS, false}},
		"dkim:esp.example", false},
	    {"DKIM of others before SPF of others", "x.example", false,
		{{"esp.example", PASS, false}}, "dkim:esp.example", false},
	    {"aligned SPF before DKIM of others", "bank.example", true,
		{{"esp.example", PASS, false}}, "spf:bank.example", true},
	    {"aligned DKIM before DKIM of others", NULL, false,
		{{"esp.example", PASS, false}, {"bank.example", PASS, true}},
		"dkim:bank.example", true},
	    {"first of others", NULL, false,
		{{"a.example", PASS, false}, {"b.example", PASS, false}},
		"dkim:a.example", false},
	    {"a broken signature", NULL, false, {{"bank.example", FAIL, true}},
		"net:192.0.2.0/24", false},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_config config = defaults();
		struct pst_message message = message_of(&config);
		struct pst_findings *f = &message.findings;
		struct pst_dkim_sig sigs[3];
		struct pst_summary summary;

		if (rows[i].spf != NULL)
			f->spf = (struct pst_spf){
			    .result = PASS, .domain = rows[i].spf};
		f->dmarc.spf_aligned = rows[i].spf_aligned;
		for (; f->dkim.count < 3 &&
		     rows[i].sigs[f->dkim.count].domain != NULL;
		     f->dkim.count++) {
			size_t k = f->dkim.count;

			sigs[k] = signature(rows[i].sigs[k].domain,
			    rows[i].sigs[k].result, rows[i].sigs[k].aligned);
		}
		f->dkim.sigs = sigs;
		summary = sum_up(&message);
		assert_string_equal(summary.via, rows[i].via);
		assert_int_equal(summary.aligned, rows[i].aligned);
		assert_string_equal(summary.from_domain, "bank.example");
	}
}

/* A signature with a test key counts only if the operator says so. */
static void
test_test_key(void **state)
{
	struct pst_config config = defaults();
	struct pst_message message = message_of(&config);
	struct pst_dkim_sig sig = signature("bank.example", PASS, true);

	(void)state;
	sig.test_key = true;
	message.findings.dkim = (struct pst_dkim){PASS, &sig, 1, 0};
	assert_string_equal(sum_up(&message).via, "net:192.0.2.0/24");
	assert_false(sum_up(&message).aligned);
	config.dkim.accept_test_keys = true;
	assert_string_equal(sum_up(&message).via, "dkim:bank.example");
	assert_true(sum_up(&message).aligned);
}

/* Without a record, the engine says what is aligned, and nothing else does. */
static void
test_no_record(void **state)
{
	static const struct {
		const char *from, *signer;
		bool aligned;
	} rows[] = {
	    {"bank.example", "bank.example", true},
	    {"m.bank.example", "bank.example", true},
	    {"bank.example", "m.bank.example", false},
	    {"m.bank.example", "bank.example", false},
	    {"bank.example", "esp.example", false},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].signer) {
		struct pst_config config = defaults();
		struct pst_message message = message_of(&config);
		const char *from[] = {rows[i].from};
		struct pst_dkim_sig sig =
		    signature(rows[i].signer, PASS, rows[i].aligned);
		struct pst_summary summary;

		message.findings.from.domains = from;
		message.findings.dmarc = (struct pst_dmarc){
		    .knowledge = PST_DMARC_ABSENT, .author_domain = from[0]};
		message.findings.dkim = (struct pst_dkim){PASS, &sig, 1, 0};
		summary = sum_up(&message);
		assert_int_equal(summary.aligned, rows[i].aligned);
		assert_string_equal(summary.org_domain, from[0]);
		/* The same by SPF. */
		message.findings.dkim.count = 0;
		message.findings.dmarc.spf_aligned = rows[i].aligned;
		message.findings.spf =
		    (struct pst_spf){.result = PASS, .domain = rows[i].signer};
		assert_int_equal(sum_up(&message).aligned, rows[i].aligned);
	}
}

static void
test_author(void **state)
{
	static const char *two[] = {"a.example", "b.example"};
	static const struct {
		const char *label;
		struct pst_from from;
		const char *want;
		bool aligned;
	} rows[] = {
	    {"one", {PST_FROM_SINGLE, two, 1, 0, NULL, NULL}, "a.example",
		true},
	    {"several", {PST_FROM_MULTI, two, 2, 0, NULL, NULL}, "", false},
	    {"none", {PST_FROM_NONE, NULL, 0, 0, NULL, NULL}, "", false},
	    {"malformed",
		{PST_FROM_MALFORMED, NULL, 0, PST_FROM_GRAMMAR, "x", NULL}, "",
		false},
	    {"malformed, with one domain",
		{PST_FROM_MALFORMED, NULL, 0, PST_FROM_GRAMMAR, "x",
		    "a.example"},
		"a.example", false},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_config config = defaults();
		struct pst_message message = message_of(&config);
		struct pst_dkim_sig sig = signature("a.example", PASS, true);
		struct pst_summary summary;

		message.findings.from = rows[i].from;
		message.findings.dmarc.org_domain = "other.example";
		message.findings.dkim = (struct pst_dkim){PASS, &sig, 1, 0};
		summary = sum_up(&message);
		assert_string_equal(summary.from_domain, rows[i].want);
		assert_string_equal(summary.org_domain, rows[i].want);
		assert_int_equal(summary.aligned, rows[i].aligned);
		assert_string_equal(summary.via, "dkim:a.example");
	}
}

static void
test_network(void **state)
{
	static const struct {
		const char *client, *network, *via;
	} rows[] = {
	    {"192.0.2.66", "192.0.2.0/24", "net:192.0.2.0/24"},
	    {"198.51.100.255", "198.51.100.0/24", "net:198.51.100.0/24"},
	    {"2001:db8:1:ffff::1", "2001:db8:1::/48", "net:2001:db8:1::/48"},
	    {"", "", "net:local"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].client) {
		struct pst_config config = defaults();
		struct pst_message message = message_of(&config);
		struct pst_summary summary;

		message.client = (struct pst_ip){.family = PST_IP_NONE};
		if (rows[i].client[0] != '\0')
			assert_true(pst_ip_parse(
			    pst_str(rows[i].client), &message.client));
		summary = sum_up(&message);
		assert_string_equal(summary.network, rows[i].network);
		assert_string_equal(summary.via, rows[i].via);
	}
}

/* ---- why ---- */

static void
test_reason(void **state)
{
	static const struct {
		const char *rule, *reason;
	} rows[] = {
	    {"default", "accepted"},
	    {"dmarc-none", "dmarc p=none"},
	    {"dmarc-quarantine", "dmarc p=quarantine"},
	    {"dmarc-reject", "dmarc p=reject"},
	    {"dmarc-reject-indirect", "dmarc p=reject, indirect"},
	    {"dmarc-reject-unverified", "dmarc p=reject, unverified"},
	    {"dmarc-reject-lowered", "dmarc p=reject"},
	    {"dmarc-reject-ignored", "dmarc p=reject"},
	    {"from-missing", "from missing"},
	    {"from-several-fields", "from several fields"},
	    {"from-encoded", "from encoded"},
	    {"from-malformed", "from malformed"},
	    {"from-multiple", "from several domains"},
	    {"from-no-domain", "from without domain"},
	    {"dkim-temperror", "dkim temperror"},
	    {"dkim-temperror-capped", "dkim temperror"},
	    {"spf-temperror", "spf temperror"},
	    {"spf-temperror-capped", "spf temperror"},
	    {"iprev-temperror", "iprev temperror"},
	    {"iprev-temperror-capped", "iprev temperror"},
	    {"spf-fail", "spf fail"},
	    {"spf-softfail", "spf softfail"},
	    {"iprev-fail", "iprev fail"},
	    {"dkim-missing", "dkim missing"},
	    {"unauthenticated", "unauthenticated"},
	    {"unauthenticated-indirect", "unauthenticated"},
	    {"unauthenticated-unverified", "unauthenticated"},
	    {"unauthenticated-temperror", "unauthenticated temperror"},
	    {"unauthenticated-temperror-capped", "unauthenticated temperror"},
	    {"header-malformed", "header malformed"},
	    {"header-flood", "too many header fields"},
	    {"own-domain", "own domain"},
	    {"own-domain-temperror", "own domain temperror"},
	    {"own-domain-temperror-capped", "own domain temperror"},
	    {"multiple-checks", "several checks"},
	    {PST_PARTS_RULE, "recipients differ"},
	    {"a rule of tomorrow", "something else"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].rule) {
		struct pst_config config = defaults();
		struct pst_message message = message_of(&config);
		struct pst_summary summary;

		message.decision.rule = rows[i].rule;
		summary = sum_up(&message);
		assert_string_equal(summary.reason, rows[i].reason);
		assert_string_equal(summary.rule, rows[i].rule);
	}
}

/* Reasons that depend on more than the name of the rule. */
static void
test_reason_of_state(void **state)
{
	struct pst_config config = defaults();
	struct pst_message message = message_of(&config);
	struct pst_dkim_sig sig =
	    signature("bank.example", PST_RESULT_TEMPERROR, true);
	struct pst_dmarc *dmarc = &message.findings.dmarc;

	(void)state;
	message.decision.rule = "default";
	set_result(&message.findings, PASS);
	assert_string_equal(sum_up(&message).reason, "dmarc pass");
	set_result(&message.findings, PST_RESULT_NONE);
	assert_string_equal(sum_up(&message).reason, "no dmarc record");
	set_result(&message.findings, PST_RESULT_PERMERROR);
	assert_string_equal(sum_up(&message).reason, "dmarc permerror");
	set_result(&message.findings, PST_RESULT_TEMPERROR);
	assert_string_equal(sum_up(&message).reason, "dmarc temperror");
	/* A look-up failed: that of the policy, of a key, of SPF. */
	message.decision.rule = "dmarc-temperror";
	config.on_temperror = PST_ACTION_TEMPFAIL;
	dmarc->identifiers = PST_DMARC_UNDETERMINED;
	assert_string_equal(sum_up(&message).reason, "dmarc temperror");
	dmarc->knowledge = PST_DMARC_LEARNED;
	dmarc->effective = PST_DMARC_REJECT;
	message.findings.dkim =
	    (struct pst_dkim){PST_RESULT_TEMPERROR, &sig, 1, 0};
	assert_string_equal(sum_up(&message).reason, "dkim temperror");
	message.findings.dkim.count = 0;
	dmarc->spf_undecided = true;
	assert_string_equal(sum_up(&message).reason, "spf temperror");
	message.decision.rule = "dmarc-temperror-capped";
	message.findings.temperror_capped = true;
	assert_string_equal(sum_up(&message).reason, "spf temperror");
	/* A rule of the operator may have any title. */
	message.decision.rule = "dmarc-none";
	message.decision.titled = true;
	assert_string_equal(sum_up(&message).reason, "rule");
	assert_string_equal(sum_up(&message).rule, "dmarc-none");
	message.done.failed = "setting the reply";
	assert_string_equal(sum_up(&message).reason, "internal error");
	assert_string_equal(sum_up(&message).rule, PST_DONE_RULE);
}

/* Of mail that was not checked, only the From field is known. */
static void
test_exempt(void **state)
{
	struct pst_config config = defaults();
	struct pst_message message = message_of(&config);
	struct pst_dkim_sig sig = signature("bank.example", PASS, true);
	struct pst_summary summary;

	(void)state;
	message.findings.exempt = PST_EXEMPT_TRUSTED;
	message.findings.indirect = "evidence";
	message.findings.dkim = (struct pst_dkim){PASS, &sig, 1, 0};
	message.decision.rule = "trusted-network";
	summary = sum_up(&message);
	assert_string_equal(summary.reason, "not checked");
	assert_string_equal(summary.rule, "trusted-network");
	assert_string_equal(summary.via, "net:192.0.2.0/24");
	assert_string_equal(summary.from_domain, "bank.example");
	assert_false(summary.aligned || summary.indirect);
}

/* ---- the rest ---- */

static void
test_recipients(void **state)
{
	struct pst_str rcpts[] = {PST_STR("<x@a.example>"),
	    PST_STR("<x@B.Example>"), PST_STR("<postmaster>"),
	    PST_STR("<y@a.example>"), PST_STR("<x@c.example>"),
	    PST_STR("<x@d.example>"), PST_STR("<x@e.example>"),
	    PST_STR("<x@f.example>"), PST_STR("<y@b.example>"),
	    PST_STR("<x@g.example>"), PST_STR("<x@h.example>"),
	    PST_STR("<x@i.example>")};
	struct pst_config config = defaults();
	struct pst_message message = message_of(&config);
	struct pst_summary summary;

	(void)state;
	message.rcpts =
	    (struct pst_rcpts){.items = rcpts, .count = PST_COUNT(rcpts)};
	summary = sum_up(&message);
	assert_int_equal(summary.rcpt_count, PST_SUMMARY_MAX_RCPTS);
	assert_string_equal(summary.rcpt_domains[0], "a.example");
	assert_string_equal(summary.rcpt_domains[1], "b.example");
	assert_string_equal(summary.rcpt_domains[2], "c.example");
	assert_string_equal(summary.rcpt_domains[7], "h.example");
	pst_summary_of(arena, &message, false, &summary);
	assert_int_equal(summary.rcpt_count, 0);
}

/* Monitored mail, as a whole session makes it. */
static void
test_session(void **state)
{
	static const char zone[] =
	    "$TTL 300\n"
	    "bank.example. TXT \"v=spf1 ip4:192.0.2.10 -all\"\n"
	    "_dmarc.bank.example. TXT \"v=DMARC1; p=reject\"\n";
	const struct letter letter = {.helo = "mail.bank.example",
	    .mail_from = "<ann@m.bank.example>",
	    .header = "From: ann@m.bank.example\n"};
	struct lab lab;
	struct pst_session *session;
	struct pst_summary summary;

	(void)state;
	lab_open(&lab, "mode = monitor\n" LAB_CONFIG, zone);
	session = lab_connect(&lab, "192.0.2.10");
	summary = sum_up(lab_send(session, &letter));
	assert_int_equal(summary.seen_s, LAB_NOW);
	assert_int_equal(summary.done, PST_ACTION_ACCEPT);
	assert_int_equal(summary.would, PST_ACTION_REJECT);
	assert_string_equal(summary.from_domain, "m.bank.example");
	assert_string_equal(summary.org_domain, "bank.example");
	assert_string_equal(summary.rule, "dmarc-reject");
	assert_string_equal(summary.reason, "dmarc p=reject");
	assert_false(summary.aligned || summary.indirect);
	pst_session_close(session);
	lab_close(&lab);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_via, make_arena, free_arena),
	    cmocka_unit_test_setup_teardown(
		test_test_key, make_arena, free_arena),
	    cmocka_unit_test_setup_teardown(
		test_no_record, make_arena, free_arena),
	    cmocka_unit_test_setup_teardown(
		test_author, make_arena, free_arena),
	    cmocka_unit_test_setup_teardown(
		test_network, make_arena, free_arena),
	    cmocka_unit_test_setup_teardown(
		test_reason, make_arena, free_arena),
	    cmocka_unit_test_setup_teardown(
		test_reason_of_state, make_arena, free_arena),
	    cmocka_unit_test_setup_teardown(
		test_exempt, make_arena, free_arena),
	    cmocka_unit_test_setup_teardown(
		test_recipients, make_arena, free_arena),
	    cmocka_unit_test_setup_teardown(
		test_session, make_arena, free_arena),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
