/* SPDX-License-Identifier: BSD-2-Clause */

/* The records that are proposed in the place of faulty ones. */

#include "tests/unit/rows.h"

#include "survey/correct.h"
#include "tests/unit/desk_fixture.h"

/* want NULL: nothing is proposed. says is a part of the comment. */
struct row {
	const char *text, *want, *says;
};

static const struct row spf_rows[] = {
    {GOOD_SPF, NULL, NULL},
    {"v=spf1 mx ~all", NULL, NULL},
    {"v=spf1 ipv4:192.0.2.7 -all", "v=spf1 ip4:192.0.2.7 -all",
	"ip4:192.0.2.7 instead of ipv4:192.0.2.7"},
    {"v=spf1 ip6:192.0.2.7 -all", "v=spf1 ip4:192.0.2.7 -all", "instead of"},
    {"v=spf1 ip4:2001:db8::1 -all", "v=spf1 ip6:2001:db8::1 -all",
	"instead of"},
    {"v=spf1 inclued:p.test -all", "v=spf1 include:p.test -all",
	"include:p.test instead of inclued:p.test"},
    {"v=spf1 ip4: 192.0.2.7 -all", "v=spf1 ip4:192.0.2.7 -all",
	"no blank in ip4:192.0.2.7"},
    {"v=spf1 include:p.test~all", "v=spf1 include:p.test ~all",
	"a blank before ~all"},
    {"v=spf1 mx -all ip4:192.0.2.7", "v=spf1 mx ip4:192.0.2.7 -all",
	"ip4:192.0.2.7 in front of all"},
    {"v=spf1 mx -all include:gone.test", "v=spf1 mx -all",
	"its domain does not exist"},
    {"v=spf1 mx -all include:fails.test", "v=spf1 mx -all",
	"include:fails.test, which came after all"},
    {"v=spf1 mx -all ~all", "v=spf1 mx -all", "left out ~all"},
    {"v=spf1 mx ptr -all", "v=spf1 mx -all", "left out ptr"},
    {"v=spf1 mx +all", "v=spf1 mx ~all", "~all instead of +all"},
    {"v=spf1 mx ?all", "v=spf1 mx ~all", "~all instead of ?all"},
    {"v=spf1 mx", "v=spf1 mx ~all", "~all, which was missing"},
    {"v=spf1 mx word -all", "v=spf1 mx -all", "left out word"},
    {"v=spf1 mx; -all;", "v=spf1 mx -all", "without commas and semicolons"},
    {"v=spf1 mx exists:%{l1r,+}.example.com mx -all",
	"v=spf1 mx exists:%{l1r,+}.example.com -all", "it is there twice"},
    {"v=spf1 mx include:gone.test include:parked.test -all", "v=spf1 mx -all",
	"left out include:gone.test"},
    {"v=spf1 mx redirct=p.test", "v=spf1 mx redirect=p.test",
	"redirect=p.test instead of redirct=p.test"},
    {"v=spf1 mx -all redirect=p.test", "v=spf1 mx -all",
	"left out redirect=p.test"},
    {"v=spf1 mx exp=a.example.com exp=a.example.com -all",
	"v=spf1 mx -all exp=a.example.com", NULL},
    {"v=spf1 mx redirect=p.test redirect=p.test", "v=spf1 mx redirect=p.test",
	"redirect=p.test once"},
    {"\xe2\x80\x9cv=spf1\xc2\xa0mx -all\xe2\x80\x9d", GOOD_SPF, "plain ASCII"},
    {"\"v=spf1 mx -all\"", GOOD_SPF, "no quotation marks"},
    {"spf1 mx -all", GOOD_SPF, "v=spf1 and a blank at the start"},
    {"v = spf 1 mx -all", GOOD_SPF, "v=spf1 and a blank"},
    {"v=spf1; -all", "v=spf1 -all", NULL},
    /* what was meant is not plain */
    {"v=spf2 mx -all", NULL, NULL},
    {"v=spf1 mail.example.com -all", NULL, NULL},
    {"v=spf1 mx host:mail.example.com -all", NULL, NULL},
    {"v=spf1 mx ip4:192.0.2.300 -all", NULL, NULL},
    {"v=spf1 ip4:192.0.2.0/33 mx -all", NULL, NULL},
    {"v=spf1 mx redirect=a.test redirect=b.test", NULL, NULL},
    {"v=spf1 mx exp=a.example.com exp=b.example.com -all", NULL, NULL},
    {"v=spf1 mx \x80 -all", NULL, NULL},
    {"v=spf1 mx\x07 -all", NULL, NULL},
    /* no host would be left */
    {"v=spf1 ptr -all", NULL, NULL},
    {"v=spf1 include:gone.test -all", NULL, NULL},
    {"v=spf1 +all", NULL, NULL},
    {"v=spf1", NULL, NULL},
    /* a fault would be left */
    {"v=spf1 mx ptr ip4:198.18.0.0/15 -all", NULL, NULL},
    {"v=spf1 mx ptr include:wide.test -all", NULL, NULL},
    {"v=spf1 mx ptr include:fails.test -all", NULL, NULL},
    {"v=spf1 ipv4:0.0.0.0/0 -all", NULL, NULL},
};

