/* SPDX-License-Identifier: BSD-2-Clause */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/explain.h"
#include "core/session.h"
#include "store/memory_file.h"
#include "store/open.h"
#include "tools/command.h"
#include "tools/envelope.h"
#include "tools/argument.h"
#include "tools/settings.h"
#include "tools/ui.h"

#define BODY_CHUNK 65535 /* as the milter protocol cuts it */
#define MAX_HOST 256

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

/* Plays the message to the engine, event by event, as posternd does. */
static const struct pst_message *
play(struct pst_session *session, const struct pst_envelope *envelope,
    const struct pst_saved_message *message)
{
	char host[MAX_HOST];
	struct pst_str rest = message->body;
	bool wanted = true;

	if (gethostname(host, sizeof(host)) == 0) {
		host[sizeof(host) - 1] = '\0';
		pst_session_host(session, pst_str(host));
	}
	if (envelope->helo[0] != '\0')
		pst_session_helo(session, pst_str(envelope->helo));
	pst_session_mail(
	    session, pst_str(envelope->mail_from), PST_STR(""), false);
	pst_session_rcpt(session, pst_str(envelope->rcpt));
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
print_result(const struct request *request, struct pst_arena *arena,
    const char *file_name, const char *source,
    const struct pst_message *message)
{
	if (request->json) {
		puts(pst_explain_json(arena, message, file_name, source));
		return;
	}
	if (source != NULL)
		pst_ui_note(command, "%s: %s", file_name, source);
	if (request->file_count > 1)
		printf("%s:\n", file_name);
	fputs(pst_explain_text(arena, message), stdout);
	if (request->file_count > 1)
		putchar('\n');
	/* Keeps the two streams in order if both go to one file. */
	(void)fflush(stdout);
}

static int
verify_file(const struct request *request, struct pst_service *service,
    const char *file_name)
{
	const struct pst_mta mta = {.can_quarantine = true,
	    .can_change_headers = true,
	    .can_add_headers = true};
	struct pst_arena *arena = pst_arena_new();
	struct pst_saved_message saved;
	struct pst_envelope envelope = request->given;
	struct pst_err err;
	int status = PST_EXIT_OTHER;

	if (!pst_message_read(arena, file_name, &saved, &err) ||
	    !pst_envelope_complete(arena, &saved, file_name, &envelope, &err)) {
		pst_arena_free(arena);
		return pst_ui_fail(command, "%s", err.text);
	}
	struct pst_session *session = pst_session_open(
	    service, &envelope.ip, pst_str(envelope.name), mta, false);
	const struct pst_message *message = play(session, &envelope, &saved);
	print_result(request, arena, file_name, envelope.source, message);
	if (message->decision.action == PST_ACTION_ACCEPT)
		status = PST_EXIT_OK;
	pst_session_close(session);
	pst_arena_free(arena);
	return status;
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

static int
verify_all(const struct request *request)
{
	struct pst_clock clock = pst_settings_clock(&request->settings);
	const char *origin;
	int status = PST_EXIT_OK;
	struct pst_service *service =
	    pst_settings_start(command, &request->settings, &clock, &origin);

	if (service == NULL)
		return PST_EXIT_USAGE;
	if (!request->json)
		pst_ui_note(command, "configuration: %s", origin);
	remember(request, service);
	take_key(service);
	for (size_t i = 0; i < request->file_count; i++) {
		/* With --now, all messages arrive at the same moment. */
		clock = pst_settings_clock(&request->settings);
		int one = verify_file(request, service, request->files[i]);
		if (one > status)
			status = one;
	}
	pst_service_stop(service);
	return status;
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
