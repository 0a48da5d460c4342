/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/macros.h"
#include "mail/mime.h"
#include "tests/unit/rows.h"

#define LENGTH_OF(array) (PST_COUNT(array))

static void
expect(const char *label, const char *got, const char *wanted)
{
	if (strcmp(got, wanted) != 0)
		fail_msg("%s: \"%s\", not \"%s\"", label, got, wanted);
}

/* Returns "type[name](body)" for each part, with a `>` per outer message. */
static const char *
parts_text(struct pst_arena *arena, struct pst_str message)
{
	struct pst_mime mime;
	struct pst_err err = {""};
	struct pst_buf buf;

	pst_buf_init(&buf, arena, 65536);
	if (!pst_mime_read(arena, message, &mime, &err))
		return pst_arena_printf(arena, "refused: %s", err.text);
	for (size_t i = 0; i < mime.count; i++) {
		const struct pst_mime_part *part = &mime.parts[i];

		for (unsigned depth = 0; depth < part->messages; depth++)
			pst_buf_add_char(&buf, '>');
		pst_buf_printf(&buf, "%s[", part->type);
		pst_buf_add_escaped(&buf, part->name);
		pst_buf_add_text(&buf, "](");
		pst_buf_add_escaped(&buf, pst_mime_decode(arena, part));
		pst_buf_add_text(&buf, ")");
	}
	return pst_buf_str(&buf) == NULL ? "" : pst_buf_str(&buf);
}

static const struct {
	const char *label;
	const char *message;
	const char *parts;
} rows[] = {
    {"empty", "", "text/plain[]()"},
    {"no header", "\nbody", "text/plain[](body)"},
    {"header only", "A: b", "text/plain[]()"},
    {"one part", "Content-Type: Text/XML; Name=\"a b.xml\"\n\n<x/>\n",
	"text/xml[a b.xml](<x/>\\x0A)"},
    {"CRLF", "Content-Type: text/xml\r\n\r\n<x/>\r\n",
	"text/xml[](<x/>\\x0D\\x0A)"},
    {"no type", "Content-Type: rubbish\n\nx", "text/plain[](x)"},
    {"folded", "content-type:\n application/zip;\r\n\tname=report.zip\n\nx",
	"application/zip[report.zip](x)"},
    {"base64",
	"Content-Transfer-Encoding: BASE64\n\nSGFs\nbG8 s\r\nIFdlbHQ=\nrest",
	"text/plain[](Hallo, Welt)"},
    {"base64 without padding", "Content-Transfer-Encoding: base64\n\nSGE",
	"text/plain[](Ha)"},
    {"quoted-printable",
	"Content-Transfer-Encoding: quoted-printable\n\na=3Db =\nc=\r\nd=3d=x=",
	"text/plain[](a=b cd==x=)"},
    {"unknown encoding", "Content-Transfer-Encoding: x-uu\n\na=3D",
	"text/plain[](a=3D)"},
    {"two parts",
	"Content-Type: multipart/mixed; boundary=b\n\npreamble\n--b\n\none\n"
	"--b\nContent-Type: text/xml\n\ntwo\n\n--b--\nepilogue\n--b\n\nno\n",
	"text/plain[](one)text/xml[](two\\x0A)"},
    {"delimiters with blanks, and without header",
	"Content-Type: multipart/mixed; boundary=\"b c\"\r\n\r\n"
	"--b c \t\r\n\r\none\r\n--b cd\r\n--b c--  \r\n",
	"text/plain[](one\\x0D\\x0A--b cd)"},
    {"end is missing",
	"Content-Type: multipart/mixed; boundary=b\n\n--b\nA: b\n\none\n",
	"text/plain[](one\\x0A)"},
    {"unquoted boundary with a =",
	"Content-Type: multipart/mixed; boundary=--=_b; x=y\n\n----=_b\n\n1",
	"text/plain[](1)"},
    {"no boundary", "Content-Type: multipart/mixed\n\n--b\n\none\n",
	"multipart/mixed[](--b\\x0A\\x0Aone\\x0A)"},
    {"multipart in multipart",
	"Content-Type: multipart/mixed; boundary=b\n\n--b\n"
	"Content-Type: multipart/related; boundary=bb\n\n--bb\n\n1\n--bb\n\n2\n"
	"--b\n\n3\n--b--\n",
	"text/plain[](1)text/plain[](2)text/plain[](3)"},
    {"attached message",
	"Content-Type: multipart/mixed; boundary=b\n\n--b\n"
	"Content-Type: message/rfc822\n\nContent-Type: text/xml\n\n<x/>\n--b--",
	"message/rfc822[](Content-Type: text/xml\\x0A\\x0A<x/>)"
	">text/xml[](<x/>)"},
    {"attached message in base64",
	"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"
	"QTogYgoKYw==\n",
	"message/rfc822[](A: b\\x0A\\x0Ac)>text/plain[](c)"},
    {"attached message of RFC 6532",
	"Content-Type: message/global\n\nA: b\n\nc",
	"message/global[](A: b\\x0A\\x0Ac)>text/plain[](c)"},
    {"name from the disposition",
	"Content-Type: a/b; name=n\nContent-Disposition: attachment; "
	"filename=\"f\";\n\n",
	"a/b[f]()"},
    {"RFC 2231",
	"Content-Disposition: attachment; filename*=utf-8'de'a%20b%xz\n\n",
	"text/plain[a b%xz]()"},
    {"RFC 2231 in pieces",
	"Content-Disposition: attachment; filename*1=\".xml\";"
	" filename*0*=us-ascii''a%2eb; filename*2*=%2Egz\n\n",
	"text/plain[a.b.xml.gz]()"},
    {"RFC 2231, of two digits only one is hexadecimal",
	"Content-Disposition: attachment; filename*=us-ascii''a%4gb%g4c\n\n",
	"text/plain[a%4gb%g4c]()"},
    {"rubbish between parameters",
	"Content-Type: a/b; ; x; =; (c) name (d) = n\n\n", "a/b[n]()"},
    {"lines that are not fields",
	"rubbish\nFrom x y\n : 1\nContent-Type: a/b\nbad name: c\n\nx",
	"a/b[](x)"},
};

