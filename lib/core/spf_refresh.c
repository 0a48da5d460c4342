/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/spf_refresh.h"

#include "auth/spf_networks.h"
#include "base/buf.h"
#include "base/macros.h"
#include "config/spf_names.h"

#define STEP_MS 250
#define MAX_LEFT_OUT 600

struct search {
	const char *name;
	bool is_done;
	struct pst_arena *arena; /* of *found */
	struct pst_spf_networks found;
};

struct pass {
	const struct pst_spf_refresh *refresh;
	struct pst_spf_lists *lists;
	struct pst_clock *clock;
	struct search searches[PST_SPF_NAMES_MAX];
	size_t count;
};

/* Runs the checks that are not done; true if all are. */
static bool
step(struct pass *pass, struct pst_dns *dns)
{
	bool all = true;

	for (size_t i = 0; i < pass->count; i++) {
		struct search *search = &pass->searches[i];
		struct pst_world world = {
		    .dns = dns,
		    .now_epoch = pst_clock_epoch(pass->clock),
		    .eager = true,
		};

		if (search->is_done)
			continue;
		search->arena = world.arena = pst_arena_new();
		search->is_done = pst_spf_networks_check(
		    &world, search->name, &search->found);
		if (!search->is_done)
			pst_arena_free(search->arena);
		all &= search->is_done;
	}
	return all;
}

/* False if it has to end before all checks are done. */
static bool
run(struct pass *pass, struct pst_dns *dns)
{
	const struct pst_spf_refresh *refresh = pass->refresh;
	int64_t now_ms = pst_clock_ms(pass->clock);
	int64_t until_ms = now_ms + refresh->patience_ms;

	while (!step(pass, dns)) {
		now_ms = pst_clock_ms(pass->clock);
		if (refresh->must_stop != NULL &&
		    refresh->must_stop(refresh->arg))
			return false;
		if (now_ms >= until_ms)
			pst_dns_expire(dns, PST_DNS_TIMEOUT);
		else
			(void)pst_dns_wait(dns,
			    now_ms + STEP_MS < until_ms ? now_ms + STEP_MS :
							  until_ms);
	}
	return true;
}

/* What was left out, for operators. */
static const char *
left_out_text(struct pst_arena *arena, const struct pst_spf_networks *found)
{
	static const char *const reasons[] = {
	    [PST_SPF_LEFT_SENDER] = "depend on the sender",
	    [PST_SPF_LEFT_WIDE] = "are wider than /16 (IPv6 /32)",
	    [PST_SPF_LEFT_BARRED] =
		"are after terms that do not pass, and may overlap them",
	    [PST_SPF_LEFT_TOO_MANY] = "are beyond the limit of 20000",
	};
	struct pst_buf buf;

	pst_buf_init(&buf, arena, MAX_LEFT_OUT);
	for (size_t i = 0; i < PST_COUNT(found->left_out); i++)
		if (found->left_out[i].count > 0)
			pst_buf_printf(&buf, "%s%zu %s (%s)",
			    buf.len == 0 ? "" : "; ", found->left_out[i].count,
			    reasons[i], found->left_out[i].first);
	return buf.len == 0 ? "" : pst_buf_str(&buf);
}

static struct pst_spf_list *
make_list(const struct pass *pass, const struct search *search)
{
	const struct pst_spf_networks *found = &search->found;
	struct pst_spf_list *list = pst_spf_list_new(search->name);

	pst_spf_list_set_nets(list, found->nets, found->count);
	list->found_s = pst_clock_epoch(pass->clock);
	list->ttl_s = found->ttl_s;
	list->left_out = left_out_text(list->arena, found);
	return list;
}

