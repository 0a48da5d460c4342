/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Runs pst_spf_check() on a zone, for run-spf:
 *	spf_driver ZONE CASES [eager]
 * Each line of CASES is name, client address, HELO and sender, separated by
 * tabs. The sender is passed to check_host() as it is, so it need not be a
 * valid mailbox. Each line of the output is name, result and explanation ("-":
 * none). The program fails if the result differs from that in the trace.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/spf.h"
#include "base/domain.h"
#include "dns/zone.h"

#define FIELDS 4

static struct pst_path
sender_path(struct pst_arena *arena, struct pst_str sender)
{
	struct pst_path path = {.valid = true};
	size_t at = pst_str_rfind(sender, '@');

	if (sender.len == 0) {
		path.null = true;
		return path;
	}
	if (at == sender.len)
		return (struct pst_path){.valid = false};
	path.local = pst_str_first(sender, at);
	path.domain = pst_domain_normalize(arena, pst_str_from(sender, at + 1));
	return path;
}

static void
run_case(
    struct pst_resolver *resolver, struct pst_str fields[FIELDS], bool eager)
{
	struct pst_clock clock = pst_clock_manual(1700000000);
	struct pst_arena *arena = pst_arena_new();
	struct pst_world world = {.arena = arena, .eager = eager};
	struct pst_spf_input input = {.max_voids = 2,
	    .receiver = "receiver.example.com",
	    .default_explanation = "DEFAULT",
	    .want_explanation = true,
	    .want_trace = true};
	struct pst_spf spf;

	if (!pst_ip_parse(fields[1], &input.client)) {
		(void)fprintf(stderr, "spf_driver: bad address\n");
		exit(2);
	}
	world.now_epoch = pst_clock_epoch(&clock);
	world.dns = pst_dns_open(arena, resolver, &clock,
	    (struct pst_dns_limits){
		.max_queries = 150, .query_ms = 5000, .max_txt_bytes = 65535});
	input.helo = fields[2];
	input.mail_from = sender_path(arena, fields[3]);
	while (!pst_spf_check(&world, &input, &spf))
		(void)pst_dns_wait(world.dns, pst_clock_ms(&clock) + 60000);

	if (spf.trace_count > 0 && spf.trace[0].result != spf.result) {
		(void)fprintf(stderr, "spf_driver: %.*s: trace says %s\n",
		    PST_STR_ARG(fields[0]),
		    pst_result_word(spf.trace[0].result));
		exit(2);
	}
	(void)printf("%.*s\t%s\t%s\n", PST_STR_ARG(fields[0]),
	    pst_result_word(spf.result),
	    spf.explanation == NULL ? "-" : spf.explanation);
	pst_arena_free(arena);
}

int
main(int argc, char **argv)
{
	struct pst_err err;
	struct pst_resolver *resolver;
	char line[4096];
	FILE *cases;

	if (argc < 3) {
		(void)fprintf(stderr, "usage: spf_driver ZONE CASES [eager]\n");
		return 2;
	}
	pst_spf_init();
	resolver = pst_zone_load(argv[1], &err);
	cases = fopen(argv[2], "r");
	if (resolver == NULL || cases == NULL) {
		(void)fprintf(stderr, "spf_driver: %s\n",
		    resolver == NULL ? err.text : argv[2]);
		return 2;
	}
	while (fgets(line, sizeof(line), cases) != NULL) {
		struct pst_str rest = pst_str(line);
		struct pst_str fields[FIELDS] = {{NULL, 0}};
		bool more = true;

		rest.len -= rest.len > 0 && rest.ptr[rest.len - 1] == '\n';
		for (size_t i = 0; i < FIELDS; i++)
			(void)pst_str_split(&rest, '\t', &fields[i], &more);
		run_case(resolver, fields, argc > 3);
	}
	(void)fclose(cases);
	pst_resolver_free(resolver);
	return 0;
}
