/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/milter.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* mfapi.h defines a bool of its own unless <stdbool.h> comes first. */
#include <libmilter/mfapi.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/milter_protocol.h"
#include "core/counters.h"
#include "core/enforcement.h"
#include "core/parts.h"
#include "milter/clock_watch.h"
#include "milter/door.h"
#include "milter/listener.h"
#include "milter/message_log.h"
#include "milter/recorder.h"
#include "milter/remember.h"
#include "replaced/dispatch.h"
#include "replaced/read_poll_close.h"
#include "replaced/syslog.h"

/* Room for the text of a reply with every `%` doubled. */
#define MAX_REPLY 1024

/* One SMTP connection. */
struct conn {
	struct pst_session *session; /* NULL before CONNECT */
	struct pst_mta mta;
	unsigned long steps; /* as negotiated */
};

static struct pst_service *service;
static struct pst_endpoint own_endpoint;
static bool reads_ahead; /* as configured when the worker started */
static atomic_uint busy;
static _Atomic uint64_t turns; /* callbacks that began or ended */
static atomic_bool stopping;
static atomic_bool served; /* smfi_main() has returned */

static struct conn *
enter(SMFICTX *ctx)
{
	atomic_fetch_add(&busy, 1);
	atomic_fetch_add(&turns, 1);
	return smfi_getpriv(ctx);
}

static sfsistat
leave(sfsistat status)
{
	atomic_fetch_sub(&busy, 1);
	atomic_fetch_add(&turns, 1);
	return status;
}

/* Ends a step for which the steps before it are missing. */
static sfsistat
out_of_order(void)
{
	pst_counter_add(PST_COUNTER_MILTER_ERRORS, PST_MILTER_SESSION, 1);
	return leave(SMFIS_TEMPFAIL);
}

/*
 * Ends a step that needs no answer. If we promised the MTA not to answer this
 * step, libmilter expects SMFIS_NOREPLY and complains in the log about anything
 * else; if we did not, the MTA waits for an answer.
 */
static sfsistat
go_on(const struct conn *conn, unsigned long silent)
{
	return leave(
	    (conn->steps & silent) != 0 ? SMFIS_NOREPLY : SMFIS_CONTINUE);
}

static struct pst_str
macro(SMFICTX *ctx, const char *name)
{
	char copy[32];

	/* smfi_getsymval() takes a char *, but only reads it. */
	memcpy(copy, name, strlen(name) + 1);
	return pst_str(smfi_getsymval(ctx, copy));
}

/* The macros that we ask for at each stage; "" asks for none. */
static const struct {
	int stage;
	const char *names;
} wanted_macros[] = {
    {SMFIM_CONNECT, "j"},
    {SMFIM_HELO, ""},
    {SMFIM_ENVFROM, "i {mail_addr} {auth_type} {auth_authen}"},
    {SMFIM_ENVRCPT, ""},
    {SMFIM_EOH, ""},
    {SMFIM_EOM, "i"},
};

static void
ask_for_macros(SMFICTX *ctx, bool by_recipient)
{
	char copy[64];

	for (size_t i = 0; i < PST_COUNT(wanted_macros); i++) {
		const char *names = wanted_macros[i].names;

		if (by_recipient && wanted_macros[i].stage == SMFIM_ENVRCPT)
			names = "{rcpt_addr}";
		memcpy(copy, names, strlen(names) + 1);
		if (smfi_setsymlist(ctx, wanted_macros[i].stage, copy) !=
		    MI_SUCCESS)
			pst_log(PST_LOG_NOTICE,
			    "cannot tell the MTA which macros this filter "
			    "needs; it sends those of its own configuration");
	}
}

#define WANTED_ACTIONS (SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE)

/* We answer only at the end of the message, except for "skip" in a body. */
#define WANTED_STEPS                                                           \
	(SMFIP_NODATA | SMFIP_NOUNKNOWN | SMFIP_NR_CONN | SMFIP_NR_HELO |      \
	    SMFIP_NR_MAIL | SMFIP_NR_RCPT | SMFIP_NR_HDR | SMFIP_NR_EOH |      \
	    SMFIP_SKIP)

