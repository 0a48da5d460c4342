/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/message.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define READ_BYTES ((size_t)64 * 1024)

/*
 * Turns CRLF into LF and a bare CR into a blank, in place; returns the length.
 */
static size_t
unify_lines(char *text, size_t len)
{
	size_t to = 0;

	for (size_t from = 0; from < len; from++) {
		char c = text[from];
		if (c == '\r' && from + 1 < len && text[from + 1] == '\n')
			continue;
		text[to++] = c == '\r' ? ' ' : c;
	}
	return to;
}

/* Takes one line, LF included, off *rest. */
static struct pst_str
take_line(struct pst_str *rest)
{
	struct pst_str line =
	    pst_str_first(*rest, pst_str_find(*rest, '\n') + 1);

	*rest = pst_str_from(*rest, line.len);
	return line;
}

/*
 * Returns the length of the field name that line begins with; 0 if line is not
 * a header field. Blanks may precede the colon; *colon is the index of the
 * colon.
 */
static size_t
name_length(struct pst_str line, size_t *colon)
{
	size_t len = 0;
	size_t at;

	while (len < line.len && line.ptr[len] > ' ' && line.ptr[len] < 0x7f &&
	    line.ptr[len] != ':')
		len++;
	for (at = len; at < line.len && pst_is_wsp(line.ptr[at]); at++)
		continue;
	*colon = at;
	return at < line.len && line.ptr[at] == ':' ? len : 0;
}

static void
add_field(struct pst_arena *arena, struct pst_saved_message *message,
    size_t *capacity, struct pst_saved_field field)
{
	if (message->count == *capacity) {
		size_t wanted = *capacity == 0 ? 64 : *capacity * 2;
		struct pst_saved_field *fields =
		    pst_arena_array(arena, wanted, sizeof(*fields));
		if (message->count > 0)
			memcpy(fields, message->fields,
			    message->count * sizeof(*fields));
		message->fields = fields;
		*capacity = wanted;
	}
	message->fields[message->count++] = field;
}

/* Takes the fields off *rest; what is left is the body. */
static void
take_fields(struct pst_arena *arena, struct pst_str *rest,
    struct pst_saved_message *message)
{
	size_t capacity = 0;

	while (rest->len > 0) {
		struct pst_str field = *rest;
		size_t colon;
		size_t name_len = name_length(field, &colon);
		if (rest->ptr[0] == '\n')
			(void)take_line(rest);
		if (name_len == 0)
			return;
		do {
			(void)take_line(rest);
		} while (rest->len > 0 && pst_is_wsp(rest->ptr[0]));
		field = pst_str_first(field, field.len - rest->len);
		if (field.ptr[field.len - 1] == '\n')
			field.len--;
		struct pst_str value = pst_str_from(field, colon + 1);
		value = pst_str_first(value, pst_str_find(value, '\0'));
		add_field(arena, message, &capacity,
		    (struct pst_saved_field){
			pst_str_first(field, name_len), value});
	}
}

/* Returns the text with CRLF line ends; the last line gets one too. */
static struct pst_str
make_body(struct pst_arena *arena, struct pst_str text)
{
	size_t lines = 0;
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++)
		lines += text.ptr[i] == '\n';
	char *body = pst_arena_alloc(arena, text.len + lines + 2);
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '\n')
			body[len++] = '\r';
		body[len++] = text.ptr[i];
	}
	if (len > 0 && body[len - 1] != '\n') {
		body[len++] = '\r';
		body[len++] = '\n';
	}
	return (struct pst_str){body, len};
}

/* True for "From sender date", but not for the field "From : sender". */
static bool
is_mbox_line(struct pst_str raw)
{
	if (!pst_str_starts(raw, PST_STR("From ")))
		return false;
	raw = pst_str_from(raw, 5);
	while (raw.len > 0 && pst_is_wsp(raw.ptr[0]))
		raw = pst_str_from(raw, 1);
	return raw.len > 0 && raw.ptr[0] != ':';
}

bool
pst_message_parse(struct pst_arena *arena, struct pst_str raw,
    const char *label, struct pst_saved_message *out, struct pst_err *err)
{
	char *text = pst_arena_memdup(arena, raw.ptr, raw.len);
	struct pst_str rest = {text, unify_lines(text, raw.len)};

	*out = (struct pst_saved_message){0};
	if (rest.len == 0)
		return pst_err_set(err, "%s is empty", label);
	if (is_mbox_line(rest))
		(void)take_line(&rest);
	take_fields(arena, &rest, out);
	if (out->count == 0)
		return pst_err_set(err,
		    "%s does not begin with a header field, so it is not a "
		    "message",
		    label);
	out->body = make_body(arena, rest);
	return true;
}

/* Returns the whole stream, malloc'ed; NULL with a sentence in err. */
static char *
read_all(FILE *file, const char *label, size_t *len, struct pst_err *err)
{
	size_t capacity = READ_BYTES;
	char *text = malloc(capacity);

	*len = 0;
	while (text != NULL) {
		size_t got = fread(text + *len, 1, capacity - *len, file);
		*len += got;
		if (ferror(file)) {
			pst_err_set(
			    err, "cannot read %s: %s", label, strerror(errno));
			break;
		}
		if (*len > PST_MESSAGE_MAX_BYTES) {
			pst_err_set(err, "%s is larger than %zu MB", label,
			    PST_MESSAGE_MAX_BYTES / (1024 * 1024));
			break;
		}
		if (got == 0)
			return text;
		if (*len < capacity)
			continue;
		capacity *= 2;
		char *more = realloc(text, capacity);
		if (more == NULL)
			break;
		text = more;
	}
	if (text == NULL || *len == capacity / 2)
		pst_err_set(err, "out of memory for %s", label);
	free(text);
	return NULL;
}

bool
pst_message_read(struct pst_arena *arena, const char *file_name,
    struct pst_saved_message *out, struct pst_err *err)
{
	bool from_stdin = strcmp(file_name, "-") == 0;
	const char *label = from_stdin ? "standard input" : file_name;
	FILE *file = from_stdin ? stdin : fopen(file_name, "rbe");
	size_t len;

	if (file == NULL)
		return pst_err_set(
		    err, "cannot open %s: %s", label, strerror(errno));
	char *text = read_all(file, label, &len, err);
	if (!from_stdin)
		(void)fclose(file);
	if (text == NULL)
		return false;
	bool ok = pst_message_parse(
	    arena, (struct pst_str){text, len}, label, out, err);
	free(text);
	return ok;
}

bool
pst_message_find(const struct pst_saved_message *message, const char *name,
    struct pst_str *value)
{
	for (size_t i = 0; i < message->count; i++) {
		if (!pst_str_ieq(message->fields[i].name, pst_str(name)))
			continue;
		*value = message->fields[i].value;
		return true;
	}
	return false;
}
