/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_REPLACED_READ_POLL_CLOSE_H
#define PST_REPLACED_READ_POLL_CLOSE_H

/*
 * A replacement of read(2), poll(2) and close(2), for the whole process, that
 * reads ahead from the sockets of the MTA. glibc's __read_chk() and
 * __poll_chk(), which a program compiled with _FORTIFY_SOURCE calls instead,
 * are replaced in the same way.
 *
 * The contract of the originals (POSIX.1-2008):
 * - `ssize_t read(int fd, void *to, size_t size)` moves up to size octets of
 *   what the peer has sent to `to`, in order and each once, and returns how
 *   many; it waits for the first of them unless O_NONBLOCK is set; 0 at the end
 *   of the data; -1 with errno (EAGAIN, EBADF, EINTR, ECONNRESET, ...).
 * - `int poll(struct pollfd *fds, nfds_t count, int ms)` waits until one of the
 *   descriptors is ready for one of its events, or for ms milliseconds, or
 *   without limit if ms is negative; it sets revents of each, and returns how
 *   many are not zero; -1 with errno. POLLERR, POLLHUP and POLLNVAL are
 *   reported without being asked for.
 * - `int close(int fd)` releases the descriptor; 0, or -1 with errno (EBADF,
 *   EINTR, EIO).
 * - __read_chk() and __poll_chk() take the size of the buffer as well, and end
 *   the process if it is too small.
 * All three are thread-safe, async-signal-safe and cancellation points.
 *
 * What is kept: for every descriptor that pst_read_ahead_begin() has not turned
 * on, everything, since the call is passed on to the system's function; the
 * option read-ahead = no means that it never turns one on. For those it has
 * turned on, the contract is kept whichever thread calls: one call takes what
 * the MTA has sent so far, later calls are served from that, poll() takes it
 * into account, and close() drops it. Data is never delayed: whoever is served
 * from what was read ahead does not wait, and nothing else waits for more.
 *
 * What differs, for those descriptors only:
 * - Only read() and poll() know of data that was read ahead. recv(), readv(),
 *   select(), ppoll(), epoll and FIONREAD do not, nor does a duplicate of the
 *   descriptor or another process. libmilter uses none of these.
 * - dup2(), close_range() and the like release the descriptor without dropping
 *   the data. Nothing in posternd releases a descriptor of libmilter so.
 * - Of data that was read ahead, a poll() for input only does not also report
 *   POLLHUP or POLLERR; the poll() after the data has been taken does.
 * - A bad address ends the process instead of failing with EFAULT.
 * - A call that is served from memory is not a cancellation point, and read()
 *   allocates memory, so it is not for signal handlers.
 * - As with a stdio stream, the descriptor belongs to one thread at a time.
 *   libmilter passes its sessions from worker to worker under a lock.
 * - Over TCP, data that was read is acknowledged at once. An MTA that need not
 *   wait for our replies writes several times in a row, and its system holds
 *   each piece back until the previous one is acknowledged (Nagle's algorithm,
 *   RFC 1122 section 4.2.3.4); our system would acknowledge it only 40 ms
 *   later.
 *
 * Why: libmilter reads each packet of the MTA with five system calls: it polls
 * for a packet, polls for and reads the first five octets, and polls for and
 * reads the rest. A small message has about fifty packets, and these calls took
 * the largest share of its time; libmilter has no interface to change this.
 * Reading ahead took the CPU time of a 4 KB message from 0.595 to 0.485 ms
 * (bench/PROFILE.md).
 *
 * Lingering: after each command, a worker of libmilter waits 1 ms for the next
 * one and then returns the session to the pool. The pool's thread walks through
 * all sessions for each one that it is given and for each command that comes
 * then, so with a thousand sessions open it took one processor on its own. So
 * poll() waits PST_LINGER_MS instead of that millisecond. What that costs: a
 * session keeps its thread for that much longer when its client pauses.
 */
#define PST_LINGER_MS 100

/*
 * Turns reading ahead on for the descriptor that the calling thread polled last
 * (on its own) and read last, until it is closed. In a callback of libmilter,
 * that is the session's socket. If these are two descriptors, or the table has
 * no place for it, nothing changes. The memory for it is 4096 octets, and is in
 * use only while there is data that libmilter has not taken yet.
 */
void pst_read_ahead_begin(void);

#endif
