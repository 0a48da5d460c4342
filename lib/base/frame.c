/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/frame.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

void
pst_frame_header(size_t len, unsigned char out[PST_FRAME_HEADER])
{
	assert(len <= UINT32_MAX);
	for (unsigned i = 0; i < PST_FRAME_HEADER; i++)
		out[i] = (unsigned char)(len >> (24 - 8 * i));
}

void
pst_frame_init(struct pst_frame *frame, char *text, size_t max)
{
	*frame = (struct pst_frame){.text = text, .max = max};
}

/* Copies up to `room` octets; returns how many. */
static size_t
copy(void *to, size_t room, const char *octets, size_t len)
{
	size_t n = len < room ? len : room;

	memcpy(to, octets, n);
	return n;
}

enum pst_frame_state
pst_frame_take(struct pst_frame *frame, const char *octets, size_t len)
{
	size_t at, n;

	if (frame->got < PST_FRAME_HEADER) {
		n = copy(frame->header + frame->got,
		    PST_FRAME_HEADER - frame->got, octets, len);
		frame->got += n;
		octets += n;
		len -= n;
		if (frame->got < PST_FRAME_HEADER)
			return PST_FRAME_PARTIAL;
		frame->len = 0;
		for (unsigned i = 0; i < PST_FRAME_HEADER; i++)
			frame->len = frame->len << 8 | frame->header[i];
	}
	if (frame->len > frame->max)
		return PST_FRAME_TOO_LONG;
	at = frame->got - PST_FRAME_HEADER;
	if (at < frame->len && len > 0)
		frame->got +=
		    copy(frame->text + at, frame->len - at, octets, len);
	return frame->got - PST_FRAME_HEADER == frame->len ?
	    PST_FRAME_COMPLETE :
	    PST_FRAME_PARTIAL;
}
