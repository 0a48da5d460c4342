/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Each case is played. If the message is not simply accepted, there must be a
 * sentence for its sender, and either a rule that really lets it in, and nobody
 * who has nothing of what it goes by, or a sentence why there is none.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/recorded.h"
#include "core/remedy.h"
#include "core/rule_match.h"
#include "tests/unit/case_fixture.h"
#include "tests/unit/core_fixture.h"
#include "tests/unit/rows.h"

static bool
is_plain(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text != '\n' && *text != '\t' &&
		    (*text < 0x20 || *text > 0x7e))
			return false;
	}
	return true;
}

static void
assert_same(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		assert_true(a == b);
	else
		assert_string_equal(a, b);
}

/* Whether the message matches the rule if nothing of its sender is proven. */
static void
assert_narrow(struct pst_arena *arena, const struct pst_message *message,
    const struct pst_config *config)
{
	const struct pst_rules first = {config->rules.items, 1};
	struct pst_rule_facts facts;
	const char *const others[] = {"somebody-else.example"};

	pst_rule_facts_make(arena, message->header, &message->findings, &facts);
	assert_ptr_equal(pst_rule_match(&first, &facts), first.items);
	if (facts.from.count > 0) {
		struct pst_rule_facts forged = facts;

		forged.from = (struct pst_names){others, 1};
		assert_null(pst_rule_match(&first, &forged));
	}
	if (!pst_ip_parse(PST_STR("233.252.0.233"), &facts.client))
		fail();
	facts.dkim.count = 0;
	facts.spf = PST_RESULT_FAIL;
	facts.arc_sealer = NULL;
	facts.client_name = NULL;
	assert_null(pst_rule_match(&first, &facts));
}

/* Decides again with the rule pasted above all else. */
static void
assert_lets_in(struct pst_arena *arena, const struct pst_message *message,
    const struct pst_remedy *remedy, const char *config_text)
{
	struct pst_config *config = lab_config(
	    pst_arena_printf(arena, "%s%s", remedy->rule, config_text));
	struct pst_decision again;

	pst_policy_decide(arena, config, &message->mta, message->authserv_id,
	    message->header, &message->findings, &again);
	assert_int_equal(again.would, PST_ACTION_ACCEPT);
	assert_int_equal(again.action, PST_ACTION_ACCEPT);
	assert_true(again.titled);
	assert_string_equal(again.rule, config->rules.items[0].title);
	assert_narrow(arena, message, config);
	pst_config_unref(config);
}

/* What is recorded must give the same advice. */
static void
assert_same_recorded(struct pst_arena *arena, const struct pst_message *message,
    const struct pst_remedy *remedy)
{
	struct pst_recorded read;
	struct pst_remedy again;
	struct pst_err err;

	if (!pst_recorded_read(arena,
		pst_recorded_write(arena, message, PST_RECORDED_RCPTS_FULL),
		message->config, &read, &err))
		fail_msg("%s", err.text);
	pst_remedy_of(arena, &read.message, &again);
	assert_same(again.sender, remedy->sender);
	assert_same(again.rule, remedy->rule);
	assert_same(again.basis, remedy->basis);
	assert_same(again.instead, remedy->instead);
}

/* Returns true if there was something to advise. */
static bool
test_case(struct pst_arena *arena, const struct pst_message *message,
    const char *config_text)
{
	const struct pst_decision *d = &message->decision;
	struct pst_remedy remedy;

	pst_remedy_of(arena, message, &remedy);
	assert_same_recorded(arena, message, &remedy);
	if (d->action == PST_ACTION_ACCEPT && d->would == PST_ACTION_ACCEPT) {
		assert_null(remedy.sender);
		assert_null(remedy.rule);
		assert_null(remedy.instead);
		return false;
	}
	assert_non_null(remedy.sender);
	assert_true(is_plain(remedy.sender));
	assert_true((remedy.rule == NULL) == (remedy.instead != NULL));
	assert_true((remedy.rule == NULL) == (remedy.basis == NULL));
	if (remedy.rule == NULL) {
		assert_true(is_plain(remedy.instead));
		return true;
	}
	assert_true(is_plain(remedy.rule));
	assert_true(is_plain(remedy.basis));
	assert_lets_in(arena, message, &remedy, config_text);
	return true;
}

