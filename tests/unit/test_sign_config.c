/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "config/advice.h"
#include "core/exempt.h"
#include "tests/unit/config_fixture.h"

#define SIGN "sign \"a.example\" { selector = s key = /k }\n"

struct refusal {
	const char *text;
	unsigned line;
	const char *why;
};

/* R-SIGN-20, R-SIGN-21 */
static const struct refusal refusals[] = {
    {"sign \"a.example\" {\nkey = /k\n}", 1, "there is no selector; write"},
    {"sign \"a.example\" {\nselector = s\n}", 1, "there is no key; write"},
    {"sign \"a.example\" {\nselector = {}\nkey = /k\n}", 1,
	"there is no selector"},
    {"sign \"a.example\" {\nselector = s\nkey = {}\n}", 1, "there is no key"},
    {"sign \"a.example\" {\nselector = {s, t}\nkey = /k\n}", 3,
	"each selector needs one key file, in the same order, but there are 2 "
	"and 1"},
    {"sign \"a.example\" {\nselector = s\nkey = {/k, /l}\n}", 3,
	"but there are 1 and 2"},
    {"sign \"a.example\" {\nselector = {a, b, c, d, e}\n"
     "key = {/k, /k, /k, /k, /k}\n}",
	2, "4 signatures at most"},
    {"sign \"a.example\" {\nkey = {/k, /l}\nselector = {s, S}\n}", 3,
	"s is there twice"},
    {"sign \"a.example\" {\nkey = /k\nselector = \"a b\"\n}", 3,
	"\"a b\" cannot be part of a domain name"},
    {"sign \"a.example\" {\nkey = /k\nselector = \"\"\n}", 3,
	"cannot be part of a domain name"},
    {"sign \"a.example\" {\nkey = /k\nselector = \"-a\"\n}", 3,
	"cannot be part of a domain name"},
    {"sign \"a.example\" {\nselector = s\nkey = k.pem\n}", 3,
	"\"k.pem\" must be the absolute path"},
    {"sign \"a.example\" {\nselector = s\nkey = \"\"\n}", 3,
	"must be the absolute path"},
    {"sign \"a.example\" {\nselector = s\nkey = /k\nsubdomains = all\n}", 4,
	"subdomains: must be yes or no"},
    {"sign \"a b\" { selector = s key = /k }", 1,
	"must be a domain, as in sign \"example.com\", not \"a b\""},
    {"sign \"\" { selector = s key = /k }", 1, "must be a domain"},
    {"sign \"*.example\" { selector = s key = /k }", 1, "must be a domain"},
    {"sign \".a.example\" { selector = s key = /k }", 1,
	"write sign \"a.example\" with subdomains = yes"},
    {SIGN "\nsign \"A.Example.\" { selector = s key = /k }\n", 3,
	"line 1 has the same domain"},
    {SIGN "sign \"a.example\" { selector = s key = /k }\n", 2,
	"there is already a section sign for this domain"},
    {"rule x { spf = pass action = tag }\n"
     "rule x { spf = pass action = tag }\n",
	2, "there is already a rule with this title"},
    {"sign \"a.example\" {\nselector = s\nselector = t\nkey = /k\n}", 3,
	"selector was already set on line 2"},
    {"sign \"a.example\" {\nselector = s\nkye = /k\n}", 3,
	"unknown option \"kye\"; did you mean \"key\"?"},
    {"sign {\nselector = s\nkey = /k\n}", 1,
	"a section sign has a title; write sign \"example.com\" { ... }"},
    {"sign \"a.example\"\n", 1, "section sign has no braces"},
    {"sign yes\n", 1, "there is no equal sign after sign; write sign = yes"},
    {"SIGN \"a.example\" { selector = s key = /k }\n", 1, "unknown option"},
    {"\nselector = s\n", 2, "it belongs in a section sign"},
    {"listener \"/x\" {\nsign \"a.example\" { selector = s }\n}", 2,
	"section sign cannot be inside section listener"},
    {"\nsign = yes\n", 2, "sign = yes needs a section sign"},
    {"listener \"/x\" {\nsign = yes\n}\n", 2, "needs a section sign"},
    {SIGN "sign = yes\nrelays = 127.0.0.2\n", 3,
	"relays: 127.0.0.2/32 is also in sign-networks, so mail from outside"},
    {SIGN "sign = yes\nforwarders = {\"::/0\"}\n", 3,
	"forwarders: ::1/128 is also in sign-networks"},
    {SIGN "listener \"/x\" {\nsign = yes\n}\nrelays = 10.0.0.0/8\n"
	  "sign-networks = 10.1.0.0/16\n",
	5, "relays: 10.1.0.0/16 is also"},
    {"login-domains = alice\n", 1, "after the login, name the domains"},
    {"login-domains = \"\"\n", 1, "the first word must be a login"},
    {"login-domains = \"*@ a.example\"\n", 1, "the first word must be a login"},
    {"login-domains = \"a*b a.example\"\n", 1,
	"the first word must be a login"},
    {"login-domains = \"*@*.example a.example\"\n", 1,
	"the first word must be a login"},
    {"login-domains = \"al a.example,b.example\"\n", 1,
	"\"a.example,b.example\" is not a domain"},
    {"login-domains = \"al .\"\n", 1, "\".\" is not a domain"},
    {"login-domains = \"@logins\"\n", 1, "absolute path"},
    {"sign-networks = 1.2.3\n", 1, "sign-networks: "},
    {"on-sign-error = reject\n", 1, "must be one of: accept, tempfail"},
};

