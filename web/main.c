/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * postern-web: pages for a browser about what Postern did with mail. It only
 * reads: the journal, the sums, the report store, and what the daemon says.
 */

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "store/journal_config.h"
#include "store/tallies.h"
#include "web/export.h"
#include "web/listen.h"
#include "web/server.h"

#define IDENT "postern-web"
#define DEFAULT_LISTEN "inet:127.0.0.1:9797"
#define MAX_HOSTS 16
#define EXIT_START 2
#define DRAIN_MS 700

struct options {
	const char *config_file; /* NULL: the default file */
	const char *export;      /* NULL: serve */
	struct pst_endpoint listen;
	const char *hosts[MAX_HOSTS];
	size_t host_count;
};

static const char usage[] =
    "usage: postern-web [-c FILE] [-l ADDRESS] [-H NAME]...\n"
    "       postern-web [-c FILE] -e DIRECTORY\n"
    "       postern-web --version | --help\n"
    "\n"
    "  -c, --config FILE       read this configuration (default\n"
    "                          " PST_CONFIG_DEFAULT_FILE ")\n"
    "  -e, --export DIRECTORY  write the pages into files and exit\n"
    "  -H, --host NAME         a further name that browsers may use\n"
    "  -l, --listen ADDRESS    unix:PATH or inet:HOST:PORT, of the loopback\n"
    "                          interface only (default " DEFAULT_LISTEN ")\n"
    "  -V, --version           print the version\n"
    "  -h, --help              print this text\n"
    "\n"
    "See postern-web(8).\n";

static bool
complain(const char *sentence, const char *what)
{
	(void)fprintf(stderr, IDENT ": %s%s\n", sentence, what);
	return false;
}

static bool
take_listen(struct options *options, const char *text)
{
	struct pst_err err;

	return pst_endpoint_parse(pst_str(text), &options->listen, &err) ||
	    complain("--listen: ", err.text);
}

static bool
take_host(struct options *options, const char *name)
{
	if (options->host_count == MAX_HOSTS)
		return complain("there are too many names with --host", "");
	options->hosts[options->host_count++] = name;
	return true;
}

/* False: *status is the exit status. */
static bool
take_option(struct options *options, int option, int *status)
{
	*status = EXIT_START;
	switch (option) {
	case 'c':
		options->config_file = optarg;
		return true;
	case 'e':
		options->export = optarg;
		return true;
	case 'H':
		return take_host(options, optarg);
	case 'l':
		return take_listen(options, optarg);
	case 'V':
		*status = puts(IDENT " " PST_VERSION) == EOF ? 1 : 0;
		return false;
	case 'h':
		*status = fputs(usage, stdout) == EOF ? 1 : 0;
		return false;
	default:
		return complain("see postern-web -h for the options", "");
	}
}

/* Returns true if there is something to do; else *status is the exit status. */
static bool
parse_options(int argc, char **argv, struct options *options, int *status)
{
	static const struct option words[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"export", required_argument, NULL, 'e'},
	    {"host", required_argument, NULL, 'H'},
	    {"listen", required_argument, NULL, 'l'},
	    {"version", no_argument, NULL, 'V'},
	    {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0},
	};
	int c;

	memset(options, 0, sizeof(*options));
	*status = EXIT_START;
	if (!take_listen(options, DEFAULT_LISTEN))
		return false;
	while ((c = getopt_long(argc, argv, "c:e:H:l:Vh", words, NULL)) != -1)
		if (!take_option(options, c, status))
			return false;
	if (optind == argc)
		return true;
	*status = EXIT_START;
	return complain(
	    "unexpected argument; see postern-web -h: ", argv[optind]);
}

/* It stays in the foreground, so `auto` means standard error. */
static void
open_log(const struct pst_config *config)
{
	enum pst_log_sink sink = PST_LOG_SYSLOG;

	if (config->log.target != PST_LOG_TO_SYSLOG)
		sink = getenv("JOURNAL_STREAM") != NULL ? PST_LOG_JOURNAL :
							  PST_LOG_STDERR;
	pst_log_set_format(config->log.format);
	pst_log_open(sink, IDENT, config->log.facility, config->log.level);
	pst_log_never_wait();
}

/* ---- signals ---- */

static volatile sig_atomic_t stopped;

static void
note_stop(int number)
{
	(void)number;
	stopped = 1;
}