/* Returns the sentence for a change; NULL: there is nothing to say. */
static const char *
sentence_of(struct pst_arena *arena, enum pst_spf_change change,
    const struct search *search, const char *why)
{
	const char *name = search->name;
	size_t count = search->found.count;

	switch (change) {
	case PST_SPF_SAME:
	case PST_SPF_UNUSED:
		return NULL;
	case PST_SPF_FIRST:
		return pst_arena_printf(arena,
		    "spf:%s: its SPF record has been read; it has %zu networks",
		    name, count);
	case PST_SPF_RECOVERED:
		return pst_arena_printf(arena,
		    "spf:%s: its SPF record can be read again; it has %zu "
		    "networks",
		    name, count);
	case PST_SPF_MOVED:
		return pst_arena_printf(arena,
		    "spf:%s: more than half of its networks are new or gone; "
		    "it has %zu now, and mail is treated by the new ones; see "
		    "\"postern config show\"",
		    name, count);
	case PST_SPF_FAILING:
		return pst_arena_printf(arena,
		    "spf:%s: its SPF record cannot be used (%s); its networks "
		    "of the last time count for up to a day; look at the "
		    "record, and at the resolver",
		    name, why);
	case PST_SPF_MISSING:
		return pst_arena_printf(arena,
		    "spf:%s: its SPF record cannot be read (%s), so its "
		    "networks are not known; mail is deferred if they decide "
		    "whether it is refused; look at the resolver",
		    name, why);
	case PST_SPF_EMPTY:
		return pst_arena_printf(arena,
		    "spf:%s: it has no networks (%s), so no client is in it; "
		    "name another domain in forwarders or in the rule",
		    name, why);
	case PST_SPF_DROPPED:
		return pst_arena_printf(arena,
		    "spf:%s: its SPF record could not be used for a day (%s), "
		    "so its networks do not count any more; look at the "
		    "resolver, or name another domain",
		    name, why);
	}
	return NULL;
}

static void
say(const struct pass *pass, enum pst_spf_change change,
    const struct search *search, const char *why)
{
	const struct pst_spf_refresh *refresh = pass->refresh;
	bool is_good = change == PST_SPF_FIRST || change == PST_SPF_RECOVERED;
	const char *sentence;

	if (refresh->say == NULL)
		return;
	sentence = sentence_of(search->arena, change, search, why);
	if (sentence != NULL)
		refresh->say(refresh->arg, !is_good, sentence);
}

/* Returns true if the lists differ now from those on disk. */
static bool
conclude(const struct pass *pass, const struct search *search)
{
	const struct pst_spf_networks *found = &search->found;
	enum pst_spf_outcome outcome = PST_SPF_NOTHING;
	struct pst_spf_list *list = NULL;
	const char *why = found->why;
	enum pst_spf_change change;

	if (found->result == PST_RESULT_TEMPERROR)
		outcome = PST_SPF_FAILED;
	else if (found->count > 0)
		outcome = PST_SPF_FOUND;
	if (outcome == PST_SPF_FOUND)
		list = make_list(pass, search);
	else if (why == NULL)
		why = left_out_text(search->arena, found);
	if (why != NULL && why[0] == '\0')
		why = "its terms list no network";
	change = pst_spf_lists_note(
	    pass->lists, search->name, outcome, list, found->ttl_s);
	say(pass, change, search, why);
	return outcome == PST_SPF_FOUND || change == PST_SPF_DROPPED;
}

static bool
look_up(struct pass *pass)
{
	struct pst_service *service = pass->refresh->service;
	struct pst_config *config = pst_service_config(service);
	struct pst_arena *arena = pst_arena_new();
	struct pst_dns_limits limits = config->dns_limits;
	bool changed = false;
	struct pst_dns *dns;

	limits.max_queries = (unsigned)pass->count * PST_SPF_NETWORKS_QUERIES;
	limits.reserved = 0;
	dns = pst_dns_open(
	    arena, pst_service_resolver(service), pass->clock, limits);
	if (run(pass, dns))
		for (size_t i = 0; i < pass->count; i++)
			changed |= conclude(pass, &pass->searches[i]);
	for (size_t i = 0; i < pass->count; i++)
		if (pass->searches[i].is_done)
			pst_arena_free(pass->searches[i].arena);
	pst_arena_free(arena);
	pst_config_unref(config);
	return changed;
}

bool
pst_spf_refresh_due(const struct pst_spf_refresh *refresh, int64_t *next_ms)
{
	struct pass pass = {.refresh = refresh,
	    .lists = pst_service_spf_lists(refresh->service),
	    .clock = pst_service_clock(refresh->service)};
	struct pst_arena *arena = pst_arena_new();
	const char *names[PST_SPF_NAMES_MAX];
	bool changed = false;

	pass.count = pst_spf_lists_due(pass.lists, arena, names, next_ms);
	for (size_t i = 0; i < pass.count; i++)
		pass.searches[i].name = names[i];
	if (pass.count > 0) {
		changed = look_up(&pass);
		(void)pst_spf_lists_due(pass.lists, arena, names, next_ms);
	}
	pst_arena_free(arena);
	return changed;
}
