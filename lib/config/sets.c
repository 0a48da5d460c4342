/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/sets.h"

#include <stdlib.h>
#include <string.h>

#include "base/domain.h"
#include "config/entry.h"
#include "config/list_file.h"

/* Entries in the order of the input, before they are sorted. */
struct names {
	const char **items;
	size_t count;
	size_t capacity;
};

struct domain_maker {
	struct pst_arena *arena;
	struct names exact;
	struct names below;
};

struct net_maker {
	struct pst_arena *arena;
	struct pst_net *items;
	size_t count;
	size_t capacity;
	bool may_name_spf;
	struct names spf;
};

/*
 * Returns items with room for one more. The array grows by doubling, as an
 * arena cannot give the old one back.
 */
static void *
room_for_one(struct pst_arena *arena, void *items, size_t count,
    size_t *capacity, size_t size_bytes)
{
	void *bigger;

	if (count < *capacity)
		return items;
	*capacity = *capacity == 0 ? 8 : 2 * *capacity;
	bigger = pst_arena_array(arena, *capacity, size_bytes);
	if (count > 0)
		memcpy(bigger, items, count * size_bytes);
	return bigger;
}

static void
add_name(struct pst_arena *arena, struct names *names, const char *name)
{
	names->items = room_for_one(arena, names->items, names->count,
	    &names->capacity, sizeof(*names->items));
	names->items[names->count++] = name;
}

static bool
add_domain(void *arg, struct pst_str entry, struct pst_err *err)
{
	struct domain_maker *maker = arg;
	bool below = entry.len > 1 && entry.ptr[0] == '.';
	struct names *names = below ? &maker->below : &maker->exact;
	const char *name =
	    pst_domain_normalize(maker->arena, pst_str_from(entry, below));

	if (name == NULL)
		return pst_entry_no_domain(maker->arena, entry, err);
	add_name(maker->arena, names, name);
	return true;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
sort_names(struct names *names)
{
	size_t i, kept = 0;

	if (names->count == 0)
		return;
	qsort(names->items, names->count, sizeof(*names->items), by_name);
	for (i = 1; i < names->count; i++) {
		if (strcmp(names->items[kept], names->items[i]) != 0)
			names->items[++kept] = names->items[i];
	}
	names->count = kept + 1;
}

bool
pst_domain_set_make(struct pst_domain_set *out, struct pst_arena *arena,
    const char *const *parts, size_t count, struct pst_err *err)
{
	struct domain_maker maker = {.arena = arena};
	size_t labels;

	memset(out, 0, sizeof(*out));
	if (!pst_list_read(arena, parts, count,
		(struct pst_list_taker){add_domain, &maker}, err))
		return false;
	sort_names(&maker.exact);
	sort_names(&maker.below);
	out->exact = maker.exact.items;
	out->exact_count = maker.exact.count;
	out->below = maker.below.items;
	out->below_count = maker.below.count;
	for (size_t i = 0; i < out->below_count; i++) {
		labels = pst_domain_labels(out->below[i]);
		if (labels > out->below_labels)
			out->below_labels = labels;
	}
	return true;
}

static bool
holds_name(const char *const *names, size_t count, const char *name)
{
	return count > 0 &&
	    bsearch(&name, names, count, sizeof(*names), by_name) != NULL;
}

/* True if name is one of `below`, or below one of them. */
static bool
is_at_or_below(const struct pst_domain_set *set, const char *name)
{
	/* Drop labels that cannot match, or 127 labels mean 127 searches. */
	if (set->below_count > 0)
		name = pst_domain_last_labels(name, set->below_labels);
	else
		name = NULL;
	for (; name != NULL; name = pst_domain_parent(name)) {
		if (holds_name(set->below, set->below_count, name))
			return true;
	}
	return false;
}

bool
pst_domain_set_has(const struct pst_domain_set *set, const char *name)
{
	const char *parent = pst_domain_parent(name);

	return holds_name(set->exact, set->exact_count, name) ||
	    (parent != NULL && is_at_or_below(set, parent));
}

bool
pst_domain_set_covers(
    const struct pst_domain_set *a, const struct pst_domain_set *b)
{
	for (size_t i = 0; i < b->exact_count; i++) {
		if (!pst_domain_set_has(a, b->exact[i]))
			return false;
	}
	for (size_t i = 0; i < b->below_count; i++) {
		if (!is_at_or_below(a, b->below[i]))
			return false;
	}
	return true;
}

bool
pst_net_entry_is_spf(
    struct pst_arena *arena, struct pst_str entry, const char **domain)
{
	if (!pst_str_starts(entry, PST_STR(PST_NET_SET_SPF)))
		return false;
	*domain = pst_domain_normalize(
	    arena, pst_str_from(entry, sizeof(PST_NET_SET_SPF) - 1));
	/* SPF does not look at a domain of one label (RFC 7208 s. 4.3). */
	if (*domain != NULL && pst_domain_labels(*domain) < 2)
		*domain = NULL;
	return true;
}

static bool
add_net(void *arg, struct pst_str entry, struct pst_err *err)
{
	struct net_maker *maker = arg;
	const char *domain;
	struct pst_net net;

	if (maker->may_name_spf &&
	    pst_net_entry_is_spf(maker->arena, entry, &domain)) {
		if (domain == NULL)
			return pst_entry_no_spf(maker->arena, entry, err);
		add_name(maker->arena, &maker->spf, domain);
		return true;
	}
	if (!pst_net_parse(entry, &net))
		return pst_entry_no_net(maker->arena, entry, err);
	maker->items = room_for_one(maker->arena, maker->items, maker->count,
	    &maker->capacity, sizeof(*maker->items));
	maker->items[maker->count++] = net;
	return true;
}

static int
compare_addresses(const struct pst_ip *a, const struct pst_ip *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->octets, b->octets, a->family == PST_IP_V4 ? 4 : 16);
}

