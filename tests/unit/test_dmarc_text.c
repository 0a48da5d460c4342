/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/macros.h"
#include "survey/dkim_text.h"
#include "survey/dmarc_text.h"
#include "tests/unit/rows.h"

#define RUA "rua=mailto:d@example.com"

static const char *
names(struct pst_arena *arena, const struct pst_findings_list *list)
{
	struct pst_buf buf;

	pst_buf_init(&buf, arena, 4096);
	for (size_t i = 0; i < list->count; i++)
		pst_buf_printf(&buf, "%s%s@%zu", i == 0 ? "" : " ",
		    strchr(list->items[i].info->name, '-') + 1,
		    list->items[i].position);
	return list->count == 0 ? "" : pst_buf_str(&buf);
}

/* The findings of a record, as "NAME@POSITION ...", without "dmarc-". */
static const struct text_row {
	const char *text;
	const char *want;
	const char *instead; /* of the first one; NULL: not compared */
} dmarc_rows[] = {
    {"v=DMARC1; p=reject; " RUA, "", NULL},
    {"v=DMARC1;p=quarantine;sp=reject;np=reject;" RUA ";", "", NULL},
    {"v = DMARC1 ; p = Reject ; " RUA " ; ", "", NULL},
    {"v=DMARC1; p=none; " RUA, "policy-none@13", NULL},
    /* policies */
    {"v=DMARC1; p=rejct; " RUA, "bad-policy@11", "p=reject"},
    {"v=DMARC1; p=quarentine; " RUA, "bad-policy@11", "p=quarantine"},
    {"v=DMARC1; p=monitor; " RUA, "bad-policy@11", "p=none"},
    {"v=DMARC1; p=; " RUA, "bad-policy@11", "p=none, or quarantine, or reject"},
    {"v=DMARC1; p=reject; sp=noone; " RUA, "bad-policy@21", "sp=none"},
    {"v=DMARC1; " RUA, "no-policy@0", NULL},
    {"v=DMARC1", "no-policy@0 no-rua@0", NULL},
    {"v=DMARC1; p=none", "no-effect@0 policy-none@13", NULL},
    {"v=DMARC1; p=reject", "no-rua@0", NULL},
    {"v=DMARC1; p=reject; sp=none; " RUA, "subdomain-weaker@24", "sp=reject"},
    {"v=DMARC1; p=reject; np=none; " RUA, "np-weaker@24", NULL},
    /* values */
    {"v=DMARC1; p=reject; adkim=strict; " RUA, "bad-value@21", "adkim=s"},
    {"v=DMARC1; p=reject; aspf=; " RUA, "bad-value@21", NULL},
    {"v=DMARC1; p=reject; t=yes; " RUA, "bad-value@21", "t=y"},
    {"v=DMARC1; p=reject; psd=x; " RUA, "bad-value@21", NULL},
    {"v=DMARC1; p=reject; fo=1,d; ruf=mailto:f@example.com; " RUA,
	"bad-value@21", "fo=1:d:s"},
    {"v=DMARC1; p=reject; fo=0:1; ruf=mailto:f@example.com; " RUA,
	"bad-value@21", NULL},
    {"v=DMARC1; p=reject; fo=1:d:s; ruf=mailto:f@example.com; " RUA, "", NULL},
    {"v=DMARC1; p=reject; fo=1; " RUA, "fo-without-ruf@24", NULL},
    {"v=DMARC1; p=reject; t=y; " RUA, "test-mode@23", NULL},
    {"v=DMARC1; p=reject; psd=y; " RUA, "psd@25", NULL},
    {"v=DMARC1; p=reject; psd=n; " RUA, "", NULL},
    /* lost separators */
    {"v=DMARC1; p=reject; adkim=saspf; " RUA, "lost-separator@21",
	"adkim=s; aspf=... or leave it out"},
    {"v=DMARC1; p=reject; adkim=saspf=r; " RUA, "lost-separator@21",
	"adkim=s; aspf=r"},
    {"v=DMARC1; p=reject; adkim=s aspf=s; " RUA, "lost-separator@21",
	"adkim=s; aspf=s"},
    {"v=DMARC1; p=reject, sp=none; " RUA, "lost-separator@11",
	"p=reject; sp=none"},
    {"v=DMARC1; p=reject " RUA, "lost-separator@11 no-rua@0", "p=reject; " RUA},
    {"v=DMARC1; p=reject; " RUA " ruf=mailto:f@example.com",
	"lost-separator@21", RUA "; ruf=mailto:f@example.com"},
    {"v=DMARC1; p=reject; " RUA "ruf=mailto:f@example.com", "lost-separator@21",
	NULL},
    {"v=DMARC1; p=reject; rua=mailto:a=b@example.com", "", NULL},
    {"v=DMARC1; p=reject; rua=mailto:rua=x@example.com", "", NULL},
    {"v=DMARC1 p=reject; " RUA, "lost-separator@1", NULL},
    {"v=DMARC1,p=reject," RUA, "lost-separator@1", NULL},
    /* tags */
    {"v=DMARC1; p=reject; policy=none; " RUA,
	"unknown-tag@21 words-contradict@21", "p=..."},
    {"v=DMARC1; p=reject; adkin=s; " RUA, "unknown-tag@21", "adkim=..."},
    {"v=DMARC1; p=reject; rau=mailto:d@example.com", "unknown-tag@21 no-rua@0",
	NULL},
    {"v=DMARC1; p=reject; x-note=hello; " RUA, "unknown-tag@21", "nothing"},
    {"v=DMARC1; p=reject; pct=50; " RUA, "removed-tag@21",
	"t=y, which asks for the next milder policy"},
    {"v=DMARC1; p=reject; pct=100; rf=afrf; ri=86400; " RUA,
	"removed-tag@21 removed-tag@30 removed-tag@39", "nothing"},
    {"v=DMARC1; p=reject; p=none; " RUA, "repeated-tag@21", NULL},
    {"v=DMARC1; p:reject; " RUA, "syntax@11 no-policy@0", NULL},
    {"v=DMARC1; p=reject;; " RUA, "", NULL},
    {"v=DMARC1; p=reject; =x; " RUA, "syntax@21", NULL},
    {"v=DMARC1; p=reject; none; " RUA, "syntax@21 words-contradict@21", NULL},
    {"v=DMARC1; p=quarantine; rua=mailto:dmarc-none@example.com",
	"words-contradict@29", NULL},
    {"v=DMARC1; p=none; rua=mailto:none@example.com", "policy-none@13", NULL},
    /* addresses */
    {"v=DMARC1; p=reject; rua=d@example.com", "missing-mailto@25",
	"mailto:d@example.com"},
    {"v=DMARC1; p=reject; " RUA ",e@example.com", "missing-mailto@46", NULL},
    {"v=DMARC1; p=reject; " RUA ";mailto:e@example.com", "syntax@46", NULL},
    {"v=DMARC1; p=reject; rua=mailto:d@example.com!10m", "size-suffix@25",
	"mailto:d@example.com"},
    {"v=DMARC1; p=reject; rua=mailto:d", "bad-address@25", NULL},
    {"v=DMARC1; p=reject; rua=mailto:d@localhost", "bad-address@25", NULL},
    {"v=DMARC1; p=reject; rua=mailto:mailto:d@example.com", "bad-address@25",
	NULL},
    {"v=DMARC1; p=reject; rua=mailto://d@example.com", "bad-address@25", NULL},
    {"v=DMARC1; p=reject; rua=https://example.com/d", "bad-address@25", NULL},
    {"v=DMARC1; p=reject; rua=mailto:d@example.com mailto:e@example.com",
	"bad-address@25", NULL},
    {"v=DMARC1; p=reject; " RUA ",", "bad-address@46", NULL},
    {"v=DMARC1; p=reject; rua=", "bad-address@25", NULL},
    /* not a record */
    {"v=DMARC2; p=reject; " RUA, "wrong-version@1", NULL},
    {"v=dmarc1; p=reject; " RUA, "wrong-version@1", NULL},
    {" v=DMARC1; p=reject; " RUA, "wrong-version@1", NULL},
    {"p=reject; v=DMARC1; " RUA, "wrong-version@1", NULL},
    {"DMARC1; p=reject; " RUA, "wrong-version@1 syntax@1", NULL},
    {"\"v=DMARC1; p=reject; " RUA "\"", "quotes@1", NULL},
    {"v=DMARC1; p=\"reject\"; " RUA, "quotes@13", NULL},
    {"v=DMARC1\\; p=reject\\; " RUA, "syntax@9", NULL},
    {"v=DMARC1; p=reject; " RUA "\n", "syntax@45", NULL},
};

