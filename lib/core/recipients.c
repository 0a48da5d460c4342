/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/recipients.h"

#include "base/domain.h"

#define MAX_RCPTS 1000

void
pst_rcpts_add(
    struct pst_arena *arena, struct pst_rcpts *rcpts, struct pst_str rcpt)
{
	struct pst_str *bigger;

	if (rcpts->count == PST_RCPTS_MAX ||
	    rcpt.len > PST_RCPTS_MAX_BYTES - rcpts->octets)
		return;
	if (rcpts->count == rcpts->capacity) {
		rcpts->capacity = rcpts->count == 0 ? 4 : 2 * rcpts->count;
		bigger =
		    pst_arena_array(arena, rcpts->capacity, sizeof(*bigger));
		if (rcpts->count > 0)
			memcpy(bigger, rcpts->items,
			    rcpts->count * sizeof(*bigger));
		rcpts->items = bigger;
	}
	rcpts->items[rcpts->count++] = rcpt;
	rcpts->octets += rcpt.len;
}

static struct pst_str
after_at(struct pst_str s)
{
	size_t at = pst_str_rfind(s, '@');

	s = pst_str_from(s, at == s.len ? at : at + 1);
	return pst_str_first(s, pst_str_find(s, '>'));
}

static struct pst_str
copy(struct pst_arena *arena, struct pst_str s)
{
	return (struct pst_str){pst_arena_memdup(arena, s.ptr, s.len), s.len};
}

/* Notes how the MTA read the recipient that was added last. */
static void
note_reading(
    struct pst_arena *arena, struct pst_rcpts *rcpts, struct pst_str text)
{
	if (text.len > PST_RCPTS_MAX_BYTES - rcpts->octets)
		return;
	if (rcpts->as == NULL)
		rcpts->as =
		    pst_arena_array(arena, PST_RCPTS_MAX, sizeof(*rcpts->as));
	rcpts->as[rcpts->count - 1] = copy(arena, text);
	rcpts->octets += text.len;
}

void
pst_rcpts_note(struct pst_arena *arena, struct pst_rcpts *rcpts,
    struct pst_str rcpt, struct pst_str mta_address)
{
	size_t before = rcpts->count;

	/* What is not kept is not copied either. */
	if (before < PST_RCPTS_MAX)
		pst_rcpts_add(arena, rcpts, copy(arena, rcpt));
	if (rcpts->count > before && mta_address.len > 0 &&
	    !pst_str_ieq(after_at(rcpt), after_at(mta_address)))
		note_reading(arena, rcpts, mta_address);
}

void
pst_recipients_add(
    struct pst_arena *arena, struct pst_recipients *rcpts, struct pst_str rcpt)
{
	struct pst_path path;
	const char **bigger;

	if (rcpts->unknown)
		return;
	pst_reverse_path_parse(arena, rcpt, &path);
	rcpts->unknown = path.domain == NULL || rcpts->count == MAX_RCPTS;
	/* Most messages have all their recipients in one domain. */
	if (rcpts->unknown ||
	    (rcpts->count > 0 &&
		strcmp(rcpts->domains[rcpts->count - 1], path.domain) == 0))
		return;
	if (rcpts->count == rcpts->capacity) {
		rcpts->capacity = rcpts->count == 0 ? 4 : 2 * rcpts->count;
		bigger =
		    pst_arena_array(arena, rcpts->capacity, sizeof(*bigger));
		if (rcpts->count > 0)
			memcpy(bigger, rcpts->domains,
			    rcpts->count * sizeof(*bigger));
		rcpts->domains = bigger;
	}
	rcpts->domains[rcpts->count++] = path.domain;
}

/*
 * True if path is the mailbox `address`, which is local@domain. Text after a
 * plus sign in the local part of path is ignored.
 */
static bool
is_mailbox(const struct pst_path *path, const char *address)
{
	struct pst_str s = pst_str(address);
	size_t at = pst_str_rfind(s, '@');
	struct pst_str local = path->local;

	if (at == s.len ||
	    !pst_domain_eq(path->domain, pst_str_from(s, at + 1).ptr))
		return false;
	return pst_str_ieq(local, pst_str_first(s, at)) ||
	    pst_str_ieq(pst_str_first(local, pst_str_find(local, '+')),
		pst_str_first(s, at));
}

bool
pst_recipients_takes_reports(struct pst_arena *arena,
    const struct pst_config *config, struct pst_str rcpt)
{
	const struct pst_texts *more = &config->reports.skip_recipients;
	struct pst_path path;

	pst_reverse_path_parse(arena, rcpt, &path);
	if (!path.valid || path.domain == NULL)
		return false;
	if (is_mailbox(&path, config->reports.from) ||
	    is_mailbox(&path, config->reports.bounces))
		return true;
	for (size_t i = 0; i < more->count; i++) {
		if (is_mailbox(&path, more->items[i]))
			return true;
	}
	return false;
}
