/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/day.h"
#include "store/schema.h"
#include "store/spool.h"
#include "store/store.h"
#include "tools/command.h"
#include "tools/store.h"
#include "tools/ui.h"

static const char command[] = "store";

enum number {
	FIRST_DAY,
	LAST_DAY,
	DOMAINS,
	ROWS,
	MESSAGES,
	OPEN_ROWS,
	INCIDENTS,
	WAITING,
	BATCHES, /* in JSON only */
	NUMBERS,
};

static const struct {
	const char *key;   /* in JSON */
	const char *label; /* for people */
	const char *sql;
} numbers[NUMBERS] = {
    [FIRST_DAY] = {"first_day", "first day",
	"SELECT COALESCE(MIN(day), -1) FROM record"},
    [LAST_DAY] = {"last_day", "last day",
	"SELECT COALESCE(MAX(day), -1) FROM record"},
    [DOMAINS] = {"domains", "policy domains",
	"SELECT COUNT(DISTINCT domain) FROM record"},
    [ROWS] = {"rows", "rows", "SELECT COUNT(*) FROM record"},
    [MESSAGES] = {"messages", "messages",
	"SELECT CAST(COALESCE(SUM(n), 0) AS BIGINT) FROM record"},
    [OPEN_ROWS] = {"open_rows", "rows not in a report yet",
	"SELECT COUNT(*) FROM record WHERE owner = ''"
	" OR owner IN (SELECT id FROM batch)"},
    [INCIDENTS] = {"incidents", "incidents for failure reports",
	"SELECT COUNT(*) FROM failure"},
    [WAITING] = {"waiting_deliveries", "reports waiting to be sent",
	"SELECT COUNT(*) FROM delivery WHERE state IN ('waiting', 'retry')"},
    [BATCHES] = {"batches", NULL, "SELECT COUNT(*) FROM batch"},
};

/* What is known about one of the two databases. */
struct store_facts {
	struct pst_schema schema;
	int64_t of[NUMBERS];
};

static bool
read_facts(struct pst_db *db, struct store_facts *facts, struct pst_err *err)
{
	if (!pst_schema_read(db, &facts->schema, err))
		return false;
	for (size_t i = 0; i < NUMBERS; i++) {
		if (!pst_db_get_number(
			db, numbers[i].sql, NULL, 0, &facts->of[i], NULL, err))
			return false;
	}
	return true;
}

static const char *
number_text(
    const struct store_facts *facts, enum number which, struct pst_arena *arena)
{
	char day[PST_DAY_TEXT_SIZE];
	int64_t value = facts->of[which];

	if (which != FIRST_DAY && which != LAST_DAY)
		return pst_arena_printf(arena, "%" PRId64, value);
	return value < 0 ? "-" :
			   pst_arena_strdup(arena, pst_day_text(value, day));
}

/* With a shared database, the open rows of the file wait for the upload. */
static void
print_facts(const struct store_facts *facts, bool to_be_uploaded,
    struct pst_arena *arena)
{
	const char *cells[BATCHES * 2];

	for (size_t i = 0; i < BATCHES; i++) {
		cells[i * 2] = i == OPEN_ROWS && to_be_uploaded ?
		    "rows not uploaded yet" :
		    numbers[i].label;
		cells[i * 2 + 1] = number_text(facts, (enum number)i, arena);
	}
	pst_ui_table(stdout, 4, cells, 2, BATCHES);
}

static void
add_facts(struct pst_json *json, const struct store_facts *facts,
    struct pst_arena *arena)
{
	pst_json_number(json, "version", (uint64_t)facts->schema.version);
	for (size_t i = 0; i < NUMBERS; i++) {
		if (i != FIRST_DAY && i != LAST_DAY)
			pst_json_number(
			    json, numbers[i].key, (uint64_t)facts->of[i]);
		else if (facts->of[i] < 0)
			pst_json_null(json, numbers[i].key);
		else
			pst_json_text(json, numbers[i].key,
			    number_text(facts, (enum number)i, arena));
	}
}

/* Prints each gateway that has ever uploaded, as JSON or for people. */
static bool
each_gateway(struct pst_db *db, struct pst_json *json, struct pst_err *err)
{
	struct pst_arena *arena = pst_arena_new();
	char date[PST_DATE_TEXT_SIZE];
	bool ok = pst_db_select(db,
	    "SELECT gateway, host, MAX(shipped_s) FROM batch"
	    " GROUP BY gateway, host ORDER BY 3 DESC",
	    NULL, 0, err);

	while (ok && pst_db_next(db)) {
		int64_t shipped_s = pst_db_number(db, 2);

		if (json == NULL) {
			printf("    gateway %.8s on %s uploaded last on %s\n",
			    pst_escaped(arena, pst_db_column(db, 0)),
			    pst_escaped(arena, pst_db_column(db, 1)),
			    pst_date_text(shipped_s, date));
			continue;
		}
		pst_json_open_object(json, NULL);
		pst_json_octets(json, "gateway", pst_db_column(db, 0));
		pst_json_octets(json, "host", pst_db_column(db, 1));
		pst_json_number(json, "shipped", (uint64_t)shipped_s);
		pst_json_close(json);
	}
	pst_arena_free(arena);
	return ok && pst_db_end(db, err);
}

