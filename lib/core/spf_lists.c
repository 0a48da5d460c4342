/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/spf_lists.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/thread.h"
#include "config/spf_names.h"

/*
 * A TTL may ask for less or for more: the servers of a provider are not to be
 * asked all the time, and an address that it gives up should not count for long.
 */
#define MIN_TTL_S 300
#define MAX_TTL_S 86400
#define RETRY_S 60

struct entry {
	char *name;
	struct pst_spf_list *list; /* NULL: there is none */
	bool is_empty;             /* the DNS says that there is none */
	bool is_failing;           /* the last look-up failed */
	int64_t good_ms;           /* when the list or is_empty was right */
	int64_t due_ms;
};

struct pst_spf_lists {
	const struct pst_clock *clock;
	pthread_mutex_t mutex;                   /* protects all below */
	struct entry entries[PST_SPF_NAMES_MAX]; /* sorted by name */
	size_t count;
};

struct pst_spf_list *
pst_spf_list_new(const char *name)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_spf_list *list = pst_arena_alloc(arena, sizeof(*list));

	list->arena = arena;
	atomic_init(&list->refs, 1);
	list->name = pst_arena_strdup(arena, name);
	list->left_out = "";
	return list;
}

static uint32_t
v4_number(const struct pst_ip *ip)
{
	return (uint32_t)ip->octets[0] << 24 | (uint32_t)ip->octets[1] << 16 |
	    (uint32_t)ip->octets[2] << 8 | ip->octets[3];
}

void
pst_spf_list_set_nets(
    struct pst_spf_list *list, const struct pst_net *nets, size_t count)
{
	struct pst_net *own = pst_arena_array(list->arena, count, sizeof(*own));
	const struct pst_net_set *set = &list->nets;

	if (count > 0)
		memcpy(own, nets, count * sizeof(*own));
	pst_net_set_take(&list->nets, own, count);
	list->v4_starts =
	    pst_arena_array(list->arena, set->count, sizeof(uint32_t));
	while (list->v4_count < set->count &&
	    set->nets[list->v4_count].base.family == PST_IP_V4) {
		list->v4_starts[list->v4_count] =
		    v4_number(&set->nets[list->v4_count].base);
		list->v4_count++;
	}
}

/*
 * The step does not depend on a branch that the address decides, which a
 * processor could not foresee.
 */
static bool
list_has(const struct pst_spf_list *list, const struct pst_ip *client)
{
	const uint32_t *low = list->v4_starts;
	size_t count = list->v4_count;
	uint32_t number;

	if (client->family != PST_IP_V4)
		return pst_net_set_has(&list->nets, client);
	if (count == 0)
		return false;
	number = v4_number(client);
	while (count > 1) {
		size_t half = count / 2;

		low += low[half] <= number ? half : 0;
		count -= half;
	}
	return pst_net_contains(
	    &list->nets.nets[low - list->v4_starts], client);
}

struct pst_spf_list *
pst_spf_list_ref(struct pst_spf_list *list)
{
	if (list != NULL)
		atomic_fetch_add(&list->refs, 1);
	return list;
}

void
pst_spf_list_unref(struct pst_spf_list *list)
{
	if (list != NULL && atomic_fetch_sub(&list->refs, 1) == 1)
		pst_arena_free(list->arena);
}

struct pst_spf_lists *
pst_spf_lists_new(const struct pst_clock *clock)
{
	struct pst_spf_lists *lists = calloc(1, sizeof(*lists));

	if (lists == NULL)
		abort();
	lists->clock = clock;
	pst_mutex_init(&lists->mutex);
	return lists;
}

static void
clear(struct entry *entry)
{
	pst_spf_list_unref(entry->list);
	free(entry->name);
}

void
pst_spf_lists_free(struct pst_spf_lists *lists)
{
	if (lists == NULL)
		return;
	for (size_t i = 0; i < lists->count; i++)
		clear(&lists->entries[i]);
	pst_mutex_destroy(&lists->mutex);
	free(lists);
}

static struct entry *
find(struct pst_spf_lists *lists, const char *name)
{
	for (size_t i = 0; i < lists->count; i++)
		if (strcmp(lists->entries[i].name, name) == 0)
			return &lists->entries[i];
	return NULL;
}

static struct entry
new_entry(const char *name, int64_t now_ms)
{
	struct entry entry = {.name = strdup(name), .due_ms = now_ms};

	if (entry.name == NULL)
		abort();
	return entry;
}

