/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "mail/address.h"
#include "tests/unit/rows.h"

#define TEXT(literal)                                                          \
	{                                                                      \
		literal, sizeof(literal) - 1                                   \
	}
enum path_kind { INVALID, NULL_PATH, MAILBOX };

struct path_row {
	const char *label;
	struct pst_str raw;
	enum path_kind kind;
	const char *local;
	const char *domain;
};

static const struct path_row path_rows[] = {
    {"null", TEXT("<>"), NULL_PATH, "", NULL},
    {"null with a blank", TEXT("< >"), NULL_PATH, "", NULL},
    {"mailbox", TEXT("<joe@example.com>"), MAILBOX, "joe", "example.com"},
    {"no brackets", TEXT("joe@example.com"), MAILBOX, "joe", "example.com"},
    {"capitals and final dot", TEXT("<Joe@Example.COM.>"), MAILBOX, "Joe",
	"example.com"},
    {"dots and signs", TEXT("<a.b+c=d=e.f@example.com>"), MAILBOX,
	"a.b+c=d=e.f", "example.com"},
    {"dots in a row", TEXT("<a..b@example.com>"), MAILBOX, "a..b",
	"example.com"},
    {"first a dot", TEXT("<.a@example.com>"), MAILBOX, ".a", "example.com"},
    {"last a dot", TEXT("<a.@example.com>"), MAILBOX, "a.", "example.com"},
    {"only a dot", TEXT("<.@example.com>"), MAILBOX, ".", "example.com"},
    {"single label", TEXT("<root@localhost>"), MAILBOX, "root", "localhost"},
    {"source route", TEXT("<@a.example,@b.example:user@dom.example>"), MAILBOX,
	"user", "dom.example"},
    {"source route, no brackets", TEXT("@a.example:user@dom.example"), MAILBOX,
	"user", "dom.example"},
    {"quoted local part", TEXT("<\"a b\\\"c\"@dom.example>"), MAILBOX, "a b\"c",
	"dom.example"},
    {"quoted at sign", TEXT("<\"a@b.example\"@dom.example>"), MAILBOX,
	"a@b.example", "dom.example"},
    {"quoted angle", TEXT("\"<a>\"@dom.example"), MAILBOX, "<a>",
	"dom.example"},
    {"quoted comment", TEXT("<\"(\"@dom.example>"), MAILBOX, "(",
	"dom.example"},
    {"empty quoted local part", TEXT("<\"\"@dom.example>"), MAILBOX, "",
	"dom.example"},
    {"UTF-8 local part", TEXT("<j\xc3\xbcrgen@dom.example>"), MAILBOX,
	"j\xc3\xbcrgen", "dom.example"},
    {"U-label",
	TEXT("<a@b\xc3\xbc"
	     "cher.example>"),
	MAILBOX, "a", "xn--bcher-kva.example"},
    {"IPv4 literal", TEXT("<a@[192.0.2.1]>"), MAILBOX, "a", NULL},
    {"IPv6 literal", TEXT("<a@[IPv6:2001:db8::1]>"), MAILBOX, "a", NULL},

    {"empty", TEXT(""), INVALID, "", NULL},
    {"blank", TEXT(" "), INVALID, "", NULL},
    {"opened", TEXT("<"), INVALID, "", NULL},
    {"closed", TEXT(">"), INVALID, "", NULL},
    {"two pairs", TEXT("<<>>"), INVALID, "", NULL},
    {"only quotes", TEXT("\"\""), INVALID, "", NULL},
    {"word", TEXT("root"), INVALID, "", NULL},
    {"word in brackets", TEXT("<root>"), INVALID, "", NULL},
    {"no domain", TEXT("<joe@>"), INVALID, "", NULL},
    {"no local part", TEXT("<@example.com>"), INVALID, "", NULL},
    {"only an at sign", TEXT("<@>"), INVALID, "", NULL},
    {"not closed", TEXT("<joe@example.com"), INVALID, "", NULL},
    {"not opened", TEXT("joe@example.com>"), INVALID, "", NULL},
    {"text after it", TEXT("<joe@example.com> x"), INVALID, "", NULL},
    {"two mailboxes", TEXT("<a@example.com><b@example.com>"), INVALID, "",
	NULL},
    {"two at signs", TEXT("<a@b@example.com>"), INVALID, "", NULL},
    {"blank in brackets", TEXT("< joe@example.com >"), INVALID, "", NULL},
    {"blank in the local part", TEXT("<a b@example.com>"), INVALID, "", NULL},
    {"comment", TEXT("<joe(c)@example.com>"), INVALID, "", NULL},
    {"quote not closed", TEXT("<\"a@example.com>"), INVALID, "", NULL},
    {"quote and word", TEXT("<\"a\"b@example.com>"), INVALID, "", NULL},
    {"fold in quotes", TEXT("<\"a\n b\"@example.com>"), INVALID, "", NULL},
    {"NUL", TEXT("<a@example.com\0.evil.example>"), INVALID, "", NULL},
    {"NUL in a quoted pair", TEXT("<\"\\\0\"@example.com>"), INVALID, "", NULL},
    {"control in a quoted pair", TEXT("<\"\\\x01\"@example.com>"), INVALID, "",
	NULL},
    {"CRLF", TEXT("<a@example.com>\r\n"), INVALID, "", NULL},
    {"invalid UTF-8", TEXT("<\xff@example.com>"), INVALID, "", NULL},
    {"invalid UTF-8 in quotes", TEXT("<\"\xff\"@example.com>"), INVALID, "",
	NULL},
    {"octet 0xff in the domain", TEXT("<a@b\xff.example>"), INVALID, "", NULL},
    {"empty label", TEXT("<a@example..com>"), INVALID, "", NULL},
    {"hyphen first", TEXT("<a@-example.com>"), INVALID, "", NULL},
    {"address as the domain", TEXT("<a@192.0.2.1>"), INVALID, "", NULL},
    {"literal not closed", TEXT("<a@[192.0.2.1>"), INVALID, "", NULL},
    {"name as a literal", TEXT("<a@[example.com]>"), INVALID, "", NULL},
    {"text after a literal", TEXT("<a@[192.0.2.1]x>"), INVALID, "", NULL},
    {"route without a colon", TEXT("<@a.example,user@dom.example>"), INVALID,
	"", NULL},
    {"route with an empty hop", TEXT("<@a.example,,@b.example:u@dom.example>"),
	INVALID, "", NULL},
    {"route with a hop without its sign",
	TEXT("<@a.example,b.example:u@dom.example>"), INVALID, "", NULL},
    {"route without a mailbox", TEXT("<@a.example:>"), INVALID, "", NULL},

    {"server a1", TEXT("<any@mailfrom.notexist.legitimate.example>"), MAILBOX,
	"any", "mailfrom.notexist.legitimate.example"},
    {"server a2", TEXT("<(any@legitimate.example>"), INVALID, "", NULL},
    {"server a3", TEXT("<any@33.attack.example>"), MAILBOX, "any",
	"33.attack.example"},
    {"server a5", TEXT("<any@legitimate.example(a.attack.example>"), INVALID,
	"", NULL},
    {"server a6", TEXT("<any@legitimate.example'@any.attack.example>"), INVALID,
	"", NULL},
    {"server a7",
	TEXT("<@legitimate.example,@any.example:'any@attack.example>"), MAILBOX,
	"'any", "attack.example"},
};

