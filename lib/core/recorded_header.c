/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What a decision and the log line read in the header of a recorded message: the
 * Message-ID, the identifier in List-Id, how many fields there were of the names
 * that are deleted, and the id of each Authentication-Results field. Nothing
 * else of the header is kept.
 */

#include "base/buf.h"
#include "core/edits.h"
#include "core/recorded.h"
#include "core/rule_facts.h"
#include "mail/authres.h"

/* Octets of the ids; each sender may have chosen some. */
#define MAX_HEADER 4096

/* Most programs write the names in the same way. */
static bool
is_named(const struct pst_header_field *field, struct pst_str name)
{
	return field->name.len == name.len &&
	    (memcmp(field->name.ptr, name.ptr, name.len) == 0 ||
		pst_str_ieq(field->name, name));
}

/* Writes an id that is too long. */
static void
write_long_id(struct pst_record_out *out, struct pst_str id)
{
	char part[PST_RECORDED_MAX_MESSAGE_ID + 1];

	memcpy(part, id.ptr, sizeof(part));
	part[sizeof(part) - 1] = PST_RECORDED_MORE;
	pst_record_octets(out, (struct pst_str){part, sizeof(part)});
}

/*
 * Returns the id of a field as most programs write it, a blank and a name with a
 * semicolon after it, without the work of pst_authres_read_id(), which makes the
 * same of a quoted id. Empty for all other fields.
 */
static struct pst_str
plain_id(struct pst_str value)
{
	size_t len = 0;

	if (value.len == 0 || value.ptr[0] != ' ')
		return PST_STR("");
	value = pst_str_from(value, 1);
	while (len < value.len &&
	    (pst_is_alnum(value.ptr[len]) || value.ptr[len] == '.' ||
		value.ptr[len] == '-'))
		len++;
	if (len == value.len || value.ptr[len] != ';')
		return PST_STR("");
	for (size_t i = len; i < value.len; i++) {
		unsigned char c = (unsigned char)value.ptr[i];

		if (c >= 0x7f ||
		    (c < 0x20 && c != '\t' &&
			(c != '\n' || i + 1 == value.len ||
			    !pst_is_wsp(value.ptr[i + 1]))))
			return PST_STR("");
	}
	return pst_str_first(value, len);
}

/* A field whose id cannot be read is deleted, whatever is in it. */
static void
write_result_field(
    struct pst_record_out *out, const struct pst_header_field *field)
{
	struct pst_str plain = plain_id(field->value);
	const char *id;
	size_t opened;

	if (plain.len == 0) {
		if (pst_authres_read_id(out->arena, field->value, &id) !=
		    PST_AUTHRES_ID_OK)
			return;
		plain = pst_str(id);
	}
	opened = pst_record_open(out, PST_RECORDED_RESULT_FIELD);
	pst_record_number(out, field->nth);
	pst_record_octets(out, plain);
	(void)pst_record_close(out, opened);
}

static void
write_seen(struct pst_record_out *out, const struct pst_header *header)
{
	for (size_t i = 0; i < PST_HEADER_WATCHED; i++) {
		size_t seen = header->watched[i].seen;
		size_t opened;

		if (header->watched[i].name.ptr == NULL || seen == 0)
			continue;
		if (seen > PST_RECORDED_MAX_SEEN) {
			seen = PST_RECORDED_MAX_SEEN;
			out->cut = true;
		}
		opened = pst_record_open(out, PST_RECORDED_SEEN);
		pst_record_octets(out, header->watched[i].name);
		pst_record_number(out, seen);
		(void)pst_record_close(out, opened);
	}
}

/* What there is in a header. */
struct survey {
	const struct pst_header_field *message_id; /* the first one, or NULL */
	bool has_list_id;
	bool has_results;
	bool has_arc;
};

static struct survey
survey(const struct pst_header *header)
{
	const struct pst_str id = PST_STR("Message-ID");
	const struct pst_str list = PST_STR("List-Id");
	const struct pst_str results = PST_STR(PST_AUTHRES_NAME);
	const struct pst_str seal = PST_STR(PST_RECORDED_ARC_FIELD);
	struct survey found = {.message_id = NULL};

	for (size_t i = 0; i < header->count; i++) {
		const struct pst_header_field *field = &header->fields[i];
		size_t len = field->name.len;

		/* Most names differ in their length already. */
		if (len != id.len && len != list.len && len != results.len &&
		    len != seal.len)
			continue;
		if (is_named(field, id) && found.message_id == NULL)
			found.message_id = field;
		found.has_list_id |= is_named(field, list);
		found.has_results |= is_named(field, results);
		found.has_arc |= is_named(field, seal);
	}
	return found;
}

