/* SPDX-License-Identifier: BSD-2-Clause */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/domain.h"
#include "core/session.h"
#include "core/spf_refresh.h"
#include "store/memory_file.h"
#include "store/open.h"
#include "tools/command.h"
#include "tools/envelope.h"
#include "tools/argument.h"
#include "tools/settings.h"
#include "tools/ui.h"
#include "tools/verify_input.h"
#include "tools/verify_print.h"

#define BODY_CHUNK 65535 /* as the milter protocol cuts it */
#define MAX_HOST 256
#define LABEL_COLUMNS 10 /* of the lines of text */

static const char command[] = "verify";

struct request {
	struct pst_arena *arena;
	struct pst_envelope given;
	struct pst_settings settings;
	bool json;
	char *const *files;
	size_t file_count;
};

enum option_id {
	OPT_JSON = PST_OPT_OWN,
	OPT_AUTHSERV_ID,
};

static const struct option options[] = {
    PST_ENVELOPE_OPTIONS,
    PST_SETTINGS_OPTIONS,
    {"json", no_argument, NULL, OPT_JSON},
    {"authserv-id", required_argument, NULL, OPT_AUTHSERV_ID},
    {NULL, 0, NULL, 0},
};

static bool
take_option(struct request *request, int key)
{
	struct pst_settings *settings = &request->settings;

	switch (key) {
	case PST_OPT_ZONE:
	case PST_OPT_CONFIG:
	case PST_OPT_NOW:
		return pst_settings_take(command, key, optarg, settings);
	case OPT_AUTHSERV_ID:
		settings->authserv_id = optarg;
		return pst_argument_word(command, "--authserv-id", optarg);
	case OPT_JSON:
		request->json = true;
		return true;
	default:
		return pst_envelope_take(
		    request->arena, command, key, optarg, &request->given);
	}
}

static bool
read_command_line(struct request *request, int argc, char **argv)
{
	int key;

	while ((key = pst_argument_next(command, argc, argv, options)) != -1)
		if (key == '?' || !take_option(request, key))
			return false;
	if (optind == argc) {
		pst_ui_fail(command,
		    "missing MESSAGE; name a file, or - for standard input");
		return false;
	}
	request->files = argv + optind;
	request->file_count = (size_t)(argc - optind);
	return true;
}

/* The messages of one command. */
struct run {
	const struct request *request;
	struct pst_service *service;
	struct pst_clock *clock;
	const char *origin; /* of the configuration */
	char host[MAX_HOST];
	struct pst_site site;
	const char *file_name; /* of the file whose messages are read */
	size_t counts[PST_ACTION_TEMPFAIL + 1];
	size_t total;
	int status;
};

/* Plays the message to the engine, event by event, as posternd does. */
static const struct pst_message *
play(struct pst_session *session, const char *host,
    const struct pst_envelope *envelope,
    const struct pst_saved_message *message)
{
	struct pst_str rest = message->body;
	bool wanted = true;

	pst_session_host(session, pst_str(host));
	if (envelope->helo[0] != '\0')
		pst_session_helo(session, pst_str(envelope->helo));
	pst_session_mail(
	    session, pst_str(envelope->mail_from), PST_STR(""), false);
	for (size_t i = 0; i < envelope->rcpt_count; i++)
		(void)pst_session_rcpt(session, pst_str(envelope->rcpts[i]));
	for (size_t i = 0; i < message->count; i++)
		pst_session_header(
		    session, message->fields[i].name, message->fields[i].value);
	pst_session_eoh(session);
	while (rest.len > 0 && wanted) {
		struct pst_str chunk = pst_str_first(rest, BODY_CHUNK);
		wanted = pst_session_body(session, chunk.ptr, chunk.len);
		rest = pst_str_from(rest, chunk.len);
	}
	return pst_session_end(session, PST_STR(""), NULL);
}

