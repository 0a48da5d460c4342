/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/config_places.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/sign_key.h"
#include "base/buf.h"
#include "base/endpoint.h"
#include "config/advice.h"
#include "config/mask.h"
#include "config/option.h"
#include "dns/zone.h"
#include "store/db.h"

/* A place that the configuration names, and where it does so. */
struct named {
	const struct pst_config *config;
	struct pst_problems *problems;
	unsigned line; /* 0: the default */
	const char *name;
};

static struct named
option_at(const struct pst_config *config, struct pst_problems *problems,
    const char *section, const char *name)
{
	char path[80];
	size_t index = pst_option_find(section, name);

	return (struct named){config, problems, pst_config_line(config, index),
	    pst_arena_strdup(problems->arena,
		pst_option_path(&pst_options[index], path, sizeof(path)))};
}

static void
report(const struct named *at, enum pst_problem_kind kind, const char *sentence)
{
	if (at->line == 0)
		kind = PST_PROBLEM_WARNING;
	(void)pst_problems_add(at->problems, kind, pst_config_file(at->config),
	    at->line, "%s: %s", at->name, sentence);
}

/* Is the directory of a file there? */
static void
check_directory(const struct named *at, const char *path)
{
	struct pst_arena *arena = at->problems->arena;
	size_t len = pst_str_rfind(pst_str(path), '/');
	const char *dir = pst_arena_memdup(arena, path, len == 0 ? 1 : len);
	/* systemd makes these when it starts the daemon. */
	bool is_made_later = pst_str_starts(pst_str(path), PST_STR("/run/")) ||
	    pst_str_starts(pst_str(path), PST_STR("/var/run/"));
	const char *shown = pst_escaped(arena, pst_str(dir));
	struct stat st;

	if (path[0] != '/')
		return;
	if (stat(dir, &st) == 0) {
		if (!S_ISDIR(st.st_mode))
			report(at, PST_PROBLEM_ERROR,
			    pst_arena_printf(
				arena, "%s is not a directory", shown));
		return;
	}
	if (errno == EACCES)
		report(at, PST_PROBLEM_WARNING,
		    pst_arena_printf(arena,
			"this user may not look into %s; run the test as root",
			shown));
	else if (is_made_later && at->line != 0)
		report(at, PST_PROBLEM_WARNING,
		    pst_arena_printf(arena,
			"there is no directory %s now; the start needs it, "
			"which systemd makes if the unit says so "
			"(RuntimeDirectory)",
			shown));
	else if (!is_made_later)
		report(at, PST_PROBLEM_ERROR,
		    pst_arena_printf(arena,
			"there is no directory %s; create it, and give it to "
			"the user of posternd",
			shown));
}

static void
check_sockets(const struct pst_config *config, struct pst_problems *problems)
{
	struct named at = option_at(config, problems, NULL, "control-socket");
	struct pst_endpoint endpoint;
	struct pst_err err;

	if (config->control_socket[0] != '\0')
		check_directory(&at, config->control_socket);
	for (size_t i = 0; i < pst_config_listeners(config); i++) {
		const char *socket = pst_config_socket(config, i);

		at.line = pst_config_socket_line(config, i);
		at.name = pst_arena_printf(problems->arena, "socket \"%s\"",
		    pst_escaped(problems->arena, pst_str(socket)));
		if (pst_endpoint_parse(pst_str(socket), &endpoint, &err) &&
		    endpoint.kind == PST_ENDPOINT_UNIX)
			check_directory(&at, endpoint.path);
	}
}

static void
check_identity(const struct pst_config *config, struct pst_problems *problems)
{
	struct named user = option_at(config, problems, NULL, "user");
	struct named group = option_at(config, problems, NULL, "group");
	struct pst_arena *arena = problems->arena;

	if (config->user[0] != '\0' && getpwnam(config->user) == NULL)
		report(&user, PST_PROBLEM_ERROR,
		    pst_arena_printf(arena,
			"user \"%s\" does not exist; create it, or change the "
			"option user",
			pst_escaped(arena, pst_str(config->user))));
	if (config->group[0] != '\0' && getgrnam(config->group) == NULL)
		report(&group, PST_PROBLEM_ERROR,
		    pst_arena_printf(arena,
			"group \"%s\" does not exist; create it, or change "
			"the option group",
			pst_escaped(arena, pst_str(config->group))));
}

