/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_BASE_LOG_H
#define PST_BASE_LOG_H

/*
 * Where the programs' lines go: syslog, or standard error with the "<N>"
 * priority prefix that journald reads, or standard error for a person.
 * One process-wide sink, set once before threads start. Library code logs at
 * debug level only; milter/ and tools/ log above it. Lines are cut at 2000
 * octets. Texts from a peer must have passed pst_buf_add_escaped().
 */

#include <stdbool.h>

enum pst_log_level {
	PST_LOG_ERROR,
	PST_LOG_WARNING,
	PST_LOG_NOTICE,
	PST_LOG_INFO,
	PST_LOG_DEBUG,
};

enum pst_log_sink {
	PST_LOG_STDERR,  /* "posternd: text" for a terminal */
	PST_LOG_JOURNAL, /* "<6>text" on standard error */
	PST_LOG_SYSLOG,  /* syslog(3), facility mail unless told otherwise */
};

/* ident must outlive the process's logging; facility is syslog(3)'s LOG_*. */
void pst_log_open(enum pst_log_sink sink, const char *ident, int facility,
    enum pst_log_level max_level);
void pst_log_set_level(enum pst_log_level max_level);
bool pst_log_enabled(enum pst_log_level level);
void pst_log(enum pst_log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
