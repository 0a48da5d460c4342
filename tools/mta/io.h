/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_MTA_IO_H
#define PST_TOOLS_MTA_IO_H

/*
 * Packets over one connection to a filter. Writing is gathered and leaves when
 * the buffer is full or an answer is awaited. Every wait ends after
 * timeout_ms. After a failure the connection is of no further use.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/* The longest packet that is taken from a filter. */
#define PST_MILTER_MAX_PACKET ((size_t)1024 * 1024)

struct pst_milter_packet {
	char letter;
	struct pst_str data; /* valid until the next read */
};

struct pst_milter_io;

/* fd is non-blocking and stays the caller's to close. Lives in the arena. */
struct pst_milter_io *
pst_milter_io_new(struct pst_arena *arena, int fd, unsigned timeout_ms);

/* Queues one packet. A failure is reported by the next read or flush. */
void
pst_milter_io_put(struct pst_milter_io *io, char letter, struct pst_str data);

/* Sends all that is queued. False with a sentence in err. */
bool pst_milter_io_flush(struct pst_milter_io *io, struct pst_err *err);

/* Flushes, then waits for one packet. False with a sentence in err. */
bool pst_milter_io_read(struct pst_milter_io *io, struct pst_milter_packet *out,
    struct pst_err *err);

#endif