static bool
is_stopped(void)
{
	return stopped != 0;
}

/* The signals that end it; a terminal that goes away is one of them. */
static void
fill_ends(sigset_t *ends)
{
	(void)sigemptyset(ends);
	(void)sigaddset(ends, SIGTERM);
	(void)sigaddset(ends, SIGINT);
	(void)sigaddset(ends, SIGHUP);
}

/* ---- what it does ---- */

static int export(struct pst_web_site *site, const char *directory)
{
	const struct sigaction note = {.sa_handler = note_stop};
	struct pst_err err;
	size_t pages = 0;

	(void)sigaction(SIGTERM, &note, NULL);
	(void)sigaction(SIGINT, &note, NULL);
	(void)sigaction(SIGHUP, &note, NULL);
	if (!pst_web_export(site, directory, is_stopped, &pages, &err)) {
		(void)complain(err.text, "");
		return 1;
	}
	return printf("%zu pages are in %s; begin at index.html\n", pages,
		   directory) < 0;
}

static bool
start(const struct options *options, const struct pst_web_site *site,
    struct pst_web_server_options *server_options,
    struct pst_web_server **server)
{
	struct pst_err err;

	server_options->fd = pst_web_listen(&options->listen, &err);
	if (server_options->fd == -1) {
		pst_log(PST_LOG_ERROR, "no pages are served: %s", err.text);
		return false;
	}
	*server = NULL;
	if (pst_web_keep_start(site->keep, &err))
		*server = pst_web_server_start(site, server_options, &err);
	if (*server == NULL)
		pst_log(PST_LOG_ERROR, "no pages are served: %s", err.text);
	return *server != NULL;
}

/* Serves until a signal comes. The process must end then. */
static int
serve(const struct options *options, const struct pst_web_site *site)
{
	struct pst_web_server_options server_options = {
	    .check_host = options->listen.kind != PST_ENDPOINT_UNIX,
	    .hosts = options->hosts,
	    .host_count = options->host_count};
	struct pst_web_server *server = NULL;
	char text[PST_ENDPOINT_TEXT_SIZE];
	sigset_t ends;
	int number = 0;

	fill_ends(&ends);
	/* Before there are threads, so that only we get these signals. */
	(void)pthread_sigmask(SIG_BLOCK, &ends, NULL);
	if (!pst_log_start_writer())
		pst_log(PST_LOG_WARNING,
		    "cannot start the log's thread; lines may be late");
	pst_endpoint_postfix(&options->listen, text);
	if (!start(options, site, &server_options, &server))
		return EXIT_START;
	if (geteuid() == 0)
		pst_log(PST_LOG_WARNING,
		    "runs as root, which it need not: start it as a user of "
		    "the daemon's group");
	pst_log(
	    PST_LOG_NOTICE, "version " PST_VERSION " serves pages on %s", text);
	while (sigwait(&ends, &number) != 0)
		continue;
	if (options->listen.kind == PST_ENDPOINT_UNIX)
		(void)unlink(options->listen.path);
	pst_web_server_stop(server, DRAIN_MS);
	pst_log(PST_LOG_NOTICE, "ends");
	return 0;
}

int
main(int argc, char **argv)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct pst_web_site site = {.config = NULL};
	struct pst_ask_where where = {.config = NULL};
	struct pst_arena *arena;
	struct options options;
	struct pst_err err;
	int status;

	if (!parse_options(argc, argv, &options, &status))
		return status;
	site.config = pst_config_load(options.config_file == NULL ?
		PST_CONFIG_DEFAULT_FILE :
		options.config_file,
	    &err);
	if (site.config == NULL) {
		(void)complain(err.text, "");
		return EXIT_START;
	}
	(void)sigaction(SIGPIPE, &ignore, NULL);
	open_log(site.config);
	arena = pst_arena_new();
	where.control = site.config->control_socket;
	site.daemon = pst_web_daemon_new(&where);
	site.keep = pst_web_keep_new(
	    pst_tallies_path(arena, pst_journal_path(arena, site.config)),
	    &site.config->own_domains.set);
	if (options.export != NULL)
		status = export(&site, options.export);
	else
		status = serve(&options, &site);
	(void)fflush(stdout);
	pst_log_finish();
	/* Threads may still be making pages of this. */
	_exit(status);
}
