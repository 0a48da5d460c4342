/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/client_nets.h"

#include <string.h>

#include "core/print.h"

#define MAX_TEXT 2048

const struct pst_client_net *
pst_client_nets_find(struct pst_client_nets known, const char *name)
{
	for (size_t i = 0; i < known.count; i++)
		if (strcmp(known.items[i].name, name) == 0)
			return &known.items[i];
	return NULL;
}

enum pst_held
pst_client_nets_held(const struct pst_net_set *set, const struct pst_ip *client,
    struct pst_client_nets known)
{
	enum pst_held held = PST_HELD_NO;

	if (pst_net_set_has(set, client))
		return PST_HELD_YES;
	for (size_t i = 0; i < set->spf_count; i++) {
		const struct pst_client_net *net =
		    pst_client_nets_find(known, set->spf[i]);

		if (net != NULL && net->held == PST_HELD_YES)
			return PST_HELD_YES;
		if (net == NULL || net->held == PST_HELD_UNKNOWN)
			held = PST_HELD_UNKNOWN;
	}
	return held;
}

const char *
pst_client_nets_text(struct pst_arena *arena, struct pst_client_nets known)
{
	struct pst_print_list list = {0};
	size_t count = 0;
	struct pst_buf buf;

	pst_buf_init(&buf, arena, MAX_TEXT);
	for (size_t i = 0; i < known.count; i++) {
		const struct pst_client_net *net = &known.items[i];

		if (net->held == PST_HELD_NO)
			continue;
		if (pst_print_list_fits(&list, strlen(net->name) + 10))
			pst_buf_printf(&buf, "%s%s%s", count == 0 ? "" : ",",
			    net->name,
			    net->held == PST_HELD_UNKNOWN ? "(unknown)" : "");
		count++;
	}
	if (count == 0)
		return NULL;
	pst_print_list_end(&buf, &list, count);
	return pst_buf_str(&buf);
}

bool
pst_client_nets_are_unsure(struct pst_client_nets known)
{
	for (size_t i = 0; i < known.count; i++)
		if (known.items[i].held == PST_HELD_UNKNOWN)
			return true;
	return false;
}
