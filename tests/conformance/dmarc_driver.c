/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Prints the library's result for one input, as lines "key value", for
 * run-dmarc:
 *	dmarc_driver record < HEX
 *	dmarc_driver from < HEX-LINES          one line for each From field
 *	dmarc_driver walk ZONE lazy|eager DOMAIN
 *	dmarc_driver check ZONE lazy|eager DOMAIN [spf|dkim RESULT DOMAIN]...
 */

#include <stdio.h>
#include <stdlib.h>

#include "auth/dmarc.h"
#include "base/buf.h"
#include "dns/zone.h"

#define MAX_INPUT 65536
#define MAX_VALUES 64
#define MAX_SIGS 16

struct bench {
	struct pst_arena *arena;
	struct pst_resolver *zone;
	struct pst_clock clock;
	struct pst_world world;
};

static int
fail(const char *text)
{
	(void)fprintf(stderr, "dmarc_driver: %s\n", text);
	return 2;
}

static void
print_text(struct pst_arena *arena, const char *key, const char *value)
{
	(void)printf("%s %s\n", key,
	    value == NULL ? "-" : pst_escaped(arena, pst_str(value)));
}

/* Reads a line of hex digits as octets; false at the end of the input. */
static bool
read_hex_line(struct pst_arena *arena, struct pst_str *out)
{
	static char line[MAX_INPUT * 2 + 2];
	char *octets;
	size_t len;

	if (fgets(line, sizeof(line), stdin) == NULL)
		return false;
	len = strspn(line, "0123456789abcdef") / 2;
	octets = pst_arena_alloc(arena, len + 1);
	for (size_t i = 0; i < len; i++) {
		char pair[3] = {line[2 * i], line[2 * i + 1], '\0'};

		octets[i] = (char)strtoul(pair, NULL, 16);
	}
	*out = (struct pst_str){octets, len};
	return true;
}

static int
show_record(struct pst_arena *arena)
{
	struct pst_dmarc_record record;
	struct pst_str text;

	if (!read_hex_line(arena, &text))
		return fail("no input");
	if (!pst_dmarc_record_parse(arena, text, &record)) {
		(void)printf("counts no\n");
		return 0;
	}
	(void)printf("counts yes\n");
	(void)printf("repeated %d\n", record.repeated_tag);
	(void)printf("usable %d\n", record.usable_policy);
	(void)printf("limited %d\n", record.limited);
	(void)printf("p %s\n", pst_dmarc_policy_word(record.p));
	(void)printf("sp %s\n", pst_dmarc_policy_word(record.sp));
	(void)printf("np %s\n", pst_dmarc_policy_word(record.np));
	(void)printf("adkim %s\n", record.adkim_strict ? "s" : "r");
	(void)printf("aspf %s\n", record.aspf_strict ? "s" : "r");
	(void)printf("fo %s\n", record.fo);
	(void)printf("psd %s\n", pst_dmarc_psd_word(record.psd));
	(void)printf("t %s\n", record.test ? "y" : "n");
	for (size_t i = 0; i < record.rua_count; i++)
		print_text(arena, "rua", record.rua[i]);
	for (size_t i = 0; i < record.ruf_count; i++)
		print_text(arena, "ruf", record.ruf[i]);
	return 0;
}

static int
show_from(struct pst_arena *arena)
{
	struct pst_str values[MAX_VALUES];
	struct pst_from from;
	size_t count = 0;

	while (count < MAX_VALUES && read_hex_line(arena, &values[count]))
		count++;
	pst_from_parse(arena, values, count, &from);
	(void)printf("verdict %s\n", pst_from_verdict_word(from.verdict));
	for (size_t i = 0; i < from.domain_count; i++)
		print_text(arena, "domain", from.domains[i]);
	return 0;
}

/* Waits for the next answer; gives up if the resolver stays silent. */
static void
wait_answer(struct bench *bench)
{
	if (!pst_dns_wait(bench->world.dns, INT64_MAX))
		pst_dns_expire(bench->world.dns, PST_DNS_TIMEOUT);
}

static void
show_queries(const struct bench *bench)
{
	const struct pst_dns *dns = bench->world.dns;

	for (size_t i = 0; i < pst_dns_count(dns); i++) {
		const struct pst_dns_entry *entry = pst_dns_at(dns, i);

		(void)printf("query %s %s\n", entry->name,
		    pst_dns_type_word(entry->type));
	}
}

