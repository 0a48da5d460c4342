/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/case_fixture.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/day.h"
#include "base/macros.h"
#include "core/spf_refresh.h"
#include "tests/unit/core_fixture.h"
#include "tools/message.h"

#define MAX_FILE ((size_t)16 << 20)
#define MAX_CASES 2000

static _Noreturn void
give_up(const char *what, const char *why)
{
	(void)fprintf(stderr, "%s: %s\n", what, why);
	abort();
}

static struct pst_str
read_file(struct pst_arena *arena, const char *path)
{
	FILE *file = fopen(path, "rb");
	struct pst_buf buf;
	char part[8192];
	size_t len;

	if (file == NULL)
		give_up(path, "cannot be opened");
	pst_buf_init(&buf, arena, MAX_FILE);
	while ((len = fread(part, 1, sizeof(part), file)) > 0)
		pst_buf_add(&buf, (struct pst_str){part, len});
	(void)fclose(file);
	if (pst_buf_overflowed(&buf))
		give_up(path, "is too large");
	return pst_buf_slice(&buf);
}

static const char *
text_of(struct pst_arena *arena, struct pst_str s)
{
	return pst_arena_memdup(arena, s.ptr, s.len);
}

/* Takes "key value" of a line of the envelope. */
static void
take_envelope(
    struct pst_arena *arena, struct scenario *one, struct pst_str line)
{
	size_t blank = pst_str_find(line, ' ');
	struct pst_str key = pst_str_first(line, blank);
	const char *value = text_of(arena, pst_str_from(line, blank + 1));

	if (pst_str_eq(key, PST_STR("ip")))
		one->ip = value;
	else if (pst_str_eq(key, PST_STR("helo")))
		one->helo = value;
	else if (pst_str_eq(key, PST_STR("mail-from")))
		one->mail_from = value;
	else if (pst_str_eq(key, PST_STR("name")))
		one->client_name = value;
	else if (pst_str_eq(key, PST_STR("now")))
		one->now_epoch = strtoll(value, NULL, 10);
	else if (one->rcpt_count < CASE_MAX_RCPTS)
		one->rcpts[one->rcpt_count++] = value;
}

struct sections {
	struct pst_buf config, zone, memory;
};

static void
take_line(struct pst_arena *arena, struct scenario *one,
    struct sections *sections, struct pst_str section, struct pst_str line)
{
	struct pst_buf *to = pst_str_eq(section, PST_STR("[config]")) ?
	    &sections->config :
	    pst_str_eq(section, PST_STR("[zone]"))   ? &sections->zone :
	    pst_str_eq(section, PST_STR("[memory]")) ? &sections->memory :
						       NULL;

	if (to != NULL) {
		pst_buf_add(to, line);
		pst_buf_add_char(to, '\n');
	} else if (line.len > 0 && pst_str_eq(section, PST_STR("[envelope]"))) {
		take_envelope(arena, one, line);
	}
}

static bool
is_section(struct pst_str line)
{
	if (line.len < 3 || line.ptr[0] != '[' || line.ptr[line.len - 1] != ']')
		return false;
	for (size_t i = 1; i < line.len - 1 && line.ptr[i] != ' '; i++) {
		if (!(line.ptr[i] >= 'a' && line.ptr[i] <= 'z') &&
		    line.ptr[i] != '-')
			return false;
	}
	return true;
}

/* Returns true if it was the last section: the message. */
static bool
begin_section(struct pst_arena *arena, struct scenario *one, const char *place,
    struct pst_str line, struct pst_str rest)
{
	static const struct pst_str file = PST_STR_INIT("[message-file ");

	if (pst_str_eq(line, PST_STR("[message]"))) {
		one->message = rest;
		return true;
	}
	if (!pst_str_starts(line, file))
		return false;
	line = pst_str_from(line, file.len);
	one->message = read_file(arena,
	    pst_arena_printf(
		arena, "%s/%.*s", place, (int)line.len - 1, line.ptr));
	return true;
}

static void
read_case(struct pst_arena *arena, const char *place, struct scenario *one)
{
	struct pst_str rest = read_file(
	    arena, pst_arena_printf(arena, "%s/%s", place, one->name));
	struct pst_str line, section = PST_STR("");
	struct sections sections;
	bool more = true;

	pst_buf_init(&sections.config, arena, MAX_FILE);
	pst_buf_init(&sections.zone, arena, MAX_FILE);
	pst_buf_init(&sections.memory, arena, MAX_FILE);
	while (pst_str_split(&rest, '\n', &line, &more)) {
		if (!is_section(line)) {
			take_line(arena, one, &sections, section, line);
			continue;
		}
		section = line;
		if (begin_section(arena, one, place, line, rest))
			break;
	}
	one->config = text_of(arena, pst_buf_slice(&sections.config));
	if (strncmp(one->config, "authserv-id", 11) != 0 &&
	    strstr(one->config, "\nauthserv-id") == NULL)
		one->config = pst_arena_printf(
		    arena, "authserv-id = \"" LAB_ID "\"\n%s", one->config);
	one->zone = text_of(arena, pst_buf_slice(&sections.zone));
	one->memory = text_of(arena, pst_buf_slice(&sections.memory));
}

static int
compare(const void *a, const void *b)
{
	const struct scenario *first = a, *second = b;

	return strcmp(first->name, second->name);
}

