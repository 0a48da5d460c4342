/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/desk_fixture.h"

#include "base/domain.h"
#include "dns/zone.h"
#include "survey/dkim_text.h"
#include "survey/dmarc_text.h"
#include "survey/spf_tree.h"

const char desk_zone[] =
    "$ORIGIN example.com.\n"
    "@ 300 IN MX 10 mx\n"
    "@ 300 IN A 192.0.2.1\n"
    "mx 300 IN A 192.0.2.1\n"
    "mail 300 IN A 192.0.2.2\n"
    "p.test. 300 IN TXT \"v=spf1 ip4:198.51.100.0/24 -all\"\n"
    "parked.test. 300 IN TXT \"v=spf1 -all\"\n"
    "wide.test. 300 IN TXT \"v=spf1 +all\"\n"
    ";! servfail fails.test\n";

void
desk_add(struct desk_texts *texts, struct pst_str text)
{
	assert_true(texts->count < DESK_MAX_TEXTS);
	texts->items[texts->count++] = text;
}

void
desk_read(struct pst_arena *arena, struct desk *desk, struct pst_str name,
    struct desk_texts *out)
{
	const struct pst_dns_limits limits = {10, 1000, 16384, 0};
	struct pst_clock clock = pst_clock_manual(0);
	struct pst_world world = {.arena = arena};
	const struct pst_dns_entry *entry;

	world.dns = pst_dns_open(arena, desk->zone, &clock, limits);
	entry = pst_world_ask(&world, PST_DNS_OTHER, name, PST_DNS_TXT);
	while (entry->answer == NULL)
		if (!pst_dns_wait(world.dns, INT64_MAX))
			pst_dns_expire(world.dns, PST_DNS_TIMEOUT);
	for (size_t i = 0; i < entry->answer->count; i++)
		desk_add(out, entry->answer->records[i].data);
}

static bool
is_of_topic(struct pst_str text, enum pst_finding_topic topic)
{
	if (topic == PST_TOPIC_SPF)
		return pst_spf_is_record(text) || pst_spf_text_is_meant(text);
	return topic == PST_TOPIC_DMARC ? pst_dmarc_text_is_meant(text) :
					  pst_dkim_text_is_meant(text);
}

/* Does what the proposal says: new records, without those that they replace. */
static void
publish(
    const struct pst_survey *survey, const char *name, struct desk_texts *texts)
{
	for (size_t c = 0; c < survey->correction_count; c++) {
		const struct pst_correction *correction =
		    &survey->corrections[c];
		bool is_owner = pst_domain_eq(correction->owner, name);
		size_t kept = 0;

		/* another selector or another domain is not meant */
		if (!is_owner &&
		    (correction->topic == PST_TOPIC_SPF ||
			strstr(correction->changes, name) == NULL))
			continue;
		for (size_t i = 0; i < texts->count; i++)
			if (!is_of_topic(texts->items[i], correction->topic))
				texts->items[kept++] = texts->items[i];
		texts->count = kept;
		texts->changed = true;
		if (is_owner)
			desk_add(texts, pst_str(correction->text));
	}
}

static void
answer(struct pst_dns_job *job, const struct desk_texts *texts)
{
	enum pst_dns_status status =
	    texts->count > 0 ? PST_DNS_OK : PST_DNS_NODATA;
	struct pst_dns_answer *out;
	size_t len = 0;

	for (size_t i = 0; i < texts->count; i++)
		len += texts->items[i].len + 1;
	out = pst_dns_answer_new(status, 60, texts->count, len);
	for (size_t i = 0; i < texts->count; i++)
		pst_dns_answer_add(
		    out, &(struct pst_dns_record){.data = texts->items[i]});
	pst_dns_job_complete(job, out, 0);
}

static void
desk_ask(struct pst_resolver *resolver, struct pst_dns_job *job)
{
	struct desk *desk = (struct desk *)(void *)resolver;
	struct pst_arena *arena = pst_arena_new();
	struct desk_texts texts = {.count = 0};
	struct pst_str slice = pst_dns_job_name(job);
	const char *name = pst_arena_memdup(arena, slice.ptr, slice.len);

	if (pst_dns_job_type(job) == PST_DNS_TXT) {
		for (size_t i = 0; i < desk->fixed_count; i++) {
			if (!pst_domain_eq(desk->fixed[i].name, name))
				continue;
			texts.changed = true;
			for (size_t t = 0; t < 2; t++)
				if (desk->fixed[i].texts[t].ptr != NULL)
					desk_add(
					    &texts, desk->fixed[i].texts[t]);
		}
		if (!texts.changed)
			desk_read(arena, desk, slice, &texts);
		if (desk->proposal != NULL)
			publish(desk->proposal, name, &texts);
	}
	if (texts.changed)
		answer(job, &texts);
	else
		desk->zone->ask(desk->zone, job);
	pst_arena_free(arena);
}

static void
desk_free(struct pst_resolver *resolver)
{
	struct desk *desk = (struct desk *)(void *)resolver;

	pst_resolver_free(desk->zone);
}

void
desk_open(struct desk *desk, const char *zone)
{
	struct pst_err err = {""};

	*desk = (struct desk){.resolver = {.ask = desk_ask, .free = desk_free}};
	desk->zone = pst_zone_parse(zone, strlen(zone), "zone", &err);
	if (desk->zone == NULL)
		fail_msg("%s", err.text);
}

void
desk_close(struct desk *desk)
{
	desk_free(&desk->resolver);
}

void
desk_fix(struct desk *desk, const char *name, struct pst_str text)
{
	desk->fixed[desk->fixed_count].name = name;
	desk->fixed[desk->fixed_count++].texts[0] = text;
}

void
desk_survey(struct pst_arena *arena, struct desk *desk, const char *domain,
    const char *selector, struct pst_survey *out)
{
	const struct pst_dns_limits limits = {
	    PST_SURVEY_QUERIES, 1000, 16384, 0};
	const char *selectors[] = {selector == NULL ? "s1" : selector};
	const struct pst_survey_input input = {.domain = domain,
	    .selectors = selectors,
	    .selector_count = selector == NULL ? 0 : 1,
	    .only_given = selector != NULL,
	    .max_voids = 2};
	struct pst_clock clock = pst_clock_manual(0);
	struct pst_world world = {.arena = arena, .eager = true};

	world.dns = pst_dns_open(arena, &desk->resolver, &clock, limits);
	while (!pst_survey_check(&world, &input, out))
		if (!pst_dns_wait(world.dns, INT64_MAX))
			pst_dns_expire(world.dns, PST_DNS_TIMEOUT);
}
