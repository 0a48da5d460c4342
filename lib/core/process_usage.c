/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/process_usage.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The fields after the name of the program: proc(5), from number 3. */
#define UTIME 14
#define CSTIME 17
#define RSS 24
#define FIRST 3

static bool
read_stat(pid_t pid, char *text, size_t size)
{
	char path[64];
	FILE *file;
	size_t len;

	(void)snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	file = fopen(path, "re");
	if (file == NULL)
		return false;
	len = fread(text, 1, size - 1, file);
	text[len] = '\0';
	(void)fclose(file);
	return len > 0;
}

/* Reads the CPU time in ticks and the resident memory in pages. */
static bool
parse_stat(const char *text, uint64_t *ticks, uint64_t *pages)
{
	/* The name is in parentheses and may contain some itself. */
	const char *at = strrchr(text, ')');
	uint64_t value;

	*ticks = 0;
	*pages = 0;
	for (unsigned field = FIRST; at != NULL && field <= RSS; field++) {
		at = strchr(at, ' ');
		if (at == NULL)
			return false;
		at++;
		if (field < UTIME || (field > CSTIME && field < RSS))
			continue;
		if (sscanf(at, "%" SCNu64, &value) != 1)
			return false;
		if (field == RSS)
			*pages = value;
		else
			*ticks += value;
	}
	return at != NULL;
}

/* Returns the number of descriptors of a process; -1 with errno. */
static long
count_fds(pid_t pid)
{
	char path[64];
	struct dirent *entry;
	long count = 0;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "/proc/%ld/fd", (long)pid);
	dir = opendir(path);
	if (dir == NULL)
		return -1;
	while ((entry = readdir(dir)) != NULL)
		count += entry->d_name[0] != '.';
	(void)closedir(dir);
	/* Ours has one more while we look at it. */
	return pid == getpid() ? count - 1 : count;
}

void
pst_process_usage_add(struct pst_process_usage *usage, pid_t pid)
{
	char text[1024];
	uint64_t ticks, pages;
	long ticks_per_s = sysconf(_SC_CLK_TCK);
	long page_bytes = sysconf(_SC_PAGESIZE);
	long fds;

	if (pid <= 0 || !read_stat(pid, text, sizeof(text)) ||
	    !parse_stat(text, &ticks, &pages))
		return;
	usage->processes++;
	usage->cpu_ms += ticks * 1000 / (uint64_t)ticks_per_s;
	usage->resident_bytes += pages * (uint64_t)page_bytes;
	fds = count_fds(pid);
	if (fds >= 0)
		usage->open_fds += (uint64_t)fds;
	else if (errno != ENOENT)
		usage->fds_hidden = true;
}

void
pst_process_usage_json(
    struct pst_json *json, const struct pst_process_usage *usage)
{
	pst_json_open_object(json, "usage");
	pst_json_number(json, "processes", usage->processes);
	pst_json_number(json, "cpu_ms", usage->cpu_ms);
	pst_json_number(json, "resident_bytes", usage->resident_bytes);
	if (usage->fds_hidden)
		pst_json_null(json, "open_fds");
	else
		pst_json_number(json, "open_fds", usage->open_fds);
	pst_json_close(json);
}

void
pst_process_usage_from_json(
    const struct pst_json_value *object, struct pst_process_usage *out)
{
	const struct pst_json_value *usage = pst_json_member(object, "usage");

	*out = (struct pst_process_usage){.processes = 0};
	(void)pst_json_as_number(
	    pst_json_member(usage, "processes"), &out->processes);
	(void)pst_json_as_number(
	    pst_json_member(usage, "cpu_ms"), &out->cpu_ms);
	(void)pst_json_as_number(
	    pst_json_member(usage, "resident_bytes"), &out->resident_bytes);
	out->fds_hidden = !pst_json_as_number(
	    pst_json_member(usage, "open_fds"), &out->open_fds);
}
