/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/orgdomain.h"

#include <assert.h>
#include <libpsl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/domain.h"

#define PREFIX "_dmarc."

/* The walk goes from a longer start name to its last labels (R-DMARC-20). */
#define SHORTCUT_LABELS 7

struct pst_psl {
	psl_ctx_t *rules;
	int64_t dated_s;
};

size_t
pst_walk_names(const char *start, const char *names[PST_WALK_MAX])
{
	size_t count = 0;
	const char *name = start;

	names[count++] = start;
	if (pst_domain_labels(start) > SHORTCUT_LABELS)
		name = pst_domain_last_labels(start, SHORTCUT_LABELS);
	else
		name = pst_domain_parent(start);
	for (; name != NULL; name = pst_domain_parent(name)) {
		assert(count < PST_WALK_MAX);
		names[count++] = name;
	}
	return count;
}

static const struct pst_dns_answer *
ask(struct pst_world *world, const char *domain)
{
	char name[sizeof(PREFIX) + PST_DOMAIN_MAX];
	struct pst_str prefix = PST_STR(PREFIX);
	struct pst_str rest = pst_str(domain);

	assert(rest.len <= PST_DOMAIN_MAX);
	memcpy(name, prefix.ptr, prefix.len);
	memcpy(name + prefix.len, rest.ptr, rest.len);
	return pst_world_ask(world, PST_DNS_POLICY,
	    (struct pst_str){name, prefix.len + rest.len}, PST_DNS_TXT)
	    ->answer;
}

/*
 * Returns true for a text that its author takes for a DMARC record although it
 * is not one: without a semicolon after the version, quoted twice, and so on.
 */
static bool
is_meant(struct pst_str text)
{
	size_t begin = 0;

	while (begin < text.len && !pst_is_alnum(text.ptr[begin]))
		begin++;
	text = pst_str_from(text, begin);
	return pst_str_istarts(text, PST_STR("v=DMARC")) ||
	    pst_str_istarts(text, PST_STR("v = DMARC"));
}

/*
 * Finds the only record in the answer. Several records count as none, and so
 * does one that is unusable as a whole (R-DMARC-13, R-DMARC-17).
 */
static enum pst_walk_found
pick_record(struct pst_arena *arena, const struct pst_dns_answer *answer,
    struct pst_walk_hit *hit, const char **fault)
{
	struct pst_dmarc_record *out = &hit->record;
	struct pst_dmarc_record record;
	size_t count = 0;
	bool malformed = false;

	for (size_t i = 0; i < answer->count; i++) {
		struct pst_arena_mark mark = pst_arena_mark(arena);

		if (!pst_dmarc_record_parse(
			arena, answer->records[i].data, &record)) {
			malformed =
			    malformed || is_meant(answer->records[i].data);
			continue;
		}
		if (++count == 1)
			*out = record;
		else
			pst_arena_rewind(arena, mark);
	}
	if (count == 0 && malformed)
		hit->discarded = "malformed";
	if (count == 0)
		return PST_WALK_ABSENT;
	if (count > 1) {
		hit->discarded = "several";
		*fault = "several DMARC records at one name";
		return PST_WALK_ABSENT;
	}
	if (out->repeated_tag) {
		hit->discarded = "repeated-tag";
		*fault = out->fault;
		return PST_WALK_ABSENT;
	}
	return PST_WALK_RECORD;
}

/* A record that is unusable as a whole is not remembered as one. */
static enum pst_walk_found
recall(struct pst_world *world, struct pst_walk_hit *out)
{
	struct pst_recalled recalled = {.arena = world->arena};

	if (world->recall == NULL ||
	    !world->recall->call(world->recall->arg, out->domain, &recalled) ||
	    !pst_dmarc_record_parse(
		world->arena, recalled.record, &out->record) ||
	    out->record.repeated_tag)
		return PST_WALK_TEMPERROR;
	out->remembered = true;
	out->remembered_s = recalled.age_s < 0 ? 0 : recalled.age_s;
	return PST_WALK_RECORD;
}

enum pst_walk_found
pst_walk_record(struct pst_world *world, const char *domain,
    struct pst_walk_hit *out, const char **fault)
{
	const struct pst_dns_answer *answer = ask(world, domain);

	*fault = NULL;
	if (answer == NULL)
		return PST_WALK_PENDING;
	*out = (struct pst_walk_hit){.domain = domain};
	if (pst_dns_is_temporary(answer->status))
		return recall(world, out);
	return pick_record(world->arena, answer, out, fault);
}

