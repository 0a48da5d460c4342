/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MILTER_READAHEAD_H
#define PST_MILTER_READAHEAD_H

/*
 * libmilter asks for each packet of the MTA with five system calls: polls
 * whether there is one, polls and reads its first five octets, polls and reads
 * the rest. A small message has some fifty packets, and these calls were the
 * largest share of its time (bench/PROFILE.md). libmilter has no interface for
 * that, but it finds poll(), read() and close() through the linker, and this
 * file has functions of these names. They are the system's for all descriptors
 * but those given to pst_readahead_begin(), and there they keep the system's
 * promises, whichever thread calls: one call takes what the MTA has sent so
 * far, later ones are served from that, poll() knows of it, and close() ends
 * it. Data is never delayed.
 *
 * Over TCP what was read is acknowledged at once. An MTA that need not wait for
 * our replies writes several times in a row, and its system holds each piece
 * back until the one before is acknowledged (Nagle's algorithm, RFC 1122
 * section 4.2.3.4), which ours would do 40 ms later.
 *
 * As with a stdio stream, a descriptor that is read ahead belongs to one thread
 * at a time; libmilter hands its sessions from worker to worker under a lock.
 */

/*
 * From now on, until it is closed, the descriptor is read ahead that the calling
 * thread was the last to poll (alone) and to read: in a callback of libmilter,
 * the session's socket. If these are two, or it has no place in the table,
 * nothing changes.
 */
void pst_readahead_begin(void);

#endif
