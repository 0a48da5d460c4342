/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Surveys domains of a zone, for run-agreement:
 *	survey_driver ZONE < LINES
 * A line is "key DOMAIN SELECTOR" or "policy DOMAIN". For each there are lines
 * "finding SEVERITY NAME AT"; then for a key "verifier ALGORITHM REASON" for
 * each algorithm ("-": a signature can be verified with it), and for a policy
 * "policy domain|sub|none POLICY". A line "." ends the answer.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/dkim_key.h"
#include "auth/dkim_why.h"
#include "base/domain.h"
#include "dns/zone.h"
#include "survey/survey.h"

#define MIN_KEY_BITS 1024 /* the default of posternd */

struct driver {
	struct pst_arena *arena;
	struct pst_resolver *zone;
	struct pst_clock clock;
	struct pst_world world;
};

static int
fail(const char *text)
{
	(void)fprintf(stderr, "survey_driver: %s\n", text);
	return 2;
}

static void
wait_answer(struct driver *driver)
{
	if (!pst_dns_wait(driver->world.dns, INT64_MAX))
		pst_dns_expire(driver->world.dns, PST_DNS_TIMEOUT);
}

static void
survey(struct driver *driver, const struct pst_survey_input *input,
    struct pst_survey *out)
{
	while (!pst_survey_check(&driver->world, input, out))
		wait_answer(driver);
}

static void
print_findings(const struct pst_survey *survey, enum pst_finding_topic topic)
{
	for (size_t i = 0; i < survey->findings.count; i++) {
		const struct pst_finding *finding = &survey->findings.items[i];

		if (finding->info->topic == topic)
			(void)printf("finding %s %s %s\n",
			    pst_severity_word(finding->info->severity),
			    finding->info->name, finding->at);
	}
}

/* What the verifier makes of the same answer. */
static void
print_verifier(struct driver *driver, const char *domain, const char *selector)
{
	static const enum pst_dkim_algorithm algorithms[] = {
	    PST_DKIM_RSA_SHA256, PST_DKIM_ED25519_SHA256};
	const char *name = pst_arena_printf(
	    driver->arena, "%s._domainkey.%s", selector, domain);
	const struct pst_dns_entry *entry = pst_world_ask(
	    &driver->world, PST_DNS_KEY, pst_str(name), PST_DNS_TXT);

	while (entry->answer == NULL)
		wait_answer(driver);
	for (size_t i = 0; i < PST_COUNT(algorithms); i++) {
		struct pst_dkim_key key;

		pst_dkim_key_choose(driver->arena, entry->answer, algorithms[i],
		    MIN_KEY_BITS, &key);
		(void)printf("verifier %s %s\n",
		    pst_dkim_key_type(algorithms[i]),
		    key.record != NULL ? "-" : pst_dkim_why_word(key.why));
	}
}

static int
show_key(struct driver *driver, const char *domain, const char *selector)
{
	const char *selectors[] = {selector};
	const struct pst_survey_input input = {.domain = domain,
	    .selectors = selectors,
	    .selector_count = 1,
	    .only_given = true,
	    .max_voids = 2};
	struct pst_survey out;

	survey(driver, &input, &out);
	print_findings(&out, PST_TOPIC_DKIM);
	print_verifier(driver, domain, selector);
	return 0;
}

static int
show_policy(struct driver *driver, const char *domain)
{
	static const char *const who[] = {"domain", "sub", "none"};
	const struct pst_survey_input input = {
	    .domain = domain, .only_given = true, .max_voids = 2};
	struct pst_survey out;

	survey(driver, &input, &out);
	print_findings(&out, PST_TOPIC_DMARC);
	for (size_t i = 0; i < PST_COUNT(who); i++)
		(void)printf(
		    "policy %s %s\n", who[i], out.dmarc.policies[i].policy);
	return 0;
}

static int
answer(struct driver *driver, char *line)
{
	char *word = strchr(line, ' '), *second;
	const char *domain;

	line[strcspn(line, "\n")] = '\0';
	if (word == NULL)
		return fail("a line has no domain");
	*word++ = '\0';
	second = strchr(word, ' ');
	if (second != NULL)
		*second++ = '\0';
	domain = pst_domain_normalize(driver->arena, pst_str(word));
	if (domain == NULL)
		return fail("a domain is not valid");
	if (strcmp(line, "key") == 0 && second != NULL)
		return show_key(driver, domain, second);
	if (strcmp(line, "policy") == 0 && second == NULL)
		return show_policy(driver, domain);
	return fail("unknown line");
}

static int
run(struct pst_resolver *zone)
{
	const struct pst_dns_limits limits = {
	    PST_SURVEY_QUERIES, 5000, 16384, 0};
	char line[1024];
	int status = 0;

	while (status == 0 && fgets(line, sizeof(line), stdin) != NULL) {
		struct driver driver = {.arena = pst_arena_new(), .zone = zone};

		driver.clock = pst_clock_manual(1700000000);
		driver.world = (struct pst_world){
		    .arena = driver.arena,
		    .dns =
			pst_dns_open(driver.arena, zone, &driver.clock, limits),
		    .now_epoch = 1700000000,
		    .eager = true,
		};
		status = answer(&driver, line);
		(void)puts(".");
		pst_arena_free(driver.arena);
	}
	return status;
}

int
main(int argc, char **argv)
{
	struct pst_resolver *zone;
	struct pst_err err;
	int status;

	if (argc != 2)
		return fail("usage: survey_driver ZONE <LINES");
	zone = pst_zone_load(argv[1], &err);
	if (zone == NULL)
		return fail(err.text);
	status = run(zone);
	pst_resolver_free(zone);
	return status;
}
