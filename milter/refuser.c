/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/refuser.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "milter/refusal.h"

#define INPUT 512
#define NONE (-1)

/* What the other threads send; fd NONE and lack PST_LACKS: room is needed. */
struct order {
	int fd;
	unsigned lack;
};

struct connection {
	int fd;
	int64_t begun_ms;
	int64_t until_ms; /* then it is closed */
	struct pst_refusal refusal;
};

static int inbox[2] = {NONE, NONE}; /* to read, to write */

/* Only the thread uses these. */
static struct connection connections[PST_REFUSER_CONNECTIONS]; /* by age */
static size_t count;
static int64_t alarmed_ms[PST_LACKS]; /* the last one; 0: no alarm */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* for the reserve */
static int reserve[PST_REFUSER_CONNECTIONS];
static unsigned reserved;
static unsigned max_reserved;

/* ---- the reserve ---- */

static void
fill_reserve(void)
{
	pst_mutex_lock(&lock);
	while (reserved < max_reserved) {
		int fd = fcntl(inbox[0], F_DUPFD_CLOEXEC, 0);

		if (fd == -1)
			break;
		reserve[reserved++] = fd;
	}
	pst_mutex_unlock(&lock);
}

bool
pst_refuser_free_descriptor(void)
{
	const struct order make_room = {NONE, PST_LACKS};
	int fd = NONE;

	pst_mutex_lock(&lock);
	if (reserved > 0)
		fd = reserve[--reserved];
	pst_mutex_unlock(&lock);
	if (fd != NONE)
		return close(fd) == 0;
	/* If the inbox is full, so are the connections: room will be made. */
	(void)send(inbox[1], &make_room, sizeof(make_room),
	    MSG_DONTWAIT | MSG_NOSIGNAL);
	return false;
}

/* ---- the log ---- */

static void
log_begin(enum pst_lack lack)
{
	switch (lack) {
	case PST_LACK_SESSIONS:
		pst_log(PST_LOG_WARNING,
		    "max-sessions are open, so new sessions are refused: "
		    "clients get a 4xx reply and try again later; raise "
		    "max-sessions if the MTA may open more, or look for a "
		    "client that holds many connections to the MTA");
		return;
	case PST_LACK_THREAD:
		pst_log(PST_LOG_WARNING,
		    "the system cannot start a thread, so new sessions are "
		    "refused, and open ones wait for others: clients get a 4xx "
		    "reply and try again later; raise the limit of processes "
		    "(ulimit -u, TasksMax= of systemd) or of memory");
		return;
	case PST_LACK_DESCRIPTOR:
		pst_log(PST_LOG_WARNING,
		    "no file descriptor is left for a session, so new sessions "
		    "are refused: clients get a 4xx reply and try again later; "
		    "raise the limit of open files (ulimit -n, LimitNOFILE= of "
		    "systemd)");
		return;
	case PST_LACK_MEMORY:
		pst_log(PST_LOG_WARNING,
		    "memory is nearly used up, so new sessions are refused: "
		    "clients get a 4xx reply and try again later; raise the "
		    "limit of memory (ulimit -v), or reduce dns.cache-size and "
		    "dns.max-waiting");
		return;
	}
}

static void
log_end(enum pst_lack lack)
{
	switch (lack) {
	case PST_LACK_SESSIONS:
		pst_log(PST_LOG_NOTICE,
		    "sessions are no longer refused because of max-sessions");
		return;
	case PST_LACK_THREAD:
		pst_log(PST_LOG_NOTICE,
		    "sessions are no longer refused for lack of a thread");
		return;
	case PST_LACK_DESCRIPTOR:
		pst_log(PST_LOG_NOTICE,
		    "sessions are no longer refused for lack of a file "
		    "descriptor");
		return;
	case PST_LACK_MEMORY:
		pst_log(PST_LOG_NOTICE,
		    "sessions are no longer refused for lack of memory");
		return;
	}
}

static void
note(enum pst_lack lack, int64_t now_ms)
{
	if (alarmed_ms[lack] == 0)
		log_begin(lack);
	alarmed_ms[lack] = now_ms;
}

static void
end_alarms(int64_t now_ms)
{
	for (unsigned i = 0; i < PST_LACKS; i++) {
		if (alarmed_ms[i] == 0 ||
		    now_ms - alarmed_ms[i] < PST_REFUSER_QUIET_MS)
			continue;
		alarmed_ms[i] = 0;
		log_end((enum pst_lack)i);
	}
}

/* ---- the connections ---- */

static void
hang_up(size_t at)
{
	(void)close(connections[at].fd);
	count--;
	memmove(&connections[at], &connections[at + 1],
	    (count - at) * sizeof(connections[0]));
	fill_reserve();
}

/* Closes the oldest one that has been answered. */
static bool
drop_answered(void)
{
	for (size_t i = 0; i < count; i++) {
		if (pst_refusal_answered(&connections[i].refusal)) {
			hang_up(i);
			return true;
		}
	}
	return false;
}

/* When the oldest connection may be closed to make room. */
static int64_t
room_at_ms(void)
{
	return connections[0].begun_ms + PST_REFUSER_MIN_MS;
}

