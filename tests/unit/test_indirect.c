/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "auth/orgdomain.h"
#include "base/macros.h"
#include "core/indirect.h"
#include "tests/unit/policy_fixture.h"
#include "tests/unit/rows.h"

#define NOW INT64_C(1795392900) /* Mon, 23 Nov 2026 00:15:00 +0000 */
#define DAY INT64_C(86400)

static const struct pst_header_limits limits = {20, 5000, 50000};

/* What is given to pst_indirect_judge(). */
struct bench {
	struct pst_config config;
	struct pst_header header;
	struct pst_findings findings;
	struct pst_dkim_sig sigs[3];
};

/* Domains are known for as many days as their first label says: d5.example. */
static unsigned
days_of(void *arg, const char *domain)
{
	(void)arg;
	return domain[0] == 'd' ? (unsigned)strtoul(domain + 1, NULL, 10) : 0;
}

static const struct pst_known_days memory = {days_of, NULL};

static void
begin(struct bench *bench)
{
	*bench = (struct bench){.config = defaults()};
	bench->config.indirect_known_days = 3;
	pst_header_init(&bench->header, arena, limits);
	bench->findings.dkim.sigs = bench->sigs;
}

static void
add(struct bench *bench, const char *name, const char *value)
{
	(void)pst_header_add(&bench->header, pst_str(name), pst_str(value));
}

static void
spf_pass(struct bench *bench, const char *domain)
{
	bench->findings.spf.result =
	    domain == NULL ? PST_RESULT_NONE : PST_RESULT_PASS;
	bench->findings.spf.domain = domain;
}

static void
judge(struct bench *bench, const struct pst_known_days *known)
{
	const struct pst_indirect_input input = {.config = &bench->config,
	    .header = &bench->header,
	    .now_epoch = NOW,
	    .known = known};

	pst_indirect_judge(arena, &input, &bench->findings);
}

static const char *
or_dash(const char *text)
{
	return text == NULL ? "-" : text;
}

/* Returns a public suffix list with that text. */
static struct pst_psl *
load_suffixes(const char *text)
{
	char path[] = "/tmp/postern-test-XXXXXX";
	struct pst_err err;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(close(fd), 0);
	struct pst_psl *psl = pst_psl_load(path, &err);
	assert_int_equal(unlink(path), 0);
	assert_non_null(psl);
	return psl;
}

/* Whose pass stands for a List-Id, and whether it must be known. */
static void
test_proof(void **state)
{
	static const struct {
		const char *label, *id, *spf, *dkim;
		bool young;
		unsigned days;
		const char *evidence, *claims;
	} rows[] = {
	    {"nobody", "a.d5.example", NULL, NULL, false, 3, "-",
		"List-Id:a.d5.example(not-authenticated)"},
	    {"same, spf", "d5.example", "d5.example", NULL, false, 3,
		"List-Id:d5.example(known,spf)", "-"},
	    {"same, dkim", "d5.example", NULL, "d5.example", false, 3,
		"List-Id:d5.example(known,dkim)", "-"},
	    {"above", "a.b.d5.example", NULL, "d5.example", false, 3,
		"List-Id:d5.example(known,dkim)", "-"},
	    {"below", "d5.example", "d6.d5.example", NULL, false, 3, "-",
		"List-Id:d5.example(not-authenticated)"},
	    {"sibling", "a.d5.example", "b.d5.example", NULL, false, 3, "-",
		"List-Id:a.d5.example(not-authenticated)"},
	    {"ends alike", "ad5.example", "d5.example", NULL, false, 3, "-",
		"List-Id:ad5.example(not-authenticated)"},
	    {"another", "a.famous.example", "d5.example", "d9.example", false,
		3, "-", "List-Id:a.famous.example(not-authenticated)"},
	    {"top level", "a.d5.example", "example", NULL, false, 3, "-",
		"List-Id:a.d5.example(not-authenticated)"},
	    {"suffix", "a.d5.co.example", "co.example", NULL, false, 3, "-",
		"List-Id:a.d5.co.example(not-authenticated)"},
	    {"known too short", "d2.example", "d2.example", NULL, false, 3, "-",
		"List-Id:d2.example(spf,not-known)"},
	    {"just known", "d3.example", "d3.example", NULL, false, 3,
		"List-Id:d3.example(known,spf)", "-"},
	    {"the known one counts", "a.d2.d5.example", "d2.d5.example",
		"d5.example", false, 3, "List-Id:d5.example(known,dkim)", "-"},
	    {"the parent's days are its own", "d2.d5.example", "d2.d5.example",
		NULL, false, 3, "-", "List-Id:d2.d5.example(spf,not-known)"},
	    {"young memory", "d0.example", "d0.example", NULL, true, 3,
		"List-Id:d0.example(spf)", "-"},
	    {"young memory, nobody", "d0.example", NULL, NULL, true, 3, "-",
		"List-Id:d0.example(not-authenticated)"},
	    {"days are not asked for", "d0.example", "d0.example", NULL, false,
		0, "List-Id:d0.example(spf)", "-"},
	};
	struct pst_psl *psl = load_suffixes("example\nco.example\n");

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct bench bench;

		begin(&bench);
		bench.config.psl = psl;
		bench.config.indirect_known_days = rows[i].days;
		add(&bench, "List-Id",
		    pst_arena_printf(arena, " <%s>", rows[i].id));
		spf_pass(&bench, rows[i].spf);
		bench.sigs[0].domain = "d9.example";
		bench.sigs[0].result = PST_RESULT_FAIL;
		bench.sigs[1].domain = rows[i].dkim;
		bench.sigs[1].result = PST_RESULT_PASS;
		bench.findings.dkim.count = 2;
		judge(&bench, rows[i].young ? NULL : &memory);
		assert_string_equal(
		    or_dash(bench.findings.indirect), rows[i].evidence);
		assert_string_equal(
		    or_dash(bench.findings.claims), rows[i].claims);
	}
	pst_psl_free(psl);
}

