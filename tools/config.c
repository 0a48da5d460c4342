/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/endpoint.h"
#include "base/macros.h"
#include "config/option.h"
#include "config/titled.h"
#include "tools/command.h"
#include "tools/config_networks.h"
#include "tools/config_test.h"
#include "tools/settings.h"
#include "tools/ui.h"

#define MAX_PATH 64 /* length of an option's path */
#define POSTFIX_QUEUE "/var/spool/postfix/"

static const char command[] = "config";

/*
 * Returns the file that the operator named, else the default file; NULL if that
 * does not exist. A default file that exists must be good.
 */
static const char *
choose_file(const char *file_name)
{
	if (file_name != NULL)
		return file_name;
	if (access(PST_CONFIG_DEFAULT_FILE, F_OK) != 0 && errno == ENOENT)
		return NULL;
	return PST_CONFIG_DEFAULT_FILE;
}

/* What show_section() says about the section. */
struct section {
	enum pst_titled kind;
	const char *title;
	const struct pst_titled_value *written;
	const char *origin;
};

static void
show_section(const struct section *section, struct pst_arena *arena)
{
	const struct pst_titled_kind *kind = &pst_titled_kinds[section->kind];

	for (size_t i = 0; i < kind->count; i++) {
		if (section->written[i].line != 0)
			printf("%s \"%s\".%s = %s  # %s:%u\n", kind->section,
			    section->title, kind->options[i].name,
			    pst_titled_value_text(
				&kind->options[i], &section->written[i], arena),
			    section->origin, section->written[i].line);
	}
}

static void
show_sections(const struct pst_config *config, const char *origin,
    struct pst_arena *arena)
{
	for (size_t i = 0; i < config->sign_domains.count; i++) {
		const struct pst_sign_domain *one =
		    &config->sign_domains.items[i];

		show_section(&(struct section){PST_TITLED_SIGN, one->domain,
				 one->written, origin},
		    arena);
	}
	for (size_t i = 0; i < config->rules.count; i++) {
		const struct pst_rule *rule = &config->rules.items[i];

		show_section(&(struct section){PST_TITLED_RULE, rule->title,
				 rule->written, origin},
		    arena);
	}
}

static void
show_listener(const struct pst_config *config, size_t index, const char *origin,
    struct pst_arena *arena)
{
	const struct pst_config *own = pst_config_at(config, index);

	for (size_t i = 0; i < pst_option_count; i++) {
		unsigned line = pst_config_listener_line(config, index, i);
		if (line != 0)
			printf("listener \"%s\".%s = %s  # %s:%u\n",
			    pst_config_socket(config, index),
			    pst_options[i].name,
			    pst_config_value(own, i, arena), origin, line);
	}
}

/* Prints the options with their values and where these were set. */
static void
show_options(const struct pst_config *config, const char *origin,
    struct pst_arena *arena, bool changed_only)
{
	for (size_t i = 0; i < pst_option_count; i++) {
		char path[MAX_PATH];
		unsigned line = pst_config_line(config, i);
		if (changed_only && line == 0)
			continue;
		printf("%s = %s  # ",
		    pst_option_path(&pst_options[i], path, sizeof(path)),
		    pst_config_shown(config, i, arena));
		if (line == 0)
			puts("default");
		else
			printf("%s:%u\n", origin, line);
	}
	show_sections(config, origin, arena);
	for (size_t i = 0; i < pst_config_listeners(config); i++)
		show_listener(config, i, origin, arena);
	pst_config_show_networks(config, arena);
}

static int
show(const struct pst_config *config, const char *origin,
    struct pst_arena *arena)
{
	show_options(config, origin, arena, false);
	return PST_EXIT_OK;
}

/* Only what the file sets, as `postconf -n` does. */
static int
show_changed(const struct pst_config *config, const char *origin,
    struct pst_arena *arena)
{
	show_options(config, origin, arena, true);
	return PST_EXIT_OK;
}

/* True if it has no character that is special in an MTA's configuration. */
static bool
fits_a_line(const struct pst_endpoint *endpoint)
{
	return strpbrk(endpoint->path, " ,;{}#`'$\"") == NULL &&
	    strpbrk(endpoint->host, " ,;{}#`'$\"") == NULL;
}

/*
 * Parses a listener's socket, which the configuration has checked already.
 * False, after a sentence, if it does not fit in a line of an MTA's
 * configuration.
 */
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
		    "the socket \"%s\" contains a character that is special "
		    "in the MTA's configuration; choose a simpler path",
		    text);
		return false;
	}
	return true;
}