static void
test_parts(void **state)
{
	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_arena *arena = pst_arena_new();
		size_t len = strlen(rows[i].message);
		/* a copy that no NUL follows */
		char *exact = malloc(len == 0 ? 1 : len);

		assert_non_null(exact);
		memcpy(exact, rows[i].message, len);
		expect(rows[i].label,
		    parts_text(arena, (struct pst_str){exact, len}),
		    rows[i].parts);
		free(exact);
		pst_arena_free(arena);
	}
}

/* Returns `depth` multiparts, each nested in the one before. */
static struct pst_str
nested(struct pst_arena *arena, unsigned depth)
{
	struct pst_buf buf;

	pst_buf_init(&buf, arena, 1 << 20);
	for (unsigned i = 0; i < depth; i++)
		pst_buf_printf(&buf,
		    "Content-Type: multipart/mixed; boundary=b%u\n\n--b%u\n", i,
		    i);
	pst_buf_add_text(&buf, "\nx\n");
	return pst_buf_slice(&buf);
}

static void
test_depth(void **state)
{
	struct pst_arena *arena = pst_arena_new();

	(void)state;
	expect("at the limit",
	    parts_text(arena, nested(arena, PST_MIME_MAX_DEPTH)),
	    "text/plain[](x\\x0A)");
	expect("one more",
	    parts_text(arena, nested(arena, PST_MIME_MAX_DEPTH + 1)),
	    "refused: has MIME parts nested more than 10 deep; save the "
	    "attached report to a file and name that file instead");
	expect("many more", parts_text(arena, nested(arena, 10000)),
	    "refused: has MIME parts nested more than 10 deep; save the "
	    "attached report to a file and name that file instead");
	pst_arena_free(arena);
}

static void
test_count(void **state)
{
	static const char *const children[] = {"",
	    "Content-Type: multipart/mixed; boundary=c\n",
	    "Content-Type: message/rfc822\n"};
	struct pst_arena *arena = pst_arena_new();

	(void)state;
	FOR_ROWS(i, children, children[i]) {
		struct pst_buf buf;

		pst_buf_init(&buf, arena, 1 << 20);
		pst_buf_add_text(
		    &buf, "Content-Type: multipart/mixed; boundary=b\n\n");
		for (unsigned n = 0; n < PST_MIME_MAX_PARTS; n++)
			pst_buf_printf(&buf, "--b\n%s\nx\n", children[i]);
		expect("too many", parts_text(arena, pst_buf_slice(&buf)),
		    "refused: has more than 100 MIME parts; save the attached "
		    "report to a file and name that file instead");
	}
	pst_arena_free(arena);
}

static void
test_fields(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_str header = PST_STR("A: 1\nB:2\r\n 3\r\n\t4\nb: 5\nC :6\n"
					"D:\n");
	struct pst_str name, value, rest = header;
	size_t count = 0;

	(void)state;
	while (pst_mime_next_field(&rest, &name, &value))
		count++;
	assert_int_equal(count, 5);
	assert_int_equal(rest.len, 0);
	assert_true(
	    pst_str_eq(pst_mime_field(arena, header, "b"), PST_STR("2 3\t4")));
	assert_true(
	    pst_str_eq(pst_mime_field(arena, header, "C"), PST_STR("6")));
	assert_int_equal(pst_mime_field(arena, header, "D").len, 0);
	assert_int_equal(pst_mime_field(arena, header, "E").len, 0);
	pst_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_parts),
	    cmocka_unit_test(test_depth),
	    cmocka_unit_test(test_count),
	    cmocka_unit_test(test_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