static int
show_walk(struct bench *bench, const char *domain)
{
	struct pst_walk walk;

	while (!pst_walk_check(&bench->world, domain, &walk))
		wait_answer(bench);
	(void)printf("temperror %d\n", walk.temperror);
	print_text(bench->arena, "org_domain", walk.org_domain);
	show_queries(bench);
	return 0;
}

static void
show_verdict(struct pst_arena *arena, const struct pst_dmarc *verdict)
{
	static const char *const sources[] = {
	    [PST_DMARC_FROM_NOWHERE] = "none",
	    [PST_DMARC_FROM_AUTHOR] = "author",
	    [PST_DMARC_FROM_ORG] = "org",
	    [PST_DMARC_FROM_PSD] = "psd",
	};

	(void)printf("result %s\n", pst_result_word(verdict->result));
	print_text(arena, "policy_domain", verdict->policy_domain);
	print_text(arena, "org_domain", verdict->org_domain);
	(void)printf("source %s\n", sources[verdict->source]);
	print_text(arena, "tag", verdict->tag);
	(void)printf("policy %s\n", pst_dmarc_policy_word(verdict->published));
	(void)printf(
	    "effective %s\n", pst_dmarc_policy_word(verdict->effective));
	(void)printf("spf_aligned %d\n", verdict->spf_aligned);
	(void)printf("dkim_aligned %d\n", verdict->dkim_aligned);
	print_text(arena, "fault", verdict->fault);
}

static bool
read_result(const char *word, enum pst_result *out)
{
	for (*out = PST_RESULT_NONE; *out <= PST_RESULT_POLICY; (*out)++) {
		if (strcmp(pst_result_word(*out), word) == 0)
			return true;
	}
	return false;
}

static int
show_check(struct bench *bench, const char *domain, int argc, char **argv)
{
	const struct pst_dmarc_config config = {.accept_test_keys = true};
	const char *domains[] = {domain};
	const struct pst_from from = {
	    .verdict = PST_FROM_SINGLE, .domains = domains, .domain_count = 1};
	struct pst_dkim_sig sigs[MAX_SIGS] = {{.checked = false}};
	struct pst_dkim dkim = {.sigs = sigs};
	struct pst_spf spf = {.result = PST_RESULT_NONE};
	struct pst_dmarc verdict;

	for (; argc >= 3; argc -= 3, argv += 3) {
		enum pst_result result;

		if (!read_result(argv[1], &result))
			return fail("unknown result word");
		if (strcmp(argv[0], "spf") == 0) {
			spf.result = result;
			spf.domain = argv[2];
		} else if (dkim.count < MAX_SIGS) {
			sigs[dkim.count].checked = true;
			sigs[dkim.count].result = result;
			sigs[dkim.count++].domain = argv[2];
		}
	}
	while (!pst_dmarc_check(
	    &bench->world, &config, &from, &spf, &dkim, &verdict))
		wait_answer(bench);
	show_verdict(bench->arena, &verdict);
	show_queries(bench);
	return 0;
}

static int
with_zone(struct pst_arena *arena, int argc, char **argv)
{
	const struct pst_dns_limits limits = {
	    .max_queries = 150, .query_ms = 5000, .max_txt_bytes = 16384};
	struct pst_err err;
	struct bench bench = {
	    .arena = arena, .zone = pst_zone_load(argv[2], &err)};
	int status;

	if (bench.zone == NULL)
		return fail(err.text);
	bench.clock = pst_clock_manual(1700000000);
	bench.world = (struct pst_world){
	    .arena = arena,
	    .dns = pst_dns_open(arena, bench.zone, &bench.clock, limits),
	    .now_epoch = 1700000000,
	    .eager = strcmp(argv[3], "eager") == 0,
	};
	if (strcmp(argv[1], "walk") == 0)
		status = show_walk(&bench, argv[4]);
	else
		status = show_check(&bench, argv[4], argc - 5, argv + 5);
	/* world.dns is in the arena, and must close before its resolver. */
	pst_arena_rewind(arena, (struct pst_arena_mark){NULL, 0, NULL});
	pst_resolver_free(bench.zone);
	return status;
}

int
main(int argc, char **argv)
{
	struct pst_arena *arena = pst_arena_new();
	int status;

	if (argc == 2 && strcmp(argv[1], "record") == 0)
		status = show_record(arena);
	else if (argc == 2 && strcmp(argv[1], "from") == 0)
		status = show_from(arena);
	else if (argc >= 5)
		status = with_zone(arena, argc, argv);
	else
		status = fail("usage: see the source");
	pst_arena_free(arena);
	return status;
}
