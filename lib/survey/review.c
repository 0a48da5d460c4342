/* SPDX-License-Identifier: BSD-2-Clause */
#include "survey/review.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/domain.h"
#include "base/whole_file.h"

#define VERSION 1
#define DIR_MODE 0750
#define FRAME 100    /* octets around the summary and the result, at most */
#define LEFT_S 86400 /* then a file of an interrupted run is removed */

static const char *const tails[PST_REVIEW_PARTS] = {
    [PST_REVIEW_RECORDS] = ".records.json",
    [PST_REVIEW_ADVICE] = ".advice.json",
};

static const char *const whats[PST_REVIEW_PARTS] = {
    [PST_REVIEW_RECORDS] = "kept result of \"postern check\"",
    [PST_REVIEW_ADVICE] = "kept result of \"postern advise\"",
};

const char *
pst_review_dir(struct pst_arena *arena, const struct pst_config *config)
{
	return pst_arena_printf(arena, "%s-review", config->store.path);
}

/* ---- the domains ---- */

static int
compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool
has(const char *const *names, size_t count, const char *name)
{
	return count > 0 &&
	    bsearch(&name, names, count, sizeof(*names), compare) != NULL;
}

void
pst_review_domains(struct pst_arena *arena, const struct pst_config *config,
    struct pst_review_domains *out)
{
	const struct pst_domain_set *set = &config->own_domains.set;

	out->count = 0;
	out->names = pst_arena_array(
	    arena, set->exact_count + set->below_count, sizeof(*out->names));
	for (size_t i = 0; i < set->exact_count; i++)
		if (pst_domain_labels(set->exact[i]) > 1)
			out->names[out->count++] = set->exact[i];
	for (size_t i = 0; i < set->below_count; i++)
		if (pst_domain_labels(set->below[i]) > 1 &&
		    !has(set->exact, set->exact_count, set->below[i]))
			out->names[out->count++] = set->below[i];
}

/* ---- files ---- */

/* The normal form has no octet that means something in a path, and cannot be
 * "." or ".."; it is checked here as well, as a path depends on it. */
static bool
is_safe(const char *domain)
{
	return pst_domain_is_ldh(pst_str(domain)) &&
	    strlen(domain) <= PST_REVIEW_MAX_DOMAIN;
}

static bool
name_file(struct pst_arena *arena, const struct pst_review_place *place,
    struct pst_whole_file *out, struct pst_err *err)
{
	*out = (struct pst_whole_file){
	    .what = whats[place->part], .max_bytes = PST_REVIEW_MAX_BYTES};
	if (!is_safe(place->domain))
		return pst_err_set(err,
		    "nothing can be kept about \"%.260s\": its name is longer "
		    "than %d octets, or is not a domain",
		    pst_escaped(arena, pst_str(place->domain)),
		    PST_REVIEW_MAX_DOMAIN);
	out->path = pst_arena_printf(
	    arena, "%s/%s%s", place->dir, place->domain, tails[place->part]);
	return true;
}

/* Root makes the directory for the owner of the one around it. */
static bool
set_rights(int directory)
{
	struct stat st;

	if (fchmod(directory, DIR_MODE) != 0)
		return false;
	if (geteuid() != 0)
		return true;
	return fstatat(directory, "..", &st, 0) == 0 &&
	    fchown(directory, st.st_uid, st.st_gid) == 0;
}

/* Returns the open directory; -1 with a sentence. */
static int
open_directory(const char *dir, struct pst_err *err)
{
	bool made = mkdir(dir, DIR_MODE) == 0;
	int directory = -1;

	if (made || errno == EEXIST)
		directory =
		    open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (directory != -1 && (!made || set_rights(directory)))
		return directory;
	(void)pst_err_set(err,
	    "cannot use the directory %s for what postern-web shows of your "
	    "domains: %s",
	    dir, strerror(errno));
	if (directory != -1)
		(void)close(directory);
	return -1;
}

bool
pst_review_keep(struct pst_arena *arena, const struct pst_review_place *place,
    const struct pst_review_texts *texts, struct pst_err *err)
{
	struct pst_whole_file file;
	const char *text;
	bool good;

	if (!name_file(arena, place, &file, err))
		return false;
	if (strlen(texts->summary) > PST_REVIEW_MAX_SUMMARY - FRAME ||
	    strlen(texts->result) >
		PST_REVIEW_MAX_BYTES - PST_REVIEW_MAX_SUMMARY)
		return pst_err_set(err,
		    "what was found about %s is longer than %d octets, so it "
		    "is not kept; \"postern check\" and \"postern advise\" "
		    "show it",
		    place->domain,
		    PST_REVIEW_MAX_BYTES - PST_REVIEW_MAX_SUMMARY);
	text = pst_arena_printf(arena,
	    "{\"version\":%d,\"made\":%" PRId64 ",\"summary\":%s,\n"
	    "\"result\":%s}\n",
	    VERSION, texts->made_s, texts->summary, texts->result);
	file.directory = open_directory(place->dir, err);
	if (file.directory == -1)
		return false;
	good = pst_whole_file_write(arena, &file, pst_str(text), err);
	(void)close(file.directory);
	return good;
}

/* ---- reading ---- */

static bool
is_damaged(const struct pst_whole_file *file, struct pst_err *err)
{
	return pst_err_set(err,
	    "the %s %s is damaged or of another version; the next run with "
	    "--keep writes it anew",
	    file->what, file->path);
}