struct scenario *
case_read_all(struct pst_arena *arena, size_t *count)
{
	const char *root = getenv("POSTERN_SRCDIR");
	const char *place = pst_arena_printf(
	    arena, "%s/tests/cases", root == NULL ? "." : root);
	DIR *directory = opendir(place);
	struct scenario *all = pst_arena_array(arena, MAX_CASES, sizeof(*all));
	struct dirent *entry;

	*count = 0;
	if (directory == NULL)
		give_up(place, "cannot be opened");
	while ((entry = readdir(directory)) != NULL) {
		if (!pst_str_iends(pst_str(entry->d_name), PST_STR(".case")))
			continue;
		if (*count == MAX_CASES)
			give_up(place, "has too many cases");
		all[(*count)++].name = pst_arena_strdup(arena, entry->d_name);
	}
	(void)closedir(directory);
	qsort(all, *count, sizeof(*all), compare);
	for (size_t i = 0; i < *count; i++)
		read_case(arena, place, &all[i]);
	return all;
}

/* ---- what is remembered ---- */

static int64_t
seconds(const char *text)
{
	char *unit;
	long long number = strtoll(text, &unit, 10);

	return number *
	    (*unit == 'd'        ? PST_DAY_SECONDS :
		    *unit == 'h' ? 3600 :
		    *unit == 'm' ? 60 :
				   1);
}

static const char *
word(struct pst_arena *arena, struct pst_str *line)
{
	size_t len = pst_str_find(*line, ' ');
	const char *found = text_of(arena, pst_str_first(*line, len));

	*line = pst_str_from(*line, len + 1);
	return found;
}

static void
remember_line(struct pst_arena *arena, struct pst_memory *memory,
    struct pst_str line, int64_t now)
{
	const char *kind = word(arena, &line);
	struct pst_memory_row row = {.record = PST_STR(""), .first_epoch = now};

	if (strcmp(kind, "age") == 0) {
		pst_memory_set_born(memory, now - seconds(word(arena, &line)));
		return;
	}
	row.domain = word(arena, &line);
	if (strcmp(kind, "record") == 0) {
		row.record_epoch = now - seconds(word(arena, &line));
		row.record = line;
	} else {
		row.days = (unsigned)strtoul(word(arena, &line), NULL, 10);
		row.last_day = pst_day_of(now) - 1;
	}
	pst_memory_merge(memory, &row);
}

static void
remember(struct pst_arena *arena, struct pst_memory *memory, const char *lines,
    int64_t now)
{
	struct pst_str rest = pst_str(lines), line;
	bool more = true;

	if (rest.len == 0)
		return;
	pst_memory_set_born(memory, now - 30 * PST_DAY_SECONDS);
	while (pst_str_split(&rest, '\n', &line, &more)) {
		if (line.len > 0)
			remember_line(arena, memory, line, now);
	}
}

/* ---- the message ---- */

static void
send(struct pst_arena *arena, const struct scenario *one,
    struct pst_session *session)
{
	struct pst_saved_message saved;
	struct pst_err err;

	if (!pst_message_parse(arena, one->message, one->name, &saved, &err))
		give_up(one->name, err.text);
	pst_session_can_defer_rcpts(session);
	pst_session_host(session, PST_STR(LAB_ID));
	if (one->helo != NULL && one->helo[0] != '\0')
		pst_session_helo(session, pst_str(one->helo));
	pst_session_mail(session, pst_str(one->mail_from), PST_STR(""), false);
	for (size_t i = 0; i < one->rcpt_count; i++)
		(void)pst_session_rcpt(session, pst_str(one->rcpts[i]));
	for (size_t i = 0; i < saved.count; i++)
		pst_session_header(
		    session, saved.fields[i].name, saved.fields[i].value);
	pst_session_eoh(session);
	if (saved.body.len > 0)
		(void)pst_session_body(session, saved.body.ptr, saved.body.len);
}

/* As the daemon's thread does. */
static void
find_networks(struct pst_service *service)
{
	const struct pst_spf_refresh refresh = {
	    .service = service, .patience_ms = 1000};
	int64_t next_ms;

	(void)pst_spf_refresh_due(&refresh, &next_ms);
}

void
case_play(
    struct pst_arena *arena, const struct scenario *one, struct played *out)
{
	const struct pst_mta able = {true, true, true};
	struct pst_ip ip = {.family = PST_IP_NONE};

	out->clock = pst_clock_manual(one->now_epoch != 0 ?
		one->now_epoch :
		pst_clock_epoch(&pst_clock_system));
	if (!pst_ip_parse(pst_str(one->ip), &ip))
		give_up(one->name, "has no address");
	out->service = pst_service_start_with(
	    lab_config(one->config), lab_zone(one->zone), &out->clock);
	remember(arena, pst_service_memory(out->service), one->memory,
	    pst_clock_epoch(&out->clock));
	find_networks(out->service);
	out->session = pst_session_open(out->service, &ip,
	    pst_str(one->client_name == NULL ? "" : one->client_name), able,
	    false);
	send(arena, one, out->session);
	out->message =
	    pst_session_end(out->session, PST_STR("4FA43A8A3F9"), NULL);
}

void
case_end(struct played *played)
{
	pst_session_close(played->session);
	pst_service_stop(played->service);
}
