/* SPDX-License-Identifier: BSD-2-Clause */

/* Corrected records have no fault when they are published. */

#include "tests/unit/rows.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/domain.h"
#include "survey/correct.h"
#include "tests/unit/desk_fixture.h"

#define MAX_FILE 100000
#define MUTATIONS 500

/* The record in the proposal is one that a zone file can have. */
static void
check_printed(const struct pst_correction *correction)
{
	struct pst_arena *arena = pst_arena_new();
	const char *lines = pst_correct_print(arena, correction);
	struct desk_texts texts = {.count = 0};
	struct desk desk;

	assert_non_null(lines);
	assert_true(pst_str_starts(pst_str(lines), PST_STR("; corrected: ")));
	desk_open(&desk, lines);
	desk_read(arena, &desk, pst_str(correction->owner), &texts);
	assert_int_equal(texts.count, 1);
	assert_true(pst_str_eq(texts.items[0], pst_str(correction->text)));
	assert_true(pst_str_is_printable(texts.items[0]));
	assert_true(pst_str_is_printable(pst_str(correction->changes)));
	/* the DNS of an arena ends before its resolver */
	pst_arena_free(arena);
	desk_close(&desk);
}

/* Publishes the proposal and surveys again. Returns how many records it had. */
static size_t
check_proposal(struct desk *desk, const char *domain, const char *selector)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_survey first, second;
	size_t count;

	desk_survey(arena, desk, domain, selector, &first);
	count = first.correction_count;
	desk->proposal = &first;
	desk_survey(arena, desk, domain, selector, &second);
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

/* R-SUR-18 */
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
		desk_close(&desk);
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
    "v=DMARC1; p=none; sp=quarantine; np=reject; adkim=s; aspf=r; " DESK_RUA,
    "v=DMARC1; p=quarantine; t=y; fo=1:d:s; ruf=mailto:f@example.com; " DESK_RUA,
    "v=DMARC1; p=reject"};
static const char *const good_dkim[] = {
    GOOD_DKIM, "v=DKIM1; k=ed25519; t=s; h=sha256; s=email; p=" DESK_KEY};
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

/* R-SUR-18 */
static void
test_mutations(void **state)
{
	uint64_t seed = 0x9e3779b97f4a7c15;
	size_t count = 0;

	(void)state;
	FOR_COUNT(i, MUTATIONS, rows_number(i)) {
		struct pst_arena *arena = pst_arena_new();
		struct desk desk;

		desk_open(&desk, desk_zone);
		desk_fix(&desk, "example.com",
		    mutate(arena, &seed, PICK(good_spf, &seed)));
		desk_fix(&desk, "_dmarc.example.com",
		    mutate(arena, &seed, PICK(good_dmarc, &seed)));
		desk_fix(&desk, DESK_DKIM_NAME,
		    mutate(arena, &seed, PICK(good_dkim, &seed)));
		count += check_proposal(&desk, "example.com", "s1");
		desk_close(&desk);
		pst_arena_free(arena);
	}
	/* enough of the faults can be corrected to tell something */
	assert_true(count >= MUTATIONS / 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_vectors),
	    cmocka_unit_test(test_mutations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
