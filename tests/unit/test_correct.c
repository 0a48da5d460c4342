/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Corrected records (R-SUR-30 to R-SUR-34): what is proposed, and that it has no
 * fault when it is published.
 */

#include "tests/unit/rows.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/domain.h"
#include "dns/zone.h"
#include "survey/correct.h"
#include "survey/dkim_text.h"
#include "survey/dmarc_text.h"
#include "survey/spf_tree.h"

#define MAX_FILE 100000
#define MAX_TEXTS 20
#define MUTATIONS 500

#define KEY "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
#define RUA "rua=mailto:d@example.com"
#define GOOD_SPF "v=spf1 mx -all"
#define GOOD_DMARC "v=DMARC1; p=reject; " RUA
#define GOOD_DKIM "v=DKIM1; k=ed25519; p=" KEY
#define DKIM_NAME "s1._domainkey.example.com"

/* ---- a zone, some of whose TXT records are replaced ---- */

struct desk {
	struct pst_resolver resolver; /* first */
	struct pst_resolver *zone;
	struct {
		const char *name;
		struct pst_str texts[2]; /* the second may be missing */
	} fixed[4];
	size_t fixed_count;
	const struct pst_survey *proposal; /* NULL: nothing is published */
};

struct texts {
	struct pst_str items[MAX_TEXTS];
	size_t count;
	bool changed;
};

static void
add(struct texts *texts, struct pst_str text)
{
	assert_true(texts->count < MAX_TEXTS);
	texts->items[texts->count++] = text;
}

/* Reads the TXT records of a name in the zone. */
static void
read_zone(struct pst_arena *arena, struct desk *desk, struct pst_str name,
    struct texts *out)
{
	const struct pst_dns_limits limits = {10, 1000, 16384, 0};
	struct pst_clock clock = pst_clock_manual(0);
	struct pst_world world = {.arena = arena};
	const struct pst_dns_entry *entry;

	world.dns = pst_dns_open(arena, desk->zone, &clock, limits);
	entry = pst_world_ask(&world, PST_DNS_OTHER, name, PST_DNS_TXT);
	while (entry->answer == NULL)
		if (!pst_dns_wait(world.dns, INT64_MAX))
			pst_dns_expire(world.dns, PST_DNS_TIMEOUT);
	for (size_t i = 0; i < entry->answer->count; i++)
		add(out, entry->answer->records[i].data);
}

static bool
is_of_topic(struct pst_str text, enum pst_finding_topic topic)
{
	if (topic == PST_TOPIC_SPF)
		return pst_spf_is_record(text) || pst_spf_text_is_meant(text);
	return topic == PST_TOPIC_DMARC ? pst_dmarc_text_is_meant(text) :
					  pst_dkim_text_is_meant(text);
}

/* Does what the proposal says: new records, without those that they replace. */
static void
publish(const struct pst_survey *survey, const char *name, struct texts *texts)
{
	for (size_t c = 0; c < survey->correction_count; c++) {
		const struct pst_correction *correction =
		    &survey->corrections[c];
		bool is_owner = pst_domain_eq(correction->owner, name);
		size_t kept = 0;

		/* another selector or another domain is not meant */
		if (!is_owner &&
		    (correction->topic == PST_TOPIC_SPF ||
			strstr(correction->changes, name) == NULL))
			continue;
		for (size_t i = 0; i < texts->count; i++)
			if (!is_of_topic(texts->items[i], correction->topic))
				texts->items[kept++] = texts->items[i];
		texts->count = kept;
		texts->changed = true;
		if (is_owner)
			add(texts, pst_str(correction->text));
	}
}

static void
answer(struct pst_dns_job *job, const struct texts *texts)
{
	enum pst_dns_status status =
	    texts->count > 0 ? PST_DNS_OK : PST_DNS_NODATA;
	struct pst_dns_answer *out;
	size_t len = 0;

	for (size_t i = 0; i < texts->count; i++)
		len += texts->items[i].len + 1;
	out = pst_dns_answer_new(status, 60, texts->count, len);
	for (size_t i = 0; i < texts->count; i++)
		pst_dns_answer_add(
		    out, &(struct pst_dns_record){.data = texts->items[i]});
	pst_dns_job_complete(job, out, 0);
}

