/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/envelope.h"

#include <assert.h>
#include <string.h>

#include "base/buf.h"
#include "base/domain.h"
#include "mail/address.h"
#include "mail/authres.h"
#include "tools/argument.h"
#include "tools/ui.h"

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
	struct pst_str path = pst_str_trim(pst_str(text));
	size_t open = pst_str_rfind(path, '<');

	if (path.len > 0 && path.ptr[0] == '<')
		return text;
	if (open < path.len && path.ptr[path.len - 1] == '>')
		return pst_arena_memdup(
		    arena, path.ptr + open, path.len - open);
	return pst_arena_printf(arena, "<%s>", text);
}

/*
 * Takes a path from the command line. Without angle brackets it must be an
 * address; with them anything is allowed, to try what a client may send.
 */
static bool
take_path(struct pst_arena *arena, const char *command, const char *option,
    const char *text, const char **out)
{
	struct pst_path path;

	*out = pst_envelope_path(arena, text);
	if (!pst_argument_word(command, option, text))
		return false;
	pst_reverse_path_parse(arena, pst_str(*out), &path);
	if (path.valid || pst_str_trim(pst_str(text)).ptr[0] == '<')
		return true;
	if (strchr(text, '@') == NULL && strchr(text, '.') != NULL)
		pst_ui_fail(command,
		    "%s must be an address, not the domain \"%s\"; write, for "
		    "example, %s \"postmaster@%s\"",
		    option, text, option, text);
	else
		pst_ui_fail(command,
		    "%s must be an address such as \"ann@example.org\", not "
		    "\"%s\"; in angle brackets it is taken as it is",
		    option, text);
	return false;
}

void
pst_envelope_add_rcpt(
    struct pst_arena *arena, const char *path, struct pst_envelope *given)
{
	size_t count = given->rcpt_count;
	const char **all = pst_arena_array(arena, count + 1, sizeof(*all));

	if (count > 0)
		memcpy(all, given->rcpts, count * sizeof(*all));
	all[count] = path;
	given->rcpts = all;
	given->rcpt_count = count + 1;
	given->rcpt = all[0];
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
		return take_path(
		    arena, command, "--mail-from", text, &given->mail_from);
	case PST_OPT_RCPT:
		pst_envelope_add_rcpt(
		    arena, pst_envelope_path(arena, text), given);
		return pst_argument_word(command, "--rcpt", text);
	default:
		assert(false);
		return false;
	}
}

/* Returns the path in "envelope-from <...>" in a field; "" if there is none. */
static const char *
envelope_from(struct pst_arena *arena, struct pst_str received)
{
	static const struct pst_str mark = {"envelope-from ", 14};

	for (size_t i = 0; i < received.len; i++) {
		struct pst_str rest = pst_str_from(received, i);

		if (!pst_str_istarts(rest, mark))
			continue;
		rest = pst_str_from(rest, mark.len);
		return clean_word(arena, take_word(&rest));
	}
	return "";
}

/* The domain that SPF checked, by our own result field; NULL if unknown. */
static const char *
result_domain(struct pst_arena *arena, const struct pst_saved_message *message,
    const struct pst_trace *trace)
{
	struct pst_authres_method *methods;
	const char *domain;

	for (size_t i = 0; i < trace->result_count && !trace->results_below;
	     i++) {
		size_t count = pst_authres_read(
		    arena, message->fields[trace->results[i]].value, &methods);

		for (size_t n = 0; n < count; n++) {
			domain =
			    pst_authres_prop_of(&methods[n], "smtp.mailfrom");
			if (strcmp(methods[n].method, "spf") != 0 ||
			    domain == NULL)
				continue;
			return pst_domain_normalize(arena, pst_str(domain));
		}
	}
	return NULL;
}

/* The Received field that names the client; or an empty one. */
static struct pst_hop
client_hop(const struct pst_trace *trace)
{
	static const struct pst_hop none = {
	    .seen = {.name = "", .helo = "", .by = "", .with = ""}};

	return trace->client < trace->count ? trace->hops[trace->client] : none;
}

/* What was taken from the message, in words. */
struct told {
	struct pst_buf buf;
	bool field_named; /* "the same field" says which one */
};

static void
begin_part(struct told *told)
{
	if (told->buf.len > 0)
		pst_buf_add_text(&told->buf, "; ");
}

/* Adds "the third Received field, which HOST wrote". */
static void
add_field_name(struct pst_arena *arena, const struct pst_envelope *envelope,
    struct told *told)
{
	const struct pst_trace *trace = &envelope->trace;

	if (told->field_named) {
		pst_buf_add_text(&told->buf, "the same field");
		return;
	}
	told->field_named = true;
	pst_buf_printf(&told->buf, "the %s Received field",
	    pst_trace_ordinal(arena, trace->client + 1));
	if (trace->hops[trace->client].seen.by[0] != '\0')
		pst_buf_printf(&told->buf, ", which %s wrote",
		    trace->hops[trace->client].seen.by);
}

/* Adds the address and the name unless the address was given. */
static void
complete_ip(
    struct pst_arena *arena, struct pst_envelope *out, struct told *told)
{
	const struct pst_trace *trace = &out->trace;
	const struct pst_received seen = client_hop(trace).seen;
	char ip[PST_IP_TEXT_SIZE];

