/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/day.h"
#include "config/config.h"
#include "store/journal_config.h"
#include "store/tallies_file.h"
#include "tests/unit/store_fixture.h"
#include "web/page.h"
#include "web/tally_table.h"

/* Markup, quotes, a change of direction, octets that are not UTF-8 */
#define EVIL "\"'><script>alert(1)</script>&\xe2\x80\xae\xff\x01"

static struct pst_config *config;
static struct pst_web_site site;
static const struct pst_ask_where nowhere = {.control = "/nonexistent/socket"};
static struct pst_arena *arena;
static struct pst_tally_table filled;
static int64_t now_s;

static int
set_up(void **state)
{
	const unsigned char secret[PST_SIPHASH_KEY_BYTES] = {7};

	if (store_set_up(state) != 0)
		return -1;
	arena = pst_arena_new();
	config = store_config("");
	now_s = pst_clock_epoch(&pst_clock_system);
	site = (struct pst_web_site){.config = config,
	    .daemon = pst_web_daemon_new(&nowhere),
	    .keep = pst_web_keep_new(
		pst_tallies_path(arena, pst_journal_path(arena, config)),
		NULL)};
	pst_tally_table_init(&filled, 100000);
	pst_tally_table_sketch(&filled, secret);
	return 0;
}

static int
tear_down(void **state)
{
	pst_tally_table_free(&filled);
	pst_web_keep_free(site.keep);
	pst_web_daemon_free(site.daemon);
	pst_config_unref(config);
	pst_arena_free(arena);
	return store_tear_down(state);
}

/* ---- filling ---- */

struct mail {
	const char *from, *via, *rule, *rcpt;
	enum pst_action done, would;
	int64_t ago; /* days */
};

static void
count(const struct mail *mail, uint64_t n)
{
	const bool aligned = mail->would == PST_ACTION_ACCEPT;
	const struct pst_summary summary = {
	    .seen_s = pst_day_begin(pst_day_of(now_s) - mail->ago),
	    .done = mail->done,
	    .would = mail->would,
	    .from_domain = mail->from,
	    .org_domain = mail->from,
	    .via = mail->via,
	    .network = aligned ? "192.0.2.0/24" : "198.51.100.0/24",
	    .aligned = aligned,
	    .rule = mail->rule,
	    .reason = mail->rule,
	    .rcpt_domains = {mail->rcpt},
	    .rcpt_count = 1,
	};

	pst_tally_table_count(&filled, &summary, n);
}

static void
write_all(void)
{
	struct pst_tally_guesses *guesses = calloc(1, sizeof(*guesses));
	struct pst_tallies_file *file;
	struct pst_err err;
	size_t done = 0;

	assert_non_null(guesses);
	file = pst_tallies_file_open(
	    pst_tallies_path(arena, pst_journal_path(arena, config)),
	    PST_DB_CREATE, 1000, &err);
	assert_non_null(file);
	while (done < filled.count)
		assert_true(pst_tallies_file_write(
		    file, guesses, &filled, &done, &err));
	pst_tallies_file_close(file);
	free(guesses);
}

static void
fill(void)
{
	static const struct mail good = {"good.example", "dkim:good.example",
	    "default", "us.example", PST_ACTION_ACCEPT, PST_ACTION_ACCEPT, 0};
	static const struct mail refused = {"bank.example",
	    "net:198.51.100.0/24", "dmarc-reject", "us.example",
	    PST_ACTION_REJECT, PST_ACTION_REJECT, 1};
	static const struct mail lenient = {"shop.test", "dkim:esp.example",
	    "dmarc-reject", "us.example", PST_ACTION_ACCEPT, PST_ACTION_REJECT,
	    2};

	count(&good, 4321);
	count(&refused, 20);
	count(&lenient, 300);
	for (int64_t ago = 0; ago < 20; ago++) {
		struct mail weekly = lenient;

		weekly.ago = ago;
		count(&weekly, 2);
	}
	write_all();
}

/* ---- pages ---- */

struct asked {
	enum pst_web_view view;
	struct pst_web_param params[4];
	unsigned days;
	unsigned status; /* expected; 0: 200 */
};

/* Returns the page; the test fails if it is not complete. */
static const char *
page(const struct asked *asked)
{
	struct pst_web_request request = {.site = &site,
	    .arena = arena,
	    .view = asked->view,
	    .days = asked->days == 0 ? 7 : asked->days,
	    .now_s = now_s};
	unsigned status = 0;
	struct pst_str text;

	while (request.param_count < PST_COUNT(asked->params) &&
	    asked->params[request.param_count].name != NULL) {
		request.params[request.param_count] =
		    asked->params[request.param_count];
		request.param_count++;
	}
	text = pst_web_page(&request, &status);
	assert_int_equal(status, asked->status == 0 ? 200 : asked->status);
	assert_true(pst_str_iends(text, PST_STR("</html>\n")));
	return pst_arena_memdup(arena, text.ptr, text.len);
}

