/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/milter_protocol.h"
#include "tools/mta/client.h"

#include <arpa/inet.h>
#include <assert.h>
#include <unistd.h>

#include "base/buf.h"
#include "tools/mta/answer.h"
#include "tools/mta/io.h"
#include "tools/mta/macros.h"

#define MAX_ENVELOPE_BYTES 65000

struct pst_mta_client {
	struct pst_arena *arena;
	int fd;
	struct pst_mta_io *io;
	struct pst_mta_requests requests;
	uint32_t actions;
	uint32_t steps;
	bool broken; /* there was a failure: QUIT is not sent */
};

/* One message being sent: what all the functions below need. */
struct session {
	struct pst_mta_client *milter;
	struct pst_arena *arena;
	const struct pst_mta_mail *mail;
	struct pst_mta_answers answers;
	struct pst_err *err;
};

static const char *const action_words[] = {
    [PST_MTA_ACCEPT] = "accept",
    [PST_MTA_QUARANTINE] = "quarantine",
    [PST_MTA_REJECT] = "reject",
    [PST_MTA_TEMPFAIL] = "tempfail",
    [PST_MTA_DISCARD] = "discard",
};

static const char *const edit_words[] = {
    [PST_MTA_EDIT_INSERT] = "insert",
    [PST_MTA_EDIT_DELETE] = "delete",
    [PST_MTA_EDIT_CHANGE] = "change",
    [PST_MTA_EDIT_ADD] = "add",
};

const char *
pst_mta_action_word(enum pst_mta_action action)
{
	return action_words[action];
}

const char *
pst_mta_edit_word(enum pst_mta_edit_op op)
{
	return edit_words[op];
}

static uint32_t
read_u32(struct pst_str data, size_t nth)
{
	uint32_t value;

	memcpy(&value, data.ptr + nth * sizeof(value), sizeof(value));
	return ntohl(value);
}

/* Reads the lists of macros after the three words: place, names, NUL. */
static bool
take_requests(
    struct pst_mta_client *milter, struct pst_str rest, struct pst_err *err)
{
	while (rest.len > 0) {
		uint32_t place;
		size_t end;
		if (rest.len < sizeof(place))
			return pst_err_set(err,
			    "the filter's list of macros in the negotiation "
			    "is cut off");
		place = read_u32(rest, 0);
		rest = pst_str_from(rest, sizeof(place));
		end = pst_str_find(rest, '\0');
		if (end == rest.len || place >= MILTER_PLACES)
			return pst_err_set(err,
			    "the filter asked for macros at place %lu in a "
			    "way that the protocol does not allow",
			    (unsigned long)place);
		milter->requests.names[place] =
		    pst_arena_memdup(milter->arena, rest.ptr, end);
		rest = pst_str_from(rest, end + 1);
	}
	return true;
}

static bool
negotiate(struct pst_mta_client *milter, struct pst_err *err)
{
	const uint32_t offer[3] = {htonl(MILTER_VERSION), htonl(MILTER_MAY_ALL),
	    htonl(MILTER_STEPS_ALL)};
	struct pst_mta_packet packet;

	pst_mta_macros_default(&milter->requests);
	pst_mta_io_put(milter->io, MILTER_NEGOTIATE,
	    (struct pst_str){(const char *)offer, sizeof(offer)});
	if (!pst_mta_io_read(milter->io, &packet, err))
		return false;
	if (packet.letter != MILTER_NEGOTIATE ||
	    packet.data.len < sizeof(offer))
		return pst_err_set(
		    err, "the other side does not speak the milter protocol");
	uint32_t version = read_u32(packet.data, 0);
	milter->actions = read_u32(packet.data, 1);
	milter->steps = read_u32(packet.data, 2);
	if (version < MILTER_VERSION_OLDEST || version > MILTER_VERSION)
		return pst_err_set(err,
		    "the filter asked for version %lu of the milter protocol; "
		    "%d to %d are supported",
		    (unsigned long)version, MILTER_VERSION_OLDEST,
		    MILTER_VERSION);
	if ((milter->actions & ~MILTER_MAY_ALL) != 0 ||
	    (milter->steps & ~MILTER_STEPS_ALL) != 0)
		return pst_err_set(err,
		    "the filter asked for actions 0x%lx and steps 0x%lx, more "
		    "than was offered",
		    (unsigned long)milter->actions,
		    (unsigned long)milter->steps);
	return take_requests(
	    milter, pst_str_from(packet.data, sizeof(offer)), err);
}

