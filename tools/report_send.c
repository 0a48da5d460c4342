/* SPDX-License-Identifier: BSD-2-Clause */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/domain.h"
#include "report/compose.h"
#include "report/failure_send.h"
#include "base/day.h"
#include "report/preview.h"
#include "report/selfcheck.h"
#include "report/send.h"
#include "store/open.h"
#include "tools/command.h"
#include "tools/envelope.h"
#include "tools/argument.h"
#include "tools/report.h"
#include "tools/settings.h"
#include "tools/ui.h"

static const char command[] = "report send";

/* Remarks about single deliveries; the store has all of them. */
#define MAX_NOTES 20

struct request {
	struct pst_settings settings;
	struct pst_outbox_filter filter;
	bool dry_run;
	bool print;
};

/* One run of the command. */
struct job {
	const struct request *request;
	struct pst_arena *arena;
	struct pst_service *service;
	struct pst_config *config;
	struct pst_store store;
	struct pst_ui_bar bar;
	bool has_bar;
	unsigned notes;
	uint64_t reports;
	struct pst_err *err;
};

enum option_id {
	OPT_DAY = PST_OPT_OWN,
	OPT_DOMAIN,
	OPT_DRY_RUN,
	OPT_PRINT,
	OPT_RESEND,
};

static const struct option options[] = {
    {"day", required_argument, NULL, OPT_DAY},
    {"domain", required_argument, NULL, OPT_DOMAIN},
    {"dry-run", no_argument, NULL, OPT_DRY_RUN},
    {"print", no_argument, NULL, OPT_PRINT},
    {"resend", no_argument, NULL, OPT_RESEND},
    PST_SETTINGS_OPTIONS,
    {NULL, 0, NULL, 0},
};

static volatile sig_atomic_t stop;

static void
on_signal(int number)
{
	(void)number;
	stop = 1;
}

/* ---- the command line ---- */

static bool
take_option(struct job *job, struct request *request, int key)
{
	switch (key) {
	case OPT_DAY:
		if (pst_day_parse(pst_str(optarg), &request->filter.day))
			return true;
		pst_ui_fail(command,
		    "--day must be a date such as 2026-11-23, not \"%s\"",
		    optarg);
		return false;
	case OPT_DOMAIN:
		request->filter.domain =
		    pst_domain_normalize(job->arena, pst_str(optarg));
		if (request->filter.domain != NULL)
			return true;
		pst_ui_fail(command, "\"%s\" is not a domain name", optarg);
		return false;
	case OPT_DRY_RUN:
		request->dry_run = true;
		return true;
	case OPT_PRINT:
		request->print = true;
		return true;
	case OPT_RESEND:
		request->filter.resend = true;
		return true;
	default:
		return pst_settings_take(
		    command, key, optarg, &request->settings);
	}
}

static bool
read_command_line(
    struct job *job, struct request *request, int argc, char **argv)
{
	int key;

	while ((key = pst_argument_next(command, argc, argv, options)) != -1)
		if (key == '?' || !take_option(job, request, key))
			return false;
	if (optind < argc) {
		pst_ui_fail(command,
		    "unexpected argument \"%s\"; see \"postern help report\"",
		    argv[optind]);
		return false;
	}
	/* Resending everything that was ever sent can only be a mistake. */
	if (request->filter.resend && request->filter.day < 0) {
		pst_ui_fail(command, "--resend requires --day");
		return false;
	}
	return true;
}

/* ---- the preview ---- */

static bool
print_preview(void *arg, const struct pst_preview_report *report)
{
	struct job *job = arg;
	char day[PST_DAY_TEXT_SIZE];

	if (job->reports++ == 0)
		printf("%-10s  %-32s %8s %9s  %s\n", "day", "domain", "rows",
		    "messages", "report");
	printf("%-10s  %-32s %8" PRId64 " %9" PRId64 "  %s%s\n",
	    pst_day_text(report->what.day, day), report->what.domain,
	    report->rows, report->messages,
	    report->kind == PST_OUTBOX_FAILURE ? "failure " : "",
	    report->what.id);
	for (size_t i = 0; i < report->count; i++) {
		const struct pst_preview_address *to = &report->addresses[i];

		printf("%12s%-10s  %s", "", to->what, to->address);
		if (to->target != to->address)
			printf(", as %s", to->target);
		if (to->why[0] != '\0')
			printf(": %s", to->why);
		putchar('\n');
	}
	if (report->count == 0)
		printf("%12sno address to send it to\n", "");
	return stop == 0;
}

static bool
write_out(void *arg, const void *ptr, size_t len)
{
	(void)arg;
	return fwrite(ptr, 1, len, stdout) == len;
}

