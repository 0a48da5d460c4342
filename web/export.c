/* SPDX-License-Identifier: BSD-2-Clause */
#include "web/export.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/hash.h"
#include "web/page.h"
#include "web/style.h"

#define MAX_PAGES 3000
#define SLOTS 8192 /* a power of two, more than twice as many as pages */
#define DIGEST_DIGITS 16

/* By this file, an earlier export is known. */
#define MARK "postern-web-export"

/* How many pages of a view there may be, with all their parameters. */
static const unsigned most[PST_WEB_VIEWS] = {
    [PST_WEB_OVERVIEW] = 4,
    [PST_WEB_DOMAINS] = 40,
    [PST_WEB_DOMAIN] = 600,
    [PST_WEB_SENDERS] = 40,
    [PST_WEB_SOURCES] = 40,
    [PST_WEB_RECIPIENTS] = 40,
    [PST_WEB_RULES] = 40,
    [PST_WEB_ENFORCE] = 10,
    [PST_WEB_MESSAGES] = 12,
    [PST_WEB_MESSAGE] = 500,
    [PST_WEB_SENT] = 40,
    [PST_WEB_RECEIVED] = 200,
    [PST_WEB_OWN] = 1,
    [PST_WEB_OWN_DOMAIN] = 500,
    [PST_WEB_GROUPED] = 120,
    [PST_WEB_HEALTH] = 1,
};

struct page {
	enum pst_web_view view;
	struct pst_web_param params[PST_WEB_MAX_PARAMS];
	size_t count;
	const char *name; /* of its file */
};

struct export
{
	struct pst_arena *arena;
	struct page pages[MAX_PAGES];
	size_t count;
	unsigned of_view[PST_WEB_VIEWS];
	uint16_t slots[SLOTS]; /* 1 + index of a page; 0: free */
};

/* ---- which pages ---- */

/* Search results are pages only as far as they are a list of the newest. */
static bool
is_left_out(const struct page *page)
{
	static const char *const kept[] = {"before", "skip", "accepted"};

	if (page->view != PST_WEB_MESSAGES)
		return false;
	for (size_t i = 0; i < page->count; i++) {
		bool is_kept = false;

		for (size_t j = 0; j < PST_COUNT(kept); j++)
			is_kept = is_kept ||
			    strcmp(page->params[i].name, kept[j]) == 0;
		if (!is_kept)
			return true;
	}
	return false;
}

/* Values are hostile and long; their digest is a good name. */
static const char *
file_name(struct pst_arena *arena, const struct page *page)
{
	const char *view = page->view == PST_WEB_OVERVIEW ?
	    "index" :
	    pst_web_views[page->view].name;
	unsigned char digest[PST_DIGEST_BYTES];
	char hex[PST_DIGEST_HEX_SIZE];
	struct pst_buf buf;

	if (page->count == 0)
		return pst_arena_printf(arena, "%s.html", view);
	pst_buf_init(&buf, arena,
	    (size_t)PST_WEB_MAX_PARAMS * 2 * (PST_WEB_MAX_VALUE + 1));
	for (size_t i = 0; i < page->count; i++) {
		pst_buf_add_text(&buf, page->params[i].name);
		pst_buf_add_char(&buf, '\0');
		pst_buf_add_text(&buf, page->params[i].value);
		pst_buf_add_char(&buf, '\0');
	}
	pst_digest_sha256(buf.ptr, buf.len, digest);
	return pst_arena_printf(arena, "%s-%.*s.html", view, DIGEST_DIGITS,
	    pst_digest_hex(digest, hex));
}

static uint16_t *
find_slot(struct export *export, const char *name)
{
	size_t at = pst_hash_fold(pst_hash(PST_HASH_START, pst_str(name)));

	for (;; at++) {
		uint16_t *slot = &export->slots[at % SLOTS];

		if (*slot == 0 ||
		    strcmp(export->pages[*slot - 1].name, name) == 0)
			return slot;
	}
}

/* Returns the name of the page's file; NULL if there is no room for it. */
static const char *
name_page(void *arg, struct pst_arena *arena, enum pst_web_view view,
    const struct pst_web_param *params, size_t count)
{
	struct export *export = arg;
	struct page page = {.view = view};
	uint16_t *slot;

	for (size_t i = 0; i < count && page.count < PST_WEB_MAX_PARAMS; i++)
		if (strcmp(params[i].name, "days") != 0 ||
		    pst_web_views[view].has_days)
			page.params[page.count++] = params[i];
	if (is_left_out(&page))
		return NULL;
	page.name = file_name(arena, &page);
	slot = find_slot(export, page.name);
	if (*slot != 0)
		return export->pages[*slot - 1].name;
	if (export->count == MAX_PAGES || export->of_view[view] == most[view])
		return NULL;
	export->of_view[view]++;
	for (size_t i = 0; i < page.count; i++) {
		page.params[i].name =
		    pst_arena_strdup(export->arena, page.params[i].name);
		page.params[i].value =
		    pst_arena_strdup(export->arena, page.params[i].value);
	}
	page.name = pst_arena_strdup(export->arena, page.name);
	export->pages[export->count++] = page;
	*slot = (uint16_t) export->count;
	return page.name;
}

/* ---- files ---- */

static bool
write_all(int fd, struct pst_str text)
{
	while (text.len > 0) {
		ssize_t n = write(fd, text.ptr, text.len);

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		text = pst_str_from(text, (size_t)n);
	}
	return true;
}

