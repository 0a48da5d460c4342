/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/milter_protocol.h"
#include "tools/mta/answer.h"

#include <arpa/inet.h>
#include <assert.h>

#include "base/buf.h"
#include "base/macros.h"

/* For one message; a filter that asks for more is broken. */
#define MAX_CHANGES 10000

/* Takes a NUL-terminated string off *data; false if there is no NUL. */
static bool
take_string(struct pst_str *data, const char **text)
{
	size_t end = pst_str_find(*data, '\0');

	if (end == data->len)
		return false;
	*text = data->ptr;
	*data = pst_str_from(*data, end + 1);
	return true;
}

static bool
take_u32(struct pst_str *data, uint32_t *value)
{
	if (data->len < sizeof(*value))
		return false;
	memcpy(value, data->ptr, sizeof(*value));
	*value = ntohl(*value);
	*data = pst_str_from(*data, sizeof(*value));
	return true;
}

static void
add_edit(struct pst_mta_answers *answers, struct pst_mta_edit edit)
{
	struct pst_mta_verdict *verdict = answers->verdict;

	if (verdict->edit_count == answers->edit_capacity) {
		size_t wanted = answers->edit_capacity * 2 + 8;
		struct pst_mta_edit *edits =
		    pst_arena_array(answers->arena, wanted, sizeof(*edits));
		if (verdict->edit_count > 0)
			memcpy(edits, verdict->edits,
			    verdict->edit_count * sizeof(*edits));
		verdict->edits = edits;
		answers->edit_capacity = wanted;
	}
	verdict->edits[verdict->edit_count++] = edit;
}

/* The MTA adds the blank itself unless leading spaces were negotiated. */
static const char *
edit_value(const struct pst_mta_answers *answers, const char *value)
{
	return pst_arena_printf(
	    answers->arena, "%s%s", answers->leading_space ? "" : " ", value);
}

static bool
read_header(struct pst_mta_answers *answers, char letter, struct pst_str data)
{
	uint32_t index = 0;
	const char *name;
	const char *value;
	struct pst_mta_edit edit = {.op = PST_MTA_EDIT_ADD};

	if (letter != MILTER_ADD_HEADER && !take_u32(&data, &index))
		return false;
	if (!take_string(&data, &name) || !take_string(&data, &value) ||
	    data.len != 0 || name[0] == '\0')
		return false;
	if (letter == MILTER_INSERT_HEADER)
		edit.op = PST_MTA_EDIT_INSERT;
	if (letter == MILTER_CHANGE_HEADER)
		edit.op = value[0] == '\0' ? PST_MTA_EDIT_DELETE :
					     PST_MTA_EDIT_CHANGE;
	edit.index = index;
	edit.name = pst_arena_strdup(answers->arena, name);
	if (edit.op != PST_MTA_EDIT_DELETE)
		edit.value = edit_value(answers, value);
	add_edit(answers, edit);
	return true;
}

static bool
read_quarantine(
    struct pst_mta_answers *answers, char letter, struct pst_str data)
{
	const char *reason;

	(void)letter;
	if (!take_string(&data, &reason) || data.len != 0)
		return false;
	answers->verdict->quarantine = pst_arena_strdup(answers->arena, reason);
	return true;
}

/* Reads an address and, for some letters, its ESMTP arguments. */
static bool
read_address(struct pst_mta_answers *answers, char letter, struct pst_str data)
{
	const char *text;

	if (!take_string(&data, &text))
		return false;
	if (letter != MILTER_ADD_RCPT && letter != MILTER_DELETE_RCPT &&
	    data.len > 0 && !take_string(&data, &text))
		return false;
	answers->verdict->other_changes++;
	return data.len == 0;
}

static bool
read_body(struct pst_mta_answers *answers, char letter, struct pst_str data)
{
	(void)letter;
	(void)data;
	answers->verdict->other_changes++;
	return true;
}

static const struct change {
	char letter;
	uint32_t action; /* that must have been negotiated */
	bool (*read)(
	    struct pst_mta_answers *answers, char letter, struct pst_str data);
} changes[] = {
    {MILTER_ADD_HEADER, MILTER_MAY_ADD_HEADERS, read_header},
    {MILTER_INSERT_HEADER, MILTER_MAY_ADD_HEADERS, read_header},
    {MILTER_CHANGE_HEADER, MILTER_MAY_CHANGE_HEADERS, read_header},
    {MILTER_QUARANTINE, MILTER_MAY_QUARANTINE, read_quarantine},
    {MILTER_ADD_RCPT, MILTER_MAY_ADD_RCPT, read_address},
    {MILTER_ADD_RCPT_ARGS, MILTER_MAY_ADD_RCPT_ARGS, read_address},
    {MILTER_DELETE_RCPT, MILTER_MAY_DELETE_RCPT, read_address},
    {MILTER_CHANGE_FROM, MILTER_MAY_CHANGE_FROM, read_address},
    {MILTER_REPLACE_BODY, MILTER_MAY_REPLACE_BODY, read_body},
};

static const struct change *
find_change(char letter)
{
	for (size_t i = 0; i < PST_COUNT(changes); i++)
		if (changes[i].letter == letter)
			return &changes[i];
	return NULL;
}

