/* SPDX-License-Identifier: BSD-2-Clause */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/day.h"
#include "base/json.h"
#include "store/journal_config.h"
#include "store/journal_entry.h"
#include "store/journal_forget.h"
#include "store/journal_share.h"
#include "store/journals.h"
#include "store/open.h"
#include "store/tallies.h"
#include "tools/argument.h"
#include "tools/command.h"
#include "tools/settings.h"
#include "tools/store.h"
#include "tools/ui.h"

static const char command[] = "journal";

/* While the daemon has the file locked. */
#define PATIENCE_MS 10000
/* What a worker has in its queue is in the file after so long. */
#define QUEUE_S 2

struct request {
	const char *config_file; /* NULL: the system's file */
	const char *to;          /* NULL: not given */
	bool json;
};

static const struct option options[] = {
    {"config", required_argument, NULL, 'f'},
    {"to", required_argument, NULL, 't'},
    {"json", no_argument, NULL, 'j'},
    {NULL, 0, NULL, 0},
};

/* ---- info ---- */

static const char *const stream_names[] = {
    [PST_JOURNAL_ACCEPTED] = "accepted",
    [PST_JOURNAL_OTHER] = "other",
};

/* What is known of the journal's files. */
struct facts {
	const char *path;
	const char *tallies_path;
	struct pst_journal_limits limits;
	struct pst_journal_figures figures;
};

static void
print_stream(const struct facts *facts, enum pst_journal_stream stream)
{
	const char *what = stream == PST_JOURNAL_ACCEPTED ?
	    "accepted messages" :
	    "other messages: refused, tagged, held, deferred, only watched";
	char first[PST_DATE_TEXT_SIZE], last[PST_DATE_TEXT_SIZE];
	uint64_t entries = facts->figures.streams[stream].entries;

	printf("%12" PRIu64 "  %s\n", entries, what);
	if (entries == 0)
		return;
	printf("              in %" PRIu64 " octets, %" PRIu64 " each\n",
	    facts->figures.streams[stream].bytes,
	    facts->figures.streams[stream].bytes / entries);
	printf("              from %s\n              to   %s\n",
	    pst_date_text(facts->figures.streams[stream].first_s, first),
	    pst_date_text(facts->figures.streams[stream].last_s, last));
}

static void
print_facts(const struct facts *facts)
{
	printf("%s\n", facts->path);
	printf("%12" PRIu64 "  octets, of at most %" PRIu64 "\n",
	    facts->figures.file_bytes, facts->limits.max_bytes);
	printf("%12" PRId64 "  days are kept at most\n",
	    facts->limits.retention_s / 86400);
	print_stream(facts, PST_JOURNAL_OTHER);
	print_stream(facts, PST_JOURNAL_ACCEPTED);
	printf("%s\n%12" PRIu64 "  octets of numbers, for \"postern stats\"\n",
	    facts->tallies_path, pst_store_file_size(facts->tallies_path));
}

static void
add_stream(struct pst_json *json, const struct facts *facts,
    enum pst_journal_stream stream)
{
	pst_json_open_object(json, stream_names[stream]);
	pst_json_number(
	    json, "messages", facts->figures.streams[stream].entries);
	pst_json_number(json, "bytes", facts->figures.streams[stream].bytes);
	pst_json_number(
	    json, "raw_bytes", facts->figures.streams[stream].raw_bytes);
	pst_json_number(json, "first_epoch",
	    (uint64_t)facts->figures.streams[stream].first_s);
	pst_json_number(json, "last_epoch",
	    (uint64_t)facts->figures.streams[stream].last_s);
	pst_json_close(json);
}

static void
print_json(struct pst_arena *arena, const struct facts *facts)
{
	struct pst_json *json = pst_json_new(arena);

	pst_json_open_object(json, NULL);
	pst_json_text(json, "path", facts->path);
	pst_json_number(json, "bytes", facts->figures.file_bytes);
	pst_json_number(json, "max_bytes", facts->limits.max_bytes);
	pst_json_number(
	    json, "retention_s", (uint64_t)facts->limits.retention_s);
	add_stream(json, facts, PST_JOURNAL_OTHER);
	add_stream(json, facts, PST_JOURNAL_ACCEPTED);
	pst_json_text(json, "tallies_path", facts->tallies_path);
	pst_json_number(
	    json, "tallies_bytes", pst_store_file_size(facts->tallies_path));
	pst_json_close(json);
	puts(pst_json_end(json));
}

static int
info(struct pst_config *config, const struct request *request)
{
	struct pst_arena *arena = pst_arena_new();
	struct facts facts = {.path = pst_journal_path(arena, config)};
	struct pst_journal *journal;
	struct pst_err err;
	int status = PST_EXIT_OK;

	facts.tallies_path = pst_tallies_path(arena, facts.path);
	facts.limits = pst_journal_limits_of(config, facts.path);
	journal = pst_journals_open_own(arena, config, &err);
	if (journal == NULL ||
	    !pst_journal_figures(journal, &facts.figures, &err))
		status = pst_ui_fail(command, "%s", err.text);
	else if (request->json)
		print_json(arena, &facts);
	else
		print_facts(&facts);
	pst_journal_close(journal);
	pst_arena_free(arena);
	return status;
}