struct pst_mta_client *
pst_mta_open(int fd, unsigned timeout_ms, struct pst_err *err)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_mta_client *milter = pst_arena_alloc(arena, sizeof(*milter));

	milter->arena = arena;
	milter->fd = fd;
	milter->io = pst_mta_io_new(arena, fd, timeout_ms);
	if (negotiate(milter, err))
		return milter;
	milter->broken = true;
	pst_mta_close(milter);
	return NULL;
}

/*
 * No MILTER_ABORT is sent before this packet: libmilter would take both as the
 * end of the message, and then would not answer the next CONNECT.
 */
bool
pst_mta_reuse(struct pst_mta_client *milter, struct pst_err *err)
{
	pst_mta_io_put(milter->io, MILTER_QUIT_FOR_NEXT, PST_STR(""));
	milter->broken = !pst_mta_io_flush(milter->io, err);
	return !milter->broken;
}

void
pst_mta_close(struct pst_mta_client *milter)
{
	if (milter == NULL)
		return;
	if (!milter->broken) {
		/* Postfix sends both, whatever came before. */
		pst_mta_io_put(milter->io, MILTER_ABORT, PST_STR(""));
		pst_mta_io_put(milter->io, MILTER_QUIT, PST_STR(""));
		(void)!pst_mta_io_flush(milter->io, NULL);
	}
	close(milter->fd);
	pst_arena_free(milter->arena);
}

/* One kind of event: how it is sent, and the steps that suppress it. */
struct event {
	char letter;
	const char *stage;
	enum milter_place place;
	uint32_t unwanted; /* step: the event is not sent */
	uint32_t silent;   /* step: the event is not answered */
};

static const struct event connect_event = {MILTER_CONNECT, "CONNECT",
    MILTER_AT_CONNECT, MILTER_NO_CONNECT, MILTER_SILENT_CONNECT};
static const struct event helo_event = {
    MILTER_HELO, "HELO", MILTER_AT_HELO, MILTER_NO_HELO, MILTER_SILENT_HELO};
static const struct event mail_event = {
    MILTER_MAIL, "MAIL", MILTER_AT_MAIL, MILTER_NO_MAIL, MILTER_SILENT_MAIL};
static const struct event rcpt_event = {
    MILTER_RCPT, "RCPT", MILTER_AT_RCPT, MILTER_NO_RCPT, MILTER_SILENT_RCPT};
static const struct event data_event = {
    MILTER_DATA, "DATA", MILTER_AT_DATA, MILTER_NO_DATA, MILTER_SILENT_DATA};
static const struct event header_event = {MILTER_HEADER, "HEADER",
    MILTER_AT_EOH, MILTER_NO_HEADERS, MILTER_SILENT_HEADER};
static const struct event eoh_event = {
    MILTER_EOH, "EOH", MILTER_AT_EOH, MILTER_NO_EOH, MILTER_SILENT_EOH};
static const struct event body_event = {
    MILTER_BODY, "BODY", MILTER_AT_END, MILTER_NO_BODY, MILTER_SILENT_BODY};
static const struct event end_event = {MILTER_END, "END", MILTER_AT_END, 0, 0};

