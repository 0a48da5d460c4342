/* SPDX-License-Identifier: BSD-2-Clause */

/* Whatever a value is, it stays text; numbers and plots. */

#include "web/plot.h"

#include "rows.h"

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

static const char *
text_of(struct pst_html *html)
{
	const char *text = pst_buf_str(&html->buf);

	return text == NULL ? "" : text;
}

static void
test_values(void **state)
{
	static const struct {
		const char *name;
		struct pst_str in;
		const char *want;
	} rows[] = {
	    {"nothing", PST_STR_INIT(""), ""},
	    {"plain", PST_STR_INIT("bank.example"), "bank.example"},
	    {"an element", PST_STR_INIT("<script>"), "&lt;script&gt;"},
	    {"both quotes", PST_STR_INIT("\"'"), "&quot;&#39;"},
	    {"a reference", PST_STR_INIT("&lt;"), "&amp;lt;"},
	    {"NUL", PST_STR_INIT("a\0b"), "a\\x00b"},
	    {"newline, tab, return", PST_STR_INIT("\n\t\r"), "\\x0a\\x09\\x0d"},
	    {"escape and delete", PST_STR_INIT("\x1b\x7f"), "\\x1b\\x7f"},
	    {"Latin letter", PST_STR_INIT("\xc3\xa9"), "\xc3\xa9"},
	    {"Chinese", PST_STR_INIT("\xe4\xb8\xad"), "\xe4\xb8\xad"},
	    {"emoji", PST_STR_INIT("\xf0\x9f\x98\x80"), "\xf0\x9f\x98\x80"},
	    {"C1 control", PST_STR_INIT("\xc2\x85"), "\\u{85}"},
	    {"right-to-left override", PST_STR_INIT("\xe2\x80\xae"),
		"\\u{202e}"},
	    {"isolate", PST_STR_INIT("\xe2\x81\xa6"), "\\u{2066}"},
	    {"zero width", PST_STR_INIT("\xe2\x80\x8b"), "\\u{200b}"},
	    {"line separator", PST_STR_INIT("\xe2\x80\xa8"), "\\u{2028}"},
	    {"byte order mark", PST_STR_INIT("\xef\xbb\xbf"), "\\u{feff}"},
	    {"tag character", PST_STR_INIT("\xf3\xa0\x80\xa1"), "\\u{e0021}"},
	    {"last of a plane", PST_STR_INIT("\xf0\x9f\xbf\xbf"), "\\u{1ffff}"},
	    {"overlong <", PST_STR_INIT("\xc0\xbc"), "\\xc0\\xbc"},
	    {"surrogate", PST_STR_INIT("\xed\xa0\x80"), "\\xed\\xa0\\x80"},
	    {"cut off", PST_STR_INIT("\xe2\x80"), "\\xe2\\x80"},
	    {"cut off before <", PST_STR_INIT("\xe2\x80<"), "\\xe2\\x80&lt;"},
	    {"above Unicode", PST_STR_INIT("\xf4\x90\x80\x80"),
		"\\xf4\\x90\\x80\\x80"},
	    {"no first octet", PST_STR_INIT("\xff\x80"), "\\xff\\x80"},
	};

	FOR_ROWS(i, rows, rows[i].name) {
		struct pst_html html;

		pst_html_init(&html, *state);
		pst_html_octets(&html, rows[i].in);
		assert_string_equal(text_of(&html), rows[i].want);
	}
}

/* No octet and no pair of octets leaves the place of a value. */
static void
test_pairs(void **state)
{
	FOR_COUNT(i, 0x10000, rows_number(i)) {
		const char pair[] = {(char)(i >> 8), (char)(i & 0xff)};
		struct pst_arena_mark mark = pst_arena_mark(*state);
		struct pst_html html;
		struct pst_str text;

		pst_html_init(&html, *state);
		pst_html_octets(&html, (struct pst_str){pair, sizeof(pair)});
		text = pst_buf_slice(&html.buf);
		assert_true(pst_str_is_utf8(text));
		for (size_t j = 0; j < text.len; j++)
			assert_true((unsigned char)text.ptr[j] >= ' ' &&
			    strchr("<>\"'\x7f", text.ptr[j]) == NULL);
		pst_arena_rewind(*state, mark);
	}
}

static void
test_elements(void **state)
{
	struct pst_html html;

	pst_html_init(&html, *state);
	pst_html_element(&html, "td", NULL, "<b>");
	pst_html_element(&html, "td", "num", "1\n");
	pst_html_element(&html, "p", NULL, NULL);
	pst_html_link(&html, "a?b=1&c=\"", "<");
	pst_html_link(&html, NULL, ">");
	pst_html_printf(&html, "%s %d", "&", 1);
	pst_html_lines(&html, "a\n\t<\r");
	assert_string_equal(text_of(&html),
	    "<td>&lt;b&gt;</td><td class=\"num\">1\\x0a</td><p></p>"
	    "<a href=\"a?b=1&amp;c=&quot;\">&lt;</a>&gt;&amp; 1a\n\t&lt;"
	    "\\x0d");
}

static void
test_long(void **state)
{
	char *text = pst_arena_alloc(*state, 8 * 1024 * 1024 + 1);
	struct pst_html html;

	memset(text, '<', 8 * 1024 * 1024);
	pst_html_init(&html, *state);
	pst_html_text(&html, text);
	assert_true(pst_buf_overflowed(&html.buf));
}

