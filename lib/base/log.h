/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_BASE_LOG_H
#define PST_BASE_LOG_H

/*
 * The programs' log: syslog, or standard error with the "<N>" priority prefix
 * that journald reads, or standard error for a person. The process has one
 * sink, which is set once before threads start. Library code logs at debug
 * level only; milter/ and tools/ also log at the levels above it. Lines are cut
 * at 2000 octets. Text from a peer must be escaped with pst_buf_add_escaped().
 *
 * At first a call waits until the target has taken its line, which suits a
 * command. A daemon calls pst_log_never_wait(): lines that the target does not
 * take at once are then queued, in order, up to 256 KB for each process. After
 * that they are lost, and one line gives their number when the target reads
 * again. The line of a message is with its target, or in the queue, before the
 * reply leaves. A process that is killed loses what is queued.
 */

#include <stdbool.h>

#include "base/macros.h"

enum pst_log_level {
	PST_LOG_ERROR,
	PST_LOG_WARNING,
	PST_LOG_NOTICE,
	PST_LOG_INFO,
	PST_LOG_DEBUG,
};

enum pst_log_sink {
	PST_LOG_STDERR,  /* "posternd: text", for a terminal */
	PST_LOG_JOURNAL, /* "<6>text" on standard error */
	PST_LOG_SYSLOG,  /* syslog(3), facility mail unless told otherwise */
};

enum pst_log_format {
	PST_LOG_TEXT,
	PST_LOG_JSON, /* one JSON object a line */
};

/* The facilities of syslog(3) that suit a mail filter. */
enum pst_log_facility {
	PST_LOG_MAIL,
	PST_LOG_DAEMON,
	PST_LOG_USER,
	PST_LOG_LOCAL0,
	PST_LOG_LOCAL1,
	PST_LOG_LOCAL2,
	PST_LOG_LOCAL3,
	PST_LOG_LOCAL4,
	PST_LOG_LOCAL5,
	PST_LOG_LOCAL6,
	PST_LOG_LOCAL7,
};

/*
 * Sets the sink, before threads start. ident is borrowed and must outlive all
 * logging; facility is used for syslog only.
 */
void pst_log_open(enum pst_log_sink sink, const char *ident,
    enum pst_log_facility facility, enum pst_log_level max_level);
/*
 * Sets the format of all lines, before threads start; text at first. As JSON, a
 * line of pst_log() is an object with "level", "event" ("log"), "program" and
 * "message"; if it is too long, the message is cut, and "cut" is true. Standard
 * error then has no "posternd: " before the line.
 */
void pst_log_set_format(enum pst_log_format format);
bool pst_log_is_json(void);
/*
 * From now on no call waits for the target. Call it after pst_log_open(), as
 * the user that opened standard error, before threads start.
 *
 * Two cases remain in which a call may wait: a system log with a stream socket,
 * which is written to with syslog(3), and, in a process without a writer, the
 * case that base/log_stderr.h describes.
 */
void pst_log_never_wait(void);
/* After a dup2() to standard error, before threads start. */
void pst_log_follow_stderr(void);
/*
 * In a child, after fork(): what is queued is the parent's, which writes it. The
 * parent must not have a writer.
 */
void pst_log_forked(void);
/*
 * Starts the thread that writes what is queued. A process that forks has none
 * and calls pst_log_flush() instead. False if the system cannot start it.
 */
bool pst_log_start_writer(void) PST_MUST_CHECK;
/*
 * In a process without a writer: sends what the target takes now. Returns true
 * if lines are left, to be tried again soon.
 */
bool pst_log_flush(void);
/*
 * Before a process ends: writes what is queued, for half a second at most. No
 * other thread may start or finish a writer meanwhile.
 */
void pst_log_finish(void);
/* Returns the LOG_* value of syslog(3). */
int pst_log_facility_code(enum pst_log_facility facility);
/* The rest may be called from any thread; pst_log() keeps errno. */
void pst_log_set_level(enum pst_log_level max_level);
bool pst_log_enabled(enum pst_log_level level);
void pst_log(enum pst_log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/*
 * With the format JSON only: logs an object of the caller's, as pst_json_end()
 * returns it, with "level" before its members. It must not be empty, and fit into
 * a line.
 */
void pst_log_object(enum pst_log_level level, const char *object);

#endif
