/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/endpoint.h"
#include "core/keys.h"
#include "tools/command.h"
#include "tools/settings.h"
#include "tools/ui.h"

#define MAX_PATH 64 /* of a key */
#define POSTFIX_QUEUE "/var/spool/postfix/"

static const char command[] = "config";

/* Any file that the operator named, and the system's, must be good. */
static const char *
choose_file(const char *file_name)
{
	if (file_name != NULL)
		return file_name;
	if (access(PST_CONFIG_DEFAULT_FILE, F_OK) != 0 && errno == ENOENT)
		return NULL;
	return PST_CONFIG_DEFAULT_FILE;
}

static int
test(const struct pst_config *config, const char *origin,
    struct pst_arena *arena)
{
	(void)config;
	(void)arena;
	printf("%s: no fault found\n", origin);
	return PST_EXIT_OK;
}

/* Every key with its value and where that was set. */
static int
show(const struct pst_config *config, const char *origin,
    struct pst_arena *arena)
{
	for (size_t i = 0; i < pst_key_count; i++) {
		char path[MAX_PATH];
		unsigned line = pst_config_line(config, i);
		printf("%s = %s  # ",
		    pst_key_path(&pst_keys[i], path, sizeof(path)),
		    pst_config_value(config, i, arena));
		if (line == 0)
			puts("default");
		else
			printf("%s:%u\n", origin, line);
	}
	return PST_EXIT_OK;
}

/* The two MTAs split their lines at these. */
static bool
fits_a_line(const struct pst_endpoint *endpoint)
{
	return strpbrk(endpoint->path, " ,;{}#`'$\"") == NULL &&
	    strpbrk(endpoint->host, " ,;{}#`'$\"") == NULL;
}

/* Parses one item of the list; configuration has checked it already. */
static bool
read_listener(const char *text, struct pst_endpoint *endpoint)
{
	struct pst_err err;

	if (!pst_endpoint_parse(pst_str(text), endpoint, &err)) {
		pst_ui_fail(command, "%s", err.text);
		return false;
	}
	if (!fits_a_line(endpoint)) {
		pst_ui_fail(command,
		    "the socket \"%s\" holds a character that has a meaning "
		    "of its own for the MTA; choose a plainer path",
		    text);
		return false;
	}
	return true;
}

static void
print_smtpd_milters(const struct pst_endpoint *endpoint, const char *lead)
{
	const size_t queue_len = sizeof(POSTFIX_QUEUE) - 1;
	char text[PST_ENDPOINT_TEXT_SIZE];
	bool is_unix = endpoint->kind == PST_ENDPOINT_UNIX;

	if (is_unix && strncmp(endpoint->path, POSTFIX_QUEUE, queue_len) == 0) {
		printf("%ssmtpd_milters = unix:%s\n", lead,
		    endpoint->path + queue_len);
		return;
	}
	pst_endpoint_postfix(endpoint, text);
	if (is_unix)
		puts("# A chrooted smtpd does not reach this path; one below\n"
		     "# " POSTFIX_QUEUE "postern/ would do for both.");
	printf("%ssmtpd_milters = %s\n", lead, text);
}

static int
print_postfix(const struct pst_config *config, const char *origin,
    struct pst_arena *arena)
{
	(void)arena;
	printf("# For main.cf, from: %s\n", origin);
	for (size_t i = 0; i < config->listen.count; i++) {
		struct pst_endpoint endpoint;
		if (!read_listener(config->listen.items[i], &endpoint))
			return PST_EXIT_USAGE;
		if (i == 1)
			puts("# Other sockets of the same filter:");
		print_smtpd_milters(&endpoint, i == 0 ? "" : "#");
	}
	printf("# While posternd is away:\nmilter_default_action = %s\n",
	    config->mode == PST_MODE_MONITOR ? "accept" : "tempfail");
	puts("# No non_smtpd_milters; and for the submission services in\n"
	     "# master.cf: -o smtpd_milters=");
	return PST_EXIT_OK;
}

static void
print_filter(const struct pst_endpoint *endpoint, const char *lead,
    const char *name, bool monitor)
{
	struct pst_endpoint named = *endpoint;
	char text[PST_ENDPOINT_TEXT_SIZE];

	/* Sendmail wants to be told a host. */
	if (named.kind == PST_ENDPOINT_INET && named.host[0] == '\0')
		memcpy(named.host, "127.0.0.1", sizeof("127.0.0.1"));
	if (named.kind == PST_ENDPOINT_INET6 && named.host[0] == '\0')
		memcpy(named.host, "::1", sizeof("::1"));
	pst_endpoint_libmilter(&named, text);
	printf("%sINPUT_MAIL_FILTER(`%s', `S=%s,%s "
	       "T=C:10s;S:10s;R:60s;E:5m')dnl\n",
	    lead, name, text, monitor ? "" : " F=T,");
}

static int
print_sendmail(const struct pst_config *config, const char *origin,
    struct pst_arena *arena)
{
	bool monitor = config->mode == PST_MODE_MONITOR;

	printf("dnl For sendmail.mc, from: %s\n", origin);
	puts(monitor ? "dnl Without F=, mail passes while posternd is away." :
		       "dnl F=T defers mail while posternd is away.");
	for (size_t i = 0; i < config->listen.count; i++) {
		struct pst_endpoint endpoint;
		const char *name = "postern";
		if (!read_listener(config->listen.items[i], &endpoint))
			return PST_EXIT_USAGE;
		if (i == 1)
			puts("dnl Other sockets of the same filter:");
		if (i > 0)
			name = pst_arena_printf(arena, "postern%zu", i + 1);
		print_filter(&endpoint, i == 0 ? "" : "dnl ", name, monitor);
	}
	return PST_EXIT_OK;
}

static const struct {
	const char *word;
	int (*run)(const struct pst_config *config, const char *origin,
	    struct pst_arena *arena);
} actions[] = {
    {"test", test},
    {"show", show},
    {"postfix", print_postfix},
    {"sendmail", print_sendmail},
};

#define ACTIONS (sizeof(actions) / sizeof(actions[0]))

int
pst_cmd_config(int argc, char **argv)
{
	size_t which = 0;
	const char *origin;

	if (argc < 2)
		return pst_ui_fail(
		    command, "say test, show, postfix or sendmail");
	while (which < ACTIONS && strcmp(actions[which].word, argv[1]) != 0)
		which++;
	if (which == ACTIONS)
		return pst_ui_fail(command,
		    "it is test, show, postfix or sendmail, not \"%s\"",
		    argv[1]);
	if (argc > 3)
		return pst_ui_fail(command, "one file at a time");
	const char *file_name = choose_file(argc == 3 ? argv[2] : NULL);
	if (file_name == NULL && actions[which].run == test)
		return pst_ui_fail(
		    command, "there is no %s to test", PST_CONFIG_DEFAULT_FILE);
	struct pst_config *config =
	    pst_settings_load(command, file_name, &origin);
	if (config == NULL)
		return PST_EXIT_USAGE;
	struct pst_arena *arena = pst_arena_new();
	int status = actions[which].run(config, origin, arena);
	pst_arena_free(arena);
	pst_config_unref(config);
	return pst_ui_finish(command, status);
}
