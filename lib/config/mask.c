/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/mask.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/macros.h"

#define MAX_TEXT 65536

/* Returns the length of "password =" and the like; 0 if text begins with none. */
static size_t
keyword(const char *text)
{
	static const char *const words[] = {
	    "password", "sslpassword", "oauth_client_secret"};

	for (size_t i = 0; i < PST_COUNT(words); i++) {
		size_t len = strlen(words[i]);

		if (strncasecmp(text, words[i], len) != 0)
			continue;
		len += strspn(text + len, " \t");
		if (text[len] != '=')
			continue;
		len++;
		return len + strspn(text + len, " \t");
	}
	return 0;
}

/* Returns the length of a value: quoted, or up to a blank or the next "&". */
static size_t
value_length(const char *text, bool in_uri)
{
	bool quoted = text[0] == '\'';
	size_t len = quoted;

	while (text[len] != '\0') {
		if (text[len] == '\\' && text[len + 1] != '\0') {
			len += 2;
			continue;
		}
		if (quoted && text[len] == '\'')
			return len + 1;
		if (!quoted &&
		    (strchr(" \t", text[len]) != NULL ||
			(in_uri && text[len] == '&')))
			return len;
		len++;
	}
	return len;
}

/* The end of the password in a URI: the last "@" of its authority. */
static const char *
user_end(const char *authority)
{
	size_t len = strcspn(authority, "/?# ");

	while (len > 0 && authority[len] != '@')
		len--;
	return len == 0 ? NULL : authority + len;
}

const char *
pst_mask_passwords(struct pst_arena *arena, const char *text)
{
	const char *scheme = strstr(text, "://");
	const char *at = text, *end;
	struct pst_buf buf;
	size_t len;
	bool found = false;

	pst_buf_init(&buf, arena, MAX_TEXT);
	while (*at != '\0') {
		len = at == text || strchr(" \t?&", at[-1]) != NULL ?
		    keyword(at) :
		    0;
		if (len > 0) {
			pst_buf_printf(&buf, "%.*s" PST_MASK, (int)len, at);
			at += len + value_length(at + len, scheme != NULL);
			found = true;
			continue;
		}
		end = scheme != NULL && at == scheme + 3 ? user_end(at) : NULL;
		len = end == NULL ? 0 : strcspn(at, ":@");
		if (end != NULL && at[len] == ':') {
			pst_buf_printf(&buf, "%.*s:" PST_MASK, (int)len, at);
			at = end;
			found = true;
			continue;
		}
		pst_buf_add_char(&buf, *at++);
	}
	return found ? pst_buf_str(&buf) : text;
}