/* Sorts a network before the networks that it contains. */
static int
by_net(const void *a, const void *b)
{
	const struct pst_net *x = a, *y = b;
	int order = compare_addresses(&x->base, &y->base);

	if (order != 0)
		return order;
	return (x->prefix_bits > y->prefix_bits) -
	    (x->prefix_bits < y->prefix_bits);
}

static bool
net_holds(const struct pst_net *a, const struct pst_net *b)
{
	return a->prefix_bits <= b->prefix_bits &&
	    pst_net_contains(a, &b->base);
}

/* Joins the last two networks if they are the two halves of a larger one. */
static bool
join_last(struct pst_net *nets, size_t *count)
{
	struct pst_net *a, whole;

	if (*count < 2)
		return false;
	a = &nets[*count - 2];
	if (a[0].prefix_bits != a[1].prefix_bits || a[0].prefix_bits == 0)
		return false;
	whole = a[0];
	whole.prefix_bits--;
	/* The first must be the lower half: the bit that is freed is 0. */
	if ((a[0].base.octets[whole.prefix_bits / 8] &
		(0x80 >> whole.prefix_bits % 8)) != 0 ||
	    !pst_net_contains(&whole, &a[1].base))
		return false;
	a[0] = whole;
	(*count)--;
	return true;
}

void
pst_net_set_take(struct pst_net_set *out, struct pst_net *nets, size_t count)
{
	size_t i, kept = 0;

	memset(out, 0, sizeof(*out));
	if (count > 0)
		qsort(nets, count, sizeof(*nets), by_net);
	for (i = 0; i < count; i++) {
		if (kept > 0 && net_holds(&nets[kept - 1], &nets[i]))
			continue;
		nets[kept++] = nets[i];
		while (join_last(nets, &kept))
			continue;
	}
	out->nets = nets;
	out->count = kept;
}

static bool
make_nets(struct pst_net_set *out, struct net_maker *maker,
    const char *const *parts, size_t count, struct pst_err *err)
{
	memset(out, 0, sizeof(*out));
	if (!pst_list_read(maker->arena, parts, count,
		(struct pst_list_taker){add_net, maker}, err))
		return false;
	pst_net_set_take(out, maker->items, maker->count);
	sort_names(&maker->spf);
	out->spf = maker->spf.items;
	out->spf_count = maker->spf.count;
	return true;
}

bool
pst_net_set_make(struct pst_net_set *out, struct pst_arena *arena,
    const char *const *parts, size_t count, struct pst_err *err)
{
	struct net_maker maker = {.arena = arena};

	return make_nets(out, &maker, parts, count, err);
}

bool
pst_net_set_make_spf(struct pst_net_set *out, struct pst_arena *arena,
    const char *const *parts, size_t count, struct pst_err *err)
{
	struct net_maker maker = {.arena = arena, .may_name_spf = true};

	return make_nets(out, &maker, parts, count, err);
}

/* Returns the only network that can contain the address, NULL if none can. */
static const struct pst_net *
nearest(const struct pst_net_set *set, const struct pst_ip *address)
{
	size_t low = 0, high = set->count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (compare_addresses(&set->nets[middle].base, address) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low == 0 ? NULL : &set->nets[low - 1];
}

bool
pst_net_set_has(const struct pst_net_set *set, const struct pst_ip *address)
{
	const struct pst_net *net = nearest(set, address);

	return net != NULL && pst_net_contains(net, address);
}

bool
pst_net_set_covers(const struct pst_net_set *a, const struct pst_net_set *b)
{
	for (size_t i = 0; i < b->spf_count; i++) {
		if (!holds_name(a->spf, a->spf_count, b->spf[i]))
			return false;
	}
	for (size_t i = 0; i < b->count; i++) {
		const struct pst_net *net = nearest(a, &b->nets[i].base);

		if (net == NULL || !net_holds(net, &b->nets[i]))
			return false;
	}
	return true;
}

/* Two networks have an address in common only if one contains the other. */
static const struct pst_net *
first_within(const struct pst_net_set *outer, const struct pst_net_set *inner)
{
	for (size_t i = 0; i < inner->count; i++) {
		if (pst_net_set_has(outer, &inner->nets[i].base))
			return &inner->nets[i];
	}
	return NULL;
}

const struct pst_net *
pst_net_set_common(const struct pst_net_set *a, const struct pst_net_set *b)
{
	const struct pst_net *found = first_within(a, b);

	return found != NULL ? found : first_within(b, a);
}
