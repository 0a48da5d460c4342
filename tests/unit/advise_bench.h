/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TESTS_UNIT_ADVISE_BENCH_H
#define PST_TESTS_UNIT_ADVISE_BENCH_H

/* Evidence for tests of advice: mail of sources, a zone, and what is advised. */

#include "base/day.h"
#include "dns/zone.h"
#include "survey/advise.h"

#define NOW (INT64_C(20000) * PST_DAY_SECONDS + 43200)

/* Mail from one source on some days, counted back from today. */
struct flow {
	const char *ip, *receivers, *auth, *reasons;
	unsigned first, last, each; /* days; 0: the list ends */
	int64_t messages;
	bool dkim, spf;
};

struct bench {
	struct pst_arena *arena;
	struct pst_resolver *resolver;
	struct pst_clock clock;
	struct pst_world world;
	struct pst_advise_input input;
	struct pst_source_marks marks;
	struct pst_source_mark mark;
	struct pst_advise *advise;
	struct pst_advice advice;
};

#define SPF                                                                    \
	"example.com. TXT \"v=spf1 ip4:192.0.2.1 ip4:198.51.100.0/24 -all\"\n"
#define DMARC(p)                                                               \
	"_dmarc.example.com. TXT \"v=DMARC1; p=" p                             \
	"; rua=mailto:d@e.example\"\n"
#define ZONE SPF DMARC("none")
#define OWN                                                                    \
	{                                                                      \
		"192.0.2.1", "a b", "", "", 1, 28, 1, 20, true, true           \
	}

static void
begin(struct bench *b, const char *zone)
{
	const struct pst_dns_limits limits = {
	    PST_ADVISE_QUERIES, 1000, 16384, 0};
	struct pst_err err = {""};

	*b = (struct bench){.arena = pst_arena_new()};
	b->clock = pst_clock_manual(NOW);
	b->resolver = pst_zone_parse(zone, strlen(zone), "zone", &err);
	if (b->resolver == NULL)
		fail_msg("%s", err.text);
	b->world = (struct pst_world){.arena = b->arena, .eager = true};
	b->world.dns = pst_dns_open(b->arena, b->resolver, &b->clock, limits);
	b->input = (struct pst_advise_input){"example.com", NOW, 30, &b->marks};
}

static void
feed(struct bench *b, const struct flow *flow, const char *from)
{
	for (unsigned day = flow->first; day <= flow->last; day += flow->each) {
		int64_t begin_s = pst_day_begin(pst_day_of(NOW) - day);
		struct pst_str rest = pst_str(flow->receivers), receiver;
		bool more = true;
		struct pst_query_source row = {.ip = pst_str(flow->ip),
		    .header_from = pst_str(from),
		    .authenticated = pst_str(flow->auth),
		    .reasons = pst_str(flow->reasons),
		    .messages = flow->messages,
		    .dkim = flow->dkim,
		    .spf = flow->spf,
		    .disposition = PST_STR("none"),
		    .begin_s = begin_s,
		    .end_s = begin_s + PST_DAY_SECONDS - 1};

		while (pst_str_split(&rest, ' ', &receiver, &more)) {
			row.receiver = receiver;
			assert_true(strcmp(from, "example.com") == 0 ?
				pst_advise_take(b->advise, &row) :
				pst_advise_take_other(b->advise, &row));
		}
	}
}

static void
finish(struct bench *b)
{
	while (!pst_advise_ask(&b->world, b->advise))
		assert_true(pst_dns_wait(b->world.dns, INT64_MAX));
	pst_advise_end(b->advise, &b->advice);
}

static void
end(struct bench *b)
{
	pst_arena_free(b->arena);
	pst_resolver_free(b->resolver);
}

#endif
