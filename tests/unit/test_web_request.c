/* SPDX-License-Identifier: BSD-2-Clause */

/* Addresses of pages: what is accepted, and that links are read as written. */

#include "web/views.h"

#include "rows.h"

static const struct pst_web_site site;

static struct pst_web_request
begin(void **state)
{
	return (struct pst_web_request){
	    .site = &site, .arena = *state, .days = 7, .now_s = 1764547200};
}

static int
set_up(void **state)
{
	*state = pst_arena_new();
	return 0;
}

static int
tear_down(void **state)
{
	pst_arena_free(*state);
	return 0;
}

static void
test_paths(void **state)
{
	static const struct {
		const char *path;
		unsigned status; /* 0: accepted */
		enum pst_web_view view;
	} rows[] = {
	    {"/", 0, PST_WEB_OVERVIEW},
	    {"", 0, PST_WEB_OVERVIEW},
	    {"/overview", 0, PST_WEB_OVERVIEW},
	    {"/domains", 0, PST_WEB_DOMAINS},
	    {"messages", 0, PST_WEB_MESSAGES},
	    {"/health", 0, PST_WEB_HEALTH},
	    {"/domains/", 404, 0},
	    {"//domains", 404, 0},
	    {"/Domains", 404, 0},
	    {"/../etc/passwd", 404, 0},
	    {"/domain?days=1", 404, 0},
	};

	FOR_ROWS(i, rows, rows[i].path) {
		struct pst_web_request request = begin(state);
		struct pst_err err;

		assert_int_equal(pst_web_request_parse(
				     &request, rows[i].path, NULL, 0, &err),
		    rows[i].status == 0);
		if (rows[i].status == 0)
			assert_int_equal(request.view, rows[i].view);
		else
			assert_int_equal(request.status, rows[i].status);
	}
}

static const char *
repeat(struct pst_arena *arena, size_t len)
{
	char *text = pst_arena_alloc(arena, len + 1);

	memset(text, 'x', len);
	return text;
}

static void
test_params(void **state)
{
	const char *const long_value = repeat(*state, PST_WEB_MAX_VALUE + 1);
	const char *const whole_value = repeat(*state, PST_WEB_MAX_VALUE);
	const struct {
		const char *label;
		struct pst_web_param params[2];
		size_t count;
		unsigned status;
	} rows[] = {
	    {"none", {{"", ""}}, 0, 0},
	    {"a key", {{"key", "<script>"}}, 1, 0},
	    {"an empty value", {{"key", ""}}, 1, 0},
	    {"a long key", {{"key", whole_value}}, 1, 0},
	    {"too long", {{"key", long_value}}, 1, 414},
	    {"too long for days", {{"days", "007"}}, 1, 414},
	    {"an unknown name", {{"cmd", "1"}}, 1, 400},
	    {"an empty name", {{"", "1"}}, 1, 400},
	    {"twice", {{"key", "a"}, {"key", "a"}}, 2, 400},
	    {"days", {{"days", "30"}}, 1, 0},
	    {"other days", {{"days", "8"}}, 1, 400},
	    {"no days", {{"days", "0"}}, 1, 400},
	    {"days that are text", {{"days", "a"}}, 1, 400},
	    {"negative days", {{"days", "-7"}}, 1, 400},
	};

	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_web_request request = begin(state);
		struct pst_err err;

		assert_int_equal(pst_web_request_parse(&request, "/domains",
				     rows[i].params, rows[i].count, &err),
		    rows[i].status == 0);
		if (rows[i].status != 0) {
			assert_int_equal(request.status, rows[i].status);
			assert_non_null(strchr(err.text, '.'));
		}
	}
}

static void
test_many(void **state)
{
	struct pst_web_param params[PST_WEB_MAX_PARAMS + 1];
	struct pst_web_request request = begin(state);
	struct pst_err err;

	for (size_t i = 0; i < PST_COUNT(params); i++)
		params[i] = (struct pst_web_param){"key", "a"};
	assert_false(pst_web_request_parse(
	    &request, "/", params, PST_COUNT(params), &err));
	assert_int_equal(request.status, 400);
	assert_int_equal(request.param_count, 0);
}

static void
test_values(void **state)
{
	const struct pst_web_param params[] = {
	    {"days", "90"}, {"key", ""}, {"q", "a b"}};
	struct pst_web_request request = begin(state);
	struct pst_err err;

	assert_true(
	    pst_web_request_parse(&request, "/messages", params, 3, &err));
	assert_int_equal(request.days, 90);
	assert_string_equal(pst_web_param(&request, "q"), "a b");
	assert_null(pst_web_param(&request, "key"));
	assert_null(pst_web_param(&request, "sort"));
}

static void
test_links(void **state)
{
	const char *const long_value = repeat(*state, PST_WEB_MAX_VALUE + 1);
	const struct {
		enum pst_web_view view;
		unsigned days;
		struct pst_web_param params[2];
		size_t count;
		const char *want;
	} rows[] = {
	    {PST_WEB_OVERVIEW, 7, {{"", ""}}, 0, "./"},
	    {PST_WEB_OVERVIEW, 30, {{"", ""}}, 0, "./?days=30"},
	    {PST_WEB_DOMAINS, 7, {{"", ""}}, 0, "domains"},
	    {PST_WEB_DOMAINS, 30, {{"days", "1"}}, 1, "domains?days=1"},
	    {PST_WEB_DOMAINS, 30, {{"days", "7"}}, 1, "domains"},
	    {PST_WEB_DOMAINS, 7, {{"key", NULL}, {"sort", ""}}, 2, "domains"},
	    {PST_WEB_DOMAIN, 7, {{"key", "a-b.example"}}, 1,
		"domain?key=a-b.example"},
	    {PST_WEB_DOMAIN, 1, {{"key", "\"'<>&=?#%+/ \n"}}, 1,
		"domain?key=%22%27%3C%3E%26%3D%3F%23%25%2B%2F%20%0A&days=1"},
	    {PST_WEB_DOMAIN, 7, {{"key", "\xe2\x80\xae\xff"}}, 1,
		"domain?key=%E2%80%AE%FF"},
	    {PST_WEB_DOMAIN, 7, {{"key", long_value}}, 1, NULL},
	};

	FOR_ROWS(i, rows, rows[i].want) {
		struct pst_web_request request = begin(state);
		const char *href;

		request.days = rows[i].days;
		href = pst_web_href(
		    &request, rows[i].view, rows[i].params, rows[i].count);
		if (rows[i].want == NULL)
			assert_null(href);
		else
			assert_string_equal(href, rows[i].want);
	}
}

/* Menu and links need a name; two pages must not share one. */
static void
test_views(void **state)
{
	(void)state;
	FOR_COUNT(i, PST_WEB_VIEWS, pst_web_views[i].name) {
		assert_non_null(pst_web_views[i].name);
		assert_non_null(pst_web_views[i].title);
		assert_true(pst_web_views[i].show != NULL);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(
			    pst_web_views[i].name, pst_web_views[j].name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_paths),
	    cmocka_unit_test(test_params),
	    cmocka_unit_test(test_many),
	    cmocka_unit_test(test_values),
	    cmocka_unit_test(test_links),
	    cmocka_unit_test(test_views),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
