/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "auth/dmarc.h"
#include "base/buf.h"
#include "base/macros.h"
#include "dns/zone.h"
#include "tests/unit/rows.h"

#define MAX_SIGS 12
#define MAX_AUTHORS 40

enum flags {
	PSL = 1,      /* method psl */
	COMPARE = 2,  /* method compare */
	GUARD = 4,    /* treewalk, with a public suffix list */
	ALL = 8,      /* evaluate_all */
	NO_TEST = 16, /* a pass with a test key does not count as one */
};

struct row {
	const char *label;
	const char *zone;
	const char *from; /* domains; "-" for none, "!" for malformed */
	const char *ids;  /* "spf=RESULT:DOMAIN dkim=RESULT:DOMAIN[:FLAG]" */
	unsigned flags;
	const char *want;    /* as summary() writes it */
	const char *org;     /* NULL: any; "-": must be NULL */
	const char *queries; /* NULL: any */
};

#define REMEMBERED_S 10800

static struct pst_psl *list;

struct bench {
	struct pst_arena *arena;
	struct pst_resolver *zone;
	struct pst_clock clock;
	struct pst_world world;
	struct row row;
	struct pst_recall recall;
	struct pst_dmarc_config config;
	struct pst_from from;
	struct pst_spf spf;
	struct pst_dkim dkim;
	struct pst_dmarc verdict;
};

static enum pst_result
result_of(const char *label, struct pst_str word)
{
	for (enum pst_result result = PST_RESULT_NONE;
	     result <= PST_RESULT_POLICY; result++)
		if (pst_str_eq(pst_str(pst_result_word(result)), word))
			return result;
	fail_msg("%s: no such result", label);
	return PST_RESULT_NONE;
}

static void
read_id(struct bench *bench, const struct row *row, struct pst_str id)
{
	size_t equals = pst_str_find(id, '=');
	struct pst_str rest = pst_str_from(id, equals + 1);
	struct pst_str word;
	struct pst_str domain;
	bool more = true;

	assert_true(pst_str_split(&rest, ':', &word, &more));
	assert_true(pst_str_split(&rest, ':', &domain, &more));

	enum pst_result result = result_of(row->label, word);
	const char *text = domain.len == 0 ?
	    NULL :
	    pst_arena_memdup(bench->arena, domain.ptr, domain.len);

	if (pst_str_eq(pst_str_first(id, equals), PST_STR("spf"))) {
		bench->spf.result = result;
		bench->spf.domain = text;
		return;
	}
	assert_true(bench->dkim.count < MAX_SIGS);

	struct pst_dkim_sig *sig = &bench->dkim.sigs[bench->dkim.count++];

	sig->result = result;
	sig->domain = text;
	sig->checked = !pst_str_eq(rest, PST_STR("unchecked"));
	sig->test_key = pst_str_eq(rest, PST_STR("test"));
	sig->aligned = true; /* must be overwritten */
	sig->may_align = true;
}

static void
read_message(struct bench *bench, const struct row *row)
{
	struct pst_str ids = pst_str(row->ids);
	struct pst_str from = pst_str(row->from);
	struct pst_str part;
	bool more = ids.len > 0;

	bench->dkim.sigs =
	    pst_arena_array(bench->arena, MAX_SIGS, sizeof(*bench->dkim.sigs));
	while (pst_str_split(&ids, ' ', &part, &more))
		read_id(bench, row, part);

	bench->from.domains = pst_arena_array(
	    bench->arena, MAX_AUTHORS, sizeof(*bench->from.domains));
	bench->from.verdict = PST_FROM_MALFORMED;
	if (pst_str_starts(from, PST_STR("!"))) {
		if (from.len > 1)
			bench->from.only_domain = row->from + 1;
		return;
	}
	bench->from.verdict = PST_FROM_NONE;
	if (pst_str_eq(from, PST_STR("-")))
		return;
	more = true;
	while (pst_str_split(&from, ' ', &part, &more))
		bench->from.domains[bench->from.domain_count++] =
		    pst_arena_memdup(bench->arena, part.ptr, part.len);
	bench->from.verdict =
	    bench->from.domain_count == 1 ? PST_FROM_SINGLE : PST_FROM_MULTI;
}

