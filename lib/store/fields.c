/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/fields.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/thread.h"

#define TEXT(name, member, uses)                                               \
	{                                                                      \
		name, offsetof(struct pst_report_row, member), PST_FIELD_TEXT, \
		    uses                                                       \
	}
#define NUMBER(name, member, uses)                                             \
	{                                                                      \
		name, offsetof(struct pst_report_row, member),                 \
		    PST_FIELD_NUMBER, uses                                     \
	}

#define KEY (PST_FIELD_POLICY | PST_FIELD_RECORD)
#define CONTENT (PST_FIELD_POLICY | PST_FIELD_CONTENT)
#define RECORD (PST_FIELD_RECORD | PST_FIELD_ID)

static const struct pst_field fields[] = {
    NUMBER("day", day, KEY),
    TEXT("domain", policy.domain, KEY),
    NUMBER("seen_s", seen_s, PST_FIELD_POLICY),
    TEXT("adkim", policy.adkim, CONTENT),
    TEXT("aspf", policy.aspf, CONTENT),
    TEXT("p", policy.p, CONTENT),
    TEXT("sp", policy.sp, CONTENT),
    TEXT("np", policy.np, CONTENT),
    TEXT("testing", policy.testing, CONTENT),
    TEXT("fo", policy.fo, CONTENT),
    TEXT("discovery", policy.discovery, CONTENT),
    TEXT("rua", policy.rua, CONTENT),
    TEXT("fault", policy.fault, CONTENT),
    TEXT("source_ip", source_ip, RECORD),
    TEXT("disposition", disposition, RECORD),
    TEXT("dkim", dkim, RECORD),
    TEXT("spf", spf, RECORD),
    TEXT("reason", reason, RECORD),
    TEXT("comment", comment, RECORD),
    TEXT("header_from", header_from, RECORD),
    TEXT("envelope_from", envelope_from, RECORD),
    TEXT("envelope_to", envelope_to, RECORD),
    TEXT("auth", auth, RECORD),
    TEXT("auth_short", auth_short, 0),
};

const struct pst_field *
pst_field_any(const struct pst_field *last)
{
	const struct pst_field *next = last == NULL ? fields : last + 1;

	return next == fields + PST_COUNT(fields) ? NULL : next;
}

const struct pst_field *
pst_field_next(const struct pst_field *last, unsigned uses)
{
	do
		last = pst_field_any(last);
	while (last != NULL && (last->uses & uses) == 0);
	return last;
}

const char **
pst_field_text(const struct pst_field *field, struct pst_report_row *row)
{
	assert(field->kind == PST_FIELD_TEXT);
	return (const char **)(void *)((char *)row + field->offset);
}

int64_t *
pst_field_number(const struct pst_field *field, struct pst_report_row *row)
{
	assert(field->kind == PST_FIELD_NUMBER);
	return (int64_t *)(void *)((char *)row + field->offset);
}

static const void *
place_of(const struct pst_field *field, const struct pst_report_row *row)
{
	return (const char *)row + field->offset;
}

const char *
pst_field_text_of(
    const struct pst_field *field, const struct pst_report_row *row)
{
	assert(field->kind == PST_FIELD_TEXT);
	return *(const char *const *)place_of(field, row);
}

size_t
pst_fields_write(unsigned use, const struct pst_report_row *row,
    struct pst_db_value values[PST_DB_MAX_VALUES])
{
	const struct pst_field *field = NULL;
	size_t count = 0;

	while ((field = pst_field_next(field, use)) != NULL) {
		assert(count < PST_DB_MAX_VALUES);
		values[count++] = field->kind == PST_FIELD_TEXT ?
		    pst_db_text(pst_field_text_of(field, row)) :
		    pst_db_int(*(const int64_t *)place_of(field, row));
	}
	return count;
}