static void
desk_ask(struct pst_resolver *resolver, struct pst_dns_job *job)
{
	struct desk *desk = (struct desk *)(void *)resolver;
	struct pst_arena *arena = pst_arena_new();
	struct texts texts = {.count = 0};
	struct pst_str slice = pst_dns_job_name(job);
	const char *name = pst_arena_memdup(arena, slice.ptr, slice.len);

	if (pst_dns_job_type(job) == PST_DNS_TXT) {
		for (size_t i = 0; i < desk->fixed_count; i++) {
			if (!pst_domain_eq(desk->fixed[i].name, name))
				continue;
			texts.changed = true;
			for (size_t t = 0; t < 2; t++)
				if (desk->fixed[i].texts[t].ptr != NULL)
					add(&texts, desk->fixed[i].texts[t]);
		}
		if (!texts.changed)
			read_zone(arena, desk, slice, &texts);
		if (desk->proposal != NULL)
			publish(desk->proposal, name, &texts);
	}
	if (texts.changed)
		answer(job, &texts);
	else
		desk->zone->ask(desk->zone, job);
	pst_arena_free(arena);
}

static void
desk_free(struct pst_resolver *resolver)
{
	struct desk *desk = (struct desk *)(void *)resolver;

	pst_resolver_free(desk->zone);
}

static void
desk_open(struct desk *desk, const char *zone)
{
	struct pst_err err = {""};

	*desk = (struct desk){.resolver = {.ask = desk_ask, .free = desk_free}};
	desk->zone = pst_zone_parse(zone, strlen(zone), "zone", &err);
	if (desk->zone == NULL)
		fail_msg("%s", err.text);
}

static void
fix(struct desk *desk, const char *name, struct pst_str text)
{
	desk->fixed[desk->fixed_count].name = name;
	desk->fixed[desk->fixed_count++].texts[0] = text;
}

static void
survey(struct pst_arena *arena, struct desk *desk, const char *domain,
    const char *selector, struct pst_survey *out)
{
	const struct pst_dns_limits limits = {
	    PST_SURVEY_QUERIES, 1000, 16384, 0};
	const char *selectors[] = {selector == NULL ? "s1" : selector};
	const struct pst_survey_input input = {.domain = domain,
	    .selectors = selectors,
	    .selector_count = selector == NULL ? 0 : 1,
	    .only_given = selector != NULL,
	    .max_voids = 2};
	struct pst_clock clock = pst_clock_manual(0);
	struct pst_world world = {.arena = arena, .eager = true};

	world.dns = pst_dns_open(arena, &desk->resolver, &clock, limits);
	while (!pst_survey_check(&world, &input, out))
		if (!pst_dns_wait(world.dns, INT64_MAX))
			pst_dns_expire(world.dns, PST_DNS_TIMEOUT);
}

/* ---- rows: what is proposed ---- */

