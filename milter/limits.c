/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/limits.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/log.h"
#include "base/str.h"
#include "milter/door.h"

#define MIB (UINT64_C(1024) * 1024)

/* Of a worker at rest, with the libraries and the heaps that it reserves. */
#define IDLE_ADDRESS_BYTES (512 * MIB)
#define IDLE_BYTES (32 * MIB)
#define IDLE_THREADS 24 /* those for messages that do not wait included */

/* A message that waits; see also core/waiting_room.h. */
#define WAITING_BYTES (UINT64_C(100) * 1024)
/* What libmilter and we keep for a session between its messages. */
#define SESSION_BYTES (UINT64_C(4) * 1024)

#define GROUP_ROOT "/sys/fs/cgroup"
#define MAX_PATH_BYTES 4096

static uint64_t
read_rlimit(int which)
{
	struct rlimit limit;

	if (getrlimit(which, &limit) == -1 || limit.rlim_cur == RLIM_INFINITY)
		return PST_UNLIMITED;
	return limit.rlim_cur;
}

/* Finds the control group of this process: a path that begins with a slash. */
static bool
find_group(char path[MAX_PATH_BYTES])
{
	static const char start[] = "0::"; /* version 2 */
	char line[MAX_PATH_BYTES];
	FILE *file = fopen("/proc/self/cgroup", "r");
	bool found = false;

	if (file == NULL)
		return false;
	while (!found && fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		found = strncmp(line, start, strlen(start)) == 0;
	}
	(void)fclose(file);
	if (found)
		(void)snprintf(
		    path, MAX_PATH_BYTES, "%s", line + strlen(start));
	return found;
}

static uint64_t
read_group_file(const char *group, const char *name)
{
	char path[2 * MAX_PATH_BYTES];
	char line[64] = "";
	uint64_t value = PST_UNLIMITED;
	FILE *file;

	(void)snprintf(path, sizeof(path), GROUP_ROOT "%s/%s", group, name);
	file = fopen(path, "r");
	if (file == NULL)
		return PST_UNLIMITED;
	if (fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		/* Without a limit it says "max". */
		if (!pst_str_to_u64(pst_str(line), PST_UNLIMITED, &value))
			value = PST_UNLIMITED;
	}
	(void)fclose(file);
	return value;
}

/* The smallest limit of the group and of those that contain it. */
static uint64_t
read_group(const char *name)
{
	char group[MAX_PATH_BYTES];
	uint64_t smallest = PST_UNLIMITED;

	if (!find_group(group))
		return PST_UNLIMITED;
	for (;;) {
		uint64_t value = read_group_file(group, name);
		char *end = strrchr(group, '/');

		if (value < smallest)
			smallest = value;
		if (end == NULL)
			return smallest;
		*end = '\0';
	}
}

void
pst_limits_read(struct pst_limits *out)
{
	out->files = read_rlimit(RLIMIT_NOFILE);
	out->address_bytes = read_rlimit(RLIMIT_AS);
	out->threads = read_rlimit(RLIMIT_NPROC);
	out->stack_bytes = read_rlimit(RLIMIT_STACK);
	out->group_threads = read_group("pids.max");
	out->group_bytes = read_group("memory.max");
}

/* ---- comparing ---- */

static bool
files_suffice(const struct pst_limits *limits, const struct pst_config *config,
    struct pst_err *why)
{
	uint64_t need = pst_door_files_for(config->max_sessions);

	if (limits->files >= need)
		return true;
	return pst_err_set(why,
	    "the limit of open files is %" PRIu64 ", so a worker can have %u "
	    "sessions open instead of max-sessions = %u, and refuses others "
	    "with a 4xx reply; raise the limit to %" PRIu64
	    " (ulimit -n, LimitNOFILE= of systemd), or reduce max-sessions",
	    limits->files, pst_door_sessions_for((unsigned long)limits->files),
	    config->max_sessions, need);
}