/*
 * RFC 9989 s. 4.10.2. The walk stops at psd=y and psd=n, so only its last
 * record can have one of them. After psd=y the org domain is the name one label
 * below it, taken from the start name, even if the walk skipped that name. If
 * the start name itself has the psd=y, it is the org domain.
 */
static const char *
select_org_domain(const struct pst_walk *walk)
{
	const struct pst_walk_hit *last;

	if (walk->hit_count == 0)
		return walk->start;
	last = &walk->hits[walk->hit_count - 1];
	if (last->record.psd == PST_DMARC_PSD_Y)
		return pst_domain_last_labels(
		    walk->start, pst_domain_labels(last->domain) + 1);
	return last->domain;
}

/*
 * A name whose look-up failed might have a record. The org domain would then be
 * that name or one below it, never a wider one (R-DMARC-37).
 */
static void
conclude(struct pst_walk *walk, const char *last_failed)
{
	const char *org_domain = select_org_domain(walk);

	walk->guess = org_domain;
	walk->widest = org_domain;
	if (!walk->temperror) {
		walk->org_domain = org_domain;
		return;
	}
	if (pst_domain_is_below(org_domain, last_failed))
		walk->widest = last_failed;
}

/* Returns false while the answer for name is missing. */
static bool
visit(struct pst_world *world, const char *name, struct pst_walk *walk,
    const char **last_failed)
{
	struct pst_walk_hit *hit = &walk->hits[walk->hit_count];
	const char *fault;

	switch (pst_walk_record(world, name, hit, &fault)) {
	case PST_WALK_PENDING:
		return false;
	case PST_WALK_RECORD:
		walk->hit_count++;
		break;
	case PST_WALK_TEMPERROR:
		if (!walk->temperror)
			walk->failed_at = name;
		walk->temperror = true;
		*last_failed = name;
		break;
	case PST_WALK_ABSENT:
		if (walk->discarded == NULL && hit->discarded != NULL) {
			walk->discarded = hit->discarded;
			walk->discarded_at = name;
		}
		break;
	}
	if (walk->fault == NULL)
		walk->fault = fault;
	return true;
}

bool
pst_walk_check(struct pst_world *world, const char *start, struct pst_walk *out)
{
	const char *names[PST_WALK_MAX];
	size_t count = pst_walk_names(start, names);
	const char *last_failed = NULL;
	struct pst_walk walk = {.start = start};
	struct pst_arena_mark mark = pst_arena_mark(world->arena);

	for (size_t i = 0; world->eager && i < count; i++)
		(void)ask(world, names[i]);
	for (size_t i = 0; i < count; i++) {
		if (!visit(world, names[i], &walk, &last_failed)) {
			pst_arena_rewind(world->arena, mark);
			return false;
		}
		if (walk.hit_count > 0 &&
		    walk.hits[walk.hit_count - 1].record.psd != PST_DMARC_PSD_U)
			break;
	}
	conclude(&walk, last_failed);
	*out = walk;
	return true;
}

struct pst_psl *
pst_psl_load(const char *file_name, struct pst_err *err)
{
	psl_ctx_t *rules = psl_load_file(file_name);
	struct pst_psl *psl;
	struct stat st;

	/* -1 is a compiled list, 0 a text file without a rule. */
	if (rules != NULL && psl_suffix_count(rules) == 0) {
		psl_free(rules);
		rules = NULL;
	}
	if (rules == NULL) {
		pst_err_set(err,
		    "%s is not a readable public suffix list; install one "
		    "(Debian: package publicsuffix) or correct the path",
		    file_name);
		return NULL;
	}
	psl = malloc(sizeof(*psl));
	if (psl == NULL)
		abort();
	psl->rules = rules;
	psl->dated_s = stat(file_name, &st) == 0 ? (int64_t)st.st_mtime : 0;
	return psl;
}

void
pst_psl_free(struct pst_psl *psl)
{
	if (psl == NULL)
		return;
	psl_free(psl->rules);
	free(psl);
}

int64_t
pst_psl_dated(const struct pst_psl *psl)
{
	return psl == NULL ? 0 : psl->dated_s;
}

bool
pst_psl_is_suffix(const struct pst_psl *psl, const char *name)
{
	return psl != NULL && psl_is_public_suffix(psl->rules, name) != 0;
}

const char *
pst_psl_org_domain(const struct pst_psl *psl, const char *name)
{
	const char *found = psl_registrable_domain(psl->rules, name);

	return found == NULL ? name : found;
}