static const char base_zone[] =
    "$ORIGIN example.com.\n"
    "@ 300 IN MX 10 mx\n"
    "@ 300 IN A 192.0.2.1\n"
    "mx 300 IN A 192.0.2.1\n"
    "mail 300 IN A 192.0.2.2\n"
    "p.test. 300 IN TXT \"v=spf1 ip4:198.51.100.0/24 -all\"\n"
    "parked.test. 300 IN TXT \"v=spf1 -all\"\n"
    "wide.test. 300 IN TXT \"v=spf1 +all\"\n"
    ";! servfail fails.test\n";

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
    {"v=DMARC1; p=rejct; " RUA, GOOD_DMARC, "p=reject instead of p=rejct"},
    {"v=DMARC1; p=block; " RUA, GOOD_DMARC, "p=reject instead of p=block"},
    {"v=DMARC1; p=reject; adkim=saspf=s; " RUA,
	"v=DMARC1; p=reject; adkim=s; aspf=s; " RUA,
	"a semicolon before aspf="},
    {"v=DMARC1; p=reject; adkim=saspf; " RUA,
	"v=DMARC1; p=reject; adkim=s; " RUA, "left out aspf after adkim=s"},
    {"v=DMARC1 p=reject " RUA, GOOD_DMARC, "v=DMARC1; at the start"},
    {"v=DMARC1, p=reject, " RUA, GOOD_DMARC, "a semicolon before rua="},
    {"p=reject; v=DMARC1; " RUA, GOOD_DMARC, "v=DMARC1; at the start"},
    {" v=DMARC1; p=reject; " RUA, GOOD_DMARC, "v=DMARC1; at the start"},
    {"v=dmarc1; p=reject; " RUA, GOOD_DMARC, "v=DMARC1; at the start"},
    {"DMARC1; p=reject; " RUA, GOOD_DMARC, "v=DMARC1; at the start"},
    {"v=DMARC1\\; p=reject\\; " RUA, GOOD_DMARC, "no backslashes"},
    {"\"v=DMARC1; p=reject; " RUA "\"", GOOD_DMARC, "no quotation marks"},
    {"v=DMARC1; p=reject; pct=100; rf=afrf; ri=1; " RUA, GOOD_DMARC,
	"left out pct="},
    {"v=DMARC1; p=reject; pct=20; " RUA, GOOD_DMARC,
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
    {"v=DMARC1; p=reject; " RUA "; mailto:e@example.com",
	GOOD_DMARC ",mailto:e@example.com", "a comma before"},
    {"v=DMARC1; sp:quarantine; p=quarantine; " RUA,
	"v=DMARC1; p=quarantine; sp=quarantine; " RUA, "sp= instead of sp:"},
    {"v=DMARC1; p=reject; p=reject; " RUA, GOOD_DMARC, "p= once"},
    {"v=DMARC1; policy=reject; " RUA, GOOD_DMARC, "p= instead of policy="},
    {"v=DMARC1; p=reject; ruaa=mailto:d@example.com", GOOD_DMARC,
	"rua= instead of ruaa="},
    {"v=DMARC1; p=reject; x=y; word; " RUA, GOOD_DMARC, "left out x=y"},
    {"v=DMARC1; p=reject; fo=1; " RUA, GOOD_DMARC, "left out fo="},
    {"v=DMARC1; p=reject; fo=1,d,s; ruf=mailto:f@example.com",
	"v=DMARC1; p=reject; fo=1:d:s; ruf=mailto:f@example.com",
	"fo=1:d:s instead of fo=1,d,s"},
    {"v=DMARC1; p=reject; aspf=strict; t=x; " RUA,
	"v=DMARC1; p=reject; aspf=s; " RUA, "left out t="},
    {"v=DMARC1; " RUA, "v=DMARC1; p=none; " RUA, "p=none, which"},
    /* what was meant is not plain */
    {"v=DMARC1; p=none; quarantine; pct=100; " RUA, NULL, NULL},
    {"v=DMARC1; p=none; pct=100; rua=mailto:quarantine@example.com", NULL,
	NULL},
    {"v=DMARC1; p=quarantine; policy=none; " RUA, NULL, NULL},
    {"v=DMARC1; reject; " RUA, NULL, NULL},
    {"v=DMARC1; p=none; p=reject; " RUA, NULL, NULL},
    {"v=DMARC1; p=; " RUA, NULL, NULL},
    {"v=DMARC1; p=xyzzy; " RUA, NULL, NULL},
    {"v=DMARC1; p=none; pct=100", NULL, NULL},
    {"v=DMARC2; p=reject; " RUA, NULL, NULL},
    {"v=DMARC10; p=reject; " RUA, NULL, NULL},
    {"v=DMARC1; pct=100; p=reject; d@example.com", NULL, NULL},
    {"v=DMARC1; p=reject; fo=x; ruf=mailto:f@example.com", NULL, NULL},
    {"v=DMARC1; p=rejct; rua=https://example.com/", NULL, NULL},
    {"v=DMARC1; p=rejct; rua=mailto:a@b", NULL, NULL},
    {"v=DMARC1; p=rejct; \x80", NULL, NULL},
    /* a fault would be left */
    {"v=DMARC1; p=rejct; sp=none; " RUA, NULL, NULL},
    {"v=DMARC1; p=rejct; psd=y; " RUA, NULL, NULL},
};

