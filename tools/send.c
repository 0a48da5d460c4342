/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/send.h"

#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json.h"
#include "tools/command.h"
#include "tools/argument.h"
#include "tools/ui.h"

#define MAX_REPEAT 10000000
#define MAX_CONCURRENCY 1000
#define MAX_RATE 1000000
#define MAX_TIMEOUT_S 3600
#define TIMEOUT_S 30
#define MAX_HOST 256

static const char command[] = "send";

/* The command line as it was read. */
struct request {
	struct pst_arena *arena;
	const char *to;
	struct pst_envelope given;
	struct pst_send_plan plan;
	bool canary;
	const char *config_file; /* of the canary; NULL: the system's */
	bool paced; /* an option was given that requires --repeat */
};

enum option_id {
	OPT_TO = PST_OPT_OWN,
	OPT_HOST,
	OPT_TIMEOUT,
	OPT_JSON,
	OPT_REPEAT,
	OPT_CONCURRENCY,
	OPT_RATE,
	OPT_KEEP,
	OPT_AS_MAIL,
	OPT_CANARY,
	OPT_CONFIG,
};

static const struct option options[] = {
    PST_ENVELOPE_OPTIONS,
    {"to", required_argument, NULL, OPT_TO},
    {"host", required_argument, NULL, OPT_HOST},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"json", no_argument, NULL, OPT_JSON},
    {"repeat", required_argument, NULL, OPT_REPEAT},
    {"concurrency", required_argument, NULL, OPT_CONCURRENCY},
    {"rate", required_argument, NULL, OPT_RATE},
    {"keep", no_argument, NULL, OPT_KEEP},
    {"as-mail", no_argument, NULL, OPT_AS_MAIL},
    {"canary", no_argument, NULL, OPT_CANARY},
    {"config", required_argument, NULL, OPT_CONFIG},
    {NULL, 0, NULL, 0},
};

static bool
take_number(const char *option, uint64_t min, uint64_t max, unsigned *out)
{
	uint64_t value;

	if (!pst_argument_number(command,
		(struct pst_argument_range){option, min, max}, optarg, &value))
		return false;
	*out = (unsigned)value;
	return true;
}

static bool
take_option(struct request *request, int key)
{
	struct pst_send_plan *plan = &request->plan;

	switch (key) {
	case OPT_TO:
		request->to = optarg;
		return true;
	case OPT_HOST:
		plan->host = optarg;
		return pst_argument_word(command, "--host", optarg);
	case OPT_TIMEOUT:
		if (!take_number(
			"--timeout", 1, MAX_TIMEOUT_S, &plan->timeout_ms))
			return false;
		plan->timeout_ms *= 1000;
		return true;
	case OPT_JSON:
		plan->json = true;
		return true;
	case OPT_REPEAT:
		return pst_argument_number(command,
		    (struct pst_argument_range){"--repeat", 1, MAX_REPEAT},
		    optarg, &plan->repeat);
	case OPT_CONCURRENCY:
		request->paced = true;
		return take_number(
		    "--concurrency", 1, MAX_CONCURRENCY, &plan->concurrency);
	case OPT_RATE:
		request->paced = true;
		return take_number("--rate", 1, MAX_RATE, &plan->rate);
	case OPT_KEEP:
		plan->keep = true;
		return true;
	case OPT_AS_MAIL:
		plan->as_mail = true;
		return true;
	case OPT_CANARY:
		request->canary = true;
		return true;
	case OPT_CONFIG:
		request->config_file = optarg;
		return true;
	default:
		return pst_envelope_take(
		    request->arena, command, key, optarg, &request->given);
	}
}

static bool
load_items(struct request *request, char *const *files, size_t count)
{
	struct pst_send_item *items =
	    pst_arena_array(request->arena, count, sizeof(*items));
	struct pst_err err;

	for (size_t i = 0; i < count; i++) {
		struct pst_send_item *item = &items[i];
		const char *source;
		item->file_name = files[i];
		item->envelope = request->given;
		if (!pst_message_read(
			request->arena, files[i], &item->message, &err) ||
		    !pst_envelope_complete(request->arena, &item->message,
			files[i], &item->envelope, &err)) {
			pst_ui_fail(command, "%s", err.text);
			return false;
		}
		source = item->envelope.source;
		if (source != NULL && !request->plan.json)
			pst_ui_note(command, "%s: %s", files[i], source);
	}
	request->plan.items = items;
	request->plan.item_count = count;
	return true;
}