static bool
address_space_suffices(const struct pst_limits *limits,
    const struct pst_config *config, struct pst_err *why)
{
	uint64_t stack = limits->stack_bytes;
	uint64_t need;

	/* What the C library then uses for a thread. */
	if (stack == PST_UNLIMITED)
		stack = 2 * MIB;
	need = IDLE_ADDRESS_BYTES + config->dns.cache_bytes +
	    (config->dns.max_waiting + IDLE_THREADS) * stack;
	if (limits->address_bytes >= need)
		return true;
	return pst_err_set(why,
	    "the limit of address space is %" PRIu64
	    " MiB; with dns.max-waiting "
	    "= %u, a worker may need %" PRIu64 " MiB for its threads, and "
	    "refuses sessions with a 4xx reply when it runs short; raise the "
	    "limit (ulimit -v, LimitAS= of systemd), or reduce dns.max-waiting",
	    limits->address_bytes / MIB, config->dns.max_waiting,
	    need / MIB + 1);
}

static uint64_t
threads_needed(const struct pst_config *config)
{
	return pst_config_listeners(config) *
	    ((uint64_t)config->dns.max_waiting + IDLE_THREADS);
}

static bool
threads_suffice(const struct pst_limits *limits,
    const struct pst_config *config, struct pst_err *why)
{
	uint64_t need = threads_needed(config);

	if (limits->threads >= need)
		return true;
	return pst_err_set(why,
	    "the limit of processes and threads of a user is %" PRIu64
	    "; with dns.max-waiting = %u, Postern may need %" PRIu64
	    " for messages that wait for the DNS, and refuses sessions with a "
	    "4xx reply when it runs short; raise the limit (ulimit -u, "
	    "LimitNPROC= of systemd), or reduce dns.max-waiting",
	    limits->threads, config->dns.max_waiting, need);
}

static bool
group_threads_suffice(const struct pst_limits *limits,
    const struct pst_config *config, struct pst_err *why)
{
	uint64_t need = threads_needed(config);

	if (limits->group_threads >= need)
		return true;
	return pst_err_set(why,
	    "the control group's limit of processes and threads is %" PRIu64
	    "; with dns.max-waiting = %u, Postern may need %" PRIu64
	    " for messages that wait for the DNS, and refuses sessions with a "
	    "4xx reply when it runs short; raise the limit (pids.max, "
	    "TasksMax= of systemd), or reduce dns.max-waiting",
	    limits->group_threads, config->dns.max_waiting, need);
}

static bool
group_memory_suffices(const struct pst_limits *limits,
    const struct pst_config *config, struct pst_err *why)
{
	uint64_t need = pst_config_listeners(config) *
	    (IDLE_BYTES + config->dns.cache_bytes +
		config->dns.max_waiting * WAITING_BYTES +
		config->max_sessions * SESSION_BYTES);

	if (limits->group_bytes >= need)
		return true;
	return pst_err_set(why,
	    "the control group's limit of memory is %" PRIu64
	    " MiB; with these dns.cache-size, dns.max-waiting and max-sessions "
	    "Postern may need %" PRIu64 " MiB; beyond its limit the system "
	    "kills the worker, and the mail that it has is treated as if the "
	    "filter were away; raise the limit (memory.max, MemoryMax= of "
	    "systemd), or reduce these options",
	    limits->group_bytes / MIB, need / MIB + 1);
}

bool
pst_limit_suffices(const struct pst_limits *limits, enum pst_limit which,
    const struct pst_config *config, struct pst_err *why)
{
	switch (which) {
	case PST_LIMIT_FILES:
		return files_suffice(limits, config, why);
	case PST_LIMIT_ADDRESS_SPACE:
		return address_space_suffices(limits, config, why);
	case PST_LIMIT_THREADS:
		return threads_suffice(limits, config, why);
	case PST_LIMIT_GROUP_THREADS:
		return group_threads_suffice(limits, config, why);
	case PST_LIMIT_GROUP_MEMORY:
		return group_memory_suffices(limits, config, why);
	}
	return true;
}

void
pst_limits_warn(const struct pst_config *config)
{
	struct pst_limits limits;
	struct pst_err why;

	pst_limits_read(&limits);
	for (unsigned i = 0; i < PST_LIMITS; i++) {
		if (!pst_limit_suffices(
			&limits, (enum pst_limit)i, config, &why))
			pst_log(PST_LOG_WARNING, "%s", why.text);
	}
}