	/* The name in the message is the name of the address in the message. */
	if (out->name == NULL)
		out->name = out->ip.family == PST_IP_NONE ? seen.name : "";
	if (out->ip.family != PST_IP_NONE)
		return;
	out->from_trace = seen.ip.family != PST_IP_NONE;
	out->ip = out->from_trace ? seen.ip : trace->result_ip;
	if (out->ip.family == PST_IP_NONE)
		return;
	pst_buf_printf(&told->buf, "the client address %s was read from ",
	    pst_ip_text(&out->ip, ip));
	if (out->from_trace)
		add_field_name(arena, out, told);
	else
		pst_buf_add_text(&told->buf,
		    "policy.iprev of our own Authentication-Results field");
}

static void
complete_helo(
    struct pst_arena *arena, struct pst_envelope *out, struct told *told)
{
	if (out->helo != NULL)
		return;
	out->helo = client_hop(&out->trace).seen.helo;
	begin_part(told);
	if (out->helo[0] == '\0') {
		pst_buf_add_text(&told->buf, "no HELO name was found");
		return;
	}
	pst_buf_add_text(&told->buf, "HELO ");
	pst_buf_add_escaped(&told->buf, pst_str(out->helo));
	pst_buf_add_text(&told->buf, " from ");
	add_field_name(arena, out, told);
}

/* Adds the sender, from the best source that there is. */
static void
complete_sender(struct pst_arena *arena,
    const struct pst_saved_message *message, struct pst_envelope *out,
    struct told *told)
{
	const struct pst_trace *trace = &out->trace;
	const char *path = "";
	const char *field = "Return-Path";
	const char *domain;
	struct pst_str value;

	if (out->mail_from != NULL)
		return;
	if (pst_message_find(message, "Return-Path", &value))
		path = clean_word(arena, pst_str_trim(value));
	if (path[0] == '\0' && trace->client < trace->count) {
		field = "\"envelope-from\" in the Received field";
		path = envelope_from(
		    arena, message->fields[client_hop(trace).field].value);
	}
	begin_part(told);
	if (path[0] != '\0') {
		out->mail_from = pst_envelope_path(arena, path);
		pst_buf_add_text(&told->buf, "MAIL FROM ");
		pst_buf_add_escaped(&told->buf, pst_str(out->mail_from));
		pst_buf_printf(&told->buf, " from %s", field);
		return;
	}
	domain = result_domain(arena, message, trace);
	if (domain != NULL && !pst_domain_eq(domain, out->helo)) {
		out->mail_from =
		    pst_arena_printf(arena, "<unknown@%s>", domain);
		pst_buf_printf(&told->buf,
		    "MAIL FROM %s, whose domain is from smtp.mailfrom of our "
		    "own Authentication-Results field",
		    out->mail_from);
		return;
	}
	out->mail_from = "<>";
	pst_buf_add_text(
	    &told->buf, "no MAIL FROM was found, so <> is assumed");
}

bool
pst_envelope_complete(struct pst_arena *arena,
    const struct pst_saved_message *message, const char *label,
    struct pst_envelope *envelope, struct pst_err *err)
{
	static const struct pst_site nothing;
	struct told told = {.field_named = false};

	envelope->source = NULL;
	pst_buf_init(&told.buf, arena, MAX_SOURCE);
	pst_trace_read(arena, message,
	    envelope->site == NULL ? &nothing : envelope->site,
	    &envelope->trace);
	complete_ip(arena, envelope, &told);
	if (envelope->ip.family == PST_IP_NONE)
		return pst_err_set(err,
		    "no client address was found in the Received fields of "
		    "%s; give one with --ip",
		    label);
	complete_helo(arena, envelope, &told);
	complete_sender(arena, message, envelope, &told);
	if (envelope->rcpt_count == 0)
		pst_envelope_add_rcpt(arena, "<postmaster>", envelope);
	if (told.buf.len > 0)
		envelope->source = pst_buf_str(&told.buf);
	return true;
}

/* Whether all From fields are below the field of that index. */
static bool
author_is_below(const struct pst_saved_message *message, size_t field)
{
	for (size_t i = 0; i < field; i++)
		if (pst_str_ieq(message->fields[i].name, PST_STR("From")))
			return false;
	return true;
}

static bool
is_result(const struct pst_trace *trace, size_t field)
{
	for (size_t i = 0; i < trace->result_count; i++)
		if (trace->results[i] == field)
			return true;
	return false;
}

struct pst_saved_message
pst_envelope_arrived(struct pst_arena *arena,
    const struct pst_saved_message *message,
    const struct pst_envelope *envelope)
{
	const struct pst_trace *trace = &envelope->trace;
	struct pst_saved_message out = *message;
	size_t field;
	bool all;

	if (!envelope->from_trace)
		return out;
	field = client_hop(trace).field;
	/* Some mail programs put the author's fields on top. */
	all = author_is_below(message, field);
	out.fields =
	    pst_arena_array(arena, message->count, sizeof(*out.fields));
	out.count = 0;
	for (size_t i = 0; i < message->count; i++) {
		const struct pst_saved_field *item = &message->fields[i];

		if (i <= field &&
		    (all || is_result(trace, i) ||
			pst_str_ieq(item->name, PST_STR("Received"))))
			continue;
		out.fields[out.count++] = *item;
	}
	return out;
}