static void
write_result_fields(struct pst_record_out *out, const struct pst_header *header)
{
	pst_record_limit(out, MAX_HEADER);
	for (size_t i = 0; i < header->count; i++) {
		const struct pst_header_field *field = &header->fields[i];

		if (is_named(field, PST_STR(PST_AUTHRES_NAME)))
			write_result_field(out, field);
	}
	pst_record_unlimit(out);
}

void
pst_recorded_write_header(
    struct pst_record_out *out, const struct pst_header *header)
{
	size_t opened = pst_record_open(out, PST_RECORDED_HEADER);
	const struct survey found = survey(header);
	struct pst_str id;

	if (found.message_id == NULL) {
		pst_record_text(out, NULL);
	} else {
		id = pst_str_trim(found.message_id->value);
		if (id.len > PST_RECORDED_MAX_MESSAGE_ID)
			write_long_id(out, id);
		else
			pst_record_octets(out, id);
	}
	pst_record_text(out,
	    found.has_list_id ? pst_rule_facts_list_id(out->arena, header) :
				NULL);
	write_seen(out, header);
	if (found.has_results)
		write_result_fields(out, header);
	if (found.has_arc)
		(void)pst_record_close(
		    out, pst_record_open(out, PST_RECORDED_HAS_ARC));
	(void)pst_record_close(out, opened);
}

/* ---- reading ---- */

struct reading {
	struct pst_header *header;
	size_t seen[PST_HEADER_WATCHED]; /* of the names that it watches */
	size_t last_nth;                 /* of a result field */
};

static void
add_field(struct reading *reading, const char *name, const char *value)
{
	(void)pst_header_add(reading->header, pst_str(name), pst_str(value));
}

/* Whether an id can be written as it is; see plain_id() of the writer. */
static bool
is_plain(const char *id)
{
	while (pst_is_alnum(*id) || *id == '.' || *id == '-')
		id++;
	return *id == '\0';
}

/* Returns the value of a field that has that id, and nothing else. */
static const char *
field_of_id(struct pst_arena *arena, const char *id)
{
	struct pst_buf buf;

	if (is_plain(id))
		return pst_arena_printf(arena, " %s; none", id);
	pst_buf_init(&buf, arena, 2 * PST_RECORDED_MAX);
	pst_buf_add_text(&buf, " \"");
	for (; *id != '\0'; id++) {
		if (*id == '"' || *id == '\\')
			pst_buf_add_char(&buf, '\\');
		pst_buf_add_char(&buf, *id);
	}
	pst_buf_add_text(&buf, "\"; none");
	return pst_buf_str(&buf);
}

static void
read_result_field(struct reading *reading, struct pst_record_in *in)
{
	struct pst_header *header = reading->header;
	size_t nth = pst_record_take_unsigned(in);
	const char *id = pst_record_take_text(in);

	add_field(reading, PST_AUTHRES_NAME,
	    field_of_id(in->source->arena, id == NULL ? "" : id));
	if (nth <= reading->last_nth)
		pst_record_is_bad(in);
	reading->last_nth = nth;
	header->fields[header->count - 1].nth = nth;
}

/* Adding the fields above has counted them, too. */
static void
read_seen(struct reading *reading, struct pst_record_in *in)
{
	struct pst_str name = pst_record_peek_octets(in);
	size_t seen = pst_record_take_number(in, PST_RECORDED_MAX_SEEN);
	const struct pst_header *header = reading->header;

	for (size_t i = 0; i < PST_HEADER_WATCHED; i++) {
		if (header->watched[i].name.ptr != NULL &&
		    pst_str_ieq(header->watched[i].name, name))
			reading->seen[i] = seen;
	}
}

static void
set_seen(struct pst_record_in *in, const struct reading *reading)
{
	for (size_t i = 0; i < PST_HEADER_WATCHED; i++)
		reading->header->watched[i].seen = reading->seen[i];
	in->source->bad |= reading->last_nth >
	    pst_header_seen(reading->header, PST_AUTHRES_NAME);
}

void
pst_recorded_read_header(struct pst_record_in *in, struct pst_header *header)
{
	struct reading reading = {.header = header};
	struct pst_arena *arena = in->source->arena;
	struct pst_str id;
	bool has_id = pst_record_peek(in, &id);
	const char *list_id = pst_record_take_text(in);
	struct pst_record_in section;
	unsigned tag;

	if (has_id)
		(void)pst_header_add(header, PST_STR("Message-ID"), id);
	if (list_id != NULL)
		add_field(&reading, "List-Id",
		    pst_arena_printf(arena, " <%s>", list_id));
	while (pst_record_next(in, &tag, &section)) {
		if (tag == PST_RECORDED_RESULT_FIELD)
			read_result_field(&reading, &section);
		else if (tag == PST_RECORDED_SEEN)
			read_seen(&reading, &section);
		else if (tag == PST_RECORDED_HAS_ARC)
			add_field(&reading, PST_RECORDED_ARC_FIELD, "");
	}
	set_seen(in, &reading);
}