static const struct row dkim_rows[] = {
    {GOOD_DKIM, NULL, NULL},
    {"k=ed25519; p=" KEY, NULL, NULL},
    {"k=ed25519; v=DKIM1; p=" KEY, GOOD_DKIM, "v=DKIM1 at the start"},
    {"v=dkim1; k=ed25519; p=" KEY, GOOD_DKIM, "v=DKIM1 instead of v=dkim1"},
    {"v=DKIM2; k=ed25519; p=" KEY, GOOD_DKIM, "v=DKIM1 instead of v=DKIM2"},
    {"v=DKIM1 k=ed25519 p=" KEY, GOOD_DKIM, "a semicolon before k="},
    {"\"v=DKIM1; k=ed25519; \" \"p=" KEY "\"", GOOD_DKIM, "quotation marks"},
    {"v=DKIM1\\; k=ed25519\\; p=" KEY, GOOD_DKIM, "no backslashes"},
    {"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPa\npiMlrwIaaPcHURo=",
	GOOD_DKIM, "no line end"},
    {"v=DKIM1; K=ed25519; P=" KEY, GOOD_DKIM, "p= instead of P="},
    {"v=DKIM1; k=Ed25519; p=" KEY, GOOD_DKIM, "k=ed25519 instead of k="},
    {"v=DKIM1; p=" KEY, GOOD_DKIM, "k=ed25519 instead of no k="},
    {"v=DKIM1; k=rsa; p=" KEY, GOOD_DKIM, "k=ed25519 instead of k=rsa"},
    {"v=DKIM1; k=ed25519; p=MCowBQYDK2VwAyEA" KEY, GOOD_DKIM,
	"without the ASN.1 head"},
    {"v=DKIM1; k=ed25519; p=-----BEGIN PUBLIC KEY-----\n" KEY
     "\n-----END PUBLIC KEY-----",
	GOOD_DKIM, "without the line BEGIN"},
    {"v=DKIM1; k=ed25519; h=sha1; p=" KEY, GOOD_DKIM, "left out h="},
    {"v=DKIM1; k=ed25519; v=DKIM1; t=s; p=" KEY,
	"v=DKIM1; k=ed25519; t=s; p=" KEY, "v= once"},
    /* what was meant is not plain, or only a new key helps */
    {"v=DKIM1; k=rsa; k=ed25519; p=" KEY, NULL, NULL},
    {"v=DKIM1; k=dsa; p=" KEY, NULL, NULL},
    {"v=DKIM1; k=ed25519", NULL, NULL},
    {"v=DKIM1; k=ed25519; p=", NULL, NULL},
    {"v=dkim1; k=ed25519; p=", NULL, NULL},
    {"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS", NULL, NULL},
    {"v=DKIM1; k=ed25519; p=(" KEY ")", NULL, NULL},
    {"v=dkim1; k=ed25519; s=other; p=" KEY, NULL, NULL},
    {"v=dkim1; k=ed25519; t=y; p=" KEY, NULL, NULL},
    {"v=spf2; k=ed25519; p=" KEY, NULL, NULL},
};

/* Returns the correction of the name in a domain with the texts. */
static const struct pst_correction *
correct(struct pst_arena *arena, struct desk *desk, const char *name,
    const char *text)
{
	struct pst_survey *out = pst_arena_alloc(arena, sizeof(*out));

	fix(desk, name, pst_str(text));
	fix(desk, "example.com", PST_STR(GOOD_SPF));
	fix(desk, "_dmarc.example.com", PST_STR(GOOD_DMARC));
	fix(desk, DKIM_NAME, PST_STR(GOOD_DKIM));
	/* the first text of a name counts */
	for (size_t i = 1; i < desk->fixed_count; i++)
		if (strcmp(desk->fixed[i].name, name) == 0)
			desk->fixed[i].texts[0].ptr = NULL;
	survey(arena, desk, "example.com", "s1", out);
	return pst_correct_find(out, name);
}

static void
check_row(const char *name, const struct row *row)
{
	struct pst_arena *arena = pst_arena_new();
	const struct pst_correction *found;
	struct desk desk;

	desk_open(&desk, base_zone);
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
	desk_free(&desk.resolver);
}

