/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/worker.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/thread.h"
#include "config/sign.h"
#include "core/counters.h"
#include "core/service.h"
#include "core/spf_keeper.h"
#include "milter/heartbeat.h"
#include "milter/listener.h"
#include "milter/milter.h"
#include "milter/recorder.h"
#include "milter/remember.h"
#include "store/memory_keeper.h"

struct control {
	struct pst_service *service;
	struct pst_spf_keeper *networks;
	const char *socket;
	int fd;
	char *file; /* of the configuration; NULL: the defaults */
};

static struct pst_clock system_clock;

/* In addition to its deadline, a callback may take so long. */
#define CALLBACK_MS 60000

/*
 * Takes over the reference to whole; returns a reference to the part for the
 * socket. A worker never changes its socket, even if the file names others now.
 */
static struct pst_config *
own_part(struct pst_config *whole, const char *socket)
{
	struct pst_config *part = pst_config_for_socket(whole, socket);

	pst_config_unref(whole);
	return part;
}

/*
 * Reads the keys if the part signs, and gives them back if it does not: a worker
 * that checks mail of strangers should not hold them. Keys that the first process
 * has read before the fork are not read again.
 */
static bool
hold_keys(struct pst_config *part, struct pst_err *err)
{
	if (part->sign)
		return pst_sign_domains_read_keys(part, err);
	pst_sign_domains_forget_keys(part);
	return true;
}

/* Returns our part of a new configuration; NULL with a sentence in err. */
static struct pst_config *
load_part(const struct control *control, struct pst_err *err)
{
	struct pst_config *fresh = pst_config_load(control->file, err);

	if (fresh == NULL)
		return NULL;
	fresh = own_part(fresh, control->socket);
	if (hold_keys(fresh, err))
		return fresh;
	pst_config_unref(fresh);
	return NULL;
}

static bool
reload(struct control *control)
{
	struct pst_err err;
	struct pst_config *part = load_part(control, &err);

	if (part == NULL) {
		pst_log(PST_LOG_ERROR,
		    "reload failed; the old configuration stays in use: %s",
		    err.text);
		return false;
	}
	pst_log_set_level(part->log.level);
	pst_recorder_start(part);
	pst_remember_start(part);
	pst_service_replace(control->service, part);
	pst_spf_keeper_tend(control->networks);
	pst_log(PST_LOG_NOTICE, "configuration reloaded");
	return true;
}

static bool
client_waits(void)
{
	struct pollfd fd = {.fd = pst_listener_find(), .events = POLLIN};

	return fd.fd != -1 && poll(&fd, 1, 0) == 1;
}

/* Answers the question whether we are at work, unless mail does not get on. */
static void
answer_alive(struct control *control, struct pst_pulse *pulse)
{
	struct pst_config *config = pst_service_config(control->service);
	const struct pst_pulse_view view = {
	    .now_ms = pst_clock_ms(&pst_clock_system),
	    .turns = pst_milter_turns(),
	    .work = pst_milter_busy() > 0 || client_waits(),
	    .limit_ms =
		config->deadline_ms + config->store.wait_ms + CALLBACK_MS,
	};
	char answer =
	    view.work || pst_counter_own(PST_COUNTER_SESSIONS_OPEN) > 0 ?
	    PST_WORKER_ALIVE :
	    PST_WORKER_IDLE;

	pst_config_unref(config);
	if (pst_pulse_beats(pulse, &view))
		(void)!write(control->fd, &answer, 1);
}

/* The only thread that loads configurations (config/config.h, thread rule). */
static void *
obey(void *arg)
{
	struct control *control = arg;
	struct pst_pulse pulse = {.begun = false};
	char byte, answer;
	ssize_t n;

	for (;;) {
		n = read(control->fd, &byte, 1);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == 1 && byte == PST_WORKER_RELOAD) {
			answer = reload(control) ? PST_WORKER_RELOADED :
						   PST_WORKER_REFUSED;
			(void)!write(control->fd, &answer, 1);
			continue;
		}
		if (n == 1 && byte == PST_WORKER_ASK) {
			answer_alive(control, &pulse);
			continue;
		}
		pst_milter_stop();
		return NULL;
	}
}

static void
pause_ms(long ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	(void)nanosleep(&t, NULL);
}