/* Copies to the heap, at the exact size, so that sanitizers see overreads. */
static char *
exact(struct pst_str s)
{
	char *copy = malloc(s.len == 0 ? 1 : s.len);

	assert_non_null(copy);
	if (s.len > 0)
		memcpy(copy, s.ptr, s.len);
	return copy;
}

static void
check_path(const struct path_row *row, const struct pst_path *path)
{
	const char *domain = path->domain == NULL ? "" : path->domain;
	const char *want = row->domain == NULL ? "" : row->domain;

	if (path->valid != (row->kind != INVALID))
		fail_msg("%s: valid is %d", row->label, path->valid);
	if (path->null != (row->kind == NULL_PATH))
		fail_msg("%s: null is %d", row->label, path->null);
	if (!pst_str_eq(path->local, pst_str(row->local)))
		fail_msg("%s: local part is \"%.*s\"", row->label,
		    PST_STR_ARG(path->local));
	if ((path->domain == NULL) != (row->domain == NULL) ||
	    strcmp(domain, want) != 0)
		fail_msg("%s: domain is \"%s\"", row->label, domain);
}

static void
test_reverse_paths(void **state)
{
	(void)state;
	FOR_ROWS(i, path_rows, path_rows[i].label) {
		const struct path_row *row = &path_rows[i];
		struct pst_arena *arena = pst_arena_new();
		char *copy = exact(row->raw);
		struct pst_path path;

		pst_reverse_path_parse(
		    arena, (struct pst_str){copy, row->raw.len}, &path);
		free(copy); /* nothing in the result may point into it */
		check_path(row, &path);
		pst_arena_free(arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_reverse_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