/* R-SUR-31 */
static void
test_spf(void **state)
{
	(void)state;
	FOR_ROWS(i, spf_rows, spf_rows[i].text) {
		check_row("example.com", &spf_rows[i]);
	}
}

/* R-SUR-32 */
static void
test_dmarc(void **state)
{
	(void)state;
	FOR_ROWS(i, dmarc_rows, dmarc_rows[i].text) {
		check_row("_dmarc.example.com", &dmarc_rows[i]);
	}
}

/* R-SUR-33 */
static void
test_dkim(void **state)
{
	(void)state;
	FOR_ROWS(i, dkim_rows, dkim_rows[i].text) {
		check_row(DKIM_NAME, &dkim_rows[i]);
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

			desk_open(&desk, base_zone);
			fix(&desk, "example.com", (struct pst_str){NULL, 0});
			desk.fixed[0].texts[turn] = pst_str(merge_rows[i].one);
			desk.fixed[0].texts[1 - turn] =
			    pst_str(merge_rows[i].other);
			survey(arena, &desk, "example.com", "s1", &out);
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
			desk_free(&desk.resolver);
		}
	}
}

/* ---- what is proposed has no fault ---- */

/* The record in the proposal is one that a zone file can have. */
static void
check_printed(const struct pst_correction *correction)
{
	struct pst_arena *arena = pst_arena_new();
	const char *lines = pst_correct_print(arena, correction);
	struct texts texts = {.count = 0};
	struct desk desk;

	assert_non_null(lines);
	assert_true(pst_str_starts(pst_str(lines), PST_STR("; corrected: ")));
	desk_open(&desk, lines);
	read_zone(arena, &desk, pst_str(correction->owner), &texts);
	assert_int_equal(texts.count, 1);
	assert_true(pst_str_eq(texts.items[0], pst_str(correction->text)));
	assert_true(pst_str_is_printable(texts.items[0]));
	assert_true(pst_str_is_printable(pst_str(correction->changes)));
	/* the DNS of an arena ends before its resolver */
	pst_arena_free(arena);
	desk_free(&desk.resolver);
}

/* Publishes the proposal and surveys again. Returns how many records it had. */
static size_t
check_proposal(struct desk *desk, const char *domain, const char *selector)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_survey first, second;
	size_t count;

	survey(arena, desk, domain, selector, &first);
	count = first.correction_count;
	desk->proposal = &first;
	survey(arena, desk, domain, selector, &second);
	for (size_t c = 0; c < count; c++) {
		const struct pst_correction *done = &first.corrections[c];

		check_printed(done);
		assert_null(pst_correct_find(&second, done->owner));
		for (size_t i = 0; i < second.findings.count; i++) {
			const struct pst_finding *f = &second.findings.items[i];

			/* consent is up to the domain that gets reports */
			if (f->info->topic == done->topic &&
			    f->info->severity >= PST_SEVERITY_UNKNOWN &&
			    pst_domain_eq(f->at, done->owner) &&
			    strstr(f->info->name, "consent") == NULL)
				fail_msg("%s of the proposal \"%s\": %s",
				    f->info->name, done->text, f->text);
		}
	}
	desk->proposal = NULL;
	pst_arena_free(arena);
	return count;
}

static char *
read_file(struct pst_arena *arena, const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = pst_arena_alloc(arena, MAX_FILE + 1);
	size_t len;

	assert_non_null(file);
	len = fread(text, 1, MAX_FILE, file);
	assert_true(len < MAX_FILE);
	(void)fclose(file);
	return text;
}

/* Returns the value of a line of a vector; NULL: there is none. */
static const char *
value_of(struct pst_arena *arena, const char *text, const char *key)
{
	const char *at = strstr(text, key);

	if (at == NULL || (at != text && at[-1] != '\n'))
		return NULL;
	at += strlen(key);
	return pst_arena_printf(arena, "%.*s", (int)strcspn(at, " \n"), at);
}