static void
test_cases(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	size_t count, advised = 0;
	struct scenario *all = case_read_all(arena, &count);

	(void)state;
	FOR_COUNT(i, count, all[i].name) {
		struct pst_arena *own = pst_arena_new();
		struct played played;

		case_play(own, &all[i], &played);
		if (test_case(own, played.message, all[i].config))
			advised++;
		pst_arena_free(own);
		case_end(&played);
	}
	assert_in_range(advised, 150, count);
	pst_arena_free(arena);
}

/* ---- what is said ---- */

struct row {
	const char *name; /* of a case */
	const char *says[4];
	const char *asks[4]; /* in the rule */
};

static const struct row rows[] = {
    {.name = "dkim-no-key",
	.says = {"TXT record at ed25519._domainkey.signed.example: "
		 "\"v=DKIM1; k=ed25519; p=...\""},
	.asks = {"client = {\"192.0.2.66\"}",
	    "from-domain = {\"signed.example\"}", "dmarc = {fail}"}},
    {.name = "dkim-revoked-key",
	.says = {"key is revoked (now \"v=DKIM1; k=ed25519; p=\")"}},
    {.name = "dkim-small-key",
	.says = {"has 768 bits: key is too short", "2048 bits"}},
    {.name = "dkim-wrong-key-type",
	.says = {"key type does not match the algorithm"}},
    {.name = "dkim-test-key-not-accepted", .says = {"Remove \"t=y\""}},
    {.name = "dkim-body-changed",
	.says = {"The body was changed after signed.example"}},
    {.name = "dkim-subject-changed",
	.says = {"signed header fields were changed"}},
    {.name = "dkim-expired", .says = {"signature expired", "x="}},
    {.name = "dkim-signed-in-the-future",
	.says = {"signed in the future", "Set the clock"}},
    {.name = "dkim-body-length", .says = {"Sign without l="}},
    {.name = "dkim-sha1", .says = {"Sign with rsa-sha256"}},
    {.name = "dkim-unsigned-second-subject",
	.says = {"send each of these fields once"}},
    {.name = "dkim-subdomain-strict",
	.says = {"as adkim=s requires", "SELECTOR._domainkey.signed.example"},
	.asks = {"dkim-domain = {\"mail.signed.example\"}"}},
    {.name = "dkim-other-domain",
	.says =
	    {"signature of provider.example passes, but it is not one of signed.example",
		"Sign with d=signed.example"},
	.asks = {"dkim-domain = {\"provider.example\"}",
	    "from-domain = {\"signed.example\"}"}},
    {.name = "p-reject-spoof",
	.says = {"If bank.example did not send this message, it is forged"}},
    {.name = "spf-strict-subdomain",
	.says = {"SPF passes for bounce.corp.example only",
	    "corp.example itself, as aspf=s requires"},
	.asks = {"mail-from = {\"bounce.corp.example\"}", "spf = {pass}"}},
    {.name = "cve-2019-20790-null-sender", .says = {"MAIL FROM is null"}},
    {.name = "spf-two-records", .says = {"more than one SPF record"}},
    {.name = "malformed-from",
	.says = {"The From field is not valid", "the quotes"},
	.asks = {"dmarc = {permerror}", "mail-from = {\"lax.example\"}"}},
    {.name = "no-from-field", .says = {"has no From field"}},
    {.name = "two-from-fields", .says = {"more than one From field"}},
    {.name = "from-encoded-word", .says = {"encoded-word"}},
    {.name = "from-ladder-multiple", .says = {"addresses of several domains"}},
    {.name = "from-no-domain-reject",
	.says = {"no domain name that can be looked up"}},
    {.name = "temperror-policy-tempfail",
	.says = {"TXT _dmarc.bank.example (SERVFAIL)", "by itself"},
	.asks = {"dmarc = {temperror}"}},
    {.name = "temperror-iprev-tempfail",
	.says = {"PTR 66.2.0.192.in-addr.arpa (SERVFAIL)"}},
    {.name = "refuse-spf-fail",
	.says = {"\"-all\" gave fail: \"v=spf1 ip4:192.0.2.66 -all\""}},
    {.name = "on-helo-fail-reject",
	.says = {"The client gives mail.client.example as its HELO name",
	    "\"v=spf1 ip4:192.0.2.66 -all\""},
	.asks = {"mail-from = {\"other.example\"}"}},
    {.name = "rule-temperror-match-reject-defers",
	.says = {"The rule \"careful\" of this gateway decided",
	    "TXT other.example (SERVFAIL)"}},
    {.name = "refuse-iprev",
	.says = {"a PTR record at 66.2.0.192.in-addr.arpa",
	    "an A record of that name with the address 192.0.2.66"}},
    {.name = "refuse-dkim-missing", .says = {"Sign with d="}},
    {.name = "unauthenticated-reject",
	.says = {"If plain.example did not send this message, it is forged",
	    "Sign with d=plain.example"},
	.asks = {"client = {\"192.0.2.66\"}", "dmarc = {none}"}},
    {.name = "unauthenticated-spf-unknown-waits",
	.says = {"TXT plain.example (SERVFAIL)", "by itself"}},
    {.name = "spf-weak-all-ignored",
	.says = {"SPF passes, but by a term that permits too many hosts"},
	.asks = {"client = {\"192.0.2.66\"}"}},
    {.name = "rule-bank-reject",
	.says = {"The rule \"bank\" of this gateway decided"},
	.asks = {"rule \"let in bank.example\""}},
    {.name = "own-domain-reject",
	.says = {"ours.example is a domain of this site (own-domains)",
	    "192.0.2.66"},
	.asks = {"from-domain = {\"ours.example\"}", "aligned = {none}",
	    "mail-from = {\"other.example\"}"}},
    {.name = "own-domain-malformed",
	.says = {"own-domains", "The From field is not valid"}},
    {.name = "own-domain-undetermined",
	.says = {"TXT ours.example (SERVFAIL)"}},
    {.name = "display-name-own-address",
	.says = {"The rule \"our address in a display name\""}},
    {.name = "rcpt-split", .says = {"delivered in two parts"}},
    {.name = "arc-trusted-sealer-lowers-reject",
	.says = {"SPF cannot help here"},
	.asks = {"arc-sealer = {\"lists.example\"}", "reason = "}},
    {.name = "monitor",
	.says = {"bank.example"},
	.asks = {"from-domain = {\"bank.example\"}"}},
};

