/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/crash.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "core/containment.h"

#define MINUTES (PST_CONTAINMENT_MS / 60000)

static void
log_message(struct pst_arena *arena, pid_t dead, const struct pst_crash *crash)
{
	const struct pst_crash_note *note = &crash->note;
	const char *library = pst_library_name(note->library);
	char ip[PST_IP_TEXT_SIZE];

	pst_log(PST_LOG_ERROR,
	    "worker %ld crashed inside %s with a message from the client %s, "
	    "%s domain %s; for %d minutes %s is not used for this message, and "
	    "its result is temperror: under an enforcing policy the message is "
	    "deferred or tagged; please report this crash as SECURITY.md says",
	    (long)dead, library, pst_ip_text(&note->client, ip),
	    note->is_author ? "From" : "MAIL FROM",
	    note->domain[0] == '\0' ? "unknown" :
				      pst_escaped(arena, pst_str(note->domain)),
	    MINUTES, library);
}

static void
log_network(const struct pst_crash *crash)
{
	const struct pst_ip network = pst_ip_network(&crash->note.client);
	const char *library = pst_library_name(crash->note.library);
	char ip[PST_IP_TEXT_SIZE];

	pst_log(PST_LOG_ERROR,
	    "the clients of the network %s/%d have crashed %s too often; for "
	    "%d minutes it is not used for any of their messages, and its "
	    "result is temperror: under an enforcing policy they are deferred "
	    "or tagged; refuse these clients in the MTA if you do not need "
	    "their mail",
	    pst_ip_text(&network, ip), network.family == PST_IP_V4 ? 24 : 64,
	    library, MINUTES);
}

void
pst_crash_note(size_t listener, pid_t dead)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_crash crash;

	while (pst_containment_collect(
	    listener, dead, pst_clock_ms(&pst_clock_system), &crash)) {
		log_message(arena, dead, &crash);
		if (crash.bars_network)
			log_network(&crash);
	}
	pst_arena_free(arena);
}
