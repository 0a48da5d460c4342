/* SPDX-License-Identifier: BSD-2-Clause */

/* Later versions offer records instead of packets and deprecate the latter. */
#define CARES_NO_DEPRECATED

#include "dns/transport.h"

#include <ares.h>
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"

#define TICK_MS 50 /* how often time-outs are looked for */
/*
 * Repetitions leave in portions, the queries of a channel or a few each time.
 * All of them at once would fill the socket of a busy server again, and as they
 * have an order, the same ones would be lost each time. All channels get their
 * turn within about a second.
 */
#define PORTIONS 100
#define PORTION_MS 10
#define MAX_EVENTS 64
#define EDNS_BYTES 1232

/*
 * A query is repeated twice, because a burst may overflow the socket of a busy
 * server, and the first repetitions come beside those of others. One that is
 * never answered ends after 3 to 6 s with one server. From 1.22 on, c-ares
 * shortens its time-outs when a server has been fast; but a fast server may take
 * long for a name that it does not know, so there is one more try.
 */
#ifdef ARES_OPT_MAXTIMEOUTMS
#define TRIES 4
#else
#define TRIES 3
#endif
#define TIMEOUT_MS 800
#define MAX_TIMEOUT_MS 2000

struct channel {
	struct pst_transport *transport;
	struct channel *prev, *next; /* by age */
	ares_channel ares;
	size_t sent;
	size_t open;
	uint16_t ids[PST_TRANSPORT_PER_CHANNEL]; /* of those sent */
};

/* A query inside c-ares. */
struct query {
	struct channel *channel;
	void *query; /* the caller's */
};

struct pst_transport {
	char *servers;
	pst_transport_done *done;
	int wakeup_fd;
	int epoll_fd;
	struct channel **owners; /* of sockets, by descriptor */
	size_t owners_size;
	size_t channels;
	size_t open;
	bool in_done;          /* no call of c-ares is allowed */
	int64_t ticked_ms;     /* when the last look for time-outs began */
	int64_t portion_ms;    /* and its last portion */
	struct channel *turn;  /* whose turn it is in that look; NULL: done */
	struct channel *first; /* the oldest */
	struct channel *last;  /* gets the next query */
};

/* ---- channels ---- */

static void
set_owner(struct pst_transport *transport, int fd, struct channel *channel)
{
	size_t at = (size_t)fd;

	if (at >= transport->owners_size) {
		size_t size = at + 64;

		transport->owners =
		    realloc(transport->owners, size * sizeof(struct channel *));
		if (transport->owners == NULL)
			abort();
		for (size_t i = transport->owners_size; i < size; i++)
			transport->owners[i] = NULL;
		transport->owners_size = size;
	}
	transport->owners[at] = channel;
}