/* ---- forget ---- */

/* Twice: the second time for what was in the queue of a worker. */
static bool
rewrite(struct pst_journal *journal, struct pst_journal_forgetting *forgetting,
    struct pst_err *err)
{
	const struct timespec pause = {.tv_sec = QUEUE_S};
	uint64_t count;
	bool ok = true;

	for (int turn = 0; turn < 2 && ok; turn++) {
		if (turn > 0)
			(void)nanosleep(&pause, NULL);
		ok = pst_journal_rewrite(journal, &forgetting->key,
		    pst_journal_forget_begin(forgetting), &count, err);
		pst_journal_forget_end(forgetting);
	}
	return ok;
}

/* False after a sentence, which says what is left to be done. */
static bool
forget_here(struct pst_arena *arena, struct pst_journal_forgetting *forgetting)
{
	const char *path = pst_journal_path(arena, forgetting->config);
	struct pst_journal *journal;
	struct pst_err err;
	bool ok;

	journal = pst_journal_open(path, PST_JOURNAL_WRITE, PATIENCE_MS, &err);
	ok = journal != NULL && rewrite(journal, forgetting, &err);
	pst_journal_close(journal);
	if (!ok)
		pst_ui_note(command,
		    "not everything is forgotten; run the command again: %s",
		    err.text);
	else
		printf("%s: %" PRIu64 " entries deleted, and the address taken "
		       "out of %" PRIu64 " that had other recipients, too\n",
		    path, forgetting->deleted, forgetting->changed);
	return ok;
}

/* The same in the shared database, after this gateway's file. */
static bool
forget_shared(struct pst_journal_forgetting *forgetting)
{
	struct pst_store store = {
	    .config = forgetting->config, .clock = &pst_clock_system};
	struct pst_err err;
	uint64_t count;
	bool ok;

	if (!pst_store_has_shared(forgetting->config))
		return true;
	forgetting->deleted = forgetting->changed = 0;
	ok = pst_store_open_shared(&store, &err) &&
	    pst_journal_share_forget(store.db, &forgetting->key,
		pst_journal_forget_begin(forgetting), &count, &err);
	pst_journal_forget_end(forgetting);
	pst_store_close(&store);
	if (!ok)
		pst_ui_note(command,
		    "the shared database has not forgotten; run the command "
		    "again: %s",
		    err.text);
	else
		printf("shared database: %" PRIu64 " entries deleted, and the "
		       "address taken out of %" PRIu64 "; run the command on "
		       "the other gateways, too\n",
		    forgetting->deleted, forgetting->changed);
	return ok;
}

static int
forget_all(struct pst_arena *arena, struct pst_journal_forgetting *forgetting)
{
	struct pst_err err;
	struct pst_journal *journal =
	    pst_journals_open_own(arena, forgetting->config, &err);

	if (journal == NULL)
		return pst_ui_fail(command, "%s", err.text);
	pst_journal_close(journal);
	return forget_here(arena, forgetting) && forget_shared(forgetting) ?
	    PST_EXIT_OK :
	    PST_EXIT_OTHER;
}

static int
forget(struct pst_config *config, const struct request *request)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_journal_forgetting forgetting = {.config = config};
	struct pst_err err;
	int status;

	if (pst_journal_key_parse(
		arena, PST_JOURNAL_RCPT, request->to, &forgetting.key, &err))
		status = forget_all(arena, &forgetting);
	else
		status = pst_ui_fail(command, "--to: %s", err.text);
	pst_arena_free(arena);
	return status;
}

/* ---- the command ---- */

static bool
read_options(struct request *request, int argc, char **argv)
{
	int c;

	while ((c = pst_argument_next(command, argc, argv, options)) != -1) {
		switch (c) {
		case 'f':
			request->config_file = optarg;
			break;
		case 't':
			request->to = optarg;
			break;
		case 'j':
			request->json = true;
			break;
		default:
			return false;
		}
	}
	return true;
}

static int
run(const char *verb, const struct request *request)
{
	bool is_info = strcmp(verb, "info") == 0;
	const char *origin;
	struct pst_config *config;
	int status;

	if (!is_info && strcmp(verb, "forget") != 0)
		return pst_ui_fail(command,
		    "unknown subcommand \"%s\"; expected one of: info, forget",
		    verb);
	if (is_info && request->to != NULL)
		return pst_ui_fail(command, "--to requires forget");
	if (!is_info && (request->to == NULL || request->json))
		return pst_ui_fail(command,
		    request->json ?
			"--json requires info" :
			"forget requires --to ADDRESS, the recipient to "
			"forget");
	config = pst_settings_load(command, request->config_file, &origin);
	if (config == NULL)
		return PST_EXIT_USAGE;
	status = is_info ? info(config, request) : forget(config, request);
	pst_config_unref(config);
	return status;
}

int
pst_cmd_journal(int argc, char **argv)
{
	struct request request = {.config_file = NULL};
	int status = PST_EXIT_USAGE;

	if (!read_options(&request, argc, argv))
		;
	else if (argc - optind != 1)
		pst_ui_fail(command, "expected one subcommand: info or forget");
	else
		status = run(argv[optind], &request);
	return pst_ui_finish(command, status);
}
