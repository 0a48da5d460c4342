/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes the memory of domains that a scenario begins with, for tests/run-cases:
 *
 *	fill_memory CONFIG [NOW] <LINES
 *
 * into the file that the configuration names. The lines are
 *
 *	record DOMAIN AGE TEXT	the DMARC record was last seen so long ago
 *	days DOMAIN N		the domain authenticated on the last N days
 *				before today
 *	age AGE			the memory is that old; 30d without such a line
 *
 * An AGE is a number and one of s, min, h and d.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/day.h"
#include "store/memory_file.h"

#define MAX_ROWS 100

struct filling {
	int64_t now_epoch;
	int64_t born;
	struct pst_memory_row rows[MAX_ROWS];
	size_t count;
};

static _Noreturn void
give_up(const char *what, const char *why)
{
	(void)fprintf(stderr, "fill_memory: %s: %s\n", what, why);
	exit(1);
}

static int64_t
seconds(const char *text)
{
	static const struct {
		const char *word;
		int64_t factor;
	} units[] = {{"s", 1}, {"min", 60}, {"h", 3600}, {"d", 86400}};
	char *end;
	long long number = strtoll(text, &end, 10);

	for (size_t i = 0; end != text && i < PST_COUNT(units); i++) {
		if (strcmp(end, units[i].word) == 0)
			return number * units[i].factor;
	}
	give_up(text, "not an age, such as 3h");
}

/* Returns the next word of the line; the rest of it if it is the last one. */
static char *
word(char **rest, bool last)
{
	char *begin = *rest;
	size_t len = strcspn(begin, last ? "\n" : " \n");

	*rest = begin + len + (begin[len] != '\0');
	begin[len] = '\0';
	if (len == 0)
		give_up("a line", "something is missing");
	return begin;
}

/* The row of that domain, which may be a new one. */
static struct pst_memory_row *
row_of(struct filling *filling, const char *domain)
{
	for (size_t i = 0; i < filling->count; i++) {
		if (strcmp(filling->rows[i].domain, domain) == 0)
			return &filling->rows[i];
	}
	if (filling->count == MAX_ROWS)
		give_up(domain, "too many domains");
	filling->rows[filling->count] =
	    (struct pst_memory_row){.domain = strdup(domain),
		.record = PST_STR(""),
		.first_epoch = filling->now_epoch};
	return &filling->rows[filling->count++];
}

static void
take_line(struct filling *filling, char *line)
{
	const char *kind = word(&line, false);
	struct pst_memory_row *row;

	if (strcmp(kind, "age") == 0) {
		filling->born = filling->now_epoch - seconds(word(&line, true));
		return;
	}
	row = row_of(filling, word(&line, false));
	if (strcmp(kind, "record") == 0) {
		row->record_epoch =
		    filling->now_epoch - seconds(word(&line, false));
		row->record = pst_str(strdup(word(&line, true)));
	} else if (strcmp(kind, "days") == 0) {
		row->days = (unsigned)strtoul(word(&line, true), NULL, 10);
		row->last_day = pst_day_of(filling->now_epoch) - 1;
	} else {
		give_up(kind, "unknown; expected one of: record, days, age");
	}
}

int
main(int argc, char **argv)
{
	static struct filling filling;
	char line[4096];
	struct pst_err err;
	struct pst_config *config;
	struct pst_db *db;

	if (argc != 2 && argc != 3)
		give_up("usage", "fill_memory CONFIG [NOW] <LINES");
	filling.now_epoch = argc == 3 ? strtoll(argv[2], NULL, 10) :
					pst_clock_epoch(&pst_clock_system);
	filling.born = filling.now_epoch - 30 * PST_DAY_SECONDS;
	while (fgets(line, sizeof(line), stdin) != NULL) {
		if (line[0] != '\n')
			take_line(&filling, line);
	}
	config = pst_config_load(argv[1], &err);
	if (config == NULL)
		give_up(argv[1], err.text);
	db = pst_memory_file_open(config, PST_DB_CREATE, 0, &err);
	if (db == NULL ||
	    !pst_memory_file_write(
		db, filling.rows, filling.count, NULL, &err) ||
	    !pst_memory_file_born(db, PST_DB_CREATE, &filling.born, &err))
		give_up("memory", err.text);
	pst_db_close(db);
	pst_config_unref(config);
	return 0;
}
