/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What entries "spf:" cost a message: five lists with 100,000 networks in all are
 * asked about clients of which half are in one of them.
 *
 * usage: networks
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/macros.h"
#include "core/spf_lists.h"

#define LISTS 5
#define NETWORKS 20000
#define ROUNDS 1000000

/* Networks of /30 with a gap after each, so that none are joined. */
static struct pst_ip
address(unsigned list, unsigned network, unsigned host)
{
	uint32_t number =
	    UINT32_C(0x0b000000) + (list * NETWORKS + network) * 8 + host;
	const uint8_t octets[4] = {(uint8_t)(number >> 24),
	    (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number};

	return pst_ip_v4(octets);
}

static struct pst_spf_list *
make_list(const char *name, unsigned index)
{
	struct pst_spf_list *list = pst_spf_list_new(name);
	static struct pst_net nets[NETWORKS];

	for (unsigned i = 0; i < NETWORKS; i++)
		nets[i] = (struct pst_net){address(index, i, 0), 30};
	pst_spf_list_set_nets(list, nets, NETWORKS);
	list->found_s = pst_clock_epoch(&pst_clock_system);
	list->ttl_s = 3600;
	return list;
}

int
main(void)
{
	static const char *names[LISTS] = {
	    "a.example", "b.example", "c.example", "d.example", "e.example"};
	const struct pst_texts texts = {names, LISTS};
	struct pst_spf_lists *lists = pst_spf_lists_new(&pst_clock_system);
	struct pst_arena *arena = pst_arena_new();
	struct pst_arena_mark empty = pst_arena_mark(arena);
	uint64_t held = 0;
	clock_t begun;
	uint32_t seed = 1;

	pst_spf_lists_set_names(lists, &texts);
	for (unsigned i = 0; i < LISTS; i++)
		pst_spf_lists_put(lists, make_list(names[i], i));
	begun = clock();
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct pst_client_nets nets;
		struct pst_ip client;

		seed = seed * UINT32_C(1664525) + UINT32_C(1013904223);
		client = address(
		    (seed >> 8) % LISTS, (seed >> 11) % NETWORKS, seed >> 29);
		nets = pst_spf_lists_ask(lists, arena, &texts, &client);
		for (size_t k = 0; k < nets.count; k++)
			held += nets.items[k].held == PST_HELD_YES;
		pst_arena_rewind(arena, empty);
	}
	printf("%d networks in %d lists: %.0f ns of CPU a message, %" PRIu64
	       " of %d clients are in one\n",
	    LISTS * NETWORKS, LISTS,
	    1e9 * (double)(clock() - begun) / CLOCKS_PER_SEC / ROUNDS, held,
	    ROUNDS);
	pst_arena_free(arena);
	pst_spf_lists_free(lists);
	return held > 0 ? 0 : 1;
}