unsigned
pst_fields_read(unsigned use, struct pst_db *db, struct pst_report_row *row)
{
	const struct pst_field *field = NULL;
	unsigned column = 0;

	memset(row, 0, sizeof(*row));
	while ((field = pst_field_any(field)) != NULL) {
		bool is_there = (field->uses & use) != 0;

		if (field->kind == PST_FIELD_TEXT && field->uses != 0)
			*pst_field_text(field, row) =
			    is_there ? pst_db_column(db, column).ptr : "";
		else if (is_there)
			*pst_field_number(field, row) =
			    pst_db_number(db, column);
		column += is_there;
	}
	return column;
}

void
pst_fields_keep(struct pst_arena *arena, struct pst_report_row *row)
{
	const struct pst_field *field = NULL;

	while ((field = pst_field_any(field)) != NULL) {
		const char **text;

		if (field->kind != PST_FIELD_TEXT)
			continue;
		text = pst_field_text(field, row);
		if (*text != NULL)
			*text = pst_arena_strdup(arena, *text);
	}
}

/* ---- statements ---- */

#define MAX_SQL 4096
#define MAX_STATEMENTS 32

/* How a word writes a column. */
enum form { FORM_NAME, FORM_VALUE, FORM_SET };

static const struct word {
	const char *text;
	enum form form;
	unsigned use;
} words[] = {
    {"policy", FORM_NAME, PST_FIELD_POLICY},
    {"policy.values", FORM_VALUE, PST_FIELD_POLICY},
    {"policy.set", FORM_SET, PST_FIELD_POLICY},
    {"record", FORM_NAME, PST_FIELD_RECORD},
    {"record.values", FORM_VALUE, PST_FIELD_RECORD},
};

static void
add_columns(struct pst_buf *buf, const struct word *word, unsigned *number)
{
	const struct pst_field *field = NULL;
	const char *comma = "";

	while ((field = pst_field_next(field, word->use)) != NULL) {
		/* The columns of the key are in both tables. */
		if (word->form == FORM_SET && (field->uses & KEY) == KEY)
			continue;
		pst_buf_add_text(buf, comma);
		comma = ", ";
		switch (word->form) {
		case FORM_NAME:
			pst_buf_add_text(buf, field->name);
			break;
		case FORM_VALUE:
			pst_buf_printf(buf, "$%u", ++*number);
			break;
		case FORM_SET:
			pst_buf_printf(
			    buf, "%s = excluded.%s", field->name, field->name);
			break;
		}
	}
}

static void
add_word(struct pst_buf *buf, struct pst_str text, unsigned *number)
{
	size_t i = 0;

	if (pst_str_eq(text, PST_STR("next"))) {
		pst_buf_printf(buf, "$%u", ++*number);
		return;
	}
	while (
	    i < PST_COUNT(words) && !pst_str_eq(text, pst_str(words[i].text)))
		i++;
	assert(i < PST_COUNT(words));
	add_columns(buf, &words[i], number);
}

static char *
make_statement(const char *template)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_str rest = pst_str(template);
	unsigned number = 0;
	struct pst_buf buf;
	char *made;

	pst_buf_init(&buf, arena, MAX_SQL);
	while (rest.len > 0) {
		struct pst_str plain =
		    pst_str_first(rest, pst_str_find(rest, '{'));

		pst_buf_add(&buf, plain);
		rest = pst_str_from(rest, plain.len + 1);
		if (rest.len == 0)
			break;
		plain = pst_str_first(rest, pst_str_find(rest, '}'));
		add_word(&buf, plain, &number);
		rest = pst_str_from(rest, plain.len + 1);
	}
	assert(!pst_buf_overflowed(&buf));
	made = strdup(pst_buf_str(&buf));
	if (made == NULL)
		abort();
	pst_arena_free(arena);
	return made;
}

const char *
pst_fields_sql(const char *template)
{
	static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	static struct {
		const char *template;
		char *statement;
	} made[MAX_STATEMENTS];
	const char *statement;
	size_t i = 0;

	pst_mutex_lock(&mutex);
	while (i < MAX_STATEMENTS && made[i].template != NULL &&
	    made[i].template != template)
		i++;
	assert(i < MAX_STATEMENTS);
	if (made[i].template == NULL) {
		made[i].template = template;
		made[i].statement = make_statement(template);
	}
	statement = made[i].statement;
	pst_mutex_unlock(&mutex);
	return statement;
}