/* Sends one event and reads the answer, unless the filter declined that. */
static enum pst_mta_flow
tell(struct session *session, const struct event *event, struct pst_str data)
{
	struct pst_mta_client *milter = session->milter;

	if ((milter->steps & event->unwanted) != 0)
		return PST_MTA_GO_ON;
	session->answers.verdict->stage = event->stage;
	struct pst_arena_mark mark = pst_arena_mark(milter->arena);
	struct pst_str macros = pst_mta_macros_make(
	    milter->arena, &milter->requests, event->place, session->mail);
	char about = event->letter;
	struct pst_buf packet;
	pst_buf_init(&packet, milter->arena, macros.len + 1);
	pst_buf_add_char(&packet, about);
	pst_buf_add(&packet, macros);
	pst_mta_io_put(milter->io, MILTER_MACROS, pst_buf_slice(&packet));
	pst_arena_rewind(milter->arena, mark);
	pst_mta_io_put(milter->io, event->letter, data);
	if ((milter->steps & event->silent) != 0)
		return PST_MTA_GO_ON;
	session->answers.may_skip = (milter->steps & MILTER_CAN_SKIP) != 0 &&
	    (event == &header_event || event == &body_event);
	return pst_mta_answer_read(
	    &session->answers, event == &end_event, session->err);
}

/* Sends the host, the family and, unless that is unknown, port and address. */
static enum pst_mta_flow
tell_connect(struct session *session)
{
	const struct pst_mta_mail *mail = session->mail;
	char ip[PST_IP_TEXT_SIZE];
	struct pst_buf buf;

	pst_ip_text(&mail->client, ip);
	pst_buf_init(&buf, session->arena, MAX_ENVELOPE_BYTES);
	if (mail->client_name[0] != '\0')
		pst_buf_add_text(&buf, mail->client_name);
	else
		pst_buf_printf(&buf, "[%s]", ip);
	pst_buf_add_char(&buf, '\0');
	switch (mail->client.family) {
	case PST_IP_NONE:
		pst_buf_add_char(&buf, 'U');
		break;
	case PST_IP_V4:
		pst_buf_add(&buf, (struct pst_str){"4\0\0", 3});
		break;
	case PST_IP_V6:
		pst_buf_add(&buf, (struct pst_str){"6\0\0", 3});
		break;
	}
	if (mail->client.family != PST_IP_NONE) {
		pst_buf_add_text(&buf, ip);
		pst_buf_add_char(&buf, '\0');
	}
	return tell(session, &connect_event, pst_buf_slice(&buf));
}

/* Sends an event with one argument, NUL included. */
static enum pst_mta_flow
tell_text(struct session *session, const struct event *event, const char *text)
{
	return tell(session, event, (struct pst_str){text, strlen(text) + 1});
}

/* Whether the answer concerns this recipient alone. */
static bool
is_refused(enum pst_mta_flow flow, const struct pst_mta_verdict *verdict)
{
	return flow == PST_MTA_DECIDED &&
	    (verdict->action == PST_MTA_REJECT ||
		verdict->action == PST_MTA_TEMPFAIL) &&
	    (verdict->reply == NULL || strncmp(verdict->reply, "421", 3) != 0);
}

static void
note_refused(struct session *session, const char *rcpt)
{
	struct pst_mta_verdict *verdict = session->answers.verdict;
	const char *reply = verdict->reply;

	if (reply == NULL)
		reply = pst_mta_action_word(verdict->action);
	verdict->refused[verdict->refused_count++] =
	    pst_arena_printf(session->arena, "%s %s", rcpt, reply);
	verdict->reply = NULL;
	verdict->action = PST_MTA_ACCEPT;
}

/*
 * Goes on while one recipient is left, as an MTA does. The last answer counts
 * if none is.
 */
static enum pst_mta_flow
tell_rcpts(struct session *session)
{
	const struct pst_mta_mail *mail = session->mail;
	struct pst_mta_verdict *verdict = session->answers.verdict;
	struct pst_mta_mail one = *mail;
	enum pst_mta_flow flow = PST_MTA_GO_ON;
	size_t left = mail->more_count + 1;

	verdict->refused =
	    pst_arena_array(session->arena, left, sizeof(*verdict->refused));
	session->mail = &one;
	for (size_t i = 0; i <= mail->more_count; i++) {
		if (i > 0)
			one.rcpt = mail->more_rcpts[i - 1];
		flow = tell_text(session, &rcpt_event, one.rcpt);
		if (is_refused(flow, verdict) && --left > 0) {
			note_refused(session, one.rcpt);
			flow = PST_MTA_GO_ON;
		}
		if (flow != PST_MTA_GO_ON)
			break;
	}
	session->mail = mail;
	return flow;
}