static void
print_result(struct pst_arena *arena, const struct run *run,
    const struct pst_verified *verified)
{
	bool several = run->request->file_count > 1 || verified->number > 0 ||
	    strcmp(verified->file_name, run->file_name) != 0;

	if (run->request->json) {
		puts(pst_verified_json(arena, verified));
		return;
	}
	if (verified->number > 0)
		printf("%s, message %zu:\n", verified->file_name,
		    verified->number);
	else if (several)
		printf("%s:\n", verified->file_name);
	pst_ui_wrap(stdout, pst_verified_text(arena, verified),
	    pst_ui_wrap_width(STDOUT_FILENO), LABEL_COLUMNS);
	if (several)
		putchar('\n');
	/* Keeps the two streams in order if both go to one file. */
	(void)fflush(stdout);
}

static void
count(struct run *run, enum pst_action action)
{
	int status = action == PST_ACTION_ACCEPT ? PST_EXIT_OK : PST_EXIT_OTHER;

	run->counts[action]++;
	run->total++;
	if (status > run->status)
		run->status = status;
}

static void
verify_one(struct run *run, struct pst_arena *arena, struct pst_verified *out,
    const struct pst_saved_message *saved)
{
	const struct pst_mta mta = {.can_quarantine = true,
	    .can_change_headers = true,
	    .can_add_headers = true};
	const struct pst_saved_message arrived =
	    pst_envelope_arrived(arena, saved, out->envelope);
	struct pst_session *session;
	struct pst_earlier earlier;

	/* With --now, all messages arrive at the same moment. */
	*run->clock = pst_settings_clock(&run->request->settings);
	session = pst_session_open(run->service, &out->envelope->ip,
	    pst_str(out->envelope->name), mta, false);
	pst_session_can_defer_rcpts(session);
	out->message = play(session, run->host, out->envelope, &arrived);
	pst_earlier_compare(
	    arena, saved, out->envelope, out->message, &earlier);
	out->earlier = &earlier;
	print_result(arena, run, out);
	count(run, out->message->decision.action);
	pst_session_close(session);
}

static void
take_message(void *arg, const char *name, size_t number, struct pst_str octets)
{
	struct run *run = arg;
	struct pst_arena *arena = pst_arena_new();
	struct pst_envelope envelope = run->request->given;
	struct pst_verified verified = {.file_name = name,
	    .number = number,
	    .origin = run->origin,
	    .envelope = &envelope};
	const char *label = strcmp(name, "-") == 0 ? "standard input" : name;
	struct pst_saved_message saved;
	struct pst_err err;

	if (number > 0)
		label =
		    pst_arena_printf(arena, "%s, message %zu,", label, number);
	envelope.site = &run->site;
	if (pst_message_parse(arena, octets, label, &saved, &err) &&
	    pst_envelope_complete(arena, &saved, label, &envelope, &err))
		verify_one(run, arena, &verified, &saved);
	else
		run->status = pst_ui_fail(command, "%s", err.text);
	pst_arena_free(arena);
}

static void
refuse_message(void *arg, const char *label, const char *why)
{
	struct run *run = arg;

	run->status = pst_ui_fail(command, "%s %s", label, why);
}

/*
 * Reads what the daemon remembers of domains, if it has a file of that. Nothing
 * is written to it.
 */
static void
remember(const struct request *request, struct pst_service *service)
{
	struct pst_config *config = pst_service_config(service);
	bool exists = pst_memory_file_exists(config);
	char path[PST_MEMORY_PATH_SIZE];
	struct pst_err err;
	int64_t last;

	pst_memory_file_path(config, path);
	if (!pst_memory_file_load(config, pst_service_memory(service),
		PST_STORE_PATIENCE_MS, &last, &err))
		pst_ui_note(command,
		    "verifying without what the daemon remembers of domains: "
		    "%s",
		    err.text);
	else if (exists && !request->json)
		pst_ui_note(command, "remembered domains: %s", path);
	pst_config_unref(config);
}

static void
say_networks(void *arg, bool is_warning, const char *sentence)
{
	(void)arg;
	if (is_warning)
		pst_ui_note(command, "%s", sentence);
}

/*
 * Looks up the networks of entries spf:, as the daemon does, with the DNS or the
 * zone that the messages are checked with.
 */
static void
find_networks(struct pst_service *service)
{
	struct pst_config *config = pst_service_config(service);
	const struct pst_spf_refresh refresh = {.service = service,
	    .patience_ms = config->deadline_ms,
	    .say = say_networks};
	int64_t next_ms;

	if (config->spf_names.count > 0)
		(void)pst_spf_refresh_due(&refresh, &next_ms);
	pst_config_unref(config);
}