/* Signatures over another body. */
static void
test_broken_body(void **state)
{
#define ALL true, true, true, true
	static const struct {
		const char *label;
		bool aligned, header_ok, body_failed, covers_origin;
		int64_t signed_at;
		const char *date, *spf;
		bool young;
		const char *evidence, *claims;
	} rows[] = {
	    {"footer", ALL, NOW, NULL, "d5.example", false,
		"broken-body:d5.example(known,spf)", "-"},
	    {"nobody", ALL, NOW, NULL, NULL, false, "-",
		"broken-body(not-authenticated)"},
	    {"not known", ALL, NOW, NULL, "d2.example", false, "-",
		"broken-body:d2.example(spf,not-known)"},
	    {"young memory", ALL, NOW, NULL, "d0.example", true,
		"broken-body:d0.example(spf)", "-"},
	    {"a stranger's", false, true, true, true, NOW, NULL, "d5.example",
		false, "-", "-"},
	    {"header changed, or no key", true, false, true, true, NOW, NULL,
		"d5.example", false, "-", "-"},
	    {"whole", true, true, false, true, NOW, NULL, "d5.example", false,
		"-", "-"},
	    {"Subject not signed", true, true, true, false, NOW, NULL,
		"d5.example", false, "-", "broken-body(unsigned)"},
	    {"three days old", ALL, NOW - 3 * DAY, NULL, "d5.example", false,
		"broken-body:d5.example(known,spf)", "-"},
	    {"older", ALL, NOW - 3 * DAY - 1, NULL, "d5.example", false, "-",
		"broken-body(old)"},
	    {"in three days", ALL, NOW + 3 * DAY, NULL, "d5.example", false,
		"broken-body:d5.example(known,spf)", "-"},
	    {"later", ALL, NOW + 3 * DAY + 1, NULL, "d5.example", false, "-",
		"broken-body(old)"},
	    {"old, with a new Date", ALL, NOW - 4 * DAY,
		" Mon, 23 Nov 2026 00:15:00 +0000", "d5.example", false, "-",
		"broken-body(old)"},
	    {"only a Date", ALL, 0, " Mon, 23 Nov 2026 00:15:00 +0000",
		"d5.example", false, "broken-body:d5.example(known,spf)", "-"},
	    {"an old Date", ALL, 0, " Mon, 16 Nov 2026 00:15:00 +0000",
		"d5.example", false, "-", "broken-body(old)"},
	    {"no date", ALL, 0, NULL, "d5.example", false, "-",
		"broken-body(old)"},
	    {"no date that can be read", ALL, 0, " today", "d5.example", false,
		"-", "broken-body(old)"},
	};
#undef ALL

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct bench bench;

		begin(&bench);
		if (rows[i].date != NULL)
			add(&bench, "Date", rows[i].date);
		spf_pass(&bench, rows[i].spf);
		bench.findings.dkim.count = 1;
		bench.sigs[0] =
		    (struct pst_dkim_sig){.aligned = rows[i].aligned,
			.header_ok = rows[i].header_ok,
			.body_failed = rows[i].body_failed,
			.covers_origin = rows[i].covers_origin,
			.signed_at = (uint64_t)rows[i].signed_at,
			.domain = "bank.example",
			.result = PST_RESULT_FAIL};
		judge(&bench, rows[i].young ? NULL : &memory);
		assert_string_equal(
		    or_dash(bench.findings.indirect), rows[i].evidence);
		assert_string_equal(
		    or_dash(bench.findings.claims), rows[i].claims);
	}
}

