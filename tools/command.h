/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_COMMAND_H
#define PST_TOOLS_COMMAND_H

/*
 * The subcommands of `postern`. Each gets its own name as argv[0] and returns
 * the exit status.
 */

enum pst_exit {
	PST_EXIT_OK = 0,
	PST_EXIT_OTHER = 1, /* done, but not a plain success */
	PST_EXIT_USAGE = 2, /* bad usage or bad input; nothing was done */
};

int pst_cmd_verify(int argc, char **argv);
int pst_cmd_explain(int argc, char **argv);
int pst_cmd_source(int argc, char **argv);
int pst_cmd_spf(int argc, char **argv);
int pst_cmd_send(int argc, char **argv);
int pst_cmd_config(int argc, char **argv);
int pst_cmd_metrics(int argc, char **argv);
int pst_cmd_advise(int argc, char **argv);
int pst_cmd_check(int argc, char **argv);
int pst_cmd_import(int argc, char **argv);
int pst_cmd_record(int argc, char **argv);
int pst_cmd_reload(int argc, char **argv);
int pst_cmd_replay(int argc, char **argv);
int pst_cmd_stats(int argc, char **argv);
int pst_cmd_status(int argc, char **argv);
int pst_cmd_top(int argc, char **argv);
int pst_cmd_report(int argc, char **argv);
int pst_cmd_store(int argc, char **argv);
int pst_cmd_journal(int argc, char **argv);

#endif
