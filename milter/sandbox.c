/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/sandbox.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/endpoint.h"
#include "base/log.h"
#include "base/str.h"
#include "config/files.h"
#include "core/counters.h"
#include "milter/sandbox_calls.h"
#include "milter/sandbox_files.h"
#include "store/journal_config.h"

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||           \
    __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define FITS_THIS_BUILD false
#else
#define FITS_THIS_BUILD true
#endif

#define DNS_PORT 53
#define RESOLV_CONF "/etc/resolv.conf"

/* The identity of a directory: Landlock's permissions belong to that. */
struct identity {
	dev_t device;
	ino_t inode;
};

struct pst_sandbox {
	struct pst_arena *arena;
	bool on;
	bool limits_calls;
	int abi; /* of Landlock; 0: none */
	/* Of a worker; identities[i] belongs to places[i]. */
	struct pst_sandbox_place *places;
	struct identity *identities;
	size_t count, room;
	unsigned *ports;
	size_t port_count;
	const char *config_dir; /* for sentences */
	const char *store_dir;
	const char *journal_dir;
	bool reports; /* at the start */
};

/*
 * What every user of the machine may read and libraries do read, whenever they
 * like: c-ares reads nsswitch.conf for each of its channels, and takes a file
 * that it may not read for a failure. Whole directories, because a file that an
 * editor has replaced would not have the permission of the old one.
 */
static const struct pst_sandbox_place system_places[] = {
    {"/etc", false},
    {"/usr", false},
    {"/lib", false},
    {"/lib64", false},
    {"/sys/devices/system/cpu", false},
    {"/proc/sys/vm/overcommit_memory", false}, /* for free(3) */
    {"/dev/urandom", false},
    {"/dev/null", true},
};

static bool
identify(const char *path, struct identity *out)
{
	struct stat st;

	if (stat(path, &st) == -1)
		return false;
	*out = (struct identity){st.st_dev, st.st_ino};
	return true;
}

static size_t
find(const struct pst_sandbox *sandbox, const char *path, bool writable)
{
	struct identity wanted;
	size_t i = 0;

	if (!identify(path, &wanted))
		return sandbox->count;
	for (; i < sandbox->count; i++) {
		if (sandbox->identities[i].device == wanted.device &&
		    sandbox->identities[i].inode == wanted.inode &&
		    (sandbox->places[i].writable || !writable))
			break;
	}
	return i;
}

static void
grow(struct pst_sandbox *sandbox)
{
	size_t room = sandbox->room == 0 ? 32 : 2 * sandbox->room;
	struct pst_sandbox_place *places =
	    pst_arena_array(sandbox->arena, room, sizeof(*places));
	struct identity *identities =
	    pst_arena_array(sandbox->arena, room, sizeof(*identities));

	for (size_t i = 0; i < sandbox->count; i++) {
		places[i] = sandbox->places[i];
		identities[i] = sandbox->identities[i];
	}
	sandbox->places = places;
	sandbox->identities = identities;
	sandbox->room = room;
}

static void
add_place(struct pst_sandbox *sandbox, const char *path, bool writable)
{
	struct identity identity;

	if (!identify(path, &identity) ||
	    find(sandbox, path, writable) < sandbox->count)
		return;
	if (sandbox->count == sandbox->room)
		grow(sandbox);
	sandbox->identities[sandbox->count] = identity;
	sandbox->places[sandbox->count++] = (struct pst_sandbox_place){
	    pst_arena_strdup(sandbox->arena, path), writable};
}

/* Returns the directory that a file is in, in the arena. */
static const char *
dir_of(struct pst_arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return ".";
	return slash == path ?
	    "/" :
	    pst_arena_memdup(arena, path, (size_t)(slash - path));
}

/* The directory that the path names, and the one that a link leads to. */
static void
add_dirs(struct pst_sandbox *sandbox, const char *file, bool writable)
{
	char *whole = realpath(file, NULL);

	add_place(sandbox, dir_of(sandbox->arena, file), writable);
	if (whole != NULL)
		add_place(sandbox, dir_of(sandbox->arena, whole), writable);
	free(whole);
}

/* It is often a link that leads out of /etc, and which is replaced at times. */
static void
add_resolv_conf(struct pst_sandbox *sandbox)
{
	add_dirs(sandbox, RESOLV_CONF, false);
}

static bool
add_file(void *arg, const char *path)
{
	add_dirs(arg, path, false);
	return true;
}

static void
add_port(struct pst_sandbox *sandbox, unsigned port)
{
	sandbox->ports[sandbox->port_count++] = port;
}

