/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/replay.h"

#include <getopt.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "store/journal_config.h"
#include "store/journal_entry.h"
#include "store/journals.h"
#include "tools/argument.h"
#include "tools/command.h"
#include "tools/settings.h"
#include "tools/ui.h"

static const char command[] = "replay";

static const struct option options[] = {
    {"config", required_argument, NULL, 'f'},
    {"journal-of", required_argument, NULL, 'o'},
    {"json", no_argument, NULL, 'j'},
    {"since", required_argument, NULL, 's'},
    {"until", required_argument, NULL, 'u'},
    {NULL, 0, NULL, 0},
};

struct request {
	const char *config_file;  /* that decides; NULL: the same */
	const char *journal_file; /* whose journal is read; NULL: the system's
	                             configuration */
	int64_t since_s, until_s; /* 0: not given */
	bool json;
};

/* What is read, and how. */
struct replaying {
	struct pst_journal *journal;
	struct pst_config *config; /* that decides */
	const struct request *request;
	struct pst_replay_result *result;
	const struct pst_journal_key *key; /* NULL: all messages */
	uint64_t found;                    /* with that key */
};

static bool
replay_one(void *arg, enum pst_journal_stream stream, int64_t seen_s,
    struct pst_str octets)
{
	struct replaying *replaying = arg;
	struct pst_arena *arena = pst_arena_new();
	struct pst_recorded recorded;
	struct pst_replay replay;
	struct pst_err err;

	(void)stream;
	(void)seen_s;
	if (!pst_recorded_read(
		arena, octets, replaying->config, &recorded, &err)) {
		replaying->result->unreadable++;
	} else if (replaying->key == NULL ||
	    pst_journal_entry_has(arena, &recorded, replaying->key)) {
		replaying->found++;
		pst_replay_decide(arena, &recorded, &replay);
		pst_replay_result_add(
		    replaying->result, &recorded.message, &replay);
		if (replaying->key != NULL && !replaying->request->json)
			pst_replay_print_one(arena, &recorded.message, &replay);
	}
	pst_arena_free(arena);
	return true;
}

static bool
search(struct replaying *replaying, struct pst_err *err)
{
	const struct pst_journal_query query = {.keys = replaying->key,
	    .key_count = replaying->key == NULL ? 0 : 1,
	    .since_s = replaying->request->since_s,
	    .until_s = replaying->request->until_s};
	uint64_t damaged = 0;
	bool ok = pst_journal_search(replaying->journal, &query,
	    (struct pst_journal_visitor){replay_one, replaying}, &damaged, err);

	replaying->result->unreadable += damaged;
	return ok;
}

static bool
search_ids(struct pst_arena *arena, struct replaying *replaying, char **ids,
    struct pst_err *err)
{
	for (; *ids != NULL; ids++) {
		struct pst_journal_key key;

		if (!pst_journal_key_parse(
			arena, PST_JOURNAL_QUEUE_ID, *ids, &key, err))
			return false;
		replaying->key = &key;
		replaying->found = 0;
		if (!search(replaying, err))
			return false;
		if (replaying->found == 0) {
			replaying->result->not_found++;
			pst_ui_note(command,
			    "the journal has no message with the queue id "
			    "\"%s\"%s",
			    pst_escaped(arena, pst_str(*ids)),
			    replaying->request->since_s != 0 ||
				    replaying->request->until_s != 0 ?
				" in that time" :
				"");
		}
	}
	return true;
}

static bool
is_plain_success(const struct pst_replay_result *result)
{
	return result->changed == 0 && result->in_doubt == 0 &&
	    result->unreadable == 0 && result->not_found == 0;
}

static int
replay(struct pst_arena *arena, struct replaying *replaying, char **ids)
{
	struct pst_replay_result *result = replaying->result;
	bool has_ids = *ids != NULL;
	struct pst_err err;

	if (has_ids ? !search_ids(arena, replaying, ids, &err) :
		      !search(replaying, &err))
		return pst_ui_fail(command, "%s", err.text);
	if (replaying->request->json) {
		pst_replay_print_json(arena, result);
	} else {
		if (has_ids && result->read > 0)
			putchar('\n');
		pst_replay_print(arena, result);
	}
	return is_plain_success(result) ? PST_EXIT_OK : PST_EXIT_OTHER;
}

static int
run(const struct request *request, struct pst_config *own,
    struct pst_config *config, const char *origin, char **ids)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_replay_result result = {
	    .journal = pst_journal_path(arena, own),
	    .config = origin,
	    .is_other = request->config_file != NULL,
	    .since_s = request->since_s,
	    .until_s = request->until_s,
	    .rules.arena = arena,
	    .domains.arena = arena,
	    .doubts.arena = arena,
	};
	struct replaying replaying = {
	    .config = config, .request = request, .result = &result};
	struct pst_err err;
	int status;

	replaying.journal = pst_journals_open_own(arena, own, &err);
	status = replaying.journal == NULL ?
	    pst_ui_fail(command, "%s", err.text) :
	    replay(arena, &replaying, ids);
	pst_journal_close(replaying.journal);
	pst_arena_free(arena);
	return status;
}

/* Whether the journal that this configuration names exists. */
static bool
has_journal(const struct pst_config *config)
{
	struct pst_arena *arena = pst_arena_new();
	bool found = access(pst_journal_path(arena, config), F_OK) == 0;

	pst_arena_free(arena);
	return found;
}

/*
 * The journal that is read, and the configuration that decides, may differ: the
 * journal is that of --journal-of, else that of the system's configuration. If
 * there is none, but the configuration that decides has one, that is meant.
 */
static int
run_with(const struct request *request, char **ids)
{
	const char *origin, *own_origin;
	struct pst_config *own =
	    pst_settings_load(command, request->journal_file, &own_origin);
	struct pst_config *config = own;
	int status = PST_EXIT_USAGE;

	if (own == NULL)
		return status;
	origin = own_origin;
	if (request->config_file != NULL)
		config =
		    pst_settings_load(command, request->config_file, &origin);
	if (config != NULL)
		status = run(request,
		    request->journal_file == NULL && !has_journal(own) &&
			    has_journal(config) ?
			config :
			own,
		    config, origin, ids);
	if (config != own)
		pst_config_unref(config);
	pst_config_unref(own);
	return status;
}

static bool
read_options(struct request *request, int argc, char **argv)
{
	int64_t now = pst_clock_epoch(&pst_clock_system);
	bool ok = true;
	int c;

	while (
	    ok && (c = pst_argument_next(command, argc, argv, options)) != -1) {
		switch (c) {
		case 'f':
			request->config_file = optarg;
			break;
		case 'o':
			request->journal_file = optarg;
			break;
		case 'j':
			request->json = true;
			break;
		case 's':
			ok = pst_argument_since(
			    command, "--since", optarg, now, &request->since_s);
			break;
		case 'u':
			ok = pst_argument_until(
			    command, "--until", optarg, now, &request->until_s);
			break;
		default:
			return false;
		}
	}
	return ok;
}

int
pst_cmd_replay(int argc, char **argv)
{
	struct request request = {.config_file = NULL};
	int status = PST_EXIT_USAGE;

	if (read_options(&request, argc, argv))
		status = run_with(&request, argv + optind);
	return pst_ui_finish(command, status);
}
