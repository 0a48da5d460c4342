/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_TOKENS_H
#define PST_CONFIG_TOKENS_H

/* The tokens of a configuration file, as the scanner of libconfuse sees them. */

#include "base/arena.h"

enum pst_token_kind {
	PST_TOKEN_END,
	PST_TOKEN_WORD,   /* without quotes */
	PST_TOKEN_QUOTED, /* a text in quotes */
	PST_TOKEN_EQUALS, /* "=" or "+=" */
	PST_TOKEN_OPEN,   /* "{" */
	PST_TOKEN_CLOSE,  /* "}" */
	PST_TOKEN_COMMA,
	PST_TOKEN_OTHER, /* "(", ")" or "+" */
};

struct pst_token {
	enum pst_token_kind kind;
	char *start; /* in the text; quotes included */
	char *end;
	unsigned line;
};

struct pst_tokens {
	char *at; /* what comes next */
	unsigned line;
};

/* Takes the next token; the last one is PST_TOKEN_END. */
struct pst_token pst_token_next(struct pst_tokens *tokens);

/* Returns what pst_token_next() would. */
struct pst_token pst_token_peek(const struct pst_tokens *tokens);

/* Returns the text of a token, without quotes around it, in the arena. */
const char *
pst_token_text(struct pst_arena *arena, const struct pst_token *token);

#endif