/* c-ares opens, changes (if readable or writable) or closes a socket. */
static void
on_socket(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct channel *channel = arg;
	int epoll_fd = channel->transport->epoll_fd;
	bool open = readable || writable;
	struct epoll_event event = {
	    .events = (readable ? (uint32_t)EPOLLIN : 0) |
		(writable ? (uint32_t)EPOLLOUT : 0),
	    .data = {.fd = fd},
	};

	set_owner(channel->transport, fd, open ? channel : NULL);
	if (!open)
		(void)epoll_ctl(epoll_fd, EPOLL_CTL_DEL, fd, NULL);
	else if (epoll_ctl(epoll_fd, EPOLL_CTL_MOD, fd, &event) != 0)
		(void)epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static int
init_ares(struct channel *channel)
{
	static char lookups[] = "b";
	/*
	 * We give the servers. A resolv.conf that the sandbox of the process
	 * does not let it read, because it was replaced since, would end all
	 * look-ups.
	 */
	static char no_file[] = "/dev/null";
	struct ares_options options = {
	    .flags = ARES_FLAG_NOALIASES | ARES_FLAG_NOSEARCH | ARES_FLAG_EDNS,
	    .timeout = TIMEOUT_MS,
	    .tries = TRIES,
	    .ednspsz = EDNS_BYTES,
	    .lookups = lookups,
	    .resolvconf_path = no_file,
	    .sock_state_cb = on_socket,
	    .sock_state_cb_data = channel,
	};
	int set = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
	    ARES_OPT_EDNSPSZ | ARES_OPT_LOOKUPS | ARES_OPT_NOROTATE |
	    ARES_OPT_SOCK_STATE_CB | ARES_OPT_RESOLVCONF;
	int rc;

#ifdef ARES_OPT_MAXTIMEOUTMS
	options.maxtimeout = MAX_TIMEOUT_MS;
	set |= ARES_OPT_MAXTIMEOUTMS;
#endif
#ifdef ARES_OPT_QUERY_CACHE
	options.qcache_max_ttl = 0; /* dns/cache has all the memory */
	set |= ARES_OPT_QUERY_CACHE;
#endif
	rc = ares_init_options(&channel->ares, &options, set);
	if (rc != ARES_SUCCESS)
		return rc;
	rc = ares_set_servers_ports_csv(
	    channel->ares, channel->transport->servers);
	if (rc != ARES_SUCCESS)
		ares_destroy(channel->ares);
	return rc;
}

/* Adds a channel for the next queries; returns a status of c-ares. */
static int
add_channel(struct pst_transport *transport)
{
	struct channel *channel = calloc(1, sizeof(*channel));
	int rc;

	if (channel == NULL)
		abort();
	channel->transport = transport;
	rc = init_ares(channel);
	if (rc != ARES_SUCCESS) {
		free(channel);
		return rc;
	}
	channel->prev = transport->last;
	if (transport->last != NULL)
		transport->last->next = channel;
	else
		transport->first = channel;
	transport->last = channel;
	transport->channels++;
	return ARES_SUCCESS;
}

static void
destroy_channel(struct channel *channel)
{
	struct pst_transport *transport = channel->transport;

	if (transport->turn == channel)
		transport->turn = channel->next;
	if (channel->prev != NULL)
		channel->prev->next = channel->next;
	else
		transport->first = channel->next;
	if (channel->next != NULL)
		channel->next->prev = channel->prev;
	else
		transport->last = channel->prev;
	transport->channels--;
	ares_destroy(channel->ares);
	free(channel);
}

/* Destroys the channels that have done their work; not inside c-ares. */
static void
clear_up(struct pst_transport *transport)
{
	struct channel *channel = transport->first;

	while (channel != NULL) {
		struct channel *next = channel->next;

		if (channel->open == 0 &&
		    channel->sent == PST_TRANSPORT_PER_CHANNEL)
			destroy_channel(channel);
		channel = next;
	}
}

/* ---- queries ---- */

static enum pst_transport_end
end_of(int status)
{
	switch (status) {
	case ARES_SUCCESS:
		return PST_TRANSPORT_REPLY;
	case ARES_ETIMEOUT:
		return PST_TRANSPORT_SILENCE;
	case ARES_ECANCELLED:
	case ARES_EDESTRUCTION:
		return PST_TRANSPORT_DROPPED;
	default:
		return PST_TRANSPORT_FAILURE;
	}
}

static void
on_end(void *arg, int status, int timeouts, unsigned char *packet, int len)
{
	struct query *query = arg;
	struct pst_transport *transport = query->channel->transport;
	enum pst_transport_end end = end_of(status);

	(void)timeouts;
	if (end == PST_TRANSPORT_REPLY && (packet == NULL || len <= 0))
		end = PST_TRANSPORT_FAILURE;
	query->channel->open--;
	transport->open--;
	transport->in_done = true;
	if (end == PST_TRANSPORT_REPLY)
		transport->done(query->query, end, packet, (size_t)len);
	else
		transport->done(query->query, end, NULL, 0);
	transport->in_done = false;
	free(query);
}

/* c-ares 1.18 takes the id of the packet; later versions set one. */
static uint16_t
new_id(const struct channel *channel)
{
	for (;;) {
		size_t i = 0;
		uint16_t id;

		if (getrandom(&id, sizeof(id), 0) != (ssize_t)sizeof(id))
			continue;
		while (i < channel->sent && channel->ids[i] != id)
			i++;
		if (i == channel->sent)
			return id;
	}
}

void
pst_transport_send(
    struct pst_transport *transport, uint8_t *packet, size_t len, void *query)
{
	struct channel *channel;
	struct query *sent;
	uint16_t id;

	assert(len >= 12 && len <= 512 && !transport->in_done);
	if ((transport->last == NULL ||
		transport->last->sent == PST_TRANSPORT_PER_CHANNEL) &&
	    add_channel(transport) != ARES_SUCCESS) {
		transport->done(query, PST_TRANSPORT_FAILURE, NULL, 0);
		return;
	}
	channel = transport->last;
	sent = malloc(sizeof(*sent));
	if (sent == NULL)
		abort();
	*sent = (struct query){channel, query};
	id = new_id(channel);
	packet[0] = (uint8_t)(id >> 8);
	packet[1] = (uint8_t)id;
	channel->ids[channel->sent++] = id;
	channel->open++;
	transport->open++;
	ares_send(channel->ares, packet, (int)len, on_end, sent);
}

size_t
pst_transport_open(const struct pst_transport *transport)
{
	return transport->open;
}

void
pst_transport_drop(struct pst_transport *transport)
{
	struct channel *channel = transport->first;

	assert(!transport->in_done);
	/* Empty ones are destroyed later. */
	while (channel != NULL && channel->open == 0)
		channel = channel->next;
	if (channel == NULL)
		return;
	/* Its queries may be sent again, but not by this channel. */
	channel->sent = PST_TRANSPORT_PER_CHANNEL;
	ares_cancel(channel->ares);
}

/* ---- the loop ---- */

static void
tick(struct pst_transport *transport)
{
	int64_t now_ms = pst_clock_ms(&pst_clock_system);
	size_t left = 1 + transport->channels / PORTIONS;

	if (transport->open == 0)
		return;
	if (transport->turn == NULL &&
	    now_ms - transport->ticked_ms >= TICK_MS) {
		transport->ticked_ms = now_ms;
		transport->turn = transport->first;
	} else if (now_ms - transport->portion_ms < PORTION_MS) {
		return;
	}
	transport->portion_ms = now_ms;
	while (transport->turn != NULL && left > 0) {
		struct channel *channel = transport->turn;

		transport->turn = channel->next;
		if (channel->open == 0)
			continue;
		left--;
		ares_process_fd(
		    channel->ares, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	}
}

static void
take_event(struct pst_transport *transport, const struct epoll_event *event)
{
	int fd = event->data.fd;
	struct channel *channel;
	eventfd_t count;

	if (fd == transport->wakeup_fd) {
		(void)eventfd_read(fd, &count);
		return;
	}
	channel =
	    (size_t)fd < transport->owners_size ? transport->owners[fd] : NULL;
	/* An earlier event of the same round may have closed the socket. */
	if (channel == NULL)
		return;
	ares_process_fd(channel->ares,
	    event->events & ~(uint32_t)EPOLLOUT ? fd : ARES_SOCKET_BAD,
	    event->events & EPOLLOUT ? fd : ARES_SOCKET_BAD);
}

void
pst_transport_wait(struct pst_transport *transport, int timeout_ms)
{
	struct epoll_event events[MAX_EVENTS];
	int tick_ms = transport->turn == NULL ? TICK_MS : PORTION_MS;
	int count;

	if (transport->open > 0 && (timeout_ms < 0 || timeout_ms > tick_ms))
		timeout_ms = tick_ms;
	count = epoll_wait(transport->epoll_fd, events, MAX_EVENTS, timeout_ms);
	for (int i = 0; i < count; i++)
		take_event(transport, &events[i]);
	tick(transport);
	clear_up(transport);
}

struct pst_transport *
pst_transport_new(const struct pst_servers *servers, int wakeup_fd,
    pst_transport_done *done, struct pst_err *err)
{
	struct pst_transport *transport = calloc(1, sizeof(*transport));
	struct epoll_event event = {
	    .events = EPOLLIN, .data = {.fd = wakeup_fd}};
	int rc;

	if (transport == NULL)
		abort();
	transport->servers = strdup(servers->list);
	if (transport->servers == NULL)
		abort();
	transport->done = done;
	transport->wakeup_fd = wakeup_fd;
	transport->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (transport->epoll_fd < 0 ||
	    epoll_ctl(transport->epoll_fd, EPOLL_CTL_ADD, wakeup_fd, &event) !=
		0) {
		(void)pst_err_set(err,
		    "cannot create the resolver's event loop: %s; is the "
		    "limit on open files too low?",
		    strerror(errno));
		pst_transport_free(transport);
		return NULL;
	}
	rc = ares_library_init(ARES_LIB_INIT_ALL);
	if (rc == ARES_SUCCESS)
		rc = add_channel(transport);
	if (rc != ARES_SUCCESS) {
		(void)pst_err_set(err,
		    "cannot start c-ares with the DNS servers %s: %s; check "
		    "dns.servers",
		    servers->list, ares_strerror(rc));
		pst_transport_free(transport);
		return NULL;
	}
	return transport;
}

void
pst_transport_free(struct pst_transport *transport)
{
	if (transport == NULL)
		return;
	while (transport->first != NULL)
		destroy_channel(transport->first);
	if (transport->epoll_fd >= 0)
		close(transport->epoll_fd);
	free(transport->owners);
	free(transport->servers);
	free(transport);
}
