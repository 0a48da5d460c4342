/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_BASE_STR_H
#define PST_BASE_STR_H

/*
 * A borrowed slice of octets. It owns nothing, need not end in NUL, and may
 * hold any octet, NUL included. Text from a message or from the DNS is passed
 * on as a slice; only validated text becomes a C string.
 *
 * Case is ignored for ASCII letters only, whatever the locale.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct pst_str {
	const char *ptr; /* may be NULL when len is 0 */
	size_t len;
};

/* A slice of a string literal. */
#define PST_STR(literal) ((struct pst_str)PST_STR_INIT(literal))
/* The same for a static table, where C11 requires a constant initializer. */
#define PST_STR_INIT(literal)                                                  \
	{                                                                      \
		"" literal, sizeof(literal) - 1                                \
	}

/* For printf's "%.*s". */
#define PST_STR_ARG(s) (int)(s).len, (s).ptr

static inline struct pst_str
pst_str(const char *text)
{
	return (struct pst_str){text, text == NULL ? 0 : strlen(text)};
}

/* ASCII classes. Unlike those of <ctype.h> they accept every char value. */
bool pst_is_alpha(char c);
bool pst_is_digit(char c);
bool pst_is_alnum(char c);
bool pst_is_wsp(char c); /* space or tab */
char pst_lower(char c);

/* Return the value of a digit in that encoding; -1 for any other octet. */
int pst_hex_value(char c);
int pst_base64_value(char c);

/* Decodes 2 * len hexadecimal digits. False if text is anything else. */
bool pst_hex_decode(struct pst_str text, unsigned char *out, size_t len);

bool pst_str_eq(struct pst_str a, struct pst_str b);
bool pst_str_ieq(struct pst_str a, struct pst_str b); /* ignores case */
bool pst_str_starts(struct pst_str s, struct pst_str prefix);
bool pst_str_istarts(struct pst_str s, struct pst_str prefix);
bool pst_str_iends(struct pst_str s, struct pst_str suffix);

/* Returns the index of the first c; s.len if there is none. */
size_t pst_str_find(struct pst_str s, char c);
/* Returns the index of the last c; s.len if there is none. */
size_t pst_str_rfind(struct pst_str s, char c);

/* Returns the slice from octet `from` on; empty when from >= s.len. */
struct pst_str pst_str_from(struct pst_str s, size_t from);
/* Returns the first n octets, or all of s if it is shorter. */
struct pst_str pst_str_first(struct pst_str s, size_t n);

/* Returns s without spaces, tabs, CR and LF at its ends. */
struct pst_str pst_str_trim(struct pst_str s);

/*
 * Takes the part before the first `sep` off *rest, with the `sep`, and stores
 * it in *part. Returns false when no part is left. "a,,b" gives "a", "", "b";
 * the empty string gives one empty part. Start with *rest set to the whole text
 * and *more set to true.
 */
bool
pst_str_split(struct pst_str *rest, char sep, struct pst_str *part, bool *more);

/*
 * Reads all of s as an unsigned decimal number. False when s is empty, holds an
 * octet that is not a digit, or is above max; *out is then unchanged.
 */
bool pst_str_to_u64(struct pst_str s, uint64_t max, uint64_t *out);

/* True when s is not empty and all octets are printable ASCII (0x20-0x7e). */
bool pst_str_is_printable(struct pst_str s);

/* True when s is well-formed UTF-8 (RFC 3629), the empty string included. */
bool pst_str_is_utf8(struct pst_str s);
bool pst_str_is_ascii(struct pst_str s);

#endif