static bool
write_file(
    int place, const char *name, struct pst_str text, struct pst_err *err)
{
	int fd =
	    openat(place, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	bool done = fd != -1 && write_all(fd, text);
	int saved = errno;

	if (fd != -1 && close(fd) == -1 && done) {
		done = false;
		saved = errno;
	}
	if (done)
		return true;
	return pst_err_set(
	    err, "cannot write the page %s: %s", name, strerror(saved));
}

/* Only what an export has written; a directory with more is left. */
static bool
remove_export(const char *path)
{
	static const char *const ends[] = {".html", ".css", ".svg", MARK};
	DIR *directory = opendir(path);
	const struct dirent *entry;

	if (directory == NULL)
		return false;
	while ((entry = readdir(directory)) != NULL)
		for (size_t i = 0; i < PST_COUNT(ends); i++)
			if (pst_str_iends(
				pst_str(entry->d_name), pst_str(ends[i])))
				(void)unlinkat(
				    dirfd(directory), entry->d_name, 0);
	(void)closedir(directory);
	return rmdir(path) == 0;
}

static bool
has_file(const char *directory, const char *name)
{
	int place = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool found = place != -1 && faccessat(place, name, F_OK, 0) == 0;

	if (place != -1)
		(void)close(place);
	return found;
}

/* Puts the new directory in its place. */
static bool
put(struct pst_arena *arena, const char *fresh, const char *directory,
    struct pst_err *err)
{
	char *old;

	/* This also replaces an empty directory. */
	if (rename(fresh, directory) == 0)
		return true;
	if (!has_file(directory, MARK))
		return pst_err_set(err,
		    "cannot replace %s, which is not an earlier export: "
		    "choose a directory that does not exist",
		    directory);
	old = pst_arena_printf(arena, "%s-old", fresh);
	if (rename(directory, old) == -1 || rename(fresh, directory) == -1)
		return pst_err_set(
		    err, "cannot replace %s: %s", directory, strerror(errno));
	if (!remove_export(old))
		return pst_err_set(err,
		    "the new pages are in %s, but the earlier ones in %s "
		    "cannot be removed: remove that directory",
		    directory, old);
	return true;
}

/* ---- the export ---- */

static bool
write_page(const struct pst_web_site *site, const struct page *page, int place,
    struct pst_err *err)
{
	struct pst_web_request request = {
	    .site = site, .now_s = pst_clock_epoch(&pst_clock_system)};
	unsigned status;
	bool done;

	request.arena = pst_arena_new();
	done = pst_web_request_parse(&request, pst_web_views[page->view].name,
		   page->params, page->count, err) &&
	    write_file(place, page->name, pst_web_page(&request, &status), err);
	pst_arena_free(request.arena);
	return done;
}

static bool
write_pages(const struct pst_web_site *site, struct export *export, int place,
    bool (*stop)(void), struct pst_err *err)
{
	if (!write_file(place, "style.css", pst_str(pst_web_style), err) ||
	    !write_file(place, "icon.svg", pst_str(pst_web_icon), err) ||
	    !write_file(place, MARK,
		PST_STR("postern-web --export made this directory and may "
			"replace it.\n"),
		err))
		return false;
	/* A page adds those that it links to. */
	for (size_t i = 0; i < export->count; i++) {
		if (stop())
			return pst_err_set(err,
			    "the export was interrupted; nothing is left of "
			    "it");
		if (!write_page(site, &export->pages[i], place, err))
			return false;
	}
	return true;
}

/* Returns a new directory beside the other one; NULL with a sentence. */
static char *
make_beside(struct pst_arena *arena, const char *directory, struct pst_err *err)
{
	char *fresh;
	size_t len = strlen(directory);

	while (len > 1 && directory[len - 1] == '/')
		len--;
	fresh = pst_arena_printf(
	    arena, "%.*s.XXXXXX", (int)(len > 4000 ? 4000 : len), directory);
	if (mkdtemp(fresh) != NULL && chmod(fresh, 0750) == 0)
		return fresh;
	(void)pst_err_set(err,
	    "cannot make a directory beside %s: %s; make the directory in "
	    "which it is to be, with the right to write to it",
	    directory, strerror(errno));
	return NULL;
}

static bool
run(struct pst_web_site *site, struct export *export, const char *directory,
    bool (*stop)(void), struct pst_err *err)
{
	char *fresh = make_beside(export->arena, directory, err);
	int place;
	bool done;

	if (fresh == NULL)
		return false;
	place = open(fresh, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	done = place != -1 && write_pages(site, export, place, stop, err);
	if (place == -1)
		(void)pst_err_set(
		    err, "cannot open %s: %s", fresh, strerror(errno));
	else
		(void)close(place);
	if (done && put(export->arena, fresh, directory, err))
		return true;
	(void)remove_export(fresh);
	return false;
}

bool
pst_web_export(struct pst_web_site *site, const char *directory,
    bool (*stop)(void), size_t *pages, struct pst_err *err)
{
	struct export *export = calloc(1, sizeof(*export));
	bool done;

	if (export == NULL)
		abort();
	export->arena = pst_arena_new();
	site->export_name = name_page;
	site->export_arg = export;
	(void)name_page(export, export->arena, PST_WEB_OVERVIEW, NULL, 0);
	done = run(site, export, directory, stop, err);
	*pages = export->count;
	pst_arena_free(export->arena);
	free(export);
	return done;
}