/* Finds "; memory DOMAIN RECORD" in a zone. */
static bool
recall_from(void *arg, const char *domain, struct pst_recalled *out)
{
	const struct row *row = arg;
	struct pst_str rest = pst_str(row->zone), line;
	bool more = true;

	while (pst_str_split(&rest, '\n', &line, &more)) {
		struct pst_str word;
		bool rest_of_line = true;

		if (!pst_str_starts(line, PST_STR("; memory ")))
			continue;
		line = pst_str_from(line, strlen("; memory "));
		(void)pst_str_split(&line, ' ', &word, &rest_of_line);
		if (!pst_str_eq(word, pst_str(domain)))
			continue;
		out->record =
		    pst_str(pst_arena_memdup(out->arena, line.ptr, line.len));
		out->age_s = REMEMBERED_S;
		return true;
	}
	return false;
}

static void
bench_open(
    struct bench *bench, const struct row *row, const char *zone, bool eager)
{
	const struct pst_dns_limits limits = {
	    .max_queries = 150, .query_ms = 1000, .max_txt_bytes = 16384};
	struct pst_err err;

	*bench = (struct bench){.arena = pst_arena_new()};
	bench->zone = pst_zone_parse(zone, strlen(zone), "zone", &err);
	if (bench->zone == NULL)
		fail_msg("%s: %s", row->label, err.text);
	bench->clock = pst_clock_manual(1700000000);
	bench->world = (struct pst_world){
	    .arena = bench->arena,
	    .dns =
		pst_dns_open(bench->arena, bench->zone, &bench->clock, limits),
	    .now_epoch = 1700000000,
	    .eager = eager,
	};
	bench->row = *row;
	bench->recall = (struct pst_recall){recall_from, &bench->row};
	if (strstr(zone, "; memory ") != NULL)
		bench->world.recall = &bench->recall;
	bench->config = (struct pst_dmarc_config){
	    .psl_guard = (row->flags & GUARD) != 0,
	    .psl = (row->flags & (PSL | COMPARE | GUARD)) != 0 ? list : NULL,
	    .evaluate_all = (row->flags & ALL) != 0,
	    .max_author_domains = 4,
	    .accept_test_keys = (row->flags & NO_TEST) == 0,
	    .discovery = (row->flags & PSL) != 0 ? PST_DMARC_PSL :
		(row->flags & COMPARE) != 0      ? PST_DMARC_COMPARE :
						   PST_DMARC_TREEWALK,
	};
	read_message(bench, row);
}

static void
bench_close(struct bench *bench)
{
	pst_arena_free(bench->arena);
	pst_resolver_free(bench->zone);
}

static void
bench_check(struct bench *bench, const struct row *row)
{
	while (!pst_dmarc_check(&bench->world, &bench->config, &bench->from,
	    &bench->spf, &bench->dkim, &bench->verdict))
		if (!pst_dns_wait(bench->world.dns, INT64_MAX))
			fail_msg("%s: nothing to wait for", row->label);
}

static const char *
or_dash(const char *text)
{
	return text == NULL ? "-" : text;
}

/*
 * Returns "result [author] source policy-domain tag published>effective
 * aligned", where aligned is S for SPF, D for DKIM and a digit for each
 * signature, followed by the cause of a temperror and by what is known of the
 * policy, unless it is learned or absent; "?" if the identifiers are
 * undetermined.
 */
static const char *
summary(const struct bench *bench)
{
	static const char *const sources[] = {
	    [PST_DMARC_FROM_NOWHERE] = "nowhere",
	    [PST_DMARC_FROM_AUTHOR] = "author",
	    [PST_DMARC_FROM_ORG] = "org",
	    [PST_DMARC_FROM_PSD] = "psd",
	};
	const struct pst_dmarc *v = &bench->verdict;
	struct pst_buf buf;

	pst_buf_init(&buf, bench->arena, 4096);
	pst_buf_add_text(&buf, pst_result_word(v->result));
	if (v->judged != v->result)
		pst_buf_printf(&buf, "/%s", pst_result_word(v->judged));
	if (bench->from.domain_count > 1)
		pst_buf_printf(&buf, " [%s]", or_dash(v->author_domain));
	if (v->source != PST_DMARC_FROM_NOWHERE)
		pst_buf_printf(&buf, " %s %s %s %s>%s", sources[v->source],
		    or_dash(v->policy_domain), or_dash(v->tag),
		    pst_dmarc_policy_word(v->published),
		    pst_dmarc_policy_word(v->effective));
	pst_buf_printf(&buf, " %s%s", v->spf_aligned ? "S" : "",
	    v->dkim_aligned ? "D" : "");
	for (size_t i = 0; i < bench->dkim.count; i++)
		pst_buf_add_char(&buf,
		    bench->dkim.sigs[i].aligned       ? '1' :
			bench->dkim.sigs[i].may_align ? '?' :
							'0');
	if (v->result == PST_RESULT_TEMPERROR && v->spf_undecided)
		pst_buf_add_text(&buf, " spf?");
	if (v->spf_may_align)
		pst_buf_add_text(&buf, " aligned?");
	if (v->knowledge == PST_DMARC_UNKNOWN ||
	    v->knowledge == PST_DMARC_REMEMBERED ||
	    v->knowledge == PST_DMARC_INHERITED)
		pst_buf_printf(&buf, " %s%s%s",
		    pst_dmarc_knowledge_word(v->knowledge),
		    v->identifiers == PST_DMARC_UNDETERMINED ? "?" : "",
		    v->from_memory ? " 3h" : "");
	assert_int_equal(v->remembered_s, v->from_memory ? REMEMBERED_S : 0);
	assert_int_equal(v->identifiers == PST_DMARC_ALIGNED_PASS,
	    v->spf_aligned || v->dkim_aligned);
	assert_int_equal(v->knowledge == PST_DMARC_ABSENT,
	    v->policy_domain == NULL && v->knowledge != PST_DMARC_UNKNOWN);
	if (v->psl_guarded)
		pst_buf_add_text(&buf, " guarded");
	if (v->psl_differs)
		pst_buf_add_text(&buf, " differs");
	return pst_buf_str(&buf);
}