/* DNS over TCP, and the connection by which a worker ends itself. */
static void
note_ports(struct pst_sandbox *sandbox, const struct pst_config *config)
{
	size_t listeners = pst_config_listeners(config);
	const struct pst_texts *servers = &config->dns.servers;
	struct pst_endpoint endpoint;
	struct pst_err err;

	sandbox->ports = pst_arena_array(sandbox->arena,
	    1 + listeners + servers->count, sizeof(*sandbox->ports));
	add_port(sandbox, DNS_PORT);
	for (size_t i = 0; i < servers->count; i++) {
		struct pst_str text = pst_str(servers->items[i]);
		size_t at = pst_str_find(text, '@');
		uint64_t port;

		if (at < text.len &&
		    pst_str_to_u64(pst_str_from(text, at + 1), 65535, &port))
			add_port(sandbox, (unsigned)port);
	}
	for (size_t i = 0; i < listeners; i++) {
		if (pst_endpoint_parse(pst_str(pst_config_socket(config, i)),
			&endpoint, &err) &&
		    endpoint.kind != PST_ENDPOINT_UNIX)
			add_port(sandbox, endpoint.port);
	}
}

static void
note_places(struct pst_sandbox *sandbox, const struct pst_config *config)
{
	const char *secret = config->enforce_secret_file;

	for (size_t i = 0; i < PST_COUNT(system_places); i++)
		add_place(
		    sandbox, system_places[i].path, system_places[i].writable);
	(void)pst_config_each_file(config, add_file, sandbox);
	if (config->dns.zone[0] != '\0')
		add_dirs(sandbox, config->dns.zone, false);
	if (secret[0] != '\0')
		add_dirs(sandbox, secret, true);
	add_place(sandbox, sandbox->store_dir, true);
	add_place(sandbox, sandbox->journal_dir, true);
}

struct pst_sandbox *
pst_sandbox_new(const struct pst_config *config)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_sandbox *sandbox = pst_arena_alloc(arena, sizeof(*sandbox));
	const char *file = pst_config_file(config);

	sandbox->arena = arena;
	sandbox->on = config->sandbox && FITS_THIS_BUILD;
	sandbox->limits_calls = sandbox->on && pst_sandbox_calls_known();
	sandbox->abi = sandbox->on ? pst_sandbox_files_abi() : 0;
	sandbox->config_dir = file == NULL ? "/etc" : dir_of(arena, file);
	sandbox->store_dir = dir_of(arena, config->store.path);
	sandbox->journal_dir = dir_of(arena, pst_journal_path(arena, config));
	sandbox->reports = config->reports.from[0] != '\0';
	note_places(sandbox, config);
	note_ports(sandbox, config);
	return sandbox;
}

void
pst_sandbox_free(struct pst_sandbox *sandbox)
{
	pst_arena_free(sandbox->arena);
}

