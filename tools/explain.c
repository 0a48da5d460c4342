/* SPDX-License-Identifier: BSD-2-Clause */

/* `postern explain`: why was this message refused? */

#include "tools/explain.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/macros.h"
#include "core/print.h"
#include "store/journal_config.h"
#include "store/journal_entry.h"
#include "store/journals.h"
#include "tools/argument.h"
#include "tools/command.h"
#include "tools/settings.h"
#include "tools/ui.h"

#define DEFAULT_LAST 20
#define MAX_LAST 10000
#define MAX_KEYS 5
#define MAX_RULE 64 /* octets of a cell */
#define MAX_DOMAIN 40
#define COLUMNS 5

static const char command[] = "explain";

struct request {
	struct pst_arena *arena;
	const char *config_file;
	bool json;
	bool all;
	bool is_named; /* by a queue id: there is one such message */
	bool is_id;    /* by a queue id or a Message-ID */
	const char *since;
	uint64_t last;
	int64_t since_s;
	struct pst_journal_key keys[MAX_KEYS];
	const char *given[MAX_KEYS]; /* as it was written, with the option */
	size_t key_count;
};

enum option_id {
	OPT_MESSAGE_ID = 256,
	OPT_FROM_DOMAIN,
	OPT_TO,
	OPT_CLIENT,
	OPT_SINCE,
	OPT_LAST,
	OPT_JSON,
	OPT_CONFIG,
	OPT_ALL,
};

static const struct option options[] = {
    {"message-id", required_argument, NULL, OPT_MESSAGE_ID},
    {"from-domain", required_argument, NULL, OPT_FROM_DOMAIN},
    {"to", required_argument, NULL, OPT_TO},
    {"client", required_argument, NULL, OPT_CLIENT},
    {"since", required_argument, NULL, OPT_SINCE},
    {"last", required_argument, NULL, OPT_LAST},
    {"json", no_argument, NULL, OPT_JSON},
    {"config", required_argument, NULL, OPT_CONFIG},
    {"all", no_argument, NULL, OPT_ALL},
    {NULL, 0, NULL, 0},
};

/* ---- the command line ---- */

static bool
add_key(struct request *request, enum pst_journal_kind kind, const char *what,
    const char *text)
{
	struct pst_err err;

	for (size_t i = 0; i < request->key_count; i++) {
		if (request->keys[i].kind == kind) {
			pst_ui_fail(command, "%s is given twice", what);
			return false;
		}
	}
	if (!pst_journal_key_parse(request->arena, kind, text,
		&request->keys[request->key_count], &err)) {
		pst_ui_fail(command, "%s: %s", what, err.text);
		return false;
	}
	request->given[request->key_count++] = pst_arena_printf(request->arena,
	    "%s %s", what, pst_escaped(request->arena, pst_str(text)));
	return true;
}

static bool
take_option(struct request *request, int key)
{
	static const struct pst_argument_range range = {"--last", 1, MAX_LAST};
	bool whole;

	switch (key) {
	case OPT_MESSAGE_ID:
		request->is_id = true;
		return add_key(
		    request, PST_JOURNAL_MESSAGE_ID, "--message-id", optarg);
	case OPT_FROM_DOMAIN:
		return add_key(
		    request, PST_JOURNAL_FROM_DOMAIN, "--from-domain", optarg);
	case OPT_TO:
		whole = strchr(optarg, '@') != NULL ||
		    pst_str_ieq(pst_str(optarg), PST_STR("postmaster"));
		return add_key(request,
		    whole ? PST_JOURNAL_RCPT : PST_JOURNAL_RCPT_DOMAIN, "--to",
		    optarg);
	case OPT_CLIENT:
		return add_key(request, PST_JOURNAL_CLIENT, "--client", optarg);
	case OPT_SINCE:
		request->since = optarg;
		return pst_argument_since(command, "--since", optarg,
		    pst_clock_epoch(&pst_clock_system), &request->since_s);
	case OPT_LAST:
		return pst_argument_number(
		    command, range, optarg, &request->last);
	case OPT_JSON:
		request->json = true;
		return true;
	case OPT_ALL:
		request->all = true;
		return true;
	case OPT_CONFIG:
		request->config_file = optarg;
		return true;
	}
	return false;
}

static bool
read_command_line(struct request *request, int argc, char **argv)
{
	int key;

	while ((key = pst_argument_next(command, argc, argv, options)) != -1) {
		if (!take_option(request, key))
			return false;
	}
	if (argc - optind > 1) {
		pst_ui_fail(command, "only one queue id can be given");
		return false;
	}
	if (optind == argc)
		return true;
	request->is_named = request->is_id = true;
	return add_key(request, PST_JOURNAL_QUEUE_ID, "queue id", argv[optind]);
}

/* ---- what is found ---- */

struct row {
	const char *cells[COLUMNS];
};