/* The canary has messages and an envelope of its own. */
static bool
check_canary(const struct request *request, bool has_files)
{
	const struct pst_send_plan *plan = &request->plan;
	const struct pst_envelope *given = &request->given;

	if (!has_files && !plan->json && plan->repeat == 0 && !request->paced &&
	    !plan->keep && !plan->as_mail && given->ip.family == PST_IP_NONE &&
	    given->name == NULL && given->helo == NULL &&
	    given->mail_from == NULL)
		return true;
	pst_ui_fail(command,
	    "--canary goes with --to, --config, --host, --rcpt and --timeout "
	    "only");
	return false;
}

/* Returns false, after a sentence, if the command line is wrong. */
static bool
read_command_line(struct request *request, int argc, char **argv)
{
	struct pst_err err;
	int key;

	while ((key = pst_argument_next(command, argc, argv, options)) != -1)
		if (key == '?' || !take_option(request, key))
			return false;
	if (request->canary)
		return check_canary(request, optind < argc);
	if (request->config_file != NULL) {
		pst_ui_fail(command, "--config is for --canary only");
		return false;
	}
	if (request->to == NULL) {
		pst_ui_fail(command,
		    "--to SOCKET is missing; for example, --to "
		    "unix:/run/postern/postern.sock");
		return false;
	}
	if (!pst_endpoint_parse(
		pst_str(request->to), &request->plan.to, &err)) {
		pst_ui_fail(command, "--to \"%s\": %s", request->to, err.text);
		return false;
	}
	if (request->paced && request->plan.repeat == 0) {
		pst_ui_fail(
		    command, "--concurrency and --rate require --repeat");
		return false;
	}
	if (optind == argc) {
		pst_ui_fail(command,
		    "missing MESSAGE; name a file, or - for standard input");
		return false;
	}
	return load_items(request, argv + optind, (size_t)(argc - optind));
}

static const char *
own_host(struct pst_arena *arena)
{
	char host[MAX_HOST];

	if (gethostname(host, sizeof(host)) != 0)
		return "localhost";
	host[sizeof(host) - 1] = '\0';
	return pst_arena_strdup(arena, host);
}

bool
pst_send_one(const struct pst_send_plan *plan, const struct pst_send_item *item,
    uint64_t nth, struct pst_send_line *line, struct pst_err *err)
{
	struct pst_mta_client **milter = &line->milter;
	char queue_id[32];
	bool ok = true;

	if (*milter == NULL) {
		int fd = pst_mta_connect(&plan->to, plan->timeout_ms, err);
		if (fd < 0)
			return false;
		*milter = pst_mta_open(fd, plan->timeout_ms, err);
		if (*milter == NULL)
			return false;
	} else {
		ok = pst_mta_reuse(*milter, err);
	}
	(void)snprintf(
	    queue_id, sizeof(queue_id), "SEND%08llX", (unsigned long long)nth);
	struct pst_mta_mail mail = {.is_test = !plan->as_mail,
	    .host = plan->host,
	    .client = item->envelope.ip,
	    .client_name = item->envelope.name,
	    .helo = item->envelope.helo,
	    .mail_from = item->envelope.mail_from,
	    .rcpt = item->envelope.rcpt,
	    .more_rcpts = item->envelope.rcpts + 1,
	    .more_count = item->envelope.rcpt_count - 1,
	    .queue_id = queue_id,
	    .message = &item->message};
	ok = ok &&
	    pst_mta_deliver(*milter, line->arena, &mail, &line->verdict, err);
	if (!ok || !plan->keep) {
		pst_mta_close(*milter);
		*milter = NULL;
	}
	return ok;
}

static const enum pst_ui_tone action_tones[] = {
    [PST_MTA_ACCEPT] = PST_UI_GOOD,
    [PST_MTA_QUARANTINE] = PST_UI_WARN,
    [PST_MTA_REJECT] = PST_UI_BAD,
    [PST_MTA_TEMPFAIL] = PST_UI_WARN,
    [PST_MTA_DISCARD] = PST_UI_BAD,
};

static void
print_escaped(struct pst_arena *arena, const char *label, const char *text)
{
	if (text != NULL)
		printf("  %s: %s\n", label, pst_escaped(arena, pst_str(text)));
}