static void
test_refused(void **state)
{
	(void)state;
	FOR_ROWS(i, refusals, refusals[i].text)
		config_must_fail(
		    refusals[i].text, refusals[i].line, refusals[i].why);
}

/* A name in the DNS has 253 octets at most. */
static void
test_long_selector(void **state)
{
	static const char labels[] =
	    "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a."
	    "a.a.a.a.a.a.a.a.a.a.a";
	const size_t fixed = sizeof("x.") - 1 + sizeof(labels) - 1 +
	    sizeof("._domainkey.") - 1 + sizeof("a.example") - 1;
	char text[400];

	(void)state;
	for (size_t more = 0; more < 2; more++) {
		size_t rest = 253 - fixed + more;
		char label[260] = "";

		for (size_t i = 0; i < rest; i++)
			label[i] = i % 60 == 59 ? '.' : 'b';
		(void)snprintf(text, sizeof(text),
		    "sign \"a.example\" {\nselector = \"x%s.%s\"\nkey = /k\n}",
		    label, labels);
		if (more == 1)
			config_must_fail(text, 2, "would be too long");
		else
			pst_config_unref(config_must_load(text));
	}
}

static void
test_section(void **state)
{
	struct pst_config *config = config_must_load(
	    "sign = yes\n\"sign\" \"B\xc3\xbc.Example\" {\n"
	    "\tselector = {\"20260701\", E1}\n\tkey = {/k, \"/k 2\"}\n}\n"
	    "mode = monitor\n"
	    "sign a.example { selector = s key = /k subdomains = yes }\n");
	const struct pst_sign_domain *one = config->sign_domains.items;

	(void)state;
	assert_true(config->sign);
	assert_int_equal(config->mode, PST_MODE_MONITOR);
	assert_int_equal(config->sign_domains.count, 2);
	assert_string_equal(one[0].domain, "xn--b-eha.example");
	assert_int_equal(one[0].line, 2);
	assert_int_equal(one[0].written[PST_SIGN_KEY].line, 4);
	assert_false(one[0].subdomains);
	assert_int_equal(one[0].pair_count, 2);
	assert_string_equal(one[0].pairs[0].selector, "20260701");
	assert_string_equal(one[0].pairs[1].selector, "e1");
	assert_string_equal(one[0].pairs[1].file, "/k 2");
	assert_null(one[0].pairs[0].key);
	assert_string_equal(one[1].domain, "a.example");
	assert_true(one[1].subdomains);
	assert_int_equal(one[1].pair_count, 1);
	pst_config_unref(config);
}

