/* SPDX-License-Identifier: BSD-2-Clause */
#include "feedback/selectors.h"

#include <string.h>

#include "base/domain.h"
#include "base/ip.h"

/* ---- what a report names ---- */

struct pair {
	const char *domain, *selector; /* in lower case */
};

/* Those of one report, each once, in the order of domains and selectors. */
struct pairs {
	struct pst_arena *arena;
	struct pair items[PST_FEEDBACK_SELECTORS_OF_REPORT];
	size_t count;
};

static int
compare(const struct pair *a, const struct pair *b)
{
	int order = strcmp(a->domain, b->domain);

	return order != 0 ? order : strcmp(a->selector, b->selector);
}

/* Returns where the pair is, or where it belongs. */
static size_t
place_of(const struct pairs *pairs, const struct pair *pair)
{
	size_t low = 0, high = pairs->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(&pairs->items[middle], pair) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
is_of(const struct pair *pair, const char *domain)
{
	return strcmp(pair->domain, domain) == 0;
}

/* The selectors of the domain, which surround a place in the list. */
static size_t
count_of(const struct pairs *pairs, size_t place, const char *domain)
{
	size_t begin = place, end = place;

	while (begin > 0 && is_of(&pairs->items[begin - 1], domain))
		begin--;
	while (end < pairs->count && is_of(&pairs->items[end], domain))
		end++;
	return end - begin;
}

static void
add(struct pairs *pairs, const struct pair *pair)
{
	size_t place = place_of(pairs, pair);

	if ((place < pairs->count &&
		compare(&pairs->items[place], pair) == 0) ||
	    pairs->count == PST_COUNT(pairs->items) ||
	    count_of(pairs, place, pair->domain) >=
		PST_FEEDBACK_SELECTORS_OF_DOMAIN)
		return;
	memmove(&pairs->items[place + 1], &pairs->items[place],
	    (pairs->count - place) * sizeof(*pair));
	pairs->items[place] =
	    (struct pair){pst_arena_strdup(pairs->arena, pair->domain),
		pst_arena_strdup(pairs->arena, pair->selector)};
	pairs->count++;
}

/* In which order signatures are taken. */
enum turn {
	TURN_OWNER, /* of the From domain or of one above it */
	TURN_NEAR,
	TURNS,
};

static bool
is_in_turn(enum turn turn, const char *domain, const char *from)
{
	bool owner = pst_domain_is_below(from, domain);

	switch (turn) {
	case TURN_OWNER:
		return owner;
	case TURN_NEAR:
		return !owner &&
		    (pst_domain_is_below(domain, from) ||
			pst_domain_are_near(domain, from));
	case TURNS:
		break;
	}
	return false;
}

/* A key can be there: "SELECTOR._domainkey.DOMAIN" is a name. */
static bool
is_selector(const char *selector, const char *domain)
{
	return pst_domain_is_ldh(pst_str(selector)) &&
	    strlen(selector) + strlen("._domainkey.") + strlen(domain) <=
	    PST_DOMAIN_MAX;
}

static void
take(struct pairs *pairs, struct pst_arena *scratch, enum turn turn,
    const struct pst_feedback_row *row)
{
	const struct pst_feedback_auth *auth;

	for (auth = row->auths; auth != NULL; auth = auth->next) {
		struct pst_arena_mark mark = pst_arena_mark(scratch);
		struct pair pair;

		if (auth->is_spf || strcmp(auth->result, "pass") != 0)
			continue;
		pair.domain =
		    pst_domain_normalize(scratch, pst_str(auth->domain));
		if (pair.domain != NULL && pst_domain_labels(pair.domain) > 1 &&
		    is_in_turn(turn, pair.domain, row->header_from) &&
		    is_selector(auth->selector, pair.domain)) {
			pair.selector =
			    pst_feedback_lower(scratch, auth->selector);
			add(pairs, &pair);
		}
		pst_arena_rewind(scratch, mark);
	}
}

static void
collect(struct pairs *pairs, const struct pst_feedback *feedback)
{
	struct pst_arena *scratch = pst_arena_new();
	const struct pst_feedback_row *row;
	struct pst_ip ip;

	for (enum turn turn = TURN_OWNER; turn < TURNS; turn++)
		for (row = feedback->rows; row != NULL; row = row->next)
			if (row->count > 0 &&
			    pst_ip_parse(pst_str(row->source_ip), &ip))
				take(pairs, scratch, turn, row);
	pst_arena_free(scratch);
}

/* ---- the store ---- */

static bool
put(struct pst_db *db, const struct pair *pair, int64_t now_s,
    struct pst_err *err)
{
	static const char sql[] =
	    "INSERT INTO source_selector (domain, selector, days, imported_s)"
	    " VALUES ($1, $2, 1, $3) ON CONFLICT (domain, selector) DO UPDATE"
	    " SET days = source_selector.days"
	    " + CASE WHEN excluded.imported_s / 86400"
	    " <> source_selector.imported_s / 86400 THEN 1 ELSE 0 END,"
	    " imported_s = excluded.imported_s";
	const struct pst_db_value values[] = {pst_db_text(pair->domain),
	    pst_db_text(pair->selector), pst_db_int(now_s)};

	return pst_db_run(db, sql, values, PST_COUNT(values), NULL, err);
}

/* Deletes what is neither named on enough days nor new enough. */
static bool
limit(struct pst_db *db, const char *domain, struct pst_err *err)
{
	static const char sql[] =
	    "DELETE FROM source_selector WHERE domain = $1 AND selector IN"
	    " (SELECT selector FROM source_selector"
	    " WHERE domain = $1 AND selector <> '' AND selector NOT IN"
	    " (SELECT selector FROM source_selector"
	    " WHERE domain = $1 AND selector <> ''"
	    " ORDER BY days DESC, imported_s DESC, selector LIMIT $2)"
	    " ORDER BY imported_s DESC, days DESC, selector"
	    " LIMIT 1000 OFFSET $2)";
	const struct pst_db_value values[] = {
	    pst_db_text(domain), pst_db_int(PST_FEEDBACK_SELECTORS_STEADY)};

	return pst_db_run(db, sql, values, PST_COUNT(values), NULL, err);
}

/*
 * In a shared database, each transaction takes the domains in the same order,
 * and first the row of a domain that has no selector. So one waits there for
 * another, and never both for each other.
 */
static bool
put_all(struct pst_db *db, const struct pairs *pairs, int64_t now_s,
    struct pst_err *err)
{
	bool ok = true;

	for (size_t i = 0; ok && i < pairs->count; i++) {
		const struct pair *pair = &pairs->items[i];
		const struct pair head = {pair->domain, ""};

		if (i == 0 || !is_of(&pair[-1], pair->domain))
			ok = put(db, &head, now_s, err);
		ok = ok && put(db, pair, now_s, err);
		if (ok &&
		    (i + 1 == pairs->count || !is_of(&pair[1], pair->domain)))
			ok = limit(db, pair->domain, err);
	}
	return ok;
}

bool
pst_feedback_put_selectors(struct pst_db *db,
    const struct pst_feedback *feedback, int64_t now_s, struct pst_err *err)
{
	struct pst_arena *arena;
	struct pairs *pairs;
	bool ok;

	if (feedback->kind != PST_FEEDBACK_AGGREGATE ||
	    feedback->fault[0] != '\0')
		return true;
	arena = pst_arena_new();
	pairs = pst_arena_alloc(arena, sizeof(*pairs));
	pairs->arena = arena;
	collect(pairs, feedback);
	ok = put_all(db, pairs, now_s, err);
	pst_arena_free(arena);
	return ok;
}
