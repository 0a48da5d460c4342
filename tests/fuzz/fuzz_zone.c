/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Zone files. If the first line begins with "?", it is a name to query with
 * every type; the rest is the zone.
 */

#include <stdlib.h>

#include "base/macros.h"
#include "dns/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
ask(struct pst_resolver *zone, struct pst_str name)
{
	static const enum pst_dns_type types[] = {PST_DNS_A, PST_DNS_PTR,
	    PST_DNS_MX, PST_DNS_TXT, PST_DNS_AAAA, PST_DNS_CNAME};
	struct pst_dns_limits limits = {6, 1000, 500, 0};
	struct pst_clock clock = pst_clock_manual(1000);
	struct pst_arena *arena = pst_arena_new();
	struct pst_dns *dns = pst_dns_open(arena, zone, &clock, limits);

	for (size_t i = 0; i < PST_COUNT(types); i++)
		(void)pst_dns_ask(dns, pst_dns_nobody, name, types[i]);
	while (pst_dns_wait(dns, INT64_MAX))
		;
	for (size_t i = 0; i < pst_dns_count(dns); i++) {
		if (pst_dns_at(dns, i)->answer == NULL)
			abort();
	}
	pst_arena_free(arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pst_str text = {(const char *)data, size};
	struct pst_str name = PST_STR("a.example");
	struct pst_err err = {0};
	struct pst_resolver *zone;

	if (pst_str_starts(text, PST_STR("?"))) {
		size_t end = pst_str_find(text, '\n');

		name = pst_str_from(pst_str_first(text, end), 1);
		text = pst_str_from(text, end + 1);
	}
	if (text.len == 0)
		return 0;
	zone = pst_zone_parse(text.ptr, text.len, "fuzz", &err);
	if (zone == NULL && err.text[0] == '\0')
		abort();
	if (zone != NULL)
		ask(zone, name);
	pst_resolver_free(zone);
	return 0;
}
