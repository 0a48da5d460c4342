/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "base/edit_distance.h"
#include "base/macros.h"
#include "tools/command.h"
#include "tools/ui.h"

static int help(int argc, char **argv);
static int version(int argc, char **argv);

/* The subcommands, with a summary and the usage of each. */
static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
	const char *usage;
} commands[] = {
    {"verify", pst_cmd_verify,
	"show what the gateway would do with a saved message, and why",
	"[--ip ADDRESS] [--name HOST] [--helo NAME] [--mail-from PATH]\n"
	"    [--rcpt PATH] [--zone FILE] [--config FILE] [--now EPOCH]\n"
	"    [--authserv-id NAME] [--json] MESSAGE..."},
    {"explain", pst_cmd_explain,
	"show why a message was refused, and what to do about it",
	"[QUEUEID] [--message-id ID] [--from-domain DOMAIN] [--to ADDRESS]\n"
	"    [--client IP] [--since 7d] [--last N] [--all] [--json]\n"
	"    [--config FILE]"},
    {"spf", pst_cmd_spf,
	"show the SPF result of a sending server, and the reason",
	"--ip ADDRESS --mail-from PATH [--helo NAME] [--zone FILE]\n"
	"    [--config FILE] [--now EPOCH] [--explain] [--json]"},
    {"send", pst_cmd_send, "send messages to a running filter, as an MTA does",
	"--to SOCKET [--ip ADDRESS] [--name HOST] [--helo NAME]\n"
	"    [--mail-from PATH] [--rcpt PATH] [--host NAME]\n"
	"    [--timeout SECONDS] [--json] [--as-mail] [--keep]\n"
	"    [--repeat N [--concurrency C] [--rate R]] MESSAGE...\n"
	"    or --canary [--to SOCKET] [--config FILE] [--rcpt PATH] [--host NAME]\n"
	"    [--timeout SECONDS]"},
    {"config", pst_cmd_config,
	"test or show a configuration, or print the lines for the MTA",
	"test [--strict] [FILE]\n"
	"    show [--changed] [FILE]\n"
	"    postfix | sendmail [FILE]"},
    {"check", pst_cmd_check,
	"examine the SPF, DKIM, DMARC and MX records of a domain",
	"[DOMAIN...] [--own] [--selector NAME] [--ip ADDRESS]\n"
	"    [--zone FILE] [--config FILE] [--now EPOCH] [--timeout SECONDS]\n"
	"    [--json | --changed [--state FILE]]"},
    {"advise", pst_cmd_advise,
	"tell who sends in a domain's name, and the next step of its policy",
	"[DOMAIN...] [--own] [--days N] [--anomalies] [--json]\n"
	"    [--zone FILE] [--config FILE] [--now EPOCH]"},
    {"source", pst_cmd_source,
	"mark a source of mail as yours, a forger or a forwarder",
	"ADDRESS | NETWORK --mine | --forger | --forwarder | --none\n"
	"    [--note TEXT] [--config FILE]\n"
	"    or [ADDRESS | NETWORK] [--json] [--config FILE]"},
    {"record", pst_cmd_record,
	"make a record that a domain publishes, and the key for it",
	"spf DOMAIN [--ip NETWORK]... [--include DOMAIN]... [--mx]\n"
	"    [--a] [--all - | ~]\n"
	"postern record dkim DOMAIN --selector NAME --key FILE\n"
	"    [--type rsa | ed25519] [--bits N] [--verify [--zone FILE]\n"
	"    [--config FILE]]\n"
	"postern record dmarc DOMAIN --policy none | quarantine | reject\n"
	"    [--rua ADDRESS]... [--ruf ADDRESS]... [--subdomains POLICY]\n"
	"    [--np POLICY] [--strict] [--test] [--fo OPTIONS]\n"
	"postern record dmarc DOMAIN --from-current [--zone FILE]\n"
	"    [--config FILE]"},
    {"import", pst_cmd_import,
	"make the part of postern.conf that replaces another filter",
	"[--root DIR] [--keys DIR | --keep-keys] FILE..."},
    {"reload", pst_cmd_reload,
	"make the running daemon load its changed configuration",
	"[--control SOCKET | --config FILE] [--status]"},
    {"stats", pst_cmd_stats,
	"show how much mail there was, and what enforcing would do",
	"[--since TIME] [--by from-domain | source | rcpt-domain |\n"
	"    rule | day | hour | reason] [--limit N] [--json | --csv]\n"
	"    [--config FILE]\n"
	"    or --would [--since TIME] [--limit N] [--json | --csv]\n"
	"    [--config FILE]"},
    {"status", pst_cmd_status,
	"show what the running daemon has done, and whether it is well",
	"[--control SOCKET | --config FILE] [--json | --nagios]"},
    {"metrics", pst_cmd_metrics,
	"print the counters of the running daemon for Prometheus",
	"[--control SOCKET | --config FILE]"},
    {"top", pst_cmd_top, "show live in a terminal what the daemon is doing",
	"[--control SOCKET | --config FILE] [--interval SECONDS] [--once]"},
    {"store", pst_cmd_store,
	"show, clean up or export what is kept for reports",
	"info [--config FILE] [--json]\n"
	"    vacuum [--config FILE]\n"
	"    export [--config FILE] [--day DAY] [--domain NAME]\n"
	"    [--json | --csv]"},
    {"journal", pst_cmd_journal,
	"show what is kept of messages, or make it forget a recipient",
	"info [--config FILE] [--json]\n"
	"    forget --to ADDRESS [--config FILE]"},
    {"replay", pst_cmd_replay,
	"show what another configuration would have done with recent mail",
	"[--since TIME] [--until TIME] [--config FILE]\n"
	"    [--journal-of FILE] [--json] [QUEUEID...]"},
    {"report", pst_cmd_report,
	"send reports to domain owners, and read the reports of others",
	"send [--day YYYY-MM-DD] [--domain DOMAIN] [--dry-run]\n"
	"    [--print] [--resend] [--config FILE] [--zone FILE] [--now EPOCH]\n"
	"postern report bounce [--recipient ADDRESS] [--config FILE] [FILE]\n"
	"postern report read [--json] FILE...\n"
	"postern report import [--config FILE] FILE...\n"
	"postern report sources [--domain DOMAIN] [--since TIME]\n"
	"    [--until TIME] [--by day | week | source | network | receiver |\n"
	"    authenticated-domain] [--limit N] [--ptr] [--json | --csv]\n"
	"    [--zone FILE] [--config FILE] [--now EPOCH]"},
    {"help", help, "show this list, or the usage of a command", "[COMMAND]"},
    {"version", version, "show the version of this program", ""},
};