static void
test_dmarc(void **state)
{
	(void)state;
	FOR_ROWS(i, dmarc_rows, dmarc_rows[i].text) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_findings_list list = {.arena = arena};
		struct pst_dmarc_text what = {
		    &list, "_dmarc.example.com", pst_str(dmarc_rows[i].text)};

		assert_true(pst_dmarc_text_is_meant(what.text));
		pst_dmarc_text_check(&what);
		assert_string_equal(names(arena, &list), dmarc_rows[i].want);
		if (dmarc_rows[i].instead != NULL)
			assert_string_equal(
			    list.items[0].instead, dmarc_rows[i].instead);
		for (size_t n = 0; n < list.count; n++)
			assert_true(
			    pst_str_is_printable(pst_str(list.items[n].text)));
		pst_arena_free(arena);
	}
}

static void
test_not_meant(void **state)
{
	static const char *const texts[] = {"", "v=spf1 -all", "v=", "p=reject",
	    "google-site-verification=dmarc", "v=DKIM1; p=", "\"", "v=:="};

	(void)state;
	FOR_ROWS(i, texts, texts[i])
		assert_false(pst_dmarc_text_is_meant(pst_str(texts[i])));
}

/* However many parts a record has, and whatever they are. */
static void
test_large(void **state)
{
	static const char *const parts[] = {
	    "x=1;", "p=;", "none;", "rua=a@b.example,;", "a=b=c;", ",;", "=;"};

	(void)state;
	FOR_ROWS(i, parts, parts[i]) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_findings_list list = {.arena = arena};
		struct pst_dmarc_text what = {
		    .list = &list, .at = "_dmarc.example.com"};
		struct pst_buf buf;

		pst_buf_init(&buf, arena, 20000);
		pst_buf_add_text(&buf, "v=DMARC1;");
		while (buf.len < 16000)
			pst_buf_add_text(&buf, parts[i]);
		what.text = pst_buf_slice(&buf);
		pst_dmarc_text_check(&what);
		assert_in_range(list.count, 1, PST_FINDINGS_MAX);
		pst_arena_free(arena);
	}
}