static sfsistat
refuse_mta(void)
{
	pst_counter_add(PST_COUNTER_MILTER_ERRORS, PST_MILTER_NEGOTIATE, 1);
	return SMFIS_REJECT;
}

static sfsistat
on_negotiate(SMFICTX *ctx, unsigned long actions, unsigned long steps,
    unsigned long unused2, unsigned long unused3, unsigned long *want_actions,
    unsigned long *want_steps, unsigned long *want2, unsigned long *want3)
{
	struct pst_config *config;
	struct conn *conn;
	bool by_recipient;

	(void)unused2;
	(void)unused3;
	if ((steps & SMFIP_HDR_LEADSPC) == 0) {
		/* Without it, "X:v" and "X: v" look the same, and a signature
		 * over the original header cannot be verified. */
		pst_log(PST_LOG_ERROR,
		    "the MTA cannot pass on the leading blanks of header "
		    "fields (SMFIP_HDR_LEADSPC), so its mail cannot be "
		    "checked; use Postfix 2.6 or Sendmail 8.14 or later");
		return refuse_mta();
	}
	conn = calloc(1, sizeof(*conn));
	if (conn == NULL)
		abort();
	if (reads_ahead)
		pst_read_ahead_begin();
	*want_actions = actions & (WANTED_ACTIONS | SMFIF_SETSYMLIST);
	*want_steps = SMFIP_HDR_LEADSPC | (steps & WANTED_STEPS);
	config = pst_service_config(service);
	by_recipient = pst_enforcement_differs(config);
	if (pst_parts_are_wanted(config))
		*want_steps &= ~(unsigned long)SMFIP_NR_RCPT;
	pst_config_unref(config);
	*want2 = 0;
	*want3 = 0;
	conn->steps = *want_steps;
	conn->mta.can_add_headers = (actions & SMFIF_ADDHDRS) != 0;
	conn->mta.can_change_headers = (actions & SMFIF_CHGHDRS) != 0;
	conn->mta.can_quarantine = (actions & SMFIF_QUARANTINE) != 0;
	if ((actions & WANTED_ACTIONS) != WANTED_ACTIONS)
		pst_log(PST_LOG_WARNING,
		    "the MTA restricts this filter:%s%s%s actions that "
		    "need this are replaced (see quarantine-fallback)",
		    conn->mta.can_add_headers ? "" : " it cannot add headers;",
		    conn->mta.can_change_headers ? "" :
						   " it cannot remove headers;",
		    conn->mta.can_quarantine ? "" : " it cannot quarantine;");
	if ((actions & SMFIF_SETSYMLIST) != 0)
		ask_for_macros(ctx, by_recipient);
	if (smfi_setpriv(ctx, conn) != MI_SUCCESS) {
		free(conn);
		return refuse_mta();
	}
	return SMFIS_CONTINUE;
}

static sfsistat
on_connect(SMFICTX *ctx, char *host, _SOCK_ADDR *address)
{
	struct conn *conn = enter(ctx);
	struct pst_ip ip =
	    pst_ip_from_sockaddr((const struct sockaddr *)address);

	if (conn == NULL)
		return out_of_order();
	pst_session_close(conn->session);
	conn->session = pst_session_open(service, &ip, pst_str(host), conn->mta,
	    pst_str_eq(
		macro(ctx, MILTER_TEST_MACRO), PST_STR(MILTER_TEST_VALUE)));
	if ((conn->steps & SMFIP_NR_RCPT) == 0)
		pst_session_can_defer_rcpts(conn->session);
	pst_session_host(conn->session, macro(ctx, "j"));
	return go_on(conn, SMFIP_NR_CONN);
}