static const struct row dmarc_rows[] = {
    {GOOD_DMARC, NULL, NULL},
    {"v=DMARC1; p=rejct; " DESK_RUA, GOOD_DMARC, "p=reject instead of p=rejct"},
    {"v=DMARC1; p=block; " DESK_RUA, GOOD_DMARC, "p=reject instead of p=block"},
    {"v=DMARC1; p=reject; adkim=saspf=s; " DESK_RUA,
	"v=DMARC1; p=reject; adkim=s; aspf=s; " DESK_RUA,
	"a semicolon before aspf="},
    {"v=DMARC1; p=reject; adkim=saspf; " DESK_RUA,
	"v=DMARC1; p=reject; adkim=s; " DESK_RUA,
	"left out aspf after adkim=s"},
    {"v=DMARC1 p=reject " DESK_RUA, GOOD_DMARC, "v=DMARC1; at the start"},
    {"v=DMARC1, p=reject, " DESK_RUA, GOOD_DMARC, "a semicolon before rua="},
    {"p=reject; v=DMARC1; " DESK_RUA, GOOD_DMARC, "v=DMARC1; at the start"},
    {" v=DMARC1; p=reject; " DESK_RUA, GOOD_DMARC, "v=DMARC1; at the start"},
    {"v=dmarc1; p=reject; " DESK_RUA, GOOD_DMARC, "v=DMARC1; at the start"},
    {"DMARC1; p=reject; " DESK_RUA, GOOD_DMARC, "v=DMARC1; at the start"},
    {"v=DMARC1\\; p=reject\\; " DESK_RUA, GOOD_DMARC, "no backslashes"},
    {"\"v=DMARC1; p=reject; " DESK_RUA "\"", GOOD_DMARC, "no quotation marks"},
    {"v=DMARC1; p=reject; pct=100; rf=afrf; ri=1; " DESK_RUA, GOOD_DMARC,
	"left out pct="},
    {"v=DMARC1; p=reject; pct=20; " DESK_RUA, GOOD_DMARC,
	"t=y is what weakens the policy"},
    {"v=DMARC1; p=reject; rua=d@example.com", GOOD_DMARC,
	"mailto:d@example.com instead of d@example.com"},
    {"v=DMARC1; p=reject; rua=mailto://d@example.com", GOOD_DMARC,
	"mailto:d@example.com instead of"},
    {"v=DMARC1; p=reject; rua=mailto:mailto:d@example.com", GOOD_DMARC,
	"mailto:d@example.com instead of"},
    {"v=DMARC1; p=reject; rua=mailto:d@example.com!10m", GOOD_DMARC,
	"left out the limit"},
    {"v=DMARC1; p=reject; rua=mailto:d@example.com,,mailto:D@example.com",
	GOOD_DMARC, "an empty address"},
    {"v=DMARC1; p=reject; " DESK_RUA "; mailto:e@example.com",
	GOOD_DMARC ",mailto:e@example.com", "a comma before"},
    {"v=DMARC1; sp:quarantine; p=quarantine; " DESK_RUA,
	"v=DMARC1; p=quarantine; sp=quarantine; " DESK_RUA,
	"sp= instead of sp:"},
    {"v=DMARC1; p=reject; p=reject; " DESK_RUA, GOOD_DMARC, "p= once"},
    {"v=DMARC1; policy=reject; " DESK_RUA, GOOD_DMARC, "p= instead of policy="},
    {"v=DMARC1; p=reject; ruaa=mailto:d@example.com", GOOD_DMARC,
	"rua= instead of ruaa="},
    {"v=DMARC1; p=reject; x=y; word; " DESK_RUA, GOOD_DMARC, "left out x=y"},
    {"v=DMARC1; p=reject; fo=1; " DESK_RUA, GOOD_DMARC, "left out fo="},
    {"v=DMARC1; p=reject; fo=1,d,s; ruf=mailto:f@example.com",
	"v=DMARC1; p=reject; fo=1:d:s; ruf=mailto:f@example.com",
	"fo=1:d:s instead of fo=1,d,s"},
    {"v=DMARC1; p=reject; aspf=strict; t=x; " DESK_RUA,
	"v=DMARC1; p=reject; aspf=s; " DESK_RUA, "left out t="},
    {"v=DMARC1; " DESK_RUA, "v=DMARC1; p=none; " DESK_RUA, "p=none, which"},
    /* what was meant is not plain */
    {"v=DMARC1; p=none; quarantine; pct=100; " DESK_RUA, NULL, NULL},
    {"v=DMARC1; p=none; pct=100; rua=mailto:quarantine@example.com", NULL,
	NULL},
    {"v=DMARC1; p=quarantine; policy=none; " DESK_RUA, NULL, NULL},
    {"v=DMARC1; reject; " DESK_RUA, NULL, NULL},
    {"v=DMARC1; p=none; p=reject; " DESK_RUA, NULL, NULL},
    {"v=DMARC1; p=; " DESK_RUA, NULL, NULL},
    {"v=DMARC1; p=xyzzy; " DESK_RUA, NULL, NULL},
    {"v=DMARC1; p=none; pct=100", NULL, NULL},
    {"v=DMARC2; p=reject; " DESK_RUA, NULL, NULL},
    {"v=DMARC10; p=reject; " DESK_RUA, NULL, NULL},
    {"v=DMARC1; pct=100; p=reject; d@example.com", NULL, NULL},
    {"v=DMARC1; p=reject; fo=x; ruf=mailto:f@example.com", NULL, NULL},
    {"v=DMARC1; p=rejct; rua=https://example.com/", NULL, NULL},
    {"v=DMARC1; p=rejct; rua=mailto:a@b", NULL, NULL},
    {"v=DMARC1; p=rejct; \x80", NULL, NULL},
    /* a fault would be left */
    {"v=DMARC1; p=rejct; sp=none; " DESK_RUA, NULL, NULL},
    {"v=DMARC1; p=rejct; psd=y; " DESK_RUA, NULL, NULL},
};