#define P1024                                                                  \
	"MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC3G7KJv0bRs5GUBWQvRkA/"         \
	"PVYQOHkcYaLFNqQKBgQDwhoYrhd9L7W9kzH0n2fM5Rzk0k9E4L8U9GJ5qz7p+"
#define ED "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="

static const struct text_row dkim_rows[] = {
    {"v=DKIM1; k=ed25519; p=" ED, "", NULL},
    {"k=ed25519; p=" ED, "", NULL},
    {"v=DKIM1; k=ed25519; t=y:s; p=" ED, "test@23 strict@23", NULL},
    {"v=DKIM1; k=ed25519; h=sha1; p=" ED, "sha1-only@23", NULL},
    {"v=DKIM1; k=ed25519; h=sha1:sha256; s=email; p=" ED, "", NULL},
    {"v=DKIM1; k=ed25519; s=tlsrpt; p=" ED, "not-email-service@23", NULL},
    {"v=DKIM1; k=rsa; p=", "revoked@19", NULL},
    {"v=DKIM1; k=dsa; p=" ED, "wrong-type@12", NULL},
    {"v=DKIM2; k=ed25519; p=" ED, "wrong-version@3", NULL},
    {"k=ed25519; v=DKIM1; p=" ED, "wrong-version@14", NULL},
    {"v=DKIM1; k=ed25519; p=" ED "\n", "bare-lf@67", NULL},
    {"v=DKIM1; k=ed25519;\r\n p=" ED, "bare-lf@20", NULL},
    {"v=DKIM1; k=ed25519; p=\1" ED, "malformed@23", NULL},
    {"v=DKIM1; k=ed25519", "malformed@0", NULL},
    {"v=DKIM1; k=ed25519; p=A" ED, "malformed@0", NULL},
    {"v=DKIM1; k=ed25519; p=abc*", "malformed@0", NULL},
    {"v=DKIM1; k=rsa; p=" ED, "malformed@0", NULL},
    {"v=DKIM1; k=rsa; p=" P1024, "malformed@0", NULL},
    {"v=DKIM1; k=ed25519; k=rsa; p=" ED, "malformed@0", NULL},
    {"v=DKIM1\\; k=ed25519\\; p=" ED, "malformed@8", NULL},
    {"\"v=DKIM1; k=ed25519; p=" ED "\"", "malformed@1", NULL},
    {"v=DKIM1; k=ed25519; DKIM; p=" ED, "malformed@0", NULL},
};

static void
test_dkim(void **state)
{
	(void)state;
	FOR_ROWS(i, dkim_rows, dkim_rows[i].text) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_findings_list list = {.arena = arena};
		struct pst_dkim_text what = {&list, "s._domainkey.example.com",
		    pst_str(dkim_rows[i].text)};
		struct pst_dkim_text_key key;

		assert_true(pst_dkim_text_is_meant(what.text));
		pst_dkim_text_check(&what, &key);
		assert_string_equal(names(arena, &list), dkim_rows[i].want);
		if (dkim_rows[i].want[0] == '\0') {
			assert_true(key.usable);
			assert_string_equal(key.type, "ed25519");
			assert_int_equal(key.bits, 256);
		}
		pst_arena_free(arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_dmarc),
	    cmocka_unit_test(test_not_meant),
	    cmocka_unit_test(test_large),
	    cmocka_unit_test(test_dkim),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
