/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/tokens.h"

#include <stdbool.h>
#include <string.h>

static void
advance(struct pst_tokens *tokens)
{
	if (*tokens->at == '\n')
		tokens->line++;
	tokens->at++;
}

static void
take_quoted(struct pst_tokens *tokens)
{
	char quote = *tokens->at;

	advance(tokens);
	while (*tokens->at != '\0' && *tokens->at != quote) {
		if (*tokens->at == '\\' && tokens->at[1] != '\0')
			advance(tokens);
		advance(tokens);
	}
	if (*tokens->at != '\0')
		advance(tokens);
}

/* "${NAME}" is a word, although it has braces. */
static bool
take_variable(struct pst_tokens *tokens)
{
	char *end = strchr(tokens->at, '}');

	if (strncmp(tokens->at, "${", 2) != 0 || end == NULL)
		return false;
	while (tokens->at <= end)
		advance(tokens);
	return true;
}

static void
take_word(struct pst_tokens *tokens)
{
	while (*tokens->at != '\0' &&
	    strchr(" \t\r\n={}()+,\"'", *tokens->at) == NULL)
		advance(tokens);
}

static enum pst_token_kind
kind_of(const char *at)
{
	switch (*at) {
	case '\0':
		return PST_TOKEN_END;
	case '"':
	case '\'':
		return PST_TOKEN_QUOTED;
	case '=':
		return PST_TOKEN_EQUALS;
	case '+':
		return at[1] == '=' ? PST_TOKEN_EQUALS : PST_TOKEN_OTHER;
	case '{':
		return PST_TOKEN_OPEN;
	case '}':
		return PST_TOKEN_CLOSE;
	case ',':
		return PST_TOKEN_COMMA;
	case '(':
	case ')':
		return PST_TOKEN_OTHER;
	default:
		return PST_TOKEN_WORD;
	}
}

struct pst_token
pst_token_next(struct pst_tokens *tokens)
{
	struct pst_token token;

	while (*tokens->at != '\0' && strchr(" \t\r\n", *tokens->at) != NULL)
		advance(tokens);
	token.kind = kind_of(tokens->at);
	token.start = tokens->at;
	token.line = tokens->line;
	if (token.kind == PST_TOKEN_QUOTED)
		take_quoted(tokens);
	else if (token.kind == PST_TOKEN_WORD && !take_variable(tokens))
		take_word(tokens);
	else if (token.kind == PST_TOKEN_EQUALS && *tokens->at == '+')
		tokens->at += 2;
	else if (token.kind != PST_TOKEN_END && token.kind != PST_TOKEN_WORD)
		advance(tokens);
	token.end = tokens->at;
	return token;
}

struct pst_token
pst_token_peek(const struct pst_tokens *tokens)
{
	struct pst_tokens copy = *tokens;

	return pst_token_next(&copy);
}

const char *
pst_token_text(struct pst_arena *arena, const struct pst_token *token)
{
	bool quoted = token->kind == PST_TOKEN_QUOTED;
	size_t len = (size_t)(token->end - token->start);

	if (!quoted)
		return pst_arena_memdup(arena, token->start, len);
	return pst_arena_memdup(arena, token->start + 1, len < 2 ? 0 : len - 2);
}