static void
test_find(void **state)
{
	static const struct {
		const char *from, *want;
	} rows[] = {
	    {"a.example", "a.example"},
	    {"x.a.example", NULL},
	    {"b.example", "b.example"},
	    {"x.b.example", "b.example"},
	    {"x.y.z.b.example", "b.example"},
	    {"c.b.example", "c.b.example"},
	    {"x.c.b.example", "b.example"},
	    {"xb.example", NULL},
	    {"example", NULL},
	    {"d.e.f.example", "d.e.f.example"},
	    {"x.d.e.f.example", "d.e.f.example"},
	    {"e.f.example", NULL},
	    {"b.example.b.example", "b.example"},
	    {"com", NULL},
	};
	struct pst_config *config = config_must_load(
	    SIGN "sign \"d.e.f.example\" { selector = s key = /k subdomains = "
		 "yes }\n"
		 "sign \"b.example\" { selector = s key = /k subdomains = yes "
		 "}\n"
		 "sign \"c.b.example\" { selector = s key = /k }\n");
	struct pst_config *none = config_must_load("");

	(void)state;
	FOR_ROWS(i, rows, rows[i].from) {
		const struct pst_sign_domain *found =
		    pst_sign_domains_find(&config->sign_domains, rows[i].from);

		assert_string_equal(found == NULL ? "none" : found->domain,
		    rows[i].want == NULL ? "none" : rows[i].want);
		assert_null(
		    pst_sign_domains_find(&none->sign_domains, rows[i].from));
	}
	pst_config_unref(config);
	pst_config_unref(none);
}

/* Each section is found, and the load takes no time that grows like a square. */
static void
test_many(void **state)
{
	const size_t count = PST_SIGN_MAX_DOMAINS;
	char *text = calloc(count + 2, 80), *at = text, name[40];
	struct pst_config *config;

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < count; i++)
		at += snprintf(at, 80,
		    "sign \"d%zu.example\" { selector = s key = /k%zu }\n", i,
		    i);
	config = config_must_load(text);
	for (size_t i = 0; i < count; i++) {
		(void)snprintf(name, sizeof(name), "d%zu.example", i);
		assert_ptr_equal(
		    pst_sign_domains_find(&config->sign_domains, name),
		    &config->sign_domains.items[i]);
		assert_int_equal(config->sign_domains.items[i].line, i + 1);
	}
	pst_config_unref(config);
	(void)snprintf(at, 80, SIGN);
	config_must_fail(text, (unsigned)count + 1, "at most 10000 sections");
	free(text);
}

/* ---- login-domains ---- */

static const struct {
	const char *login, *from;
	bool want;
} allowed[] = {
    {"alice", "a.example", true},
    {"ALICE", "a.example", true},
    {"alice", "x.a.example", false},
    {"alice", "e.example", true}, /* of her second entry */
    {"alice", "all.example", false},
    {"alic", "a.example", false},
    {"alicee", "a.example", false},
    {"bob@b.example", "b.example", true},
    {"Bob@B.Example", "b.example", true},
    {"bob@b.example", "x.b.example", true},
    {"bob@b.example", "xb.example", false},
    {"carl@b.example", "b.example", false}, /* his own entry counts */
    {"carl@b.example", "c.example", true},
    {"carl@c@b.example", "b.example", true},
    {"bob@x.b.example", "b.example", false},
    {"@b.example", "all.example", true}, /* no local part: any other login */
    {"bob@", "all.example", true},
    {"nobody", "all.example", true},
    {"nobody", "a.example", false},
    {"", "all.example", true},
    {"", "a.example", false},
    {"*", "all.example", true},
};