struct finding {
	const struct request *request;
	const struct pst_config *config;
	struct row *rows;
	size_t count; /* rows; or messages that were printed */
	bool more;    /* there are others */
	/* The first one, for its page */
	struct pst_str octets;
	int64_t seen_s;
	const char *gateway;
};

static const char *
from_cell(struct pst_arena *arena, const struct pst_from *from)
{
	const char *domain =
	    from->domain_count > 0 ? from->domains[0] : from->only_domain;

	if (domain == NULL)
		return pst_from_verdict_word(from->verdict);
	domain = pst_print_word(arena, pst_str(domain), MAX_DOMAIN);
	if (from->domain_count < 2)
		return domain;
	return pst_arena_printf(
	    arena, "%s +%zu", domain, from->domain_count - 1);
}

static void
add_row(struct finding *found, const struct pst_explained *one)
{
	struct pst_arena *arena = found->request->arena;
	const struct pst_message *m = &one->recorded->message;
	struct row *row = &found->rows[found->count];
	const char *rule =
	    m->done.failed != NULL ? PST_DONE_RULE : m->decision.rule;

	row->cells[0] = pst_explained_time(arena, one->seen_s);
	row->cells[1] = pst_arena_strdup(arena, pst_print_or_dash(m->queue_id));
	row->cells[2] = from_cell(arena, &m->findings.from);
	row->cells[3] = pst_explained_action(arena, m);
	row->cells[4] =
	    pst_escaped(arena, pst_str_first(pst_str(rule), MAX_RULE));
}

static void
keep_first(struct finding *found, const struct pst_explained *one)
{
	struct pst_arena *arena = found->request->arena;

	found->octets = pst_recorded_write_again(arena, one->recorded);
	found->seen_s = one->seen_s;
	found->gateway =
	    one->gateway == NULL ? NULL : pst_arena_strdup(arena, one->gateway);
}

static void
print_now(struct finding *found, const struct pst_explained *one)
{
	struct pst_arena *arena = pst_arena_new();

	if (found->request->json) {
		puts(pst_explained_json(arena, one));
	} else {
		if (found->count > 0)
			puts("\n");
		pst_explained_print(arena, one, found->config);
	}
	pst_arena_free(arena);
}

static bool
take(void *arg, const struct pst_journals_found *message)
{
	struct finding *found = arg;
	const struct request *request = found->request;
	const struct pst_explained one = {
	    message->recorded, message->seen_s, message->gateway};

	if (found->count == request->last) {
		found->more = true;
		return false;
	}
	if (request->json || request->is_named) {
		print_now(found, &one);
	} else {
		if (found->count == 0)
			keep_first(found, &one);
		add_row(found, &one);
	}
	found->count++;
	return true;
}

static void
print_table(const struct finding *found)
{
	struct pst_arena *arena = found->request->arena;
	static const char *const titles[COLUMNS] = {
	    "time (UTC)", "queue id", "from", "action", "rule"};
	const char **cells = pst_arena_array(
	    arena, (found->count + 1) * COLUMNS, sizeof(*cells));

	memcpy(cells, titles, sizeof(titles));
	for (size_t i = 0; i < found->count; i++)
		memcpy(&cells[(i + 1) * COLUMNS], found->rows[i].cells,
		    sizeof(found->rows[i].cells));
	pst_ui_table(stdout, 0, cells, COLUMNS, found->count + 1);
	(void)fflush(stdout);
	pst_ui_note(command,
	    "the newest %zu%s; give one queue id to see why, or --last 1",
	    found->count, found->more ? ", and there are more (--last N)" : "");
}

static bool
print_first(const struct finding *found, struct pst_config *config)
{
	struct pst_arena *arena = found->request->arena;
	struct pst_recorded recorded;
	struct pst_err err;

	if (!pst_recorded_read(arena, found->octets, config, &recorded, &err)) {
		pst_ui_fail(command, "%s", err.text);
		return false;
	}
	pst_explained_print(arena,
	    &(struct pst_explained){&recorded, found->seen_s, found->gateway},
	    config);
	return true;
}

/* ---- nothing is found ---- */

static const char *
asked(const struct request *request)
{
	struct pst_buf buf;

	pst_buf_init(&buf, request->arena, 16384);
	for (size_t i = 0; i < request->key_count; i++)
		pst_buf_printf(&buf, "%s%s", i == 0 ? " with " : " and ",
		    request->given[i]);
	if (request->since != NULL)
		pst_buf_printf(&buf, " since %s",
		    pst_explained_time(request->arena, request->since_s));
	return buf.len == 0 ? "" : pst_buf_str(&buf);
}

static void
add_figures(
    struct pst_buf *buf, const char *what, uint64_t entries, int64_t first_s)
{
	pst_buf_printf(buf, "%s: %" PRIu64, what, entries);
	if (entries > 0)
		pst_buf_printf(buf, ", since %s UTC",
		    pst_explained_time(buf->arena, first_s));
}