static const struct row dkim_rows[] = {
    {GOOD_DKIM, NULL, NULL},
    {"k=ed25519; p=" DESK_KEY, NULL, NULL},
    {"k=ed25519; v=DKIM1; p=" DESK_KEY, GOOD_DKIM, "v=DKIM1 at the start"},
    {"v=dkim1; k=ed25519; p=" DESK_KEY, GOOD_DKIM,
	"v=DKIM1 instead of v=dkim1"},
    {"v=DKIM2; k=ed25519; p=" DESK_KEY, GOOD_DKIM,
	"v=DKIM1 instead of v=DKIM2"},
    {"v=DKIM1 k=ed25519 p=" DESK_KEY, GOOD_DKIM, "a semicolon before k="},
    {"\"v=DKIM1; k=ed25519; \" \"p=" DESK_KEY "\"", GOOD_DKIM,
	"quotation marks"},
    {"v=DKIM1\\; k=ed25519\\; p=" DESK_KEY, GOOD_DKIM, "no backslashes"},
    {"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPa\npiMlrwIaaPcHURo=",
	GOOD_DKIM, "no line end"},
    {"v=DKIM1; K=ed25519; P=" DESK_KEY, GOOD_DKIM, "p= instead of P="},
    {"v=DKIM1; k=Ed25519; p=" DESK_KEY, GOOD_DKIM, "k=ed25519 instead of k="},
    {"v=DKIM1; p=" DESK_KEY, GOOD_DKIM, "k=ed25519 instead of no k="},
    {"v=DKIM1; k=rsa; p=" DESK_KEY, GOOD_DKIM, "k=ed25519 instead of k=rsa"},
    {"v=DKIM1; k=ed25519; p=MCowBQYDK2VwAyEA" DESK_KEY, GOOD_DKIM,
	"without the ASN.1 head"},
    {"v=DKIM1; k=ed25519; p=-----BEGIN PUBLIC KEY-----\n" DESK_KEY
     "\n-----END PUBLIC KEY-----",
	GOOD_DKIM, "without the line BEGIN"},
    {"v=DKIM1; k=ed25519; h=sha1; p=" DESK_KEY, GOOD_DKIM, "left out h="},
    {"v=DKIM1; k=ed25519; v=DKIM1; t=s; p=" DESK_KEY,
	"v=DKIM1; k=ed25519; t=s; p=" DESK_KEY, "v= once"},
    /* what was meant is not plain, or only a new key helps */
    {"v=DKIM1; k=rsa; k=ed25519; p=" DESK_KEY, NULL, NULL},
    {"v=DKIM1; k=dsa; p=" DESK_KEY, NULL, NULL},
    {"v=DKIM1; k=ed25519", NULL, NULL},
    {"v=DKIM1; k=ed25519; p=", NULL, NULL},
    {"v=dkim1; k=ed25519; p=", NULL, NULL},
    {"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS", NULL, NULL},
    {"v=DKIM1; k=ed25519; p=(" DESK_KEY ")", NULL, NULL},
    {"v=dkim1; k=ed25519; s=other; p=" DESK_KEY, NULL, NULL},
    {"v=dkim1; k=ed25519; t=y; p=" DESK_KEY, NULL, NULL},
    {"v=spf2; k=ed25519; p=" DESK_KEY, NULL, NULL},
};