static bool
make_room(int64_t now_ms)
{
	if (count < PST_REFUSER_CONNECTIONS || drop_answered())
		return true;
	if (now_ms < room_at_ms())
		return false;
	hang_up(0);
	return true;
}

static void
add(int fd, int64_t now_ms)
{
	connections[count++] = (struct connection){.fd = fd,
	    .begun_ms = now_ms,
	    .until_ms = now_ms + PST_REFUSER_MAX_MS};
}

/* Returns false if there is no room for what another order may bring. */
static bool
take_orders(int64_t now_ms)
{
	struct order order;

	for (;;) {
		if (!make_room(now_ms))
			return false;
		if (recv(inbox[0], &order, sizeof(order), MSG_DONTWAIT) !=
		    (ssize_t)sizeof(order))
			return true;
		if (order.lack == PST_LACKS) {
			(void)drop_answered();
			fill_reserve();
			continue;
		}
		note((enum pst_lack)order.lack, now_ms);
		if (order.fd != NONE) {
			pst_counter_add(
			    PST_COUNTER_SESSIONS_REFUSED, order.lack, 1);
			add(order.fd, now_ms);
		}
	}
}

/* Reads and answers; returns false if the connection is to be closed. */
static bool
serve(struct connection *connection, int64_t now_ms)
{
	unsigned char in[INPUT], room[INPUT + PST_REFUSAL_HEAD];
	struct pst_refusal_out out = {room, 0};
	bool had_answer = pst_refusal_answered(&connection->refusal);
	ssize_t len = recv(connection->fd, in, sizeof(in), MSG_DONTWAIT);
	bool goes_on;

	if (len == -1)
		return errno == EAGAIN || errno == EINTR;
	if (len == 0)
		return false;
	goes_on = pst_refusal_take(&connection->refusal, in, (size_t)len, &out);
	/* A peer that does not read what little we send is not an MTA. */
	if (out.len > 0 &&
	    send(connection->fd, out.data, out.len,
		MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)out.len)
		return false;
	if (!had_answer && pst_refusal_answered(&connection->refusal))
		connection->until_ms = now_ms + PST_REFUSER_ANSWERED_MS;
	return goes_on;
}

/* How long to wait for the next event; -1: without limit. */
static int
wait_ms(bool has_room, int64_t now_ms)
{
	int64_t until_ms = has_room ? INT64_MAX : room_at_ms();

	for (size_t i = 0; i < count; i++) {
		if (connections[i].until_ms < until_ms)
			until_ms = connections[i].until_ms;
	}
	for (size_t i = 0; i < PST_LACKS; i++) {
		int64_t end_ms = alarmed_ms[i] + PST_REFUSER_QUIET_MS;

		if (alarmed_ms[i] != 0 && end_ms < until_ms)
			until_ms = end_ms;
	}
	if (until_ms == INT64_MAX)
		return -1;
	return until_ms <= now_ms ? 0 : (int)(until_ms - now_ms);
}

/* `ready` holds the state of the connections, in their order. */
static void
serve_all(const struct pollfd *ready, int64_t now_ms)
{
	/* From the end, since those after one that is closed move up. */
	for (size_t i = count; i-- > 0;) {
		bool stays =
		    ready[i].revents == 0 || serve(&connections[i], now_ms);

		if (!stays || now_ms >= connections[i].until_ms)
			hang_up(i);
	}
}

static void *
refuse(void *arg)
{
	struct pollfd fds[PST_REFUSER_CONNECTIONS + 1];
	bool has_room = true;
	int64_t now_ms;

	(void)arg;
	for (;;) {
		/* Without room, orders wait; those that give them may, too. */
		fds[0] = (struct pollfd){
		    .fd = has_room ? inbox[0] : NONE, .events = POLLIN};
		for (size_t i = 0; i < count; i++)
			fds[i + 1] = (struct pollfd){
			    .fd = connections[i].fd, .events = POLLIN};
		now_ms = pst_clock_ms(&pst_clock_system);
		if (poll(fds, (nfds_t)count + 1, wait_ms(has_room, now_ms)) < 0)
			continue;
		now_ms = pst_clock_ms(&pst_clock_system);
		serve_all(fds + 1, now_ms);
		has_room = take_orders(now_ms);
		end_alarms(now_ms);
		fill_reserve();
	}
	return NULL;
}

bool
pst_refuser_start(unsigned descriptors)
{
	pthread_t thread;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, inbox) == -1)
		return false;
	for (size_t i = 0; i < PST_COUNT(inbox); i++)
		(void)fcntl(inbox[i], F_SETFD, FD_CLOEXEC);
	max_reserved = descriptors;
	fill_reserve();
	if (!pst_thread_start(&thread, refuse, NULL))
		return false;
	pst_thread_detach(thread);
	return true;
}

void
pst_refuser_take(int fd, enum pst_lack lack)
{
	const struct order order = {fd, lack};

	const int flags = MSG_NOSIGNAL | (fd == NONE ? MSG_DONTWAIT : 0);
	ssize_t sent;

	do
		sent = send(inbox[1], &order, sizeof(order), flags);
	while (sent == -1 && errno == EINTR);
	if (sent == -1 && fd != NONE)
		(void)close(fd);
}
