/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * postern-upload moves report rows from this gateway's file to the shared
 * database (store/upload.h). posternd starts it and talks to it over standard
 * input (milter/upload_child.h). It is a program of its own because posternd,
 * which reads mail from strangers, must not contain a database client.
 */

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "core/counters.h"
#include "milter/process.h"
#include "milter/sandbox.h"
#include "milter/supervisor.h"
#include "milter/upload_child.h"
#include "milter/worker.h"
#include "store/open.h"
#include "store/upload.h"

struct options {
	const char *file;
	bool to_stderr;
	bool counts; /* PST_UPLOAD_COUNTERS_FD is the memory of counters */
};

static bool
parse_options(int argc, char **argv, struct options *out)
{
	int c;

	*out = (struct options){.file = NULL};
	while ((c = getopt(argc, argv, "c:em")) != -1) {
		if (c == 'c')
			out->file = optarg;
		else if (c == 'e')
			out->to_stderr = true;
		else if (c == 'm')
			out->counts = true;
		else
			return false;
	}
	return out->file != NULL && optind == argc;
}

static void
log_upload(void *arg, enum pst_writer_event event, const char *text)
{
	(void)arg;
	switch (event) {
	case PST_WRITER_FAILED:
		pst_log(PST_LOG_WARNING,
		    "cannot upload report rows to the shared database; they "
		    "stay in this gateway's file and mail is not affected: %s",
		    text);
		break;
	case PST_WRITER_RECOVERED:
		pst_log(PST_LOG_NOTICE,
		    "report rows are uploaded to the shared database again: %s",
		    text);
		break;
	case PST_WRITER_EXPIRED:
		pst_log(PST_LOG_NOTICE,
		    "deleted from the shared database, because they were old: "
		    "%s",
		    text);
		break;
	case PST_WRITER_CLOCK_WRONG:
		pst_log(PST_LOG_WARNING, "shared database: %s", text);
		break;
	case PST_WRITER_CLOCK_RIGHT:
		pst_log(PST_LOG_NOTICE, "shared database: %s", text);
		break;
	case PST_WRITER_SPOOLING:
	case PST_WRITER_UNSPOOLED:
		break;
	}
}

static void
log_memory(void *arg, const char *why)
{
	(void)arg;
	if (why != NULL)
		pst_log(PST_LOG_WARNING,
		    "cannot share remembered domains with other gateways; this "
		    "one uses its own: %s",
		    why);
	else
		pst_log(PST_LOG_NOTICE,
		    "remembered domains are shared with other gateways again");
}

static void
log_journal(void *arg, const char *why)
{
	(void)arg;
	if (why != NULL)
		pst_log(PST_LOG_WARNING,
		    "cannot copy the journal to the shared database; other "
		    "gateways do not find this one's messages until it is "
		    "copied, and mail is not affected: %s",
		    why);
	else
		pst_log(PST_LOG_NOTICE,
		    "the journal is copied to the shared database again");
}

/* Opens the log; a file that cannot be loaded is logged as the defaults say. */
static struct pst_config *
load(const struct options *options)
{
	struct pst_err err, ignored;
	struct pst_config *config = pst_config_load(options->file, &err);
	struct pst_config *shown = config;

	if (config == NULL)
		shown = pst_config_load(NULL, &ignored);
	if (shown != NULL)
		pst_process_open_log(
		    PST_UPLOAD_PROGRAM, options->to_stderr, shown);
	if (config != NULL)
		return config;
	pst_log(PST_LOG_ERROR,
	    "report rows are not uploaded and stay in this gateway's file, "
	    "mail is not affected: %s",
	    err.text);
	pst_config_unref(shown);
	return NULL;
}

/*
 * The store's options take effect at a start only, as the writer of posternd
 * keeps its own, too; the log's level can change at any time.
 */
static void
reload(const char *file)
{
	struct pst_err err;
	struct pst_config *fresh = pst_config_load(file, &err);

	/* posternd has logged what is wrong with the file. */
	if (fresh == NULL)
		return;
	pst_log_set_level(fresh->log.level);
	pst_config_unref(fresh);
}

/* What is uploaded is counted where the supervisor counts. */
static void
enter_counters(void)
{
	struct pst_err err;
	struct pst_counters *counters =
	    pst_counters_attach(PST_UPLOAD_COUNTERS_FD, &err);

	if (counters == NULL)
		pst_log(PST_LOG_WARNING,
		    "uploads are not counted, and rows are uploaded all the "
		    "same: %s",
		    err.text);
	pst_counters_enter(counters, PST_COUNTERS_SUPERVISOR);
}

/* Returns when it is told to stop, or when posternd has died. */
static void
obey(const char *file)
{
	char byte;
	ssize_t n;

	for (;;) {
		n = read(STDIN_FILENO, &byte, 1);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == 1 && byte == PST_WORKER_RELOAD)
			reload(file);
		else
			return;
	}
}

int
main(int argc, char **argv)
{
	/* A terminal sends it to us, too, but posternd says when to stop. */
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct options options;
	struct pst_config *config;
	struct pst_uploader *uploader;
	struct pst_sandbox *sandbox;

	if (!parse_options(argc, argv, &options)) {
		(void)fputs("usage: " PST_UPLOAD_PROGRAM " [-em] -c FILE\n"
			    "posternd starts this program; see posternd(8)\n",
		    stderr);
		return PST_EXIT_START;
	}
	(void)sigaction(SIGINT, &ignore, NULL);
	(void)sigaction(SIGHUP, &ignore, NULL);
	(void)sigaction(SIGPIPE, &ignore, NULL);
	config = load(&options);
	if (config == NULL) {
		pst_log_finish();
		return PST_EXIT_START;
	}
	if (!pst_store_has_shared(config)) {
		pst_config_unref(config);
		return 0;
	}
	sandbox = pst_sandbox_new(config);
	pst_sandbox_enter_upload(sandbox);
	pst_sandbox_free(sandbox);
	if (!pst_log_start_writer())
		pst_log(PST_LOG_WARNING,
		    "cannot start the log's thread; rows are uploaded, but "
		    "lines that nothing reads in time may be written late");
	if (options.counts)
		enter_counters();
	uploader = pst_uploader_start(config,
	    &(struct pst_uploader_logs){.rows = {log_upload, NULL},
		.memory = {log_memory, NULL},
		.journal = {log_journal, NULL}});
	pst_config_unref(config);
	obey(options.file);
	pst_uploader_stop(uploader);
	pst_log_finish();
	/* The uploader's thread may still be waiting for a server. */
	_exit(0);
}
