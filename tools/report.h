/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_REPORT_H
#define PST_TOOLS_REPORT_H

/*
 * The subcommands of `postern report`. Each gets its own name as argv[0] and
 * returns the exit status.
 */

int pst_report_read(int argc, char **argv);
int pst_report_import(int argc, char **argv);
int pst_report_sources(int argc, char **argv);
int pst_report_send(int argc, char **argv);
int pst_report_bounce(int argc, char **argv);

#endif
