/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/day.h"
#include "store/schema.h"
#include "store/open.h"
#include "store/query.h"
#include "store/spool.h"
#include "tools/command.h"
#include "tools/store.h"
#include "tools/ui.h"

static const char command[] = "store";

/* A number of the table: its key in JSON, and its label for people. */
struct number {
	const char *key;
	const char *label; /* NULL: in JSON only */
	bool is_day;
	int64_t value;
};

#define NUMBERS 9

static void
list_numbers(const struct pst_query_facts *facts, struct number out[NUMBERS])
{
	const struct number numbers[NUMBERS] = {
	    {"first_day", "first day", true, facts->first_day},
	    {"last_day", "last day", true, facts->last_day},
	    {"domains", "policy domains", false, facts->domains},
	    {"rows", "rows", false, facts->rows},
	    {"messages", "messages", false, facts->messages},
	    {"open_rows", "rows not in a report yet", false, facts->open_rows},
	    {"incidents", "incidents for failure reports", false,
		facts->incidents},
	    {"waiting_deliveries", "reports waiting to be sent", false,
		facts->waiting_deliveries},
	    {"batches", NULL, false, facts->batches},
	};

	memcpy(out, numbers, sizeof(numbers));
}

static const char *
number_text(const struct number *number, struct pst_arena *arena)
{
	char day[PST_DAY_TEXT_SIZE];

	if (!number->is_day)
		return pst_arena_printf(arena, "%" PRId64, number->value);
	return number->value < 0 ?
	    "-" :
	    pst_arena_strdup(arena, pst_day_text(number->value, day));
}

/* With a shared database, the open rows of the file wait for the upload. */
static void
print_facts(const struct pst_query_facts *facts, bool to_be_uploaded,
    struct pst_arena *arena)
{
	struct number numbers[NUMBERS];
	const char *cells[NUMBERS * 2];
	size_t count = 0;

	list_numbers(facts, numbers);
	for (size_t i = 0; i < NUMBERS; i++) {
		const struct number *number = &numbers[i];

		if (number->label == NULL)
			continue;
		cells[count * 2] =
		    to_be_uploaded && strcmp(number->key, "open_rows") == 0 ?
		    "rows not uploaded yet" :
		    number->label;
		cells[count++ * 2 + 1] = number_text(number, arena);
	}
	pst_ui_table(stdout, 4, cells, 2, count);
}

static void
add_facts(struct pst_json *json, const struct pst_query_facts *facts,
    struct pst_arena *arena)
{
	struct number numbers[NUMBERS];

	pst_json_number(json, "version", (uint64_t)facts->schema.version);
	list_numbers(facts, numbers);
	for (size_t i = 0; i < NUMBERS; i++) {
		const struct number *number = &numbers[i];

		if (!number->is_day)
			pst_json_number(
			    json, number->key, (uint64_t)number->value);
		else if (number->value < 0)
			pst_json_null(json, number->key);
		else
			pst_json_text(
			    json, number->key, number_text(number, arena));
	}
}

static void
print_gateway(void *arg, const struct pst_query_gateway *gateway)
{
	struct pst_arena *arena = pst_arena_new();
	char date[PST_DATE_TEXT_SIZE];

	(void)arg;
	printf("    gateway %.8s on %s uploaded last on %s\n",
	    pst_escaped(arena, gateway->id), pst_escaped(arena, gateway->host),
	    pst_date_text(gateway->uploaded_s, date));
	pst_arena_free(arena);
}

static void
add_gateway(void *arg, const struct pst_query_gateway *gateway)
{
	struct pst_json *json = arg;

	pst_json_open_object(json, NULL);
	pst_json_octets(json, "gateway", gateway->id);
	pst_json_octets(json, "host", gateway->host);
	pst_json_number(json, "shipped", (uint64_t)gateway->uploaded_s);
	pst_json_close(json);
}

/* Shows the shared database. An error is shown too; it then returns false. */
static bool
show_shared(const struct pst_config *config, struct pst_json *json,
    struct pst_arena *arena)
{
	struct pst_store store = {.config = config, .clock = &pst_clock_system};
	struct pst_query_facts facts;
	struct pst_err err;
	bool ok = pst_store_open_shared(&store, &err) &&
	    pst_query_facts(store.db, &facts, &err);

	if (json != NULL) {
		pst_json_open_object(json, "shared");
		pst_json_bool(json, "reachable", ok);
		pst_json_text(json, "error", ok ? NULL : err.text);
		if (ok)
			add_facts(json, &facts, arena);
		pst_json_open_array(json, "gateways");
		ok =
		    ok && pst_query_gateways(store.db, add_gateway, json, &err);
		pst_json_close(json);
		pst_json_close(json);
	} else if (ok) {
		printf("shared database, version %" PRId64 "\n",
		    facts.schema.version);
		print_facts(&facts, false, arena);
		ok = pst_query_gateways(store.db, print_gateway, NULL, &err);
	}
	if (json == NULL && !ok)
		printf("%s\n", err.text);
	pst_store_close(&store);
	return ok;
}

static void
add_file(struct pst_json *json, const struct pst_config *config,
    const struct pst_query_facts *facts, struct pst_arena *arena)
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
show_all(const struct pst_config *config, const struct pst_query_facts *facts,
    int64_t spooled, bool json)
{
	bool has_shared = pst_store_has_shared(config);
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
	struct pst_store store = {.config = config, .clock = &pst_clock_system};
	struct pst_query_facts facts;
	struct pst_err err;
	int64_t spooled;
	bool ok;

	if (!pst_store_open_file(&store, PST_DB_READ, &err))
		return fail_to_open(config, &err);
	ok = pst_query_facts(store.db, &facts, &err) &&
	    pst_spool_count(config, &spooled, &err);

	pst_store_close(&store);
	if (!ok)
		return pst_ui_fail(command, "%s", err.text);
	return show_all(config, &facts, spooled, request->json) ?
	    PST_EXIT_OK :
	    PST_EXIT_OTHER;
}