/* Returns the correction of the name in a domain with the texts. */
static const struct pst_correction *
correct(struct pst_arena *arena, struct desk *desk, const char *name,
    const char *text)
{
	struct pst_survey *out = pst_arena_alloc(arena, sizeof(*out));

	desk_fix(desk, name, pst_str(text));
	desk_fix(desk, "example.com", PST_STR(GOOD_SPF));
	desk_fix(desk, "_dmarc.example.com", PST_STR(GOOD_DMARC));
	desk_fix(desk, DESK_DKIM_NAME, PST_STR(GOOD_DKIM));
	/* the first text of a name counts */
	for (size_t i = 1; i < desk->fixed_count; i++)
		if (strcmp(desk->fixed[i].name, name) == 0)
			desk->fixed[i].texts[0].ptr = NULL;
	desk_survey(arena, desk, "example.com", "s1", out);
	return pst_correct_find(out, name);
}

static void
check_row(const char *name, const struct row *row)
{
	struct pst_arena *arena = pst_arena_new();
	const struct pst_correction *found;
	struct desk desk;

	desk_open(&desk, desk_zone);
	found = correct(arena, &desk, name, row->text);
	if (row->want == NULL) {
		assert_null(found);
	} else {
		assert_non_null(found);
		assert_string_equal(found->text, row->want);
		if (row->says != NULL && !strstr(found->changes, row->says))
			fail_msg("\"%s\" does not say \"%s\"", found->changes,
			    row->says);
	}
	pst_arena_free(arena);
	desk_close(&desk);
}

