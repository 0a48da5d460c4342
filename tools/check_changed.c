/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/check_changed.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/json_read.h"
#include "base/whole_file.h"

#define WHAT "file with the findings of the last check"
#define VERSION 1
#define MAX_FILE (32 * 1024 * 1024)
#define MAX_DOMAINS 20000
/* Findings, keys and two records of one domain. */
#define MAX_ITEMS (PST_FINDINGS_MAX + 2 * PST_SURVEY_MAX_SELECTORS + 100)
#define RECORD "record" /* the name of an item that is a record */

/* A finding, or a record and its text. */
struct item {
	const char *name;
	const char *at;
	const char *term; /* "": none */
};

struct domain {
	const char *name;
	struct item *items;
	size_t count;
};

struct pst_check_state {
	struct pst_arena *arena;
	struct domain *domains; /* room for MAX_DOMAINS */
	size_t count;
};

/* ---- reading ---- */

static const char *
text_of(const struct pst_json_value *object, const char *key)
{
	return pst_json_as_text(pst_json_member(object, key));
}

static bool
read_domain(struct pst_check_state *state, const struct pst_json_value *value)
{
	const struct pst_json_value *items = pst_json_member(value, "items");
	const struct pst_json_value *one;
	struct domain *domain = &state->domains[state->count];

	domain->name = text_of(value, "domain");
	if (domain->name == NULL || items == NULL)
		return false;
	domain->items =
	    pst_arena_array(state->arena, MAX_ITEMS, sizeof(struct item));
	while ((one = pst_json_element(items, domain->count)) != NULL) {
		struct item item = {text_of(one, "name"), text_of(one, "at"),
		    text_of(one, "term")};

		if (domain->count == MAX_ITEMS || item.name == NULL ||
		    item.at == NULL || item.term == NULL)
			return false;
		domain->items[domain->count++] = item;
	}
	state->count++;
	return true;
}

static bool
read_state(struct pst_check_state *state, struct pst_str text)
{
	struct pst_err err;
	const struct pst_json_value *value =
	    pst_json_read(state->arena, text, &err);
	const struct pst_json_value *domains =
	    pst_json_member(value, "domains");
	const struct pst_json_value *one;
	uint64_t version;

	if (!pst_json_as_number(pst_json_member(value, "version"), &version) ||
	    version != VERSION || domains == NULL)
		return false;
	while ((one = pst_json_element(domains, state->count)) != NULL)
		if (state->count == MAX_DOMAINS || !read_domain(state, one))
			return false;
	return true;
}

static struct pst_whole_file
file_at(const char *path)
{
	return (struct pst_whole_file){
	    .what = WHAT, .path = path, .max_bytes = MAX_FILE};
}

struct pst_check_state *
pst_check_state_read(
    struct pst_arena *arena, const char *path, struct pst_err *err)
{
	struct pst_check_state *state = pst_arena_alloc(arena, sizeof(*state));
	const struct pst_whole_file file = file_at(path);
	struct pst_str text;

	state->arena = arena;
	state->domains =
	    pst_arena_array(arena, MAX_DOMAINS, sizeof(struct domain));
	if (!pst_whole_file_read(arena, &file, &text, err))
		return NULL;
	if (text.ptr == NULL || read_state(state, text))
		return state;
	(void)pst_err_set(err,
	    "the " WHAT " %s is damaged or of a newer version; move it away, "
	    "and the next run begins anew",
	    path);
	return NULL;
}

/* ---- comparing ---- */

static void
add_item(struct pst_arena *arena, struct domain *domain, struct item item)
{
	if (domain->count == MAX_ITEMS || item.term == NULL)
		return;
	domain->items[domain->count++] =
	    (struct item){pst_arena_strdup(arena, item.name),
		pst_arena_strdup(arena, item.at),
		pst_arena_strdup(arena, item.term)};
}

static void
add_records(struct pst_arena *arena, struct domain *domain,
    const struct pst_survey *survey)
{
	const char *at;

	add_item(arena, domain,
	    (struct item){RECORD, survey->domain, survey->spf.record});
	for (size_t i = 0; i < survey->dmarc.step_count; i++)
		add_item(arena, domain,
		    (struct item){RECORD, survey->dmarc.steps[i].name,
			survey->dmarc.steps[i].record});
	for (size_t i = 0; i < survey->key_count; i++) {
		at = pst_arena_printf(arena, "%s._domainkey.%s",
		    survey->keys[i].selector, survey->domain);
		add_item(arena, domain,
		    (struct item){RECORD, at, survey->keys[i].record});
	}
}

/* What the survey has found, without what is good: that is the rest. */
static struct domain
items_of(struct pst_arena *arena, const struct pst_survey *survey)
{
	struct domain domain = {
	    .name = pst_arena_strdup(arena, survey->domain)};

	domain.items = pst_arena_array(arena, MAX_ITEMS, sizeof(struct item));
	for (size_t i = 0; i < survey->findings.count; i++) {
		const struct pst_finding *finding = &survey->findings.items[i];

		if (finding->info->severity != PST_SEVERITY_GOOD)
			add_item(arena, &domain,
			    (struct item){finding->info->name, finding->at,
				finding->term == NULL ? "" : finding->term});
	}
	add_records(arena, &domain, survey);
	return domain;
}