/* A file with a secret, which only its owner should be able to read. */
static bool
check_secret(const struct named *at, const char *path)
{
	struct pst_arena *arena = at->problems->arena;
	const char *shown = pst_escaped(arena, pst_str(path));
	struct stat st;

	if (stat(path, &st) == -1) {
		report(at,
		    errno == EACCES ? PST_PROBLEM_WARNING : PST_PROBLEM_ERROR,
		    pst_arena_printf(arena, "%s: %s; %s", shown,
			strerror(errno),
			errno == EACCES ? "run the test as root" :
					  "correct the path"));
		return false;
	}
	if (!S_ISREG(st.st_mode)) {
		report(at, PST_PROBLEM_ERROR,
		    pst_arena_printf(arena, "%s is not a file", shown));
		return false;
	}
	if ((st.st_mode & 0007) != 0) {
		report(at, PST_PROBLEM_ERROR,
		    pst_arena_printf(arena,
			"every user of this host can read or change %s, which "
			"is a secret; use chmod 0640",
			shown));
		return false;
	}
	if (access(path, R_OK) == 0)
		return true;
	report(at, PST_PROBLEM_WARNING,
	    pst_arena_printf(arena,
		"this user may not read %s; run the test as root", shown));
	return false;
}

static void
check_reports(const struct pst_config *config, struct pst_problems *problems)
{
	struct named key = option_at(config, problems, "reports", "dkim-key");
	struct named password =
	    option_at(config, problems, "reports", "relay-password-file");
	struct pst_sign_key *signer;
	struct pst_err err;

	if (config->reports.relay_password_file[0] != '\0')
		(void)check_secret(
		    &password, config->reports.relay_password_file);
	if (config->reports.dkim_key[0] == '\0' ||
	    !check_secret(&key, config->reports.dkim_key))
		return;
	signer = pst_sign_key_read(config->reports.dkim_key, &err);
	if (signer == NULL)
		report(&key, PST_PROBLEM_ERROR, err.text);
	pst_sign_key_unref(signer);
}

/* A connection string, and whether a password in it is open to everybody. */
static void
check_database(const struct pst_config *config, struct pst_problems *problems)
{
	struct named at = option_at(config, problems, "store", "postgresql");
	const char *file = pst_config_file(config);
	const char *text = config->store.postgresql;
	struct stat st;
	struct pst_err err;

	if (text[0] == '\0')
		return;
	if (!pst_db_check_conninfo(text, &err))
		report(&at, PST_PROBLEM_ERROR, err.text);
	if (file != NULL && stat(file, &st) == 0 && (st.st_mode & 0004) != 0 &&
	    strcmp(pst_mask_passwords(problems->arena, text), text) != 0)
		report(&at, PST_PROBLEM_WARNING,
		    "it holds a password, and every user of this host can "
		    "read this file; use chmod 0640, or a password file "
		    "(passfile=)");
}

static void
check_zone(const struct pst_config *config, struct pst_problems *problems)
{
	struct named at = option_at(config, problems, "dns", "zone");
	struct pst_resolver *zone;
	struct pst_err err;

	if (config->dns.zone[0] == '\0')
		return;
	zone = pst_zone_load(config->dns.zone, &err);
	if (zone == NULL)
		report(&at, PST_PROBLEM_ERROR, err.text);
	else
		pst_resolver_free(zone);
}

void
pst_config_look_around(
    const struct pst_config *config, struct pst_problems *problems)
{
	struct named store = option_at(config, problems, "store", "path");
	struct named journal = option_at(config, problems, "journal", "path");
	struct named pid = option_at(config, problems, NULL, "pid-file");
	struct named list =
	    option_at(config, problems, "dmarc", "public-suffix-list");
	struct named secret =
	    option_at(config, problems, NULL, "enforce-secret-file");

	check_identity(config, problems);
	check_sockets(config, problems);
	check_directory(&store, config->store.path);
	if (config->journal.path[0] != '\0')
		check_directory(&journal, config->journal.path);
	if (config->pid_file[0] != '\0')
		check_directory(&pid, config->pid_file);
	if (config->enforce_secret_file[0] != '\0')
		check_directory(&secret, config->enforce_secret_file);
	check_zone(config, problems);
	check_database(config, problems);
	check_reports(config, problems);
	if (config->psl == NULL && config->dmarc.suffix_guard &&
	    config->dmarc.public_suffix_list[0] != '\0')
		report(&list, PST_PROBLEM_WARNING,
		    "the list cannot be read, so dmarc.suffix-guard has no "
		    "effect; install the package publicsuffix");
}