/* R-SUR-34 */
static void
test_vectors(void **state)
{
	const char *srcdir = getenv("srcdir");
	char pattern[4096];
	size_t count = 0;
	glob_t found;

	(void)state;
	(void)snprintf(pattern, sizeof(pattern), "%s/tests/survey/*.vec",
	    srcdir == NULL ? "." : srcdir);
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	FOR_COUNT(i, found.gl_pathc, found.gl_pathv[i]) {
		struct pst_arena *arena = pst_arena_new();
		const char *text = read_file(arena, found.gl_pathv[i]);
		const char *zone = strstr(text, "\nzone:\n");
		struct desk desk;

		assert_non_null(zone);
		desk_open(&desk, zone + strlen("\nzone:\n"));
		count +=
		    check_proposal(&desk, value_of(arena, text, "domain: "),
			value_of(arena, text, "options: --selector "));
		desk_free(&desk.resolver);
		pst_arena_free(arena);
	}
	globfree(&found);
	assert_true(count >= 50);
}

/* ---- mutations ---- */

static uint64_t
next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed >> 8;
}

static const char *const good_spf[] = {GOOD_SPF,
    "v=spf1 mx include:p.test ip4:192.0.2.0/24 ~all",
    "v=spf1 ip6:2001:db8::/48 a:mail.example.com include:p.test -all",
    "v=spf1 mx redirect=p.test", "v=spf1 -all"};
static const char *const good_dmarc[] = {GOOD_DMARC,
    "v=DMARC1; p=none; sp=quarantine; np=reject; adkim=s; aspf=r; " RUA,
    "v=DMARC1; p=quarantine; t=y; fo=1:d:s; ruf=mailto:f@example.com; " RUA,
    "v=DMARC1; p=reject"};
static const char *const good_dkim[] = {
    GOOD_DKIM, "v=DKIM1; k=ed25519; t=s; h=sha256; s=email; p=" KEY};
/* What is put in somewhere. */
static const char *const pieces[] = {"\"", "\\", "\n", " ", ";", ",", ":", "=",
    "\xe2\x80\x9d", "\xff", "%", "%{i}", "all", "+all", " ?all ", "ptr ",
    "v=", "p=", "pct=50; ", "mailto:", "!10m", "ip4:", "include:gone.test ",
    "x=y; ", "none", "reject", "1", "/8 ", "sp=", "DMARC1", "spf1", "dkim"};

/* Changes a text at some places. */
static struct pst_str
mutate(struct pst_arena *arena, uint64_t *seed, const char *text)
{
	size_t times = 1 + next(seed) % 3;

	for (size_t i = 0; i < times; i++) {
		size_t len = strlen(text), at = next(seed) % (len + 1);
		size_t gone = next(seed) % 4;
		const char *piece = pieces[next(seed) % PST_COUNT(pieces)];

		switch (next(seed) % 3) {
		case 0: /* something is missing */
			piece = "";
			break;
		case 1: /* something is too much */
			gone = 0;
			break;
		default:
			break;
		}
		if (gone > len - at)
			gone = len - at;
		text = pst_arena_printf(
		    arena, "%.*s%s%s", (int)at, text, piece, text + at + gone);
	}
	return pst_str(text);
}

#define PICK(list, seed) list[next(seed) % PST_COUNT(list)]

/* R-SUR-34 */
static void
test_mutations(void **state)
{
	uint64_t seed = 0x9e3779b97f4a7c15;
	size_t count = 0;

	(void)state;
	FOR_COUNT(i, MUTATIONS, rows_number(i)) {
		struct pst_arena *arena = pst_arena_new();
		struct desk desk;

		desk_open(&desk, base_zone);
		fix(&desk, "example.com",
		    mutate(arena, &seed, PICK(good_spf, &seed)));
		fix(&desk, "_dmarc.example.com",
		    mutate(arena, &seed, PICK(good_dmarc, &seed)));
		fix(&desk, DKIM_NAME,
		    mutate(arena, &seed, PICK(good_dkim, &seed)));
		count += check_proposal(&desk, "example.com", "s1");
		desk_free(&desk.resolver);
		pst_arena_free(arena);
	}
	/* enough of the faults can be corrected to tell something */
	assert_true(count >= MUTATIONS / 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_spf),
	    cmocka_unit_test(test_dmarc),
	    cmocka_unit_test(test_dkim),
	    cmocka_unit_test(test_merge),
	    cmocka_unit_test(test_vectors),
	    cmocka_unit_test(test_mutations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
