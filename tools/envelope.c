/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/envelope.h"

#include <assert.h>
#include <string.h>

#include "base/buf.h"
#include "mail/received.h"
#include "tools/argument.h"

#define MAX_SOURCE 16384
#define MAX_WORD 1024 /* octets of a name or path from the message */

/* Returns word as a C string; "" if it cannot be an argument of SMTP. */
static const char *
clean_word(struct pst_arena *arena, struct pst_str word)
{
	if (word.len == 0 || word.len > MAX_WORD)
		return "";
	for (size_t i = 0; i < word.len; i++) {
		unsigned char c = (unsigned char)word.ptr[i];
		if (c < 0x20 || c == 0x7f)
			return "";
	}
	return pst_arena_memdup(arena, word.ptr, word.len);
}

/* Takes the next run of characters other than blanks and ( ) ; off *rest. */
static struct pst_str
take_word(struct pst_str *rest)
{
	size_t from = 0;
	size_t end;

	while (from < rest->len && strchr(" \t\n", rest->ptr[from]) != NULL)
		from++;
	for (end = from; end < rest->len; end++)
		if (strchr(" \t\n();", rest->ptr[end]) != NULL)
			break;
	struct pst_str word = pst_str_from(pst_str_first(*rest, end), from);
	*rest = pst_str_from(*rest, end);
	return word;
}

const char *
pst_envelope_path(struct pst_arena *arena, const char *text)
{
	if (text[0] == '<')
		return text;
	return pst_arena_printf(arena, "<%s>", text);
}

bool
pst_envelope_take(struct pst_arena *arena, const char *command, int option,
    const char *text, struct pst_envelope *given)
{
	switch (option) {
	case PST_OPT_IP:
		return pst_argument_ip(command, text, &given->ip);
	case PST_OPT_NAME:
		given->name = text;
		return pst_argument_word(command, "--name", text);
	case PST_OPT_HELO:
		given->helo = text;
		return pst_argument_word(command, "--helo", text);
	case PST_OPT_MAIL_FROM:
		given->mail_from = pst_envelope_path(arena, text);
		return pst_argument_word(command, "--mail-from", text);
	case PST_OPT_RCPT:
		given->rcpt = pst_envelope_path(arena, text);
		return pst_argument_word(command, "--rcpt", text);
	default:
		assert(false);
		return false;
	}
}

/*
 * Returns the path in Return-Path, else in "envelope-from <...>" in Received.
 */
static const char *
find_sender(struct pst_arena *arena, const struct pst_saved_message *message,
    struct pst_str received, const char **field)
{
	static const struct pst_str mark = {"envelope-from ", 14};
	struct pst_str value;
	const char *path = "";

	if (pst_message_find(message, "Return-Path", &value)) {
		*field = "Return-Path";
		path = clean_word(arena, pst_str_trim(value));
	}
	for (size_t i = 0; path[0] == '\0' && i < received.len; i++) {
		struct pst_str rest = pst_str_from(received, i);
		if (!pst_str_istarts(rest, mark))
			continue;
		rest = pst_str_from(rest, mark.len);
		*field = "Received";
		path = clean_word(arena, take_word(&rest));
	}
	if (path[0] == '\0')
		return NULL;
	return pst_envelope_path(arena, path);
}

static void
add_part(struct pst_buf *buf, const char *what)
{
	if (buf->len > 0)
		pst_buf_add_text(buf, ", ");
	pst_buf_add_text(buf, what);
}

/* Adds ip, name and helo unless they were given. */
static void
complete_client(struct pst_arena *arena, struct pst_str received,
    struct pst_envelope *out, struct pst_buf *source)
{
	struct pst_received seen;
	char ip[PST_IP_TEXT_SIZE];

	pst_received_parse(arena, received, &seen);
	bool same_client = out->ip.family == PST_IP_NONE;
	if (same_client && seen.ip.family != PST_IP_NONE) {
		out->ip = seen.ip;
		add_part(source, "ip ");
		pst_buf_printf(
		    source, "%s from Received", pst_ip_text(&seen.ip, ip));
	}
	/* The name in the message is the name of the address in the message. */
	if (out->name == NULL)
		out->name = same_client ? seen.name : "";
	if (out->helo != NULL)
		return;
	out->helo = seen.helo;
	if (seen.helo[0] == '\0') {
		add_part(source, "no helo found");
		return;
	}
	add_part(source, "helo ");
	pst_buf_add_escaped(source, pst_str(seen.helo));
	pst_buf_add_text(source, " from Received");
}

bool
pst_envelope_complete(struct pst_arena *arena,
    const struct pst_saved_message *message, const char *label,
    struct pst_envelope *envelope, struct pst_err *err)
{
	struct pst_str received = PST_STR("");
	const char *field = NULL;
	struct pst_buf buf;

	envelope->source = NULL;
	pst_buf_init(&buf, arena, MAX_SOURCE);
	(void)pst_message_find(message, "Received", &received);
	complete_client(arena, received, envelope, &buf);
	if (envelope->ip.family == PST_IP_NONE)
		return pst_err_set(err,
		    "no client address was found in the first Received field "
		    "of %s; give one with --ip",
		    label);
	if (envelope->mail_from == NULL) {
		envelope->mail_from =
		    find_sender(arena, message, received, &field);
		if (envelope->mail_from == NULL) {
			envelope->mail_from = "<>";
			add_part(&buf, "no mail-from found, <> assumed");
		} else {
			add_part(&buf, "mail-from ");
			pst_buf_add_escaped(&buf, pst_str(envelope->mail_from));
			pst_buf_printf(&buf, " from %s", field);
		}
	}
	if (envelope->rcpt == NULL)
		envelope->rcpt = "<postmaster>";
	if (buf.len > 0)
		envelope->source = pst_buf_str(&buf);
	return true;
}
