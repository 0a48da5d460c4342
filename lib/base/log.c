/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <syslog.h>
#include <unistd.h>

#include "base/syslog_socket.h"

#define LINE_MAX_BYTES 2000

/* The priorities of syslog(3), which the "<N>" prefix uses too. */
static const int priorities[] = {
    [PST_LOG_ERROR] = LOG_ERR,
    [PST_LOG_WARNING] = LOG_WARNING,
    [PST_LOG_NOTICE] = LOG_NOTICE,
    [PST_LOG_INFO] = LOG_INFO,
    [PST_LOG_DEBUG] = LOG_DEBUG,
};

static enum pst_log_sink log_sink = PST_LOG_STDERR;
static const char *log_ident = "postern";
/* The only one that changes while threads run: a reload may set it. */
static atomic_int log_max_level = PST_LOG_NOTICE;

int
pst_log_facility_code(enum pst_log_facility facility)
{
	static const int codes[] = {
	    [PST_LOG_MAIL] = LOG_MAIL,
	    [PST_LOG_DAEMON] = LOG_DAEMON,
	    [PST_LOG_USER] = LOG_USER,
	    [PST_LOG_LOCAL0] = LOG_LOCAL0,
	    [PST_LOG_LOCAL1] = LOG_LOCAL1,
	    [PST_LOG_LOCAL2] = LOG_LOCAL2,
	    [PST_LOG_LOCAL3] = LOG_LOCAL3,
	    [PST_LOG_LOCAL4] = LOG_LOCAL4,
	    [PST_LOG_LOCAL5] = LOG_LOCAL5,
	    [PST_LOG_LOCAL6] = LOG_LOCAL6,
	    [PST_LOG_LOCAL7] = LOG_LOCAL7,
	};

	return codes[facility];
}

void
pst_log_open(enum pst_log_sink sink, const char *ident,
    enum pst_log_facility facility, enum pst_log_level max_level)
{
	log_sink = sink;
	log_ident = ident;
	pst_log_set_level(max_level);
	if (sink != PST_LOG_SYSLOG)
		return;
	/* For systems without a datagram socket, and for libmilter's lines. */
	openlog(ident, LOG_PID | LOG_NDELAY, pst_log_facility_code(facility));
	(void)pst_syslog_open(
	    PST_SYSLOG_PATH, ident, pst_log_facility_code(facility));
}

void
pst_log_set_level(enum pst_log_level max_level)
{
	atomic_store_explicit(
	    &log_max_level, (int)max_level, memory_order_relaxed);
}

bool
pst_log_enabled(enum pst_log_level level)
{
	return (int)level <=
	    atomic_load_explicit(&log_max_level, memory_order_relaxed);
}

/* Blanks out controls: with a line end inside, a line would read as two. */
static void
flatten(char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = ' ';
}

/* Writes the line at once, so that lines of several threads do not mix. */
static void
write_line(char *line, size_t len)
{
	line[len] = '\n';
	while (write(STDERR_FILENO, line, len + 1) < 0 && errno == EINTR)
		continue;
}

void
pst_log(enum pst_log_level level, const char *format, ...)
{
	char line[LINE_MAX_BYTES + 1];
	int saved_errno = errno;
	int prefix = 0;
	va_list args;

	if (!pst_log_enabled(level))
		return;
	switch (log_sink) {
	case PST_LOG_STDERR:
		prefix = snprintf(line, sizeof(line) / 2, "%s: ", log_ident);
		break;
	case PST_LOG_JOURNAL:
		prefix =
		    snprintf(line, sizeof(line) / 2, "<%d>", priorities[level]);
		break;
	case PST_LOG_SYSLOG:
		break;
	}
	size_t used = prefix < 0 ? 0 : (size_t)prefix;
	if (used >= sizeof(line) / 2)
		used = sizeof(line) / 2 - 1;

	errno = saved_errno;
	va_start(args, format);
	int len = vsnprintf(line + used, sizeof(line) - used, format, args);
	va_end(args);
	if (len < 0)
		return;
	flatten(line + used);
	used += (size_t)len;
	if (used > LINE_MAX_BYTES)
		used = LINE_MAX_BYTES;

	if (log_sink != PST_LOG_SYSLOG)
		write_line(line, used);
	else if (!pst_syslog_send(priorities[level], line, used))
		syslog(priorities[level], "%s", line);
	errno = saved_errno;
}