static const struct scenario *
find(const struct scenario *all, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(all[i].name);

		if (strncmp(all[i].name, name, strlen(name)) == 0 &&
		    len == strlen(name) + strlen(".case"))
			return &all[i];
	}
	return NULL;
}

static void
assert_has(const char *text, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count && words[i] != NULL; i++) {
		if (text == NULL || strstr(text, words[i]) == NULL)
			fail_msg("no \"%s\" in: %s", words[i],
			    text == NULL ? "nothing" : text);
	}
}

static void
test_sentences(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	size_t count;
	struct scenario *all = case_read_all(arena, &count);

	(void)state;
	FOR_ROWS(i, rows, rows[i].name) {
		const struct scenario *one = find(all, count, rows[i].name);
		struct pst_arena *own = pst_arena_new();
		struct pst_remedy remedy;
		struct played played;

		assert_non_null(one);
		case_play(own, one, &played);
		pst_remedy_of(own, played.message, &remedy);
		assert_has(
		    remedy.sender, rows[i].says, PST_COUNT(rows[i].says));
		assert_has(remedy.rule, rows[i].asks, PST_COUNT(rows[i].asks));
		pst_arena_free(own);
		case_end(&played);
	}
	pst_arena_free(arena);
}

/* ---- what proves nothing ---- */

#define POLICY "_dmarc.bank.example. 60 TXT \"v=DMARC1; p=reject\"\n"

static const struct {
	const char *label;
	const char *ip;
	const char *zone;
	const char *asks; /* in the rule; NULL: there is none */
} proofs[] = {
    {"SPF passes", "192.0.2.66",
	POLICY "o.example. 60 TXT \"v=spf1 ip4:192.0.2.66 -all\"\n",
	"mail-from = {\"o.example\"}\n\tspf = {pass}"},
    {"SPF permits everybody", "192.0.2.66",
	POLICY "o.example. 60 TXT \"v=spf1 +all\"\n",
	"client = {\"192.0.2.66\"}"},
    {"SPF permits half of all", "192.0.2.66",
	POLICY "o.example. 60 TXT \"v=spf1 ip4:128.0.0.0/1 -all\"\n",
	"client = {\"192.0.2.66\"}"},
    {"SPF permits half of all by a name", "192.0.2.66",
	POLICY "o.example. 60 TXT \"v=spf1 a/1 -all\"\n"
	       "o.example. 60 A 192.0.2.1\n",
	"client = {\"192.0.2.66\"}"},
    {"an include permits everybody", "192.0.2.66",
	POLICY "o.example. 60 TXT \"v=spf1 include:i.example -all\"\n"
	       "i.example. 60 TXT \"v=spf1 all\"\n",
	"client = {\"192.0.2.66\"}"},
    {"SPF permits what nobody knows", "192.0.2.66",
	POLICY "o.example. 60 TXT \"v=spf1 exists:%{i}.e.example -all\"\n"
	       "192.0.2.66.e.example. 60 A 192.0.2.1\n",
	"client = {\"192.0.2.66\"}"},
    {"SPF that is neutral for others does not harm", "192.0.2.66",
	POLICY "o.example. 60 TXT \"v=spf1 ip4:192.0.2.66 ?all\"\n",
	"mail-from = {\"o.example\"}"},
    {"a private address", "10.1.2.3", POLICY, NULL},
    {"a local address", "fe80::1", POLICY, NULL},
    {"IPv6", "2001:db8::66", POLICY, "client = {\"2001:db8::66\"}"},
};

