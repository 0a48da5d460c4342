/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Frames of the control socket, in pieces and at once: the result is the same,
 * and never longer than the receiver allows. The first octet is the size of a
 * piece; 0: one piece. The second is the longest text.
 */

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/frame.h"
#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum pst_frame_state
take(struct pst_frame *frame, struct pst_str octets, size_t piece)
{
	enum pst_frame_state state = PST_FRAME_PARTIAL;

	while (octets.len > 0 && state == PST_FRAME_PARTIAL) {
		struct pst_str part = pst_str_first(octets, piece);

		state = pst_frame_take(frame, part.ptr, part.len);
		octets = pst_str_from(octets, part.len);
	}
	return state;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const void *octets = data;
	struct pst_str input = {octets, size};
	struct pst_frame whole, pieces;
	enum pst_frame_state state;
	unsigned char header[PST_FRAME_HEADER];
	char *texts[2];
	size_t max, piece;

	if (size < 2)
		return 0;
	piece = data[0] > 0 ? data[0] : SIZE_MAX;
	max = data[1];
	input = pst_str_from(input, 2);
	/* The exact size, so that sanitizers see a write past the end. */
	texts[0] = malloc(max == 0 ? 1 : max);
	texts[1] = malloc(max == 0 ? 1 : max);
	if (texts[0] == NULL || texts[1] == NULL)
		abort();
	pst_frame_init(&whole, texts[0], max);
	pst_frame_init(&pieces, texts[1], max);
	state = take(&whole, input, SIZE_MAX);
	assert(take(&pieces, input, piece) == state);
	if (state == PST_FRAME_COMPLETE) {
		assert(whole.len <= max && whole.len == pieces.len);
		assert(memcmp(texts[0], texts[1], whole.len) == 0);
		pst_frame_header(whole.len, header);
		assert(memcmp(header, input.ptr, sizeof(header)) == 0);
	}
	free(texts[0]);
	free(texts[1]);
	return 0;
}
