/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_REPLACED_SYSLOG_H
#define PST_REPLACED_SYSLOG_H

/*
 * A replacement of syslog(3), for the whole process.
 *
 * The contract of the original (POSIX.1-2008): `void syslog(int priority, const
 * char *format, ...)` sends a line to the system log, with the facility of
 * openlog() unless priority names one. %m in the format is the text of errno.
 * It is thread-safe. It waits while the system log does not read, and holds a
 * lock meanwhile.
 *
 * What is kept: everything, until pst_syslog_divert(), and after it as long as
 * pst_log() itself may wait (pst_log_never_wait()).
 *
 * What differs after that: the line goes through pst_log(), so it is subject to
 * log.level, goes to the log's target with the log's facility, and never waits.
 * The line that replaced/launch.h provokes is left out, at any time.
 *
 * Why: libmilter logs what goes wrong in a connection through syslog(3), in the
 * thread of a session. When the syslog daemon was stuck, such sessions hung, one
 * after the other, and took libmilter's workers with them.
 */

/*
 * From now on syslog(3) is the program's log. Before threads start. A call also
 * makes the linker include this module.
 */
void pst_syslog_divert(void);

#endif