/* Prints the mail to the first address, with the line ends of a text file. */
static bool
print_failure(struct job *job, const struct pst_preview_report *report)
{
	const struct pst_failure_compose what = {.report = report->report,
	    .incident = report->incident,
	    .domain = report->what.domain,
	    .id = report->what.id,
	    .to = report->count > 0 ? report->addresses[0].address : ""};
	struct pst_arena *arena = pst_arena_new();
	struct pst_str mail;
	bool ok = pst_failure_write(&job->store, arena, &what, &mail, job->err);

	for (size_t i = 0; ok && i < mail.len; i++)
		if (mail.ptr[i] != '\r')
			putchar(mail.ptr[i]);
	pst_arena_free(arena);
	return ok && !ferror(stdout);
}

static bool
print_report(void *arg, const struct pst_preview_report *report)
{
	struct job *job = arg;
	struct pst_composed size;
	bool ok;

	job->reports++;
	if (report->kind == PST_OUTBOX_FAILURE)
		ok = print_failure(job, report);
	else
		ok = pst_compose_write(&job->store, &report->what,
		    (struct pst_aggregate_sink){write_out, NULL}, &size,
		    job->err);
	return ok && stop == 0;
}

static int
look(struct job *job)
{
	const struct request *request = job->request;
	struct pst_err err = {""}, plan_err = {""};
	struct pst_preview plan = {
	    .service = job->service,
	    .store = &job->store,
	    .filter = request->filter,
	    .ask = !request->print,
	    .visit = request->print ? print_report : print_preview,
	    .arg = job,
	};

	job->err = &err;
	/* With --day, an unfinished day may be inspected too. */
	plan.filter.before = request->filter.day >= 0 ?
	    request->filter.day + 1 :
	    pst_day_of(pst_clock_epoch(pst_service_clock(job->service)));
	if (!pst_preview_run(&plan, &plan_err))
		return pst_ui_fail(command, "%s",
		    err.text[0] != '\0'          ? err.text :
			plan_err.text[0] != '\0' ? plan_err.text :
						   "stopped");
	if (job->reports == 0)
		pst_ui_note(command, "there is nothing to send%s%s",
		    job->request->filter.domain[0] == '\0' ? "" : " for ",
		    job->request->filter.domain);
	return PST_EXIT_OK;
}

/* ---- the self-check ---- */

static void
warn_of_ourselves(struct job *job)
{
	struct pst_clock *clock = pst_service_clock(job->service);
	struct pst_arena *arena = pst_arena_new();
	struct pst_world world = {.arena = arena,
	    .dns = pst_dns_open(arena, pst_service_resolver(job->service),
		clock, job->config->dns_limits),
	    .now_epoch = pst_clock_epoch(clock),
	    .eager = true};
	int64_t until = pst_clock_ms(clock) + job->config->deadline_ms;
	struct pst_selfcheck found;

	while (!pst_selfcheck(&world, job->config, &found))
		if (!pst_dns_wait(world.dns, until))
			pst_dns_expire(world.dns, PST_DNS_TIMEOUT);
	for (size_t i = 0; i < found.count; i++)
		pst_ui_note(command, "%s", found.warnings[i]);
	pst_arena_free(arena);
}

/* ---- sending ---- */

static void
on_progress(void *arg, uint64_t total, uint64_t done)
{
	struct job *job = arg;

	if (!job->has_bar)
		pst_ui_bar_begin(&job->bar, total);
	job->has_bar = true;
	if (job->bar.total > 0)
		pst_ui_bar_draw(
		    &job->bar, done > job->bar.total ? job->bar.total : done);
}

static void
on_note(void *arg, const struct pst_delivery *delivery,
    enum pst_outbox_state state, const char *why)
{
	struct job *job = arg;
	struct pst_arena *arena;

	/* A refusal (no consent, or our own lists) is not worth a remark. */
	if (state == PST_OUTBOX_REFUSED || ++job->notes > MAX_NOTES)
		return;
	if (job->has_bar)
		pst_ui_bar_end(&job->bar);
	arena = pst_arena_new();
	pst_ui_note(command, "%s for %s: %s: %s", delivery->domain,
	    pst_escaped(arena, pst_str(delivery->address)),
	    state == PST_OUTBOX_SENT ? "uncertain" :
				       pst_outbox_state_word(state),
	    why);
	pst_arena_free(arena);
}

static void
on_remark(void *arg, const char *sentence)
{
	struct job *job = arg;

	if (job->has_bar)
		pst_ui_bar_end(&job->bar);
	pst_ui_note(command, "%s", sentence);
}