/* R-SIGN-22 */
static void
test_logins(void **state)
{
	char list[160], text[640];
	FILE *out;
	struct pst_config *config, *open;

	(void)state;
	(void)snprintf(list, sizeof(list), "%s/logins", config_dir);
	out = fopen(list, "w");
	assert_non_null(out);
	assert_true(fputs("# more\nalice\te.example # too\n"
			  "carl@B.example   c.example\n\n",
			out) >= 0);
	assert_int_equal(fclose(out), 0);
	(void)snprintf(text, sizeof(text),
	    "login-domains = {\"Alice A.example\", \"@%s\",\n"
	    "\"*@B.example b.example .b.example\", \"* all.example\"}\n",
	    list);
	config = config_must_load(text);
	open = config_must_load("");
	assert_int_equal(config->login_domains.count, 4);
	assert_int_equal(config->login_domains.written.count, 4);
	FOR_ROWS(i, allowed, allowed[i].login) {
		struct pst_str login = pst_str(allowed[i].login);

		assert_int_equal(pst_logins_allow(&config->login_domains, login,
				     allowed[i].from),
		    allowed[i].want);
		assert_true(pst_logins_allow(
		    &open->login_domains, login, allowed[i].from));
	}
	pst_config_unref(config);
	pst_config_unref(open);
	out = fopen(list, "w");
	assert_non_null(out);
	assert_true(fputs("alice a.example\nbob\n", out) >= 0);
	assert_int_equal(fclose(out), 0);
	config_must_fail(text, 1, "/logins:2: \"bob\": after the login, name");
	assert_int_equal(unlink(list), 0);
}

/* Without an entry "*", no other login may use a domain. */
static void
test_closed_logins(void **state)
{
	struct pst_config *config =
	    config_must_load("login-domains = \"alice a.example\"\n");
	char login[1000];

	(void)state;
	assert_false(
	    pst_logins_allow(&config->login_domains, PST_STR(""), "a.example"));
	assert_false(pst_logins_allow(
	    &config->login_domains, PST_STR("bob"), "a.example"));
	for (size_t len = 1; len < sizeof(login); len++) {
		memset(login, 'a', len);
		login[len / 2] = '@';
		assert_false(pst_logins_allow(&config->login_domains,
		    (struct pst_str){login, len}, "a.example"));
	}
	pst_config_unref(config);
}

/* ---- advice ---- */

static const struct {
	const char *text;
	unsigned line;
	const char *warning; /* NULL: none about signing */
} advice[] = {
    {"\n" SIGN, 2, "sign \"a.example\": no mail is signed, as no listener has"},
    {"sign-strict = yes\n", 1, "sign-strict: it has no effect"},
    {"sign-unpublished = yes\n", 1, "sign-unpublished: it has no effect"},
    {"login-domains = \"* a.example\"\n", 1, "login-domains: it has no effect"},
    {"listener \"/x\" {\nsign-strict = yes\n}", 2,
	"sign-strict: it has no effect, as no listener signs"},
    {SIGN "listener \"/x\" {\nsign-strict = yes\n}\n"
	  "listener \"/y\" { sign = yes }\n",
	3, "sign-strict: it has no effect, as this listener does not sign"},
    {SIGN "sign-strict = yes\nlisten = /x\n"
	  "listener \"/y\" { sign = yes }\n",
	0, NULL},
    {SIGN "sign = yes\nsubmission = yes\n", 0, NULL},
    {SIGN "sign = yes\nsign-networks = 0.0.0.0/0\n", 3,
	"sign-networks: 0.0.0.0/0 is very wide, and its mail is signed"},
    {SIGN "sign = yes\nlogin-domains = \"al a.example b.example\"\n", 3,
	"\"al\" may use b.example, for which there is no section sign"},
    {SIGN "sign = yes\nlogin-domains = \"al x.a.example\"\n", 3,
	"may use x.a.example"},
    {SIGN "sign = yes\nlogin-domains = \"al .a.example\"\n", 3,
	"may use .a.example"},
    {SIGN "sign = yes\nlogin-domains = \"al .example a.example\"\n", 0, NULL},
    {"sign b.example { selector = s key = /k subdomains = yes }\nsign = yes\n"
     "login-domains = \"al .b.example x.b.example .y.b.example\"\n",
	0, NULL},
};

