/* SPDX-License-Identifier: BSD-2-Clause */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "config/sign.h"
#include "core/containment.h"
#include "milter/limits.h"
#include "milter/notify.h"
#include "milter/supervisor.h"

#define IDENT "posternd"

struct options {
	const char *config_file; /* NULL: the default file */
	const char *pid_file;    /* NULL: as configured */
	bool foreground;
	bool test_only;
};

static const char usage[] =
    "usage: posternd [-fn] [-c FILE] [-p PIDFILE]\n"
    "       posternd --version | --help\n"
    "\n"
    "  -c FILE     read this configuration (default " PST_CONFIG_DEFAULT_FILE
    ")\n"
    "  -f          stay in the foreground, log to standard error\n"
    "  -n          test the configuration and exit\n"
    "  -p PIDFILE  write the process id to this file\n"
    "  -V, --version  print the version\n"
    "  -h, --help  print this text\n"
    "\n"
    "See posternd(8) and postern.conf(5).\n";

/* Returns true if the daemon is to run; else *status is the exit status. */
static bool
parse_options(int argc, char **argv, struct options *out, int *status)
{
	static const struct option words[] = {
	    {"version", no_argument, NULL, 'V'},
	    {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0},
	};
	int c;

	memset(out, 0, sizeof(*out));
	while ((c = getopt_long(argc, argv, "c:fnp:Vh", words, NULL)) != -1) {
		switch (c) {
		case 'c':
			out->config_file = optarg;
			break;
		case 'f':
			out->foreground = true;
			break;
		case 'n':
			out->test_only = true;
			break;
		case 'p':
			out->pid_file = optarg;
			break;
		case 'V':
			(void)puts("posternd " PST_VERSION);
			*status = 0;
			return false;
		case 'h':
			(void)fputs(usage, stdout);
			*status = 0;
			return false;
		default:
			(void)fputs(
			    "posternd: see posternd -h for the options\n",
			    stderr);
			*status = PST_EXIT_START;
			return false;
		}
	}
	if (optind == argc)
		return true;
	(void)fprintf(stderr,
	    "posternd: unexpected argument \"%s\"; see posternd -h\n",
	    argv[optind]);
	*status = PST_EXIT_START;
	return false;
}

static struct pst_config *
load(const struct options *options, struct pst_problems *problems)
{
	const char *file = options->config_file;
	char *whole;
	struct pst_config *config;

	if (file == NULL)
		file = PST_CONFIG_DEFAULT_FILE;
	/* A reload reads the file again, from another directory. */
	whole = realpath(file, NULL);
	config = pst_config_load_all(whole == NULL ? file : whole, problems);
	free(whole);
	return config;
}

/* Opens the log; returns true if it goes to standard error. */
static bool
open_log(const struct pst_config *config, bool foreground)
{
	bool to_stderr = config->log.target == PST_LOG_TO_STDERR ||
	    (config->log.target == PST_LOG_TO_AUTO && foreground);

	pst_process_open_log(IDENT, to_stderr, config);
	return to_stderr;
}

/* Prints every error of the configuration. */
static int
complain_of_all(const struct pst_problems *problems)
{
	for (size_t i = 0; i < problems->count; i++) {
		const struct pst_problem *problem = &problems->items[i];
		struct pst_err err;

		if (problem->file == NULL)
			(void)pst_err_set(&err, "%s", problem->sentence);
		else
			(void)pst_err_set_at(&err, problem->file, problem->line,
			    "%s", problem->sentence);
		(void)fprintf(stderr, "posternd: %s\n", err.text);
	}
	return PST_EXIT_START;
}

static int
complain(const struct pst_err *err)
{
	(void)fprintf(stderr, "posternd: %s\n", err->text);
	return PST_EXIT_START;
}

/* As the user that would read the keys, if this one may become it. */
static int
test_keys(struct pst_config *config, const struct pst_identity *identity)
{
	struct pst_problems problems = {.arena = NULL};
	size_t forbidden = 0;
	struct pst_err err;
	int status = 0;

	if (!pst_sign_is_used(config))
		return 0;
	if (!pst_process_become(identity, &err))
		return complain(&err);
	problems.arena = pst_arena_new();
	pst_sign_domains_check_keys(config, &problems,
	    identity->change || geteuid() == 0 ? NULL : &forbidden);
	if (problems.errors > 0)
		status = complain_of_all(&problems);
	if (forbidden > 0)
		(void)fprintf(stderr,
		    "posternd: %zu key file%s not checked, as this user may "
		    "not read %s; run the test as root\n",
		    forbidden, forbidden == 1 ? " was" : "s were",
		    forbidden == 1 ? "it" : "them");
	pst_arena_free(problems.arena);
	return status;
}

int
main(int argc, char **argv)
{
	struct pst_supervisor supervisor;
	struct options options;
	struct pst_problems problems = {.arena = NULL};
	struct pst_config *config;
	struct pst_err err;
	int status;

	memset(&supervisor, 0, sizeof(supervisor));
	pst_notify_init();
	if (!parse_options(argc, argv, &options, &status))
		return status;
	problems.arena = pst_arena_new();
	config = load(&options, &problems);
	if (config == NULL)
		return complain_of_all(&problems);
	pst_arena_free(problems.arena);
	if (!pst_process_identity(
		config->user, config->group, &supervisor.identity, &err))
		return complain(&err);
	if (options.test_only) {
		status = test_keys(config, &supervisor.identity);
		pst_config_unref(config);
		return status;
	}
	supervisor.config = config;
	supervisor.counters = pst_counters_map(&err);
	if (supervisor.counters == NULL || !pst_containment_map(&err))
		return complain(&err);
	/* The terminal shows our errors until pst_process_ready(). */
	if (!options.foreground && !pst_process_background(&err))
		return complain(&err);
	(void)umask((mode_t)config->umask);
	pst_process_raise_files();
	if (!pst_process_write_pid(
		options.pid_file == NULL ? config->pid_file : options.pid_file,
		&err))
		return complain(&err);
	supervisor.logs_to_stderr = open_log(config, options.foreground);
	pst_limits_warn(config);
	status = pst_supervisor_run(&supervisor);
	pst_process_remove_pid();
	pst_log_finish();
	pst_config_unref(supervisor.config);
	pst_counters_unmap(supervisor.counters);
	pst_containment_unmap();
	return status;
}