static sfsistat
on_helo(SMFICTX *ctx, char *helo)
{
	struct conn *conn = enter(ctx);

	if (conn == NULL || conn->session == NULL)
		return out_of_order();
	pst_session_helo(conn->session, pst_str(helo));
	return go_on(conn, SMFIP_NR_HELO);
}

static sfsistat
on_mail(SMFICTX *ctx, char **args)
{
	struct conn *conn = enter(ctx);
	bool authenticated;

	if (conn == NULL || conn->session == NULL)
		return out_of_order();
	authenticated = macro(ctx, "{auth_authen}").len > 0 ||
	    macro(ctx, "{auth_type}").len > 0;
	pst_session_mail(conn->session, pst_str(args[0]),
	    macro(ctx, "{mail_addr}"), authenticated);
	return go_on(conn, SMFIP_NR_MAIL);
}

static sfsistat
come_later(SMFICTX *ctx, struct pst_str rcpt)
{
	char code[] = PST_PARTS_LATER_CODE;
	char xcode[] = PST_PARTS_LATER_XCODE;
	char text[] = PST_PARTS_LATER_TEXT;
	struct pst_arena *arena = pst_arena_new();

	pst_log(PST_LOG_INFO, "%s", pst_parts_later_line(arena, rcpt));
	pst_arena_free(arena);
	if (smfi_setreply(ctx, code, xcode, text) != MI_SUCCESS) {
		pst_counter_add(PST_COUNTER_MILTER_ERRORS, PST_MILTER_RCPT, 1);
		pst_log(PST_LOG_ERROR, "setting the reply to RCPT failed");
	}
	return SMFIS_TEMPFAIL;
}

static sfsistat
on_rcpt(SMFICTX *ctx, char **args)
{
	struct conn *conn = enter(ctx);

	if (conn == NULL || conn->session == NULL)
		return out_of_order();
	if (!pst_session_rcpt_as(
		conn->session, pst_str(args[0]), macro(ctx, "{rcpt_addr}")))
		return leave(come_later(ctx, pst_str(args[0])));
	return go_on(conn, SMFIP_NR_RCPT);
}

static sfsistat
on_header(SMFICTX *ctx, char *name, char *value)
{
	struct conn *conn = enter(ctx);

	if (conn == NULL || conn->session == NULL)
		return out_of_order();
	pst_session_header(conn->session, pst_str(name), pst_str(value));
	return go_on(conn, SMFIP_NR_HDR);
}

static sfsistat
on_eoh(SMFICTX *ctx)
{
	struct conn *conn = enter(ctx);

	if (conn == NULL || conn->session == NULL)
		return out_of_order();
	pst_session_eoh(conn->session);
	return go_on(conn, SMFIP_NR_EOH);
}

static sfsistat
on_body(SMFICTX *ctx, unsigned char *ptr, size_t len)
{
	struct conn *conn = enter(ctx);

	if (conn == NULL || conn->session == NULL)
		return out_of_order();
	return leave(pst_session_body(conn->session, ptr, len) ?
		SMFIS_CONTINUE :
		SMFIS_SKIP);
}

static bool
carry_out_edits(SMFICTX *ctx, const struct pst_decision *decision)
{
	char name[128];
	char *value;
	int status;

	for (size_t i = 0; i < decision->edit_count; i++) {
		const struct pst_edit *edit = &decision->edits[i];

		/* libmilter takes a char *, but does not write to it. */
		(void)snprintf(name, sizeof(name), "%s", edit->name);
		if (edit->op == PST_EDIT_DELETE) {
			status =
			    smfi_chgheader(ctx, name, (int)edit->index, NULL);
		} else {
			value = strdup(edit->value);
			if (value == NULL)
				abort();
			status =
			    smfi_insheader(ctx, (int)edit->index, name, value);
			free(value);
		}
		if (status != MI_SUCCESS)
			return false;
	}
	return true;
}