/* A good signature counts although another one is old. */
static void
test_second_signature(void **state)
{
	struct bench bench;

	(void)state;
	begin(&bench);
	spf_pass(&bench, "d5.example");
	bench.findings.dkim.count = 3;
	for (size_t i = 0; i < 3; i++)
		bench.sigs[i] = (struct pst_dkim_sig){.aligned = true,
		    .header_ok = true,
		    .body_failed = true,
		    .covers_origin = true,
		    .signed_at = i == 1 ? NOW : 1,
		    .result = PST_RESULT_FAIL};
	judge(&bench, &memory);
	assert_string_equal(or_dash(bench.findings.indirect),
	    "broken-body:d5.example(known,spf)");
	assert_null(bench.findings.claims);
	bench.sigs[1].signed_at = UINT64_MAX;
	judge(&bench, &memory);
	assert_null(bench.findings.indirect);
	assert_string_equal(or_dash(bench.findings.claims), "broken-body(old)");
}

/* What needs no proof, and what is believed. */
static void
test_evidence(void **state)
{
	static const struct {
		const char *label, *sealer, *client;
		enum pst_indirect_claims mode;
		const char *evidence, *claims;
	} rows[] = {
#define CLAIMS                                                                 \
	"broken-body(unsigned),List-Id:x.example(not-authenticated),"          \
	"SRS(no-domain)"
	    {"nothing", NULL, "192.0.2.1", PST_INDIRECT_CLAIMS_VERIFY, "-",
		CLAIMS},
	    {"chain", "lists.example", "192.0.2.1", PST_INDIRECT_CLAIMS_VERIFY,
		"ARC", CLAIMS},
	    {"forwarder", NULL, "198.51.100.7", PST_INDIRECT_CLAIMS_VERIFY,
		"forwarder", CLAIMS},
	    {"both", "lists.example", "198.51.100.7",
		PST_INDIRECT_CLAIMS_VERIFY, "forwarder,ARC", CLAIMS},
	    {"believed", NULL, "192.0.2.1", PST_INDIRECT_CLAIMS_BELIEVE,
		"broken-body,List-Id,SRS", "-"},
#undef CLAIMS
	};
	struct pst_net forwarder;

	(void)state;
	assert_true(pst_net_parse(PST_STR("198.51.100.0/24"), &forwarder));
	FOR_ROWS(i, rows, rows[i].label) {
		struct bench bench;

		begin(&bench);
		bench.config.forwarders.set =
		    (struct pst_net_set){.nets = &forwarder, .count = 1};
		bench.config.indirect_claims = rows[i].mode;
		add(&bench, "List-Id", " <x.example>");
		bench.findings.mail_from_local = PST_STR("SRS0=a");
		bench.findings.arc_sealer = rows[i].sealer;
		bench.findings.dkim.count = 1;
		bench.sigs[0] = (struct pst_dkim_sig){
		    .aligned = true, .header_ok = true, .body_failed = true};
		assert_true(pst_ip_parse(
		    pst_str(rows[i].client), &bench.findings.client));
		judge(&bench, &memory);
		assert_string_equal(
		    or_dash(bench.findings.indirect), rows[i].evidence);
		assert_string_equal(
		    or_dash(bench.findings.claims), rows[i].claims);
	}
}