#define COMMANDS (PST_COUNT(commands))

static const struct command *
find_command(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static int
unknown_command(const char *name)
{
	const struct command *nearest = NULL;
	size_t least = 3; /* more than two typing errors: another word */

	for (size_t i = 0; i < COMMANDS; i++) {
		size_t far = pst_edit_distance(name, commands[i].name);
		if (far >= least)
			continue;
		least = far;
		nearest = &commands[i];
	}
	if (nearest != NULL)
		return pst_ui_fail("",
		    "unknown command \"%s\"; did you mean \"%s\"?", name,
		    nearest->name);
	return pst_ui_fail(
	    "", "unknown command \"%s\"; see \"postern help\"", name);
}

static void
print_commands(void)
{
	const char *cells[COMMANDS * 2];

	puts("usage: postern COMMAND [ARGUMENT...]\n");
	for (size_t i = 0; i < COMMANDS; i++) {
		cells[i * 2] = commands[i].name;
		cells[i * 2 + 1] = commands[i].summary;
	}
	pst_ui_table(stdout, 4, cells, 2, COMMANDS);
	puts("\n\"postern help COMMAND\" shows the usage of a command; "
	     "postern(1) explains it.");
}

static int
help(int argc, char **argv)
{
	if (argc > 2)
		return pst_ui_fail("help", "only one command can be given");
	if (argc < 2) {
		print_commands();
		return pst_ui_finish("help", PST_EXIT_OK);
	}
	const struct command *command = find_command(argv[1]);
	if (command == NULL)
		return unknown_command(argv[1]);
	printf("usage: postern %s%s%s\n\n    %s\n", command->name,
	    command->usage[0] == '\0' ? "" : " ", command->usage,
	    command->summary);
	return pst_ui_finish("help", PST_EXIT_OK);
}

static int
version(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return pst_ui_fail(
		    "version", "this command takes no arguments");
	puts("postern " PST_VERSION);
	return pst_ui_finish("version", PST_EXIT_OK);
}

int
main(int argc, char **argv)
{
	if (argc < 2)
		return pst_ui_fail("", "missing command; see \"postern help\"");
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return help(argc - 1, argv + 1);
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
		return version(argc - 1, argv + 1);
	const struct command *command = find_command(argv[1]);
	if (command == NULL)
		return unknown_command(argv[1]);
	/* People try "postern verify --help" first. */
	if (argc == 3 && strcmp(argv[2], "--help") == 0) {
		char *topic[] = {argv[0], argv[1], NULL};
		return help(2, topic);
	}
	return command->run(argc - 1, argv + 1);
}
