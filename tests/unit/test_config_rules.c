/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"
#include "tests/unit/config_fixture.h"
#include "tests/unit/rows.h"

static const struct {
	const char *text;
	unsigned line;
	const char *why;
} bad_rows[] = {
    {"rule \"x\" {\naction = tag\n}\n", 1, "rule \"x\": there is no cond"},
    {"\nrule \"x\" {\nclient = {\"::1\"}\n\n}\n", 2, "there is no action"},
    {"rule x {\n\nclinet = {}\n}\n", 3, "did you mean \"client\"?"},
    {"rule x {\nmode = enforce\n}\n", 2, "it belongs at the top level"},
    {"from-domain = {}\n", 1, "it belongs in a rule"},
    {"rlue x {\n}\n", 1, "did you mean \"rule\"?"},
    {"rule {\n}\n", 1, "a rule has a title; write rule"},
    {"rule x {\nspf = {}\naction = tag\n}\n", 1, "spf: an empty list"},
    {"rule x {\nspf = {\"\"}\naction = tag\n}\n", 2, "spf: must be one"},
    {"rule x {\nspf += {fail}\naction = tag\n}\n", 2, "spf: must be one"},
    {"rule x {\nspf = {fail,\npass,\n\"\"}\naction = tag\n}\n", 2,
	"must be one of"},
    {"rule x {\nspf = fail\naction = tag\naction = tag\n}\n", 4,
	"action was already set on line 3"},
    {"rule x {\nspf = fail\nspf = pass\naction = tag\n}\n", 3,
	"spf was already set on line 2"},
    {"rule x {\nspf = {fail, pass}\nspf = {pass}\naction = tag\n}\n", 3,
	"spf was already set on line 2"},
    {"rule x {\nspf = fail\naction = tag\n}\nrule x {\nspf = pass\n"
     "action = tag\n}\n",
	5, "already a rule with this title"},
    {"rule x {\nspf = fail\naction = tag\n}\nrule y {\nspf = pass\n"
     "action = x\n}\n",
	7, "rule \"y\": action: must be one of"},
    {"\ntrusted-networks = {\"@/nowhere\"}\n", 2, "/nowhere: "},
    {"rule x {\nclient = \"@/nowhere\"\naction = tag\n}\n", 2,
	"client: /nowhere: No such file"},
    {"iprev { enabled = no }\nrule x {\nclient-name = a.b\naction = tag\n}\n",
	3, "client-name needs iprev.enabled"},
};

static void
test_bad_rules(void **state)
{
	(void)state;
	FOR_ROWS(i, bad_rows, bad_rows[i].text)
		config_must_fail(
		    bad_rows[i].text, bad_rows[i].line, bad_rows[i].why);
}

static void
test_good_rules(void **state)
{
	struct pst_config *config = config_must_load(
	    "rule \"one $ two\" {\n\tclient = {\"192.0.2.0/24\",\n"
	    "\t\t\"::1\"}\n\taction = reject\n\treply = \"no\"\n}\n"
	    "mode = monitor\n"
	    "rule b {\n\tindirect = no\n\taction = accept\n}\n");
	const struct pst_rule *rule = config->rules.items;

	(void)state;
	assert_int_equal(config->rules.count, 2);
	assert_string_equal(rule->title, "one $ two");
	assert_int_equal(rule->line, 1);
	assert_int_equal(rule->written[PST_RULE_CLIENT].line, 2);
	assert_int_equal(rule->client.count, 2);
	assert_int_equal(rule->written[PST_RULE_ACTION].line, 4);
	assert_int_equal(rule->action, PST_ACTION_REJECT);
	assert_int_equal(rule->written[PST_RULE_SPF].line, 0);
	assert_string_equal(rule->reply, "no");
	assert_null(rule->comment);
	assert_string_equal(rule[1].title, "b");
	assert_int_equal(rule[1].line, 8);
	assert_false(rule[1].indirect);
	assert_int_equal(config->mode, PST_MODE_MONITOR);
	pst_config_unref(config);
}

/* A list file is read once, when the configuration is loaded. */
static void
test_network_file(void **state)
{
	static const char *const addresses[] = {"192.0.2.7", "2001:db8::1"};
	char list[160], text[640];

	(void)state;
	(void)snprintf(list, sizeof(list), "%s/nets", config_dir);
	(void)snprintf(text, sizeof(text),
	    "trusted-networks += {\"@%s\"}\nrelays = {\"@%s\"}\n"
	    "forwarders = {\"@%s\"}\n",
	    list, list, list);
	FOR_ROWS(i, addresses, addresses[i]) {
		FILE *out = fopen(list, "w");
		struct pst_config *config;

		assert_non_null(out);
		assert_true(fprintf(out, "# ours\n%s\n", addresses[i]) > 0);
		assert_int_equal(fclose(out), 0);
		config = config_must_load(text);
		for (size_t j = 0; j < PST_COUNT(addresses); j++) {
			struct pst_ip ip;

			assert_true(pst_ip_parse(pst_str(addresses[j]), &ip));
			assert_int_equal(
			    pst_net_set_has(&config->trusted_networks.set, &ip),
			    i == j);
			assert_int_equal(
			    pst_net_set_has(&config->relays.set, &ip), i == j);
			assert_int_equal(
			    pst_net_set_has(&config->forwarders.set, &ip),
			    i == j);
		}
		pst_config_unref(config);
	}
	assert_int_equal(unlink(list), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_bad_rules),
	    cmocka_unit_test(test_good_rules),
	    cmocka_unit_test(test_network_file),
	};

	return cmocka_run_group_tests(tests, config_begin, config_end);
}