void
pst_spf_lists_set_names(
    struct pst_spf_lists *lists, const struct pst_texts *names)
{
	struct entry fresh[PST_SPF_NAMES_MAX];
	struct entry *old;
	int64_t now_ms = pst_clock_ms(lists->clock);

	assert(names->count <= PST_SPF_NAMES_MAX);
	pst_mutex_lock(&lists->mutex);
	for (size_t i = 0; i < names->count; i++) {
		old = find(lists, names->items[i]);
		fresh[i] =
		    old != NULL ? *old : new_entry(names->items[i], now_ms);
		if (old != NULL)
			*old = lists->entries[--lists->count];
	}
	for (size_t i = 0; i < lists->count; i++)
		clear(&lists->entries[i]);
	if (names->count > 0)
		memcpy(lists->entries, fresh, names->count * sizeof(*fresh));
	lists->count = names->count;
	pst_mutex_unlock(&lists->mutex);
}

static enum pst_held
held(const struct entry *entry, const struct pst_ip *client)
{
	if (entry == NULL || (entry->list == NULL && !entry->is_empty))
		return PST_HELD_UNKNOWN;
	return entry->list != NULL && list_has(entry->list, client) ?
	    PST_HELD_YES :
	    PST_HELD_NO;
}

struct pst_client_nets
pst_spf_lists_ask(struct pst_spf_lists *lists, struct pst_arena *arena,
    const struct pst_texts *names, const struct pst_ip *client)
{
	struct pst_client_net *items;

	if (names->count == 0)
		return (struct pst_client_nets){NULL, 0};
	items = pst_arena_array(arena, names->count, sizeof(*items));
	pst_mutex_lock(&lists->mutex);
	for (size_t i = 0; i < names->count; i++)
		items[i] = (struct pst_client_net){names->items[i],
		    held(find(lists, names->items[i]), client)};
	pst_mutex_unlock(&lists->mutex);
	return (struct pst_client_nets){items, names->count};
}

static int64_t
bounded_ms(unsigned ttl_s)
{
	if (ttl_s < MIN_TTL_S)
		ttl_s = MIN_TTL_S;
	return (int64_t)(ttl_s > MAX_TTL_S ? MAX_TTL_S : ttl_s) * 1000;
}

void
pst_spf_lists_put(struct pst_spf_lists *lists, struct pst_spf_list *list)
{
	int64_t now_ms = pst_clock_ms(lists->clock);
	int64_t now_s = pst_clock_epoch(lists->clock);
	struct entry *entry;
	int64_t age_ms = 0;

	/* A list from the future was found by a clock that was ahead. */
	if (list->found_s > now_s)
		list->found_s = now_s;
	if (list->found_s < now_s)
		age_ms = now_s - list->found_s > MAX_TTL_S ?
		    PST_SPF_LISTS_KEEP_MS + 1 :
		    (now_s - list->found_s) * 1000;
	pst_mutex_lock(&lists->mutex);
	entry = find(lists, list->name);
	if (entry != NULL && entry->list == NULL &&
	    age_ms <= PST_SPF_LISTS_KEEP_MS) {
		entry->list = list;
		entry->good_ms = now_ms - age_ms;
		entry->due_ms = entry->good_ms + bounded_ms(list->ttl_s);
		list = NULL;
	}
	pst_mutex_unlock(&lists->mutex);
	pst_spf_list_unref(list);
}

/* True if more than half of the two lists together is not in both. */
static bool
has_moved(const struct pst_net_set *a, const struct pst_net_set *b)
{
	size_t differ = 0;

	for (size_t i = 0; i < a->count; i++)
		differ += !pst_net_set_has(b, &a->nets[i].base);
	for (size_t i = 0; i < b->count; i++)
		differ += !pst_net_set_has(a, &b->nets[i].base);
	return 2 * differ > a->count + b->count;
}

/* Compares with the list that is there, which is not locked meanwhile. */
static bool
would_move(struct pst_spf_lists *lists, const struct pst_spf_list *list)
{
	struct pst_spf_list *old;
	struct entry *entry;
	bool moved;

	pst_mutex_lock(&lists->mutex);
	entry = find(lists, list->name);
	old = pst_spf_list_ref(entry == NULL ? NULL : entry->list);
	pst_mutex_unlock(&lists->mutex);
	moved = old != NULL && has_moved(&old->nets, &list->nets);
	pst_spf_list_unref(old);
	return moved;
}

