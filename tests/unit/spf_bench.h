/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TESTS_SPF_BENCH_H
#define PST_TESTS_SPF_BENCH_H

/* SPF evaluations on a zone, for tests of auth/spf*. Include after cmocka.h. */

#include "auth/spf.h"
#include "base/buf.h"
#include "dns/zone.h"

#define MAX_ROUNDS 100

/* One evaluation, and what is needed to inspect it afterwards. */
struct bench {
	struct pst_arena *arena;
	struct pst_clock clock;
	struct pst_resolver *resolver;
	struct pst_world world;
	struct pst_spf_input input;
	struct pst_spf spf;
	unsigned rounds; /* calls that had to wait */
};

static inline void
bench_open(struct bench *bench, const char *zone, const char *client)
{
	struct pst_err err;

	*bench = (struct bench){.arena = pst_arena_new()};
	bench->clock = pst_clock_manual(1700000000);
	bench->resolver = pst_zone_parse(zone, strlen(zone), "zone", &err);
	if (bench->resolver == NULL)
		fail_msg("%s", err.text);
	bench->world.arena = bench->arena;
	bench->world.now_epoch = 1700000000;
	bench->world.dns = pst_dns_open(bench->arena, bench->resolver,
	    &bench->clock,
	    (struct pst_dns_limits){
		.max_queries = 150, .query_ms = 5000, .max_txt_bytes = 65535});
	bench->input.max_voids = 2;
	bench->input.want_trace = true;
	bench->input.want_explanation = true;
	bench->input.helo = PST_STR("helo.example");
	assert_true(pst_ip_parse(pst_str(client), &bench->input.client));
	pst_reverse_path_parse(
	    bench->arena, PST_STR("<u@d.example>"), &bench->input.mail_from);
}

static inline void
bench_run(struct bench *bench)
{
	while (!pst_spf_check(&bench->world, &bench->input, &bench->spf) &&
	    bench->rounds < MAX_ROUNDS) {
		bench->rounds++;
		(void)pst_dns_wait(
		    bench->world.dns, pst_clock_ms(&bench->clock) + 60000);
	}
	assert_true(bench->rounds < MAX_ROUNDS);
	if (bench->spf.trace_count > 0)
		assert_int_equal(bench->spf.trace[0].result, bench->spf.result);
}

static inline void
bench_close(struct bench *bench)
{
	pst_arena_free(bench->arena);
	pst_resolver_free(bench->resolver);
}

#define D "d.example. 60 IN TXT "
#define C4 "192.0.2.1"
#define C6 "2001:db8::1"
#define REV "1.2.0.192.in-addr.arpa. 60 IN PTR "

#endif
