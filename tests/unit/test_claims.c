/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/claims.h"
#include "tests/unit/policy_fixture.h"
#include "tests/unit/rows.h"

static const struct pst_header_limits limits = {10, 1000, 1000};

/* Returns the claims as "word:domain word:domain"; "" if there are none. */
static const char *
claims_of(const struct pst_header *header, const struct pst_findings *findings)
{
	struct pst_claim claims[PST_CLAIMS_MAX];
	size_t count = pst_claims_read(arena, header, findings, claims);
	const char *text = "";

	for (size_t i = 0; i < count; i++) {
		const char *domain = claims[i].domain;

		text = pst_arena_printf(arena, "%s%s%s:%s", text,
		    i == 0 ? "" : " ", pst_claim_word(claims[i].kind),
		    domain == NULL ? "-" : domain);
	}
	return text;
}

static void
test_fields(void **state)
{
	static const struct {
		const char *label, *name, *value, *want;
	} rows[] = {
	    {"list id", "LIST-ID", " <x.example>", "List-Id:x.example"},
	    {"list id with a name", "List-Id", " <a> Talk <T.x.Example>",
		"List-Id:t.x.example"},
	    {"list id without brackets", "List-Id", " talk.x.example",
		"List-Id:talk.x.example"},
	    {"list id without a value", "List-Id", "", "List-Id:mf.example"},
	    {"list id of one label", "List-Id", " <a>", "List-Id:mf.example"},
	    {"list id that cannot be a domain", "List-Id", " <a b.example>",
		"List-Id:mf.example"},
	    {"blank before the colon", "List-Id ", " <x.example>",
		"List-Id:x.example"},
	    {"list post", "List-Post", " <mailto:a@x.example>",
		"List-Post:x.example"},
	    {"list post with a subject", "List-Post",
		" <mailto:a@x.example?subject=b@y.example>",
		"List-Post:x.example"},
	    {"two list posts", "List-Post",
		" <mailto:a@x.example>, <mailto:b@y.example>",
		"List-Post:x.example"},
	    {"list post without one", "List-Post", " NO",
		"List-Post:mf.example"},
	    {"list post on the web", "List-Post", " <https://x.example/p>",
		"List-Post:mf.example"},
	    {"mailing list", "mailing-list",
		" contact t-help@x.example; run by ezmlm",
		"Mailing-List:x.example"},
	    {"mailing list without a domain", "mailing-list", " x@",
		"Mailing-List:mf.example"},
	    {"precedence", "Precedence", " list", "Precedence:mf.example"},
	    {"case and fold", "PRECEDENCE", "\n\tLIST ",
		"Precedence:mf.example"},
	    {"bulk", "Precedence", " bulk", ""},
	    {"longer word", "Precedence", " listed", ""},
	    {"two words", "Precedence", " list, bulk", ""},
	    {"unsubscribe is any newsletter", "List-Unsubscribe", " <x>", ""},
	    {"other field", "X-List-Id", " x", ""},
	};
	struct pst_findings findings = {.mail_from = "mf.example"};
	struct pst_header header;

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		pst_header_init(&header, arena, limits);
		(void)pst_header_add(&header, PST_STR("To"), PST_STR(" x"));
		(void)pst_header_add(
		    &header, pst_str(rows[i].name), pst_str(rows[i].value));
		assert_string_equal(
		    claims_of(&header, &findings), rows[i].want);
	}
}

static void
test_several_fields(void **state)
{
	struct pst_findings findings = {
	    .mail_from_local = PST_STR("t-bounces")};
	struct pst_header header;

	(void)state;
	pst_header_init(&header, arena, limits);
	(void)pst_header_add(&header, PST_STR("Precedence"), PST_STR(" bulk"));
	assert_string_equal(claims_of(&header, &findings), "bounce-address:-");
	(void)pst_header_add(&header, PST_STR("Precedence"), PST_STR(" list"));
	(void)pst_header_add(&header, PST_STR("List-Post"), PST_STR(" NO"));
	(void)pst_header_add(
	    &header, PST_STR("List-Id"), PST_STR(" <x.example>"));
	assert_string_equal(claims_of(&header, &findings),
	    "List-Id:x.example List-Post:- Precedence:- bounce-address:-");
	/* Of two fields, nobody can tell which one counts. */
	findings.mail_from = "mf.example";
	(void)pst_header_add(
	    &header, PST_STR("List-Id"), PST_STR(" <x.example>"));
	assert_string_equal(claims_of(&header, &findings),
	    "List-Id:mf.example List-Post:mf.example Precedence:mf.example "
	    "bounce-address:mf.example");
}

/* Local parts as forwarders and mailing lists write them in MAIL FROM. */
static void
test_local_parts(void **state)
{
	static const struct {
		const char *local, *want;
	} rows[] = {
	    {"", ""},
	    {"joe", ""},
	    {"srs", ""},
	    {"SRS0", ""},
	    {"SRS0=", ""},
	    {"SRS=a", ""},
	    {"SRS2=a=b=c=d", ""},
	    {"SRS0=HHH=TT=orig.example=joe", "SRS:mf.example"},
	    {"srs1+HHH=x.example==HHH=TT=y.example=joe", "SRS:mf.example"},
	    {"SRS0-HHH-TT-orig.example-joe", "SRS:mf.example"},
	    {"user+SRS=AbCd=XY=corp.example=jo", "SRS:mf.example"},
	    {"bounces+SRS=AbCd1=XY", "SRS:mf.example"},
	    {"user+srs0=AbCd=XY=corp.example=jo", "SRS:mf.example"},
	    {"+SRS=a", "SRS:mf.example"},
	    {"user+SRS", ""},
	    {"user+SRS=", ""},
	    {"user+SRSx=a", ""},
	    {"user-SRS=a", ""},
	    {"you+caf_=me=gateway.example", "caf:mf.example"},
	    {"you+CAF_=me=gateway.example", "caf:mf.example"},
	    {"you+caf_=", ""},
	    {"you+caf=me", ""},
	    {"youcaf_=me", ""},
	    {"group+bncBCXXX1234", "bnc:mf.example"},
	    {"group+bnc", ""},
	    {"group+bnc=a", ""},
	    {"+bncA", ""},
	    {"groupbncA", ""},
	    {"talk-bounces", "bounce-address:mf.example"},
	    {"talk-bounces+joe=x.example", "bounce-address:mf.example"},
	    {"talk-return-17-joe=x.example", "bounce-address:mf.example"},
	    {"owner-talk", "bounce-address:mf.example"},
	    {"talk-owner", "bounce-address:mf.example"},
	    {"bounces+1234", ""},
	    {"owner", ""},
	    {"return-", ""},
	};
	struct pst_header header;

	(void)state;
	pst_header_init(&header, arena, limits);
	FOR_ROWS(i, rows, rows[i].local) {
		struct pst_findings findings = {
		    .mail_from_local = pst_str(rows[i].local),
		    .mail_from = "mf.example"};

		assert_string_equal(
		    claims_of(&header, &findings), rows[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_fields),
	    cmocka_unit_test(test_several_fields),
	    cmocka_unit_test(test_local_parts),
	};

	return cmocka_run_group_tests(tests, make_arena, free_arena);
}
