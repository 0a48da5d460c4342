/* SPDX-License-Identifier: BSD-2-Clause */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/day.h"
#include "base/json.h"
#include "store/open.h"
#include "store/query_sources.h"
#include "tools/argument.h"
#include "tools/command.h"
#include "tools/settings.h"
#include "tools/ui.h"

static const char command[] = "source";

/* A wider network has many owners, so nothing is true of all of it. */
#define WIDEST_V4 8
#define WIDEST_V6 16

enum option_id {
	OPT_MINE = 1000,
	OPT_FORGER,
	OPT_FORWARDER,
	OPT_NONE,
	OPT_NOTE,
	OPT_JSON,
};

static const struct option options[] = {
    {"mine", no_argument, NULL, OPT_MINE},
    {"forger", no_argument, NULL, OPT_FORGER},
    {"forwarder", no_argument, NULL, OPT_FORWARDER},
    {"none", no_argument, NULL, OPT_NONE},
    {"note", required_argument, NULL, OPT_NOTE},
    {"config", required_argument, NULL, PST_OPT_CONFIG},
    {"json", no_argument, NULL, OPT_JSON},
    {NULL, 0, NULL, 0},
};

struct request {
	struct pst_arena *arena;
	struct pst_settings settings;
	const char *source; /* in the form in which it is marked; NULL: all */
	struct pst_net net;
	enum pst_mark_kind mark;
	const char *note; /* NULL: not given */
	bool sets, json;
};

/* ---- the command line ---- */

static bool
mistake(const char *sentence)
{
	(void)pst_ui_fail(command, "%s", sentence);
	return false;
}

static bool
take_mark(struct request *request, enum pst_mark_kind mark)
{
	if (request->sets)
		return mistake("only one of --mine, --forger, --forwarder and "
			       "--none can be given");
	request->sets = true;
	request->mark = mark;
	return true;
}

static bool
take_note(struct request *request, const char *text)
{
	struct pst_str note = pst_str(text);
	bool good = note.len <= PST_MARK_NOTE_MAX && pst_str_is_utf8(note);

	for (size_t i = 0; good && i < note.len; i++)
		good = (unsigned char)text[i] >= ' ' && text[i] != 0x7f;
	if (!good) {
		(void)pst_ui_fail(command,
		    "--note must be one line of text in UTF-8 with at most %d "
		    "octets",
		    PST_MARK_NOTE_MAX);
		return false;
	}
	request->note = text;
	return true;
}

static bool
take_option(struct request *request, int key)
{
	switch (key) {
	case OPT_MINE:
		return take_mark(request, PST_MARK_MINE);
	case OPT_FORGER:
		return take_mark(request, PST_MARK_FORGER);
	case OPT_FORWARDER:
		return take_mark(request, PST_MARK_FORWARDER);
	case OPT_NONE:
		return take_mark(request, PST_MARK_NONE);
	case OPT_NOTE:
		return take_note(request, optarg);
	case OPT_JSON:
		request->json = true;
		return true;
	default:
		return pst_settings_take(
		    command, key, optarg, &request->settings);
	}
}

static bool
take_source(struct request *request, const char *text)
{
	request->source = pst_mark_source(request->arena, text);
	if (request->source != NULL &&
	    pst_net_parse(pst_str(text), &request->net))
		return true;
	(void)pst_ui_fail(command,
	    "\"%s\" is neither an address such as 198.51.100.9 nor a network "
	    "without host bits such as 198.51.100.0/24",
	    pst_escaped(request->arena, pst_str(text)));
	return false;
}

static bool
check_width(const struct request *request)
{
	unsigned widest =
	    request->net.base.family == PST_IP_V4 ? WIDEST_V4 : WIDEST_V6;

	if (request->mark == PST_MARK_NONE ||
	    request->net.prefix_bits >= widest)
		return true;
	(void)pst_ui_fail(command,
	    "%s is too wide for a mark, since it has many owners; a network "
	    "needs a prefix of at least /%u",
	    request->source, widest);
	return false;
}

static bool
check_request(const struct request *request)
{
	if (request->sets && request->source == NULL)
		return mistake("a mark requires an address or a network");
	if (request->sets && request->json)
		return mistake("--json lists marks, so it cannot be combined "
			       "with a new one");
	if (request->note != NULL &&
	    (!request->sets || request->mark == PST_MARK_NONE))
		return mistake("--note requires --mine, --forger or "
			       "--forwarder");
	return !request->sets || check_width(request);
}

static bool
read_command_line(struct request *request, int argc, char **argv)
{
	int key;

	while ((key = pst_argument_next(command, argc, argv, options)) != -1)
		if (key == '?' || !take_option(request, key))
			return false;
	if (optind < argc && !take_source(request, argv[optind++]))
		return false;
	if (optind < argc)
		return mistake("only one address or network can be given");
	return check_request(request);
}