static bool
set_reply(SMFICTX *ctx, const struct pst_decision *decision)
{
	char code[8], xcode[16], text[MAX_REPLY];
	const char *from = decision->text;
	size_t len = 0;

	(void)snprintf(code, sizeof(code), "%u", decision->code);
	(void)snprintf(xcode, sizeof(xcode), "%s", decision->xcode);
	for (; *from != '\0' && len < sizeof(text) - 3; from++) {
		text[len++] = *from;
		if (*from == '%')
			text[len++] = '%';
	}
	text[len] = '\0';
	return smfi_setreply(ctx, code, xcode, text) == MI_SUCCESS;
}

static bool
quarantine(SMFICTX *ctx, const struct pst_decision *decision)
{
	char reason[512];

	(void)snprintf(
	    reason, sizeof(reason), "%s", decision->quarantine_reason);
	return smfi_quarantine(ctx, reason) == MI_SUCCESS;
}

/* R-MTA-15: a decision that cannot be carried out is always logged. */
static void
fault(const struct pst_message *message, enum pst_milter_stage stage,
    struct pst_done *done)
{
	bool accept = message->config->on_internal_error == PST_ACTION_ACCEPT;
	const char *what = stage == PST_MILTER_HEADER ? "changing the header" :
	    stage == PST_MILTER_REPLY                 ? "setting the reply" :
					"quarantining the message";

	pst_counter_add(PST_COUNTER_MILTER_ERRORS, stage, 1);
	pst_counter_set(PST_COUNTER_LAST_FAULT,
	    (uint64_t)pst_clock_epoch(&pst_clock_system));
	done->failed = what;
	done->action = accept ? PST_ACTION_ACCEPT : PST_ACTION_TEMPFAIL;
	done->code = 0;
	pst_message_log_about(PST_LOG_ERROR, message, "fault",
	    accept ? "failed; the message is accepted" :
		     "failed; the message is deferred",
	    what);
}

/* Returns what was really done. */
static struct pst_done
carry_out(SMFICTX *ctx, const struct pst_message *message)
{
	const struct pst_decision *decision = &message->decision;
	struct pst_done done = pst_done_as_decided(decision);

	if (!carry_out_edits(ctx, decision)) {
		done.edited = false;
		fault(message, PST_MILTER_HEADER, &done);
	} else if (decision->code != 0 && !set_reply(ctx, decision)) {
		fault(message, PST_MILTER_REPLY, &done);
	} else if (decision->action == PST_ACTION_QUARANTINE &&
	    !quarantine(ctx, decision)) {
		fault(message, PST_MILTER_QUARANTINE, &done);
	}
	return done;
}

static sfsistat
status_of(enum pst_action action)
{
	switch (action) {
	case PST_ACTION_REJECT:
		return SMFIS_REJECT;
	case PST_ACTION_TEMPFAIL:
		return SMFIS_TEMPFAIL;
	case PST_ACTION_ACCEPT:
	case PST_ACTION_TAG:
	case PST_ACTION_QUARANTINE:
		break;
	}
	return SMFIS_ACCEPT;
}

static void
report_progress(void *ctx)
{
	(void)smfi_progress(ctx);
}

static sfsistat
on_eom(SMFICTX *ctx)
{
	struct conn *conn = enter(ctx);
	struct pst_progress progress = {report_progress, ctx};
	const struct pst_message *message;
	struct pst_done done;

	if (conn == NULL || conn->session == NULL)
		return out_of_order();
	message = pst_session_end(conn->session, macro(ctx, "i"), &progress);
	if (message == NULL)
		return out_of_order();
	done = carry_out(ctx, message);
	pst_session_done(conn->session, &done);
	/*
	 * Comes before the reply: a client that has its reply can rely on the
	 * row (R-AGG-5).
	 */
	pst_recorder_put(message);
	pst_message_log_dns(message);
	pst_message_log(message);
	pst_remember_message(message);
	pst_counters_message(message);
	pst_clock_watch_message(message);
	pst_session_abort(conn->session);
	return leave(status_of(done.action));
}

