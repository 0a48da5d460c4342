/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/keeper.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "config/sign.h"
#include "core/counters.h"
#include "core/counters_rules.h"
#include "milter/notify.h"
#include "milter/worker.h"

#define RELOAD_PATIENCE_MS 30000

/*
 * Returns, for the reply, the changed options that a reload cannot apply; "" if
 * there are none. The first process also logs them.
 */
static const char *
name_restart_options(const struct pst_keeper *keeper,
    const struct pst_config *fresh, char *text, size_t size)
{
	const char *path;
	size_t from = 0, len = 0;

	text[0] = '\0';
	while ((path = pst_config_restart_option(
		    keeper->supervisor->started, fresh, &from)) != NULL) {
		if (keeper->up_fd == -1)
			pst_log(PST_LOG_WARNING,
			    "option %s has changed; restart the daemon for "
			    "the change to take effect",
			    path);
		(void)snprintf(text + len, size - len, "%s%s",
		    len == 0 ? "; a restart is needed for: " : ", ", path);
		len = strlen(text);
	}
	return text;
}

static void
end_reload(struct pst_keeper *keeper, bool good)
{
	char answer = good ? PST_WORKER_RELOADED : PST_WORKER_REFUSED;

	keeper->reloading = false;
	if (keeper->up_fd != -1) {
		(void)!write(keeper->up_fd, &answer, 1);
		return;
	}
	pst_counter_add(PST_COUNTER_RELOADS, good ? 0 : 1, 1);
	pst_counter_since(PST_COUNTER_RELOAD_FAILED_SINCE, !good);
	if (good)
		pst_counter_set(PST_COUNTER_LAST_RELOAD,
		    (uint64_t)pst_clock_epoch(&pst_clock_system));
	pst_notify("READY=1");
	pst_control_answer(keeper->control, PST_CONTROL_RELOAD, good ? 0 : 1,
	    keeper->reload_text.text);
}

bool
pst_keeper_read_keys(struct pst_config *config, struct pst_err *err)
{
	return !pst_sign_is_used(config) ||
	    pst_sign_domains_read_keys(config, err);
}

static void
begin_reload(struct pst_keeper *keeper)
{
	struct pst_supervisor *supervisor = keeper->supervisor;
	const char *file = pst_config_file(supervisor->config);
	struct pst_config *fresh;
	struct pst_err err;
	char options[300];

	if (keeper->up_fd == -1)
		pst_notify_reloading();
	(void)pst_control_take(keeper->control, PST_CONTROL_RELOAD);
	fresh = pst_config_load(file, &err);
	/* A worker that is started again gets the keys from here. */
	if (fresh != NULL &&
	    (!pst_sandbox_permits(supervisor->sandbox, fresh, &err) ||
		!pst_keeper_read_keys(fresh, &err))) {
		pst_config_unref(fresh);
		fresh = NULL;
	}
	if (fresh == NULL) {
		pst_log(PST_LOG_ERROR,
		    "reload failed; the old configuration stays in use: %s",
		    err.text);
		keeper->reload_text = err;
		end_reload(keeper, false);
		return;
	}
	(void)pst_err_set(&keeper->reload_text, "configuration reloaded%s",
	    name_restart_options(keeper, fresh, options, sizeof(options)));
	pst_config_unref(supervisor->config);
	supervisor->config = fresh;
	/* The first process alone: its keepers count in the same slot. */
	if (keeper->up_fd == -1)
		pst_counters_configured(fresh);
	keeper->refused = 0;
	keeper->reloading = true;
	keeper->reload_until_ms =
	    pst_clock_ms(&pst_clock_system) + RELOAD_PATIENCE_MS;
	pst_child_tell(pst_keeper_children(keeper), PST_WORKER_RELOAD);
	pst_upload_child_reload(&keeper->upload);
}

void
pst_keeper_reload(struct pst_keeper *keeper, volatile sig_atomic_t *wanted)
{
	size_t open;
	bool late;

	if (keeper->reloading) {
		open = pst_child_reloading(pst_keeper_children(keeper));
		late =
		    pst_clock_ms(&pst_clock_system) > keeper->reload_until_ms;
		if (open > 0 && !late)
			return;
		if (open + keeper->refused > 0)
			(void)pst_err_set(&keeper->reload_text,
			    "%zu of %zu workers did not take over the new "
			    "configuration; the log says why",
			    open + keeper->refused, keeper->count);
		end_reload(keeper, open + keeper->refused == 0);
	}
	if (!*wanted && !pst_control_take(keeper->control, PST_CONTROL_RELOAD))
		return;
	*wanted = 0;
	begin_reload(keeper);
}

void
pst_keeper_watch_reload(
    const struct pst_keeper *keeper, struct pst_watch *watch)
{
	if (keeper->reloading)
		pst_watch_until(watch, keeper->reload_until_ms + 1);
}
