/* SPDX-License-Identifier: BSD-2-Clause */
#include "import/opendkim_match.h"

#include <stdio.h>
#include <string.h>

#include "base/domain.h"

bool
pst_opendkim_glob(struct pst_str pattern, struct pst_str text)
{
	size_t p = 0, t = 0;
	size_t star = pattern.len, from = 0; /* the last `*`, where it ends */

	/* Most patterns of a large table differ at their end. */
	for (size_t i = 1;
	     i <= pattern.len && pattern.ptr[pattern.len - i] != '*'; i++)
		if (i > text.len ||
		    pst_lower(pattern.ptr[pattern.len - i]) !=
			pst_lower(text.ptr[text.len - i]))
			return false;
	while (t < text.len) {
		if (p < pattern.len && pattern.ptr[p] == '*') {
			star = p++;
			from = t;
		} else if (p < pattern.len &&
		    pst_lower(pattern.ptr[p]) == pst_lower(text.ptr[t])) {
			p++;
			t++;
		} else if (star < pattern.len) {
			p = star + 1;
			t = ++from;
		} else {
			return false;
		}
	}
	while (p < pattern.len && pattern.ptr[p] == '*')
		p++;
	return p == pattern.len;
}

static bool
has_star(struct pst_str text)
{
	return pst_str_find(text, '*') < text.len;
}

static bool
is_stars(struct pst_str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] != '*')
			return false;
	return text.len > 0;
}

static struct pst_opendkim_key
target_of(struct pst_arena *arena, enum pst_opendkim_target target,
    struct pst_str domain)
{
	struct pst_opendkim_key key = {.target = target};

	key.domain = pst_domain_normalize(arena, domain);
	if (key.domain == NULL)
		key.target = PST_OPENDKIM_ODD;
	return key;
}

/* The domain part of a pattern. */
static struct pst_opendkim_key
parse_pattern_domain(struct pst_arena *arena, struct pst_str domain)
{
	if (is_stars(domain))
		return (struct pst_opendkim_key){.target = PST_OPENDKIM_ALL};
	if (!has_star(domain))
		return target_of(arena, PST_OPENDKIM_DOMAIN, domain);
	if (pst_str_starts(domain, PST_STR("*.")) &&
	    !has_star(pst_str_from(domain, 2)))
		return target_of(
		    arena, PST_OPENDKIM_BELOW, pst_str_from(domain, 2));
	if (domain.ptr[0] == '*' && !has_star(pst_str_from(domain, 1)))
		return target_of(
		    arena, PST_OPENDKIM_ENDS, pst_str_from(domain, 1));
	return (struct pst_opendkim_key){.target = PST_OPENDKIM_ODD};
}

/* A key of a refile:, which is matched with the whole address. */
static struct pst_opendkim_key
parse_pattern(struct pst_arena *arena, struct pst_str text)
{
	size_t at = pst_str_rfind(text, '@');
	struct pst_opendkim_key key;

	if (at == text.len) {
		if (!has_star(text))
			return (struct pst_opendkim_key){
			    .target = PST_OPENDKIM_NOTHING};
		return parse_pattern_domain(arena, text);
	}
	if (at == 0)
		return (struct pst_opendkim_key){
		    .target = PST_OPENDKIM_NOTHING};
	key = parse_pattern_domain(arena, pst_str_from(text, at + 1));
	key.some_users = !is_stars(pst_str_first(text, at));
	return key;
}

/* A key of any other table, which is compared with parts of the address. */
static struct pst_opendkim_key
parse_exact(struct pst_arena *arena, struct pst_str text)
{
	struct pst_opendkim_key key = {.target = PST_OPENDKIM_NOTHING};
	size_t at = pst_str_rfind(text, '@');
	struct pst_str user = pst_str_first(text, at), domain;
	bool has_user = at < text.len;

	domain = has_user ? pst_str_from(text, at + 1) : text;
	if (has_user && has_star(user)) {
		key = parse_pattern(arena, text);
		if (key.domain != NULL)
			key.target = PST_OPENDKIM_LATER;
		return key;
	}
	if (has_user && user.len == 0)
		return key;
	if (pst_str_eq(domain, PST_STR("*")))
		key.target = PST_OPENDKIM_ALL;
	else if (has_star(domain))
		return key;
	else if (domain.len > 0 && domain.ptr[0] == '.')
		key = target_of(
		    arena, PST_OPENDKIM_BELOW, pst_str_from(domain, 1));
	else
		key = target_of(arena, PST_OPENDKIM_DOMAIN, domain);
	key.some_users = has_user;
	return key;
}

struct pst_opendkim_key
pst_opendkim_key_parse(struct pst_arena *arena, const struct pst_dataset *table,
    const struct pst_dataset_row *row)
{
	if (row->indented || row->key.len == 0)
		return (struct pst_opendkim_key){
		    .target = PST_OPENDKIM_NOTHING};
	return table->kind == PST_DATASET_PATTERNS ?
	    parse_pattern(arena, row->key) :
	    parse_exact(arena, row->key);
}

/* Adds the first line with that key. */
static void
add_exact(const struct pst_dataset *table, const char *key,
    struct pst_opendkim_matches *out)
{
	struct pst_str wanted = pst_str(key);

	for (size_t i = 0; i < table->count; i++) {
		if (table->rows[i].indented ||
		    !pst_str_ieq(table->rows[i].key, wanted))
			continue;
		if (out->count < PST_OPENDKIM_MAX_MATCHES)
			out->rows[out->count++] = &table->rows[i];
		return;
	}
}

/* The keys that are looked up, in this order. */
static void
match_exact(const struct pst_dataset *table, const char *user,
    const char *domain, struct pst_opendkim_matches *out)
{
	char key[PST_DOMAIN_MAX + 80];

	(void)snprintf(key, sizeof(key), "%s@%s", user, domain);
	add_exact(table, key, out);
	add_exact(table, domain, out);
	for (const char *dot = strchr(domain, '.'); dot != NULL;
	     dot = strchr(dot + 1, '.')) {
		(void)snprintf(key, sizeof(key), "%s@%s", user, dot);
		add_exact(table, key, out);
	}
	for (const char *dot = strchr(domain, '.'); dot != NULL;
	     dot = strchr(dot + 1, '.'))
		add_exact(table, dot, out);
	(void)snprintf(key, sizeof(key), "%s@*", user);
	add_exact(table, key, out);
	add_exact(table, "*", out);
}

void
pst_opendkim_match(const struct pst_dataset *table, const char *user,
    const char *domain, bool multiple, struct pst_opendkim_matches *out)
{
	char address[PST_DOMAIN_MAX + 80];

	out->count = 0;
	if (table->kind != PST_DATASET_PATTERNS) {
		match_exact(table, user, domain, out);
		if (!multiple && out->count > 1)
			out->count = 1;
		return;
	}
	(void)snprintf(address, sizeof(address), "%s@%s", user, domain);
	for (size_t i = 0; i < table->count; i++) {
		const struct pst_dataset_row *row = &table->rows[i];

		if (row->indented ||
		    !pst_opendkim_glob(row->key, pst_str(address)))
			continue;
		if (out->count < PST_OPENDKIM_MAX_MATCHES)
			out->rows[out->count++] = row;
		if (!multiple)
			return;
	}
}