static sfsistat
on_abort(SMFICTX *ctx)
{
	struct conn *conn = enter(ctx);

	if (conn != NULL && conn->session != NULL)
		pst_session_abort(conn->session);
	return leave(SMFIS_CONTINUE);
}

/* Also called for a connection that never negotiated; conn is NULL then. */
static sfsistat
on_close(SMFICTX *ctx)
{
	struct conn *conn = enter(ctx);

	if (conn != NULL) {
		pst_session_close(conn->session);
		free(conn);
		(void)smfi_setpriv(ctx, NULL);
	}
	return leave(SMFIS_CONTINUE);
}

static struct smfiDesc filter = {
    .xxfi_version = SMFI_VERSION,
    .xxfi_flags = WANTED_ACTIONS | SMFIF_SETSYMLIST,
    .xxfi_connect = on_connect,
    .xxfi_helo = on_helo,
    .xxfi_envfrom = on_mail,
    .xxfi_envrcpt = on_rcpt,
    .xxfi_header = on_header,
    .xxfi_eoh = on_eoh,
    .xxfi_body = on_body,
    .xxfi_eom = on_eom,
    .xxfi_abort = on_abort,
    .xxfi_close = on_close,
    .xxfi_negotiate = on_negotiate,
};

bool
pst_milter_open(
    const struct pst_endpoint *endpoint, long uid, struct pst_err *err)
{
	static char name[] = "postern";
	static char text[PST_ENDPOINT_TEXT_SIZE];

	pst_syslog_divert();
	own_endpoint = *endpoint;
	filter.xxfi_name = name;
	pst_endpoint_libmilter(endpoint, text);
	if (!pst_listener_check(endpoint, err))
		return false;
	if (smfi_register(filter) != MI_SUCCESS ||
	    smfi_setconn(text) != MI_SUCCESS ||
	    smfi_setbacklog(512) != MI_SUCCESS ||
	    smfi_opensocket(true) != MI_SUCCESS)
		return pst_err_set(err, "cannot listen on %s", text);
	return pst_listener_tune(endpoint, uid, err);
}

bool
pst_milter_serve(struct pst_service *shared)
{
	struct pst_config *config = pst_service_config(shared);
	const struct pst_door *door = pst_door_open(config->max_sessions);
	bool ok;

	service = shared;
	reads_ahead = config->read_ahead;
	pst_config_unref(config);
	if (door == NULL) {
		pst_log(PST_LOG_ERROR,
		    "cannot start the thread that refuses sessions; raise the "
		    "limits of processes, open files and memory");
		return false;
	}
	pst_dispatch_begin(door);
	ok = smfi_main() == MI_SUCCESS;
	pst_dispatch_end();
	atomic_store(&served, true);
	return ok || atomic_load(&stopping);
}

#define POKE_PAUSE_MS 50
#define MAX_POKES 200

/*
 * smfi_stop() waits for a lock that the listener holds for up to five seconds,
 * until its poll() times out or a client connects. So we leave the waiting to
 * libmilter's own signal thread, which gets the signal, and we are the client.
 */
void
pst_milter_stop(void)
{
	const struct timespec pause = {0, POKE_PAUSE_MS * 1000000};

	atomic_store(&stopping, true);
	(void)kill(getpid(), SIGTERM);
	for (unsigned i = 0; i < MAX_POKES && !atomic_load(&served); i++) {
		(void)nanosleep(&pause, NULL);
		pst_listener_poke(&own_endpoint);
	}
}

const char *
pst_milter_version(struct pst_arena *arena)
{
	unsigned major = 0, minor = 0, patch = 0;

	(void)smfi_version(&major, &minor, &patch);
	return pst_arena_printf(arena, "%u.%u.%u", major, minor, patch);
}

unsigned
pst_milter_busy(void)
{
	return atomic_load(&busy);
}

uint64_t
pst_milter_turns(void)
{
	return atomic_load(&turns);
}

void
pst_milter_unlink(const struct pst_endpoint *endpoint)
{
	pst_listener_unlink(endpoint);
}
