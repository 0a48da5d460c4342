/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/config_networks.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "config/spf_names.h"
#include "core/spf_file.h"

struct shown {
	struct pst_spf_list *lists[PST_SPF_NAMES_MAX];
	size_t count;
};

static void
take(void *arg, struct pst_spf_list *list)
{
	struct shown *shown = arg;

	shown->lists[shown->count++] = list;
}

static const struct pst_spf_list *
find(const struct shown *shown, const char *name)
{
	for (size_t i = 0; i < shown->count; i++)
		if (strcmp(shown->lists[i]->name, name) == 0)
			return shown->lists[i];
	return NULL;
}

static const char *
age_text(struct pst_arena *arena, int64_t found_s)
{
	int64_t age_s = pst_clock_epoch(&pst_clock_system) - found_s;

	if (age_s < 0)
		age_s = 0;
	if (age_s < 120)
		return pst_arena_printf(arena, "%" PRId64 " s", age_s);
	if (age_s < 7200)
		return pst_arena_printf(arena, "%" PRId64 " min", age_s / 60);
	return pst_arena_printf(arena, "%" PRId64 " h", age_s / 3600);
}

static void
show(const struct pst_spf_list *list, const char *name, struct pst_arena *arena)
{
	if (list == NULL) {
		printf("# spf:%s: posternd has found no networks\n", name);
		return;
	}
	printf("# spf:%s: %zu networks, found %s ago%s%s\n", name,
	    list->nets.count, age_text(arena, list->found_s),
	    list->left_out[0] == '\0' ? "" : "; left out: ", list->left_out);
}

void
pst_config_show_networks(
    const struct pst_config *config, struct pst_arena *arena)
{
	struct shown shown = {.count = 0};
	struct pst_err err;

	if (config->spf_names.count == 0)
		return;
	puts("# Every tenant of a provider sends from its networks.");
	if (!pst_spf_file_read(
		config, (struct pst_spf_taker){take, &shown}, &err))
		printf("# %s\n", err.text);
	for (size_t i = 0; i < config->spf_names.count; i++)
		show(find(&shown, config->spf_names.items[i]),
		    config->spf_names.items[i], arena);
	for (size_t i = 0; i < shown.count; i++)
		pst_spf_list_unref(shown.lists[i]);
}