/* Shows the shared database. An error is shown too; it then returns false. */
static bool
show_shared(const struct pst_config *config, struct pst_json *json,
    struct pst_arena *arena)
{
	struct pst_err err;
	struct store_facts facts;
	struct pst_db *db = pst_store_open_shared(config, &err);
	bool ok = db != NULL && read_facts(db, &facts, &err);

	if (json != NULL) {
		pst_json_open_object(json, "shared");
		pst_json_bool(json, "reachable", ok);
		pst_json_text(json, "error", ok ? NULL : err.text);
		if (ok)
			add_facts(json, &facts, arena);
		pst_json_open_array(json, "gateways");
		ok = ok && each_gateway(db, json, &err);
		pst_json_close(json);
		pst_json_close(json);
	} else if (ok) {
		printf("shared database, version %" PRId64 "\n",
		    facts.schema.version);
		print_facts(&facts, false, arena);
		ok = each_gateway(db, NULL, &err);
	}
	if (json == NULL && !ok)
		printf("%s\n", err.text);
	pst_db_close(db);
	return ok;
}

static void
add_file(struct pst_json *json, const struct pst_config *config,
    const struct store_facts *facts, struct pst_arena *arena)
{
	pst_json_text(json, "path", config->store.path);
	pst_json_number(json, "bytes", pst_store_file_size(config->store.path));
	add_facts(json, facts, arena);
}

/* Messages that wait beside the store (store/spool.h) are there very seldom. */
static void
print_spooled(const struct pst_config *config, int64_t spooled)
{
	char path[PST_SPOOL_PATH_SIZE];

	if (spooled == 0)
		return;
	pst_spool_path(config, path);
	printf("    %" PRId64 " messages wait in %s; posternd moves them\n",
	    spooled, path);
}

static bool
show_all(const struct pst_config *config, const struct store_facts *facts,
    int64_t spooled, bool json)
{
	bool has_shared = config->store.postgresql[0] != '\0';
	struct pst_arena *arena = pst_arena_new();
	struct pst_json *tree = json ? pst_json_new(arena) : NULL;
	bool ok = true;

	if (json) {
		pst_json_open_object(tree, NULL);
		add_file(tree, config, facts, arena);
		pst_json_number(tree, "spooled", (uint64_t)spooled);
	} else {
		printf("%s, version %" PRId64 ", %" PRIu64 " octets\n",
		    config->store.path, facts->schema.version,
		    pst_store_file_size(config->store.path));
		print_facts(facts, has_shared, arena);
		print_spooled(config, spooled);
	}
	if (has_shared)
		ok = show_shared(config, tree, arena);
	else if (json)
		pst_json_null(tree, "shared");
	if (json) {
		pst_json_close(tree);
		puts(pst_json_end(tree));
	}
	pst_arena_free(arena);
	return ok;
}

/* A store that only newer programs may use is not read, but its spool is. */
static int
fail_to_open(const struct pst_config *config, const struct pst_err *why)
{
	char path[PST_SPOOL_PATH_SIZE];
	int64_t spooled;

	if (!pst_spool_count(config, &spooled, NULL) || spooled == 0)
		return pst_ui_fail(command, "%s", why->text);
	pst_spool_path(config, path);
	return pst_ui_fail(command, "%s; %" PRId64 " messages wait in %s",
	    why->text, spooled, path);
}

int
pst_store_info(
    const struct pst_config *config, const struct pst_store_request *request)
{
	struct store_facts facts;
	struct pst_err err;
	struct pst_db *db = pst_store_open(config, PST_DB_READ, &err);
	int64_t spooled;
	bool ok;

	if (db == NULL)
		return fail_to_open(config, &err);
	ok = read_facts(db, &facts, &err) &&
	    pst_spool_count(config, &spooled, &err);
	pst_db_close(db);
	if (!ok)
		return pst_ui_fail(command, "%s", err.text);
	return show_all(config, &facts, spooled, request->json) ?
	    PST_EXIT_OK :
	    PST_EXIT_OTHER;
}
