/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The canonical forms of a body that comes in pieces, against forms that are
 * made of the whole at once. The first octet is the size of a piece; 0: one.
 */

#include <assert.h>

#include "auth/dkim_body.h"
#include "auth/msgsig_canon.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
collect(void *arg, const char *ptr, size_t len)
{
	pst_buf_add(arg, (struct pst_str){ptr, len});
}

static struct pst_str
in_pieces(struct pst_arena *arena, struct pst_str body, size_t piece,
    enum pst_canon canon)
{
	struct pst_msgsig_canon_body state;
	struct pst_buf out;

	pst_buf_init(&out, arena, SIZE_MAX / 4);
	pst_msgsig_canon_body_init(&state, canon, collect, &out);
	while (body.len > 0) {
		struct pst_str part = pst_str_first(body, piece);

		pst_msgsig_canon_body_add(&state, part.ptr, part.len);
		body = pst_str_from(body, part.len);
	}
	pst_msgsig_canon_body_end(&state);
	return pst_buf_slice(&out);
}

/* Runs of blanks are one space, at the end of the line nothing. */
static void
add_line(struct pst_buf *out, struct pst_str line, enum pst_canon canon)
{
	bool relaxed = canon == PST_CANON_RELAXED, after_blank = false;

	while (relaxed && line.len > 0 && pst_is_wsp(line.ptr[line.len - 1]))
		line.len--;
	for (size_t i = 0; i < line.len; i++) {
		bool blank = relaxed && pst_is_wsp(line.ptr[i]);

		if (!blank)
			pst_buf_add_char(out, line.ptr[i]);
		else if (!after_blank)
			pst_buf_add_char(out, ' ');
		after_blank = blank;
	}
	pst_buf_add_text(out, "\r\n");
}

static size_t
find_crlf(struct pst_str text)
{
	size_t i = 0;

	while (i < text.len &&
	    (text.ptr[i] != '\r' || i + 1 == text.len ||
		text.ptr[i + 1] != '\n'))
		i++;
	return i;
}

static struct pst_str
at_once(struct pst_arena *arena, struct pst_str body, enum pst_canon canon)
{
	struct pst_buf out;
	struct pst_str text;

	pst_buf_init(&out, arena, SIZE_MAX / 4);
	while (body.len > 0) {
		size_t end = find_crlf(body);

		add_line(&out, pst_str_first(body, end), canon);
		body = pst_str_from(body, end + 2);
	}
	text = pst_buf_slice(&out);
	while (text.len >= 4 &&
	    memcmp(text.ptr + text.len - 4, "\r\n\r\n", 4) == 0)
		text.len -= 2;
	if (text.len == 2)
		text.len = 0;
	return text.len == 0 && canon == PST_CANON_SIMPLE ? PST_STR("\r\n") :
							    text;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum pst_canon canons[] = {
	    PST_CANON_SIMPLE, PST_CANON_RELAXED};
	struct pst_arena *arena = pst_arena_new();
	struct pst_dkim_body lengths = {.count_lengths = true};
	const void *octets = data;
	struct pst_str body = pst_str_from((struct pst_str){octets, size}, 1);
	size_t piece = size > 0 && data[0] > 0 ? data[0] : SIZE_MAX;

	pst_dkim_body_add(&lengths, body.ptr, body.len);
	(void)pst_dkim_body_end(&lengths);
	for (size_t i = 0; i < 2; i++) {
		struct pst_str got = in_pieces(arena, body, piece, canons[i]);

		assert(pst_str_eq(got, at_once(arena, body, canons[i])));
		assert(lengths.odd ||
		    got.len == pst_dkim_body_length(&lengths, i == 1));
	}
	pst_arena_free(arena);
	return 0;
}