/* R-SUR-19 */
static void
test_spf(void **state)
{
	(void)state;
	FOR_ROWS(i, spf_rows, spf_rows[i].text) {
		check_row("example.com", &spf_rows[i]);
	}
}

/* R-SUR-20 */
static void
test_dmarc(void **state)
{
	(void)state;
	FOR_ROWS(i, dmarc_rows, dmarc_rows[i].text) {
		check_row("_dmarc.example.com", &dmarc_rows[i]);
	}
}

/* R-SUR-21 */
static void
test_dkim(void **state)
{
	(void)state;
	FOR_ROWS(i, dkim_rows, dkim_rows[i].text) {
		check_row(DESK_DKIM_NAME, &dkim_rows[i]);
	}
}

/* ---- several records of SPF ---- */

static const struct {
	const char *one, *other, *want, *says;
} merge_rows[] = {
    {"v=spf1 mx -all", "v=spf1 ip4:192.0.2.9 -all",
	"v=spf1 ip4:192.0.2.9 mx -all", "one record instead of 2"},
    {"v=spf1 mx -all", "v=spf1 ip4:192.0.2.9 ~all",
	"v=spf1 ip4:192.0.2.9 mx ~all",
	"~all, since the records end differently"},
    {"v=spf1 mx ~all", "v=spf1 mx ~all exp=e.example.com",
	"v=spf1 mx ~all exp=e.example.com", "it is there twice"},
    {"v=spf1 mx -all", "v=spf1 ip4:192.0.2.9", "v=spf1 ip4:192.0.2.9 mx ~all",
	"the softer one"},
    {"v=spf1 mx -all", "v=spf1 a ?all", "v=spf1 a mx ~all", "the softer one"},
    {"v=spf1 mx -all", "v=spf1 +all", "v=spf1 mx ~all", "the softer one"},
    {"v=spf1 mx -all", "spf2.0/pra ptr ?all", NULL, NULL},
    {"v=spf1 ptr mx -all", "spf2.0/pra ip4:192.0.2.9 ?all", "v=spf1 mx -all",
	"left out ptr"},
    {"v=spf1 mx -all", "v=spf1 redirect=p.test", NULL, NULL},
    {"v=spf1 mx ptr -all", "\"v=spf1 a -all\"", NULL, NULL},
    {"v=spf1 mx -all", "v=spf1 ip4:192.0.2.300 -all", NULL, NULL},
};

static void
test_merge(void **state)
{
	(void)state;
	FOR_ROWS(i, merge_rows, merge_rows[i].other) {
		/* the order of the records does not matter */
		for (size_t turn = 0; turn < 2; turn++) {
			struct pst_arena *arena = pst_arena_new();
			const struct pst_correction *found;
			struct pst_survey out;
			struct desk desk;

			desk_open(&desk, desk_zone);
			desk_fix(
			    &desk, "example.com", (struct pst_str){NULL, 0});
			desk.fixed[0].texts[turn] = pst_str(merge_rows[i].one);
			desk.fixed[0].texts[1 - turn] =
			    pst_str(merge_rows[i].other);
			desk_survey(arena, &desk, "example.com", "s1", &out);
			found = pst_correct_find(&out, "example.com");
			assert_int_equal(
			    found != NULL, merge_rows[i].want != NULL);
			if (found != NULL) {
				assert_string_equal(
				    found->text, merge_rows[i].want);
				assert_non_null(
				    strstr(found->changes, merge_rows[i].says));
			}
			pst_arena_free(arena);
			desk_close(&desk);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_spf),
	    cmocka_unit_test(test_dmarc),
	    cmocka_unit_test(test_dkim),
	    cmocka_unit_test(test_merge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