static enum pst_mta_flow
tell_envelope(struct session *session)
{
	const struct pst_mta_mail *mail = session->mail;
	enum pst_mta_flow flow = tell_connect(session);

	if (flow == PST_MTA_GO_ON && mail->helo[0] != '\0')
		flow = tell_text(session, &helo_event, mail->helo);
	if (flow == PST_MTA_GO_ON)
		flow = tell_text(session, &mail_event, mail->mail_from);
	if (flow == PST_MTA_GO_ON)
		flow = tell_rcpts(session);
	if (flow == PST_MTA_GO_ON)
		flow = tell(session, &data_event, PST_STR(""));
	return flow;
}

static enum pst_mta_flow
tell_headers(struct session *session)
{
	const struct pst_saved_message *message = session->mail->message;
	bool leading = (session->milter->steps & MILTER_LEADING_SPACE) != 0;
	enum pst_mta_flow flow = PST_MTA_GO_ON;

	for (size_t i = 0; i < message->count && flow == PST_MTA_GO_ON; i++) {
		const struct pst_saved_field *field = &message->fields[i];
		struct pst_str value = field->value;
		struct pst_buf buf;
		if (!leading && value.len > 0 && value.ptr[0] == ' ')
			value = pst_str_from(value, 1);
		struct pst_arena_mark mark = pst_arena_mark(session->arena);
		pst_buf_init(
		    &buf, session->arena, field->name.len + value.len + 2);
		pst_buf_add(&buf, field->name);
		pst_buf_add_char(&buf, '\0');
		pst_buf_add(&buf, value);
		pst_buf_add_char(&buf, '\0');
		flow = tell(session, &header_event, pst_buf_slice(&buf));
		/* The texts of a final verdict are after the mark and stay. */
		if (flow == PST_MTA_GO_ON)
			pst_arena_rewind(session->arena, mark);
	}
	return flow == PST_MTA_SKIP_REST ? PST_MTA_GO_ON : flow;
}

static enum pst_mta_flow
tell_body(struct session *session)
{
	struct pst_str rest = session->mail->message->body;
	enum pst_mta_flow flow = PST_MTA_GO_ON;

	while (rest.len > 0 && flow == PST_MTA_GO_ON) {
		struct pst_str chunk = pst_str_first(rest, MILTER_BODY_CHUNK);
		flow = tell(session, &body_event, chunk);
		rest = pst_str_from(rest, chunk.len);
	}
	if (flow != PST_MTA_SKIP_REST)
		return flow;
	session->answers.verdict->body_skipped = true;
	return PST_MTA_GO_ON;
}

bool
pst_mta_deliver(struct pst_mta_client *milter, struct pst_arena *arena,
    const struct pst_mta_mail *mail, struct pst_mta_verdict *out,
    struct pst_err *err)
{
	struct session session = {.milter = milter,
	    .arena = arena,
	    .mail = mail,
	    .answers = {.io = milter->io,
		.arena = arena,
		.actions = milter->actions,
		.leading_space = (milter->steps & MILTER_LEADING_SPACE) != 0,
		.verdict = out},
	    .err = err};
	enum pst_mta_flow flow;

	*out = (struct pst_mta_verdict){.stage = "CONNECT"};
	flow = tell_envelope(&session);
	if (flow == PST_MTA_GO_ON)
		flow = tell_headers(&session);
	if (flow == PST_MTA_GO_ON)
		flow = tell(&session, &eoh_event, PST_STR(""));
	if (flow == PST_MTA_GO_ON)
		flow = tell_body(&session);
	if (flow == PST_MTA_GO_ON)
		flow = tell(&session, &end_event, PST_STR(""));
	if (flow == PST_MTA_FAILED) {
		milter->broken = true;
		return false;
	}
	return true;
}