static void
test_numbers(void **state)
{
	static const struct {
		uint64_t in;
		const char *want;
	} rows[] = {
	    {0, "0"},
	    {999, "999"},
	    {1000,
		"1\xe2\x80\x89"
		"000"},
	    {1234567,
		"1\xe2\x80\x89"
		"234\xe2\x80\x89"
		"567"},
	    {UINT64_MAX,
		"18\xe2\x80\x89"
		"446\xe2\x80\x89"
		"744\xe2\x80\x89"
		"073\xe2\x80\x89"
		"709\xe2\x80\x89"
		"551\xe2\x80\x89"
		"615"},
	};

	FOR_ROWS(i, rows, rows[i].want) {
		struct pst_html html;

		pst_html_init(&html, *state);
		pst_html_number(&html, rows[i].in);
		assert_string_equal(text_of(&html), rows[i].want);
	}
}

static void
test_shares(void **state)
{
	static const struct {
		uint64_t part, whole;
		const char *want;
	} rows[] = {
	    {0, 0, "\xe2\x80\x93"},
	    {0, 5, "0 %"},
	    {5, 5, "100 %"},
	    {1, 8, "12.5 %"},
	    {1, 100000, "&lt; 0.1 %"},
	    {99999, 100000, "&gt; 99.9 %"},
	    {999, 1000, "99.9 %"},
	    {UINT64_MAX, UINT64_MAX, "100 %"},
	};

	FOR_ROWS(i, rows, rows[i].want) {
		struct pst_html html;

		pst_html_init(&html, *state);
		pst_html_share(&html, rows[i].part, rows[i].whole);
		assert_string_equal(text_of(&html), rows[i].want);
	}
}

static size_t
count_of(const char *text, const char *what)
{
	size_t count = 0;

	while ((text = strstr(text, what)) != NULL) {
		count++;
		text += strlen(what);
	}
	return count;
}

static void
test_bars(void **state)
{
	const uint64_t refused[] = {0, 1, 0}, accepted[] = {0, 1000000, 7};
	const char *const labels[] = {"11-29", "<30>", "12-01"};
	const struct pst_plot_series series[] = {
	    {"accepted", PST_PLOT_ACCEPT, accepted},
	    {"refused", PST_PLOT_REJECT, refused},
	};
	const struct pst_plot_bars plot = {.title = "Messages & more",
	    .description = "three days",
	    .labels = labels,
	    .columns = 3,
	    .series = series,
	    .series_count = 2};
	struct pst_html html;
	const char *text;

	pst_html_init(&html, *state);
	pst_plot_bars(&html, &plot);
	text = text_of(&html);
	assert_non_null(strstr(text, "<title>Messages &amp; more</title>"));
	assert_null(strstr(text, "<30>"));
	assert_non_null(strstr(text,
	    "&lt;30&gt;: 1\xe2\x80\x89"
	    "000\xe2\x80\x89"
	    "000 accepted, 1 refused"));
	/* What is 0 has no bar, and one in a million has one. */
	assert_int_equal(count_of(text, "<rect class=\"c-accept\""), 2);
	assert_int_equal(count_of(text, "<rect class=\"c-reject\""), 1);
	assert_int_equal(count_of(text, "height=\"1.5\""), 2);
	assert_int_equal(count_of(text, "<svg"), count_of(text, "</svg>"));
	assert_null(strstr(text, "nan"));
	assert_null(strstr(text, "style="));
}

/* The grid reaches the highest column, with few lines. */
static void
test_grid(void **state)
{
	static const struct {
		uint64_t highest;
		const char *top;
		size_t lines;
	} rows[] = {
	    {0, ">1<", 2},
	    {1, ">1<", 2},
	    {4, ">4<", 5},
	    {5, ">6<", 4},
	    {9, ">10<", 3},
	    {400, ">400<", 5},
	    {401, ">600<", 4},
	    {12345, ">15k<", 4},
	    {UINT64_C(3000000000), ">3G<", 4},
	};

	FOR_ROWS(i, rows, rows[i].top) {
		const char *const labels[] = {"x"};
		const struct pst_plot_series series = {
		    "accepted", PST_PLOT_ACCEPT, &rows[i].highest};
		const struct pst_plot_bars plot = {.title = "t",
		    .description = "d",
		    .labels = labels,
		    .columns = 1,
		    .series = &series,
		    .series_count = 1};
		struct pst_html html;

		pst_html_init(&html, *state);
		pst_plot_bars(&html, &plot);
		assert_non_null(strstr(text_of(&html), rows[i].top));
		assert_int_equal(
		    count_of(text_of(&html), "class=\"grid\""), rows[i].lines);
	}
}

static void
test_small(void **state)
{
	const uint64_t values[] = {0, 5, 10};
	const uint64_t parts[PST_PLOT_TONES] = {
	    [PST_PLOT_ACCEPT] = 1000000, [PST_PLOT_REJECT] = 1};
	struct pst_html html;

	pst_html_init(&html, *state);
	pst_plot_spark(&html, "<", values, 3);
	assert_non_null(strstr(text_of(&html), "1.0,18.0 46.0,10.0 91.0,2.0"));
	pst_html_init(&html, *state);
	pst_plot_spark(&html, "none", values, 0);
	assert_non_null(strstr(text_of(&html), "points=\"\""));
	pst_html_init(&html, *state);
	pst_plot_split(&html, "<", parts, 1000001);
	assert_non_null(
	    strstr(text_of(&html), "c-reject\" x=\"118.5\" width=\"1.5\""));
	pst_html_init(&html, *state);
	pst_plot_split(&html, "none", parts, 0);
	assert_null(strstr(text_of(&html), "c-accept"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_values),
	    cmocka_unit_test(test_pairs),
	    cmocka_unit_test(test_elements),
	    cmocka_unit_test(test_long),
	    cmocka_unit_test(test_numbers),
	    cmocka_unit_test(test_shares),
	    cmocka_unit_test(test_bars),
	    cmocka_unit_test(test_grid),
	    cmocka_unit_test(test_small),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