/*
 * Takes the secret of enforce-percent if this user may read it. Otherwise the
 * result says so where it matters.
 */
static void
take_key(struct pst_service *service)
{
	struct pst_config *config = pst_service_config(service);
	struct pst_site_key key;
	struct pst_err err;

	if (pst_site_key_read(config, &key, &err))
		pst_service_set_key(service, &key);
	pst_config_unref(config);
}

static void
add_ids(const struct pst_config *config, const char **ids, size_t *count)
{
	if (config->authserv_id[0] != '\0')
		ids[(*count)++] = config->authserv_id;
	for (size_t i = 0; i < config->authserv_id_aliases.count; i++)
		ids[(*count)++] = config->authserv_id_aliases.items[i];
}

/* Collects the names of this site: of all listeners, and of this host. */
static void
know_site(struct run *run, const struct pst_config *config)
{
	size_t listeners = pst_config_listeners(config);
	size_t room = 2 + config->authserv_id_aliases.count;
	size_t count = 0;
	const char **ids;

	for (size_t i = 0; i < listeners; i++)
		room += 1 + pst_config_at(config, i)->authserv_id_aliases.count;
	ids = pst_arena_array(run->request->arena, room, sizeof(*ids));
	add_ids(config, ids, &count);
	for (size_t i = 0; i < listeners; i++)
		add_ids(pst_config_at(config, i), ids, &count);
	run->site.host =
	    pst_domain_normalize(run->request->arena, pst_str(run->host));
	if (config->authserv_id[0] == '\0' && run->site.host != NULL)
		ids[count++] = run->site.host;
	run->site.ids = ids;
	run->site.id_count = count;
	run->site.trusted = &config->trusted_networks.set;
}

static void
verify_files(struct run *run)
{
	const struct pst_verify_visitor visitor = {
	    .message = take_message, .refused = refuse_message, .arg = run};
	struct pst_err err;

	for (size_t i = 0; i < run->request->file_count; i++) {
		run->file_name = run->request->files[i];
		if (!pst_verify_input_visit(run->file_name, visitor, &err))
			run->status = pst_ui_fail(command, "%s %s",
			    strcmp(run->file_name, "-") == 0 ?
				"standard input" :
				run->file_name,
			    err.text);
	}
}

/* Says how many messages got which verdict, if there were several. */
static void
print_total(const struct run *run)
{
	struct pst_buf buf;

	if (run->total < 2 || run->request->json)
		return;
	pst_buf_init(&buf, run->request->arena, 256);
	for (enum pst_action action = PST_ACTION_ACCEPT;
	     action <= PST_ACTION_TEMPFAIL; action++)
		if (run->counts[action] > 0)
			pst_buf_printf(&buf, "%s%zu %s",
			    buf.len == 0 ? "" : ", ", run->counts[action],
			    pst_action_word(action));
	pst_ui_note(command, "%zu messages: %s", run->total, pst_buf_str(&buf));
}

static int
verify_all(const struct request *request)
{
	struct pst_clock clock = pst_settings_clock(&request->settings);
	struct run run = {.request = request, .clock = &clock};
	struct pst_config *config;

	run.service = pst_settings_start(
	    command, &request->settings, &clock, &run.origin);
	if (run.service == NULL)
		return PST_EXIT_USAGE;
	if (!request->json)
		pst_ui_note(command, "configuration: %s", run.origin);
	remember(request, run.service);
	take_key(run.service);
	find_networks(run.service);
	if (gethostname(run.host, sizeof(run.host)) != 0)
		run.host[0] = '\0';
	run.host[sizeof(run.host) - 1] = '\0';
	config = pst_service_config(run.service);
	know_site(&run, config);
	verify_files(&run);
	print_total(&run);
	pst_config_unref(config);
	pst_service_stop(run.service);
	return run.status;
}

int
pst_cmd_verify(int argc, char **argv)
{
	struct request request = {.arena = pst_arena_new()};
	int status = PST_EXIT_USAGE;

	if (read_command_line(&request, argc, argv))
		status = verify_all(&request);
	pst_arena_free(request.arena);
	return pst_ui_finish(command, status);
}
