/* SPDX-License-Identifier: BSD-2-Clause */
#include "feedback/identifiers.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/domain.h"
#include "base/macros.h"

/* No type of override that is in use is longer. */
#define MAX_TYPE 32
#define MAX_WORD (PST_DOMAIN_MAX + sizeof("dkim:"))

struct words {
	const char *items[PST_FEEDBACK_MAX_IDENTIFIERS];
	size_t count;
};

/* Returns whether the word was added; then it must live on. */
static bool
add(struct words *words, const char *word)
{
	for (size_t i = 0; i < words->count; i++)
		if (strcmp(words->items[i], word) == 0)
			return false;
	if (words->count == PST_COUNT(words->items))
		return false;
	words->items[words->count++] = word;
	return true;
}

static int
compare(const void *left, const void *right)
{
	const char *const *a = left, *const *b = right;

	return strcmp(*a, *b);
}

static const char *
join(struct pst_arena *arena, struct words *words)
{
	struct pst_buf buf;

	pst_buf_init(&buf, arena, PST_COUNT(words->items) * MAX_WORD + 1);
	if (words->count > 0)
		qsort(words->items, words->count, sizeof(words->items[0]),
		    compare);
	for (size_t i = 0; i < words->count; i++) {
		if (i > 0)
			pst_buf_add_char(&buf, ' ');
		pst_buf_add_text(&buf, words->items[i]);
	}
	return pst_buf_str(&buf);
}

/* In which order identifiers are taken. */
enum turn {
	TURN_OWNER, /* the From domain and those above it: nobody else's */
	TURN_CLOSE,
	TURN_SPF,
	TURN_REST,
	TURNS,
};

static enum turn
turn_of(
    const struct pst_feedback_auth *auth, const char *domain, const char *from)
{
	if (pst_domain_is_below(from, domain))
		return TURN_OWNER;
	if (pst_domain_is_below(domain, from) ||
	    pst_domain_are_near(domain, from))
		return TURN_CLOSE;
	return auth->is_spf ? TURN_SPF : TURN_REST;
}

/*
 * Adds the identifiers of one turn. A row may repeat one half a million times,
 * so what is not kept leaves no trace in the arena.
 */
static void
add_turn(struct pst_arena *arena, struct words *words,
    const struct pst_feedback_row *row, enum turn turn)
{
	const struct pst_feedback_auth *auth;

	for (auth = row->auths; auth != NULL; auth = auth->next) {
		struct pst_arena_mark mark = pst_arena_mark(arena);
		const char *domain;

		if (strcmp(auth->result, "pass") != 0 ||
		    words->count == PST_COUNT(words->items))
			continue;
		domain = pst_domain_normalize(arena, pst_str(auth->domain));
		if (domain == NULL ||
		    turn_of(auth, domain, row->header_from) != turn ||
		    !add(words,
			pst_arena_printf(arena, "%s:%s",
			    auth->is_spf ? "spf" : "dkim", domain)))
			pst_arena_rewind(arena, mark);
	}
}

const char *
pst_feedback_authenticated(
    struct pst_arena *arena, const struct pst_feedback_row *row)
{
	struct words words = {.count = 0};

	for (enum turn turn = TURN_OWNER; turn < TURNS; turn++)
		add_turn(arena, &words, row, turn);
	return join(arena, &words);
}

static bool
is_type(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if (!pst_is_alnum(text[i]) && text[i] != '_' && text[i] != '-')
			return false;
	return len > 0 && len <= MAX_TYPE;
}

const char *
pst_feedback_reasons(
    struct pst_arena *arena, const struct pst_feedback_row *row)
{
	const struct pst_feedback_reason *reason;
	struct words words = {.count = 0};

	for (reason = row->reasons; reason != NULL; reason = reason->next)
		if (is_type(reason->type))
			(void)add(&words, reason->type);
	return join(arena, &words);
}