static const char *
simple(enum pst_web_view view)
{
	return page(&(struct asked){.view = view});
}

static bool
has(const char *text, const char *part)
{
	return strstr(text, part) != NULL;
}

static size_t
times(const char *text, const char *end, const char *part)
{
	size_t n = 0;

	while ((text = strstr(text, part)) != NULL && text < end) {
		text += strlen(part);
		n++;
	}
	return n;
}

/* Fails unless each row of each table has a cell for each column. */
static size_t
check_tables(const char *text)
{
	size_t tables = 0;

	while ((text = strstr(text, "<table>")) != NULL) {
		const char *body = strstr(text, "<tbody>");
		const char *end = strstr(text, "</table>");
		size_t columns;

		assert_true(body != NULL && end != NULL && body < end);
		columns = times(text, body, "<th ");
		assert_int_equal(times(body, end, "<td"),
		    columns * times(body, end, "<tr>"));
		assert_int_equal(
		    times(body, end, "<td"), times(body, end, "</td>"));
		text = end;
		tables++;
	}
	return tables;
}

static const enum pst_web_view views[] = {PST_WEB_OVERVIEW, PST_WEB_DOMAINS,
    PST_WEB_SENDERS, PST_WEB_SOURCES, PST_WEB_RECIPIENTS, PST_WEB_RULES,
    PST_WEB_ENFORCE};

/* ---- tests ---- */

static void
test_complete(void **state)
{
	static const unsigned days[] = {1, 7, 30, 90};

	(void)state;
	fill();
	FOR_ROWS(i, views, pst_web_views[views[i]].name) {
		for (size_t k = 0; k < PST_COUNT(days); k++) {
			const char *text = page(
			    &(struct asked){.view = views[i], .days = days[k]});

			assert_true(check_tables(text) > 0 ||
			    views[i] == PST_WEB_ENFORCE);
			assert_true(
			    times(text, text + strlen(text), "<h1") == 1);
		}
	}
}

static void
test_overview(void **state)
{
	const char *text;

	(void)state;
	fill();
	text = simple(PST_WEB_OVERVIEW);
	/* 4321 + 20 + 300 + 7 * 2 */
	assert_true(has(text,
	    "<dd>4\xe2\x80\x89"
	    "655</dd>"));
	assert_true(has(text, "<dd>20</dd>"));
	assert_true(has(text, "<dd>314</dd>"));
	assert_true(has(text, "92.8 %"));
	assert_true(has(text, "most refused"));
	assert_true(has(text, "/nonexistent/socket"));
	assert_int_equal(check_tables(text), 5);
	text = page(&(struct asked){.view = PST_WEB_OVERVIEW, .days = 1});
	assert_true(has(text, "by hour"));
	assert_true(has(text, "<td>23</td>"));
}

/* The keys are in the order of the page. */
static void
check_order(const char *text, const char *const names[3])
{
	const char *body = strstr(text, "<tbody>");
	const char *last = body;

	assert_non_null(body);
	for (size_t i = 0; i < 3; i++) {
		const char *at =
		    strstr(body, pst_arena_printf(arena, ">%s</a>", names[i]));

		assert_non_null(at);
		assert_true(at > last);
		last = at;
	}
}

static void
test_order(void **state)
{
	static const struct {
		const char *sort;
		const char *const names[3];
	} rows[] = {
	    {"", {"good.example", "shop.test", "bank.example"}},
	    {"refused", {"bank.example", "good.example", "shop.test"}},
	    {"would", {"shop.test", "good.example", "bank.example"}},
	    {"aligned", {"shop.test", "bank.example", "good.example"}},
	    {"nonsense", {"good.example", "shop.test", "bank.example"}},
	};

	(void)state;
	fill();
	FOR_ROWS(i, rows, rows[i].sort) {
		check_order(page(&(struct asked){.view = PST_WEB_DOMAINS,
				.params = {{"sort", rows[i].sort}}}),
		    rows[i].names);
	}
}