static void
print_milters(
    const struct pst_endpoint *endpoint, const char *name, const char *equals)
{
	const size_t queue_len = sizeof(POSTFIX_QUEUE) - 1;
	char text[PST_ENDPOINT_TEXT_SIZE];
	bool is_unix = endpoint->kind == PST_ENDPOINT_UNIX;

	if (is_unix && strncmp(endpoint->path, POSTFIX_QUEUE, queue_len) == 0) {
		printf(
		    "%s%sunix:%s\n", name, equals, endpoint->path + queue_len);
		return;
	}
	pst_endpoint_postfix(endpoint, text);
	if (is_unix)
		puts("# A chrooted smtpd cannot reach this path; a path below\n"
		     "# " POSTFIX_QUEUE
		     "postern/ works with and without chroot.");
	printf("%s%s%s\n", name, equals, text);
}

/* True if the listener is for mail of our own users. */
static bool
is_outbound(const struct pst_config *config, size_t index)
{
	const struct pst_config *own = pst_config_at(config, index);

	return own->submission || own->sign;
}

/* Returns the first listener that is not for submission only; else 0. */
static size_t
first_inbound(const struct pst_config *config)
{
	size_t count = pst_config_listeners(config);
	size_t i = 0;

	while (i < count && is_outbound(config, i))
		i++;
	return i == count ? 0 : i;
}

/*
 * Returns the listener for submission, one that signs before any other; the
 * number of listeners if there is none.
 */
static size_t
best_outbound(const struct pst_config *config)
{
	size_t count = pst_config_listeners(config), best = count;

	for (size_t i = count; i-- > 0;) {
		if (is_outbound(config, i) &&
		    (best == count || pst_config_at(config, i)->sign ||
			!pst_config_at(config, best)->sign))
			best = i;
	}
	return best;
}

static bool
print_postfix_listener(
    const struct pst_config *config, size_t index, const char *name)
{
	struct pst_endpoint endpoint;

	if (!read_listener(pst_config_socket(config, index), &endpoint))
		return false;
	if (is_outbound(config, index))
		puts("# For submission services only:");
	print_milters(&endpoint, name, " = ");
	return true;
}

/* Mail of the site's own users must not be checked like that of strangers. */
static bool
print_submission(const struct pst_config *config)
{
	size_t count = pst_config_listeners(config);
	size_t i = best_outbound(config);
	struct pst_endpoint endpoint;
	bool signs = i < count && pst_config_at(config, i)->sign;

	if (signs) {
		if (!read_listener(pst_config_socket(config, i), &endpoint))
			return false;
		puts("# Programs of this host send through this one, and "
		     "Postern signs their mail:");
		print_milters(&endpoint, "non_smtpd_milters", " = ");
	} else {
		puts("# Do not set non_smtpd_milters.");
	}
	printf(
	    "# For master.cf: your own users send through the submission\n"
	    "# services, and their mail is %s. Add below each\n"
	    "# of the lines submission, submissions and smtps that you have:\n",
	    signs ? "to be signed" : "not for this filter");
	if (i == count) {
		puts("#    -o smtpd_milters=");
		return true;
	}
	if (!read_listener(pst_config_socket(config, i), &endpoint))
		return false;
	print_milters(&endpoint, "#    -o smtpd_milters", "=");
	return true;
}

static int
print_postfix(const struct pst_config *config, const char *origin,
    struct pst_arena *arena)
{
	(void)arena;
	size_t first = first_inbound(config);
	const struct pst_config *inbound = pst_config_at(config, first);

	printf("# For main.cf, made from: %s\n", origin);
	if (!print_postfix_listener(config, first, "smtpd_milters"))
		return PST_EXIT_USAGE;
	for (size_t i = 0, others = 0; i < pst_config_listeners(config); i++) {
		if (i == first)
			continue;
		if (others++ == 0)
			puts("# Other sockets of the same filter:");
		if (!print_postfix_listener(config, i, "#smtpd_milters"))
			return PST_EXIT_USAGE;
	}
	printf("# What Postfix does while posternd is away:\n"
	       "milter_default_action = %s\n",
	    inbound->mode == PST_MODE_MONITOR ? "accept" : "tempfail");
	return print_submission(config) ? PST_EXIT_OK : PST_EXIT_USAGE;
}

static void
print_filter(const struct pst_endpoint *endpoint, const char *lead,
    const char *name, bool monitor)
{
	struct pst_endpoint named = *endpoint;
	char text[PST_ENDPOINT_TEXT_SIZE];

	/* Sendmail requires a host. */
	if (named.kind == PST_ENDPOINT_INET && named.host[0] == '\0')
		memcpy(named.host, "127.0.0.1", sizeof("127.0.0.1"));
	if (named.kind == PST_ENDPOINT_INET6 && named.host[0] == '\0')
		memcpy(named.host, "::1", sizeof("::1"));
	pst_endpoint_libmilter(&named, text);
	printf("%sINPUT_MAIL_FILTER(`%s', `S=%s,%s "
	       "T=C:10s;S:10s;R:60s;E:5m')dnl\n",
	    lead, name, text, monitor ? "" : " F=T,");
}