static bool
take(struct pst_arena *arena, const struct pst_review_place *place,
    struct pst_str text, const char *member, struct pst_review *out)
{
	struct pst_err unused;
	const struct pst_json_value *all = pst_json_read(arena, text, &unused);
	const char *domain;
	uint64_t version, made;

	if (!pst_json_as_number(pst_json_member(all, "version"), &version) ||
	    version != VERSION ||
	    !pst_json_as_number(pst_json_member(all, "made"), &made) ||
	    made > INT64_MAX)
		return false;
	out->made_s = (int64_t)made;
	out->result = pst_json_member(all, member);
	domain = pst_json_as_text(pst_json_member(out->result, "domain"));
	return domain != NULL && strcmp(domain, place->domain) == 0;
}

bool
pst_review_read(struct pst_arena *arena, const struct pst_review_place *place,
    struct pst_review *out, struct pst_err *err)
{
	struct pst_whole_file file;
	struct pst_str text;

	*out = (struct pst_review){0, NULL};
	if (!name_file(arena, place, &file, err) ||
	    !pst_whole_file_read(arena, &file, &text, err))
		return false;
	if (text.ptr == NULL || take(arena, place, text, "result", out))
		return true;
	out->result = NULL;
	return is_damaged(&file, err);
}

bool
pst_review_read_summary(struct pst_arena *arena,
    const struct pst_review_place *place, struct pst_review *out,
    struct pst_err *err)
{
	struct pst_whole_file file;
	struct pst_str text;
	size_t end;
	char *line;

	*out = (struct pst_review){0, NULL};
	if (!name_file(arena, place, &file, err))
		return false;
	file.max_bytes = PST_REVIEW_MAX_SUMMARY;
	file.beginning = true;
	if (!pst_whole_file_read(arena, &file, &text, err))
		return false;
	if (text.ptr == NULL)
		return true;
	end = pst_str_find(text, '\n');
	if (end < 1 || end == text.len || text.ptr[end - 1] != ',')
		return is_damaged(&file, err);
	/* The first line is an object, except for its end. */
	line = pst_arena_memdup(arena, text.ptr, end);
	line[end - 1] = '}';
	if (take(arena, place, pst_str(line), "summary", out))
		return true;
	out->result = NULL;
	return is_damaged(&file, err);
}

/* ---- forgetting ---- */

/* Splits "example.com.records.json" and, of an interrupted run,
 * "example.com.records.json.123". */
static bool
is_ours(struct pst_arena *arena, const char *name, const char **domain,
    bool *interrupted)
{
	struct pst_str rest = pst_str(name);
	size_t dot = pst_str_rfind(rest, '.');
	uint64_t number;

	*interrupted = dot < rest.len &&
	    pst_str_to_u64(pst_str_from(rest, dot + 1), INT32_MAX, &number);
	if (*interrupted)
		rest = pst_str_first(rest, dot);
	for (size_t i = 0; i < PST_REVIEW_PARTS; i++) {
		size_t len = strlen(tails[i]);

		if (rest.len <= len ||
		    !pst_str_eq(
			pst_str_from(rest, rest.len - len), pst_str(tails[i])))
			continue;
		*domain = pst_arena_memdup(arena, rest.ptr, rest.len - len);
		return is_safe(*domain);
	}
	return false;
}

static bool
is_old(int directory, const char *name)
{
	struct stat st;

	return fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    time(NULL) - st.st_mtime > LEFT_S;
}

static bool
forget(struct pst_arena *arena, DIR *open_dir, const char *dir,
    const struct pst_review_domains *sorted, struct pst_err *err)
{
	const struct dirent *entry;
	bool good = true;

	while ((entry = readdir(open_dir)) != NULL) {
		struct pst_arena_mark mark = pst_arena_mark(arena);
		const char *name = entry->d_name, *domain;
		bool interrupted;

		if (is_ours(arena, name, &domain, &interrupted) &&
		    (interrupted ?
			    is_old(dirfd(open_dir), name) :
			    !has(sorted->names, sorted->count, domain)) &&
		    unlinkat(dirfd(open_dir), name, 0) != 0 && errno != ENOENT)
			good = pst_err_set(err,
			    "cannot remove %s from %s: %s; remove it, as it is "
			    "not about a domain of yours any more",
			    name, dir, strerror(errno));
		pst_arena_rewind(arena, mark);
	}
	return good;
}

bool
pst_review_forget_others(struct pst_arena *arena, const char *dir,
    const struct pst_review_domains *kept, struct pst_err *err)
{
	struct pst_review_domains sorted = {.count = kept->count};
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *open_dir;
	bool good;

	if (fd == -1 && errno == ENOENT)
		return true;
	open_dir = fd == -1 ? NULL : fdopendir(fd);
	if (open_dir == NULL) {
		(void)pst_err_set(
		    err, "cannot read %s: %s", dir, strerror(errno));
		if (fd != -1)
			(void)close(fd);
		return false;
	}
	sorted.names =
	    pst_arena_array(arena, kept->count, sizeof(*sorted.names));
	for (size_t i = 0; i < kept->count; i++)
		sorted.names[i] = kept->names[i];
	if (sorted.count > 0)
		qsort(
		    sorted.names, sorted.count, sizeof(*sorted.names), compare);
	good = forget(arena, open_dir, dir, &sorted, err);
	(void)closedir(open_dir);
	return good;
}