static void
test_proofs(void **state)
{
	static const struct letter letter = {
	    .helo = "o.example",
	    .mail_from = "<b@o.example>",
	    .header = "From: <a@bank.example>\n",
	};

	(void)state;
	FOR_ROWS(i, proofs, proofs[i].label) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_session *session;
		struct pst_remedy remedy;
		struct lab lab;

		lab_open(&lab, LAB_CONFIG, proofs[i].zone);
		session = lab_connect(&lab, proofs[i].ip);
		pst_remedy_of(arena, lab_send(session, &letter), &remedy);
		assert_non_null(remedy.sender);
		if (proofs[i].asks != NULL)
			assert_has(remedy.rule, &proofs[i].asks, 1);
		else
			assert_null(remedy.rule);
		assert_true((remedy.rule == NULL) == (remedy.instead != NULL));
		pst_session_close(session);
		lab_close(&lab);
		pst_arena_free(arena);
	}
}

/* Domains that a sender can write and that must not break the rule. */
static const char *const odd_domains[] = {
    "${HOME}.bank.example",
    "a'b.bank.example",
    "a{b}.bank.example",
    "a#b.bank.example",
    "a`b.bank.example",
    "a|b&c.bank.example",
    "_a.bank.example",
    "*.bank.example",
    "b\303\274cher.bank.example",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb."
    "bank.example",
};

static void
test_odd_domains(void **state)
{
	(void)state;
	FOR_ROWS(i, odd_domains, odd_domains[i]) {
		struct pst_arena *arena = pst_arena_new();
		const struct letter letter = {.helo = "o.example",
		    .mail_from =
			pst_arena_printf(arena, "<b@%s>", odd_domains[i]),
		    .header = pst_arena_printf(
			arena, "From: <a@%s>\n", odd_domains[i])};
		const struct pst_message *message;
		struct pst_session *session;
		struct lab lab;

		lab_open(&lab, LAB_CONFIG, POLICY);
		session = lab_connect(&lab, "192.0.2.66");
		message = lab_send(session, &letter);
		assert_int_not_equal(
		    message->decision.action, PST_ACTION_ACCEPT);
		assert_true(test_case(arena, message, LAB_CONFIG));
		pst_session_close(session);
		lab_close(&lab);
		pst_arena_free(arena);
	}
}

/* A decision that was not carried out, and a title that is taken. */
static void
test_other(void **state)
{
	static const struct letter letter = {
	    .helo = "o.example",
	    .mail_from = "<b@o.example>",
	    .header = "From: <a@bank.example>\n",
	};
	static const struct pst_done failed = {.action = PST_ACTION_TEMPFAIL,
	    .code = 451,
	    .failed = "setting the reply"};
	struct pst_arena *arena = pst_arena_new();
	struct pst_session *session;
	const struct pst_message *message;
	struct pst_remedy remedy;
	struct lab lab;

	(void)state;
	lab_open(&lab,
	    LAB_CONFIG "rule \"let in bank.example\" {\n"
		       "client = {\"192.0.2.7\"}\naction = accept\n}\n",
	    POLICY);
	session = lab_connect(&lab, "192.0.2.66");
	message = lab_send(session, &letter);
	pst_remedy_of(arena, message, &remedy);
	assert_non_null(strstr(remedy.rule, "\"let in bank.example (2)\""));
	pst_session_done(session, &failed);
	pst_remedy_of(arena, message, &remedy);
	assert_non_null(strstr(remedy.sender, "could not carry out"));
	assert_null(remedy.rule);
	assert_non_null(strstr(remedy.instead, "posternd has logged"));
	pst_session_close(session);
	lab_close(&lab);
	pst_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cases),
	    cmocka_unit_test(test_sentences),
	    cmocka_unit_test(test_proofs),
	    cmocka_unit_test(test_odd_domains),
	    cmocka_unit_test(test_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