static const char *
queries(const struct bench *bench)
{
	const struct pst_dns *dns = bench->world.dns;
	struct pst_buf buf;

	pst_buf_init(&buf, bench->arena, 8192);
	pst_buf_add_text(&buf, "");
	for (size_t i = 0; i < pst_dns_count(dns); i++) {
		struct pst_str name = pst_str(pst_dns_at(dns, i)->name);

		if (pst_dns_at(dns, i)->type == PST_DNS_TXT)
			name = pst_str_from(name, strlen("_dmarc."));
		else
			pst_buf_add_text(&buf, "A:");
		pst_buf_add(&buf, name);
		pst_buf_add_char(&buf, ' ');
	}
	return pst_dns_count(dns) == 0 ? "" : pst_buf_str(&buf);
}

static void
expect_text(
    const struct row *row, const char *run, const char *got, const char *want)
{
	if (strcmp(got, want) != 0)
		fail_msg(
		    "%s (%s):\n  is  %s\n  not %s", row->label, run, got, want);
}

static void
run_row(const struct row *row, const char *zone, bool eager, const char *run)
{
	struct bench bench;

	bench_open(&bench, row, zone, eager);
	bench_check(&bench, row);
	expect_text(row, run, summary(&bench), row->want);
	if (row->org != NULL)
		expect_text(
		    row, run, or_dash(bench.verdict.org_domain), row->org);
	if (row->queries != NULL && !eager)
		expect_text(row, run, queries(&bench), row->queries);
	bench_close(&bench);
}

/* Returns the row's zone, with a different delay for each name asked for. */
static char *
slow_zone(struct pst_arena *arena, const struct row *row)
{
	struct bench bench;
	struct pst_buf buf;

	pst_buf_init(&buf, arena, 65536);
	pst_buf_add_text(&buf, row->zone);
	bench_open(&bench, row, row->zone, true);
	bench_check(&bench, row);
	for (size_t i = 0; i < pst_dns_count(bench.world.dns); i++) {
		const struct pst_dns_entry *entry =
		    pst_dns_at(bench.world.dns, i);

		/* A zone allows one directive for a name. */
		if (entry->answer != NULL &&
		    !pst_dns_is_temporary(entry->answer->status))
			pst_buf_printf(&buf, "\n;! delay %s %zums", entry->name,
			    5 + i * 7 % 11);
	}
	bench_close(&bench);
	pst_buf_add_char(&buf, '\n');
	return pst_buf_str(&buf);
}

static void
run_rows(const struct row *rows, size_t count)
{
	FOR_COUNT(i, count, rows[i].label) {
		struct pst_arena *arena = pst_arena_new();
		const char *slow = slow_zone(arena, &rows[i]);

		run_row(&rows[i], rows[i].zone, false, "lazy");
		run_row(&rows[i], rows[i].zone, true, "eager");
		run_row(&rows[i], slow, false, "lazy and slow");
		run_row(&rows[i], slow, true, "eager and slow");
		pst_arena_free(arena);
	}
}

#include "test_dmarc_rows.h"

