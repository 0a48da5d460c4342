/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_BASE_FRAME_H
#define PST_BASE_FRAME_H

/*
 * Texts on a stream socket, each in a frame: four octets with the length of the
 * text in network order, then the text. The receiver chooses the longest text
 * that it accepts, and refuses a longer one as soon as it has read the length.
 */

#include <stddef.h>

#define PST_FRAME_HEADER 4

/* Writes the four octets for a text of that length. */
void pst_frame_header(size_t len, unsigned char out[PST_FRAME_HEADER]);

/* A frame that is being received. */
struct pst_frame {
	char *text; /* the caller's; has room for max octets */
	size_t max;
	size_t len; /* of the text; valid when the frame is complete */
	size_t got; /* octets so far, those of the header included */
	unsigned char header[PST_FRAME_HEADER];
};

enum pst_frame_state {
	PST_FRAME_PARTIAL,
	PST_FRAME_COMPLETE,
	PST_FRAME_TOO_LONG, /* or what came is not a frame */
};

/* Prepares for a text of up to max octets, which are stored in text. */
void pst_frame_init(struct pst_frame *frame, char *text, size_t max);

/* Takes in octets that arrived; those after the end of the frame are ignored. */
enum pst_frame_state
pst_frame_take(struct pst_frame *frame, const char *octets, size_t len);

#endif