static bool
refuse_privileges(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

static void
log_missing(const struct pst_sandbox *sandbox, const char *why)
{
	if (!sandbox->limits_calls)
		pst_log(PST_LOG_WARNING,
		    "the sandbox is incomplete: system calls are not limited, "
		    "because %s; mail is checked as usual, but somebody who "
		    "took over a worker could do more; use a kernel with "
		    "seccomp and a Postern that was built with libseccomp, or "
		    "set sandbox = no",
		    why);
	if (sandbox->abi == 0)
		pst_log(PST_LOG_WARNING,
		    "the sandbox is incomplete: the kernel has no Landlock, so "
		    "files are not limited; mail is checked as usual, but "
		    "somebody who took over a worker could read and write what "
		    "its user can; use Linux 5.13 or later with Landlock "
		    "enabled, or set sandbox = no");
}

void
pst_sandbox_begin(struct pst_sandbox *sandbox)
{
	struct pst_err err;

	if (!sandbox->on)
		return;
	(void)pst_err_set(&err, "this program or this kernel cannot do it");
	if (!refuse_privileges()) {
		(void)pst_err_set(
		    &err, "no_new_privs cannot be set: %s", strerror(errno));
		sandbox->limits_calls = false;
		sandbox->abi = 0;
	}
	if (sandbox->limits_calls &&
	    !pst_sandbox_limit_calls(PST_SANDBOX_SUPERVISOR, &err))
		sandbox->limits_calls = false;
	log_missing(sandbox, err.text);
}

/* SQLite's temporary files, which would otherwise be in /var/tmp. */
static void
move_temporary_files(const struct pst_sandbox *sandbox)
{
	(void)setenv("SQLITE_TMPDIR", sandbox->store_dir, 1);
}

static void
log_refused(const struct pst_err *err)
{
	pst_log(PST_LOG_WARNING,
	    "the sandbox of this process is incomplete, and it goes on "
	    "without a part of it: %s",
	    err->text);
}

/* First files: their system calls are not among those that remain. */
static bool
limit_files(
    const struct pst_sandbox *sandbox, const struct pst_sandbox_files *files)
{
	struct pst_err err;

	if (sandbox->abi == 0)
		return false;
	move_temporary_files(sandbox);
	if (pst_sandbox_limit_files(files, sandbox->abi, &err))
		return true;
	log_refused(&err);
	return false;
}

static bool
limit_calls(const struct pst_sandbox *sandbox, enum pst_sandbox_calls kind)
{
	struct pst_err err;

	if (!sandbox->limits_calls)
		return false;
	if (pst_sandbox_limit_calls(kind, &err))
		return true;
	log_refused(&err);
	return false;
}

void
pst_sandbox_enter_worker(struct pst_sandbox *sandbox)
{
	struct pst_sandbox_files files;

	if (!sandbox->on || !refuse_privileges())
		return;
	add_resolv_conf(sandbox);
	files = (struct pst_sandbox_files){sandbox->places, sandbox->count,
	    sandbox->ports, sandbox->port_count};
	pst_counter_set(PST_COUNTER_NO_NEW_PRIVS, 1);
	if (limit_files(sandbox, &files))
		pst_counter_set(
		    PST_COUNTER_LANDLOCK_ABI, (uint64_t)sandbox->abi);
	pst_counter_set(PST_COUNTER_SECCOMP,
	    limit_calls(sandbox, PST_SANDBOX_WORKER) ? 1 : 0);
}

void
pst_sandbox_enter_upload(struct pst_sandbox *sandbox)
{
	const struct pst_sandbox_place places[] = {{"/", false},
	    {"/dev/null", true}, {sandbox->store_dir, true},
	    {sandbox->journal_dir, true}};
	const struct pst_sandbox_files files = {
	    .places = places, .place_count = PST_COUNT(places)};

	if (!sandbox->on || !refuse_privileges())
		return;
	(void)limit_files(sandbox, &files);
	(void)limit_calls(sandbox, PST_SANDBOX_UPLOAD);
}

/* Returns true if the directory, or one above it, has a permission. */
static bool
is_below_place(
    const struct pst_sandbox *sandbox, const char *dir, bool writable)
{
	char path[PATH_MAX];
	char *slash;

	(void)snprintf(path, sizeof(path), "%s", dir);
	for (;;) {
		if (find(sandbox, path, writable) < sandbox->count)
			return true;
		slash = strrchr(path, '/');
		if (slash == NULL || path[1] == '\0')
			return false;
		slash[slash == path ? 1 : 0] = '\0';
	}
}

struct inquiry {
	const struct pst_sandbox *sandbox;
	struct pst_err *err;
};

/* A file that does not exist is one that the configuration does without. */
static bool
is_permitted(void *arg, const char *path)
{
	const struct inquiry *inquiry = arg;
	char whole[PATH_MAX];
	bool ok;

	if (realpath(path, whole) == NULL)
		return true;
	*strrchr(whole, '/') = '\0';
	ok = is_below_place(
	    inquiry->sandbox, whole[0] == '\0' ? "/" : whole, false);
	return ok ||
	    pst_err_set(inquiry->err,
		"%s is outside of the directories that the sandbox of the "
		"running workers lets them read; restart the daemon, or move "
		"the file to %s",
		path, inquiry->sandbox->config_dir);
}

bool
pst_sandbox_permits(const struct pst_sandbox *sandbox,
    const struct pst_config *fresh, struct pst_err *err)
{
	struct inquiry inquiry = {sandbox, err};

	if (sandbox->abi == 0)
		return true;
	if (!pst_config_each_file(fresh, is_permitted, &inquiry))
		return false;
	/* The writer starts when reports are asked for. */
	return sandbox->reports || fresh->reports.from[0] == '\0' ||
	    find(sandbox, sandbox->store_dir, true) < sandbox->count ||
	    pst_err_set(err,
		"the directory %s did not exist at the start, so the sandbox "
		"of the running workers does not let them write reports there; "
		"restart the daemon",
		sandbox->store_dir);
}

const char *
pst_sandbox_death(int signal_number)
{
	if (signal_number != SIGSYS)
		return "";
	return ": it made a system call that the sandbox forbids; somebody may "
	       "have taken it over by a message, or Postern has a fault; the "
	       "kernel's log (\"type=1326\") names the call; please report it";
}
