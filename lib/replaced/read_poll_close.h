/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MILTER_READAHEAD_H
#define PST_MILTER_READAHEAD_H

/*
 * libmilter reads each packet of the MTA with five system calls: it polls for a
 * packet, polls for and reads the first five octets, and polls for and reads
 * the rest. A small message has about fifty packets, and these calls took the
 * largest share of its time (bench/PROFILE.md). libmilter has no interface to
 * change this, but it finds poll(), read() and close() through the linker, and
 * this file defines functions with these names. For all descriptors except
 * those that pst_readahead_begin() has turned on, they do what the system's do.
 * For the others they keep the system's promises, whichever thread calls: one
 * call takes what the MTA has sent so far, later calls are served from that,
 * poll() takes it into account, and close() drops it. Data is never delayed.
 *
 * Over TCP, data that was read is acknowledged at once. An MTA that need not
 * wait for our replies writes several times in a row, and its system holds each
 * piece back until the previous one is acknowledged (Nagle's algorithm, RFC
 * 1122 section 4.2.3.4); our system would acknowledge it only 40 ms later.
 *
 * As with a stdio stream, a descriptor that is read ahead belongs to one thread
 * at a time; libmilter passes its sessions from worker to worker under a lock.
 */

/*
 * Turns reading ahead on for the descriptor that the calling thread polled last
 * (on its own) and read last, until it is closed. In a callback of libmilter,
 * that is the session's socket. If these are two descriptors, or the table has
 * no place for it, nothing changes.
 */
void pst_readahead_begin(void);

#endif