/* The lists are bounded; how long it is does not change what counts. */
static void
test_bound(void **state)
{
	char label[61];
	const char *domain;
	struct bench bench;

	(void)state;
	memset(label, 'a', sizeof(label) - 1);
	label[sizeof(label) - 1] = '\0';
	domain =
	    pst_arena_printf(arena, "%s.%s.%s.%s", label, label, label, label);
	begin(&bench);
	add(&bench, "List-Id", pst_arena_printf(arena, " <%s>", domain));
	add(&bench, "List-Post",
	    pst_arena_printf(arena, " <mailto:x@%s>", domain));
	add(&bench, "Precedence", " list");
	bench.findings.mail_from = domain;
	judge(&bench, NULL);
	assert_null(bench.findings.indirect);
	assert_string_equal(or_dash(bench.findings.claims),
	    pst_arena_printf(
		arena, "List-Id:%s(not-authenticated),+2", domain));
	spf_pass(&bench, domain);
	judge(&bench, NULL);
	assert_string_equal(or_dash(bench.findings.indirect),
	    pst_arena_printf(arena, "List-Id:%s(spf),+2", domain));
	assert_null(bench.findings.claims);
}

/* A signature that a limit of ours keeps from passing (R-DMARC-48). */
static void
test_unverified(void **state)
{
#define VERIFY PST_INDIRECT_CLAIMS_VERIFY
#define BELIEVE PST_INDIRECT_CLAIMS_BELIEVE
#define PROVEN PST_DKIM_GAP_PROVEN
#define CLAIMED PST_DKIM_GAP_CLAIMED
	static const struct {
		const char *label;
		bool aligned;
		enum pst_dkim_gap gap, other; /* of two signatures */
		const char *spf;
		enum pst_indirect_claims mode;
		enum pst_result dmarc;
		const char *unverified, *claims;
	} rows[] = {
	    {"no limit", true, 0, 0, "d5.example", VERIFY, PST_RESULT_FAIL, "-",
		"-"},
	    {"proven", true, PROVEN, 0, NULL, VERIFY, PST_RESULT_FAIL,
		"signature:a.example", "-"},
	    {"proven, of a stranger", false, PROVEN, 0, "d5.example", VERIFY,
		PST_RESULT_FAIL, "-", "-"},
	    {"proven, after a claim", true, CLAIMED, PROVEN, NULL, VERIFY,
		PST_RESULT_FAIL, "signature:b.example", "-"},
	    {"proven, but it passes", true, PROVEN, 0, NULL, VERIFY,
		PST_RESULT_PASS, "-", "-"},
	    {"nobody", true, CLAIMED, 0, NULL, VERIFY, PST_RESULT_FAIL, "-",
		"unverified(not-authenticated)"},
	    {"not known", true, CLAIMED, 0, "d2.example", VERIFY,
		PST_RESULT_FAIL, "-", "unverified:d2.example(spf,not-known)"},
	    {"known", true, 0, CLAIMED, "d5.example", VERIFY, PST_RESULT_FAIL,
		"claim:d5.example(known,spf)", "-"},
	    {"known, of a stranger", false, CLAIMED, CLAIMED, "d5.example",
		VERIFY, PST_RESULT_FAIL, "-", "-"},
	    {"believed", true, CLAIMED, 0, NULL, BELIEVE, PST_RESULT_FAIL,
		"claim", "-"},
	};
#undef VERIFY
#undef BELIEVE
#undef PROVEN
#undef CLAIMED

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct bench bench;

		begin(&bench);
		bench.config.indirect_claims = rows[i].mode;
		spf_pass(&bench, rows[i].spf);
		bench.findings.dmarc.result = rows[i].dmarc;
		bench.findings.dkim.count = 2;
		for (size_t j = 0; j < 2; j++)
			bench.sigs[j] =
			    (struct pst_dkim_sig){.result = PST_RESULT_NEUTRAL,
				.aligned = rows[i].aligned,
				.gap = j == 0 ? rows[i].gap : rows[i].other,
				.domain = j == 0 ? "a.example" : "b.example"};
		judge(&bench, &memory);
		assert_null(bench.findings.indirect);
		assert_string_equal(
		    or_dash(bench.findings.unverified), rows[i].unverified);
		assert_string_equal(
		    or_dash(bench.findings.claims), rows[i].claims);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_proof),
	    cmocka_unit_test(test_broken_body),
	    cmocka_unit_test(test_second_signature),
	    cmocka_unit_test(test_evidence),
	    cmocka_unit_test(test_bound),
	    cmocka_unit_test(test_unverified),
	};

	return cmocka_run_group_tests(tests, make_arena, free_arena);
}