#define DRAIN_STEP_MS 20

/*
 * Waits until messages that are inside a callback have their answers. libmilter
 * writes an answer after the callback has returned, so this waits until there
 * has been no callback for a while.
 */
static void
drain(unsigned drain_ms)
{
	unsigned waited = 0;
	unsigned quiet = 0;
	unsigned busy;

	while (waited < drain_ms && quiet < 5) {
		quiet = pst_milter_busy() == 0 ? quiet + 1 : 0;
		pause_ms(DRAIN_STEP_MS);
		waited += DRAIN_STEP_MS;
	}
	busy = pst_milter_busy();
	/* It may have become quiet only just now. */
	if (quiet < 5 && busy > 0)
		pst_log(PST_LOG_WARNING,
		    "stopped before %u messages were answered; the MTA "
		    "treats them as if the filter were away",
		    busy);
}

static void
log_memory(void *arg, const char *why)
{
	(void)arg;
	if (why != NULL)
		pst_log(PST_LOG_WARNING,
		    "cannot read or write the file of remembered domains; mail "
		    "is checked with what this process itself remembers: %s",
		    why);
	else
		pst_log(PST_LOG_NOTICE,
		    "the file of remembered domains can be read and written "
		    "again");
}

/* A start may wait so long for the first networks of SPF records. */
#define FIRST_NETWORKS_MS 3000

static void
log_networks(void *arg, bool is_warning, const char *sentence)
{
	(void)arg;
	pst_log(is_warning ? PST_LOG_WARNING : PST_LOG_NOTICE, "%s", sentence);
}

/* Begins with what was remembered before the start, and keeps it on disk. */
static struct pst_memory_keeper *
start_keeper(struct pst_service *service)
{
	struct pst_config *config = pst_service_config(service);
	struct pst_memory_keeper *keeper = pst_memory_keeper_start(config,
	    pst_service_memory(service),
	    (struct pst_memory_log){log_memory, NULL}, PST_MEMORY_KEEPER_MS);

	pst_config_unref(config);
	return keeper;
}

static bool
start_obeying(struct control *control)
{
	pthread_t thread;

	if (!pst_thread_start(&thread, obey, control))
		return false;
	pst_thread_detach(thread);
	return true;
}

/*
 * glibc makes up to eight heaps for each processor, one for each connection's
 * thread until that limit is reached, and each heap keeps the memory that its
 * busiest time took. A few are as fast: threads seldom meet in one.
 */
#define HEAPS 4

static void
share_heaps(void)
{
#ifdef M_ARENA_MAX
	(void)mallopt(M_ARENA_MAX, HEAPS);
#endif
}

/* In the resolver's thread. */
static void
log_dns_alarm(enum pst_resolver_alarm alarm, bool on)
{
	switch (alarm) {
	case PST_RESOLVER_CROWDED:
		if (on)
			pst_log(PST_LOG_WARNING,
			    "DNS: too many questions are open, so some are "
			    "refused or given up; mail that needs their "
			    "answers is treated as after a temporary DNS "
			    "failure; look for a client that sends names "
			    "whose servers are silent, and at \"postern "
			    "status\"; dns.max-open is the limit");
		else
			pst_log(PST_LOG_NOTICE,
			    "DNS: questions are no longer refused for lack of "
			    "room");
		return;
	case PST_RESOLVER_DEAD:
		pst_counter_since(PST_COUNTER_DNS_DEAD_SINCE, on);
		if (on)
			pst_log(PST_LOG_WARNING,
			    "DNS: the DNS servers answer nothing; until they "
			    "do, mail that needs an answer waits for up to "
			    "deadline and is then treated as after a temporary "
			    "DNS failure (on-temperror), so forged mail may "
			    "pass; look at the resolver that dns.servers or "
			    "/etc/resolv.conf names");
		else
			pst_log(PST_LOG_NOTICE,
			    "DNS: the DNS servers answer again");
		return;
	case PST_RESOLVER_PAUSING:
		if (on)
			pst_log(PST_LOG_NOTICE,
			    "DNS: the servers of some names are silent, so "
			    "these names are not asked for a while; mail that "
			    "needs them is treated as after a temporary DNS "
			    "failure; nothing is to be done unless your "
			    "resolver is at fault");
		else
			pst_log(
			    PST_LOG_NOTICE, "DNS: no name is paused any more");
		return;
	}
}

