/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/day.h"
#include "base/macros.h"
#include "store/store.h"
#include "tools/command.h"
#include "tools/store.h"
#include "tools/ui.h"

static const char command[] = "store";

/* The columns of the selection; the first and the last are numbers. */
static const char *const columns[] = {"day", "domain", "source_ip",
    "disposition", "dkim", "spf", "reason", "comment", "header_from",
    "envelope_from", "envelope_to", "report", "auth", "count"};

enum {
	DAY = 0,
	AUTH = PST_COUNT(columns) - 2,
	MESSAGES = PST_COUNT(columns) - 1,
};

static const char selection[] =
    "SELECT day, domain, source_ip, disposition, dkim, spf, reason, comment,"
    " header_from, envelope_from, envelope_to, owner, auth, n FROM record"
    " WHERE ($1 < 0 OR day = $1) AND ($2 = '' OR domain = $2)"
    " ORDER BY day, domain, owner, id";

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
print_csv(struct pst_db *db, struct pst_arena *arena)
{
	char day[PST_DAY_TEXT_SIZE];

	(void)fputs(pst_day_text(pst_db_number(db, DAY), day), stdout);
	for (unsigned i = DAY + 1; i < MESSAGES; i++) {
		putchar(',');
		print_cell(arena, pst_db_column(db, i));
	}
	printf(",%lld\r\n", (long long)pst_db_number(db, MESSAGES));
}

static void
add_auth(struct pst_json *json, struct pst_str auth)
{
	struct pst_report_auth line;

	pst_json_open_array(json, columns[AUTH]);
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
print_json(struct pst_db *db, struct pst_arena *arena)
{
	struct pst_json *json = pst_json_new(arena);
	char day[PST_DAY_TEXT_SIZE];

	pst_json_open_object(json, NULL);
	pst_json_text(
	    json, columns[DAY], pst_day_text(pst_db_number(db, DAY), day));
	for (unsigned i = DAY + 1; i < AUTH; i++)
		pst_json_octets(json, columns[i], pst_db_column(db, i));
	add_auth(json, pst_db_column(db, AUTH));
	pst_json_number(
	    json, columns[MESSAGES], (uint64_t)pst_db_number(db, MESSAGES));
	pst_json_close(json);
	puts(pst_json_end(json));
}

static bool
print_rows(struct pst_db *db, const struct pst_store_request *request,
    struct pst_err *err)
{
	const struct pst_db_value values[] = {
	    pst_db_int(request->day), pst_db_text(request->domain)};

	if (!pst_db_select(db, selection, values, PST_COUNT(values), err))
		return false;
	for (size_t i = 0; request->csv && i < PST_COUNT(columns); i++)
		printf("%s%s", columns[i],
		    i + 1 < PST_COUNT(columns) ? "," : "\r\n");
	while (!ferror(stdout) && pst_db_next(db)) {
		struct pst_arena *arena = pst_arena_new();

		if (request->csv)
			print_csv(db, arena);
		else
			print_json(db, arena);
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