#define ROWS_TEST(rows)                                                        \
	static void test_##rows(void **state)                                  \
	{                                                                      \
		(void)state;                                                   \
		run_rows(rows, PST_COUNT(rows));                               \
	}

ROWS_TEST(policy_rows)
ROWS_TEST(existence_rows)
ROWS_TEST(alignment_rows)
ROWS_TEST(undecided_rows)
ROWS_TEST(memory_rows)
ROWS_TEST(from_rows)
ROWS_TEST(psl_rows)
ROWS_TEST(compare_rows)

/* Records that are thrown away: why, and where they are. */
#define ROW(label, zone, from, flags)                                          \
	{                                                                      \
		label, zone, from, "", flags, NULL, NULL, NULL                 \
	}
static const struct {
	struct row row;
	const char *word, *at;
} discarded_rows[] = {
    {ROW("none", HOST("example.com"), "example.com", 0), NULL, NULL},
    {ROW("one that is used", REC("example.com", "p=reject"), "example.com", 0),
	NULL, NULL},
    {ROW("repeated tag", REC("example.com", BAD_TAGS), "example.com", 0),
	"repeated-tag", "example.com"},
    {ROW("several", REC("example.com", "p=none") REC("example.com", "p=reject"),
	 "example.com", 0),
	"several", "example.com"},
    {ROW("no semicolon", "_dmarc.example.com. TXT \"v=DMARC1 p=reject\"\n",
	 "example.com", 0),
	"malformed", "example.com"},
    {ROW("quoted twice",
	 "_dmarc.example.com. TXT \"\\\"v=DMARC1; p=reject\\\"\"\n",
	 "example.com", 0),
	"malformed", "example.com"},
    {ROW("another text", "_dmarc.example.com. TXT \"v=spf1 -all\"\n",
	 "example.com", 0),
	NULL, NULL},
    {ROW("at a parent", REC("example.com", BAD_TAGS), "a.example.com", 0),
	"repeated-tag", "example.com"},
    {ROW("below a record that is used",
	 REC("a.example.com", BAD_TAGS) REC("example.com", "p=reject"),
	 "a.example.com", 0),
	"repeated-tag", "a.example.com"},
    {ROW("between",
	 REC("b.example.com", BAD_TAGS) REC("example.com", "p=reject"),
	 "a.b.example.com", 0),
	"repeated-tag", "b.example.com"},
    {ROW("while another look-up fails",
	 REC("example.com", BAD_TAGS) FAILS("_dmarc.com"), "example.com", 0),
	"repeated-tag", "example.com"},
    {ROW("at the parent, by the list", REC("example.com", BAD_TAGS),
	 "a.example.com", PSL),
	"repeated-tag", "example.com"},
    {ROW("at both, by the list",
	 REC("a.example.com", "p=none") REC("a.example.com", "p=none")
	     REC("example.com", BAD_TAGS),
	 "a.example.com", PSL),
	"several", "a.example.com"},
};

/* Records that are thrown away are named, at the From domain and above it. */
static void
test_discarded(void **state)
{
	(void)state;
	FOR_ROWS(i, discarded_rows, discarded_rows[i].row.label) {
		for (int eager = 0; eager < 2; eager++) {
			struct bench bench;

			bench_open(&bench, &discarded_rows[i].row,
			    discarded_rows[i].row.zone, eager != 0);
			bench_check(&bench, &discarded_rows[i].row);
			expect_text(&discarded_rows[i].row, "word",
			    or_dash(bench.verdict.discarded),
			    or_dash(discarded_rows[i].word));
			expect_text(&discarded_rows[i].row, "name",
			    or_dash(bench.verdict.discarded_at),
			    or_dash(discarded_rows[i].at));
			bench_close(&bench);
		}
	}
}

static void
test_prefetch(void **state)
{
	static const struct row row = {
	    "prefetch", "x. A 192.0.2.1\n", "a.b.c", "", 0, "", NULL, NULL};
	static const struct row psl_row = {"prefetch psl", "x. A 192.0.2.1\n",
	    "a.b.c", "", PSL, "", NULL, NULL};
	struct bench bench;

	(void)state;
	bench_open(&bench, &row, row.zone, true);
	pst_dmarc_prefetch(&bench.world, &bench.config, "a.b.c");
	assert_string_equal(queries(&bench), "a.b.c b.c c ");
	bench_close(&bench);
	bench_open(&bench, &row, row.zone, false);
	pst_dmarc_prefetch(&bench.world, &bench.config, "a.b.c");
	assert_string_equal(queries(&bench), "a.b.c ");
	bench_close(&bench);
	bench_open(&bench, &psl_row, psl_row.zone, true);
	pst_dmarc_prefetch(&bench.world, &bench.config, "a.b.c");
	assert_string_equal(queries(&bench), "a.b.c b.c ");
	bench_close(&bench);
}

