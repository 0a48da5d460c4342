/* SPDX-License-Identifier: BSD-2-Clause */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/day.h"
#include "base/macros.h"
#include "store/fields.h"
#include "store/store.h"
#include "tools/command.h"
#include "tools/store.h"
#include "tools/ui.h"

static const char command[] = "store";

static const char selection[] =
    "SELECT {record}, owner, n FROM record"
    " WHERE ($1 < 0 OR day = $1) AND ($2 = '' OR domain = $2)"
    " ORDER BY day, domain, owner, id";

/* What is printed of a row, in this order, and where the selection has it. */
struct cell {
	const char *name;
	unsigned column;
	enum { CELL_TEXT, CELL_DAY, CELL_AUTH, CELL_NUMBER } kind;
};

#define MAX_CELLS PST_DB_MAX_VALUES

/* Returns how many cells there are. */
static size_t
list_cells(struct cell cells[MAX_CELLS])
{
	const struct pst_field *field = NULL;
	unsigned columns = 0, at = 0;
	size_t count = 0;

	while ((field = pst_field_next(field, PST_FIELD_RECORD)) != NULL)
		columns++;
	while ((field = pst_field_next(field, PST_FIELD_RECORD)) != NULL) {
		struct cell cell = {field->name, at++, CELL_TEXT};

		assert(count + 3 < MAX_CELLS);
		if (strcmp(field->name, "day") == 0)
			cell.kind = CELL_DAY;
		else if (field->kind == PST_FIELD_NUMBER)
			cell.kind = CELL_NUMBER;
		else if (strcmp(field->name, "auth") == 0) {
			cell.kind = CELL_AUTH;
			cells[count++] =
			    (struct cell){"report", columns, CELL_TEXT};
		}
		cells[count++] = cell;
	}
	cells[count++] = (struct cell){"count", columns + 1, CELL_NUMBER};
	return count;
}

/*
 * A spreadsheet takes a cell that begins like this for a formula and runs it; a
 * leading apostrophe makes it a text.
 */
static bool
is_formula(struct pst_str text)
{
	return text.len > 0 && strchr("=+-@|%\t\r", text.ptr[0]) != NULL;
}

/* Prints a cell as RFC 4180 says; "; " separates the lines within it. */
static void
print_cell(struct pst_arena *arena, struct pst_str text)
{
	struct pst_str line;
	bool more = true, first = true;

	putchar('"');
	if (is_formula(text))
		putchar('\'');
	while (pst_str_split(&text, '\n', &line, &more)) {
		const char *c = pst_escaped(arena, line);

		if (*c == '\0' && !first)
			continue;
		if (!first)
			(void)fputs("; ", stdout);
		first = false;
		for (; *c != '\0'; c++) {
			if (*c == '"')
				putchar('"');
			putchar(*c);
		}
	}
	putchar('"');
}

static void
print_csv(struct pst_db *db, struct pst_arena *arena, const struct cell *cells,
    size_t count)
{
	char day[PST_DAY_TEXT_SIZE];

	for (size_t i = 0; i < count; i++) {
		const unsigned at = cells[i].column;

		if (i > 0)
			putchar(',');
		switch (cells[i].kind) {
		case CELL_DAY:
			(void)fputs(
			    pst_day_text(pst_db_number(db, at), day), stdout);
			break;
		case CELL_NUMBER:
			printf("%lld", (long long)pst_db_number(db, at));
			break;
		case CELL_TEXT:
		case CELL_AUTH:
			print_cell(arena, pst_db_column(db, at));
			break;
		}
	}
	(void)fputs("\r\n", stdout);
}

static void
add_auth(struct pst_json *json, const char *name, struct pst_str auth)
{
	struct pst_report_auth line;

	pst_json_open_array(json, name);
	while (pst_report_auth_next(&auth, &line)) {
		pst_json_open_object(json, NULL);
		pst_json_text(json, "method", line.is_spf ? "spf" : "dkim");
		pst_json_octets(json, "domain", line.domain);
		if (!line.is_spf)
			pst_json_octets(json, "selector", line.selector);
		pst_json_octets(json, "result", line.result);
		pst_json_close(json);
	}
	pst_json_close(json);
}

static void
print_json(struct pst_db *db, struct pst_arena *arena, const struct cell *cells,
    size_t count)
{
	struct pst_json *json = pst_json_new(arena);
	char day[PST_DAY_TEXT_SIZE];

	pst_json_open_object(json, NULL);
	for (size_t i = 0; i < count; i++) {
		const char *name = cells[i].name;
		const unsigned at = cells[i].column;

		switch (cells[i].kind) {
		case CELL_DAY:
			pst_json_text(json, name,
			    pst_day_text(pst_db_number(db, at), day));
			break;
		case CELL_NUMBER:
			pst_json_number(
			    json, name, (uint64_t)pst_db_number(db, at));
			break;
		case CELL_TEXT:
			pst_json_octets(json, name, pst_db_column(db, at));
			break;
		case CELL_AUTH:
			add_auth(json, name, pst_db_column(db, at));
			break;
		}
	}
	pst_json_close(json);
	puts(pst_json_end(json));
}

static bool
print_rows(struct pst_db *db, const struct pst_store_request *request,
    struct pst_err *err)
{
	const struct pst_db_value values[] = {
	    pst_db_int(request->day), pst_db_text(request->domain)};

	struct cell cells[MAX_CELLS];
	const size_t count = list_cells(cells);

	if (!pst_db_select(
		db, pst_fields_sql(selection), values, PST_COUNT(values), err))
		return false;
	for (size_t i = 0; request->csv && i < count; i++)
		printf("%s%s", cells[i].name, i + 1 < count ? "," : "\r\n");
	while (!ferror(stdout) && pst_db_next(db)) {
		struct pst_arena *arena = pst_arena_new();

		if (request->csv)
			print_csv(db, arena, cells, count);
		else
			print_json(db, arena, cells, count);
		pst_arena_free(arena);
	}
	return pst_db_end(db, err);
}

int
pst_store_export(
    const struct pst_config *config, const struct pst_store_request *request)
{
	struct pst_err err;
	struct pst_db *db = config->store.postgresql[0] != '\0' ?
	    pst_store_open_shared(config, &err) :
	    pst_store_open(config, PST_DB_READ, &err);
	bool ok = db != NULL && print_rows(db, request, &err);

	pst_db_close(db);
	return ok ? PST_EXIT_OK : pst_ui_fail(command, "%s", err.text);
}
