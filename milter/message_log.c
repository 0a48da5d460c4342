/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/message_log.h"

#include "core/explain.h"

void
pst_message_log_about(enum pst_log_level level,
    const struct pst_message *message, const char *event, const char *sentence,
    const char *subject)
{
	struct pst_arena *arena;
	const char *line;

	if (!pst_log_enabled(level))
		return;
	arena = pst_arena_new();
	line = pst_arena_printf(
	    arena, "%s%s%s", subject, subject[0] == '\0' ? "" : " ", sentence);
	if (pst_log_is_json())
		pst_log_object(
		    level, pst_explain_event_json(arena, message, event, line));
	else
		pst_log(level, "%s: %s",
		    message->queue_id[0] == '\0' ? "NOQUEUE" :
						   message->queue_id,
		    line);
	pst_arena_free(arena);
}

/* In full, for those who look for the reason (R-LOG-1). */
static void
log_findings(struct pst_arena *arena, const struct pst_message *message)
{
	struct pst_str rest, line;
	bool more = true;

	if (!pst_log_enabled(PST_LOG_DEBUG))
		return;
	rest = pst_str(pst_explain_findings(arena, message));
	while (pst_str_split(&rest, '\n', &line, &more))
		if (line.len > 0)
			pst_message_log_about(PST_LOG_DEBUG, message, "finding",
			    pst_arena_memdup(arena, line.ptr, line.len), "");
}

void
pst_message_log(const struct pst_message *message)
{
	struct pst_arena *arena;

	if (!pst_log_enabled(PST_LOG_INFO))
		return;
	arena = pst_arena_new();
	if (pst_log_is_json())
		pst_log_object(
		    PST_LOG_INFO, pst_explain_line_json(arena, message));
	else
		pst_log(PST_LOG_INFO, "%s", pst_explain_line(arena, message));
	if (message->note != NULL)
		pst_message_log_about(
		    PST_LOG_INFO, message, "note", message->note, "");
	log_findings(arena, message);
	pst_arena_free(arena);
}

void
pst_message_log_dns(const struct pst_message *message)
{
	switch (message->dns_change) {
	case PST_DNS_HEALTH_SAME:
		return;
	case PST_DNS_HEALTH_CAPPED:
		pst_log(PST_LOG_WARNING,
		    "the DNS has failed for longer than temperror-cap; "
		    "until it answers, messages are tagged instead of "
		    "deferred; check the resolver");
		return;
	case PST_DNS_HEALTH_RECOVERED:
		pst_log(PST_LOG_NOTICE,
		    "the DNS answers again; messages may be deferred again "
		    "for its temporary errors");
		return;
	}
}