/* While an answer is pending, nothing is written and no memory is kept. */
static void
test_pending(void **state)
{
	static const struct row row = {"pending",
	    "_dmarc.b.c. TXT \"v=DMARC1; p=none\"\n;! timeout _dmarc.c\n",
	    "a.b.c", "spf=pass:b.c dkim=pass:x.b.c", 0, "", NULL, NULL};
	struct pst_arena_mark first;
	struct pst_arena_mark last;
	struct pst_dmarc before;
	struct bench bench;

	(void)state;
	bench_open(&bench, &row, row.zone, true);
	memset(&bench.verdict, 0x55, sizeof(bench.verdict));
	before = bench.verdict;
	first = pst_arena_mark(bench.arena);
	for (int i = 0; i < 100; i++)
		assert_false(pst_dmarc_check(&bench.world, &bench.config,
		    &bench.from, &bench.spf, &bench.dkim, &bench.verdict));
	last = pst_arena_mark(bench.arena);
	assert_ptr_equal(first.block, last.block);
	assert_int_equal(first.used, last.used);
	assert_memory_equal(&before, &bench.verdict, sizeof(before));
	pst_dns_expire(bench.world.dns, PST_DNS_TIMEOUT);
	assert_true(pst_dmarc_check(&bench.world, &bench.config, &bench.from,
	    &bench.spf, &bench.dkim, &bench.verdict));
	assert_int_equal(bench.verdict.result, PST_RESULT_TEMPERROR);
	bench_close(&bench);
}

struct fault_row {
	struct row row;
	const char *fault;
};

static void
test_faults(void **state)
{
	static const struct fault_row rows[] = {
	    {{"plain fail", "_dmarc.a.b. TXT \"v=DMARC1; p=none\"\n", "a.b", "",
		 0, "", NULL, NULL},
		"-"},
	    {{"several",
		 "_dmarc.a.b. TXT \"v=DMARC1\" \n_dmarc.a.b. TXT "
		 "\"v=DMARC1;\"\n",
		 "a.b", "", 0, "", NULL, NULL},
		"several DMARC records at one name"},
	    {{"forced none", "_dmarc.a.b. TXT \"v=DMARC1; rua=mailto:a@a.b\"\n",
		 "a.b", "", 0, "", NULL, NULL},
		"no valid policy in the DMARC record, read as p=none"},
	    {{"unusable", "_dmarc.a.b. TXT \"v=DMARC1\"\n", "a.b", "", 0, "",
		 NULL, NULL},
		"no valid policy in the DMARC record"},
	    {{"no answer", ";! servfail _dmarc.a.b\n", "a.b", "", 0, "", NULL,
		 NULL},
		"no answer to the DMARC policy look-up"},
	    {{"several domains", "x. A 192.0.2.1\n", "a.b c.d", "", 0, "", NULL,
		 NULL},
		"several Author Domains"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].fault) {
		struct bench bench;

		bench_open(&bench, &rows[i].row, rows[i].row.zone, false);
		bench_check(&bench, &rows[i].row);
		expect_text(&rows[i].row, "fault", or_dash(bench.verdict.fault),
		    rows[i].fault);
		bench_close(&bench);
	}
}

static int
load_list(void **state)
{
	static const char text[] = "example\ncom\nco.example\n";
	char path[] = "/tmp/postern-test-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		return -1;
	close(fd);
	list = pst_psl_load(path, NULL);
	unlink(path);
	return list == NULL ? -1 : 0;
}

static int
free_list(void **state)
{
	(void)state;
	pst_psl_free(list);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_policy_rows),
	    cmocka_unit_test(test_existence_rows),
	    cmocka_unit_test(test_alignment_rows),
	    cmocka_unit_test(test_undecided_rows),
	    cmocka_unit_test(test_memory_rows),
	    cmocka_unit_test(test_from_rows),
	    cmocka_unit_test(test_psl_rows),
	    cmocka_unit_test(test_compare_rows),
	    cmocka_unit_test(test_discarded),
	    cmocka_unit_test(test_prefetch),
	    cmocka_unit_test(test_pending),
	    cmocka_unit_test(test_faults),
	};

	return cmocka_run_group_tests(tests, load_list, free_list);
}