static bool
letter_fails(const struct pst_mta_answers *answers, char letter,
    const char *what, struct pst_err *err)
{
	const char *stage = answers->verdict->stage;

	if (letter > ' ' && letter < 0x7f)
		return pst_err_set(err,
		    "the filter sent a packet \"%c\" at %s: %s", letter, stage,
		    what);
	return pst_err_set(err, "the filter sent a packet 0x%02X at %s: %s",
	    (unsigned)(unsigned char)letter, stage, what);
}

static bool
take_change(struct pst_mta_answers *answers, const struct change *change,
    struct pst_str data, bool at_end, struct pst_err *err)
{
	char letter = change->letter;
	const struct pst_mta_verdict *verdict = answers->verdict;

	if (!at_end)
		return letter_fails(answers, letter,
		    "the protocol allows no change there", err);
	if ((answers->actions & change->action) == 0)
		return letter_fails(answers, letter,
		    "it did not ask for this change when negotiating", err);
	if (verdict->edit_count + verdict->other_changes >= MAX_CHANGES)
		return pst_err_set(err,
		    "the filter asked for more than %d changes", MAX_CHANGES);
	if (!change->read(answers, letter, data))
		return letter_fails(answers, letter,
		    "its content has a wrong length or a misplaced NUL", err);
	return true;
}

/*
 * Reads a reply: "550 5.7.1 text" and a NUL, with several lines separated by
 * CRLF. Both MTAs take the text as a format, so each `%` is sent doubled.
 */
static bool
read_reply(struct pst_mta_answers *answers, struct pst_str data)
{
	struct pst_buf buf;
	const char *text;

	if (!take_string(&data, &text) || data.len != 0)
		return false;
	if ((text[0] != '4' && text[0] != '5') || !pst_is_digit(text[1]) ||
	    !pst_is_digit(text[2]) ||
	    (text[3] != ' ' && text[3] != '-' && text[3] != '\0'))
		return false;
	pst_buf_init(&buf, answers->arena, PST_MTA_MAX_PACKET);
	for (const char *at = text; *at != '\0'; at++) {
		if (at[0] == '\r' && at[1] == '\n')
			continue;
		pst_buf_add_char(&buf, *at);
		if (at[0] == '%' && at[1] == '%')
			at++;
	}
	answers->verdict->reply = pst_buf_str(&buf);
	answers->verdict->action =
	    text[0] == '4' ? PST_MTA_TEMPFAIL : PST_MTA_REJECT;
	return true;
}

/* Final answers, except for MILTER_REPLY, which has a text of its own. */
static const struct {
	char letter;
	enum pst_mta_action action;
	const char *reply;
} endings[] = {
    {MILTER_ACCEPT, PST_MTA_ACCEPT, NULL},
    {MILTER_REJECT, PST_MTA_REJECT, NULL},
    {MILTER_TEMPFAIL, PST_MTA_TEMPFAIL, NULL},
    {MILTER_CONNECTION_FAIL, PST_MTA_TEMPFAIL, NULL},
    {MILTER_SHUTDOWN, PST_MTA_TEMPFAIL, "421"},
    {MILTER_DISCARD, PST_MTA_DISCARD, NULL},
};

static enum pst_mta_flow
decide(struct pst_mta_answers *answers, enum pst_mta_action action)
{
	struct pst_mta_verdict *verdict = answers->verdict;

	verdict->action = action;
	if (action == PST_MTA_ACCEPT && verdict->quarantine != NULL)
		verdict->action = PST_MTA_QUARANTINE;
	return PST_MTA_DECIDED;
}

static enum pst_mta_flow
take_answer(struct pst_mta_answers *answers,
    const struct pst_mta_packet *packet, bool at_end, struct pst_err *err)
{
	if (packet->letter == MILTER_REPLY) {
		if (read_reply(answers, packet->data))
			return PST_MTA_DECIDED;
		letter_fails(answers, packet->letter,
		    "it is not a 4xx or 5xx reply that ends with one NUL", err);
		return PST_MTA_FAILED;
	}
	if (packet->data.len != 0) {
		letter_fails(
		    answers, packet->letter, "it must not contain data", err);
		return PST_MTA_FAILED;
	}
	if (packet->letter == MILTER_CONTINUE)
		return at_end ? decide(answers, PST_MTA_ACCEPT) : PST_MTA_GO_ON;
	if (packet->letter == MILTER_SKIP && answers->may_skip)
		return PST_MTA_SKIP_REST;
	for (size_t i = 0; i < PST_COUNT(endings); i++) {
		if (endings[i].letter != packet->letter)
			continue;
		answers->verdict->reply = endings[i].reply;
		return decide(answers, endings[i].action);
	}
	letter_fails(
	    answers, packet->letter, "it is not an answer to this event", err);
	return PST_MTA_FAILED;
}

enum pst_mta_flow
pst_mta_answer_read(
    struct pst_mta_answers *answers, bool at_end, struct pst_err *err)
{
	struct pst_mta_packet packet;

	for (;;) {
		if (!pst_mta_io_read(answers->io, &packet, err))
			return PST_MTA_FAILED;
		const struct change *change = find_change(packet.letter);
		if (change != NULL) {
			if (!take_change(
				answers, change, packet.data, at_end, err))
				return PST_MTA_FAILED;
		} else if (packet.letter == MILTER_PROGRESS &&
		    packet.data.len == 0) {
			answers->verdict->progress++;
		} else {
			return take_answer(answers, &packet, at_end, err);
		}
	}
}