/* In the thread of a message. */
static void
log_waiting(bool on)
{
	if (on)
		pst_log(PST_LOG_WARNING,
		    "DNS: too many messages wait for answers, so some are "
		    "decided without them; they are treated as after a "
		    "temporary DNS failure; look for clients that send names "
		    "whose servers are silent, and at \"postern status\"; "
		    "dns.max-waiting is the limit");
	else
		pst_log(PST_LOG_NOTICE,
		    "DNS: messages are no longer decided early for lack of "
		    "room");
}

/*
 * Sets the secret of enforce-percent. Without its file, a key of this process
 * does: a sender cannot tell that one either.
 */
static void
set_key(struct pst_service *service, const struct pst_config *config)
{
	struct pst_site_key key;
	struct pst_err err;

	if (!pst_site_key_make(config, &key, &err)) {
		if (config->enforce_percent > 0 &&
		    config->enforce_percent < 100)
			pst_log(PST_LOG_WARNING,
			    "enforce-percent will select other messages after "
			    "the next start, because its secret cannot be "
			    "kept; correct enforce-secret-file: %s",
			    err.text);
		pst_site_key_random(&key);
	}
	pst_service_set_key(service, &key);
}

/* What a later configuration changes only after a restart. */
static void
count_limits(const struct pst_config *config)
{
	pst_counter_set(PST_COUNTER_SESSIONS_MAX, config->max_sessions);
	pst_counter_set(PST_COUNTER_WAITING_MAX, config->dns.max_waiting);
	pst_counter_set(PST_COUNTER_DNS_OPEN_MAX, config->dns.max_open);
}

/*
 * pst_milter_stop() sends SIGTERM to this process for libmilter, whose thread
 * waits for it. One that is sent earlier has to wait for the thread.
 */
static void
hold_sigterm(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
}

int
pst_worker_run(struct pst_config *config, const char *socket, int control_fd)
{
	static struct control control;
	static char file[4096];
	const char *name = pst_config_file(config);
	struct pst_memory_keeper *keeper;
	struct pst_config *current;
	struct pst_err err;
	unsigned drain_ms;
	bool ok;

	hold_sigterm();
	share_heaps();
	system_clock = pst_clock_system;
	if (name != NULL) {
		(void)snprintf(file, sizeof(file), "%s", name);
		control.file = file;
	}
	control.fd = control_fd;
	control.socket = socket;
	current = own_part(config, socket);
	if (!hold_keys(current, &err)) {
		pst_log(PST_LOG_ERROR, "%s", err.text);
		return 1;
	}
	control.service = pst_service_start(current, &system_clock, &err);
	if (control.service == NULL) {
		pst_log(PST_LOG_ERROR, "%s", err.text);
		return 1;
	}
	control.networks = pst_spf_keeper_new(
	    control.service, (struct pst_spf_log){log_networks, NULL});
	pst_service_watch_dns(control.service, log_dns_alarm);
	pst_waiting_room_watch(
	    pst_service_waiting_room(control.service), log_waiting);
	if (!start_obeying(&control)) {
		pst_log(PST_LOG_ERROR, "cannot start the control thread");
		return 1;
	}
	current = pst_service_config(control.service);
	set_key(control.service, current);
	count_limits(current);
	pst_recorder_start(current);
	pst_remember_start(current);
	pst_config_unref(current);
	keeper = start_keeper(control.service);
	pst_spf_keeper_tend(control.networks);
	pst_spf_keeper_wait(control.networks, FIRST_NETWORKS_MS);
	if (write(control_fd, &(char){PST_WORKER_READY}, 1) != 1)
		return 1;
	ok = pst_milter_serve(control.service);
	current = pst_service_config(control.service);
	drain_ms = current->drain_ms;
	pst_config_unref(current);
	drain(drain_ms);
	pst_remember_stop();
	pst_recorder_stop();
	pst_memory_keeper_stop(keeper);
	pst_spf_keeper_stop(control.networks);
	if (!ok)
		pst_log(
		    PST_LOG_ERROR, "libmilter has stopped because of an error");
	return ok ? 0 : 1;
}