static void
test_names(void **state)
{
	static const struct {
		const char *name, *match;
		const char *there, *missing;
	} rows[] = {
	    {"good", "", ">good.example</a>", ">shop.test</a>"},
	    {"GOOD", "", ">good.example</a>", ">shop.test</a>"},
	    {"example", "end", ">bank.example</a>", ">shop.test</a>"},
	    {"example", "", "None has such a name", "<table>"},
	    /* It leads to the page of what is not kept. */
	    {"far.example", "", "domain?key=far.example", "<table>"},
	    {EVIL, "", "&lt;script&gt;", "<script"},
	};

	(void)state;
	fill();
	FOR_ROWS(i, rows, rows[i].name) {
		const char *text = page(&(struct asked){.view = PST_WEB_DOMAINS,
		    .params = {
			{"name", rows[i].name}, {"match", rows[i].match}}});

		assert_true(has(text, rows[i].there));
		assert_false(has(text, rows[i].missing));
	}
}

static void
test_domain(void **state)
{
	const char *text;

	(void)state;
	fill();
	text = page(&(struct asked){
	    .view = PST_WEB_DOMAIN, .params = {{"key", "shop.test"}}});
	assert_true(has(text, "shop.test</h1>"));
	assert_true(has(text, "<dd>314</dd>"));
	assert_true(has(text, "messages?domain=shop.test"));
	assert_true(has(text, "</span>esp.example</td>"));
	assert_false(has(text, "good.example"));
	assert_int_equal(check_tables(text), 2);
	text = page(&(struct asked){
	    .view = PST_WEB_DOMAIN, .params = {{"key", "unknown.example"}}});
	assert_true(has(text, "Nothing was counted under this name"));
	text = page(
	    &(struct asked){.view = PST_WEB_DOMAIN, .params = {{"key", EVIL}}});
	assert_false(has(text, "<script"));
	assert_true(
	    has(page(&(struct asked){.view = PST_WEB_DOMAIN, .status = 404}),
		"names no domain"));
}

static void
test_enforce(void **state)
{
	const char *text;

	(void)state;
	fill();
	text = simple(PST_WEB_ENFORCE);
	assert_true(has(text, "<pre class=\"rule\">rule"));
	/* The text of the configuration, with its quotes escaped */
	assert_true(
	    has(text, "&quot;shop.test&quot;") || has(text, "= shop.test"));
	assert_true(has(text, "</span>esp.example</td>"));
	assert_true(check_tables(text) > 0);
}

static void
test_words(void **state)
{
	const char *text;

	(void)state;
	count(&(struct mail){"", "net:198.51.100.0/24", "dmarc-none",
		  "us.example", PST_ACTION_ACCEPT, PST_ACTION_ACCEPT, 0},
	    5);
	count(&(struct mail){PST_TALLIES_OTHER, "", "default", "us.example",
		  PST_ACTION_ACCEPT, PST_ACTION_ACCEPT, 0},
	    4);
	count(&(struct mail){"*.many.example", "", "default", "us.example",
		  PST_ACTION_ACCEPT, PST_ACTION_ACCEPT, 0},
	    3);
	write_all();
	text = simple(PST_WEB_DOMAINS);
	assert_true(has(text, "no From domain, or several"));
	assert_true(has(text, "all others together"));
	assert_true(has(text, "other names below many.example"));
	assert_true(check_tables(simple(PST_WEB_SENDERS)) == 1);
}

/* Nothing that a file can have becomes markup. */
static void
test_hostile(void **state)
{
	(void)state;
	count(&(struct mail){EVIL ".example", "dkim:" EVIL, EVIL, EVIL,
		  PST_ACTION_ACCEPT, PST_ACTION_REJECT, 0},
	    9);
	for (int64_t ago = 1; ago < 20; ago++)
		count(&(struct mail){EVIL ".example", "dkim:" EVIL, EVIL, EVIL,
			  PST_ACTION_ACCEPT, PST_ACTION_REJECT, ago},
		    9);
	write_all();
	FOR_ROWS(i, views, pst_web_views[views[i]].name) {
		const char *text = simple(views[i]);

		assert_true(check_tables(text) > 0);
		assert_false(has(text, "<script"));
		assert_false(has(text, "\xe2\x80\xae"));
		assert_false(has(text, "\xff"));
		assert_false(has(text, "\x01"));
	}
}

static void
test_nothing(void **state)
{
	(void)state;
	FOR_ROWS(i, views, pst_web_views[views[i]].name) {
		assert_true(has(simple(views[i]), "there are no tallies in"));
	}
	config->journal.keep = PST_KEPT_NONE;
	FOR_ROWS(i, views, pst_web_views[views[i]].name) {
		assert_true(has(simple(views[i]), "Nothing is counted"));
	}
}

static void
test_no_mail(void **state)
{
	(void)state;
	write_all();
	FOR_ROWS(i, views, pst_web_views[views[i]].name) {
		assert_true(has(simple(views[i]), "No mail was counted"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_complete, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_overview, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_order, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_names, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_domain, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_enforce, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_words, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_hostile, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_nothing, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_no_mail, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
