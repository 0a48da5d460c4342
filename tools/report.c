/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/report.h"

#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "tools/command.h"
#include "tools/ui.h"

static const struct subcommand {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *usage;
} subcommands[] = {
    {"read", pst_report_read, "[--each] [--json] FILE..."},
    {"import", pst_report_import, "[--pipe] [--config FILE] [FILE...]"},
    {"sources", pst_report_sources,
	"[--domain DOMAIN] [--since YYYY-MM-DD] [--config FILE]\n"
	"    [--json]"},
    {"send", pst_report_send,
	"[--day YYYY-MM-DD] [--domain DOMAIN] [--dry-run] [--print]\n"
	"    [--resend] [--config FILE] [--zone FILE] [--now EPOCH]"},
    {"bounce", pst_report_bounce,
	"[--recipient ADDRESS] [--config FILE] [--now EPOCH] [FILE]"},
};

#define SUBCOMMANDS (PST_COUNT(subcommands))

static int
unknown(const char *name)
{
	char names[128] = "";
	size_t len = 0;

	for (size_t i = 0; i < SUBCOMMANDS; i++)
		len += (size_t)snprintf(names + len, sizeof(names) - len,
		    "%s%s", i == 0 ? "" : ", ", subcommands[i].name);
	if (name == NULL)
		return pst_ui_fail(
		    "report", "missing subcommand; expected one of: %s", names);
	return pst_ui_fail("report",
	    "unknown subcommand \"%s\"; expected one of: %s", name, names);
}

int
pst_cmd_report(int argc, char **argv)
{
	if (argc < 2)
		return unknown(NULL);
	for (size_t i = 0; i < SUBCOMMANDS; i++) {
		const struct subcommand *sub = &subcommands[i];

		if (strcmp(argv[1], sub->name) != 0)
			continue;
		if (argc != 3 || strcmp(argv[2], "--help") != 0)
			return sub->run(argc - 1, argv + 1);
		printf("usage: postern report %s %s\n", sub->name, sub->usage);
		return pst_ui_finish("report", PST_EXIT_OK);
	}
	return unknown(argv[1]);
}
