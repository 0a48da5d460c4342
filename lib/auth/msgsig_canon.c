/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/msgsig_canon.h"

/* ---- header fields ---- */

static bool
is_blank(char c)
{
	return pst_is_wsp(c) || c == '\n';
}

/* A fold is an LF here and is dropped; the blanks after it count as blanks. */
static void
add_relaxed(struct pst_buf *out, struct pst_str name, struct pst_str value)
{
	bool blank = false, any = false;

	for (size_t i = 0; i < name.len; i++)
		pst_buf_add_char(out, pst_lower(name.ptr[i]));
	pst_buf_add_char(out, ':');
	for (size_t i = 0; i < value.len; i++) {
		char c = value.ptr[i];

		if (is_blank(c)) {
			blank = blank || c != '\n';
			continue;
		}
		if (blank && any)
			pst_buf_add_char(out, ' ');
		pst_buf_add_char(out, c);
		blank = false;
		any = true;
	}
}

static void
add_simple(struct pst_buf *out, struct pst_str name, struct pst_str value)
{
	struct pst_str line;
	bool more = true, first = true;

	pst_buf_add(out, name);
	pst_buf_add_char(out, ':');
	while (pst_str_split(&value, '\n', &line, &more)) {
		if (!first)
			pst_buf_add_text(out, "\r\n");
		first = false;
		pst_buf_add(out, line);
	}
}

void
pst_msgsig_canon_field(struct pst_buf *out, struct pst_str name,
    struct pst_str value, enum pst_canon canon)
{
	switch (canon) {
	case PST_CANON_SIMPLE:
		add_simple(out, name, value);
		return;
	case PST_CANON_RELAXED:
		add_relaxed(out, name, value);
		return;
	}
}

/* Which field of each name is selected next; by the number of the name. */
struct cursor {
	bool begun;
	size_t next; /* its index plus one; 0: there is none left */
};

/* Returns the index of the selected field plus one; 0 if there is none. */
static size_t
select_next(const struct pst_header *header, const struct pst_header_name *name,
    size_t own, struct cursor *cursor)
{
	size_t selected = cursor->begun ? cursor->next : name->lowest;

	if (selected != 0 && selected == own + 1)
		selected = header->fields[own].above;
	cursor->begun = true;
	cursor->next = selected == 0 ? 0 : header->fields[selected - 1].above;
	return selected;
}

void
pst_msgsig_canon_header(struct pst_buf *out, const struct pst_header *header,
    const struct pst_str *names, size_t count, size_t own, enum pst_canon canon)
{
	struct cursor *cursors =
	    pst_arena_array(out->arena, header->name_count, sizeof(*cursors));

	for (size_t i = 0; i < count; i++) {
		const struct pst_header_name *name =
		    pst_header_name(header, names[i]);
		const struct pst_header_field *field;
		size_t selected;

		if (name == NULL)
			continue;
		selected =
		    select_next(header, name, own, &cursors[name->number]);
		if (selected == 0)
			continue;
		field = &header->fields[selected - 1];
		pst_msgsig_canon_field(out, field->name, field->value, canon);
		pst_buf_add_text(out, "\r\n");
	}
}

/* ---- the body ---- */

void
pst_msgsig_canon_body_init(struct pst_msgsig_canon_body *body,
    enum pst_canon canon, void (*sink)(void *arg, const char *ptr, size_t len),
    void *arg)
{
	*body = (struct pst_msgsig_canon_body){
	    .canon = canon, .sink = sink, .arg = arg};
}

static void
flush(struct pst_msgsig_canon_body *body)
{
	if (body->len > 0)
		body->sink(body->arg, body->out, body->len);
	body->len = 0;
}

static void
put(struct pst_msgsig_canon_body *body, const char *ptr, size_t len)
{
	body->any = true;
	while (len > 0) {
		size_t room = sizeof(body->out) - body->len;
		size_t piece = len < room ? len : room;

		memcpy(body->out + body->len, ptr, piece);
		body->len += piece;
		ptr += piece;
		len -= piece;
		if (body->len == sizeof(body->out))
			flush(body);
	}
}

/* Writes what was held back, which counts because text follows it. */
static void
release(struct pst_msgsig_canon_body *body)
{
	for (; body->line_ends > 0; body->line_ends--)
		put(body, "\r\n", 2);
	if (body->blank)
		put(body, " ", 1);
	body->blank = false;
}

/* Writes a CR that turned out not to be part of a CRLF. */
static void
put_cr(struct pst_msgsig_canon_body *body)
{
	if (!body->cr)
		return;
	release(body);
	put(body, "\r", 1);
	body->cr = false;
}

static bool
is_held_back(const struct pst_msgsig_canon_body *body, char c)
{
	return body->canon == PST_CANON_RELAXED && pst_is_wsp(c);
}

/*
 * Writes the text that begins at ptr, as much of it as there is room for, and
 * returns its length. All mail goes through here octet by octet; for nearly
 * every octet the first comparison is enough.
 */
static size_t
put_text(struct pst_msgsig_canon_body *body, const char *ptr, size_t len)
{
	char *out = body->out + body->len;
	size_t room = sizeof(body->out) - body->len, i = 0;

	if (len > room)
		len = room;
	if (body->canon == PST_CANON_SIMPLE) {
		const char *cr = memchr(ptr, '\r', len);

		i = cr == NULL ? len : (size_t)(cr - ptr);
		memcpy(out, ptr, i);
	}
	for (; i < len; i++) {
		if ((unsigned char)ptr[i] <= ' ' &&
		    (ptr[i] == '\r' || is_held_back(body, ptr[i])))
			break;
		out[i] = ptr[i];
	}
	body->any = true;
	body->len += i;
	if (body->len == sizeof(body->out))
		flush(body);
	return i;
}

/* Takes one step and returns how many octets it consumed. */
static size_t
take(struct pst_msgsig_canon_body *body, const char *ptr, size_t len)
{
	if (body->cr && *ptr == '\n') {
		body->cr = false;
		body->blank = false;
		body->line_ends++;
		return 1;
	}
	put_cr(body);
	body->cr = *ptr == '\r';
	if (body->cr)
		return 1;
	if (is_held_back(body, *ptr)) {
		body->blank = true;
		return 1;
	}
	release(body);
	return put_text(body, ptr, len);
}

void
pst_msgsig_canon_body_add(
    struct pst_msgsig_canon_body *body, const char *ptr, size_t len)
{
	while (len > 0) {
		size_t taken = take(body, ptr, len);

		ptr += taken;
		len -= taken;
	}
}

void
pst_msgsig_canon_body_end(struct pst_msgsig_canon_body *body)
{
	put_cr(body);
	/* s. 3.4.3: in the simple form an empty body is one CRLF. */
	if (body->any || body->canon == PST_CANON_SIMPLE)
		put(body, "\r\n", 2);
	flush(body);
}