/* ---- marks ---- */

static void
add_mark(struct pst_json *json, const struct pst_source_mark *mark)
{
	pst_json_open_object(json, NULL);
	pst_json_text(json, "source", mark->source);
	pst_json_text(json, "mark", pst_mark_word(mark->mark));
	pst_json_text(json, "note", mark->note);
	pst_json_number(json, "set", (uint64_t)mark->set_s);
	pst_json_close(json);
}

static void
print_json(struct pst_arena *arena, const struct pst_source_marks *marks)
{
	struct pst_json *json = pst_json_new(arena);

	pst_json_open_object(json, NULL);
	pst_json_open_array(json, "marks");
	for (size_t i = 0; i < marks->count; i++)
		add_mark(json, &marks->items[i]);
	pst_json_close(json);
	pst_json_close(json);
	puts(pst_json_end(json));
}

#define COLUMNS 4

static void
print_text(struct pst_arena *arena, const struct pst_source_marks *marks)
{
	const char **cells = pst_arena_array(
	    arena, (marks->count + 1) * COLUMNS, sizeof(*cells));
	static const char *const heads[COLUMNS] = {
	    "source", "mark", "since", "note"};

	memcpy(cells, heads, sizeof(heads));
	for (size_t i = 0; i < marks->count; i++) {
		const struct pst_source_mark *mark = &marks->items[i];
		const char **row = cells + (i + 1) * COLUMNS;

		row[0] = mark->source;
		row[1] = pst_mark_word(mark->mark);
		row[2] = pst_day_text(pst_day_of(mark->set_s),
		    pst_arena_alloc(arena, PST_DAY_TEXT_SIZE));
		row[3] = pst_escaped(arena, pst_str(mark->note));
	}
	pst_ui_table(stdout, 0, cells, COLUMNS, marks->count + 1);
}

/* Leaves the one mark that applies to the address or network, or none. */
static void
choose(const struct request *request, struct pst_source_marks *marks)
{
	static struct pst_source_mark one;
	const struct pst_source_mark *found = NULL;
	unsigned bits = 0;

	for (size_t i = 0; i < marks->count; i++) {
		struct pst_net net;

		if (pst_net_parse(pst_str(marks->items[i].source), &net) &&
		    pst_net_contains(&net, &request->net.base) &&
		    net.prefix_bits <= request->net.prefix_bits &&
		    net.prefix_bits >= bits) {
			found = &marks->items[i];
			bits = net.prefix_bits;
		}
	}
	if (found != NULL)
		one = *found;
	marks->items = &one;
	marks->count = found != NULL;
}

static int
list(const struct request *request, struct pst_store *store)
{
	struct pst_source_marks marks;
	struct pst_err err;

	if (!pst_store_open(store, PST_STORE_READ, &err) ||
	    !pst_query_marks(store->db, request->arena, &marks, &err))
		return pst_ui_fail(command, "%s", err.text);
	if (request->source != NULL)
		choose(request, &marks);
	if (request->json) {
		print_json(request->arena, &marks);
	} else if (marks.count > 0) {
		print_text(request->arena, &marks);
	} else if (request->source != NULL) {
		printf("%s has no mark\n", request->source);
	} else {
		puts("no source has a mark");
	}
	return request->source == NULL || marks.count > 0 ? PST_EXIT_OK :
							    PST_EXIT_OTHER;
}

static int
set(const struct request *request, struct pst_store *store)
{
	const struct pst_source_mark mark = {.source = request->source,
	    .mark = request->mark,
	    .note = request->note == NULL ? "" : request->note,
	    .set_s = pst_store_now(store)};
	struct pst_err err;

	if (!pst_store_open(store, PST_STORE_REPORTS, &err) ||
	    !pst_store_mark(store->db, &mark, &err))
		return pst_ui_fail(command, "%s", err.text);
	if (mark.mark == PST_MARK_NONE)
		printf("%s has no mark of its own now\n", mark.source);
	else
		printf("%s is marked \"%s\"\n", mark.source,
		    pst_mark_word(mark.mark));
	return PST_EXIT_OK;
}

static int
run(const struct request *request)
{
	const char *origin;
	struct pst_config *config =
	    pst_settings_load(command, request->settings.config_file, &origin);
	struct pst_store store = {.config = config, .clock = &pst_clock_system};
	int status;

	if (config == NULL)
		return PST_EXIT_USAGE;
	status = request->sets ? set(request, &store) : list(request, &store);
	pst_store_close(&store);
	pst_config_unref(config);
	return status;
}

int
pst_cmd_source(int argc, char **argv)
{
	struct request request = {.arena = pst_arena_new()};
	int status = PST_EXIT_USAGE;

	if (read_command_line(&request, argc, argv))
		status = run(&request);
	pst_arena_free(request.arena);
	return pst_ui_finish(command, status);
}