/* Zeros alone would not tell that a name was misspelt. */
static void
note_unknown_domain(const struct job *job, const struct pst_send_counts *counts)
{
	const char *domain = job->request->filter.domain;

	if (domain[0] == '\0' ||
	    counts->made + counts->failures_made + counts->sent +
		    counts->again + counts->dropped + counts->refused +
		    counts->suppressed >
		0)
		return;
	pst_ui_note(command,
	    "nothing that is to be reported is stored for %s; \"postern store "
	    "info\" and \"postern store export\" show what is stored",
	    domain);
}

static void
print_summary(const struct job *job, const struct pst_send_counts *counts)
{
	if (job->notes > MAX_NOTES)
		pst_ui_note(command, "%u more remarks are not shown",
		    job->notes - MAX_NOTES);
	note_unknown_domain(job, counts);
	printf("reports made: %" PRIu64 " aggregate, %" PRIu64
	       " failure; deliveries: %" PRIu64 " sent, %" PRIu64
	       " to be tried again, %" PRIu64 " dropped, %" PRIu64
	       " refused, %" PRIu64 " suppressed",
	    counts->made, counts->failures_made, counts->sent, counts->again,
	    counts->dropped, counts->refused, counts->suppressed);
	if (counts->uncertain > 0)
		printf("; %" PRIu64 " may or may not have arrived",
		    counts->uncertain);
	putchar('\n');
}

static int
send_reports(struct job *job)
{
	struct pst_send send = {
	    .service = job->service,
	    .store = &job->store,
	    .filter = job->request->filter,
	    .stop = &stop,
	    .progress = on_progress,
	    .note = on_note,
	    .remark = on_remark,
	    .arg = job,
	};
	struct pst_send_counts counts;
	struct pst_err err;
	bool ok = pst_send_run(&send, &counts, &err);

	if (job->has_bar)
		pst_ui_bar_end(&job->bar);
	if (!ok)
		pst_ui_fail(command, "%s", err.text);
	if (!counts.begun)
		return PST_EXIT_USAGE;
	print_summary(job, &counts);
	if (stop != 0)
		pst_ui_note(command, "stopped; the next run sends the rest");
	return ok && stop == 0 && counts.again == 0 && counts.dropped == 0 ?
	    PST_EXIT_OK :
	    PST_EXIT_OTHER;
}

/* ---- the command ---- */

static int
work(struct job *job)
{
	bool looks = job->request->dry_run || job->request->print;
	struct pst_err err;
	int status;

	/* The timer may run on a gateway that sends no reports. */
	if (job->config->reports.from[0] == '\0') {
		pst_ui_note(
		    command, "reports.from is not set, so no reports are sent");
		return PST_EXIT_OK;
	}
	job->store.config = job->config;
	job->store.clock = pst_service_clock(job->service);
	if (!pst_store_open(
		&job->store, looks ? PST_STORE_READ : PST_STORE_REPORTS, &err))
		return pst_ui_fail(command, "%s", err.text);
	if (!job->request->print)
		warn_of_ourselves(job);
	status = looks ? look(job) : send_reports(job);
	pst_store_close(&job->store);
	return status;
}

static void
catch_signals(void)
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_handler = on_signal;
	(void)sigaction(SIGTERM, &action, NULL);
	(void)sigaction(SIGINT, &action, NULL);
	action.sa_handler = SIG_IGN;
	(void)sigaction(SIGPIPE, &action, NULL);
}

static int
run(struct job *job)
{
	struct pst_clock clock = pst_settings_clock(&job->request->settings);
	const char *origin;
	int status;

	job->service = pst_settings_start(
	    command, &job->request->settings, &clock, &origin);
	if (job->service == NULL)
		return PST_EXIT_USAGE;
	job->config = pst_service_config(job->service);
	if (job->request->filter.day >= pst_day_of(pst_clock_epoch(&clock)) &&
	    !job->request->dry_run && !job->request->print)
		status = pst_ui_fail(command,
		    "that day is not over; --print and --dry-run show what "
		    "there is so far");
	else
		status = work(job);
	pst_config_unref(job->config);
	pst_service_stop(job->service);
	return status;
}

int
pst_report_send(int argc, char **argv)
{
	struct request request = {.filter = {.day = -1, .domain = ""}};
	struct job job = {.request = &request, .arena = pst_arena_new()};
	int status = PST_EXIT_USAGE;

	catch_signals();
	if (read_command_line(&job, &request, argc, argv))
		status = run(&job);
	pst_arena_free(job.arena);
	return pst_ui_finish(command, status);
}