static bool
print_sendmail_listener(const struct pst_config *config, size_t index,
    const char *lead, const char *name)
{
	const struct pst_config *own = pst_config_at(config, index);
	struct pst_endpoint endpoint;

	if (!read_listener(pst_config_socket(config, index), &endpoint))
		return false;
	if (is_outbound(config, index))
		puts("dnl For the submission daemon only:");
	print_filter(&endpoint, lead, name, own->mode == PST_MODE_MONITOR);
	return true;
}

static int
print_sendmail(const struct pst_config *config, const char *origin,
    struct pst_arena *arena)
{
	size_t first = first_inbound(config);
	bool monitor = pst_config_at(config, first)->mode == PST_MODE_MONITOR;

	printf("dnl For sendmail.mc, made from: %s\n", origin);
	puts(monitor ?
		"dnl Without F=, mail passes unchecked if posternd is away." :
		"dnl F=T defers mail while posternd is away.");
	if (!print_sendmail_listener(config, first, "", "postern"))
		return PST_EXIT_USAGE;
	for (size_t i = 0, others = 0; i < pst_config_listeners(config); i++) {
		if (i == first)
			continue;
		if (others++ == 0)
			puts("dnl Other sockets of the same filter:");
		if (!print_sendmail_listener(config, i, "dnl ",
			pst_arena_printf(arena, "postern%zu", others + 1)))
			return PST_EXIT_USAGE;
	}
	return PST_EXIT_OK;
}

static const struct action {
	const char *word;
	/* NULL: tools/config_test does it. */
	int (*run)(const struct pst_config *config, const char *origin,
	    struct pst_arena *arena);
	const char *option; /* NULL: it has none */
	int (*run_with_option)(const struct pst_config *config,
	    const char *origin, struct pst_arena *arena);
} actions[] = {
    {"test", NULL, "--strict", NULL},
    {"show", show, "--changed", show_changed},
    {"postfix", print_postfix, NULL, NULL},
    {"sendmail", print_sendmail, NULL, NULL},
};

static const struct action *
find_action(const char *word)
{
	for (size_t i = 0; i < PST_COUNT(actions); i++) {
		if (strcmp(actions[i].word, word) == 0)
			return &actions[i];
	}
	return NULL;
}

/* What follows the action. */
struct rest {
	const char *file; /* NULL: none was given */
	bool with_option;
};

static bool
take_file(struct rest *rest, const char *file)
{
	if (file == NULL || rest->file != NULL) {
		pst_ui_fail(command,
		    file == NULL ? "--config requires a file" :
				   "only one file can be given");
		return false;
	}
	rest->file = file;
	return true;
}

/* False after a sentence. The file may be named as other commands have it. */
static bool
read_rest(const struct action *action, char **words, struct rest *rest)
{
	for (; *words != NULL; words++) {
		if (action->option != NULL &&
		    strcmp(*words, action->option) == 0) {
			rest->with_option = true;
		} else if (strcmp(*words, "--config") == 0 ||
		    strcmp(*words, "-c") == 0) {
			if (!take_file(rest, words[1]))
				return false;
			words++;
		} else if (strncmp(*words, "--config=", 9) == 0) {
			if (!take_file(rest, *words + 9))
				return false;
		} else if (**words == '-' && strcmp(*words, "-") != 0) {
			pst_ui_fail(command,
			    "unknown option \"%s\"; there is --config%s%s",
			    *words, action->option == NULL ? "" : " and ",
			    action->option == NULL ? "" : action->option);
			return false;
		} else if (!take_file(rest, *words)) {
			return false;
		}
	}
	return true;
}

static int
run(const struct action *action, const char *file_name, bool with_option)
{
	const char *origin;
	struct pst_config *config =
	    pst_settings_load(command, file_name, &origin);

	if (config == NULL)
		return PST_EXIT_USAGE;
	struct pst_arena *arena = pst_arena_new();
	int status = with_option ?
	    action->run_with_option(config, origin, arena) :
	    action->run(config, origin, arena);
	pst_arena_free(arena);
	pst_config_unref(config);
	return pst_ui_finish(command, status);
}

int
pst_cmd_config(int argc, char **argv)
{
	const struct action *action;
	struct rest rest = {NULL, false};

	if (argc < 2)
		return pst_ui_fail(command,
		    "missing subcommand; expected one of: test, show, "
		    "postfix, sendmail");
	action = find_action(argv[1]);
	if (action == NULL)
		return pst_ui_fail(command,
		    "unknown subcommand \"%s\"; expected one of: test, show, "
		    "postfix, sendmail",
		    argv[1]);
	if (!read_rest(action, argv + 2, &rest))
		return PST_EXIT_USAGE;
	rest.file = choose_file(rest.file);
	if (action->run != NULL)
		return run(action, rest.file, rest.with_option);
	if (rest.file == NULL)
		return pst_ui_fail(command, "there is no file %s to test",
		    PST_CONFIG_DEFAULT_FILE);
	return pst_ui_finish(
	    command, pst_config_test(command, rest.file, rest.with_option));
}
