/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/journal_config.h"

#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

const char *
pst_journal_path(struct pst_arena *arena, const struct pst_config *config)
{
	if (config->journal.path[0] != '\0')
		return config->journal.path;
	return pst_arena_printf(
	    arena, "%s%s", config->store.path, PST_JOURNAL_SUFFIX);
}

/* The file need not exist yet, so its directory is asked. */
static uint64_t
disk_bytes(const char *path)
{
	const char *slash = strrchr(path, '/');
	char dir[4096];
	struct statvfs disk;

	if (slash == NULL || slash == path)
		(void)snprintf(
		    dir, sizeof(dir), "%s", slash == NULL ? "." : "/");
	else
		(void)snprintf(
		    dir, sizeof(dir), "%.*s", (int)(slash - path), path);
	if (statvfs(dir, &disk) != 0)
		return UINT64_MAX;
	return (uint64_t)disk.f_blocks * disk.f_frsize;
}

static uint64_t
usual_bytes(const char *path)
{
	uint64_t share = disk_bytes(path) / PST_JOURNAL_SHARE_OF_DISK;

	return share < PST_JOURNAL_USUAL_BYTES ? share :
						 PST_JOURNAL_USUAL_BYTES;
}

struct pst_journal_limits
pst_journal_limits_of(const struct pst_config *config, const char *path)
{
	return (struct pst_journal_limits){
	    .max_bytes = config->journal.max_bytes != 0 ?
		config->journal.max_bytes :
		usual_bytes(path),
	    .retention_s = config->journal.retention_s,
	};
}
