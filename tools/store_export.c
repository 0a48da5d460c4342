/* SPDX-License-Identifier: BSD-2-Clause */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/day.h"
#include "base/macros.h"
#include "store/fields.h"
#include "store/open.h"
#include "store/query.h"
#include "tools/command.h"
#include "tools/csv.h"
#include "tools/store.h"
#include "tools/ui.h"

static const char command[] = "store";

/* One value that is printed of a row. */
struct cell {
	const char *name;
	enum { CELL_TEXT, CELL_DAY, CELL_AUTH, CELL_NUMBER } kind;
	const char *text; /* of TEXT and AUTH */
	int64_t number;   /* of DAY and NUMBER */
};

#define MAX_CELLS PST_DB_MAX_VALUES

/* Lists the cells of a row in the order of printing; returns their number. */
static size_t
list_cells(const struct pst_query_row *row, struct cell cells[MAX_CELLS])
{
	struct pst_report_row fields = row->fields;
	const struct pst_field *field = NULL;
	size_t count = 0;

	while ((field = pst_field_next(field, PST_FIELD_RECORD)) != NULL) {
		struct cell cell = {.name = field->name, .kind = CELL_TEXT};

		assert(count + 3 < MAX_CELLS);
		if (field->kind == PST_FIELD_NUMBER) {
			cell.kind = strcmp(field->name, "day") == 0 ?
			    CELL_DAY :
			    CELL_NUMBER;
			cell.number = *pst_field_number(field, &fields);
		} else {
			cell.text = pst_field_text_of(field, &fields);
		}
		if (strcmp(field->name, "auth") == 0) {
			cell.kind = CELL_AUTH;
			cells[count++] = (struct cell){
			    .name = "report", .text = row->report};
		}
		cells[count++] = cell;
	}
	cells[count++] = (struct cell){
	    .name = "count", .kind = CELL_NUMBER, .number = row->messages};
	return count;
}

static bool
print_csv(void *arg, const struct pst_query_row *row)
{
	struct cell cells[MAX_CELLS];
	const size_t count = list_cells(row, cells);
	char day[PST_DAY_TEXT_SIZE];

	(void)arg;
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			putchar(',');
		switch (cells[i].kind) {
		case CELL_DAY:
			(void)fputs(pst_day_text(cells[i].number, day), stdout);
			break;
		case CELL_NUMBER:
			printf("%lld", (long long)cells[i].number);
			break;
		case CELL_TEXT:
		case CELL_AUTH:
			pst_csv_text(pst_str(cells[i].text));
			break;
		}
	}
	(void)fputs("\r\n", stdout);
	return !ferror(stdout);
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

static bool
print_json(void *arg, const struct pst_query_row *row)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_json *json = pst_json_new(arena);
	struct cell cells[MAX_CELLS];
	const size_t count = list_cells(row, cells);
	char day[PST_DAY_TEXT_SIZE];

	(void)arg;
	pst_json_open_object(json, NULL);
	for (size_t i = 0; i < count; i++) {
		const struct cell *cell = &cells[i];

		switch (cell->kind) {
		case CELL_DAY:
			pst_json_text(
			    json, cell->name, pst_day_text(cell->number, day));
			break;
		case CELL_NUMBER:
			pst_json_number(
			    json, cell->name, (uint64_t)cell->number);
			break;
		case CELL_TEXT:
			pst_json_octets(json, cell->name, pst_str(cell->text));
			break;
		case CELL_AUTH:
			add_auth(json, cell->name, pst_str(cell->text));
			break;
		}
	}
	pst_json_close(json);
	puts(pst_json_end(json));
	pst_arena_free(arena);
	return !ferror(stdout);
}

static void
print_names(void)
{
	static const struct pst_query_row none;
	struct cell cells[MAX_CELLS];
	const size_t count = list_cells(&none, cells);

	for (size_t i = 0; i < count; i++)
		printf("%s%s", cells[i].name, i + 1 < count ? "," : "\r\n");
}

int
pst_store_export(
    const struct pst_config *config, const struct pst_store_request *request)
{
	const struct pst_query_rows query = {.day = request->day,
	    .domain = request->domain,
	    .visit = request->csv ? print_csv : print_json};
	struct pst_store store = {.config = config, .clock = &pst_clock_system};
	struct pst_err err;
	bool ok = pst_store_open(&store, PST_STORE_READ, &err);

	if (ok && request->csv)
		print_names();
	ok = ok && pst_query_rows(store.db, &query, &err);
	pst_store_close(&store);
	return ok ? PST_EXIT_OK : pst_ui_fail(command, "%s", err.text);
}