static void
test_advice(void **state)
{
	(void)state;
	FOR_ROWS(i, advice, advice[i].text) {
		struct pst_problems found = {.arena = pst_arena_new()};
		struct pst_config *config = config_must_load(advice[i].text);
		bool seen = false, about = false;

		pst_config_advise(config, &found);
		for (size_t n = 0; n < found.count; n++) {
			const struct pst_problem *one = &found.items[n];

			about |= strstr(one->sentence, "sign") != NULL ||
			    strstr(one->sentence, "no mail is checked") != NULL;
			seen |= advice[i].warning != NULL &&
			    one->line == advice[i].line &&
			    strstr(one->sentence, advice[i].warning) != NULL;
		}
		if (seen != (advice[i].warning != NULL) ||
		    about != (advice[i].warning != NULL))
			fail_msg("%s",
			    found.count > 0 ? found.items[0].sentence :
					      "no warning");
		assert_int_equal(found.errors, 0);
		pst_config_unref(config);
		pst_arena_free(found.arena);
	}
}

/* Hosts may be in both lists while nothing is signed. */
static void
test_unused_networks(void **state)
{
	(void)state;
	pst_config_unref(config_must_load("relays = 127.0.0.1\n"));
	pst_config_unref(config_must_load(
	    SIGN "sign = yes\nrelays = 10.0.0.0/8\nforwarders = "
		 "{\"spf:b.example\", \"192.0.2.0/24\"}\n"));
}

/* R-SIGN-23: it is the first reason, whoever the client is. */
static void
test_exempt(void **state)
{
	struct pst_config *config = config_must_load(
	    SIGN "listen = /a\nlistener \"/b\" { sign = yes }\n"
		 "relays = 192.0.2.1\ntrusted-networks = 192.0.2.2\n");
	const struct pst_config *in = pst_config_at(config, 0);
	const struct pst_config *out = pst_config_at(config, 1);
	struct pst_ip ip;

	(void)state;
	for (unsigned host = 0; host < 4; host++) {
		ip = pst_ip_v4((uint8_t[]){192, 0, 2, (uint8_t)host});
		if (host == 3)
			ip = (struct pst_ip){.family = PST_IP_NONE};
		assert_int_equal(
		    pst_exempt_of(out, &ip, false), PST_EXEMPT_SIGNING);
		assert_int_equal(
		    pst_exempt_of(out, &ip, true), PST_EXEMPT_SIGNING);
		assert_int_not_equal(
		    pst_exempt_of(in, &ip, true), PST_EXEMPT_SIGNING);
	}
	assert_string_equal(pst_exempt_word(PST_EXEMPT_SIGNING), "signing");
	assert_true(pst_sign_is_used(config));
	assert_true(pst_sign_is_used(out));
	pst_config_unref(config);
}

/* All of it takes effect at a reload. */
static void
test_restart(void **state)
{
	struct pst_config *before = config_must_load("listen = /x\n");
	struct pst_config *after = config_must_load(
	    SIGN "listen = /x\nsign = yes\nsign-networks = 10.0.0.1\n"
		 "sign-strict = yes\non-sign-error = accept\n"
		 "sign-unpublished = no\nlogin-domains = \"* a.example\"\n");
	size_t from = 0;

	(void)state;
	assert_null(pst_config_restart_option(before, after, &from));
	pst_config_unref(before);
	pst_config_unref(after);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_long_selector),
	    cmocka_unit_test(test_section),
	    cmocka_unit_test(test_find),
	    cmocka_unit_test(test_many),
	    cmocka_unit_test(test_logins),
	    cmocka_unit_test(test_closed_logins),
	    cmocka_unit_test(test_advice),
	    cmocka_unit_test(test_unused_networks),
	    cmocka_unit_test(test_exempt),
	    cmocka_unit_test(test_restart),
	};

	return cmocka_run_group_tests(tests, config_begin, config_end);
}