/* Says which file was searched, and since when it has messages. */
static void
note_file(const struct request *request, const struct pst_config *config)
{
	struct pst_arena *arena = request->arena;
	const char *path = pst_journal_path(arena, config);
	struct pst_err err;
	struct pst_journal *journal =
	    pst_journals_open_own(arena, config, &err);
	struct pst_journal_figures figures;
	struct pst_buf buf;
	bool ok =
	    journal != NULL && pst_journal_figures(journal, &figures, &err);

	pst_journal_close(journal);
	if (!ok) {
		pst_ui_note(command, "%s", err.text);
		return;
	}
	pst_buf_init(&buf, arena, 1024);
	add_figures(&buf, "accepted messages",
	    figures.streams[PST_JOURNAL_ACCEPTED].entries,
	    figures.streams[PST_JOURNAL_ACCEPTED].first_s);
	add_figures(&buf, "; other messages",
	    figures.streams[PST_JOURNAL_OTHER].entries,
	    figures.streams[PST_JOURNAL_OTHER].first_s);
	pst_ui_note(command,
	    "searched %s (%s); older ones are deleted (journal.retention, "
	    "journal.max-size)",
	    path, pst_buf_str(&buf));
}

static bool
asks_for(const struct request *request, enum pst_journal_kind kind)
{
	for (size_t i = 0; i < request->key_count; i++) {
		if (request->keys[i].kind == kind)
			return true;
	}
	return false;
}

static int
say_not_found(const struct request *request, const struct pst_config *config)
{
	pst_ui_note(command, "no message%s was found", asked(request));
	note_file(request, config);
	if (!request->all && !request->is_id)
		pst_ui_note(command,
		    "messages that were simply accepted were left out; --all "
		    "looks at them, too");
	if (config->journal.keep == PST_KEPT_NONE)
		pst_ui_note(command,
		    "the journal is switched off now (journal.keep = none)");
	else if (config->journal.keep == PST_KEPT_EXCEPTIONS)
		pst_ui_note(command,
		    "messages that were simply accepted are not kept "
		    "(journal.keep = exceptions)");
	if (asks_for(request, PST_JOURNAL_RCPT) &&
	    config->journal.recipients != PST_KEPT_RCPTS_FULL)
		pst_ui_note(command,
		    "addresses of recipients are not kept "
		    "(journal.recipients)%s",
		    config->journal.recipients == PST_KEPT_RCPTS_DOMAIN ?
			"; give --to their domain" :
			"");
	if (asks_for(request, PST_JOURNAL_QUEUE_ID))
		pst_ui_note(command,
		    "a queue id is the first word of posternd's log line; a "
		    "message that the MTA refused before its end has none "
		    "there");
	pst_ui_note(command,
	    "a message appears about a second after its reply; if there are "
	    "several gateways, another one may have had it");
	return PST_EXIT_OTHER;
}

/* ---- the command ---- */

static int
show(const struct request *request, struct pst_config *config,
    struct finding *found)
{
	if (found->count == 0)
		return say_not_found(request, config);
	if (request->json || request->is_named) {
		if (found->more)
			pst_ui_note(
			    command, "there are more messages (--last N)");
		return PST_EXIT_OK;
	}
	if (found->count > 1) {
		print_table(found);
		return PST_EXIT_OK;
	}
	return print_first(found, config) ? PST_EXIT_OK : PST_EXIT_USAGE;
}

static int
search(const struct request *request, struct pst_config *config)
{
	const struct pst_journal_query query = {
	    .keys = request->keys,
	    .key_count = request->key_count,
	    .since_s = request->since_s,
	    /* A message that is named is shown whatever became of it. */
	    .others_only = !request->all && !request->is_id,
	};
	struct finding found = {.request = request,
	    .config = config,
	    .rows = pst_arena_array(
		request->arena, (size_t)request->last, sizeof(*found.rows))};
	struct pst_err err;
	const char *note;
	uint64_t unreadable = 0;
	struct pst_journals *journals =
	    pst_journals_open(request->arena, config, &note, &err);
	bool ok = journals != NULL &&
	    pst_journals_search(journals, &query,
		(struct pst_journals_visitor){take, &found}, &unreadable, &err);

	pst_journals_close(journals);
	if (!ok)
		return pst_ui_fail(command, "%s", err.text);
	if (note != NULL)
		pst_ui_note(command, "%s", note);
	if (unreadable > 0)
		pst_ui_note(command,
		    "%" PRIu64 " entries were left out: they are damaged or of "
		    "a newer version",
		    unreadable);
	return show(request, config, &found);
}

int
pst_cmd_explain(int argc, char **argv)
{
	struct request request = {
	    .arena = pst_arena_new(), .last = DEFAULT_LAST};
	struct pst_config *config = NULL;
	const char *origin;
	int status = PST_EXIT_USAGE;

	if (read_command_line(&request, argc, argv))
		config =
		    pst_settings_load(command, request.config_file, &origin);
	if (config != NULL)
		status = search(&request, config);
	pst_config_unref(config);
	pst_arena_free(request.arena);
	return pst_ui_finish(command, status);
}