static bool
has_item(const struct domain *domain, const struct item *item)
{
	for (size_t i = 0; i < domain->count; i++)
		if (strcmp(domain->items[i].name, item->name) == 0 &&
		    strcmp(domain->items[i].at, item->at) == 0 &&
		    strcmp(domain->items[i].term, item->term) == 0)
			return true;
	return false;
}

static bool
has_record_at(const struct domain *domain, const char *at)
{
	for (size_t i = 0; i < domain->count; i++)
		if (strcmp(domain->items[i].name, RECORD) == 0 &&
		    strcmp(domain->items[i].at, at) == 0)
			return true;
	return false;
}

static const char *
severity_of(const char *name)
{
	const struct pst_finding_info *info = pst_finding_info(name);

	return info == NULL ? "finding" : pst_severity_word(info->severity);
}

static const char *
text_of_finding(const struct pst_survey *survey, const struct item *item)
{
	for (size_t i = 0; i < survey->findings.count; i++) {
		const struct pst_finding *finding = &survey->findings.items[i];

		if (strcmp(finding->info->name, item->name) == 0 &&
		    strcmp(finding->at, item->at) == 0 &&
		    strcmp(finding->term == NULL ? "" : finding->term,
			item->term) == 0)
			return finding->text;
	}
	return "";
}

static void
print_new(const struct pst_survey *survey, const struct item *item)
{
	if (strcmp(item->name, RECORD) == 0)
		printf("%s: the record at %s is now \"%s\"\n", survey->domain,
		    item->at, item->term);
	else
		printf("%s: new %s %s: %s\n", survey->domain,
		    severity_of(item->name), item->name,
		    text_of_finding(survey, item));
}

/* Returns 1 if it printed a line. */
static size_t
print_gone(const struct domain *now, const struct item *item)
{
	bool record = strcmp(item->name, RECORD) == 0;

	if (record && has_record_at(now, item->at))
		return 0; /* its change is a line already */
	if (record)
		printf("%s: the record at %s is gone\n", now->name, item->at);
	else
		printf("%s: no longer: %s %s at %s%s%s\n", now->name,
		    severity_of(item->name), item->name, item->at,
		    item->term[0] == '\0' ? "" : ": ", item->term);
	return 1;
}

static bool
is_unknown(const struct item *item)
{
	const struct pst_finding_info *info = pst_finding_info(item->name);

	return info != NULL && info->severity == PST_SEVERITY_UNKNOWN;
}

static size_t
compare(const struct pst_check_state *state, const struct domain *before,
    struct domain *now, const struct pst_survey *survey)
{
	size_t counts[PST_SEVERITIES] = {0}, changes = 0;

	pst_findings_count(&survey->findings, counts);
	for (size_t i = 0; i < now->count; i++) {
		if (has_item(before, &now->items[i]))
			continue;
		print_new(survey, &now->items[i]);
		changes++;
	}
	for (size_t i = 0; i < before->count; i++) {
		const struct item *item = &before->items[i];

		if (has_item(now, item))
			continue;
		if (counts[PST_SEVERITY_UNKNOWN] > 0 && !is_unknown(item) &&
		    !has_record_at(now, item->at))
			add_item(state->arena, now, *item);
		else
			changes += print_gone(now, item);
	}
	return changes;
}

static void
print_first(const struct pst_survey *survey)
{
	size_t counts[PST_SEVERITIES] = {0};

	pst_findings_count(&survey->findings, counts);
	printf("%s: checked for the first time; errors: %zu, warnings: %zu, "
	       "not known: %zu\n",
	    survey->domain, counts[PST_SEVERITY_ERROR],
	    counts[PST_SEVERITY_WARNING], counts[PST_SEVERITY_UNKNOWN]);
}

size_t
pst_check_state_compare(
    struct pst_check_state *state, const struct pst_survey *survey)
{
	struct domain now = items_of(state->arena, survey);
	size_t changes;

	for (size_t i = 0; i < state->count; i++) {
		if (strcmp(state->domains[i].name, survey->domain) != 0)
			continue;
		changes = compare(state, &state->domains[i], &now, survey);
		state->domains[i] = now;
		return changes;
	}
	print_first(survey);
	if (state->count < MAX_DOMAINS)
		state->domains[state->count++] = now;
	return 0;
}

/* ---- writing ---- */

static const char *
state_json(const struct pst_check_state *state)
{
	struct pst_json *json = pst_json_new(state->arena);

	pst_json_open_object(json, NULL);
	pst_json_number(json, "version", VERSION);
	pst_json_open_array(json, "domains");
	for (size_t i = 0; i < state->count; i++) {
		const struct domain *domain = &state->domains[i];

		pst_json_open_object(json, NULL);
		pst_json_text(json, "domain", domain->name);
		pst_json_open_array(json, "items");
		for (size_t n = 0; n < domain->count; n++) {
			pst_json_open_object(json, NULL);
			pst_json_text(json, "name", domain->items[n].name);
			pst_json_text(json, "at", domain->items[n].at);
			pst_json_text(json, "term", domain->items[n].term);
			pst_json_close(json);
		}
		pst_json_close(json);
		pst_json_close(json);
	}
	pst_json_close(json);
	pst_json_close(json);
	return pst_json_end(json);
}

bool
pst_check_state_write(
    const struct pst_check_state *state, const char *path, struct pst_err *err)
{
	const struct pst_whole_file file = file_at(path);

	return pst_whole_file_write(
	    state->arena, &file, pst_str(state_json(state)), err);
}