/* Prints folded values with their folds, and each line escaped. */
static void
print_edit(struct pst_arena *arena, const struct pst_mta_edit *edit)
{
	struct pst_str rest = pst_str(edit->value);
	struct pst_str line;
	bool more = edit->value != NULL;
	const char *lead = ":";

	printf("  %s %zu %s", pst_mta_edit_word(edit->op), edit->index,
	    pst_escaped(arena, pst_str(edit->name)));
	while (pst_str_split(&rest, '\n', &line, &more)) {
		if (lead[0] != ':')
			line = pst_str_trim(line);
		printf("%s%s", lead, pst_escaped(arena, line));
		lead = "\n      ";
	}
	putchar('\n');
}

static void
print_verdict(struct pst_arena *arena, const struct pst_send_item *item,
    const struct pst_mta_verdict *verdict)
{
	printf("%s: ", item->file_name);
	pst_ui_print(action_tones[verdict->action],
	    pst_mta_action_word(verdict->action));
	printf(" at %s\n", verdict->stage);
	print_escaped(arena, "reply", verdict->reply);
	for (size_t i = 0; i < verdict->refused_count; i++)
		print_escaped(arena, "refused", verdict->refused[i]);
	print_escaped(arena, "quarantine", verdict->quarantine);
	for (size_t i = 0; i < verdict->edit_count; i++)
		print_edit(arena, &verdict->edits[i]);
	if (verdict->other_changes > 0)
		printf("  %zu changes to recipients, sender or body\n",
		    verdict->other_changes);
	if (verdict->progress > 0)
		printf("  %zu progress packets\n", verdict->progress);
}

static void
print_json(struct pst_arena *arena, const struct pst_send_item *item,
    const struct pst_mta_verdict *verdict)
{
	struct pst_json *json = pst_json_new(arena);

	pst_json_open_object(json, NULL);
	pst_json_text(json, "file", item->file_name);
	pst_json_text(json, "action", pst_mta_action_word(verdict->action));
	pst_json_text(json, "stage", verdict->stage);
	pst_json_text(json, "reply", verdict->reply);
	pst_json_text(json, "quarantine", verdict->quarantine);
	if (verdict->refused_count > 0) {
		pst_json_open_array(json, "refused");
		for (size_t i = 0; i < verdict->refused_count; i++)
			pst_json_text(json, NULL, verdict->refused[i]);
		pst_json_close(json);
	}
	pst_json_open_array(json, "headers");
	for (size_t i = 0; i < verdict->edit_count; i++) {
		const struct pst_mta_edit *edit = &verdict->edits[i];
		pst_json_open_object(json, NULL);
		pst_json_text(json, "op", pst_mta_edit_word(edit->op));
		pst_json_number(json, "index", edit->index);
		pst_json_text(json, "name", edit->name);
		pst_json_text(json, "value", edit->value);
		pst_json_close(json);
	}
	pst_json_close(json);
	pst_json_number(json, "other_changes", verdict->other_changes);
	pst_json_number(json, "progress", verdict->progress);
	pst_json_close(json);
	puts(pst_json_end(json));
}

/* Sends each message once, one after the other. */
static int
send_each(const struct pst_send_plan *plan)
{
	struct pst_send_line line = {.milter = NULL};
	int status = PST_EXIT_OK;

	for (size_t i = 0; i < plan->item_count; i++) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_err err;
		int one = PST_EXIT_OTHER;
		line.arena = arena;
		if (!pst_send_one(plan, &plan->items[i], i + 1, &line, &err)) {
			(void)fflush(stdout);
			one = pst_ui_fail(command, "%s: %s",
			    plan->items[i].file_name, err.text);
		} else {
			if (line.verdict.action == PST_MTA_ACCEPT)
				one = PST_EXIT_OK;
			if (plan->json)
				print_json(
				    arena, &plan->items[i], &line.verdict);
			else
				print_verdict(
				    arena, &plan->items[i], &line.verdict);
		}
		if (one > status)
			status = one;
		pst_arena_free(arena);
	}
	pst_mta_close(line.milter);
	return status;
}

int
pst_cmd_send(int argc, char **argv)
{
	struct request request = {.arena = pst_arena_new(),
	    .plan = {.timeout_ms = TIMEOUT_S * 1000, .concurrency = 1}};
	int status = PST_EXIT_USAGE;

	request.plan.host = own_host(request.arena);
	if (read_command_line(&request, argc, argv))
		status = request.canary ?
		    pst_send_canary(&request.plan, request.to,
			request.config_file, request.given.rcpt) :
		    request.plan.repeat > 0 ? pst_send_load(&request.plan) :
					      send_each(&request.plan);
	pst_arena_free(request.arena);
	return pst_ui_finish(command, status);
}