static enum pst_spf_change
take(struct entry *entry, struct pst_spf_list *list, bool moved)
{
	enum pst_spf_change change = PST_SPF_SAME;

	if (entry->list == NULL)
		change = PST_SPF_FIRST;
	else if (entry->is_failing)
		change = PST_SPF_RECOVERED;
	else if (moved)
		change = PST_SPF_MOVED;
	pst_spf_list_unref(entry->list);
	entry->list = list;
	entry->is_empty = entry->is_failing = false;
	return change;
}

static enum pst_spf_change
do_without(struct entry *entry, bool is_sure, int64_t now_ms)
{
	bool was_failing = entry->is_failing;
	bool was_empty = entry->is_empty;
	bool had_list = entry->list != NULL;
	bool is_old = now_ms - entry->good_ms >= PST_SPF_LISTS_KEEP_MS;

	entry->is_failing = true;
	if (had_list && !is_old)
		return was_failing ? PST_SPF_SAME : PST_SPF_FAILING;
	pst_spf_list_unref(entry->list);
	entry->list = NULL;
	/* An answer that there is nothing holds as long as a list. */
	entry->is_empty = is_sure || (was_empty && !is_old);
	if (is_sure)
		entry->good_ms = now_ms;
	if (had_list)
		return PST_SPF_DROPPED;
	if (entry->is_empty)
		return was_empty ? PST_SPF_SAME : PST_SPF_EMPTY;
	return was_failing && !was_empty ? PST_SPF_SAME : PST_SPF_MISSING;
}

enum pst_spf_change
pst_spf_lists_note(struct pst_spf_lists *lists, const char *name,
    enum pst_spf_outcome outcome, struct pst_spf_list *list, unsigned ttl_s)
{
	enum pst_spf_change change = PST_SPF_UNUSED;
	int64_t now_ms = pst_clock_ms(lists->clock);
	bool moved = outcome == PST_SPF_FOUND && would_move(lists, list);
	struct entry *entry;

	pst_mutex_lock(&lists->mutex);
	entry = find(lists, name);
	if (entry == NULL)
		pst_spf_list_unref(list);
	else if (outcome == PST_SPF_FOUND) {
		change = take(entry, list, moved);
		entry->good_ms = now_ms;
		entry->due_ms = now_ms + bounded_ms(ttl_s);
	} else {
		change = do_without(entry, outcome == PST_SPF_NOTHING, now_ms);
		entry->due_ms = now_ms +
		    (outcome == PST_SPF_NOTHING ? MIN_TTL_S : RETRY_S) * 1000;
	}
	pst_mutex_unlock(&lists->mutex);
	return change;
}

size_t
pst_spf_lists_due(struct pst_spf_lists *lists, struct pst_arena *arena,
    const char **names, int64_t *next_ms)
{
	int64_t now_ms = pst_clock_ms(lists->clock);
	size_t count = 0;

	*next_ms = INT64_MAX;
	pst_mutex_lock(&lists->mutex);
	for (size_t i = 0; i < lists->count; i++) {
		const struct entry *entry = &lists->entries[i];

		if (entry->due_ms <= now_ms)
			names[count++] = pst_arena_strdup(arena, entry->name);
		else if (entry->due_ms < *next_ms)
			*next_ms = entry->due_ms;
	}
	pst_mutex_unlock(&lists->mutex);
	return count;
}

size_t
pst_spf_lists_get(struct pst_spf_lists *lists, struct pst_spf_list **out)
{
	size_t count = 0;

	pst_mutex_lock(&lists->mutex);
	for (size_t i = 0; i < lists->count; i++)
		if (lists->entries[i].list != NULL)
			out[count++] = pst_spf_list_ref(lists->entries[i].list);
	pst_mutex_unlock(&lists->mutex);
	return count;
}

void
pst_spf_lists_read_figures(
    struct pst_spf_lists *lists, struct pst_spf_lists_figures *out)
{
	*out = (struct pst_spf_lists_figures){.names = 0};
	pst_mutex_lock(&lists->mutex);
	out->names = lists->count;
	for (size_t i = 0; i < lists->count; i++) {
		const struct entry *entry = &lists->entries[i];

		out->lists += entry->list != NULL;
		out->missing += entry->list == NULL && !entry->is_empty;
		out->failing += entry->is_failing;
	}
	pst_mutex_unlock(&lists->mutex);
}
