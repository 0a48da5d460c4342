/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/zonefile.h"

#define MAX_FILE_BYTES ((size_t)64 * 1024 * 1024)
/* What ldns can parse as one record, see LDNS_MAX_PACKETLEN. */
#define MAX_ENTRY_BYTES 65000

bool
pst_zonefile_open(struct pst_zonefile *zonefile, FILE *file,
    const char *file_name, struct pst_arena *arena, struct pst_err *err)
{
	struct pst_buf content;
	char chunk[4096];
	size_t got;

	pst_buf_init(&content, arena, MAX_FILE_BYTES);
	while ((got = fread(chunk, 1, sizeof(chunk), file)) > 0)
		pst_buf_add(&content, (struct pst_str){chunk, got});
	if (ferror(file))
		return pst_err_set_at(
		    err, file_name, 0, "the zone file cannot be read");
	if (pst_buf_overflowed(&content))
		return pst_err_set_at(
		    err, file_name, 0, "the zone file is larger than 64 MiB");
	*zonefile = (struct pst_zonefile){
	    .file_name = file_name,
	    .rest = pst_buf_slice(&content),
	    .next_line = 1,
	};
	pst_buf_init(&zonefile->entry, arena, MAX_ENTRY_BYTES);
	return true;
}

/* Takes the next line, without its end. */
static struct pst_str
take_line(struct pst_zonefile *zonefile)
{
	size_t len = pst_str_find(zonefile->rest, '\n');
	struct pst_str line = pst_str_first(zonefile->rest, len);

	zonefile->rest = pst_str_from(zonefile->rest, len + 1);
	zonefile->next_line++;
	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	return line;
}

static void
add_octet(struct pst_buf *buf, unsigned octet)
{
	const char digits[4] = {'\\', (char)('0' + octet / 100),
	    (char)('0' + octet / 10 % 10), (char)('0' + octet % 10)};

	pst_buf_add(buf, (struct pst_str){digits, sizeof(digits)});
}

/*
 * Adds the escape that s begins with as \DDD, so that all have one form.
 * Returns its length in s; 0 if it is malformed.
 */
static size_t
add_escape(struct pst_buf *buf, struct pst_str s, bool quoted)
{
	uint64_t octet;

	if (s.len < 2)
		return 0;
	if (s.ptr[1] == '#' && !quoted) { /* RFC 3597 data, not an octet */
		pst_buf_add_text(buf, "\\#");
		return 2;
	}
	if (!pst_is_digit(s.ptr[1])) {
		add_octet(buf, (unsigned char)s.ptr[1]);
		return 2;
	}
	if (s.len < 4 ||
	    !pst_str_to_u64((struct pst_str){s.ptr + 1, 3}, 255, &octet))
		return 0;
	add_octet(buf, (unsigned)octet);
	return 4;
}

/* What is carried over from one line of an entry to the next. */
struct state {
	unsigned depth; /* of parentheses */
	bool quoted;
	const char *wrong;
};

/* Adds an octet that is not part of an escape; false if a comment begins. */
static bool
add_plain(struct pst_buf *buf, char c, struct state *state)
{
	if (c == '"') {
		state->quoted = !state->quoted;
		pst_buf_add_char(buf, c);
	} else if (state->quoted && (c == ';' || c == '(' || c == ')')) {
		add_octet(buf, (unsigned char)c);
	} else if (c == ';') {
		return false;
	} else if (c == '(' || c == ')') {
		if (c == ')' && state->depth == 0)
			state->wrong = "a ) has no ( before it";
		else
			state->depth += c == '(' ? 1U : -1U;
		pst_buf_add_char(buf, ' ');
	} else if (c == ' ' || (c == '\t' && !state->quoted)) {
		pst_buf_add_char(buf, ' ');
	} else if (c > ' ' && c <= '~') {
		pst_buf_add_char(buf, c);
	} else {
		add_octet(buf, (unsigned char)c);
	}
	return true;
}

static void
add_line(struct pst_buf *buf, struct pst_str line, struct state *state)
{
	for (size_t i = 0; i < line.len && state->wrong == NULL;) {
		if (line.ptr[i] == '\\') {
			size_t len = add_escape(
			    buf, pst_str_from(line, i), state->quoted);

			if (len == 0)
				state->wrong = "a \\ must be followed by an "
					       "octet or by 000 to 255";
			i += len;
			continue;
		}
		if (line.ptr[i] == '\0')
			state->wrong = "the line holds a NUL octet";
		if (!add_plain(buf, line.ptr[i++], state))
			break;
	}
	if (state->quoted && state->wrong == NULL)
		state->wrong = "a \" is not closed on its line";
}

static bool
read_entry(
    struct pst_zonefile *zonefile, struct pst_str first, struct pst_err *err)
{
	struct state state = {0};
	struct pst_buf *buf = &zonefile->entry;

	pst_buf_reset(buf);
	add_line(buf, first, &state);
	while (state.depth > 0 && state.wrong == NULL) {
		if (zonefile->rest.len == 0) {
			state.wrong = "a ( is not closed before the file ends";
			break;
		}
		pst_buf_add_char(buf, ' ');
		add_line(buf, take_line(zonefile), &state);
	}
	if (state.wrong == NULL && pst_buf_overflowed(buf))
		state.wrong = "the record is too long";
	if (state.wrong == NULL)
		return true;
	return pst_err_set_at(err, zonefile->file_name, zonefile->next_line - 1,
	    "%s", state.wrong);
}

bool
pst_zonefile_next(struct pst_zonefile *zonefile, struct pst_zonefile_line *line,
    struct pst_err *err)
{
	while (zonefile->rest.len > 0) {
		struct pst_str raw = take_line(zonefile);

		line->number = zonefile->next_line - 1;
		if (pst_str_starts(raw, PST_STR(";!"))) {
			line->kind = PST_ZONEFILE_DIRECTIVE;
			line->text = pst_str_trim(pst_str_from(raw, 2));
			return true;
		}
		if (!read_entry(zonefile, raw, err))
			return false;
		line->text = pst_buf_slice(&zonefile->entry);
		if (pst_str_trim(line->text).len > 0) {
			line->kind = PST_ZONEFILE_ENTRY;
			return true;
		}
	}
	line->kind = PST_ZONEFILE_END;
	return true;
}
