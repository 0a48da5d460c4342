/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_MTA_IO_H
#define PST_TOOLS_MTA_IO_H

/*
 * Packets over one connection to a filter. Packets to the filter are buffered;
 * they are sent when the buffer is full or an answer is awaited. Every wait
 * ends after timeout_ms. After a failure, the connection cannot be used any
 * more.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/macros.h"
#include "base/str.h"

/* The longest packet that is accepted from a filter, in octets. */
#define PST_MTA_MAX_PACKET ((size_t)1024 * 1024)

struct pst_mta_packet {
	char letter;
	struct pst_str data; /* valid until the next read */
};

struct pst_mta_io;

/*
 * Returns a connection in the arena. fd is non-blocking; the caller closes it.
 */
struct pst_mta_io *
pst_mta_io_new(struct pst_arena *arena, int fd, unsigned timeout_ms);

/* Queues one packet. A failure is reported by the next read or flush. */
void pst_mta_io_put(struct pst_mta_io *io, char letter, struct pst_str data);

/* Sends all that is queued. False with a sentence in err. */
bool
pst_mta_io_flush(struct pst_mta_io *io, struct pst_err *err) PST_MUST_CHECK;

/* Flushes, then waits for one packet. False with a sentence in err. */
bool pst_mta_io_read(struct pst_mta_io *io, struct pst_mta_packet *out,
    struct pst_err *err) PST_MUST_CHECK;

#endif
