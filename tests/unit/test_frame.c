/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/frame.h"
#include "base/macros.h"

#define MAX 10

static void
test_header(void **state)
{
	unsigned char header[PST_FRAME_HEADER];

	(void)state;
	pst_frame_header(0x01020304, header);
	assert_memory_equal(header, "\1\2\3\4", 4);
	pst_frame_header(0, header);
	assert_memory_equal(header, "\0\0\0\0", 4);
	pst_frame_header(UINT32_MAX, header);
	assert_memory_equal(header, "\xff\xff\xff\xff", 4);
}

/* Each stream is cut at every place, and also comes octet by octet. */
static void
test_rows(void **state)
{
	static const struct {
		const char *label, *stream;
		size_t len;
		enum pst_frame_state end;
		const char *text;
	} rows[] = {
	    {"a text", "\0\0\0\6reload", 10, PST_FRAME_COMPLETE, "reload"},
	    {"empty", "\0\0\0\0", 4, PST_FRAME_COMPLETE, ""},
	    {"the longest",
		"\0\0\0\12"
		"0123456789",
		14, PST_FRAME_COMPLETE, "0123456789"},
	    {"more after it", "\0\0\0\2ab\0\0\0\2cd", 12, PST_FRAME_COMPLETE,
		"ab"},
	    {"a NUL", "\0\0\0\3a\0b", 7, PST_FRAME_COMPLETE, "a\0b"},
	    {"too long",
		"\0\0\0\13"
		"01234567890",
		15, PST_FRAME_TOO_LONG, ""},
	    {"huge", "\xff\xff\xff\xff", 4, PST_FRAME_TOO_LONG, ""},
	    {"no frame", "reload\n", 7, PST_FRAME_TOO_LONG, ""},
	    {"half a header", "\0\0\0", 3, PST_FRAME_PARTIAL, ""},
	    {"half a text", "\0\0\0\6relo", 8, PST_FRAME_PARTIAL, ""},
	    {"nothing", "", 0, PST_FRAME_PARTIAL, ""},
	};

	(void)state;
	for (size_t i = 0; i < PST_COUNT(rows); i++) {
		for (size_t cut = 0; cut <= rows[i].len + 1; cut++) {
			enum pst_frame_state end = PST_FRAME_PARTIAL;
			struct pst_frame frame;
			char text[MAX + 1];
			size_t step = cut > rows[i].len ? 1 : cut;

			memset(text, '~', sizeof(text));
			pst_frame_init(&frame, text, MAX);
			for (size_t at = 0; at < rows[i].len; at += step) {
				if (at > 0 && cut <= rows[i].len)
					step = rows[i].len - at;
				if (step > rows[i].len - at || step == 0)
					step = rows[i].len - at;
				end = pst_frame_take(
				    &frame, rows[i].stream + at, step);
			}
			if (end != rows[i].end || text[MAX] != '~')
				fail_msg("%s, cut at %zu: %d", rows[i].label,
				    cut, end);
			if (end == PST_FRAME_COMPLETE &&
			    memcmp(text, rows[i].text, frame.len) != 0)
				fail_msg("%s, cut at %zu: wrong text",
				    rows[i].label, cut);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_header),
	    cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
